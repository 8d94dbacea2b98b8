"""Hears when the password store comes, or is unlocked: nobody has to ask it again and again, which may prompt."""

from PySide6.QtCore import QObject, Signal

from outlet_sync_gui.desktop.bus import Bus, Remote

NAME = "org.freedesktop.secrets"
SERVICE = Remote(NAME, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service")
PROPERTIES, COLLECTION = "org.freedesktop.DBus.Properties", "org.freedesktop.Secret.Collection"
UNLOCKED = (("b", False),)


class KeyringWatch(QObject):
    """Listens on the session's bus, where there is one; elsewhere a store is open with the session."""

    opened = Signal()

    def __init__(self, bus: Bus | None) -> None:
        super().__init__()
        self._bus = bus
        self._is_there: bool | None = None  # None: not known yet
        if bus is not None:
            bus.watch(NAME, self._owner_changed)
            bus.listen(SERVICE, "CollectionChanged", self._collection_changed)

    def _owner_changed(self, is_there: bool) -> None:
        has_come = is_there and self._is_there is False
        self._is_there = is_there
        if has_come:
            self.opened.emit()

    def _collection_changed(self, path: str) -> None:
        """It tells of a lock as well: ask which it is."""
        assert self._bus is not None
        collection = Remote(NAME, path, PROPERTIES)
        self._bus.call(collection, "Get", "ss", COLLECTION, "Locked", reply=self._told)

    def _told(self, values: tuple[object, ...] | None) -> None:
        if values == UNLOCKED:
            self.opened.emit()
