"""The desktop program: tray, window and service put together; the only start and stop."""

import gc
import logging
import os
import signal
import socket
import sys
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from outlet_sync_gui import settings, words
from outlet_sync_gui.desktop.bus import Bus
from outlet_sync_gui.desktop.herald import Herald
from outlet_sync_gui.desktop.keyring_watch import KeyringWatch
from outlet_sync_gui.desktop.machine import Machine, tell_windows
from outlet_sync_gui.desktop.notices import Item, shutdown
from outlet_sync_gui.desktop.notifier import Notifier
from outlet_sync_gui.desktop.panel import Panel
from outlet_sync_gui.doors import FROM_KEYRING, Secrets
from outlet_sync_gui.errors import AlreadyRunning, OutletSyncError, SettingsInvalid, StoreFailed
from outlet_sync_gui.reader import Reader
from outlet_sync_gui.service import ReadKey, key_from_keyring
from outlet_sync_gui.status import State, Status, Trouble
from outlet_sync_gui.support.doctor import try_line
from outlet_sync_gui.support.ladder import Step, climb
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.commands import Command, KeyChanged, KeyringOpened, LineUp, Pause, Resume, Retry, SyncNow
from outlet_sync_gui.sync.state import not_set_up, with_error
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.about import AboutDialog
from outlet_sync_gui.ui.aside import Aside
from outlet_sync_gui.ui.keeper import DropSecret, Errand, Keeper, Kept, Look, PutSecret, RenewToken, Save
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.tray import Tray
from outlet_sync_gui.ui.wizard import Wizard
from outlet_sync_gui.worker import SyncWorker

log = logging.getLogger(__name__)

LOG_BYTES, LOG_FILES = 1_000_000, 5
PICTURE_PX = 64
WATCH_AFTER_MS = 1500  # window and tray come first
FAREWELL_MS = 1000  # a shutdown waits no longer for what we say


class App(QObject):
    """Owns window, tray, worker and reader. `start` once, `stop` once."""

    def __init__(
        self,
        directory: Path,
        theme: Theme,
        *,
        read_key: ReadKey = key_from_keyring,
        door_secrets: Secrets = FROM_KEYRING,
        is_demo: bool = False,
    ) -> None:
        super().__init__()
        self._directory = directory
        self._theme = theme
        self._is_demo = is_demo
        self._is_minimized = False
        self.failure: OutletSyncError | None = None
        self.status = self._first_status()
        self.window = MainWindow(theme, test=partial(try_line, directory))
        self.wizard: Wizard | None = None
        self._is_asking = False
        self.tray = Tray()
        self.bus = Bus.open("SESSION")
        self.panel = Panel(self.bus)
        self.machine = Machine()
        self.keyring = KeyringWatch(self.bus)
        self.notifier = Notifier(self.bus)
        self.herald = Herald(directory, self.notifier, _picture)
        self.worker = SyncWorker(directory, read_key=read_key, door_secrets=door_secrets)
        self.keeper = Keeper(directory)
        self._reader = Reader(directory)
        self._aside = Aside(self)
        self._connect()

    def start(self, *, is_minimized: bool = False) -> None:
        """Show the window, unless it starts with the session; the tray as soon as there is one; start the service."""
        self._is_minimized = is_minimized
        self._show(self.status)
        if QGuiApplication.platformName() != "offscreen":
            self.panel.seek()
            QTimer.singleShot(WATCH_AFTER_MS, self.machine, self.machine.watch)
        if not is_minimized:
            self.window.show()
            self._is_asking = True
            self._ask_first(self.status)
        if self.failure is None:
            self.worker.start()

    def set_up(self) -> None:
        """Ask what is missing, question by question; a first run that is open already comes up."""
        if self.wizard is None:
            self.wizard = wizard = Wizard(self.window, self._theme, partial(try_line, self._directory))
            wizard.asked.connect(self.keeper.do)
            wizard.language_asked.connect(self.speak)
            wizard.sync_asked.connect(lambda: self.ask(SyncNow()))
            self.keeper.came.connect(wizard.came)
            wizard.finished.connect(self._set_up_over)
            wizard.show_status(self.status, now().wall_ms)
            self.keeper.do(Look())
            wizard.show()
        else:
            self.wizard.raise_()
            self.wizard.activateWindow()

    def _ask_first(self, status: Status) -> None:
        """A program that somebody starts before it is set up asks by itself, once."""
        if status.state is State.SETUP and self._is_asking:
            self.set_up()
        self._is_asking = self._is_asking and not (status.is_running or status.state is State.SETUP)

    def _set_up_over(self) -> None:
        self.wizard = None

    def stop(self) -> bool:
        """End the service and hide; whether it ended in time."""
        self.tray.hide()
        self.window.hide()
        self.machine.close()
        if self.bus is not None:
            self.bus.close()
        self._reader.wait()
        self.keeper.finish()
        return self.worker.stop()

    def ask(self, command: Command) -> None:
        """Hand a command to the service."""
        self.worker.send(command)

    def speak(self, language: str) -> None:
        """Switch the language, here and for the next start."""
        words.use(language)
        self.window.retranslate()
        self.tray.retranslate()
        if self.wizard is not None:
            self.wizard.retranslate()
        if not self._is_demo:
            self.keeper.do(Save({"language": language}))

    def _first_status(self) -> Status:
        """Before the service has said anything nothing is claimed; what can't work is shown, not only printed."""
        try:
            settings.prepare_directory(self._directory)
            chosen = settings.load(self._directory).settings
        except (StoreFailed, SettingsInvalid) as error:
            self.failure = error
            return with_error(_starting(""), error)
        return not_set_up(chosen, chosen.missing) if chosen.missing else _starting(chosen.outlet_code)

    def _connect(self) -> None:
        self.worker.status_changed.connect(self._show)
        self.worker.show_asked.connect(self.window.come_up)
        self.worker.ended_badly.connect(self._ended_badly)
        self.worker.declined.connect(self.window.show_declined)
        self.window.read_asked.connect(lambda wish: self._reader.read(self.status.outlet_id, wish))
        self.window.decided.connect(self.ask)
        self._reader.found.connect(self.window.show_found)
        for asker in (self.window, self.tray):
            asker.sync_asked.connect(lambda: self.ask(SyncNow()))
            asker.resume_asked.connect(lambda: self.ask(Resume()))
        self.window.language_asked.connect(self.speak)
        self.window.errand_asked.connect(self.keeper.do)
        self.window.setup_asked.connect(self.set_up)
        self.window.log_asked.connect(self._open_log)
        self.keeper.came.connect(self._take_up)
        self.window.retry_asked.connect(lambda: self.ask(Retry(who=settings.user_name())))
        self.window.pause_asked.connect(lambda: self.ask(Pause()))
        self.window.close_asked.connect(self._close_asked)
        self.tray.pause_asked.connect(lambda minutes: self.ask(_pause(minutes)))
        self.tray.open_asked.connect(self.window.come_up)
        self.tray.page_asked.connect(self._open_page)
        self.tray.log_asked.connect(self._open_log)
        self.tray.about_asked.connect(self._tell_about)
        self.tray.quit_asked.connect(leave)
        self.window.status_page.why.look_asked.connect(self._look_at_line)
        self.panel.appeared.connect(self._come_into_panel)
        self.panel.missed.connect(self._do_without_panel)

        self.machine.woke.connect(lambda: self.ask(LineUp()))
        self.machine.ending.connect(self._say_farewell)
        self.keyring.opened.connect(lambda: self.ask(KeyringOpened()))
        self.herald.farewell_told.connect(self.machine.let_go)
        self.herald.asked.connect(self._see_to)

    def _see_to(self, item: Item) -> None:
        """Land on what was told."""
        from outlet_sync_gui.ui.landing import land  # late: no start needs it

        self.window.come_up()
        land(self.window, item, self.status)

    def _take_up(self, errand: Errand, came: object) -> None:
        """What was kept counts at once, here and in the service."""
        if isinstance(came, Kept):
            words.use_zone(came.loaded.settings.timezone)
            self._theme.choose(came.loaded.settings.appearance)
        if not isinstance(came, OutletSyncError):
            self._tell_service(errand)
        self.window.show_errand(errand, came)

    def _tell_service(self, errand: Errand) -> None:
        match errand:
            case Save() if self.worker.isRunning():
                self.worker.reload()
            case Save() if isinstance(self.failure, SettingsInvalid):  # which may be mended now
                self.failure = None
                self.worker.start()
            case PutSecret(name="api-key"):
                self.worker.send(KeyChanged())
            case PutSecret() | DropSecret() | RenewToken():
                self.worker.reread()

    def _look_at_line(self) -> None:
        """Find out which rung keeps us offline, while somebody sees it; headquarters is not asked again."""
        if self.window.isVisible() and not self._aside.is_busy:
            self._aside.run(partial(self._climbed, self.status.trouble), self._show_line)

    def _climbed(self, tried: Trouble | None) -> list[Step]:
        return list(climb(settings.load(self._directory).settings, lambda: tried))

    def _show_line(self, came: list[Step] | OutletSyncError) -> None:
        if not isinstance(came, OutletSyncError):
            self.window.status_page.why.show_steps(came)

    def _open_page(self, page: Page) -> None:
        self.window.come_up()
        self.window.open_page(page)

    def _show(self, status: Status) -> None:
        self.status = status
        now_ms = now().wall_ms
        self.tray.show_status(status, now_ms)
        self.window.show_status(status, now_ms)
        if self.wizard is not None:
            self.wizard.show_status(status, now_ms)
        self._ask_first(status)
        self.herald.hear(status, is_watched=self.window.isActiveWindow() or self._shows_first_run(status))

    def _shows_first_run(self, status: Status) -> bool:
        """Whoever started it sees what is asked; who only logged in has to be told."""
        return status.state is State.SETUP and not self._is_minimized

    def _ended_badly(self, error: OutletSyncError | None) -> None:
        self.failure = error or OutletSyncError("bug")
        if isinstance(error, AlreadyRunning):
            leave()
        else:
            self._show(with_error(self.status, self.failure))

    def _close_asked(self) -> None:
        """Sending goes on in the tray; without one the window must stay within reach, and closing that one ends it."""
        if self.panel.is_there():
            self.window.hide()
        elif self._is_demo or self.window.isMinimized():
            leave()
        else:
            self.window.showMinimized()

    def _come_into_panel(self) -> None:
        self.tray.appear()
        if self.tray.icon is not None:
            self.notifier.use(self.tray.icon)

    def _do_without_panel(self) -> None:
        if not self.window.isVisible():
            self.window.showMinimized()

    def _say_farewell(self) -> None:
        """The PC goes off: say what is unsent, and hold nothing up."""
        if self.herald.say_farewell():
            QTimer.singleShot(FAREWELL_MS, self.machine, self.machine.let_go)
        else:
            self.machine.let_go()

    def session_ends(self) -> None:
        """The session ends without the system's word before: the same, on the screen that Windows shows then."""
        said = shutdown(self.status)
        if said is not None:
            tell_windows(int(self.window.winId()), f"{said[0]}. {said[1]}")
        self._say_farewell()

    def _open_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._directory / "logs")))

    def _tell_about(self) -> None:
        self.window.come_up()
        about = AboutDialog(self.window, self._directory, self.status.outlet_code)
        about.log.clicked.connect(self._open_log)
        about.open()


def run_app(directory: Path, *, is_minimized: bool) -> None:
    """Tray, window and service until a person quits. Raises afterwards what kept it from working."""
    application = make_application()
    app = App(directory, Theme(application))
    if app.failure is None:
        log_to_file(directory)
    application.commitDataRequest.connect(app.session_ends)
    app.start(is_minimized=is_minimized)
    gc.freeze()  # what is loaded stays: looking through it for garbage would halt the window for 40 ms at a time
    with SignalsQuit():
        application.exec()
    if not app.stop():
        log.error("the service did not end in time")
        os._exit(1)  # what was queued is on disk; destroying a running QThread would abort
    if app.failure is not None:
        raise app.failure


def make_application() -> QApplication:
    """The QApplication, once."""
    application = QApplication.instance() or QApplication(["outlet-sync-gui"])
    assert isinstance(application, QApplication)
    application.setApplicationName("Outlet Sync")
    application.setDesktopFileName("outlet-sync-gui")
    application.setQuitOnLastWindowClosed(False)
    return application


def leave() -> None:
    """End the program. Not `quit`: that asks the window to close, which only hides itself."""
    QApplication.exit(0)


def log_to_file(directory: Path) -> None:
    """Keep a rotating log; it holds no secret and nobody's name."""
    folder = directory / "logs"
    folder.mkdir(mode=0o700, exist_ok=True)
    handler = RotatingFileHandler(
        folder / "outlet-sync.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.INFO)
    package = logging.getLogger("outlet_sync_gui")
    package.setLevel(logging.INFO)
    package.addHandler(handler)


class SignalsQuit:
    """SIGTERM and Ctrl-C end the program: Python's handlers run only when Qt's loop wakes, so a socket wakes it."""

    def __enter__(self) -> None:
        self._ear, self._mouth = socket.socketpair()
        for end in (self._ear, self._mouth):
            end.settimeout(0)
        signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: leave())
        self._notifier = QSocketNotifier(self._ear.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(lambda: self._ear.recv(64))

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        self._notifier.setEnabled(False)
        self._ear.close()
        self._mouth.close()


def _picture(status: Status) -> QImage:
    return icons.tray_icon(status.state).pixmap(PICTURE_PX, PICTURE_PX).toImage()


def _pause(minutes: int) -> Pause:
    return Pause(now().wall_ms + minutes * 60_000 if minutes else None)


def _starting(outlet_code: str) -> Status:
    """Before the service has said anything: nothing is claimed."""
    return Status(state=State.SYNCING, version="", outlet_code=outlet_code)


def has_display() -> bool:
    """Whether windows can be seen on this machine."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
