"""What is known of each record: its content, its numbers, and its place in the line."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.contract.sales import FIRST_TIME
from outlet_sync_gui.status import Lane
from outlet_sync_gui.store import sales
from outlet_sync_gui.store.database import Database, Row

READY, RETRY, BLOCKED, HELD, DEAD, ASIDE = range(6)
# Who waited for its order is ready; who needs a person still does.
FREED = "state = CASE state WHEN 2 THEN 0 ELSE state END, blocked_by = NULL"
# Who may go again goes behind its order all the same.
GOES = "state = CASE WHEN blocked_by IS NULL THEN 0 ELSE 2 END"
ORDERED = ("order", "transaction")  # an order goes before the transactions that name it
CATALOGUE = frozenset({"product", "category"})  # what the cloud edits too
AT_ONCE = frozenset({"daily_summary"})  # due at once, whatever its lane

# An end by another clock than headquarters' is no earlier than the one before it. Times have a fraction, or none.
END_AT = "CASE WHEN rtrim(deleted_until, 'Z') > rtrim({at}, 'Z') THEN deleted_until ELSE {at} END"

# What was decided before says nothing of versions that are counted anew.
OF_ANOTHER_COUNTING = "UPDATE conflict_field SET cloud_version = 0 WHERE conflict_id IN"
# Headquarters may give two records one id: the first one keeps it.
FREE_ID = """
CASE WHEN NOT EXISTS (SELECT 1 FROM record other WHERE other.outlet = record.outlet AND other.type = record.type
  AND other.cloud_id = {name} AND other.id <> record.id) THEN {name} END
"""

KNOWN = """
SELECT r.id, r.type, r.local_id, r.cloud_id, r.source_version, r.source_digest, r.source_at, r.version, r.digest,
       r.base_version, r.deleted_at, c.payload, c.source, c.base,
       o.record_id IS NOT NULL,
       r.is_tried OR coalesce(o.tried, 0) OR o.flight IS NOT NULL, coalesce(o.operation, ''),
       n.record_id IS NOT NULL, o.state, coalesce(o.error_code, ''), r.ruled_version, r.cloud_at, r.deleted_until,
       c.source_seq, r.former_cloud_id
FROM record r JOIN content c ON c.record_id = r.id
LEFT JOIN outbox o ON o.record_id = r.id LEFT JOIN news n ON n.record_id = r.id
"""

# CROSS: from the few that are named to their kin by index, never through the line.
ITS_ORDER = """
(SELECT o.id FROM record t JOIN record o ON o.outlet = t.outlet AND o.type = 'order' AND o.local_id = t.parent_ref
 WHERE t.id = outbox.record_id)
"""
BLOCK_BEHIND = f"""
UPDATE outbox SET state = 2, halt = NULL, blocked_by = {ITS_ORDER} WHERE state IN (0, 1, 5) AND record_id IN (
  SELECT t.id FROM json_each(?) j CROSS JOIN record t ON t.id = j.value
  CROSS JOIN record o ON o.outlet = t.outlet AND o.type = 'order' AND o.local_id = t.parent_ref
  CROSS JOIN outbox w ON w.record_id = o.id WHERE o.base_version = 0 OR w.operation = 'create')
"""
BLOCK_CHILDREN = f"""
UPDATE outbox SET blocked_by = {ITS_ORDER}, state = CASE state WHEN 4 THEN 4 ELSE 2 END,
  halt = CASE state WHEN 4 THEN halt ELSE NULL END WHERE state IN (0, 1, 4, 5) AND record_id IN (
  SELECT t.id FROM json_each(?) j CROSS JOIN record o ON o.id = j.value
  CROSS JOIN record t ON t.outlet = o.outlet AND t.parent_ref = o.local_id WHERE t.type = 'transaction')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that a rule may want to know of a record. `payload`, `source`, `base` are JSON texts."""

    record_id: int
    entity_type: str
    local_id: str | None
    cloud_id: str | None
    source_version: int | None
    source_digest: str | None
    source_at: str | None
    version: int
    digest: str
    base_version: int
    deleted_at: str | None
    payload: str
    source: str | None
    base: str | None
    is_queued: bool
    is_tried: bool
    operation: str
    has_news: bool
    state: int | None  # of its outbox row; None: it has none
    refusal: str  # the code of its refusal, empty where there is none
    ruled_version: int = 0  # what a person decided stands over headquarters' word up to this one
    cloud_at: str | None = None  # when headquarters changed it last
    deleted_until: str | None = None  # when it was last deleted, before it came back
    former_cloud_id: str | None = None  # headquarters' id of it before this one
    source_seq: int = 0  # up to which of headquarters' changes the POS had heard when it said that

    @property
    def is_dead(self) -> bool:
        """Whether it needs a person."""
        return self.state == DEAD


class Content(NamedTuple):
    """What shall hold of a record from now on."""

    payload: str
    digest: str
    version: int
    operation: str  # create, update or delete, as it goes on the wire


class Made(NamedTuple):
    """A record that we did not know, as it is stored and queued."""

    incoming: Incoming
    content: Content
    source: str | None
    lane: Lane

    @property
    def weight(self) -> tuple[int, bool]:
        """Rupiah that wait with it (a transaction's money is its order's), and whether it is due at once."""
        incoming = self.incoming
        return incoming.amount if incoming.entity_type == "order" else 0, incoming.entity_type in AT_ONCE


class Records:
    """Records, their content and their outbox rows; every method is one step of the caller's transaction."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def find(self, entity_type: str, local_id: str) -> Known | None:
        """The record of this type and the POS's id."""
        row = self._db.row(
            KNOWN + "WHERE r.outlet = ? AND r.type = ? AND r.local_id = ?", (self._outlet, entity_type, local_id)
        )
        return _known(row)

    def find_cloud(self, entity_type: str, cloud_id: str) -> Known | None:
        """The record of this type and the cloud's id."""
        row = self._db.row(
            KNOWN + "WHERE r.outlet = ? AND r.type = ? AND r.cloud_id = ?", (self._outlet, entity_type, cloud_id)
        )
        return _known(row)

    def find_former(self, entity_type: str, cloud_id: str) -> Known | None:
        """The record of this type that had the cloud's id before it had another one."""
        query = KNOWN + "WHERE r.outlet = ? AND r.type = ? AND r.former_cloud_id = ? ORDER BY r.id DESC"
        return _known(self._db.row(query, (self._outlet, entity_type, cloud_id)))

    def get(self, record_id: int) -> Known | None:
        """The record of this number."""
        return _known(self._db.row(KNOWN + "WHERE r.outlet = ? AND r.id = ?", (self._outlet, record_id)))

    def named(self, name: str) -> Known | None:
        """The record that a person calls by its `id` or as TYPE/LOCAL_ID."""
        entity_type, slash, local_id = name.partition("/")
        if slash:
            return self.find(entity_type, local_id)
        return self.get(int(name) if name.isdecimal() and len(name) < 19 else -1)

    def cloud_id(self, record_id: int) -> str | None:
        """The cloud's id of a record."""
        row = self._db.row("SELECT cloud_id FROM record WHERE id = ?", (record_id,))
        return row[0] if row else None

    def count_agreed(self, entity_types: Collection[str]) -> int:
        """How many living records of these types headquarters is known to have."""
        row = self._db.row(
            "SELECT count(*) FROM record WHERE outlet = ? AND type IN (SELECT value FROM json_each(?))"
            " AND base_version > 0 AND deleted_at IS NULL",
            (self._outlet, json.dumps(list(entity_types))),
        )
        return int(row[0]) if row else 0

    def agreed_since(self, at_ms: int, *, cloud_at: str, entity_types: Collection[str] | None) -> list[int]:
        """Records that the cloud accepted, or changed, since then and that have nothing in the line, the oldest first.

        `at_ms` and `cloud_at` are the same moment, by number and as the cloud writes it.
        """
        return [
            row[0]
            for row in self._db.rows(
                "SELECT r.id FROM record r WHERE r.outlet = ? AND (r.accepted_at >= ? OR r.cloud_at >= ?"
                " OR (r.base_version = 0 AND r.cloud_id IS NOT NULL AND r.deleted_at IS NULL))"
                " AND (?4 IS NULL OR r.type IN (SELECT value FROM json_each(?4)))"
                " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.record_id = r.id) ORDER BY r.accepted_at, r.id",
                (self._outlet, at_ms, cloud_at, None if entity_types is None else json.dumps(list(entity_types))),
            )
        ]

    def forget_agreements(self, entity_types: Collection[str]) -> None:
        """Nothing is agreed of these types any more: what the cloud says next is a first contact."""
        types = json.dumps(list(entity_types))
        which = "type IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL"
        self._db.execute(
            f"UPDATE content SET base = NULL WHERE record_id IN (SELECT id FROM record WHERE outlet = ? AND {which})",
            (self._outlet, types),
        )
        self._db.execute(
            f"UPDATE record SET base_version = 0, ruled_version = 0, is_tried = 0 WHERE outlet = ? AND {which}",
            (self._outlet, types),
        )
        # What was deleted since may be there again, whenever that was.
        self._db.execute(
            "UPDATE record SET deleted_until = NULL, cloud_at = NULL, base_version = 0, ruled_version = 0,"
            " deleted_at = CASE WHEN deleted_at IS NOT NULL THEN ? END"
            " WHERE outlet = ? AND type IN (SELECT value FROM json_each(?))",
            (FIRST_TIME, self._outlet, types),
        )
        self._db.execute(
            f"{OF_ANOTHER_COUNTING} (SELECT id FROM conflict WHERE outlet = ? AND closed_at IS NOT NULL"
            " AND type IN (SELECT value FROM json_each(?)))",
            (self._outlet, types),
        )
        # What left for it before is settled by that; but for what is out at this moment.
        which = f"record_id IN (SELECT id FROM record WHERE outlet = ?1 AND {which.replace('?', '?2')})"
        is_out = "flight IS (SELECT flight FROM outlet WHERE id = ?1)"
        self._db.execute(f"DELETE FROM sent WHERE {which} AND NOT ({is_out})", (self._outlet, types))
        self._db.execute(
            "UPDATE outbox SET tried = 0, flight = NULL,"
            " operation = CASE operation WHEN 'update' THEN 'create' ELSE operation END"
            f" WHERE {which} AND (flight IS NULL OR NOT ({is_out}))",
            (self._outlet, types),
        )

    def outgrow(self, record_id: int, version: int) -> None:
        """What goes next is above that version of headquarters."""
        self._db.execute("UPDATE record SET version = max(version, ? + 1) WHERE id = ?", (version, record_id))

    def doubt_queued(self) -> None:
        """Whether headquarters has what waits to be changed there is not known any more."""
        self._db.execute(
            "UPDATE record SET is_tried = 1 WHERE base_version > 0 AND id IN"
            " (SELECT record_id FROM outbox WHERE outlet = ? AND operation = 'update')",
            (self._outlet,),
        )

    def known(self, incomings: Sequence[Incoming]) -> set[tuple[str, str]]:
        """Those of them of which there is a record, by type and the POS's id."""
        names = json.dumps([(incoming.entity_type, incoming.local_id) for incoming in incomings])
        rows = self._db.rows(
            "SELECT r.type, r.local_id FROM json_each(?) j CROSS JOIN record r"
            " ON r.outlet = ? AND r.type = j.value ->> 0 AND r.local_id = j.value ->> 1",
            (names, self._outlet),
        )
        return set(rows)

    def insert(self, made: Sequence[Made], *, now_ms: int) -> None:
        """Records that the POS made, each with its place in the line."""
        first, seq = self._next("record", "id"), self._next("outbox", "seq")
        self._db.execute_many(
            "INSERT INTO record(id, outlet, type, local_id, parent_ref, source_version, source_digest, source_at,"
            " version, digest, amount, changed_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            [(first + n, self._outlet, *_record_row(one), now_ms) for n, one in enumerate(made)],
        )
        self._db.execute_many(
            "INSERT INTO content(record_id, payload, source) VALUES (?,?,?)",
            [(first + n, one.content.payload, one.source) for n, one in enumerate(made)],
        )
        self._db.execute_many(
            "INSERT INTO outbox(record_id, outlet, lane, seq, operation, bytes, amount, is_urgent, queued_at)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            [
                (first + n, self._outlet, one.lane, seq + n, *_line_row(one.content), *one.weight, now_ms)
                for n, one in enumerate(made)
            ],
        )
        sales.put(self._db, self._outlet, ((first + n, one.incoming.sale) for n, one in enumerate(made)))
        ids = {kind: [first + n for n, one in enumerate(made) if one.incoming.entity_type == kind] for kind in ORDERED}
        self.block_behind_orders(ids["transaction"])
        self.block_children(ids["order"])

    def _next(self, table: str, column: str) -> int:
        row = self._db.row(f"SELECT coalesce(max({column}), 0) + 1 FROM {table}")
        assert row is not None
        return int(row[0])

    def change(self, record_id: int, incoming: Incoming, content: Content, *, now_ms: int) -> None:
        """New content of a record."""
        self._db.execute(
            "UPDATE record SET version = ?, digest = ?, parent_ref = ?, amount = ?, changed_at = ?,"
            " deleted_until = coalesce(deleted_at, deleted_until), deleted_at = NULL WHERE id = ?",
            (content.version, content.digest, incoming.parent_ref, incoming.amount, now_ms, record_id),
        )
        self._db.execute("UPDATE content SET payload = ? WHERE record_id = ?", (content.payload, record_id))
        if incoming.entity_type in ORDERED:
            sales.replace(self._db, self._outlet, record_id, incoming.sale)

    def remember_source(self, record_id: int, incoming: Incoming, source: str | None, *, seq: int) -> None:
        """What the POS said last, whether or not it was an edit; it has heard of the changes up to `seq`."""
        self._db.execute(
            "UPDATE record SET source_version = ?, source_digest = ?, source_at = ? WHERE id = ?",
            (incoming.source_version, incoming.digest, incoming.updated_at, record_id),
        )
        if source is not None:
            self._db.execute(
                "UPDATE content SET source = ?, source_seq = ? WHERE record_id = ?", (source, seq, record_id)
            )

    def has_heard(self, record_id: int, seq: int) -> None:
        """What stands in the feed of it up to there is none of the POS's own record."""
        self._db.execute(
            "UPDATE content SET source_seq = ?1 WHERE record_id = ?2 AND source_seq < ?1 AND NOT EXISTS"
            " (SELECT 1 FROM change c WHERE c.record_id = ?2 AND c.seq <= ?1 AND c.taken_at IS NULL)",
            (seq, record_id),
        )

    def bring_up_to_date(self, record_id: int, source: str | None, digest: str | None, *, seq: int) -> None:
        """What the POS has by the changes up to `seq`, as if it had said so; None: it has no such record (any more)."""
        self._db.execute("UPDATE record SET source_digest = ? WHERE id = ?", (digest, record_id))
        self._db.execute("UPDATE content SET source = ?, source_seq = ? WHERE record_id = ?", (source, seq, record_id))

    def queue(self, record_id: int, content: Content, *, lane: Lane, amount: int, is_urgent: bool, now_ms: int) -> None:
        """Put a record in the line, or its newer content in the place that it has there."""
        self._db.execute(
            "INSERT INTO outbox(record_id, outlet, lane, seq, operation, bytes, amount, is_urgent, queued_at)"
            " VALUES (?,?,?,(SELECT coalesce(max(seq), 0) + 1 FROM outbox),?,?,?,?,?)"
            " ON CONFLICT(record_id) DO UPDATE SET operation = excluded.operation, bytes = excluded.bytes,"
            " amount = excluded.amount, is_urgent = max(is_urgent, excluded.is_urgent),"
            " rejections = 0, retry_at = NULL, error_code = NULL, error_text = NULL,"
            " halt = NULL, is_turned = 0, state = CASE WHEN state IN (2, 3) THEN state ELSE 0 END",
            (record_id, self._outlet, lane, *_line_row(content), amount, is_urgent, now_ms),
        )

    def mark_deleted(self, record_id: int, at: str) -> None:
        """The record is gone here or at the cloud; its numbers stay, so that old news of it is recognised."""
        self._db.execute(f"UPDATE record SET deleted_at = {END_AT.format(at='?1')} WHERE id = ?2", (at, record_id))

    def unqueue(self, record_id: int) -> None:
        """Take a record out of the line; what waited for it is free. That the cloud may know it stays known."""
        self._db.execute(
            "UPDATE record SET is_tried = 1 WHERE id IN"
            " (SELECT record_id FROM outbox WHERE record_id = ? AND (tried OR flight IS NOT NULL))",
            (record_id,),
        )
        self._db.execute("DELETE FROM outbox WHERE record_id = ?", (record_id,))
        self.free(record_id)

    def block_behind_orders(self, transactions: Sequence[int]) -> None:
        """Let each wait while we have its order, unsent, and the cloud never accepted that."""
        if not transactions:
            return
        ids = json.dumps(transactions)
        self._db.execute(
            f"UPDATE outbox SET {FREED} WHERE record_id IN (SELECT value FROM json_each(?)) AND blocked_by IS NOT NULL",
            (ids,),
        )
        self._db.execute(BLOCK_BEHIND, (ids,))

    def block_children(self, orders: Sequence[int]) -> None:
        """These orders came after their transactions, which wait for them now.

        One that is out does so if its answer gets lost, one that was refused if it is tried again.
        """
        if not orders:
            return
        self._db.execute(BLOCK_CHILDREN, (json.dumps(orders),))

    def free(self, record_id: int) -> None:
        """An order's row ended: its transactions may go."""
        self._db.execute(f"UPDATE outbox SET {FREED} WHERE blocked_by = ?", (record_id,))


def _record_row(made: Made) -> tuple[object, ...]:
    said, held = made.incoming, made.content
    source = (said.entity_type, said.local_id, said.parent_ref, said.source_version, said.digest, said.updated_at)
    return (*source, held.version, held.digest, said.amount)


def _line_row(content: Content) -> tuple[str, int]:
    """Operation and bytes, as the line has them."""
    return content.operation, len(content.payload.encode())


def _known(row: Row | None) -> Known | None:
    if row is None:
        return None
    *plain, is_queued, is_tried, operation, has_news, state, refusal, ruled_version, cloud_at, until, seq, former = row
    names = (
        *("record_id", "entity_type", "local_id", "cloud_id", "source_version", "source_digest", "source_at"),
        *("version", "digest", "base_version", "deleted_at", "payload", "source", "base"),
    )
    return Known(
        **dict(zip(names, plain, strict=True)),
        is_queued=bool(is_queued),
        is_tried=bool(is_tried),
        operation=str(operation),
        has_news=bool(has_news),
        state=state,
        refusal=str(refusal),
        ruled_version=ruled_version,
        cloud_at=cloud_at,
        deleted_until=until,
        source_seq=seq,
        former_cloud_id=former,
    )
