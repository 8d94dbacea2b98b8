"""What people look at: pages of rows by key, never a count of rows and never a cursor left open."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from outlet_sync_gui.contract.records import glance
from outlet_sync_gui.status import Lane, RowState
from outlet_sync_gui.status import Row as ListRow
from outlet_sync_gui.store.database import Database, Row

# By the number that is stored; what is set aside for a halt is ready, as people see it.
STATES = (RowState.READY, RowState.RETRY, RowState.BLOCKED, RowState.HELD, RowState.DEAD, RowState.READY)
QUEUED = """
SELECT o.seq, r.id, r.type, r.local_id, r.cloud_id, o.operation, r.version, o.lane, o.state, o.queued_at, o.rejections,
       o.error_code, o.error_text, o.retry_at,
       o.flight IS NOT NULL AND o.flight = (SELECT flight FROM outlet WHERE id = o.outlet)
FROM outbox o JOIN record r ON r.id = o.record_id
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


class Views:
    """Short reads for lists; safe beside a writer, on a connection of its own."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def queue(
        self, *, state: RowState | None = None, entity_type: str | None = None, search: str = "", limit: int = 100
    ) -> list[Queued]:
        """The newest rows of the line first; `search` is the start of a number."""
        conditions = ["o.outlet = ?", "(? IS NULL OR r.type = ?)", "(? = '' OR substr(r.local_id, 1, length(?)) = ?)"]
        values: list[object] = [self._outlet, entity_type, entity_type, search, search, search]
        if state is RowState.SENDING:
            conditions.append("o.flight = (SELECT flight FROM outlet WHERE id = o.outlet)")
        elif state is not None:
            stored = [number for number, shown in enumerate(STATES) if shown is state]
            conditions.append("o.state IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(stored))
        where = " AND ".join(conditions)
        rows = [
            _queued(row)
            for row in self._db.rows(f"{QUEUED} WHERE {where} ORDER BY o.seq DESC LIMIT ?", (*values, limit))
        ]
        return [row for row in rows if state in (None, row.state)]

    def find(self, record_id: int) -> Queued | None:
        """The queued row of a record."""
        row = self._db.row(f"{QUEUED} WHERE o.outlet = ? AND r.id = ?", (self._outlet, record_id))
        return _queued(row) if row else None

    def unsent(self, *, limit: int, is_dead: bool = False) -> list[ListRow]:
        """For the window: what waits, or what needs attention, newest first."""
        state = "o.state = 4" if is_dead else "o.state <> 4"
        rows = self._db.rows(
            f"{QUEUED} WHERE o.outlet = ? AND {state} ORDER BY o.seq DESC LIMIT ?", (self._outlet, limit)
        )
        return self._with_content([_queued(row) for row in rows])

    def recent(self, *, limit: int) -> list[ListRow]:
        """For the window: what the cloud accepted last, newest first."""
        rows = self._db.rows(
            "SELECT r.accepted_at, r.type, r.local_id, c.payload FROM record r INDEXED BY record_accepted"
            " JOIN content c ON c.record_id = r.id WHERE r.outlet = ? AND r.accepted_at IS NOT NULL"
            " ORDER BY r.accepted_at DESC LIMIT ?",
            (self._outlet, limit),
        )
        return [_list_row(at, kind, local_id or "", payload) for at, kind, local_id, payload in rows]

    def _with_content(self, queued: Sequence[Queued]) -> list[ListRow]:
        ids = json.dumps([row.record_id for row in queued])
        query = "SELECT record_id, payload FROM content WHERE record_id IN (SELECT value FROM json_each(?))"
        payloads: dict[int, str] = dict(self._db.rows(query, (ids,)))
        return [
            _list_row(q.since, q.entity_type, q.local_id, payloads.get(q.record_id, "{}"), queued=q) for q in queued
        ]


def _queued(row: Row) -> Queued:
    (
        seq,
        record_id,
        entity_type,
        local_id,
        cloud_id,
        operation,
        version,
        lane,
        state,
        since,
        tries,
        code,
        text,
        at,
        out,
    ) = row
    return Queued(
        seq=seq,
        record_id=record_id,
        entity_type=entity_type,
        local_id=local_id or cloud_id,
        operation=operation,
        version=version,
        lane=Lane(lane),
        state=RowState.SENDING if out else STATES[state],
        since=since,
        tries=tries,
        error_code=code,
        error=text,
        retry_at=at,
    )


def _list_row(at: int, entity_type: str, local_id: str, payload: str, *, queued: Queued | None = None) -> ListRow:
    seen = glance(payload)
    return ListRow(
        at_ms=at,
        entity_type=entity_type,
        local_id=local_id,
        title=seen.title,
        table=seen.table,
        method=seen.method,
        pax=seen.pax,
        stock=seen.stock,
        amount=seen.amount,
        state=queued.state if queued else None,
        due_at=queued.retry_at if queued else None,
        error_code=queued.error_code if queued else None,
        error=queued.error if queued else None,
    )
