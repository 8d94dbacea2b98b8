"""The page of what waits."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit

from outlet_sync_gui import words
from outlet_sync_gui.reader import PAGE_ROWS, WantLine
from outlet_sync_gui.status import Status
from outlet_sync_gui.ui.record_pages import RecordPage
from outlet_sync_gui.ui.theme import Theme

SEARCH_AFTER_MS = 200


class QueuePage(RecordPage):
    """All of the line, newest first, and a search by the start of a number."""

    search_changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.search = QLineEdit(clearButtonEnabled=True, maxLength=100)
        self.column.insertWidget(1, self.search)
        self._soon = QTimer(self, singleShot=True, interval=SEARCH_AFTER_MS)
        self._soon.timeout.connect(self.search_changed)
        self.search.textChanged.connect(self._soon.start)

    def wish(self) -> WantLine:
        """The newest rows, or those whose number begins as it was typed."""
        return WantLine(self.search.text().strip())

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.search.setPlaceholderText(words.say("Start of a number, such as ORD-2026"))
        self.search.setAccessibleName(words.say("Search by number"))
        super().retranslate()

    def _say(self, status: Status) -> None:
        self.title.say(words.say("Queue"))
        n, dead = words.number(status.pending.total), words.number(status.dead)
        told = words.say("{n} waiting", n=n) if status.pending.total else words.say("Nothing waits.").rstrip(".")
        told = f"{told} · {words.say('{n} refused', n=dead)}" if status.dead else told
        is_cut = len(self._rows) >= PAGE_ROWS
        self.line.say(f"{told} · {words.say('the newest {n} are shown', n=PAGE_ROWS)}" if is_cut else told)

    def _empty(self) -> str:
        if self.search.text().strip():
            return words.say("No number in the queue begins so.")
        return words.say("Nothing waits. New orders show here.")
