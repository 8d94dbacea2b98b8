"""The tray icon and its menu."""

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from outlet_sync_gui import words
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.band import Main, main_button
from outlet_sync_gui.ui.rail import LOOKS, Page, counts

PAGES = (Page.CONFLICTS, Page.ATTENTION, Page.MESSAGES, Page.CHANGES)  # what may need a person
PAUSES = (("Pause for 15 minutes", 15), ("Pause for 1 hour", 60), ("Pause until I resume", 0))


class Tray(QObject):
    """Shows a status; asks by signals."""

    open_asked = Signal()
    page_asked = Signal(object)  # a Page
    sync_asked = Signal()
    pause_asked = Signal(int)  # minutes, 0: until resumed
    resume_asked = Signal()
    language_asked = Signal(str)
    quit_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._status: Status | None = None
        self._now_ms = 0
        self.icon = QSystemTrayIcon(icons.tray_icon(State.SETUP))
        self.menu = QMenu()
        self.sentence, self.sync, self.resume, self.open, self.quit = (QAction(self.menu) for _ in range(5))
        self.pages = {page: QAction(self.menu) for page in PAGES}
        self.pauses = [(QAction(self.menu), text, minutes) for text, minutes in PAUSES]
        self.languages = QMenu(self.menu)
        self._fill()
        self._connect()
        self.icon.setContextMenu(self.menu)
        self.retranslate()

    @staticmethod
    def is_available() -> bool:
        """Whether this desktop has a tray."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show(self) -> None:
        """Appear in the panel."""
        self.icon.show()

    def hide(self) -> None:
        """Leave the panel."""
        self.icon.hide()

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self._status, self._now_ms = status, now_ms
        self.icon.setIcon(icons.tray_icon(status.state, min(10, status.dead + status.conflicts + status.questions)))
        text = words.tooltip(status, now_ms)
        self.icon.setToolTip(text)
        self.sentence.setText(text)
        for page, n in counts(status).items():
            if page in self.pages:
                name = words.say(LOOKS[page].name)
                self.pages[page].setText(f"{name} ({words.number(n)})" if n else name)
        is_paused = status.state is State.PAUSED
        self.sync.setEnabled(main_button(status) is not Main.DISABLED)
        self.resume.setVisible(is_paused)
        for action, _, _ in self.pauses:
            action.setVisible(not is_paused)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.sync.setText(words.say("Sync now"))
        self.resume.setText(words.say("Resume"))
        self.open.setText(words.say("Open"))
        self.quit.setText(words.say("Quit"))
        for page, action in self.pages.items():
            action.setText(words.say(LOOKS[page].name))
        self.languages.setTitle(words.say("Language"))
        for action, text, _ in self.pauses:
            action.setText(words.say(text))
        if self._status is not None:
            self.show_status(self._status, self._now_ms)

    def _fill(self) -> None:
        self.sentence.setEnabled(False)
        self.menu.addAction(self.sentence)
        self.menu.addSeparator()
        self.menu.addActions([self.sync, *(action for action, _, _ in self.pauses), self.resume])
        self.menu.addSeparator()
        self.menu.addActions(list(self.pages.values()))
        self.menu.addSeparator()
        self.menu.addAction(self.open)
        self.menu.addMenu(self.languages)
        self.menu.addSeparator()
        self.menu.addAction(self.quit)
        for code, name in (("id", "Bahasa Indonesia"), ("en", "English")):
            self.languages.addAction(name, partial(self.language_asked.emit, code))

    def _connect(self) -> None:
        self.sync.triggered.connect(self.sync_asked)
        self.resume.triggered.connect(self.resume_asked)
        self.open.triggered.connect(self.open_asked)
        self.quit.triggered.connect(self.quit_asked)
        for action, _, minutes in self.pauses:
            action.triggered.connect(partial(self._pause, minutes))
        for page, action in self.pages.items():
            action.triggered.connect(partial(self._go_to, page))
        self.icon.activated.connect(self._activated)

    def _go_to(self, page: Page) -> None:
        self.page_asked.emit(page)

    def _pause(self, minutes: int) -> None:
        self.pause_asked.emit(minutes)

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        clicks = (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick)
        if reason in clicks:
            self.open_asked.emit()
