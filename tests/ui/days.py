"""Business days in every state as values, for tests and pictures."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from tests.builders import SETTINGS
from tests.ui.states import LONG, MINUTE, NOW

from outlet_sync_gui.reader import Day, DayLine, WantDay
from outlet_sync_gui.sync.closing import Check, Closing, Sending
from outlet_sync_gui.sync.summary import Amount, Hour, Product, Summary
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.summary_page import SummaryPage

TODAY, YESTERDAY = "2026-01-27", "2026-01-26"
NOTHING = Amount(0, 0)
REVENUE = (850_000, 1_000_000, 3_200_000, 1_650_000, 420_000, 310_000, 290_000, 720_000, 1_780_000, 1_490_000, 640_000)
HOURS = [Hour(10 + n, revenue // 71_000, revenue) for n, revenue in enumerate((*REVENUE, 150_000))]
SUMMARY = Summary(
    date=TODAY,
    orders=145,
    revenue=12_500_000,
    transactions=145,
    methods={"cash": 85, "qris": 45, "card": 15},
    products=(
        Product("Nasi Goreng Spesial", 67, 2_345_000),
        Product("Ayam Bakar Taliwang", 38, 1_710_000),
        Product("Es Teh Manis", 36, 288_000),
    ),
    hours=tuple(HOURS),
    unrecorded=NOTHING,
    stray=NOTHING,
    differing=NOTHING,
)
EMPTY = replace(SUMMARY, orders=0, revenue=0, transactions=0, methods={}, products=(), hours=())
HUGE = replace(
    SUMMARY,
    orders=98_765,
    revenue=987_654_321,
    transactions=98_765,
    methods={f"{LONG} {n}" if n % 2 else f"wallet-{n}": 12_345 - n for n in range(12)},
    products=tuple(Product(f"{LONG} {n}", 98_765 - n, 123_456_789) for n in range(10)),
    hours=tuple(Hour((6 + n) % 24, 4_000 + n, 41_000_000 + 1_000_000 * n * (24 - n)) for n in range(24)),
)
LINES = [
    DayLine(date=TODAY),
    DayLine(date=YESTERDAY, sent_at=NOW - 12 * 60 * MINUTE),
    DayLine(date="2026-01-25", is_waiting=True),
    DayLine(date="2026-01-24", is_refused=True),
    *(DayLine(date=f"2026-01-{23 - n:02}", sent_at=NOW - (4 + n) * 1440 * MINUTE) for n in range(20)),
]
SENT = Sending(sent_at=NOW - 5 * MINUTE, sent_by="Rina", sent=SUMMARY.content())
GAPS = {Check.CONFLICTS: Amount(2, 0), Check.UNTAKEN: Amount(3, 0)}


def day(
    summary: Summary = SUMMARY, sending: Sending | None = None, checks: Mapping[Check, Amount] = MappingProxyType({})
) -> Day:
    """A day as it was read."""
    found = dict(checks)
    closing = Closing(summary=summary, checks=found, sending=sending or Sending())
    return Day(closing=closing, settings=SETTINGS, today=TODAY, days=LINES)


DAYS: dict[str, Day] = {
    "usual": day(checks=GAPS),
    "complete": day(),
    "sent": day(sending=SENT),
    "waiting": day(sending=Sending(is_waiting=True)),
    "changed": day(
        replace(SUMMARY, revenue=12_700_000, orders=146, methods={"cash": 86, "qris": 45, "card": 15}),
        replace(SENT, is_changed=True),
        {Check.UNRECORDED: Amount(1, 200_000)},
    ),
    "refused": day(sending=Sending(is_refused=True), checks={Check.REFUSED: Amount(1, 0)}),
    "empty": day(EMPTY),
    "huge": day(HUGE, checks={check: Amount(98_765, 987_654_321) for check in Check}),
    "past": day(replace(SUMMARY, date=YESTERDAY), SENT, {Check.STRAY: Amount(1, 96_000)}),
}


def show_day(window: MainWindow, shown: Day) -> SummaryPage:
    """Go to the page, to that day, and show it as if it had been read."""
    window.open_page(Page.SUMMARY)
    date = shown.closing.summary.date
    window.summary_page._go_to(date)
    window.show_found(WantDay(date), shown)
    return window.summary_page
