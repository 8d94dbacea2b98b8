"""Settings and secrets, read and written beside the window: an errand goes in, what came of it comes out."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from outlet_sync_gui import credentials, settings
from outlet_sync_gui.credentials import VARIABLES
from outlet_sync_gui.desktop import autostart
from outlet_sync_gui.errors import CredentialsMissing, OutletSyncError, SettingsInvalid, StoreFailed
from outlet_sync_gui.settings import Loaded
from outlet_sync_gui.store import load_settings, open_store
from outlet_sync_gui.store.database import FILE_NAME
from outlet_sync_gui.store.outlet import Heard
from outlet_sync_gui.ui.aside import Aside

TOKEN = "intake-token"  # noqa: S105 - its name
TOKEN_BYTES = 32
DEADLINE_S = credentials.DEADLINE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The settings as they are now, when the doors were last used, and whether the session starts the program."""

    loaded: Loaded
    heard: Heard = field(default_factory=Heard)
    is_started: bool | None = None  # None: not to be found out
    can_be_read: bool = False  # headquarters, back


class Errand(Protocol):
    """What somebody wants of settings or keys. Raises an OutletSyncError."""

    def do(self, directory: Path) -> object:
        """Do it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is kept now."""

    def do(self, directory: Path) -> Kept:
        """Read it."""
        loaded = load_settings(directory)
        heard, can_be_read = _known(directory, loaded)
        return Kept(loaded=loaded, heard=heard, is_started=_is_started(directory), can_be_read=can_be_read)


@dataclass(frozen=True, slots=True)
class Save:
    """Keep these settings, and take those out of the file that are to be forgotten."""

    changes: Mapping[str, object]
    forget: frozenset[str] = frozenset()

    def do(self, directory: Path) -> Kept:
        """Keep them; what is kept then."""
        if path := self.changes.get("ca_file"):
            _readable("ca_file", str(path))
        if "start_with_session" in self.changes:
            (autostart.enable if self.changes["start_with_session"] else autostart.disable)(directory)
        settings.prepare_directory(directory)
        settings.save(directory, self.changes, forget=self.forget)
        return Look().do(directory)


@dataclass(frozen=True, slots=True)
class CheckSecret:
    """Whether a secret is there."""

    name: str
    outlet_id: str

    def do(self, _directory: Path) -> bool:
        """Ask for it; its value goes nowhere."""
        try:
            return bool(credentials.read(self.name, outlet_id=self.outlet_id, deadline_s=DEADLINE_S))
        except CredentialsMissing as error:
            if error.code == "secret_missing":
                return False
            raise


@dataclass(frozen=True, slots=True, repr=False)
class PutSecret:
    """Keep a secret."""

    name: str
    value: str
    outlet_id: str

    def do(self, _directory: Path) -> bool:
        """Keep it."""
        credentials.write(self.name, self.value, outlet_id=self.outlet_id, deadline_s=DEADLINE_S)
        return True


@dataclass(frozen=True, slots=True)
class DropSecret:
    """Forget a secret."""

    name: str
    outlet_id: str

    def do(self, _directory: Path) -> bool:
        """Forget it."""
        credentials.delete(self.name, outlet_id=self.outlet_id, deadline_s=DEADLINE_S)
        return False


@dataclass(frozen=True, slots=True)
class ShowToken:
    """The token of the till's connection, the only secret that may be shown."""

    outlet_id: str

    def do(self, _directory: Path) -> str:
        """Read it."""
        return credentials.read(TOKEN, outlet_id=self.outlet_id, deadline_s=DEADLINE_S)


@dataclass(frozen=True, slots=True)
class RenewToken:
    """Another token: the former one counts no more."""

    outlet_id: str

    def do(self, _directory: Path) -> str:
        """Make it and keep it."""
        made = secrets.token_urlsafe(TOKEN_BYTES)
        credentials.write(TOKEN, made, outlet_id=self.outlet_id, deadline_s=DEADLINE_S)
        return made


class Keeper(QObject):
    """Runs errands: those of files in their order, those of the password store, which may hang, in theirs."""

    came = Signal(object, object)  # the Errand, and what came of it: an OutletSyncError where it could not be done

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self._files, self._keys = Aside(self), Aside(self)

    def do(self, errand: Errand) -> None:
        """Do it soon; `came` tells."""
        side = self._files if isinstance(errand, Look | Save) else self._keys
        side.run(lambda: errand.do(self._directory), lambda result: self.came.emit(errand, result))

    def finish(self) -> None:
        """Let what is being written be written."""
        self._files.finish()


def is_in_environment(secret: str) -> bool:
    """Whether IT has set it for the program, so that the password store is not asked."""
    return bool(os.environ.get(VARIABLES[secret], "").strip())


def _known(directory: Path, loaded: Loaded) -> tuple[Heard, bool]:
    """When the doors were last used, and whether headquarters can be read back."""
    if not loaded.settings.outlet_id or not (directory / FILE_NAME).exists():  # to open it is to make it
        return Heard(), False
    try:
        store = open_store(directory, loaded.settings.outlet_id)
        try:
            return store.outlet.last_heard(), bool(store.findings.can_be_read)
        finally:
            store.close()
    except StoreFailed:  # the service meets the same fault, and shows it
        return Heard(), False


def _is_started(directory: Path) -> bool | None:
    try:
        return autostart.is_enabled(directory)
    except OutletSyncError:
        return None


def _readable(key: str, path: str) -> None:
    try:
        Path(path).expanduser().open("rb").close()
    except OSError as error:
        raise SettingsInvalid("setting_invalid", {"key": key, "value": path, "why": "a file"}) from error
