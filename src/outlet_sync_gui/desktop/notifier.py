"""Shows notifications where this desktop has them, and hears when one is clicked.

On Linux that is the session bus: Qt's own way announces no action, so that no click ever comes back. Elsewhere, and
where no such service answers, it is the tray icon's balloon.
"""

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QSystemTrayIcon

from outlet_sync_gui import words
from outlet_sync_gui.desktop.bus import Bus, Remote

SERVICE = Remote("org.freedesktop.Notifications", "/org/freedesktop/Notifications", "org.freedesktop.Notifications")
NORMAL, CRITICAL = 1, 2
AS_THE_DESKTOP_LIKES = -1


class Notifier(QObject):
    """One notification for each key: another one with that key takes its place."""

    clicked = Signal(str)  # the key
    shown = Signal(str)  # the key: a service has taken it

    def __init__(self, bus: Bus | None) -> None:
        super().__init__()
        self._bus = bus
        self._tray: QSystemTrayIcon | None = None
        self._ids: dict[str, int] = {}  # of the service, by key
        self._in_balloon = ""  # the key of the last one that the tray showed
        self._has_markup: bool | None = None
        if bus is not None:
            bus.listen(SERVICE, "ActionInvoked", self._invoked)
            bus.listen(SERVICE, "NotificationClosed", self._closed)

    def use(self, tray: QSystemTrayIcon) -> None:
        """There is a tray icon, for where nothing else shows notifications."""
        self._tray = tray
        tray.messageClicked.connect(lambda: self.clicked.emit(self._in_balloon))

    def show(self, key: str, title: str, text: str, image: QImage, *, is_urgent: bool = False) -> None:
        """Show this; plain text, whatever stands in it."""
        if self._bus is None or not self._bus.is_open:
            self._show_balloon(key, title, text)
        elif self._has_markup is None:  # how to write it is not known yet
            self._ask_how(lambda: self._send(key, title, text, image, is_urgent=is_urgent))
        else:
            self._send(key, title, text, image, is_urgent=is_urgent)

    def withdraw(self, key: str) -> None:
        """Take it back: it is settled."""
        number = self._ids.pop(key, None)
        if number is not None and self._bus is not None:
            self._bus.call(SERVICE, "CloseNotification", "u", number)

    def _ask_how(self, then: Callable[[], None]) -> None:
        def told(values: tuple[list[str]] | None) -> None:
            self._has_markup = "body-markup" in values[0] if values is not None else None
            then()

        assert self._bus is not None
        self._bus.call(SERVICE, "GetCapabilities", reply=told)

    def _send(self, key: str, title: str, text: str, image: QImage, *, is_urgent: bool) -> None:
        hints = {
            "desktop-entry": ("s", "outlet-sync-gui"),
            "urgency": ("y", CRITICAL if is_urgent else NORMAL),
            "image-data": ("(iiibiiay)", _pixels(image)),
        }
        body = escape(text, quote=False) if self._has_markup else text
        actions = ["default", words.say("Open")]
        values = ("Outlet Sync", self._ids.get(key, 0), "", title, body, actions, hints, AS_THE_DESKTOP_LIKES)
        assert self._bus is not None
        self._bus.call(SERVICE, "Notify", "susssasa{sv}i", *values, reply=lambda got: self._sent(key, title, text, got))

    def _sent(self, key: str, title: str, text: str, got: tuple[int] | None) -> None:
        if got is None:  # no such service here
            self._show_balloon(key, title, text)
        else:
            self._ids[key] = got[0]
            self.shown.emit(key)

    def _show_balloon(self, key: str, title: str, text: str) -> None:
        if self._tray is not None:
            self._in_balloon = key
            self._tray.showMessage(title, text, self._tray.icon())

    def _invoked(self, number: int, _action: str) -> None:
        for key in [key for key, known in self._ids.items() if known == number]:
            self.clicked.emit(key)

    def _closed(self, number: int, _why: int) -> None:
        self._ids = {key: known for key, known in self._ids.items() if known != number}


def _pixels(image: QImage) -> tuple[int, int, int, bool, int, int, bytes]:
    """A picture as the service wants it: width, height, bytes a line, has alpha, bits a sample, samples, pixels."""
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    width, height, line = plain.width(), plain.height(), plain.bytesPerLine()
    return width, height, line, True, 8, 4, bytes(plain.constBits())
