"""The rows of records that failed the same way: a box, what it is, how much, when, and the way to its details."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from outlet_sync_gui import words
from outlet_sync_gui.status import Row
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.row_model import heading
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.tokens import Tokens
from outlet_sync_gui.ui.widgets import bring_into_view
from outlet_sync_gui.words import N_

ROW_PX, MARK_PX, OPEN_PX, PADDING_PX, ICON_PX = 45, 46, 40, 20, 20
LEAST_ROWS = 3
WHAT_SHARE = 0.6
Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


class Column(IntEnum):
    """What a row tells."""

    MARK = 0
    WHAT = 1
    DETAIL = 2
    AMOUNT = 3
    TIME = 4
    TRIES = 5
    OPEN = 6


TITLES = {  # heard only: the header is hidden
    Column.MARK: N_("Chosen"),
    Column.WHAT: N_("Name"),
    Column.DETAIL: N_("Details"),
    Column.AMOUNT: N_("Total"),
    Column.TIME: N_("Time"),
    Column.TRIES: N_("Tries"),
    Column.OPEN: N_("Open"),
}
MEASURED = (Column.WHAT, Column.AMOUNT, Column.TIME, Column.TRIES)


@dataclass(frozen=True, slots=True)
class Line:
    """A row in words."""

    key: int
    texts: tuple[str, ...]

    @classmethod
    def of(cls, row: Row, now_ms: int) -> "Line":
        """As people read it."""
        amount = words.rupiah(row.amount) if row.amount is not None else ""
        tries = words.say("tried {n}×", n=words.number(row.tries)) if row.tries else words.say("never left this PC")
        time = words.moment(row.at_ms, now_ms)
        return cls(row.record_id, ("", words.row_title(row), words.row_detail(row), amount, time, tries, ""))


class Lines(QAbstractTableModel):
    """Lines for a table view."""

    def __init__(self, colours: Tokens) -> None:
        super().__init__()
        self.lines: Sequence[Line] = ()
        self.colours = colours
        self._marked: frozenset[int] = frozenset()
        self._bold = QFont()
        self._bold.setWeight(QFont.Weight.Medium)

    def show(self, lines: Sequence[Line]) -> None:
        """Show these; where they are the same records nothing is thrown away."""
        if [line.key for line in lines] == [line.key for line in self.lines]:
            self.lines = lines
            self._redraw()
            return
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    def mark(self, keys: Iterable[int]) -> None:
        """Tick these, and none of the others."""
        self._marked = frozenset(keys)
        self._redraw()

    def _redraw(self) -> None:
        if self.lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.lines) - 1, len(Column) - 1))

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many lines."""
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = ROOT) -> int:
        """How many columns."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, icon, weight and place of a cell."""
        line, column = self.lines[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return line.texts[column]
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._heard(line, column)
            case Qt.ItemDataRole.DecorationRole:
                return self._icon(line, column)
            case Qt.ItemDataRole.FontRole if column in (Column.WHAT, Column.AMOUNT):
                return self._bold
            case Qt.ItemDataRole.TextAlignmentRole:
                is_right = column in (Column.AMOUNT, Column.TIME, Column.TRIES)
                return Qt.AlignmentFlag.AlignVCenter | (
                    Qt.AlignmentFlag.AlignRight if is_right else Qt.AlignmentFlag.AlignLeft
                )
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a column tells, for those who hear the table."""
        return heading(TITLES, section, orientation, role)

    def _heard(self, line: Line, column: int) -> str:
        if column == Column.MARK:
            return words.say("ticked") if line.key in self._marked else words.say("not ticked")
        return words.say("Details") if column == Column.OPEN else line.texts[column]

    def _icon(self, line: Line, column: int) -> object:
        if column == Column.MARK:
            is_marked = line.key in self._marked
            name, colour = ("box-checked", self.colours.accent) if is_marked else ("box", self.colours.edge)
            return icons.icon(name, colour)
        return icons.icon("right", self.colours.text2) if column == Column.OPEN else None


class RefusedTable(QTableView):
    """Ticks by a tap or Space; Enter, a double click or the arrow at the end opens details."""

    ticked = Signal()
    opened = Signal(int)  # a record's id

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "refused")
        self._theme = theme
        self.lines = Lines(theme.tokens)
        self.setModel(self.lines)
        self._is_showing = False
        self._wanted: dict[Column, int] = {}
        self._set_up()
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        self.doubleClicked.connect(self._open)
        self.clicked.connect(self._tapped)
        theme.changed.connect(self._recolour)

    def show_rows(self, rows: Sequence[Row], now_ms: int) -> None:
        """Show these; what is ticked stays so."""
        kept, current = self.ticks(), self.currentIndex().row()
        self._is_showing = True
        self.lines.show([Line.of(row, now_ms) for row in rows])
        self.tick(kept)
        if self.currentIndex().row() < 0 < len(rows):  # the keyboard begins somewhere
            index = self.lines.index(min(max(current, 0), len(rows) - 1), Column.WHAT)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self._is_showing = False
        self._measure()
        self._share()
        self.updateGeometry()

    def ticks(self) -> list[int]:
        """The records that are ticked, from top to bottom."""
        places = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.lines.lines[place].key for place in places]

    def tick(self, keys: Iterable[int]) -> None:
        """Tick these, and none of the others."""
        wanted, flags = set(keys), QItemSelectionModel.SelectionFlag
        self.clearSelection()
        for place, line in enumerate(self.lines.lines):
            if line.key in wanted:
                index = self.lines.index(place, 0)
                self.selectionModel().select(index, flags.Select | flags.Rows)
        self.lines.mark(self.ticks())

    def land(self) -> None:
        """The first row comes into view, under the keyboard."""
        first = self.lines.index(0, Column.WHAT)
        self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.scrollToTop()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        bring_into_view(self, QRect(0, 0, self.width(), ROW_PX))

    def arrange(self, *, is_compact: bool) -> None:
        """Leave out what a narrow list has no room for."""
        for column in (Column.DETAIL, Column.TIME, Column.TRIES):
            self.setColumnHidden(column, is_compact)
        self._share()

    def whole_height(self) -> int:
        """Of all its rows."""
        return ROW_PX * len(self.lines.lines)

    def sizeHint(self) -> QSize:
        """A few rows: it takes what the page leaves, up to all of them, and the page scrolls the later."""
        return QSize(super().sizeHint().width(), self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """A few rows."""
        return QSize(0, min(self.whole_height(), ROW_PX * LEAST_ROWS))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width anew."""
        super().resizeEvent(event)
        self._share()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; all else is a table's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def selectionCommand(self, index: Index, event: QEvent | None = None) -> QItemSelectionModel.SelectionFlag:
        """A tap on the arrow at the end ticks nothing."""
        if event is not None and event.type() == QEvent.Type.MouseButtonPress and index.column() == Column.OPEN:
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def _tapped(self, index: QModelIndex) -> None:
        if index.column() == Column.OPEN:
            self._open(index)

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(self.lines.lines[index.row()].key)

    def _selection_changed(self) -> None:
        if not self._is_showing:
            self.lines.mark(self.ticks())
            self.ticked.emit()

    def _recolour(self) -> None:
        self.lines.colours = self._theme.tokens
        self.lines.mark(self.ticks())

    def _measure(self) -> None:
        self.ensurePolished()
        font = QFont(self.font())
        font.setWeight(QFont.Weight.Medium)
        metrics = QFontMetrics(font)
        for column in MEASURED:
            texts = {line.texts[column] for line in self.lines.lines}
            widest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
            self._wanted[column] = widest + PADDING_PX if widest else 0

    def _share(self) -> None:
        """The name gets what it needs, up to its share of what the figures leave; the detail gets the rest."""
        for column in (Column.AMOUNT, Column.TIME, Column.TRIES):
            self.setColumnWidth(column, self._wanted.get(column, 0))
        taken = sum(self.columnWidth(c) for c in Column if c not in (Column.WHAT, Column.DETAIL))
        room = max(0, self.viewport().width() - taken)
        wanted = min(max(self._wanted.get(Column.WHAT, 0), room // 3), round(room * WHAT_SHARE))
        self.setColumnWidth(Column.WHAT, room if self.isColumnHidden(Column.DETAIL) else wanted)

    def _set_up(self) -> None:
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(0)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(Column.DETAIL, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(Column.MARK, MARK_PX)
        self.setColumnWidth(Column.OPEN, OPEN_PX)
