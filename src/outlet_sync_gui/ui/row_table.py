"""A table of records, or the sentence that says why there are none."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui.ui.row_model import Column, RowModel, Shown
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label, rule

ROW_PX, TOUCH_ROW_PX, SIDE_PX = 43, 45, 8
ICON_PX, PADDING_PX, MARK_PX = 24, 20, 36
LARGEST_SHARE = 0.62
WIDE = (Column.WHAT, Column.DETAIL)
MEASURED = (Column.TIME, Column.AMOUNT, Column.STATE, Column.WHAT)
FIRST_MEASURED = 40  # before it was ever shown; no window shows more


class RowTable(QWidget):
    """Shows lines; with `has_choice` they can be chosen, by a tap or with Space, several at once.

    `largest_share`: of the width that the figures leave, so much may be the name's.
    """

    def __init__(self, theme: Theme, *, has_choice: bool = False, largest_share: float = LARGEST_SHARE) -> None:
        super().__init__()
        self._largest_share = largest_share
        self._has_choice = has_choice
        self._wanted: dict[Column, int] = {}
        self._seen = range(0)  # the rows that were in view when widths were measured
        self.model = RowModel(theme.tokens)
        self.table = _table(self.model, has_choice=has_choice)
        self.empty = Label("quiet", wraps=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.empty.setContentsMargins(16, 12, 16, 12)
        theme.changed.connect(lambda: self.model.set_colours(theme.tokens))
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        if has_choice:
            self.table.verticalScrollBar().valueChanged.connect(self._scrolled)

    def show_lines(self, lines: Sequence[Shown], *, name: str, empty: str = "", holds: bool = False) -> None:
        """Show lines; `empty` is what stands there when there are none.

        What a person looks at stays where it is while lines come and go above it; at the top of the list that is so
        only with `holds`, else the newest lines come into view.
        """
        self.table.setAccessibleName(name)
        self.empty.say(empty)
        place = self._place({line.key for line in lines}) if holds or self.offset() > 0 else None
        self.model.set_lines(lines)
        self.table.updateGeometries()  # the scroll bar's new range, which else comes with the next event
        if place is not None:
            self._go_to(*place)
        self.model.tell_changes(self.in_view() if self.isVisible() else range(len(lines)))
        if not self._has_choice:
            self._wanted.clear()
        self._fit()
        self._stack.setCurrentWidget(self.table if lines else self.empty)
        self._share_width()

    def start_anew(self) -> None:
        """Something else is shown from now on: from its top, in columns of its own widths."""
        self.forget_widths()
        self.table.verticalScrollBar().setValue(0)

    def forget_widths(self) -> None:
        """Other words, or other rows, come next."""
        self._wanted.clear()

    def offset(self) -> int:
        """How far the list is scrolled, in pixels."""
        return self.table.verticalScrollBar().value()

    def in_view(self) -> range:
        """The rows that are in view, at least in part."""
        height = self.table.verticalHeader().defaultSectionSize()
        last = (self.offset() + self.height() - 1) // height  # its own: the table has none while it is empty
        return range(self.offset() // height, min(last + 1, self.model.rowCount()))

    def sizeHint(self) -> QSize:
        """No higher than it must be: it takes what the page leaves, and the page scrolls the later."""
        return QSize(super().sizeHint().width(), self.minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width anew."""
        super().resizeEvent(event)
        self._share_width()

    def arrange(self, *, is_compact: bool) -> None:
        """Leave out what a narrow list has no room for."""
        self.table.setColumnHidden(Column.DETAIL, is_compact)
        for column in (Column.TIME, Column.AMOUNT):
            self.table.setColumnHidden(column, is_compact and self._has_choice)
        self._share_width()

    def _place(self, kept: Collection[int]) -> tuple[int, int] | None:
        """The line at the top, or the nearest one that stays: its key, and how much of it is scrolled away."""
        lines, top = self.model.lines(), self.offset() // self.table.verticalHeader().defaultSectionSize()
        if top < len(lines) and lines[top].key in kept:
            return lines[top].key, self.offset() % self.table.verticalHeader().defaultSectionSize()
        nearest = (*lines[top:], *reversed(lines[:top]))
        return next(((line.key, 0) for line in nearest if line.key in kept), None)

    def _go_to(self, key: int, offset: int) -> None:
        row = next(row for row, line in enumerate(self.model.lines()) if line.key == key)
        self.table.verticalScrollBar().setValue(row * self.table.verticalHeader().defaultSectionSize() + offset)

    def _scrolled(self) -> None:
        if self.in_view() != self._seen:
            self._fit()
            self._share_width()

    def _fit(self) -> None:
        """Measure here: Qt's own fitting asks for every cell anew with each widget that gets another style.

        Of a list to choose from, which may be long, what is in view; its columns never get narrower.
        """
        self.table.ensurePolished()  # the style sheet's font, before it was ever shown
        measure = QFontMetrics(_bold(self.table.font()))
        self._seen = self.in_view()
        lines = self.model.lines()
        if self._has_choice:
            lines = lines[self._seen.start : self._seen.stop if self.isVisible() else FIRST_MEASURED]
        for column in MEASURED:
            widest = max((measure.horizontalAdvance(text) for text in {line.text(column) for line in lines}), default=0)
            icon = ICON_PX if column in (Column.WHAT, Column.STATE) else 0
            self._wanted[column] = max(self._wanted.get(column, SIDE_PX), widest + icon + PADDING_PX if widest else 0)

    def _share_width(self) -> None:
        """The name gets what it needs, up to its share of what the figures leave; the detail gets the rest."""
        for column in (Column.TIME, Column.AMOUNT, Column.STATE):
            self.table.setColumnWidth(column, self._wanted.get(column, SIDE_PX))
        shown = [column for column in Column if not self.table.isColumnHidden(column)]
        taken = sum(self.table.columnWidth(column) for column in shown if column not in WIDE)
        room = max(0, self.table.viewport().width() - taken)
        wanted = min(max(self._wanted.get(Column.WHAT, 0), room // 3), round(room * self._largest_share))
        self.table.setColumnWidth(Column.WHAT, wanted if Column.DETAIL in shown else room)


class _MiddleElided(QStyledItemDelegate):
    """Shortens in the middle: a number differs from its neighbours at its end."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Say how, and leave the rest to Qt."""
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideMiddle


def _table(model: RowModel, *, has_choice: bool) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.horizontalHeader().hide()
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(TOUCH_ROW_PX if has_choice else ROW_PX)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.verticalScrollBar().setSingleStep(ROW_PX)
    table.setItemDelegateForColumn(Column.WHAT, _MiddleElided(table))
    modes = QAbstractItemView.SelectionMode
    table.setSelectionMode(modes.MultiSelection if has_choice else modes.NoSelection)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setTabKeyNavigation(False)
    header = table.horizontalHeader()
    header.setMinimumSectionSize(SIDE_PX)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header.setSectionResizeMode(Column.DETAIL, QHeaderView.ResizeMode.Stretch)
    header.moveSection(Column.MARK, 0)
    table.setColumnWidth(Column.MARK, MARK_PX)
    table.setColumnHidden(Column.MARK, not has_choice)
    return table


def _bold(font: QFont) -> QFont:
    """As heavy as the heaviest cell."""
    heavy = QFont(font)
    heavy.setWeight(QFont.Weight.Medium)
    return heavy


def stack_choice(frame: QWidget, *, head: Sequence[QWidget], rows: RowTable, detail: QWidget, bar: QGridLayout) -> None:
    """A list to choose from: what is chosen on top, the rows, what one of them says, what to do with them."""
    top = QHBoxLayout()
    top.setContentsMargins(16, 0, 8, 0)
    for part in head:
        top.addWidget(part, int(part is head[0]))
    detail.setContentsMargins(16, 8, 16, 0)
    bar.setContentsMargins(16, 8, 12, 4)
    bar.setSpacing(8)
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(1, 1, 1, 4)
    layout.setSpacing(0)
    layout.addLayout(top)
    layout.addWidget(rule())
    layout.addWidget(rows, 1)
    layout.addWidget(rule())
    layout.addWidget(detail)
    layout.addLayout(bar)
