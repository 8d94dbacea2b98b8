"""What is chosen of a conflict: what then holds here, what headquarters is told, and what it may still change."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.builders import SETTINGS, Bench, accepted, answered, body, order, product, pulled, sent
from tests.sync.headquarters import (
    AT_4,
    AT_5,
    AT_6,
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
    sides,
    state,
    tell,
    telling,
    told_update,
    tombstone,
)
from tests.sync.rows import LOST, decide, due_push, operations

from outlet_sync_gui.contract.webhooks import Kind as Letter
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.conflicts import Disagreement, Strategy
from outlet_sync_gui.sync.commands import FieldChoice, Resolve, SyncNow
from outlet_sync_gui.sync.exchange import Answer, Answered, Kind, Send, WaitUntil, Why
from outlet_sync_gui.sync.resolve import newest


def asked(bench: Bench, *, version: int = 2, **fields: Any) -> None:
    """A disputed price of which headquarters asked, as X1."""
    agree(bench, **fields)
    bench.put("product", product(price=38000, **fields))
    tell(bench, Letter.CONFLICT, notice(version=version))


def resolved(**data: Any) -> Answered:
    """Headquarters took a choice."""
    return answered({"success": True, "data": {"resolved": True, **data}})


def trust_clock(bench: Bench, offset_ms: int = 0) -> None:
    with bench.store.write():
        bench.store.outlet.measured_clock(offset_ms=offset_ms)


def deeds(bench: Bench) -> list[tuple[What, str, str]]:
    return [(deed.what, deed.who, deed.why) for deed in bench.store.activity.of(known(bench).record_id)]


# -- what holds here


def test_cloud_wins_writes_headquarters_value_here_and_the_till_learns_it(bench: Bench) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    assert (here(bench)["price"], agreed(bench)["price"], known(bench).base_version) == (40000, 40000, 2)
    assert (state(bench), bench.store.conflicts.open()) == (None, [])
    assert [(change.action, change.fields) for change in feed(bench)] == [
        ("update", {"price": {"from": 38000, "to": 40000}})
    ]


def test_local_wins_goes_out_above_both_and_the_till_learns_nothing_new(bench: Bench) -> None:
    disputed(bench)
    choose(bench, LOCAL)
    assert (here(bench)["price"], state(bench), feed(bench)) == (38000, "ready", [])
    step = bench.push()
    assert (sent(step), operations(step), body(step.request)["price"]) == ([("P1", 3)], [("P1", "update")], 38000)
    bench.settle(step, accepted(step.flight))
    assert (bench.queued(), agreed(bench)["price"], known(bench).base_version) == ([], 38000, 3)


@pytest.mark.parametrize(("ours", "theirs", "wire"), [(2, 2, 3), (2, 9, 10), (7, 2, 8), (7, 7, 8)])
def test_what_is_chosen_against_headquarters_is_numbered_above_both(
    bench: Bench, ours: int, theirs: int, wire: int
) -> None:
    agree(bench)
    bench.put("product", product(price=38000, version=ours))
    hear(bench, news(price=40000, version=theirs))
    choose(bench, LOCAL)
    assert sent(bench.push()) == [("P1", wire)]


@pytest.mark.parametrize(("strategy", "price"), [(CLOUD, 40000), (LOCAL, 38000)])
def test_the_other_edits_of_the_record_go_out_whatever_is_chosen(bench: Bench, strategy: str, price: int) -> None:
    agree(bench, stock=5)
    bench.put("product", product(price=38000, stock=4, name="Nasi Uduk"))
    hear(bench, news(price=40000))
    choose(bench, strategy)
    data = body(bench.push().request)
    assert (data["price"], data["stock"], data["name"], data["version"]) == (price, 4, "Nasi Uduk", 3)


def test_each_field_has_its_own_choice_and_all_of_them_close_it(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000, name="Nasi Uduk"))
    hear(bench, news(price=40000, name="Nasi Goreng"))
    choose(bench, CLOUD, "price")
    assert (here(bench)["price"], state(bench)) == (38000, "held")
    bench.restart()
    choose(bench, LOCAL, "name")
    assert bench.store.conflicts.open() == []
    data = body(bench.push().request)
    assert (data["price"], data["name"]) == (40000, "Nasi Uduk")
    assert [change.fields for change in feed(bench)] == [{"price": {"from": 38000, "to": 40000}}]


def test_a_choice_may_be_another_before_all_are_chosen(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000, name="Nasi Uduk"))
    hear(bench, news(price=40000, name="Nasi Goreng"))
    choose(bench, LOCAL, "price", value=39000)
    choose(bench, CLOUD, "price")
    choose(bench, CLOUD, "name")
    assert (here(bench)["price"], here(bench)["name"], state(bench)) == (40000, "Nasi Goreng", None)


def test_who_chose_and_what_it_was_before_and_after_is_kept(bench: Bench) -> None:
    disputed(bench)
    choose(bench, CLOUD)
    (deed,) = (d for d in bench.store.activity.of(known(bench).record_id) if d.what is What.RESOLVED)
    before, after = json.loads(deed.before or ""), json.loads(deed.after or "")
    assert (deed.who, deed.why, before["price"], after["price"]) == ("Rina", "as agreed", 38000, 40000)


def test_a_field_that_headquarters_added_is_taken_or_left(bench: Bench) -> None:
    agree(bench)
    tell(bench, Letter.CONFLICT, notice("icon", "cup"))
    assert sides(conflict(bench)) == {"icon": (None, "cup")}
    choose(bench, CLOUD)
    assert (here(bench)["icon"], feed(bench)[-1].fields) == ("cup", {"icon": {"from": None, "to": "cup"}})


def test_stock_that_is_chosen_reaches_the_till_as_a_difference(bench: Bench) -> None:
    agree(bench, stock=50)
    bench.put("product", product(stock=47))
    bench.settle(bench.push(), LOST)
    hear(bench, news(stock=60))
    choose(bench, CLOUD)
    assert feed(bench)[-1].fields == {"stock": {"from": 47, "to": 60, "delta": 13}}
    bench.put("product", product(stock=45))  # two sold, before the till heard of it
    assert here(bench)["stock"] == 58


# -- an own value


def test_an_own_value_goes_out_and_the_till_learns_it(bench: Bench) -> None:
    disputed(bench)
    choose(bench, LOCAL, "price", value=39000)
    assert (here(bench)["price"], feed(bench)[-1].fields) == (39000, {"price": {"from": 38000, "to": 39000}})
    step = bench.push()
    assert (body(step.request)["price"], sent(step)) == (39000, [("P1", 3)])


@pytest.mark.parametrize(
    ("field", "value", "strategy"),
    [
        ("price", '"many"', LOCAL),
        ("price", "35000.5", LOCAL),
        ("price", "{", LOCAL),
        ("price", "", LOCAL),
        ("price", "NaN", LOCAL),
        ("price", "[39000]", LOCAL),
        ("name", "7", LOCAL),
        ("price", "39000", CLOUD),
        ("price", "39000", NEWEST),
        ("deleted", "true", LOCAL),
    ],
)
def test_an_own_value_that_the_field_can_not_have_is_refused(
    bench: Bench, field: str, value: str, strategy: str
) -> None:
    trust_clock(bench)
    agree(bench)
    bench.put("product", product(price=38000, name="Nasi Uduk"))
    hear(bench, news(price=40000, name="Nasi Goreng"))
    hear(bench, deleted=[tombstone(at=AT_5)])
    before = conflict(bench)
    choice = FieldChoice(field=field, strategy=Strategy(strategy), value=value)
    with pytest.raises(InputRefused) as refusal:
        decide(bench, Resolve(who="Rina", conflict_id=before.conflict_id, choices=(choice,)))
    assert (refusal.value.code, refusal.value.facts["field"]) == ("value_unfit", field)
    assert conflict(bench) == before


# -- what is refused


@pytest.mark.parametrize(
    ("number", "revision", "field", "code"),
    [
        (99, None, None, "conflict_unknown"),
        (1, 2, None, "conflict_changed"),
        (1, 0, None, "conflict_changed"),
        (1, 1, "icon", "field_unknown"),
    ],
)
def test_a_choice_of_what_is_not_there_or_is_not_what_was_seen_is_refused(
    bench: Bench, number: int, revision: int | None, field: str | None, code: str
) -> None:
    before = disputed(bench)
    choice = FieldChoice(field=field, strategy=Strategy.CLOUD_WINS)
    with pytest.raises(InputRefused) as refusal:
        decide(bench, Resolve(who="Rina", conflict_id=number, choices=(choice,), revision=revision))
    assert (refusal.value.code, conflict(bench)) == (code, before)


def test_a_choice_counts_for_the_revision_that_was_seen(bench: Bench) -> None:
    disputed(bench)
    hear(bench, news(version=3, price=42000, at=AT_5))
    with pytest.raises(InputRefused, match="conflict_changed"):
        choose(bench, CLOUD, revision=1)
    choose(bench, CLOUD, revision=2)
    assert here(bench)["price"] == 42000


def test_no_choice_at_all_and_one_for_what_is_over_are_refused(bench: Bench) -> None:
    number = disputed(bench).conflict_id
    with pytest.raises(InputRefused, match="choice_missing"):
        decide(bench, Resolve(who="Rina", conflict_id=number, choices=()))
    choose(bench, CLOUD)
    choice = FieldChoice(field=None, strategy=Strategy.LOCAL_WINS)
    with pytest.raises(InputRefused, match="conflict_closed"):
        decide(bench, Resolve(who="Rina", conflict_id=number, choices=(choice,)))
    assert here(bench)["price"] == 40000


def test_of_several_choices_one_that_is_refused_undoes_the_others(bench: Bench) -> None:
    before = disputed(bench)
    choices = tuple(FieldChoice(field=name, strategy=Strategy.CLOUD_WINS) for name in ("price", "icon"))
    with pytest.raises(InputRefused):
        decide(bench, Resolve(who="Rina", conflict_id=before.conflict_id, choices=choices))
    assert conflict(bench) == before


def test_a_choice_waits_for_the_answer_while_the_record_is_being_sent(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    step = bench.push()
    tell(bench, Letter.CONFLICT, notice())
    with pytest.raises(InputRefused, match="row_sending"):
        choose(bench, CLOUD)
    bench.settle(step, accepted(step.flight))
    choose(bench, CLOUD)
    assert here(bench)["price"] == 40000


# -- the newer one


@pytest.mark.parametrize(
    ("local_at", "cloud_at", "offset_ms", "winner"),
    [
        (AT_5, AT_4, 0, Strategy.LOCAL_WINS),
        (AT_4, AT_5, 0, Strategy.CLOUD_WINS),
        (AT_4, AT_4, 0, Strategy.CLOUD_WINS),
        ("2026-01-27T04:00:59Z", AT_4, 60_000, Strategy.CLOUD_WINS),  # this clock is a minute ahead
        ("2026-01-27T04:01:01Z", AT_4, 60_000, Strategy.LOCAL_WINS),
        ("2026-01-27T03:59:01Z", AT_4, -60_000, Strategy.LOCAL_WINS),  # a minute behind
        ("2026-01-27T11:30:00+07:00", AT_4, 0, Strategy.LOCAL_WINS),
    ],
)
def test_the_newer_side_is_told_by_headquarters_clock(
    local_at: str, cloud_at: str, offset_ms: int, winner: Strategy
) -> None:
    assert newest(Disagreement(field="price", local_at=local_at, cloud_at=cloud_at), offset_ms=offset_ms) is winner


@pytest.mark.parametrize(("local_at", "cloud_at"), [(None, AT_4), (AT_4, None), (None, None)])
def test_without_both_times_nothing_is_newer(local_at: str | None, cloud_at: str | None) -> None:
    with pytest.raises(InputRefused, match="newest_unknown"):
        newest(Disagreement(field="price", local_at=local_at, cloud_at=cloud_at), offset_ms=0)


@pytest.mark.parametrize(
    ("offset_ms", "may"),
    [(None, False), (0, True), (119_999, True), (120_000, False), (-119_999, True), (-120_000, False)],
)
def test_the_newer_one_can_be_chosen_only_while_the_clock_is_trusted(
    bench: Bench, offset_ms: int | None, may: bool
) -> None:
    if offset_ms is not None:
        trust_clock(bench, offset_ms)
    before = disputed(bench)
    if may:
        choose(bench, NEWEST)
        assert (here(bench)["price"], bench.store.conflicts.open()) == (40000, [])
    else:
        with pytest.raises(InputRefused, match="clock_untrusted"):
            choose(bench, NEWEST)
        assert conflict(bench) == before


@pytest.mark.parametrize(("at", "price", "left"), [("2026-01-27T03:59:00Z", 40000, None), (AT_5, 38000, "ready")])
def test_the_newer_one_holds_here(bench: Bench, at: str, price: int, left: str | None) -> None:
    trust_clock(bench)
    agree(bench)
    bench.put("product", product(price=38000, updated_at=at))
    hear(bench, news(price=40000))
    choose(bench, NEWEST)
    assert (here(bench)["price"], state(bench)) == (price, left)


# -- what headquarters is told


def test_a_choice_is_told_before_the_records_own_push(bench: Bench) -> None:
    asked(bench)
    choose(bench, LOCAL)
    assert state(bench) == "held"
    step = telling(bench)
    path = f"/api/v1/outlets/{SETTINGS.outlet_id}/conflicts/X1/resolve"
    assert (step.request.method, step.request.path) == ("POST", path)
    assert body(step.request) == {"strategy": LOCAL, "resolved_by": "Rina", "notes": "as agreed"}
    bench.settle(step, resolved())
    assert state(bench) == "ready"
    assert sent(bench.push()) == [("P1", 3)]


def test_orders_go_while_a_choice_is_still_to_be_told(bench: Bench) -> None:
    asked(bench)
    choose(bench, LOCAL)
    bench.settle(telling(bench), answered({}, 403))
    bench.put("order", order("A1"))
    assert sent(due_push(bench.later(1))) == [("A1", 1)]


def test_without_an_id_of_headquarters_nothing_is_told(bench: Bench) -> None:
    disputed(bench)
    choose(bench, LOCAL)
    assert bench.push().flight.kind is Kind.PUSH


def test_each_field_with_an_id_is_told_with_its_own_strategy(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000, name="Nasi Uduk", icon="cup"))
    entries = [
        {"field": "price", "cloud_value": 40000, "id": "X/1"},
        {"field": "name", "cloud_value": "Mi", "id": "X2"},
    ]
    tell(bench, Letter.CONFLICT, notice(version=2) | {"conflict": entries, "conflict_id": None})
    hear(bench, news(version=2, icon="glass"))
    choose(bench, CLOUD, "price")
    choose(bench, LOCAL, "name", value="Nasi")
    choose(bench, LOCAL, "icon")
    told = {}
    for _ in range(2):
        assert state(bench) == "held"
        step = telling(bench)
        told[step.request.path.split("/")[-2]] = body(step.request)["strategy"]
        bench.settle(step, resolved())
    assert told == {"X%2F1": CLOUD, "X2": LOCAL}
    assert state(bench) == "ready"
    assert bench.push().flight.kind is Kind.PUSH


def test_the_newer_one_is_told_as_such(bench: Bench) -> None:
    trust_clock(bench)
    asked(bench)
    choose(bench, NEWEST)
    assert body(telling(bench).request)["strategy"] == NEWEST


def test_a_choice_is_told_after_a_restart_and_once(bench: Bench) -> None:
    asked(bench)
    choose(bench, CLOUD)
    bench.restart()
    step = telling(bench)
    bench.restart()  # it was out, and may have arrived: it is told again
    step = telling(bench)
    bench.settle(step, resolved(applied_value=40000, new_version=2))
    bench.engine.do(SyncNow(), bench.now)
    bench.pull()
    assert isinstance(bench.next(), WaitUntil)


def test_a_choice_is_told_when_the_line_is_back(bench: Bench) -> None:
    asked(bench)
    choose(bench, LOCAL)
    step = telling(bench)
    for _ in range(4):
        bench.settle(step, LOST)
        assert bench.wait().why is Why.BACKOFF
        step = telling(bench.later(130))
    bench.settle(step, resolved())
    assert bench.push().flight.kind is Kind.PUSH


# -- what headquarters makes of it


ADOPTED: list[tuple[str, Any, int]] = [
    # chosen, applied_value, the price afterwards
    (CLOUD, None, 40000),
    (CLOUD, 40000, 40000),
    (CLOUD, 41000, 41000),
    (CLOUD, "41000", 40000),  # not of the same type
    (CLOUD, True, 40000),
    (CLOUD, [41000], 40000),
    (NEWEST, 38000, 38000),  # by headquarters' own clock ours is the newer one
    (NEWEST, 41000, 41000),
    (LOCAL, 40000, 38000),
    (LOCAL, 41000, 38000),
]


@pytest.mark.parametrize(("strategy", "applied", "price"), ADOPTED)
def test_the_value_that_headquarters_applied_counts_only_where_it_was_its_to_say(
    bench: Bench, strategy: str, applied: Any, price: int
) -> None:
    trust_clock(bench)
    asked(bench)
    choose(bench, strategy)
    bench.settle(telling(bench), resolved(applied_value=applied, new_version=4))
    assert (here(bench)["price"], known(bench).base_version) == (price, 4)
    if strategy != LOCAL:
        assert (agreed(bench)["price"], bench.queued()) == (price, [])
    else:
        assert sent(bench.push()) == [("P1", 5)]


def test_a_value_that_is_applied_reaches_the_till(bench: Bench) -> None:
    asked(bench)
    choose(bench, CLOUD)
    bench.settle(telling(bench), resolved(applied_value=41000, new_version=4))
    assert feed(bench)[-1].fields == {"price": {"from": 40000, "to": 41000}}


def test_the_newer_one_is_headquarters_where_it_says_so(bench: Bench) -> None:
    """Ours by this clock: it was to go out, and does not any more."""
    trust_clock(bench)
    agree(bench)
    bench.put("product", product(price=38000, updated_at=AT_5))
    tell(bench, Letter.CONFLICT, notice())
    choose(bench, NEWEST)
    assert (here(bench)["price"], state(bench)) == (38000, "held")
    bench.settle(telling(bench), resolved(applied_value=40000, new_version=4))
    assert (here(bench)["price"], agreed(bench)["price"], bench.queued()) == (40000, 40000, [])


def test_an_own_value_is_ours_though_it_is_the_one_that_headquarters_had(bench: Bench) -> None:
    asked(bench)
    choose(bench, LOCAL, "price", value=40000)
    bench.settle(telling(bench), resolved(applied_value=41000, new_version=4))
    assert here(bench)["price"] == 40000


def test_no_applied_value_is_taken_while_there_is_a_newer_conflict(bench: Bench) -> None:
    asked(bench)
    choose(bench, CLOUD)
    step = telling(bench)
    tell(bench, Letter.CONFLICT, notice(value=42000, version=5, name="X2"))
    bench.settle(step, resolved(applied_value=41000, new_version=4))
    assert (sides(conflict(bench)), here(bench)["price"]) == ({"price": (40000, 42000)}, 40000)


def test_of_several_fields_no_applied_value_is_taken(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000, name="Nasi Uduk"))
    entries = [{"field": "price", "cloud_value": 40000, "id": "X1"}, {"field": "name", "cloud_value": "Mi", "id": "X2"}]
    tell(bench, Letter.CONFLICT, notice() | {"conflict": entries, "conflict_id": None})
    choose(bench, CLOUD)
    for _ in range(2):
        bench.settle(telling(bench), resolved(applied_value=41000, new_version=4))
    assert (here(bench)["price"], here(bench)["name"]) == (40000, "Mi")


def test_an_applied_value_does_not_undo_what_the_till_said_since(bench: Bench) -> None:
    asked(bench)
    choose(bench, CLOUD)
    step = telling(bench)
    bench.put("product", product(price=45000))
    bench.settle(step, resolved(applied_value=41000, new_version=4))
    assert here(bench)["price"] == 45000
    assert sent(bench.push()) == [("P1", 5)]


@pytest.mark.parametrize("new_version", [None, 0, 1, -3, "x"])
def test_a_version_that_is_not_above_changes_no_number(bench: Bench, new_version: Any) -> None:
    asked(bench, version=3)
    choose(bench, LOCAL)
    bench.settle(telling(bench), resolved(new_version=new_version))
    assert (known(bench).base_version, sent(bench.push())) == (3, [("P1", 4)])


@pytest.mark.parametrize("status", [400, 404, 409, 410, 422])
@pytest.mark.parametrize("page", [b'{"success": false, "error": "unknown"}', b"<html>", b""])
def test_what_headquarters_does_not_know_or_want_is_settled_and_a_pull_follows(
    bench: Bench, status: int, page: bytes
) -> None:
    asked(bench)
    choose(bench, LOCAL)
    bench.settle(telling(bench), LOST)
    bench.later(130).pull()  # none is due but for the answer
    bench.settle(telling(bench), Answered(status=status, headers={}, body=page))
    assert (bench.store.conflicts.telling(), state(bench)) == ([], "ready")
    step = bench.send()
    assert step.flight.kind is Kind.PULL
    bench.settle(step, pulled())
    assert sent(bench.push()) == [("P1", 3)]


UNSETTLED: list[Answer] = [
    LOST,
    answered({}, 401),
    answered({}, 403),
    answered({}, 408),
    answered({"success": False}, 429),
    answered({"success": False, "error": "pq: down"}, 500),
    Answered(status=200, headers={}, body=b"<html>portal</html>"),
]


@pytest.mark.parametrize("answer", UNSETTLED)
def test_what_is_no_answer_to_the_choice_leaves_it_to_be_told(bench: Bench, answer: Answer) -> None:
    asked(bench)
    choose(bench, LOCAL)
    bench.settle(telling(bench), answer)
    assert (len(bench.store.conflicts.telling()), state(bench)) == (1, "held")
    assert telling(bench.later(3601)).request.path.endswith("/X1/resolve")


def test_a_wait_that_headquarters_imposes_is_kept(bench: Bench) -> None:
    asked(bench)
    choose(bench, LOCAL)
    bench.settle(telling(bench), answered({"success": False, "retry_after": 90}, 429))
    wait = bench.wait()
    assert (wait.why, wait.at) == (Why.RATE_LIMITED, bench.at_s + 90)


def test_a_shut_endpoint_is_tried_each_five_minutes(bench: Bench) -> None:
    asked(bench)
    choose(bench, LOCAL)
    bench.settle(telling(bench), answered({}, 403))
    tried = []
    for _ in range(910):
        step = bench.later(1).next()
        if isinstance(step, Send):
            is_told = step.flight.kind is Kind.RESOLVE
            tried += [bench.at_s] if is_told else []
            bench.settle(step, answered({}, 403) if is_told else pulled())
    assert [300 <= after - before <= 301 for before, after in pairwise(tried)] == [True, True]
    assert state(bench) == "held"


BROKEN = answered({"success": False, "error": "pq: no such id"}, 500)


def fail(bench: Bench, times: int, *, lives: bool) -> int:
    """A 5xx over the choice, while pulls pass or not; how often it was told in so many requests."""
    told = 0
    for _ in range(times):
        step = bench.later(130).send()
        told += step.flight.kind is Kind.RESOLVE
        bench.settle(step, pulled() if lives and step.flight.kind is Kind.PULL else BROKEN)
    return told


def test_a_third_5xx_while_other_calls_pass_settles_it(bench: Bench) -> None:
    asked(bench)
    choose(bench, LOCAL)
    assert fail(bench, 4, lives=True) == 2
    assert state(bench) == "held"
    assert fail(bench, 2, lives=True) == 1
    assert (bench.store.conflicts.telling(), state(bench)) == ([], "ready")


def test_a_5xx_of_a_cloud_that_is_down_settles_nothing(bench: Bench) -> None:
    asked(bench)
    choose(bench, LOCAL)
    assert fail(bench, 12, lives=False) == 6  # a pull that fails does not keep it from being told
    assert state(bench) == "held"


# -- only what is later may overrule a person


@pytest.mark.parametrize("strategy", [LOCAL, CLOUD])
@pytest.mark.parametrize(("version", "price", "overrules"), [(2, 40000, False), (2, 42000, False), (3, 42000, True)])
def test_only_a_later_version_overrules_a_person(
    bench: Bench, strategy: str, version: int, price: int, overrules: bool
) -> None:
    disputed(bench)
    choose(bench, strategy)
    chosen = here(bench)["price"]
    hear(bench, news(version=version, price=price, at=AT_5))
    if not overrules:
        assert (here(bench)["price"], bench.store.conflicts.open()) == (chosen, [])
    elif strategy == LOCAL:
        assert sides(conflict(bench)) == {"price": (38000, 42000)}
    else:
        assert (here(bench)["price"], bench.store.conflicts.open()) == (42000, [])


def test_what_nobody_decided_is_news_at_that_version_all_the_same(bench: Bench) -> None:
    disputed(bench)
    choose(bench, LOCAL)
    hear(bench, news(version=2, price=42000, name="Nasi Goreng"))
    assert (here(bench)["price"], here(bench)["name"]) == (38000, "Nasi Goreng")


def test_a_conflict_that_ended_by_itself_since_decides_nothing(bench: Bench) -> None:
    disputed(bench)
    choose(bench, LOCAL)
    tell(bench, Letter.CONFLICT, notice("name", "Nasi"))  # which is none
    tell(bench, Letter.UPDATE, told_update(price=42000))
    assert (here(bench)["price"], bench.store.conflicts.open()) == (38000, [])


def test_a_cloud_that_counts_anew_may_overrule_what_was_decided_before(bench: Bench) -> None:
    """A cloud that was installed anew: its numbers have nothing to do with the old ones."""
    disputed(bench)
    choose(bench, CLOUD)
    hear(bench, news(version=1, price=42000, at=AT_5) | {"cloud_id": "another"})
    assert (here(bench)["price"], known(bench).base_version) == (42000, 1)


@pytest.mark.parametrize("strategy", [LOCAL, CLOUD])
def test_headquarters_asking_late_is_told_what_was_chosen(bench: Bench, strategy: str) -> None:
    disputed(bench)
    choose(bench, strategy)
    chosen = here(bench)["price"]
    tell(bench, Letter.CONFLICT, notice())
    assert (bench.store.conflicts.open(), here(bench)["price"]) == ([], chosen)
    step = telling(bench)
    assert (step.request.path.split("/")[-2], body(step.request)["strategy"]) == ("X1", strategy)
    bench.settle(step, resolved())
    tell(bench, Letter.CONFLICT, notice(again=True))  # and once is enough
    assert bench.store.conflicts.telling() == []


def test_headquarters_asking_about_a_later_version_is_a_new_conflict(bench: Bench) -> None:
    disputed(bench)
    choose(bench, LOCAL)
    tell(bench, Letter.CONFLICT, notice(value=42000, version=4))
    assert sides(conflict(bench)) == {"price": (38000, 42000)}


def test_an_echo_of_the_choice_is_no_news(bench: Bench) -> None:
    disputed(bench)
    choose(bench, LOCAL)
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    hear(bench, news(version=3, price=38000, at=AT_5))
    assert (bench.queued(), bench.store.conflicts.open(), feed(bench)) == ([], [], [])


# -- by the settings


@pytest.mark.parametrize(
    ("policy", "offset_ms", "price"),
    [
        ("ask", 0, None),
        (CLOUD, None, 40000),
        (LOCAL, None, 38000),
        (NEWEST, 0, 40000),
        (NEWEST, None, None),  # not by a clock that nobody measured
        (NEWEST, 500_000, None),
        ({"product": CLOUD}, None, 40000),
        ({"product": "ask", "category": CLOUD}, None, None),
        ({"category": CLOUD}, None, None),
    ],
)
def test_a_policy_decides_without_asking(tmp_path: Path, policy: Any, offset_ms: int | None, price: int | None) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"conflict_policy": policy}))
    bench.pull()
    if offset_ms is not None:
        trust_clock(bench, offset_ms)
    disputed(bench)
    bench.next()
    if price is None:
        assert state(bench) == "held"
    else:
        assert (bench.store.conflicts.open(), here(bench)["price"]) == ([], price)
        assert (What.RESOLVED, "", "") in deeds(bench)


def test_what_the_policy_decided_is_told_in_the_programs_name(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"conflict_policy": CLOUD}))
    bench.pull()
    asked(bench)
    assert body(telling(bench).request) == {"strategy": CLOUD, "resolved_by": "outlet-sync"}


@pytest.mark.parametrize(("policy", "n"), [(LOCAL, 1), (NEWEST, 1), (CLOUD, 0)])
def test_over_an_unknown_record_only_headquarters_side_is_policy(tmp_path: Path, policy: str, n: int) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"conflict_policy": policy}))
    bench.pull()
    trust_clock(bench)
    tell(bench, Letter.CONFLICT, notice())
    bench.next()
    assert bench.store.conflicts.count() == n


# -- deletions


def deleted_there(bench: Bench) -> None:
    """Edited here at 03:00, deleted there at 04:00."""
    agree(bench)
    bench.put("product", product(price=38000))
    hear(bench, deleted=[tombstone()])


def deleted_here(bench: Bench) -> None:
    """Deleted here at 03:30, edited there at 04:00."""
    agree(bench)
    bench.put("product", {**product(), "deleted_at": "2026-01-27T03:30:00Z"}, "delete")
    hear(bench, news(price=40000))


@pytest.mark.parametrize("strategy", [CLOUD, NEWEST])
def test_headquarters_deletion_that_wins_ends_the_record_here(bench: Bench, strategy: str) -> None:
    trust_clock(bench)
    deleted_there(bench)
    choose(bench, strategy)
    assert (known(bench).deleted_at, bench.queued()) == (AT_4, [])
    assert [change.action for change in feed(bench)] == ["delete"]
    hear(bench, news(version=1, price=35000, at="2026-01-27T03:00:00Z"))
    assert known(bench).deleted_at == AT_4


def test_a_record_that_wins_over_its_deletion_is_made_again(bench: Bench) -> None:
    deleted_there(bench)
    choose(bench, LOCAL)
    step = bench.push()
    assert (operations(step), body(step.request)["price"]) == ([("P1", "create")], 38000)
    assert sent(step)[0][1] > known(bench).base_version
    bench.settle(step, accepted(step.flight))
    hear(bench, deleted=[tombstone()])  # told again by the overlap: it is old
    assert (known(bench).deleted_at, bench.store.conflicts.open(), feed(bench)) == (None, [], [])
    hear(bench, deleted=[tombstone(at=AT_6)])
    assert known(bench).deleted_at == AT_6


def test_a_newer_edit_wins_over_an_older_deletion(bench: Bench) -> None:
    trust_clock(bench)
    agree(bench)
    bench.put("product", product(price=38000, updated_at=AT_5))
    hear(bench, deleted=[tombstone()])
    choose(bench, NEWEST)
    assert operations(bench.push()) == [("P1", "create")]


@pytest.mark.parametrize("strategy", [CLOUD, NEWEST])
def test_headquarters_edit_that_wins_brings_the_record_back(bench: Bench, strategy: str) -> None:
    trust_clock(bench)
    deleted_here(bench)
    choose(bench, strategy)
    assert (known(bench).deleted_at, bench.queued()) == (None, [])
    assert here(bench) == {**product(), "price": 40000}
    assert [(change.action, change.fields["price"]) for change in feed(bench)] == [
        ("create", {"from": None, "to": 40000})
    ]
    bench.put("product", product(price=40000))  # the till writes it back
    assert bench.queued() == []


def test_a_deletion_that_wins_over_an_edit_goes_above_it(bench: Bench) -> None:
    deleted_here(bench)
    choose(bench, LOCAL)
    step = bench.push()
    assert (operations(step), sent(step)) == ([("P1", "delete")], [("P1", 3)])
    bench.settle(step, accepted(step.flight))
    assert (known(bench).deleted_at is not None, bench.queued(), feed(bench)) == (True, [], [])


@pytest.mark.parametrize(
    ("deletion", "price", "action", "left"),
    [
        (CLOUD, LOCAL, "delete", []),
        (LOCAL, CLOUD, "update", [("P1", "ready")]),
        (LOCAL, LOCAL, None, [("P1", "ready")]),
    ],
)
def test_a_deletion_and_a_field_are_chosen_apart(
    bench: Bench, deletion: str, price: str, action: str | None, left: list[Any]
) -> None:
    disputed(bench)
    hear(bench, deleted=[tombstone(at=AT_5)])
    choose(bench, deletion, "deleted")
    choose(bench, price, "price")
    assert ([change.action for change in feed(bench)], bench.queued()) == ([action] if action else [], left)
    if deletion == LOCAL:
        step = bench.push()
        assert body(step.request)["price"] == (40000 if price == CLOUD else 38000)
        assert operations(step) == [("P1", "create")]


def test_what_was_asked_of_a_deleted_record_is_told_what_became_of_it(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(), "delete")
    tell(bench, Letter.CONFLICT, notice())
    choose(bench, LOCAL)
    step = telling(bench)
    assert (step.request.path.split("/")[-2], body(step.request)["strategy"]) == ("X1", LOCAL)
    bench.settle(step, resolved())
    assert operations(bench.push()) == [("P1", "delete")]


# -- a sale


def disputed_sale(bench: Bench) -> None:
    bench.put("order", order("A1", status="paid"))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    told = notice("status", "void", version=3) | {"entity_type": "order", "local_id": "A1", "cloud_id": "c-A1"}
    tell(bench, Letter.CONFLICT, told)


def test_headquarters_value_of_a_sale_holds_here_and_nothing_goes_back(bench: Bench) -> None:
    disputed_sale(bench)
    choose(bench, CLOUD)
    assert (here(bench, "order/A1")["status"], bench.queued()) == ("void", [])
    assert (feed(bench)[-1].entity_type, feed(bench)[-1].fields) == (
        "order",
        {"status": {"from": "paid", "to": "void"}},
    )
    bench.settle(telling(bench), resolved(new_version=4))
    assert (bench.queued(), known(bench, "order/A1").base_version) == ([], 4)
    bench.put("order", order("A1", status="void"))
    assert bench.queued() == []


def test_our_value_of_a_sale_goes_out_above_both(bench: Bench) -> None:
    disputed_sale(bench)
    choose(bench, LOCAL)
    bench.settle(telling(bench), resolved())
    step = bench.push()
    assert (sent(step), body(step.request)["status"]) == ([("A1", 4)], "paid")
    bench.settle(step, accepted(step.flight))
    assert bench.queued() == []


@pytest.mark.parametrize("strategy", [CLOUD, LOCAL])
def test_a_sale_that_is_unsent_goes_out_with_what_was_chosen(bench: Bench, strategy: str) -> None:
    disputed_sale(bench)
    bench.put("order", order("A1", status="paid", total_amount=12))
    assert dict(bench.queued()) == {"A1": "held"}
    choose(bench, strategy)
    bench.settle(telling(bench), resolved())
    data = body(bench.push().request)
    assert (data["total_amount"], data["status"]) == (12, "void" if strategy == CLOUD else "paid")


def test_a_sales_payment_waits_for_no_conflict_once_the_sale_is_known(bench: Bench) -> None:
    disputed_sale(bench)
    bench.put("order", order("A1", total_amount=12))
    bench.put(
        "transaction",
        {"local_id": "T1", "order_id": "A1", "total_amount": 12, "payment_method": "cash", "created_at": AT_4},
    )
    assert dict(bench.queued()) == {"A1": "held", "T1": "ready"}
