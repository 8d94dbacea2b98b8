"""How other processes speak to the running service: one JSON line asked, one answered, over a local socket.

A Unix socket in the data directory, a named pipe on Windows; nobody polls. Only the directory's user can open it.
"""

import asyncio
import hashlib
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Asked = dict[str, object]
Handler = Callable[[Asked], Awaitable[Asked]]
SOCKET_NAME = "service.sock"
MOST_BYTES = 1_000_000
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 108


class Channel:
    """The service's end. `serve` binds, `close` ends and removes it."""

    def __init__(self, directory: Path, handler: Handler) -> None:
        self._directory = directory
        self._handler = handler
        self._server: asyncio.AbstractServer | None = None
        self._pipes: list[asyncio.Transport] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Listen. The caller holds the data directory's lock, so a socket that is left over is nobody's."""
        if sys.platform == "win32":
            await self._serve_pipe()
            return
        with _reachable(self._directory) as path:
            path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._meet, str(path), limit=MOST_BYTES, start_serving=False)
            await self._server.start_serving()  # by itself: a stop that comes meanwhile finds what it has to close

    async def close(self) -> None:
        """Stop listening; conversations under way are cut."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        for pipe in self._pipes:
            pipe.close()
        (self._directory / SOCKET_NAME).unlink(missing_ok=True)
        await asyncio.sleep(0)  # let what was closed go

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            # One that is cut ends like any other: asyncio would log a task's cancelling as a mistake.
            with suppress(ConnectionError, ValueError, RecursionError, asyncio.CancelledError):
                asked = json.loads(await reader.readline())
                if not isinstance(asked, dict):
                    return
                writer.write(json.dumps(await self._handler(asked)).encode() + b"\n")
                await writer.drain()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve_pipe(self) -> None:
        if sys.platform == "win32":
            loop = asyncio.get_running_loop()
            assert isinstance(loop, asyncio.ProactorEventLoop)

            def protocol() -> asyncio.StreamReaderProtocol:
                return asyncio.StreamReaderProtocol(asyncio.StreamReader(limit=MOST_BYTES), self._meet)

            self._pipes = list(await loop.start_serving_pipe(protocol, _pipe_name(self._directory)))


def ask(directory: Path, question: Asked, *, timeout_s: float | None = 5.0) -> Asked | None:
    """Ask the running service and wait for its answer; None where no service listens, or it ended meanwhile."""
    line = json.dumps(question).encode() + b"\n"
    try:
        answer = _ask_pipe(directory, line) if sys.platform == "win32" else _ask_socket(directory, line, timeout_s)
    except (OSError, TimeoutError):
        return None
    return dict(json.loads(answer)) if answer else None


def _ask_socket(directory: Path, line: bytes, timeout_s: float | None) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection, _reachable(directory) as path:
        connection.settimeout(timeout_s)
        connection.connect(str(path))
        connection.sendall(line)
        with connection.makefile("rb") as answer:
            return answer.readline(MOST_BYTES)


def _ask_pipe(directory: Path, line: bytes) -> bytes:
    with Path(_pipe_name(directory)).open("r+b", buffering=0) as pipe:
        pipe.write(line)
        return pipe.readline(MOST_BYTES)


def _pipe_name(directory: Path) -> str:
    digest = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:32]
    return rf"\\.\pipe\outlet-sync-{digest}"


@contextmanager
def _reachable(directory: Path) -> Iterator[Path]:
    """The socket's path, short enough for the kernel: a long one goes by way of the open directory."""
    path = directory / SOCKET_NAME
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        yield path
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        yield Path(f"/proc/self/fd/{descriptor}/{SOCKET_NAME}")
    finally:
        os.close(descriptor)
