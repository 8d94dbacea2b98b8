"""What headquarters changed and the till must still learn: the change feed, in order, until somebody took it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from outlet_sync_gui.contract.text import Json, dumps, loads_stored
from outlet_sync_gui.store.database import Database, Row

KEPT_MS = 30 * 86_400_000  # taken changes, for readers that come back
PURGED_AT_ONCE = 200
CHANGE = """
SELECT c.seq, r.type, r.local_id, coalesce(r.cloud_id, ''), c.action, c.version, c.fields, c.reason, c.at,
       c.taken_at, c.taken_by, p.payload, c.record_id
FROM change c JOIN record r ON r.id = c.record_id JOIN content p ON p.record_id = r.id
"""
# Nothing of the same record is still to be taken, or kept, before it. By `at`: of what is not old none is looked at.
OLD = """
SELECT record_id, seq FROM change c INDEXED BY change_time
WHERE outlet = ?1 AND at < ?2 AND taken_at < ?2 AND NOT EXISTS (
  SELECT 1 FROM change e WHERE e.record_id = c.record_id AND e.seq < c.seq AND (e.taken_at IS NULL OR e.taken_at >= ?2))
ORDER BY at LIMIT ?3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One applied change. `fields` maps names to {"from", "to"}, counts of stock also {"delta"}; times are UTC ms.

    A deletion has none: that it took all away needs no telling.
    """

    seq: int
    entity_type: str
    local_id: str | None
    cloud_id: str | None
    action: str  # create, update, delete
    version: int
    fields: Mapping[str, Mapping[str, Json]]
    reason: str | None
    at: int
    taken_at: int | None
    taken_by: str | None
    name: str | None  # what the record is called now
    record_id: int = 0


class Noted(NamedTuple):
    """A change of one record, as the till's own word is compared with it; a deletion names all that it took away."""

    seq: int
    action: str
    fields: Mapping[str, Mapping[str, Json]]
    is_taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """How far the till is behind. Times are UTC ms."""

    untaken: int
    oldest_at: int | None  # of what is untaken
    last_read_at: int | None  # when any reader acknowledged last; None: none ever did


class Changes:
    """The feed of one outlet; every method is one step of the caller's transaction."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def note(
        self,
        record_id: int,
        *,
        action: str,
        version: int,
        fields: Mapping[str, Mapping[str, Json]],
        reason: str | None,
        now_ms: int,
    ) -> None:
        """Add a change to the feed."""
        self._db.execute(
            "INSERT INTO change(outlet, record_id, action, version, fields, reason, at) VALUES (?,?,?,?,?,?,?)",
            (self._outlet, record_id, action, version, dumps(fields), reason, now_ms),
        )

    def after(self, seq: int, *, limit: int) -> list[Change]:
        """The changes beyond `seq`, oldest first, taken or not."""
        rows = self._db.rows(
            f"{CHANGE} WHERE c.outlet = ? AND c.seq > ? ORDER BY c.seq LIMIT ?", (self._outlet, seq, limit)
        )
        return [_change(row) for row in rows]

    def of(self, record_id: int, *, limit: int) -> list[Change]:
        """What headquarters changed of a record last, newest first."""
        query = f"{CHANGE} WHERE c.record_id = ? ORDER BY c.seq DESC LIMIT ?"
        return [_change(row) for row in self._db.rows(query, (record_id, limit))]

    def untaken(self, *, limit: int) -> list[Change]:
        """What the till has not taken, oldest first."""
        query = f"{CHANGE} WHERE c.outlet = ? AND c.taken_at IS NULL ORDER BY c.seq LIMIT ?"
        return [_change(row) for row in self._db.rows(query, (self._outlet, limit))]

    def latest(self, *, limit: int) -> list[Change]:
        """The newest changes first, taken or not."""
        query = f"{CHANGE} WHERE c.outlet = ? ORDER BY c.seq DESC LIMIT ?"
        return [_change(row) for row in self._db.rows(query, (self._outlet, limit))]

    def some(self, seqs: Collection[int]) -> list[Change]:
        """Those of these numbers that are kept, in no order."""
        query = f"{CHANGE} WHERE +c.outlet = ? AND c.seq IN (SELECT value FROM json_each(?))"
        return [_change(row) for row in self._db.rows(query, (self._outlet, json.dumps(list(seqs))))]

    def is_gone(self, seq: int) -> bool:
        """Whether a reader at `seq` has missed something that is not kept any more, or comes from another database."""
        row = self._db.row(
            "SELECT changes_gone > ?1 OR ?1 > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'change'), 0)"
            " FROM outlet WHERE id = ?2",
            (seq, self._outlet),
        )
        return bool(row and row[0])

    def gone(self) -> int:
        """Up to which number some are not kept any more."""
        row = self._db.row("SELECT changes_gone FROM outlet WHERE id = ?", (self._outlet,))
        return int(row[0]) if row else 0

    def last_seq(self) -> int:
        """The newest number that was given out, kept or not; 0 before the first."""
        row = self._db.row("SELECT seq FROM sqlite_sequence WHERE name = 'change'")
        return int(row[0]) if row else 0

    def acknowledged(self, reader: str) -> int:
        """How far this reader has acknowledged; 0 where it never did."""
        row = self._db.row("SELECT seq FROM change_reader WHERE outlet = ? AND name = ?", (self._outlet, reader))
        return int(row[0]) if row else 0

    def acknowledge(self, reader: str, seq: int, *, now_ms: int) -> int:
        """A reader has applied all up to `seq`; how many of them nobody had taken."""
        self._db.execute(
            "INSERT INTO change_reader(outlet, name, seq, at) VALUES (?,?,?,?)"
            " ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq), at = excluded.at",
            (self._outlet, reader, seq, now_ms),
        )
        return self._db.execute(
            "UPDATE change SET taken_at = ?, taken_by = ? WHERE outlet = ? AND taken_at IS NULL AND seq <= ?",
            (now_ms, reader, self._outlet, seq),
        )

    def take(self, seqs: Sequence[int] | None, *, who: str, now_ms: int) -> int:
        """A person has seen to these on the till (None: to all); how many were not taken yet."""
        which = "1" if seqs is None else "seq IN (SELECT value FROM json_each(?))"
        values = () if seqs is None else (json.dumps(list(seqs)),)
        return self._db.execute(
            f"UPDATE change SET taken_at = ?, taken_by = ? WHERE outlet = ? AND taken_at IS NULL AND {which}",
            (now_ms, who, self._outlet, *values),
        )

    def feed(self) -> Feed:
        """How far the till is behind; its cost does not grow with the feed."""
        count = self._db.row("SELECT untaken FROM outlet WHERE id = ?", (self._outlet,))
        oldest = self._db.row(
            "SELECT at FROM change WHERE outlet = ? AND taken_at IS NULL ORDER BY seq LIMIT 1", (self._outlet,)
        )
        read = self._db.row("SELECT max(at) FROM change_reader WHERE outlet = ?", (self._outlet,))
        return Feed(
            untaken=int(count[0]) if count else 0,
            oldest_at=oldest[0] if oldest else None,
            last_read_at=read[0] if read else None,
        )

    def about(self, record_id: int, *, after: int) -> list[Noted]:
        """What stands in the feed of one record beyond `after`, oldest first."""
        rows = self._db.rows(
            "SELECT seq, action, fields, taken_at IS NOT NULL FROM change WHERE record_id = ? AND seq > ? ORDER BY seq",
            (record_id, after),
        )
        return [Noted(seq, action, loads_stored(fields), bool(is_taken)) for seq, action, fields, is_taken in rows]

    def deletions(self, *, since: int, until: int) -> int:
        """How many deletions were applied between these times; a clock that was set back makes no old one new."""
        row = self._db.row(
            "SELECT count(*) FROM change WHERE outlet = ? AND action = 'delete' AND at BETWEEN ? AND ?",
            (self._outlet, since, until),
        )
        return int(row[0]) if row else 0

    def snapshot(
        self, entity_type: str, *, after: int, limit: int
    ) -> list[tuple[int, str | None, str | None, int, str]]:
        """Living records by key: record, the POS's id, the cloud's, version, content as JSON text."""
        query = (
            "SELECT r.id, r.local_id, r.cloud_id, r.version, c.payload"
            " FROM record r JOIN content c ON c.record_id = r.id"
            " WHERE r.outlet = ? AND r.type = ? AND r.deleted_at IS NULL AND r.id > ? AND NOT EXISTS"
            " (SELECT 1 FROM outbox o WHERE o.record_id = r.id AND o.operation = 'delete') ORDER BY r.id LIMIT ?"
        )
        return self._db.rows(query, (self._outlet, entity_type, after, limit))

    def old(self, now_ms: int) -> dict[int, int]:
        """The records of which something was taken long ago, a small step of them, each with up to where."""
        rows = self._db.rows(OLD, (self._outlet, now_ms - KEPT_MS, PURGED_AT_ONCE))
        return dict(sorted(rows))

    def purge(self, ends: Mapping[int, int]) -> None:
        """What stands in the feed of these records, each up to where, goes; a reader that comes later is told so."""
        if ends:
            self._db.execute_many("DELETE FROM change WHERE record_id = ? AND seq <= ?", list(ends.items()))
            gone = max(ends.values())
            self._db.execute("UPDATE outlet SET changes_gone = max(changes_gone, ?) WHERE id = ?", (gone, self._outlet))


def _change(row: Row) -> Change:
    (seq, entity_type, local_id, cloud_id, action, version, fields, reason, at, taken_at, taken_by, payload, about) = (
        row
    )
    name = loads_stored(payload).get("name")
    return Change(
        seq=seq,
        entity_type=entity_type,
        local_id=local_id,
        cloud_id=cloud_id or None,
        action=action,
        version=version,
        fields={} if action == "delete" else loads_stored(fields),
        reason=reason,
        at=at,
        taken_at=taken_at,
        taken_by=taken_by,
        name=name if isinstance(name, str) else None,
        record_id=about,
    )
