"""What stands still until a probe passes: an endpoint, a type, or a type whose records are refused alike."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from outlet_sync_gui.status import Lane
from outlet_sync_gui.store.database import Database, Row
from outlet_sync_gui.store.outbox import Waiting
from outlet_sync_gui.store.records import ASIDE, BLOCKED, DEAD, GOES, READY, RETRY

CHUNK = 1000  # rows that come back into the line in one transaction
COLUMNS = "id, kind, name, words, records, since, probe_at, probes, is_over, n"

# Halts and questions are numbered as one: a person answers either by its number.
NEXT_NUMBER = "(SELECT coalesce(max(id), 0) + 1 FROM (SELECT id FROM halt UNION ALL SELECT id FROM question))"


class HaltKind(StrEnum):
    """What stands still."""

    ROUTE = "route"  # an endpoint that answered 403
    TYPE = "type"  # a type that the cloud doesn't take
    ALIKE = "alike"  # one lone record after another refused with the same words


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """One halt. Times are UTC ms; `probe_at` None: not in force, still counting; `n` rows wait for it."""

    halt_id: int
    kind: HaltKind
    name: str
    words: str
    records: tuple[int, ...]
    since: int
    probe_at: int | None
    probes: int
    is_over: bool
    n: int

    @property
    def is_question(self) -> bool:
        """Whether a person is asked; a probe decides first, and only when that was refused, too, a person may."""
        return self.kind is HaltKind.ALIKE and self.probes > 0


class Halts:
    """The halts of one outlet; every method is one step of the caller's transaction."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def all(self) -> list[Halt]:
        """Every halt, those that are over and still have rows among them."""
        return [
            _halt(row) for row in self._db.rows(f"SELECT {COLUMNS} FROM halt WHERE outlet = ? ORDER BY id", self._key)
        ]

    def put(
        self,
        kind: HaltKind,
        name: str,
        *,
        words: str,
        now_ms: int,
        probe_at: int | None,
        records: Sequence[int] = (),
        probes: int = 0,
    ) -> int:
        """Open a halt, or change the one that there is; its id."""
        self._db.execute(
            "INSERT INTO halt(id, outlet, kind, name, words, records, since, probe_at, probes)"
            f" VALUES ({NEXT_NUMBER},?,?,?,?,?,?,?,?)"
            " ON CONFLICT(outlet, kind, name) WHERE is_over = 0 DO UPDATE SET words = excluded.words,"
            " records = excluded.records, probe_at = excluded.probe_at, probes = excluded.probes",
            (self._outlet, kind, name, words, json.dumps(records), now_ms, probe_at, probes),
        )
        row = self._db.row(
            "SELECT id FROM halt WHERE outlet = ? AND kind = ? AND name = ? AND is_over = 0",
            (self._outlet, kind, name),
        )
        assert row is not None
        return int(row[0])

    def end(self, halt_id: int) -> None:
        """It is over; `recall` brings its rows back."""
        self._db.execute("UPDATE halt SET is_over = 1 WHERE id = ?", (halt_id,))

    def probe_all_at(self, at_ms: int) -> None:
        """Let every halt in force be probed then."""
        self._db.execute(
            "UPDATE halt SET probe_at = min(probe_at, ?) WHERE outlet = ? AND probe_at IS NOT NULL AND is_over = 0",
            (at_ms, self._outlet),
        )

    def set_aside(self, halt_id: int, record_ids: Sequence[int], *, code: str, words: str) -> None:
        """Let these rows wait for a halt, uncounted."""
        self._db.execute(
            "UPDATE outbox SET state = ?, halt = ?, retry_at = NULL, error_code = ?, error_text = ?"
            " WHERE record_id IN (SELECT value FROM json_each(?)) AND state IN (0, 1)",
            (ASIDE, halt_id, code, words, json.dumps(record_ids)),
        )

    def suspend(self, halt_id: int, record_ids: Sequence[int]) -> None:
        """Refused alike: these rows wait for the verdict, with the words that they got."""
        self._db.execute(
            "UPDATE outbox SET state = CASE WHEN blocked_by IS NULL THEN ? ELSE ? END,"
            " halt = CASE WHEN blocked_by IS NULL THEN ? END, retry_at = NULL"  # else it goes behind its order
            " WHERE record_id IN (SELECT value FROM json_each(?)) AND state IN (1, 4, 5)",
            (RETRY, BLOCKED, halt_id, json.dumps(record_ids)),
        )

    def next_probes(self, halt_id: int, lanes: Collection[Lane], *, limit: int) -> list[Waiting]:
        """The rows to try: others than those refused where there are any, else they in turn."""
        rows = self._db.rows(
            "SELECT record_id, bytes FROM outbox INDEXED BY outbox_halt WHERE halt = ? AND blocked_by IS NULL"
            " AND lane IN (SELECT value FROM json_each(?)) ORDER BY rejections, seq LIMIT ?",
            (halt_id, json.dumps(list(lanes)), limit),
        )
        return [Waiting(*row) for row in rows]

    def release(self, record_ids: Sequence[int]) -> None:
        """Let these rows go, as a probe; if its answer is lost they are due all the same."""
        self._db.execute(
            "UPDATE outbox SET state = ?, halt = NULL, retry_at = NULL, is_urgent = 1"
            " WHERE record_id IN (SELECT value FROM json_each(?)) AND state IN (1, 5)",
            (READY, json.dumps(record_ids)),
        )

    def condemn(self, record_ids: Sequence[int], halt_id: int) -> None:
        """The verdict over these: they need a person."""
        self._db.execute(
            "UPDATE outbox SET state = ?, halt = NULL"
            " WHERE record_id IN (SELECT value FROM json_each(?)) AND halt = ? AND state = ?",
            (DEAD, json.dumps(record_ids), halt_id, RETRY),
        )

    def condemn_refused(self, halt_id: int) -> None:
        """A person gives up on all that was refused under this halt."""
        self._db.execute(
            "UPDATE outbox SET state = ?, halt = NULL WHERE halt = ? AND state = ?", (DEAD, halt_id, RETRY)
        )

    def recall(self) -> None:
        """Bring some rows of halts that are over back into the line, due; a halt goes with its last row."""
        for halt in (halt for halt in self.all() if halt.is_over):
            self._db.execute(
                f"UPDATE outbox SET {GOES}, halt = NULL, rejections = 0, retry_at = NULL, error_code = NULL,"
                " error_text = NULL, is_urgent = 1 WHERE record_id IN"
                " (SELECT record_id FROM outbox WHERE halt = ? ORDER BY seq LIMIT ?)",
                (halt.halt_id, CHUNK),
            )
        self._db.execute("DELETE FROM halt WHERE outlet = ? AND is_over = 1 AND n <= 0", self._key)

    def taken_types(self) -> frozenset[str]:
        """The types of which the cloud has ever accepted a record."""
        return frozenset(row[0] for row in self._db.rows("SELECT type FROM taken WHERE outlet = ?", self._key))

    def note_taken(self, entity_type: str) -> None:
        """The cloud has accepted a record of this type."""
        self._db.execute("INSERT INTO taken VALUES (?,?) ON CONFLICT DO NOTHING", (self._outlet, entity_type))

    @property
    def _key(self) -> tuple[int]:
        return (self._outlet,)


def _halt(row: Row) -> Halt:
    halt_id, kind, name, words, records, since, probe_at, probes, is_over, n = row
    return Halt(
        halt_id=halt_id,
        kind=HaltKind(kind),
        name=name,
        words=words,
        records=tuple(json.loads(records)),
        since=since,
        probe_at=probe_at,
        probes=probes,
        is_over=bool(is_over),
        n=n,
    )
