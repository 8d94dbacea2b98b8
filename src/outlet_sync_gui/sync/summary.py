"""The daily summary: the contract's figures of a business day, from the sums that its bills add up to.

Sums are kept as bills are counted, and only what has changed since is counted when a day is asked for: ten thousand
orders cost no more than one. Counted from the sales alone (`of_sales`) a day comes to the same.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from outlet_sync_gui.contract.sales import Sale
from outlet_sync_gui.contract.text import Json
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.store import Store
from outlet_sync_gui.sync.bills import (
    DIFFERING,
    HOUR,
    METHOD,
    PRODUCT,
    STRAY,
    UNRECORDED,
    Pair,
    Rules,
    Tally,
    add,
    bills,
    brings,
)

MOST_PRODUCTS = 10
MOST_DUE = 1000  # bills that are counted while somebody waits for it
AT_ONCE = 200  # bills in one transaction, between which other writers get their turn


class Product(NamedTuple):
    """What was sold of one product."""

    name: str
    quantity: int | Decimal
    revenue: int


class Hour(NamedTuple):
    """What an hour (0-23, of the outlet's clock) brought."""

    hour: int
    orders: int
    revenue: int


class Amount(NamedTuple):
    """How many records, and how much rupiah."""

    n: int
    rupiah: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A business day's figures, and what in it does not fit together; money in whole rupiah."""

    date: str  # YYYY-MM-DD
    orders: int
    revenue: int
    transactions: int
    methods: Mapping[str, int]  # how many payments by each, the most used first
    products: tuple[Product, ...]  # the ten that were sold most
    hours: tuple[Hour, ...]  # those in which anything was, in the day's order
    unrecorded: Amount  # paid orders without a payment
    stray: Amount  # payments without an order
    differing: Amount  # orders whose payments come to another total

    def content(self) -> dict[str, Json]:
        """The contract's fields, without the outlet's."""
        return {
            "date": self.date,
            "summary": {
                "total_orders": self.orders,
                "total_revenue": self.revenue,
                "total_transactions": self.transactions,
                "payment_methods": dict(self.methods),
                "top_products": [
                    {"product_name": name, "qty_sold": quantity, "revenue": revenue}
                    for name, quantity, revenue in self.products
                ],
                "hourly_breakdown": [hour._asdict() for hour in self.hours],
            },
        }


def of_day(store: Store, settings: Settings, date: str) -> Summary:
    """The figures of a business day (YYYY-MM-DD) from what is stored; nothing is written. Raises StoreFailed."""
    rules = Rules.of(settings)
    with store.read():
        due = store.sales.due(MOST_DUE + 1)
        if store.sales.rules() != rules.name or len(due) > MOST_DUE:
            sold = store.sales.of(store.sales.touched(*rules.days.span(date)))
            return of_sales(date, sold.sales, sold.merged, rules)
        tally = _pairs(store.sales.day(date))
        add(tally, _recount(store, due, rules)[1].get(date, {}))
        return _summary(date, tally, rules)


def of_sales(date: str, sales: Iterable[Sale], merged: Collection[str], rules: Rules) -> Summary:
    """The figures of a business day from whole bills; `merged` are numbers of orders that another one took in."""
    tally: Tally = {}
    for _, bill in bills(sales, merged, rules):
        add(tally, brings(bill, rules).get(date, {}))
    return _summary(date, tally, rules)


def count_due(store: Store, settings: Settings, *, least: int = 1) -> bool:
    """Count bills that changed, durably, if so many wait, so that a day is ready when it is asked for; whether it did.

    Not all of them at once: call it again. Raises StoreFailed.
    """
    rules = Rules.of(settings)
    is_new = store.sales.rules() != rules.name
    if not is_new and len(store.sales.due(least)) < least:
        return False
    with store.write():
        if is_new:
            store.sales.begin_anew(rules.name)
        now, changes = _recount(store, store.sales.due(AT_ONCE), rules)
        days = {day: _pairs(store.sales.day(day)) for day in changes}
        for day, tally in days.items():
            add(tally, changes[day])
        store.sales.keep(now, days)
    return True


def _recount(store: Store, due: Sequence[str], rules: Rules) -> tuple[dict[str, dict[str, Tally]], dict[str, Tally]]:
    """What each of these bills brings now; and what is other by that than what is kept, day by day."""
    now: dict[str, dict[str, Tally]] = {number: {} for number in due}
    changes: defaultdict[str, Tally] = defaultdict(dict)
    sold = store.sales.of(due)
    for number, bill in bills(sold.sales, sold.merged, rules):
        now[number] = brings(bill, rules)
    for brought in store.sales.counted(due).values():
        for day, sums in brought.items():
            add(changes[day], _pairs(sums), -1)
    for brought in now.values():
        for day, tally in brought.items():
            add(changes[day], tally)
    return now, changes


def _summary(date: str, tally: Tally, rules: Rules) -> Summary:
    hours = [Hour(int(name), int(n), rupiah) for name, (n, rupiah) in _under(HOUR, tally)]
    methods = {name: int(n) for name, (n, _) in _under(METHOD, tally)}
    products = [Product(name, _whole(n), rupiah) for name, (n, rupiah) in _under(PRODUCT, tally)]
    return Summary(
        date=date,
        orders=sum(hour.orders for hour in hours),
        revenue=sum(hour.revenue for hour in hours),
        transactions=sum(methods.values()),
        methods=dict(sorted(methods.items(), key=lambda one: (-one[1], one[0]))),
        products=tuple(sorted(products, key=lambda one: (-one.quantity, -one.revenue, one.name))[:MOST_PRODUCTS]),
        hours=tuple(sorted(hours, key=lambda hour: (hour.hour - rules.days.first_hour) % 24)),
        unrecorded=_amount(UNRECORDED, tally),
        stray=_amount(STRAY, tally),
        differing=_amount(DIFFERING, tally),
    )


def _amount(key: str, tally: Tally) -> Amount:
    n, rupiah = tally.get(key, (0, 0))
    return Amount(int(n), rupiah)


def _under(kind: str, tally: Tally) -> Iterator[tuple[str, Pair]]:
    return ((key.removeprefix(kind), pair) for key, pair in tally.items() if key.startswith(kind))


def _pairs(sums: Mapping[str, Json]) -> Tally:
    return {key: (count, rupiah) for key, (count, rupiah) in sums.items()}


def _whole(quantity: int | Decimal) -> int | Decimal:
    """In the fewest digits: a half is a half, however it was summed up."""
    if quantity == int(quantity):
        return int(quantity)
    return quantity.normalize() if isinstance(quantity, Decimal) else quantity
