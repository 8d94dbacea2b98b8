"""The engine over a real store: what leaves, in which order, and what each kind of answer changes."""

from pathlib import Path

import pytest
from tests.builders import (
    OUTLET_ID,
    SETTINGS,
    Bench,
    accepted,
    answered,
    body,
    order,
    product,
    pulled,
    read,
    refused,
    results,
    sent,
    transaction,
)

from outlet_sync_gui.status import Lane, RowState, State, Trouble
from outlet_sync_gui.sync.commands import KeyChanged, Pause, Resume, SyncNow
from outlet_sync_gui.sync.events import Failed, KeyRefused, Sent, Stopped
from outlet_sync_gui.sync.exchange import Answer, Answered, Kind, Lost, Send, Why

LOST = Lost(Trouble(code="N-CLOUD"))
HTML = Answered(status=200, headers={}, body=b"<html>Wi-Fi</html>")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# -- what leaves


def test_the_first_exchange_is_a_pull_since_the_beginning(bench: Bench) -> None:
    step = bench.send()
    assert step.request.path == f"/api/v1/outlets/{OUTLET_ID}/updates?since=1970-01-01T00%3A00%3A00Z"


def test_a_burst_gathers_before_it_leaves(bench: Bench) -> None:
    bench.pull()
    bench.put("order", order())
    assert bench.wait().why is Why.LINGER
    assert isinstance(bench.later(0.2).next(), Send)


@pytest.mark.parametrize(
    ("entity_type", "data", "path"),
    [
        ("order", order(), "orders"),
        ("transaction", transaction(order_id=None), "transactions"),
        ("product", product(), "products"),
        ("category", {"local_id": "K1", "name": "Minuman"}, "sync/batch"),
        ("cashier_shift", {"local_id": "S1"}, "sync/batch"),
        ("daily_summary", {"local_id": "2026-01-27", "date": "2026-01-27"}, "analytics/daily"),
    ],
)
def test_a_lone_record_goes_where_its_type_goes(
    bench: Bench, entity_type: str, data: dict[str, str], path: str
) -> None:
    bench.put(entity_type, data)
    assert bench.push().request.path == f"/api/v1/outlets/{OUTLET_ID}/{path}"


def test_a_lone_delete_goes_by_the_batch(bench: Bench) -> None:
    bench.put("product", product(), "delete")
    step = bench.push()
    assert step.request.path.endswith("/sync/batch")
    assert body(step.request)["items"][0]["operation"] == "delete"


def test_an_order_leaves_before_its_transaction_whichever_came_first(bench: Bench) -> None:
    bench.put("transaction", transaction("T1", "A1"))
    bench.put("order", order("A1"))
    assert [local_id for local_id, _ in sent(bench.push())] == ["A1", "T1"]


def test_a_transaction_waits_while_its_order_is_refused(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.settle(bench.push(), refused("Table not registered"))
    bench.put("transaction", transaction("T1", "A1"))
    assert bench.queued() == [("A1", "dead"), ("T1", "blocked")]
    assert bench.later(1).wait().why is Why.NOTHING_DUE


def test_an_order_that_we_do_not_know_blocks_nothing(bench: Bench) -> None:
    bench.put("transaction", transaction("T1", "unknown"))
    assert bench.queued() == [("T1", "ready")]


def test_orders_leave_before_the_menu(bench: Bench) -> None:
    bench.put("product", product("P1"))
    bench.put("order", order("A1"))
    assert [local_id for local_id, _ in sent(bench.push())] == ["A1", "P1"]


def test_the_menu_waits_for_headquarters_news(bench: Bench) -> None:
    bench.put("product", product("P1"))
    bench.put("order", order("A1"))
    bench.settle(bench.send(), LOST)
    step = bench.later(200).send()
    assert step.flight.kind is Kind.PUSH
    assert sent(step) == [("A1", 1)]


def test_the_menu_waits_again_after_the_cloud_was_out_of_reach(bench: Bench) -> None:
    bench.pull()
    bench.put("order", order("A1"))
    bench.settle(bench.push(), LOST)
    bench.put("product", product("P1"))
    bench.engine.do(SyncNow(), bench.later(5).now)
    before_the_menu: list[Kind] = []
    while "P1" in dict(bench.queued()):
        step = bench.send()
        if "P1" not in dict(sent(step)):
            before_the_menu.append(step.flight.kind)
        bench.settle(step, pulled() if step.flight.kind is Kind.PULL else accepted(step.flight))
    assert Kind.PULL in before_the_menu


def test_the_menu_alone_waits_its_interval(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"pull_interval_s": 86_400}))
    bench.pull()
    bench.put("product", product())
    rest = bench.later(1).wait()
    assert (rest.why, rest.at) == (Why.NOTHING_DUE, bench.at_s + 3599)
    assert sent(bench.later(3599).send()) == [("P1", 1)]


def test_a_batch_is_cut_by_bytes(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"batch_max_bytes": 10_000}))
    bench.put_all(read("order", order(f"A{n}", notes="x" * 2000)) for n in range(10))
    step = bench.push()
    assert 1 < len(step.flight.parcels) < 5
    assert len(step.request.body) <= 10_000


def test_a_record_over_the_limit_never_leaves(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"batch_max_bytes": 10_000}))
    bench.put("order", order("big", notes="x" * 10_000))
    bench.put("order", order("A1"))
    assert sent(bench.push()) == [("A1", 1)]
    (row,) = bench.store.views.queue(state=RowState.DEAD)
    assert (row.local_id, row.error_code) == ("big", "R-SIZE")


def test_batches_grow_while_the_line_is_quick(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(1000))
    sizes = []
    for _ in range(2):
        step = bench.push()
        sizes.append(len(step.flight.parcels))
        bench.settle(step, accepted(step.flight))
    assert sizes == [250, 500]


# -- what an answer changes


def test_accepted_rows_end_and_count_for_today(bench: Bench) -> None:
    bench.put("order", order("A1", total_amount=150_000))
    bench.put("transaction", transaction("T1", "A1"))
    step = bench.push()
    assert bench.settle(step, accepted(step.flight)) == [Sent(2)]
    status = bench.engine.status(bench.now)
    assert bench.queued() == []
    assert (status.sent_today, status.sent_today_amount, status.state) == (2, 150_000, State.IDLE)


def test_an_order_sent_twice_in_a_day_counts_once_with_its_latest_amount(bench: Bench) -> None:
    for amount in (10, 12):
        bench.put("order", order("A1", total_amount=amount))
        step = bench.push()
        bench.settle(step, accepted(step.flight))
    assert bench.store.outlet.sent_on("2026-01-27") == (1, 12)


def test_content_changed_in_flight_stays_queued(bench: Bench) -> None:
    bench.put("order", order("A1", total_amount=10))
    step = bench.push()
    bench.put("order", order("A1", total_amount=12))
    bench.settle(step, accepted(step.flight))
    again = bench.push()
    assert sent(again) == [("A1", 2)]
    assert body(again.request)["total_amount"] == 12


def test_content_changed_in_flight_survives_the_refusal_of_the_old(bench: Bench) -> None:
    bench.put("order", order("A1", total_amount=10))
    step = bench.push()
    bench.put("order", order("A1", total_amount=12))
    bench.settle(step, refused("no"))
    assert bench.queued() == [("A1", "ready")]


def test_each_result_settles_its_own_row(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(3))
    step = bench.push()
    assert bench.settle(step, results(step.flight, {"A1": "Table B-12 not registered"})) == [Sent(2), Failed(1)]
    (row,) = bench.store.views.queue()
    assert (row.local_id, row.state, row.error) == ("A1", RowState.DEAD, "Table B-12 not registered")


def test_a_transactions_failure_beside_its_failed_order_is_not_its_own(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.put("transaction", transaction("T1", "A1"))
    step = bench.push()
    bench.settle(step, results(step.flight, {"A1": "bad table", "T1": "no such order"}))
    assert bench.queued() == [("A1", "dead"), ("T1", "blocked")]


def test_a_newer_version_revives_what_was_refused(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.settle(bench.push(), refused("no"))
    bench.put("order", order("A1", total_amount=11))
    assert sent(bench.push()) == [("A1", 2)]


def test_a_lost_answer_is_sent_again_with_the_same_version_and_body(bench: Bench) -> None:
    bench.put("order", order("A1"))
    first = bench.push()
    bench.settle(first, LOST)
    again = bench.later(5).push()
    assert again.request.body == first.request.body


def test_a_restart_with_a_request_out_sends_it_again_with_the_same_version(bench: Bench) -> None:
    bench.put("order", order("A1"))
    first = bench.push()
    again = bench.restart().push()
    assert (sent(again), again.request.body) == (sent(first), first.request.body)


def test_no_result_for_an_item_leaves_it_unknown(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(2))
    step = bench.push()
    only_one = {"entity_type": "order", "local_id": "A0", "status": "success"}
    bench.settle(step, answered({"success": True, "data": {"results": [only_one]}}))
    assert bench.queued() == [("A1", "retry")]
    assert sent(bench.later(61).push()) == [("A1", 1)]


def test_a_batch_refused_as_a_whole_is_halved_until_the_bad_one_stands_alone(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(8))
    for _ in range(20):
        if not bench.store.outbox.next(Lane.HIGH, limit=1):
            break
        step = bench.push()
        is_bad = any(parcel.local_id == "A5" for parcel in step.flight.parcels)
        bench.settle(step, refused("bad request", 400) if is_bad else accepted(step.flight))
        bench.later(1)
    assert bench.queued() == [("A5", "dead")]


def _answer_5xx_to(bench: Bench, bad: set[str], *, rounds: int) -> None:
    """A cloud that fails whole over some records, and answers all else."""
    for _ in range(rounds):
        step = bench.later(3).next()
        if not isinstance(step, Send):
            continue
        if step.flight.kind is Kind.PULL:
            bench.settle(step, pulled())
        elif bad & {parcel.local_id for parcel in step.flight.parcels}:
            bench.settle(step, answered({"success": False, "error": "pq: value too long"}, 500))
        else:
            bench.settle(step, accepted(step.flight))


def test_a_record_that_makes_the_cloud_fail_is_found_and_the_rest_goes_through(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(16))
    _answer_5xx_to(bench, {"A5"}, rounds=120)
    (row,) = bench.store.views.queue()
    assert (row.local_id, row.state, row.error) == ("A5", RowState.DEAD, "pq: value too long")


def test_new_records_do_not_join_a_batch_that_failed(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(4))
    first = bench.push()
    bench.settle(first, answered({"success": False, "error": "pq"}, 500))
    bench.put("order", order("A9"))
    again = bench.later(3).push()
    assert sent(again) == sent(first)


def test_a_cloud_that_fails_for_everything_makes_no_dead_letter(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(16))
    _answer_5xx_to(bench, {f"A{n}" for n in range(16)}, rounds=400)
    assert "dead" not in {state for _, state in bench.queued()}


def test_a_cloud_that_is_down_altogether_blames_no_record(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(4))
    for _ in range(50):
        step = bench.later(130).send()
        bench.settle(step, answered({"success": False, "error": "pq"}, 500))
    assert {state for _, state in bench.queued()} == {"ready"}


def test_a_refusal_without_a_reason_is_tried_five_times(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(2))
    tries = 0
    while ("A1", "dead") not in bench.queued():
        step = bench.later(130).push()
        bench.settle(step, results(step.flight, {"A1": ""}))
        tries += 1
    assert tries == 5


FAULTS: list[tuple[Answer, str, Why]] = [
    (LOST, "N-CLOUD", Why.BACKOFF),
    (Lost(Trouble(code="N-DNS")), "N-DNS", Why.BACKOFF),
    (HTML, "N-PORTAL", Why.BACKOFF),
    (Answered(status=200, headers={}, body=b'{"success": tr'), "N-PORTAL", Why.BACKOFF),
    (answered({}, 500), "N-CLOUD", Why.BACKOFF),
    (answered({}, 503), "N-CLOUD", Why.BACKOFF),
    (answered({}, 408), "N-CLOUD", Why.BACKOFF),
    (answered({}, 302), "N-PORTAL", Why.BACKOFF),
    (answered({"success": False, "retry_after": 60}, 429), "N-RATE", Why.RATE_LIMITED),
]


@pytest.mark.parametrize(("answer", "code", "why"), FAULTS)
def test_whatever_goes_wrong_keeps_everything_says_why_and_heals(
    bench: Bench, answer: Answer, code: str, why: Why
) -> None:
    bench.put("order", order("A1"))
    events = bench.settle(bench.push(), answer)
    assert events == [Stopped(code)]
    rest = bench.wait()
    assert rest.why is why
    assert bench.queued() == [("A1", "ready")]
    trouble = bench.engine.status(bench.now).trouble
    assert trouble is not None
    assert trouble.code == code
    assert rest.at is not None
    bench.later(rest.at - bench.at_s + 0.001)
    step = bench.send()
    if step.flight.kind is Kind.PULL:
        bench.settle(step, pulled())
        step = bench.send()
    bench.settle(step, accepted(step.flight))
    status = bench.engine.status(bench.now)
    assert (status.state, status.trouble) == (State.IDLE, None)


def test_back_off_grows_to_two_minutes_and_ends_with_success(bench: Bench) -> None:
    bench.put("order", order("A1"))
    waits = []
    for _ in range(9):
        step = bench.send()
        bench.settle(step, LOST)
        rest = bench.wait()
        assert rest.at is not None
        waits.append(round(rest.at - bench.at_s))
        bench.later(rest.at - bench.at_s)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 120, 120]


@pytest.mark.parametrize(("seconds", "expected"), [(30, 30), (86400, 3600)])
def test_a_429_waits_what_it_says_but_an_hour_at_most(bench: Bench, seconds: int, expected: int) -> None:
    bench.settle(bench.send(), answered({"success": False, "retry_after": seconds}, 429))
    rest = bench.wait()
    assert rest.at == pytest.approx(bench.at_s + expected)


def test_a_429_outlives_a_restart_and_sync_now(bench: Bench) -> None:
    bench.settle(bench.send(), answered({"success": False, "retry_after": 60}, 429))
    bench.restart().engine.do(SyncNow(), bench.now)
    assert bench.wait().why is Why.RATE_LIMITED


def test_sync_now_ends_a_back_off(bench: Bench) -> None:
    bench.settle(bench.send(), LOST)
    bench.engine.do(SyncNow(), bench.now)
    assert isinstance(bench.next(), Send)


def test_the_first_401_asks_for_the_key_once_more_the_second_stops_everything(bench: Bench) -> None:
    unauthorized = answered({"success": False}, 401)
    assert bench.settle(bench.send(), unauthorized) == [KeyRefused()]
    assert bench.settle(bench.send(), unauthorized) == [Stopped("N-KEY")]
    rest = bench.wait()
    assert (rest.why, rest.at) == (Why.REFUSED, bench.at_s + 60)
    assert bench.engine.status(bench.now).state is State.ATTENTION


def test_a_new_key_goes_on_at_once(bench: Bench) -> None:
    for _ in range(2):
        bench.settle(bench.send(), answered({"success": False}, 401))
    bench.engine.do(KeyChanged(), bench.now)
    assert isinstance(bench.next(), Send)


def test_pressing_sync_now_again_and_again_does_not_hold_sales_up(bench: Bench) -> None:
    bench.put("order", order("A1"))
    kinds = []
    for _ in range(2):
        bench.engine.do(SyncNow(), bench.later(1).now)
        step = bench.send()
        kinds.append(step.flight.kind)
        bench.settle(step, pulled() if step.flight.kind is Kind.PULL else accepted(step.flight))
    assert kinds == [Kind.PULL, Kind.PUSH]


def test_a_pull_that_fails_alone_does_not_hold_sales_up(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.settle(bench.send(), answered({}, 500))
    step = bench.later(1).send()
    assert step.flight.kind is Kind.PUSH


# -- pause, budget, clock


def test_a_pause_holds_everything_until_resumed(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.engine.do(Pause(), bench.now)
    bench.engine.do(SyncNow(), bench.now)
    assert bench.later(86_400).wait().why is Why.PAUSED
    assert bench.engine.status(bench.now).state is State.PAUSED
    bench.engine.do(Resume(), bench.now)
    assert isinstance(bench.next(), Send)


def test_a_pause_with_a_time_ends_by_itself_even_across_a_restart(bench: Bench) -> None:
    bench.engine.do(Pause(bench.wall_ms + 900_000), bench.now)
    assert bench.restart().wait().at == bench.at_s + 900
    assert isinstance(bench.later(900).next(), Send)


def test_never_more_than_the_limit_in_a_minute_across_restarts(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"rate_limit_per_minute": 10, "batch_max_items": 1}))
    bench.put_all(read("order", order(f"A{n}")) for n in range(40))
    left: list[float] = []
    while bench.queued():
        step = bench.later(0.3).next()
        if isinstance(step, Send):
            left.append(bench.at_s)
            bench.settle(step, pulled() if step.flight.kind is Kind.PULL else accepted(step.flight))
            if len(left) % 7 == 0:
                bench.restart()
    assert max(sum(start <= at < start + 60 for at in left) for start in left) <= 10


def test_a_clock_set_back_does_not_freeze_a_lane(bench: Bench) -> None:
    bench.pull()
    bench.put("order", order("A1"))
    bench.wall_ms -= 6 * 365 * 86_400_000
    assert isinstance(bench.next(), Send)


def test_a_clock_set_forward_does_not_break_the_limit(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"rate_limit_per_minute": 10, "batch_max_items": 1}))
    bench.put_all(read("order", order(f"A{n}")) for n in range(20))
    n = 0
    while isinstance(step := bench.next(), Send):
        bench.settle(step, pulled() if step.flight.kind is Kind.PULL else accepted(step.flight))
        bench.wall_ms += 3_600_000
        n += 1
    assert n <= 10
    assert step.why is Why.PACING


# -- progress


def test_a_backlog_tells_how_far_it_is(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(1000))
    step = bench.push()
    bench.later(2)
    bench.settle(step, accepted(step.flight))
    progress = bench.engine.status(bench.now).progress
    assert progress is not None
    assert (progress.done, progress.total, progress.per_minute) == (250, 1000, 7500)
    assert progress.ends_at == bench.wall_ms + 6000


def test_a_few_records_are_no_backlog(bench: Bench) -> None:
    bench.put("order", order())
    bench.push()
    assert bench.engine.status(bench.now).progress is None


def test_sending_shows_only_after_a_second(bench: Bench) -> None:
    bench.put("order", order())
    bench.push()
    assert bench.engine.status(bench.now).state is State.WAITING
    assert bench.engine.status(bench.later(1.1).now).state is State.SYNCING
