"""R8: forged requests by the thousand. R9: honest ones in a crowd that only holds the line.

Nothing that is not signed is ever accepted, nothing leads to a traceback, nothing hangs, nothing is left behind.
A shot that gets through is named by seed and number, and fired again by
`attack(Webhooks(), seed=seed, shots=range(n, n + 1), limits=LIMITS)`.
"""

import asyncio
import hashlib
import hmac
import json
import re
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any

import h11
import pytest
from tests.faults.attack import MOST_GROWTH, SEED, Breach, attack, grown, needs_memory
from tests.faults.forgery import BODY_CHANGES, Change, Parts, Target, with_header, with_value
from tests.webhook.honest import BODIES, EARLIER, OUTLET_ID, PATH, SECRET, TERMS

from outlet_sync_gui import webhook
from outlet_sync_gui.contract.text import loads
from outlet_sync_gui.contract.webhooks import PATHS, Kind, Letter, Told
from outlet_sync_gui.listener import Limits, Listener, Request, Response, failure, serve
from outlet_sync_gui.listener import _check_head as check_head
from outlet_sync_gui.webhook import LIMITS, Terms, answer
from outlet_sync_gui.webhook.signature import is_signed

ROOT = Path(__file__).parents[2]
FEW, MANY, PART = 10_000, 500_000, 250_000  # the intake is fired at as often
PLANTED_WITHIN = 4000
SIGNATURE, OUTLET = b"X-Cloud-Signature", b"X-Outlet-ID"
OWN = {f"{PATH}{kind}" for kind in Kind}
SAID = re.compile(rb"(?im)^x-cloud-signature:[^\n]*(?:\n[ \t][^\n]*)*")  # folded or not
OURS = re.compile(rb"(?im)^x-outlet-id:\s*%s\s*$" % OUTLET_ID.encode())


def signed(body: bytes, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()


class Webhooks:
    """The webhooks as a target. Its oracle looks for a signature of ours, over just that body, in what was sent."""

    def __init__(self) -> None:
        self._taken: Letter | None = None
        self.harmless: Sequence[Change] = (in_capitals, with_a_prefix, of_the_earlier_secret, behind_another_signature)
        self.changes: Sequence[Change] = SIGNATURES

    async def handle(self, request: Request) -> Response:
        """The real one; what it answers with a yes must have come through the door, and nothing else."""
        self._taken = None
        response = await answer(request, TERMS, self._deliver)
        assert (response.status == 200) is (self._taken is not None or request.path == webhook.HEALTH)
        return response

    def honest(self, chance: Random) -> Parts:
        """One of the five, with its own numbers and words."""
        kind = chance.choice(list(Kind))
        number, text = chance.randrange(10**6), chance.choice(["Nasi", "Es teh 🍵", 'a "b"', "\u202e", "x" * 3000])
        about = {"version": number, "local_id": f"P{number}"} if kind in (Kind.UPDATE, Kind.DELETE) else {}
        body = json.dumps({**BODIES[kind], **about, "reason": text}, ensure_ascii=chance.random() < 0.5).encode()
        headers = ((b"Host", b"till"), (b"Content-Type", b"application/json"), (SIGNATURE, signed(body)))
        return Parts(f"{PATH}{kind}".encode(), (*headers, (OUTLET, OUTLET_ID.encode())), body)

    def deserves(self, sent: bytes, request: Request) -> bool:
        """Sent to this path, for this outlet, with a signature of ours over the body that was taken."""
        if request.path == webhook.HEALTH:
            return request.method in ("GET", "HEAD")
        said = b"\n".join(SAID.findall(sent)).lower()
        is_signed = any(signed(request.body, secret) in said for secret in (SECRET, EARLIER))
        is_there = b"POST %s" % request.path.encode() in sent and request.body in sent
        return is_signed and is_there and request.path in OWN and OURS.search(sent) is not None

    async def _deliver(self, letter: Letter) -> Told:
        self._taken = letter
        return Told(message="taken", local_version=1, applied_at=letter.at)


# -- what can be done to a signature


def _resigned(change: Callable[[bytes], bytes]) -> Change:
    return lambda _, parts: with_value(parts, SIGNATURE, change(signed(parts.body)))


in_capitals = _resigned(bytes.upper)
with_a_prefix = _resigned(lambda right: b"sha256=" + right)
behind_another_signature = _resigned(lambda right: b"0" * 64 + b", " + right)


def of_the_earlier_secret(_: Random, parts: Parts) -> Parts:
    return with_value(parts, SIGNATURE, signed(parts.body, EARLIER))


def of_another_secret(chance: Random, parts: Parts) -> Parts:
    other = chance.choice(["", "outlet", "another secret that is long", SECRET.upper(), SECRET + " ", OUTLET_ID])
    return with_value(parts, SIGNATURE, signed(parts.body, other))


def of_something_else(chance: Random, parts: Parts) -> Parts:
    other = chance.choice([b"", parts.body + b"\n", parts.body.strip(b"{}"), parts.target, b"{}"])
    return with_value(parts, SIGNATURE, signed(other))


def with_one_other_sign(chance: Random, parts: Parts) -> Parts:
    right = bytearray(signed(parts.body))
    right[chance.randrange(64)] = chance.choice(b"0123456789abcdefg \xff")
    return with_value(parts, SIGNATURE, bytes(right))


def with_a_part_of_it(chance: Random, parts: Parts) -> Parts:
    length = chance.choice([0, 1, 8, 32, 63])
    return with_value(parts, SIGNATURE, chance.choice([signed(parts.body)[:length], signed(parts.body)[-length:]]))


def with_many(chance: Random, parts: Parts) -> Parts:
    several = [b"0"] * chance.choice([1, 15, 16, 500]) + [chance.choice([b"", signed(parts.body)])]
    return with_value(parts, SIGNATURE, b",".join(several))


def unsigned(_: Random, parts: Parts) -> Parts:
    return replace(parts, headers=tuple(header for header in parts.headers if header[0] != SIGNATURE))


def signed_as_it_is_now(_: Random, parts: Parts) -> Parts:
    return with_value(parts, SIGNATURE, signed(parts.body))


def odd_from_the_start(chance: Random, parts: Parts) -> Parts:
    """Headquarters itself says something odd."""
    return signed_as_it_is_now(chance, chance.choice(BODY_CHANGES)(chance, parts))


def for_another_path(chance: Random, parts: Parts) -> Parts:
    return replace(parts, target=f"{PATH}{chance.choice(list(Kind))}".encode())


def of_another_outlet(chance: Random, parts: Parts) -> Parts:
    return with_value(parts, OUTLET, chance.choice([b"", OUTLET_ID[:-1].encode(), OUTLET_ID.upper().encode() + b"0"]))


SIGNATURES = (
    *(of_another_secret, of_something_else, with_one_other_sign, with_a_part_of_it, with_many, unsigned),
    *(signed_as_it_is_now, odd_from_the_start, odd_from_the_start, for_another_path, of_another_outlet),
)


# -- R8


@pytest.mark.timeout(300)
def test_nothing_unsigned_is_accepted_and_nothing_breaks() -> None:
    tally = attack(Webhooks(), seed=SEED, shots=range(FEW), limits=LIMITS)
    print(f"\nR8: seed {SEED}: {tally}: 0 bad")
    assert tally.shots == FEW
    assert tally.answers.keys() >= {200, 400, 401, 403, 404, 405, 411, 413, 415, 422, 431, 501}, "an attack that misses"


@needs_memory
@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(MANY // PART))
def test_nothing_unsigned_is_accepted_however_long_it_goes_on(part: int) -> None:
    first = FEW + part * PART
    assert grown(Webhooks(), range(first, first + PART), warm=10_000, limits=LIMITS) <= MOST_GROWTH


# -- mistakes, planted to prove that the checker finds them

Plant = Callable[[pytest.MonkeyPatch], None]


def one_path_is_taken_without_a_look(patch: pytest.MonkeyPatch) -> None:
    look = webhook._not_ours
    is_open = f"{PATH}delete"
    patch.setattr(
        webhook, "_not_ours", lambda request, terms: None if request.path == is_open else look(request, terms)
    )


def a_signature_counts_for_what_was_meant(patch: pytest.MonkeyPatch) -> None:
    """Not for the bytes: whoever changes blanks is let in."""

    def careless(body: bytes, *more: Any) -> bool:
        with suppress(ValueError, RecursionError):
            meant = json.loads(body)
            forms = (json.dumps(meant).encode(), json.dumps(meant, ensure_ascii=False).encode(errors="replace"))
            return is_signed(body, *more) or any(is_signed(form, *more) for form in forms)
        return is_signed(body, *more)

    patch.setattr("outlet_sync_gui.webhook.is_signed", careless)


def the_start_of_a_signature_is_enough(patch: pytest.MonkeyPatch) -> None:
    def careless(body: bytes, header: str, secrets: Sequence[str]) -> bool:
        return any(header.lower()[:8] == signed(body, secret)[:8].decode() for secret in secrets)

    patch.setattr("outlet_sync_gui.webhook.is_signed", lambda *given: is_signed(*given) or careless(*given))


def an_empty_secret_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(webhook, "usable", lambda secrets: [*secrets, ""])


def any_outlet_will_do(patch: pytest.MonkeyPatch) -> None:
    look = webhook._not_ours

    def careless(request: Request, terms: Terms) -> Response | None:
        headers = {**request.headers, "x-outlet-id": terms.outlet_id}
        return look(replace(request, headers=headers), terms)

    patch.setattr(webhook, "_not_ours", careless)


def nobody_gets_in(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(webhook, "usable", lambda _: [])


def signatures_are_compared_as_text(patch: pytest.MonkeyPatch) -> None:
    """A TypeError where one is not ASCII."""

    def careless(body: bytes, header: str, secrets: Sequence[str]) -> bool:
        return any(hmac.compare_digest(header.lower(), signed(body, secret).decode()) for secret in secrets)

    patch.setattr("outlet_sync_gui.webhook.is_signed", lambda *given: is_signed(*given) or careless(*given))


def one_body_leads_to_a_crash(patch: pytest.MonkeyPatch) -> None:
    def careless(body: bytes) -> Any:
        assert b"\\ud800" not in body
        return loads(body)

    patch.setattr("outlet_sync_gui.webhook.loads", careless)


def one_header_leads_to_a_crash(patch: pytest.MonkeyPatch) -> None:
    """In the listener itself, before anything is handled."""

    def careless(head: h11.Request, limits: Limits) -> None:
        assert all(value.isascii() for _, value in head.headers)
        check_head(head, limits)

    patch.setattr("outlet_sync_gui.listener._check_head", careless)


def what_went_wrong_is_told_to_everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(webhook, "failure", lambda status, code, _="": failure(status, code, f"Traceback, {code}"))


def one_request_is_never_answered(patch: pytest.MonkeyPatch) -> None:
    handle = Webhooks.handle

    async def careless(self: Webhooks, request: Request) -> Response:
        if request.method == "PATCH":
            await asyncio.Event().wait()
        return await handle(self, request)

    patch.setattr(Webhooks, "handle", careless)


def an_answer_is_cut(patch: pytest.MonkeyPatch) -> None:
    handle = Webhooks.handle

    async def careless(self: Webhooks, request: Request) -> Response:
        return replace(await handle(self, request), cut_at=60 if request.method == "PUT" else None)

    patch.setattr(Webhooks, "handle", careless)


def a_path_that_looks_like_ours_will_do(patch: pytest.MonkeyPatch) -> None:
    class Lenient(dict[str, Kind]):
        def get(self, path: str, _: object = None) -> Any:
            return super().get(path.rstrip("/").lower())

    patch.setattr("outlet_sync_gui.webhook.PATHS", Lenient(PATHS))


PLANTED: tuple[tuple[Plant, str], ...] = (
    (one_path_is_taken_without_a_look, "accepted POST"),
    (a_signature_counts_for_what_was_meant, "accepted POST"),
    (the_start_of_a_signature_is_enough, "accepted POST"),
    (an_empty_secret_counts, "accepted POST"),
    (any_outlet_will_do, "accepted POST"),
    (a_path_that_looks_like_ours_will_do, "accepted POST"),
    (nobody_gets_in, "honest, and refused"),
    (signatures_are_compared_as_text, "a traceback"),
    (one_body_leads_to_a_crash, "a traceback"),
    (one_header_leads_to_a_crash, "a traceback|0 accepted, 0 answers"),
    (what_went_wrong_is_told_to_everybody, "a traceback is told"),
    (one_request_is_never_answered, "it hangs"),
    (an_answer_is_cut, "0 accepted, 0 answers"),
)


@pytest.mark.parametrize(("plant", "found"), PLANTED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_planted_mistake_is_found(plant: Plant, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(Breach, match=f"seed {SEED}, shot [0-9]+: ({found})"):
        attack(Webhooks(), seed=SEED, shots=range(PLANTED_WITHIN), limits=LIMITS, hung_s=1)


@needs_memory
def test_a_planted_leak_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bytes] = []
    handle = Webhooks.handle

    async def hoarding(self: Webhooks, request: Request) -> Response:
        kept.append(b"x" * 100_000)  # written to, and more than what earlier tests left free
        return await handle(self, request)

    assert grown(Webhooks(), range(2000), warm=500, limits=LIMITS) <= MOST_GROWTH
    monkeypatch.setattr(Webhooks, "handle", hoarding)
    assert grown(Webhooks(), range(2000), warm=500, limits=LIMITS) > MOST_GROWTH


# -- R9

SIZE = 984


@dataclass(slots=True)
class Served:
    """How honest senders fared in a crowd."""

    took_s: list[float] = field(default_factory=list)
    lost: int = 0
    dialled: int = 0

    async def by(self, asking: Awaitable[bool]) -> None:
        """Count one more, and how long it took."""
        asked = time.perf_counter()
        if await asking:
            self.took_s.append(time.perf_counter() - asked)
        else:
            self.lost += 1

    @property
    def share(self) -> float:
        return len(self.took_s) / (len(self.took_s) + self.lost)

    @property
    def p99_s(self) -> float:
        return quantiles(self.took_s, n=100)[98]

    def __str__(self) -> str:
        found = f"{len(self.took_s)} of {len(self.took_s) + self.lost} served ({self.share:.1%})"
        times = f"median {median(self.took_s) * 1000:.1f} ms, p99 {self.p99_s * 1000:.1f} ms"
        return f"{found}, {times}, beside {SIZE} that dialled {self.dialled} times"


async def ask(port: int, data: bytes) -> bool:
    """One honest request over a connection of its own; whether it was taken, within a time that a sender waits."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(data)
                return (await reader.read()).startswith(b"HTTP/1.1 200")
            finally:
                writer.close()
    return False


async def in_a_crowd(target: Target, limits: Limits, *, requests: int, lasts_s: float) -> Served:
    """Honest requests, one after the other, while a crowd holds the line; at least so many and for so long."""
    listener = await serve(target.handle, host="127.0.0.1", port=0, limits=limits)
    words = [sys.executable, "-m", "tests.faults.crowd", str(listener.port), str(SIZE), str(SEED)]
    crowd = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    served, chance = Served(), Random(SEED)  # noqa: S311 - requests to repeat, no secret
    try:
        assert crowd.stdout is not None
        assert await crowd.stdout.readline() == b"there\n"
        start = time.monotonic()
        while len(served.took_s) + served.lost < requests or time.monotonic() - start < lasts_s:
            data = with_header(chance, target.honest(chance), b"Connection", b"close").wire()
            await served.by(ask(listener.port, data))
        told, _ = await crowd.communicate(b"")
        served.dialled = int(told)
    finally:
        if crowd.returncode is None:
            crowd.kill()
            await crowd.wait()
        await listener.close()
    return served


def check_served(served: Served) -> None:
    print(f"\nR9: {served}")
    assert served.dialled > 2 * SIZE, "the crowd did not come back"
    if served.share < 0.95:
        raise Breach(f"{served.share:.1%} served")


@pytest.mark.timeout(120)
def test_honest_requests_are_served_in_a_crowd() -> None:
    check_served(asyncio.run(in_a_crowd(Webhooks(), LIMITS, requests=200, lasts_s=4)))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_honest_requests_are_served_in_a_crowd_that_stays() -> None:
    served = asyncio.run(in_a_crowd(Webhooks(), LIMITS, requests=1000, lasts_s=600))
    check_served(served)
    assert served.p99_s <= 0.1


def test_a_server_that_waits_for_the_crowd_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody yields: who comes while it is full is turned away."""
    monkeypatch.setattr(Listener, "_has_room", lambda self: len(self._waiting) + len(self._busy) < 64)
    with pytest.raises(Breach, match="served"):
        check_served(asyncio.run(in_a_crowd(Webhooks(), LIMITS, requests=200, lasts_s=4)))
