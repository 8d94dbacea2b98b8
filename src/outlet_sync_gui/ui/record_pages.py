"""What the pages of records share, and the page of what needs a person."""

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.reader import WantRefused, Wish
from outlet_sync_gui.status import Row, Status
from outlet_sync_gui.ui.record_list import Action, RecordList
from outlet_sync_gui.ui.standing import StandingList, of_questions, of_waits
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import NARROW_PX, Label


class RecordPage(QWidget):
    """A title, a sentence, and a list of records; what a page adds stands between."""

    def __init__(self, theme: Theme, *, main: Action | None = None) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self.title = Label("page-title")
        self.line = Label("quiet", wraps=True)
        self.list = RecordList(theme, main=main)
        self._rows: Sequence[Row] = ()
        self._status: Status | None = None
        self._now_ms = 0
        self.column = QVBoxLayout(self)
        self.column.setSpacing(12)
        head = QVBoxLayout()
        head.setSpacing(0)
        head.addWidget(self.title)
        head.addWidget(self.line)
        self.column.addLayout(head)
        self.column.addWidget(self.list, 1)

    def wish(self) -> Wish:
        """What this page wants to show."""
        raise NotImplementedError

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self._status, self._now_ms = status, now_ms
        self._say(status)
        self._show_rows(status)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show what was read."""
        self._rows = rows
        if self._status is not None:
            self._say(self._status)
            self._show_rows(self._status)

    def arrange(self, width: int) -> None:
        """Fit a width."""
        is_compact = width < NARROW_PX
        self.list.arrange(is_compact=is_compact)
        side, top = (12, 12) if is_compact else (24, 20)
        self.column.setContentsMargins(side, top, side, top)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.list.retranslate()
        if self._status is not None:
            self.show_status(self._status, self._now_ms)

    def _say(self, status: Status) -> None:
        raise NotImplementedError

    def _show_rows(self, status: Status) -> None:
        name, empty = self.title.whole(), self._empty()
        self.list.show_rows(self._rows, status, self._now_ms, name=name, empty=empty)

    def _empty(self) -> str:
        raise NotImplementedError


class AttentionPage(RecordPage):
    """What was refused, and what stands still as a whole."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, main=Action.EDIT)
        self.standing = StandingList(theme)
        self.column.insertWidget(1, self.standing)

    def wish(self) -> WantRefused:
        """The newest that was refused."""
        return WantRefused()

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self.standing.show_standing([*of_questions(status.asked), *of_waits(status.waits, now_ms)])
        super().show_status(status, now_ms)

    def arrange(self, width: int) -> None:
        """Fit a width."""
        super().arrange(width)
        self.standing.arrange(is_compact=width < NARROW_PX)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.standing.retranslate()
        super().retranslate()

    def _say(self, status: Status) -> None:
        self.title.say(words.say("Needs attention"))
        told = words.say_n(
            "{n} record was not accepted by headquarters. The rest is still sent.",
            "{n} records were not accepted by headquarters. The rest is still sent.",
            status.dead,
        )
        asked = words.say_n("{n} question needs an answer", "{n} questions need an answer", status.questions)
        quiet = asked if status.questions else words.say("Nothing refused")
        self.line.say(told if status.dead else quiet)

    def _empty(self) -> str:
        return words.say("What headquarters refuses shows here, with its reason.")
