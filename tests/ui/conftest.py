"""A theme for the run, a window for each test."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from tests.endings import destroy

from outlet_sync_gui import words
from outlet_sync_gui.reader import AnyWish
from outlet_sync_gui.sync.commands import Command
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.tokens import LIGHT


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    words.use("en")
    words.use_zone("Asia/Jakarta")
    yield
    words.use("en")


@pytest.fixture(scope="session")
def _theme(qapp: QApplication) -> Theme:
    return Theme(qapp, is_dark=False)


@pytest.fixture
def theme(_theme: Theme) -> Iterator[Theme]:
    if QApplication.palette().window().color() != QColor(LIGHT.bg):  # another theme was put on meanwhile
        _theme.apply(is_dark=False)
    yield _theme
    if _theme.tokens is not LIGHT:
        _theme.apply(is_dark=False)


@pytest.fixture
def window(theme: Theme) -> Iterator[MainWindow]:
    made = MainWindow(theme)
    made.show()
    yield made
    made.hide()
    destroy(made)


@pytest.fixture
def wishes(window: MainWindow) -> list[AnyWish]:
    """What the window wants to read from now on."""
    heard: list[AnyWish] = []
    window.read_asked.connect(heard.append)
    return heard


@pytest.fixture
def decided(window: MainWindow) -> list[Command]:
    """What is decided in the window from now on."""
    heard: list[Command] = []
    window.decided.connect(heard.append)
    return heard
