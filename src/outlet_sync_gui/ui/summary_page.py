"""The place of the daily summary."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.status import Status
from outlet_sync_gui.ui.widgets import NARROW_PX, Label


class SummaryPage(QWidget):
    """Says what will stand here."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self.title, self.empty = Label("page-title"), Label("quiet", wraps=True)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.title)
        self._column.addWidget(self.empty)
        self._column.addStretch(1)

    def wish(self) -> None:
        """Nothing is read for it yet."""

    def show_status(self, _status: Status, _now_ms: int) -> None:
        """Nothing of the status stands here."""

    def arrange(self, width: int) -> None:
        """Fit a width."""
        side, top = (12, 12) if width < NARROW_PX else (24, 20)
        self._column.setContentsMargins(side, top, side, top)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.title.say(words.say("Daily summary"))
        self.empty.say(words.say("The day's figures and the check before closing will show here."))
