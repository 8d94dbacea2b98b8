"""What a person decided, taken back within a day: a new change with the former value."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders import Bench, accepted, answered, body, order, product, refused, sent, transaction
from tests.sync.headquarters import (
    CLOUD,
    LOCAL,
    NEWEST,
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
    rest,
    state,
    tell,
    telling,
    told_update,
    tombstone,
)
from tests.sync.rows import decide

from outlet_sync_gui.contract.webhooks import Kind as Letter
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.sync.commands import Discard, Retry, Undo
from outlet_sync_gui.sync.undo import WITHIN_MS, offer

DAY_S = WITHIN_MS / 1000


def deeds(bench: Bench, name: str = "product/P1") -> list[Deed]:
    return bench.store.activity.of(known(bench, name).record_id)


def last(bench: Bench, name: str = "product/P1") -> Deed:
    return deeds(bench, name)[-1]


def offered(bench: Bench, deed: Deed | None = None) -> Any:
    found = offer(bench.store, deed or last(bench), now_ms=bench.wall_ms)
    return None if found is None else {field: (step["from"], step["to"]) for field, step in found.items()}


def undo(bench: Bench, deed: Deed | None = None) -> None:
    bench.later(1)
    decide(bench, Undo(who="Budi", deed=(deed or last(bench)).number))


def refused_as(bench: Bench, deed: Deed | None = None) -> str:
    with pytest.raises(InputRefused) as refusal:
        undo(bench, deed)
    return refusal.value.code


def send_all(bench: Bench) -> list[tuple[str, int]]:
    """Headquarters takes what there is; ids and versions."""
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    return sent(step)


# -- a choice


@pytest.mark.parametrize(
    ("strategy", "value", "chosen", "former"),
    [(CLOUD, None, 40000, 38000), (LOCAL, None, 38000, 40000), (LOCAL, 39000, 39000, 38000)],
)
def test_a_choice_that_is_undone_gives_back_the_former_value(
    bench: Bench, strategy: str, value: int | None, chosen: int, former: int
) -> None:
    disputed(bench)
    choose(bench, strategy, "price", value=value)
    assert offered(bench) == {"price": (chosen, former)}
    undo(bench)
    assert here(bench)["price"] == former
    assert (last(bench).what, last(bench).who) == (What.UNDONE, "Budi")


def test_the_former_value_goes_out_above_all_that_was_said(bench: Bench) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    undo(bench)
    step = bench.push()
    assert (sent(step), body(step.request)["price"]) == ([("P1", 3)], 38000)
    bench.settle(step, accepted(step.flight))
    assert (state(bench), agreed(bench)["price"], known(bench).base_version) == (None, 38000, 3)


def test_the_till_learns_what_an_undo_changes(bench: Bench) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    undo(bench)
    assert [change.fields for change in feed(bench)] == [
        {"price": {"from": 38000, "to": 40000}},
        {"price": {"from": 40000, "to": 38000}},
    ]


def test_an_undo_before_the_choice_has_left_and_after_it_was_taken(bench: Bench) -> None:
    disputed(bench)
    choose(bench, LOCAL)
    assert send_all(bench) == [("P1", 3)]
    undo(bench)
    assert send_all(bench) == [("P1", 4)]
    assert (here(bench)["price"], agreed(bench)["price"]) == (40000, 40000)


def test_an_undo_can_be_undone(bench: Bench) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    first = last(bench)
    undo(bench)
    assert (offered(bench), offered(bench, first)) == ({"price": (38000, 40000)}, None)
    undo(bench)
    assert here(bench)["price"] == 40000
    assert (offered(bench), offered(bench, first)) == ({"price": (40000, 38000)}, None)


def test_what_it_changed_here_goes_back_and_what_it_kept_stays(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000, name="Nasi Uduk"))
    hear(bench, news(price=40000, name="Nasi Goreng"))
    choose(bench, LOCAL, "name")
    choose(bench, CLOUD, "price")
    undo(bench)
    assert (here(bench)["price"], here(bench)["name"]) == (38000, "Nasi Uduk")


def test_other_fields_that_changed_since_stay(bench: Bench) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    hear(bench, news(version=3, at="2026-01-27T05:00:00Z", name="Nasi Kuning"))
    undo(bench)
    assert (here(bench)["price"], here(bench)["name"]) == (38000, "Nasi Kuning")


@pytest.mark.parametrize("side", ["here", "there"])
def test_a_value_that_changed_since_is_left_alone(bench: Bench, side: str) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    if side == "here":
        bench.put("product", product(price=41000))
    else:
        hear(bench, news(version=3, at="2026-01-27T05:00:00Z", price=41000))
    deed = next(deed for deed in deeds(bench) if deed.what is What.RESOLVED)
    assert (offered(bench, deed), refused_as(bench, deed), here(bench)["price"]) == (None, "undo_changed", 41000)


@pytest.mark.parametrize(("seconds", "is_offered"), [(DAY_S - 2, True), (DAY_S + 1, False)])
def test_it_can_be_undone_for_a_day(bench: Bench, seconds: float, is_offered: bool) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    bench.later(seconds)
    assert (offered(bench) is not None) is is_offered
    if is_offered:
        undo(bench)
        assert here(bench)["price"] == 38000
    else:
        assert refused_as(bench) == "undo_over"


def test_a_record_that_is_gone_brings_nothing_back(bench: Bench) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    deed = last(bench)
    hear(bench, deleted=[tombstone(at="2026-01-27T05:00:00Z")])
    assert (offered(bench, deed), refused_as(bench, deed)) == (None, "undo_changed")


def test_a_choice_over_a_deletion_is_not_undone(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    hear(bench, deleted=[tombstone()])
    choose(bench, LOCAL)
    assert (offered(bench), refused_as(bench)) == (None, "undo_over")


def test_while_it_is_being_sent_one_waits_a_moment(bench: Bench) -> None:
    disputed(bench)
    choose(bench, LOCAL)
    step = bench.push()
    assert refused_as(bench) == "row_sending"
    bench.settle(step, accepted(step.flight))
    undo(bench)
    assert here(bench)["price"] == 40000


def test_while_the_record_is_disputed_again_one_chooses_instead(bench: Bench) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    deed = last(bench)
    bench.put("product", product(price=40000, name="Nasi Uduk"))
    hear(bench, news(version=3, at="2026-01-27T05:00:00Z", name="Nasi Kuning"))
    assert conflict(bench).names == {"name"}
    assert (offered(bench, deed), refused_as(bench, deed)) == (None, "row_held")


def test_what_the_policy_chose_or_headquarters_settled_is_nobodys_to_undo(bench: Bench) -> None:
    disputed(bench)
    bench.put("product", product(price=40000))  # now equal: it closed itself
    assert last(bench).what is What.SETTLED
    assert (offered(bench), refused_as(bench)) == (None, "undo_over")


@pytest.mark.parametrize("strategy", [CLOUD, LOCAL, NEWEST])
def test_headquarters_hears_of_an_undone_choice_that_this_outlets_value_holds(bench: Bench, strategy: str) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    with bench.store.write():
        bench.store.outlet.measured_clock(offset_ms=0)
    tell(bench, Letter.CONFLICT, notice())
    choose(bench, strategy)
    chosen = here(bench)["price"]
    undo(bench)
    former = here(bench)["price"]
    assert former != chosen
    assert state(bench) == "held"  # until headquarters has heard of it
    step = telling(bench)
    assert body(step.request)["strategy"] == LOCAL
    applied = {"resolved": True, "applied_value": chosen, "new_version": 7}
    bench.settle(step, answered({"success": True, "data": applied}))
    assert here(bench)["price"] == former
    assert (send_all(bench), agreed(bench)["price"]) == ([("P1", 8)], former)


def test_headquarters_asks_again_and_hears_of_the_undo(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    tell(bench, Letter.CONFLICT, notice())
    choose(bench, CLOUD)
    bench.settle(telling(bench), answered({"success": True, "data": {"resolved": True, "new_version": 2}}))
    undo(bench)
    tell(bench, Letter.CONFLICT, notice(name="X2"))
    assert body(telling(bench).request)["strategy"] == LOCAL
    assert here(bench)["price"] == 38000


def test_it_survives_a_restart_between(bench: Bench) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    bench.restart()
    undo(bench)
    bench.restart()
    assert (here(bench)["price"], state(bench)) == (38000, "ready")


def test_the_choice_can_be_named_by_its_conflict(bench: Bench) -> None:
    number = disputed(bench).conflict_id
    choose(bench, CLOUD)
    bench.later(1)
    decide(bench, Undo(who="Budi", conflict_id=number))
    assert here(bench)["price"] == 38000


@pytest.mark.parametrize("name", [{"deed": 99}, {"conflict_id": 99}, {}])
def test_what_never_was_is_not_undone(bench: Bench, name: dict[str, int]) -> None:
    with pytest.raises(InputRefused, match="undo_over"):
        decide(bench, Undo(who="Budi", **name))


def test_an_own_echo_of_the_till_is_no_new_edit_after_an_undo(bench: Bench) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    undo(bench)
    send_all(bench)
    rest(bench)
    bench.put("product", product(price=38000))
    assert (state(bench), here(bench)["price"]) == (None, 38000)


# -- a discard


def discard(bench: Bench, name: str) -> None:
    decide(bench, Discard(who="Rina", names=(name,), reason="entered twice"))


def test_a_sale_that_was_discarded_goes_out_after_all(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.settle(bench.push(), refused("no such table"))
    discard(bench, "order/A1")
    assert offered(bench, last(bench, "order/A1")) == {}
    undo(bench, last(bench, "order/A1"))
    assert send_all(bench) == [("A1", 1)]
    assert last(bench, "order/A1").what is What.UNDONE


def test_a_payment_that_goes_out_after_all_waits_for_its_order(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.put("transaction", transaction("T1", "A1"))
    discard(bench, "transaction/T1")
    undo(bench, last(bench, "transaction/T1"))
    assert bench.queued() == [("A1", "ready"), ("T1", "blocked")]


def test_an_edit_of_the_menu_that_was_discarded_holds_again(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    discard(bench, "product/P1")
    assert (here(bench)["price"], offered(bench)) == (35000, {"price": (35000, 38000)})
    undo(bench)
    assert here(bench)["price"] == 38000
    assert send_all(bench) == [("P1", 3)]


@pytest.mark.parametrize("since", ["retried", "newer", "discarded again"])
def test_a_discard_that_is_over_otherwise_is_not_undone(bench: Bench, since: str) -> None:
    bench.put("order", order("A1"))
    bench.settle(bench.push(), refused("no such table"))
    discard(bench, "order/A1")
    deed = last(bench, "order/A1")
    if since == "newer":
        bench.put("order", order("A1", total_amount=11))
    else:
        decide(bench, Retry(who="Rina", names=("order/A1",)))
    if since == "discarded again":
        discard(bench, "order/A1")
    assert (offered(bench, deed), refused_as(bench, deed)) == (None, "undo_changed")


@pytest.mark.parametrize("what", [What.RETRIED, What.MERGED])
def test_other_deeds_are_not_undone(bench: Bench, what: What) -> None:
    bench.put("order", order("A1"))
    with bench.store.write():
        number = known(bench, "order/A1").record_id
        bench.store.activity.note(what, number, now_ms=bench.wall_ms, who="Rina", before='{"a":1}', after='{"a":2}')
    assert refused_as(bench, last(bench, "order/A1")) == "undo_over"


# -- every course of them

VALUES = st.integers(min_value=1, max_value=5).map(lambda n: n * 1000)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.tuples(VALUES, VALUES, VALUES).filter(lambda three: len(set(three)) == 3),
    own=st.none() | st.integers(min_value=6000, max_value=7000),
    strategy=st.sampled_from([CLOUD, LOCAL]),
    steps=st.lists(st.sampled_from(["undo", "send", "restart", "unknown"]), min_size=1, max_size=8),
)
def test_undoing_gives_back_the_former_value_under_a_higher_version_as_often_as_one_likes(
    new_place: Callable[[], Path],
    values: tuple[int, int, int],
    own: int | None,
    strategy: str,
    steps: list[str],
) -> None:
    base, ours, theirs = values
    bench = Bench(new_place())
    bench.hurry()
    bench.pull()
    agree(bench, price=base)
    bench.put("product", product(price=ours))
    hear(bench, news(price=theirs))
    value = own if strategy == LOCAL else None
    choose(bench, strategy, "price", value=value)
    chosen = theirs if strategy == CLOUD else ours if value is None else value
    former = theirs if chosen == ours else ours
    held, reached = chosen, 2
    for step in steps:
        match step:
            case "undo":
                assert offered(bench) == {"price": (held, former)}
                version = known(bench).version
                undo(bench)
                held, former = former, held
                assert known(bench).version > version
            case "restart":
                bench.revive()
            case _ if state(bench) is not None:
                push = bench.later(1).push()
                ((_, version),) = sent(push)
                assert (version > reached, body(push.request)["price"]) == (True, held)
                if step == "send":
                    bench.settle(push, accepted(push.flight))
                    reached = version
                else:
                    bench.engine.abandon(push.flight, bench.now)
        assert here(bench)["price"] == held
        assert json.loads(last(bench).after or "{}")["price"] == held
    if state(bench) is not None:
        while state(bench) is not None:
            push = bench.later(130).push()
            bench.settle(push, accepted(push.flight))
        assert agreed(bench)["price"] == held
    changes = [change.fields["price"] for change in feed(bench)]
    assert [(change["from"], change["to"]) for change in changes] == _chain(ours, [c["to"] for c in changes])
    bench.store.close()


def _chain(start: int, values: list[Any]) -> list[tuple[Any, Any]]:
    """Each from what was before it."""
    return list(zip([start, *values], values, strict=False))


def test_a_webhook_after_the_undo_is_news_like_any_other(bench: Bench) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    undo(bench)
    send_all(bench)
    tell(bench, Letter.UPDATE, told_update(version=9, at="2026-01-27T06:00:00Z", price=45000))
    assert here(bench)["price"] == 45000
