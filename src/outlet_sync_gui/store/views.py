"""What people look at: pages of rows by key, never a count of rows and never a cursor left open."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from outlet_sync_gui.contract.records import glance
from outlet_sync_gui.status import Lane, RowState
from outlet_sync_gui.status import Row as ListRow
from outlet_sync_gui.store.database import Database, Row

# By the number that is stored; what is set aside for a halt is ready, as people see it.
STATES = (RowState.READY, RowState.RETRY, RowState.BLOCKED, RowState.HELD, RowState.DEAD, RowState.READY)
QUEUED = """
SELECT o.seq, r.id, r.type, coalesce(r.local_id, r.cloud_id), o.operation, r.version, o.queued_at, o.rejections,
       o.error_code, o.error_text, o.retry_at, o.halt, (SELECT local_id FROM record WHERE id = o.blocked_by),
       o.lane, o.state, o.flight IS NOT NULL AND o.flight = (SELECT flight FROM outlet WHERE id = o.outlet)
FROM outbox o JOIN record r ON r.id = o.record_id
"""
# By +: the line is walked from its end, not sorted whole.
NEWEST = f"{QUEUED} WHERE +o.outlet = ? AND (? IS NULL OR r.type = ?)"
UNSENT = f"{QUEUED} WHERE +o.outlet = ? AND o.state <> 4"
OUT = "AND o.flight = (SELECT flight FROM outlet WHERE id = o.outlet)"
# Each lane's by index, however long the line is.
OF_LANE = f"{QUEUED} WHERE o.outlet = ? AND o.state = ? AND o.lane = ? AND (? IS NULL OR r.type = ?)"
LAST_FIRST = "ORDER BY o.seq DESC LIMIT ?"
# By the number's index; a scan of the line would cost seconds in a long one.
OF_TYPE = f"""
{QUEUED.replace("outbox o JOIN record r", "record r CROSS JOIN outbox o")}
WHERE r.outlet = ? AND r.type = ? AND o.state IN (SELECT j.value FROM json_each(?) j)
"""
BY_NUMBER = f"""
{QUEUED.replace("outbox o JOIN record r", "record r CROSS JOIN outbox o")}
WHERE r.outlet = ? AND r.type = ? AND r.local_id >= ? AND r.local_id < ?
AND o.state IN (SELECT j.value FROM json_each(?) j) ORDER BY r.local_id DESC LIMIT ?
"""
FEW = 1000  # records of a type, so many are looked through one by one
LAST_CHARACTER = chr(0x10FFFF)
# The types that there are, each found by one step in the index.
TYPES = """
WITH RECURSIVE found(type) AS (
  SELECT min(type) FROM record WHERE outlet = ?
  UNION ALL
  SELECT (SELECT min(type) FROM record WHERE outlet = ? AND type > found.type) FROM found WHERE type IS NOT NULL)
SELECT type FROM found WHERE type IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One row of the line as lists show it. `since` and `retry_at` are UTC ms."""

    seq: int
    record_id: int
    entity_type: str
    local_id: str
    operation: str
    version: int
    lane: Lane
    state: RowState
    since: int
    tries: int
    error_code: str | None
    error: str | None
    retry_at: int | None
    halt_id: int | None
    order: str | None  # the number of the order that it waits for


class Views:
    """Short reads for lists; safe beside a writer, on a connection of its own."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def queue(
        self, *, state: RowState | None = None, entity_type: str | None = None, search: str = "", limit: int = 100
    ) -> list[Queued]:
        """The newest rows of the line first; with `search` those whose number begins so, of many the highest."""
        stored = [number for number, shown in enumerate(STATES) if shown is state]
        states = json.dumps(stored or list(range(len(STATES))))
        if search:
            found = self._by_number(search, limit, entity_type, states)
        elif entity_type and self._has_few(entity_type):
            found = self._newest([(f"{OF_TYPE} {LAST_FIRST}", (self._outlet, entity_type, states, FEW))], FEW)
        elif stored:
            wanted = [(number, lane, entity_type, entity_type, limit) for number in stored for lane in Lane]
            found = self._newest([(f"{OF_LANE} {LAST_FIRST}", (self._outlet, *values)) for values in wanted], limit)
        else:
            query = f"{NEWEST} {OUT if state else ''} {LAST_FIRST}"
            found = self._newest([(query, (self._outlet, entity_type, entity_type, limit))], limit)
        return [row for row in found if state in (None, row.state)][:limit]

    def find(self, record_id: int) -> Queued | None:
        """The queued row of a record."""
        row = self._db.row(f"{QUEUED} WHERE o.outlet = ? AND r.id = ?", (self._outlet, record_id))
        return _queued(row) if row else None

    def unsent(self, *, limit: int) -> list[ListRow]:
        """For the window: what waits, newest first."""
        return self._with_content(self._newest([(f"{UNSENT} {LAST_FIRST}", (self._outlet, limit))], limit))

    def refused(self, *, limit: int) -> list[ListRow]:
        """For the window: what needs attention, newest first."""
        return self._with_content(self.queue(state=RowState.DEAD, limit=limit))

    def line(self, *, search: str = "", limit: int) -> list[ListRow]:
        """For the window: all of the line, newest first; with `search` those whose number begins so."""
        return self._with_content(self.queue(search=search, limit=limit))

    def _by_number(self, search: str, limit: int, entity_type: str | None, states: str) -> list[Queued]:
        types = [entity_type] if entity_type else [row[0] for row in self._db.rows(TYPES, (self._outlet,) * 2)]
        end = search + LAST_CHARACTER
        return self._newest([(BY_NUMBER, (self._outlet, kind, search, end, states, limit)) for kind in types], limit)

    def _has_few(self, entity_type: str) -> bool:
        query = "SELECT 1 FROM record WHERE outlet = ? AND type = ? LIMIT ?"
        return len(self._db.rows(query, (self._outlet, entity_type, FEW))) < FEW

    def _newest(self, queries: Sequence[tuple[str, tuple[object, ...]]], limit: int) -> list[Queued]:
        queued = [_queued(row) for query, values in queries for row in self._db.rows(query, values)]
        return sorted(queued, key=lambda row: row.seq, reverse=True)[:limit]

    def recent(self, *, limit: int) -> list[ListRow]:
        """For the window: what the cloud accepted last, newest first."""
        rows = self._db.rows(
            "SELECT r.id, r.accepted_at, r.type, r.local_id, c.payload FROM record r INDEXED BY record_accepted"
            " JOIN content c ON c.record_id = r.id WHERE r.outlet = ? AND r.accepted_at IS NOT NULL"
            " ORDER BY r.accepted_at DESC LIMIT ?",
            (self._outlet, limit),
        )
        return [
            _list_row(at, kind, local_id or "", payload, record_id=record_id)
            for record_id, at, kind, local_id, payload in rows
        ]

    def _with_content(self, queued: Sequence[Queued]) -> list[ListRow]:
        ids = json.dumps([row.record_id for row in queued])
        query = "SELECT record_id, payload FROM content WHERE record_id IN (SELECT value FROM json_each(?))"
        payloads: dict[int, str] = dict(self._db.rows(query, (ids,)))
        return [list_row(row, payloads.get(row.record_id, "{}")) for row in queued]


PLAIN = (
    *("seq", "record_id", "entity_type", "local_id", "operation", "version", "since", "tries"),
    *("error_code", "error", "retry_at", "halt_id", "order"),
)


def _queued(row: Row) -> Queued:
    *plain, lane, state, is_out = row
    shown = RowState.SENDING if is_out else STATES[state]
    return Queued(**dict(zip(PLAIN, plain, strict=True)), lane=Lane(lane), state=shown)


def list_row(queued: Queued, payload: str) -> ListRow:
    """A row of the line as the window and `queue list` tell of it."""
    row = _list_row(queued.since, queued.entity_type, queued.local_id, payload, record_id=queued.record_id)
    return replace(
        row,
        lane=queued.lane,
        tries=queued.tries,
        order=queued.order,
        halt_id=queued.halt_id,
        state=queued.state,
        due_at=queued.retry_at,
        error_code=queued.error_code,
        error=queued.error,
    )


def _list_row(at: int, entity_type: str, local_id: str, payload: str, *, record_id: int) -> ListRow:
    seen = glance(payload)
    return ListRow(
        record_id=record_id,
        at_ms=at,
        entity_type=entity_type,
        local_id=local_id,
        title=seen.title,
        table=seen.table,
        method=seen.method,
        pax=seen.pax,
        stock=seen.stock,
        amount=seen.amount,
    )
