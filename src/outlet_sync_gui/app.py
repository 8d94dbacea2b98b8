"""The desktop program: tray, window and service put together; the only start and stop."""

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage

from outlet_sync_gui import settings, words
from outlet_sync_gui.desktop.bus import Bus
from outlet_sync_gui.desktop.herald import Herald
from outlet_sync_gui.desktop.keyring_watch import KeyringWatch
from outlet_sync_gui.desktop.machine import Machine, tell_windows
from outlet_sync_gui.desktop.notices import Item, shutdown
from outlet_sync_gui.desktop.notifier import Notifier
from outlet_sync_gui.doors import FROM_KEYRING, Secrets
from outlet_sync_gui.errors import AlreadyRunning, InputRefused, OutletSyncError, SettingsInvalid, StoreFailed
from outlet_sync_gui.process import leave
from outlet_sync_gui.reader import Reader, Wish
from outlet_sync_gui.service import ReadKey, key_from_keyring
from outlet_sync_gui.status import State, Status, Trouble, starting
from outlet_sync_gui.support.ladder import Step, climb
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.commands import Command, KeyChanged, KeyringOpened, LineUp, Pause, Resume, Retry, SyncNow
from outlet_sync_gui.sync.events import ReadBack
from outlet_sync_gui.sync.state import not_set_up, with_error
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.aside import Aside
from outlet_sync_gui.ui.keeper import DropSecret, Errand, Keeper, Kept, Look, PutSecret, RenewToken, Save
from outlet_sync_gui.ui.page import Page
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.tray import Tray
from outlet_sync_gui.ui.tray_icon import TrayIcon
from outlet_sync_gui.worker import SyncWorker

if TYPE_CHECKING:
    from outlet_sync_gui.ui.main_window import MainWindow
    from outlet_sync_gui.ui.wizard import Wizard

log = logging.getLogger(__name__)

PICTURE_PX = 64
WATCH_AFTER_MS = 1500  # window and tray come first
DISK_AGAIN_MS = 5000  # a disk that takes nothing is looked at as often
FAREWELL_MS = 1000  # a shutdown waits no longer for what we say


class App(QObject):
    """Owns window, tray, worker and reader. `start` once, `stop` once.

    `icon` and `window` are those that came before everything else (see `start`), if they did.
    """

    began = Signal()  # the service was started: the data directory can be written to

    def __init__(
        self,
        directory: Path,
        theme: Theme,
        *,
        read_key: ReadKey = key_from_keyring,
        door_secrets: Secrets = FROM_KEYRING,
        is_demo: bool = False,
        icon: TrayIcon | None = None,
        window: "MainWindow | None" = None,
    ) -> None:
        super().__init__()
        self._directory = directory
        self._theme = theme
        self._is_demo = is_demo
        self._is_minimized = False
        self.failure: OutletSyncError | None = None
        self.status = self._first_status()
        self._window: MainWindow | None = None
        self.wizard: Wizard | None = None
        self._is_asking = False
        self.tray = Tray(icon)
        self.bus = Bus.open("SESSION")
        self.panel = self.tray.icon.panel
        self.machine = Machine()
        self.keyring = KeyringWatch(self.bus)
        self.notifier = Notifier(self.bus)
        self.herald = Herald(directory, self.notifier, _picture)
        self.worker = SyncWorker(directory, read_key=read_key, door_secrets=door_secrets)
        self.keeper = Keeper(directory)
        self._reader = Reader(directory)
        self._aside = Aside(self)
        self._disk = QTimer(self, singleShot=True, interval=DISK_AGAIN_MS)
        self._connect()
        if window is not None:
            self._take_in(window)

    @property
    def window(self) -> "MainWindow":
        """The window, made when somebody first wants to see it."""
        if self._window is None:
            from outlet_sync_gui.ui.main_window import MainWindow

            self._take_in(MainWindow(self._theme))
        assert self._window is not None
        return self._window

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
        self._begin()

    def _begin(self) -> None:
        """Start the service; over a disk that takes nothing, as soon as it does."""
        if self.failure is None:
            self.worker.start()
            self.began.emit()
        elif isinstance(self.failure, StoreFailed):
            self._disk.start()

    def _look_at_disk(self) -> None:
        self.failure = None
        self._show(self._first_status())
        self._begin()

    def set_up(self) -> None:
        """Ask what is missing, question by question; a first run that is open already comes up."""
        from outlet_sync_gui.ui.wizard import Wizard  # late: it is asked once in the life of a till

        if self.wizard is None:
            self.wizard = wizard = Wizard(self.window, self._theme, partial(_try_line, self._directory))
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
        self.tray.icon.hide()
        if self._window is not None:
            self._window.hide()
        self._disk.stop()
        self.machine.close()
        if self.bus is not None:
            self.bus.close()
        self._reader.wait()
        self.keeper.finish()
        self._reader.found.disconnect(self._show_found)
        has_ended = self.worker.stop()
        QCoreApplication.removePostedEvents(self)  # what was still on its way to a window that is none any more
        return has_ended

    def ask(self, command: Command) -> None:
        """Hand a command to the service."""
        self.worker.send(command)

    def speak(self, language: str) -> None:
        """Switch the language, here and for the next start."""
        words.use(language)
        if self._window is not None:
            self._window.retranslate()
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
            words.use_zone(chosen.timezone)
        except (StoreFailed, SettingsInvalid) as error:
            self.failure = error
            return with_error(starting(""), error)
        return not_set_up(chosen, chosen.missing) if chosen.missing else starting(chosen.outlet_code)

    def _connect(self) -> None:
        self._disk.timeout.connect(self._look_at_disk)
        self.worker.status_changed.connect(self._show)
        self.worker.show_asked.connect(self._come_up)
        self.worker.ended_badly.connect(self._ended_badly)
        self.worker.declined.connect(self._show_declined)
        self.worker.read_back.connect(self._show_read_back)
        self._reader.found.connect(self._show_found)
        self.keeper.came.connect(self._take_up)
        self.tray.sync_asked.connect(lambda: self.ask(SyncNow()))
        self.tray.resume_asked.connect(lambda: self.ask(Resume()))
        self.tray.pause_asked.connect(lambda minutes: self.ask(_pause(minutes)))
        self.tray.open_asked.connect(self._come_up)
        self.tray.page_asked.connect(self._open_page)
        self.tray.log_asked.connect(self._open_log)
        self.tray.about_asked.connect(self._tell_about)
        self.tray.quit_asked.connect(leave)
        self.panel.missed.connect(self._do_without_panel)
        self.tray.icon.appeared.connect(self._come_into_panel)
        if self.tray.icon.shown is not None:
            self._come_into_panel()
        self.machine.woke.connect(lambda: self.ask(LineUp()))
        self.machine.ending.connect(self._say_farewell)
        self.keyring.opened.connect(lambda: self.ask(KeyringOpened()))
        self.herald.farewell_told.connect(self.machine.let_go)
        self.herald.asked.connect(self._see_to)

    def _take_in(self, window: "MainWindow") -> None:
        """Show in this window what is true, and do what is asked there."""
        self._window = window
        window.test = partial(_try_line, self._directory)
        window.read_asked.connect(lambda wish: self._reader.read(self.status.outlet_id, wish))
        window.decided.connect(self.ask)
        window.sync_asked.connect(lambda: self.ask(SyncNow()))
        window.pause_asked.connect(lambda: self.ask(Pause()))
        window.resume_asked.connect(lambda: self.ask(Resume()))
        window.retry_asked.connect(lambda: self.ask(Retry(who=settings.user_name())))
        window.language_asked.connect(self.speak)
        window.errand_asked.connect(self.keeper.do)
        window.setup_asked.connect(self.set_up)
        window.log_asked.connect(self._open_log)
        window.line_asked.connect(self._look_at_line)
        window.close_asked.connect(self._close_asked)
        window.show_status(self.status, now().wall_ms)

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
        if self._window is not None:
            self._window.show_errand(errand, came)

    def _tell_service(self, errand: Errand) -> None:
        match errand:
            case Save() if self.worker.isRunning():
                self.worker.reload()
            case Save() if isinstance(self.failure, SettingsInvalid):  # which may be mended now
                self.failure = None
                self._begin()
            case PutSecret(name="api-key"):
                self.worker.send(KeyChanged())
            case PutSecret() | DropSecret() | RenewToken():
                self.worker.reread()

    def _look_at_line(self) -> None:
        """Find out which rung keeps us offline, while somebody sees it; headquarters is not asked again."""
        if self._is_seen() and not self._aside.is_busy:
            self._aside.run(partial(self._climbed, self.status.trouble), self._show_line)

    def _climbed(self, tried: Trouble | None) -> list[Step]:
        return list(climb(settings.load(self._directory).settings, lambda: tried))

    def _show_line(self, came: list[Step] | OutletSyncError) -> None:
        if not isinstance(came, OutletSyncError):
            self.window.status_page.why.show_steps(came)

    def _show_declined(self, command: Command, error: InputRefused) -> None:
        self.window.show_declined(command, error)

    def _show_read_back(self, event: ReadBack) -> None:
        self.window.show_read_back(event)

    def _show_found(self, wish: Wish, found: object) -> None:
        self.window.show_found(wish, found)

    def _come_up(self) -> None:
        self.window.come_up()

    def _open_page(self, page: Page) -> None:
        self.window.come_up()
        self.window.open_page(page)

    def _show(self, status: Status) -> None:
        self.status = status
        now_ms = now().wall_ms
        self.tray.show_status(status, now_ms)
        if self._window is not None:
            self._window.show_status(status, now_ms)
        if self.wizard is not None:
            self.wizard.show_status(status, now_ms)
        self._ask_first(status)
        is_watched = self._window is not None and self._window.isActiveWindow()
        self.herald.hear(status, is_watched=is_watched or self._shows_first_run(status))

    def _is_seen(self) -> bool:
        return self._window is not None and self._window.isVisible()

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
        if self.tray.icon.shown is not None:
            self.notifier.use(self.tray.icon.shown)

    def _do_without_panel(self) -> None:
        if not self._is_seen():
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
        from outlet_sync_gui.ui.about import AboutDialog

        self.window.come_up()
        about = AboutDialog(self.window, self._directory, self.status.outlet_code)
        about.log.clicked.connect(self._open_log)
        about.open()


def _try_line(directory: Path) -> Iterator[Step]:
    from outlet_sync_gui.support.doctor import try_line  # late, as the wizard

    return try_line(directory)


def _picture(status: Status) -> QImage:
    return icons.tray_icon(status.state).pixmap(PICTURE_PX, PICTURE_PX).toImage()


def _pause(minutes: int) -> Pause:
    return Pause(now().wall_ms + minutes * 60_000 if minutes else None)
