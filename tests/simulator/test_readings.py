"""What a cloud in use lets an outlet read back, with its oddities; nothing of it is there until it is switched on."""

import json

import pytest
from tests.simulator.asking import OWNER, Clock, Json, ask, deletion, entry, order, payment, product, push

from outlet_sync_gui.simulator.cloud import Cloud

READINGS = ["info", "orders?page=1&limit=5", "transactions", "products", "analytics", "sync/logs?limit=5"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cloud(clock: Clock) -> Cloud:
    return Cloud(now_ms=clock, extras=True)


def rows(cloud: Cloud, target: str) -> list[Json]:
    status, answer = ask(cloud, target)
    assert status == 200
    found: list[Json] = answer["data"]
    return found


@pytest.mark.parametrize("reading", READINGS)
def test_without_the_switch_there_is_nothing(clock: Clock, reading: str) -> None:
    assert ask(Cloud(now_ms=clock), reading)[0] == 404


def test_to_ask_whether_it_is_there_is_no_breach_of_the_contract(clock: Clock) -> None:
    plain = Cloud(now_ms=clock)
    assert (ask(plain, "orders?page=1&limit=1")[0], plain.violations) == (404, [])
    assert (ask(plain, "orders?page=1&limit=100")[0], len(plain.violations)) == (404, 1)


@pytest.mark.parametrize("reading", READINGS)
def test_with_it_each_is_there(cloud: Cloud, reading: str) -> None:
    assert ask(cloud, reading)[1]["success"] is True


def test_pages_begin_with_the_newest(cloud: Cloud) -> None:
    push(cloud, *(order(f"A{n}", created_at=f"2026-01-27T0{n}:00:00Z") for n in (1, 3, 2)))
    _, answer = ask(cloud, "orders?page=1&limit=2")
    assert [row["local_id"].strip() for row in answer["data"]] == ["A3", "A2"]
    assert (answer["page"], answer["limit"], answer["total"], answer["total_pages"]) == (1, 2, 3, 2)
    assert [row["local_id"].strip() for row in rows(cloud, "orders?page=2&limit=2")] == ["A1"]
    assert rows(cloud, "orders?page=3&limit=2") == []


def test_an_order_is_as_odd_as_there(cloud: Cloud) -> None:
    payment_info = {"method": "cash", "amount": 10, "paid_at": "2026-01-27T03:00:00Z"}
    push(cloud, order("A", payment_info=payment_info))
    (row,) = rows(cloud, "orders")
    assert row["local_id"] == row["id"] == "A" + 25 * " "
    assert (row["items"], json.loads(row["payment_info"])) == ("[]", payment_info)
    assert (type(row["total_amount"]), row["total_amount"]) == (float, 10)
    assert row["created_at"] == "2026-01-27 03:00:00"


def test_of_a_deleted_order_its_number_is_left(cloud: Cloud) -> None:
    push(cloud, order("A"), deletion("order", "A", 2))
    (row,) = rows(cloud, "orders")
    assert (row["local_id"].strip(), row["total_amount"], row["status"], row["version"]) == ("A", 0, "", 2)


def test_what_it_does_not_know_is_dropped_and_stands_in_the_log_alone(cloud: Cloud) -> None:
    shift = entry("cashier_shift", {"local_id": "S", "version": 1})
    results = push(cloud, order(), shift, shift, product())
    assert [result["status"] for result in results] == ["success"] * 4
    assert ("cashier_shift", "S") not in cloud.records
    logged = {(line["entity_type"], line["status"], line["entity_count"]) for line in rows(cloud, "sync/logs")}
    assert logged == {("order", "success", 1), ("cashier_shift", "skipped", 2), ("product", "success", 1)}


def test_the_log_begins_with_the_newest(cloud: Cloud, clock: Clock) -> None:
    push(cloud, order("A"))
    clock.ms += 60_000
    push(cloud, payment())
    assert [line["entity_type"] for line in rows(cloud, "sync/logs?limit=1")] == ["transaction"]
    assert [line["entity_type"] for line in rows(cloud, "sync/logs")] == ["transaction", "order"]


def test_what_was_pushed_per_date_is_told(cloud: Cloud) -> None:
    for date in ("2026-01-26", "2026-01-27", "2026-01-28"):
        ask(cloud, "analytics/daily", {**OWNER, "date": date, "summary": {"total_orders": 1}})
    found = rows(cloud, "analytics?start_date=2026-01-27&end_date=2026-01-27")
    assert [summary["date"] for summary in found] == ["2026-01-27"]


@pytest.mark.parametrize("query", ["page=0", "limit=-1", "page=x"])
def test_a_page_that_there_cannot_be_is_refused(cloud: Cloud, query: str) -> None:
    assert ask(cloud, f"orders?{query}")[0] == 400
