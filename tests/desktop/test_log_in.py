"""It starts with the session, before what it needs is there: it waits, says for what, and goes on by itself."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.builders import order
from tests.desktop.desk import SOON_S, Owner, display, need, panel, soon
from tests.desktop.test_panel import started
from tests.fakes import KEY, command, configure, environment, program, until_running
from tests.faults.test_small_disk import ROOMY, small_disk
from tests.secret_service import NEEDED, keyring_daemon, lock, session_bus, unlock

from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud, wall_ms

Desk = dict[str, str]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A session on which nothing starts by being spoken to; the key is in its keyring alone, once that is there."""
    need("Xvfb", *NEEDED)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with session_bus(home, starts_others=False) as bus, display() as more:
        yield {**bus, **more, "OUTLET_SYNC_API_KEY": ""}


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY)) as running:
        yield running


@pytest.fixture
def directory(tmp_path: Path, cloud: SimulatedCloud) -> Path:
    return configure(tmp_path / "data", cloud.url)


def keep_key(directory: Path, desk: Desk) -> None:
    env = {**environment(directory), **desk}
    assert command(directory, "secret", "set", "api-key", given=KEY, env=env).returncode == 0


class Tray:
    """What the icon says in a panel, as a mouse over it would show."""

    def __init__(self, desk: Desk, shown: Owner) -> None:
        self._desk = desk
        (self._item,) = shown.next("RegisterStatusNotifierItem", within_s=SOON_S)

    def says(self, *parts: str) -> bool:
        """Whether its sentence comes to have all of these, well before anything is looked at again by the clock."""
        return soon(lambda: all(part in self._sentence() for part in parts))

    def _sentence(self) -> str:
        words = (
            *("gdbus", "call", "--session", "--dest", self._item, "--object-path", "/StatusNotifierItem"),
            *("--method", "org.freedesktop.DBus.Properties.Get", "org.kde.StatusNotifierItem", "ToolTip"),
        )
        return subprocess.run(words, env=self._desk, capture_output=True, text=True, check=False).stdout


@contextmanager
def logged_in(directory: Path, desk: Desk) -> Iterator[Tray]:
    """The program as the session starts it, and then a panel."""
    with started(directory, desk, "--minimized"):
        until_running(directory)
        with panel(desk) as shown:
            yield Tray(desk, shown)


def test_a_locked_keyring_is_waited_for_and_its_unlocking_is_heard(directory: Path, desk: Desk) -> None:
    with keyring_daemon(desk):
        keep_key(directory, desk)
        lock(desk)
        with logged_in(directory, desk) as tray:
            assert tray.says("The password store is locked", "E-KEYRING-LOCKED")
            unlock(desk)
            assert tray.says("Everything sent")


def test_a_keyring_that_comes_after_it_is_heard_to_come(directory: Path, desk: Desk) -> None:
    with keyring_daemon(desk):
        keep_key(directory, desk)
    with logged_in(directory, desk) as tray:
        assert tray.says("This PC has no password store")
        with keyring_daemon(desk):
            assert tray.says("Everything sent")


def test_without_a_network_it_waits_and_sends_when_it_is_there(
    directory: Path, desk: Desk, cloud: SimulatedCloud
) -> None:
    command(directory, "enqueue", "order", given=json.dumps(order("A1")))
    cloud.set_fault("*", Fault(drop_before=True))
    with logged_in(directory, {**desk, "OUTLET_SYNC_API_KEY": KEY}) as tray:
        assert tray.says("1 waiting", "since")
        cloud.clear_faults()
        assert tray.says("Everything sent")


def test_a_disk_that_is_read_only_is_said_and_waited_for(tmp_path: Path, desk: Desk) -> None:
    with small_disk(tmp_path / "disk", ROOMY) as disk:
        directory = configure(disk / "data", "http://127.0.0.1:1")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        env = {**environment(directory), **desk}
        with subprocess.Popen([*program(), "--minimized"], env=env, stderr=subprocess.PIPE) as running:
            try:
                with panel(desk) as shown:
                    tray = Tray(desk, shown)
                    assert tray.says("Something broke · E-DATA-DIR-UNWRITABLE")
                    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
                    until_running(directory)
                assert running.poll() is None
            finally:
                running.terminate()
            _, said = running.communicate(timeout=10)
        assert (running.returncode, b"Traceback" in said) == (0, False)
        assert (directory / "logs" / "outlet-sync.log").exists()


def test_beside_the_program_of_another_session_it_ends_without_a_word(directory: Path, desk: Desk) -> None:
    env = {**environment(directory), **desk, "OUTLET_SYNC_API_KEY": KEY}
    with display() as other, started(directory, {**env, **other}, "--minimized"):
        until_running(directory)
        second = subprocess.run([*program(), "--minimized"], env=env, capture_output=True, timeout=20, check=False)
        assert (second.returncode, second.stdout, second.stderr) == (0, b"", b"")
