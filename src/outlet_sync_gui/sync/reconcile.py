"""A business day's sales beside what headquarters says that it has: pure, from values.

Both sides count by the same rules: what was taken back, or went into another order, counts on neither.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from outlet_sync_gui.contract.readings import Row, Skipped
from outlet_sync_gui.contract.sales import Sale
from outlet_sync_gui.contract.text import Json
from outlet_sync_gui.sync.bills import Rules, bills
from outlet_sync_gui.sync.summary import Amount

ORDER, TRANSACTION = "order", "transaction"
Key = tuple[str, str]  # type and number, without blanks around it


class Told(NamedTuple):
    """What one side says of a sale; `status` in small letters."""

    kind: str
    number: str
    amount: int | Decimal
    status: str

    @property
    def name(self) -> str:
        """As a person calls it: TYPE/LOCAL_ID."""
        return f"{self.kind}/{self.number}"


class Mine(NamedTuple):
    """A sale of ours: whether it counts, and whether headquarters accepted it as it is, before it was asked."""

    told: Told
    is_counted: bool
    is_settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one side comes to."""

    orders: Amount
    transactions: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """A business day (YYYY-MM-DD) on both sides, as of `at` (UTC ms)."""

    date: str
    at: int
    ours: Figures
    theirs: Figures
    missing: tuple[Told, ...]  # headquarters accepted it, and doesn't have it
    different: tuple[tuple[Told, Told], ...]  # ours and theirs
    only_there: tuple[Told, ...]
    unsent: int = 0  # what headquarters can't have, or not as it is: it waits here, or was not to be sent
    skipped: Mapping[str, int] = field(default_factory=dict)  # what its log says that it dropped, by type

    @property
    def is_same(self) -> bool:
        """Whether headquarters has the day as it is here."""
        return not (self.missing or self.different or self.only_there or self.unsent or self.skipped)


def of_day(date: str, sales: Iterable[Sale], merged: Collection[str], rules: Rules) -> list[tuple[Sale, bool]]:
    """The sales of a business day out of whole bills, and whether each counts in its figures."""
    held = {(sale.is_order, sale.number): sale for sale in sales}
    days = {key: rules.days.of(sale.at) for key, sale in held.items()}
    counted: set[tuple[bool, str]] = set()
    for number, bill in bills(held.values(), merged, rules):
        counted.update((False, payment.number) for payment in bill.payments)
        if bill.order is not None:
            days[(True, number)] = rules.days.of(bill.at)  # a payment tells when it was paid
            counted.update([] if bill.is_taken_in else [(True, number)])
    return [(sale, key in counted) for key, sale in held.items() if days[key] == date]


def reconcile(
    date: str,
    mine: Iterable[Mine],
    rows: Iterable[Row],
    rules: Rules,
    *,
    is_ours: Callable[[Key], bool],
    skipped: Iterable[Skipped] = (),
    at: int,
) -> Reconciled:
    """Both sides of a day. `is_ours` tells whether a sale that is none of this day is another one of ours."""
    here = {_key(each.told.kind, each.told.number): each for each in mine}
    there = {key: row for key, row in latest(rows).items() if not row.is_blank or _is_nothing(here.get(key))}
    only = [row for key, row in there.items() if key not in here and _is_only_there(key, row, date, rules, is_ours)]
    pairs = [(each, there[key]) for key, each in here.items() if key in there]
    apart = [(each, row) for each, row in pairs if not _is_same(each.told, row, rules)]
    lacking = [each for key, each in here.items() if key not in there]
    same = [each.told for each, row in pairs if each.is_counted and _is_same(each.told, row, rules)]
    other = [_told(row) for row in (*only, *(row for _, row in apart)) if row.status not in rules.void]
    return Reconciled(
        date=date,
        at=at,
        ours=_figures(each.told for each in here.values() if each.is_counted),
        theirs=_figures([*same, *other]),
        missing=_sorted(each.told for each in lacking if each.is_settled),
        different=tuple(sorted((each.told, _told(row)) for each, row in apart if each.is_settled)),
        only_there=_sorted(_told(row) for row in only),
        unsent=sum(not each.is_settled for each in (*lacking, *(each for each, _ in apart))),
        skipped=_dropped(skipped, date, rules),
    )


def latest(rows: Iterable[Row]) -> dict[Key, Row]:
    """Each row once: lists move on while they are read, and then some of it comes again on the next page."""
    found: dict[Key, Row] = {}
    for row in rows:
        key = _key(row.kind, row.number)
        found[key] = max(row, found.get(key, row), key=lambda one: (one.version, str(one)))
    return found


def as_json(found: Reconciled) -> dict[str, Json]:
    """As it is kept, and as programs read it."""
    return {
        "date": found.date,
        "read_at": found.at,
        "same": found.is_same,
        "here": _figures_json(found.ours),
        "there": _figures_json(found.theirs),
        "missing": [each._asdict() for each in found.missing],
        "different": [{"here": here._asdict(), "there": there._asdict()} for here, there in found.different],
        "only_there": [each._asdict() for each in found.only_there],
        "unsent": found.unsent,
        "skipped": dict(found.skipped),
    }


def from_json(value: Mapping[str, Json]) -> Reconciled:
    """What `as_json` made."""
    return Reconciled(
        date=value["date"],
        at=value["read_at"],
        ours=_figures_of(value["here"]),
        theirs=_figures_of(value["there"]),
        missing=tuple(Told(**each) for each in value["missing"]),
        different=tuple((Told(**pair["here"]), Told(**pair["there"])) for pair in value["different"]),
        only_there=tuple(Told(**each) for each in value["only_there"]),
        unsent=value["unsent"],
        skipped=value["skipped"],
    )


def _key(kind: str, number: str) -> Key:
    return kind, number.strip()


def _told(row: Row) -> Told:
    return Told(row.kind, row.number, row.amount, row.status)


def _is_nothing(mine: Mine | None) -> bool:
    """Whether it is as good as blank here too."""
    return mine is not None and not mine.told.amount


def _is_only_there(key: Key, row: Row, date: str, rules: Rules, is_ours: Callable[[Key], bool]) -> bool:
    is_of_day = row.at is not None and rules.days.of(row.at) == date
    return is_of_day and not is_ours(key)


def _is_same(ours: Told, row: Row, rules: Rules) -> bool:
    """Whether amount and status agree; two words for paid, or a status that one side doesn't have, are one."""
    said = {_meaning(ours.status, rules), _meaning(row.status, rules)} - {""}
    return ours.amount == row.amount and len(said) < 2


def _meaning(status: str, rules: Rules) -> str:
    if status in rules.paid:
        return "paid"
    return "void" if status in rules.void else status


def _figures(told: Iterable[Told]) -> Figures:
    sums = {ORDER: Amount(0, 0), TRANSACTION: Amount(0, 0)}
    for each in told:
        n, rupiah = sums[each.kind]
        sums[each.kind] = Amount(n + 1, rupiah + int(each.amount))
    return Figures(orders=sums[ORDER], transactions=sums[TRANSACTION])


def _sorted(told: Iterable[Told]) -> tuple[Told, ...]:
    return tuple(sorted(told))


def _dropped(skipped: Iterable[Skipped], date: str, rules: Rules) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for each in skipped:
        if rules.days.of(each.at) == date:
            sums[each.entity_type] += each.n
    return dict(sorted(sums.items()))


def _figures_json(figures: Figures) -> dict[str, Json]:
    return {"orders": figures.orders._asdict(), "transactions": figures.transactions._asdict()}


def _figures_of(value: Mapping[str, Json]) -> Figures:
    return Figures(orders=Amount(**value["orders"]), transactions=Amount(**value["transactions"]))
