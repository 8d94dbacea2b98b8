"""The history: what was sent, what came from headquarters, what people decided; and taking a decision back."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui import words
from outlet_sync_gui.reader import PAGE_ROWS, Part, WantActivity
from outlet_sync_gui.status import Status
from outlet_sync_gui.sync.history import Happened
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.happened_line import as_text, key_of, lines_of, undo_effect, whole_of
from outlet_sync_gui.ui.row_table import RowTable
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import NARROW_PX, Label, PageColumn, rule

SEARCH_AFTER_MS = 200
NAME_SHARE = 0.5  # what happened matters more
NEAR_ROWS = 30  # so close to the end of what is at hand more is read
PARTS = {
    Part.ALL: words.N_("All"),
    Part.SENT: words.N_("Sent"),
    Part.RECEIVED: words.N_("Received"),
    Part.DECIDED: words.N_("Decided"),
}


class ActivityPage(QWidget):
    """Shows a part of the history, newest first; `wanted` asks for what `wish` says, the others what to do."""

    wanted = Signal()
    details_asked = Signal(object)  # a Row
    undo_asked = Signal(object)  # a Happened

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._theme = theme
        self._status: Status | None = None
        self._now_ms = 0
        self._found: list[Happened] = []
        self._shown: tuple[Part, str] | None = None  # what was looked for when that was read
        self._has_more = self._wants_more = False
        self.title, self.line = Label("page-title"), Label("quiet", wraps=True)
        self.parts = {part: QPushButton() for part in Part}
        self.search = QLineEdit(clearButtonEnabled=True, maxLength=100)
        self.list = HappenedList(theme)
        self._soon = QTimer(self, singleShot=True, interval=SEARCH_AFTER_MS)
        self._lay_out()
        self._connect()
        self.parts[Part.ALL].setChecked(True)

    def wish(self) -> WantActivity | None:
        """The newest, or what comes after the last that is at hand; None while somebody looks at older ones."""
        part, search = self._sought()
        if self._shown != (part, search):
            return WantActivity(part, search)
        if self._wants_more and self._found:
            return WantActivity(part, search, before=self._found[-1].entry.key)
        is_followed = self.list.rows.offset() == 0 and not self.list.chosen()
        return WantActivity(part, search) if is_followed else None

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self._status, self._now_ms = status, now_ms
        self._say()

    def show_found(self, wish: WantActivity, found: Sequence[Happened]) -> None:
        """Show what was read, unless something else is looked for by now."""
        if (wish.part, wish.search) != self._sought():
            return
        if wish.before is None:
            if self._shown != self._sought():
                self.list.start_anew()
            elif self.wish() is None:
                return  # somebody began to look at older ones
            self._found = list(found)
        elif self._found and wish.before == self._found[-1].entry.key:
            self._found += found
        else:
            return
        self._shown, self._wants_more = (wish.part, wish.search), False
        self._has_more = len(found) >= PAGE_ROWS and not wish.search
        self._show()

    def show_part(self, part: Part) -> None:
        """Narrow it down to this."""
        self.search.clear()
        self.parts[part].click()

    def arrange(self, width: int) -> None:
        """Fit a width."""
        is_compact = width < NARROW_PX
        across = 2 if is_compact else len(self.parts)
        for n, button in enumerate(self.parts.values()):
            self._filters.addWidget(button, n // across, n % across)
            self._filters.setColumnStretch(n, int(is_compact and n < across))
        place = (2, 0, 1, across) if is_compact else (0, across, 1, 1)
        self._filters.addWidget(self.search, *place)
        self._filters.setColumnStretch(len(self.parts), int(not is_compact))
        self.list.arrange(is_compact=is_compact)
        self._column.arrange(is_compact=is_compact)
        self._show()

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        for part, button in self.parts.items():
            button.setText(words.say(PARTS[part]))
            button.setAccessibleName(button.text())
        self.search.setPlaceholderText(words.say("Start of a number"))
        self.search.setAccessibleName(words.say("Search by number"))
        self._show_icons()
        self.list.retranslate()
        self._show()

    def _sought(self) -> tuple[Part, str]:
        part = next((part for part, button in self.parts.items() if button.isChecked()), Part.ALL)
        return part, self.search.text().strip()

    def _picked(self, _button: QPushButton, is_chosen: bool) -> None:
        if is_chosen:
            self._narrow_down()

    def _narrow_down(self) -> None:
        self._wants_more = False
        self._show_icons()
        self.wanted.emit()

    def _scrolled(self) -> None:
        view = self.list.rows.in_view()
        if self._has_more and not self._wants_more and view.stop > self.list.rows.model.rowCount() - NEAR_ROWS:
            self._wants_more = True
            self.wanted.emit()

    # -- what is shown

    def _show(self) -> None:
        self._say()
        self.list.show_found(self._found, self._now_ms, empty=self._empty())

    def _say(self) -> None:
        self.title.say(words.say("Activity"))
        self.line.say(words.say("What was sent, what came from headquarters, and who decided what."))

    def _empty(self) -> str:
        if self._shown is None:
            return ""
        part, search = self._shown
        if search:
            return words.say("Nothing is known of a number that begins so.")
        return {
            Part.ALL: words.say("Nothing yet. What is sent, received or decided shows here."),
            Part.SENT: words.say("Nothing was sent yet."),
            Part.RECEIVED: words.say("Nothing came from headquarters yet."),
            Part.DECIDED: words.say("Nobody has decided anything yet."),
        }[part]

    def _show_icons(self) -> None:
        colours = self._theme.tokens
        for button in self.parts.values():
            name, colour = ("radio", colours.accent) if button.isChecked() else ("ring", colours.edge)
            button.setIcon(icons.icon(name, colour))

    # -- how it is put together

    def _lay_out(self) -> None:
        self._group = QButtonGroup(self)
        for button in self.parts.values():
            button.setProperty("kind", "segment")
            button.setCheckable(True)
            button.setAutoExclusive(True)  # heard as one of several
            self._group.addButton(button)
        self._filters = QGridLayout()
        self._filters.setSpacing(8)
        self._column = PageColumn(self, self.title, self.line)
        self._column.addLayout(self._filters)
        self._column.addWidget(self.list, 1)

    def _connect(self) -> None:
        self._group.buttonToggled.connect(self._picked)
        self._soon.timeout.connect(self._narrow_down)
        self.search.textChanged.connect(self._soon.start)
        self.list.rows.table.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.list.details_asked.connect(self.details_asked)
        self.list.undo_asked.connect(self.undo_asked)
        self._theme.changed.connect(self._show_icons)


class HappenedList(QFrame):
    """Entries under the headings of their days; what is chosen can be copied, looked at, or taken back."""

    details_asked = Signal(object)
    undo_asked = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setProperty("role", "records")
        self._theme = theme
        self._found: dict[int, Happened] = {}
        self._is_compact = False
        self.chosen_label = Label("strong", elides=True)
        self.copy, self.details, self.undo = QPushButton(), QPushButton(), QPushButton()
        self.rows = RowTable(theme, has_choice=True, largest_share=NAME_SHARE)
        self.whole, self.effect = Label("quiet", wraps=True), Label(wraps=True)
        self._lay_out()
        self._connect()

    def show_found(self, found: Sequence[Happened], now_ms: int, *, empty: str) -> None:
        """Show these; what was chosen of them stays so."""
        self._found = {key_of(happened): happened for happened in found}
        lines = lines_of(found, now_ms, is_compact=self._is_compact)
        self.rows.show_lines(lines, name=words.say("Activity"), empty=empty, holds=bool(self.chosen()))
        self._show_chosen()

    def chosen(self) -> list[Happened]:
        """What is chosen, from top to bottom."""
        picked = sorted(index.row() for index in self.rows.table.selectionModel().selectedRows())
        keys = [self.rows.model.line(row).key for row in picked]
        return [self._found[key] for key in keys if key in self._found]

    def start_anew(self) -> None:
        """Something else is shown from now on, and nothing of it is chosen yet."""
        self.rows.table.clearSelection()
        self.rows.start_anew()

    def arrange(self, *, is_compact: bool) -> None:
        """Buttons beside what is chosen, or under it."""
        self._is_compact = is_compact
        self.rows.arrange(is_compact=is_compact)
        self._head.addWidget(self.chosen_label, 0, 0, 1, 4 if is_compact else 1)
        for n, button in enumerate((self.details, self.copy, self.undo)):
            self._head.addWidget(button, int(is_compact), n + 1)
        self._head.setColumnStretch(0, 1)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        names = {self.copy: words.say("Copy"), self.details: words.say("Details"), self.undo: words.say("Undo")}
        for button, name in names.items():
            button.setText(name)
            button.setAccessibleName(name)
        self.rows.forget_widths()
        self._show_chosen()

    def copy_chosen(self) -> None:
        """What is chosen as lines of plain text."""
        chosen = self.chosen()
        if chosen:
            QGuiApplication.clipboard().setText("\n".join(as_text(happened) for happened in chosen))
            said = words.say_n("{n} line copied", "{n} lines copied", len(chosen))
            self.chosen_label.say(said)
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, said))

    def _show_chosen(self) -> None:
        chosen = self.chosen()
        one = chosen[0] if len(chosen) == 1 else None
        self.rows.model.mark(key_of(happened) for happened in chosen)
        invited = words.say("Choose what to copy, look at or undo") if self._found else ""
        n = len(chosen)
        self.chosen_label.say(words.say("{n} chosen", n=words.number(n)) if n else invited)
        self._allow(self.copy, "" if chosen else words.say("Choose a line first."))
        self._allow(self.details, _no_details(one))
        self._allow(self.undo, _no_undo(one))
        self._foot.setVisible(one is not None)
        if one is not None:
            self.whole.say(whole_of(one))
            self.effect.setVisible(one.undo is not None)
            self.effect.say(undo_effect(one.undo) if one.undo is not None else "")

    @staticmethod
    def _allow(button: QPushButton, hindrance: str) -> None:
        button.setEnabled(not hindrance)
        button.setToolTip(hindrance)

    def _ask_details(self) -> None:
        chosen = self.chosen()
        if len(chosen) == 1 and chosen[0].entry.record is not None:
            self.details_asked.emit(chosen[0].entry.record)

    def _open(self) -> None:
        """The details of the line that the keyboard, or the mouse, is at."""
        index = self.rows.table.currentIndex()
        happened = self._found.get(self.rows.model.line(index.row()).key) if index.isValid() else None
        if happened is not None and happened.entry.record is not None:
            self.details_asked.emit(happened.entry.record)

    def _ask_undo(self) -> None:
        chosen = self.chosen()
        if len(chosen) == 1 and chosen[0].undo is not None:
            self.rows.table.clearSelection()  # the list follows what comes of it
            self.undo_asked.emit(chosen[0])

    def _lay_out(self) -> None:
        for button in (self.copy, self.details):
            button.setProperty("kind", "quiet")
        self._head = QGridLayout()
        self._head.setContentsMargins(16, 2, 8, 2)
        self._head.setSpacing(4)
        self._foot = QWidget()
        foot = QVBoxLayout(self._foot)
        foot.setContentsMargins(16, 8, 16, 8)
        foot.setSpacing(4)
        self.effect.setProperty("kind", "effect")
        self.effect.setContentsMargins(12, 6, 12, 6)
        foot.addWidget(self.whole)
        foot.addWidget(self.effect)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 4)
        layout.setSpacing(0)
        layout.addLayout(self._head)
        layout.addWidget(rule())
        layout.addWidget(self.rows, 1)
        layout.addWidget(self._foot)

    def _connect(self) -> None:
        table = self.rows.table
        table.selectionModel().selectionChanged.connect(self._show_chosen)
        table.doubleClicked.connect(self._open)
        keys = ((Qt.Key.Key_Return, self._open), (Qt.Key.Key_Enter, self._open))
        for key, act in (*keys, (QKeySequence.StandardKey.Copy, self.copy_chosen)):
            shortcut = QShortcut(QKeySequence(key), table)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(act)
        self.copy.clicked.connect(self.copy_chosen)
        self.details.clicked.connect(self._ask_details)
        self.undo.clicked.connect(self._ask_undo)


def _no_details(one: Happened | None) -> str:
    if one is None:
        return words.say("Choose one line only.")
    return "" if one.entry.record is not None else words.say("All of it stands here.")


def _no_undo(one: Happened | None) -> str:
    if one is None:
        return words.say("Choose one line only.")
    return "" if one.undo is not None else words.say("Only what a person decided in the last 24 hours can be undone.")
