"""The faults on a real line, the control by hand, and the thread that carries it all."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from time import monotonic
from typing import Any

import pytest
from tests.builders import OUTLET_CODE, OUTLET_ID, START_MS

from outlet_sync_gui.errors import NeedsPerson
from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud

AT = "2026-01-27T03:00:00Z"
HEADERS = {
    "Authorization": "Bearer k",
    "X-Outlet-ID": OUTLET_ID,
    "X-Outlet-Code": OUTLET_CODE,
    "Content-Type": "application/json",
}
BASE = f"/api/v1/outlets/{OUTLET_ID}/"
ORDERS, BATCH, UPDATES, DAILY = "orders", "sync/batch", f"updates?since={AT}", "analytics/daily"
Json = dict[str, Any]


@pytest.fixture
def running() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=lambda: START_MS)) as cloud:
        yield cloud


def connect(cloud: SimulatedCloud) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(cloud.url.removeprefix("http://"), timeout=10)


def send(cloud: SimulatedCloud, method: str, path: str, value: object = None) -> tuple[int, str, bytes]:
    body = None if value is None else json.dumps(value).encode()
    with closing(connect(cloud)) as connection:
        connection.request(method, path, body=body, headers=HEADERS)
        response = connection.getresponse()
        return response.status, response.headers["content-type"], response.read()


def order(local_id: str = "A") -> Json:
    mine = {"local_id": local_id, "outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE, "version": 1}
    return {**mine, "total_amount": 10, "status": "paid", "items": [], "created_at": AT, "updated_at": AT}


def push(cloud: SimulatedCloud, local_id: str = "A") -> int:
    return send(cloud, "POST", BASE + ORDERS, order(local_id))[0]


def stored(cloud: SimulatedCloud) -> list[str]:
    return cloud.call(lambda inside: [local_id for _, local_id in inside.records])


@pytest.mark.parametrize("status", [401, 403, 500, 502, 503])
def test_a_status_is_answered_and_nothing_stored(running: SimulatedCloud, status: int) -> None:
    running.set_fault("orders", Fault(status=status, message="pq: gone"))
    answered, kind, body = send(running, "POST", BASE + ORDERS, order())
    assert (answered, kind) == (status, "application/json")
    assert json.loads(body) == {"success": False, "error": "simulated", "message": "pq: gone"}
    assert stored(running) == []


@pytest.mark.parametrize("retry_after", [None, 7])
def test_a_429_names_a_wait_only_when_told_to(running: SimulatedCloud, retry_after: int | None) -> None:
    running.set_fault("*", Fault(status=429, retry_after=retry_after))
    assert json.loads(send(running, "GET", BASE + UPDATES)[2]).get("retry_after") == retry_after
    assert running.call(lambda cloud: cloud.over_limit) == 0


def test_a_captive_portal_answers_200_and_no_json(running: SimulatedCloud) -> None:
    running.set_fault("*", Fault(html=True))
    status, kind, body = send(running, "POST", BASE + ORDERS, order())
    assert (status, kind, body[:9]) == (200, "text/html", b"<!doctype")
    assert stored(running) == []


@pytest.mark.parametrize(
    ("name", "met"), [("orders", ORDERS), ("batch", BATCH), ("updates", UPDATES), ("daily", DAILY)]
)
def test_a_fault_meets_its_own_endpoint_only(running: SimulatedCloud, name: str, met: str) -> None:
    running.set_fault(name, Fault(status=503))
    methods = {ORDERS: "POST", BATCH: "POST", UPDATES: "GET", DAILY: "POST"}
    answers = {path: send(running, method, BASE + path, {})[0] for path, method in methods.items()}
    assert [path for path, status in answers.items() if status == 503] == [met]


def test_an_endpoints_own_fault_goes_before_everybodys(running: SimulatedCloud) -> None:
    running.set_fault("*", Fault(status=500))
    running.set_fault("orders", Fault(status=503, times=1))
    assert [push(running) for _ in range(2)] == [503, 500]


def test_a_line_that_is_well_again_serves(running: SimulatedCloud) -> None:
    running.set_fault("*", Fault(drop_before=True))
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        push(running)
    running.clear_faults()
    assert push(running) == 200


def test_so_many_requests_are_met_and_no_more(running: SimulatedCloud) -> None:
    running.set_fault("orders", Fault(status=500, times=3))
    assert [push(running) for _ in range(4)] == [500, 500, 500, 200]


def test_after_a_lost_answer_the_same_push_is_a_repeat(running: SimulatedCloud) -> None:
    running.set_fault("orders", Fault(drop_after=True, times=1))
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        push(running)
    assert push(running) == 200
    assert running.call(lambda cloud: (len(cloud.journal), cloud.repeats)) == (1, 1)


def test_half_an_answer_is_seen_as_half(running: SimulatedCloud) -> None:
    running.set_fault("orders", Fault(truncated=True))
    with closing(connect(running)) as connection:
        connection.request("POST", BASE + ORDERS, body=json.dumps(order()).encode(), headers=HEADERS)
        with pytest.raises(http.client.IncompleteRead) as half:
            connection.getresponse().read()
    assert half.value.expected
    assert stored(running) == ["A"]


def test_a_slow_line_answers_late_and_whole(running: SimulatedCloud) -> None:
    running.set_fault("orders", Fault(latency_s=0.05))
    before = monotonic()
    assert push(running) == 200
    assert monotonic() - before >= 0.05


def test_an_end_does_not_wait_for_a_slow_line() -> None:
    with SimulatedCloud(Cloud(now_ms=lambda: START_MS)) as running:
        connection = connect(running)
        connection.request("GET", "/simulator/state")
        connection.getresponse().read()
        running.set_fault("orders", Fault(latency_s=3600))
        connection.request("POST", BASE + ORDERS, body=json.dumps(order()).encode(), headers=HEADERS)
        before = monotonic()
    with closing(connection), pytest.raises((http.client.HTTPException, ConnectionError)):
        connection.getresponse()
    assert monotonic() - before < 1
    assert running.cloud.records == {}


def test_its_thread_and_its_port_end_with_it() -> None:
    before = threading.active_count()
    with SimulatedCloud() as running:
        connection = connect(running)
        connection.request("GET", "/simulator/state")
        assert connection.getresponse().read()
    connection.close()
    assert threading.active_count() == before
    with closing(connect(running)) as gone, pytest.raises(ConnectionRefusedError):
        gone.connect()


def test_a_taken_port_is_told_and_leaves_no_thread(running: SimulatedCloud) -> None:
    before = threading.active_count()
    taken = int(running.url.rpartition(":")[2])
    with pytest.raises(NeedsPerson, match="port_taken"), SimulatedCloud(port=taken):
        pass
    assert threading.active_count() == before


def test_many_tills_at_once_lose_nothing(running: SimulatedCloud) -> None:
    running.call(lambda cloud: setattr(cloud, "rate_limit_per_minute", 10_000))

    def work(till: int) -> None:
        for number in range(25):
            push(running, f"{till}-{number}")

    tills = [threading.Thread(target=work, args=(till,)) for till in range(4)]
    for till in tills:
        till.start()
    for till in tills:
        till.join(30)
    assert len(set(stored(running))) == 100


# -- by hand


def test_faults_by_hand_go_as_they_came(running: SimulatedCloud) -> None:
    words = {"orders": {"status": 503, "times": 1}, "reject": {"B": "Meja tidak dikenal"}}
    assert send(running, "POST", "/simulator/faults", words)[0] == 200
    assert [push(running, "A"), push(running, "A"), push(running, "B")] == [503, 200, 422]
    assert send(running, "DELETE", "/simulator/faults")[0] == 200
    assert push(running, "B") == 200


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/simulator/faults", {"orders": {"no_such_fault": 1}}),
        ("/simulator/faults", {"ordres": {"status": 503}}),
        ("/simulator/faults", {"orders": []}),
        ("/simulator/faults", {"reject": ["A"]}),
        ("/simulator/headquarters", {"action": "add_product", "local_id": "P", "fields": []}),
        ("/simulator/headquarters", {}),
        ("/simulator/headquarters", {"action": "change_product", "local_id": "unknown"}),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(running: SimulatedCloud, path: str, value: Json) -> None:
    status, _, body = send(running, "POST", path, value)
    assert (status, json.loads(body)["success"]) == (400, False)


def test_headquarters_by_hand(running: SimulatedCloud) -> None:
    product = {"local_id": "P", "fields": {"name": "Nasi", "price": 1}}
    actions: list[Json] = [
        {"action": "add_product", **product},
        {"action": "add_category", "name": "Minuman"},
        {"action": "delete_product", "local_id": "P"},
    ]
    assert [send(running, "POST", "/simulator/headquarters", each)[0] for each in actions] == [200, 200, 200]
    told = json.loads(send(running, "GET", BASE + UPDATES)[2])["data"]
    assert [each["name"] for each in told["categories"]] == ["Minuman"]
    assert [each["local_id"] for each in told["deleted"]] == ["P"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/simulator/nothing"), ("POST", "/simulator/state")])
def test_what_cannot_be_controlled_is_not_there(running: SimulatedCloud, method: str, path: str) -> None:
    assert send(running, method, path)[0] == 404


def test_looking_is_no_request_of_an_outlet(running: SimulatedCloud) -> None:
    running.set_fault("*", Fault(status=503))
    assert [send(running, "GET", path)[0] for path in ("/", "/simulator/state")] == [200, 200]
    assert running.call(lambda cloud: dict(cloud.requests)) == {}


def test_the_page_shows_what_arrived_as_plain_text(running: SimulatedCloud) -> None:
    strange = {**order("<script>"), "total_amount": "x"}
    send(running, "POST", BASE + ORDERS, strange)
    _, kind, body = send(running, "GET", "/")
    assert kind.startswith("text/html")
    assert b"&lt;script&gt;" in body
    assert b"<script>" not in body
