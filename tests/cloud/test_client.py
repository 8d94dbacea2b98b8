"""The courier, over real sockets: the contract's headers go out, a whole answer or a known failure comes back."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest
from tests.builders import SETTINGS

from outlet_sync_gui.cloud import CloudClient, Reply
from outlet_sync_gui.errors import CloudUnreachable, SettingsInvalid
from outlet_sync_gui.listener import Limits, Request, Response, serve
from outlet_sync_gui.settings import Settings

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]


def exchange(handler: Handler, *, deadline_s: float = 5.0, body: bytes = b'{"a":1}') -> Reply:
    """One exchange with a server of this handler."""

    async def run() -> Reply:
        listener = await serve(handler, host="127.0.0.1", port=0, limits=Limits(body_bytes=10**7))
        client = CloudClient(SETTINGS.model_copy(update={"cloud_url": f"http://127.0.0.1:{listener.port}"}))
        try:
            return await client.exchange(
                method="POST", path="/api/v1/x?y=z", body=body, api_key="secret", deadline_s=deadline_s
            )
        finally:
            await client.close()
            await listener.close()

    return asyncio.run(run())


async def ok(_: Request) -> Response:
    return Response(status=200, body=b"{}", headers={"Retry-After": "5"})


def failure_of(url: str, *, deadline_s: float = 5.0, **more: object) -> CloudUnreachable:
    async def run() -> None:
        client = CloudClient(Settings(cloud_url=url, **more))
        try:
            await client.exchange(method="GET", path="/", body=b"", api_key="secret", deadline_s=deadline_s)
        finally:
            await client.close()

    with pytest.raises(CloudUnreachable) as failed:
        asyncio.run(run())
    return failed.value


def test_the_contracts_headers_go_out() -> None:
    seen: list[Request] = []

    async def remember(request: Request) -> Response:
        seen.append(request)
        return await ok(request)

    exchange(remember)
    (request,) = seen
    wanted = {
        "authorization": "Bearer secret",
        "x-outlet-id": SETTINGS.outlet_id,
        "x-outlet-code": SETTINGS.outlet_code,
        "content-type": "application/json",
    }
    assert wanted.items() <= request.headers.items()
    assert (request.method, request.path, request.query, request.body) == ("POST", "/api/v1/x", "y=z", b'{"a":1}')


def test_an_answer_comes_whole_with_lower_case_names() -> None:
    reply = exchange(ok)
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (200, b"{}", "5")


def test_a_redirect_is_not_followed() -> None:
    async def elsewhere(_: Request) -> Response:
        return Response(status=302, headers={"Location": "http://127.0.0.1:1/"})

    assert exchange(elsewhere).status == 302


@pytest.mark.parametrize("cut_at", [0, 1, 20, 60])
def test_an_answer_cut_off_is_none(cut_at: int) -> None:
    async def cut(_: Request) -> Response:
        return Response(status=200, body=b"x" * 1000, cut_at=cut_at)

    with pytest.raises(CloudUnreachable) as failed:
        exchange(cut)
    assert failed.value.code == "N-CLOUD"


def test_the_deadline_bounds_the_whole_exchange() -> None:
    async def slow(request: Request) -> Response:
        await asyncio.Event().wait()
        return await ok(request)

    started = time.monotonic()
    with pytest.raises(CloudUnreachable):
        exchange(slow, deadline_s=0.2)
    assert time.monotonic() - started < 2


def test_a_server_that_drips_does_not_stretch_the_deadline() -> None:
    async def run() -> float:
        forever, ended = asyncio.Event(), asyncio.Event()

        async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            try:
                while True:
                    writer.write(b"x")
                    await writer.drain()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.02):
                            await forever.wait()
            except ConnectionError:
                writer.close()
                ended.set()

        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = CloudClient(Settings(cloud_url=f"http://127.0.0.1:{port}"))
        started = time.monotonic()
        with pytest.raises(CloudUnreachable):
            await client.exchange(method="GET", path="/", body=b"", api_key="k", deadline_s=0.3)
        took = time.monotonic() - started
        await client.close()
        server.close()
        await ended.wait()
        return took

    assert asyncio.run(run()) < 2


def test_nobody_there_is_the_clouds_trouble() -> None:
    assert failure_of("http://127.0.0.1:1").code == "N-CLOUD"


def test_a_name_that_is_not_found_is_the_internets_trouble() -> None:
    assert failure_of("https://no-such-host.invalid").code == "N-DNS"


def test_a_server_without_tls_where_tls_is_wanted_is_told_as_such() -> None:
    async def run() -> str:
        listener = await serve(ok, host="127.0.0.1", port=0)
        client = CloudClient(Settings(cloud_url=f"https://127.0.0.1:{listener.port}"))
        try:
            await client.exchange(method="GET", path="/", body=b"", api_key="k", deadline_s=5)
        except CloudUnreachable as error:
            return error.code
        finally:
            await client.close()
            await listener.close()
        return "none"

    assert asyncio.run(run()) == "N-TLS"


@pytest.mark.parametrize(
    ("key", "value"),
    [("ca_file", "no-such.pem"), ("ca_file", __file__), ("proxy", "gopher://x"), ("proxy", "nonsense")],
)
def test_a_ca_or_proxy_that_cannot_be_is_a_setting_to_mend(key: str, value: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        CloudClient(Settings(cloud_url="https://cloud.example", **{key: value}))
    assert refused.value.facts["key"] == key


@pytest.mark.parametrize("url", ["https://exa mple", "https://" + "x" * 70 + ".example", "https://.example"])
def test_an_address_that_nobody_can_look_up_is_no_bug(url: str) -> None:
    assert failure_of(url).code in ("N-DNS", "N-CLOUD")


def test_the_systems_trust_store_is_used_for_https(tmp_path: Path) -> None:
    client = CloudClient(Settings(cloud_url="https://cloud.example"))
    context = client._client._transport._pool._ssl_context  # type: ignore[attr-defined]  # no public way to ask
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED
    asyncio.run(client.close())


def test_the_key_stands_in_no_failure() -> None:
    assert "secret" not in str(failure_of("http://127.0.0.1:1"))
