"""The command line's commands: each a function from parsed arguments to an exit code. None of them loads Qt."""

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import simplejson

from outlet_sync_gui import settings as settings_module
from outlet_sync_gui.errors import (
    AlreadyRunning,
    CloudUnreachable,
    CredentialsMissing,
    CredentialsRejected,
    InputRefused,
    OutletSyncError,
    SettingsInvalid,
)
from outlet_sync_gui.settings import Loaded, Settings
from outlet_sync_gui.store import load_settings

CONTROL = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), 127, *range(128, 160)) if chr(code) not in "\t\n"}
DONE, BUG, USAGE, NEEDS_PERSON, UNREACHABLE, NO_KEY, HELD = range(7)


@dataclass(frozen=True, slots=True)
class Context:
    """What every command starts from."""

    directory: Path
    arguments: Namespace

    @property
    def wants_json(self) -> bool:
        """Whether the answer is for a program."""
        return bool(getattr(self.arguments, "json", False))

    def loaded(self) -> Loaded:
        """The settings and where they came from. Raises SettingsInvalid."""
        return load_settings(self.directory)

    def settings(self, *needed: str) -> Settings:
        """The settings. Raises SettingsInvalid(setting_missing), naming what is needed and not there."""
        settings = self.loaded().settings
        missing = [key for key in needed if not getattr(settings, key)]
        if missing:
            raise SettingsInvalid("setting_missing", {"key": ", ".join(missing)})
        settings_module.prepare_directory(self.directory)
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


def answer(value: object) -> None:
    """Print one JSON document."""
    print(simplejson.dumps(value, ensure_ascii=False, indent=2, use_decimal=True))


def say(line: str) -> None:
    """Print a line for people; what would steer the terminal is shown as a sign, for some of it comes from outside."""
    print(line.translate(CONTROL))
