"""A table of records, or the sentence that says why there are none."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from outlet_sync_gui.ui.row_model import Column, Line, RowModel
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label

ROW_PX, TOUCH_ROW_PX, SIDE_PX = 43, 45, 8
LARGEST_SHARE = 0.62
WIDE = (Column.WHAT, Column.DETAIL)


class RowTable(QWidget):
    """Shows lines; with `has_choice` they can be chosen, by a tap or with Space, several at once."""

    def __init__(self, theme: Theme, *, has_choice: bool = False) -> None:
        super().__init__()
        self._has_choice = has_choice
        self.model = RowModel(theme.tokens)
        self.table = _table(self.model, has_choice=has_choice)
        self.empty = Label("quiet", wraps=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.empty.setContentsMargins(16, 12, 16, 12)
        theme.changed.connect(lambda: self.model.set_colours(theme.tokens))
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)

    def show_lines(self, lines: Sequence[Line], *, name: str, empty: str = "") -> None:
        """Show lines; `empty` is what stands there when there are none."""
        self.table.setAccessibleName(name)
        self.empty.say(empty)
        self.model.set_lines(lines)
        has_times = any(line.time for line in lines)
        fitted = QHeaderView.ResizeMode.ResizeToContents
        self.table.horizontalHeader().setSectionResizeMode(
            Column.TIME, fitted if has_times else QHeaderView.ResizeMode.Fixed
        )
        if not has_times:
            self.table.setColumnWidth(Column.TIME, SIDE_PX)
        self._stack.setCurrentWidget(self.table if lines else self.empty)
        self._share_width()

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

    def _share_width(self) -> None:
        """The name gets what it needs, up to its share of what the figures leave; the detail gets the rest."""
        header, modes = self.table.horizontalHeader(), QHeaderView.ResizeMode
        is_alone = self.table.isColumnHidden(Column.DETAIL)
        header.setSectionResizeMode(Column.WHAT, modes.Stretch if is_alone else modes.Fixed)
        if not is_alone:
            taken = sum(header.sectionSize(column) for column in Column if column not in WIDE)
            room = max(0, self.table.viewport().width() - taken)
            wanted = max(self.table.sizeHintForColumn(Column.WHAT), room // 3)
            self.table.setColumnWidth(Column.WHAT, min(wanted, round(room * LARGEST_SHARE)))


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
    table.setItemDelegateForColumn(Column.WHAT, _MiddleElided(table))
    modes = QAbstractItemView.SelectionMode
    table.setSelectionMode(modes.MultiSelection if has_choice else modes.NoSelection)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setTabKeyNavigation(False)
    header = table.horizontalHeader()
    header.setMinimumSectionSize(SIDE_PX)
    for column in Column:
        mode = QHeaderView.ResizeMode.Stretch if column in WIDE else QHeaderView.ResizeMode.ResizeToContents
        header.setSectionResizeMode(column, mode)
    header.moveSection(Column.MARK, 0)
    table.setColumnHidden(Column.MARK, not has_choice)
    return table
