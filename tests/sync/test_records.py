"""What a record that the POS hands over does to what we know of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import Bench, accepted, body, order, product, pulled, read, refused, sent

from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.status import Lane, RowState, Trouble
from outlet_sync_gui.sync.commands import SyncNow
from outlet_sync_gui.sync.exchange import Kind, Lost, Send
from outlet_sync_gui.sync.line import lane_of
from outlet_sync_gui.sync.records import Changed, Unchanged, Vanished


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_same_again_is_unchanged(bench: Bench) -> None:
    bench.put("order", order(version=1))
    assert bench.put("order", order(version=1)) == Unchanged()


def test_only_the_time_or_the_number_is_no_new_content(bench: Bench) -> None:
    bench.put("order", order(version=1))
    assert bench.put("order", order(version=2, updated_at="2026-01-27T09:00:00Z")) == Unchanged()


def test_the_same_number_with_other_content_is_a_change(bench: Bench) -> None:
    bench.put("order", order(version=1, status="served"))
    assert isinstance(bench.put("order", order(version=1, status="paid")), Changed)
    assert sent(bench.push()) == [("A1", 2)]


def test_the_paid_order_is_what_the_cloud_ends_up_with(bench: Bench) -> None:
    bench.put("order", order(version=1, status="served"))
    bench.put("order", order(version=1, status="paid"))
    step = bench.push()
    assert body(step.request)["status"] == "paid"
    bench.settle(step, accepted(step.flight))
    assert bench.queued() == []


def test_newer_content_takes_the_place_of_the_unsent_older(bench: Bench) -> None:
    for local_id in ("A1", "A2"):
        bench.put("order", order(local_id))
    bench.put("order", order("A1", total_amount=11))
    assert [local_id for local_id, _ in bench.queued()] == ["A1", "A2"]


@pytest.mark.parametrize("names", ["AAA", "ABAB", "ABBAC", "AABBCCABC"])
def test_what_comes_more_than_once_in_one_piece_ends_as_its_last_word(bench: Bench, names: str) -> None:
    outcomes = bench.put_all(read("order", order(name, total_amount=n)) for n, name in enumerate(names))
    assert all(isinstance(outcome, Changed) for outcome in outcomes)
    left = {parcel.local_id: loads_stored(parcel.payload)["total_amount"] for parcel in bench.push().flight.parcels}
    assert left == {name: n for n, name in enumerate(names)}


def test_an_older_number_is_refused_with_both_numbers(bench: Bench) -> None:
    bench.put("order", order(version=5))
    outcome = bench.put("order", order(version=4, total_amount=11))
    assert isinstance(outcome, InputRefused)
    assert (outcome.code, dict(outcome.facts)) == ("older_version", {"version": 4, "known": 5})


def test_an_older_number_that_is_clearly_later_is_a_change(bench: Bench) -> None:
    bench.put("order", order(version=5))
    later = order(version=1, total_amount=11, updated_at="2026-01-27T09:00:00Z")
    assert isinstance(bench.put("order", later), Changed)
    assert sent(bench.push()) == [("A1", 6)]


def test_without_a_number_only_the_content_counts(bench: Bench) -> None:
    bench.put("order", order())
    assert bench.put("order", order()) == Unchanged()
    assert isinstance(bench.put("order", order(total_amount=11)), Changed)


EARLY, LATE, LATER = "2026-01-27T09:00:00Z", "2026-01-27T09:00:00.500Z", "2026-01-27T10:00:00Z"


@pytest.mark.parametrize(
    ("at", "is_taken"),
    [(EARLY, False), (LATE, False), (LATER, True), ("2026-01-27T16:30:00+07:00", True), (None, False)],
)
def test_a_lower_number_counts_only_where_its_time_is_later(bench: Bench, at: str | None, is_taken: bool) -> None:
    bench.put("order", order(version=5, updated_at=LATE))
    outcome = bench.put("order", {**order(version=2, total_amount=11), "updated_at": at})
    assert isinstance(outcome, Changed if is_taken else InputRefused)


def test_a_late_repeat_under_a_lower_number_lowers_nothing(bench: Bench) -> None:
    for version, amount, at in ((1, 10, EARLY), (2, 11, LATE), (3, 10, LATER)):
        bench.put("order", order(version=version, total_amount=amount, updated_at=at))
    assert bench.put("order", order(version=1, total_amount=10, updated_at=EARLY)) == Unchanged()
    assert isinstance(bench.put("order", order(version=2, total_amount=11, updated_at=LATE)), InputRefused)


def test_a_pos_that_was_installed_anew_counts_from_its_own_number(bench: Bench) -> None:
    bench.put("order", order(version=5, updated_at=EARLY))
    assert bench.put("order", order(version=1, updated_at=LATE)) == Unchanged()
    assert isinstance(bench.put("order", order(version=2, total_amount=11, updated_at=LATE)), Changed)


@pytest.mark.parametrize("version", [None, 1])
def test_a_delete_resets_the_number_whatever_comes_first_after_it(bench: Bench, version: int | None) -> None:
    bench.put("order", order(version=9))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("order", order(), "delete")
    assert isinstance(bench.put("order", {**order(total_amount=11), "version": version}), Changed)
    assert isinstance(bench.put("order", order(version=2, total_amount=12)), Changed)


def test_what_was_unchanged_is_remembered_so_that_a_return_to_the_old_is_a_change(bench: Bench) -> None:
    """Headquarters raised the price, the till took it over, and now the till goes back."""
    bench.put("product", product(price=35000))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    raised = {"local_id": "P1", "price": 40000, "version": 2, "updated_at": "2026-01-28T00:00:00Z"}
    bench.settle(bench.later(301).send(), pulled([raised]))
    assert bench.put("product", product(price=40000)) == Unchanged()
    assert isinstance(bench.put("product", product(price=35000)), Changed)
    assert body(bench.push().request)["price"] == 35000


@pytest.mark.parametrize("entity_type", ["order", "product"])
def test_a_field_that_the_till_leaves_out_is_gone_but_from_the_menu(bench: Bench, entity_type: str) -> None:
    data = {**(order("X") if entity_type == "order" else product("X")), "notes": "pedas"}
    bench.put(entity_type, data)
    bench.put(entity_type, {name: value for name, value in data.items() if name != "notes"} | {"extra": 1})
    sent_now = body(bench.push().request)
    assert (sent_now["extra"], "notes" in sent_now) == (1, entity_type == "product")


@pytest.mark.parametrize("word", ["create", "update"])
def test_the_tills_word_counts_for_delete_only(bench: Bench, word: str) -> None:
    operations = []
    for n in range(2):
        bench.put_all([read("category", {"local_id": "K1", "name": f"{n}"}, word)])
        step = bench.push()
        operations += [item["operation"] for item in body(step.request)["items"]]
        bench.settle(step, accepted(step.flight))
    assert operations == ["create", "update"]


def test_the_number_on_the_wire_rises_above_all_that_was_sent_or_seen(bench: Bench) -> None:
    bench.put("product", product(version=3))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    seen = {"local_id": "P1", "price": 40000, "version": 20, "updated_at": "2026-01-28T00:00:00Z"}
    bench.settle(bench.later(301).send(), pulled([seen]))
    numbers = []
    for version, stock in ((4, 1), (30, 2), (31, 3), (None, 4)):
        bench.put("product", {**product(stock=stock), "version": version})
        step = bench.push()
        numbers += sent(step)
        bench.settle(step, accepted(step.flight))
    assert numbers == [("P1", 21), ("P1", 30), ("P1", 31), ("P1", 32)]


def test_the_tills_number_is_taken_where_it_is_above_ours(bench: Bench) -> None:
    bench.put("order", order(version=7))
    assert sent(bench.push()) == [("A1", 7)]


def test_made_and_deleted_before_it_left_disappears(bench: Bench) -> None:
    bench.put("order", order())
    assert isinstance(bench.put("order", order(), "delete"), Vanished)
    assert bench.queued() == []


def test_a_delete_of_what_may_have_arrived_is_sent(bench: Bench) -> None:
    bench.put("order", order())
    bench.push()
    bench.restart()
    bench.put("order", order(), "delete")
    step = bench.push()
    assert body(step.request)["items"][0]["operation"] == "delete"


def test_after_a_delete_the_numbers_start_anew_and_the_record_can_come_back(bench: Bench) -> None:
    bench.put("product", product(version=9))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("product", product(), "delete")
    step = bench.later(3600).push()
    bench.settle(step, accepted(step.flight))
    assert isinstance(bench.put("product", product(version=1)), Changed)
    step = bench.later(3600).push()
    assert (body(step.request)["name"], sent(step)) == ("Nasi", [("P1", 11)])
    assert step.flight.parcels[0].operation == "create"
    assert "deleted_at" not in body(step.request)


def test_a_delete_while_the_order_is_out_goes_after_it(bench: Bench) -> None:
    bench.put("order", order())
    step = bench.push()
    bench.put("order", order(), "delete")
    bench.settle(step, accepted(step.flight))
    again = bench.push()
    assert body(again.request)["items"][0]["operation"] == "delete"
    assert sent(again) == [("A1", 2)]


@pytest.mark.parametrize(
    ("entity_type", "lane"),
    [
        ("order", Lane.HIGH),
        ("transaction", Lane.HIGH),
        ("table_status", Lane.HIGH),
        ("product", Lane.MEDIUM),
        ("category", Lane.MEDIUM),
        ("daily_summary", Lane.MEDIUM),
        ("log", Lane.LOW),
        ("cashier_shift", Lane.LOW),
    ],
)
def test_every_type_has_its_lane(entity_type: str, lane: Lane) -> None:
    assert lane_of(entity_type) is lane


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 3)),
        st.tuples(st.just("delete"), st.just(0)),
        st.tuples(st.just("accepted"), st.just(0)),
        st.tuples(st.just("lost"), st.just(0)),
        st.tuples(st.just("refused"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(steps=STEPS)
def test_whatever_happens_versions_rise_and_the_last_word_arrives(
    steps: list[tuple[str, int]], new_place: Callable[[], Path]
) -> None:
    """One order, any mix of edits, deletes, answers and crashes."""
    bench = Bench(new_place(), at_s=1000.0)
    cloud = _Cloud()
    said: int | None = None
    for kind, amount in steps:
        if kind == "put":
            said = amount
            bench.put("order", order(total_amount=amount))
        elif kind == "delete" and said is not None:
            said = None
            bench.put("order", order(), "delete")
        elif kind == "restart":
            bench.restart()
        else:
            _exchange(bench, cloud, kind)
    bench.store.outbox.retry_dead([row.record_id for row in bench.store.views.queue(state=RowState.DEAD)])
    for _ in range(6):
        _exchange(bench, cloud, "accepted")
    assert bench.queued() == []
    assert cloud.amount == said or (said is None and cloud.amount is None)
    bench.store.close()


class _Cloud:
    """What one order is at the cloud."""

    def __init__(self) -> None:
        self.version = 0
        self.amount: int | None = None

    def take(self, step: Send) -> None:
        (parcel,) = step.flight.parcels
        data = body(step.request)
        data = data["items"][0]["data"] if "items" in data and "sync_timestamp" in data else data
        assert parcel.version >= self.version, "an older version after a newer one"
        self.version = parcel.version
        self.amount = None if parcel.operation == "delete" else data["total_amount"]


def _exchange(bench: Bench, cloud: _Cloud, kind: str) -> None:
    bench.engine.do(SyncNow(), bench.later(130).now)
    step = bench.next()
    while isinstance(step, Send) and step.flight.kind is Kind.PULL:
        bench.settle(step, pulled())
        step = bench.next()
    if not isinstance(step, Send):
        return
    if kind == "refused":
        bench.settle(step, refused("no"))
        return
    cloud.take(step)  # a lost answer: the cloud has it all the same
    bench.settle(step, accepted(step.flight) if kind == "accepted" else Lost(Trouble(code="N-CLOUD")))
