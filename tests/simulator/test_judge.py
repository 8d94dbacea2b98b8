"""The judge's tables against the contract's text: each example passes, and each rule refuses its one mutation.

The rules are written out here a second time on purpose: a table that loses a line is found.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from outlet_sync_gui.simulator.judge import (
    BATCH,
    DAILY,
    Refused,
    check_fields,
    check_headers,
    check_record,
    read_body,
)

EXAMPLES = Path(__file__).parents[1] / "contract" / "examples"
Json = dict[str, Any]
INTEGER, TIME, TEXT = "a JSON integer", "a UTC time ending in Z", "text"
EXAMPLE_OF = {"order": "push-order", "transaction": "push-transaction", "product": "push-product-update"}
RECORD = {"local_id": "x", "outlet_id": "o", "outlet_code": "J", "version": 1}
DELETED = {**RECORD, "deleted_at": "2026-01-27T10:00:00Z"}


def example(name: str) -> Json:
    value: Json = json.loads((EXAMPLES / f"{name}.request.json").read_text(encoding="utf-8"))
    return value


def verdict(entity_type: str, data: object, operation: str = "create", *, is_strict: bool = True) -> str | None:
    return check_record(entity_type, operation, data, is_strict=is_strict)


@pytest.mark.parametrize("entity_type", EXAMPLE_OF)
def test_the_contracts_records_pass(entity_type: str) -> None:
    assert verdict(entity_type, example(EXAMPLE_OF[entity_type])) is None


def test_the_contracts_envelopes_pass() -> None:
    assert check_fields(example("batch-push-multiple-entities"), BATCH) is None
    assert check_fields(example("push-daily-summary"), DAILY) is None


NEEDED = {
    "order": "local_id outlet_id outlet_code total_amount status items version created_at updated_at",
    "transaction": "local_id outlet_id outlet_code total_amount payment_method version created_at",
    "product": "local_id outlet_id name price version updated_at",
}
NEEDED_FIELDS = [(entity_type, name) for entity_type, names in NEEDED.items() for name in names.split()]


@pytest.mark.parametrize(("entity_type", "name"), NEEDED_FIELDS)
def test_what_the_contract_needs_is_missed(entity_type: str, name: str) -> None:
    data = example(EXAMPLE_OF[entity_type])
    del data[name]
    assert verdict(entity_type, data) == f"{name}: missing"


OPTIONAL = [
    (entity_type, name)
    for entity_type, file in EXAMPLE_OF.items()
    for name in example(file)
    if name not in NEEDED[entity_type].split()
]


@pytest.mark.parametrize(("entity_type", "name"), OPTIONAL)
def test_what_it_does_not_need_may_be_missing(entity_type: str, name: str) -> None:
    data = example(EXAMPLE_OF[entity_type])
    del data[name]
    assert verdict(entity_type, data) is None


KINDS = {
    "order": {
        INTEGER: "version pax total_amount",
        TIME: "created_at updated_at",
        TEXT: "local_id outlet_id outlet_code table_number customer_name status",
        "a list": "items",
        "an object": "payment_info",
    },
    "transaction": {
        INTEGER: "version total_amount cash_amount change_amount",
        TIME: "created_at",
        TEXT: "local_id outlet_id outlet_code order_id payment_method cashier_name",
    },
    "product": {
        INTEGER: "version price stock",
        TIME: "updated_at",
        TEXT: "local_id outlet_id name category_id category_name destination",
    },
}
# What a careless client sends in the place of each kind.
WRONG: dict[str, list[object]] = {
    INTEGER: [1.0, 1.5, "1", "1.000", True, None],
    TIME: [
        "2026-01-27 10:00:00",
        "2026-01-27T10:00:00",
        "2026-01-27T10:00:00+00:00",
        "2026-01-27",
        1769508000000,
        None,
    ],
    TEXT: [1, None, ["x"]],
    "a list": [{}, "[]", None],
    "an object": [[], "{}", None],
}
MUTATIONS = [
    (entity_type, name, wrong, kind)
    for entity_type, kinds in KINDS.items()
    for kind, names in kinds.items()
    for name in names.split()
    for wrong in WRONG[kind]
]


@pytest.mark.parametrize(("entity_type", "name", "wrong", "kind"), MUTATIONS)
def test_a_value_of_another_kind_is_refused(entity_type: str, name: str, wrong: object, kind: str) -> None:
    data = {**example(EXAMPLE_OF[entity_type]), name: wrong}
    assert verdict(entity_type, data) == f"{name}: {kind}"


def test_the_kinds_are_those_of_every_field_of_the_examples() -> None:
    for entity_type, file in EXAMPLE_OF.items():
        assert {name for names in KINDS[entity_type].values() for name in names.split()} == set(example(file))


@pytest.mark.parametrize("time", ["2026-01-27T10:00:00Z", "2026-01-27T10:00:00.5Z", "2026-01-27T10:00:00.123456Z"])
def test_a_time_may_have_a_fraction(time: str) -> None:
    assert verdict("order", {**example("push-order"), "created_at": time}) is None


QUANTITY = f"{INTEGER}, or a fraction"
PARTS: list[tuple[Json, str]] = [
    ({"items": ["x"]}, "items[0].an object"),
    ({"items": [{"product_name": "x", "qty": 1, "price": 1}]}, "items[0].subtotal: missing"),
    ({"items": [{"product_name": "x", "qty": 1.0, "price": 1, "subtotal": 1}]}, f"items[0].qty: {QUANTITY}"),
    ({"items": [{"product_name": "x", "qty": 1, "price": "1", "subtotal": 1}]}, f"items[0].price: {INTEGER}"),
    ({"payment_info": {"amount": 1}}, "payment_info.method: missing"),
    ({"payment_info": {"method": "cash", "amount": 1.0}}, f"payment_info.amount: {INTEGER}"),
    ({"payment_info": {"method": "cash", "amount": 1, "paid_at": "now"}}, f"payment_info.paid_at: {TIME}"),
]


@pytest.mark.parametrize(("change", "reason"), PARTS)
def test_what_is_inside_an_order_is_judged_too(change: Json, reason: str) -> None:
    assert verdict("order", {**example("push-order"), **change}) == reason


def test_the_item_that_is_wrong_is_counted_to() -> None:
    good = example("push-order")["items"][0]
    judged = verdict("order", {**example("push-order"), "items": [good, {**good, "qty": "2"}]})
    assert judged == f"items[1].qty: {QUANTITY}"


def test_half_a_portion_is_a_fraction() -> None:
    good = example("push-order")["items"][0]
    assert verdict("order", {**example("push-order"), "items": [{**good, "qty": 0.5}]}) is None


@pytest.mark.parametrize("name", ["local_id", "outlet_id", "version", "deleted_at"])
def test_a_deletion_needs_its_own_fields(name: str) -> None:
    data = {field: value for field, value in DELETED.items() if field != name}
    assert verdict("product", DELETED, "delete") is None
    assert verdict("product", data, "delete") == f"{name}: missing"


def test_a_type_without_a_table_needs_what_all_need() -> None:
    assert verdict("table_status", {**RECORD, "status": "occupied"}) is None
    assert verdict("table_status", {**RECORD, "version": "1"}) == f"version: {INTEGER}"


def test_the_lenient_judge_wants_an_identity_and_a_version_only() -> None:
    assert verdict("order", {"local_id": "x", "version": 1}, is_strict=False) is None
    assert verdict("order", {"version": 1}, is_strict=False) == "local_id: missing"
    assert verdict("order", {"local_id": "x", "version": 1.0}, is_strict=False) == f"version: {INTEGER}"


@pytest.mark.parametrize("data", [None, [], "x", 1])
def test_a_record_is_an_object(data: object) -> None:
    assert verdict("order", data) == "data: an object"


ENVELOPES: list[tuple[str, str, object, str]] = [
    ("batch-push-multiple-entities", "outlet_id", None, "outlet_id: text"),
    ("batch-push-multiple-entities", "sync_timestamp", "2026-01-27 10:35", f"sync_timestamp: {TIME}"),
    ("batch-push-multiple-entities", "items", {}, "items: a list"),
    ("push-daily-summary", "date", "27-01-2026", "date: a date"),
    ("push-daily-summary", "date", "2026-01-27T00:00:00Z", "date: a date"),
    ("push-daily-summary", "summary", [], "summary: an object"),
    ("push-daily-summary", "outlet_code", 1, "outlet_code: text"),
]


@pytest.mark.parametrize(("name", "field", "wrong", "reason"), ENVELOPES)
def test_an_envelope_of_another_shape_is_refused(name: str, field: str, wrong: object, reason: str) -> None:
    table = DAILY if name == "push-daily-summary" else BATCH
    assert check_fields({**example(name), field: wrong}, table) == reason


BODIES = {
    "nothing": b"",
    "half": b'{"a":',
    "two values": b"{}{}",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "not UTF-8": b'{"a":"\xff"}',
    "a key twice": b'{"a":1,"a":1}',
    "a key twice, deep inside": b'{"items":[{"data":{"total_amount":1,"total_amount":2}}]}',
    "deeper than any record": b'{"a":' * 100_000,
    "a number without end": b'{"a":' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_cannot_be_trusted_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_body(body)
    assert refused.value.status == 400


HEADERS = {"authorization": "Bearer k", "x-outlet-id": "o", "x-outlet-code": "J", "content-type": "application/json"}


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
def test_the_contracts_headers_pass(content_type: str) -> None:
    check_headers({**HEADERS, "content-type": content_type})


@pytest.mark.parametrize("name", HEADERS)
def test_an_empty_header_is_a_missing_one(name: str) -> None:
    with pytest.raises(Refused, match=f"header {name}: missing"):
        check_headers({**HEADERS, name: ""})


@pytest.mark.parametrize("content_type", ["text/plain", "application/jsonp", "application/x-www-form-urlencoded"])
def test_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(Refused, match="content-type"):
        check_headers({**HEADERS, "content-type": content_type})


@pytest.mark.parametrize(
    "time", ["2026-13-01T10:00:00Z", "2026-02-30T10:00:00Z", "2026-01-27T24:61:00Z", "٢٠٢٦-01-27T10:00:00Z"]
)
def test_a_time_exists(time: str) -> None:
    assert verdict("order", {**example("push-order"), "created_at": time}) == f"created_at: {TIME}"


def test_a_date_exists() -> None:
    assert check_fields({**example("push-daily-summary"), "date": "2026-02-30"}, DAILY) == "date: a date"


@pytest.mark.parametrize("name", ["local_id", "outlet_id", "outlet_code"])
def test_an_identity_is_not_empty(name: str) -> None:
    assert verdict("order", {**example("push-order"), name: ""}) == f"{name}: text"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_python_alone_calls_json_is_refused(number: str) -> None:
    with pytest.raises(Refused, match="not JSON"):
        read_body(f'{{"a":{number}}}'.encode())
