"""The queue's page over a million rows: how soon rows show, how far one scrolls in what time, and what that keeps."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from tests.benchmarks.measure import MILLION, copied, paid_orders, queue_up, tell, tell_times
from tests.builders import OUTLET_ID
from tests.ui.states import NOW, status

from outlet_sync_gui.reader import Reader
from outlet_sync_gui.status import Pending, State
from outlet_sync_gui.store.views import Group
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.queue_page import QueuePage
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.theme import Theme

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
THOUSAND, LOOKS, FAR, PAGES = 1000, 15, 10_000, 50
SOUGHT = {
    "first rows": "",
    "a search by number": f"N-{THOUSAND // 2 - 7:07}",
    "a search by a start that all have": "N-",
    "a search in vain": "none",
}


@dataclass
class Shown:
    """A window with its queue, read by a real reader."""

    directory: Path
    theme: Theme
    qtbot: QtBot
    window: MainWindow = field(init=False)
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.window, self.reader = MainWindow(self.theme), Reader(self.directory)
        self.window.read_asked.connect(lambda wish: self.reader.read(OUTLET_ID, wish))
        self.reader.found.connect(self.window.show_found)
        self.window.show()
        self.window.open_page(Page.QUEUE)
        with self.qtbot.waitSignal(self.reader.found, timeout=60_000):
            self.window.show_status(status(State.WAITING, pending=Pending(high=MILLION)), NOW)

    @property
    def page(self) -> QueuePage:
        return self.window.queue_page

    def look(self, search: str, group: Group = Group.ALL) -> float:
        """Seconds from the wish to rows that are drawn."""
        self.page.search.setText(search)
        self.page._soon.stop()
        self.page.group.value = group
        started = time.perf_counter()
        with self.qtbot.waitSignal(self.reader.found, timeout=60_000):
            self.page._narrow_down()
        self.window.repaint()
        return time.perf_counter() - started

    def scroll(self) -> int:
        """To the end of what is at hand, and on; the place of the row at the top."""
        bar = self.page.list.rows.table.verticalScrollBar()
        with self.qtbot.waitSignal(self.reader.found, timeout=60_000):
            bar.setValue(bar.maximum())
        self.window.repaint()
        return self.page.wish().around or 0

    def close(self) -> None:
        self.reader.wait()
        self.window.hide()
        self.window.deleteLater()
        QApplication.sendPostedEvents(self.window, QEvent.Type.DeferredDelete)


@pytest.fixture
def pages(million_copy: Path, tmp_path: Path, qapp: QApplication, qtbot: QtBot) -> Iterator[tuple[Shown, Shown]]:
    """The page over a million rows, and over a thousand."""
    short = queue_up(tmp_path / "thousand", paid_orders(THOUSAND))
    theme = Theme(qapp, is_dark=False)
    shown = Shown(million_copy, theme, qtbot), Shown(copied(short, tmp_path / "short"), theme, qtbot)
    yield shown
    for each in shown:
        each.close()
    shutil.rmtree(tmp_path / "short")


def test_rows_show_as_soon_with_a_million_queued(pages: tuple[Shown, Shown]) -> None:
    for name, search in SOUGHT.items():
        times = [[shown.look(search) for shown in pages] for _ in range(LOOKS)]
        _tell(f"{name} on the screen, a million queued", times)
    times = [[shown.look("", Group.DEAD) for shown in pages] for _ in range(LOOKS)]
    _tell("what was refused on the screen, a million queued", times)


def _tell(figure: str, times: list[list[float]]) -> None:
    large, small = ([row[side] for row in times] for side in (0, 1))
    tell_times(figure, large, small, goal="<= 100 ms", bare="a thousand queued")


def test_scrolling_far_keeps_no_more(pages: tuple[Shown, Shown]) -> None:
    shown, _ = pages
    shown.look("")
    shown.scroll()
    before, started = _resident_mb(), time.perf_counter()
    n, place = 1, MILLION
    while place > MILLION - FAR or n < PAGES:
        place = shown.scroll()
        n += 1
    took, after = time.perf_counter() - started, _resident_mb()
    rows = MILLION - place
    figure = f"scrolling to row {rows:,} in {n} pages"
    tell(figure, f"{took / n * 1000:.1f} ms a page", f"RSS {before:.0f} MB before", f"{after - before:+.1f} MB", "flat")
    assert shown.page.list.rows.model.rowCount() <= 200


def _resident_mb() -> float:
    fields = Path("/proc/self/status").read_text(encoding="ascii").split()
    return int(fields[fields.index("VmRSS:") + 1]) / 1024
