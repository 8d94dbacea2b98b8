"""A backlog on its way out: against a bare loop, by part, against the contract's limit, and in memory."""

import json
import shutil
import sqlite3
import statistics
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.benchmarks.conftest import HUNDRED_THOUSAND
from tests.benchmarks.measure import (
    MILLION,
    ROUNDS,
    UNLIMITED,
    cloud_process,
    copied,
    memory_mb,
    runs_for,
    seconds,
    tell,
    tell_rates,
)
from tests.builders import OUTLET_CODE, OUTLET_ID, SETTINGS, Bench, accepted, pulled
from tests.fakes import configure, environment, program, read_key

from outlet_sync_gui.service import Service
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.commands import SyncNow
from outlet_sync_gui.sync.exchange import Answered, Kind, Send, Why

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
SLOT_MS = 600  # what 100 requests a minute leave for each
HEADERS = {
    "Authorization": "Bearer k",
    "X-Outlet-ID": OUTLET_ID,
    "X-Outlet-Code": OUTLET_CODE,
    "Content-Type": "application/json",
}
HEAD = {"outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE, "sync_timestamp": "2026-01-27T03:30:00Z"}
Body = Callable[[list[str]], bytes]


def test_a_backlog_drains_beside_a_bare_loop(tmp_path: Path, sales: Path, bare_rows: Path) -> None:
    """The bare loop twice: splicing texts, which is all that could be saved, and as one writes it at first."""
    ours, spliced, plain = [], [], []
    for n in range(ROUNDS):
        ours.append(_ours(sales, tmp_path / f"ours-{n}"))
        spliced.append(_bare(bare_rows, tmp_path / f"spliced-{n}", _splice))
        plain.append(_bare(bare_rows, tmp_path / f"plain-{n}", _serialise))
    figure = f"drain of {HUNDRED_THOUSAND:,} orders, no limit"
    tell_rates(figure, ours, spliced, per=HUNDRED_THOUSAND, goal=">= 1.0, stretch 1.5", bare="bare loop, texts spliced")
    tell_rates(figure, ours, plain, per=HUNDRED_THOUSAND, goal=">= 1.0, stretch 1.5", bare="bare loop, serialising")


def _ours(template: Path, directory: Path) -> float:
    with cloud_process() as url:
        service = Service(copied(template, directory, url), read_key=read_key)
        took = seconds(lambda: service.run_cycle(all_lanes=True, timeout_s=None))
    store = open_store(directory, OUTLET_ID)
    assert store.outlet.counts().pending.total == 0
    store.close()
    shutil.rmtree(directory)
    return took


def _bare(template: Path, directory: Path, body: Body) -> float:
    directory.mkdir()
    shutil.copyfile(template, directory / "bare.db")
    with cloud_process() as url, closing(sqlite3.connect(directory / "bare.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = wal")
        database.execute("PRAGMA synchronous = full")
        took = seconds(lambda: _bare_drain(database, url, body))
    shutil.rmtree(directory)
    return took


def _bare_drain(database: sqlite3.Connection, url: str, body: Body) -> None:
    """One kept connection, the same batches (250, 500, 1000 …), an acknowledgement that is on disk."""
    size = 250
    with closing(HTTPConnection(urlsplit(url).netloc)) as line:
        while rows := database.execute("SELECT id, payload FROM row ORDER BY id LIMIT ?", (size,)).fetchall():
            line.request("POST", f"/api/v1/outlets/{OUTLET_ID}/sync/batch", body([row[1] for row in rows]), HEADERS)
            answer = json.loads(line.getresponse().read())
            assert answer["data"]["failed"] == 0
            database.execute("BEGIN IMMEDIATE")
            database.executemany("DELETE FROM row WHERE id = ?", [(row[0],) for row in rows])
            database.execute("COMMIT")
            size = min(1000, size * 2)


def _splice(texts: list[str]) -> bytes:
    items = ",".join(f'{{"entity_type":"order","operation":"create","data":{text}}}' for text in texts)
    return (json.dumps(HEAD)[:-1] + f',"items":[{items}]}}').encode()


def _serialise(texts: list[str]) -> bytes:
    items = [{"entity_type": "order", "operation": "create", "data": json.loads(text)} for text in texts]
    return json.dumps({**HEAD, "items": items}).encode()


@pytest.mark.parametrize("kind", ["sales", "paid_sales"])
def test_local_work_leaves_most_of_a_slot(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Finding, building and settling full batches, without the cloud; its answer is read, but not made, meanwhile."""
    bench = Bench(copied(request.getfixturevalue(kind), tmp_path / "line"), _unlimited())
    bench.engine.do(SyncNow(), bench.now)
    full = [(took, busy) for took, busy, n in _batches(bench) if n == 1000]
    bench.store.close()
    assert len(full) > ROUNDS
    ms, busy_ms = (statistics.median(values) * 1000 for values in zip(*full, strict=True))
    ours = f"{ms:.1f} ms, {busy_ms:.1f} of the CPU"
    tell(f"local work per 1,000 ({kind})", ours, f"slot {SLOT_MS} ms", f"{ms / SLOT_MS:.1%}", "<= 15 %")


def _batches(bench: Bench) -> Iterator[tuple[float, float, int]]:
    """Seconds of work, by the clock and of the processor, and records, of each exchange."""
    while True:
        marks = [_mark()]
        step = bench.later(0.1).next()
        marks.append(_mark())
        if not isinstance(step, Send):
            return
        answer = _taken(step)
        marks.append(_mark())
        bench.settle(step, answer)
        marks.append(_mark())
        took, busy = (marks[1][n] - marks[0][n] + marks[3][n] - marks[2][n] for n in (0, 1))
        yield took, busy, len(step.flight.parcels)


def _mark() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _taken(step: Send) -> Answered:
    return pulled() if step.flight.kind is Kind.PULL else accepted(step.flight)


def _unlimited() -> Settings:
    return SETTINGS.model_copy(update={"rate_limit_per_minute": UNLIMITED})


@dataclass
class Gate:
    """The cloud's limit as rules.md has it: at most 100 requests in any minute, counted when the answer leaves."""

    arrivals: deque[float] = field(default_factory=deque)
    requests: int = 0
    refused: int = 0

    def passes(self, at_s: float) -> None:
        while self.arrivals and self.arrivals[0] <= at_s - 60:
            self.arrivals.popleft()
        self.refused += len(self.arrivals) >= 100
        self.arrivals.append(at_s)
        self.requests += 1


@pytest.mark.parametrize(("delay_s", "goal"), [(0.0, "<= 1.02"), (0.3, "<= 1.05")])
def test_a_million_at_the_limit_in_simulated_time(delay_s: float, goal: str, million_copy: Path) -> None:
    bench = Bench(million_copy)
    gate = Gate()
    started_s, started = bench.at_s, time.perf_counter()
    bench.engine.do(SyncNow(), bench.now)
    while bench.store.outlet.counts().pending.total:
        step = bench.next()
        if isinstance(step, Send):
            bench.later(delay_s)
            gate.passes(bench.at_s)
            bench.settle(step, _taken(step))
        else:
            assert step.why in (Why.PACING, Why.LINGER)
            assert step.at is not None
            bench.later(step.at - bench.at_s)
    bench.store.close()
    assert gate.refused == 0
    ideal_s = MILLION / 1000 * SLOT_MS / 1000
    took_s = bench.at_s - started_s
    figure = f"a million at 100 a minute, {delay_s * 1000:.0f} ms away"
    walls = f"{took_s:.1f} s ({time.perf_counter() - started:.0f} s here)"
    ideal = f"ideal {ideal_s:.0f} s, {gate.requests} requests"
    tell(figure, walls, ideal, f"{took_s / ideal_s:.3f}", f"{goal}, no 429")


def test_memory_stays_flat_while_a_million_drain(million_copy: Path) -> None:
    """The program without windows, as its own process."""
    with cloud_process() as url:
        directory = configure(million_copy, url)
        words = [*program(), "sync", "--all"]
        process = subprocess.Popen(words, env=environment(directory), stdout=subprocess.DEVNULL)
        samples = _memory(process, directory)
        assert process.wait(60) == 0
    at = ", ".join(f"{share:.0%} {rss:.0f}/{pss:.0f}" for share, rss, pss in samples)
    growth = samples[-1][2] - samples[0][2]
    tell("memory while a million drain (RSS/PSS MB)", at, "the first sample", f"PSS {growth:+.1f} MB", "+- 20 MB")


def _memory(process: subprocess.Popen[bytes], directory: Path) -> list[tuple[float, float, float]]:
    """How far it is, RSS and PSS in MB, at 5, 50 and 95 %."""
    store = open_store(directory, OUTLET_ID)
    samples = []
    for share in (0.05, 0.5, 0.95):
        while store.outlet.counts().pending.total > MILLION * (1 - share):
            assert runs_for(process, 0.2)
        samples.append((share, memory_mb(process.pid, "Rss"), memory_mb(process.pid)))
    store.close()
    return samples
