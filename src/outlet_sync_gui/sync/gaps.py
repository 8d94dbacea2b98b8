"""Which sales of a day don't fit together: what a manager looks at before closing."""

from collections.abc import Iterator
from typing import NamedTuple

from outlet_sync_gui.contract.sales import Sale
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.store import Store
from outlet_sync_gui.sync.bills import Bill, Rules, bills, brings
from outlet_sync_gui.sync.closing import Check, withheld


class Gap(NamedTuple):
    """An order or a transaction of which something is missing, and how much rupiah; `at` is UTC ms."""

    entity_type: str
    number: str
    at: int
    rupiah: int


def gaps(store: Store, settings: Settings, date: str, check: Check, *, limit: int) -> list[Gap]:
    """What this check counts of a business day (YYYY-MM-DD), the newest first. Raises StoreFailed."""
    found = _found(store, Rules.of(settings), date, check)
    return sorted(found, key=lambda gap: (gap.at, gap.number), reverse=True)[:limit]


def _found(store: Store, rules: Rules, date: str, check: Check) -> list[Gap]:
    with store.read():
        if check is Check.WITHHELD:
            return [_gap(sale) for sale in withheld(store, rules, date)]
        sold = store.sales.of(store.sales.touched(*rules.days.span(date)))
    bad = (bill for _, bill in bills(sold.sales, sold.merged, rules) if check in brings(bill, rules).get(date, {}))
    return [gap for bill in bad for gap in _of(bill, rules, date, check)]


def _gap(sale: Sale) -> Gap:
    return Gap("order" if sale.is_order else "transaction", sale.number, sale.at, sale.amount)


def _of(bill: Bill, rules: Rules, date: str, check: Check) -> Iterator[Gap]:
    if bill.order is not None:
        yield Gap("order", bill.order.number, bill.at, brings(bill, rules)[date][check][1])
        return
    for payment in bill.payments:
        if rules.days.of(payment.at) == date:
            yield Gap("transaction", payment.number, payment.at, payment.amount)
