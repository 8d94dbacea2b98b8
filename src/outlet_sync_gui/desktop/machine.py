"""The machine around us: it slept and woke, a network came up, it is about to go off. Nothing here asks twice.

Linux tells by logind on the system's bus, Windows by messages to the program's windows; macOS tells of no waking, but
its network comes up then.
"""

import ctypes
import sys
from ctypes import wintypes
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray, QCoreApplication, QObject, QTimer, Signal

from outlet_sync_gui import words
from outlet_sync_gui.desktop.bus import Bus, Remote

LOGIND = Remote("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
SETTLE_MS = 300  # a network that comes up says so several times
WM_POWERBROADCAST, PBT_APMRESUMEAUTOMATIC = 0x0218, 0x0012

if TYPE_CHECKING:
    from PySide6.QtNetwork import QNetworkInformation


class Machine(QObject):
    """Says what happens to the machine. Holds a shutdown back for a moment, until `let_go`."""

    woke = Signal()  # from sleep, or a network came up: what waits for the line may go
    ending = Signal()  # it is being shut down: a second to speak

    def __init__(self) -> None:
        super().__init__()
        self._bus: Bus | None = None
        self._brake: Any = None  # logind's file descriptor, while it is held
        self._filter: PowerFilter | None = None
        self._soon = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._soon.timeout.connect(self.woke)

    def watch(self) -> None:
        """Begin to listen."""
        if sys.platform == "win32":
            self._filter = PowerFilter(self._soon.start)
            application = QCoreApplication.instance()
            assert application is not None
            application.installNativeEventFilter(self._filter)
        self._bus = Bus.open("SYSTEM")
        if self._bus is not None:
            self._bus.listen(LOGIND, "PrepareForSleep", self._slept)
            self._bus.listen(LOGIND, "PrepareForShutdown", self._goes_off)
            self._brake_on(self._bus)
        from PySide6.QtNetwork import QNetworkInformation  # late: a tenth of a second, and nobody waits for it

        if QNetworkInformation.loadDefaultBackend():
            self._watch_network(QNetworkInformation.instance())

    def let_go(self) -> None:
        """The shutdown may go on."""
        brake, self._brake = self._brake, None
        if brake is not None:
            brake.close()

    def close(self) -> None:
        """Listen no more."""
        self.let_go()
        if self._bus is not None:
            self._bus.close()

    def _watch_network(self, network: "QNetworkInformation") -> None:
        network.reachabilityChanged.connect(self._reached)
        network.isBehindCaptivePortalChanged.connect(self._portal_changed)
        network.transportMediumChanged.connect(self._soon.start)

    def _reached(self, how: "QNetworkInformation.Reachability") -> None:
        if how in (how.Site, how.Online):
            self._soon.start()

    def _portal_changed(self, is_behind_one: bool) -> None:
        if not is_behind_one:
            self._soon.start()

    def _brake_on(self, bus: Bus) -> None:
        def held(values: tuple[Any] | None) -> None:
            self._brake = values[0] if values is not None else None

        why = words.say("Tells what is not sent yet")
        bus.call(LOGIND, "Inhibit", "ssss", "shutdown", "Outlet Sync", why, "delay", reply=held)

    def _slept(self, is_going_to: bool) -> None:
        if not is_going_to:
            self._soon.start()

    def _goes_off(self, is_going_to: bool) -> None:
        if is_going_to:
            self.ending.emit()
        elif self._bus is not None and self._brake is None:  # called off
            self._brake_on(self._bus)


class PowerFilter(QAbstractNativeEventFilter):
    """Hears Windows tell that the machine woke."""

    def __init__(self, woke: Any) -> None:
        super().__init__()
        self._woke = woke

    def nativeEventFilter(  # noqa: N802 - Qt's name
        self, kind: "QByteArray | bytes | bytearray | memoryview[int]", message: int
    ) -> tuple[bool, int]:
        """Look at a message, and leave it to the others."""
        if QByteArray(kind) == b"windows_generic_MSG":
            told = wintypes.MSG.from_address(int(message))
            if told.message == WM_POWERBROADCAST and told.wParam == PBT_APMRESUMEAUTOMATIC:
                self._woke()
        return False, 0


def tell_windows(window: int, reason: str, *, user32: Any = None) -> None:
    """On Windows: what the shutdown's screen says while we end, which takes under two seconds."""
    if user32 is None and sys.platform == "win32":
        user32 = ctypes.windll.user32
    if user32 is not None:
        user32.ShutdownBlockReasonCreate(wintypes.HWND(window), wintypes.LPCWSTR(reason))
