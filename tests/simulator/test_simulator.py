"""The simulated cloud: takes what the contract shows, refuses what breaks it, and says why."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.builders import OUTLET_CODE, OUTLET_ID

from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud, wall_ms

EXAMPLES = Path(__file__).parents[1] / "contract" / "examples"
HEADERS = {
    "Authorization": "Bearer k",
    "X-Outlet-ID": OUTLET_ID,
    "X-Outlet-Code": OUTLET_CODE,
    "Content-Type": "application/json",
}
Json = dict[str, Any]


def example(name: str) -> Json:
    value: Json = json.loads((EXAMPLES / f"{name}.request.json").read_text(encoding="utf-8"))
    return value


@pytest.fixture
def running() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key="k", outlet_id=OUTLET_ID)) as cloud:
        yield cloud


def ask(
    cloud: SimulatedCloud, endpoint: str, value: object = None, headers: dict[str, str] | None = None, raw: bytes = b""
) -> tuple[int, Json]:
    connection = http.client.HTTPConnection(urlsplit(cloud.url).netloc, timeout=10)
    method = "GET" if value is None and not raw else "POST"
    path = endpoint if endpoint.startswith("/") else f"/api/v1/outlets/{OUTLET_ID}/{endpoint}"
    body = raw or (json.dumps(value).encode() if value is not None else None)
    with closing(connection):
        connection.request(method, path, body=body, headers=HEADERS if headers is None else headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("orders", "push-order"),
        ("transactions", "push-transaction"),
        ("products", "push-product-update"),
        ("analytics/daily", "push-daily-summary"),
    ],
)
def test_the_contracts_examples_are_taken(running: SimulatedCloud, endpoint: str, name: str) -> None:
    status, answer = ask(running, endpoint, example(name))
    assert (status, answer["success"]) == (200, True)
    assert running.call(lambda cloud: cloud.violations) == []


BROKEN: list[tuple[str, str, Json, str]] = [
    ("orders", "push-order", {"total_amount": 1.5}, "total_amount: a JSON integer"),
    ("orders", "push-order", {"total_amount": 150000.0}, "total_amount: a JSON integer"),
    ("orders", "push-order", {"total_amount": "150000"}, "total_amount: a JSON integer"),
    ("orders", "push-order", {"total_amount": True}, "total_amount: a JSON integer"),
    ("orders", "push-order", {"version": None}, "version: a JSON integer"),
    ("orders", "push-order", {"pax": 4.5}, "pax: a JSON integer"),
    ("orders", "push-order", {"created_at": "2026-01-27 10:00:00"}, "created_at: a UTC time ending in Z"),
    ("orders", "push-order", {"updated_at": "2026-01-27T10:00:00+07:00"}, "updated_at: a UTC time ending in Z"),
    ("orders", "push-order", {"items": {}}, "items: a list"),
    ("orders", "push-order", {"items": [{"product_name": "x"}]}, "items[0].qty: missing"),
    ("orders", "push-order", {"payment_info": {"method": "cash"}}, "payment_info.amount: missing"),
    ("orders", "push-order", {"outlet_id": "other"}, "outlet_id: another outlet's"),
    ("transactions", "push-transaction", {"total_amount": None}, "total_amount: a JSON integer"),
    ("products", "push-product-update", {"price": "35000"}, "price: a JSON integer"),
]


@pytest.mark.parametrize(("endpoint", "name", "change", "reason"), BROKEN)
def test_what_breaks_the_contract_is_refused_and_listed(
    running: SimulatedCloud, endpoint: str, name: str, change: Json, reason: str
) -> None:
    status, answer = ask(running, endpoint, {**example(name), **change})
    assert (status, answer["message"]) == (422, reason)
    assert running.call(lambda cloud: len(cloud.violations)) == 1


@pytest.mark.parametrize(
    "field", ["local_id", "outlet_id", "outlet_code", "total_amount", "status", "version", "created_at"]
)
def test_a_field_of_the_contract_that_is_missing_is_named(running: SimulatedCloud, field: str) -> None:
    order = example("push-order")
    del order[field]
    status, answer = ask(running, "orders", order)
    assert (status, answer["message"]) == (422, f"{field}: missing")


@pytest.mark.parametrize("header", ["X-Outlet-ID", "X-Outlet-Code", "Content-Type"])
def test_a_header_of_the_contract_that_is_missing_is_named(running: SimulatedCloud, header: str) -> None:
    headers = {name: value for name, value in HEADERS.items() if name != header}
    status, answer = ask(running, "orders", example("push-order"), headers)
    assert (status, answer["message"]) == (400, f"header {header.lower()}: missing")


def test_another_key_is_401_another_outlet_403(running: SimulatedCloud) -> None:
    assert ask(running, "orders", example("push-order"), {**HEADERS, "Authorization": "Bearer x"})[0] == 401
    other = "/api/v1/outlets/other/orders"
    assert ask(running, other, example("push-order"), {**HEADERS, "X-Outlet-ID": "other"})[0] == 403


@pytest.mark.parametrize(
    ("raw", "reason"), [(b"{", "not JSON"), (b"[]", "not a JSON object"), (b'{"a":1,"a":2}', "a key twice")]
)
def test_a_body_that_is_no_object_is_refused(running: SimulatedCloud, raw: bytes, reason: str) -> None:
    status, answer = ask(running, "orders", raw=raw)
    assert status == 400
    assert reason in answer["message"]


def entry(local_id: str, version: int = 1, **fields: Any) -> Json:
    data = {**example("push-order"), "local_id": local_id, "version": version, **fields}
    return {"entity_type": "order", "operation": "create", "data": data}


def batch(*items: Json) -> Json:
    at = "2026-01-27T10:35:00Z"
    return {"outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE, "sync_timestamp": at, "items": list(items)}


def test_each_item_of_a_batch_has_its_own_result(running: SimulatedCloud) -> None:
    _, answer = ask(running, "sync/batch", batch(entry("A"), entry("B", total_amount="x"), entry("C")))
    data = answer["data"]
    assert [result["status"] for result in data["results"]] == ["success", "failed", "success"]
    assert (data["processed"], data["success"], data["failed"]) == (3, 2, 1)


def test_more_than_1000_items_are_refused(running: SimulatedCloud) -> None:
    assert ask(running, "sync/batch", batch(*(entry(str(n)) for n in range(1001))))[0] == 400


def test_the_same_version_again_is_a_repeat_with_other_content_a_refusal(running: SimulatedCloud) -> None:
    ask(running, "sync/batch", batch(entry("A")))
    _, again = ask(running, "sync/batch", batch(entry("A")))
    _, other = ask(running, "sync/batch", batch(entry("A", total_amount=1)))
    assert again["data"]["results"][0]["status"] == "success"
    assert other["data"]["results"][0]["error"] == "Order already exists with different data"
    assert running.call(lambda cloud: cloud.repeats) == 1


def test_an_older_version_after_a_newer_is_listed(running: SimulatedCloud) -> None:
    ask(running, "sync/batch", batch(entry("A", 2)))
    ask(running, "sync/batch", batch(entry("A", 1)))
    assert running.call(lambda cloud: cloud.violations) == ["order A: version: 1 after 2"]


def test_a_transaction_before_its_order_is_listed(running: SimulatedCloud) -> None:
    ask(running, "transactions", {**example("push-transaction"), "order_id": "unknown"})
    assert running.call(lambda cloud: cloud.orphans) == ["tx-123"]


def test_over_the_limit_is_the_contracts_429() -> None:
    with SimulatedCloud(Cloud(now_ms=wall_ms, rate_limit_per_minute=2)) as running:
        statuses = [ask(running, "updates?since=2026-01-27T00:00:00Z")[0] for _ in range(3)]
        status, answer = ask(running, "updates?since=2026-01-27T00:00:00Z")
        assert statuses == [200, 200, 429]
        assert (status, answer["error"], answer["message"]) == (429, "rate_limit_exceeded", "Too many requests")
        assert 1 <= answer["retry_after"] <= 60
        assert running.call(lambda cloud: cloud.over_limit) == 2


def test_updates_tell_what_headquarters_changed_since(running: SimulatedCloud) -> None:
    running.call(lambda cloud: cloud.add_product("prod-1", name="Nasi", price=35000))
    running.call(lambda cloud: cloud.add_product("prod-2", name="Mi", price=30000))
    running.call(lambda cloud: cloud.add_category("Beverages"))
    _, first = ask(running, "updates?since=1970-01-01T00%3A00%3A00Z")
    running.call(lambda cloud: cloud.change_product("prod-1", price=40000))
    running.call(lambda cloud: cloud.delete_product("prod-2"))
    _, later = ask(running, f"updates?since={first['data']['sync_checkpoint']}")
    assert [product["name"] for product in first["data"]["products"]] == ["Nasi", "Mi"]
    assert first["data"]["categories"][0].keys() == {"cloud_id", "name", "version", "updated_at", "action"}
    assert [(p["local_id"], p["price"], p["version"]) for p in later["data"]["products"]] == [("prod-1", 40000, 2)]
    assert [gone["local_id"] for gone in later["data"]["deleted"]] == ["prod-2"]


@pytest.mark.parametrize(
    "since", ["", "since=yesterday", "since=2026-01-27T10:00:00", "since=2026-01-27T10:00:00+07:00"]
)
def test_a_since_that_cannot_be_read_is_refused(running: SimulatedCloud, since: str) -> None:
    assert ask(running, f"updates?{since}")[0] == 400


@pytest.mark.parametrize(
    ("fault", "is_stored"),
    [(Fault(drop_before=True), False), (Fault(drop_after=True), True), (Fault(truncated=True), True)],
)
def test_a_dropped_line_stores_or_does_not(running: SimulatedCloud, fault: Fault, is_stored: bool) -> None:
    running.set_fault("orders", fault)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ask(running, "orders", example("push-order"))
    assert running.call(lambda cloud: bool(cloud.records)) is is_stored


@pytest.mark.parametrize(("fault", "status"), [(Fault(status=503), 503), (Fault(status=429, retry_after=7), 429)])
def test_a_fault_can_meet_so_many_requests_only(running: SimulatedCloud, fault: Fault, status: int) -> None:
    running.set_fault("*", replace(fault, times=1))
    assert [ask(running, "orders", example("push-order"))[0] for _ in range(2)] == [status, 200]


def test_faults_and_headquarters_by_hand(running: SimulatedCloud) -> None:
    ask(running, "orders", example("push-order"))
    ask(running, "products", example("push-product-update"))
    assert ask(running, "/simulator/faults", {"orders": {"status": 500}})[0] == 200
    assert ask(running, "orders", example("push-order"))[0] == 500
    order_to_hq = {"action": "change_product", "local_id": "prod-123", "fields": {"price": 40000}}
    assert ask(running, "/simulator/headquarters", order_to_hq)[0] == 200
    assert ask(running, "/simulator/headquarters", {"action": "nonsense"})[0] == 400
    _, state = ask(running, "/simulator/state")
    assert state["records"] == {"order": 1, "product": 1}
