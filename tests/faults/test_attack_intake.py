"""R8 for the intake: forged requests of whoever reaches the loopback port. R9 for it: readers that wait by the dozen.

Nobody without the token, and no browser, is ever let in; what is refused leaves nothing behind. A shot that gets
through is named by seed and number, and fired again by
`attack(till, seed=seed, shots=range(n, n + 1), limits=LIMITS)` with the `till` of this file.
"""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from hmac import compare_digest
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote

import pytest
from tests.builders import OUTLET_ID, SETTINGS, order, product, read
from tests.faults.attack import MOST_GROWTH, SEED, Breach, attack, grown, needs_memory
from tests.faults.forgery import Change, Parts, with_header, with_value

from outlet_sync_gui.intake import call, http
from outlet_sync_gui.intake.http import MOST_BYTES, Intake
from outlet_sync_gui.listener import Limits, Request, Response, serve
from outlet_sync_gui.simulator import wall_ms
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.records import accept

FEW, MANY, PART = 10_000, 500_000, 250_000
PLANTED_WITHIN = 4000
LIMITS = Limits(body_bytes=MOST_BYTES)
TOKEN = "Token-of-the-till_2026"
HOST, AUTH, TYPE = b"Host", b"Authorization", b"Content-Type"
JSON = (TYPE, b"application/json")
OURS = re.compile(rb"(?im)^authorization:[ \t\r\n]*bearer[ \t\r\n]+(?-i:%s)[ \t\r]*$" % re.escape(TOKEN.encode()))
LOOPBACK = re.compile(rb"(?im)^host:[ \t\r\n]*(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?[ \t\r]*$")
ANY_HOST, ANY_ORIGIN = re.compile(rb"(?im)^host:"), re.compile(rb"(?im)^origin:")
IS_JSON = re.compile(rb"(?im)^content-type:[ \t\r\n]*application/json[ \t\r]*(;|$)")
KINDS: dict[str, Callable[[str, Random], dict[str, Any]]] = {
    "order": lambda name, chance: order(name, total_amount=chance.randrange(10**6)),
    "product": lambda name, chance: product(name, price=chance.randrange(10**6)),
}


class Till:
    """The intake as a target, over a real store. Its oracle reads token, host and origin in the head that was sent."""

    def __init__(self, directory: Path) -> None:
        status = Status(state=State.IDLE, version="1", outlet_id=OUTLET_ID)
        self._store = open_store(directory, OUTLET_ID)
        self._store._db.execute("PRAGMA synchronous = OFF")  # no power is cut here
        accept(self._store, [read("order", order("A0"))], now_ms=wall_ms())
        self.intake = Intake(status=lambda: status, on_written=lambda: None)
        self.intake.open(self._store, SETTINGS)
        self.intake.token = TOKEN
        self.harmless: Sequence[Change] = (with_a_small_bearer, at_another_loopback, in_utf_8)
        self.changes: Sequence[Change] = WEAK_SPOTS

    async def handle(self, request: Request) -> Response:
        """The real one; what it refuses must leave nothing behind."""
        before = self._store._db._connection.total_changes
        response = await self.intake.answer(request)
        assert response.status < 300 or self._store._db._connection.total_changes == before
        return response

    def honest(self, chance: Random) -> Parts:
        """One of all that a till asks."""
        method, target, body = chance.choice(
            [
                *[(b"POST", b"/api/v1/records", _records(chance))] * 5,
                (b"POST", b"/api/v1/changes/ack", b'{"reader":"till","seq":0}'),
                (b"GET", b"/api/v1/records/order/A0", b""),
                (b"GET", b"/api/v1/changes?after=0&reader=till", b""),
                (b"GET", b"/api/v1/snapshot/product?limit=2", b""),
                (b"GET", b"/api/v1/status", b""),
            ]
        )
        headers = ((HOST, b"127.0.0.1:8766"), (AUTH, b"Bearer " + TOKEN.encode()))
        return Parts(target, (*headers, JSON) if body else headers, body, method)

    def deserves(self, sent: bytes, request: Request) -> bool:
        """From this machine and no browser, with the token, and where something is handed over, with JSON."""
        heads = _heads(sent, request)
        if request.path == "/healthz":
            return any(_is_near(head) for head in heads)
        is_right = any(_is_near(head) and OURS.search(head) for head in heads)
        if request.method != "POST":
            return is_right
        has_type = any(IS_JSON.search(head) for head in heads)
        return is_right and has_type and request.body in sent and _is_handed_over(request)

    def close(self) -> None:
        self.intake.shut()
        self._store.close()


def _records(chance: Random) -> bytes:
    found = []
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        kind = chance.choice([*KINDS])
        data = KINDS[kind](f"{kind[0].upper()}{chance.randrange(300)}", chance)
        found.append({"entity_type": kind, "operation": chance.choice(["create", "update"]), "data": data})
    return json.dumps(found[0] if len(found) == 1 else found, ensure_ascii=chance.random() < 0.5).encode()


def _heads(sent: bytes, request: Request) -> list[bytes]:
    """All in what was sent that may be the head of this request."""
    line = b"%s %s" % (request.method.encode(), request.path.encode())
    blocks = re.split(rb"\r?\n\r?\n", sent)
    return [block[block.rfind(line) :] for block in blocks if line in block]


def _is_near(head: bytes) -> bool:
    return len(ANY_HOST.findall(head)) == 1 and LOOPBACK.search(head) is not None and not ANY_ORIGIN.search(head)


def _is_handed_over(request: Request) -> bool:
    """Whether the body is one that says what it must; of a list each is judged by itself."""
    value = json.loads(request.body)
    if request.path != "/api/v1/records" or isinstance(value, list):
        return isinstance(value, list if request.path == "/api/v1/records" else dict)
    data = value["data"]
    is_ours = data.get("outlet_id") in (None, OUTLET_ID)
    return isinstance(value["entity_type"], str) and isinstance(data["local_id"], str) and is_ours


# -- what can be done to it


def with_a_small_bearer(chance: Random, parts: Parts) -> Parts:
    return with_value(parts, AUTH, chance.choice([b"bearer ", b"BEARER  "]) + TOKEN.encode())


def at_another_loopback(chance: Random, parts: Parts) -> Parts:
    return with_value(parts, HOST, chance.choice([b"localhost", b"LocalHost:1", b"[::1]:8766", b"127.0.0.1"]))


def in_utf_8(chance: Random, parts: Parts) -> Parts:
    return with_value(
        parts, TYPE, chance.choice([b"application/json;charset=utf-8", b'Application/JSON ; charset="UTF8"'])
    )


def from_elsewhere(chance: Random, parts: Parts) -> Parts:
    """A name that an attacker lets point here, and what only looks like this machine."""
    hosts = (
        *(b"evil.example", b"127.0.0.1.evil.example", b"localhost.evil.example:8766", b"evil.example@127.0.0.1"),
        *(b"127.0.0.1@evil.example", b"localhost.", b"127.0.0.1:", b"127.0.0.1:8766:1", b"127.1", b"0.0.0.0"),
        *(b"[::]", b"::1", b"[::ffff:127.0.0.1]", b"0x7f.1", b"192.168.1.5", b"127.0.0.1, evil.example", b"", b"/"),
    )
    return with_value(parts, HOST, chance.choice(hosts))


def of_a_browser(chance: Random, parts: Parts) -> Parts:
    origins = [b"null", b"", b"http://127.0.0.1:8766", b"http://localhost", b"https://evil.example", b"file://"]
    return with_header(chance, parts, chance.choice([b"Origin", b"ORIGIN"]), chance.choice(origins))


def of_a_form(chance: Random, parts: Parts) -> Parts:
    """What a page may send without asking."""
    types = [
        b"application/json\x85",
        b"text/plain",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=a",
        b"text/json",
    ]
    return with_value(parts, TYPE, chance.choice(types))


def with_another_token(chance: Random, parts: Parts) -> Parts:
    token = TOKEN.encode()
    others = (
        *(b"", b" ", token[:-1], token[1:], token + b"x", token[:8], token.swapcase(), token * 2, b"\xff" * 22),
        *(
            b'"%s"' % token,
            token + b"," + token,
            b"x " + token,
            token + b"\xa0",
            b"\x1d" + token,
            token.replace(b"_", b"-"),
            b"null",
            b"*",
        ),
    )
    return with_value(parts, AUTH, b"Bearer " + chance.choice(others))


def with_another_scheme(chance: Random, parts: Parts) -> Parts:
    schemes = [b"", b"Basic ", b"Token ", b"Bearer", b"Bearer=", b"Bearer:", b"\xa0Bearer ", b"Bearer\xa0", b"Bearers "]
    return with_value(parts, AUTH, chance.choice(schemes) + TOKEN.encode())


def with_the_token_elsewhere(chance: Random, parts: Parts) -> Parts:
    bare = replace(parts, headers=tuple(header for header in parts.headers if header[0] != AUTH))
    query = replace(bare, target=parts.target.partition(b"?")[0] + b"?token=" + TOKEN.encode())
    name = chance.choice([b"X-Authorization", b"Cookie", b"Proxy-Authorization", b"Authorization_"])
    return chance.choice([query, bare, with_header(chance, bare, name, b"Bearer " + TOKEN.encode())])


def at_another_path(chance: Random, parts: Parts) -> Parts:
    paths = (
        *(b"/healthz", b"/api/v1/records/", b"/api/v1/records/order/..%2fA0", b"/api/v1/records/order/%ff", b"/api/v1"),
        *(
            b"/api/v1/records/%00/x",
            b"/api/v1/changes?after=" + b"9" * 30,
            b"/api/v1/changes?wait=x",
            b"/api/v1/status/",
        ),
        *(b"/api/v1/changes?after=%ff", b"/api/v1/changes?" + b"a=b&" * 30, b"/api/v1/changes?reader=" + b"x" * 90),
        *(
            b"/api/v1/snapshot/..",
            b"/api/v1/snapshot/product?after=1-1&limit=0",
            b"/api/v1/changes/ack",
            b"/api/v1/records",
        ),
    )
    return replace(parts, target=chance.choice(paths))


def of_another_outlet(chance: Random, parts: Parts) -> Parts:
    return replace(parts, body=parts.body.replace(b'"local_id"', b'"outlet_id": "another", "local_id"', 1))


WEAK_SPOTS: Sequence[Change] = (
    *(from_elsewhere, of_a_browser, of_a_form, with_another_token, with_another_scheme, with_the_token_elsewhere),
    *(at_another_path, of_another_outlet),
)


# -- R8


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    made = Till(tmp_path)
    yield made
    made.close()


@pytest.mark.timeout(300)
def test_nobody_without_the_token_gets_in_and_nothing_breaks(till: Till) -> None:
    tally = attack(till, seed=SEED, shots=range(FEW), limits=LIMITS)
    print(f"\nR8, the intake: seed {SEED}: {tally}: 0 bad")
    assert tally.shots == FEW
    assert tally.answers.keys() >= {200, 400, 401, 403, 404, 405, 411, 413, 415, 422, 431, 501}, "an attack that misses"


@needs_memory
@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(MANY // PART))
def test_nobody_without_the_token_gets_in_however_long_it_goes_on(part: int, till: Till) -> None:
    first = FEW + part * PART
    assert grown(till, range(first, first + PART), warm=10_000, limits=LIMITS) <= MOST_GROWTH


# -- mistakes, planted to prove that the checker finds them

Plant = Callable[[pytest.MonkeyPatch], None]


def browsers_are_let_in(patch: pytest.MonkeyPatch) -> None:
    respond = Intake._answer

    async def careless(self: Intake, request: Request) -> Response:
        kept = {name: value for name, value in request.headers.items() if name != "origin"}
        return await respond(self, replace(request, headers=kept))

    patch.setattr(Intake, "_answer", careless)


def a_host_that_begins_like_ours_will_do(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(http, "LOOPBACK", re.compile(r"(127\.0\.0\.1|localhost|\[::1\]).*", re.IGNORECASE))


def the_start_of_the_token_is_enough(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(http, "_is_ours", lambda said, token: said.lower().startswith("bearer ") and token[:8] in said)


def the_token_counts_in_any_case(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(http, "_is_ours", lambda said, token: said.lower().split() == ["bearer", token.lower()])


def what_looks_blank_to_python_is_passed_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(http, "BLANKS", None)


def the_token_counts_in_the_query(patch: pytest.MonkeyPatch) -> None:
    respond = Intake._answer

    async def careless(self: Intake, request: Request) -> Response:
        if TOKEN in request.query:
            request = replace(request, headers={**request.headers, "authorization": f"Bearer {TOKEN}"})
        return await respond(self, request)

    patch.setattr(Intake, "_answer", careless)


def nobody_gets_in(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(http, "_is_ours", lambda *_: False)


def a_form_is_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(call, "JSON_TYPE", re.compile(".*"))


def another_outlets_record_is_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("outlet_sync_gui.contract.records.check_outlet", lambda *_: None)


def what_is_refused_is_stored(patch: pytest.MonkeyPatch) -> None:
    respond = Intake._answer

    async def careless(self: Intake, request: Request) -> Response:
        response = await respond(self, request)
        return replace(response, status=422) if response.status == 200 and b'"O7"' in request.body else response

    patch.setattr(Intake, "_answer", careless)


def a_token_is_compared_as_text(patch: pytest.MonkeyPatch) -> None:
    """A TypeError where it is not ASCII."""
    ours = http._is_ours
    patch.setattr(http, "_is_ours", lambda said, token: ours(said, token) or compare_digest(said, f"Bearer {token}"))


def an_odd_path_leads_to_a_crash(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(http, "_decoded", lambda part: unquote(part, errors="strict"))


def an_odd_body_leads_to_a_crash(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(call, "loads", json.loads)


def one_request_is_never_answered(patch: pytest.MonkeyPatch) -> None:
    respond = Intake._answer

    async def careless(self: Intake, request: Request) -> Response:
        if "another" in request.query or request.method == "PATCH":
            await asyncio.Event().wait()
        return await respond(self, request)

    patch.setattr(Intake, "_answer", careless)


PLANTED: tuple[tuple[Plant, str], ...] = (
    (browsers_are_let_in, "accepted (POST|GET)"),
    (a_host_that_begins_like_ours_will_do, "accepted (POST|GET)"),
    (the_start_of_the_token_is_enough, "accepted (POST|GET)"),
    (the_token_counts_in_any_case, "accepted (POST|GET)"),
    (what_looks_blank_to_python_is_passed_over, "accepted (POST|GET)"),
    (the_token_counts_in_the_query, "accepted (POST|GET)"),
    (a_form_is_taken, "accepted POST"),
    (another_outlets_record_is_taken, "accepted POST"),
    (nobody_gets_in, "honest, and refused"),
    (what_is_refused_is_stored, "a traceback|honest, and refused"),
    (a_token_is_compared_as_text, "a traceback"),
    (an_odd_path_leads_to_a_crash, "a traceback"),
    (an_odd_body_leads_to_a_crash, "a traceback"),
    (one_request_is_never_answered, "it hangs"),
)


@pytest.mark.parametrize(("plant", "found"), PLANTED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_planted_mistake_is_found(plant: Plant, found: str, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(Breach, match=f"seed {SEED}, shot [0-9]+: ({found})") as breach:
        attack(till, seed=SEED, shots=range(PLANTED_WITHIN), limits=LIMITS, hung_s=1)
    print(f"\n{plant.__name__}: {str(breach.value)[:200]}")


# -- R9: readers that wait


async def beside_readers(till: Till, readers: int) -> int:
    """So many hold the line in a long poll; the status of a sale that comes then, 0 where it is turned away."""
    arrived = asyncio.Semaphore(0)

    async def handle(request: Request) -> Response:
        arrived.release()
        return await till.handle(request)

    listener = await serve(handle, host="127.0.0.1", port=0, limits=LIMITS)
    known = ((HOST, b"localhost"), (AUTH, b"Bearer " + TOKEN.encode()))
    ask = Parts(b"/api/v1/changes?after=0&wait=60", known, b"", b"GET").wire()
    sale = {"entity_type": "order", "operation": "create", "data": order("A1")}
    told = Parts(b"/api/v1/records", (*known, JSON), json.dumps(sale).encode()).wire()
    lines = []
    try:
        for _ in range(readers):
            lines.append(await asyncio.open_connection("127.0.0.1", listener.port))
            lines[-1][1].write(ask)
        async with asyncio.timeout(10):
            for _ in range(min(readers, call.MOST_WAITING)):  # those that may wait
                await arrived.acquire()
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        lines.append((reader, writer))
        writer.write(told)
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(5):  # long before the first of them has waited its minute
                return int((await reader.readuntil(b"\r\n")).split(b" ")[1])
        return 0
    finally:
        for _, writer in lines:
            writer.close()
        await listener.close()


@pytest.mark.parametrize("readers", [1, LIMITS.connections, 4 * LIMITS.connections])
def test_readers_that_wait_keep_no_sale_out(readers: int, till: Till) -> None:
    assert asyncio.run(beside_readers(till, readers)) == 200


def test_readers_without_a_bound_are_found_to_keep_a_sale_out(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "MOST_WAITING", LIMITS.connections)
    assert asyncio.run(beside_readers(till, LIMITS.connections)) == 0
