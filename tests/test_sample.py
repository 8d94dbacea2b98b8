"""The sample outlet: sums add up, and the files are what the generator gives."""

import json
from datetime import UTC, datetime

from tests.builders import read

from outlet_sync_gui import sample
from outlet_sync_gui.resources import resource

DATE = datetime(2026, 1, 27, tzinfo=UTC)
DAY = sample.day(DATE)
ORDERS = {record["data"]["local_id"]: record["data"] for record in DAY if record["entity_type"] == "order"}
PAYMENTS = [record["data"] for record in DAY if record["entity_type"] == "transaction"]


def test_a_menu_of_60_products_in_6_categories() -> None:
    kinds = [record["entity_type"] for record in sample.menu(DATE)]
    assert (kinds.count("product"), kinds.count("category")) == (60, 6)
    assert len({record["data"].get("name") for record in sample.menu(DATE)}) == 66


def test_items_add_up_to_their_order() -> None:
    assert len(ORDERS) == 150
    for order in ORDERS.values():
        assert sum(item["qty"] * item["price"] for item in order["items"]) == order["total_amount"]
        assert all(item["subtotal"] == item["qty"] * item["price"] for item in order["items"])


def test_payments_add_up_to_their_order_and_change_is_right() -> None:
    paid: dict[str, int] = {}
    for payment in PAYMENTS:
        paid[payment["order_id"]] = paid.get(payment["order_id"], 0) + payment["total_amount"]
        if payment["payment_method"] == "cash":
            assert payment["cash_amount"] - payment["change_amount"] == payment["total_amount"]
    assert paid == {key: order["total_amount"] for key, order in ORDERS.items() if order["status"] == "paid"}


def test_the_day_has_everything_that_a_day_has() -> None:
    assert {order["status"] for order in ORDERS.values()} == {"paid", "voided"}
    assert any("split" in order.get("payment_info", {}) for order in ORDERS.values())
    assert any("table_number" not in order for order in ORDERS.values())
    assert {payment["payment_method"] for payment in PAYMENTS} == {"cash", "qris", "card"}
    hours = {(datetime.fromisoformat(order["created_at"]).hour + 7) % 24 for order in ORDERS.values()}
    assert min(hours) >= 10
    assert max(hours) <= 22


def test_ids_are_short_enough_for_a_cloud_in_use() -> None:
    assert max(len(record["data"]["local_id"]) for record in [*DAY, *sample.menu(DATE)]) <= 26


def test_every_record_passes_the_door() -> None:
    for record in [*sample.menu(DATE), *DAY, *sample.unpaid(DAY)]:
        read(record["entity_type"], record["data"])


def test_the_files_are_what_the_generator_gives() -> None:
    expected = {"sales.ndjson": [*sample.menu(DATE), *DAY], "morning.ndjson": list(sample.unpaid(DAY))[:40]}
    for name, records in expected.items():
        lines = resource("sample", name).read_text(encoding="utf-8").splitlines()
        assert [json.loads(line) for line in lines] == records
