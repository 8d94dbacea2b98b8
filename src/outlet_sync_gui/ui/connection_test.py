"""The test of the connection, anywhere in the program: a button, and each check with its sentence as it is done."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QHideEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.status import State, Trouble
from outlet_sync_gui.support.ladder import READINGS, STEPS, Result, Step
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label
from outlet_sync_gui.words import N_

log = logging.getLogger(__name__)

Test = Callable[[], Iterator[Step]]  # climbs the ladder as it is asked on; may hang, raises OutletSyncError
ICON_PX = 20
NONE: Mapping[str, str] = {}


class _Run:
    """Which test this is; whoever has left it shows nothing of it any more."""

    def __init__(self) -> None:
        self.is_left = False


class CheckCard(QFrame):
    """Some checks, one under the other."""

    def __init__(self, theme: Theme, codes: Sequence[str]) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.rows = [CheckRow(theme, code) for code in codes]
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 12, 20, 12)
        column.setSpacing(4)
        for row in self.rows:
            column.addWidget(row)

    def show_steps(
        self, steps: Mapping[str, Step], remarks: Mapping[str, str] = NONE, *, current: str | None = None
    ) -> None:
        """Show how each came out, what else is to be said of those that passed, and which one is being done."""
        for row in self.rows:
            row.show_step(steps.get(row.code), remarks.get(row.code, ""), is_current=row.code == current)


class CheckRow(QWidget):
    """One check: a shape, what is looked at, and how it came out."""

    def __init__(self, theme: Theme, code: str, *, is_brief: bool = False) -> None:
        super().__init__()
        self._theme, self.code, self._is_brief = theme, code, is_brief  # brief: what is said beside stands elsewhere
        self.icon, self.name, self.line = QLabel(), Label("title"), Label("quiet", wraps=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        for label in (self.name, self.line):
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            label.setContentsMargins(0, 1, 0, 0)  # in line with the icon
        for part in (self.icon, self.name):
            layout.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.line, 1)

    def show_step(self, step: Step | None, remark: str = "", *, is_current: bool) -> None:
        """Show how it came out; None: it was not done yet."""
        self.name.say(words.say(words.CHECKS[self.code]))
        self.line.say(words.say("being checked…") if is_current else _line(step, remark))
        result = step.result if step is not None else Result.UNCHECKED
        set_property(self.name, "role", "title" if is_current or result in (Result.PASSED, Result.FAILED) else "quiet")
        set_property(self.line, "role", "error" if result is Result.FAILED else "quiet")
        self.icon.setPixmap(_icon(self._theme, result, is_current=is_current, ratio=self.devicePixelRatioF()))
        self.setAccessibleName(f"{self.name.whole()}: {self.line.whole() or words.say('in order')}")
        if self._is_brief:
            self.line.say("")


class ConnectionTest(QFrame):
    """Runs a test in a thread, and shows it. A test that hangs is left behind by `cancel`, or when nobody looks."""

    begun = Signal()
    over = Signal(bool)  # whether every check passed; nothing is said of a test that was cancelled
    _stepped = Signal(object, object)  # a _Run, a Step
    _ended = Signal(object, object)  # a _Run, and why it could not go on: an OutletSyncError or None

    def __init__(self, theme: Theme, test: Test, hints: Mapping[str, str] = NONE) -> None:
        """`hints`: what is said below where a check fails, by its code, in English; else a sentence for all."""
        super().__init__()
        self._theme, self._test, self._hints = theme, test, hints
        self._run: _Run | None = None
        self._error: OutletSyncError | None = None
        self.steps: dict[str, Step] = {}
        self.button = QPushButton()
        self.button.clicked.connect(lambda: self.cancel() if self.is_running else self.start())
        self.sentence = Label("quiet", wraps=True)
        self.card = CheckCard(theme, STEPS)
        self.rows = self.card.rows
        self._lay_out()
        self._stepped.connect(self._show_step)
        self._ended.connect(self._show_end)
        theme.changed.connect(self.retranslate)
        self.retranslate()

    @property
    def is_running(self) -> bool:
        """Whether a test is under way."""
        return self._run is not None

    @property
    def has_passed(self) -> bool:
        """Whether the last test ended, and found nothing wrong."""
        passed = {code for code, step in self.steps.items() if step.result is Result.PASSED}
        return not self.is_running and passed >= {*STEPS}

    @property
    def can_be_read(self) -> bool:
        """Whether headquarters lets itself be read back, too."""
        return READINGS in self.steps and self.steps[READINGS].result is Result.PASSED

    def failed(self) -> CheckRow | None:
        """The check that fails."""
        steps = self.steps
        return next((row for row in self.rows if row.code in steps and steps[row.code].result is Result.FAILED), None)

    def start(self) -> None:
        """Test anew; a test under way is left behind."""
        self._leave()
        self.steps, self._error = {}, None
        self._run = _Run()
        threading.Thread(target=self._climb, args=(self._run,), name="connection test", daemon=True).start()
        self.begun.emit()
        self._show()

    def cancel(self) -> None:
        """Leave a test under way behind; what it has found stays."""
        self._leave()
        self._show()

    def forget(self) -> None:
        """What was tested is not so any more."""
        self.steps, self._error = {}, None
        self.cancel()

    def retranslate(self) -> None:
        """Say it in the language and the colours of now."""
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self.cancel()

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.setSpacing(16)
        foot.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(self.sentence, 1, Qt.AlignmentFlag.AlignVCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.card)
        layout.addLayout(foot)

    def _leave(self) -> None:
        if self._run is not None:
            self._run.is_left = True
            self._run = None

    def _climb(self, run: _Run) -> None:
        """The thread."""
        error: OutletSyncError | None = None
        try:
            for step in self._test():
                if run.is_left:
                    return
                self._tell(self._stepped, run, step)
        except OutletSyncError as failure:
            error = failure
        except Exception:
            log.exception("a bug in the connection test")  # of this thread the top
            error = OutletSyncError("bug")
        self._tell(self._ended, run, error)

    def _tell(self, signal: SignalInstance, run: _Run, value: object) -> None:
        try:
            signal.emit(run, value)
        except RuntimeError:
            log.info("the window is gone: nobody is told")

    def _show_step(self, run: _Run, step: Step) -> None:
        if run is self._run:
            self.steps[step.code] = step
            self._show()

    def _show_end(self, run: _Run, error: OutletSyncError | None) -> None:
        if run is not self._run:
            return
        self._run, self._error = None, error
        self._show()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self._told()))
        self.over.emit(self.has_passed)

    def _show(self) -> None:
        text = words.say("Cancel") if self.is_running else words.say("Test connection")
        self.button.setText(text)
        self.button.setAccessibleName(text)
        self.sentence.say(self._told())
        set_property(self.sentence, "role", "error" if self._error is not None else "quiet")
        self.card.show_steps(self.steps, current=self._current() if self.is_running else None)

    def _current(self) -> str | None:
        return next((code for code in STEPS if code not in self.steps), None)

    def _told(self) -> str:
        if self._error is not None:
            return f"▲ {words.problem(self._error)}"
        if self.is_running:
            return words.say("Testing. This takes a few seconds.")
        if self.has_passed:
            more = words.say("It can be read back: see Settings, Closing.") if self.can_be_read else ""
            return f"{words.say('All is well: headquarters knows this outlet.')} {more}".strip()
        if (failed := self.failed()) is None:
            return ""
        return words.say(self._hints.get(failed.code, N_("Mend what is marked, then test again.")))


def _icon(theme: Theme, result: Result, *, is_current: bool, ratio: float) -> QPixmap:
    colours = theme.tokens
    if is_current:
        return icons.pixmap("radio", colours.accent, ICON_PX, ratio, colours.surface)
    name, colour = {
        Result.PASSED: ("passed", colours.text2),
        Result.FAILED: ("triangle", colours.states[State.ATTENTION][0]),
    }.get(result, ("ring", colours.edge))
    return icons.pixmap(name, colour, ICON_PX, ratio, colours.surface)


def _line(step: Step | None, remark: str) -> str:
    """What is said beside a check."""
    if step is None or step.result is Result.UNCHECKED:
        return words.say("not checked yet")
    if step.result is not Result.FAILED:
        return remark
    return words.failed(step.code, Trouble(code=step.code, facts=step.facts)).partition(": ")[2]
