"""The model of every list of records: lines get in, roles are answered; it asks nobody for anything."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from itertools import groupby
from typing import Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from outlet_sync_gui import reasons, words
from outlet_sync_gui.status import Row, RowState, Status
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.tokens import Tokens
from outlet_sync_gui.words import N_

Index = QModelIndex | QPersistentModelIndex
ICONS = {"order": "order", "transaction": "transaction", "product": "product", "category": "product"}
STATE_ICONS = {None: "check", RowState.DEAD: "triangle", RowState.RETRY: "retry", RowState.SENDING: "up"}
ROOT = QModelIndex()


class Column(IntEnum):
    """The columns; a mark, where lines can be chosen, stands first."""

    TIME = 0
    WHAT = 1
    DETAIL = 2
    AMOUNT = 3
    STATE = 4
    MARK = 5


TITLES = {  # heard only: the header is hidden
    Column.TIME: N_("Time"),
    Column.WHAT: N_("Name"),
    Column.DETAIL: N_("Details"),
    Column.AMOUNT: N_("Total"),
    Column.STATE: N_("State"),
    Column.MARK: N_("Chosen"),
}


BOLD, AT_RIGHT = (Column.WHAT, Column.AMOUNT), (Column.AMOUNT, Column.TIME)
HEADING = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
LINE = HEADING | Qt.ItemFlag.ItemIsSelectable
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Shown(Protocol):
    """What a list shows as one line."""

    @property
    def key(self) -> int:
        """The record's id, where the line is one record; else what tells it from the others."""

    @property
    def icon(self) -> str:
        """The icon's name."""

    @property
    def state_icon(self) -> str:
        """The name of the state's icon; empty: none."""

    def text(self, column: int) -> str:
        """The words in a column."""


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
    key: int = 0  # the record's id, where the line is one record; of a heading below 0

    def text(self, column: int) -> str:
        """The words in a column."""
        return (self.time, self.what, self.detail, self.amount, self.state, "")[column]


def line_of(row: Row, now_ms: int) -> Line:
    """A record in words."""
    is_refused = row.state is RowState.DEAD
    has_price = row.entity_type in ("order", "transaction")
    return Line(
        time=words.moment(row.at_ms, now_ms),
        icon=ICONS.get(row.entity_type, "other"),
        what=words.row_title(row),
        detail=_refusal(row) if is_refused else words.row_detail(row),
        amount=words.rupiah(row.amount) if row.amount is not None and has_price else "",
        state=words.row_state(row, now_ms),
        state_icon=STATE_ICONS.get(row.state, "ring"),
        key=row.record_id,
    )


def waiting_line(row: Row, status: Status, now_ms: int) -> Line:
    """A record of the line in words, with the reason why it waits and how often it was tried."""
    line = line_of(row, now_ms)
    state = f"{line.state} · {words.number(row.tries)}×" if row.tries else line.state
    return replace(line, detail=reasons.why(row, status, now_ms), state=state)


class WaitingLine:
    """The same, put into words when somebody looks at it: a window shows ten of some hundred that are at hand."""

    def __init__(self, row: Row, status: Status, now_ms: int) -> None:
        self.key = row.record_id
        self._row, self._status, self._now_ms = row, status, now_ms

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WaitingLine) and self._line == other._line

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def _line(self) -> Line:
        return waiting_line(self._row, self._status, self._now_ms)

    @property
    def icon(self) -> str:
        """The icon's name."""
        return self._line.icon

    @property
    def state_icon(self) -> str:
        """The name of the state's icon."""
        return self._line.state_icon

    def text(self, column: int) -> str:
        """The words in a column."""
        return self._line.text(column)


def _refusal(row: Row) -> str:
    """Headquarters' words first: the list's title already says that it refused."""
    if row.error and row.error_code in ("R-DATA", "R-EXISTS"):
        return words.quote(row.error)
    return words.refusal(row.error_code, row.entity_type, row.error)


class RowModel(QAbstractTableModel):
    """Lines for a table view."""

    def __init__(self, colours: Tokens) -> None:
        super().__init__()
        self._lines: tuple[Shown, ...] = ()
        self._before: tuple[Shown, ...] = ()  # what stood in their places
        self._marked: frozenset[int] = frozenset()
        self._colours = colours
        self._bold = QFont()
        self._bold.setWeight(QFont.Weight.Medium)
        # By number, and with nothing to compute: a page that is drawn asks five hundred times.
        self._answers: Mapping[int, Callable[[Shown, int], object]] = {
            Qt.ItemDataRole.DisplayRole.value: _text,
            Qt.ItemDataRole.ToolTipRole.value: _text,
            Qt.ItemDataRole.AccessibleTextRole.value: self._heard,
            Qt.ItemDataRole.DecorationRole.value: self._icon,
            Qt.ItemDataRole.FontRole.value: self._font,
            Qt.ItemDataRole.TextAlignmentRole.value: _alignment,
        }

    def set_lines(self, lines: Sequence[Shown]) -> None:
        """Show these; what did not change is left alone, so that a choice and the place in the list stay.

        `tell_changes` has the others drawn.
        """
        new = tuple(lines)
        kept = _kept([line.key for line in self._lines], [line.key for line in new])
        for first, end in reversed(_runs([line.key not in kept for line in self._lines])):
            self.beginRemoveRows(ROOT, first, end - 1)
            self._lines = (*self._lines[:first], *self._lines[end:])
            self.endRemoveRows()
        for first, end in _runs([line.key not in kept for line in new]):
            self.beginInsertRows(ROOT, first, end - 1)
            self._lines = (*self._lines[:first], *new[first:end], *self._lines[first:])
            self.endInsertRows()
        self._before, self._lines = self._lines, new

    def tell_changes(self, in_view: range) -> None:
        """Have those drawn anew that are in view and differ; drawing all of them each time would halt the window."""
        pairs = zip(self._before[in_view.start : in_view.stop], self._lines[in_view.start : in_view.stop], strict=True)
        for first, end in _runs([old != line for old, line in pairs]):
            start, last = in_view.start + first, in_view.start + end - 1
            self.dataChanged.emit(self.index(start, 0), self.index(last, len(Column) - 1))

    def line(self, row: int) -> Shown:
        """One line."""
        return self._lines[row]

    def lines(self) -> Sequence[Shown]:
        """All lines."""
        return self._lines

    def mark(self, keys: Iterable[int]) -> None:
        """Show a mark at these, and none at the others."""
        marked = frozenset(keys)
        if marked == self._marked:
            return
        self._marked = marked
        if self._lines:
            self.dataChanged.emit(self.index(0, Column.MARK), self.index(len(self._lines) - 1, Column.MARK))

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

    def flags(self, index: Index) -> Qt.ItemFlag:
        """A heading is no line to be chosen."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return HEADING if self._lines[index.row()].key < 0 else LINE

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, icon, weight and place of a cell."""
        answer = self._answers.get(int(role))
        return answer(self._lines[index.row()], index.column()) if answer else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a column tells, for those who hear the table."""
        return heading(TITLES, section, orientation, role)

    def _heard(self, line: Shown, column: int) -> object:
        if column == Column.MARK and line.key >= 0:
            return words.say("ticked") if line.key in self._marked else words.say("not ticked")
        return line.text(column)

    def _font(self, _line: Shown, column: int) -> object:
        return self._bold if column in BOLD else None

    def _icon(self, line: Shown, column: int) -> object:
        if line.key < 0:
            return None
        if column == Column.MARK:
            is_marked = line.key in self._marked
            colour = self._colours.accent if is_marked else self._colours.edge
            return icons.icon("box-checked" if is_marked else "box", colour)
        if column == Column.WHAT:
            return icons.icon(line.icon, self._colours.text2)
        if column == Column.STATE and line.state_icon:
            return icons.icon(line.state_icon, self._colours.text2)
        return None


def _text(line: Shown, column: int) -> str:
    return line.text(column)


def _alignment(_line: Shown, column: int) -> Qt.AlignmentFlag:
    return RIGHT if column in AT_RIGHT else LEFT


def heading(titles: Mapping[Any, str], section: int, orientation: Qt.Orientation, role: int) -> object:
    """The name of a column in the language of now; rows have none."""
    is_asked = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
    return words.say(titles[section]) if is_asked else None


def _kept(old: Sequence[int], new: Sequence[int]) -> frozenset[int]:
    """The keys of lines that stay where they are, in order; none where that can't be told."""
    both = set(old) & set(new)
    is_told = len(set(old)) == len(old) and len(set(new)) == len(new)
    is_same_order = [key for key in old if key in both] == [key for key in new if key in both]
    return frozenset(both) if is_told and is_same_order else frozenset()


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Where the flags are set, as ranges from first to end."""
    runs: list[tuple[int, int]] = []
    for is_set, group in groupby(enumerate(flags), key=lambda pair: pair[1]):
        places = [place for place, _ in group]
        if is_set:
            runs.append((places[0], places[-1] + 1))
    return runs
