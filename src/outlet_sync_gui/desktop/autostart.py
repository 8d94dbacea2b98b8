"""Start with the session: an entry where this platform looks for what to start at log-in. Knows no Qt.

The entry names the program in its full path, so that it is this installation that starts; `status` tells where the
entry starts another one, or another data directory. The setting `start_with_session` is kept in step.
"""

import importlib
import os
import plistlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from xml.parsers.expat import ExpatError

from outlet_sync_gui import settings
from outlet_sync_gui.errors import StoreFailed

NAME = "Outlet Sync"
FILE_NAME, LABEL = "outlet-sync-gui.desktop", "outlet-sync-gui"
RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
# Where Windows notes what a person switched off in the task manager: the first byte is odd then.
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


class State(StrEnum):
    """Whether the session starts this program with this data directory."""

    ON = "on"
    OFF = "off"
    ELSEWHERE = "elsewhere"  # it starts something else of ours: another installation, or another data directory


@dataclass(frozen=True, slots=True)
class Found:
    """What the session starts: `command` is the entry's own text, None where there is none."""

    state: State
    command: str | None


class Entry(Protocol):
    """The platform's place for one program to start. Its methods raise OSError."""

    def text(self, command: Sequence[str]) -> str:
        """A command as it stands in the entry."""

    def read(self) -> str | None:
        """What stands there; None where nothing is started."""

    def write(self, command: Sequence[str]) -> None:
        """Start this at the next log-in."""

    def remove(self) -> None:
        """Start nothing; fine where there was nothing."""


def is_enabled(directory: Path) -> bool:
    """Whether the session starts this program with this data directory. Raises StoreFailed(autostart_unusable)."""
    return look(directory).state is State.ON


def look(directory: Path, *, entry: Entry | None = None) -> Found:
    """What the session starts. Raises StoreFailed(autostart_unusable)."""
    place = entry or _entry()
    with _translated():
        command = place.read()
    if command is None:
        return Found(State.OFF, None)
    return Found(State.ON if command == place.text(_command(directory)) else State.ELSEWHERE, command)


def enable(directory: Path, *, entry: Entry | None = None) -> None:
    """Start with the session from now on. Raises StoreFailed(autostart_unusable)."""
    with _translated():
        (entry or _entry()).write(_command(directory))
    settings.save(directory, {"start_with_session": True})


def disable(directory: Path, *, entry: Entry | None = None) -> None:
    """Start with the session no more. Raises StoreFailed(autostart_unusable)."""
    with _translated():
        (entry or _entry()).remove()
    settings.save(directory, {"start_with_session": False})


# -- the places


@dataclass(frozen=True, slots=True)
class DesktopFile:
    """XDG autostart, on Linux."""

    path: Path

    def text(self, command: Sequence[str]) -> str:
        """The value of `Exec`."""
        return " ".join(_quoted(word) for word in command)

    def read(self) -> str | None:
        """The value of `Exec`; desktops switch an entry off by a key inside it."""
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return None
        keys = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
        is_off = keys.get("Hidden") == "true" or keys.get("X-GNOME-Autostart-enabled") == "false"
        return None if is_off else keys.get("Exec")

    def write(self, command: Sequence[str]) -> None:
        """Write the file, whole."""
        keys = {
            "Type": "Application",
            "Name": NAME,
            "Comment": "Every sale reaches headquarters",
            "Comment[id]": "Semua penjualan sampai ke pusat",
            "Exec": self.text(command),
            "Icon": "outlet-sync-gui",
            "Terminal": "false",
            "X-GNOME-Autostart-enabled": "true",
        }
        lines = ["[Desktop Entry]", *(f"{key}={value}" for key, value in keys.items())]
        _put(self.path, "\n".join(lines).encode() + b"\n")

    def remove(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class LaunchAgent:
    """A property list that launchd reads at log-in, on macOS."""

    path: Path

    def text(self, command: Sequence[str]) -> str:
        """The words as a shell would want them, for people to read."""
        return subprocess.list2cmdline(command)

    def read(self) -> str | None:
        """The command of the list."""
        try:
            held = plistlib.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except (plistlib.InvalidFileException, ExpatError) as error:
            raise OSError(f"{self.path}: {error}") from error
        return None if held.get("Disabled") else self.text(held.get("ProgramArguments", []))

    def write(self, command: Sequence[str]) -> None:
        """Write the list; launchd starts it at each log-in of this user, and leaves it alone when it ends."""
        held = {"Label": LABEL, "ProgramArguments": list(command), "RunAtLoad": True, "ProcessType": "Interactive"}
        _put(self.path, plistlib.dumps(held))

    def remove(self) -> None:
        """Delete the list."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class RunKey:
    """A value under the user's Run key, on Windows; `registry` is the module `winreg`."""

    registry: Any

    def text(self, command: Sequence[str]) -> str:
        """The words as Windows splits them."""
        return subprocess.list2cmdline(command)

    def read(self) -> str | None:
        """The value, unless a person has switched it off in the task manager."""
        approval = self._value(APPROVED)
        is_off = isinstance(approval, bytes) and bool(approval) and approval[0] % 2 == 1
        command = self._value(RUN)
        return None if command is None or is_off else str(command)

    def write(self, command: Sequence[str]) -> None:
        """Set the value; who switches it on here means it, whatever the task manager says."""
        with self.registry.CreateKeyEx(self.registry.HKEY_CURRENT_USER, RUN, 0, self.registry.KEY_SET_VALUE) as key:
            self.registry.SetValueEx(key, NAME, 0, self.registry.REG_SZ, self.text(command))
        self._delete(APPROVED)

    def remove(self) -> None:
        """Delete the value."""
        self._delete(RUN)

    def _value(self, path: str) -> object:
        try:
            with self.registry.OpenKey(self.registry.HKEY_CURRENT_USER, path) as key:
                return self.registry.QueryValueEx(key, NAME)[0]
        except FileNotFoundError:
            return None

    def _delete(self, path: str) -> None:
        try:
            with self.registry.OpenKey(self.registry.HKEY_CURRENT_USER, path, 0, self.registry.KEY_SET_VALUE) as key:
                self.registry.DeleteValue(key, NAME)
        except FileNotFoundError:
            pass


# -- plumbing


def _entry() -> Entry:
    if sys.platform == "win32":
        return RunKey(importlib.import_module("winreg"))
    if sys.platform == "darwin":
        return LaunchAgent(Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist")
    place = os.environ.get("XDG_CONFIG_HOME", "")
    # The specification wants a relative path ignored.
    config = Path(place) if place.startswith("/") else Path.home() / ".config"
    return DesktopFile(config / "autostart" / FILE_NAME)


def _command(directory: Path) -> list[str]:
    """The program as the session shall start it."""
    where = [] if directory == settings.default_directory() else ["--data-dir", str(directory)]
    return [*_program(), "--minimized", *where]


def _program() -> list[str]:
    """What starts us: the bundle, the script beside the interpreter, or the interpreter with the module."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    script = Path(sys.executable).with_name("outlet-sync-guiw.exe" if sys.platform == "win32" else "outlet-sync-gui")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "outlet_sync_gui"]


def _quoted(word: str) -> str:
    """A word of `Exec`: quoted, then escaped as each string of a desktop file is, and no field code."""
    for sign in '\\"`$':
        word = word.replace(sign, f"\\{sign}")
    return f'"{word}"'.replace("\\", "\\\\").replace("%", "%%").replace("\n", "\\n").replace("\t", "\\t")


def _put(path: Path, content: bytes) -> None:
    """Write beside, then rename: a log-in never meets half an entry."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreFailed("autostart_unusable", {"why": error.strerror or str(error)}) from error
