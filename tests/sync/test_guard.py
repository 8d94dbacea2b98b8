"""What of headquarters' changes is too big to pass unasked: many deletions at once, a price that becomes 0."""

from pathlib import Path
from typing import Any

import pytest
from tests.builders import Bench, accepted, answered, body, order, product, sent
from tests.sync.headquarters import (
    AT_4,
    AT_5,
    AT_6,
    agree,
    answer,
    choose,
    conflict,
    feed,
    hear,
    here,
    known,
    news,
    question,
    sides,
    state,
    tell,
    told_delete,
    told_update,
    tombstone,
)
from tests.sync.rows import LOST, decide, due_push, operations

from outlet_sync_gui.contract.webhooks import Kind as Letter
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.store.questions import QuestionKind
from outlet_sync_gui.sync.commands import AnswerQuestion
from outlet_sync_gui.sync.events import Pulled
from outlet_sync_gui.sync.exchange import Kind


def names(n: int, first: int = 1) -> list[str]:
    return [f"P{number}" for number in range(first, first + n)]


def catalogue(bench: Bench, n: int) -> list[str]:
    """So many products that both sides know."""
    for name in names(n):
        bench.put("product", product(name, name=f"Menu {name}"))
    step = bench.push()
    each = [
        {"entity_type": "product", "local_id": p.local_id, "cloud_id": f"c-{p.local_id}"} for p in step.flight.parcels
    ]
    bench.settle(step, answered({"success": True, "data": {"results": [{**one, "status": "success"} for one in each]}}))
    assert bench.queued() == []
    return names(n)


def living(bench: Bench, n: int) -> int:
    return sum(known(bench, f"product/{name}").deleted_at is None for name in names(n))


# -- deletions


@pytest.mark.parametrize(("n", "left"), [(10, 0), (11, 11), (30, 30)])
def test_more_than_ten_deletions_in_one_pull_are_asked_about(bench: Bench, n: int, left: int) -> None:
    gone = catalogue(bench, n)
    hear(bench, deleted=[tombstone(name) for name in gone], at="2026-01-27T04:00:00Z")
    assert living(bench, n) == left
    assert bench.store.outlet.read().cursor == "2026-01-27T04:00:00Z"  # they are kept here: the cursor goes on
    if left:
        asked = question(bench)
        assert (asked.kind, asked.n, asked.facts) == (QuestionKind.DELETIONS, n, {"names": "Menu P1, Menu P2, Menu P3"})
        assert (bench.engine.status(bench.now).questions, feed(bench)) == (1, [])
    else:
        assert (bench.store.questions.open(), len(feed(bench))) == ([], n)


@pytest.mark.parametrize(("apart_s", "asked"), [(1, True), (59, True), (61, False), (66, False)])
def test_eleven_deletions_by_webhook_are_asked_about_where_they_come_within_ten_minutes(
    bench: Bench, apart_s: int, asked: bool
) -> None:
    for name in catalogue(bench, 11):
        tell(bench.later(apart_s), Letter.DELETE, told_delete(name))
    assert living(bench, 11) == (1 if asked else 0)
    assert [q.n for q in bench.store.questions.open()] == ([1] if asked else [])


def test_a_held_deletion_is_answered_as_received_with_the_version_in_force(bench: Bench) -> None:
    effects = [tell(bench, Letter.DELETE, told_delete(name)) for name in catalogue(bench, 11)]
    assert [effect.told.local_version for effect in effects] == [1] * 11
    assert known(bench, "product/P11").deleted_at is None


def test_deletions_by_pull_and_by_webhook_count_together_whatever_their_type(bench: Bench) -> None:
    catalogue(bench, 8)
    for n in range(3):
        bench.put("category", {"local_id": f"K{n}", "name": "Minuman"})
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    hear(bench, deleted=[tombstone(name) for name in names(8)])
    for n in range(2):
        tell(bench, Letter.DELETE, told_delete(f"K{n}") | {"entity_type": "category"})
    assert bench.store.questions.open() == []
    tell(bench, Letter.DELETE, told_delete("K2") | {"entity_type": "category"})
    assert question(bench).n == 1


def test_what_is_gone_already_or_was_never_here_counts_for_nothing(bench: Bench) -> None:
    gone = catalogue(bench, 10)
    hear(bench, deleted=[tombstone(name) for name in gone])
    bench.later(601)
    unknown = [tombstone(f"Q{n}") for n in range(300)]
    sales = [tombstone(f"A{n}", entity_type="order") for n in range(20)]
    agree(bench, "P11")
    hear(bench, deleted=[*(tombstone(name) for name in (*gone, "P11")), *unknown, *sales])
    assert (bench.store.questions.open(), len(feed(bench)), living(bench, 11)) == ([], 11, 0)


def test_the_tombstones_of_the_first_pull_ask_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.pull(deleted=[tombstone(f"Q{n}") for n in range(300)])
    assert (bench.store.questions.open(), feed(bench)) == ([], [])


def test_the_same_deletions_again_ask_nothing_new(bench: Bench) -> None:
    gone = [tombstone(name) for name in catalogue(bench, 11)]
    hear(bench, deleted=gone)
    before = question(bench)
    hear(bench, deleted=gone)
    assert question(bench) == before


def test_the_rest_of_the_flood_joins_the_question(bench: Bench) -> None:
    gone = catalogue(bench, 14)
    hear(bench, deleted=[tombstone(name) for name in gone[:12]])
    hear(bench.later(3600), deleted=[tombstone(name) for name in gone[12:]])
    assert (question(bench).n, living(bench, 14)) == (14, 14)


def flood(bench: Bench, n: int = 11) -> list[str]:
    """Deletions that a person is asked about."""
    gone = catalogue(bench, n)
    hear(bench, deleted=[tombstone(name) for name in gone])
    return gone


def test_deletions_that_are_approved_apply_and_reach_the_till(bench: Bench) -> None:
    flood(bench)
    answer(bench, "approve")
    assert (living(bench, 11), bench.store.questions.open(), bench.queued()) == (0, [], [])
    assert [change.action for change in feed(bench)] == ["delete"] * 11


def test_deletions_that_are_refused_are_made_again_at_headquarters(bench: Bench) -> None:
    gone = flood(bench)
    answer(bench, "refuse")
    assert (living(bench, 11), bench.store.conflicts.open(), feed(bench)) == (11, [], [])
    step = bench.push()
    assert operations(step) == [(name, "create") for name in gone]
    assert {version for _, version in sent(step)} == {2}
    bench.settle(step, answered({"success": True, "data": {"processed": 11, "success": 11, "failed": 0}}))
    hear(bench, deleted=[tombstone(name) for name in gone])  # by the overlap
    assert (living(bench, 11), bench.store.questions.open()) == (11, [])


def test_a_refusal_that_has_not_left_yet_stands_though_headquarters_deletes_once_more(bench: Bench) -> None:
    gone = flood(bench)
    answer(bench, "refuse")
    hear(bench, deleted=[tombstone(gone[0], at=AT_5)])  # it had come back meanwhile, unheard
    assert (living(bench, 11), bench.store.questions.open()) == (11, [])
    assert operations(bench.push()) == [(name, "create") for name in gone]


def test_a_deletion_that_is_refused_leaves_what_else_is_disputed_to_be_chosen(bench: Bench) -> None:
    gone = catalogue(bench, 11)
    bench.put("product", product("P1", name="Menu P1", price=38000))
    hear(bench, news(price=40000))
    hear(bench, deleted=[tombstone(name, at=AT_5) for name in gone])
    assert sides(conflict(bench)) == {"price": (38000, 40000)}
    answer(bench, "refuse")
    assert {field.field: field.choice for field in conflict(bench).fields}["price"] is None
    choose(bench, "cloud_wins", "price")
    assert (bench.store.conflicts.open(), here(bench)["price"], known(bench).deleted_at) == ([], 40000, None)
    assert ("P1", "create") in operations(bench.push())


def test_the_push_of_what_is_asked_about_waits_and_others_go(bench: Bench) -> None:
    flood(bench)
    bench.put("product", product("P1", name="Menu P1", stock=4))
    bench.put("product", product("Q1"))
    assert state(bench, "P1") == "held"
    bench.put("order", order("A1"))
    assert sent(bench.push()) == [("A1", 1), ("Q1", 1)]


def test_what_is_approved_beside_an_edit_is_a_conflict_of_the_deletion(bench: Bench) -> None:
    flood(bench)
    bench.put("product", product("P1", name="Menu P1", price=38000))
    answer(bench, "approve")
    assert (living(bench, 11), sides(conflict(bench))) == (1, {"deleted": (False, True)})


def test_what_the_till_deleted_itself_before_is_no_part_of_the_flood(bench: Bench) -> None:
    gone = catalogue(bench, 12)
    bench.put("product", product("P1"), "delete")
    hear(bench, deleted=[tombstone(name) for name in gone])
    assert (question(bench).n, known(bench).deleted_at, bench.queued()) == (11, AT_4, [])


@pytest.mark.parametrize("choice", ["approve", "refuse"])
def test_what_the_till_deletes_itself_meanwhile_is_gone_whatever_is_answered(bench: Bench, choice: str) -> None:
    flood(bench)
    bench.put("product", product("P1"), "delete")
    answer(bench, choice)
    if choice == "refuse":
        step = bench.push()
        assert operations(step)[0] == ("P1", "delete")
        bench.settle(step, answered({"success": True, "data": {"processed": 11, "success": 11, "failed": 0}}))
    assert (known(bench).deleted_at is not None, bench.queued(), bench.store.conflicts.open()) == (True, [], [])


def test_later_news_of_a_record_takes_it_out_of_the_question(bench: Bench) -> None:
    gone = flood(bench)
    hear(bench, news("P1", version=3, price=41000, at=AT_5))
    assert (question(bench).n, here(bench)["price"]) == (10, 41000)
    hear(bench, *(news(name, version=3, price=41000, at=AT_5) for name in gone))
    assert (bench.store.questions.open(), living(bench, 11)) == ([], 11)


def test_older_news_of_a_record_leaves_it_in_the_question(bench: Bench) -> None:
    flood(bench)
    hear(bench, news("P1", version=3, price=41000, at="2026-01-27T03:00:00Z"))
    assert question(bench).n == 11
    answer(bench, "approve")
    assert living(bench, 11) == 0


def test_a_question_outlives_a_restart_with_all_that_it_holds(bench: Bench) -> None:
    flood(bench)
    bench.put("product", product("P1", name="Menu P1", stock=4))
    before = question(bench)
    bench.restart()
    assert (question(bench), state(bench)) == (before, "held")
    answer(bench, "approve")
    assert (living(bench, 11), bench.queued()) == (0, [])


@pytest.mark.parametrize(
    ("choice", "code"), [("keep", "choice_unknown"), ("", "choice_unknown"), ("Approve", "choice_unknown")]
)
def test_an_answer_that_is_none_changes_nothing(bench: Bench, choice: str, code: str) -> None:
    flood(bench)
    with pytest.raises(InputRefused, match=code):
        answer(bench, choice)
    assert (question(bench).n, living(bench, 11)) == (11, 11)


def test_a_question_is_answered_once(bench: Bench) -> None:
    flood(bench)
    number = question(bench).question_id
    answer(bench, "refuse")
    with pytest.raises(InputRefused, match="question_unknown"):
        decide(bench, AnswerQuestion(who="Rina", question_id=number, choice="approve"))
    assert living(bench, 11) == 11


def test_a_deletion_of_the_flood_whose_record_is_out_is_asked_about_when_it_is_settled(bench: Bench) -> None:
    gone = catalogue(bench, 11)
    bench.put("product", product("P11", name="Menu P11", stock=1))
    step = bench.push()
    for name in gone:
        tell(bench, Letter.DELETE, told_delete(name))
    assert (living(bench, 11), bench.store.questions.open()) == (1, [])
    bench.settle(step, accepted(step.flight))
    assert (question(bench).n, known(bench, "product/P11").deleted_at) == (1, None)


# -- a price that becomes 0


@pytest.mark.parametrize(
    ("before", "there", "asks"),
    [
        ({}, {"price": 0}, True),
        ({}, {"price": 0, "name": "Mi"}, True),
        ({}, {"price": 1}, False),
        ({}, {"name": "Mi"}, False),
        ({"price": 0}, {"price": 0, "name": "Mi"}, False),
        ({"price": 0}, {"price": 1}, False),
    ],
)
@pytest.mark.parametrize("by", ["pull", "webhook"])
def test_a_price_that_becomes_0_is_asked_about(
    bench: Bench, before: dict[str, Any], there: dict[str, Any], asks: bool, by: str
) -> None:
    agree(bench, **before)
    if by == "pull":
        hear(bench, news(**there))
    else:
        told = tell(bench, Letter.UPDATE, told_update(**there)).told
        assert told.local_version == (1 if asks else 2)
    held = [(q.kind, q.n, q.facts) for q in bench.store.questions.open()]
    assert held == ([(QuestionKind.ZERO_PRICE, 1, {"names": "Nasi"})] if asks else [])
    assert (here(bench) == product(**before)) is asks


def test_a_new_item_that_costs_nothing_is_no_question(bench: Bench) -> None:
    hear(bench, news("P9", version=1, name="Air putih", price=0))
    assert (bench.store.questions.open(), here(bench, "product/P9")["price"]) == ([], 0)


def free(bench: Bench) -> None:
    """A price that becomes 0, and a name beside it."""
    agree(bench)
    hear(bench, news(price=0, name="Nasi Goreng"))
    assert here(bench) == product()


def test_a_price_of_0_that_is_approved_holds_here(bench: Bench) -> None:
    free(bench)
    answer(bench, "approve")
    assert (here(bench)["price"], here(bench)["name"], bench.queued()) == (0, "Nasi Goreng", [])
    assert feed(bench)[-1].fields["price"] == {"from": 35000, "to": 0}


def test_a_price_of_0_that_is_refused_goes_back_above_it_and_the_rest_applies(bench: Bench) -> None:
    free(bench)
    answer(bench, "refuse")
    assert (here(bench)["price"], here(bench)["name"]) == (35000, "Nasi Goreng")
    assert [change.fields for change in feed(bench)] == [{"name": {"from": "Nasi", "to": "Nasi Goreng"}}]
    step = bench.push()
    assert (sent(step), body(step.request)["price"]) == ([("P1", 3)], 35000)
    bench.settle(step, LOST)
    hear(bench, news(price=0, name="Nasi Goreng"))  # by the overlap: it is decided
    assert (bench.store.questions.open(), here(bench)["price"]) == ([], 35000)


def test_a_price_of_0_that_is_refused_leaves_what_else_is_disputed_to_be_chosen(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(name="Nasi Uduk"))
    hear(bench, news(name="Nasi Goreng"))
    hear(bench, news(version=3, price=0, at=AT_5))
    answer(bench, "refuse")
    assert {field.field: field.choice for field in conflict(bench).fields}["name"] is None
    choose(bench, "cloud_wins", "name")
    assert (here(bench)["name"], here(bench)["price"]) == ("Nasi Goreng", 35000)
    assert body(bench.push().request)["price"] == 35000


def test_the_same_price_of_0_again_asks_nothing_new(bench: Bench) -> None:
    free(bench)
    before = question(bench)
    for _ in range(2):
        assert hear(bench, news(price=0, name="Nasi Goreng")) == [Pulled(0)]
    assert question(bench) == before


def test_a_later_price_answers_the_question(bench: Bench) -> None:
    free(bench)
    hear(bench, news(version=3, price=36000, at=AT_5))
    assert (bench.store.questions.open(), here(bench)["price"], here(bench)["name"]) == ([], 36000, "Nasi Goreng")
    assert known(bench).base_version == 3


def test_later_news_of_other_fields_waits_with_the_price(bench: Bench) -> None:
    free(bench)
    before = question(bench).question_id
    hear(bench, news(version=3, icon="cup", at=AT_5))
    assert (question(bench).question_id, here(bench)) == (before, product())
    answer(bench, "approve")
    assert (here(bench)["icon"], here(bench)["price"], here(bench)["name"]) == ("cup", 0, "Nasi Goreng")
    assert known(bench).base_version == 3


def test_two_prices_of_0_are_one_question(bench: Bench) -> None:
    agree(bench, "P1")
    agree(bench, "P2", name="Mi")
    hear(bench, news("P1", price=0), news("P2", price=0))
    assert (question(bench).n, question(bench).facts) == (2, {"names": "Nasi, Mi"})
    hear(bench, news("P1", version=3, price=5000, at=AT_5))
    assert (question(bench).n, question(bench).facts) == (1, {"names": "Mi"})


def test_an_edit_meanwhile_waits_and_is_merged_with_what_is_approved(bench: Bench) -> None:
    free(bench)
    bench.put("product", product(stock=4))
    assert state(bench) == "held"
    answer(bench, "approve")
    assert (state(bench), here(bench)["price"], here(bench)["stock"]) == ("ready", 0, 4)


def test_a_price_of_0_against_an_edit_of_it_is_approved_into_a_conflict(bench: Bench) -> None:
    free(bench)
    bench.put("product", product(price=38000))
    answer(bench, "approve")
    assert (sides(conflict(bench)), here(bench)["name"]) == ({"price": (38000, 0)}, "Nasi Goreng")


def test_a_till_that_says_0_itself_is_agreed(bench: Bench) -> None:
    free(bench)
    bench.put("product", product(price=0))
    answer(bench, "approve")
    assert (bench.store.conflicts.open(), bench.queued(), here(bench)["price"]) == ([], [], 0)


def test_a_deletion_answers_the_question_of_the_price(bench: Bench) -> None:
    free(bench)
    hear(bench, deleted=[tombstone(at=AT_6)])
    assert (bench.store.questions.open(), known(bench).deleted_at) == ([], AT_6)


def test_a_question_is_no_reason_to_hold_a_pull(bench: Bench) -> None:
    free(bench)
    bench.put("product", product("Q1"))
    step = due_push(bench.later(3601))
    assert (step.flight.kind, sent(step)) == (Kind.PUSH, [("Q1", 1)])
