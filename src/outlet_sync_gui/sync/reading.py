"""Headquarters read back: its lists page by page, then its log, and what they come to beside the day here.

A page that was cut off is asked for again: rows move only to later pages while new ones come in, so that going on
where it was misses none, and what comes twice counts once. Nothing here is written before all of it is read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from outlet_sync_gui.contract.answers import Envelope
from outlet_sync_gui.contract.readings import LISTS, LOG, Page, Row, Skipped, list_path, log_path, read_log, read_page
from outlet_sync_gui.contract.sales import Sale
from outlet_sync_gui.errors import CloudUnreachable, ContractBroken, InputRefused, OutletSyncError
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.status import Trouble
from outlet_sync_gui.store import Store
from outlet_sync_gui.sync.bills import Rules
from outlet_sync_gui.sync.clock import Now, iso, to_ms
from outlet_sync_gui.sync.commands import LookForReadings, Reading, Reconcile, Retry
from outlet_sync_gui.sync.events import ReadBack
from outlet_sync_gui.sync.exchange import Answer, Request
from outlet_sync_gui.sync.holding import own_end
from outlet_sync_gui.sync.judge import Broken, Fault, RefusedWhole, judge_reading
from outlet_sync_gui.sync.pacing import Backoff
from outlet_sync_gui.sync.reconcile import ORDER, TRANSACTION, Key, Mine, Reconciled, Told, as_json, of_day, reconcile

PAGE_ROWS = 100
LOG_LINES = 1000
MOST_PAGES = 5000  # of a list that never ends
FAILURES = 3  # in a row, and it is given up
# Lists are sorted by when a sale was made: of what is only there, one that stayed open longer is not found.
OPEN_MS = 86_400_000
LONGEST_OPEN_MS = 31 * OPEN_MS  # older, it was made by a wrong clock: not all of the past is read for it
AT_ONCE = 200  # records that are sent again in one transaction


@dataclass(slots=True)
class Progress:
    """What is read so far of what somebody wants to know."""

    what: Reading
    since_ms: int = 0  # when it began
    from_ms: int | None = None  # older sales are none of the day; None: not known yet
    kinds: list[str] = field(default_factory=lambda: list(LISTS))  # lists that are still to be read
    page: int = 1
    rows: list[Row] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


class Readings:
    """What people want to know of headquarters, one after the other."""

    def __init__(self, store: Store, settings: Settings, draw: Callable[[], float]) -> None:
        self._store = store
        self._settings = settings
        self._rules = Rules.of(settings)
        self._backoff = Backoff(draw)
        self._wanted: list[Progress] = []
        self._at = 0.0

    @property
    def at(self) -> float | None:
        """When the next request may leave (monotonic seconds); None: nobody wants to know anything."""
        return self._at if self._wanted else None

    def ask(self, what: Reading) -> None:
        """Somebody wants to know. Raises InputRefused where that is switched off."""
        if isinstance(what, Reconcile) and not self._settings.cloud_extras:
            raise InputRefused("extras_off")
        self._at = 0.0
        if all(each.what != what for each in self._wanted):
            self._wanted.append(Progress(what))

    def request(self, now: Now) -> Request:
        """What to ask next."""
        read = self._wanted[0]
        read.since_ms = read.since_ms or now.wall_ms
        kind = next(iter(read.kinds), None)
        limit = PAGE_ROWS if isinstance(read.what, Reconcile) else 1
        outlet_id, deadline_s = self._settings.outlet_id, float(self._settings.request_timeout_s)
        if kind is None:
            return Request(method="GET", route=LOG, path=log_path(outlet_id, limit=LOG_LINES), deadline_s=deadline_s)
        path = list_path(outlet_id, kind, page=read.page, limit=limit)
        return Request(method="GET", route=LISTS[kind], path=path, deadline_s=deadline_s)

    def settle(self, answer: Answer, now: Now) -> list[ReadBack] | Fault:
        """Take in what came; what is over by it. A fault that is not about reading is the caller's."""
        verdict = judge_reading(answer, wall_ms=now.wall_ms)
        match verdict:
            case Envelope():
                self._backoff.succeeded()
                return self._take(verdict, now)
            case RefusedWhole():
                return self._refused(now)
            case Broken(trouble):
                return self._broke(trouble, now)
        return verdict

    def _take(self, envelope: Envelope, now: Now) -> list[ReadBack]:
        read = self._wanted[0]
        try:
            if not read.kinds:
                read.skipped = read_log(envelope)
                return self._finish(now)
            page = read_page(envelope, read.kinds[0])
        except ContractBroken:
            return self._refused(now)
        if isinstance(read.what, LookForReadings):
            return self._end(can_be_read=True)
        read.rows += page.rows
        if self._is_last(read, page):
            read.kinds, read.page = read.kinds[1:], 1
        else:
            read.page += 1
        return []

    def _is_last(self, read: Progress, page: Page) -> bool:
        assert isinstance(read.what, Reconcile)
        if page.n < PAGE_ROWS and page.pages is None:
            return True
        times = [row.made_at for row in page.rows if row.made_at is not None]
        if read.from_ms is None:
            read.from_ms = self._from_ms(read.what.date)
        # By the newest of it: one wrong time must not hide the rest.
        is_past = bool(times) and max(times) < read.from_ms
        return is_past or not page.n or read.page >= min(MOST_PAGES, page.pages or MOST_PAGES)

    def _from_ms(self, date: str) -> int:
        """From when on a sale of this day may have been made: a bill may stay open for days."""
        span = self._rules.days.span(date)
        since = iso(span[0] - LONGEST_OPEN_MS)
        oldest = self._store.sales.oldest_made(self._store.sales.touched(*span), since=since)
        before_ms = span[0] - OPEN_MS
        return before_ms if oldest is None else min(before_ms, to_ms(oldest))

    def _refused(self, now: Now) -> list[ReadBack]:
        """It can't be read back; a log alone that is not there is not missed."""
        read = self._wanted[0]
        if not read.kinds:
            return self._finish(now)
        is_look = isinstance(read.what, LookForReadings)
        return self._end(None if is_look else InputRefused("extras_missing"), can_be_read=False)

    def _broke(self, trouble: Trouble, now: Now) -> list[ReadBack]:
        self._at = now.monotonic + self._backoff.failed()
        if self._backoff.failures < FAILURES:
            return []
        self._backoff.succeeded()
        return self._end(CloudUnreachable(trouble.code, dict(trouble.facts)))

    def _finish(self, now: Now) -> list[ReadBack]:
        read = self._wanted[0]
        assert isinstance(read.what, Reconcile)
        found = self._compare(read, read.what.date, now)
        with self._store.write():
            self._store.findings.keep(found.date, as_json(found))
        return self._end(can_be_read=True)

    def _end(self, error: OutletSyncError | None = None, *, can_be_read: bool | None = None) -> list[ReadBack]:
        if can_be_read is not None:
            with self._store.write():
                self._store.findings.looked(can_be_read=can_be_read)
        return [ReadBack(self._wanted.pop(0).what, error)]

    def _compare(self, read: Progress, date: str, now: Now) -> Reconciled:
        with self._store.read():
            ending = self._store.sales.ending(*self._rules.days.span(date))
            found = reconcile(
                date,
                list(self._mine(date, read.since_ms)),
                read.rows,
                self._rules,
                is_ours=self._is_ours,
                skipped=read.skipped,
                at=now.wall_ms,
            )
            return replace(found, unsent=found.unsent + ending)

    def _mine(self, date: str, since_ms: int) -> Iterator[Mine]:
        sales = self._store.sales
        named = sales.touched(*self._rules.days.span(date))
        sold, accepted = sales.of(named), sales.accepted(named)
        for sale, is_counted in of_day(date, sold.sales, sold.merged, self._rules):
            at = accepted[(sale.is_order, sale.number)]
            yield Mine(_told(sale), is_counted, is_settled=at is not None and at < since_ms)

    def _is_ours(self, key: Key) -> bool:
        """Whether it is a sale of another day; of one that was deleted here, whether that is on its way."""
        known = self._store.records.find(*key)
        is_alive = known is not None and known.deleted_at is None and own_end(known) is None
        return is_alive or (known is not None and known.is_queued)


def send_again(store: Store, found: Reconciled, *, who: str) -> Iterator[Retry]:
    """Decisions that send what headquarters lacks once more, orders first, some at a time.

    What waits already is left out, as it is when its turn comes: go through them while they are carried out.
    """
    names = sorted(told.name for told in found.missing)
    for start in range(0, len(names), AT_ONCE):
        part = [name for name in names[start : start + AT_ONCE] if _is_at_rest(store, name)]
        if part:
            yield Retry(who=who, names=tuple(part))


def _is_at_rest(store: Store, name: str) -> bool:
    known = store.records.named(name)
    return known is not None and not known.is_queued


def _told(sale: Sale) -> Told:
    return Told(ORDER if sale.is_order else TRANSACTION, sale.number, sale.amount, sale.status)
