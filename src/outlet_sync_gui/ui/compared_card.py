"""A business day beside what headquarters has of it: what is missing there can be sent again."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QPushButton, QVBoxLayout

from outlet_sync_gui import words
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.reader import Compared, Day
from outlet_sync_gui.settings import user_name
from outlet_sync_gui.support.comparison import verdict
from outlet_sync_gui.sync.commands import Reconcile, Retry
from outlet_sync_gui.sync.reading import AT_ONCE
from outlet_sync_gui.ui.dialogs import name_button
from outlet_sync_gui.ui.theme import set_property
from outlet_sync_gui.ui.widgets import Label

NARROW_PX = 500


class ComparedCard(QFrame):
    """Shows what was read back last; it is there only where that is switched on."""

    commanded = Signal(object)  # a Command

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._date = ""
        self._compared: Compared | None = None
        self._now_ms = 0
        self._is_asked = False
        self._error: OutletSyncError | None = None
        self.title, self.sentence, self.at = Label("strong"), Label(wraps=True), Label("small")
        self.compare, self.send = QPushButton(), QPushButton()
        self.compare.clicked.connect(self._ask)
        self.send.clicked.connect(self._send)
        self._lay_out()
        self.hide()

    def show_day(self, day: Day) -> None:
        """Show of which day."""
        if day.closing.summary.date != self._date:
            self._date, self._compared, self._error, self._is_asked = day.closing.summary.date, None, None, False
        self.setVisible(day.settings.cloud_extras)
        self._show()

    def show_compared(self, compared: Compared, now_ms: int) -> None:
        """Show what is known of it."""
        self._compared, self._now_ms = compared, now_ms
        self._show()

    def show_ended(self, error: OutletSyncError | None) -> None:
        """It was read, or why it could not be."""
        self._is_asked, self._error = False, error
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Buttons side by side, or one under the other."""
        super().resizeEvent(event)
        directions = QBoxLayout.Direction
        is_narrow = event.size().width() < NARROW_PX
        self._buttons.setDirection(directions.TopToBottom if is_narrow else directions.LeftToRight)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.title.say(words.say("Beside headquarters"))
        self.setAccessibleName(self.title.whole())
        name_button(self.compare, words.say("Compare now"))
        name_button(self.send, words.say("Send the missing again"))
        self._show()

    def _show(self) -> None:
        found = self._compared.found if self._compared is not None else None
        self.sentence.say(self._told())
        set_property(self.sentence, "role", "error" if self._error is not None else "")
        self.at.say(words.say("As of {time}", time=words.moment(found.at, self._now_ms)) if found is not None else "")
        self.at.setVisible(found is not None)
        self.send.setVisible(found is not None and bool(found.missing))

    def _told(self) -> str:
        if self._is_asked:
            return words.say("Headquarters is being read…")
        if self._error is not None:
            return f"▲ {words.problem(self._error)}"
        if self._compared is None or self._compared.found is None:
            return words.say("Not compared yet.")
        return verdict(self._compared.found)

    def _ask(self) -> None:
        self._is_asked, self._error = True, None
        self._show()
        self.commanded.emit(Reconcile(self._date))

    def _send(self) -> None:
        """In parts: a sale that comes meanwhile waits for one of them."""
        if self._compared is None or self._compared.found is None:
            return
        names = sorted(told.name for told in self._compared.found.missing)
        for start in range(0, len(names), AT_ONCE):
            self.commanded.emit(Retry(who=user_name(), names=tuple(names[start : start + AT_ONCE])))
        self._ask()

    def _lay_out(self) -> None:
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._buttons.setSpacing(8)
        for button in (self.compare, self.send):
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 10, 16, 12)
        layout.setSpacing(4)
        for part in (self.title, self.sentence, self.at):
            layout.addWidget(part)
        layout.addLayout(self._buttons)
