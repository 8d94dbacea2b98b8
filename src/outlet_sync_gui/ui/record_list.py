"""A list of queued records with what a person can do about them: send again, don't send, mend."""

from collections.abc import Callable, Sequence
from enum import Enum, auto

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton

from outlet_sync_gui import reasons, words
from outlet_sync_gui.status import Row, RowState, Status
from outlet_sync_gui.store.views import Stretch
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.row_model import WaitingLine
from outlet_sync_gui.ui.row_table import RowTable, stack_choice
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label


class Action(Enum):
    """What can be done about records."""

    RETRY = auto()
    DISCARD = auto()
    EDIT = auto()
    DETAILS = auto()


TITLES = {
    Action.RETRY: words.N_("Retry"),
    Action.DISCARD: words.N_("Discard…"),
    Action.EDIT: words.N_("Edit and resend"),
    Action.DETAILS: words.N_("Details"),
}


def hindrance(action: Action, rows: Sequence[Row]) -> str:
    """Why this can't be done about these; empty where it can."""
    states = {row.state for row in rows}
    if not rows:
        return words.say("Choose a record first.")
    if action in (Action.EDIT, Action.DETAILS) and len(rows) > 1:
        return words.say("Choose one record only.")
    if action is not Action.DETAILS and RowState.SENDING in states:
        return words.say("It is being sent right now.")
    if action in (Action.RETRY, Action.EDIT) and RowState.HELD in states:
        return words.say("Held until headquarters' change is settled.")
    return ""


def beyond(row: Row, stretch: Stretch) -> bool:
    """Whether its place in the line is beyond the ends of a stretch, so that it says nothing of the row."""
    if not stretch.rows:
        return False
    is_newer = stretch.has_newer and row.seq > stretch.rows[0].seq
    return is_newer or (stretch.has_older and row.seq < stretch.rows[-1].seq)


class RecordList(QFrame):
    """Shows rows of the line; asks by one signal what is to be done about those that are chosen."""

    asked = Signal(object, object)  # an Action, and the rows

    def __init__(self, theme: Theme, *, main: Action | None = None, extra: QPushButton | None = None) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setProperty("role", "records")
        self._theme = theme
        self._main = main
        self._extra = [extra] if extra is not None else []  # beside what is chosen
        self._rows: dict[int, Row] = {}
        self._chosen: dict[int, Row] = {}  # also what is scrolled out of what is at hand
        self._is_showing = False
        self._is_part = False
        self._status: Status | None = None
        self._now_ms = 0
        self.chosen_label = Label("strong", elides=True)
        self.choose_all = QPushButton()
        self.rows = RowTable(theme, has_choice=True)
        self.reason = Label("quiet", wraps=True)
        self.buttons = {action: QPushButton() for action in Action}
        self._bar = QGridLayout()
        self._lay_out()
        self._connect()
        self.arrange(is_compact=False)
        self.retranslate()

    def show_rows(self, rows: Sequence[Row], status: Status, now_ms: int, *, name: str, empty: str) -> None:
        """Show these, which are all; `empty` is what stands there when there are none. What was chosen stays so."""
        holds = bool(self._chosen)
        self.show_stretch(Stretch(rows=rows), status, now_ms, name=name, empty=empty, holds=holds)

    def show_stretch(
        self, stretch: Stretch, status: Status, now_ms: int, *, name: str, empty: str, holds: bool
    ) -> None:
        """Show a part of a line that may be longer; what is chosen stays so beyond its ends, too.

        `holds`: at the top of the list new rows stay out of view, so that nothing moves.
        """
        rows = stretch.rows
        self._rows = {row.record_id: row for row in rows}
        self._status, self._now_ms = status, now_ms
        self._is_part = stretch.has_newer or stretch.has_older
        self._chosen = {
            key: self._rows.get(key, row)
            for key, row in self._chosen.items()
            if key in self._rows or beyond(row, stretch)
        }
        lines = [WaitingLine(row, status, now_ms) for row in rows]
        self._is_showing = True
        self.rows.show_lines(lines, name=name, empty=empty, holds=holds)
        self._choose_again()
        self._is_showing = False
        self._show_chosen()

    def start_anew(self) -> None:
        """Something else is shown from now on, and nothing of it is chosen yet."""
        self.rows.table.clearSelection()
        self._chosen = {}
        self._show_chosen()
        self.rows.start_anew()

    def chosen(self) -> list[Row]:
        """The rows that are chosen, from top to bottom; those that are not at hand first."""
        order = {key: place for place, key in enumerate(self._rows)}
        return [self._chosen[key] for key in sorted(self._chosen, key=lambda key: order.get(key, -1))]

    def arrange(self, *, is_compact: bool) -> None:
        """Buttons in a row, or in two."""
        self.rows.arrange(is_compact=is_compact)
        places = {Action.DISCARD: (0, 1), Action.RETRY: (0, 2), Action.EDIT: (0, 3)}
        if is_compact:
            places = {Action.DISCARD: (0, 0), Action.RETRY: (0, 1), Action.EDIT: (1, 0)}
        for action, (row, column) in places.items():
            self._bar.addWidget(self.buttons[action], row, column, 1, 2 if row else 1)
        self._bar.setColumnStretch(0, 1)
        self._bar.setColumnStretch(1, int(is_compact))

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.rows.forget_widths()
        colours = self._theme.tokens
        for action, button in self.buttons.items():
            button.setText(words.say(TITLES[action]))
            button.setAccessibleName(words.say(TITLES[action]).removesuffix("…"))
        colour = colours.on_accent if self._main is Action.EDIT else colours.text
        self.buttons[Action.EDIT].setIcon(icons.icon("pencil", colour, disabled=colours.text2))
        self._show_chosen()

    def _lay_out(self) -> None:
        for action in (Action.DISCARD, Action.DETAILS):
            self.buttons[action].setProperty("kind", "quiet")
        if self._main is not None:
            self.buttons[self._main].setProperty("kind", "primary")
        self.choose_all.setProperty("kind", "quiet")
        head = (self.chosen_label, *self._extra, self.choose_all, self.buttons[Action.DETAILS])
        stack_choice(self, head=head, rows=self.rows, detail=self.reason, bar=self._bar)

    def _connect(self) -> None:
        self.rows.table.selectionModel().selectionChanged.connect(self._choice_changed)
        self.rows.table.doubleClicked.connect(self._open_details)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            enter = QShortcut(QKeySequence(key), self.rows.table)
            enter.setContext(Qt.ShortcutContext.WidgetShortcut)
            enter.activated.connect(self._open_details)
        self.choose_all.clicked.connect(self._choose_all_or_none)
        for action, button in self.buttons.items():
            button.clicked.connect(self._asker(action))
        self._theme.changed.connect(self.retranslate)

    def _asker(self, action: Action) -> Callable[[], None]:
        return lambda: self.asked.emit(action, self.chosen())

    def _open_details(self) -> None:
        current = self.rows.table.currentIndex()
        if current.isValid():
            self.asked.emit(Action.DETAILS, [self._rows[self.rows.model.line(current.row()).key]])

    def _choose_all_or_none(self) -> None:
        if len(self._chosen) < len(self._rows):
            self.rows.table.selectAll()
        else:
            self.rows.table.clearSelection()

    def _choose_again(self) -> None:
        """What came back into what is at hand."""
        model, selection = self.rows.model, self.rows.table.selectionModel()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for place, line in enumerate(model.lines() if self._chosen else ()):
            if line.key in self._chosen and not selection.isRowSelected(place):
                selection.select(model.index(place, 0), flags)

    def _choice_changed(self) -> None:
        if self._is_showing:
            return
        picked = [self.rows.model.line(index.row()).key for index in self.rows.table.selectionModel().selectedRows()]
        beyond = {key: row for key, row in self._chosen.items() if key not in self._rows}
        self._chosen = {**beyond, **{key: self._rows[key] for key in picked}}
        self._show_chosen()

    def _show_chosen(self) -> None:
        chosen = self.chosen()
        self.rows.model.mark(row.record_id for row in chosen)
        n = len(chosen)
        invited = words.say("Choose what to act on") if self._rows else ""
        self.chosen_label.say(words.say("{n} chosen", n=words.number(n)) if n else invited)
        has_all = bool(self._rows) and n == len(self._rows)
        self.choose_all.setText(words.say("Choose none") if has_all else words.say("Choose all"))
        self.choose_all.setAccessibleName(self.choose_all.text())
        self.choose_all.setEnabled(bool(self._rows) and not self._is_part)
        self.choose_all.setToolTip(
            words.say("Too many to choose at once: search or filter first.") if self._is_part else ""
        )
        self._show_reason(chosen)
        for action, button in self.buttons.items():
            why_not = hindrance(action, chosen)
            button.setEnabled(not why_not)
            button.setToolTip(why_not)

    def _show_reason(self, chosen: Sequence[Row]) -> None:
        is_one = len(chosen) == 1 and self._status is not None
        self.reason.setVisible(is_one)
        if is_one and self._status is not None:
            self.reason.say(reasons.why(chosen[0], self._status, self._now_ms))
