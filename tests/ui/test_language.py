"""Both languages, switched while it is shown: nothing is left in the one that was spoken before."""

from collections.abc import Iterator, Mapping

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLabel, QLineEdit, QWidget
from tests.ui.checks import settle
from tests.ui.scenes import IN_DIALOGS, ON_PAGES, Scene, leave

from outlet_sync_gui import words
from outlet_sync_gui.ui.main_window import MainWindow

ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)


def said(widget: QWidget) -> list[str]:
    """All that is read or heard of it, in its order."""
    shown = [part for part in (widget, *widget.findChildren(QWidget)) if part.isVisible()]
    return [text for part in shown for text in (widget.windowTitle(), *_of(part)) if text]


def _of(part: QWidget) -> Iterator[str]:
    yield from (part.accessibleName(), part.accessibleDescription(), part.toolTip())
    if isinstance(part, QLabel | QAbstractButton):
        yield part.text()
    if isinstance(part, QLineEdit):
        yield from (part.text(), part.placeholderText())
    if isinstance(part, QComboBox):
        yield part.currentText()
    if isinstance(part, QAbstractItemView):
        yield from _cells(part.model())


def _cells(model: QAbstractItemModel) -> Iterator[str]:
    columns = range(model.columnCount() if isinstance(model, QAbstractTableModel) else 1)
    yield from (str(model.headerData(column, Qt.Orientation.Horizontal) or "") for column in columns)
    for row in range(model.rowCount()):
        for column in columns:
            yield from (str(model.index(row, column).data(role) or "") for role in ROLES)


@pytest.mark.parametrize("scenes", [ON_PAGES, IN_DIALOGS], ids=["pages", "dialogs"])
def test_a_switch_of_the_language_leaves_nothing_behind(window: MainWindow, scenes: Mapping[str, Scene]) -> None:
    left = {name: was_left for name, scene in scenes.items() if (was_left := _left_behind(window, scene))}
    assert left == {}


def _left_behind(window: MainWindow, scene: Scene) -> set[str]:
    """What differs from the same scene in a window that spoke the language from the beginning."""
    words.use("en")
    window.retranslate()
    switched = scene(window)
    settle()
    before = said(switched)
    words.use("id")
    window.retranslate()
    settle()
    after = said(switched)
    leave(window)
    at_once = scene(window)
    settle()
    fresh = said(at_once)
    leave(window)
    assert before != after
    return set(after) ^ set(fresh)
