"""A line to the cloud that breaks after exactly so many bytes: a proxy on loopback, in the loop of whoever opens it."""

import asyncio
from enum import StrEnum
from types import TracebackType
from typing import Self


class Way(StrEnum):
    """The two directions of an exchange."""

    REQUEST = "request"
    ANSWER = "answer"


class Line:
    """Carries bytes as they come until it is told to cut: `async with Line(cloud.url) as line: line.url`.

    A cut shows to the till only when the cloud is through with what had reached it, so that nothing arrives later.
    """

    def __init__(self, url: str) -> None:
        self._host, _, port = url.removeprefix("http://").partition(":")
        self._port = int(port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._room: dict[Way, int | None] = dict.fromkeys(Way)
        self.passed = dict.fromkeys(Way, 0)

    @property
    def url(self) -> str:
        """Its address, in the cloud's place."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self, way: Way, after: int) -> None:
        """Count from nothing, and break as soon as so many bytes have passed; a cut request gets no answer."""
        self.mend()
        self.passed = dict.fromkeys(Way, 0)
        self._room[way] = after

    def mend(self) -> None:
        """Carry everything again."""
        self._room = dict.fromkeys(Way)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await asyncio.gather(*self._open)

    async def _join(self, from_till: asyncio.StreamReader, to_till: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            from_cloud, to_cloud = await asyncio.open_connection(self._host, self._port)
            await asyncio.gather(self._up(from_till, to_cloud), self._down(from_cloud, to_till))
            to_cloud.close()
        finally:
            self._open.discard(task)

    async def _up(self, from_till: asyncio.StreamReader, to_cloud: asyncio.StreamWriter) -> None:
        await self._carry(Way.REQUEST, from_till, to_cloud)
        to_cloud.write_eof()  # the cloud ends what it has begun, and closes

    async def _down(self, from_cloud: asyncio.StreamReader, to_till: asyncio.StreamWriter) -> None:
        await self._carry(Way.ANSWER, from_cloud, to_till)
        to_till.close()

    async def _carry(self, way: Way, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Carry until the source ends or the line is cut."""
        while data := await source.read(65_536):
            part = data[: self._room[way]]
            target.write(part)
            if self._spend(way, len(part)):
                return

    def _spend(self, way: Way, n: int) -> bool:
        """Count bytes that passed; whether they were the last."""
        self.passed[way] += n
        room = self._room[way]
        if room is None:
            return False
        self._room[way] = room - n
        if room == n:
            self._room[Way.ANSWER] = 0
        return room == n
