"""The list on the Status page: rows get in, roles are answered; it asks nobody for anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from outlet_sync_gui import words
from outlet_sync_gui.status import Row, RowState
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.tokens import Tokens

Index = QModelIndex | QPersistentModelIndex
ICONS = {"order": "order", "transaction": "transaction", "product": "product", "category": "product"}
STATE_ICONS = {None: "check", RowState.DEAD: "triangle", RowState.RETRY: "retry", RowState.SENDING: "up"}
ROOT = QModelIndex()


class Column(IntEnum):
    """The columns, from left to right."""

    TIME = 0
    WHAT = 1
    DETAIL = 2
    AMOUNT = 3
    STATE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as it is shown."""

    time: str
    icon: str
    what: str
    detail: str
    amount: str
    state: str
    state_icon: str

    def text(self, column: int) -> str:
        """The words in a column."""
        return (self.time, self.what, self.detail, self.amount, self.state)[column]


def line_of(row: Row) -> Line:
    """A record in words."""
    is_refused = row.state is RowState.DEAD
    has_price = row.entity_type in ("order", "transaction")
    return Line(
        time=words.time(row.at_ms),
        icon=ICONS.get(row.entity_type, "other"),
        what=words.row_title(row),
        detail=_refusal(row) if is_refused else words.row_detail(row),
        amount=words.rupiah(row.amount) if row.amount is not None and has_price else "",
        state=words.row_state(row),
        state_icon=STATE_ICONS.get(row.state, "ring"),
    )


def _refusal(row: Row) -> str:
    """Headquarters' words first: the list's title already says that it refused."""
    if row.error and row.error_code in ("R-DATA", "R-EXISTS"):
        return words.quote(row.error)
    return words.refusal(row.error_code, row.entity_type, row.error)


class RowModel(QAbstractTableModel):
    """Lines for a table view."""

    def __init__(self, colours: Tokens) -> None:
        super().__init__()
        self._lines: tuple[Line, ...] = ()
        self._colours = colours
        self._bold = QFont()
        self._bold.setWeight(QFont.Weight.Medium)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these; what did not change is left alone."""
        if tuple(lines) == self._lines:
            return
        self.beginResetModel()
        self._lines = tuple(lines)
        self.endResetModel()

    def set_colours(self, colours: Tokens) -> None:
        """Light or dark."""
        self.beginResetModel()
        self._colours = colours
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many lines."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = ROOT) -> int:
        """How many columns."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, icon, weight and place of a cell."""
        line, column = self._lines[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return line.text(column)
            case Qt.ItemDataRole.DecorationRole:
                return self._icon(line, column)
            case Qt.ItemDataRole.FontRole if column in (Column.WHAT, Column.AMOUNT):
                return self._bold
            case Qt.ItemDataRole.TextAlignmentRole:
                is_right = column in (Column.AMOUNT, Column.TIME)
                side = Qt.AlignmentFlag.AlignRight if is_right else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def _icon(self, line: Line, column: int) -> object:
        if column == Column.WHAT:
            return icons.icon(line.icon, self._colours.text2)
        if column == Column.STATE and line.state_icon:
            return icons.icon(line.state_icon, self._colours.text2)
        return None
