"""The bodies of the five webhooks: read where their values may stand, refused where one is not what it must be."""

import json
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.contract.text import loads
from outlet_sync_gui.contract.webhooks import (
    Broadcast,
    Config,
    Disputed,
    Heard,
    Kind,
    check_ours,
    read_letter,
)
from outlet_sync_gui.errors import InputRefused

EXAMPLES = Path(__file__).parent / "examples"
NOW = "2026-01-27T12:00:00Z"
AT = "2026-01-27T11:20:00Z"
Json = dict[str, Any]

UPDATE: Json = {
    "event": "entity.updated",
    "timestamp": AT,
    "entity_type": "product",
    "local_id": "P1",
    "data": {"price": 40000},
    "version": 3,
}
DELETE: Json = {"event": "entity.deleted", "entity_type": "product", "local_id": "P1", "deleted_at": AT}
FIELD: Json = {"field": "price", "cloud_value": 40000, "local_value": 38000}
CONFLICT: Json = {"event": "sync.conflict", "entity_type": "product", "local_id": "P1", "conflict": FIELD}
BROADCAST: Json = {"title": "Closed", "message": "Closed on Friday."}
CONFIG: Json = {"config": {"pull_interval_s": 60}}
BODIES: Mapping[Kind, Json] = {
    Kind.UPDATE: UPDATE,
    Kind.DELETE: DELETE,
    Kind.CONFLICT: CONFLICT,
    Kind.BROADCAST: BROADCAST,
    Kind.CONFIG: CONFIG,
}


def heard(kind: Kind, body: object) -> Heard:
    return read_letter(kind, loads(json.dumps(body)), digest="d", now=NOW).heard


def change(kind: Kind, body: object) -> CloudChange:
    found = heard(kind, body)
    assert isinstance(found, CloudChange)
    return found


def disputes(body: object) -> tuple[Disputed, ...]:
    found = heard(Kind.CONFLICT, body)
    assert isinstance(found, tuple)
    return found


def broadcast(body: object) -> Broadcast:
    found = heard(Kind.BROADCAST, body)
    assert isinstance(found, Broadcast)
    return found


def values(body: object) -> Mapping[str, Any]:
    found = heard(Kind.CONFIG, body)
    assert isinstance(found, Config)
    return found.values


def without(body: Json, *names: str) -> Json:
    return {name: value for name, value in body.items() if name not in names}


def test_the_contracts_update_is_read() -> None:
    text = (EXAMPLES / "webhook-cloud-push-update.request.json").read_bytes()
    assert read_letter(Kind.UPDATE, loads(text), digest="d", now=NOW).heard == CloudChange(
        entity_type="product",
        local_id="prod-123",
        cloud_id="cloud-prod-1",
        action="update",
        version=3,
        updated_at=AT,
        fields='{"name":"Nasi Goreng Special","price":40000,"stock":100}',
        by="central-system",
        reason="Price adjustment from headquarters",
    )


def test_the_contracts_conflict_is_read() -> None:
    text = (EXAMPLES / "conflict-notification.request.json").read_bytes()
    assert read_letter(Kind.CONFLICT, loads(text), digest="d", now=NOW).heard == (
        Disputed(
            entity_type="product",
            local_id="prod-123",
            cloud_id="cloud-prod-1",
            conflict_id=None,
            field="price",
            cloud_value="40000",
            cloud_version=4,
            cloud_updated_at=AT,
            local_value="38000",
            local_version=3,
            local_updated_at="2026-01-27T11:22:00Z",
            is_required=True,
            by=None,
            reason=None,
            at="2026-01-27T11:25:00Z",
        ),
    )


@pytest.mark.parametrize("kind", Kind)
def test_a_letter_tells_its_path_its_digest_and_its_own_time(kind: Kind) -> None:
    letter = read_letter(kind, {**BODIES[kind], "timestamp": "2026-01-27 18:20:00+07:00"}, digest="d", now=NOW)
    assert (letter.kind, letter.digest, letter.at) == (kind, "d", AT)


@pytest.mark.parametrize("kind", [Kind.DELETE, Kind.CONFLICT, Kind.BROADCAST, Kind.CONFIG])
def test_a_letter_without_a_time_is_of_its_arrival(kind: Kind) -> None:
    assert read_letter(kind, without(BODIES[kind], "timestamp"), digest="d", now=NOW).at == NOW


UPDATES: dict[str, tuple[Json, Json]] = {
    "version under data": ({**without(UPDATE, "version"), "data": {"version": 3}}, {"version": 3, "fields": "{}"}),
    "version on top counts": ({**UPDATE, "data": {"version": 2}}, {"version": 3}),
    "a version that carries .0": ({**UPDATE, "version": 3.0}, {"version": 3}),
    "the highest version": ({**UPDATE, "version": 2**53}, {"version": 2**53}),
    "ids under data": (
        {**without(UPDATE, "local_id"), "data": {"local_id": "P2", "cloud_id": "c2"}},
        {"local_id": "P2", "cloud_id": "c2", "fields": "{}"},
    ),
    "padded cloud id alone": (
        {**without(UPDATE, "local_id"), "cloud_id": "c1     "},
        {"local_id": None, "cloud_id": "c1"},
    ),
    "its own time": (
        {**without(UPDATE, "timestamp"), "data": {"updated_at": "2026-01-27T11:20:00"}},
        {"updated_at": AT, "fields": "{}"},
    ),
    "a price that carries .0": ({**UPDATE, "data": {"price": 40000.0}}, {"fields": '{"price":40000}'}),
    "stock that carries .0": ({**UPDATE, "data": {"stock": 100.0}}, {"fields": '{"stock":100}'}),
    "what is about the record is no content": (
        {**UPDATE, "data": {"version": 3, "updated_at": AT, "outlet_id": "o", "outlet_code": "c", "name": "N"}},
        {"fields": '{"name":"N"}'},
    ),
    "unknown fields are content": ({**UPDATE, "data": {"spice": [1, None]}}, {"fields": '{"spice":[1,null]}'}),
    "long words are cut": ({**UPDATE, "reason": "a" * 600, "updated_by": " "}, {"reason": "a" * 500, "by": None}),
    "words that are no text": ({**UPDATE, "reason": {"a": 1}, "updated_by": 5}, {"reason": None, "by": None}),
    "another type": ({**UPDATE, "entity_type": "table_status"}, {"entity_type": "table_status"}),
    "an event that nobody knows": ({**UPDATE, "event": "entity.renamed"}, {"local_id": "P1"}),
    "no event": (without(UPDATE, "event"), {"local_id": "P1"}),
}


@pytest.mark.parametrize(("body", "expected"), UPDATES.values(), ids=UPDATES)
def test_an_update_is_read_where_its_values_stand(body: Json, expected: Json) -> None:
    found = change(Kind.UPDATE, body)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize("zero", ["0E+999999999999999999", "0e-999999999", "-0.0"])
def test_a_zero_is_a_zero_in_whatever_way_it_is_written(zero: str) -> None:
    body = loads(json.dumps(UPDATE).replace("40000", zero))
    found = read_letter(Kind.UPDATE, body, digest="d", now=NOW).heard
    assert isinstance(found, CloudChange)
    assert found.fields == '{"price":0}'


DELETES: dict[str, tuple[Json, Json]] = {
    "top level": (DELETE, {"local_id": "P1", "updated_at": AT, "version": 0, "action": "delete", "fields": "{}"}),
    "under data": ({"data": DELETE}, {"local_id": "P1", "updated_at": AT}),
    "nothing on top hides what is under data": ({"local_id": None, "data": DELETE}, {"local_id": "P1"}),
    "cloud id alone": ({**without(DELETE, "local_id"), "cloud_id": "c1"}, {"local_id": None, "cloud_id": "c1"}),
    "its version": ({**DELETE, "version": 7}, {"version": 7}),
    "when it was deleted, not when it was told": ({**DELETE, "timestamp": NOW}, {"updated_at": AT}),
    "who and why": ({**DELETE, "deleted_by": "Rina", "reason": "season"}, {"by": "Rina", "reason": "season"}),
    "content is none of a deletion": ({**DELETE, "data": {"price": 5}}, {"fields": "{}"}),
}


@pytest.mark.parametrize(("body", "expected"), DELETES.values(), ids=DELETES)
def test_a_deletion_is_read_where_its_values_stand(body: Json, expected: Json) -> None:
    found = change(Kind.DELETE, body)
    assert {name: getattr(found, name) for name in expected} == expected


CONFLICTS: dict[str, tuple[Json, Json]] = {
    "id inside": ({**CONFLICT, "conflict": {**FIELD, "conflict_id": "k1"}}, {"conflict_id": "k1"}),
    "short id inside": ({**CONFLICT, "conflict": {**FIELD, "id": "k1"}}, {"conflict_id": "k1"}),
    "id on top": ({**CONFLICT, "conflict_id": "k1"}, {"conflict_id": "k1"}),
    "short id on top": ({**CONFLICT, "id": "k1"}, {"conflict_id": "k1"}),
    "inside counts": ({**CONFLICT, "id": "k2", "conflict": {**FIELD, "id": "k1"}}, {"conflict_id": "k1"}),
    "a number for an id": ({**CONFLICT, "id": 17}, {"conflict_id": "17"}),
    "an id that is none": ({**CONFLICT, "id": [1]}, {"conflict_id": None}),
    "only the values": (CONFLICT, {"cloud_version": None, "local_updated_at": None, "at": NOW, "is_required": True}),
    "no value here": (
        {**CONFLICT, "conflict": without(FIELD, "local_value")},
        {"local_value": None, "cloud_value": "40000"},
    ),
    "nothing as a value": (
        {**CONFLICT, "conflict": {**FIELD, "local_value": None, "field": "note"}},
        {"local_value": "null"},
    ),
    "values of any shape": (
        {**CONFLICT, "conflict": {"field": "tags", "cloud_value": ["é", {"a": 1.50}], "local_value": True}},
        {"cloud_value": '["é",{"a":1.5}]', "local_value": "true"},
    ),
    "money whole": ({**CONFLICT, "conflict": {**FIELD, "cloud_value": 40000.0}}, {"cloud_value": "40000"}),
    "told for the record only": ({**CONFLICT, "resolution_required": False}, {"is_required": False}),
    "a word about it that is none": ({**CONFLICT, "resolution_required": "no"}, {"is_required": True}),
}


@pytest.mark.parametrize(("body", "expected"), CONFLICTS.values(), ids=CONFLICTS)
def test_a_conflict_is_read_where_its_values_stand(body: Json, expected: Json) -> None:
    (found,) = disputes(body)
    assert {name: getattr(found, name) for name in expected} == expected


def test_several_disputed_fields_may_come_at_once() -> None:
    found = disputes({**CONFLICT, "id": "k0", "conflict": [{**FIELD, "id": "k1"}, {**FIELD, "field": "name"}]})
    assert [(one.field, one.conflict_id) for one in found] == [("price", "k1"), ("name", "k0")]


BROADCASTS: dict[str, tuple[Json, Json]] = {
    "top level": (BROADCAST, {"title": "Closed", "text": "Closed on Friday.", "level": "info", "at": NOW}),
    "under data": ({"timestamp": AT, "data": BROADCAST}, {"title": "Closed", "at": AT}),
    "a title alone": ({"title": "Closed"}, {"title": "Closed", "text": ""}),
    "a message alone": ({"message": "Closed"}, {"title": "", "text": "Closed"}),
    "as long as there is room": (
        {"title": "a" * 300, "message": "b" * 5000},
        {"title": "a" * 200, "text": "b" * 4000},
    ),
    "what looks like markup stays as it is": ({"message": "<b>1</b>"}, {"text": "<b>1</b>"}),
    "a title that is no text": ({"title": 5, "message": "m"}, {"title": ""}),
    "its id": ({**BROADCAST, "message_id": "m1"}, {"message_id": "m1"}),
    "a number for an id": ({**BROADCAST, "id": 5}, {"message_id": "5"}),
    "until when": ({**BROADCAST, "expires_at": "2026-01-28T00:00:00+07:00"}, {"expires_at": "2026-01-27T17:00:00Z"}),
    "a warning": ({**BROADCAST, "level": "Warning"}, {"level": "warning"}),
    "urgent by another name": ({**BROADCAST, "level": "critical"}, {"level": "urgent"}),
    "a level that nobody knows": ({**BROADCAST, "level": "pink"}, {"level": "info"}),
    "a level that is no text": ({**BROADCAST, "level": {"urgent": 1}}, {"level": "info"}),
    "its own event": ({**BROADCAST, "event": "broadcast.sent"}, {"title": "Closed"}),
}


@pytest.mark.parametrize(("body", "expected"), BROADCASTS.values(), ids=BROADCASTS)
def test_an_announcement_is_read_where_its_values_stand(body: Json, expected: Json) -> None:
    found = broadcast(body)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize("place", ["config", "settings", "data"])
def test_a_config_stands_under_one_of_three_names(place: str) -> None:
    assert values({"event": "config.updated", place: {"closing_time": "22:00"}}) == {"closing_time": "22:00"}


def test_a_config_at_top_level_is_all_but_what_stands_around_it() -> None:
    around = {"event": "config", "timestamp": AT, "outlet_id": "o", "outlet_code": "c", "version": 3, "reason": "r"}
    assert values({**around, "closing_time": "22:00"}) == {"closing_time": "22:00"}


REFUSED: dict[str, tuple[Kind, object, str]] = {
    "a list": (Kind.UPDATE, [UPDATE], "not_an_object"),
    "a word": (Kind.CONFIG, "config", "not_an_object"),
    "an event that is no text": (Kind.UPDATE, {**UPDATE, "event": 5}, "field_invalid event"),
    "a time that is none": (Kind.CONFIG, {**CONFIG, "timestamp": "soon"}, "field_invalid timestamp"),
    "a time that is a number": (Kind.BROADCAST, {**BROADCAST, "timestamp": 1769512800}, "field_invalid timestamp"),
    "a time beyond the calendar": (
        Kind.UPDATE,
        {**UPDATE, "timestamp": "0001-01-01T00:00:00+14:00"},
        "field_invalid timestamp",
    ),
    "an update without a time": (Kind.UPDATE, without(UPDATE, "timestamp"), "field_invalid timestamp"),
    "an update without data": (Kind.UPDATE, without(UPDATE, "data"), "field_invalid data"),
    "an update without a version": (Kind.UPDATE, without(UPDATE, "version"), "field_invalid version"),
    "a version below 0": (Kind.UPDATE, {**UPDATE, "version": -1}, "field_invalid version"),
    "a version beyond 2^53": (Kind.UPDATE, {**UPDATE, "version": 2**53 + 1}, "field_invalid version"),
    "a version of 2^63": (Kind.UPDATE, {**UPDATE, "version": 2**63}, "field_invalid version"),
    "a version that is text": (Kind.UPDATE, {**UPDATE, "version": "3"}, "field_invalid version"),
    "a version between two": (Kind.UPDATE, {**UPDATE, "version": 3.5}, "field_invalid version"),
    "a version that is true": (Kind.UPDATE, {**UPDATE, "version": True}, "field_invalid version"),
    "half a rupiah": (Kind.UPDATE, {**UPDATE, "data": {"price": 0.5}}, "field_invalid price"),
    "money that is text": (Kind.UPDATE, {**UPDATE, "data": {"price": "5"}}, "field_invalid price"),
    "no record": (Kind.UPDATE, without(UPDATE, "local_id"), "local_id_missing"),
    "an id that is empty": (Kind.UPDATE, {**UPDATE, "local_id": ""}, "local_id_missing"),
    "an id that is blank": (Kind.UPDATE, {**UPDATE, "local_id": "  "}, "field_invalid local_id"),
    "an id that is a number": (Kind.DELETE, {**DELETE, "local_id": 5}, "field_invalid local_id"),
    "an id that is too long": (Kind.DELETE, {**DELETE, "cloud_id": "c" * 201}, "field_invalid cloud_id"),
    "an id that is not for print": (Kind.DELETE, {**DELETE, "cloud_id": "c\n1"}, "field_invalid cloud_id"),
    "no type": (Kind.UPDATE, without(UPDATE, "entity_type"), "bad_type"),
    "a type that is no name": (Kind.DELETE, {**DELETE, "entity_type": "../product"}, "bad_type"),
    "a deletion without its time": (Kind.DELETE, without(DELETE, "deleted_at"), "field_invalid deleted_at"),
    "a conflict without one": (Kind.CONFLICT, without(CONFLICT, "conflict"), "field_invalid conflict"),
    "a conflict about nothing": (Kind.CONFLICT, {**CONFLICT, "conflict": []}, "field_invalid conflict"),
    "a conflict of words": (Kind.CONFLICT, {**CONFLICT, "conflict": ["price"]}, "field_invalid conflict"),
    "a conflict without a field": (
        Kind.CONFLICT,
        {**CONFLICT, "conflict": without(FIELD, "field")},
        "field_invalid conflict.field",
    ),
    "a conflict about what is no content": (
        Kind.CONFLICT,
        {**CONFLICT, "conflict": {**FIELD, "field": "version"}},
        "field_invalid conflict.field",
    ),
    "a conflict without headquarters' value": (
        Kind.CONFLICT,
        {**CONFLICT, "conflict": without(FIELD, "cloud_value")},
        "field_invalid conflict.cloud_value",
    ),
    "a conflict about half a rupiah": (
        Kind.CONFLICT,
        {**CONFLICT, "conflict": {**FIELD, "cloud_value": 0.5}},
        "field_invalid price",
    ),
    "a conflict's version that is none": (
        Kind.CONFLICT,
        {**CONFLICT, "conflict": {**FIELD, "cloud_version": "x"}},
        "field_invalid cloud_version",
    ),
    "an announcement of nothing": (Kind.BROADCAST, {"title": " ", "message": ""}, "field_invalid message"),
    "an end that is no time": (Kind.BROADCAST, {**BROADCAST, "expires_at": 5}, "field_invalid expires_at"),
    "a config of nothing": (Kind.CONFIG, {"event": "config", "timestamp": AT}, "field_invalid config"),
    "a config that is a list": (Kind.CONFIG, {"settings": []}, "field_invalid settings"),
    "an announcement where settings stand": (Kind.CONFIG, {"data": {"title": "Closed", "id": 7}}, "field_invalid data"),
    "a deletion where settings stand": (Kind.CONFIG, {"data": DELETE}, "field_invalid entity_type"),
    "a deletion where content stands": (
        Kind.UPDATE,
        {"timestamp": AT, "data": {**DELETE, "version": 3}},
        "field_invalid deleted_at",
    ),
    "a deletion where words stand": (Kind.BROADCAST, {"data": {**DELETE, "title": "x"}}, "field_invalid entity_type"),
}


@pytest.mark.parametrize(("kind", "body", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_what_it_must_be_is_refused(kind: Kind, body: object, why: str) -> None:
    with pytest.raises(InputRefused) as refused:
        heard(kind, body)
    assert f"{refused.value.code} {refused.value.facts.get('field', '')}".strip() == why


@pytest.mark.parametrize(
    "event", [None, "entity.updated", "entity.deleted", "sync.conflict", "broadcast", "config.set"]
)
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("meant", Kind)
def test_a_body_is_taken_on_its_own_path_alone(kind: Kind, meant: Kind, event: str | None) -> None:
    """The signature covers no path: whoever caught a signed body must not find another use for it."""
    said = {"event": event} if event else {}
    body = {**without(BODIES[meant], "event"), **said}
    own = {
        "entity.updated": Kind.UPDATE,
        "entity.deleted": Kind.DELETE,
        "sync.conflict": Kind.CONFLICT,
        "broadcast": Kind.BROADCAST,
        "config.set": Kind.CONFIG,
    }.get(event or "", meant)
    if kind is meant is own:
        assert heard(kind, body)
        return
    with pytest.raises(InputRefused):
        heard(kind, body)


@pytest.mark.parametrize(
    ("body", "is_ours"),
    [
        ({}, True),
        ([], True),
        ({"outlet_id": "ours", "outlet_code": "JKT-001"}, True),
        ({"outlet_id": None}, True),
        ({"outlet_id": "theirs"}, False),
        ({"outlet_id": ""}, False),
        ({"outlet_id": 5}, False),
        ({"outlet_code": "BDG-001"}, False),
        ({"data": {"outlet_id": "theirs"}}, False),
        ({"data": ["theirs"]}, True),
    ],
)
def test_an_outlet_in_a_body_must_be_ours(body: object, is_ours: bool) -> None:
    with nullcontext() if is_ours else pytest.raises(InputRefused, match="other_outlet"):
        check_ours(body, outlet_id="ours", outlet_code="JKT-001")


NAMES = st.sampled_from(
    [
        *{name for body in BODIES.values() for name in body},
        *FIELD,
        "id",
        "level",
        "expires_at",
        "settings",
        "deleted_by",
    ]
)
ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", " ", "product", AT, "0001-01-01T00:00:00+14:00", "config.x", "é\u202e"])
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=5),
    max_leaves=12,
)


@given(st.sampled_from(list(Kind)), st.dictionaries(NAMES, ANY, max_size=6))
def test_whatever_comes_is_read_or_refused(kind: Kind, more: Json) -> None:
    with suppress(InputRefused):
        assert read_letter(kind, loads(json.dumps({**BODIES[kind], **more})), digest="d", now=NOW).at
