"""The head of the daily summary: which day, whether it was sent, and what can be done with it."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.reader import Day
from outlet_sync_gui.sync.closing import Sending
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.dialogs import name_button
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label

GAP_PX = 8
FORMS = {
    "pdf": words.N_("PDF, one page"),
    "csv": words.N_("CSV, for spreadsheets"),
    "json": words.N_("JSON, for programs"),
}


class DayHead(QWidget):
    """A title with a chip; the day before, the days, the day after; saving and technical details."""

    stepped = Signal(int)  # days
    days_asked = Signal()
    save_asked = Signal(str)  # csv, pdf, json
    technical_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._day: Day | None = None
        self._room, self._is_compact = 0, False
        self.title, self.chip = Label("page-title"), Label("tag")
        self.before, self.day, self.after = QPushButton(), QPushButton(), QPushButton()
        self.save, self.more = QPushButton(), QPushButton()
        self.forms = QMenu(self.save)
        self._lay_out()
        self._connect()
        self._show_icons()

    def show_day(self, day: Day) -> None:
        """Show which day it is, and whether it was sent."""
        self._day = day
        date = day.closing.summary.date
        name_button(self.day, words.business_day(date))
        self.day.setAccessibleName(f"{words.say('Business day')}: {self.day.text()}")
        is_last = date >= day.today
        self.after.setEnabled(not is_last)
        self.after.setToolTip(words.say("This is today.") if is_last else self.after.accessibleName())
        self.chip.say(chip_of(day.closing.sending))
        self.chip.show()
        set_property(self.chip, "isUrgent", day.closing.sending.is_changed or day.closing.sending.is_refused)
        self._fit()

    def arrange(self, *, room: int, is_compact: bool) -> None:
        """Fit so many pixels: all in one row, or the days under the title."""
        self._room, self._is_compact = room, is_compact
        self._top.removeWidget(self.days)
        self._column.removeWidget(self.days)
        if is_compact:
            self._column.addWidget(self.days)
        else:
            self._top.insertWidget(self._top.indexOf(self.save), self.days)
        self._fit()

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.title.say(words.say("Daily summary"))
        names = {self.before: words.say("Day before"), self.after: words.say("Day after")}
        for button, name in {**names, self.more: words.say("Technical details")}.items():
            button.setAccessibleName(name)
            button.setToolTip(name)
        name_button(self.save, words.say("Save as"))
        for form, action in zip(FORMS, self.forms.actions(), strict=True):
            action.setText(words.say(FORMS[form]))
        if self._day is not None:
            self.show_day(self._day)

    def _fit(self) -> None:
        """The chip beside the title, or under it where the row has no room."""
        needed = sum(
            part.sizeHint().width() + GAP_PX for part in (self.title, self.chip, self.days, self.save, self.more)
        )
        is_stacked = self._is_compact or needed > self._room
        directions = QBoxLayout.Direction
        self._name.setDirection(directions.TopToBottom if is_stacked else directions.LeftToRight)
        self._name.setSpacing(0 if is_stacked else GAP_PX)

    def _show_icons(self) -> None:
        colours = self._theme.tokens
        names = {self.before: "left", self.after: "right", self.day: "down", self.save: "down", self.more: "more"}
        for button, name in names.items():
            button.setIcon(icons.icon(name, colours.text, disabled=colours.edge))

    def _lay_out(self) -> None:
        for button in (self.before, self.after, self.more):
            button.setProperty("role", "square")
        for button in (self.day, self.save):
            button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow at the right end
        for form in FORMS:
            action = QAction(self.forms)
            action.triggered.connect(partial(self.save_asked.emit, form))
            self.forms.addAction(action)
        self.forms.setProperty("kind", "choice")
        self.forms.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.save.setMenu(self.forms)
        self.chip.hide()
        self.chip.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.days = QWidget()
        days = QHBoxLayout(self.days)
        days.setContentsMargins(0, 0, 0, 0)
        days.setSpacing(GAP_PX)
        for button in (self.before, self.day, self.after):
            days.addWidget(button, int(button is self.day))
        self._name = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._name.addWidget(self.title)
        self._name.addWidget(self.chip)
        self._top = QHBoxLayout()
        self._top.setSpacing(GAP_PX)
        self._top.addLayout(self._name)
        self._top.addStretch(1)
        for button in (self.save, self.more):
            self._top.addWidget(button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP_PX)
        self._column.addLayout(self._top)

    def _connect(self) -> None:
        self.before.clicked.connect(lambda: self.stepped.emit(-1))
        self.after.clicked.connect(lambda: self.stepped.emit(1))
        self.day.clicked.connect(self.days_asked)
        self.more.clicked.connect(self.technical_asked)
        self._theme.changed.connect(self._show_icons)


def chip_of(sending: Sending) -> str:
    """What became of the summary, in a word or two."""
    if sending.is_refused:
        return words.say("refused")
    if sending.is_changed:
        return words.say("changed")
    if sending.is_waiting:
        return words.say("on its way")
    return words.say("not sent") if sending.sent_at is None else words.say("sent")
