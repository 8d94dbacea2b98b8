"""Revenue by hour, drawn as bars; to a screen reader, and to the keyboard, it is the table that it is made of."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView

from outlet_sync_gui import words
from outlet_sync_gui.sync.summary import Hour
from outlet_sync_gui.ui.hour_bars import Bars, Fonts, hours_between, peak, told
from outlet_sync_gui.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
TITLES = (words.N_("Hour"), words.N_("Orders"), words.N_("Revenue"))
Move = QAbstractItemView.CursorAction
STEPS = {
    Move.MoveLeft: -1,
    Move.MoveUp: -1,
    Move.MovePrevious: -1,
    Move.MoveRight: 1,
    Move.MoveDown: 1,
    Move.MoveNext: 1,
    Move.MoveHome: -24,
    Move.MovePageUp: -24,
    Move.MoveEnd: 24,
    Move.MovePageDown: 24,
}


class HourModel(QAbstractTableModel):
    """An hour a row: which, how many orders, how much."""

    def __init__(self) -> None:
        super().__init__()
        self.hours: Sequence[Hour] = ()

    def show(self, hours: Sequence[Hour]) -> None:
        """Show these."""
        self.beginResetModel()
        self.hours = hours
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        """The hours."""
        return 0 if parent.isValid() else len(self.hours)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Hour, orders, revenue."""
        return 0 if parent.isValid() else len(TITLES)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell in words; an hour is heard with all that it brought, for arrow keys stop there alone."""
        hour = self.hours[index.row()]
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0:
            return told(hour)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return (words.hour_span(hour.hour), words.number(hour.orders), words.rupiah(hour.revenue))[index.column()]
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a column is."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return words.say(TITLES[section])
        return None


class HourChart(QTableView):
    """Bars over the table's own cells: Qt tells assistive technology of the table that stands under them."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._hovered: int | None = None
        self.hours = HourModel()
        self.setModel(self.hours)
        self.setProperty("role", "chart")
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        for policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        theme.changed.connect(self.viewport().update)

    def show_hours(self, hours: Sequence[Hour]) -> None:
        """Show what each hour brought, in the day's order."""
        whole = hours_between(hours)
        if whole != self.hours.hours:
            row = self.currentIndex().row()
            self.hours.show(whole)
            self._go_to(row if 0 <= row < len(whole) else peak(whole))

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.setAccessibleName(words.say("Revenue by hour"))
        self.viewport().update()

    def shown(self) -> int | None:
        """The row whose tip is open: under the mouse, else where the keyboard is, else the peak."""
        if self._hovered is not None and self._hovered < len(self.hours.hours):
            return self._hovered
        return (
            self.currentIndex().row() if self.hasFocus() and self.currentIndex().isValid() else peak(self.hours.hours)
        )

    def bars(self) -> Bars:
        """Where the bars stand now."""
        return Bars(self.hours.hours, QRectF(self.viewport().rect()), Fonts.of(self.font()))

    # -- what Qt asks of a view

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Bars, lines, hours and the tip, in place of cells."""
        painter = QPainter(self.viewport())
        self.bars().paint(painter, self._theme.tokens, shown=self.shown())
        painter.end()

    def visualRect(self, index: Index) -> QRect:
        """Where an hour stands; all of its cells stand there."""
        return self.bars().slot(index.row()).toAlignedRect() if index.isValid() else QRect()

    def indexAt(self, pos: QPoint) -> QModelIndex:
        """The hour at a place."""
        row = self.bars().row_at(pos.x())
        return self.hours.index(row, 0) if row is not None else QModelIndex()

    def moveCursor(self, action: Move, _modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """From hour to hour, whichever arrow."""
        last, row = len(self.hours.hours) - 1, self.currentIndex().row()
        return self.hours.index(min(max(0, row + STEPS[action]), last), 0) if last >= 0 else QModelIndex()

    def scrollTo(
        self, _index: Index, _hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """All of it is seen."""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Open the tip under the mouse."""
        self._hover(self.bars().row_at(event.position().x()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A finger opens it too."""
        self._go_to(self.bars().row_at(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        """Back to the one that stood open."""
        super().leaveEvent(event)
        self._hover(None)

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Draw the other tip."""
        super().currentChanged(current, previous)
        self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The peak's tip again."""
        super().focusOutEvent(event)
        self.viewport().update()

    def _hover(self, row: int | None) -> None:
        if row != self._hovered:
            self._hovered = row
            self.viewport().update()

    def _go_to(self, row: int | None) -> None:
        if row is not None:
            self.setCurrentIndex(self.hours.index(row, 0))
