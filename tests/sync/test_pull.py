"""The one door: what headquarters' changes do to what we hold."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.builders import Bench, accepted, answered, body, order, product, pulled, sent

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.records import Known
from outlet_sync_gui.sync.commands import Retry
from outlet_sync_gui.sync.door import apply_change
from outlet_sync_gui.sync.exchange import Kind

LATER = "2026-01-27T04:00:00Z"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def change(local_id: str = "P1", version: int = 2, at: str = LATER, **fields: Any) -> dict[str, Any]:
    ids = {"cloud_id": f"c-{local_id}", "local_id": local_id}
    return {**ids, **fields, "version": version, "updated_at": at, "action": "update"}


def known(bench: Bench, local_id: str = "P1") -> Known:
    found = bench.store.records.find("product", local_id)
    assert found is not None
    return found


def held(bench: Bench, local_id: str = "P1") -> dict[str, Any]:
    return loads_stored(known(bench, local_id).payload)


def agree(bench: Bench, **fields: Any) -> None:
    """Both sides know the product, version 1."""
    bench.put("product", product(**fields))
    step = bench.push()
    bench.settle(step, accepted(step.flight))


def hear(bench: Bench, *products: dict[str, Any], **more: Any) -> None:
    """A pull that brings these."""
    step = bench.later(301).send()
    assert step.flight.kind is Kind.PULL
    bench.settle(step, pulled(products, at=LATER, **more))


def test_an_unknown_product_comes_in(bench: Bench) -> None:
    hear(bench, change("P9", 1, name="Es Teh", price=8000))
    assert held(bench, "P9") == {"local_id": "P9", "name": "Es Teh", "price": 8000}
    assert bench.queued() == []


def test_a_category_without_a_local_id_comes_in_once(bench: Bench) -> None:
    category = {"cloud_id": "c-1", "name": "Beverages", "version": 1, "updated_at": LATER, "action": "create"}
    for _ in range(2):
        hear(bench, categories=[category])
    found = bench.store.records.find_cloud("category", "c-1")
    assert found is not None
    assert (found.local_id, found.base_version) == (None, 1)


DRINKS = {"cloud_id": "c-1", "name": "Beverages", "icon": "cup", "version": 3, "updated_at": LATER, "action": "create"}


def category(bench: Bench, local_id: str = "K1") -> Known:
    found = bench.store.records.find("category", local_id)
    assert found is not None
    return found


def test_headquarters_item_takes_the_tills_number_when_it_is_told(bench: Bench) -> None:
    hear(bench, categories=[DRINKS])
    hear(bench, categories=[{**DRINKS, "local_id": "K1", "version": 4, "name": "Drinks"}])
    assert (category(bench).cloud_id, loads_stored(category(bench).payload)["name"]) == ("c-1", "Drinks")
    bench.put("category", {"local_id": "K1", "name": "Minuman"})
    assert bench.queued() == []  # first contact: the cloud's catalogue


@pytest.mark.parametrize("version", [3, 4])
def test_two_rows_that_turn_out_to_be_one_by_a_pull_become_one_by_first_contact(bench: Bench, version: int) -> None:
    hear(bench, categories=[DRINKS])
    bench.put("category", {"local_id": "K1", "name": "Minuman", "stock": 7})
    news = {name: value for name, value in DRINKS.items() if name != "icon"}  # of that was told before
    hear(bench, categories=[{**news, "local_id": "K1", "version": version}])
    found = category(bench)
    held_now = loads_stored(found.payload)
    assert (held_now["name"], held_now["icon"], held_now["stock"]) == ("Beverages", "cup", 7)
    assert (found.cloud_id, found.base_version, bench.queued()) == ("c-1", version, [("K1", "ready")])
    assert bench.store.records.find_cloud("category", "c-1") == found


def test_two_rows_that_turn_out_to_be_one_by_an_answer_become_one(bench: Bench) -> None:
    hear(bench, categories=[DRINKS])
    bench.put("category", {"local_id": "K1", "name": "Minuman"})
    step = bench.push()
    result = {"entity_type": "category", "local_id": "K1", "cloud_id": "c-1", "status": "success", "version": 4}
    bench.settle(step, answered({"success": True, "data": {"results": [result]}}))
    assert (category(bench).cloud_id, bench.queued()) == ("c-1", [])
    hear(bench, categories=[{**DRINKS, "version": 5, "name": "Cold drinks"}])
    assert loads_stored(category(bench).payload)["name"] == "Cold drinks"


def test_what_was_decided_over_the_row_that_ends_moves_along(bench: Bench) -> None:
    hear(bench, categories=[DRINKS])
    theirs = bench.store.records.find_cloud("category", "c-1")
    assert theirs is not None
    bench.engine.do(Retry(who="Rina", names=(str(theirs.record_id),)), bench.now)
    bench.put("category", {"local_id": "K1", "name": "Minuman"})
    news = CloudChange(
        entity_type="category",
        local_id="K1",
        cloud_id="c-1",
        action="update",
        version=4,
        updated_at=LATER,
        fields="{}",
    )
    with bench.store.write():
        apply_change(bench.store, news, now_ms=bench.wall_ms)
    told = [(deed.who, deed.what) for deed in bench.store.activity.of(category(bench).record_id)]
    assert told == [("Rina", What.RETRIED), ("", What.MERGED)]


def test_a_change_without_edits_of_ours_touches_only_its_fields(bench: Bench) -> None:
    agree(bench, stock=50)
    hear(bench, change(price=40000))
    assert held(bench) == {**product(stock=50), "price": 40000}
    assert (known(bench).base_version, bench.queued()) == (2, [])


def test_a_till_that_has_not_heard_of_the_new_price_does_not_undo_it(bench: Bench) -> None:
    agree(bench, stock=50)
    hear(bench, change(price=40000))
    bench.put("product", product(stock=47))
    step = bench.push()
    assert {name: body(step.request)[name] for name in ("price", "stock", "version")} == {
        "price": 40000,
        "stock": 47,
        "version": 3,
    }


def test_what_the_till_writes_back_is_no_edit(bench: Bench) -> None:
    agree(bench)
    hear(bench, change(price=40000))
    bench.put("product", product(price=40000))
    assert bench.queued() == []


def test_an_older_version_is_stale(bench: Bench) -> None:
    agree(bench)
    hear(bench, change(version=5, price=45000))
    hear(bench, change(version=4, price=44000))
    assert held(bench)["price"] == 45000


def test_the_same_news_twice_changes_nothing(bench: Bench) -> None:
    agree(bench)
    for _ in range(2):
        hear(bench, change(price=40000))
    assert (held(bench)["price"], known(bench).base_version) == (40000, 2)


def test_our_own_echo_is_no_news(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(stock=3))
    hear(bench, change(version=1, name="Nasi", price=35000))
    assert bench.queued() == [("P1", "ready")]


@pytest.mark.parametrize(("newer", "price", "state"), [(0, 35000, "ready"), (1, 36000, "held")])
def test_beside_a_delete_of_ours_only_an_edit_is_held(bench: Bench, newer: int, price: int, state: str) -> None:
    """Our own echo comes back by the overlap of the pulls."""
    agree(bench)
    bench.put("product", product(), "delete")
    hear(bench, change(version=known(bench).base_version + newer, name="Nasi", price=price))
    assert bench.queued() == [("P1", state)]


def test_what_both_sides_changed_is_a_conflict_and_the_push_waits(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    hear(bench, change(price=40000))
    assert (held(bench)["price"], bench.store.conflicts.count()) == (38000, 1)
    assert bench.queued() == [("P1", "held")]


def test_a_conflict_does_not_hold_the_cursor_or_other_records(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    hear(bench, change(price=40000))
    bench.put("order", order("A1"))
    assert sent(bench.push()) == [("A1", 1)]
    assert bench.store.outlet.read().cursor == LATER


def test_news_that_came_while_the_edit_was_out_is_applied_once_it_is_settled(bench: Bench) -> None:
    agree(bench)
    bench.put("product", product(price=38000))
    step = bench.push()
    news = CloudChange(
        entity_type="product",
        local_id="P1",
        cloud_id="c-P1",
        action="update",
        version=7,
        updated_at=LATER,
        fields=json.dumps({"price": 41000}),
    )
    with bench.store.write():
        apply_change(bench.store, news, now_ms=bench.wall_ms)
    bench.settle(step, accepted(step.flight))
    assert (held(bench)["price"], known(bench).base_version, bench.queued()) == (41000, 7, [])


def test_first_contact_takes_the_clouds_catalogue_and_keeps_the_outlets_stock(bench: Bench) -> None:
    bench.put("product", product(price=35000, stock=12))
    step = bench.send()
    bench.settle(step, pulled([change(version=4, price=40000, stock=99)]))
    step = bench.push()
    assert sent(step) == [("P1", 5)]
    assert (body(step.request)["price"], body(step.request)["stock"]) == (40000, 12)


def test_a_deletion_deactivates_and_history_stays(bench: Bench) -> None:
    agree(bench)
    gone = {"entity_type": "product", "local_id": "P1", "cloud_id": "c-P1", "deleted_at": LATER}
    hear(bench, deleted=[gone])
    assert (known(bench).deleted_at, held(bench)["name"]) == (LATER, "Nasi")


@pytest.mark.parametrize(
    ("at", "is_back"), [("2026-01-27T03:59:59Z", False), (LATER, False), ("2026-01-27T04:00:01Z", True)]
)
def test_only_a_later_change_brings_a_deleted_product_back(bench: Bench, at: str, is_back: bool) -> None:
    agree(bench)
    hear(bench, deleted=[{"entity_type": "product", "local_id": "P1", "deleted_at": LATER}])
    hear(bench, change(version=9, at=at, price=1))
    assert (known(bench).deleted_at is None) is is_back


def test_changes_of_one_version_are_merged(bench: Bench) -> None:
    agree(bench)
    hear(bench, change(price=40000))
    hear(bench, change(name="Nasi Goreng"))
    assert (held(bench)["price"], held(bench)["name"], known(bench).base_version) == (40000, "Nasi Goreng", 2)


def test_a_product_that_was_deleted_here_and_comes_back_from_there_starts_anew(bench: Bench) -> None:
    agree(bench, stock=3)
    bench.put("product", product(stock=3), "delete")
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    hear(bench, change(version=9, at="2026-06-01T00:00:00Z", price=6000))
    assert held(bench) == {"local_id": "P1", "price": 6000}
    bench.put("product", product(stock=3))
    assert body(bench.push().request)["stock"] == 3


def test_the_cursor_never_goes_back(bench: Bench) -> None:
    bench.settle(bench.send(), pulled(at=LATER))
    bench.settle(bench.later(301).send(), pulled(at="2026-01-27T01:00:00Z"))
    assert bench.store.outlet.read().cursor == LATER


def test_a_pull_overlaps_the_last_one_by_two_minutes(bench: Bench) -> None:
    bench.settle(bench.send(), pulled(at=LATER))
    assert bench.later(301).send().request.path.endswith("since=2026-01-27T03%3A58%3A00Z")


def test_many_changes_come_in_by_chunks(bench: Bench) -> None:
    hear(bench, *(change(f"P{n}", 1, name=f"Menu {n}", price=n) for n in range(450)))
    assert held(bench, "P449")["price"] == 449
    assert bench.store.outlet.read().cursor == LATER


@pytest.mark.parametrize(("at", "is_back"), [("2026-01-27T03:29:00Z", False), ("2026-01-27T03:31:00Z", True)])
def test_a_deletion_of_ours_is_dated_by_headquarters_clock(bench: Bench, at: str, is_back: bool) -> None:
    """The till's clock is two hours ahead; it is 03:30 there."""
    agree(bench)
    bench.later(7200)
    with bench.store.write():
        bench.store.outlet.measured_clock(offset_ms=7_200_000)
    bench.put("product", product(), "delete")
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    hear(bench, change(version=9, at=at, price=6000))
    assert (known(bench).deleted_at is None) is is_back
