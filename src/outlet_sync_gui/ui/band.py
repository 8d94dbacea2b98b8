"""The state band: what is true in one sentence, and the button for it."""

from enum import Enum

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui import words
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label

NO_BUTTONS = frozenset({State.SETUP, State.ERROR})
MAIN = {State.OFFLINE: (words.N_("Try now"), "retry"), State.SETUP: (words.N_("Set up"), "gear")}  # else: send
COUNTDOWN_MS, RELATIVE_MS = 1_000, 30_000


class Main(Enum):
    """What the main button is in a state."""

    FILLED = "filled"
    PLAIN = "plain"
    DISABLED = "disabled"


def main_button(status: Status) -> Main:
    """Filled only for what to press now."""
    match status.state:
        case State.ERROR | State.PAUSED | State.SYNCING:
            return Main.DISABLED
        case State.SETUP | State.OFFLINE | State.WAITING:
            return Main.FILLED
        case _:
            return Main.FILLED if status.pending.total else Main.PLAIN


class Band(QFrame):
    """Shows a status; asks by signals."""

    sync_asked = Signal()
    pause_asked = Signal()
    resume_asked = Signal()
    setup_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "band")
        self._theme = theme
        self._status: Status | None = None
        self._now_ms = 0
        self.icon = QLabel()
        self.sentence = Label("sentence", wraps=True)
        self.line = Label(wraps=True)
        self.pause = QPushButton()
        self.sync = QPushButton()
        self.countdown = Label("small")
        self.progress = _ProgressRow()
        self._grid = QGridLayout()
        self._actions = QWidget()
        self._icon_px = 56
        self.pause.clicked.connect(self._pause_or_resume)
        self.sync.clicked.connect(self._main_pressed)
        # Armed only while something on it moves and somebody can see it: nothing wakes an idle machine.
        self._tick = QTimer(self, singleShot=True)
        self._tick.timeout.connect(self._tick_on)
        self._lay_out()

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true at `now_ms` (UTC)."""
        before = self._status
        self._status, self._now_ms = status, now_ms
        set_property(self, "state", status.state.value)
        self.sentence.say(words.headline(status, now_ms))
        self.line.say(words.subline(status, now_ms))
        self._show_icon()
        self._show_buttons(status)
        self._show_times()
        self.progress.show_progress(status, now_ms)
        if before is None or before.state is not status.state:
            self._announce()

    def arrange(self, *, is_compact: bool) -> None:
        """Buttons beside the sentence, or under it where it is narrow."""
        self._grid.removeWidget(self._actions)
        if is_compact:
            self._grid.addWidget(self._actions, 1, 0, 1, 3, Qt.AlignmentFlag.AlignRight)
        else:
            self._grid.addWidget(self._actions, 0, 2, Qt.AlignmentFlag.AlignVCenter)
        set_property(self.sentence, "isCompact", is_compact)
        self.progress.rate.setHidden(is_compact)
        self._icon_px = 36 if is_compact else 56
        self._show_icon()

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        if self._status is not None:
            self.show_status(self._status, self._now_ms)

    def showEvent(self, event: QShowEvent) -> None:
        """Let times move again."""
        super().showEvent(event)
        self._show_times()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing moves unseen."""
        super().hideEvent(event)
        self._tick.stop()

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addStretch()
        texts.addWidget(self.sentence)
        texts.addWidget(self.line)
        texts.addStretch()
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.pause)
        buttons.addWidget(self.sync)
        column = QVBoxLayout(self._actions)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(buttons)
        column.addWidget(self.countdown, 0, Qt.AlignmentFlag.AlignRight)
        self._grid.setHorizontalSpacing(18)
        self._grid.addWidget(self.icon, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addLayout(texts, 0, 1)
        self._grid.addWidget(self._actions, 0, 2, Qt.AlignmentFlag.AlignVCenter)
        self._grid.setColumnStretch(1, 1)
        outer = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        outer.setContentsMargins(24, 16, 20, 16)
        outer.setSpacing(12)
        outer.addLayout(self._grid)
        outer.addWidget(self.progress)

    def _show_icon(self) -> None:
        if self._status is not None:
            colour, tint = self._theme.tokens.states[self._status.state]
            ratio = self.devicePixelRatioF()
            self.icon.setPixmap(icons.stall(self._status.state, colour, self._icon_px, ratio, tint))

    def _show_buttons(self, status: Status) -> None:
        colours = self._theme.tokens
        is_paused = status.state is State.PAUSED
        kind = main_button(status)
        self._dress(
            self.pause, words.say("Resume") if is_paused else words.say("Pause"), "play" if is_paused else "pause"
        )
        set_property(self.pause, "kind", "primary" if is_paused else "")
        self.pause.setEnabled(status.state not in NO_BUTTONS)
        self.pause.setHidden(status.state is State.OFFLINE)  # nothing goes out anyway: one button says what to press
        self.pause.setIcon(icons.icon("play", colours.on_accent) if is_paused else self.pause.icon())
        text, icon = MAIN.get(status.state, ("Sync now", "up"))
        self._dress(self.sync, words.say(text), icon)
        self.sync.setEnabled(kind is not Main.DISABLED)
        set_property(self.sync, "kind", "primary" if kind is Main.FILLED else "")
        if kind is Main.FILLED:
            self.sync.setIcon(icons.icon(icon, colours.on_accent))
        self.sync.setToolTip(_why_disabled(status) if kind is Main.DISABLED else "")
        self.pause.setToolTip(_why_disabled(status) if status.state in NO_BUTTONS else "")

    def _dress(self, button: QPushButton, text: str, icon: str) -> None:
        colours = self._theme.tokens
        button.setText(text)
        button.setAccessibleName(text)
        button.setIcon(icons.icon(icon, colours.text, disabled=colours.text2))

    def _show_times(self) -> None:
        status = self._status
        if status is None:
            return
        is_counting = status.state is State.OFFLINE and status.next_attempt_at is not None
        self.countdown.setVisible(is_counting)
        if is_counting and status.next_attempt_at is not None:
            left = (status.next_attempt_at - self._now_ms) / 1000
            self.countdown.say(words.say("automatically in {time}", time=words.countdown(left)))
        if self.isVisible():
            self._tick.start(COUNTDOWN_MS if is_counting else RELATIVE_MS)

    def _tick_on(self) -> None:
        if self._status is not None:
            self._now_ms += self._tick.interval()
            self.line.say(words.subline(self._status, self._now_ms))
            self._show_times()

    def _main_pressed(self) -> None:
        is_set_up = self._status is None or self._status.state is not State.SETUP
        (self.sync_asked if is_set_up else self.setup_asked).emit()

    def _pause_or_resume(self) -> None:
        is_paused = self._status is not None and self._status.state is State.PAUSED
        (self.resume_asked if is_paused else self.pause_asked).emit()

    def _announce(self) -> None:
        text = f"{self.sentence.whole()}. {self.line.whole()}"
        self.setAccessibleName(text)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))


class _ProgressRow(QWidget):
    """The bar with counts, rate and time left; there only while a backlog drains."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = QProgressBar(textVisible=False)
        self.counts, self.rate, self.end = Label("strong"), Label("small"), Label("small", elides=True)
        self.end.setAlignment(Qt.AlignmentFlag.AlignRight)
        under = QHBoxLayout()
        under.setSpacing(16)
        under.addWidget(self.counts)
        under.addWidget(self.rate)
        under.addWidget(self.end, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.bar)
        layout.addLayout(under)
        self.hide()

    def show_progress(self, status: Status, now_ms: int) -> None:
        """Show how far it is."""
        progress = status.progress
        is_shown = progress is not None and status.state is State.SYNCING
        self.setVisible(is_shown)
        if progress is not None and is_shown:
            self.bar.setRange(0, max(1, progress.total))
            self.bar.setValue(progress.done)
            for label, text in zip(
                (self.counts, self.rate, self.end), words.progress_lines(progress, now_ms), strict=True
            ):
                label.say(text)
            self.bar.setAccessibleName(self.counts.whole())


def _why_disabled(status: Status) -> str:
    match status.state:
        case State.SETUP:
            return words.say("First set it up.")
        case State.PAUSED:
            return words.say("Paused: resume first.")
        case State.ERROR:
            return words.headline(status, 0)
        case _:
            return words.say("Sending is under way.")
