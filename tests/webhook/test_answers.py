"""A request in, an answer out: which check comes first, what each refusal says, and what is never read or told."""

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.webhook.honest import (
    BODIES,
    EARLIER,
    OUTLET_ID,
    PATH,
    SECRET,
    START_MS,
    TERMS,
    UPDATE,
    Door,
    Json,
    encoded,
    sign,
)

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.contract.webhooks import Kind, Letter, Told
from outlet_sync_gui.errors import InputRefused, StoreFailed
from outlet_sync_gui.listener import Request, Response
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.webhook import Terms, answer

EXAMPLES = Path(__file__).parents[1] / "contract" / "examples"
DAY_MS = 24 * 3600 * 1000


def request(
    body: object = UPDATE, kind: str = "update", *, path: str | None = None, method: str = "POST", **headers: str | None
) -> Request:
    """An honest request; a header that is None is left out."""
    raw = encoded(body)
    honest: dict[str, str | None] = {
        "content_type": "application/json",
        "x_cloud_signature": sign(raw),
        "x_outlet_id": OUTLET_ID,
        **headers,
    }
    named = {name.replace("_", "-"): value for name, value in honest.items() if value is not None}
    return Request(method=method, path=PATH + kind if path is None else path, query="", headers=named, body=raw)


def answered(said: Request, terms: Terms = TERMS, door: Door | None = None) -> Response:
    return asyncio.run(answer(said, terms, (door or Door()).deliver))


def read(response: Response) -> Json:
    value: Json = json.loads(response.body)
    return value


@pytest.mark.parametrize("kind", Kind)
def test_an_honest_request_is_handed_on_and_answered(kind: Kind) -> None:
    door, said = Door(), request(BODIES[kind], kind)
    response = answered(said, door=door)
    (letter,) = door.letters
    assert (letter.kind, letter.digest) == (kind, hashlib.sha256(said.body).hexdigest())
    version = {"local_version": 3, "applied_at": "2026-01-27T11:20:05Z"} if kind is Kind.UPDATE else {}
    assert (response.status, read(response)) == (200, {"success": True, "message": "Applied “well”", **version})


def test_the_contracts_example_gets_the_contracts_answer() -> None:
    raw = (EXAMPLES / "webhook-cloud-push-update.request.json").read_bytes()
    door = Door()
    response = answered(request(raw), door=door)
    (letter,) = door.letters
    assert isinstance(letter.heard, CloudChange)
    expected = json.loads((EXAMPLES / "webhook-cloud-push-update.response.json").read_bytes())
    assert {name: type(value) for name, value in read(response).items()} == {
        name: type(value) for name, value in expected.items()
    }


def test_a_version_that_nobody_knows_is_told_as_a_number() -> None:
    told = Told(message="Not for a till", local_version=None, applied_at=iso(START_MS))

    async def deliver(_: Letter) -> Told:
        return told

    assert read(asyncio.run(answer(request(), TERMS, deliver)))["local_version"] == 0


def test_a_secret_that_was_just_replaced_counts_too() -> None:
    said = request()
    assert (
        answered(replace(said, headers={**said.headers, "x-cloud-signature": sign(said.body, EARLIER)})).status == 200
    )


CHARSET = "Application/JSON; charset=utf-8"
OLD = iso(START_MS - 30 * DAY_MS - 1000)
REFUSED: dict[str, tuple[Request, int, str]] = {
    "no such path": (request(path="/"), 404, "not_found"),
    "the path and more": (request(path=f"{PATH}update/"), 404, "not_found"),
    "the path in other letters": (request(kind="Update"), 404, "not_found"),
    "the path in code": (request(kind="%75pdate"), 404, "not_found"),
    "a method that only asks": (request(method="GET"), 405, "method_not_allowed"),
    "a method that stores": (request(method="PUT"), 405, "method_not_allowed"),
    "no type": (request(content_type=None), 415, "not_json"),
    "a form": (request(content_type="application/x-www-form-urlencoded"), 415, "not_json"),
    "two types": (request(content_type="application/json, text/plain"), 415, "not_json"),
    "no signature": (request(x_cloud_signature=None), 401, "bad_signature"),
    "another signature": (request(x_cloud_signature="0" * 64), 401, "bad_signature"),
    "no outlet": (request(x_outlet_id=None), 403, "other_outlet"),
    "another outlet": (request(x_outlet_id="550e8400"), 403, "other_outlet"),
    "two outlets": (request(x_outlet_id=f"{OUTLET_ID}, {OUTLET_ID}"), 403, "other_outlet"),
    "another outlet inside": (request({**UPDATE, "outlet_id": "550e8400"}), 403, "other_outlet"),
    "another code inside": (request({**UPDATE, "outlet_code": "BDG-001"}), 403, "other_outlet"),
    "no JSON": (request(b"{"), 400, "bad_json"),
    "nothing": (request(b""), 400, "bad_json"),
    "two of one name": (request(b'{"a":1,"a":2}'), 400, "duplicate_key"),
    "a list": (request([UPDATE]), 422, "not_an_object"),
    "another path's event": (request(UPDATE, "delete"), 422, "field_invalid"),
    "no shape": (request({**UPDATE, "version": "3"}), 422, "field_invalid"),
    "older than a repeat is known": (request({**UPDATE, "timestamp": OLD}), 422, "too_old"),
}


@pytest.mark.parametrize(("said", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_refused_with_its_code(said: Request, status: int, code: str) -> None:
    door = Door()
    response = answered(said, door=door)
    assert (response.status, read(response)["error"], read(response)["success"]) == (status, code, False)
    assert door.letters == []


ORDER = [404, 405, 415, 401, 403, 400, 403, 422, 200]


@pytest.mark.parametrize("right", range(len(ORDER)))
def test_the_first_thing_that_is_wrong_is_told(right: int) -> None:
    """Everything is wrong, then one thing after the other is put right."""
    other = {**UPDATE, "version": "3", "outlet_id": "550e8400"}
    shape = {**UPDATE, "version": "3"}
    raw = [b"{"] * 6 + [json.dumps(body).encode() for body in (other, shape, UPDATE)]
    said = request(
        raw[right],
        path="/" if right == 0 else None,
        method="POST" if right > 1 else "GET",
        content_type=CHARSET if right > 2 else None,
        x_cloud_signature=sign(raw[right]) if right > 3 else None,
        x_outlet_id=OUTLET_ID if right > 4 else None,
    )
    assert answered(said).status == ORDER[right]


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [("GET", f"{PATH}config", "POST"), ("POST", "/healthz", "GET, HEAD")]
)
def test_a_method_that_is_not_allowed_is_told_which_is(method: str, path: str, allowed: str) -> None:
    assert answered(request(method=method, path=path)).headers == {"allow": allowed}


@pytest.mark.parametrize("secrets", [(), ("",), (" " * 16,), ("short",), ("short", SECRET)])
@pytest.mark.parametrize("signed_by", ["", " " * 16, "short", SECRET])
@pytest.mark.parametrize("kind", Kind)
def test_without_a_secret_nobody_gets_in(kind: Kind, signed_by: str, secrets: tuple[str, ...]) -> None:
    raw = json.dumps(BODIES[kind]).encode()
    door = Door()
    response = answered(
        request(raw, kind, x_cloud_signature=sign(raw, signed_by)), replace(TERMS, secrets=secrets), door
    )
    assert (response.status, read(response)["error"], door.letters) == (401, "no_secret", [])


def test_an_outlet_that_is_not_set_up_is_nobodys() -> None:
    assert answered(request(x_outlet_id=""), replace(TERMS, outlet_id="")).status == 403


@pytest.mark.parametrize(
    ("age_ms", "is_clock_trusted", "status"),
    [
        (30 * DAY_MS, True, 200),
        (30 * DAY_MS + 1000, True, 422),
        (30 * DAY_MS + 1000, False, 200),
        (400 * DAY_MS, False, 200),
        (-400 * DAY_MS, True, 200),
    ],
)
@pytest.mark.parametrize("kind", Kind)
def test_what_is_older_than_a_repeat_is_known_is_refused_while_the_clock_is_trusted(
    kind: Kind, age_ms: int, is_clock_trusted: bool, status: int
) -> None:
    said = request({**BODIES[kind], "timestamp": iso(START_MS - age_ms)}, kind)
    assert answered(said, replace(TERMS, is_clock_trusted=is_clock_trusted)).status == status


def test_what_can_not_be_stored_now_is_asked_for_again() -> None:
    response = answered(request(), door=Door(StoreFailed("disk_full", {"path": "secret"})))
    assert (response.status, response.headers, read(response)["error"]) == (503, {"retry-after": "5"}, "busy")
    assert b"secret" not in response.body


@pytest.mark.parametrize(("code", "status"), [("setting_invalid", 422), ("other_outlet", 403)])
def test_what_the_door_refuses_is_told_so(code: str, status: int) -> None:
    response = answered(request(), door=Door(InputRefused(code, {"key": 'a"\r\nb'})))
    assert (response.status, read(response)["error"]) == (status, code)


def test_a_mistake_behind_the_door_is_not_swallowed() -> None:
    with pytest.raises(KeyError):
        answered(request(), door=Door(KeyError("bug")))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_anybody_may_ask_whether_it_lives_and_learns_nothing_else(method: str) -> None:
    response = answered(request(b"", path="/healthz", method=method, x_cloud_signature=None, x_outlet_id=None))
    assert (response.status, read(response)) == (200, {"status": "ok"})
