"""What people look at: pages of rows by key, never a count of rows and never a cursor left open."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

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
UNSENT = f"{QUEUED} WHERE +o.outlet = ? AND o.state <> 4"  # by +: the line is walked from its end, not sorted whole
OUT = f"""
{QUEUED} WHERE +o.outlet = ? AND (?2 IS NULL OR r.type = ?2)
AND o.flight = (SELECT flight FROM outlet WHERE id = o.outlet)
"""
LAST_FIRST = "ORDER BY o.seq DESC LIMIT ?"
THESE = f"{QUEUED} WHERE o.seq IN (SELECT value FROM json_each(?)) ORDER BY o.seq DESC"

# -- places in the line (seq): each of these walks an index from where it begins, and no further than it must
ITS_TYPE = "AND (SELECT type FROM record WHERE id = o.record_id) = ?"
OF_LINE = "SELECT o.seq FROM outbox o WHERE +o.outlet = ?"
OF_LANE = "SELECT o.seq FROM outbox o WHERE o.outlet = ? AND o.state = ? AND o.lane = ?"
OLDER, NEWER = "AND o.seq <= ? {} ORDER BY o.seq DESC LIMIT ?", "AND o.seq > ? {} ORDER BY o.seq LIMIT ?"
# Where a type has few records at all; a scan of the line would cost seconds in a long one.
OF_TYPE = """
SELECT o.seq FROM record r CROSS JOIN outbox o ON o.record_id = r.id
WHERE r.outlet = ? AND r.type = ? AND o.state IN (SELECT value FROM json_each(?))
"""
# By what people call it, in lanes that are long: the index of the numbers, and that of the orders' numbers.
NUMBERED = """
SELECT o.seq FROM record r CROSS JOIN outbox o ON o.record_id = r.id
WHERE r.outlet = ? AND r.type = ? AND r.local_id >= ? AND r.local_id < ? AND o.lane IN (SELECT value FROM json_each(?))
AND o.state IN (SELECT value FROM json_each(?)) ORDER BY r.local_id DESC LIMIT ?
"""
PAYING = """
SELECT o.seq FROM record r CROSS JOIN outbox o ON o.record_id = r.id
WHERE r.outlet = ? AND r.parent_ref >= ? AND r.parent_ref < ? AND o.lane IN (SELECT value FROM json_each(?))
AND o.state IN (SELECT value FROM json_each(?)) ORDER BY r.parent_ref DESC LIMIT ?
"""
# And in lanes that are short, row by row; the menu by its names, too.
CALLED = """
SELECT o.seq FROM json_each(?) s CROSS JOIN outbox o ON o.outlet = ? AND o.state = s.value AND o.lane = ?
CROSS JOIN record r ON r.id = o.record_id WHERE (?4 IS NULL OR r.type = ?4)
AND (EXISTS (SELECT 1 FROM json_each(?5) p WHERE substr(r.local_id, 1, length(p.value)) = p.value
  OR substr(r.parent_ref, 1, length(p.value)) = p.value)
OR r.type IN ('product', 'category') AND
  instr(lower((SELECT json_extract(payload, '$.name') FROM content WHERE record_id = r.id)), lower(?6)) > 0)
"""
FEW = 5000  # so many are looked through one by one: a few milliseconds
LAST = 2**63 - 1  # a place behind all of them
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


class Group(StrEnum):
    """Rows of the line that people look at together."""

    ALL = "all"
    WAITING = "waiting"  # ready, tried again, or being sent
    DEAD = "dead"
    HELD = "held"
    BLOCKED = "blocked"


STORED: Mapping[Group, tuple[int, ...]] = {
    Group.ALL: (0, 1, 2, 3, 4, 5),
    Group.WAITING: (0, 1, 5),
    Group.DEAD: (4,),
    Group.HELD: (3,),
    Group.BLOCKED: (2,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which rows of the line: of a group, of one type, and with a number that begins so or a name that has it."""

    group: Group = Group.ALL
    entity_type: str | None = None
    search: str = ""


ALL = Sought()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Rows of the line without a gap, the newest first; whether there are others beyond either end."""

    rows: Sequence[ListRow]
    has_newer: bool = False
    has_older: bool = False


class Views:
    """Short reads for lists; safe beside a writer, on a connection of its own."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def queue(
        self, *, state: RowState | None = None, entity_type: str | None = None, search: str = "", limit: int = 100
    ) -> list[Queued]:
        """The newest rows of the line first; with `search` those that are called so, of many the highest numbers."""
        if state is RowState.SENDING and not search:
            return [_queued(row) for row in self._db.rows(f"{OUT} {LAST_FIRST}", (self._outlet, entity_type, limit))]
        states = tuple(number for number, shown in enumerate(STATES) if shown is state) or STORED[Group.ALL]
        found = self._read(self._seqs(states, entity_type, search, limit))
        return [row for row in found if state in (None, row.state)]

    def find(self, record_id: int) -> Queued | None:
        """The queued row of a record."""
        row = self._db.row(f"{QUEUED} WHERE o.outlet = ? AND r.id = ?", (self._outlet, record_id))
        return _queued(row) if row else None

    def queued(self, record_id: int, payload: str) -> ListRow | None:
        """For the window: the row of a record with this content; None where it is not in the line."""
        found = self.find(record_id)
        return list_row(found, payload) if found is not None else None

    def accepted_at(self, record_id: int) -> int | None:
        """When the cloud accepted the record last, UTC ms."""
        row = self._db.row("SELECT accepted_at FROM record WHERE outlet = ? AND id = ?", (self._outlet, record_id))
        return row[0] if row else None

    def unsent(self, *, limit: int) -> list[ListRow]:
        """For the window: what waits, newest first."""
        rows = self._db.rows(f"{UNSENT} {LAST_FIRST}", (self._outlet, limit))
        return self._with_content([_queued(row) for row in rows])

    def refused(self, *, limit: int) -> list[ListRow]:
        """For the window: what needs attention, newest first."""
        return self._with_content(self.queue(state=RowState.DEAD, limit=limit))

    def these(self, seqs: Sequence[int]) -> list[ListRow]:
        """For the window: the rows at these places in the line, newest first."""
        return self._rows(seqs)

    def stretch(self, sought: Sought, *, around: int | None, above: int, below: int) -> Stretch:
        """For the window: the line around a place (a row's `seq`, which may be gone), or from its newest end.

        What is searched for is told from its newest end alone, `above` and `below` rows of it.
        """
        states, kind, limit = STORED[sought.group], sought.entity_type, above + below
        if sought.search:
            seqs = self._seqs(states, kind, sought.search, limit + 1)
            return Stretch(rows=self._rows(seqs[:limit]), has_older=len(seqs) > limit)
        if around is None:
            above, below = 0, limit
        place = LAST if around is None else around
        older = self._places(states, kind, OLDER, place, below + 1)
        newer = self._places(states, kind, NEWER, place, above + 1)
        rows = self._rows([*reversed(newer[:above]), *older[:below]])
        return Stretch(rows=rows, has_newer=len(newer) > above, has_older=len(older) > below)

    def types(self) -> list[str]:
        """The types of which there ever was a record, by name."""
        return [row[0] for row in self._db.rows(TYPES, (self._outlet, self._outlet))]

    def _seqs(self, states: tuple[int, ...], kind: str | None, search: str, limit: int) -> list[int]:
        if not search:
            return self._places(states, kind, OLDER, LAST, limit)
        long = [lane for lane in Lane if self._count(lane) > FEW]
        found = {seq for lane in Lane if lane not in long for seq in self._called(states, kind, search, lane)}
        if long:
            found.update(self._numbered(states, kind, search, long, limit))
        return sorted(found, reverse=True)[:limit]

    def _places(self, states: tuple[int, ...], kind: str | None, way: str, place: int, limit: int) -> list[int]:
        """Places from there on, the nearest first."""
        filtered, end = way.format(ITS_TYPE if kind else ""), (place, *([kind] if kind else []), limit)
        if kind and self._has_few(kind):
            found = self._db.rows(OF_TYPE + way.format(""), (self._outlet, kind, json.dumps(states), place, limit))
        elif states == STORED[Group.ALL]:
            found = self._db.rows(f"{OF_LINE} {filtered}", (self._outlet, *end))
        else:
            lanes = [(state, lane) for state in states for lane in Lane]
            found = [
                row for each in lanes for row in self._db.rows(f"{OF_LANE} {filtered}", (self._outlet, *each, *end))
            ]
        return sorted((seq for (seq,) in found), reverse=way is OLDER)[:limit]

    def _called(self, states: tuple[int, ...], kind: str | None, search: str, lane: Lane) -> list[int]:
        """In a short lane: whose number, order's number or name is like that."""
        values = (json.dumps(states), self._outlet, lane, kind, json.dumps(_spellings(search)), search)
        return [seq for (seq,) in self._db.rows(CALLED, values)]

    def _numbered(
        self, states: tuple[int, ...], kind: str | None, search: str, lanes: Sequence[Lane], limit: int
    ) -> list[int]:
        """In lanes that are long: whose number, or order's number, begins so."""
        tail = (json.dumps(lanes), json.dumps(states), limit)
        kinds = [kind] if kind else self.types()
        queries: list[tuple[str, tuple[object, ...]]] = []
        for start in _spellings(search):
            span = (start, start + LAST_CHARACTER)
            queries += [(NUMBERED, (self._outlet, each, *span, *tail)) for each in kinds]
            queries += [(PAYING, (self._outlet, *span, *tail))] if kind in (None, "transaction") else []
        return [seq for query, values in queries for (seq,) in self._db.rows(query, values)]

    def _count(self, lane: Lane) -> int:
        row = self._db.row("SELECT sum(n) FROM counter WHERE outlet = ? AND lane = ?", (self._outlet, lane))
        return int(row[0] or 0) if row else 0

    def _has_few(self, entity_type: str) -> bool:
        query = "SELECT count(*) FROM (SELECT 1 FROM record WHERE outlet = ? AND type = ? LIMIT ?)"
        row = self._db.row(query, (self._outlet, entity_type, FEW))
        return row is not None and row[0] < FEW

    def _read(self, seqs: Sequence[int]) -> list[Queued]:
        return [_queued(row) for row in self._db.rows(THESE, (json.dumps(seqs),))]

    def _rows(self, seqs: Sequence[int]) -> list[ListRow]:
        return self._with_content(self._read(seqs))

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


def _spellings(search: str) -> list[str]:
    """As it was typed, and in capitals."""
    return sorted({search, search.upper()})


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
        seq=queued.seq,
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
