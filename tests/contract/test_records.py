"""A record at the door: what the contract names is checked, all else is kept as it came."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import OUTLET_CODE, OUTLET_ID, order, product, read, transaction

from outlet_sync_gui.contract.records import (
    changed_fields,
    digest_of,
    glance,
    merge_fields,
    read_record,
    splice,
    three_way,
)
from outlet_sync_gui.contract.text import dumps, loads
from outlet_sync_gui.errors import InputRefused

NOW = "2026-01-27T03:30:00Z"


def content(entity_type: str, data: dict[str, Any], operation: str = "create") -> Any:
    return loads(read(entity_type, data, operation).content)


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("order", order(total_amount=35000.5), "money_fraction", "total_amount"),
    ("order", order(total_amount="35000"), "field_invalid", "total_amount"),
    ("order", order(total_amount=True), "field_invalid", "total_amount"),
    ("order", order(total_amount=2**53 + 1), "field_invalid", "total_amount"),
    ("order", order(items=[{"price": 1.5}]), "money_fraction", "items.0.price"),
    ("order", order(items="none"), "field_invalid", "items"),
    ("order", order(payment_info={"amount": "1"}), "field_invalid", "payment_info.amount"),
    ("order", order(created_at="2026-01-27T10:00:00"), "time_without_zone", "created_at"),
    ("order", order(created_at="yesterday"), "field_invalid", "created_at"),
    ("order", order(version=-1), "field_invalid", "version"),
    ("order", order(version=1.5), "field_invalid", "version"),
    ("order", order(version=2**53 + 1), "field_invalid", "version"),
    ("order", order(outlet_id="another"), "other_outlet", "outlet_id"),
    ("order", order(outlet_code="BDG-001"), "other_outlet", "outlet_code"),
    ("transaction", transaction(cash_amount=0.5), "money_fraction", "cash_amount"),
    ("product", product(price="free"), "field_invalid", "price"),
    ("product", product(name=5), "field_invalid", "name"),
    ("order", order(local_id="a\nb"), "field_invalid", "local_id"),
    ("order", order(local_id="x" * 201), "field_invalid", "local_id"),
]


@pytest.mark.parametrize(("entity_type", "data", "code", "field"), REFUSED)
def test_what_cannot_be_is_refused_with_the_field(
    entity_type: str, data: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(InputRefused) as refused:
        read(entity_type, loads(dumps_plain(data)))
    assert (refused.value.code, refused.value.facts["field"]) == (code, field)


def dumps_plain(data: object) -> str:
    return json.dumps(data)


@pytest.mark.parametrize("local_id", [None, "", "   ", 17, True, ["A1"]])
def test_a_record_needs_its_own_number(local_id: object) -> None:
    with pytest.raises(InputRefused) as refused:
        read("order", {"local_id": local_id})
    assert refused.value.code == "local_id_missing"


@pytest.mark.parametrize("name", ["", "Order", "order!", "../x", "x" * 41, None, 5])
def test_a_types_name_is_plain(name: object) -> None:
    with pytest.raises(InputRefused) as refused:
        read_record(name, order(), operation="create", outlet_id="a", outlet_code="b", now=NOW)
    assert refused.value.code == "bad_type"


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_a_record_is_an_object(data: object) -> None:
    with pytest.raises(InputRefused) as refused:
        read_record("order", data, operation="create", outlet_id="a", outlet_code="b", now=NOW)
    assert refused.value.code == "not_an_object"


def test_an_operation_is_one_of_three() -> None:
    with pytest.raises(InputRefused) as refused:
        read("order", order(), "upsert")
    assert refused.value.code == "operation_unknown"


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [("35000.0", 35000), ("35000", 35000), ("3.5e4", 35000), ("-500", -500), ("0", 0)],
)
def test_money_is_whole_rupiah(given_value: str, kept: int) -> None:
    data = loads(f'{{"local_id": "A1", "total_amount": {given_value}}}')
    assert content("order", data)["total_amount"] == kept
    assert isinstance(content("order", data)["total_amount"], int)


def test_counts_are_integers_where_they_are_whole_and_stay_where_not() -> None:
    data = loads('{"local_id": "A1", "pax": 4.0, "items": [{"qty": 2.0}, {"qty": 0.5}]}')
    kept = content("order", data)
    assert (kept["pax"], [str(item["qty"]) for item in kept["items"]]) == (4, ["2", "0.5"])


def test_times_of_the_contract_become_utc() -> None:
    data = order(created_at="2026-01-27T17:00:00+07:00", payment_info={"paid_at": "2026-01-27T17:30:00.5+07:00"})
    kept = content("order", data)
    assert (kept["created_at"], kept["payment_info"]["paid_at"]) == (
        "2026-01-27T10:00:00Z",
        "2026-01-27T10:30:00.500000Z",
    )


def test_what_the_contract_does_not_name_stays_untouched() -> None:
    text = '{"local_id":"A1","weight":1.10,"printed_at":"27/01 10.00","discount":{"of":[1E+2]}}'
    kept = read("order", loads(text)).content
    assert '"weight":1.10' in kept
    assert '"printed_at":"27/01 10.00"' in kept
    assert '"discount":{"of":[1E+2]}' in kept


def test_missing_times_are_filled_in_but_are_no_content() -> None:
    bare = read("order", {"local_id": "A1"})
    later = read_record(
        "order",
        {"local_id": "A1"},
        operation="create",
        outlet_id=OUTLET_ID,
        outlet_code=OUTLET_CODE,
        now="2026-02-01T00:00:00Z",
    )
    assert loads(bare.content) == {"local_id": "A1", "created_at": NOW, "updated_at": NOW}
    assert bare.digest == later.digest


def test_the_digest_is_of_content_alone() -> None:
    base = read("order", order(version=1))
    same = [order(version=2), order(updated_at="2026-01-28T00:00:00Z"), {**dict(reversed(order().items()))}]
    same += [order(outlet_id=OUTLET_ID, outlet_code=OUTLET_CODE), order(total_amount=10.0)]
    assert {read("order", data).digest for data in same} == {base.digest}
    assert read("order", order(total_amount=11)).digest != base.digest
    assert read("order", order(), "delete").digest != base.digest
    assert digest_of(base.content) == base.digest


def test_a_delete_needs_only_its_number() -> None:
    gone = read("order", {"local_id": "A1"}, "delete")
    assert (gone.operation, loads(gone.content)) == ("delete", {"local_id": "A1", "deleted_at": NOW})


def test_a_payment_knows_its_order_and_its_amount() -> None:
    paid = read("transaction", transaction("T1", "A1", total_amount=500))
    assert (paid.parent_ref, paid.amount) == ("A1", 500)


NAMES = st.text(st.characters(categories=["Ll"]), min_size=1, max_size=8).filter(lambda name: name != "version")


@given(st.dictionaries(NAMES, st.integers() | st.text(max_size=9) | st.none(), max_size=6), st.integers(1, 2**53))
def test_splicing_is_the_same_as_building_anew(fields: dict[str, object], version: int) -> None:
    text = dumps({"local_id": "A1", **fields})
    around = {"outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE, "version": version}
    spliced = splice(text, outlet_id=OUTLET_ID, outlet_code=OUTLET_CODE, version=version)
    assert json.loads(spliced) == {**around, "local_id": "A1", **fields}


@pytest.mark.parametrize(
    ("source", "incoming", "current", "merged"),
    [
        (None, {"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"a": 1}, {"a": 9}, {"a": 9}),
        ({"a": 1}, {"a": 2}, {"a": 9}, {"a": 2}),
        ({"a": 1, "b": 1}, {"a": 2}, {"a": 1, "b": 9}, {"a": 2, "b": 9}),
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 9}, {"a": 9, "b": 2}),
    ],
)
def test_only_what_the_till_itself_changed_is_an_edit(
    source: dict[str, int] | None, incoming: dict[str, int], current: dict[str, int], merged: dict[str, int]
) -> None:
    said = dumps(source) if source is not None else None
    assert loads(three_way(said, dumps(incoming), dumps(current))) == merged


def test_fields_are_merged_and_compared_by_value() -> None:
    assert loads(merge_fields('{"a":1,"b":2}', {"b": 3})) == {"a": 1, "b": 3}
    assert changed_fields('{"a":1,"b":2}', {"a": 1, "b": 3, "c": None}) == {"b": 3, "c": None}


@given(
    st.dictionaries(
        st.sampled_from(["name", "pax", "table_number", "payment_info", "total_amount", "stock"]),
        st.none()
        | st.integers()
        | st.text()
        | st.lists(st.integers())
        | st.dictionaries(st.just("method"), st.integers()),
    )
)
def test_a_glance_at_odd_content_leaves_out_what_is_odd(fields: dict[str, object]) -> None:
    seen = glance(dumps(fields))
    assert seen.title is None or isinstance(seen.title, str)
    assert seen.amount is None or isinstance(seen.amount, int)
