"""The icon in the panel. It needs next to nothing of the program: it is there before the rest is loaded."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from outlet_sync_gui.desktop.panel import Panel
from outlet_sync_gui.state import State
from outlet_sync_gui.ui import icons

CLICKS = (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick)


class TrayIcon(QObject):
    """Comes into the panel as soon as there is one. Its menu is empty until somebody fills it."""

    appeared = Signal()
    opened = Signal()  # a click

    def __init__(self) -> None:
        super().__init__()
        self.panel = Panel()
        self.panel.appeared.connect(self.appear)
        self.menu = QMenu()
        self.shown: QSystemTrayIcon | None = None
        self._face, self._text = icons.tray_icon(State.SYNCING), "Outlet Sync"  # before anything is known

    def appear(self) -> None:
        """Come into the panel. Not before there is one: Qt looks once for how to, and keeps to that for ever."""
        self.shown = QSystemTrayIcon(self._face, self)
        self.shown.setToolTip(self._text)
        self.shown.setContextMenu(self.menu)
        self.shown.activated.connect(self._activated)
        self.shown.show()
        self.appeared.emit()

    def show(self, face: QIcon, text: str) -> None:
        """Show what is true now; `text` is the tooltip."""
        self._face, self._text = face, text
        if self.shown is not None:
            self.shown.setIcon(face)
            self.shown.setToolTip(text)

    def hide(self) -> None:
        """Leave the panel."""
        if self.shown is not None:
            self.shown.hide()
        self.panel.close()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in CLICKS:
            self.opened.emit()
