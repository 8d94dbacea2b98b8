"""The start of the desktop program: what people wait for first, all that works behind it after that.

A tray icon and an empty window need next to nothing of the program. Whichever is wanted is there at once; the rest is
loaded beside it, in a thread (docs/decisions/0016-icon-and-window-come-before-the-program.md).
"""

import logging
import os
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.process import SignalsQuit, collect_seldom, leave, log_to_file, make_application

if TYPE_CHECKING:
    from outlet_sync_gui.app import App
    from outlet_sync_gui.ui.aside import Aside
    from outlet_sync_gui.ui.main_window import MainWindow
    from outlet_sync_gui.ui.theme import Theme
    from outlet_sync_gui.ui.tray_icon import TrayIcon

log = logging.getLogger(__name__)

PAINTED_MS = 20  # an empty window is on the screen by then
LOADED_S = 5.0  # whoever ends the program while it loads waits no longer


class Start(QObject):
    """Icon and window, what is on it, and then the App. `stop` ends whatever has come of it."""

    def __init__(self, application: QApplication, directory: Path, *, language: str, is_minimized: bool) -> None:
        super().__init__()
        self._application = application
        self._directory = directory
        self._language = language
        self._is_minimized = is_minimized
        self._is_speaking = False  # words, theme and all that a window shows are loaded
        self._window: MainWindow | None = None
        self._app: App | None = None
        self.failure: OutletSyncError | None = None

    def begin(self) -> None:
        """Show the window, or where it starts minimized the icon. The rest comes as soon as the loop runs."""
        (self._seek if self._is_minimized else self._open)()
        QTimer.singleShot(PAINTED_MS, self, self._go_on)

    def stop(self) -> bool:
        """End the service and hide; whether it ended in time."""
        if self._app is None:
            self._icon.hide()
            self._aside.finish(wait_s=LOADED_S)
            return True
        self.failure = self.failure or self._app.failure
        return self._app.stop()

    # -- what each step needs, loaded no sooner

    @cached_property
    def _icon(self) -> "TrayIcon":
        from outlet_sync_gui.ui.tray_icon import TrayIcon

        return TrayIcon()

    @cached_property
    def _theme(self) -> "Theme":
        from outlet_sync_gui.ui.theme import Theme

        theme = Theme(self._application)
        theme.choose(self._kept.get("appearance", "system"))
        return theme

    @cached_property
    def _kept(self) -> dict[str, str]:
        from outlet_sync_gui.glimpse import glimpse

        return glimpse(self._directory)

    @cached_property
    def _aside(self) -> "Aside":
        from outlet_sync_gui.ui.aside import Aside

        return Aside(self)

    # -- the steps

    def _seek(self) -> None:
        """The icon, as soon as there is a panel; a click on it opens the window even before the rest is there."""
        self._icon.opened.connect(self._open)
        if QGuiApplication.platformName() != "offscreen":
            self._icon.panel.seek()

    def _open(self) -> None:
        from outlet_sync_gui.ui.main_window import MainWindow

        if self._window is None:
            self._window = MainWindow()
            self._window.show()
            self._fill()

    def _fill(self) -> None:
        if self._window is not None and self._is_speaking:
            self._window.fill(self._theme)
            if outlet_code := self._kept.get("outlet_code"):  # else it is about to be set up
                _show_start(self._window, outlet_code)

    def _go_on(self) -> None:
        from outlet_sync_gui import words

        words.use(self._language or self._kept.get("language", ""))
        self._is_speaking = True
        self._fill()
        if not self._is_minimized:
            self._seek()
        self._aside.run(partial(import_module, "outlet_sync_gui.app"), self._loaded)

    def _loaded(self, came: object) -> None:
        if isinstance(came, OutletSyncError):  # a bug, logged
            self._fail(came)
            return
        try:
            self._hand_over()
        except Exception:
            log.exception("a bug at the start")
            self._fail(OutletSyncError("bug"))
        collect_seldom()

    def _hand_over(self) -> None:
        """From here on all is the App's."""
        from outlet_sync_gui.app import App

        self._icon.opened.disconnect(self._open)
        self._app = App(self._directory, self._theme, icon=self._icon, window=self._window)
        self._app.began.connect(partial(log_to_file, self._directory))
        self._application.commitDataRequest.connect(self._app.session_ends)
        self._app.start(is_minimized=self._window is None)

    def _fail(self, error: OutletSyncError) -> None:
        self.failure = error
        leave()


def _show_start(window: "MainWindow", outlet_code: str) -> None:
    from outlet_sync_gui.status import starting
    from outlet_sync_gui.sync.clock import now

    window.show_status(starting(outlet_code), now().wall_ms)


def run_app(directory: Path, *, language: str, is_minimized: bool) -> None:
    """Tray, window and service until a person quits. Raises afterwards what kept it from working.

    `language` is the one that was asked for; empty: as the settings have it.
    """
    application = make_application()
    start = Start(application, directory, language=language, is_minimized=is_minimized)
    start.begin()
    with SignalsQuit():
        application.exec()
    if not start.stop():
        log.error("the service did not end in time")
        os._exit(1)  # what was queued is on disk; destroying a running QThread would abort
    if start.failure is not None:
        raise start.failure
