"""Contrast of what is really drawn, on every page and dialog, light and dark: text 4.5, shapes 3."""

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget
from tests.ui.checks import drawn_contrast, settle
from tests.ui.scenes import SCENES, leave

from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.theme import Theme

TEXT, SHAPE = 4.5, 3.0
FRAME_PX = 3


@pytest.mark.timeout(180)  # pictures of every page
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_what_is_drawn_can_be_told_from_its_ground(window: MainWindow, theme: Theme, is_dark: bool) -> None:
    theme.apply(is_dark=is_dark)
    faint = {name: found for name in SCENES if (found := _faint(window, name))}
    assert faint == {}


def _faint(window: MainWindow, name: str) -> dict[str, float]:
    shown = SCENES[name](window)
    settle()
    picture = shown.grab().toImage()
    parts = [part for kind in (QLabel, QAbstractButton, QLineEdit) for part in shown.findChildren(kind)]
    found = {_named(part): drawn_contrast(picture, _place(part, shown)) for part in parts if _is_seen(part)}
    leave(window)
    return {each: ratio for each, ratio in found.items() if ratio < (TEXT if each.strip() else SHAPE)}


def _is_seen(part: QWidget) -> bool:
    """Whether there is something to be seen of it, and nothing of it is scrolled away."""
    has_pixmap = isinstance(part, QLabel) and not part.pixmap().isNull()
    is_big = part.isVisible() and min(part.width(), part.height()) > 2 * FRAME_PX
    is_whole = is_big and part.visibleRegion().boundingRect() == part.rect()
    return is_whole and bool(has_pixmap or _named(part))


def _named(part: QWidget) -> str:
    if isinstance(part, QLineEdit):
        return part.text() or part.placeholderText()
    return part.text() if isinstance(part, QLabel | QAbstractButton) else ""


def _place(part: QWidget, shown: QWidget) -> QRect:
    """Where it is, without its frame."""
    inside = part.rect().adjusted(FRAME_PX, FRAME_PX, -FRAME_PX, -FRAME_PX)
    return QRect(part.mapTo(shown, inside.topLeft()), inside.size())
