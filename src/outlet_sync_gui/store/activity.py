"""What was decided over records, by whom, when and why: kept, and never sent."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from outlet_sync_gui.store.database import Database, Row

DEED = "SELECT at, what, who, why, before, after, id, record_id FROM activity"


class What(StrEnum):
    """What happened to a record, besides being sent."""

    RETRIED = "retried"
    DISCARDED = "discarded"
    UNDONE = "undone"  # a choice or a discard, within a day
    EDITED = "edited"
    GIVEN_UP = "given_up"  # a person ended a halt: what was refused alike needs attention now
    RESOLVED = "resolved"  # a conflict, field by field
    TOLD = "told"  # a conflict that headquarters says needs nobody here
    SETTLED = "settled"  # a conflict that ended because both sides agree
    MERGED = "merged"  # first contact or a merge changed what holds here
    APPROVED = "approved"  # what headquarters did and was asked about
    DECLINED = "declined"
    SUMMED_UP = "summed_up"  # a daily summary, by a person or at closing time
    GONE = "gone"  # deleted at the cloud, what waited here ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One line of the history; `before` and `after` are JSON texts of content where it changed."""

    at: int
    what: What
    who: str
    why: str
    before: str | None
    after: str | None
    number: int = 0
    record_id: int | None = None


class Activity:
    """The history of one outlet; every method is one step of the caller's transaction."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def note(
        self,
        what: What,
        record_id: int | None,
        *,
        now_ms: int,
        who: str = "",
        why: str = "",
        before: str | None = None,
        after: str | None = None,
    ) -> int:
        """Keep a deed; without a name it was the program's own. Its number."""
        return self._db.insert(
            "INSERT INTO activity(outlet, at, what, record_id, who, why, before, after) VALUES (?,?,?,?,?,?,?,?)",
            (self._outlet, now_ms, what, record_id, who, why, before, after),
        )

    def note_each(self, what: What, record_ids: Sequence[int], *, now_ms: int, who: str) -> None:
        """Keep the same deed of each of these records."""
        self._db.execute_many(
            "INSERT INTO activity(outlet, at, what, record_id, who, why) VALUES (?,?,?,?,?,'')",
            [(self._outlet, now_ms, what, record_id, who) for record_id in record_ids],
        )

    def add(self, number: int, n: int) -> None:
        """So many more were part of a deed that counts."""
        self._db.execute("UPDATE activity SET why = CAST(why AS INTEGER) + ? WHERE id = ?", (n, number))

    def of(self, record_id: int) -> list[Deed]:
        """A record's history, oldest first."""
        return [_deed(row) for row in self._db.rows(f"{DEED} WHERE record_id = ? ORDER BY id", (record_id,))]

    def some(self, numbers: Collection[int]) -> list[Deed]:
        """Those of these numbers that there are, in no order."""
        query = f"{DEED} WHERE +outlet = ? AND id IN (SELECT value FROM json_each(?))"
        return [_deed(row) for row in self._db.rows(query, (self._outlet, json.dumps(list(numbers))))]


def _deed(row: Row) -> Deed:
    at, what, who, why, before, after, number, record_id = row
    return Deed(
        at=at, what=What(what), who=who, why=why, before=before, after=after, number=number, record_id=record_id
    )
