"""When something leaves, with what, how much of it, and what it may take (`behaviour.md`: Lanes, Requests)."""

from pathlib import Path
from typing import Any

import pytest
from tests.builders import (
    SETTINGS,
    Bench,
    accepted,
    answered,
    order,
    product,
    pulled,
    read,
    refused,
    results,
    sent,
    transaction,
)

from outlet_sync_gui.status import State, Trouble
from outlet_sync_gui.sync.commands import Pause, Retry, SyncNow
from outlet_sync_gui.sync.exchange import Answered, Kind, Lost, Send, WaitUntil, Why

LOST = Lost(Trouble(code="N-DNS"))
DAY_S = 86_400
SHIFT, SUMMARY = {"local_id": "S1"}, {"local_id": "2026-01-27", "date": "2026-01-27"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Headquarters is heard once a month, so that nothing else is due."""
    made = Bench(tmp_path, SETTINGS.model_copy(update={"pull_interval_s": 30 * DAY_S}))
    made.pull()
    return made


def put_one(bench: Bench, entity_type: str) -> None:
    some: dict[str, dict[str, Any]] = {
        "order": order(),
        "transaction": transaction(order_id=None),
        "table_status": {"local_id": "B1"},
        "product": product(),
        "category": {"local_id": "K1", "name": "Minuman"},
        "daily_summary": SUMMARY,
    }
    bench.put(entity_type, some.get(entity_type, SHIFT))


# -- lanes


@pytest.mark.parametrize(
    ("entity_type", "seconds"),
    [
        ("order", 0.2),
        ("transaction", 0.2),
        ("table_status", 0.2),
        ("product", 3600),
        ("category", 3600),
        ("daily_summary", 0),
        ("cashier_shift", DAY_S),
        ("log", DAY_S),
    ],
)
def test_each_lane_is_due_in_its_time_and_no_sooner(bench: Bench, entity_type: str, seconds: float) -> None:
    put_one(bench, entity_type)
    if seconds:
        rest = bench.later(seconds - 0.01).wait()
        assert rest.at == pytest.approx(bench.at_s + 0.01)
        bench.later(0.01)
    assert len(bench.send().flight.parcels) == 1


def test_the_intervals_are_settings(tmp_path: Path) -> None:
    intervals = {"medium_interval_s": 60, "low_interval_s": 300, "pull_interval_s": DAY_S}
    bench = Bench(tmp_path, SETTINGS.model_copy(update=intervals))
    bench.pull()
    put_one(bench, "product")
    put_one(bench, "log")
    assert bench.wait().at == bench.at_s + 60
    bench.settle(step := bench.later(60).send(), accepted(step.flight))
    assert bench.queued() == []  # the log goes along: there is room


def test_what_is_not_due_goes_along_with_a_batch_that_has_room(bench: Bench) -> None:
    for entity_type in ("product", "log", "order"):
        put_one(bench, entity_type)
    bench.wait()
    assert [parcel.entity_type for parcel in bench.later(0.2).send().flight.parcels] == ["order", "product", "log"]


def test_high_is_never_starved_nor_does_the_rest_push_it_out(bench: Bench) -> None:
    bench.put_all(read("product", product(f"P{n}")) for n in range(300))
    bench.put_all(read("order", order(f"A{n}")) for n in range(240))
    carried = [parcel.entity_type for parcel in bench.later(0.2).send().flight.parcels]
    assert (carried.count("order"), carried.count("product"), carried[0]) == (240, 10, "order")


@pytest.mark.parametrize(("all_lanes", "leaves"), [(True, ["product", "log"]), (False, [])])
def test_sync_now_makes_every_lane_due_or_what_is_due_anyway(bench: Bench, all_lanes: bool, leaves: list[str]) -> None:
    for entity_type in ("product", "log"):
        put_one(bench, entity_type)
    bench.engine.do(SyncNow(all_lanes), bench.now)
    carried: list[str] = []
    while isinstance(step := bench.next(), Send):
        carried += [parcel.entity_type for parcel in step.flight.parcels]
        bench.settle(step, pulled() if step.flight.kind is Kind.PULL else accepted(step.flight))
    assert carried == leaves


def test_a_summary_goes_alone_to_its_own_endpoint_whatever_waits_beside_it(bench: Bench) -> None:
    for entity_type in ("daily_summary", "product", "order"):
        put_one(bench, entity_type)
    routes = []
    while bench.queued():
        step = bench.later(1).send()
        routes.append((step.flight.route, len(step.flight.parcels)))
        bench.settle(step, accepted(step.flight))
    assert routes == [("sync/batch", 2), ("analytics/daily", 1)]


def test_a_burst_is_gathered_from_its_first_record_on_so_that_none_waits_longer(bench: Bench) -> None:
    for n in range(4):
        bench.put("order", order(f"A{n}"))
        assert bench.wait().why is Why.LINGER
        bench.later(0.05)
    assert len(bench.send().flight.parcels) == 4


# -- the menu only after a pull


def test_a_person_cannot_send_the_menu_before_headquarters_is_heard(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    put_one(bench, "product")
    bench.engine.do(SyncNow(), bench.now)
    bench.engine.do(Retry(who="Rina", names=("product/P1",)), bench.now)
    step = bench.send()
    assert step.flight.kind is Kind.PULL
    bench.settle(step, answered({}, 500))
    for _ in range(20):
        step = bench.later(130).send()
        assert step.flight.kind is Kind.PULL
        bench.settle(step, LOST)
    bench.later(130).pull()
    assert sent(bench.send()) == [("P1", 1)]


@pytest.mark.parametrize("kind", [Kind.PULL, Kind.PUSH])
@pytest.mark.parametrize("answer", [LOST, answered({}, 500), Answered(status=200, headers={}, body=b"<html>")])
def test_out_of_reach_closes_the_menu_until_a_pull_succeeds(bench: Bench, kind: Kind, answer: Any) -> None:
    put_one(bench, "order")
    bench.later(1)
    if kind is Kind.PULL:
        bench.engine.do(SyncNow(), bench.now)
    step = bench.send()
    while step.flight.kind is not kind:
        bench.settle(step, pulled() if step.flight.kind is Kind.PULL else accepted(step.flight))
        step = bench.send()
    bench.settle(step, answer)
    put_one(bench, "product")
    bench.engine.do(SyncNow(), bench.later(130).now)
    carried: list[str] = []
    while (step := bench.send()).flight.kind is not Kind.PULL:
        carried += [parcel.entity_type for parcel in step.flight.parcels]
        bench.settle(step, accepted(step.flight))
    assert "product" not in carried
    bench.settle(step, pulled())
    while bench.queued():  # what failed before goes first
        step = bench.send()
        assert step.flight.kind is Kind.PUSH
        bench.settle(step, accepted(step.flight))


@pytest.mark.parametrize(
    "answer", [answered({"success": False}, 401), answered({"success": False, "retry_after": 1}, 429)]
)
def test_an_answer_of_headquarters_does_not_close_the_menu(bench: Bench, answer: Answered) -> None:
    put_one(bench, "order")
    bench.settle(bench.later(1).send(), answer)
    put_one(bench, "product")
    bench.engine.do(Retry(who="Rina", names=("product/P1",)), bench.later(2).now)
    kinds = []
    for _ in range(2):
        step = bench.send()
        kinds.append([parcel.entity_type for parcel in step.flight.parcels])
        bench.settle(step, pulled() if step.flight.kind is Kind.PULL else accepted(step.flight))
    assert ["order", "product"] in kinds


# -- how much, and how long


@pytest.mark.parametrize(
    ("entity_type", "kilobytes", "seconds"),
    [
        ("order", 1, 30),
        ("order", 60, 30),
        ("order", 800, 130),
        ("order", 8000, 1030),
        ("log", 1, 60),
        ("log", 800, 130),
    ],
)
def test_a_lone_record_that_is_large_gets_the_time_that_a_slow_line_needs(
    bench: Bench, entity_type: str, kilobytes: int, seconds: float
) -> None:
    bench.put(entity_type, {**(order() if entity_type == "order" else SHIFT), "notes": "x" * (kilobytes * 1000)})
    assert bench.push().request.deadline_s == pytest.approx(seconds, rel=0.002)


def test_a_small_request_has_the_time_of_the_setting_a_batch_a_minute(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"request_timeout_s": 10}))
    step = bench.send()
    assert step.request.deadline_s == 10
    bench.settle(step, pulled())
    bench.put("order", order())
    step = bench.push()
    assert step.request.deadline_s == 10
    bench.settle(step, accepted(step.flight))
    bench.put_all(read("order", order(f"B{n}", notes="x" * 100_000)) for n in range(2))
    assert bench.push().request.deadline_s == 60


@pytest.mark.parametrize("most", [1, 7, 1000])
def test_a_batch_is_cut_by_count(tmp_path: Path, most: int) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"batch_max_items": most}))
    bench.put_all(read("order", order(f"A{n}")) for n in range(20))
    assert len(bench.push().flight.parcels) == min(most, 20)


@pytest.mark.parametrize(("over", "leaves"), [(0, True), (1, False)])
def test_the_largest_record_that_fits_leaves_and_no_larger_one(tmp_path: Path, over: int, leaves: bool) -> None:
    limit = 20_000
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"batch_max_bytes": limit}))
    bench.pull()
    bare = len(read("order", order(notes="")).content.encode())
    bench.put("order", order(notes="x" * (limit - 1024 - 512 - bare + over)))
    step = bench.later(1).next()
    assert isinstance(step, Send) is leaves
    if isinstance(step, Send):
        assert len(step.request.body) <= limit
    else:
        (row,) = bench.store.views.queue()
        assert (row.state, row.error_code, row.error) == ("dead", "R-SIZE", f"{limit - 1024 - 512 + 1}/{limit}")


def test_the_payments_of_an_order_that_is_too_big_stay_behind_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"batch_max_bytes": 10_000}))
    bench.put("order", order("A1", notes="x" * 10_000))
    bench.put("transaction", transaction("T1", "A1"))
    bench.put("order", order("A2"))
    assert sent(bench.push()) == [("A2", 1)]
    assert dict(bench.queued())["T1"] == "blocked"


def test_a_slow_line_gets_less_at_once(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}", notes="x" * 2000)) for n in range(300))
    step = bench.push()
    assert len(step.flight.parcels) == 250
    bench.later(60).settle(step, LOST)
    assert len(bench.later(200).push().flight.parcels) == 125


def test_one_slow_exchange_makes_no_small_batches_for_ever(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}", notes="x" * 300)) for n in range(2000))
    sizes: list[int] = []
    while bench.queued():
        step = bench.push()
        bench.later(0.1 if sizes else 40).settle(step, accepted(step.flight))
        sizes.append(len(step.flight.parcels))
    assert sizes[1] < 50  # for once
    assert max(sizes) > 500
    assert len(sizes) < 10


# -- the budget


def used_up(bench: Bench) -> WaitUntil:
    """A person presses Sync now with more to send than the limit lets out."""
    bench.put_all(read("order", order(f"A{n}")) for n in range(20))
    bench.engine.do(SyncNow(), bench.now)
    while isinstance(step := bench.next(), Send):
        bench.settle(step, pulled() if step.flight.kind is Kind.PULL else accepted(step.flight))
    return step


def test_two_slots_are_left_for_pulls_when_the_sales_have_used_up_theirs(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"rate_limit_per_minute": 10, "batch_max_items": 1}))
    assert used_up(bench).why is Why.PACING
    assert len(bench.queued()) == 20 - (10 - 1 - 2)  # a pull went before them
    for _ in range(2):
        bench.restart().pull()
    assert bench.restart().wait().why is Why.PACING


def test_a_slot_is_free_a_minute_after_the_answer(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"rate_limit_per_minute": 10, "batch_max_items": 1}))
    step = bench.send()
    bench.later(20).settle(step, pulled())  # it took twenty seconds
    assert used_up(bench).at == bench.at_s + 60


# -- what is told


def test_offline_is_the_last_exchange_that_failed_and_ends_with_one_that_succeeds(bench: Bench) -> None:
    put_one(bench, "order")
    bench.settle(bench.later(1).send(), LOST)
    bench.wait()
    assert bench.engine.status(bench.now).state is State.OFFLINE
    assert bench.restart().engine.status(bench.now).state is State.OFFLINE  # no start is a success
    bench.later(130).pull()
    assert bench.engine.status(bench.now).trouble is None


def test_green_lasts_for_two_intervals_after_the_last_exchange(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.engine.status(bench.now).state is State.SYNCING  # nothing unsent, and nothing heard yet
    bench.pull()
    bench.wait()
    assert bench.engine.status(bench.later(600).now).state is State.IDLE
    assert bench.engine.status(bench.later(1).now).state is State.SYNCING
    bench.settle(bench.send(), LOST)
    assert bench.engine.status(bench.now).state is State.OFFLINE


def _send(bench: Bench, data: dict[str, Any], operation: str = "create") -> None:
    bench.put("order", data, operation)
    step = bench.push()
    bench.settle(step, accepted(step.flight))


def test_rupiah_of_a_day_are_the_latest_of_each_order_that_was_accepted_that_day(bench: Bench) -> None:
    _send(bench, order("A1", total_amount=100))
    _send(bench, order("A2", total_amount=50))
    bench.put("order", order("A3", total_amount=9))
    bench.settle(bench.push(), refused("no"))
    _send(bench, order("A1", total_amount=70))
    assert bench.store.outlet.sent_on("2026-01-27") == (2, 120)
    bench.later(DAY_S)
    _send(bench, order("A1", total_amount=80))
    assert bench.store.outlet.sent_on("2026-01-28") == (1, 80)
    _send(bench, order("A1"), "delete")
    assert bench.store.outlet.sent_on("2026-01-28") == (1, 0)


def test_oldest_of_a_lane_counts(bench: Bench) -> None:
    bench.put("product", product("P1"))
    bench.later(3000).put("product", product("P2"))
    assert bench.wait().at == bench.at_s + 600


# -- when the next try is told for


def _next_try_s(bench: Bench) -> float | None:
    while isinstance(step := bench.next(), Send):
        assert step.flight.kind is Kind.PULL
        bench.settle(step, pulled())
    at = bench.engine.status(bench.now).next_attempt_at
    return None if at is None else (at - bench.wall_ms) / 1000


def test_the_next_try_is_that_of_a_refused_record_where_nothing_else_waits(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.settle(bench.push(), refused(""))
    (row,) = bench.store.views.queue()
    assert _next_try_s(bench) == ((row.retry_at or 0) - bench.wall_ms) / 1000 > 0
    bench.put("order", order("A2"))
    assert _next_try_s(bench) == 0.2  # a lane that is due sooner


def test_the_next_try_is_that_of_a_type_that_stands_still(bench: Bench) -> None:
    for number in ("S1", "S2"):
        bench.put("cashier_shift", {"local_id": number})
    bench.settle(step := bench.later(DAY_S).push(), results(step.flight, {"S1": "no such type", "S2": "no such type"}))
    assert _next_try_s(bench) == 300


@pytest.mark.parametrize(("lasts_s", "told_s"), [(None, None), (60, 60), (7200, 7200)])
def test_while_paused_nothing_is_tried_before_the_end(bench: Bench, lasts_s: int | None, told_s: float | None) -> None:
    bench.put("order", order())
    bench.engine.do(Pause(None if lasts_s is None else bench.wall_ms + lasts_s * 1000), bench.now)
    assert _next_try_s(bench) == told_s


def test_a_lane_that_is_due_after_the_pause_tells_its_own_time(bench: Bench) -> None:
    put_one(bench, "product")
    bench.engine.do(Pause(bench.wall_ms + 60_000), bench.now)
    assert _next_try_s(bench) == 3600
