"""The desktop program: tray, window and service put together; the only start and stop."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, QSocketNotifier, QThreadPool, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from outlet_sync_gui import settings, words
from outlet_sync_gui.errors import AlreadyRunning, OutletSyncError, SettingsInvalid, StoreFailed
from outlet_sync_gui.service import ReadKey, key_from_keyring
from outlet_sync_gui.status import Row, State, Status
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.commands import Command, Pause, Resume, Retry, SyncNow
from outlet_sync_gui.sync.state import not_set_up, with_error
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.tray import Tray
from outlet_sync_gui.worker import SyncWorker

log = logging.getLogger(__name__)

ROWS = 30  # what a glance takes in
LOG_BYTES, LOG_FILES = 1_000_000, 5


class App(QObject):
    """Owns window, tray, worker and reader. `start` once, `stop` once."""

    def __init__(
        self, directory: Path, theme: Theme, *, read_key: ReadKey = key_from_keyring, is_demo: bool = False
    ) -> None:
        super().__init__()
        self._directory = directory
        self._is_demo = is_demo
        self.failure: OutletSyncError | None = None
        self.status = self._first_status()
        self.window = MainWindow(theme)
        self.tray = Tray()
        self.worker = SyncWorker(directory, read_key=read_key)
        self._reader = _Reader(directory)
        self._connect()

    def start(self, *, is_minimized: bool = False) -> None:
        """Show tray or window, and start the service."""
        self._show(self.status)
        if QGuiApplication.platformName() != "offscreen":
            self.tray.show()
        if not (is_minimized and Tray.is_available()):
            self.window.show()
        if self.failure is None:
            self.worker.start()

    def stop(self) -> bool:
        """End the service and hide; whether it ended in time."""
        self.tray.hide()
        self.window.hide()
        self._reader.wait()
        return self.worker.stop()

    def ask(self, command: Command) -> None:
        """Hand a command to the service."""
        self.worker.send(command)

    def speak(self, language: str) -> None:
        """Switch the language, here and for the next start."""
        words.use(language)
        self.window.retranslate()
        self.tray.retranslate()
        if not self._is_demo:
            settings.save(self._directory, {"language": language})

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
        self._reader.found.connect(self.window.show_rows)
        for asker in (self.window, self.tray):
            asker.sync_asked.connect(lambda: self.ask(SyncNow()))
            asker.resume_asked.connect(lambda: self.ask(Resume()))
            asker.language_asked.connect(self.speak)
        self.window.retry_asked.connect(lambda: self.ask(Retry(who=settings.user_name())))
        self.window.pause_asked.connect(lambda: self.ask(Pause()))
        self.window.close_asked.connect(self._close_asked)
        self.tray.pause_asked.connect(lambda minutes: self.ask(_pause(minutes)))
        self.tray.open_asked.connect(self.window.come_up)
        self.tray.quit_asked.connect(QApplication.quit)

    def _show(self, status: Status) -> None:
        self.status = status
        now_ms = now().wall_ms
        self.tray.show_status(status, now_ms)
        self.window.show_status(status, now_ms)
        if status.outlet_id and status.state is not State.SETUP:
            self._reader.read(status)

    def _ended_badly(self, error: OutletSyncError | None) -> None:
        self.failure = error or OutletSyncError("bug")
        if isinstance(error, AlreadyRunning):
            QApplication.quit()
        else:
            self._show(with_error(self.status, self.failure))

    def _close_asked(self) -> None:
        if Tray.is_available():
            self.window.hide()
        else:
            QApplication.quit()


class _Reader(QObject):
    """Reads rows for the window on one other thread, one reading at a time; a later wish replaces a waiting one."""

    found = Signal(object)  # Sequence[Row]

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(1)
        self._wanted: Status | None = None
        self._is_busy = False
        self._done.connect(self._finished)

    _done = Signal(object)

    def read(self, status: Status) -> None:
        """Read what fits a status; `found` tells."""
        self._wanted = status
        self._next()

    def wait(self) -> None:
        """Let a reading under way end."""
        self._wanted = None
        self._pool.waitForDone()

    def _next(self) -> None:
        if self._is_busy or self._wanted is None:
            return
        status, self._wanted, self._is_busy = self._wanted, None, True
        self._pool.start(QRunnable.create(lambda: self._done.emit(self._rows(status))))

    def _rows(self, status: Status) -> Sequence[Row] | None:
        try:
            return rows_for(self._directory, status)
        except StoreFailed as error:
            log.warning("list not read: %s", error)  # the service meets the same fault, and shows it
            return None

    def _finished(self, rows: Sequence[Row] | None) -> None:
        self._is_busy = False
        if rows is not None:
            self.found.emit(rows)
        self._next()


def rows_for(directory: Path, status: Status) -> Sequence[Row]:
    """What fits a status: what was refused before what waits, else what was just sent. Raises StoreFailed."""
    store = open_store(directory, status.outlet_id)
    try:
        refused = store.views.unsent(limit=ROWS, is_dead=True) if status.dead else []
        waiting = store.views.unsent(limit=ROWS) if status.pending.total else []
        return [*refused, *waiting] or store.views.recent(limit=ROWS)
    finally:
        store.close()


def run_app(directory: Path, *, is_minimized: bool) -> None:
    """Tray, window and service until a person quits. Raises afterwards what kept it from working."""
    application = make_application()
    app = App(directory, Theme(application))
    if app.failure is None:
        log_to_file(directory)
    app.start(is_minimized=is_minimized)
    with SignalsQuit(application):
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

    def __init__(self, application: QApplication) -> None:
        self._application = application

    def __enter__(self) -> None:
        self._ear, self._mouth = socket.socketpair()
        for end in (self._ear, self._mouth):
            end.settimeout(0)
        signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._application.quit())
        self._notifier = QSocketNotifier(self._ear.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(lambda: self._ear.recv(64))

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        self._notifier.setEnabled(False)
        self._ear.close()
        self._mouth.close()


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
