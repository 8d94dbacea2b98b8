"""The listener over TLS: whoever does not greet, or greets wrongly, holds nothing up."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest
from tests.certificates import certificate

from outlet_sync_gui.listener import Limits, Listener, Request, Response, serve

LIMITS = Limits(read_s=0.5, idle_s=0.5, connections=4)
GET = b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
T = TypeVar("T")
Work = Callable[[Listener, ssl.SSLContext], Awaitable[T]]


def over_tls(directory: Path, work: Work[T], limits: Limits = LIMITS) -> T:
    cert, key = certificate(directory)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(cert, key)
    trusting = ssl.create_default_context(cafile=str(cert))

    async def hello(request: Request) -> Response:
        return Response(status=200, body=f"{request.method} {request.path} {len(request.body)}".encode())

    async def run() -> T:
        listener = await serve(hello, host="127.0.0.1", port=0, limits=limits, tls=served)
        try:
            async with asyncio.timeout(10):
                return await work(listener, trusting)
        finally:
            await listener.close()

    return asyncio.run(run())


async def asked(listener: Listener, tls: ssl.SSLContext | None, data: bytes = GET) -> bytes:
    """What is answered to these bytes, until the other side ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=tls)
    writer.write(data)
    answer = b""
    with suppress(ConnectionError):
        answer = await reader.read()
    writer.close()
    with suppress(ConnectionError, ssl.SSLError):
        await writer.wait_closed()
    return answer


def test_a_request_is_answered_and_the_farewell_is_said(tmp_path: Path) -> None:
    answer = over_tls(tmp_path, asked)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"GET /a 0")


def test_a_megabyte_comes_through(tmp_path: Path) -> None:
    head = b"POST /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n"
    answer = over_tls(tmp_path, lambda listener, tls: asked(listener, tls, head + b"x" * 1_000_000))
    assert answer.endswith(b"POST /b 1000000")


def test_a_body_that_is_too_long_is_answered_over_tls_too(tmp_path: Path) -> None:
    head = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n"
    assert over_tls(tmp_path, lambda listener, tls: asked(listener, tls, head)).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "data", [b"", b"\x16\x03\x01", GET, b"\xff" * 300], ids=["nothing", "a start", "HTTP", "noise"]
)
def test_who_does_not_greet_is_given_up_and_others_are_served(
    data: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(listener: Listener, tls: ssl.SSLContext) -> tuple[bytes, bytes]:
        silent = asyncio.create_task(asked(listener, None, data))
        honest = await asked(listener, tls)
        return await silent, honest

    left, honest = over_tls(tmp_path, work)
    assert b"HTTP" not in left
    assert honest.endswith(b"GET /a 0")
    assert caplog.text == ""


def test_a_crowd_that_does_not_greet_yields(tmp_path: Path) -> None:
    async def work(listener: Listener, tls: ssl.SSLContext) -> bytes:
        crowd = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(20)]
        answer = await asked(listener, tls)
        for _, writer in crowd:
            writer.close()
        return answer

    assert over_tls(tmp_path, work, Limits(read_s=60, idle_s=60, connections=4)).endswith(b"GET /a 0")


def test_who_does_not_trust_the_certificate_leaves_no_trace(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(listener: Listener, tls: ssl.SSLContext) -> bytes:
        with pytest.raises(ssl.SSLCertVerificationError):
            await asked(listener, ssl.create_default_context())
        return await asked(listener, tls)

    assert over_tls(tmp_path, work).endswith(b"GET /a 0")
    assert caplog.text == ""


def test_closing_cuts_a_greeting_and_a_conversation(tmp_path: Path) -> None:
    async def work(listener: Listener, tls: ssl.SSLContext) -> list[bytes]:
        plain, silent = await asyncio.open_connection("127.0.0.1", listener.port)
        greeted, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=tls)
        writer.write(b"GET / HT")
        await writer.drain()
        await listener.close()
        left = []
        for reader in (plain, greeted):
            with suppress(ConnectionError):
                left.append(await reader.read())
        for each in (silent, writer):
            each.transport.abort()
        await asyncio.sleep(0)
        return left

    assert set(over_tls(tmp_path, work, Limits())) <= {b""}
