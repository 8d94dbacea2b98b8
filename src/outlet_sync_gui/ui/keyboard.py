"""The order in which Tab goes through a window: as one reads it, whatever was made first or moved meanwhile."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLayout, QScrollArea, QStackedWidget, QWidget


def put_in_reading_order(window: QWidget) -> None:
    """Chain all that Tab reaches in a window by how it is laid out."""
    for before, after in pairwise(part for part in _inside(window) if part.focusPolicy() & Qt.FocusPolicy.TabFocus):
        QWidget.setTabOrder(before, after)


def _inside(widget: QWidget) -> Iterator[QWidget]:
    """The parts of a widget, each before what stands in it."""
    layout = widget.layout()
    parts: Iterator[QWidget]
    if isinstance(widget, QScrollArea):
        parts = iter([inside] if (inside := widget.widget()) is not None else [])
    elif isinstance(widget, QStackedWidget):
        parts = iter([shown] if (shown := widget.currentWidget()) is not None else [])
    else:
        parts = _laid_out(layout) if layout is not None else iter(())
    for part in parts:
        yield part
        yield from _inside(part)


def _laid_out(layout: QLayout) -> Iterator[QWidget]:
    """The widgets of a layout, row by row, with those of the layouts in it."""
    places = range(layout.count())
    for place in sorted(places, key=partial(_cell, layout)) if isinstance(layout, QGridLayout) else places:
        item = layout.itemAt(place)
        widget, inner = (item.widget(), item.layout()) if item is not None else (None, None)
        if widget is not None:
            yield widget
        elif inner is not None:
            yield from _laid_out(inner)


def _cell(grid: QGridLayout, place: int) -> tuple[int, ...]:
    """Row and column, then how many of each."""
    return cast("tuple[int, ...]", grid.getItemPosition(place))  # PySide calls it an object
