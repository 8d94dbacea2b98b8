"""Why nothing goes out: what was checked, rung by rung, and beside it what to do."""

import re
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.status import State, Status, Trouble
from outlet_sync_gui.support.ladder import STEPS, Result, Step
from outlet_sync_gui.ui.connection_test import CheckRow
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label, rule

CHECKED, TO_DO = 11, 12  # how the two share the width
MOST_STEPS = 4


class WhyOffline(QWidget):
    """Asks to look at the line with each try that did not come through, as long as somebody sees it."""

    look_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._status: Status | None = None
        self._found: Sequence[Step] = ()
        self._looked_for: object = None  # the try that was looked into
        self.title = Label("label")
        self.rows = {code: CheckRow(theme, code, is_brief=True) for code in STEPS}
        self.cause = Label("name", wraps=True)
        self.steps = [_Numbered(n) for n in range(1, MOST_STEPS + 1)]
        self.code_label, self.code = Label("quiet"), Label("tag")
        self.copy = QPushButton()
        self.copy.setProperty("kind", "quiet")
        self.copy.clicked.connect(self._copy)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(12)
        self._columns.addWidget(self._checked_card(), CHECKED)
        self._columns.addWidget(self._to_do_card(), TO_DO)
        self.hide()

    def show_status(self, status: Status) -> None:
        """Show it while offline; a try that ended since is looked into."""
        is_shown = status.state is State.OFFLINE and status.trouble is not None
        self._status = status
        if not is_shown:
            self._found, self._looked_for = (), None
        self._show()
        self.setVisible(is_shown)
        if is_shown and self._looked_for != (tried := (status.trouble, status.next_attempt_at)):
            self._looked_for = tried
            self.look_asked.emit()

    def show_steps(self, steps: Sequence[Step]) -> None:
        """Show what was found of the line."""
        self._found = steps
        self._show()

    def arrange(self, *, is_compact: bool) -> None:
        """Beside each other; where it is narrow, what to do comes first."""
        way = QBoxLayout.Direction.BottomToTop if is_compact else QBoxLayout.Direction.LeftToRight
        self._columns.setDirection(way)

    def trouble(self) -> Trouble | None:
        """What is wrong: as the line shows it, else as the last try ended."""
        tried = self._status.trouble if self._status is not None else None
        failed = next((step for step in self._found if step.result is Result.FAILED), None)
        if failed is None or tried is None or failed.code in (tried.code, "N-CLOUD"):
            return tried
        return Trouble(code=failed.code, facts=failed.facts)

    def _show(self) -> None:
        trouble = self.trouble()
        if trouble is None:
            return
        self.title.say(words.say("What was checked"))
        known = {step.code: step for step in self._found} or {trouble.code: _failed(trouble)}
        for code, row in self.rows.items():
            row.show_step(known.get(code), is_current=False)
        cause, mend = words.trouble(trouble)
        self.cause.say(cause)
        todo = sentences(mend)
        for n, step in enumerate(self.steps):
            step.say(todo[n] if n < len(todo) else "")
        self.code_label.say(words.say("Help code"))
        self.code.say(words.help_code(trouble.code))
        self.copy.setText(words.say("Copy"))
        self.copy.setAccessibleName(words.say("Copy"))

    def _copy(self) -> None:
        lines = (f"{self.code.whole()}: {self.cause.whole()}", *(row.accessibleName() for row in self.rows.values()))
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _checked_card(self) -> QFrame:
        card, column = _card()
        column.setSpacing(8)
        column.addWidget(self.title)
        for row in self.rows.values():
            column.addWidget(row)
        column.addStretch(1)
        return card

    def _to_do_card(self) -> QFrame:
        card, column = _card()
        column.setSpacing(10)
        column.addWidget(self.cause)
        for step in self.steps:
            column.addWidget(step)
        column.addStretch(1)
        column.addWidget(rule())
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.code_label)
        foot.addWidget(self.code, 0, Qt.AlignmentFlag.AlignVCenter)
        foot.addStretch(1)
        foot.addWidget(self.copy)
        column.addLayout(foot)
        return card


class _Numbered(QWidget):
    """One thing to do, with its number."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.number, self.text = Label("number"), Label(wraps=True)
        self.number.say(str(n))
        self.number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.number, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.text, 1)

    def say(self, text: str) -> None:
        """Say what to do; there is no such step where there is no text."""
        self.text.say(text)
        self.setVisible(bool(text))


def sentences(text: str) -> list[str]:
    """What to do, one thing after the other: a question and its answer are one."""
    parts = [part.strip().rstrip(".") for part in re.split(r"(?<=\.)\s|;\s", text)]
    return [f"{part[0].upper()}{part[1:]}." for part in parts if part]


def _failed(trouble: Trouble) -> Step:
    return Step(code=trouble.code, result=Result.FAILED, facts=trouble.facts)


def _card() -> tuple[QFrame, QVBoxLayout]:
    card = QFrame()
    card.setProperty("kind", "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(20, 16, 20, 8)
    return card, column
