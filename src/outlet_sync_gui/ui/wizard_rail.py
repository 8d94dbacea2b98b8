"""The rail of the first run: its steps, and where one is."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from outlet_sync_gui import words
from outlet_sync_gui.status import State
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label
from outlet_sync_gui.ui.wizard_question import Question, capital

RAIL_PX, ICON_PX, STALL_PX = 232, 20, 32


class Rail(QFrame):
    """The steps: done, here, to come."""

    def __init__(self, theme: Theme, kinds: Sequence[type[Question]], line: Callable[[int], str]) -> None:
        """`line`: what is said of the answer at a place."""
        super().__init__()
        self.setProperty("kind", "rail")
        self.setFixedWidth(RAIL_PX)
        self._theme, self._kinds, self._line = theme, kinds, line
        self.icon, self.name, self.where = QLabel(), Label("title", elides=True), Label("small", elides=True)
        self.steps = [_Step(theme) for _ in kinds]
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.name)
        texts.addWidget(self.where)
        head = QHBoxLayout()
        head.setContentsMargins(10, 4, 0, 8)
        head.setSpacing(10)
        head.addWidget(self.icon)
        head.addLayout(texts, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(0)
        column.addLayout(head)
        for step in self.steps:
            column.addWidget(step)
        column.addStretch()

    def show_place(self, place: int) -> None:
        """Show where one is; behind the last step all are done."""
        count = len(self.steps)
        self.name.say(words.say("Setting up the outlet"))
        step = words.say("step {n} of {count}", n=min(place + 1, count), count=count)
        self.where.say(words.say("done") if place >= count else step)
        colour, _ = self._theme.tokens.states[State.SETUP]
        ratio = self.devicePixelRatioF()
        self.icon.setPixmap(icons.stall(State.SETUP, colour, STALL_PX, ratio, self._theme.tokens.rail))
        for n, (row, kind) in enumerate(zip(self.steps, self._kinds, strict=True)):
            ahead = words.say(kind.AHEAD) if kind.AHEAD and n > place else ""
            line = self._line(n) if n < place else ahead
            row.show_step(capital(words.say(kind.NAME)), line, is_done=n < place, is_current=n == place)


class _Step(QFrame):
    """One step of the rail."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "step")
        self._theme = theme
        self.icon, self.name, self.line = QLabel(), Label("title", wraps=True), Label("small", elides=True)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addStretch()
        texts.addWidget(self.name)
        texts.addWidget(self.line)
        texts.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 10, 0)
        row.setSpacing(12)
        row.addWidget(self.icon)
        row.addLayout(texts, 1)

    def show_step(self, name: str, line: str, *, is_done: bool, is_current: bool) -> None:
        """Show it."""
        colours = self._theme.tokens
        self.name.say(name)
        self.line.say(line)
        self.line.setVisible(bool(line))
        set_property(self.name, "role", "title" if is_done or is_current else "step")
        set_property(self, "isCurrent", is_current)
        shape, colour = ("passed", colours.text2) if is_done else ("ring", colours.edge)
        shape, colour = ("radio", colours.accent) if is_current else (shape, colour)
        ratio, glyph = self.devicePixelRatioF(), colours.surface
        self.icon.setPixmap(icons.pixmap(shape, colour, ICON_PX, ratio, glyph))
        told = words.say("done") if is_done else words.say("here now") if is_current else words.say("to come")
        self.setAccessibleName(", ".join(part for part in (name, line, told) if part))
