"""A small bounded HTTP server: asyncio and h11, nothing that polls, every size and time limited.

It knows nothing of who speaks: a handler turns a Request into a Response. What h11 lets through and a careful server
should not (several lengths, absolute targets, NUL) is refused here, before a handler sees it.
"""

import asyncio
import errno
import json
import logging
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address

import h11

from outlet_sync_gui.errors import NeedsPerson

log = logging.getLogger(__name__)

JSON = "application/json"
QUEUE = 1024  # before the door; who finds it full tries again only after a second
LOOK_UP_S = 5.0
LINGER_S = 2.0  # a sender still busy with its body must find the answer before the reset


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A whole request. Header names are lower-case; `query` is what follows the question mark.

    A header that came several times is one, its values in order with commas between: none of them can hide another.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole answer. `cut_at` sends so many bytes of it and closes: faults of a simulated line."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one connection, and all of them, may cost."""

    body_bytes: int = 1_000_000
    head_bytes: int = 16_384
    read_s: float = 3.0
    idle_s: float = 60.0
    connections: int = 64


Handler = Callable[[Request], Awaitable[Response]]


class _Refused(Exception):
    """A request that no handler shall see."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Listener:
    """A bound port and its open connections, in the loop that called `serve`."""

    def __init__(self, handler: Handler, limits: Limits, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._limits = limits
        self._tls = tls
        self._waiting: dict[asyncio.Task[None], None] = {}  # for a request or its rest, the longest first
        self._busy: set[asyncio.Task[None]] = set()  # with a whole request in the handler's hands
        self._is_closed = False
        self._server: asyncio.Server | None = None
        self.port = 0

    async def close(self) -> None:
        """Close the port and cut what is open."""
        self._is_closed = True
        if self._server is not None:
            self._server.close()
        tasks = [*self._waiting, *self._busy]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(5):
            await asyncio.sleep(0)  # let what was closed go, and what was just accepted see that it is over

    async def bind(self, host: str, port: int) -> None:
        """Listen. Raises NeedsPerson(port_taken or port_unusable)."""
        try:
            self._server = await self._served_at(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise NeedsPerson("port_taken", {"host": host, "port": port}) from error
            raise NeedsPerson("port_unusable", {"host": host, "port": port, "why": _reason(error)}) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def _served_at(self, host: str, port: int) -> asyncio.Server:
        family, address = await _looked_up(host, port)
        place = socket.create_server(address, family=family)
        # asyncio lets in as many at once: so few that each is read before those behind push it out.
        few = max(1, self._limits.connections // 4)
        server = await asyncio.start_server(
            self._accept, sock=place, limit=self._limits.head_bytes, backlog=few, start_serving=False
        )
        try:
            await server.start_serving()  # by itself: a stop that comes meanwhile has something to close
        except asyncio.CancelledError:
            server.close()
            raise
        place.listen(QUEUE)
        return server

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._is_closed or not self._has_room():
            writer.close()
            return
        self._waiting[task] = None
        try:
            with suppress(OSError, asyncio.CancelledError):  # of the line; who hangs up is no mistake
                await self._greet(writer)
                await self._converse(task, reader, writer)
                writer.close()
                async with asyncio.timeout(LINGER_S):  # for the last of the answer, and the other side's farewell
                    await writer.wait_closed()
        except h11.LocalProtocolError:
            log.exception("an answer that HTTP does not allow")
        finally:
            self._waiting.pop(task, None)
            writer.transport.abort()  # who never reads would keep it for as long as he likes, and count no more

    async def _greet(self, writer: asyncio.StreamWriter) -> None:
        # Here, and not by asyncio's server: one whose greeting never comes is a connection that counts, and yields.
        # As the task's first step: nothing of the greeting is read before.
        if self._tls is not None:
            await writer.start_tls(self._tls, ssl_handshake_timeout=self._limits.read_s)

    def _has_room(self) -> bool:
        """Whether there is room for one more: the oldest unfinished yields, never one whose request is at work."""
        if len(self._waiting) + len(self._busy) < self._limits.connections:
            return True
        oldest = next(iter(self._waiting), None)
        if oldest is not None:
            del self._waiting[oldest]  # at once: a burst must not meet the same one again
            oldest.cancel()
        return oldest is not None

    async def _converse(
        self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=self._limits.head_bytes)
        while True:
            try:
                request = await _read(connection, reader, writer, self._limits)
            except _Refused as refused:
                await _refuse(reader, writer, failure(refused.status, refused.code))
                return
            if request is None:
                return
            response = await self._handle(task, request)
            async with asyncio.timeout(self._limits.read_s):
                is_whole = await _write(connection, writer, response, has_body=request.method != "HEAD")
            if not is_whole or h11.MUST_CLOSE in connection.states.values():
                return
            connection.start_next_cycle()

    async def _handle(self, task: asyncio.Task[None], request: Request) -> Response:
        self._waiting.pop(task, None)
        self._busy.add(task)
        try:
            return await self._handler(request)
        except Exception:  # the border of a foreign handler: logged, answered, the server goes on
            log.exception("%s %s", request.method, request.path)
            return failure(500, "internal_error")
        finally:
            self._busy.discard(task)
            self._waiting[task] = None


async def _looked_up(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """Where to listen; a thread looks up a name, and there is none for what is an address already."""
    with suppress(ValueError):
        return socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET, (host, port)
    try:
        async with asyncio.timeout(LOOK_UP_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from error
    family, *_, address = found[0]
    return family, (str(address[0]), port)


async def serve(
    handler: Handler, *, host: str, port: int, limits: Limits | None = None, tls: ssl.SSLContext | None = None
) -> Listener:
    """Start to listen; port 0 takes a free one. Raises NeedsPerson(port_taken or port_unusable)."""
    listener = Listener(handler, limits or Limits(), tls)
    await listener.bind(host, port)
    return listener


def failure(status: int, code: str, message: str = "") -> Response:
    """The contract's envelope for what went wrong."""
    envelope = {"success": False, "error": code, "message": message or code.replace("_", " ")}
    return Response(status=status, body=json.dumps(envelope, separators=(",", ":")).encode())


def _reason(error: OSError) -> str:
    """The system's own words, without the address that asyncio puts around them."""
    return os.strerror(error.errno) if error.errno is not None and error.errno in errno.errorcode else str(error)


async def _read(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits
) -> Request | None:
    """One request; None where the other side left. Raises _Refused."""
    head: h11.Request | None = None
    body = bytearray()
    async with asyncio.timeout(limits.read_s if connection.trailing_data[0] else limits.idle_s) as deadline:
        while True:
            try:
                event = connection.next_event()
            except h11.RemoteProtocolError as error:
                raise _Refused(error.error_status_hint, "bad_request") from error
            if event is h11.NEED_DATA:
                if connection.they_are_waiting_for_100_continue:
                    writer.write(connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
                data = await reader.read(65_536)
                if data and head is None and not connection.trailing_data[0]:
                    deadline.reschedule(asyncio.get_running_loop().time() + limits.read_s)
                connection.receive_data(data)
            elif isinstance(event, h11.Request):
                head = event
                _check_head(head, limits)
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > limits.body_bytes:
                    raise _Refused(413, "too_large")
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                return _request(head, bytes(body))
            else:
                return None


def _check_head(head: h11.Request, limits: Limits) -> None:
    target = head.target
    names = [name for name, _ in head.headers]
    # h11 bounds a head only while it is incomplete.
    if len(target) + sum(len(name) + len(value) for name, value in head.headers) > limits.head_bytes:
        raise _Refused(431, "head_too_large")
    if not target.startswith(b"/") or target.startswith(b"//") or b"\0" in target or head.http_version != b"1.1":
        raise _Refused(400, "bad_request")
    if head.method == b"CONNECT":
        raise _Refused(400, "bad_request")
    if b"transfer-encoding" in names:
        raise _Refused(400 if b"content-length" in names else 411, "length_required")
    lengths = [value for name, value in head.headers if name == b"content-length"]
    if lengths and int(lengths[0]) > limits.body_bytes:
        raise _Refused(413, "too_large")


def _request(head: h11.Request, body: bytes) -> Request:
    path, _, query = head.target.decode("ascii", "replace").partition("?")
    values: dict[str, list[str]] = {}
    for name, value in head.headers:
        values.setdefault(name.decode("ascii"), []).append(value.decode("latin-1"))
    headers = {name: ", ".join(several) for name, several in values.items()}
    return Request(method=head.method.decode("ascii"), path=path, query=query, headers=headers, body=body)


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, response: Response) -> None:
    """Answer whatever h11's state is, and take what is still coming, so that no reset overtakes the answer."""
    head = f"HTTP/1.1 {response.status} \r\ncontent-type: {JSON}\r\ncontent-length: {len(response.body)}\r\n"
    writer.write(head.encode() + b"connection: close\r\n\r\n" + response.body)
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(LINGER_S):
            await writer.drain()
            if writer.can_write_eof():  # TLS has no half of an end
                writer.write_eof()
            while await reader.read(65_536):
                pass


async def _write(
    connection: h11.Connection, writer: asyncio.StreamWriter, response: Response, *, has_body: bool
) -> bool:
    """Send in one write; whether the connection may go on."""
    if response.cut_at == 0:
        return False
    headers = {"content-type": response.content_type, "content-length": str(len(response.body)), **response.headers}
    parts = (
        connection.send(h11.Response(status_code=response.status, headers=list(headers.items()))),
        connection.send(h11.Data(data=response.body if has_body else b"")),
        connection.send(h11.EndOfMessage()),
    )
    whole = b"".join(part for part in parts if part)
    writer.write(whole[: response.cut_at])
    await writer.drain()
    return response.cut_at is None
