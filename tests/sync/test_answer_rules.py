"""The table of answers (`rules.md`): each kind of answer, and what becomes of the records that it is about."""

from typing import Any

import pytest
from tests.builders import (
    Bench,
    accepted,
    answered,
    order,
    product,
    read,
    refused,
    sent,
    transaction,
)
from tests.sync.rows import OK, told

from outlet_sync_gui.status import State, Trouble
from outlet_sync_gui.store.views import Queued
from outlet_sync_gui.sync.commands import KeyChanged, Pause, Resume, SyncNow
from outlet_sync_gui.sync.events import Behind, Failed, KeyRefused, Sent, Stopped
from outlet_sync_gui.sync.exchange import Answered, Kind, Lost, Send, WaitUntil, Why

LOST = Lost(Trouble(code="N-DNS"))
HTML = Answered(status=200, headers={}, body=b"<html>Wi-Fi</html>")
KEY_REFUSED = answered({"success": False}, 401)


def orders(bench: Bench, n: int, *, paid: bool = False) -> None:
    """So many orders, each with its payment where they are paid."""
    bench.put_all(read("order", order(f"A{i}")) for i in range(n))
    if paid:
        bench.put_all(read("transaction", transaction(f"T{i}", f"A{i}")) for i in range(n))


def names(step: Send) -> list[str]:
    return [local_id for local_id, _ in sent(step)]


def next_push(bench: Bench, *, after_s: float = 130) -> Send:
    return bench.later(after_s).push()


def row(bench: Bench, local_id: str) -> Queued:
    return next(row for row in bench.store.views.queue() if row.local_id == local_id)


# -- refused for its content


@pytest.mark.parametrize("status", [200, 400, 404, 409, 410, 422, 451])
def test_a_lone_refusal_with_a_reason_needs_a_person_at_once(bench: Bench, status: int) -> None:
    orders(bench, 1)
    assert bench.settle(bench.push(), refused("no such table", status)) == [Failed(1)]
    assert (row(bench, "A0").state, row(bench, "A0").error) == ("dead", "no such table")


@pytest.mark.parametrize("status", [400, 409, 415, 422])
@pytest.mark.parametrize("said", [{"detail": "no such table"}, {"error": "bad_request", "message": "no such table"}])
def test_a_reason_in_json_counts_without_the_envelope(bench: Bench, status: int, said: dict[str, Any]) -> None:
    orders(bench, 1)
    assert bench.settle(bench.push(), answered(said, status)) == [Failed(1)]
    assert (row(bench, "A0").state, row(bench, "A0").error) == ("dead", "no such table")


def test_a_lone_success_that_says_failed_of_its_record_is_a_refusal(bench: Bench) -> None:
    orders(bench, 1)
    said = {"local_id": "A0", "status": "failed", "error": "no such table"}
    assert bench.settle(bench.push(), answered({"success": True, "data": said})) == [Failed(1)]
    assert (row(bench, "A0").state, row(bench, "A0").error) == ("dead", "no such table")


@pytest.mark.parametrize("data", [None, {"synced_at": "2026-01-27T10:35:05Z"}, {"success": 0, "errors": 1}])
def test_one_record_by_the_batch_is_sent_by_a_word_for_it_alone(bench: Bench, data: dict[str, Any] | None) -> None:
    bench.put("table_status", {"local_id": "M1", "status": "free"})
    assert bench.settle(bench.push(), answered({"success": True, "data": data})) == []
    assert bench.queued() == [("M1", "retry")]


def test_an_answer_about_another_record_sends_nothing(bench: Bench) -> None:
    orders(bench, 1)
    assert bench.settle(bench.push(), answered({"success": True, "data": {"local_id": "B9", "cloud_id": "c"}})) == []
    assert bench.queued() == [("A0", "retry")]


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ({"status": "failed"}, "R-TRIES", "5"),
        ({"status": "skipped"}, "R-TRIES", "5"),
        ({"status": "pending", "error": "busy"}, "R-DATA", "busy"),
        ({}, "R-TRIES", "5"),
    ],
)
def test_a_refusal_without_a_reason_or_with_another_word_is_tried_five_times(
    bench: Bench, said: dict[str, Any], code: str, words: str
) -> None:
    orders(bench, 2)
    waits: list[int] = []
    for _ in range(5):
        step = next_push(bench) if waits else bench.push()
        bench.settle(step, told(step.flight, {"A0": OK, "A1": said}))
        waits.append((row(bench, "A1").retry_at or bench.wall_ms) - bench.wall_ms)
    assert waits == [2000, 4000, 8000, 16000, 0]
    assert (row(bench, "A1").state, row(bench, "A1").error_code, row(bench, "A1").error) == ("dead", code, words)


def test_a_reason_within_a_batch_needs_a_person_at_once(bench: Bench) -> None:
    orders(bench, 2)
    step = bench.push()
    bench.settle(step, told(step.flight, {"A0": OK, "A1": {"status": "failed", "message": "no table"}}))
    assert (row(bench, "A1").state, row(bench, "A1").error) == ("dead", "no table")


@pytest.mark.parametrize("answer", [refused("not found", 404), refused("", 410), refused("Order not found", 200)])
def test_a_delete_of_what_is_not_there_is_accepted(bench: Bench, answer: Answered) -> None:
    orders(bench, 1)
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("order", order("A0"), "delete")
    assert bench.settle(bench.push(), answer) == [Sent(1)]
    assert bench.queued() == []


@pytest.mark.parametrize("of_the_order", [{"status": "failed", "error": "no"}, {"status": "failed"}, None])
def test_a_payments_failure_beside_an_order_that_is_not_through_is_not_its_own(
    bench: Bench, of_the_order: dict[str, Any] | None
) -> None:
    orders(bench, 2, paid=True)
    step = bench.push()
    assert names(step) == ["A0", "T0", "A1", "T1"]
    bad = {"status": "failed", "error": "no such order"}
    said = {"A0": OK, "T0": OK, "T1": bad, **({"A1": of_the_order} if of_the_order else {})}
    bench.settle(step, told(step.flight, said))
    assert (row(bench, "T1").state, row(bench, "T1").tries) == ("blocked", 0)


def test_a_payments_failure_beside_its_accepted_order_is_its_own(bench: Bench) -> None:
    orders(bench, 1, paid=True)
    step = bench.push()
    bench.settle(step, told(step.flight, {"A0": OK, "T0": {"status": "failed", "error": "wrong sum"}}))
    assert bench.queued() == [("T0", "dead")]


# -- the results count, whatever stands around them


@pytest.mark.parametrize(("status", "success"), [(400, True), (422, False), (200, False), (207, True)])
def test_results_count_in_an_answer_that_says_no(bench: Bench, status: int, success: bool) -> None:
    orders(bench, 2)
    step = bench.push()
    said = {"A0": OK, "A1": {"status": "failed", "error": "no"}}
    assert bench.settle(step, told(step.flight, said, status, success=success)) == [Sent(1), Failed(1)]
    assert bench.queued() == [("A1", "dead")]


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_4xx_that_calls_itself_a_success_sends_nothing(bench: Bench, status: int) -> None:
    orders(bench, 1)
    bench.settle(bench.push(), answered({"success": True, "data": {"cloud_id": "c"}}, status))
    assert [name for name, _ in bench.queued()] == ["A0"]


# -- refused as a whole


WHOLE = [
    refused("bad request", 400),
    refused("bad request", 200),
    refused("", 422),
    answered({"detail": "bad item"}, 422),
    answered({}, 400),
    answered({"success": False, "error": "too large"}, 413),
    Answered(status=413, headers={}, body=b"<html>Request Entity Too Large</html>"),
    Answered(status=413, headers={}, body=b""),
]


@pytest.mark.parametrize("answer", WHOLE)
def test_a_batch_refused_as_a_whole_is_halved_depth_first_and_stays_frozen(bench: Bench, answer: Answered) -> None:
    orders(bench, 4)
    seen = []
    for n in range(6):
        step = next_push(bench, after_s=1)
        seen.append(names(step))
        bench.put("order", order(f"B{n}"))  # new records don't join
        bench.settle(step, answer if "A2" in names(step) and len(names(step)) > 1 else accepted(step.flight))
    assert seen[:5] == [["A0", "A1", "A2", "A3"], ["A0", "A1"], ["A2", "A3"], ["A2"], ["A3"]]
    assert seen[5] == [f"B{n}" for n in range(5)]


def test_payments_stay_out_of_the_halves_until_their_order_is_accepted(bench: Bench) -> None:
    orders(bench, 4, paid=True)
    bench.settle(bench.push(), refused("bad request", 400))
    seen = []
    while bench.queued():
        step = next_push(bench, after_s=1)
        seen.append(names(step))
        bench.settle(step, accepted(step.flight))
    assert seen == [["A0", "A1"], ["A2", "A3"], ["T0", "T1", "T2", "T3"]]


def test_a_payment_in_a_frozen_half_stays_out_when_its_order_comes_behind_it(bench: Bench) -> None:
    bench.put("transaction", transaction("T1", "B1"))
    bench.put("order", {"local_id": "B1"}, "delete")
    orders(bench, 2)
    bench.settle(bench.push(), LOST)
    bench.put("transaction", {"local_id": "T1"}, "delete")
    bench.settle(bench.push(), refused("bad request", 400))
    bench.put("transaction", transaction("T1", "B1", total_amount=11))  # the till has both after all
    bench.put("order", order("B1"))
    seen = []
    while bench.queued():
        step = next_push(bench, after_s=1)
        seen.append(names(step))
        bench.settle(step, accepted(step.flight))
    assert seen == [["B1"], ["A0", "A1"], ["T1"]]


# -- exists, and not found


def test_an_order_that_exists_otherwise_needs_a_person(bench: Bench) -> None:
    orders(bench, 1)
    assert bench.settle(bench.push(), refused("exists", 409)) == [Failed(1)]
    assert (row(bench, "A0").state, row(bench, "A0").error_code) == ("dead", "R-EXISTS")


def test_of_the_menu_in_a_batch_headquarters_news_is_heard_first(bench: Bench) -> None:
    bench.put("category", {"local_id": "K1", "name": "Minuman"})
    bench.put("product", product("P1"))
    step = bench.push()
    exists = {"status": "failed", "error": "Category already exists with different data"}
    assert bench.settle(step, told(step.flight, {"K1": exists, "P1": OK})) == [Sent(1), Behind()]
    assert bench.queued() == [("K1", "retry")]
    at = "2026-01-27T11:00:00Z"
    news = {"local_id": "K1", "name": "Minuman", "color": "red", "version": 4, "updated_at": at, "action": "update"}
    bench.pull(categories=[news])
    assert bench.queued() == []  # nothing is left to say


@pytest.mark.parametrize(
    ("is_known", "answer", "operation"),
    [
        (False, refused("Product exists", 422), "update"),
        (False, refused("already exists", 404), "update"),
        (True, refused("Product not found", 404), "create"),
        (True, refused("", 410), "create"),
    ],
)
def test_after_a_lost_answer_the_menu_too_goes_once_the_other_way(
    bench: Bench, is_known: bool, answer: Answered, operation: str
) -> None:
    bench.put("product", product("P1"))
    step = bench.push()
    if is_known:
        bench.settle(step, accepted(step.flight))
        bench.put("product", product("P1", stock=4))
        step = bench.push()
    bench.settle(step, LOST)
    assert bench.settle(next_push(bench), answer) == []
    again = next_push(bench)
    assert [parcel.operation for parcel in again.flight.parcels] == [operation]
    bench.settle(again, answer)
    assert row(bench, "P1").state == "dead" if answer.status != 410 else row(bench, "P1").tries == 1


def test_an_answer_that_says_nothing_of_a_menu_item_asks_for_news_before_it_goes_again(bench: Bench) -> None:
    bench.put("product", product("P1"))
    bench.put("category", {"local_id": "K1", "name": "Minuman"})
    step = bench.push()
    assert bench.settle(step, told(step.flight, {"K1": OK})) == [Sent(1), Behind()]
    assert bench.send().flight.kind is Kind.PULL


# -- the cloud fails


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (answered({"success": False, "error": "pq: too long"}, 500), "R-DATA", "pq: too long"),
        (answered({"success": False}, 503), "R-TRIES", "3"),
        (Answered(status=502, headers={}, body=b"<html>Bad Gateway</html>"), "R-TRIES", "3"),
        # Without the envelope they may be about the address, and not about the record.
        (answered({"detail": "table unknown"}, 404), "R-DATA", "table unknown"),
        (answered({"error": "table unknown"}, 410), "R-DATA", "table unknown"),
    ],
)
def test_three_equal_5xx_or_strange_404_for_a_lone_record_while_other_calls_pass_need_a_person(
    bench: Bench, answer: Answered, code: str, words: str
) -> None:
    orders(bench, 1)
    for _ in range(3):
        assert row(bench, "A0").state == "ready"
        bench.settle(next_push(bench), answer)  # a pull passes before each
    assert (row(bench, "A0").state, row(bench, "A0").error_code, row(bench, "A0").error) == ("dead", code, words)


NOT_OURS = [Answered(status=status, headers={}, body=b) for status in (404, 422) for b in (b"<html>", b'{"d', b"[]")]


@pytest.mark.parametrize("answer", [answered({"success": False}, 408), LOST, HTML, answered({}, 200), *NOT_OURS])
def test_what_says_nothing_of_the_record_never_blames_it(bench: Bench, answer: Answered | Lost) -> None:
    orders(bench, 1)
    for _ in range(12):
        bench.settle(next_push(bench), answer)
    assert (bench.queued(), row(bench, "A0").tries) == ([("A0", "ready")], 0)


def test_after_a_5xx_the_next_call_is_a_pull(bench: Bench) -> None:
    orders(bench, 1)
    bench.settle(bench.later(0.2).send(), answered({"success": False}, 500))
    assert bench.later(2).send().flight.kind is Kind.PULL


def test_after_an_answer_that_was_lost_the_sale_goes_first(bench: Bench) -> None:
    orders(bench, 1)
    bench.settle(bench.later(0.2).send(), LOST)
    assert names(bench.later(2).send()) == ["A0"]


def test_no_deletion_counts_as_done_at_an_address_that_nobody_knows(bench: Bench) -> None:
    bench.put("product", product())
    bench.settle(step := next_push(bench), accepted(step.flight))
    bench.put("product", product(), "delete")
    for _ in range(3):  # other calls pass meanwhile
        bench.settle(next_push(bench), answered({"detail": "Not Found"}, 404))
    assert bench.queued() == [("P1", "dead")]  # for a person to see, and not as if headquarters had heard


@pytest.mark.parametrize("between", [LOST, KEY_REFUSED, answered({"success": False, "retry_after": 1}, 429)])
def test_only_three_strange_answers_in_a_row_are_somebody_elses(bench: Bench, between: Answered | Lost) -> None:
    codes = []
    for answer in (HTML, HTML, between, HTML, HTML, HTML):
        bench.engine.do(SyncNow(), bench.later(130).now)
        codes += [event.code for event in bench.settle(bench.send(), answer) if isinstance(event, Stopped)]
    assert codes[-3:] == ["N-PORTAL", "N-PORTAL", "N-ANSWER"]
    assert "N-ANSWER" not in codes[:-1]


# -- 429, 401


@pytest.mark.parametrize(
    ("headers", "fields", "seconds"),
    [
        ({"retry-after": "7"}, {"retry_after": 30}, 7),
        ({}, {"retry_after": 30}, 30),
        ({}, {}, 60),
        ({"retry-after": "7200"}, {}, 3600),
        ({}, {"retry_after": 86400}, 3600),
        ({"retry-after": "nonsense"}, {}, 60),
    ],
)
def test_a_429_waits_what_it_says_through_restarts_and_is_no_fault_of_the_line(
    bench: Bench, headers: dict[str, str], fields: dict[str, Any], seconds: int
) -> None:
    orders(bench, 1)
    bench.settle(bench.push(), LOST)
    assert bench.engine.status(bench.now).state is State.OFFLINE
    step = next_push(bench)
    assert bench.settle(step, answered({"success": False, **fields}, 429, headers)) == [Stopped("N-RATE")]
    for _ in range(2):
        rest = bench.wait()
        assert bench.engine.status(bench.now).state is State.WAITING
        assert rest.why is Why.RATE_LIMITED
        assert rest.at == pytest.approx(bench.at_s + seconds)
        bench.restart()
    bench.later(seconds)
    assert isinstance(bench.next(), Send)


def test_a_refused_key_stops_everything_and_is_tried_each_minute(bench: Bench) -> None:
    orders(bench, 1)
    assert bench.settle(bench.push(), KEY_REFUSED) == [KeyRefused()]
    for _ in range(3):
        assert bench.settle(bench.send(), KEY_REFUSED) == [Stopped("N-KEY")]
        assert bench.engine.status(bench.now).state is State.ATTENTION
        assert (bench.wait().at, bench.later(59).wait().why) == (bench.at_s + 1, Why.REFUSED)
        bench.later(1)
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    assert (bench.engine.status(bench.now).trouble, bench.queued()) == (None, [])
    orders(bench, 2)
    assert bench.settle(bench.push(), KEY_REFUSED) == [KeyRefused()]  # one is no proof, again


def test_a_new_key_ends_the_wait_and_a_pause_of_a_person_stays(bench: Bench) -> None:
    orders(bench, 1)
    for _ in range(2):
        bench.settle(bench.push(), KEY_REFUSED)
    bench.engine.do(Pause(), bench.now)
    bench.engine.do(KeyChanged(), bench.now)
    assert bench.next() == WaitUntil(None, Why.PAUSED)
    bench.engine.do(Resume(), bench.now)
    assert isinstance(bench.next(), Send)  # long before the next probe of the key
