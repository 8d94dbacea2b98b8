"""The panel that a tray icon needs: it may come after us at log-in, and go and come back at any time."""

import sys

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from outlet_sync_gui.desktop import trays
from outlet_sync_gui.desktop.bus import Bus

GRACE_S = 30.0
LOOKS_S = (1.0, 2.0, 4.0, 8.0, 16.0)  # after the start, for a panel that announces itself to nobody


class Panel(QObject):
    """Says when there is a panel, and when none has come in time. It listens; the few looks of the old way end."""

    appeared = Signal()  # once: Qt keeps the icon through what comes and goes after that
    missed = Signal()  # there is none, and has been none for the whole grace

    def __init__(self, bus: Bus | None, *, grace_s: float = GRACE_S) -> None:
        super().__init__()
        self._bus = bus
        self._has_watcher = False
        self._has_appeared = False
        self._grace = QTimer(self, singleShot=True, interval=round(grace_s * 1000))
        self._grace.timeout.connect(self._give_up)

    def seek(self) -> None:
        """Begin to look."""
        self._grace.start()
        if sys.platform != "linux":
            self._found()  # part of the system there; Qt waits for Explorer by itself
            return
        if self._bus is not None:
            self._bus.watch(trays.WATCHER, self._watcher_changed)
        if QGuiApplication.platformName() == "xcb":
            for at_s in (0.0, *LOOKS_S):
                QTimer.singleShot(round(at_s * 1000), self, self._look)

    def is_there(self) -> bool:
        """Whether an icon can be seen now."""
        if sys.platform != "linux":
            return self._has_appeared
        is_embedded = QGuiApplication.platformName() == "xcb" and trays.has_manager()
        return self._has_appeared and (self._has_watcher or is_embedded)

    def _watcher_changed(self, is_owned: bool) -> None:
        self._has_watcher = is_owned
        if is_owned:
            self._found()
        else:
            self._grace.start()

    def _look(self) -> None:
        if not self._has_appeared and trays.has_manager():
            self._found()

    def _found(self) -> None:
        self._grace.stop()
        if not self._has_appeared:
            self._has_appeared = True
            self.appeared.emit()

    def _give_up(self) -> None:
        if not self.is_there():
            self.missed.emit()
