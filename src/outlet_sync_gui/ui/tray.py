"""What the tray says and offers: its icon's face and words, and the menu."""

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from outlet_sync_gui import words
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.band import Main, main_button
from outlet_sync_gui.ui.rail import LOOKS, Page, counts
from outlet_sync_gui.ui.tray_icon import TrayIcon

PAGES = (Page.CONFLICTS, Page.ATTENTION, Page.CHANGES, Page.SUMMARY, Page.MESSAGES)
PAUSES = (("Pause for 15 minutes", 15), ("Pause for 1 hour", 60), ("Pause until I resume", 0))


class Tray(QObject):
    """Shows a status; asks by signals."""

    open_asked = Signal()
    page_asked = Signal(object)  # a Page
    sync_asked = Signal()
    pause_asked = Signal(int)  # minutes, 0: until resumed
    resume_asked = Signal()
    log_asked = Signal()  # the folder of the log
    about_asked = Signal()
    quit_asked = Signal()

    def __init__(self, icon: TrayIcon | None = None) -> None:
        super().__init__()
        self._status: Status | None = None
        self._now_ms = 0
        self.icon = icon or TrayIcon()
        self.menu = self.icon.menu
        self.sentence, self.sync, self.resume, self.open, self.quit = (QAction(self.menu) for _ in range(5))
        self.pages = {page: QAction(self.menu) for page in PAGES}
        self.settings, self.log, self.about = (QAction(self.menu) for _ in range(3))
        self.pauses = [(QAction(self.menu), text, minutes) for text, minutes in PAUSES]
        self.help = QMenu(self.menu)
        self._fill()
        self._connect()
        self.retranslate()

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self._status, self._now_ms = status, now_ms
        text = words.tooltip(status, now_ms)
        badge = min(10, status.dead + status.conflicts + status.questions)
        self.icon.show(icons.tray_icon(status.state, badge), text)
        self.sentence.setText(text.replace("&", "&&"))
        waiting = counts(status)
        for page, action in self.pages.items():
            name, n = words.say(LOOKS[page].name), waiting[page]
            action.setText(f"{name} ({words.number(n)})" if n else name)
        self.pages[Page.CHANGES].setVisible(waiting[Page.CHANGES] > 0)
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
        self.settings.setText(words.say(LOOKS[Page.SETTINGS].name))
        self.help.setTitle(words.say("Help"))
        self.log.setText(words.say("Log folder"))
        self.about.setText(words.say("About Outlet Sync"))
        for page, action in self.pages.items():
            action.setText(words.say(LOOKS[page].name))
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
        self.menu.addActions([self.open, self.settings])
        self.menu.addMenu(self.help)
        self.help.addActions([self.log, self.about])
        self.menu.addSeparator()
        self.menu.addAction(self.quit)

    def _connect(self) -> None:
        self.icon.opened.connect(self.open_asked)
        self.sync.triggered.connect(self.sync_asked)
        self.resume.triggered.connect(self.resume_asked)
        self.open.triggered.connect(self.open_asked)
        self.quit.triggered.connect(self.quit_asked)
        self.settings.triggered.connect(partial(self._go_to, Page.SETTINGS))
        self.log.triggered.connect(self.log_asked)
        self.about.triggered.connect(self.about_asked)
        for action, _, minutes in self.pauses:
            action.triggered.connect(partial(self._pause, minutes))
        for page, action in self.pages.items():
            action.triggered.connect(partial(self._go_to, page))

    def _go_to(self, page: Page) -> None:
        self.page_asked.emit(page)

    def _pause(self, minutes: int) -> None:
        self.pause_asked.emit(minutes)
