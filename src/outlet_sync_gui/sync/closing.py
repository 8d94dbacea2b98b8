"""Closing a day: what is looked at before, sending the daily summary, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from outlet_sync_gui.contract.records import read_record
from outlet_sync_gui.contract.requests import daily_body
from outlet_sync_gui.contract.sales import Sale
from outlet_sync_gui.contract.text import Json, loads_stored
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.sync.bills import Rules
from outlet_sync_gui.sync.clock import iso, next_time
from outlet_sync_gui.sync.line import queue_again
from outlet_sync_gui.sync.reconcile import of_day as sales_of_day
from outlet_sync_gui.sync.records import accept
from outlet_sync_gui.sync.summary import Amount, Summary, of_day

TYPE = "daily_summary"
DAY_MS = 86_400_000
TRUSTED_MS = 600_000  # a clock that is off by less is right enough for a day
# A closing time in the first hours of a business day ends the day before: a bar closes at two.
AFTER_MIDNIGHT_MS = 6 * 3_600_000


class Check(StrEnum):
    """What a manager makes sure of before closing."""

    UNSENT = "unsent"
    WITHHELD = "withheld"  # sales that somebody decided not to send
    REFUSED = "refused"
    CONFLICTS = "conflicts"
    UNTAKEN = "untaken"  # headquarters' changes that the till does not have
    UNRECORDED = "unrecorded"
    STRAY = "stray"
    DIFFERING = "differing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What became of a day's summary. Times are UTC ms."""

    sent_at: int | None = None  # when headquarters took it last
    sent_by: str = ""
    is_waiting: bool = False
    is_refused: bool = False
    is_changed: bool = False  # the day is not what was sent, or is to be sent, any more
    sent: Mapping[str, Json] = field(default_factory=dict)  # the content of that


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A business day as it is looked at before closing."""

    summary: Summary
    checks: dict[Check, Amount]  # what is not as it should be; nothing for what is
    sending: Sending

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing, here or at headquarters."""
        return not self.checks


def look_at(store: Store, settings: Settings, date: str, *, now_ms: int) -> Closing:
    """A business day (YYYY-MM-DD) with all that is checked before closing. Raises StoreFailed."""
    rules = Rules.of(settings)
    with store.read():
        summary = of_day(store, settings, date)
        is_today = rules.days.of(now_ms) == date  # this evening somebody goes home: nothing at all may wait
        found = _waiting(store) if is_today else {Check.UNSENT: _waiting_of(store, rules, date)}
        for sale in withheld(store, rules, date):
            found[Check.WITHHELD] = _both(found.get(Check.WITHHELD, Amount(0, 0)), _of(sale))
        found |= {
            Check.UNRECORDED: summary.unrecorded,
            Check.STRAY: summary.stray,
            Check.DIFFERING: summary.differing,
        }
        checks = {check: amount for check, amount in found.items() if amount.n}
        return Closing(summary=summary, checks=checks, sending=sending_of(store, summary))


def withheld(store: Store, rules: Rules, date: str) -> list[Sale]:
    """The sales of a day that somebody decided not to send, or not as they are here. Part of the caller's reading."""
    bills = store.sales.discarded(*rules.days.span(date))
    sold, accepted, unsent = store.sales.of(bills), store.sales.accepted(bills), store.sales.unsent(bills)
    found = []
    for sale, is_counted in sales_of_day(date, sold.sales, sold.merged, rules):
        is_of_both = is_counted or accepted[_key(sale)] is not None  # else it is nothing on either side
        if unsent.get(_key(sale)) is False and is_of_both:
            found.append(sale)
    return found


def _waiting_of(store: Store, rules: Rules, date: str) -> Amount:
    """What of a past day waits, by the rules that its figures are counted by."""
    span = rules.days.span(date)
    across = store.sales.waiting(*span)
    sold, unsent = store.sales.of(across), store.sales.unsent(across)
    found = _both(Amount(*store.sales.plainly_waiting(*span)), Amount(store.sales.ending(*span), 0))
    for sale, _ in sales_of_day(date, sold.sales, sold.merged, rules):
        if unsent.get(_key(sale)):
            found = _both(found, _of(sale))
    return found


def _key(sale: Sale) -> tuple[bool, str]:
    return bool(sale.is_order), sale.number


def _of(sale: Sale) -> Amount:
    return Amount(1, sale.amount if sale.is_order else 0)


def _both(one: Amount, other: Amount) -> Amount:
    return Amount(one.n + other.n, one.rupiah + other.rupiah)


def _waiting(store: Store) -> dict[Check, Amount]:
    counts = store.outlet.counts()
    return {
        Check.UNSENT: Amount(counts.pending.total, counts.pending_amount),
        Check.REFUSED: Amount(counts.dead, 0),
        Check.CONFLICTS: Amount(store.conflicts.count(), 0),
        Check.UNTAKEN: Amount(store.changes.feed().untaken, 0),
    }


def sending_of(store: Store, summary: Summary) -> Sending:
    """What became of the summary of that day, beside its figures now."""
    known = store.records.find(TYPE, summary.date)
    if known is None:
        return Sending()
    history = store.activity.of(known.record_id)
    deeds = [deed for deed in history if deed.what is What.SUMMED_UP]
    sent = loads_stored(known.payload)
    is_untold = not known.is_queued and bool(history) and history[-1].what is What.DISCARDED
    return Sending(
        sent_at=store.views.accepted_at(known.record_id),
        sent_by=deeds[-1].who if deeds else "",
        is_waiting=known.is_queued and not known.is_dead,
        is_refused=known.is_dead,
        is_changed=is_untold or sent.get("summary") != summary.content()["summary"],  # by value: 1.50 is 1.5
        sent=sent,
    )


def send(store: Store, settings: Settings, date: str, *, who: str, now_ms: int) -> None:
    """Queue the day's summary as it is now, ahead of what is not urgent. Part of the caller's transaction.

    Sent again unchanged it stays what it is. `who`: empty for the program itself.
    """
    fields = _fields(of_day(store, settings, date))
    incoming = read_record(
        TYPE,
        fields,
        operation="create",
        outlet_id=settings.outlet_id,
        outlet_code=settings.outlet_code,
        now=iso(now_ms),
    )
    accept(store, [incoming], now_ms=now_ms)
    known = store.records.find(TYPE, date)
    assert known is not None
    if known.is_dead:
        store.outbox.retry(known.record_id)
    elif not known.is_queued and known.version > known.base_version:
        queue_again(store, known.record_id, now_ms=now_ms)  # it was not to be sent, and now it is
    store.activity.note(What.SUMMED_UP, known.record_id, now_ms=now_ms, who=who)


def send_unsent(store: Store, settings: Settings, date: str, *, now_ms: int) -> None:
    """Queue it unless somebody has done so, or nothing was sold. Part of the caller's transaction."""
    if store.records.find(TYPE, date) is None:
        summary = of_day(store, settings, date)
        if summary.orders or summary.transactions:
            send(store, settings, date, who="", now_ms=now_ms)


def is_clock_right(store: Store) -> bool:
    """Whether the day that the clock tells can be trusted: headquarters' time was heard, and is about the same."""
    offset_ms = store.outlet.read().clock_offset_ms
    return offset_ms is not None and abs(offset_ms) < TRUSTED_MS


def body_of(summary: Summary, settings: Settings) -> dict[str, Json]:
    """The very object that is sent."""
    return daily_body(_fields(summary), outlet_id=settings.outlet_id, outlet_code=settings.outlet_code)


def last_closed(settings: Settings, *, now_ms: int) -> str | None:
    """The business day that closed last; None where there is no closing time."""
    if not settings.closing_time:
        return None
    closed_at = following = next_time(now_ms - 2 * DAY_MS, settings.closing_time, zone=settings.timezone)
    while following <= now_ms:
        closed_at, following = following, next_time(following, settings.closing_time, zone=settings.timezone)
    return Rules.of(settings).days.of(closed_at - AFTER_MIDNIGHT_MS)


def _fields(summary: Summary) -> dict[str, Json]:
    return {"local_id": summary.date, **summary.content()}
