"""The panel that a tray icon needs: it may come after us at log-in, and go and come back at any time.

Qt's own D-Bus, which the icon speaks anyway: another library for it is a tenth of a start (see `bus` for all else).
"""

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from outlet_sync_gui.desktop import trays

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection, QDBusServiceWatcher

GRACE_S = 30.0
LOOKS_S = (1.0, 2.0, 4.0, 8.0, 16.0, 28.0)  # after the start, for a panel that announces itself to nobody


class Panel(QObject):
    """Says when there is a panel, and when none has come in time. It listens; the few looks of the old way end."""

    appeared = Signal()  # once: Qt keeps the icon through what comes and goes after that
    missed = Signal()  # there is none, and has been none for the whole grace

    def __init__(self, *, grace_s: float = GRACE_S) -> None:
        super().__init__()
        self._bus: QDBusConnection | None = None
        self._names: QDBusServiceWatcher | None = None
        self._is_sought = False
        self._has_watcher = False
        self._has_appeared = False
        self._grace = QTimer(self, singleShot=True, interval=round(grace_s * 1000))
        self._grace.timeout.connect(self._give_up)

    def seek(self) -> None:
        """Begin to look, once."""
        if self._is_sought:
            return
        self._is_sought = True
        self._grace.start()
        if sys.platform != "linux":
            self._found()  # part of the system there; Qt waits for Explorer by itself
            return
        self._listen()
        if QGuiApplication.platformName() == "xcb":
            for at_s in (0.0, *LOOKS_S):
                QTimer.singleShot(round(at_s * 1000), self, self._look)

    def is_there(self) -> bool:
        """Whether an icon can be seen now."""
        if sys.platform != "linux":
            return self._has_appeared
        is_embedded = QGuiApplication.platformName() == "xcb" and trays.has_manager()
        return self._has_appeared and (self._has_watcher or is_embedded)

    def close(self) -> None:
        """Look no more."""
        self._grace.stop()
        if self._bus is not None:
            self._bus.disconnectFromBus(self._bus.name())
            self._bus = None

    def _listen(self) -> None:
        from PySide6.QtDBus import QDBusConnection, QDBusServiceWatcher  # late: Linux alone has it

        # A connection of our own: the one that Qt shares out is the first one's for the life of the process.
        bus = QDBusConnection.connectToBus(os.environ.get("DBUS_SESSION_BUS_ADDRESS", ""), f"panel-{id(self)}")
        if not bus.isConnected():
            return
        self._bus = bus
        change = QDBusServiceWatcher.WatchModeFlag.WatchForOwnerChange
        self._names = QDBusServiceWatcher(trays.WATCHER, bus, change, self)
        self._names.serviceRegistered.connect(partial(self._watcher_changed, is_owned=True))
        self._names.serviceUnregistered.connect(partial(self._watcher_changed, is_owned=False))
        if bus.interface().isServiceRegistered(trays.WATCHER).value():
            self._watcher_changed(is_owned=True)

    def _watcher_changed(self, _name: str = trays.WATCHER, *, is_owned: bool) -> None:
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
