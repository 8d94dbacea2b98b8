"""The daily summary: a pure rule from the orders and payments of a business day to the contract's figures.

A sale's moment is when it was paid, else when its last payment was made, else when it was ordered; the day and the
hour are the outlet's. What was taken back counts nowhere; an order that another took in counts in that one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from outlet_sync_gui.contract.sales import Item, Sale, items_of
from outlet_sync_gui.contract.text import Json
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.store import Store
from outlet_sync_gui.sync.clock import Days

MOST_PRODUCTS = 10
NO_METHOD = "other"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A business day's figures; money in whole rupiah."""

    date: str  # YYYY-MM-DD
    orders: int
    revenue: int
    transactions: int
    methods: Mapping[str, int]  # how many payments by each, the most used first
    products: tuple[Product, ...]  # the ten that were sold most
    hours: tuple[Hour, ...]  # those in which anything was, in the day's order

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


@dataclass(frozen=True, slots=True)
class Words:
    """Which statuses mean that an order is paid, and that a sale was taken back; in small letters."""

    paid: frozenset[str]
    void: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> "Words":
        """As the outlet has set them."""
        return cls(*(frozenset(map(str.casefold, words)) for words in (settings.paid_statuses, settings.void_statuses)))

    def is_void(self, sale: Sale) -> bool:
        """Whether a sale was taken back."""
        return sale.is_void or sale.status in self.void or sale.payment in self.void

    def is_paid(self, order: Sale) -> bool:
        """Whether an order is paid."""
        return order.status in self.paid or order.payment in self.paid


@dataclass(frozen=True, slots=True)
class Bill:
    """One order and its payments, both without what was taken back; a payment may stand alone."""

    order: Sale | None
    payments: list[Sale]
    was_paid: bool  # there is, or was, a payment of it

    @property
    def at(self) -> int:
        """The order's moment, UTC ms."""
        assert self.order is not None
        if self.order.is_timed or not self.payments:
            return self.order.at
        return max(payment.at for payment in self.payments)


def bills(sales: Iterable[Sale], words: Words) -> Iterator[Bill]:
    """Sort sales by the order that they belong to; an order that was taken back takes its payments with it."""
    orders: dict[str, Sale] = {}
    payments: defaultdict[str, list[Sale]] = defaultdict(list)
    for sale in sales:
        if sale.bill is None:
            if not words.is_void(sale):
                yield Bill(None, [sale], was_paid=True)
        elif sale.is_order:
            orders[sale.bill] = sale
        else:
            payments[sale.bill].append(sale)
    for number in orders.keys() | payments.keys():
        order, made = orders.get(number), payments.get(number, [])
        if order is None or not words.is_void(order):
            yield Bill(order, [one for one in made if not words.is_void(one)], was_paid=bool(made))


def of_day(store: Store, settings: Settings, date: str) -> Summary:
    """The figures of a business day (YYYY-MM-DD) from what is stored. Raises StoreFailed."""
    days = Days(zone=settings.timezone, starts_at=settings.business_day_start)
    sold = store.sales.between(*days.span(date))
    return summarise(date, sold.sales, sold.merged, Words.of(settings), days)


def summarise(date: str, sales: Iterable[Sale], merged: Collection[str], words: Words, days: Days) -> Summary:
    """The figures of a business day from whole bills; `merged` are numbers of orders that another one took in."""
    orders: defaultdict[int, int] = defaultdict(int)
    revenue: defaultdict[int, int] = defaultdict(int)
    methods: defaultdict[str, int] = defaultdict(int)
    sold: list[str] = []
    for bill in bills(sales, words):
        order = bill.order
        if order is not None and not order.is_merged and order.bill not in merged:
            day, hour = days.place(bill.at)
            if day == date:
                orders[hour] += 1
                sold.append(order.items)
                if not bill.was_paid and words.is_paid(order):
                    revenue[hour] += order.amount
        for payment in bill.payments:
            day, hour = days.place(payment.at)
            if day == date:
                methods[payment.method or NO_METHOD] += 1
                revenue[hour] += payment.amount
    return Summary(
        date=date,
        orders=sum(orders.values()),
        revenue=sum(revenue.values()),
        transactions=sum(methods.values()),
        methods=dict(sorted(methods.items(), key=lambda one: (-one[1], one[0]))),
        products=_top(items_of(sold), words),
        hours=_hours(orders, revenue, days),
    )


def _top(items: Iterable[Item], words: Words) -> tuple[Product, ...]:
    quantities: defaultdict[str, int | Decimal] = defaultdict(int)
    revenues: defaultdict[str, int] = defaultdict(int)
    for name, quantity, revenue, status in items:
        if status not in words.void:
            quantities[name] += quantity
            revenues[name] += revenue
    products = [Product(name, _whole(quantity), revenues[name]) for name, quantity in quantities.items()]
    return tuple(sorted(products, key=lambda one: (-one.quantity, -one.revenue, one.name))[:MOST_PRODUCTS])


def _hours(orders: Mapping[int, int], revenue: Mapping[int, int], days: Days) -> tuple[Hour, ...]:
    hours = sorted(orders.keys() | revenue.keys(), key=lambda hour: (hour - days.first_hour) % 24)
    return tuple(Hour(hour, orders.get(hour, 0), revenue.get(hour, 0)) for hour in hours)


def _whole(quantity: int | Decimal) -> int | Decimal:
    return int(quantity) if quantity == int(quantity) else quantity
