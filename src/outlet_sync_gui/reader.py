"""What the window shows of the store, read on one other thread: a wish goes in, what was found comes out."""

import logging
from collections.abc import Mapping, Sequence
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from outlet_sync_gui.errors import SettingsInvalid, StoreFailed
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.status import Row
from outlet_sync_gui.store import Store, open_store, with_remote
from outlet_sync_gui.store.activity import Deed
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.store.conflicts import Conflict
from outlet_sync_gui.store.history import Key, Source
from outlet_sync_gui.store.messages import Message
from outlet_sync_gui.store.refusals import Alike, Failure
from outlet_sync_gui.store.views import ALL, Sought, Stretch
from outlet_sync_gui.sync import history
from outlet_sync_gui.sync.bills import Rules
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.closing import TYPE, Check, Closing, look_at
from outlet_sync_gui.sync.gaps import Gap, gaps
from outlet_sync_gui.sync.history import Happened
from outlet_sync_gui.sync.reconcile import Reconciled, from_json

log = logging.getLogger(__name__)

GLANCE_ROWS = 30  # what a glance takes in
PAGE_ROWS = 100
GROUPS = 20  # each a card, which takes its time to be made
ROWS_ABOVE, ROWS_BELOW = 60, 140  # around a place: twice as far as the largest window shows
CONFLICTS = 200
DECIDERS = 8
MESSAGES, PAST_MESSAGES = 10, 5  # each a card, which takes its time to be made
DAYS, GAPS = 31, 100


class Wish(Protocol):
    """What somebody wants to read; two of one class: the later one counts."""

    def read(self, store: Store) -> object:
        """Read it. Raises StoreFailed."""


@dataclass(frozen=True, slots=True)
class WantGlance:
    """The Status page's list: what was refused before what waits, else what was just sent."""

    has_refused: bool
    has_waiting: bool

    def read(self, store: Store) -> Sequence[Row]:
        """The rows."""
        refused = store.views.refused(limit=GLANCE_ROWS) if self.has_refused else []
        waiting = store.views.unsent(limit=GLANCE_ROWS) if self.has_waiting else []
        return [*refused, *waiting] or store.views.recent(limit=GLANCE_ROWS)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePart:
    """A stretch of the line, and the types that people may choose from."""

    stretch: Stretch
    types: Sequence[str]


@dataclass(frozen=True, slots=True)
class WantLine:
    """The line around the place where somebody looks (a row's `seq`); None: its newest end."""

    sought: Sought = ALL
    around: int | None = None

    def read(self, store: Store) -> QueuePart:
        """The rows."""
        stretch = store.views.stretch(self.sought, around=self.around, above=ROWS_ABOVE, below=ROWS_BELOW)
        return QueuePart(stretch=stretch, types=store.views.types())


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What needs attention in groups, and the newest rows of the one that is open; `more` groups are not told."""

    groups: Sequence[Alike] = ()
    more: int = 0
    opened: Failure | None = None
    rows: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class WantRefused:
    """What needs attention; the rows of this group, or where there is none such, of the first."""

    opened: Failure | None = None

    def read(self, store: Store) -> Refused:
        """The groups and the rows."""
        groups = store.refusals.alike()
        shown = groups[:GROUPS]
        failures = [group.failure for group in shown]
        opened = self.opened if self.opened in failures else next(iter(failures), None)
        rows = store.views.these(store.refusals.seqs(opened, limit=PAGE_ROWS)) if opened else []
        return Refused(groups=shown, more=len(groups) - len(shown), opened=opened, rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record with its content (JSON text), what was decided over it, oldest first, and all else that is known.

    `queued`: its row as it is now, None where it is not in the line. Times are UTC ms.
    """

    entity_type: str
    local_id: str | None
    content: str
    history: Sequence[Deed]
    queued: Row | None = None
    accepted_at: int | None = None
    agreed_version: int = 0
    version: int = 0
    cloud_id: str | None = None
    changes: Sequence[Change] = ()
    conflicts: Sequence[Conflict] = ()


@dataclass(frozen=True, slots=True)
class WantRecord:
    """One record: `is_edit` says what for."""

    row: Row
    is_edit: bool = False

    def read(self, store: Store) -> Record | None:
        """The record, None where it is gone."""
        known = store.records.named(str(self.row.record_id))
        if known is None:
            return None
        return Record(
            entity_type=known.entity_type,
            local_id=known.local_id,
            content=known.payload,
            history=tuple(store.activity.of(known.record_id)),
            queued=store.views.queued(known.record_id, known.payload),
            accepted_at=store.views.accepted_at(known.record_id),
            agreed_version=known.base_version,
            version=known.version,
            cloud_id=known.cloud_id,
            changes=tuple(store.changes.of(known.record_id, limit=GLANCE_ROWS)),
            conflicts=tuple(store.conflicts.past_and_open(known.record_id, limit=GLANCE_ROWS)),
        )


@dataclass(frozen=True, slots=True)
class WantConflicts:
    """What is open, oldest first, and what has become of those that somebody looks at (`seen`)."""

    seen: tuple[int, ...] = ()

    def read(self, store: Store) -> Sequence[Conflict]:
        """The conflicts."""
        found = store.conflicts.open(limit=CONFLICTS)
        missed = set(self.seen) - {conflict.conflict_id for conflict in found}
        ended = [store.conflicts.find(number) for number in missed]
        whole = [_with_stock(store, conflict) for conflict in (*found, *filter(None, ended))]
        return sorted(whole, key=lambda conflict: conflict.conflict_id)


def _with_stock(store: Store, conflict: Conflict) -> Conflict:
    """With what became of the record's stock, which nobody is asked about, since the rest is."""
    changes = store.changes.of(conflict.record_id, limit=GLANCE_ROWS) if conflict.record_id else []
    steps = [change.fields.get("stock", {}) for change in changes if change.at >= conflict.opened_at]
    counts = [step for step in steps if "delta" in step]  # the newest first
    return replace(conflict, stock=(counts[-1]["from"], counts[0]["to"])) if counts else conflict


@dataclass(frozen=True, slots=True)
class WantDeciders:
    """Who settled conflicts before."""

    def read(self, store: Store) -> Sequence[str]:
        """The names, the last one first."""
        return store.conflicts.deciders(limit=DECIDERS)


@dataclass(frozen=True, slots=True)
class WantMessages:
    """The newest announcements that nobody has read, and the newest of all."""

    def read(self, store: Store) -> Sequence[Message]:
        """The announcements, newest first, each once."""
        unread = store.messages.unread(now().wall_ms)[:MESSAGES]
        others = store.messages.latest(limit=MESSAGES)
        return list({message.number: message for message in (*unread, *others)}.values())[: MESSAGES + PAST_MESSAGES]


@dataclass(frozen=True, slots=True)
class WantChanges:
    """What the till has not taken, oldest first, and then the newest that it has."""

    def read(self, store: Store) -> Sequence[Change]:
        """The changes."""
        latest = store.changes.latest(limit=GLANCE_ROWS)
        taken = [change for change in latest if change.taken_at is not None]
        return [*store.changes.untaken(limit=PAGE_ROWS), *taken]


class Part(StrEnum):
    """What of the history people look at."""

    ALL = "all"
    SENT = "sent"
    RECEIVED = "received"
    DECIDED = "decided"  # by people


SOURCES: Mapping[Part, Sequence[Source]] = {
    Part.ALL: tuple(Source),
    Part.SENT: (Source.SENT,),
    Part.RECEIVED: (Source.CHANGED, Source.ASKED, Source.ANNOUNCED, Source.NOTED),
    Part.DECIDED: (Source.DECIDED,),
}


@dataclass(frozen=True, slots=True)
class WantActivity:
    """A page of the history, newest first, of records whose number begins so; `before`: what comes after that one."""

    part: Part = Part.ALL
    search: str = ""
    before: Key | None = None

    def read(self, store: Store) -> Sequence[Happened]:
        """The entries."""
        sources, at_ms = SOURCES[self.part], now().wall_ms
        return history.read(store, sources, search=self.search, before=self.before, limit=PAGE_ROWS, now_ms=at_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """A business day (YYYY-MM-DD) among others; `sent_at`, UTC ms, is when headquarters took its summary last."""

    date: str
    sent_at: int | None = None
    is_waiting: bool = False
    is_refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A business day before closing, by which settings, and the days around; `today` is the one of now."""

    closing: Closing
    settings: Settings
    today: str
    days: Sequence[DayLine]  # the newest first


@dataclass(frozen=True, slots=True)
class WantDay:
    """A business day (YYYY-MM-DD); None: the one of now."""

    date: str | None = None

    def read(self, store: Store, settings: Settings) -> Day:
        """The day."""
        at_ms = now().wall_ms
        today = Rules.of(settings).days.of(at_ms)
        closing = look_at(store, settings, self.date or today, now_ms=at_ms)
        dates = [today, *(date for date in store.sales.days() if date < today)][:DAYS]
        days = [_day_line(store, date) for date in dates]
        return Day(closing=closing, settings=settings, today=today, days=days)


def _day_line(store: Store, date: str) -> DayLine:
    known = store.records.find(TYPE, date)
    if known is None:
        return DayLine(date=date)
    sent_at, is_waiting = store.views.accepted_at(known.record_id), known.is_queued and not known.is_dead
    return DayLine(date=date, sent_at=sent_at, is_waiting=is_waiting, is_refused=known.is_dead)


@dataclass(frozen=True, slots=True)
class WantGaps:
    """What a check counted of a business day: `n` of them."""

    date: str
    check: Check
    n: int

    def read(self, store: Store, settings: Settings) -> Sequence[Row]:
        """The records, the newest first; their amount is what is missing, or what there is too much."""
        return [_gap_row(store, gap) for gap in gaps(store, settings, self.date, self.check, limit=GAPS)]


def _gap_row(store: Store, gap: Gap) -> Row:
    known = store.records.find(gap.entity_type, gap.number)
    record_id = known.record_id if known is not None else 0
    return Row(record_id=record_id, at_ms=gap.at, entity_type=gap.entity_type, local_id=gap.number, amount=gap.rupiah)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What headquarters was found to have of a business day; None: nobody has looked. `is_on`: whether one may look."""

    date: str
    is_on: bool
    found: Reconciled | None = None


@dataclass(frozen=True, slots=True)
class WantReconciled:
    """What is known of a business day (YYYY-MM-DD) at headquarters."""

    date: str

    def read(self, store: Store, settings: Settings) -> Compared:
        """As it was read back last; to read it again is a command to the service."""
        kept = store.findings.find(self.date)
        found = from_json(kept) if kept is not None else None
        return Compared(date=self.date, is_on=settings.cloud_extras, found=found)


OfDay = WantDay | WantGaps | WantReconciled  # they go by the outlet's settings
AnyWish = Wish | OfDay


class Reader(QObject):
    """Reads on one thread, one wish at a time; a later wish replaces a waiting one of its kind."""

    found = Signal(object, object)  # the Wish, and what was read
    _done = Signal(object, object)

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        # Not QRunnable.create: its wrapper outlives it, and PySide then takes any new object at its address for it.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")
        self._reading: Future[None] | None = None
        self._wanted: dict[type[AnyWish], tuple[str, AnyWish]] = {}
        self._is_busy = False
        self._done.connect(self._finished)

    def read(self, outlet_id: str, wish: AnyWish) -> None:
        """Read it of this outlet; `found` tells."""
        self._wanted[type(wish)] = (outlet_id, wish)
        self._next()

    def wait(self) -> None:
        """Let a reading under way end, and begin no other."""
        self._wanted.clear()
        if self._reading is not None:
            futures.wait([self._reading])

    def _next(self) -> None:
        if self._is_busy or not self._wanted:
            return
        self._is_busy = True
        outlet_id, wish = self._wanted.pop(next(iter(self._wanted)))
        self._reading = self._thread.submit(lambda: self._done.emit(wish, self._read(outlet_id, wish)))

    def _read(self, outlet_id: str, wish: AnyWish) -> object:
        try:
            store = open_store(self._directory, outlet_id)
            try:
                if isinstance(wish, OfDay):
                    return wish.read(store, with_remote(self._directory, store).settings)
                return wish.read(store)
            finally:
                store.close()
        except (StoreFailed, SettingsInvalid) as error:
            log.warning("not read: %s", error)  # the service meets the same fault, and shows it
        except Exception:
            log.exception("a bug in the reader")  # of this thread the top: the next reading goes on
        return None

    def _finished(self, wish: AnyWish, value: object) -> None:
        self._is_busy = False
        if value is not None:
            self.found.emit(wish, value)
        self._next()
