"""The table of row states (`rules.md`): each event in each state. Conflicts have tests of their own."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.builders import (
    SETTINGS,
    Bench,
    accepted,
    answered,
    body,
    order,
    product,
    refused,
    results,
    sent,
    transaction,
)
from tests.sync.rows import (
    LOST,
    STATES,
    TRIED,
    State,
    dead,
    decide,
    due_push,
    known,
    next_push,
    operations,
    ready,
    retry,
    sending,
    tries,
    unknown,
)

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.status import RowState
from outlet_sync_gui.sync.commands import Retry
from outlet_sync_gui.sync.door import apply_change
from outlet_sync_gui.sync.events import Failed, Sent

LATER = "2026-01-27T11:00:00Z"


# -- newer content


@pytest.mark.parametrize("state", STATES)
def test_newer_content_replaces_in_place_and_counts_from_0(bench: Bench, state: State) -> None:
    state(bench)
    bench.put("order", order("A2"))
    bench.put("order", order("A1", total_amount=11))
    assert bench.queued() == [("A1", "ready"), ("A2", "ready")]
    assert tries(bench)["A1"] == 0
    step = next_push(bench)
    assert sent(step) == [("A1", 2), ("A2", 1)]
    assert operations(step)[0] == ("A1", "create")
    assert body(step.request)["items"][0]["data"]["total_amount"] == 11


def test_newer_content_while_it_is_out_goes_behind_it_and_alone(bench: Bench) -> None:
    step = sending(bench)
    for amount in (11, 12):
        bench.put("order", order("A1", total_amount=amount))
    bench.settle(step, LOST)
    again = next_push(bench)
    assert (sent(again), body(again.request)["total_amount"]) == ([("A1", 3)], 12)
    assert bench.settle(again, accepted(again.flight)) == [Sent(1)]
    assert bench.queued() == []


@pytest.mark.parametrize(
    ("order_id", "state", "waits_for"),
    [("A1", "blocked", "A1"), ("A2", "blocked", "A2"), ("A3", "ready", None), ("unknown", "ready", None)],
)
def test_newer_content_of_a_blocked_payment_is_judged_again(
    bench: Bench, order_id: str, state: str, waits_for: str | None
) -> None:
    bench.put("order", order("A3"))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("order", order("A3", total_amount=12))  # accepted once: blocks nothing
    for name in ("A1", "A2"):
        bench.put("order", order(name))
    bench.put("transaction", transaction("T1", "A1"))
    bench.put("transaction", transaction("T1", order_id, total_amount=12))
    assert dict(bench.queued())["T1"] == state
    (waiting,) = bench.store.outbox.load([known(bench, "transaction/T1").record_id])
    assert waiting.blocked_by == (known(bench, f"order/{waits_for}").record_id if waits_for else None)


# -- a delete of the POS


@pytest.mark.parametrize("state", TRIED)
def test_a_delete_of_what_was_tried_is_sent(bench: Bench, state: State) -> None:
    state(bench)
    bench.put("order", order("A1"), "delete")
    assert operations(next_push(bench)) == [("A1", "delete")]


def test_a_delete_of_what_never_left_ends_the_row_and_frees_its_payments(bench: Bench) -> None:
    ready(bench)
    bench.put("transaction", transaction("T1", "A1"))
    assert bench.queued() == [("A1", "ready"), ("T1", "blocked")]
    bench.put("order", order("A1"), "delete")
    assert bench.queued() == [("T1", "ready")]


def test_a_delete_of_a_blocked_payment_that_never_left_ends_its_row(bench: Bench) -> None:
    dead(bench)
    bench.put("transaction", transaction("T1", "A1"))
    bench.put("transaction", transaction("T1", "A1"), "delete")
    assert bench.queued() == [("A1", "dead")]


def test_a_delete_of_what_was_too_big_to_leave_ends_its_row(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"batch_max_bytes": 10_000}))
    bench.pull()
    bench.put("order", order("A1", notes="x" * 10_000))
    bench.later(1).wait()
    assert bench.queued() == [("A1", "dead")]
    bench.put("order", order("A1"), "delete")
    assert bench.queued() == []


def test_a_delete_carries_ids_outlet_version_and_time_alone(bench: Bench) -> None:
    bench.put("product", product("P1", stock=5))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("product", {**product("P1", stock=5), "deleted_at": LATER}, "delete")
    (item,) = body(bench.push().request)["items"]
    assert item["operation"] == "delete"
    assert item["data"] == {
        "outlet_id": bench.settings.outlet_id,
        "outlet_code": bench.settings.outlet_code,
        "version": 2,
        "local_id": "P1",
        "cloud_id": "c-P1",
        "deleted_at": LATER,
    }


# -- accepted


def test_an_accepted_order_ends_and_frees_the_payments_that_came_meanwhile(bench: Bench) -> None:
    step = sending(bench)
    bench.put("transaction", transaction("T1", "A1"))
    assert bench.queued() == [("A1", "sending"), ("T1", "blocked")]
    bench.settle(step, accepted(step.flight))
    assert bench.queued() == [("T1", "ready")]


def test_an_accepted_order_frees_its_payments_even_with_newer_content_queued(bench: Bench) -> None:
    step = sending(bench)
    bench.put("transaction", transaction("T1", "A1"))
    bench.put("order", order("A1", total_amount=12))
    bench.settle(step, accepted(step.flight))
    assert bench.queued() == [("A1", "ready"), ("T1", "ready")]
    assert operations(next_push(bench)) == [("A1", "update"), ("T1", "create")]


@pytest.mark.parametrize(("said", "base"), [(None, 5), (0, 5), (3, 3), (9, 9)])
def test_the_agreed_version_is_the_answers_or_the_one_that_was_sent(bench: Bench, said: int | None, base: int) -> None:
    bench.put("order", order("A1", version=5))
    step = bench.push()
    bench.settle(step, answered({"success": True, "data": {"cloud_id": "c", "version": said}}))
    assert known(bench).base_version == base
    bench.put("order", order("A1", total_amount=12))
    assert sent(bench.push()) == [("A1", max(5, base) + 1)]


def test_only_what_was_sent_is_agreed_when_it_is_accepted(bench: Bench) -> None:
    bench.put("product", product(stock=5))
    step = bench.push()
    bench.put("product", product(stock=4, price=38000))
    bench.settle(step, accepted(step.flight))
    agreed = json.loads(known(bench, "product/P1").base or "{}")
    assert (agreed["stock"], agreed["price"]) == (5, 35000)
    assert bench.queued() == [("P1", "ready")]


# -- refused for its content


def test_newer_content_goes_as_what_it_was_when_the_older_is_refused(bench: Bench) -> None:
    step = sending(bench)
    bench.put("order", order("A1", total_amount=12))
    assert bench.settle(step, refused("no")) == [Failed(1)]
    assert (bench.queued(), tries(bench)) == ([("A1", "ready")], {"A1": 0})
    again = next_push(bench)
    assert operations(again) == [("A1", "create")]
    assert bench.settle(again, refused("Order exists", 422)) == [Failed(1)]  # no answer was lost: a plain refusal


@pytest.mark.parametrize("words", ["no such table", ""])
def test_a_delete_behind_a_refused_creation_ends_the_row(bench: Bench, words: str) -> None:
    step = sending(bench)
    bench.put("transaction", transaction("T1", "A1"))
    bench.put("order", order("A1"), "delete")
    bench.settle(step, refused(words))
    assert (bench.queued(), known(bench).deleted_at is not None) == ([("T1", "ready")], True)


@pytest.mark.parametrize("answer", [refused("Order already exists", 422), refused("", 409)])
def test_a_delete_behind_a_creation_that_the_cloud_has_is_sent(bench: Bench, answer: Any) -> None:
    step = sending(bench)
    bench.put("order", order("A1"), "delete")
    bench.settle(step, answer)
    assert operations(next_push(bench)) == [("A1", "delete")]


@pytest.mark.parametrize("words", ["no such table", "Order exists"])
def test_a_delete_behind_a_creation_that_may_have_arrived_is_sent_as_a_delete(bench: Bench, words: str) -> None:
    unknown(bench)
    step = next_push(bench)
    bench.put("order", order("A1"), "delete")
    bench.settle(step, refused(words))
    assert operations(next_push(bench)) == [("A1", "delete")]


def test_a_lost_answer_stays_in_mind_when_newer_content_is_refused(bench: Bench) -> None:
    unknown(bench)
    bench.put("order", order("A1", total_amount=11))
    bench.settle(next_push(bench), refused("no"))
    bench.put("order", order("A1", total_amount=12))
    assert bench.settle(next_push(bench), refused("Order exists", 422)) == []
    assert operations(next_push(bench)) == [("A1", "update")]


def test_a_held_item_that_is_refused_stays_held(bench: Bench) -> None:
    bench.put("product", product(price=35000))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("product", product(price=38000))
    step = bench.push()
    with bench.store.write():
        apply_change(bench.store, _news("product", "P1", fields='{"price":40000}'), now_ms=bench.wall_ms)
    bench.settle(step, refused("no"))
    assert bench.queued() == [("P1", "held")]


# -- deleted at the cloud


def _news(entity_type: str, local_id: str, *, action: Any = "update", fields: str = "{}") -> CloudChange:
    return CloudChange(
        entity_type=entity_type,
        local_id=local_id,
        cloud_id=None,
        action=action,
        version=9,
        updated_at=LATER,
        fields=fields,
    )


@pytest.mark.parametrize("state", STATES)
def test_a_sale_that_headquarters_deletes_is_left_alone(bench: Bench, state: State) -> None:
    state(bench)
    before = bench.queued()
    for name in ("A1", "A9"):
        with bench.store.write():
            assert not apply_change(bench.store, _news("order", name, action="delete"), now_ms=bench.wall_ms)
    assert (bench.queued(), known(bench).deleted_at) == (before, None)
    assert bench.store.records.named("order/A9") is None


def test_a_deletion_of_an_item_that_is_out_applies_when_it_is_settled(bench: Bench) -> None:
    bench.put("product", product(stock=5))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("product", product(stock=4))
    step = bench.push()
    with bench.store.write():
        apply_change(bench.store, _news("product", "P1", action="delete"), now_ms=bench.wall_ms)
    assert known(bench, "product/P1").deleted_at is None
    bench.settle(step, accepted(step.flight))
    assert (bench.queued(), known(bench, "product/P1").deleted_at) == ([], LATER)


# -- the order of causes, and what survives


def test_a_payment_that_waits_for_its_next_try_waits_for_its_order_first(bench: Bench) -> None:
    """And nothing looks at it meanwhile: a wait that ends in the past would spin."""
    bench.put("transaction", transaction("T1", "A1"))
    bench.settle(bench.push(), refused(""))
    ready(bench)
    step = bench.push()
    bench.settle(step, results(step.flight, {"A1": "no such table", "T1": "no such order"}))
    assert bench.queued() == [("T1", "blocked"), ("A1", "dead")]
    assert (bench.later(100).wait().at or 0) > bench.at_s
    decide(bench, Retry(who="Rina", names=("order/A1",)))
    assert sent(due_push(bench)) == [("A1", 1), ("T1", 1)]


def test_an_item_that_waits_for_its_next_try_is_held_first(bench: Bench) -> None:
    bench.put("product", product(price=35000))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("product", product(price=38000))
    bench.settle(bench.push(), refused(""))
    with bench.store.write():
        apply_change(bench.store, _news("product", "P1", fields='{"price":40000}'), now_ms=bench.wall_ms)
    assert bench.queued() == [("P1", "held")]
    assert (bench.later(100).wait().at or 0) > bench.at_s


def test_five_refusals_without_a_reason_count_across_a_restart(bench: Bench) -> None:
    ready(bench)
    for n in range(5):
        assert bench.queued() == [("A1", "retry" if n else "ready")]
        bench.settle(next_push(bench), refused(""))
        bench.restart()
        bench.pull()
    (row,) = bench.store.views.queue(state=RowState.DEAD)
    assert (row.error_code, row.error, row.tries) == ("R-TRIES", "5", 5)


def test_a_wait_for_the_next_try_is_never_longer_than_two_minutes_after_a_start(bench: Bench) -> None:
    retry(bench)
    bench.wall_ms -= 86_400_000
    bench.restart()
    assert sent(due_push(bench)) == [("A1", 1)]


def test_what_was_sent_or_is_unknown_to_us_can_go_again_by_its_name_alone(bench: Bench) -> None:
    bench.put("order", order("A1"))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("order", order("A1"), "delete")
    step = bench.push()
    bench.settle(step, results(step.flight, {}))
    decide(bench, Retry(who="Rina", names=("order/A1",)))
    assert operations(next_push(bench)) == [("A1", "delete")]
