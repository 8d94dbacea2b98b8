"""Closing a day: the daily summary and what is checked before, in sentences."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar

from outlet_sync_gui.words.records import METHODS
from outlet_sync_gui.words.speech import DAYS, N_, WHOLE_MONTHS, fraction, language, moment, number, rupiah, say, say_n


class Checked(NamedTuple):
    """How a check reads when all is well, and when `{n}` records are not."""

    good: str
    one: str
    many: str


CHECKED = {
    "unsent": Checked(N_("All records sent"), N_("{n} not sent"), N_("{n} not sent")),
    "withheld": Checked(
        N_("Nothing discarded"),
        N_("{n} discarded, counted here and not at headquarters"),
        N_("{n} discarded, counted here and not at headquarters"),
    ),
    "refused": Checked(N_("Nothing refused"), N_("{n} needs attention"), N_("{n} need attention")),
    "conflicts": Checked(N_("Same as headquarters"), N_("{n} conflict open"), N_("{n} conflicts open")),
    "untaken": Checked(
        N_("The till's menu is up to date"), N_("{n} new price not at the till"), N_("{n} new prices not at the till")
    ),
    "unrecorded": Checked(
        N_("All payments recorded"),
        N_("{n} paid order without a transaction"),
        N_("{n} paid orders without a transaction"),
    ),
    "stray": Checked(
        N_("Every transaction has an order"),
        N_("{n} transaction without an order"),
        N_("{n} transactions without an order"),
    ),
    "differing": Checked(
        N_("Totals agree"), N_("{n} order differs from its payments"), N_("{n} orders differ from their payments")
    ),
}
NO_METHOD = "other"
SHORT = ((1_000_000_000_000, N_("{n}tn")), (1_000_000_000, N_("{n}bn")), (1_000_000, N_("{n}m")), (1_000, N_("{n}k")))
Name = TypeVar("Name", bound=str)


def check_good(check: str) -> str:
    """A check that found nothing."""
    return say(CHECKED[check].good)


def check_bad(check: str, n: int) -> str:
    """A check that found so many."""
    return say_n(CHECKED[check].one, CHECKED[check].many, n)


def verdict(checks: Mapping[Name, tuple[int, int]], *, orders: int, revenue: int) -> str:
    """The one sentence that tells whether the day is complete: what is not, how many and how much rupiah."""
    if not checks:
        facts = {"orders": orders_of(orders), "revenue": rupiah(revenue)}
        return say("Everything is complete: {orders}, {revenue}, all at headquarters.", **facts)
    parts = [_part(check, n, money) for check, (n, money) in checks.items()]
    return say("Not complete yet: {parts}.", parts=" · ".join(parts))


class _Became(Protocol):
    """What became of a day's summary; the time is UTC ms."""

    @property
    def sent_at(self) -> int | None: ...
    @property
    def sent_by(self) -> str: ...
    @property
    def is_waiting(self) -> bool: ...
    @property
    def is_refused(self) -> bool: ...
    @property
    def is_changed(self) -> bool: ...


def sending(became: _Became, now_ms: int) -> str:
    """What became of the day's summary; a time of UTC ms."""
    if became.is_refused:
        return say("Headquarters refused it")
    if became.is_waiting:
        return say("on its way")
    if became.sent_at is None:
        return say("not sent")
    time, by = moment(became.sent_at, now_ms), became.sent_by
    sent = say("Sent {time} by {name}", time=time, name=by) if by else say("Sent {time} by itself", time=time)
    return f"{say('Changed since sent')} · {sent}" if became.is_changed else sent


def orders_of(n: int) -> str:
    """145 orders."""
    return say_n("{n} order", "{n} orders", n)


def transactions_of(n: int) -> str:
    """145 transactions."""
    return say_n("{n} transaction", "{n} transactions", n)


def average(revenue: int, orders: int) -> str:
    """Rupiah per order, rounded; a dash where there is none."""
    return rupiah(round(revenue / orders)) if orders else "–"


def short_amount(amount: int) -> str:
    """Rupiah on an axis: 1 jt in Indonesian, 1m in English."""
    unit, text = next((each for each in SHORT if abs(amount) >= each[0]), (1, "{n}"))
    return say(text, n=number(amount / unit if amount % unit else amount // unit))


def method(name: str) -> str:
    """A way of paying, as people call it; what we don't know as it came."""
    if name == NO_METHOD:
        return say("Other")
    return say(METHODS[name]) if name in METHODS else name


def quantity(value: int | Decimal) -> str:
    """67 pieces as 67×, halves as 1,5×."""
    return f"{fraction(value)}×"


def hour_span(hour: int) -> str:
    """12.00–13.00 in Indonesian, 12:00–13:00 in English."""
    mark = "." if language() == "id" else ":"
    return f"{hour:02}{mark}00–{(hour + 1) % 24:02}{mark}00"


def business_day(date: str) -> str:
    """Sel, 27 Januari 2026 / Tue, 27 January 2026."""
    day = datetime.fromisoformat(date)
    return f"{DAYS[language()][day.weekday()]}, {day.day} {WHOLE_MONTHS[language()][day.month - 1]} {day.year}"


def _part(check: str, n: int, money: int) -> str:
    return f"{check_bad(check, n)} ({rupiah(money)})" if money else check_bad(check, n)
