"""A day of ours beside the cloud's rows: a pure rule, as a table and by its properties."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import SETTINGS, Json, order, read, transaction

from outlet_sync_gui.contract.answers import Envelope
from outlet_sync_gui.contract.readings import Row, Skipped, read_log, read_page
from outlet_sync_gui.contract.sales import Sale, sale_of
from outlet_sync_gui.contract.text import dumps, loads_lenient, loads_stored
from outlet_sync_gui.errors import ContractBroken
from outlet_sync_gui.sync.bills import Rules
from outlet_sync_gui.sync.clock import to_ms
from outlet_sync_gui.sync.reconcile import Mine, Reconciled, Told, as_json, from_json, of_day, reconcile

DAY, AT, YESTERDAY = "2026-01-27", "2026-01-27 03:00:00", "2026-01-26 03:00:00"
PAID = '{"paid_at": "2026-01-27T03:00:00Z"}'
RULES = Rules.of(SETTINGS)


def envelope(rows: Sequence[Json], **fields: Any) -> Envelope:
    value: Any = loads_lenient(json.dumps({"success": True, "data": rows, **fields}).encode())
    return Envelope(success=True, data=value["data"], fields=value)


def page(*rows: Json, kind: str = "order") -> tuple[Row, ...]:
    return read_page(envelope(rows), kind).rows


def row(number: str = "A1", amount: float = 10.0, status: str = "paid", **fields: Any) -> Json:
    """An order as a cloud in use tells it."""
    base = {"local_id": number.ljust(26), "total_amount": amount, "status": status, "version": 1, "created_at": AT}
    return {**base, **fields}


def mine(number: str = "A1", amount: int = 10, status: str = "paid", kind: str = "order", **other: bool) -> Mine:
    return Mine(Told(kind, number, amount, status), **{"is_counted": True, "is_settled": True, **other})


def compared(here: Sequence[Mine], there: Sequence[Row], *, ours: Sequence[str] = ()) -> Reconciled:
    return reconcile(DAY, here, there, RULES, is_ours=lambda key: key[1] in ours, at=1)


def gaps(found: Reconciled) -> dict[str, Any]:
    """What is not as it should be."""
    named = {
        "missing": [told.number for told in found.missing],
        "different": [(here.number, there.amount, there.status) for here, there in found.different],
        "only_there": [told.number for told in found.only_there],
        "unsent": found.unsent,
    }
    return {name: value for name, value in named.items() if value}


CASES: list[tuple[str, list[Mine], list[Json], dict[str, Any]]] = [
    ("nothing on either side", [], [], {}),
    ("as it was sent", [mine()], [row()], {}),
    ("missing", [mine(), mine("A2")], [row()], {"missing": ["A2"]}),
    ("another amount", [mine()], [row(amount=11.0)], {"different": [("A1", 11, "paid")]}),
    ("an amount with a fraction", [mine()], [row(amount=10.5)], {"different": [("A1", 10.5, "paid")]}),
    ("an amount as text", [mine()], [row(total_amount="10.00")], {}),
    ("another status", [mine()], [row(status="void")], {"different": [("A1", 10, "void")]}),
    ("another word for paid", [mine()], [row(status=" Lunas ")], {}),
    ("a status that is not told", [mine()], [row(status="")], {}),
    ("only there", [], [row()], {"only_there": ["A1"]}),
    ("there, and ours of another day", [], [row("B1")], {}),
    ("there, of another day", [], [row(created_at=YESTERDAY)], {}),
    ("made the day before, paid today", [], [row(created_at=YESTERDAY, payment_info=PAID)],
     {"only_there": ["A1"]}),
    ("a payment that is no JSON", [], [row(payment_info="{")], {"only_there": ["A1"]}),
    ("the last moment of the day", [], [row(created_at="2026-01-27 16:59:59")], {"only_there": ["A1"]}),
    ("the first moment of the next", [], [row(created_at="2026-01-27 17:00:00")], {}),
    ("a time that can't be read", [mine()], [row(created_at=None), row("X", created_at="soon")], {}),
    ("under its other id", [mine()], [{**row(), "local_id": "", "id": "A1".ljust(26)}], {}),
    ("deleted there", [mine()], [row(amount=0.0, status="")], {"missing": ["A1"]}),
    ("deleted on both sides", [], [row(amount=0.0, status="")], {}),
    ("of no amount, and without a status", [mine(amount=0, status="")], [row(amount=0.0, status="")], {}),
    ("it waits here", [mine(is_settled=False)], [], {"unsent": 1}),
    ("a later edit waits here", [mine(is_settled=False)], [row(amount=9.0)], {"unsent": 1}),
    ("it waits here, and had arrived", [mine(is_settled=False)], [row()], {}),
    ("taken back on both sides", [mine(status="void", is_counted=False)], [row(status="batal")], {}),
    ("a newer version on a later page", [mine()], [row(amount=9.0), row(version=2)], {}),
    ("a newer version on an earlier page", [mine()], [row(version=2), row(amount=9.0)], {}),
]  # fmt: skip


@pytest.mark.parametrize(("here", "there", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_not_the_same(here: list[Mine], there: list[Json], found: dict[str, Any]) -> None:
    assert gaps(compared(here, page(*there), ours=["B1"])) == found


def test_both_sides_are_counted_by_the_same_rules() -> None:
    here = [mine("A1", 100), mine("A2", 50, is_counted=False), mine("A3", 7), mine("T1", 100, "", "transaction")]
    there = [*page(row("A1", 100), row("A2", 50), row("A9", 3)), *page(row("T1", 90, ""), kind="transaction")]
    found = compared(here, there)
    assert (found.ours.orders, found.ours.transactions) == ((2, 107), (1, 100))
    assert (found.theirs.orders, found.theirs.transactions) == ((2, 103), (1, 90))


def test_an_order_and_a_payment_may_share_a_number() -> None:
    found = compared([mine("1"), mine("1", kind="transaction")], page(row("1")))
    assert [told.name for told in found.missing] == ["transaction/1"]


def test_what_is_taken_back_there_alone_counts_there_no_more() -> None:
    assert compared([mine()], page(row(status="void"))).theirs.orders == (0, 0)


def test_what_the_log_dropped_counts_on_its_day() -> None:
    at = to_ms("2026-01-27T03:00:00Z")
    lines = [
        Skipped("shift", 2, at),
        Skipped("shift", 3, at),
        Skipped("log", 1, at),
        Skipped("shift", 9, at - 86_400_000),
    ]
    found = reconcile(DAY, [], [], RULES, is_ours=lambda _: False, skipped=lines, at=1)
    assert (dict(found.skipped), found.is_same) == ({"log": 1, "shift": 5}, False)


def test_what_is_found_is_kept_as_it_was() -> None:
    found = compared([mine(), mine("A2"), mine("A3", is_settled=False)], page(row(amount=9.5), row("A9")))
    assert from_json(loads_stored(dumps(as_json(found)))) == found


# -- what a page and a log tell


def test_what_has_no_number_is_passed_over() -> None:
    assert page({"total_amount": 1}, {"local_id": " ", "id": None}, {"local_id": "A\x00B"}) == ()
    assert read_page(envelope([row()], total_pages=7), "order").pages == 7


@pytest.mark.parametrize("amount", [None, True, "x", "NaN", "1e999999999", [1]])
def test_an_amount_that_is_none_is_nothing(amount: Any) -> None:
    assert page(row(total_amount=amount))[0].amount == 0


@pytest.mark.parametrize("data", [None, {}, "x"])
def test_what_is_no_list_breaks_the_reading(data: Any) -> None:
    with pytest.raises(ContractBroken):
        read_page(Envelope(success=True, data=data, fields={}), "order")


def test_of_a_log_only_what_was_dropped_is_read() -> None:
    line = {"entity_type": "shift", "entity_count": 2.0, "status": "Skipped", "created_at": AT}
    odd: list[Any] = [{**line, "status": "success"}, {**line, "created_at": None}, {**line, "entity_type": None}, "x"]
    assert read_log(envelope([line, *odd])) == [Skipped("shift", 2, to_ms(AT))]


# -- which sales are of the day


def sales(*records: tuple[str, Json]) -> list[Sale]:
    found = [sale_of(kind, "create", loads_stored(read(kind, data).content)) for kind, data in records]
    return [sale for sale in found if sale is not None]


LATE = "2026-01-27T18:00:00Z"  # the next day in Jakarta
DAYS: list[tuple[str, list[tuple[str, Json]], dict[str, bool]]] = [
    ("an order and its payment", [("order", order()), ("transaction", transaction())], {"A1": True, "T1": True}),
    ("made today, paid tomorrow", [("order", order()), ("transaction", transaction(created_at=LATE))], {}),
    ("its own time of payment", [("order", order(payment_info={"method": "cash", "amount": 10, "paid_at": LATE}))], {}),
    ("taken back", [("order", order(status="void")), ("transaction", transaction())], {"A1": False, "T1": False}),
    ("a payment alone", [("transaction", transaction())], {"T1": True}),
    (
        "taken in by another",
        [("order", order()), ("order", order("A2", merged_from=["A1"]))],
        {"A1": False, "A2": True},
    ),
]


@pytest.mark.parametrize(("records", "found"), [case[1:] for case in DAYS], ids=[case[0] for case in DAYS])
def test_which_sales_are_of_the_day(records: list[tuple[str, Json]], found: dict[str, bool]) -> None:
    merged = ["A1"] if len(records) == 2 and records[1][0] == "order" else []
    assert {sale.number: is_counted for sale, is_counted in of_day(DAY, sales(*records), merged, RULES)} == found


# -- properties

NUMBERS = st.integers(1, 6).map(lambda n: f"A{n}")
MINE = st.builds(
    lambda number, amount, counted, settled: mine(number, amount, is_counted=counted, is_settled=settled),
    NUMBERS, st.integers(1, 3), st.booleans(), st.booleans(),
)  # fmt: skip
THERE = st.builds(
    lambda number, amount, version: row(number, float(amount), version=version),
    NUMBERS, st.integers(1, 3), st.integers(1, 3),
)  # fmt: skip


@given(st.lists(MINE, unique_by=lambda each: each.told.number), st.lists(THERE), st.randoms())
def test_neither_the_order_of_pages_nor_a_row_that_comes_twice_matters(
    here: list[Mine], there: list[Json], chance: Any
) -> None:
    shuffled = [*there, *there]
    chance.shuffle(shuffled)
    assert compared(here, page(*there)) == compared(here, page(*shuffled))


@given(st.lists(MINE, unique_by=lambda each: each.told.number), st.lists(THERE))
def test_every_sale_is_in_one_place(here: list[Mine], there: list[Json]) -> None:
    found = compared(here, page(*there))
    numbers = {each.told.number for each in here}
    rows = {each["local_id"].strip() for each in there}
    assert {told.number for told in found.only_there} == rows - numbers
    assert {told.number for told in found.missing} == {m.told.number for m in here if m.is_settled} - rows
    assert not {told.number for told in found.missing} & {here.number for here, _ in found.different}


@given(st.lists(MINE, unique_by=lambda each: each.told.number))
def test_what_arrived_as_it_was_sent_is_the_same(here: list[Mine]) -> None:
    found = compared(here, page(*(row(each.told.number, float(each.told.amount)) for each in here)))
    assert (found.is_same, found.ours) == (True, found.theirs)
