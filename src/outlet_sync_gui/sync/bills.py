"""Sales sorted by the order that they belong to, and what each bill brings to which business day."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from outlet_sync_gui.contract.sales import Sale, items_of
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.sync.clock import Days

NO_METHOD = "other"
COUNTING = "2"  # of how bills are counted: another one, and what was kept is counted anew
# Sums of a day, each under what it is of: an hour (orders, rupiah), a method (payments, 0), a product (pieces, rupiah).
HOUR, METHOD, PRODUCT = "h ", "m ", "p "
# And what doesn't fit together (how many, rupiah): paid orders without a payment, payments without an order, and orders
# whose payments come to another total.
UNRECORDED, STRAY, DIFFERING = "unrecorded", "stray", "differing"
Pair = tuple[int | Decimal, int]
Tally = dict[str, Pair]


@dataclass(frozen=True, slots=True)
class Rules:
    """The outlet's day, and which statuses, in small letters, mean paid, or taken back."""

    days: Days
    paid: frozenset[str]
    void: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        """As the outlet has set them."""
        days = Days(zone=settings.timezone, starts_at=settings.business_day_start)
        return cls(days, _small(settings.paid_statuses), _small(settings.void_statuses))

    @property
    def name(self) -> str:
        """The same for rules that come to the same figures."""
        return "|".join([COUNTING, self.days.name, *sorted(self.paid), "", *sorted(self.void)])

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
    is_taken_in: bool  # another order took it in: it counts there

    @property
    def at(self) -> int:
        """The order's moment, UTC ms: when it was paid, else when its last payment was made, else when it was made.

        Money given back later doesn't move it.
        """
        assert self.order is not None
        if self.order.is_timed or not self.payments:
            return self.order.at
        paid = [payment.at for payment in self.payments if payment.amount >= 0]
        return max(paid or (payment.at for payment in self.payments))


def bills(sales: Iterable[Sale], merged: Collection[str], rules: Rules) -> Iterator[tuple[str, Bill]]:
    """Each bill by its number; an order that was taken back takes its payments with it.

    `merged` are numbers of orders that another one took in.
    """
    orders: dict[str, Sale] = {}
    payments: defaultdict[str, list[Sale]] = defaultdict(list)
    for sale in sales:
        if sale.is_order:
            orders[sale.bill] = sale
        else:
            payments[sale.bill].append(sale)
    for number in orders.keys() | payments.keys():
        order, made = orders.get(number), payments.get(number, [])
        if order is None or not rules.is_void(order):
            live = [payment for payment in made if not rules.is_void(payment)]
            is_taken_in = number in merged or (order is not None and order.is_merged)
            yield number, Bill(order, live, was_paid=bool(made), is_taken_in=is_taken_in)


def brings(bill: Bill, rules: Rules) -> dict[str, Tally]:
    """What a bill adds to which business day (YYYY-MM-DD): orders by their moment, rupiah by the payment's."""
    brought: defaultdict[str, Tally] = defaultdict(dict)
    for payment in bill.payments:
        day, hour = rules.days.place(payment.at)
        add(brought[day], {f"{HOUR}{hour}": (0, payment.amount)})
        add(brought[day], {METHOD + (payment.method or NO_METHOD): (1, 0)})
    if bill.order is not None and not bill.is_taken_in:
        day, hour = rules.days.place(bill.at)
        is_revenue = not bill.was_paid and rules.is_paid(bill.order)
        add(brought[day], {f"{HOUR}{hour}": (1, bill.order.amount if is_revenue else 0)})
        add(brought[day], _products(bill.order, rules))
    for day, gap in _gaps(bill, rules):
        add(brought[day], gap)
    return dict(brought)


def add(tally: Tally, other: Tally, sign: int = 1) -> None:
    """Add, or with -1 take away; an hour, method or product with nothing left is gone."""
    for key, (count, rupiah) in other.items():
        held = tally.get(key, (0, 0))
        both = held[0] + sign * count, held[1] + sign * rupiah
        if any(both):
            tally[key] = both
        else:
            tally.pop(key, None)


def _gaps(bill: Bill, rules: Rules) -> Iterator[tuple[str, Tally]]:
    """What a manager would ask about before closing; an order on the house needs no payment."""
    order = bill.order
    if order is None:
        for payment in bill.payments:
            yield rules.days.of(payment.at), {STRAY: (1, payment.amount)}
    elif rules.is_paid(order) and not bill.is_taken_in:
        taken = sum(payment.amount for payment in bill.payments if payment.amount > 0)
        kept = sum(payment.amount for payment in bill.payments)  # without what was given back
        off = max(kept - order.amount, order.amount - taken)
        if not bill.payments and order.amount:
            yield rules.days.of(bill.at), {UNRECORDED: (1, order.amount)}
        elif bill.payments and off > 0 and not order.merged:
            yield rules.days.of(bill.at), {DIFFERING: (1, off)}


def _products(order: Sale, rules: Rules) -> Tally:
    products: Tally = {}
    for name, quantity, revenue, status in items_of([order.items]):
        if status not in rules.void:
            add(products, {PRODUCT + name: (quantity, revenue)})
    return products


def _small(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)
