"""The command line's commands: each a function from parsed arguments to an exit code. None of them loads Qt."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from outlet_sync_gui.directory import prepare_directory
from outlet_sync_gui.errors import (
    AlreadyRunning,
    CloudUnreachable,
    CredentialsMissing,
    CredentialsRejected,
    InputRefused,
    OutletSyncError,
    SettingsInvalid,
)

if TYPE_CHECKING:
    from outlet_sync_gui.settings import Loaded, Settings

CONTROL = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), 127, *range(128, 160)) if chr(code) not in "\t\n"}
DONE, BUG, USAGE, NEEDS_PERSON, UNREACHABLE, NO_KEY, HELD = range(7)


class Context(NamedTuple):
    """What every command starts from."""

    directory: Path
    arguments: Namespace

    @property
    def wants_json(self) -> bool:
        """Whether the answer is for a program."""
        return bool(getattr(self.arguments, "json", False))

    @property
    def language(self) -> str:
        """The language that was asked for; empty: as the settings have it."""
        return str(getattr(self.arguments, "language", ""))

    def loaded(self) -> "Loaded":
        """The settings and where they came from. Raises SettingsInvalid."""
        from outlet_sync_gui.store import load_settings  # late: the tray's icon shows before any of it is loaded

        return load_settings(self.directory)

    def settings(self, *needed: str) -> "Settings":
        """The settings. Raises SettingsInvalid(setting_missing), naming what is needed and not there."""
        settings = self.loaded().settings
        missing = [key for key in needed if not getattr(settings, key)]
        if missing:
            raise SettingsInvalid("setting_missing", {"key": ", ".join(missing)})
        prepare_directory(self.directory)
        return settings


def exit_code(error: OutletSyncError) -> int:
    """The exit code of interface.md for a known failure."""
    codes: tuple[tuple[type[OutletSyncError], int], ...] = (
        (InputRefused, USAGE),
        (SettingsInvalid, USAGE),
        (CredentialsMissing, NO_KEY),
        (CredentialsRejected, NO_KEY),
        (CloudUnreachable, UNREACHABLE),
        (AlreadyRunning, HELD),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), BUG)


class ReaderGone(Exception):
    """Whoever read what is printed has left, as `head` does once it has its lines."""


@contextmanager
def to_reader() -> Iterator[None]:
    """Print something. Raises ReaderGone."""
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGone from error


def answer(value: object) -> None:
    """Print one JSON document."""
    import simplejson  # late, as the settings

    with to_reader():
        print(simplejson.dumps(value, ensure_ascii=False, indent=2, use_decimal=True))


def say(line: str) -> None:
    """Print a line for people; what would steer the terminal is shown as a sign, for some of it comes from outside."""
    with to_reader():
        print(line.translate(CONTROL))
