"""Figures beside a baseline of the same run; no absolute time is a pass mark.

pytest -m benchmark -s tests/benchmarks
"""

import asyncio
import http.client
import io
import json
import signal
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from tests.builders import OUTLET_CODE, OUTLET_ID, START_MS, order
from tests.fakes import configure, environment, program, read_key

from outlet_sync_gui.app import App
from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.intake import Origin, read_lines
from outlet_sync_gui.service import Service
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.records import accept
from outlet_sync_gui.ui.theme import Theme

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]
RECORDS = 20_000
ROUNDS = 5
ORIGIN = Origin(
    entity_type="order", operation="create", outlet_id=OUTLET_ID, outlet_code=OUTLET_CODE, now="2026-01-27T03:30:00Z"
)


@contextmanager
def cloud_process() -> Iterator[str]:
    """The simulated cloud in a process of its own, so that it shares no interpreter with what is measured."""
    words = [*program(), "--language", "en", "simulate-cloud", "--rate-limit", "100000"]
    env = environment(Path(), PYTHONUNBUFFERED="1")
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().decode().split()[3].rstrip(".")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(5)
        process.stdout.close()


def sales(prefix: str, n: int = RECORDS) -> list[Incoming]:
    data = "\n".join(json.dumps(order(f"{prefix}-{i:06}", total_amount=i)) for i in range(n))
    read = [line.record for line in read_lines(io.BytesIO(data.encode()), ORIGIN)]
    return [record for record in read if isinstance(record, Incoming)]


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def tell(what: str, ours: list[float], theirs: list[float], per: int = RECORDS) -> None:
    """Records a second, ours beside the baseline's, and the ratio of each round."""
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    mine, other = (per / statistics.median(times) for times in (ours, theirs))
    print(f"\n{what}: {mine:,.0f}/s, bare loop {other:,.0f}/s, ratio {statistics.median(ratios):.2f}", end="")
    print(f" ({min(ratios):.2f} to {max(ratios):.2f}, {len(ours)} rounds)")


def test_a_backlog_drains_beside_a_bare_loop(tmp_path: Path) -> None:
    ours, theirs = [], []
    with cloud_process() as url:
        for n in range(ROUNDS):
            directory = configure(tmp_path / f"ours-{n}", url, rate_limit_per_minute=100_000)
            store = open_store(directory, OUTLET_ID)
            accept(store, sales(f"ours-{n}"), now_ms=START_MS)
            store.close()
            service = Service(directory, read_key=read_key)
            ours.append(seconds(lambda: service.run_cycle(all_lanes=True, timeout_s=None)))  # noqa: B023 - run at once
            bare = _bare_rows(tmp_path / f"bare-{n}.db", f"bare-{n}")
            theirs.append(seconds(lambda: _bare_drain(bare, url)))  # noqa: B023 - run at once
            bare.close()
    tell(f"drain of {RECORDS:,} records", ours, theirs)


def _bare_rows(file: Path, prefix: str) -> sqlite3.Connection:
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = wal")
    database.execute("PRAGMA synchronous = full")
    database.execute("CREATE TABLE row(id INTEGER PRIMARY KEY, payload TEXT)")
    around = {"outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE, "version": 1}
    database.execute("BEGIN")
    rows = ((json.dumps({**order(f"{prefix}-{i:06}", total_amount=i), **around}),) for i in range(RECORDS))
    database.executemany("INSERT INTO row(payload) VALUES (?)", rows)
    database.execute("COMMIT")
    return database


def _bare_drain(database: sqlite3.Connection, url: str) -> None:
    """One kept connection, the same batches (250, 500, 1000 …), an acknowledgement that is on disk."""
    headers = {"Authorization": "Bearer k", "X-Outlet-ID": OUTLET_ID, "X-Outlet-Code": OUTLET_CODE}
    headers["Content-Type"] = "application/json"
    size = 250
    with closing(http.client.HTTPConnection(urlsplit(url).netloc)) as line:
        while rows := database.execute("SELECT id, payload FROM row ORDER BY id LIMIT ?", (size,)).fetchall():
            items = ",".join(f'{{"entity_type":"order","operation":"create","data":{text}}}' for _, text in rows)
            head = {"outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE, "sync_timestamp": "2026-01-27T03:30:00Z"}
            body = json.dumps(head)[:-1] + f',"items":[{items}]}}'
            line.request("POST", f"/api/v1/outlets/{OUTLET_ID}/sync/batch", body.encode(), headers)
            answer = json.loads(line.getresponse().read())
            assert answer["data"]["failed"] == 0
            database.execute("BEGIN IMMEDIATE")
            database.executemany("DELETE FROM row WHERE id = ?", [(row[0],) for row in rows])
            database.execute("COMMIT")
            size = min(1000, size * 2)


@pytest.mark.parametrize("chunk", [1, 100])
def test_durable_queueing_beside_raw_sqlite(tmp_path: Path, chunk: int) -> None:
    n = 2000 if chunk == 1 else 10_000
    ours, theirs = [], []
    for turn in range(ROUNDS):
        records = sales(f"q{turn}", n)
        store = open_store(configure(tmp_path / f"ours-{chunk}-{turn}", "http://127.0.0.1:1"), OUTLET_ID)
        parts = [records[at : at + chunk] for at in range(0, n, chunk)]
        ours.append(seconds(lambda: [accept(store, part, now_ms=START_MS) for part in parts]))  # noqa: B023 - run at once
        store.close()
        raw = sqlite3.connect(tmp_path / f"raw-{chunk}-{turn}.db", isolation_level=None)
        raw.execute("PRAGMA journal_mode = wal")
        raw.execute("PRAGMA synchronous = full")
        raw.execute("CREATE TABLE row(id TEXT PRIMARY KEY, payload TEXT)")
        theirs.append(seconds(lambda: _raw_insert(raw, parts)))  # noqa: B023 - run at once
        raw.close()
    tell(f"durable queueing by {chunk}", ours, theirs, n)


def _raw_insert(raw: sqlite3.Connection, parts: list[list[Incoming]]) -> None:
    for part in parts:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany("INSERT INTO row VALUES (?, ?)", [(record.local_id, record.content) for record in part])
        raw.execute("COMMIT")


class Lateness(QObject):
    """How late a 5 ms timer of the UI thread is."""

    def __init__(self) -> None:
        super().__init__()
        self.late_ms: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=5)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.late_ms.append(max(0.0, (now - self._last) * 1000 - 5))
        self._last = now

    def tell(self, what: str) -> None:
        ordered = sorted(self.late_ms)
        p99 = ordered[int(len(ordered) * 0.99)]
        print(
            f"\n{what}: 5 ms timer late p50 {statistics.median(ordered):.1f}, p99 {p99:.1f}, max {ordered[-1]:.1f} ms"
        )


def test_the_window_stays_smooth_while_a_backlog_drains(tmp_path: Path, qapp: QApplication, qtbot: QtBot) -> None:
    with cloud_process() as url:
        directory = configure(tmp_path, url, rate_limit_per_minute=100_000)
        store = open_store(directory, OUTLET_ID)
        accept(store, sales("ui", 5 * RECORDS), now_ms=START_MS)
        store.close()
        app = App(directory, Theme(qapp, is_dark=False), read_key=read_key)
        app.window.show()
        qtbot.waitExposed(app.window)
        idle = Lateness()
        qtbot.waitUntil(lambda: len(idle.late_ms) >= 400, timeout=20_000)
        idle.tell("idle window")
        idle.deleteLater()
        app.start()
        gaps = Lateness()
        qtbot.waitUntil(lambda: app.status.state is State.IDLE, timeout=120_000)
        gaps.tell(f"while {5 * RECORDS:,} records drain")
        assert app.stop()


def test_a_sale_reaches_an_idle_cloud(tmp_path: Path) -> None:
    """From the poke to the accepted answer, with the linger of 200 ms."""
    with cloud_process() as url:
        directory = configure(tmp_path, url, rate_limit_per_minute=100_000)
        took = asyncio.run(_sales_one_by_one(directory))
    print(
        f"\na sale's way when idle, of which 200 ms are the linger: "
        f"p50 {statistics.median(took) * 1000:.0f} ms, max {max(took) * 1000:.0f} ms"
    )


async def _sales_one_by_one(directory: Path) -> list[float]:
    sent = asyncio.Queue[int]()
    loop = asyncio.get_running_loop()

    def heard(status: Status) -> None:
        loop.call_soon_threadsafe(sent.put_nowait, status.sent_today)

    service = Service(
        directory,
        on_status=heard,
        read_key=read_key,
    )
    running = asyncio.create_task(asyncio.to_thread(service.run))
    await sent.get()
    took = []
    for n in range(20):
        store = open_store(directory, OUTLET_ID)
        started = time.perf_counter()
        accept(store, sales(f"s{n}", 1), now_ms=time.time_ns() // 1_000_000)
        store.close()
        service.poke()
        while await sent.get() <= n:
            pass
        took.append(time.perf_counter() - started)
    service.stop()
    await running
    return took
