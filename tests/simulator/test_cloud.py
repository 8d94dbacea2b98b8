"""What the simulated cloud keeps and answers: a pure function of the requests and of a clock that the test holds."""

import pytest
from tests.simulator.asking import (
    AT,
    HEADERS,
    LONG_AGO,
    OWNER,
    Clock,
    Json,
    ask,
    deletion,
    entry,
    order,
    payment,
    product,
    push,
    updates,
)

from outlet_sync_gui.simulator.cloud import Arrival, Cloud


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cloud(clock: Clock) -> Cloud:
    return Cloud(now_ms=clock)


def test_a_single_push_is_answered_as_in_the_contract(cloud: Cloud) -> None:
    status, answer = ask(cloud, "orders", order()["data"])
    told = {"cloud_id": "cloud-order-1", "local_id": "A", "version": 1, "synced_at": "2026-01-27T03:30:00.000Z"}
    assert (status, answer) == (200, {"success": True, "data": told})


def test_a_batch_is_answered_in_its_own_order(cloud: Cloud) -> None:
    results = push(cloud, payment(), order(), product())
    assert [(result["entity_type"], result["local_id"]) for result in results] == [
        ("transaction", "T"),
        ("order", "A"),
        ("product", "P"),
    ]
    assert all(result.keys() == {"entity_type", "local_id", "cloud_id", "status"} for result in results)


def test_the_journal_has_each_acceptance_once_and_in_order(cloud: Cloud) -> None:
    push(cloud, order("A"), order("B"), order("A"), order("A", 2), order("B", total_amount="x"))
    assert cloud.journal == [Arrival("order", "A", 1), Arrival("order", "B", 1), Arrival("order", "A", 2)]


def test_a_record_keeps_its_cloud_id_through_all_versions(cloud: Cloud) -> None:
    first, other, later = push(cloud, order("A"), order("B"), order("A", 2, total_amount=20))
    assert first["cloud_id"] == later["cloud_id"] != other["cloud_id"]
    assert cloud.total("order", "total_amount") == 30


def test_an_order_and_a_transaction_may_share_a_local_id(cloud: Cloud) -> None:
    results = push(cloud, order("1"), payment("1", "1"))
    assert [result["status"] for result in results] == ["success", "success"]
    assert cloud.orphans == []


def test_a_version_may_skip_but_not_go_back(cloud: Cloud) -> None:
    results = push(cloud, order("A", 3), order("A", 9), order("A", 8))
    assert [result["status"] for result in results] == ["success", "success", "failed"]
    assert cloud.records[("order", "A")].version == 9
    assert cloud.violations == ["order A: version: 8 after 9"]


def test_a_refused_record_leaves_what_was_there(cloud: Cloud) -> None:
    push(cloud, order("A", total_amount=10), order("A", 1, total_amount=11), order("A", 2, total_amount=1.5))
    assert (cloud.total("order", "total_amount"), cloud.records[("order", "A")].version) == (10, 1)


def test_a_deletion_is_a_version_of_its_own(cloud: Cloud) -> None:
    results = push(cloud, product("P", 1), deletion("product", "P", 2), deletion("product", "P", 2), product("P", 1))
    assert [result["status"] for result in results] == ["success", "success", "success", "failed"]
    assert (cloud.records[("product", "P")].is_deleted, cloud.repeats) == (True, 1)


def test_a_transaction_after_its_order_is_no_orphan(cloud: Cloud) -> None:
    push(cloud, order("A"), payment("T1", "A"), payment("T2", "later"))
    assert cloud.orphans == ["T2"]


def test_a_person_can_have_a_record_refused_without_blaming_the_client(cloud: Cloud) -> None:
    cloud.rejects["B"] = "Meja tidak dikenal"
    results = push(cloud, order("A"), order("B"))
    assert [result.get("error") for result in results] == [None, "Meja tidak dikenal"]
    assert cloud.violations == []


def test_another_outlets_record_is_refused_alone(cloud: Cloud) -> None:
    strange = order("B")
    strange["data"]["outlet_id"] = "other"
    assert [result["status"] for result in push(cloud, order("A"), strange)] == ["success", "failed"]


def test_a_lenient_cloud_takes_the_least_there_is(clock: Clock) -> None:
    cloud = Cloud(now_ms=clock, is_strict=False)
    least = {"entity_type": "order", "operation": "create", "data": {"local_id": "A", "version": 1}}
    assert push(cloud, least)[0]["status"] == "success"
    assert cloud.violations == []


@pytest.mark.parametrize("count", [1, 1000])
def test_a_batch_takes_up_to_1000_items(cloud: Cloud, count: int) -> None:
    assert len(push(cloud, *(order(str(n)) for n in range(count)))) == count


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_of_none_or_too_many_is_refused_whole(cloud: Cloud, count: int) -> None:
    items = [order(str(n)) for n in range(count)]
    assert ask(cloud, "sync/batch", {**OWNER, "sync_timestamp": AT, "items": items})[0] == 400
    assert (cloud.records, len(cloud.violations)) == ({}, 1)


def test_a_summary_is_kept_by_its_date_the_last_one_counts(cloud: Cloud) -> None:
    for date, orders in (("2026-01-27", 1), ("2026-01-28", 2), ("2026-01-27", 3)):
        assert ask(cloud, "analytics/daily", {**OWNER, "date": date, "summary": {"total_orders": orders}})[0] == 200
    kept = {date: body["summary"] for date, body in cloud.summaries.items()}
    assert kept == {"2026-01-27": {"total_orders": 3}, "2026-01-28": {"total_orders": 2}}


def test_a_summary_does_not_travel_in_a_batch(cloud: Cloud) -> None:
    summary = entry("daily_summary", {"local_id": "x", "version": 1})
    assert ask(cloud, "sync/batch", {**OWNER, "sync_timestamp": AT, "items": [summary]})[0] == 400


# -- the limit


def test_the_limit_is_a_window_that_slides(clock: Clock) -> None:
    cloud = Cloud(now_ms=clock, rate_limit_per_minute=2)
    assert ask(cloud, LONG_AGO)[0] == 200
    clock.ms += 20_000
    assert [ask(cloud, LONG_AGO)[0] for _ in range(2)] == [200, 429]
    clock.ms += 40_000
    assert [ask(cloud, LONG_AGO)[0] for _ in range(2)] == [200, 429]
    assert cloud.over_limit == 2


def test_the_wait_that_is_told_is_the_wait_that_helps(clock: Clock) -> None:
    cloud = Cloud(now_ms=clock, rate_limit_per_minute=1)
    ask(cloud, LONG_AGO)
    clock.ms += 12_345
    _, answer = ask(cloud, LONG_AGO)
    assert answer == {
        "success": False,
        "error": "rate_limit_exceeded",
        "message": "Too many requests",
        "retry_after": 48,
    }
    clock.ms += answer["retry_after"] * 1000
    assert ask(cloud, LONG_AGO)[0] == 200


def test_nothing_over_the_limit_is_stored(clock: Clock) -> None:
    cloud = Cloud(now_ms=clock, rate_limit_per_minute=1)
    ask(cloud, "orders", order("A")["data"])
    assert ask(cloud, "orders", order("B")["data"])[0] == 429
    assert [local_id for _, local_id in cloud.records] == ["A"]
    assert cloud.violations == []


def test_a_stranger_uses_up_nobodys_limit(clock: Clock) -> None:
    cloud = Cloud(now_ms=clock, api_key="k", rate_limit_per_minute=1)
    assert [ask(cloud, LONG_AGO, headers={**HEADERS, "authorization": "Bearer x"})[0] for _ in range(3)] == [401] * 3
    assert ask(cloud, LONG_AGO)[0] == 200


# -- what is asked for


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "orders"),
        ("POST", "updates"),
        ("PUT", "orders"),
        ("POST", "sync"),
        ("POST", "sync/batch/"),
        ("GET", "/api/v1/outlets"),
        ("GET", "/api/v2/outlets/x/updates"),
        ("GET", "/nothing"),
    ],
)
def test_what_the_contract_does_not_name_is_not_there(cloud: Cloud, method: str, target: str) -> None:
    status, answer = ask(cloud, target, method=method)
    assert (status, answer["success"], answer["error"]) == (404, False, "not_found")
    assert len(cloud.violations) == 1


def test_the_outlet_of_the_path_is_the_outlet_of_the_header(cloud: Cloud) -> None:
    assert ask(cloud, LONG_AGO, headers={**HEADERS, "x-outlet-id": "other"})[0] == 403
    spaced = {**HEADERS, "x-outlet-id": "toko 1"}
    assert ask(cloud, "/api/v1/outlets/toko%201/updates?since=2026-01-27T00:00:00Z", headers=spaced)[0] == 200


def test_updates_without_news_are_three_empty_lists(cloud: Cloud) -> None:
    checkpoint = "2026-01-27T03:30:00.000Z"
    assert updates(cloud) == {"products": [], "categories": [], "deleted": [], "sync_checkpoint": checkpoint}


def test_updates_echo_products_that_an_outlet_pushed_and_no_orders(cloud: Cloud) -> None:
    push(cloud, product("P"), order("A"))
    assert [(each["local_id"], each["version"], each["action"]) for each in updates(cloud)["products"]] == [
        ("P", 1, "update")
    ]


def test_updates_have_the_contracts_shape(cloud: Cloud, clock: Clock) -> None:
    cloud.add_product("P", name="Nasi", price=35000)
    cloud.add_product("Q", name="Mi", price=30000)
    clock.ms += 1000
    cloud.delete_product("Q")
    told = updates(cloud)
    at = "2026-01-27T03:30:00.000Z"
    row = {"cloud_id": "cloud-product-1", "local_id": "P", "name": "Nasi", "price": 35000, "version": 1}
    gone = {"entity_type": "product", "local_id": "Q", "cloud_id": "cloud-product-2"}
    assert told["products"] == [{**row, "updated_at": at, "action": "update"}]
    assert told["deleted"] == [{**gone, "deleted_at": "2026-01-27T03:30:01.000Z"}]


def test_since_is_exclusive(cloud: Cloud) -> None:
    cloud.add_product("P", name="Nasi", price=35000)
    [told] = updates(cloud)["products"]
    assert updates(cloud, told["updated_at"])["products"] == []
    assert len(updates(cloud, "2026-01-27T03:29:59.999Z")["products"]) == 1


def test_a_change_of_headquarters_makes_the_outlets_version_old(cloud: Cloud) -> None:
    push(cloud, product("P", 1))
    assert cloud.change_product("P", price=40000) == 2
    [late] = push(cloud, product("P", 1, price=11))
    [newer] = push(cloud, product("P", 3, price=12))
    assert (late["status"], newer["status"]) == ("failed", "success")


def test_changes_within_one_millisecond_are_told_apart(cloud: Cloud) -> None:
    for name in "PQR":
        cloud.add_product(name, name=name, price=1)
    times = [each["updated_at"] for each in updates(cloud)["products"]]
    assert times == sorted(set(times))


# -- what a careless client would get past a careless judge


@pytest.mark.parametrize("value", ["k", "Basic k", "Bearer", "Bearer ", "bearer-k", ""])
def test_a_key_without_its_scheme_is_no_key(cloud: Cloud, value: str) -> None:
    assert ask(cloud, LONG_AGO, headers={**HEADERS, "authorization": value})[0] == 401


@pytest.mark.parametrize("entity_type", [None, "", 5])
def test_an_item_without_a_type_is_refused(cloud: Cloud, entity_type: object) -> None:
    items = [order("A"), {**order("B"), "entity_type": entity_type}]
    assert ask(cloud, "sync/batch", {**OWNER, "sync_timestamp": AT, "items": items})[0] == 400


@pytest.mark.parametrize("odd", [{"operation": "upsert"}, {"data": []}, {"entity_type": "daily_summary"}])
def test_a_batch_that_is_refused_stored_nothing(cloud: Cloud, odd: Json) -> None:
    items = [order("A"), {**order("B"), **odd}]
    assert ask(cloud, "sync/batch", {**OWNER, "sync_timestamp": AT, "items": items})[0] == 400
    assert cloud.records == {}


def test_an_envelope_names_the_outlet_of_the_path(cloud: Cloud) -> None:
    other = {**OWNER, "outlet_id": "other"}
    assert ask(cloud, "sync/batch", {**other, "sync_timestamp": AT, "items": [order()]})[0] == 400
    assert ask(cloud, "analytics/daily", {**other, "date": "2026-01-27", "summary": {}})[0] == 400
    assert (cloud.records, cloud.summaries, len(cloud.violations)) == ({}, {}, 2)


def test_no_change_hides_behind_a_checkpoint_of_the_same_millisecond(cloud: Cloud) -> None:
    checkpoint = updates(cloud)["sync_checkpoint"]
    cloud.add_product("P", name="Nasi", price=1)
    assert len(updates(cloud, checkpoint)["products"]) == 1


def test_no_change_is_told_twice(cloud: Cloud) -> None:
    for name in "PQR":
        cloud.add_product(name, name=name, price=1)
    assert updates(cloud, updates(cloud)["sync_checkpoint"])["products"] == []


def test_a_text_that_is_no_unicode_is_answered(cloud: Cloud) -> None:
    assert push(cloud, order("\ud800"))[0]["local_id"] == "\ud800"
