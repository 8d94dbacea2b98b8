"""Fires forged requests at an application behind the real listener, and judges what came of each.

A shot is named by seed and number, and is the same each time.
"""

import asyncio
import gc
import json
import logging
import re
from contextlib import suppress
from dataclasses import dataclass, field
from mmap import PAGESIZE
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

import pytest
from tests.faults.forgery import LENGTH, Shot, Target, aim

from outlet_sync_gui.listener import Limits, Listener, Request, Response, serve

STATM = Path("/proc/self/statm")
SEED = 20_260_127
MOST_GROWTH = 10_000_000
HUNG_S = 10.0
CLOSES = re.compile(rb"(?im)^connection:[ \t]*close")


class Breach(AssertionError):
    """An attack got through, or broke something."""


@dataclass(slots=True)
class Tally:
    """What came of it."""

    shots: int = 0
    accepted: int = 0
    answers: dict[int, int] = field(default_factory=dict)

    def __str__(self) -> str:
        told = ", ".join(f"{status}: {n}" for status, n in sorted(self.answers.items()))
        return f"{self.shots} requests, {self.accepted} accepted as they deserved ({told})"


class Range:
    """A target behind the real listener, and one connection to it at a time: `async with Range(target, limits)`."""

    def __init__(self, target: Target, limits: Limits, *, hung_s: float = HUNG_S) -> None:
        self._target = target
        self._limits = limits
        self._hung_s = hung_s
        self._listener: Listener | None = None
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._yes: list[Request] = []
        self._troubles = Troubles()
        self.tally = Tally()

    async def __aenter__(self) -> Self:
        self._listener = await serve(self._handle, host="127.0.0.1", port=0, limits=self._limits)
        self._troubles.listen(asyncio.get_running_loop())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listener is not None
        self._hang_up()
        await self._listener.close()
        self._troubles.leave()

    async def fire(self, shot: Shot) -> None:
        """Send it, and judge what came of it. Raises Breach."""
        try:
            async with asyncio.timeout(self._hung_s):
                answers = await (self._say(shot.data) if shot.is_whole else self._throw(shot.data))
        except TimeoutError:
            raise Breach("it hangs") from None
        accepted, self._yes = self._yes, []
        self._judge(shot, answers, accepted)
        self.tally.shots += 1
        self.tally.accepted += len(accepted)
        for status, _ in answers:
            self.tally.answers[status] = self.tally.answers.get(status, 0) + 1

    async def _handle(self, request: Request) -> Response:
        response = await self._target.handle(request)
        if response.status < 300:
            self._yes.append(request)
        return response

    async def _say(self, data: bytes) -> list[tuple[int, bytes]]:
        """Over a connection that is kept, one answer is waited for."""
        reader, writer = self._line = self._line or await self._dial()
        writer.write(data)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._hang_up()
            return []
        if CLOSES.search(head):
            self._hang_up()
        return answers_in(head + body)

    async def _throw(self, data: bytes) -> list[tuple[int, bytes]]:
        """Over a connection of its own, that says no more; all that is answered."""
        reader, writer = await self._dial()
        said = bytearray()
        with suppress(ConnectionError):
            writer.write(data)
            writer.write_eof()
            while part := await reader.read(65_536):
                said += part
        writer.close()
        return answers_in(bytes(said))

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert self._listener is not None
        return await asyncio.open_connection("127.0.0.1", self._listener.port)

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line[1].close()
            self._line = None

    def _judge(self, shot: Shot, answers: list[tuple[int, bytes]], accepted: list[Request]) -> None:
        self._troubles.check()
        for request in accepted:
            if not self._target.deserves(shot.data, request):
                raise Breach(f"accepted {request.method} {request.path} with {request.body[:200]!r}")
        if len(accepted) > shot.most or (shot.is_whole and len(answers) != 1):
            raise Breach(f"{len(accepted)} accepted, {len(answers)} answers")
        if shot.is_honest and len(accepted) != shot.most:
            raise Breach(f"honest, and refused: {answers}")
        if shot.is_honest and any(status >= 300 for status, _ in answers):
            raise Breach(f"accepted, and told otherwise: {answers}")
        for status, body in answers:
            if status != 100:
                check_answer(status, body)


def answers_in(said: bytes) -> list[tuple[int, bytes]]:
    """Status and body of each answer. Raises Breach for what is none."""
    found = []
    while said:
        head, end, rest = said.partition(b"\r\n\r\n")
        if not end or not re.match(rb"HTTP/1\.1 [1-5]\d\d ", head):
            raise Breach(f"no answer: {said[:200]!r}")
        length = LENGTH.search(head)
        size = int(length[1]) if length else 0
        found.append((int(head[9:12]), rest[:size]))
        said = rest[size:]
    return found


def check_answer(status: int, body: bytes) -> None:
    """JSON, in the contract's envelope where it says no. Raises Breach."""
    try:
        value: Any = json.loads(body)
    except ValueError:
        raise Breach(f"{status} with {body[:200]!r}") from None
    if status == 500 or (status >= 400 and (value.get("success") is not False or not value["error"])):
        raise Breach(f"{status} with {body[:200]!r}")
    if b"Traceback" in body or b'File "' in body:
        raise Breach(f"a traceback is told: {body[:500]!r}")


class Troubles(logging.Handler):
    """What nobody should ever see: logged errors, and exceptions that nobody caught."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._seen: list[str] = []

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on."""
        logging.getLogger().addHandler(self)
        loop.set_exception_handler(lambda _, context: self._seen.append(f"{context.get('exception') or context}"))

    def leave(self) -> None:
        """No more."""
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self._seen.append(logging.Formatter().format(record))

    def check(self) -> None:
        """Raise Breach for the first since the last time."""
        if self._seen:
            first, self._seen = self._seen[0], []
            raise Breach(f"a traceback: {first[-600:]}")


def attack(target: Target, *, seed: int, shots: range, limits: Limits, hung_s: float = HUNG_S) -> Tally:
    """Fire these shots of a seed. Raises Breach, naming the one that got through."""

    async def run() -> Tally:
        async with Range(target, limits, hung_s=hung_s) as place:
            for n in shots:
                shot = aim(target, Random(f"{seed}/{n}"))  # noqa: S311 - shots to repeat, no secret
                try:
                    await place.fire(shot)
                except Breach as breach:
                    raise Breach(f"seed {seed}, shot {n}: {breach}: {shot.data[:1000]!r}") from breach
            return place.tally

    return asyncio.run(run())


def resident_bytes() -> int:
    """What this process holds of the machine's memory, where the system tells."""
    return int(STATM.read_text(encoding="ascii").split()[1]) * PAGESIZE


needs_memory = pytest.mark.skipif(not STATM.exists(), reason="the system does not tell what a process holds")


def grown(target: Target, shots: range, *, warm: int, limits: Limits) -> int:
    """Bytes that this process holds more after all the shots than after the first."""
    attack(target, seed=SEED, shots=shots[:warm], limits=limits)
    gc.collect()
    before = resident_bytes()
    tally = attack(target, seed=SEED, shots=shots[warm:], limits=limits)
    gc.collect()
    more = resident_bytes() - before
    print(f"\nR8: seed {SEED} from {shots.start}: {tally}: 0 bad, memory {more / 1e6:+.1f} MB")
    return more
