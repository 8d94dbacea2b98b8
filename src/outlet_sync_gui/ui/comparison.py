"""What differs, field by field: this outlet's value, the last agreed one, headquarters'; one is chosen, or an own."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui import words
from outlet_sync_gui.contract.text import Json, dumps, loads_value
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Strategy
from outlet_sync_gui.sync.clock import to_ms
from outlet_sync_gui.sync.commands import FieldChoice
from outlet_sync_gui.ui.cells import PLACES, Agreed, Cell, Side
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label

MOST_ROWS = 8  # what differs beyond that is chosen for all fields at once
HEAD_PX = 88
SHARES = (10, 7, 10)  # of the width: this outlet, agreed, headquarters
NEAR_MS = 3_600_000
LONGEST_OWN = 200
Winner = Callable[[Disagreement, Strategy], Strategy]


class Comparison(QWidget):
    """A conflict's rows under one heading. `changed` tells of every choice."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._is_compact = False
        self.rows: list[FieldRow] = []
        self.headings = tuple(Label("strong", wraps=True) for _ in range(3))
        self.more = Label("quiet", wraps=True)
        self.more.setParent(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(8)

    def show_conflict(self, conflict: Conflict, now_ms: int, *, winner: Winner) -> None:
        """Show these fields, none of them chosen yet."""
        for row in self.rows:
            row.remove()
        shown = conflict.fields[:MOST_ROWS]
        self.rows = [FieldRow(self, self._theme, field, conflict, now_ms, winner) for field in shown]
        for row in self.rows:
            row.changed.connect(self.changed)
            row.moved.connect(self._move)
        titles = (words.say("Local · this outlet"), words.say("Last agreed"), words.say("Cloud · headquarters"))
        for heading, title in zip(self.headings, titles, strict=True):
            heading.say(title)
        more = len(conflict.fields) - len(shown)
        self.more.setVisible(more > 0)
        self.more.say(words.say("{n} more fields differ: choose for all below.", n=words.number(more)))
        self.arrange(is_compact=self._is_compact)

    def arrange(self, *, is_compact: bool) -> None:
        """Names beside the values, or over them."""
        self._is_compact = is_compact
        first = 0 if is_compact else 1
        self._grid.setColumnMinimumWidth(0, 0 if is_compact else HEAD_PX)
        for column, share in enumerate((*SHARES, 0) if is_compact else (0, *SHARES)):
            self._grid.setColumnStretch(column, share)
        for column, heading in enumerate(self.headings, first):
            self._grid.addWidget(heading, 0, column)
        for n, row in enumerate(self.rows):
            row.place(self._grid, 1 + 3 * n, is_compact=is_compact)
        self._grid.addWidget(self.more, 1 + 3 * len(self.rows), 0, 1, 4)

    def choose(self, choices: Mapping[str, FieldChoice]) -> None:
        """Show what is chosen already."""
        for row in self.rows:
            row.choose(choices.get(row.field.field))

    def focus_first(self) -> None:
        """Begin at the first value that can be chosen."""
        if self.rows:
            next(cell for cell in self.rows[0].cells if cell.isEnabled()).setFocus(Qt.FocusReason.OtherFocusReason)

    def _move(self, row: "FieldRow", cell: "Cell", key: int) -> None:
        down, right = PLACES[key]
        place = self.rows.index(row) + down
        side = row.cells.index(cell) + right
        if 0 <= place < len(self.rows) and 0 <= side < len(row.cells) and self.rows[place].cells[side].isEnabled():
            self.rows[place].cells[side].setFocus(Qt.FocusReason.TabFocusReason)


class FieldRow(QWidget):
    """One field: two values to choose from, the agreed one between, and a line for an own one where it may be.

    It is no widget of its own on the screen: its parts stand in the grid of all rows.
    """

    changed = Signal()
    moved = Signal(object, object, int)

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        field: Disagreement,
        conflict: Conflict,
        now_ms: int,
        winner: Winner,
    ) -> None:
        super().__init__(parent)
        self.hide()
        self.field, self._winner = field, winner
        is_known = conflict.record_id is not None
        ours, theirs = _sides(field, now_ms)
        self.head = RowHead(words.field_title(field.field), has_own=is_known and _takes_own(field))
        self.local, self.cloud = Cell(theme, ours), Cell(theme, theirs)
        self.cells = (self.local, self.cloud)
        self.agreed = Agreed(words.value(field.field, _value(field.base)))
        self.own = OwnValue(field)
        self.own.hide()
        self.choice: FieldChoice | None = None
        self.local.setEnabled(is_known)
        if not is_known:
            self.local.setToolTip(words.say("This outlet does not have it."))
        for cell, strategy in ((self.local, Strategy.LOCAL_WINS), (self.cloud, Strategy.CLOUD_WINS)):
            cell.toggled.connect(self._chooser(strategy))
            cell.moved.connect(self._mover(cell))
        self.head.other.toggled.connect(self._open_own)
        self.own.changed.connect(self._typed)

    def place(self, grid: QGridLayout, row: int, *, is_compact: bool) -> None:
        """Stand in the grid, from this row of it."""
        first = 0 if is_compact else 1
        self.head.arrange(is_compact=is_compact)
        for cell in self.cells:
            cell.arrange(is_compact=is_compact)
        grid.addWidget(self.head, *((row, 0, 1, 3) if is_compact else (row + 1, 0, 1, 1)))
        for column, part in enumerate((self.local, self.agreed, self.cloud), first):
            grid.addWidget(part, row + 1, column)
        grid.addWidget(self.own, row + 2, first, 1, 3)

    def remove(self) -> None:
        """Leave the grid."""
        for part in (self.head, self.local, self.agreed, self.cloud, self.own, self):
            part.hide()
            part.deleteLater()

    def choose(self, choice: FieldChoice | None) -> None:
        """Show a choice; None: none was made."""
        self.choice = choice
        is_own = choice is not None and choice.value is not None
        won = self._winner(self.field, choice.strategy) if choice is not None and not is_own else None
        self.local.show_chosen(is_chosen=won is Strategy.LOCAL_WINS)
        self.cloud.show_chosen(is_chosen=won is Strategy.CLOUD_WINS)
        if choice is not None and not is_own:
            self.head.other.setChecked(False)
        elif choice is not None and not self.head.other.isChecked():
            with QSignalBlocker(self):  # it was typed before, and is no news
                self.own.fill(choice.value)
                self.head.other.setChecked(True)

    def _chooser(self, strategy: Strategy) -> Callable[[], None]:
        def chosen() -> None:
            self.choose(FieldChoice(field=self.field.field, strategy=strategy))
            self.changed.emit()

        return chosen

    def _mover(self, cell: "Cell") -> Callable[[int], None]:
        return lambda key: self.moved.emit(self, cell, key)

    def _open_own(self, is_open: bool) -> None:
        self.own.setVisible(is_open)
        if is_open:
            self.own.text.setFocus()
            self._typed()
        elif self.choice is not None and self.choice.value is not None:
            self.choose(None)
            self.changed.emit()

    def _typed(self) -> None:
        value = self.own.value()
        own = FieldChoice(field=self.field.field, strategy=Strategy.LOCAL_WINS, value=value)
        self.choose(own if value is not None else None)
        self.changed.emit()


class RowHead(QWidget):
    """A field's name, and the way to an own value."""

    def __init__(self, name: str, *, has_own: bool) -> None:
        super().__init__()
        self.name = Label("strong", wraps=True)
        self.name.say(name)
        self.other = QPushButton(words.say("Other…"))
        self.other.setAccessibleName(words.say("{field}: another value", field=name))
        self.other.setProperty("kind", "quiet")
        self.other.setProperty("role", "slim")
        self.other.setCheckable(True)
        self.other.setAutoDefault(False)
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self._box.addWidget(self.name)
        self._box.addWidget(self.other)
        self.other.setVisible(has_own)

    def arrange(self, *, is_compact: bool) -> None:
        """Over each other, or beside each other."""
        directions = QBoxLayout.Direction
        self._box.setDirection(directions.LeftToRight if is_compact else directions.TopToBottom)
        self._box.setStretchFactor(self.name, 1)
        self._box.setAlignment(self.name, Qt.AlignmentFlag.AlignVCenter if is_compact else Qt.AlignmentFlag.AlignBottom)
        self._box.setAlignment(self.other, Qt.AlignmentFlag.AlignLeft if is_compact else Qt.AlignmentFlag.AlignTop)


class OwnValue(QWidget):
    """A value that neither side has: typed as people write it, checked as one types."""

    changed = Signal()

    def __init__(self, field: Disagreement) -> None:
        super().__init__()
        self._field = field
        self.text = QLineEdit(maxLength=LONGEST_OWN)
        self.text.setAccessibleName(words.say("{field}: another value", field=words.field_title(field.field)))
        self.text.setPlaceholderText(words.say("Such as Rp39.000") if field.field == "price" else "")
        self.verdict = Label("small", wraps=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.text)
        layout.addWidget(self.verdict)
        self.text.textChanged.connect(self._check)
        self._check()

    def fill(self, value: str | None) -> None:
        """Show what was typed before, as JSON text."""
        self.text.setText(str(_value(value)))

    def value(self) -> str | None:
        """As JSON text; None where it is none yet."""
        text = self.text.text().strip()
        if not text:
            return None
        if not _is_number(self._field):
            return dumps(text)
        number = words.rupiah_of(text)
        return None if number is None else dumps(number)

    def _check(self) -> None:
        value, has_text = self.value(), bool(self.text.text().strip())
        if value is not None:
            self.verdict.say(
                words.say("On both sides: {value}", value=words.value(self._field.field, loads_value(value)))
            )
        elif has_text:
            self.verdict.say(words.say("Write a whole number, such as 39000."))
        else:
            self.verdict.say(words.say("It will hold here and at headquarters."))
        set_property(self.verdict, "role", "error" if has_text and value is None else "small")
        self.changed.emit()


def _sides(field: Disagreement, now_ms: int) -> tuple[Side, Side]:
    base, local, cloud = (_value(text) for text in (field.base, field.local, field.cloud))
    when, age = _when(words.say("Till"), field.local_at, now_ms)
    ours = Side(
        name=words.say("Local · this outlet"),
        value=words.value(field.field, local),
        when=when,
        age=age,
        is_changed=field.base is not None and local != base,
    )
    when, age = _when(field.cloud_by or words.say("Headquarters"), field.cloud_at, now_ms)
    theirs = Side(
        name=words.say("Cloud · headquarters"),
        value=words.value(field.field, cloud),
        when=when,
        age=age,
        is_changed=field.base is not None and cloud != base,
    )
    return ours, theirs


def _when(who: str, at: str | None, now_ms: int) -> tuple[str, str]:
    """Who and when, and how long ago; what is longer ago tells its day instead."""
    try:
        ms = to_ms(at or "")
        is_near = 0 <= now_ms - ms < NEAR_MS
        time, age = (words.clock(ms), words.ago(ms, now_ms)) if is_near else (words.moment(ms, now_ms), "")
    except (ValueError, OverflowError):  # none, or at the edge of the calendar
        time, age = words.say("time unknown"), ""
    return " · ".join(part for part in (words.shortened(who), time) if part), age


def _value(text: str | None) -> Json:
    return None if text is None else loads_value(text)


def _takes_own(field: Disagreement) -> bool:
    """Whether a person may write another value: a text or a whole number."""
    held = [value for value in (_value(field.local), _value(field.cloud)) if value is not None]
    is_plain = all(isinstance(value, str | int) and not isinstance(value, bool) for value in held)
    return field.field != words.DELETED and bool(held) and is_plain


def _is_number(field: Disagreement) -> bool:
    return any(isinstance(_value(text), int) for text in (field.local, field.cloud))
