"""The desktop program as a process: its QApplication, its end, its log. The icon comes before socket and log."""

import builtins
import gc
import logging
import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication

LOG_BYTES, LOG_FILES = 1_000_000, 5
SELDOM = (20_000, 20, 20)  # a batch's records come and go within one of these turns


def make_application() -> QApplication:
    """The QApplication, once; what is imported from here on is imported as without PySide6."""
    _import_as_python_does()
    application = QApplication.instance() or QApplication(["outlet-sync-gui"])
    assert isinstance(application, QApplication)
    application.setApplicationName("Outlet Sync")
    application.setDesktopFileName("outlet-sync-gui")
    application.setQuitOnLastWindowClosed(False)
    return application


def _import_as_python_does() -> None:
    """Take back PySide6's own `__import__`, which reads the source of all that is imported, and keeps it: 20 MB.

    It looks for `from __feature__ import …`, Qt under other names, which nobody here uses.
    """
    builtins.__import__ = vars(builtins).get("__orig_import__", builtins.__import__)


def collect_seldom() -> None:
    """Look for garbage, though not in what is loaded, which stays, and seldom: each look halts the window.

    For 40 ms where it goes through all, and for up to 14, every other second, while a backlog's records pass.
    """
    gc.freeze()
    gc.set_threshold(*SELDOM)
    gc.enable()


def leave() -> None:
    """End the program. Not `quit`: that asks the window to close, which only hides itself."""
    QApplication.exit(0)


def log_to_file(directory: Path) -> None:
    """Keep a rotating log; it holds no secret and nobody's name."""
    from logging.handlers import RotatingFileHandler

    logging.raiseExceptions = False  # a full disk takes no line, and no traceback for each on another file instead
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
        import socket

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


def has_display() -> bool:
    """Whether windows can be seen on this machine."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
