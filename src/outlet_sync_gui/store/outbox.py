"""The line of what waits: finding the next batch, remembering what is out, settling what was answered."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from outlet_sync_gui.status import Lane
from outlet_sync_gui.store.database import Database
from outlet_sync_gui.store.records import CATALOGUE, DEAD, END_AT, FREE_ID, FREED, GOES, RETRY

LONGEST_RETRY_MS = 120_000
NEXT = """
SELECT record_id, bytes FROM outbox INDEXED BY outbox_next
WHERE outlet = ? AND state = 0 AND lane = ? AND seq > ? ORDER BY seq LIMIT ?
"""
BEHIND = """
SELECT o.blocked_by, o.record_id, o.bytes FROM json_each(?) j JOIN outbox o ON o.blocked_by = j.value
WHERE o.state = 2 ORDER BY o.seq
"""
LOAD = """
SELECT r.id, r.type, r.local_id, o.operation, max(r.version, r.base_version + (r.base_version >= r.version)),
       r.version, r.digest, o.amount, o.blocked_by,
       CASE WHEN o.operation = 'delete' AND c.payload ->> '$.deleted_at' IS NULL
         THEN json_patch('{}', json_object('local_id', r.local_id, 'deleted_at',  -- headquarters' own, or void
           CASE WHEN r.deleted_at < '1971' THEN strftime('%Y-%m-%dT%H:%M:%SZ', r.changed_at / 1000, 'unixepoch')
             ELSE r.deleted_at END))
         WHEN r.type IN ('product', 'category') AND o.operation <> 'delete' AND c.payload ->> '$.updated_at' IS NULL
         THEN json_set(c.payload, '$.updated_at',  -- headquarters made it: what it tells of that is no content
           strftime('%Y-%m-%dT%H:%M:%SZ', r.changed_at / 1000, 'unixepoch'))
         ELSE c.payload END,
       o.is_turned,
       r.is_tried OR o.flight IS NOT NULL
FROM json_each(?) j JOIN record r ON r.id = j.value
JOIN outbox o ON o.record_id = r.id JOIN content c ON c.record_id = r.id
WHERE o.state IN (0, 2) ORDER BY j.key
"""
REMEMBER = """
INSERT INTO sent(record_id, version, digest, amount, payload, flight) VALUES (?,?,?,?,?,?)
ON CONFLICT(record_id, version) DO UPDATE SET digest = excluded.digest, amount = excluded.amount,
  payload = excluded.payload, flight = excluded.flight
"""
OUR_ID = FREE_ID.format(name="j.value ->> 2")
OUR_END = END_AT.format(at="j.value ->> 5")
# Each of what is accepted: record, version, cloud id, rupiah, digest, when deleted. One statement for all of it:
# run a thousand times it took twice as long.
ACCEPT = f"""
UPDATE record SET base_version = max(base_version, j.value ->> 1), accepted_at = ?2, accepted_day = ?3,
  accepted_amount = j.value ->> 3, is_tried = 0,
  deleted_at = CASE WHEN digest = j.value ->> 4 THEN coalesce(deleted_at, {OUR_END}) ELSE deleted_at END,
  deleted_until = CASE WHEN digest = j.value ->> 4 THEN deleted_until ELSE coalesce({OUR_END}, deleted_until) END,
  cloud_id = coalesce({OUR_ID}, cloud_id),
  former_cloud_id = CASE WHEN cloud_id <> j.value ->> 2 AND {OUR_ID} IS NOT NULL THEN cloud_id ELSE former_cloud_id END
FROM json_each(?1) j WHERE record.id = j.value ->> 0
"""
END = """
DELETE FROM outbox WHERE record_id IN (
  SELECT r.id FROM json_each(?) j CROSS JOIN record r ON r.id = j.value ->> 0 WHERE r.digest = j.value ->> 4)
"""
AGREE = """
UPDATE content SET base = (SELECT payload FROM sent WHERE record_id = ?1 AND version = ?2)
WHERE record_id = ?1 AND EXISTS (SELECT 1 FROM sent WHERE record_id = ?1 AND version = ?2 AND payload IS NOT NULL)
"""
REFUSE = """
UPDATE outbox SET state = ?, error_code = ?, error_text = ?, rejections = rejections + 1, retry_at = ?, is_urgent = 0
WHERE record_id = ? AND state IN (0, 1, 2, 5) AND ? = (SELECT digest FROM record WHERE id = outbox.record_id)
"""


AGAIN = f"{GOES}, rejections = 0, retry_at = NULL, halt = NULL, is_turned = 0, is_urgent = 1"


class Waiting(NamedTuple):  # a thousand for each batch: made six times faster than a dataclass
    """A row that could go next: its record and the bytes of its content."""

    record_id: int
    bytes: int


class Parcel(NamedTuple):
    """One record as it leaves: exactly what an answer will be compared with."""

    record_id: int
    entity_type: str
    local_id: str
    operation: str
    version: int
    stored_version: int  # lower where more was seen since: the wire's number rises
    digest: str
    amount: int  # rupiah of an order, else 0
    blocked_by: int | None  # the order that it waits for
    payload: str
    is_turned: int  # it was sent once more in the other way already
    is_unknown: int  # an earlier answer was lost: the cloud may have it


class Accepted(NamedTuple):
    """The cloud has this version of a record."""

    parcel: Parcel
    version: int
    cloud_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The cloud does not take this version; `retry_at` None: it needs a person."""

    parcel: Parcel
    code: str
    words: str
    retry_at: int | None = None


class Outbox:
    """The line of one outlet; every method is one step of the caller's transaction."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def next(self, lane: Lane, *, after: int = 0, limit: int) -> list[Waiting]:
        """The first ready rows of a lane in order; the cost does not grow with the queue."""
        return [Waiting._make(row) for row in self._db.rows(NEXT, (self._outlet, lane, after, limit))]

    def behind(self, orders: Sequence[int]) -> dict[int, list[Waiting]]:
        """The blocked transactions of each of these orders."""
        found: dict[int, list[Waiting]] = {}
        for order, record_id, size in self._db.rows(BEHIND, (json.dumps(orders),)):
            found.setdefault(order, []).append(Waiting(record_id, size))
        return found

    def summary(self) -> list[Waiting]:
        """The first daily summary that is ready; none, or one. CROSS: from a row a day, never through the line."""
        query = (
            "SELECT o.record_id, o.bytes FROM record r CROSS JOIN outbox o ON o.record_id = r.id"
            " WHERE r.outlet = ? AND r.type = 'daily_summary' AND o.state = 0 ORDER BY o.seq LIMIT 1"
        )
        return [Waiting._make(row) for row in self._db.rows(query, (self._outlet,))]

    def oldest(self, lane: Lane) -> int | None:
        """Since when the first ready row of a lane waits, UTC ms."""
        row = self._db.row(
            "SELECT queued_at FROM outbox WHERE outlet = ? AND state = 0 AND lane = ? ORDER BY seq LIMIT 1",
            (self._outlet, lane),
        )
        return row[0] if row else None

    def load(self, record_ids: Sequence[int]) -> list[Parcel]:
        """What these records hold now, in the order given; rows that ended meanwhile are left out."""
        return [Parcel._make(row) for row in self._db.rows(LOAD, (json.dumps(record_ids),))]

    def kinds(self, record_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """The type and operation of these rows."""
        rows = self._db.rows(
            "SELECT r.id, r.type, o.operation FROM json_each(?) j JOIN record r ON r.id = j.value"
            " JOIN outbox o ON o.record_id = r.id",
            (json.dumps(record_ids),),
        )
        return {record_id: (entity_type, operation) for record_id, entity_type, operation in rows}

    def depart(self, parcels: Sequence[Parcel], *, flight: int) -> None:
        """Remember what is on its way, before it leaves: a crash from here on knows that the cloud may have it.

        The content of catalogue types is kept until it is settled: accepted, it becomes the agreed base.
        """
        ids = json.dumps([p.record_id for p in parcels])
        self._db.execute(
            "UPDATE outbox SET flight = ? WHERE record_id IN (SELECT value FROM json_each(?))", (flight, ids)
        )
        menu = [p for p in parcels if p.entity_type in CATALOGUE]
        rows = [(p.record_id, p.version, p.digest, p.amount, p.payload, flight) for p in menu]
        self._db.execute_many(REMEMBER, rows)
        raised = [(p.version, p.record_id) for p in parcels if p.version > p.stored_version]
        self._db.execute_many("UPDATE record SET version = ? WHERE id = ?", raised)

    def accept(self, accepted: Sequence[Accepted], *, now_ms: int, day: str, deleted_at: str) -> None:
        """End the rows that still are what was sent; newer content stays queued, as an update."""
        self._count_day([a.parcel for a in accepted], day)
        menu = [a.parcel for a in accepted if a.parcel.entity_type in CATALOGUE]
        self._db.execute_many(AGREE, [(p.record_id, p.version) for p in menu if p.operation != "delete"])
        self._db.execute_many(
            "UPDATE content SET base = NULL WHERE record_id = ?",  # of what is deleted nothing is agreed any more
            [(p.record_id,) for p in menu if p.operation == "delete"],
        )
        rows = json.dumps(_accepted_rows(accepted, deleted_at))
        self._db.execute(ACCEPT, (rows, now_ms, day))
        self._db.execute(END, (rows,))
        self._go_on_with([a.parcel for a in accepted])
        # What is accepted now is the highest version that ever left: the fate of older ones doesn't matter any more.
        self._db.execute_many("DELETE FROM sent WHERE record_id = ?", [(p.record_id,) for p in menu])
        self.free(a.parcel.record_id for a in accepted if a.parcel.entity_type == "order")

    def _go_on_with(self, parcels: Sequence[Parcel]) -> None:
        """Newer content of what was accepted stays queued, as an update."""
        ids = json.dumps([p.record_id for p in parcels])
        self._db.execute("UPDATE outbox SET flight = NULL WHERE record_id IN (SELECT value FROM json_each(?))", (ids,))
        known = json.dumps([p.record_id for p in parcels if p.operation != "delete"])
        self._db.execute(
            "UPDATE outbox SET operation = 'update' WHERE operation = 'create'"
            " AND record_id IN (SELECT value FROM json_each(?))",
            (known,),
        )

    def refuse(self, refused: Sequence[Refused]) -> None:
        """Mark what the cloud does not take, with its own words; newer content queued meanwhile still goes."""
        rows = [
            (DEAD if r.retry_at is None else RETRY, r.code, r.words, r.retry_at, r.parcel.record_id, r.parcel.digest)
            for r in refused
        ]
        self._db.execute_many(REFUSE, rows)
        # An earlier answer that was lost stays so, whatever this one says; what never left was never tried.
        self._db.execute_many(
            "UPDATE outbox SET tried = tried OR flight IS NOT NULL, flight = CASE WHEN ? THEN flight END"
            " WHERE record_id = ?",
            [(r.parcel.is_unknown, r.parcel.record_id) for r in refused],
        )
        self._db.execute_many(
            "DELETE FROM sent WHERE record_id = ? AND version = ?",
            [(r.parcel.record_id, r.parcel.version) for r in refused if r.parcel.entity_type in CATALOGUE],
        )

    def rejections(self, record_id: int) -> int:
        """How often the cloud refused this row's content."""
        row = self._db.row("SELECT rejections FROM outbox WHERE record_id = ?", (record_id,))
        return int(row[0]) if row else 0

    def free(self, orders: Iterable[int]) -> None:
        """These orders are through: their transactions may go, but for those of one that is to be made again."""
        ids = json.dumps(list(orders))
        self._db.execute(
            f"UPDATE outbox SET {FREED} WHERE blocked_by IN (SELECT value FROM json_each(?)) AND NOT EXISTS"
            " (SELECT 1 FROM outbox other WHERE other.record_id = outbox.blocked_by AND other.operation = 'create')",
            (ids,),
        )

    def wake(self, now_ms: int) -> None:
        """Make due what waited for its next try, whatever its lane.

        A time beyond the longest wait is a clock that was set back.
        """
        self._db.execute(
            f"UPDATE outbox SET {GOES}, retry_at = NULL, is_urgent = 1 WHERE outlet = ? AND state = 1"
            " AND (retry_at <= ? OR retry_at > ?)",
            (self._outlet, now_ms, now_ms + LONGEST_RETRY_MS),
        )

    def next_retry_at(self) -> int | None:
        """When the first row that waits for its next try is due, UTC ms."""
        row = self._db.row(
            "SELECT min(retry_at) FROM outbox WHERE outlet = ? AND retry_at IS NOT NULL AND state = ?",
            (self._outlet, RETRY),
        )
        return row[0] if row else None

    def retry(self, record_id: int) -> None:
        """A person's retry: due now, or when its order is through; count 0."""
        self._db.execute(f"UPDATE outbox SET {AGAIN} WHERE record_id = ? AND state IN (0, 1, 2, 4, 5)", (record_id,))

    def retry_dead(self, record_ids: Sequence[int]) -> None:
        """Those of these that need attention once more."""
        self._db.execute(
            f"UPDATE outbox SET {AGAIN} WHERE record_id IN (SELECT value FROM json_each(?)) AND state = ?",
            (json.dumps(record_ids), DEAD),
        )

    def has_urgent(self, lane: Lane) -> bool:
        """Whether a person wants something of this lane sent now."""
        query = (
            "SELECT 1 FROM outbox INDEXED BY outbox_urgent"
            " WHERE outlet = ? AND state = 0 AND lane = ? AND is_urgent = 1 LIMIT 1"
        )
        return self._db.row(query, (self._outlet, lane)) is not None

    def turn(self, parcel: Parcel, operation: str) -> None:
        """The cloud knows it after all, or not any more: once more as that operation, uncounted."""
        self._db.execute(
            "UPDATE outbox SET operation = ?, is_turned = 1 WHERE record_id = ? AND operation = ?",
            (operation, parcel.record_id, parcel.operation),
        )

    def postpone(self, record_ids: Sequence[int], *, retry_at: int) -> None:
        """An answer said nothing of these: they go again then, uncounted."""
        self._db.execute(
            "UPDATE outbox SET state = ?, retry_at = ? WHERE record_id IN (SELECT value FROM json_each(?))"
            " AND state = 0",
            (RETRY, retry_at, json.dumps(record_ids)),
        )

    def await_news(self, refused: Sequence[Refused]) -> None:
        """The cloud has other content than was agreed: these wait for the next pull, once."""
        self.refuse(refused)
        self._db.execute(
            f"UPDATE outbox SET state = {RETRY}, retry_at = NULL, is_turned = 1"
            " WHERE record_id IN (SELECT value FROM json_each(?)) AND state = ?",
            (json.dumps([r.parcel.record_id for r in refused]), DEAD),
        )

    def end_wait_for_news(self) -> int:
        """The pull had no news of them: they need a person. How many."""
        return self._db.execute(
            "UPDATE outbox SET state = ? WHERE outlet = ? AND state = ? AND retry_at IS NULL AND halt IS NULL"
            " AND error_code = 'R-EXISTS'",
            (DEAD, self._outlet, RETRY),
        )

    def _count_day(self, parcels: Sequence[Parcel], day: str) -> None:
        """Count distinct records and the latest rupiah of distinct orders of this business day."""
        before = self._db.row(
            "SELECT count(*), coalesce(sum(accepted_amount), 0) FROM record"
            " WHERE id IN (SELECT value FROM json_each(?)) AND accepted_day = ?",
            (json.dumps([p.record_id for p in parcels]), day),
        )
        assert before is not None
        self._db.execute(
            "INSERT INTO sent_day(outlet, day, n, amount) VALUES (?,?,?,?)"
            " ON CONFLICT DO UPDATE SET n = n + excluded.n, amount = amount + excluded.amount",
            (self._outlet, day, len(parcels) - before[0], sum(p.amount for p in parcels) - before[1]),
        )


def _accepted_rows(accepted: Sequence[Accepted], deleted_at: str) -> list[tuple[object, ...]]:
    """As ACCEPT has them; of two that came back with one cloud id the first keeps it."""
    named = {(a.parcel.entity_type, a.cloud_id): a.parcel.record_id for a in reversed(accepted)}
    rows: list[tuple[object, ...]] = []
    for parcel, version, cloud_id in accepted:
        own_id = cloud_id if named[parcel.entity_type, cloud_id] == parcel.record_id else None
        gone = deleted_at if parcel.operation == "delete" else None
        rows.append((parcel.record_id, version, own_id, parcel.amount, parcel.digest, gone))
    return rows
