"""All that happened, as one list: what was sent, what headquarters changed, said and asked, what people decided.

The list is no table of its own. Each source is read from its end by its index, as far as one page needs it.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import NamedTuple

from outlet_sync_gui.contract.records import glance
from outlet_sync_gui.status import Row as ListRow
from outlet_sync_gui.store.activity import Activity, Deed
from outlet_sync_gui.store.changes import Change, Changes
from outlet_sync_gui.store.database import Database
from outlet_sync_gui.store.messages import Message, Messages
from outlet_sync_gui.store.questions import Question, Questions
from outlet_sync_gui.store.views import LAST_CHARACTER, TYPES, Views, list_row


class Source(IntEnum):
    """Where an entry comes from; of one moment the higher stands first."""

    SENT = 0
    CHANGED = 1  # headquarters changed it
    ASKED = 2
    ANNOUNCED = 3
    NOTED = 4  # what the program did by itself
    DECIDED = 5  # what a person did


class Key(NamedTuple):
    """The place of an entry; `at` is UTC ms. Later ones are greater."""

    at: int
    source: Source
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. `record`: what it is about, as it stands now; `told`: what happened, None where it was sent."""

    key: Key
    record: ListRow | None
    told: Deed | Change | Question | Message | None


# What a person's deed tells already is told once: a change of the same moment is its effect.
ALONE = "NOT EXISTS (SELECT 1 FROM activity a WHERE a.record_id = change.record_id AND a.at = change.at)"
# Table, number, moment, and what else must hold.
SOURCES: Mapping[Source, tuple[str, str, str, str]] = {
    Source.SENT: ("record INDEXED BY record_accepted", "id", "accepted_at", "accepted_at IS NOT NULL"),
    Source.CHANGED: ("change INDEXED BY change_time", "seq", "at", ALONE),
    Source.ASKED: ("question", "id", "opened_at", "1"),
    Source.ANNOUNCED: ("message INDEXED BY message_time", "id", "at", "1"),
    Source.NOTED: ("activity", "id", "at", "who = ''"),
    Source.DECIDED: ("activity", "id", "at", "who <> ''"),
}
OF_RECORDS = {Source.SENT: "id", Source.CHANGED: "record_id", Source.NOTED: "record_id", Source.DECIDED: "record_id"}
AFTER_ALL = 2**62
# By +: the few that are named, never all of the outlet.
RECORD = """
SELECT r.id, coalesce(r.accepted_at, r.changed_at), r.type, coalesce(r.local_id, r.cloud_id), coalesce(c.payload, '{}')
FROM record r LEFT JOIN content c ON c.record_id = r.id WHERE +r.outlet = ? AND r.id IN (SELECT value FROM json_each(?))
"""
BY_NUMBER = """
SELECT id FROM record WHERE outlet = ? AND type = ? AND local_id >= ? AND local_id < ? ORDER BY local_id DESC LIMIT ?
"""


class History:
    """Short reads of one outlet's history; safe beside a writer, on a connection of its own."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet
        self._activity = Activity(database, outlet)
        self._changes = Changes(database, outlet)
        self._questions = Questions(database, outlet)
        self._messages = Messages(database, outlet)
        self._views = Views(database, outlet)

    def page(self, sources: Collection[Source], *, before: Key | None = None, limit: int = 100) -> list[Entry]:
        """The newest entries of these sources, newest first; with `before` those that come after it in the list."""
        keys = [key for source in sources for key in self._keys(source, before, limit)]
        return self._entries(sorted(keys, reverse=True)[:limit])

    def search(self, start: str, sources: Collection[Source], *, limit: int = 100) -> list[Entry]:
        """What happened to records whose number begins so, newest first; of many records to the highest numbers."""
        types = [row[0] for row in self._db.rows(TYPES, (self._outlet, self._outlet))]
        spans = [(begin, begin + LAST_CHARACTER, limit) for begin in sorted({start, start.upper()})]
        rows = [self._db.rows(BY_NUMBER, (self._outlet, kind, *span)) for kind in types for span in spans]
        found = sorted({row[0] for some in rows for row in some})
        keys = [key for source in sources if source in OF_RECORDS for key in self._of(source, found)]
        return self._entries(sorted(keys, reverse=True)[:limit])

    def _keys(self, source: Source, before: Key | None, limit: int) -> list[Key]:
        table, number, moment, which = SOURCES[source]
        rows = self._db.rows(
            f"SELECT {moment}, {number} FROM {table} WHERE outlet = ? AND ({moment}, {number}) < (?, ?) AND {which}"
            f" ORDER BY {moment} DESC, {number} DESC LIMIT ?",
            (self._outlet, *_bound(source, before), limit),
        )
        return [Key(at, source, found) for at, found in rows]

    def _of(self, source: Source, record_ids: Sequence[int]) -> list[Key]:
        table, number, moment, which = SOURCES[source]
        rows = self._db.rows(
            f"SELECT {moment}, {number} FROM {table.split()[0]}"
            f" WHERE {OF_RECORDS[source]} IN (SELECT value FROM json_each(?)) AND {which}",
            (json.dumps(record_ids),),
        )
        return [Key(at, source, found) for at, found in rows]

    def _entries(self, keys: Sequence[Key]) -> list[Entry]:
        told = self._told(keys)
        about = {key: _about(key, told.get(key)) for key in keys}
        records = self._records({record_id for record_id in about.values() if record_id is not None})
        return [
            Entry(key=key, record=records.get(about[key] or 0), told=told.get(key))
            for key in keys
            if key.source is Source.SENT or key in told  # else it went between two reads
        ]

    def _told(self, keys: Sequence[Key]) -> dict[Key, Deed | Change | Question | Message]:
        of = {source: {key.number: key for key in keys if key.source is source} for source in Source}
        deeds = of[Source.NOTED] | of[Source.DECIDED]
        found: dict[Key, Deed | Change | Question | Message] = {
            deeds[deed.number]: deed for deed in self._activity.some(deeds)
        }
        found |= {of[Source.CHANGED][change.seq]: change for change in self._changes.some(of[Source.CHANGED])}
        found |= {of[Source.ASKED][asked.question_id]: asked for asked in self._questions.some(of[Source.ASKED])}
        found |= {of[Source.ANNOUNCED][said.number]: said for said in self._messages.some(of[Source.ANNOUNCED])}
        return found

    def _records(self, record_ids: Iterable[int]) -> dict[int, ListRow]:
        rows = self._db.rows(RECORD, (self._outlet, json.dumps(list(record_ids))))
        return {row[0]: self._record(*row) for row in rows}

    def _record(self, record_id: int, at: int, entity_type: str, number: str, payload: str) -> ListRow:
        queued = self._views.find(record_id)
        if queued is not None:
            return list_row(queued, payload)
        seen = asdict(glance(payload))
        return ListRow(record_id=record_id, at_ms=at, entity_type=entity_type, local_id=number, **seen)


def _bound(source: Source, before: Key | None) -> tuple[int, int]:
    """Moment and number under which this source goes on."""
    if before is None:
        return AFTER_ALL, 0
    if source == before.source:
        return before.at, before.number
    return before.at, AFTER_ALL if source < before.source else -1


def _about(key: Key, told: Deed | Change | Question | Message | None) -> int | None:
    return key.number if key.source is Source.SENT else getattr(told, "record_id", None)
