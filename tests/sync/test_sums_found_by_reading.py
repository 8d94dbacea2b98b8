"""What was found by reading the day's sums with an enemy's eyes, each as a row of its own."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.builders import OUTLET_CODE, OUTLET_ID, SETTINGS, Bench, Json, answered, order, read, refused, transaction
from tests.sync.test_closing import DAY, drain, looked_at, sell, sending
from tests.sync.test_reading import Outlet, names, sold
from tests.sync.test_summary import at, figures, line, paid
from tests.sync.test_summary import sold as made

from outlet_sync_gui.contract.records import read_record
from outlet_sync_gui.contract.text import loads
from outlet_sync_gui.sync import summary
from outlet_sync_gui.sync.clock import iso, to_ms
from outlet_sync_gui.sync.closing import Check
from outlet_sync_gui.sync.commands import Discard, Reconcile, SendSummary
from outlet_sync_gui.sync.events import ReadBack
from outlet_sync_gui.sync.exchange import Answer, Kind, Send
from outlet_sync_gui.sync.gaps import gaps
from outlet_sync_gui.sync.records import accept
from outlet_sync_gui.sync.summary import count_due, of_day

NEXT_DAY = "2026-01-28"
END_OF_TIME, START_OF_TIME = "9999-12-31T23:00:00Z", "0001-01-01T00:00:00Z"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Outlet]:
    opened = Outlet(tmp_path)
    yield opened
    opened.store.close()


def discard(bench: Bench, name: str) -> None:
    """A person decides that it is not sent."""
    bench.engine.do(Discard(who="Siti", names=(name,), reason="twice"), bench.now)


# -- times


@pytest.mark.parametrize(
    ("when", "zone", "starts"),
    [
        (END_OF_TIME, "Asia/Jakarta", "00:00"),
        (START_OF_TIME, "Asia/Jakarta", "08:00"),
        (START_OF_TIME, "America/New_York", "00:00"),
    ],
)
def test_a_time_at_the_end_of_the_calendar_stops_no_day(tmp_path: Path, when: str, zone: str, starts: str) -> None:
    settings = SETTINGS.model_copy(update={"timezone": zone, "business_day_start": starts})
    bench = Bench(tmp_path, settings)
    bench.put("order", order("A1", created_at="2026-01-27T16:00:00Z"))
    bench.put("order", order("A2", created_at=when))
    count_due(bench.store, settings)
    assert of_day(bench.store, settings, DAY).orders == 1


def test_nor_does_one_that_headquarters_has(shop: Outlet) -> None:
    sold(shop, "A1")
    kept = shop.cloud.records["order", "A1"]
    odd = {**kept.data, "local_id": "Z9", "created_at": END_OF_TIME}
    shop.cloud.records["order", "Z9"] = type(kept)(cloud_id="c9", local_id="Z9", version=1, data=odd, updated_at=0)
    assert shop.reconcile().is_same


def test_a_sale_that_tells_no_time_stays_on_the_day_on_which_it_was_heard_of(bench: Bench) -> None:
    for hours, name in ((0, ""), (24, "Ani")):
        bench.later(hours * 3600)
        data = {name: value for name, value in order(customer_name=name).items() if not name.endswith("_at")}
        incoming = read_record(
            "order", data, operation="create", outlet_id=OUTLET_ID, outlet_code=OUTLET_CODE, now=iso(bench.wall_ms)
        )
        accept(bench.store, [incoming], now_ms=bench.wall_ms)
    assert [of_day(bench.store, SETTINGS, date).orders for date in (DAY, NEXT_DAY)] == [1, 0]


def test_one_that_tells_when_it_was_changed_was_made_no_later() -> None:
    data = {name: value for name, value in order(updated_at="2026-01-25T03:00:00Z").items() if name != "created_at"}
    sale = read("order", data).sale
    assert sale is not None
    assert sale.at == to_ms("2026-01-25T03:00:00Z")


# -- money that was given back


def test_money_that_is_given_back_days_later_moves_no_order() -> None:
    records = [made("A1", 100, items=[line("Nasi", 2, 100)]), paid("T1", "A1", 100)]
    records.append(("transaction", transaction("T2", "A1", total_amount=-10, created_at=at("11:00", 30))))
    assert (figures(records).orders, figures(records, "2026-01-30").orders) == (1, 0)


@pytest.mark.parametrize(("total", "amounts"), [(100, (120, -20)), (100, (100, -100, 100)), (-50, (-50,))])
def test_a_payment_that_was_corrected_is_no_difference(total: int, amounts: tuple[int, ...]) -> None:
    records = [made("A1", total), *(paid(f"T{n}", "A1", amount) for n, amount in enumerate(amounts))]
    assert (figures(records).revenue, figures(records).differing) == (total, (0, 0))


# -- what headquarters does not have


def test_what_counts_on_a_past_day_and_waits_is_unsent_on_that_day(bench: Bench) -> None:
    served = order(status="served", created_at="2026-01-27T16:50:00Z")
    bench.put("order", served)
    drain(bench)
    bench.put("order", {**served, "status": "paid"})
    bench.settle(bench.push(), refused("no such table"))
    bench.put("transaction", transaction(created_at="2026-01-27T17:10:00Z"))  # after midnight there
    drain(bench)
    bench.later(48 * 3600)
    assert looked_at(bench, NEXT_DAY) == {Check.UNSENT: (1, 10)}
    assert looked_at(bench, DAY) == {}


def test_a_deletion_that_waits_is_unsent(bench: Bench) -> None:
    sell(bench)
    drain(bench)
    bench.later(24 * 3600)
    bench.put("transaction", {"local_id": "TA1"}, "delete")
    bench.put("order", {"local_id": "A1"}, "delete")
    assert looked_at(bench) == {Check.UNSENT: (2, 0)}
    assert looked_at(bench, "2026-01-26") == {}


@pytest.mark.parametrize("is_discarded", [False, True])
def test_so_is_one_that_was_refused_beside_what_headquarters_has(shop: Outlet, *, is_discarded: bool) -> None:
    sold(shop, "A1")
    shop.put("order", {"local_id": "A1"}, "delete")
    shop.settle(shop.push(), refused("orders can't be deleted"))
    if is_discarded:
        discard(shop, "order/A1")
    assert not shop.reconcile().is_same


@pytest.mark.parametrize("days", [0, 1])
def test_a_sale_that_was_not_to_be_sent_is_none_of_a_complete_day(bench: Bench, days: int) -> None:
    bench.put("order", order())
    bench.settle(bench.push(), refused("no such table"))
    discard(bench, "order/A1")
    bench.later(24 * 3600 * days)
    assert looked_at(bench)[Check.WITHHELD] == (1, 10)
    (gap,) = gaps(bench.store, SETTINGS, DAY, Check.WITHHELD, limit=10)
    assert (gap.entity_type, gap.number, gap.rupiah) == ("order", "A1", 10)


def test_so_is_a_change_of_one(bench: Bench) -> None:
    sell(bench, total=150)
    drain(bench)
    bench.put("order", order("A1", total_amount=150, status="void"))
    bench.settle(bench.push(), refused("no such table"))
    discard(bench, "order/A1")
    bench.later(86_400)
    assert (of_day(bench.store, SETTINGS, DAY).orders, looked_at(bench)) == (0, {Check.WITHHELD: (1, 150)})


# -- the summary itself


def test_a_summary_that_was_corrected_and_discarded_is_changed(bench: Bench) -> None:
    sell(bench)
    drain(bench)
    bench.engine.do(SendSummary(who="Rina", date=DAY), bench.now)
    drain(bench)
    sell(bench, "A2")
    drain(bench)
    bench.later(60)
    bench.engine.do(SendSummary(who="Budi", date=DAY), bench.now)
    bench.settle(bench.push(), refused("summary: wrong", 422))
    discard(bench, f"daily_summary/{DAY}")
    assert sending(bench).is_changed


def test_a_summary_that_was_told_in_other_digits_is_not_changed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as former:  # which kept every digit
        former.setattr(summary, "_whole", lambda quantity: quantity)
        for number in ("A1", "A2"):
            bench.put("order", order(number, items=[line("Ikan", Decimal("0.25"), 10)]))
        drain(bench)
        bench.engine.do(SendSummary(who="Rina", date=DAY), bench.now)
        drain(bench)
    assert not sending(bench).is_changed


def test_half_a_piece_is_half_a_piece_however_it_was_summed_up(bench: Bench) -> None:
    fish = {"items": [line("Ikan", Decimal("0.25"), 5)]}
    bench.put("order", order(items=[line("Ikan", Decimal("0.5"), 10)]))
    count_due(bench.store, SETTINGS)
    bench.engine.do(SendSummary(who="Rina", date=DAY), bench.now)
    drain(bench)
    for status in ("paid", "void"):
        bench.put("order", order("A2", status=status, **fish))
        count_due(bench.store, SETTINGS)
    drain(bench)
    assert not sending(bench).is_changed


# -- merged orders


@pytest.mark.parametrize("merged", [["A1"], ["A1", "A2"], "A1,A2"])
def test_an_order_that_is_merged_with_itself_counts(merged: Any) -> None:
    day = figures([made("A1", 100, merged_from=merged)])
    assert (day.orders, day.revenue) == (1, 100)


def test_numbers_of_merged_orders_may_be_numbers() -> None:
    day = figures([made("7", 40), made("8", 140, merged_from=[7])])
    assert (day.orders, day.revenue) == (1, 140)


@pytest.mark.parametrize("merged", ["[" * 100_000, '["\\ud800"]'])
def test_a_text_that_is_no_list_names_no_orders(bench: Bench, merged: str) -> None:
    bench.put("order", loads(json.dumps(order(merged_from=merged))))
    assert of_day(bench.store, SETTINGS, DAY).orders == 1


# -- reading back


def test_a_row_without_a_number_ends_no_list(shop: Outlet) -> None:
    sold(shop, *(f"A{n}" for n in range(101)))
    shop.engine.do(Reconcile(DAY), shop.now)
    while True:
        step = shop.next()
        if not isinstance(step, Send):
            shop.later(1)
        elif ReadBack(Reconcile(DAY)) in shop.settle(step, _page(shop, step)):
            break
    assert names(shop.found()) == []


def _page(shop: Outlet, step: Send) -> Answer:
    """A list of headquarters that doesn't tell how many pages it has, with a row that has no number."""
    if step.flight.kind is not Kind.READ:
        return shop.answer(step)
    path, _, query = step.request.path.partition("?")
    if path.endswith("logs"):
        return answered({"success": False}, 404)
    kind = "order" if path.endswith("orders") else "transaction"
    there = [record for (name, _), record in shop.cloud.records.items() if name == kind]
    rows: list[Json] = [{"local_id": each.local_id, "total_amount": 10, "created_at": DAY} for each in there]
    rows.insert(3, {"local_id": "", "total_amount": 5, "created_at": DAY})
    page = int(query.partition("page=")[2].partition("&")[0])
    return answered({"success": True, "data": rows[(page - 1) * 100 : page * 100]})


def test_a_bill_that_was_open_for_days_is_found(shop: Outlet) -> None:
    shop.hurry()
    payment = {"method": "cash", "amount": 10, "paid_at": "2026-01-27T03:00:00Z"}
    shop.put("order", order("OPEN", created_at="2026-01-25T03:00:00Z", payment_info=payment))
    shop.put("transaction", transaction("TO", "OPEN"))
    shop.sell(*(f"B{n}" for n in range(100)), at="2026-01-25T10:00:00Z")
    shop.run(5)
    shop.later(1)
    assert names(shop.reconcile()) == []


def test_a_sale_of_a_wrong_clock_does_not_make_all_of_the_past_be_read(shop: Outlet) -> None:
    shop.hurry()
    payment = {"method": "cash", "amount": 10, "paid_at": "2026-01-27T03:00:00Z"}
    shop.put("order", order("FLAT", created_at="1970-01-01T00:00:00Z", payment_info=payment))
    for day in range(1, 11):
        shop.sell(*(f"D{day}-{n}" for n in range(100)), at=f"2026-01-{day:02d}T10:00:00Z")
        shop.run(5)
    shop.engine.do(Reconcile(DAY), shop.now)
    pages = 0
    while True:
        step = shop.next()
        if not isinstance(step, Send):
            shop.later(1)
            continue
        pages += step.flight.kind is Kind.READ
        if ReadBack(Reconcile(DAY)) in shop.settle(step, shop.answer(step)):
            break
    assert pages < 8
