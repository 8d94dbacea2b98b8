"""The bridge between the service and Qt: commands in, one signal out. It decides nothing."""

import logging
import sys
from pathlib import Path

from PySide6.QtCore import QThread, Signal

from outlet_sync_gui.doors import FROM_KEYRING, Secrets
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.service import REVIVE_S, ReadKey, Service, key_from_keyring
from outlet_sync_gui.sync.commands import Command

log = logging.getLogger(__name__)

TURN_S = 0.001  # after which this thread lets the window's have the interpreter; by default it takes 5 ms


class SyncWorker(QThread):
    """Runs the service under a window. Always `stop`: a running QThread that is collected aborts the process."""

    status_changed = Signal(object)  # status.Status
    declined = Signal(object, object)  # a Command that was not carried out, and the InputRefused that says why
    read_back = Signal(object)  # events.ReadBack: what was asked of headquarters is kept, or why it can't be read
    show_asked = Signal()  # a second start wants the window
    ended_badly = Signal(object)  # OutletSyncError, or None for a bug (logged)

    def __init__(
        self,
        directory: Path,
        *,
        read_key: ReadKey = key_from_keyring,
        door_secrets: Secrets = FROM_KEYRING,
        revive_s: float = REVIVE_S,
    ) -> None:
        super().__init__()
        self._service = Service(
            directory,
            on_status=self.status_changed.emit,
            on_show=self.show_asked.emit,
            on_declined=self.declined.emit,
            on_read_back=self.read_back.emit,
            read_key=read_key,
            door_secrets=door_secrets,
            revive_s=revive_s,
        )

    def run(self) -> None:
        """The thread: the service until it is stopped."""
        sys.setswitchinterval(TURN_S)
        try:
            self._service.run()
        except OutletSyncError as error:
            log.error("the service ended: %s", error)
            self.ended_badly.emit(error)
        except Exception:
            log.exception("the service ended with a bug")
            self.ended_badly.emit(None)

    def send(self, command: Command) -> None:
        """Hand over a command, from any thread."""
        self._service.post(command)

    def poke(self) -> None:
        """Something was queued: look again."""
        self._service.poke()

    def reload(self) -> None:
        """The settings were changed: take them up."""
        self._service.reload()

    def reread(self) -> None:
        """Secrets of webhooks or the intake were changed: read them again."""
        self._service.reread()

    def stop(self, *, wait_ms: int = 2000) -> bool:
        """Stop and wait; whether it ended in time."""
        self._service.stop()
        return self.wait(wait_ms)
