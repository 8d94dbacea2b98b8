"""A theme for the run, a window for each test."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from outlet_sync_gui import words
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.theme import Theme


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
    yield _theme
    _theme.apply(is_dark=False)


@pytest.fixture
def window(theme: Theme) -> Iterator[MainWindow]:
    made = MainWindow(theme)
    made.show()
    yield made
    made.hide()
    made.deleteLater()
    # This window alone, its dialogs with it: whatever else waits for its end has its own time.
    QCoreApplication.sendPostedEvents(made, QEvent.Type.DeferredDelete)
