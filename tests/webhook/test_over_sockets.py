"""The webhooks behind the real listener, over real sockets: what is signed, and what is only said to be."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from typing import TypeVar

import pytest
from tests.webhook.honest import OUTLET_ID, SECRET, TERMS, UPDATE, Door, encoded, lines, sign

from outlet_sync_gui.contract.webhooks import Letter
from outlet_sync_gui.listener import Request, Response, serve
from outlet_sync_gui.webhook import LIMITS, answer

BODY = encoded(UPDATE)
RIGHT = sign(BODY)
Headers = Mapping[str, bytes | str | None]
T = TypeVar("T")


def at_the_door(work: Callable[[int], Awaitable[T]], door: Door) -> T:
    """Do something with the port behind which the webhooks are, as they are in the program."""

    async def hear(request: Request) -> Response:
        return await answer(request, TERMS, door.deliver)

    async def run() -> T:
        listener = await serve(hear, host="127.0.0.1", port=0, limits=LIMITS)
        try:
            async with asyncio.timeout(20):
                return await work(listener.port)
        finally:
            await listener.close()

    return asyncio.run(run())


def exchange(data: bytes) -> tuple[int, bytes, list[Letter]]:
    """Status and body of the answer to one request, and what came through the door."""

    async def work(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        writer.write_eof()
        said = b""
        async with asyncio.timeout(10):
            with suppress(ConnectionError):
                said = await reader.read()
        writer.close()
        return said

    door = Door()
    head, _, body = at_the_door(work, door).partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body, door.letters


def test_an_honest_request_gets_the_contracts_answer() -> None:
    status, body, letters = exchange(lines(BODY))
    assert (status, json.loads(body)["local_version"], len(letters)) == (200, 3, 1)


HEADERS: dict[str, tuple[Headers, int]] = {
    "no signature": ({"X-Cloud-Signature": None}, 401),
    "an empty one": ({"X-Cloud-Signature": ""}, 401),
    "another's": ({"X-Cloud-Signature": sign(BODY, "another secret of theirs")}, 401),
    "upper case": ({"X-Cloud-Signature": RIGHT.upper()}, 200),
    "with its prefix": ({"X-Cloud-Signature": f"sha256={RIGHT}"}, 200),
    "not ASCII": ({"X-Cloud-Signature": b"\xff\xfe" * 32}, 401),
    "UTF-8": ({"X-Cloud-Signature": "é".encode() * 32}, 401),
    "several": ({"X-Cloud-Signature": f"{'0' * 64}, {RIGHT}"}, 200),
    "under another name": ({"X-Cloud-Signature": None, "X-Signature": RIGHT}, 401),
    "under a name with an underscore": ({"X-Cloud-Signature": None, "X_Cloud_Signature": RIGHT}, 401),
    "a wrong one after the right one": ({"x-cloud-signature": "0" * 64}, 200),
    "a wrong one before the right one": ({"X-Cloud-Signature": "0" * 64, "x-cloud-signature": RIGHT}, 200),
    "a thousand short ones before the right one": ({"X-Cloud-Signature": "0," * 1000 + RIGHT}, 401),
    "a thousand": ({"X-Cloud-Signature": ",".join([RIGHT] * 1000)}, 431),
    "another outlet": ({"X-Outlet-ID": "550e8400-e29b-41d4-a716-446655440001"}, 403),
    "another outlet beside ours": ({"x-outlet-id": "550e8400-e29b-41d4-a716-446655440001"}, 403),
    "our outlet behind a blank that HTTP does not know": ({"X-Outlet-ID": f"\xa0{OUTLET_ID}"}, 403),
    "our signature behind such a blank": ({"X-Cloud-Signature": f"\xa0{RIGHT}"}, 401),
    "our type behind such a blank": ({"Content-Type": "\xa0application/json"}, 415),
    "no outlet": ({"X-Outlet-ID": None}, 403),
    "a type in other letters": ({"Content-Type": "Application/JSON;charset=UTF-8"}, 200),
    "no type": ({"Content-Type": None}, 415),
    "a type beside ours": ({"content-type": "text/plain"}, 415),
    "a body that is too long": ({"Content-Length": "1000001"}, 413),
    "no length, but chunks": ({"Content-Length": None, "Transfer-Encoding": "chunked"}, 411),
    "a length, and chunks": ({"Transfer-Encoding": "chunked"}, 400),
    "a shorter body than was signed": ({"Content-Length": str(len(BODY) - 1), "Connection": "close"}, 401),
}


@pytest.mark.parametrize(("headers", "status"), HEADERS.values(), ids=HEADERS)
def test_only_what_is_signed_for_this_outlet_comes_through(headers: Headers, status: int) -> None:
    found, _, letters = exchange(lines(BODY, headers=headers))
    assert (found, len(letters)) == (status, int(status == 200))


SAME_JSON = {
    "with blanks": json.dumps(UPDATE, indent=1).encode(),
    "without blanks": json.dumps(UPDATE, separators=(",", ":")).encode(),
    "in another order": json.dumps(UPDATE, sort_keys=True).encode(),
    "with a blank behind it": BODY + b" ",
    "with a line behind it": BODY + b"\n",
    "in UTF-16": BODY.decode().encode("utf-16"),
}


@pytest.mark.parametrize("body", SAME_JSON.values(), ids=SAME_JSON)
def test_the_same_json_in_other_bytes_is_not_what_was_signed(body: bytes) -> None:
    status, _, letters = exchange(lines(body, headers={"X-Cloud-Signature": RIGHT}))
    assert (status, letters) == (401, [])


def instead(value: str) -> bytes:
    """The body with this JSON text in the place of a price."""
    return BODY.replace(b'"price": 40000', b'"price": ' + value.encode("utf-8", "surrogatepass"))


TORTURE: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "bad_json"),
    "blanks": (b"  \r\n", 400, "bad_json"),
    "half of it": (BODY[:-1], 400, "bad_json"),
    "more than one": (BODY + BODY, 400, "bad_json"),
    "one of the names twice": (BODY.replace(b"{", b'{"event": "x", ', 1), 400, "duplicate_key"),
    "a name inside twice": (instead('1, "price": 2'), 400, "duplicate_key"),
    "a name twice, once in code": (instead('1, "pr\\u0069ce": 2'), 400, "duplicate_key"),
    "NaN": (instead("NaN"), 400, "not_a_number"),
    "Infinity": (instead("-Infinity"), 400, "not_a_number"),
    "4301 digits": (instead("9" * 4301), 400, "number_too_big"),
    "500,000 digits": (instead("9" * 500_000), 400, "number_too_big"),
    "an exponent without end": (instead("1e" + "9" * 40), 400, "number_too_big"),
    "an exponent that is no money": (instead("1e999999"), 422, "field_invalid"),
    "a fraction of 4301 digits": (instead("0." + "3" * 4301), 422, "field_invalid"),
    "2^63": (instead(str(2**63)), 422, "field_invalid"),
    "2^64": (instead(str(2**64)), 400, "number_too_big"),
    "a version of 2^63": (BODY.replace(b'"version": 3', b'"version": 9223372036854775808'), 422, "field_invalid"),
    "100,000 deep": (instead("[" * 100_000), 400, "too_deep"),
    "100,000 deep and closed": (instead("[" * 100_000 + "]" * 100_000), 400, "too_deep"),
    "65 deep": (instead('{"a":' * 65 + "1" + "}" * 65), 400, "too_deep"),
    "half a surrogate pair, in code": (instead('"\\ud800"'), 400, "lone_surrogate"),
    "half a surrogate pair as a name": (instead('1, "\\udfff": 1'), 400, "lone_surrogate"),
    "half a surrogate pair, in bytes": (instead('"\ud800"'), 400, "not_utf8"),
    "NUL, in code": (instead('"\\u0000"'), 400, "nul_character"),
    "NUL, in bytes": (instead('"\0"'), 400, "bad_json"),
    "NUL behind it": (BODY + b"\0", 400, "bad_json"),
    "UTF-16": (BODY.decode().encode("utf-16"), 400, "not_utf8"),
    "UTF-16 without its mark": (BODY.decode().encode("utf-16-le"), 400, "bad_json"),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + BODY, 400, "bad_json"),
    "Latin-1": (instead('"é"').decode().encode("latin-1"), 400, "not_utf8"),
    "overlong UTF-8": (BODY.replace(b"P1", b"P\xc0\xb1"), 400, "not_utf8"),
    "a comment": (b"/* */" + BODY, 400, "bad_json"),
    "a comma too many": (BODY[:-1] + b",}", 400, "bad_json"),
    "quotes of another kind": (BODY.replace(b'"', b"'"), 400, "bad_json"),
    "a list": (b"[" + BODY + b"]", 422, "not_an_object"),
    "a number": (b"17", 422, "not_an_object"),
    "null": (b"null", 422, "not_an_object"),
    "a pickle": (b"\x80\x04\x95\x0b", 400, "not_utf8"),
    "a form": (b"event=entity.updated", 400, "bad_json"),
}


@pytest.mark.parametrize(("body", "status", "code"), TORTURE.values(), ids=TORTURE)
def test_a_signature_makes_no_json_of_what_is_none(
    body: bytes, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    found, said, letters = exchange(lines(body))
    assert (found, json.loads(said)["error"], letters) == (status, code, [])
    assert caplog.text == ""


def test_a_body_as_long_as_is_allowed_is_read() -> None:
    room = 1_000_000 - len(encoded({**UPDATE, "reason": ""}))
    long = encoded({**UPDATE, "reason": "a" * room})
    assert (len(long), exchange(lines(long))[0], exchange(lines(long + b" "))[0]) == (1_000_000, 200, 413)


def test_a_secret_or_an_outlet_never_stands_in_an_answer() -> None:
    said = b"".join(exchange(lines(BODY, headers=headers))[1] for headers, _ in HEADERS.values())
    assert (SECRET.encode() in said, OUTLET_ID.encode() in said, RIGHT.encode() in said) == (False, False, False)


def test_a_sender_has_three_seconds_for_head_and_body() -> None:
    async def work(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        start = asyncio.get_running_loop().time()
        writer.write(lines(BODY)[:-1])
        assert b" 200 " not in await reader.read()
        writer.close()
        assert 2.9 < asyncio.get_running_loop().time() - start < 6

    at_the_door(work, Door())


def test_the_oldest_of_64_yields_to_the_next() -> None:
    async def work(port: int) -> None:
        async with AsyncExitStack() as stack:
            readers = []
            for _ in range(64):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                stack.callback(writer.close)
                readers.append(reader)
            assert not any(reader.at_eof() for reader in readers)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(lines(BODY, headers={"Connection": "close"}))
            assert b" 200 " in await reader.read()
            writer.close()
            assert await readers[0].read() == b""
            assert [each.at_eof() for each in readers[1:]] == [False] * 63

    at_the_door(work, Door())
