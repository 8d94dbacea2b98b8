"""What people and headquarters feel: a sale's way when nothing else is on, and the window while a backlog drains."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from queue import Queue
from urllib.parse import urlsplit

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from tests.benchmarks.measure import MILLION, UNLIMITED, cloud_process, orders, p99, seconds, tell, wire
from tests.builders import OUTLET_CODE, OUTLET_ID
from tests.fakes import configure, read_key, running_service

from outlet_sync_gui.app import App
from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.listener import Request, Response
from outlet_sync_gui.process import collect_seldom
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.engine import LINGER_MS
from outlet_sync_gui.sync.records import accept
from outlet_sync_gui.ui.queue_page import QueuePage
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.theme import Theme

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
SALES = 120


class Timed(Cloud):
    """A cloud that tells when it has answered an order."""

    answered: Queue[float] = Queue()

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        if request.path.endswith("/orders"):
            self.answered.put(time.perf_counter())
        return response


def test_a_sale_reaches_an_idle_cloud(tmp_path: Path) -> None:
    """From the till's word to the cloud's answer, the linger included; bare: a kept connection, the same request."""
    cloud = Timed(now_ms=wall_ms, rate_limit_per_minute=UNLIMITED)
    ours, bare = [], []
    with (
        SimulatedCloud(cloud) as running,
        _service(tmp_path, running.url) as (poke, directory),
        closing(open_store(directory, OUTLET_ID)) as store,
        closing(_line(running.url)) as line,
    ):
        for sale, other in zip(orders(SALES, "S"), orders(SALES, "B"), strict=True):
            started = time.perf_counter()
            accept(store, [sale], now_ms=wall_ms())
            poke()
            ours.append(cloud.answered.get(timeout=10) - started)
            bare.append(seconds(lambda: _request(line, other)))  # noqa: B023 - run at once
            cloud.answered.get(timeout=10)
    mine, other_ms = p99(ours) * 1000, p99(bare) * 1000
    over = mine - LINGER_MS - other_ms
    tell(
        "a sale's way when idle, p99",
        f"{mine:.0f} ms (p50 {statistics.median(ours) * 1000:.0f})",
        f"linger {LINGER_MS} ms + bare request {other_ms:.1f} ms",
        f"{over:+.0f} ms",
        "<= +50 ms",
    )


@contextmanager
def _service(directory: Path, url: str) -> Iterator[tuple[Callable[[], None], Path]]:
    configure(directory, url, rate_limit_per_minute=UNLIMITED)
    with running_service(directory) as watched:
        watched.until(lambda status: status.state is State.IDLE)
        yield watched.service.poke, directory


def _line(url: str) -> HTTPConnection:
    return HTTPConnection(urlsplit(url).netloc)


def _request(line: HTTPConnection, sale: Incoming) -> None:
    headers = {"Authorization": "Bearer k", "X-Outlet-ID": OUTLET_ID, "X-Outlet-Code": OUTLET_CODE}
    headers["Content-Type"] = "application/json"
    line.request("POST", f"/api/v1/outlets/{OUTLET_ID}/orders", wire(sale).encode(), headers)
    assert line.getresponse().read()


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

    def told(self) -> str:
        return f"p99 {p99(self.late_ms):.1f}, max {max(self.late_ms):.1f} ms"


class Leafing(QObject):
    """Somebody who goes a page further down the queue each second, and back to its newest end after a minute."""

    def __init__(self, page: QueuePage) -> None:
        super().__init__()
        self._page, self._n = page, 0
        self._timer = QTimer(self, interval=1000)
        self._timer.timeout.connect(self._turn)
        self._timer.start()

    def _turn(self) -> None:
        self._n += 1
        bar = self._page.list.rows.table.verticalScrollBar()
        if self._n % 60:
            bar.setValue(bar.value() + bar.pageStep())
        else:
            self._page.newest.click()


@pytest.mark.parametrize("page", [Page.STATUS, Page.QUEUE])
def test_the_window_stays_smooth_while_a_million_drain(
    million_copy: Path, qapp: QApplication, qtbot: QtBot, page: Page
) -> None:
    thresholds = gc.get_threshold()
    with cloud_process() as url:
        app = App(configure(million_copy, url), Theme(qapp, is_dark=False), read_key=read_key)
        app.window.show()
        app.window.open_page(page)
        qtbot.waitExposed(app.window)
        idle = Lateness()
        qtbot.waitUntil(lambda: len(idle.late_ms) >= 2000, timeout=60_000)
        idle.deleteLater()
        app.start()
        collect_seldom()  # as the program does
        busy = Lateness()
        reader = Leafing(app.window.queue_page) if page is Page.QUEUE else None
        started = time.perf_counter()
        qtbot.waitUntil(lambda: app.status.state is State.IDLE, timeout=1_500_000)
        took = time.perf_counter() - started
        if reader is not None:
            reader.deleteLater()
        assert app.stop()
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    assert app.status.pending.total == 0
    figure = f"5 ms timer late, {page.name.lower()} page open, a million draining"
    tell(figure, busy.told(), f"idle {idle.told()}", f"{MILLION / took:,.0f} records/s", "p99 <= 16, max <= 50 ms")
