"""What the desktop program costs a till: how soon tray and window are there, and what it takes when nothing happens."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.benchmarks.measure import ROUNDS, memory_mb, runs_for, spent, tell, tell_times
from tests.desktop.desk import Owner, display, panel
from tests.fakes import KEY, command, configure, environment, program, until_running
from tests.secret_service import keyring_daemon, session_bus

from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]
IDLE_S, SETTLES_S = 120, 10
BARE_TRAY = """
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QSystemTrayIcon
app = QApplication([])
pixmap = QPixmap(22, 22)
pixmap.fill("green")
icon = QSystemTrayIcon(QIcon(pixmap))
icon.show()
app.exec()
"""
Desk = dict[str, str]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A display and a session bus."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with session_bus(home) as bus, display() as more:
        yield {**bus, **more}


def test_how_soon_the_tray_is_there(tmp_path: Path, desk: Desk) -> None:
    directory = configure(tmp_path / "data", "http://127.0.0.1:1")
    with panel(desk) as shown:
        ours, bare = rounds(
            lambda: until_icon(shown, directory, desk, [*program(), "--minimized"]),
            lambda: until_icon(shown, directory, desk, [sys.executable, "-c", BARE_TRAY]),
        )
    tell_times("start to the tray's icon", ours, bare, goal="<= 1.3", bare="bare PySide6 tray")


def test_how_soon_the_window_is_there(tmp_path: Path, desk: Desk) -> None:
    directory = configure(tmp_path / "data", "http://127.0.0.1:1")
    with panel(desk) as shown:
        ours, bare = rounds(
            lambda: until_window(directory, desk, [*program()]),
            lambda: until_icon(shown, directory, desk, [sys.executable, "-c", BARE_TRAY]),
        )
    tell_times("start to the window", ours, bare, goal="<= 1.5", bare="bare PySide6 tray's icon")


def test_what_it_takes_when_nothing_happens(tmp_path: Path, desk: Desk) -> None:
    """Tray, window hidden, both doors open, everything sent, the secrets in the password store."""
    desk = {**desk, "OUTLET_SYNC_API_KEY": ""}
    cloud = SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY))
    with cloud as running, panel(desk) as shown, keyring_daemon(desk):
        directory = configure(tmp_path / "data", running.url)
        for name, secret in (("api-key", KEY), ("webhook-secret", "a-secret-of-headquarters")):
            command(directory, "secret", "set", name, given=secret, env={**environment(directory), **desk})
        with running_program(directory, desk, [*program(), "--minimized"]) as process:
            shown.next("RegisterStatusNotifierItem")
            until_running(directory)
            assert runs_for(process, SETTLES_S)
            cpu, wakes = spent(process.pid)
            assert runs_for(process, IDLE_S)
            cpu_after, wakes_after = spent(process.pid)
            pss = memory_mb(process.pid)
    tell(f"whole program, {IDLE_S} s idle: wake-ups", f"{(wakes_after - wakes) / IDLE_S:.3f}/s", "-", "-", "<= 1/s")
    tell(f"whole program, {IDLE_S} s idle: CPU", f"{cpu_after - cpu:.3f} s", "-", "-", "<= 0.05 s")
    tell("whole program, idle: PSS", f"{pss:.0f} MB", "Syncthing Tray 143 MB, bare 43 MB", "-", "<= 100 MB")


def rounds(ours: Callable[[], float], bare: Callable[[], float]) -> tuple[list[float], list[float]]:
    """Both sides in turn; the first of each, with cold caches, does not count."""
    times = [(ours(), bare()) for _ in range(ROUNDS + 1)][1:]
    return [mine for mine, _ in times], [other for _, other in times]


def until_icon(shown: Owner, directory: Path, desk: Desk, words: Sequence[str]) -> float:
    """Seconds from the start of a program until the panel has its icon."""
    shown.forget()  # the icon of a program that was started for its window
    started = time.perf_counter()
    with running_program(directory, desk, words):
        shown.next("RegisterStatusNotifierItem")
        return time.perf_counter() - started


def until_window(directory: Path, desk: Desk, words: Sequence[str]) -> float:
    """Seconds from the start of a program until its window is on the display."""
    watch = ["xev", "-root", "-event", "substructure"]
    with subprocess.Popen(watch, env={**environment(directory), **desk}, stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout is not None
        started = time.perf_counter()
        with running_program(directory, desk, words):
            assert any(line.startswith("MapNotify") for line in watcher.stdout)
            took = time.perf_counter() - started
        watcher.terminate()
        return took


@contextmanager
def running_program(directory: Path, desk: Desk, words: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A program on this desk, ended at the end."""
    process = subprocess.Popen(words, env={**environment(directory), **desk}, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
