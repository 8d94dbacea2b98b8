"""What both sides changed: how a conflict opens, what raises its revision, how it ends, and what waits meanwhile."""

from typing import Any

import pytest
from tests.builders import Bench, Json, accepted, body, order, product, pulled, refused, results, sent
from tests.sync.headquarters import (
    AT_4,
    AT_5,
    AT_6,
    agree,
    agreed,
    choose,
    conflict,
    disputed,
    feed,
    hear,
    here,
    known,
    news,
    notice,
    sides,
    state,
    tell,
    telling,
    told_delete,
    told_update,
    tombstone,
)
from tests.sync.rows import LOST, decide, operations

from outlet_sync_gui.contract.webhooks import Kind as Letter
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.conflicts import Source, Strategy
from outlet_sync_gui.sync.commands import Discard, Edit, Retry
from outlet_sync_gui.sync.exchange import Answer, Kind


def edit(bench: Bench, **fields: Any) -> None:
    """The till's own word."""
    bench.put("product", product(**fields))


# -- how it opens


def by_pull(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000)
    hear(bench, news(price=40000))


def by_update(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000)
    tell(bench, Letter.UPDATE, told_update(price=40000))


def by_notice(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000)
    tell(bench, Letter.CONFLICT, notice())


def by_refusal(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000)
    bench.settle(bench.push(), refused("exists", 409))
    step = bench.send()
    assert step.flight.kind is Kind.PULL
    bench.settle(step, pulled([news(price=40000)]))


OPENINGS = [
    (by_pull, Source.MERGE),
    (by_update, Source.MERGE),
    (by_notice, Source.WEBHOOK),
    (by_refusal, Source.REFUSED),
]


@pytest.mark.parametrize(("opening", "source"), OPENINGS)
def test_a_field_changed_on_both_sides_opens_a_conflict_whoever_notices(
    bench: Bench, opening: Any, source: Source
) -> None:
    opening(bench)
    opened = conflict(bench)
    assert (opened.source, opened.revision, sides(opened)) == (source, 1, {"price": (38000, 40000)})
    assert (state(bench), here(bench)["price"], agreed(bench)["price"]) == ("held", 38000, 35000)


@pytest.mark.parametrize(("opening", "source"), OPENINGS)
@pytest.mark.parametrize("second", [by_pull, by_update, by_notice])
def test_what_tells_of_it_again_opens_no_second_one(bench: Bench, opening: Any, source: Source, second: Any) -> None:
    opening(bench)
    before = conflict(bench)
    match second.__name__:
        case "by_pull":
            hear(bench, news(price=40000))
        case "by_update":
            tell(bench, Letter.UPDATE, told_update(price=40000))
        case _:
            tell(bench, Letter.CONFLICT, notice(name="X2"))
    after = conflict(bench)
    assert (after.conflict_id, after.revision, sides(after)) == (before.conflict_id, 1, {"price": (38000, 40000)})


def test_a_conflict_tells_whose_value_is_of_when_and_why(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000, updated_at="2026-01-27T03:20:00Z")
    tell(bench, Letter.UPDATE, told_update(price=40000, name="Nasi") | {"updated_by": "Jakarta", "reason": "Lebaran"})
    (field,) = conflict(bench).fields
    assert (field.base, field.local, field.cloud) == ("35000", "38000", "40000")
    assert (field.local_at, field.cloud_at) == ("2026-01-27T03:20:00Z", AT_4)
    assert (field.cloud_version, field.cloud_by, field.reason) == (2, "Jakarta", "Lebaran")


def test_what_headquarters_said_of_a_field_stays_with_it_when_the_till_speaks(bench: Bench) -> None:
    """Else `newest_wins` would compare with the time of another field, and nobody would know who changed it."""
    agree(bench, stock=5)
    edit(bench, price=38000, stock=5)
    tell(bench, Letter.UPDATE, told_update(price=40000) | {"updated_by": "Jakarta", "reason": "Lebaran"})
    tell(bench, Letter.UPDATE, told_update(version=3, at=AT_5, name="Nasi Goreng"))
    edit(bench, price=38000, stock=4)
    (field,) = conflict(bench).fields
    assert (field.cloud_version, field.cloud_at, field.cloud_by, field.reason) == (2, AT_4, "Jakarta", "Lebaran")


def test_fields_join_the_one_conflict_of_their_record(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000, name="Nasi Uduk")
    hear(bench, news(price=40000))
    hear(bench, news(version=3, name="Nasi Goreng", at=AT_5))
    opened = conflict(bench)
    assert sides(opened) == {"name": ("Nasi Uduk", "Nasi Goreng"), "price": (38000, 40000)}
    assert opened.revision == 2


def test_a_notice_of_several_fields_is_one_conflict(bench: Bench) -> None:
    agree(bench)
    entries = [{"field": "price", "cloud_value": 40000, "id": "X1"}, {"field": "name", "cloud_value": "Mi", "id": 7}]
    tell(bench, Letter.CONFLICT, notice() | {"conflict": entries, "conflict_id": None})
    assert {field.field: field.cloud_conflict_id for field in conflict(bench).fields} == {"price": "X1", "name": "7"}


def test_what_headquarters_calls_a_conflict_is_one_though_only_one_side_changed(bench: Bench) -> None:
    agree(bench)
    tell(bench, Letter.CONFLICT, notice())
    assert (sides(conflict(bench)), state(bench)) == ({"price": (35000, 40000)}, None)


def test_a_notice_older_than_what_is_agreed_is_measured_by_what_headquarters_said_since(bench: Bench) -> None:
    agree(bench)
    hear(bench, news(version=5, price=41000))
    tell(bench, Letter.CONFLICT, notice(value=39000, version=3))
    assert (bench.store.conflicts.open(), here(bench)["price"], agreed(bench)["price"]) == ([], 41000, 41000)
    (found,) = bench.store.conflicts.telling()
    assert [(field.cloud_conflict_id, field.choice) for field in found.fields] == [("X1", Strategy.CLOUD_WINS)]


def test_what_headquarters_calls_a_conflict_and_is_none_is_answered(bench: Bench) -> None:
    agree(bench)
    tell(bench, Letter.CONFLICT, notice(value=35000))
    assert bench.store.conflicts.open() == []
    step = telling(bench)
    assert step.request.path.rsplit("/", 2)[1:] == ["X1", "resolve"]
    assert body(step.request)["strategy"] == "cloud_wins"


def test_what_is_none_is_answered_beside_an_open_one(bench: Bench) -> None:
    disputed(bench)
    tell(bench, Letter.CONFLICT, notice("name", "Nasi", name="X9"))
    assert sides(conflict(bench)) == {"price": (38000, 40000)}
    (found,) = bench.store.conflicts.telling()
    assert [(field.cloud_conflict_id, field.choice) for field in found.fields] == [("X9", Strategy.CLOUD_WINS)]


def test_one_that_needs_no_resolution_is_noted_only(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000)
    tell(bench, Letter.CONFLICT, notice(resolution_required=False))
    assert (bench.store.conflicts.open(), state(bench)) == ([], "ready")
    assert [deed.what for deed in bench.store.activity.of(known(bench).record_id)] == [What.TOLD]


# -- a record that we don't know


def test_a_conflict_over_an_unknown_record_is_kept_as_it_was_told(bench: Bench) -> None:
    tell(bench, Letter.CONFLICT, notice() | {"conflict": {"field": "price", "cloud_value": 40000, "local_value": 1}})
    opened = conflict(bench)
    assert (opened.record_id, opened.local_id, sides(opened)) == (None, "P1", {"price": (1, 40000)})


@pytest.mark.parametrize("strategy", ["local_wins", "newest_wins"])
def test_over_an_unknown_record_headquarters_side_alone_can_be_chosen(bench: Bench, strategy: str) -> None:
    tell(bench, Letter.CONFLICT, notice())
    with pytest.raises(InputRefused) as refusal:
        choose(bench, strategy)
    assert refusal.value.code == "choice_unknown"
    choose(bench, "cloud_wins")
    step = telling(bench)
    assert body(step.request)["strategy"] == "cloud_wins"
    bench.settle(step, results(step.flight, {}))
    assert (bench.store.conflicts.telling(), bench.store.records.named("product/P1")) == ([], None)


def test_a_second_notice_over_an_unknown_record_joins_the_first(bench: Bench) -> None:
    for value, name in ((40000, "X1"), (40000, "X1"), (41000, "X1")):
        tell(bench, Letter.CONFLICT, notice(value=value, name=name, message_id=f"{value}"))
    tell(bench, Letter.CONFLICT, notice("name", "Mi", name="X2"))
    opened = conflict(bench)
    assert sides(opened) == {"price": (None, 41000), "name": (None, "Mi")}
    assert opened.revision == 3  # another value, another field


def test_a_choice_for_an_unknown_record_is_dropped_when_the_value_is_another(bench: Bench) -> None:
    entries = [{"field": "price", "cloud_value": 40000}, {"field": "name", "cloud_value": "Mi"}]
    tell(bench, Letter.CONFLICT, notice() | {"conflict": entries})
    choose(bench, "cloud_wins", "price")
    choose_name = {field.field: field.choice for field in conflict(bench).fields}
    assert choose_name == {"price": Strategy.CLOUD_WINS, "name": None}
    tell(bench, Letter.CONFLICT, notice("name", "Bakmi", message_id="2"))
    assert conflict(bench).field("price").choice is Strategy.CLOUD_WINS  # type: ignore[union-attr]  # it is there
    tell(bench, Letter.CONFLICT, notice("price", 41000, message_id="3"))
    assert {field.choice for field in conflict(bench).fields} == {None}


# -- what raises the revision


@pytest.mark.parametrize(
    ("there", "revision", "values"),
    [
        (news(price=40000), 1, {"price": (38000, 40000)}),  # a repeat
        (news(version=3, price=40000, at=AT_5), 1, {"price": (38000, 40000)}),  # the same once more
        (news(version=3, name="Mi", at=AT_5), 1, {"price": (38000, 40000)}),  # another field
        (news(version=3, price=42000, at=AT_5), 2, {"price": (38000, 42000)}),
        (news(version=1, price=42000, at=AT_5), 1, {"price": (38000, 40000)}),  # stale
    ],
)
def test_only_another_value_there_raises_the_revision(
    bench: Bench, there: Any, revision: int, values: dict[str, Any]
) -> None:
    disputed(bench)
    hear(bench, there)
    assert (conflict(bench).revision, sides(conflict(bench))) == (revision, values)


@pytest.mark.parametrize(
    ("said", "revision", "price"),
    [
        ({"price": 38000}, 1, 38000),  # a repeat
        ({"price": 38000, "name": "Mi"}, 1, 38000),  # another field
        ({"price": 38000, "updated_at": AT_6}, 1, 38000),  # the time alone
        ({"price": 39000}, 2, 39000),
    ],
)
def test_only_another_value_here_raises_the_revision(
    bench: Bench, said: dict[str, Any], revision: int, price: int
) -> None:
    disputed(bench)
    edit(bench, **said)
    assert (conflict(bench).revision, sides(conflict(bench))) == (revision, {"price": (price, 40000)})
    assert state(bench) == "held"


@pytest.mark.parametrize(
    ("name", "dropped"),
    [("price", {"price": None, "name": "local_wins"}), ("icon", {"price": "cloud_wins", "name": "local_wins"})],
)
def test_a_choice_is_dropped_when_its_own_field_says_something_else(
    bench: Bench, name: str, dropped: dict[str, Any]
) -> None:
    agree(bench, color="red")
    edit(bench, price=38000, name="Nasi Uduk", color="blue")
    hear(bench, news(price=40000, name="Nasi Goreng", color="green"))
    choose(bench, "cloud_wins", "price")
    choose(bench, "local_wins", "name")
    hear(bench, news(version=3, at=AT_5) | {name: 42000})
    choices = {field.field: field.choice and field.choice.value for field in conflict(bench).fields}
    assert choices == {**dropped, "color": None}


# -- how it ends by itself


@pytest.mark.parametrize("with_stock", [False, True])
def test_it_closes_itself_when_headquarters_says_what_holds_here(bench: Bench, with_stock: bool) -> None:
    disputed(bench, stock=5)
    if with_stock:
        edit(bench, price=38000, stock=4)
    hear(bench, news(version=3, price=38000, at=AT_5))
    assert (bench.store.conflicts.open(), here(bench)["price"], agreed(bench)["price"]) == ([], 38000, 38000)
    assert state(bench) == ("ready" if with_stock else None)
    assert What.SETTLED in [deed.what for deed in bench.store.activity.of(known(bench).record_id)]


@pytest.mark.parametrize("with_stock", [False, True])
def test_it_closes_itself_when_the_till_says_what_headquarters_has(bench: Bench, with_stock: bool) -> None:
    disputed(bench, stock=5)
    edit(bench, price=40000, stock=4 if with_stock else 5)
    assert (bench.store.conflicts.open(), agreed(bench)["price"]) == ([], 40000)
    assert state(bench) == ("ready" if with_stock else None)
    if with_stock:
        step = bench.push()
        assert (body(step.request)["price"], body(step.request)["stock"], sent(step)) == (40000, 4, [("P1", 3)])


def test_it_closes_itself_when_headquarters_goes_back_to_what_was_agreed(bench: Bench) -> None:
    disputed(bench)
    hear(bench, news(version=3, price=35000, at=AT_5))
    assert (bench.store.conflicts.open(), state(bench), here(bench)["price"]) == ([], "ready", 38000)
    assert sent(bench.push()) == [("P1", 4)]


def test_it_closes_itself_when_the_till_goes_back_to_what_was_agreed(bench: Bench) -> None:
    disputed(bench)
    edit(bench, price=35000)
    assert (bench.store.conflicts.open(), state(bench), here(bench)["price"]) == ([], None, 40000)
    assert feed(bench)[-1].fields == {"price": {"from": 35000, "to": 40000}}


@pytest.mark.parametrize("by", ["there", "here"])
def test_one_that_headquarters_asks_about_ends_only_when_both_agree(bench: Bench, by: str) -> None:
    agree(bench)
    edit(bench, price=38000)
    tell(bench, Letter.CONFLICT, notice())
    if by == "there":
        hear(bench, news(version=3, price=35000, at=AT_5))
        assert sides(conflict(bench)) == {"price": (38000, 35000)}
        hear(bench, news(version=4, price=38000, at=AT_6))
    else:
        edit(bench, price=35000)
        assert sides(conflict(bench)) == {"price": (35000, 40000)}
        edit(bench, price=40000)
    assert bench.store.conflicts.open() == []
    assert body(telling(bench).request)["strategy"] == "cloud_wins"  # nothing is left to choose


def test_a_field_that_agrees_leaves_the_conflict_and_the_others_stay(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000, name="Nasi Uduk")
    hear(bench, news(price=40000, name="Nasi Goreng"))
    tell(bench, Letter.CONFLICT, notice("name", "Nasi Goreng", name="X2"))
    edit(bench, price=38000, name="Nasi Goreng")
    assert (sides(conflict(bench)), state(bench)) == ({"price": (38000, 40000)}, "held")
    (found,) = bench.store.conflicts.telling()  # what headquarters asked of it is answered all the same
    assert [(field.cloud_conflict_id, field.choice) for field in found.fields] == [("X2", Strategy.CLOUD_WINS)]


# -- what goes on meanwhile


def test_other_fields_and_the_agreed_version_go_on_while_it_is_open(bench: Bench) -> None:
    disputed(bench, stock=50)
    hear(bench, news(version=6, name="Nasi Goreng", stock=60, at=AT_5))
    assert (here(bench)["name"], here(bench)["stock"], here(bench)["price"]) == ("Nasi Goreng", 60, 38000)
    assert (agreed(bench)["name"], agreed(bench)["price"], known(bench).base_version) == ("Nasi Goreng", 35000, 6)
    assert [change.fields.keys() for change in feed(bench)] == [{"name", "stock"}]


def test_an_order_does_not_wait_for_a_products_conflict(bench: Bench) -> None:
    disputed(bench)
    bench.put("order", order("A1"))
    assert sent(bench.push()) == [("A1", 1)]


def test_a_conflict_outlives_a_restart(bench: Bench) -> None:
    before = disputed(bench)
    bench.restart()
    assert (conflict(bench), state(bench)) == (before, "held")
    hear(bench, news(price=40000))
    assert (conflict(bench).revision, state(bench)) == (1, "held")


# -- the row, by the state in which the conflict finds it


def ready(bench: Bench) -> None:
    edit(bench, price=38000)


def retrying(bench: Bench) -> None:
    edit(bench, price=38000)
    bench.settle(bench.push(), refused(""))
    assert state(bench) == "retry"


def dead(bench: Bench) -> None:
    edit(bench, price=38000)
    bench.settle(bench.push(), refused("no such category"))
    assert state(bench) == "dead"


@pytest.mark.parametrize("before", [ready, retrying, dead])
def test_a_row_is_held_and_ready_when_it_is_resolved(bench: Bench, before: Any) -> None:
    agree(bench)
    before(bench)
    tell(bench, Letter.UPDATE, told_update(version=9, price=40000))
    assert state(bench) == "held"
    choose(bench, "local_wins")
    assert state(bench) == "ready"
    assert (sent(bench.push()), here(bench)["price"]) == ([("P1", 10)], 38000)


@pytest.mark.parametrize("before", [ready, retrying, dead])
def test_a_row_whose_conflict_ends_by_itself_goes_with_what_is_left(bench: Bench, before: Any) -> None:
    agree(bench, stock=5)
    edit(bench, price=35000, stock=4)
    before(bench)
    tell(bench, Letter.UPDATE, told_update(version=9, price=40000))
    tell(bench, Letter.UPDATE, told_update(version=10, price=38000, at=AT_5))
    assert state(bench) == "ready"


@pytest.mark.parametrize("letter", [(Letter.UPDATE, told_update(version=3, price=40000)), (Letter.CONFLICT, notice())])
@pytest.mark.parametrize("answer", ["accepted", "refused", "lost"])
def test_a_row_that_is_out_is_held_when_it_is_settled(bench: Bench, letter: Any, answer: str) -> None:
    agree(bench)
    edit(bench, price=38000)
    step = bench.push()
    edit(bench, price=39000)
    tell(bench, *letter)
    answers: dict[str, Answer] = {"accepted": accepted(step.flight), "refused": refused("no"), "lost": LOST}
    bench.settle(step, answers[answer])
    assert (sides(conflict(bench)), state(bench)) == ({"price": (39000, 40000)}, "held")
    assert agreed(bench)["price"] == (38000 if answer == "accepted" else 35000)


def test_a_notice_of_a_row_that_is_out_loses_nothing_of_what_is_accepted(bench: Bench) -> None:
    agree(bench, stock=5)
    edit(bench, price=38000, stock=4)
    step = bench.push()
    tell(bench, Letter.CONFLICT, notice(version=9))
    bench.settle(step, accepted(step.flight))
    assert (agreed(bench)["stock"], sides(conflict(bench))) == (4, {"price": (38000, 40000)})
    choose(bench, "cloud_wins")
    step = telling(bench)
    bench.settle(step, results(step.flight, {}))
    assert (bench.queued(), here(bench)["price"], here(bench)["stock"]) == ([], 40000, 4)


def test_what_the_answer_shows_to_be_agreed_closes_a_notice_that_came_before_it(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000)
    step = bench.push()
    tell(bench, Letter.CONFLICT, notice(value=38000))
    bench.settle(step, accepted(step.flight))
    assert (bench.store.conflicts.open(), len(bench.store.conflicts.telling())) == ([], 1)


def test_news_after_a_lost_answer_tells_field_by_field_what_had_arrived(bench: Bench) -> None:
    agree(bench, stock=50)
    edit(bench, price=38000, name="Nasi Uduk", stock=47)
    bench.settle(bench.push(), LOST)
    hear(bench, news(price=38000, name="Nasi", stock=50))
    assert (bench.store.conflicts.open(), state(bench)) == ([], "ready")
    assert (agreed(bench)["price"], agreed(bench)["name"], agreed(bench)["stock"]) == (38000, "Nasi", 50)


@pytest.mark.parametrize(("there", "asks"), [(47, False), (50, False), (60, True), (57, True)])
def test_stock_after_a_lost_answer_asks_where_both_may_have_counted(bench: Bench, there: int, asks: bool) -> None:
    agree(bench, stock=50)
    edit(bench, stock=47)
    bench.settle(bench.push(), LOST)
    hear(bench, news(stock=there))
    assert (bool(bench.store.conflicts.open()), here(bench)["stock"]) == (asks, 47)
    assert state(bench) == ("held" if asks else None if there == 47 else "ready")


def test_what_news_told_of_a_lost_answer_is_known_from_then_on(bench: Bench) -> None:
    agree(bench, stock=50)
    edit(bench, stock=47)
    bench.settle(bench.push(), LOST)
    tell(bench, Letter.UPDATE, told_update(stock=50))  # it had not arrived
    tell(bench, Letter.UPDATE, told_update(version=3, stock=60, at=AT_5))
    assert (bench.store.conflicts.open(), here(bench)["stock"]) == ([], 57)


def test_no_agreement_but_tried_asks_of_each_field_that_differs(bench: Bench) -> None:
    edit(bench, price=38000, stock=5)
    bench.settle(bench.push(), refused("exists", 409))
    bench.settle(bench.send(), pulled([news(version=7, name="Nasi", price=40000, stock=9)]))
    assert sides(conflict(bench)) == {"price": (38000, 40000), "stock": (5, 9)}


@pytest.mark.parametrize(
    "decision", [Retry(who="Rina", names=("product/P1",)), Edit(who="Rina", name="product/P1", content=b'{"name":"x"}')]
)
def test_a_held_row_can_be_neither_sent_nor_edited_by_hand(bench: Bench, decision: Any) -> None:
    disputed(bench)
    with pytest.raises(InputRefused) as refusal:
        decide(bench, decision)
    assert (refusal.value.code, state(bench)) == ("row_held", "held")


def test_a_held_row_that_is_discarded_becomes_what_headquarters_has(bench: Bench) -> None:
    disputed(bench)
    decide(bench, Discard(who="Rina", names=("product/P1",), reason="a slip"))
    assert (bench.store.conflicts.open(), state(bench), here(bench)["price"]) == ([], None, 40000)
    assert feed(bench)[-1].fields == {"price": {"from": 38000, "to": 40000}}


# -- deletions


def test_deleted_there_with_edits_here_asks(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000)
    hear(bench, deleted=[tombstone()])
    opened = conflict(bench)
    assert (sides(opened), state(bench), known(bench).deleted_at) == ({"deleted": (False, True)}, "held", None)
    hear(bench, deleted=[tombstone()])
    assert conflict(bench) == opened


@pytest.mark.parametrize("rows", ["none", "stock", "dead"])
def test_deleted_there_just_applies_where_no_edit_is_lost(bench: Bench, rows: str) -> None:
    agree(bench, stock=5)
    if rows == "stock":
        edit(bench, stock=4)
    if rows == "dead":
        edit(bench, stock=5, price=38000)
        bench.settle(bench.push(), refused("no such category"))
    hear(bench, deleted=[tombstone()])
    assert (bench.store.conflicts.open(), state(bench), known(bench).deleted_at) == ([], None, AT_4)
    assert [change.action for change in feed(bench)] == ["delete"]
    whats = [deed.what for deed in bench.store.activity.of(known(bench).record_id)]
    assert (What.GONE in whats) is (rows == "dead")


def test_a_deletion_joins_the_conflict_that_is_open(bench: Bench) -> None:
    before = disputed(bench)
    hear(bench, deleted=[tombstone(at=AT_5)])
    opened = conflict(bench)
    assert (opened.conflict_id, opened.revision) == (before.conflict_id, 2)
    assert sides(opened) == {"price": (38000, 40000), "deleted": (False, True)}


@pytest.mark.parametrize("said", [{"price": 39000}, {"price": 38000, "name": "Mi"}, {"price": 35000}])
def test_an_edit_beside_a_deletion_leaves_it_asked(bench: Bench, said: dict[str, Any]) -> None:
    agree(bench)
    edit(bench, price=38000)
    hear(bench, deleted=[tombstone()])
    before = conflict(bench)
    edit(bench, **said)
    if said == {"price": 35000}:  # nothing of ours is left: it just applies
        assert (bench.store.conflicts.open(), state(bench), known(bench).deleted_at) == ([], None, AT_4)
    else:
        after = conflict(bench)
        assert (after.conflict_id, after.revision, sides(after)) == (before.conflict_id, 1, {"deleted": (False, True)})
        assert state(bench) == "held"


def test_an_edit_beside_a_deletion_and_another_field_keeps_both(bench: Bench) -> None:
    before = disputed(bench)
    hear(bench, deleted=[tombstone(at=AT_5)])
    edit(bench, price=39000)
    after = conflict(bench)
    assert (after.conflict_id, after.revision) == (before.conflict_id, 3)
    assert sides(after) == {"price": (39000, 40000), "deleted": (False, True)}


def test_a_later_edit_there_ends_the_question_of_its_deletion(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000)
    hear(bench, deleted=[tombstone()])
    hear(bench, news(version=3, name="Nasi Goreng", at=AT_5))
    assert (bench.store.conflicts.open(), state(bench)) == ([], "ready")
    assert (here(bench)["name"], here(bench)["price"]) == ("Nasi Goreng", 38000)


def test_deleted_here_with_an_edit_there_asks(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(), "delete")
    hear(bench, news(price=40000))
    assert (sides(conflict(bench)), state(bench)) == ({"deleted": (True, False)}, "held")


def test_deleted_here_while_it_is_held_is_a_conflict_of_the_deletion(bench: Bench) -> None:
    before = disputed(bench)
    bench.put("product", product(), "delete")
    opened = conflict(bench)
    assert (opened.conflict_id, sides(opened), state(bench)) == (
        before.conflict_id,
        {"deleted": (True, False)},
        "held",
    )


@pytest.mark.parametrize("first", ["here", "there"])
def test_deleted_on_both_sides_is_agreed(bench: Bench, first: str) -> None:
    agree(bench)
    if first == "here":
        bench.put("product", product(), "delete")
        hear(bench, news(price=40000))
        hear(bench, deleted=[tombstone(at=AT_5)])
    else:
        edit(bench, price=38000)
        hear(bench, deleted=[tombstone(at=AT_5)])
        bench.put("product", product(), "delete")
    assert (bench.store.conflicts.open(), state(bench), known(bench).deleted_at) == ([], None, AT_5)


def test_our_own_echo_of_a_lost_answer_is_no_edit_beside_our_deletion(bench: Bench) -> None:
    edit(bench, price=35000)
    bench.settle(bench.push(), LOST)
    bench.put("product", product(), "delete")
    hear(bench, news(version=1, name="Nasi", price=35000))
    assert (bench.store.conflicts.open(), state(bench)) == ([], "ready")
    assert operations(bench.push()) == [("P1", "delete")]


def test_a_notice_over_what_is_deleted_here_is_a_conflict_of_the_deletion(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(), "delete")
    tell(bench, Letter.CONFLICT, notice())
    assert (sides(conflict(bench)), state(bench)) == ({"deleted": (True, False)}, "held")


def test_deleted_here_and_made_again_while_it_is_asked_is_an_edit_like_any_other(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(), "delete")
    hear(bench, news(price=40000))
    edit(bench, price=36000)
    assert (sides(conflict(bench)), state(bench)) == ({"price": (36000, 40000)}, "held")


def test_a_deletion_by_webhook_is_as_one_by_pull(bench: Bench) -> None:
    agree(bench)
    edit(bench, price=38000)
    tell(bench, Letter.DELETE, told_delete())
    assert (sides(conflict(bench)), state(bench)) == ({"deleted": (False, True)}, "held")


# -- what is no item of the menu


def test_headquarters_may_call_a_field_of_a_sale_a_conflict(bench: Bench) -> None:
    bench.put("order", order("A1", status="paid"))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    told = notice("status", "void", version=3) | {"entity_type": "order", "local_id": "A1", "cloud_id": "c-A1"}
    tell(bench, Letter.CONFLICT, told)
    assert (sides(conflict(bench)), here(bench, "order/A1")["status"]) == ({"status": ("paid", "void")}, "paid")
    assert (known(bench, "order/A1").base, known(bench, "order/A1").base_version) == (None, 3)  # of a sale nothing else


# -- two rows that turn out to be one


def test_two_conflicts_of_what_is_one_record_become_one(bench: Bench) -> None:
    drinks = {"cloud_id": "c-1", "name": "Beverages", "version": 3, "updated_at": AT_4, "action": "create"}
    hear(bench, categories=[drinks])
    told: Json = {"event": "sync.conflict", "timestamp": AT_4, "entity_type": "category", "cloud_id": "c-1"}
    tell(bench, Letter.CONFLICT, told | {"conflict": {"field": "name", "cloud_value": "Drinks", "id": "X1"}})
    bench.put("category", {"local_id": "K1", "name": "Minuman", "icon": "cup"})
    told = {**told, "local_id": "K1"} | {"cloud_id": None}
    tell(bench, Letter.CONFLICT, told | {"conflict": {"field": "icon", "cloud_value": "glass", "id": "X2"}})
    hear(bench, categories=[{**drinks, "local_id": "K1", "version": 4, "name": "Drinks"}])
    asked = {field.field: field.cloud_conflict_id for field in conflict(bench).fields}
    told_of = {field.cloud_conflict_id for found in bench.store.conflicts.telling() for field in found.fields}
    assert asked.get("icon") == "X2"
    assert "X1" in {*asked.values(), *told_of}  # none of what headquarters asked is forgotten
    assert state(bench, "K1") == "held"
