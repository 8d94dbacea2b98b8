"""What a person decides over records: every state of a row, every decision (`rules.md`, "Row states")."""

import json
from typing import Any

import pytest
from tests.builders import Bench, accepted, body, order, product, refused, results, sent, transaction
from tests.sync.rows import STATES, State, dead, decide, due_push, known, next_push, tries

from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.errors import InputRefused, StoreFailed
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.halts import Halts
from outlet_sync_gui.sync.clock import to_ms
from outlet_sync_gui.sync.commands import AnswerQuestion, Discard, Edit, Retry
from outlet_sync_gui.sync.exchange import WaitUntil


def retry(*names: str) -> Retry:
    return Retry(who="Rina", names=names)


def discard(*names: str, reason: str = "twice") -> Discard:
    return Discard(who="Rina", names=names, reason=reason)


def edit(name: str, data: object) -> Edit:
    return Edit(who="Rina", name=name, content=json.dumps(data).encode())


def refuse(bench: Bench, local_id: str = "A1", **fields: Any) -> None:
    """An order that the cloud refuses."""
    bench.put("order", order(local_id, **fields))
    bench.settle(bench.push(), refused("Table B-12 not registered"))


def deeds(bench: Bench, name: str) -> list[tuple[What, str, str]]:
    return [(deed.what, deed.who, deed.why) for deed in bench.store.activity.of(known(bench, name).record_id)]


# -- retry


def test_a_refused_record_goes_again_with_the_same_version_and_count_0(bench: Bench) -> None:
    refuse(bench)
    decide(bench, retry("order/A1"))
    assert bench.queued() == [("A1", "ready")]
    assert sent(bench.later(1).push()) == [("A1", 1)]
    assert deeds(bench, "order/A1") == [(What.RETRIED, "Rina", "")]


def test_a_row_that_waits_for_its_lane_goes_at_once(bench: Bench) -> None:
    bench.put("cashier_shift", {"local_id": "S1"})
    assert isinstance(bench.later(1).next(), WaitUntil)
    decide(bench, retry("cashier_shift/S1"))
    assert sent(bench.send()) == [("S1", 1)]


def test_what_was_sent_goes_again_above_the_version_that_was_accepted(bench: Bench) -> None:
    bench.put("order", order("A1", total_amount=7))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    decide(bench, retry("order/A1"))
    again = bench.push()
    assert sent(again) == [("A1", 2)]
    assert body(again.request)["total_amount"] == 7
    bench.settle(again, accepted(again.flight))
    assert bench.queued() == []


def test_what_was_discarded_can_go_again(bench: Bench) -> None:
    refuse(bench)
    decide(bench, discard("order/A1"))
    decide(bench, retry("order/A1"))
    assert bench.queued() == [("A1", "ready")]


def test_what_is_out_is_not_touched(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.push()
    for decision in (retry("order/A1"), discard("order/A1"), edit("order/A1", order("A1"))):
        with pytest.raises(InputRefused, match="row_sending"):
            decide(bench, decision)
    assert bench.queued() == [("A1", "sending")]


def test_what_is_held_wants_a_choice_first(bench: Bench) -> None:
    hold(bench)
    for decision in (retry("product/P1"), edit("product/P1", product("P1"))):
        with pytest.raises(InputRefused, match="row_held"):
            decide(bench, decision)


def test_a_blocked_payment_goes_when_its_order_is_through(bench: Bench) -> None:
    refuse(bench)
    bench.put("transaction", transaction("T1", "A1"))
    decide(bench, retry("transaction/T1"))
    assert ("T1", "blocked") in bench.queued()


def test_all_refused_records_go_again(bench: Bench) -> None:
    for n in range(2):
        bench.put("order", order(f"A{n}"))
    step = bench.push()
    bench.settle(step, results(step.flight, {"A0": "no", "A1": "not either"}))
    decide(bench, Retry(who="Rina"))
    assert bench.queued() == [("A0", "ready"), ("A1", "ready")]


def test_an_unknown_name_is_refused_and_the_others_stay_as_they_were(bench: Bench) -> None:
    refuse(bench)
    with pytest.raises(InputRefused, match="row_unknown"):
        decide(bench, retry("order/A1", "order/none"))
    assert bench.queued() == [("A1", "dead")]


def test_a_decision_that_the_disk_does_not_take_whole_did_not_happen(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(bench)
    with monkeypatch.context() as patch:
        patch.setattr(Halts, "probe_all_at", full)  # the last write of a decision
        with pytest.raises(StoreFailed):
            bench.engine.do(discard("order/A1"), bench.now)
    assert bench.queued() == [("A1", "dead")]
    bench.engine.do(discard("order/A1"), bench.now)
    assert bench.queued() == []


def full(*_: object) -> None:
    raise StoreFailed("disk_full", {})


# -- discard


def test_a_discarded_row_ends_and_its_reason_is_kept(bench: Bench) -> None:
    refuse(bench)
    decide(bench, discard("order/A1", reason="entered twice"))
    assert bench.queued() == []
    assert deeds(bench, "order/A1") == [(What.DISCARDED, "Rina", "entered twice")]


def test_the_same_content_from_the_till_does_not_bring_a_discarded_one_back_newer_does(bench: Bench) -> None:
    refuse(bench)
    decide(bench, discard("order/A1"))
    bench.put("order", order("A1"))
    assert bench.queued() == []
    bench.put("order", order("A1", total_amount=11))
    assert bench.queued() == [("A1", "ready")]


def test_what_may_have_arrived_before_it_was_discarded_is_still_deleted_there(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.push()
    bench.restart()  # its answer never comes
    decide(bench, discard("order/A1"))
    bench.put("order", {"local_id": "A1"}, "delete")
    step = bench.push()
    assert [(parcel.local_id, parcel.operation) for parcel in step.flight.parcels] == [("A1", "delete")]


def test_the_payments_of_a_discarded_order_are_free(bench: Bench) -> None:
    refuse(bench)
    bench.put("transaction", transaction("T1", "A1"))
    decide(bench, discard("order/A1"))
    assert bench.queued() == [("T1", "ready")]


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_is_wanted(bench: Bench, reason: str) -> None:
    refuse(bench)
    with pytest.raises(InputRefused, match="reason_missing"):
        decide(bench, discard("order/A1", reason=reason))
    assert bench.queued() == [("A1", "dead")]


def test_a_discarded_edit_of_the_menu_falls_back_to_what_was_agreed(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    decide(bench, discard("product/P1"))
    assert loads_stored(known(bench, "product/P1").payload)["price"] == 35000
    assert bench.queued() == []


def test_a_discarded_edit_that_was_held_leaves_headquarters_word(bench: Bench) -> None:
    hold(bench)
    decide(bench, discard("product/P1"))
    assert loads_stored(known(bench, "product/P1").payload)["price"] == 40000
    assert bench.queued() == []


# -- edit


def test_an_edited_record_goes_with_a_new_version(bench: Bench) -> None:
    refuse(bench, table_number="B-12")
    decide(bench, edit("order/A1", order(table_number="B-02")))
    step = bench.later(1).push()
    assert (sent(step), body(step.request)["table_number"]) == ([("A1", 2)], "B-02")
    (deed,) = bench.store.activity.of(known(bench, "order/A1").record_id)
    assert deed.before is not None
    assert deed.after is not None
    assert (loads_stored(deed.before)["table_number"], loads_stored(deed.after)["table_number"]) == ("B-12", "B-02")


def test_what_the_till_says_again_does_not_undo_the_edit(bench: Bench) -> None:
    refuse(bench, table_number="B-12")
    decide(bench, edit("order/A1", order(table_number="B-02")))
    bench.put("order", order(table_number="B-12"))
    step = bench.later(1).push()
    assert body(step.request)["table_number"] == "B-02"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (order("A2"), "local_id_fixed"),
        (order(total_amount=10.5), "money_fraction"),
        (["no", "object"], "not_an_object"),
        (order(outlet_code="JKT-999"), "other_outlet"),
    ],
)
def test_an_edit_passes_the_same_door_as_the_till(bench: Bench, data: object, code: str) -> None:
    refuse(bench)
    with pytest.raises(InputRefused, match=code):
        decide(bench, edit("order/A1", data))
    assert bench.queued() == [("A1", "dead")]


def test_the_number_need_not_be_said_again(bench: Bench) -> None:
    refuse(bench)
    decide(bench, edit("order/A1", {key: value for key, value in order().items() if key != "local_id"}))
    assert sent(bench.later(1).push()) == [("A1", 2)]


@pytest.mark.parametrize("decision", [edit("order/A1", order()), discard("order/A1")])
def test_what_is_not_queued_can_be_neither_edited_nor_discarded(bench: Bench, decision: Edit | Discard) -> None:
    bench.put("order", order("A1"))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    with pytest.raises(InputRefused, match="row_unknown"):
        decide(bench, decision)


@pytest.mark.parametrize(("number", "choice", "code"), [(99, "retry", "question_unknown"), (1, "no", "choice_unknown")])
def test_a_question_that_nobody_asked_is_not_answered(bench: Bench, number: int, choice: str, code: str) -> None:
    with pytest.raises(InputRefused, match=code):
        decide(bench, AnswerQuestion(who="Rina", question_id=number, choice=choice))


# -- one order, in each state


def mend(**fields: Any) -> Edit:
    return edit("order/A1", order("A1", **fields))


@pytest.mark.parametrize("state", STATES)
def test_a_retry_is_due_now_with_the_same_version_and_count_0(bench: Bench, state: State) -> None:
    state(bench)
    decide(bench, Retry(who="Rina", names=("order/A1",)))
    assert (bench.queued(), tries(bench)) == ([("A1", "ready")], {"A1": 0})
    assert sent(due_push(bench)) == [("A1", 1)]


@pytest.mark.parametrize("state", STATES)
def test_an_edit_is_a_new_version(bench: Bench, state: State) -> None:
    state(bench)
    decide(bench, mend(table_number="B-02"))
    step = next_push(bench)
    assert (sent(step), body(step.request)["table_number"]) == ([("A1", 2)], "B-02")


@pytest.mark.parametrize("is_told", [True, False])
def test_an_edit_that_tells_no_time_leaves_the_sale_on_its_business_day(bench: Bench, *, is_told: bool) -> None:
    timeless = {name: value for name, value in order().items() if not name.endswith("_at")}
    bench.put("order", order() if is_told else timeless)
    made_at = loads_stored(known(bench).payload)["created_at"]
    decide(bench.later(2 * 86_400), edit("order/A1", {**timeless, "total_amount": 12}))
    assert loads_stored(known(bench).payload)["created_at"] == made_at
    assert bench.store._db.rows("SELECT at FROM sale") == [(to_ms(made_at),)]


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


def agree(bench: Bench) -> None:
    bench.put("product", product())
    step = bench.push()
    bench.settle(step, accepted(step.flight))


def hold(bench: Bench) -> None:
    """A price changed here and at headquarters."""
    agree(bench)
    bench.put("product", product(price=38000))
    later = "2026-01-27T11:00:00Z"
    news = {"local_id": "P1", "cloud_id": "c-P1", "name": "Nasi", "price": 40000, "version": 2, "updated_at": later}
    bench.later(400)
    bench.pull(products=[news])
    assert bench.queued() == [("P1", "held")]
