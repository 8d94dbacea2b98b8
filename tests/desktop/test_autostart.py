"""Start with the session: each platform's entry, and the command line over it."""

import plistlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import answer, command, environment

from outlet_sync_gui import settings
from outlet_sync_gui.desktop import autostart
from outlet_sync_gui.desktop.autostart import APPROVED, RUN, DesktopFile, Entry, LaunchAgent, RunKey, State
from outlet_sync_gui.errors import StoreFailed

ODD = 'a "b" $HOME `c` \\d 100% ü'


class Registry:
    """As much of `winreg` as is used, of one user."""

    HKEY_CURRENT_USER, KEY_SET_VALUE, REG_SZ = "HKCU", 2, 1

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, object]] = {}

    @contextmanager
    def OpenKey(self, _: object, path: str, *_how: int) -> Iterator[dict[str, object]]:
        if path not in self.keys:
            raise FileNotFoundError(path)
        yield self.keys[path]

    @contextmanager
    def CreateKeyEx(self, _: object, path: str, *_how: int) -> Iterator[dict[str, object]]:
        yield self.keys.setdefault(path, {})

    def QueryValueEx(self, key: dict[str, object], name: str) -> tuple[object, int]:
        if name not in key:
            raise FileNotFoundError(name)
        return key[name], self.REG_SZ

    def SetValueEx(self, key: dict[str, object], name: str, _: int, _kind: int, value: object) -> None:
        key[name] = value

    def DeleteValue(self, key: dict[str, object], name: str) -> None:
        if name not in key:
            raise FileNotFoundError(name)
        del key[name]


@pytest.fixture
def registry() -> Any:
    if sys.platform == "win32":  # the real one, which the fake is proven by
        pytest.skip("a test must not change what a person's session starts")
    return Registry()


@pytest.fixture(params=["linux", "macos", "windows"])
def entry(request: pytest.FixtureRequest, tmp_path: Path) -> Entry:
    match request.param:
        case "linux":
            return DesktopFile(tmp_path / "config" / "autostart" / "outlet-sync-gui.desktop")
        case "macos":
            return LaunchAgent(tmp_path / "Library" / "LaunchAgents" / "outlet-sync-gui.plist")
        case _:
            return RunKey(request.getfixturevalue("registry"))


def test_it_is_off_on_and_off_again_and_the_setting_keeps_step(entry: Entry, tmp_path: Path) -> None:
    directory = tmp_path / ODD
    assert autostart.look(directory, entry=entry).state is State.OFF
    for _ in range(2):  # a second time changes nothing
        autostart.enable(directory, entry=entry)
        assert autostart.look(directory, entry=entry).state is State.ON
        assert settings.load(directory).settings.start_with_session is True
    for _ in range(2):
        autostart.disable(directory, entry=entry)
        assert autostart.look(directory, entry=entry).state is State.OFF
        assert settings.load(directory).settings.start_with_session is False


def test_another_data_directory_or_installation_is_elsewhere_and_named(entry: Entry, tmp_path: Path) -> None:
    autostart.enable(tmp_path / "one", entry=entry)
    found = autostart.look(tmp_path / "other", entry=entry)
    assert found.state is State.ELSEWHERE
    assert found.command is not None
    assert str(tmp_path / "one") in found.command
    entry.write(["old-program", "--minimized"])
    assert autostart.look(tmp_path / "one", entry=entry).state is State.ELSEWHERE
    autostart.enable(tmp_path / "other", entry=entry)
    assert autostart.look(tmp_path / "other", entry=entry).state is State.ON


def test_the_platforms_own_place_for_the_data_needs_no_word() -> None:
    assert "--data-dir" not in autostart._command(settings.default_directory())
    assert autostart._command(Path("elsewhere"))[-2:] == ["--data-dir", "elsewhere"]


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_what_a_person_switched_off_in_the_desktops_own_settings_is_off(tmp_path: Path, line: str) -> None:
    entry = DesktopFile(tmp_path / "a.desktop")
    autostart.enable(tmp_path, entry=entry)
    entry.path.write_text(f"{entry.path.read_text()}{line}\n")
    assert autostart.look(tmp_path, entry=entry).state is State.OFF


def test_what_a_person_switched_off_in_the_task_manager_is_off_until_it_is_switched_on(
    tmp_path: Path, registry: Registry
) -> None:
    entry = RunKey(registry)
    autostart.enable(tmp_path, entry=entry)
    registry.keys[APPROVED] = {"Outlet Sync": bytes([3, *[0] * 11])}
    assert autostart.look(tmp_path, entry=entry).state is State.OFF
    autostart.enable(tmp_path, entry=entry)
    assert autostart.look(tmp_path, entry=entry).state is State.ON
    assert set(registry.keys[RUN]) == {"Outlet Sync"}


def test_an_entry_that_can_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    entry = DesktopFile(tmp_path / "file" / "a.desktop")
    with pytest.raises(StoreFailed, match="autostart_unusable"):
        autostart.enable(tmp_path, entry=entry)
    broken = LaunchAgent(tmp_path / "file")
    with pytest.raises(StoreFailed, match="autostart_unusable"):
        autostart.look(tmp_path, entry=broken)


def test_the_property_list_is_one(tmp_path: Path) -> None:
    entry = LaunchAgent(tmp_path / "a.plist")
    entry.write(["program", ODD])
    held = plistlib.loads(entry.path.read_bytes())
    assert (held["ProgramArguments"], held["RunAtLoad"]) == (["program", ODD], True)


@pytest.mark.skipif(shutil.which("gio") is None, reason="gio (glib) is not installed")
def test_a_desktop_starts_exactly_these_words(tmp_path: Path) -> None:
    """By GLib's own reader of such files."""
    told, program = tmp_path / "told", tmp_path / "pro gram"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{told}.new"; mv "{told}.new" "{told}"\n')
    program.chmod(0o700)
    entry = DesktopFile(tmp_path / "outlet-sync-gui.desktop")
    entry.write([str(program), "--minimized", "--data-dir", ODD])
    subprocess.run(["gio", "launch", str(entry.path)], check=True, timeout=20, capture_output=True)
    subprocess.run(["sh", "-c", 'while [ ! -e "$1" ]; do sleep 0.05; done', "wait", str(told)], check=True, timeout=20)
    assert told.read_text().splitlines() == ["--minimized", "--data-dir", ODD]


def test_the_command_line_switches_it_on_and_off_and_tells(tmp_path: Path) -> None:
    def said(*words: str, where: Path = tmp_path) -> Any:
        done = command(where, "autostart", *words, "--json")
        assert done.returncode == 0
        return answer(done)

    assert said("status") == {"state": "off", "command": None}
    assert said("enable")["state"] == "on"
    assert said("status", where=tmp_path / "other")["state"] == "elsewhere"
    assert command(tmp_path, "config", "set", "start_with_session", "off").returncode == 0
    assert said("status")["state"] == "off"
    assert command(tmp_path, "config", "set", "start_with_session", "on").returncode == 0
    done = command(tmp_path, "autostart", "status", language="id")
    assert done.stdout == "Mulai otomatis bersama PC.\n"
    assert said("disable")["state"] == "off"
    (tmp_path / "config").write_text("")
    broken = command(
        tmp_path, "autostart", "enable", env=environment(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "config"))
    )
    assert (broken.returncode, "E-AUTOSTART" in broken.stderr or "can't be" in broken.stderr) == (1, True)
