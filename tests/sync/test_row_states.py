"""The table of row states (`rules.md`): each event in each state. Conflicts have tests of their own."""

import json
from collections.abc import Callable
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
    pulled,
    refused,
    results,
    sent,
    transaction,
)

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.status import RowState, Trouble
from outlet_sync_gui.store.records import Known
from outlet_sync_gui.sync.commands import Decision, Discard, Edit, Retry
from outlet_sync_gui.sync.events import Failed, Sent
from outlet_sync_gui.sync.exchange import Kind, Lost, Send
from outlet_sync_gui.sync.pull import apply_change

LOST = Lost(Trouble(code="N-CLOUD"))
LATER = "2026-01-27T11:00:00Z"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.pull()
    return made


# -- one order, A1, brought into each state; A2 stands behind it in the line


def ready(bench: Bench) -> None:
    bench.put("order", order("A1"))


def retry(bench: Bench) -> None:
    """Refused without a reason: it goes again by itself."""
    ready(bench)
    bench.settle(bench.push(), refused(""))
    assert bench.queued() == [("A1", "retry")]


def unknown(bench: Bench) -> None:
    """Its answer was lost."""
    ready(bench)
    bench.settle(bench.push(), LOST)


def restarted(bench: Bench) -> None:
    """The program died with it on the way."""
    ready(bench)
    bench.push()
    bench.restart()
    bench.pull()


def dead(bench: Bench) -> None:
    ready(bench)
    bench.settle(bench.push(), refused("no such table"))
    assert bench.queued() == [("A1", "dead")]


def sending(bench: Bench) -> Send:
    ready(bench)
    return bench.push()


State = Callable[[Bench], None]
TRIED: tuple[State, ...] = (retry, unknown, restarted, dead)
STATES: tuple[State, ...] = (ready, *TRIED)


def known(bench: Bench, name: str = "order/A1") -> Known:
    found = bench.store.records.named(name)
    assert found is not None
    return found


def tries(bench: Bench) -> dict[str, int]:
    return {row.local_id: row.tries for row in bench.store.views.queue()}


def next_push(bench: Bench) -> Send:
    """The next one that is due, however long that takes."""
    return bench.later(130).push()


def due_push(bench: Bench) -> Send:
    """The one that is due now, without a person's word; a pull brings nothing."""
    step = bench.send()
    while step.flight.kind is Kind.PULL:
        bench.settle(step, pulled())
        step = bench.send()
    return step


def operations(step: Send) -> list[tuple[str, str]]:
    return [(parcel.local_id, parcel.operation) for parcel in step.flight.parcels]


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


# -- a person


def decide(bench: Bench, decision: Decision) -> None:
    bench.engine.do(decision, bench.now)


def edit(**fields: Any) -> Edit:
    return Edit(who="Rina", name="order/A1", content=json.dumps(order("A1", **fields)).encode())


@pytest.mark.parametrize("state", STATES)
def test_a_retry_is_due_now_with_the_same_version_and_count_0(bench: Bench, state: State) -> None:
    state(bench)
    decide(bench, Retry(who="Rina", names=("order/A1",)))
    assert (bench.queued(), tries(bench)) == ([("A1", "ready")], {"A1": 0})
    assert sent(due_push(bench)) == [("A1", 1)]


@pytest.mark.parametrize("state", STATES)
def test_an_edit_is_a_new_version(bench: Bench, state: State) -> None:
    state(bench)
    decide(bench, edit(table_number="B-02"))
    step = next_push(bench)
    assert (sent(step), body(step.request)["table_number"]) == ([("A1", 2)], "B-02")


def test_an_edited_payment_stays_behind_its_order(bench: Bench) -> None:
    dead(bench)
    bench.put("transaction", transaction("T1", "A1"))
    mended = Edit(who="Rina", name="transaction/T1", content=b'{"order_id": "A1", "payment_method": "qris"}')
    decide(bench, mended)
    assert ("T1", "blocked") in bench.queued()
    assert known(bench, "transaction/T1").version == 2


@pytest.mark.parametrize("state", STATES)
def test_a_discarded_row_ends_and_its_payments_go(bench: Bench, state: State) -> None:
    state(bench)
    bench.put("transaction", transaction("T1", "A1"))
    decide(bench, Discard(who="Rina", names=("order/A1",), reason="twice"))
    assert bench.queued() == [("T1", "ready")]
    assert sent(next_push(bench)) == [("T1", 1)]


def test_a_blocked_payment_can_be_discarded(bench: Bench) -> None:
    dead(bench)
    bench.put("transaction", transaction("T1", "A1"))
    decide(bench, Discard(who="Rina", names=("transaction/T1",), reason="twice"))
    assert bench.queued() == [("A1", "dead")]


@pytest.mark.parametrize(
    "decision", [Retry(who="R", names=("order/A1",)), edit(), Discard(who="R", names=("order/A1",), reason="r")]
)
def test_what_is_being_sent_is_refused_to_a_person(bench: Bench, decision: Decision) -> None:
    sending(bench)
    with pytest.raises(InputRefused, match="row_sending"):
        decide(bench, decision)


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
