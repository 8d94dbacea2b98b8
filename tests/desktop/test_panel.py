"""The tray's icon on a real display and session bus: it comes with the panel, whenever that comes."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from tests.desktop.desk import display, need, panel, soon
from tests.fakes import configure, environment, program, until_running

from outlet_sync_gui.desktop.panel import Panel

NOWHERE = "http://127.0.0.1:1"


@contextmanager
def started(directory: Path, desk: dict[str, str], *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The whole program on this desk; it ends in time, without a traceback."""
    env = {**environment(directory), **desk, "OUTLET_SYNC_DATA_DIR": str(directory)}
    running = subprocess.Popen([*program(), *words], env=env, stderr=subprocess.PIPE)
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=10)
        assert (running.returncode, b"Traceback" in said) == (0, False), said.decode()


def test_the_icon_comes_with_a_panel_that_comes_late_and_comes_back_with_it(
    tmp_path: Path, desk: dict[str, str]
) -> None:
    directory = configure(tmp_path / "data", NOWHERE)
    with started(directory, desk, "--minimized"):
        until_running(directory)  # it has looked for a panel long before
        for _ in range(3):
            with panel(desk) as shown:
                (item,) = shown.next("RegisterStatusNotifierItem")
                assert item


def test_a_panel_that_is_missing_for_the_whole_grace_is_missed_also_later(
    bus: dict[str, str], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus["DBUS_SESSION_BUS_ADDRESS"])
    sought = Panel(grace_s=0.05)
    with qtbot.waitSignal(sought.missed):
        sought.seek()
    told: list[None] = []
    sought.appeared.connect(lambda: told.append(None))
    for _ in range(2):
        with panel(bus):
            qtbot.waitUntil(sought.is_there)
        with qtbot.waitSignal(sought.missed):
            pass
        assert not sought.is_there()
    assert len(told) == 1
    sought.close()


def icons_in(desk: dict[str, str]) -> bool:
    """Whether a window of ours sits in the panel's."""
    words = ["xwininfo", "-root", "-tree"]  # fails where a window goes while it is listed
    shown = subprocess.run(words, env=desk, capture_output=True, text=True, check=False).stdout
    _, _, inside = shown.partition('"panel": ("panel" "trayer")')
    return '"outlet-sync-gui"' in inside.partition('"trayer":')[0]


def test_in_a_panel_of_the_older_way_it_comes_and_comes_back(tmp_path: Path) -> None:
    need("Xvfb", "trayer", "xwininfo")
    directory = configure(tmp_path / "data", NOWHERE)
    with display() as desk, started(directory, desk, "--minimized"):
        until_running(directory)
        for _ in range(2):
            shown = subprocess.Popen(["trayer"], env={**os.environ, **desk}, stderr=subprocess.DEVNULL)
            try:
                assert soon(lambda: icons_in({**os.environ, **desk}))
            finally:
                shown.terminate()
                shown.wait(5)
