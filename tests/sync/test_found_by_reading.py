"""What was found by reading the merge with an enemy's eyes, each as a row of its own."""

import json
from pathlib import Path as Folder

import pytest
from tests.builders import (
    SETTINGS,
    START_MS,
    Bench,
    Json,
    accepted,
    answered,
    body,
    order,
    product,
    pulled,
    results,
)
from tests.sync.headquarters import (
    AT_4,
    AT_5,
    AT_6,
    CLOUD,
    LOCAL,
    PRODUCT,
    agree,
    answer,
    choose,
    conflict,
    disputed,
    hear,
    here,
    known,
    news,
    notice,
    question,
    rest,
    sides,
    state,
    tell,
    telling,
    told_delete,
    told_update,
    tombstone,
)
from tests.sync.rows import LOST, decide, operations

from outlet_sync_gui.contract.webhooks import Kind as Path
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.commands import Discard, Edit, Retry, Undo
from outlet_sync_gui.sync.exchange import Kind, Send
from outlet_sync_gui.sync.till import acknowledge

YEAR_MS = 31_536_000_000
BEFORE = iso(START_MS - 600_000)


@pytest.fixture
def bench(tmp_path: Folder) -> Bench:
    return Bench(tmp_path)


def fall_back(bench: Bench, back: str = AT_4) -> None:
    """Headquarters was restored from a backup, hours later."""
    bench.wall_ms += 4 * 3_600_000
    for at in (AT_6, back):
        bench.settle(bench.later(301).send(), pulled(at=at))


def take_all(bench: Bench) -> None:
    """The till takes all that stands in the feed."""
    with bench.store.write():
        acknowledge(bench.store, "pos", bench.store.changes.last_seq(), now_ms=bench.wall_ms)


def nameless(**fields: object) -> Json:
    """A product that headquarters made, and that has no id of the POS."""
    made = news(**fields)  # type: ignore[arg-type] # of its own two names
    del made["local_id"]
    return made


# -- a field of that name is no deletion


def test_a_field_that_says_it_was_never_deleted_makes_no_deletion_of_it(bench: Bench) -> None:
    bench.put("order", order("A1", deleted_at=None))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    decide(bench, Retry(who="Rina", names=("order/A1",)))
    assert operations(bench.push()) == [("A1", "update")]


def test_nor_when_headquarters_says_so_and_all_is_sent_again(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(price=40000, deleted_at=None))
    fall_back(bench, BEFORE)
    answer(bench, "push_again")
    assert operations(bench.push()) == [("P1", "update")]


def test_a_discarded_deletion_is_not_put_back_as_a_field(bench: Bench) -> None:
    agree(bench)
    bench.put("product", {"local_id": "P1"}, "delete")
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    (deed,) = [deed for deed in bench.store.activity.of(known(bench).record_id) if deed.what is What.DISCARDED]
    with pytest.raises(InputRefused, match="undo_over"):
        bench.engine.do(Undo(who="Rina", deed=deed.number), bench.now)
    assert "deleted_at" not in here(bench)


# -- headquarters' own ids


def test_one_id_of_headquarters_for_two_records_stops_nothing(bench: Bench) -> None:
    bench.put("product", product("P1"))
    bench.put("product", product("P2"))
    step = bench.push()
    said = {"entity_type": "product", "status": "success", "cloud_id": "c-1"}
    each = [{**said, "local_id": parcel.local_id} for parcel in step.flight.parcels]
    bench.settle(step, answered({"success": True, "data": {"results": each}}))
    hear(bench, {**news("P2", version=5, name="Soto"), "cloud_id": "c-1"})
    assert here(bench, "product/P2")["name"] == "Soto"


@pytest.mark.parametrize("is_out", [False, True])
def test_a_late_deletion_under_a_former_id_hits_nothing_that_has_another_now(bench: Bench, *, is_out: bool) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    step = bench.push()
    if is_out:
        tell(bench, Path.DELETE, told_delete(at=iso(bench.wall_ms - 2000)))
    bench.settle(step, answered({"success": True, "data": {"cloud_id": "c-new", "local_id": "P1"}}))
    if not is_out:
        tell(bench, Path.DELETE, told_delete(at=AT_4))
    assert (known(bench).cloud_id, known(bench).deleted_at) == ("c-new", None)


def test_a_question_of_one_counting_holds_nothing_of_the_next(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(version=5, price=0))
    for version, at, price in ((1, AT_5, 2000), (2, AT_6, 2500)):
        hear(bench, {**news(version=version, at=at, price=price), "cloud_id": "c-new"})
    assert (here(bench)["price"], bench.store.questions.open()) == (2500, [])


def test_a_row_stays_held_when_its_record_gets_the_tills_id(bench: Bench) -> None:
    hear(bench, nameless(version=5, name="Soto", price=1000))
    told = notice("name", "Mie", version=5)
    del told["local_id"]
    tell(bench, Path.CONFLICT, told)
    choose(bench, LOCAL)
    tell(bench, Path.UPDATE, told_update("P1", version=4, price=900))
    assert state(bench) == "held"  # until headquarters has heard of the choice


def test_two_notices_over_one_field_of_twins_are_both_answered(bench: Bench) -> None:
    drinks = {"cloud_id": "c-1", "name": "Beverages", "version": 3, "updated_at": AT_4, "action": "create"}
    hear(bench, categories=[drinks])
    told = {"event": "sync.conflict", "timestamp": AT_4, "entity_type": "category"}
    asked = {"field": "name", "cloud_value": "Drinks"}
    tell(bench, Path.CONFLICT, {**told, "cloud_id": "c-1", "conflict": {**asked, "id": "X1"}})
    bench.put("category", {"local_id": "K1", "name": "Minuman", "icon": "cup"})
    tell(bench, Path.CONFLICT, {**told, "local_id": "K1", "conflict": {**asked, "cloud_value": "Glass", "id": "X2"}})
    hear(bench, categories=[{**drinks, "local_id": "K1", "version": 4, "name": "Drinks"}])
    conflicts = [conflict(bench), *bench.store.conflicts.telling()]
    assert {"X1", "X2"} <= {field.cloud_conflict_id for found in conflicts for field in found.fields}


# -- what is asked before a price becomes 0


def test_a_twin_that_costs_nothing_is_asked_about(bench: Bench) -> None:
    hear(bench, nameless(version=1, name="Soto", price=0))
    bench.put("product", product(stock=5))
    hear(bench, news(version=1, name="Soto", price=0))
    assert (here(bench)["price"], question(bench).kind) == (35000, "zero_price")


def test_a_policy_gives_nothing_away(tmp_path: Folder) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"conflict_policy": "cloud_wins"}))
    agree(bench)
    tell(bench, Path.CONFLICT, notice(value=0))
    bench.next()
    assert (here(bench)["price"], [*conflict(bench).names]) == (35000, ["price"])


def test_nor_does_an_answer_to_a_choice(bench: Bench) -> None:
    disputed(bench)
    tell(bench, Path.CONFLICT, notice())
    choose(bench, CLOUD)
    bench.settle(telling(bench), answered({"success": True, "data": {"applied_value": 0, "new_version": 3}}))
    assert here(bench)["price"] == 40000
    hear(bench, news(version=3, at=AT_5, price=0))
    assert question(bench).kind == "zero_price"


# -- a cloud that fell back


def test_what_it_lost_is_made_there_again(bench: Bench) -> None:
    bench.put("product", product("P1"))
    bench.put("product", product("P2"))
    step = bench.push()
    bench.settle(step, results(step.flight, {}))
    fall_back(bench, BEFORE)
    answer(bench, "push_again")
    step = bench.push()
    bench.settle(step, results(step.flight, {parcel.local_id: "Product not found" for parcel in step.flight.parcels}))
    assert set(operations(bench.push())) == {("P1", "create"), ("P2", "create")}


def test_what_it_asked_before_is_void_where_the_till_is_right(bench: Bench) -> None:
    disputed(bench)
    fall_back(bench, BEFORE)
    answer(bench, "push_again")
    assert bench.store.conflicts.open() == []
    assert (here(bench)["price"], state(bench)) == (38000, "ready")


@pytest.mark.parametrize("course", ["deleted there", "deleted here", "made anew"])
def test_what_was_deleted_after_the_backup_is_as_it_has_it_where_headquarters_is_right(
    bench: Bench, course: str
) -> None:
    agree(bench)
    if course == "deleted here":
        bench.put("product", {"local_id": "P1"}, "delete")
        step = bench.push()
        bench.settle(step, accepted(step.flight))
        rest(bench)
    else:
        hear(bench, deleted=[tombstone(at=AT_5)])
    if course == "made anew":
        hear(bench, news(version=3, at=AT_6, name="Soto", price=2000))
    fall_back(bench)
    answer(bench, "accept")
    bench.settle(bench.send(), pulled([news(version=1, at=BEFORE, name="Nasi", price=35000)], at=AT_4))
    assert (known(bench).deleted_at, here(bench)["price"]) == (None, 35000)


def test_what_the_till_deletes_before_it_says_anew_what_it_has_is_told(bench: Bench) -> None:
    agree(bench)
    fall_back(bench)
    answer(bench, "accept")
    bench.put("product", {"local_id": "P1"}, "delete")
    bench.settle(bench.send(), pulled([news(version=1, at=BEFORE, name="Nasi", price=35000)], at=AT_4))
    assert known(bench).operation == "delete"


# -- deletions


def test_a_deletion_that_was_out_when_the_program_stopped_goes(bench: Bench) -> None:
    agree(bench)
    bench.put("product", {"local_id": "P1"}, "delete")
    bench.push()
    tell(bench, Path.UPDATE, told_update(version=1, price=35000))  # a late repeat, while it is out
    bench.revive()
    bench.later(3700)
    while isinstance(step := bench.next(), Send):
        bench.settle(step, pulled() if step.flight.kind is Kind.PULL else accepted(step.flight))
    assert bench.queued() == []


def test_which_of_two_that_were_never_answered_was_deleted_is_asked(bench: Bench) -> None:
    agree(bench)
    bench.put("product", {"local_id": "P1"}, "delete")
    bench.settle(bench.push(), LOST)
    hear(bench)
    bench.put("product", product())  # made anew, just as it was
    bench.settle(bench.push(), LOST)
    hear(bench, deleted=[tombstone(at=AT_5)])
    assert conflict(bench).names == {"deleted"}


@pytest.mark.parametrize("choice", ["approve", "refuse"])
def test_what_is_deleted_beside_a_question_stays_so(bench: Bench, choice: str) -> None:
    bench.put("product", product())
    hear(bench, news(version=3, name="Soto", price=0))
    bench.put("product", {"local_id": "P1"}, "delete")
    if bench.store.questions.open():
        answer(bench, choice)
    assert known(bench).operation == "delete"
    assert set(here(bench)) == {"local_id", "deleted_at"}


@pytest.mark.parametrize("how", ["undo", "retry"])
def test_what_was_made_anew_and_discarded_is_made_there_when_it_goes_after_all(bench: Bench, how: str) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    take_all(bench)
    bench.put("product", product(price=38000))
    decide(bench, Discard(who="Rina", names=(PRODUCT,), reason="twice"))
    if how == "undo":
        deed = bench.store.activity.of(known(bench).record_id)[-1]
        bench.engine.do(Undo(who="Rina", deed=deed.number), bench.now)
    else:
        decide(bench, Retry(who="Rina", names=(PRODUCT,)))
    assert operations(bench.push()) == [("P1", "create")]


def test_so_is_what_is_edited_while_its_deletion_is_told_once_more(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    decide(bench, Retry(who="Rina", names=(PRODUCT,)))
    decide(bench, Edit(who="Rina", name=PRODUCT, content=json.dumps(product(price=39000)).encode()))
    assert operations(bench.push()) == [("P1", "create")]


def test_deletions_of_a_time_that_the_clock_left_are_no_flood(bench: Bench) -> None:
    hear(bench, *(news(f"P{n}", version=1, name=f"M{n}", price=5) for n in range(12)))
    for n in range(11):
        bench.later(700)
        tell(bench, Path.DELETE, told_delete(f"P{n}", at=AT_5))
    bench.wall_ms -= YEAR_MS
    tell(bench, Path.DELETE, told_delete("P11", at=AT_5))
    assert bench.store.questions.open() == []


# -- which choice is which field's


def test_an_old_choice_answers_no_price_that_nobody_saw(bench: Bench) -> None:
    disputed(bench)
    choose(bench, LOCAL)
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("product", product(price=38000, name="Mie"))
    tell(bench, Path.UPDATE, told_update(version=9, at=AT_5, name="Soto"))
    choose(bench, CLOUD)
    tell(bench, Path.CONFLICT, notice(value=41000, version=7, name="X9"))
    assert body(telling(bench).request)["strategy"] == "cloud_wins"


def test_a_choice_holds_though_another_field_was_decided_since(bench: Bench) -> None:
    disputed(bench)
    tell(bench, Path.CONFLICT, notice())
    choose(bench, LOCAL, "price", value=39000)
    bench.settle(telling(bench), answered({"success": True, "data": {"applied_value": 38000, "new_version": 3}}))
    tell(bench, Path.CONFLICT, notice("name", "Soto", version=3, name="X2"))
    choose(bench, LOCAL)
    hear(bench, news(version=3, at=AT_5, price=38000))
    assert (here(bench)["price"], bench.store.conflicts.open()) == (39000, [])


def test_a_conflict_of_which_the_rest_settles_itself_is_to_be_chosen(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000, name="Mie"))
    hear(bench, news(price=40000, name="Soto"))
    choose(bench, LOCAL, "price")
    hear(bench, news(version=3, at=AT_5, name="Mie"))
    assert [(field.field, field.choice) for field in conflict(bench).fields] == [("price", None)]
    choose(bench, LOCAL)
    assert bench.store.conflicts.open() == []


# -- what mends broke, or did not mend


@pytest.mark.parametrize("choice", ["push_again", "accept"])
def test_a_sale_that_waited_when_headquarters_fell_back_is_made_there_again(bench: Bench, choice: str) -> None:
    bench.put("order", order("A1"))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    rest(bench)
    fall_back(bench, BEFORE)
    bench.put("order", order("A1", status="refunded"))
    answer(bench, choice)
    step = bench.push()
    bench.settle(step, results(step.flight, {"A1": "Order not found"}))
    assert state(bench, "A1") == "ready"


@pytest.mark.parametrize("strategy", [LOCAL, CLOUD])
def test_a_choice_of_a_former_counting_answers_nothing_of_the_next(bench: Bench, strategy: str) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    hear(bench, news(version=7, price=40000))
    choose(bench, strategy)
    if strategy == LOCAL:
        step = bench.push()
        bench.settle(step, accepted(step.flight))
    rest(bench)
    hear(bench, {**news(version=1, at=AT_5, name="Nasi"), "cloud_id": "c-new"})
    told = {**notice(value=45000, version=2, name="X9"), "cloud_id": "c-new"}
    told["conflict"]["cloud_updated_at"] = AT_6
    tell(bench, Path.CONFLICT, told)
    assert sides(conflict(bench))["price"][1] == 45000


def test_an_answer_over_what_is_deleted_there_raises_the_version_that_goes(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    tell(bench, Path.CONFLICT, notice(version=2))
    hear(bench, deleted=[tombstone(at=AT_5)])
    choose(bench, LOCAL)
    bench.settle(telling(bench), answered({"success": True, "data": {"applied_value": 38000, "new_version": 9}}))
    assert bench.push().flight.parcels[0].version > 9


def test_a_field_new_to_both_that_the_till_takes_after_all_is_its_word(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(note="A"))
    bench.put("product", product(note="B"))  # before it heard of that
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    rest(bench)
    take_all(bench)
    bench.put("product", product(note="A"))
    assert here(bench)["note"] == "A"


def test_a_first_contact_is_one_again_after_what_was_in_doubt_was_accepted(bench: Bench) -> None:
    agree(bench)
    fall_back(bench, BEFORE)
    answer(bench, "push_again")
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    rest(bench)
    hear(bench, deleted=[tombstone(at="2026-01-27T10:00:00Z")])
    take_all(bench)
    bench.put("product", product(price=38000))
    hear(bench, news(version=9, at="2026-01-27T12:00:00Z", name="Soto", price=2000))
    assert bench.store.conflicts.open() == []


def test_a_deletion_of_what_may_have_been_made_anew_there_is_asked_about(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone()])
    take_all(bench)
    bench.wall_ms += 3 * 3_600_000
    bench.put("product", product(price=38000))
    bench.settle(bench.push(), LOST)
    hear(bench, deleted=[tombstone(at=AT_6)])
    assert [*conflict(bench).names] == ["deleted"]


def test_what_a_twin_had_is_kept_where_ours_was_made_and_deleted_before(bench: Bench) -> None:
    bench.settle(bench.later(301).send(), pulled([nameless(version=3, name="Soto", price=1000, icon="x")], at=AT_5))
    bench.put("product", product())
    bench.put("product", {"local_id": "P1"}, "delete")
    bench.put("product", product(price=38000))
    bench.settle(bench.later(301).send(), pulled([news(version=4, at=AT_6, name="Soto", price=1000)], at=AT_6))
    assert here(bench).get("icon") == "x"


def test_a_count_that_the_till_never_touched_is_taken_from_a_new_counting(bench: Bench) -> None:
    agree(bench, stock=5)
    bench.put("product", product(stock=5, name="Mie"))
    hear(bench, {**news(version=1, at=AT_5, name="Nasi", price=35000, stock=0), "cloud_id": "c-new"})
    assert (here(bench)["stock"], bench.store.conflicts.open()) == (0, [])


def test_what_the_till_makes_anew_after_the_menu_was_taken_meets_it(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone(at=AT_5)])
    take_all(bench)
    fall_back(bench)
    answer(bench, "accept")
    bench.put("product", product(price=38000))
    bench.settle(bench.send(), pulled([news(version=1, at=BEFORE, name="Nasi", price=35000)], at=AT_4))
    assert (here(bench)["price"], bench.store.conflicts.open()) == (35000, [])


def test_what_is_told_to_be_gone_after_that_has_a_time(bench: Bench) -> None:
    agree(bench)
    hear(bench, deleted=[tombstone(at=AT_5)])
    fall_back(bench)
    answer(bench, "accept")
    bench.settle(bench.send(), pulled(at=AT_4))
    decide(bench, Retry(who="Rina", names=(PRODUCT,)))
    (parcel,) = bench.store.outbox.load([known(bench).record_id])
    assert "1970" not in parcel.payload
