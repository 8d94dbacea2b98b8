"""Before closing: what is looked at, sending the daily summary, what becomes of it, and closing time."""

import json
from pathlib import Path

import pytest
from tests.builders import (
    OUTLET_CODE,
    OUTLET_ID,
    SETTINGS,
    START_MS,
    Bench,
    Json,
    accepted,
    answered,
    order,
    product,
    pulled,
    refused,
    transaction,
)

from outlet_sync_gui.settings import Settings
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.sync.closing import Check, Sending, body_of, last_closed, look_at
from outlet_sync_gui.sync.commands import SendSummary
from outlet_sync_gui.sync.exchange import Send
from outlet_sync_gui.sync.summary import of_day

DAY = "2026-01-27"
HOUR_MS = 3_600_000
Records = list[tuple[str, Json]]
Gaps = dict[Check, tuple[int, int]]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def looked_at(bench: Bench, date: str = DAY) -> Gaps:
    checks = look_at(bench.store, bench.settings, date, now_ms=bench.wall_ms).checks
    return {check: (amount.n, amount.rupiah) for check, amount in checks.items()}


def drain(bench: Bench) -> list[str]:
    """Let headquarters take all that goes; the paths to which it went."""
    paths = []
    while isinstance(step := bench.next(), Send):
        paths.append(step.request.path.rpartition("/")[2])
        bench.settle(step, accepted(step.flight) if step.flight.parcels else pulled())
        bench.later(1)
    return paths


def sell(bench: Bench, number: str = "A1", total: int = 10) -> None:
    bench.put("order", order(number, total_amount=total))
    bench.put("transaction", transaction(f"T{number}", number, total_amount=total))


GAPS: list[tuple[str, Records, Gaps]] = [
    ("nothing", [], {}),
    ("all is well", [("order", order()), ("transaction", transaction())], {}),
    ("paid, and no payment of it", [("order", order(total_amount=70))], {Check.UNRECORDED: (1, 70)}),
    (
        "its only payment taken back",
        [("order", order()), ("transaction", transaction(status="void"))],
        {Check.UNRECORDED: (1, 10)},
    ),
    ("on the house", [("order", order(total_amount=0))], {}),
    ("not paid yet", [("order", order(status="served"))], {}),
    ("a payment without an order", [("transaction", transaction(total_amount=70))], {Check.STRAY: (1, 70)}),
    ("a payment of nothing", [("transaction", transaction(order_id=None))], {Check.STRAY: (1, 10)}),
    ("too little", [("order", order()), ("transaction", transaction(total_amount=7))], {Check.DIFFERING: (1, 3)}),
    ("too much", [("order", order()), ("transaction", transaction(total_amount=17))], {Check.DIFFERING: (1, 7)}),
    (
        "given back",
        [("order", order()), ("transaction", transaction()), ("transaction", transaction("T2", total_amount=-4))],
        {},
    ),
    ("taken back, with its payment", [("order", order(status="void")), ("transaction", transaction())], {}),
]


@pytest.mark.parametrize(("records", "gaps"), [case[1:] for case in GAPS], ids=[case[0] for case in GAPS])
def test_what_does_not_fit_together(bench: Bench, records: Records, gaps: Gaps) -> None:
    for kind, data in records:
        bench.put(kind, data)
    drain(bench)
    assert looked_at(bench) == gaps


def test_today_nothing_at_all_may_wait(bench: Bench) -> None:
    sell(bench, total=150_000)
    bench.put("product", product())
    assert looked_at(bench) == {Check.UNSENT: (3, 150_000)}
    drain(bench)
    assert look_at(bench.store, SETTINGS, DAY, now_ms=bench.wall_ms).is_complete


def test_of_a_past_day_its_own_sales_are_asked_for(bench: Bench) -> None:
    sell(bench, total=150_000)
    bench.later(24 * 3600)
    bench.put("order", order("A2", created_at="2026-01-28T03:00:00Z"))
    assert looked_at(bench) == {Check.UNSENT: (2, 150_000)}


def test_what_was_refused_is_no_finished_day(bench: Bench) -> None:
    bench.put("order", order(status="served"))
    bench.settle(bench.push(), refused("no such table"))
    assert looked_at(bench) == {Check.REFUSED: (1, 0)}


# -- sending


def summary_body(bench: Bench) -> Json:
    step = bench.push()
    assert step.request.path.endswith("/analytics/daily")
    body: Json = json.loads(step.request.body)
    bench.settle(step, accepted(step.flight))
    return body


def test_what_is_sent_is_what_was_looked_at(bench: Bench) -> None:
    sell(bench, total=150_000)
    drain(bench)
    summary = of_day(bench.store, SETTINGS, DAY)
    bench.engine.do(SendSummary(who="Rina", date=DAY), bench.now)
    body = summary_body(bench)
    assert body == body_of(summary, SETTINGS)
    assert list(body) == ["outlet_id", "outlet_code", "date", "summary"]
    assert (body["outlet_id"], body["outlet_code"], body["date"]) == (OUTLET_ID, OUTLET_CODE, DAY)


def sending(bench: Bench) -> Sending:
    return look_at(bench.store, SETTINGS, DAY, now_ms=bench.wall_ms).sending


def test_sent_by_whom_and_changed_since(bench: Bench) -> None:
    sell(bench)
    drain(bench)
    assert sending(bench).sent_at is None
    bench.engine.do(SendSummary(who="Rina", date=DAY), bench.now)
    assert (sending(bench).is_waiting, sending(bench).sent_at) == (True, None)
    summary_body(bench)
    found = sending(bench)
    assert (found.sent_at, found.sent_by, found.is_waiting, found.is_changed) == (bench.wall_ms, "Rina", False, False)
    sell(bench, "A2")
    assert sending(bench).is_changed
    bench.engine.do(SendSummary(who="Budi", date=DAY), bench.now)
    drain(bench)
    found = sending(bench)
    assert (found.sent_by, found.is_changed, found.sent["summary"]["total_orders"]) == ("Budi", False, 2)


def test_sent_again_unchanged_it_stays_what_it_is(bench: Bench) -> None:
    sell(bench)
    bench.engine.do(SendSummary(who="Rina", date=DAY), bench.now)
    drain(bench)
    bench.engine.do(SendSummary(who="Rina", date=DAY), bench.now)
    assert "daily" not in drain(bench)
    known = bench.store.records.find("daily_summary", DAY)
    assert known is not None
    deeds = bench.store.activity.of(known.record_id)
    assert [deed.what for deed in deeds] == [What.SUMMED_UP, What.SUMMED_UP]


def test_a_refused_summary_says_so(bench: Bench) -> None:
    bench.engine.do(SendSummary(who="Rina", date=DAY), bench.now)
    bench.settle(bench.push(), answered({"success": False, "error": "summary: wrong"}, status=422))
    assert sending(bench).is_refused


# -- closing time

CLOSING = SETTINGS.model_copy(update={"closing_time": "22:00", "summary_auto_send": True})
CLOSED = [  # business_day_start, closing_time, hours after 27 January 03:30 UTC (10:30 in Jakarta), the day that closed
    ("00:00", "22:00", 0, "2026-01-26"),
    ("00:00", "22:00", 11, "2026-01-26"),
    ("00:00", "22:00", 11.5, "2026-01-27"),
    ("00:00", "22:00", 30, "2026-01-27"),
    ("04:00", "02:00", 15, "2026-01-26"),
    ("04:00", "02:00", 15.5, "2026-01-27"),
    ("00:00", "02:00", 16, "2026-01-27"),
]


@pytest.mark.parametrize(("starts", "closes", "hours", "date"), CLOSED)
def test_which_day_closed_last(starts: str, closes: str, hours: float, date: str) -> None:
    settings = SETTINGS.model_copy(update={"business_day_start": starts, "closing_time": closes})
    assert last_closed(settings, now_ms=START_MS + round(hours * HOUR_MS)) == date


def test_clocks_that_change_close_no_day_early() -> None:
    settings = SETTINGS.model_copy(update={"timezone": "Europe/Berlin", "closing_time": "23:00"})
    half_past_ten = 1_792_963_800_000  # of 25 October, which has 25 hours
    assert last_closed(settings, now_ms=half_past_ten) == "2026-10-24"


def open_till(tmp_path: Path, settings: Settings = CLOSING, *, offset_s: int | None = 0) -> Bench:
    bench = Bench(tmp_path, settings)
    sell(bench)
    drain(bench)
    if offset_s is not None:
        with bench.store.write():
            bench.store.outlet.measured_clock(offset_ms=offset_s * 1000)
    return bench


def test_at_closing_time_it_goes_by_itself(tmp_path: Path) -> None:
    bench = open_till(tmp_path)
    wait = bench.wait()
    assert wait.at is not None
    bench.later(11.5 * 3600)
    assert "daily" in drain(bench)
    found = sending(bench)
    assert (found.sent_by, found.sent["date"]) == ("", DAY)
    sell(bench, "A2")
    bench.later(3600)
    assert "daily" not in drain(bench), "once for each day"


def test_it_wakes_for_closing_time(tmp_path: Path) -> None:
    bench = open_till(tmp_path, CLOSING.model_copy(update={"pull_interval_s": 86_400}))
    wait = bench.wait()
    assert wait.at == pytest.approx(bench.at_s + 11.5 * 3600, abs=60)


@pytest.mark.parametrize(("offset_s", "is_sent"), [(None, False), (601, False), (-599, True), (0, True)])
def test_a_clock_that_may_be_wrong_closes_no_day(tmp_path: Path, offset_s: int | None, *, is_sent: bool) -> None:
    bench = open_till(tmp_path, offset_s=offset_s)
    bench.later(11.5 * 3600)
    bench.next()
    assert (bench.store.records.find("daily_summary", DAY) is not None) is is_sent


def test_a_day_on_which_nothing_was_sold_is_not_told(tmp_path: Path) -> None:
    bench = open_till(tmp_path)
    bench.later((24 + 11.5) * 3600)
    drain(bench)
    assert bench.store.records.find("daily_summary", "2026-01-28") is None


def test_what_somebody_sent_is_not_sent_again(tmp_path: Path) -> None:
    bench = open_till(tmp_path)
    bench.engine.do(SendSummary(who="Rina", date=DAY), bench.now)
    drain(bench)
    sell(bench, "A2")
    bench.later(11.5 * 3600)
    drain(bench)
    assert sending(bench).sent_by == "Rina"
