"""The doors: what they cost while nobody comes, how many webhooks a second, and that a long pull delays none."""

import asyncio
import hashlib
import hmac
import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.benchmarks.measure import ROUNDS, UNLIMITED, cloud_process, p99, runs_for, spent, tell, tell_rates
from tests.builders import OUTLET_ID, START_MS
from tests.fakes import configure, environment, program

from outlet_sync_gui import channel
from outlet_sync_gui.listener import Request, Response
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.clock import iso

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
SECRET = "secret-of-headquarters"
SECRETS = {"OUTLET_SYNC_WEBHOOK_SECRET": SECRET, "OUTLET_SYNC_INTAKE_TOKEN": "token-of-the-till"}
CONNECTIONS, WEBHOOKS, PRODUCTS = 16, 3200, 400
MENU = 20_000
IDLE_S = 120
UPDATE = "/api/v1/webhooks/cloud/update"


@contextmanager
def service_process(directory: Path, *, is_idle: bool = True) -> Iterator[tuple[int, str]]:
    """The program without windows in a process of its own, at rest or just begun: its id, and where webhooks go."""
    env = environment(directory, **SECRETS)
    process = subprocess.Popen([*program(), "run"], env=env, stderr=subprocess.DEVNULL)
    try:
        shown = _until_open(directory, process, is_idle)
        yield process.pid, urlsplit(str(shown["webhook_url"])).netloc
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _until_open(directory: Path, process: "subprocess.Popen[bytes]", is_idle: bool) -> dict[str, Any]:
    while True:
        shown = channel.ask(directory, {"do": "status"})
        if shown is not None and shown["webhook_url"] and (shown["state"] == "idle" or not is_idle):
            return shown
        assert runs_for(process, 0.2)


# -- at rest


def test_doors_to_which_nobody_comes_cost_nothing(tmp_path: Path) -> None:
    with cloud_process() as url:
        directory = configure(tmp_path, url, rate_limit_per_minute=UNLIMITED)
        with service_process(directory) as (pid, _):
            cpu, wakes = spent(pid)
            _pass(IDLE_S)
            cpu_after, wakes_after = spent(pid)
    rate = f"{(wakes_after - wakes) / IDLE_S:.3f}/s"
    tell(f"both doors open, {IDLE_S} s idle: wake-ups", rate, "-", "-", "<= 1/s")
    tell(f"both doors open, {IDLE_S} s idle: CPU", f"{cpu_after - cpu:.3f} s", "-", "-", "<= 0.05 s")


def _pass(seconds: float) -> None:
    asyncio.run(asyncio.sleep(seconds))


# -- webhooks


def test_webhooks_verified_and_stored_beside_http_server(tmp_path: Path) -> None:
    """Sixteen connections that never wait; the same bodies to both, each on disk before it is answered."""
    ours: list[float] = []
    theirs: list[float] = []
    tuned: list[float] = []
    waits: list[float] = []
    with cloud_process() as url:
        for turn in range(ROUNDS):
            requests = [_request(n, turn) for n in range(WEBHOOKS)]
            directory = configure(tmp_path / f"ours-{turn}", url, rate_limit_per_minute=UNLIMITED)
            with service_process(directory) as (_, place):
                took, each = asyncio.run(_load(place, requests))
            ours.append(took)
            waits.append(p99(each) * 1000)
            for kind, taken in (("plain", theirs), ("tuned", tuned)):
                with _bare(tmp_path / f"{kind}-{turn}.db", kind) as place:
                    taken.append(asyncio.run(_load(place, requests))[0])
    tell_rates("webhooks, 16 connections", ours, theirs, per=WEBHOOKS, goal=">= 1.5", bare="http.server")
    tell_rates("the same, beside it without Nagle", ours, tuned, per=WEBHOOKS, goal="-", bare="http.server")
    spread = f"{statistics.median(waits):.1f} ms"
    tell("webhooks, 16 connections, p99", spread, "-", f"{min(waits):.1f} to {max(waits):.1f}", "<= 50 ms")


def _request(n: int, turn: int) -> bytes:
    """A change of the price of one of some products, as headquarters sends it."""
    number, version = n % PRODUCTS, 1 + n // PRODUCTS
    data = {"name": f"Nasi {number}", "price": 30_000 + n + turn, "stock": 100, "version": version}
    body = {"event": "entity.updated", "timestamp": iso(wall_ms()), "entity_type": "product", "version": version}
    whole = json.dumps({**body, "cloud_id": f"c-{number}", "local_id": f"P{number}", "data": data}).encode()
    signature = hmac.new(SECRET.encode(), whole, hashlib.sha256).hexdigest()
    head = f"POST {UPDATE} HTTP/1.1\r\nHost: x\r\nX-Cloud-Signature: {signature}\r\nX-Outlet-ID: {OUTLET_ID}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(whole)}\r\n\r\n".encode() + whole


async def _load(place: str, requests: Sequence[bytes]) -> tuple[float, list[float]]:
    """Seconds for all, and for each."""
    host, _, port = place.partition(":")
    lines = [await asyncio.open_connection(host, int(port)) for _ in range(CONNECTIONS)]
    each: list[float] = []
    started = time.perf_counter()
    await asyncio.gather(*(_send(*line, requests[n::CONNECTIONS], each) for n, line in enumerate(lines)))
    return time.perf_counter() - started, each


async def _send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, requests: Sequence[bytes], each: list[float]
) -> None:
    for request in requests:
        started = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200"), head
        await reader.readexactly(int(head.split(b"content-length:")[1].split()[0]))
        each.append(time.perf_counter() - started)
    writer.close()
    await writer.wait_closed()


class Full(Cloud):
    """A cloud whose first answer brings a whole menu."""

    menu = json.dumps(
        {
            "success": True,
            "data": {
                "products": [
                    {"cloud_id": f"c-m{n}", "local_id": f"M{n}", "name": f"Mie {n}", "price": 20_000 + n}
                    | {"stock": 5, "version": 1, "updated_at": iso(START_MS), "action": "create"}
                    for n in range(MENU)
                ],
                "categories": [],
                "deleted": [],
                "sync_checkpoint": iso(START_MS),
            },
        }
    ).encode()

    def handle(self, request: Request) -> Response:
        return Response(status=200, body=self.menu) if "/updates" in request.path else super().handle(request)


def test_a_long_pull_delays_no_webhook(tmp_path: Path) -> None:
    """Twenty webhooks a second while the first pull brings 20,000 products."""
    cloud = Full(now_ms=wall_ms, rate_limit_per_minute=UNLIMITED)
    with SimulatedCloud(cloud) as running:
        directory = configure(tmp_path, running.url, rate_limit_per_minute=UNLIMITED)
        with service_process(directory, is_idle=False) as (_, place):
            started = time.perf_counter()
            each = asyncio.run(_steady(place, lambda: _pulled(directory)))
            took = time.perf_counter() - started
    figure = f"{len(each)} webhooks while {MENU:,} products come"
    spread = f"p99 {p99(each) * 1000:.0f}, max {max(each) * 1000:.0f} ms"
    tell(figure, spread, f"the pull took {took:.1f} s", "all 200", "p99 < 500 ms")


def _pulled(directory: Path) -> bool:
    store = open_store(directory, OUTLET_ID)
    try:
        return store.outlet.read().pulled_at is not None
    finally:
        store.close()


async def _steady(place: str, is_over: Callable[[], bool]) -> list[float]:
    """Seconds for each of twenty a second, as long as it takes; one that is late delays none behind it."""
    host, _, port = place.partition(":")
    each: list[float] = []
    sending: list[asyncio.Task[None]] = []
    while not is_over():
        reader, writer = await asyncio.open_connection(host, int(port))
        sending.append(asyncio.create_task(_send(reader, writer, [_request(len(sending), 0)], each)))
        await asyncio.sleep(0.05)
    await asyncio.gather(*sending)
    return each


@contextmanager
def _bare(file: Path, kind: str) -> Iterator[str]:
    words = [sys.executable, str(Path(__file__).with_name("bare_webhooks.py")), str(file), SECRET, kind]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield f"127.0.0.1:{process.stdout.readline().decode().strip()}"
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
