"""Brings the rule of what is told to the desktop: it hears each status, waits where the rule waits, and shows."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from outlet_sync_gui import settings
from outlet_sync_gui.desktop import notices
from outlet_sync_gui.desktop.notices import Item, Kind
from outlet_sync_gui.desktop.notifier import Notifier
from outlet_sync_gui.errors import SettingsInvalid
from outlet_sync_gui.status import Status
from outlet_sync_gui.sync.clock import now

SHUTDOWN = "shutdown"
LONGEST_MS = 24 * 3_600_000  # a timer's number has an end


class Herald(QObject):
    """Tells a person what they must act on, each once."""

    asked = Signal(object)  # a notices.Item: a person wants to see to it
    farewell_told = Signal()  # the desktop has what it shows at the shutdown

    def __init__(self, directory: Path, notifier: Notifier, draw: Callable[[Status], QImage]) -> None:
        super().__init__()
        self._directory = directory
        self._notifier = notifier
        self._told = notices.load(directory)
        self._items: dict[str, Item] = {}  # what each notification is about
        self._status: Status | None = None
        self._draw = draw
        self._is_watched = False
        self._later = QTimer(self, singleShot=True)
        self._later.timeout.connect(self._look)
        notifier.clicked.connect(self._clicked)
        notifier.shown.connect(self._shown)

    def hear(self, status: Status, *, is_watched: bool) -> None:
        """Show what this brings, unless somebody looks at the window anyway."""
        self._status, self._is_watched = status, is_watched
        standing = notices.standing(status)
        for kind in Kind:
            if kind not in standing:
                self._notifier.withdraw(kind)
        self._look()

    def say_farewell(self) -> bool:
        """At the shutdown: how much is unsent and safe. Whether there is something to say."""
        status = self._status
        said = notices.shutdown(status) if status is not None else None
        if status is None or said is None or not self._is_wanted():
            return False
        self._notifier.show(SHUTDOWN, *said, self._draw(status), is_urgent=True)
        return True

    def _look(self) -> None:
        status = self._status
        if status is None:
            return
        now_ms = now().wall_ms
        before = self._told
        self._told, kinds = notices.tell(before, status, now_ms)
        if self._told != before:
            notices.save(self._directory, self._told)
        if kinds and not self._is_watched and self._is_wanted():
            for kind in kinds:
                self._items[kind] = notices.item(kind, before, status)
                self._notifier.show(kind, *notices.sentences(kind, status, now_ms), self._draw(status))
        self._wait(status, now_ms)

    def _wait(self, status: Status, now_ms: int) -> None:
        at = notices.look_again_at(self._told, status)
        if at is None:
            self._later.stop()
        else:
            self._later.start(min(max(1, at - now_ms), LONGEST_MS))

    def _is_wanted(self) -> bool:
        try:
            return settings.load(self._directory).settings.notifications
        except SettingsInvalid:
            return True

    def _clicked(self, key: str) -> None:
        if key in self._items:
            self.asked.emit(self._items[key])

    def _shown(self, key: str) -> None:
        if key == SHUTDOWN:
            self.farewell_told.emit()
