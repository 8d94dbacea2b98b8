"""What is drawn is drawn in one go: the thread that syncs gets no turn between any two cells of a list."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from PySide6.QtCore import QEventLoop, QTimer
from tests.ui.checks import settle

from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.row_table import RowTable
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.worker import TURN_S

LINES = 30


@dataclass
class Other:
    """Another thread that computes without end, and how far it is."""

    steps: int = 0
    is_over: bool = False

    def run(self) -> None:
        while not self.is_over:
            self.steps += 1


@dataclass
class Asked:
    """A line that notes how far the other thread is whenever it is asked for its words."""

    other: Other
    key: int
    icon: str = "order"
    state_icon: str = ""
    noted: list[int] = field(default_factory=list)

    def text(self, _column: int) -> str:
        self.noted.append(self.other.steps)
        return "Order A1"


@contextmanager
def computing() -> Iterator[Other]:
    other, before = Other(), sys.getswitchinterval()
    sys.setswitchinterval(TURN_S)  # as the program has it
    thread = threading.Thread(target=other.run)
    thread.start()
    try:
        yield other
    finally:
        other.is_over = True
        thread.join()
        sys.setswitchinterval(before)


def test_no_other_thread_gets_a_turn_between_two_cells(window: MainWindow, theme: Theme) -> None:
    table = RowTable(theme)
    window.pages.addWidget(table)
    window.pages.setCurrentWidget(table)
    noted: list[int] = []
    with computing() as other:
        table.show_lines([Asked(other, key, noted=noted) for key in range(1, LINES)], name="Queue")
        settle()
        noted.clear()
        table.table.viewport().update()
        loop = QEventLoop()  # Qt's own, which leaves the interpreter to others
        QTimer.singleShot(0, loop.quit)  # once nothing is left to be drawn
        loop.exec()
    assert len(noted) > LINES
    assert len(set(noted)) < len(noted) * 3 // 4  # each time but for the turns that are its due
