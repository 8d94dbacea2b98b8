"""After a lost answer, and after "it exists already": what had arrived is found out, not guessed."""

from pathlib import Path
from typing import Any

import pytest
from tests.builders import SETTINGS, START_MS, Bench, accepted, answered, body, order, product, pulled, refused, sent

from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.status import State, Trouble
from outlet_sync_gui.sync.commands import LineUp, Retry, SyncNow
from outlet_sync_gui.sync.events import Behind, Failed, Stopped
from outlet_sync_gui.sync.exchange import Answered, Kind, Lost, Send, Why

LOST = Lost(Trouble(code="N-CLOUD"))
HTML = Answered(status=200, headers={}, body=b"<html>Wi-Fi</html>")
EXISTS = "Product already exists with different data"
LATER = "2026-01-27T11:00:00Z"


def after_lost_answer(bench: Bench) -> Send:
    """The same record once more."""
    bench.settle(bench.push(), LOST)
    return bench.later(150).push()


def operation(bench: Bench) -> str:
    return bench.store.views.queue()[0].operation


@pytest.mark.parametrize("answer", [refused("Order exists", 422), refused("", 409), refused("already exists", 404)])
def test_a_create_that_had_arrived_goes_once_more_as_update_uncounted(bench: Bench, answer: Answered) -> None:
    bench.put("order", order())
    assert bench.settle(after_lost_answer(bench), answer) == []
    assert (bench.queued(), operation(bench)) == ([("A1", "ready")], "update")
    again = bench.later(1).push()
    assert bench.settle(again, answer) == [Failed(1)]


@pytest.mark.parametrize("answer", [refused("Order not found", 404), refused("not found", 422), refused("gone", 410)])
def test_an_update_of_what_is_not_there_goes_once_more_as_create(bench: Bench, answer: Answered) -> None:
    bench.put("order", order())
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("order", order(total_amount=11))
    assert bench.settle(after_lost_answer(bench.later(1)), answer) == []
    assert operation(bench) == "create"


def test_without_a_lost_answer_exists_is_a_refusal(bench: Bench) -> None:
    bench.put("order", order())
    assert bench.settle(bench.push(), refused("Order exists", 422)) == [Failed(1)]


def test_a_delete_of_what_is_not_there_is_done(bench: Bench) -> None:
    bench.put("order", order())
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("order", order(), "delete")
    step = bench.later(1).push()
    result = {"entity_type": "order", "local_id": "A1", "status": "failed", "error": "Order not found"}
    bench.settle(step, answered({"success": True, "data": {"results": [result]}}))
    assert bench.queued() == []


# -- the menu: headquarters' news tells


def there(**fields: Any) -> dict[str, Any]:
    return {"local_id": "P1", "cloud_id": "c-P1", "name": "Nasi", "version": 2, "updated_at": LATER, **fields}


def refused_as_existing(bench: Bench) -> None:
    bench.put("product", product(stock=5))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("product", product(stock=4))
    assert bench.settle(bench.push(), refused(EXISTS)) == [Behind()]
    assert bench.queued() == [("P1", "retry")]


def test_a_menu_item_that_headquarters_changed_is_merged_and_goes_above_its_version(bench: Bench) -> None:
    refused_as_existing(bench)
    bench.pull(products=[there(price=40000, version=7)])
    step = bench.later(1).push()
    sent_now = body(step.request)
    assert {name: sent_now[name] for name in ("price", "stock", "version")} == {
        "price": 40000,
        "stock": 4,
        "version": 8,
    }


def test_that_is_done_once_only(bench: Bench) -> None:
    refused_as_existing(bench)
    bench.pull(products=[there(price=40000, version=7)])
    assert bench.settle(bench.later(1).push(), refused(EXISTS)) == [Failed(1)]
    assert bench.queued() == [("P1", "dead")]


def test_without_news_of_it_a_person_must_look(bench: Bench) -> None:
    refused_as_existing(bench)
    bench.pull()
    assert bench.queued() == [("P1", "dead")]


def test_a_pull_that_fails_decides_nothing(bench: Bench) -> None:
    refused_as_existing(bench)
    bench.settle(bench.send(), LOST)
    assert bench.queued() == [("P1", "retry")]


def test_news_that_holds_what_was_sent_ends_the_row(bench: Bench) -> None:
    bench.put("product", product(stock=5))
    bench.settle(bench.push(), LOST)
    bench.later(150)
    bench.pull(products=[there(price=35000, stock=5, version=1)])
    assert bench.queued() == []


def test_news_that_holds_another_price_than_was_sent_holds_the_row(bench: Bench) -> None:
    bench.put("product", product())
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("product", product(price=38000))
    bench.settle(bench.push(), LOST)
    bench.later(150)
    bench.pull(products=[there(price=41000)])
    assert bench.queued() == [("P1", "held")]
    bench.put("product", product(price=41000))  # the till takes headquarters' price
    assert bench.queued() == []


def test_a_deletion_there_with_only_stock_unsent_here_just_applies(bench: Bench) -> None:
    bench.put("product", product(stock=5))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("product", product(stock=4))
    bench.later(400)
    bench.pull(deleted=[{"entity_type": "product", "local_id": "P1", "deleted_at": LATER}])
    assert bench.queued() == []


def test_a_refused_menu_item_that_headquarters_deletes_ends(bench: Bench) -> None:
    bench.put("product", product())
    bench.settle(bench.push(), refused("no"))
    bench.later(400)
    bench.pull(deleted=[{"entity_type": "product", "local_id": "P1", "deleted_at": LATER}])
    assert bench.queued() == []
    found = bench.store.records.find("product", "P1")
    assert found is not None
    assert [deed.what.value for deed in bench.store.activity.of(found.record_id)] == ["gone"]


def test_a_stock_counted_on_both_sides_is_added_up(bench: Bench) -> None:
    bench.put("product", product(stock=50))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("product", product(stock=47))
    bench.later(400)
    bench.pull(products=[there(stock=60)])
    found = bench.store.records.find("product", "P1")
    assert found is not None
    assert loads_stored(found.payload)["stock"] == 57


# -- the line


@pytest.mark.parametrize(
    ("status", "code", "words"), [(400, "N-CLOUD", "since: no time"), (404, "N-PORTAL", None), (413, "N-CLOUD", "")]
)
def test_a_pull_that_is_refused_without_the_envelope_fails_with_its_words(
    bench: Bench, status: int, code: str, words: str | None
) -> None:
    bench.engine.do(SyncNow(), bench.now)
    detail = [{"loc": ["since"], "msg": "no time"}]
    assert bench.settle(bench.send(), answered({"detail": detail}, status)) == [Stopped(code)]
    trouble = bench.engine.status(bench.now).trouble
    assert trouble is not None
    assert dict(trouble.facts).get("words") == words


def test_three_answers_that_are_not_headquarters_need_a_person(bench: Bench) -> None:
    bench.put("order", order())
    events = []
    for _ in range(3):
        events += bench.settle(bench.later(150).send(), HTML)
    assert events[-1] == Stopped("N-ANSWER")
    assert bench.engine.status(bench.now).state is State.ATTENTION
    step = bench.later(150).push()
    bench.settle(step, accepted(step.flight))
    assert bench.engine.status(bench.now).trouble is None


def test_a_line_that_comes_up_ends_the_back_off_and_starts_it_anew(bench: Bench) -> None:
    bench.put("order", order())
    for _ in range(6):
        bench.settle(bench.later(150).push(), LOST)
    assert bench.wait().why is Why.BACKOFF
    bench.engine.do(LineUp(), bench.now)
    step = bench.send()
    assert step.flight.kind is Kind.PULL
    bench.settle(step, LOST)
    assert (bench.wait().at or 0) - bench.at_s <= 1


def test_a_line_that_comes_up_does_not_end_a_429(bench: Bench) -> None:
    bench.put("order", order())
    bench.settle(bench.push(), answered({"success": False, "retry_after": 60}, 429))
    bench.engine.do(LineUp(), bench.now)
    assert bench.wait().why is Why.RATE_LIMITED


def test_gathering_stretches_as_the_limit_runs_low_so_that_it_never_runs_dry(bench: Bench) -> None:
    """A sale every 50 ms for three minutes: no sale ever waits for a free slot as long as a second and a half."""
    waits, sent_at = [], bench.at_s
    for n in range(3600):
        bench.put("order", order(f"A{n}"))
        step = bench.later(0.05).next()
        if isinstance(step, Send):
            waits.append(bench.at_s - sent_at)
            sent_at = bench.at_s
            bench.settle(step, pulled() if step.flight.kind is Kind.PULL else accepted(step.flight))
    assert max(waits) < 1.5
    assert len(waits) > 200


def test_low_lane_goes_at_the_first_idle_moment_after_closing_time(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"closing_time": "22:00"}))  # 10.30 in Jakarta now
    bench.pull()
    bench.put("cashier_shift", {"local_id": "S1"})
    due: list[tuple[str, int]] = []
    while not due:
        step = bench.later(60).next()
        if isinstance(step, Send) and step.flight.kind is Kind.PULL:
            bench.settle(step, pulled())
        elif isinstance(step, Send):
            due = sent(step)
    hours = (bench.wall_ms - START_MS) / 3_600_000
    assert (due, 11.5 <= hours < 11.6) == ([("S1", 1)], True)


# -- found by the simulation


def test_a_delete_that_was_out_when_the_record_came_back_does_not_end_it(bench: Bench) -> None:
    bench.put("order", order())
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("order", order(), "delete")
    step = bench.later(1).push()
    bench.put("order", order(total_amount=11))
    bench.settle(step, accepted(step.flight))
    bench.put("order", order(), "delete")
    step = bench.later(1).push()
    assert [(parcel.local_id, parcel.operation) for parcel in step.flight.parcels] == [("A1", "delete")]


def test_a_payment_that_was_refused_before_its_order_came_goes_behind_it_when_tried_again(bench: Bench) -> None:
    bench.put("transaction", {"local_id": "T1", "order_id": "A1", "total_amount": 10, "payment_method": "cash"})
    bench.settle(bench.push(), refused("no"))
    bench.put("order", order("A1"))
    bench.engine.do(Retry(who="Rina"), bench.now)
    assert bench.queued() == [("T1", "blocked"), ("A1", "ready")]
    assert [local_id for local_id, _ in sent(bench.later(1).push())] == ["A1", "T1"]


def test_the_tills_first_word_about_headquarters_item_does_not_undo_its_price(bench: Bench) -> None:
    bench.later(400)
    bench.pull(products=[there(price=40000)])
    bench.put("product", product(stock=5))  # the till still says 35000
    step = bench.push()
    assert {name: body(step.request)[name] for name in ("price", "stock")} == {"price": 40000, "stock": 5}


def test_a_429_outlives_a_restart_in_the_same_millisecond_and_a_clock_set_forward(bench: Bench) -> None:
    bench.at_s += 0.0004999
    bench.put("order", order())
    bench.settle(bench.push(), answered({"success": False, "retry_after": 20}, 429))
    bench.wall_ms += 4000
    bench.restart()
    assert (bench.wait().at or 0) - bench.at_s > 19.9
