"""The daily summary as a table of cases, as properties, and beside another way of computing it."""

import json
import random
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import SETTINGS, Bench, Json, order, read, transaction

from outlet_sync_gui.contract.models import DailySummary
from outlet_sync_gui.contract.sales import Sale
from outlet_sync_gui.contract.text import dumps
from outlet_sync_gui.store.database import FILE_NAME, Database, migrate, scripts
from outlet_sync_gui.sync.bills import Rules, bills
from outlet_sync_gui.sync.clock import to_ms
from outlet_sync_gui.sync.summary import Summary, count_due, of_day, of_sales

DAY = "2026-01-27"  # in Jakarta: 26 January 17:00 to 27 January 17:00 UTC
RULES = Rules.of(SETTINGS)
Records = list[tuple[str, Json]]


def at(clock: str, day: int = 27) -> str:
    """A time of Jakarta's clock, as the wire has it."""
    return f"2026-01-{day:02}T{clock}:00+07:00"


def sold(number: str, total: int, clock: str = "10:00", **fields: Any) -> tuple[str, Json]:
    return "order", order(number, total_amount=total, created_at=at(clock), **fields)


def paid(number: str, bill: str | None, amount: int, clock: str = "10:30", **fields: Any) -> tuple[str, Json]:
    return "transaction", transaction(number, bill, total_amount=amount, created_at=at(clock), **fields)


def line(name: str, qty: Any, subtotal: int | None = None, **fields: Any) -> Json:
    return {"product_name": name, "qty": qty, **({} if subtotal is None else {"subtotal": subtotal}), **fields}


def sales_of(records: Records) -> list[Sale]:
    read_all = [read(kind, data).sale for kind, data in records]
    return [sale for sale in read_all if sale is not None]


def merged_in(sales: Iterable[Sale]) -> frozenset[str]:
    return frozenset(number for sale in sales if sale.merged for number in json.loads(sale.merged))


def figures(records: Records, date: str = DAY, rules: Rules = RULES) -> Summary:
    sales = sales_of(records)
    return of_sales(date, sales, merged_in(sales), rules)


A_SALE: Records = [sold("A1", 150_000), paid("T1", "A1", 150_000)]
CASES: list[tuple[str, Records, tuple[int, int, int], dict[str, int]]] = [
    ("nothing", [], (0, 0, 0), {}),
    ("an order and its payment", A_SALE, (1, 150_000, 1), {"cash": 1}),
    (
        "a bill that is split",
        [sold("A1", 100), paid("T1", "A1", 60), paid("T2", "A1", 40, payment_method="QRIS")],
        (1, 100, 2),
        {"cash": 1, "qris": 1},
    ),
    ("paid, and no transaction of it", [sold("A1", 100)], (1, 100, 0), {}),
    ("not paid yet", [sold("A1", 100, status="served")], (1, 0, 0), {}),
    (
        "paid by what is told of the payment",
        [sold("A1", 100, status="served", payment_info={"payment_status": "Paid"})],
        (1, 100, 0),
        {},
    ),
    ("its order taken back", [sold("A1", 100, status="VOID"), paid("T1", "A1", 100)], (0, 0, 0), {}),
    ("its order taken back by a time", [sold("A1", 100, voided_at=at("11:00")), paid("T1", "A1", 100)], (0, 0, 0), {}),
    ("its payment taken back", [sold("A1", 100), paid("T1", "A1", 100, status="cancelled")], (1, 0, 0), {}),
    (
        "paid again after that",
        [sold("A1", 100), paid("T1", "A1", 100, status="batal"), paid("T2", "A1", 100, payment_method="card")],
        (1, 100, 1),
        {"card": 1},
    ),
    ("money given back", [*A_SALE, paid("T2", "A1", -50_000)], (1, 100_000, 2), {"cash": 2}),
    ("on the house", [sold("A1", 0)], (1, 0, 0), {}),
    ("a payment of an order that is not here", [paid("T1", "Z9", 70)], (0, 70, 1), {"cash": 1}),
    ("a payment of no order", [paid("T1", None, 70)], (0, 70, 1), {"cash": 1}),
    ("no word of how it was paid", [sold("A1", 5), paid("T1", "A1", 5, payment_method=None)], (1, 5, 1), {"other": 1}),
    (
        "merged into another, which tells so",
        [sold("A1", 40), sold("A2", 140, merged_from=["A1"]), paid("T2", "A2", 140)],
        (1, 140, 1),
        {"cash": 1},
    ),
    (
        "merged into another, as a text",
        [sold("A1", 40), sold("A3", 20), sold("A2", 160, merged_from='["A1","A3"]')],
        (1, 160, 0),
        {},
    ),
    ("merged, which it tells itself", [sold("A1", 40, is_merged=True), sold("A2", 140)], (1, 140, 0), {}),
    ("merged, and it is the one that goes on", [sold("A2", 140, is_merged=True, merged_from="A1")], (1, 140, 0), {}),
]


@pytest.mark.parametrize(("records", "sums", "methods"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_a_day_comes_to(records: Records, sums: tuple[int, int, int], methods: dict[str, int]) -> None:
    day = figures(records)
    assert (day.orders, day.revenue, day.transactions) == sums
    assert day.methods == methods


MOMENTS = [  # made, paid by its own word, by a transaction, zone, start of the day, its day and hour
    ("2026-01-27T16:50:00Z", None, None, "Asia/Jakarta", "00:00", "2026-01-27", 23),
    ("2026-01-27T17:00:00Z", None, None, "Asia/Jakarta", "00:00", "2026-01-28", 0),
    ("2026-01-27T16:50:00Z", "2026-01-27T17:10:00Z", None, "Asia/Jakarta", "00:00", "2026-01-28", 0),
    ("2026-01-27T16:50:00Z", None, "2026-01-27T17:10:00Z", "Asia/Jakarta", "00:00", "2026-01-28", 0),
    ("2026-01-27T16:50:00Z", "2026-01-27T16:59:00Z", "2026-01-27T17:10:00Z", "Asia/Jakarta", "00:00", "2026-01-27", 23),
    ("2026-01-27T20:59:59Z", None, None, "Asia/Jakarta", "04:00", "2026-01-27", 3),
    ("2026-01-27T21:00:00Z", None, None, "Asia/Jakarta", "04:00", "2026-01-28", 4),
    ("2026-01-27T15:30:00Z", None, None, "Asia/Jayapura", "00:00", "2026-01-28", 0),
    ("2026-03-29T00:59:00Z", None, None, "Europe/Berlin", "00:00", "2026-03-29", 1),  # the hour that is left out
    ("2026-03-29T01:01:00Z", None, None, "Europe/Berlin", "00:00", "2026-03-29", 3),
    ("2026-10-25T00:30:00Z", None, None, "Europe/Berlin", "00:00", "2026-10-25", 2),  # and the one that comes twice
    ("2026-10-25T01:30:00Z", None, None, "Europe/Berlin", "00:00", "2026-10-25", 2),
    ("2026-10-25T01:30:00Z", None, None, "Europe/Berlin", "02:30", "2026-10-25", 2),
    ("2026-01-27T10:29:59Z", None, None, "Asia/Kathmandu", "00:00", "2026-01-27", 16),  # three quarters off
]


@pytest.mark.parametrize(("made", "own", "payment", "zone", "starts", "date", "hour"), MOMENTS)
def test_the_day_and_the_hour_of_an_order(
    made: str, own: str | None, payment: str | None, zone: str, starts: str, date: str, hour: int
) -> None:
    info = {} if own is None else {"payment_info": {"paid_at": own}}
    records: Records = [("order", order("A1", created_at=made, **info))]
    if payment is not None:
        records.append(("transaction", transaction("T1", "A1", created_at=payment)))
    rules = Rules.of(SETTINGS.model_copy(update={"timezone": zone, "business_day_start": starts}))
    day = figures(records, date, rules)
    assert day.orders == 1
    assert [one.hour for one in day.hours if one.orders] == [hour]
    from_ms, until_ms = rules.days.span(date)
    assert from_ms <= to_ms(own or payment or made) < until_ms


def test_parts_of_a_bill_count_in_the_day_in_which_each_was_paid() -> None:
    records = [sold("A1", 100, "22:00"), paid("T1", "A1", 60, "23:50")]
    records.append(("transaction", transaction("T2", "A1", total_amount=40, created_at=at("00:10", 28))))
    before, after = figures(records), figures(records, "2026-01-28")
    assert (before.orders, before.revenue, before.transactions) == (0, 60, 1)
    assert (after.orders, after.revenue, after.transactions) == (1, 40, 1)


def test_what_was_sold_most() -> None:
    tea = line("Teh", Decimal("0.5"), 4_000)
    records = [
        sold("A1", 1, items=[line("Nasi", 2, 70_000), tea, line("Es", 3, 9_000, status="void"), line("Ikan", None)]),
        sold("A2", 1, items=[line("Nasi", 1, None, price=35_000), tea, tea, line("Bakso", 3, 60_000)]),
        sold("A3", 1, status="void", items=[line("Nasi", 100, 1)]),
    ]
    assert [tuple(one) for one in figures(records).products] == [
        ("Nasi", 3, 105_000),
        ("Bakso", 3, 60_000),
        ("Teh", Decimal("1.5"), 12_000),
        ("Ikan", 1, 0),
    ]


def test_ten_products_by_quantity_then_rupiah_then_name() -> None:
    items = [line(f"P{n:02}", 1, 100) for n in range(12)] + [line("Z", 1, 101), line("Y", 2, 1)]
    names = [one.name for one in figures([sold("A1", 1, items=items)]).products]
    assert names == ["Y", "Z", *(f"P{n:02}" for n in range(8))]


def test_half_a_rupiah_is_rounded_as_on_paper() -> None:
    (one,) = figures([sold("A1", 1, items=[line("Kopi", Decimal("0.5"), None, price=25_001)])]).products
    assert one.revenue == 12_501


def test_hours_follow_the_day_of_the_outlet() -> None:
    rules = Rules.of(SETTINGS.model_copy(update={"business_day_start": "05:00"}))
    records = [sold("A1", 1, "06:00"), sold("A2", 2, "23:00")]
    records.append(("order", order("A3", total_amount=4, created_at=at("01:00", 28))))
    assert [one.hour for one in figures(records, DAY, rules).hours] == [6, 23, 1]


def test_it_is_what_the_contract_names() -> None:
    content = figures([*A_SALE, sold("A2", 7, items=[line("Teh", Decimal("1.5"), 7)])]).content()
    assert dumps(DailySummary.model_validate(content).emit()) == dumps(content)
    assert list(content["summary"]) == [
        *("total_orders", "total_revenue", "total_transactions", "payment_methods", "top_products"),
        "hourly_breakdown",
    ]


# -- properties: a day of anything

CLOCKS = st.integers(0, 2 * 24 * 60 - 1).map(
    lambda minute: f"2026-01-{26 + minute // 1440}T{minute // 60 % 24:02}:{minute % 60:02}:00Z"
)
LINES = st.builds(
    line,
    st.sampled_from(["Nasi", "Teh", "Es"]),
    st.one_of(st.integers(1, 5), st.decimals(0, 3, places=3)),
    st.integers(0, 90_000),
    status=st.sampled_from(["served", "void"]),
)
ORDERS = st.fixed_dictionaries(
    {
        "total_amount": st.integers(0, 500_000),
        "status": st.sampled_from(["paid", "Paid", "served", "void", "batal"]),
        "created_at": CLOCKS,
        "items": st.lists(LINES, max_size=3),
    },
    optional={
        "payment_info": st.fixed_dictionaries({}, optional={"paid_at": CLOCKS}),
        "is_merged": st.booleans(),
        "merged_from": st.lists(st.sampled_from("ABCD"), max_size=2),
    },
)
PAYMENTS = st.fixed_dictionaries(
    {
        "total_amount": st.integers(-90_000, 500_000),
        "payment_method": st.sampled_from(["cash", "QRIS", "card", None]),
        "created_at": CLOCKS,
        "status": st.sampled_from(["completed", "void"]),
    }
)
DAYS_OF_ANYTHING = st.tuples(
    st.dictionaries(st.sampled_from("ABCDEF"), ORDERS, max_size=5),
    st.lists(st.tuples(st.sampled_from(["A", "B", "C", "Z", None]), PAYMENTS), max_size=6),
).map(
    lambda both: [
        *(("order", order(number, **fields)) for number, fields in both[0].items()),
        *(("transaction", transaction(f"T{n}", bill, **fields)) for n, (bill, fields) in enumerate(both[1])),
    ]
)


@given(DAYS_OF_ANYTHING)
def test_the_parts_add_up_to_the_whole(records: Records) -> None:
    day = figures(records)
    assert sum(one.orders for one in day.hours) == day.orders
    assert sum(one.revenue for one in day.hours) == day.revenue
    assert sum(day.methods.values()) == day.transactions


@given(DAYS_OF_ANYTHING, st.randoms(use_true_random=False))
def test_the_order_in_which_sales_come_does_not_matter(records: Records, chance: random.Random) -> None:
    other = list(records)
    chance.shuffle(other)
    assert figures(other) == figures(records)


@given(DAYS_OF_ANYTHING, ORDERS, PAYMENTS)
def test_taking_back_takes_away_exactly_what_was_added(records: Records, bill: Json, payment: Json) -> None:
    without = figures(records)
    added: Records = [("order", order("X", **{**bill, "merged_from": [], "status": "void"}))]
    added.append(("transaction", transaction("TX", "X", **payment)))
    assert figures([*records, *added]) == without


@given(DAYS_OF_ANYTHING)
def test_every_sale_belongs_to_exactly_one_day(records: Records) -> None:
    dates = [f"2026-01-{day}" for day in range(25, 30)]
    week = [figures(records, date) for date in dates]
    sales = sales_of(records)
    live = [payment for _, bill in bills(sales, frozenset(), RULES) for payment in bill.payments]
    assert sum(day.transactions for day in week) == len(live)


# -- the same from the store


def test_a_day_from_the_store_is_the_day_of_its_records(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    late = ("order", order("A9", total_amount=9, created_at=at("23:50"), status="served"))
    records = [*_all_cases(), late]
    bench.put_all(read(kind, data) for kind, data in records)
    for date in (DAY, "2026-01-28"):
        assert of_day(bench.store, SETTINGS, date) == figures(records, date)


def _all_cases() -> Records:
    """The sales of all cases, each case with numbers of its own."""
    return [(kind, _renamed(data, f"{n}x")) for n, case in enumerate(CASES) for kind, data in case[1]]


def _renamed(data: Json, prefix: str) -> Json:
    names = {name: data[name] for name in ("local_id", "order_id", "merged_from") if name in data}
    return {**data, **json.loads(re.sub(r"[ATZ]\d", prefix + r"\g<0>", json.dumps(names)))}


def test_a_change_counts_in_place_of_what_was(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for kind, data in A_SALE:
        bench.put(kind, data)
    bench.put("order", order("A1", total_amount=150_000, created_at=at("10:00"), status="void"))
    assert of_day(bench.store, SETTINGS, DAY) == figures([])
    bench.put("order", order("A1", total_amount=90_000, created_at=at("10:00"), status="paid"))
    assert of_day(bench.store, SETTINGS, DAY).orders == 1
    bench.put("order", {"local_id": "A1"}, "delete")
    bench.put("transaction", {"local_id": "T1"}, "delete")
    assert of_day(bench.store, SETTINGS, DAY) == figures([])


def test_a_store_of_before_has_the_figures_of_its_sales(tmp_path: Path) -> None:
    """A database that an older version left: filled from the payloads that are there."""
    now = Bench(tmp_path)
    records = _all_cases()
    now.put_all(read(kind, data) for kind, data in records)
    now.put("order", order("gone"))
    now.put("order", {"local_id": "gone"}, "delete")
    now.store.close()
    before = tmp_path / "before"
    before.mkdir()
    _copy_to_version_4(tmp_path / FILE_NAME, before / FILE_NAME)
    assert of_day(Bench(before).store, SETTINGS, DAY) == figures(records)


def _copy_to_version_4(file: Path, older: Path) -> None:
    database = Database(older)
    migrate(database, scripts()[:4])
    database.execute("ATTACH ? AS now", (str(file),))
    with database.write():
        for table in ("outlet", "record", "content"):
            names = ", ".join(row[1] for row in database.rows(f"PRAGMA main.table_info({table})"))
            database.execute(f"INSERT INTO main.{table}({names}) SELECT {names} FROM now.{table}")
    database.close()


def test_a_day_whose_payloads_are_gone_is_still_summed_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    records = [*A_SALE, sold("A2", 7, items=[line("Teh", 2, 7)])]
    bench.put_all(read(kind, data) for kind, data in records)
    with bench.store.write():
        bench.store._db.execute("UPDATE content SET payload = '{}'")
    assert of_day(bench.store, SETTINGS, DAY) == figures(records)


SETTINGS_OF_OTHERS = SETTINGS.model_copy(update={"business_day_start": "04:00", "void_statuses": ("served",)})
DOINGS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.sampled_from("ABCD"), ORDERS),
        st.tuples(
            st.just("transaction"), st.sampled_from("TUV"), st.tuples(st.sampled_from(["A", "B", None]), PAYMENTS)
        ),
        st.tuples(st.just("delete"), st.sampled_from("ABTU"), st.none()),
        st.tuples(st.sampled_from(["count", "settings"]), st.just(""), st.none()),
    ),
    max_size=12,
)


@given(DOINGS)
def test_kept_sums_are_always_what_counting_all_comes_to(new_place: Callable[[], Path], doings: Any) -> None:
    bench = Bench(new_place())
    bench.hurry()
    settings = SETTINGS
    for what, name, fields in doings:
        if what == "order":
            bench.put("order", order(name, **fields))
        elif what == "transaction":
            bench.put("transaction", transaction(name, fields[0], **fields[1]))
        elif what == "delete":
            bench.put("order" if name in "AB" else "transaction", {"local_id": name}, "delete")
        elif what == "count":
            while count_due(bench.store, settings):
                pass
        else:
            settings = SETTINGS_OF_OTHERS if settings is SETTINGS else SETTINGS
    rules, sales = Rules.of(settings), bench.store.sales
    for date in ("2026-01-25", "2026-01-26", "2026-01-27", "2026-01-28"):
        sold = sales.of(sales.touched(*rules.days.span(date)))
        assert of_day(bench.store, settings, date) == of_sales(date, sold.sales, sold.merged, rules)
    bench.store.close()
