"""A business day beside what headquarters has of it, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from outlet_sync_gui.words.closing import orders_of, transactions_of
from outlet_sync_gui.words.records import type_name
from outlet_sync_gui.words.speech import N_, number, rupiah, say, say_n

Pair = tuple[int, int]  # how many, and how much rupiah


class Beside(NamedTuple):
    """How much is not the same: each how many, with the rupiah where that says something."""

    missing: Pair
    different: int
    only_there: Pair
    unsent: int
    skipped: Mapping[str, int]  # by type, as the wire names it


def compared(beside: Beside, *, orders: Pair) -> str:
    """The one sentence that tells whether headquarters has the day as it is here."""
    parts = list(_parts(beside))
    if parts:
        return say("Not the same at headquarters: {parts}.", parts=" · ".join(parts))
    facts = {"orders": orders_of(orders[0]), "amount": rupiah(orders[1])}
    return say("Headquarters has all of it: {orders}, {amount}.", **facts)


def side(*, is_here: bool, orders: Pair, transactions: Pair) -> str:
    """What one side comes to."""
    text = N_("Here: {orders} ({ordered}), {transactions} ({paid})")
    if not is_here:
        text = N_("Headquarters: {orders} ({ordered}), {transactions} ({paid})")
    return say(
        text,
        orders=orders_of(orders[0]),
        ordered=rupiah(orders[1]),
        transactions=transactions_of(transactions[0]),
        paid=rupiah(transactions[1]),
    )


def money(amount: int | Decimal) -> str:
    """Rupiah, also where the other side has a fraction of one."""
    return rupiah(amount) if isinstance(amount, int) else f"Rp{amount}"


def _parts(beside: Beside) -> Iterator[str]:
    missing, amount = beside.missing
    if missing:
        yield _with(say_n("{n} missing there", "{n} missing there", missing), amount)
    if beside.different:
        yield say_n("{n} different there", "{n} different there", beside.different)
    only, there = beside.only_there
    if only:
        yield _with(say_n("{n} only there", "{n} only there", only), there)
    if beside.unsent:
        yield say_n("{n} not sent from here", "{n} not sent from here", beside.unsent)
    if beside.skipped:
        yield say("taken and dropped there: {parts}", parts=", ".join(_dropped(beside.skipped)))


def _dropped(skipped: Mapping[str, int]) -> Sequence[str]:
    return [f"{type_name(entity_type, n)} {number(n)}" for entity_type, n in skipped.items()]


def _with(text: str, amount: int) -> str:
    return f"{text} ({rupiah(amount)})" if amount else text
