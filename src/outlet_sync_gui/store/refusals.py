"""What the cloud refused, put together by what is the same about it: our cause, the type, its words."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from outlet_sync_gui.store.database import Database

OWN = re.compile(r"\S*\d\S*")  # a number, a table, an id: what differs from record to record
ALIKE = """
SELECT coalesce(o.error_code, ''), r.type, coalesce(o.error_text, ''), count(*), min(o.seq), max(o.seq)
FROM outbox o JOIN record r ON r.id = o.record_id WHERE o.outlet = ? AND o.state = 4 GROUP BY 1, 2, 3 ORDER BY 5
"""
OF_FAILURE = """
SELECT o.seq FROM outbox o JOIN record r ON r.id = o.record_id
WHERE o.outlet = ? AND o.state = 4 AND coalesce(o.error_code, '') = ? AND r.type = ?
AND coalesce(o.error_text, '') IN (SELECT value FROM json_each(?)) ORDER BY o.seq DESC LIMIT ?
"""
FOLLOWING = """
SELECT o.record_id, r.version, coalesce(o.error_code, ''), r.type, coalesce(o.error_text, ''), o.lane, o.seq
FROM outbox o INDEXED BY outbox_next JOIN record r ON r.id = o.record_id
WHERE o.outlet = ? AND o.state = 4 AND (o.lane, o.seq) > (?, ?) ORDER BY o.lane, o.seq LIMIT ?
"""
STILL = """
SELECT o.record_id FROM json_each(?) j CROSS JOIN outbox o ON o.record_id = j.value ->> 0
CROSS JOIN record r ON r.id = o.record_id AND r.version = j.value ->> 1 WHERE o.outlet = ? AND o.state = 4
ORDER BY j.key
"""
Place = tuple[int, int]  # in the line: lane and seq
BEGINNING: Place = (-1, 0)


@dataclass(frozen=True, slots=True)
class Failure:
    """What is the same: `pattern` is the cloud's words without what differs from record to record."""

    code: str
    entity_type: str
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Records that failed the same way. `said`: the words of the newest; `is_same`: of every one of them."""

    failure: Failure
    n: int
    said: str
    is_same: bool = True


class Refusals:
    """Short reads over what needs attention in one outlet."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def alike(self) -> list[Alike]:
        """All of it in groups, the one that began first first, so that none moves while others come."""
        groups: dict[Failure, tuple[int, int, str, bool]] = {}
        for code, kind, said, n, _, last in self._db.rows(ALIKE, (self._outlet,)):
            failure = Failure(code, kind, pattern_of(said))
            before = groups.get(failure)
            if before is None:
                groups[failure] = (n, last, said, True)
            else:
                newest = max((before[1], before[2]), (last, said))
                groups[failure] = (before[0] + n, *newest, False)
        return [
            Alike(failure=failure, n=n, said=said, is_same=is_same) for failure, (n, _, said, is_same) in groups.items()
        ]

    def seqs(self, failure: Failure, *, limit: int) -> list[int]:
        """The places in the line of those that failed so, the newest first."""
        said = [row[2] for row in self._db.rows(ALIKE, (self._outlet,)) if pattern_of(row[2]) == failure.pattern]
        values = (self._outlet, failure.code, failure.entity_type, json.dumps(said), limit)
        return [row[0] for row in self._db.rows(OF_FAILURE, values)]

    def following(
        self, failure: Failure | None, after: Place, *, limit: int
    ) -> tuple[list[tuple[int, int]], Place | None]:
        """Of the next `limit` of all records those that failed so (None: each of them), by id and version.

        And the place of the last one that was looked at; None: there are no more.
        """
        rows = self._db.rows(FOLLOWING, (self._outlet, *after, limit))
        found = [
            (record_id, version)
            for record_id, version, code, kind, said, *_ in rows
            if failure is None or Failure(code, kind, pattern_of(said)) == failure
        ]
        return found, (rows[-1][5], rows[-1][6]) if len(rows) == limit else None

    def still(self, records: Sequence[tuple[int, int]]) -> list[int]:
        """Those of these that still need attention, at the version given: nothing else was said of them since."""
        return [row[0] for row in self._db.rows(STILL, (json.dumps(records), self._outlet))]


@lru_cache(maxsize=20_000)  # the same words are looked at with every change that the page hears of
def pattern_of(said: str) -> str:
    """Words without the numbers and ids in them: “Table B-12 unknown” is like “Table C-1 unknown”."""
    return OWN.sub("#", said)
