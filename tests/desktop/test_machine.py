"""Sleep, network and shutdown: logind on a system bus of the test's own, and what Windows would say."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from ctypes import wintypes
from typing import Any

import pytest
from PySide6.QtNetwork import QNetworkInformation
from pytestqt.qtbot import QtBot
from tests.desktop.desk import Owner

from outlet_sync_gui.desktop.machine import Machine, PowerFilter, tell_windows

Reachability = QNetworkInformation.Reachability
PATH, MANAGER = "/org/freedesktop/login1", "org.freedesktop.login1.Manager"


class Logind(Owner):
    """logind as far as it is asked; `is_held` tells whether a shutdown would wait."""

    def __init__(self, address: str) -> None:
        self._ends: list[int] = []
        self._given: list[int] = []
        super().__init__(address, "org.freedesktop.login1", self._inhibit)

    def is_held(self) -> bool:
        """Whether whoever got the last descriptor has it open still."""
        self._forget()
        try:
            return os.read(self._ends[-1], 1) != b""
        except BlockingIOError:
            return True

    def say(self, member: str, *, is_so: bool) -> None:
        """PrepareForSleep, PrepareForShutdown."""
        self.emit(PATH, MANAGER, member, "b", is_so)

    def _inhibit(self, member: str, _: Sequence[Any]) -> tuple[str, tuple[Any, ...]] | None:
        if member != "Inhibit":
            return None
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        self._ends.append(reading)
        self._given.append(writing)
        return "h", (writing,)

    def close(self) -> None:
        """Leave the bus."""
        super().close()
        self._forget()
        for end in self._ends:
            os.close(end)

    def _forget(self) -> None:
        """What was handed out is the other's now."""
        while self._given:
            os.close(self._given.pop())


@pytest.fixture
def logind(bus: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Logind]:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus["DBUS_SESSION_BUS_ADDRESS"])
    with closing(Logind(bus["DBUS_SESSION_BUS_ADDRESS"])) as owner:
        yield owner


@pytest.fixture
def machine(logind: Logind, qtbot: QtBot) -> Iterator[Machine]:
    made = Machine()
    made.watch()
    yield made
    made.close()


def test_waking_is_told_and_falling_asleep_is_not(machine: Machine, logind: Logind, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(machine.woke, wait=0), qtbot.waitSignal(machine.ending):
        logind.say("PrepareForSleep", is_so=True)
        logind.say("PrepareForShutdown", is_so=True)
    with qtbot.waitSignal(machine.woke):
        logind.say("PrepareForSleep", is_so=False)


def test_a_shutdown_waits_until_it_is_let_go_and_is_held_again_if_it_is_called_off(
    machine: Machine, logind: Logind, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: machine._brake is not None)
    what, who, _, how = logind.next("Inhibit")
    assert (what, who, how) == ("shutdown", "Outlet Sync", "delay")
    assert logind.is_held()
    with qtbot.waitSignal(machine.ending):
        logind.say("PrepareForShutdown", is_so=True)
    assert logind.is_held()
    machine.let_go()
    assert not logind.is_held()
    logind.say("PrepareForShutdown", is_so=False)
    qtbot.waitUntil(lambda: machine._brake is not None)
    logind.next("Inhibit")
    assert logind.is_held()


def test_a_network_that_comes_up_is_told_once_however_often_it_says_so(qtbot: QtBot) -> None:
    machine = Machine()
    told: list[None] = []
    machine.woke.connect(lambda: told.append(None))
    machine._reached(Reachability.Disconnected)
    machine._portal_changed(is_behind_one=True)
    assert not machine._soon.isActive()
    with qtbot.waitSignal(machine.woke):
        machine._reached(Reachability.Site)
        machine._reached(Reachability.Online)
        machine._portal_changed(is_behind_one=False)
    assert len(told) == 1


def test_without_buses_nothing_happens(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "disabled:")
    machine = Machine()
    machine.watch()
    machine.let_go()
    machine.close()


@pytest.mark.parametrize(
    ("message", "what", "is_waking"), [(0x218, 0x12, True), (0x218, 0x04, False), (0x10, 0x12, False)]
)
def test_windows_tells_of_waking_by_a_message(qtbot: QtBot, message: int, what: int, is_waking: bool) -> None:
    woken: list[None] = []
    told = wintypes.MSG(message=message, wParam=what)
    heard = PowerFilter(lambda: woken.append(None))
    assert heard.nativeEventFilter(b"windows_generic_MSG", ctypes.addressof(told)) == (False, 0)
    assert heard.nativeEventFilter(b"xcb_generic_event_t", 0) == (False, 0)
    assert bool(woken) is is_waking


def test_windows_shows_the_reason() -> None:
    shown: list[tuple[object, object]] = []

    class User32:
        def ShutdownBlockReasonCreate(self, window: wintypes.HWND, reason: wintypes.LPCWSTR) -> None:
            shown.append((window.value, reason.value))

    tell_windows(7, "12 records not sent", user32=User32())
    assert shown == [(7, "12 records not sent")]


LISTENING = """
import sys
from PySide6.QtCore import QCoreApplication
from PySide6.QtNetwork import QNetworkInformation
from outlet_sync_gui.desktop.machine import Machine
application = QCoreApplication([])
machine = Machine()
machine.woke.connect(lambda: print("woke", flush=True))
machine.watch()
print(QNetworkInformation.instance().backendName(), flush=True)
application.exec()
"""
NETWORK, NETWORK_PATH = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
DISCONNECTED, CONNECTED, NO_INTERNET, INTERNET = 20, 70, 1, 4


def network(state: int, connectivity: int) -> dict[str, tuple[str, object]]:
    """NetworkManager's properties, as far as they are read."""
    return {"State": ("u", state), "Connectivity": ("u", connectivity), "Metered": ("u", 2)}


def test_the_systems_network_manager_tells_that_a_network_came_up(bus: dict[str, str]) -> None:
    """By Qt's own reader of it, in a process of its own: what it loads stays for ever."""
    address = bus["DBUS_SESSION_BUS_ADDRESS"]

    def answer(member: str, _: Sequence[Any]) -> tuple[str, tuple[Any, ...]] | None:
        return ("a{sv}", (network(DISCONNECTED, NO_INTERNET),)) if member == "GetAll" else None

    with closing(Owner(address, NETWORK, answer)) as manager:
        env = {**bus, "DBUS_SYSTEM_BUS_ADDRESS": address}
        listening = subprocess.Popen([sys.executable, "-c", LISTENING], env=env, stdout=subprocess.PIPE, text=True)
        assert listening.stdout is not None
        with listening, closing(listening.stdout):
            assert listening.stdout.readline() == "networkmanager\n"
            changed: tuple[object, ...] = (NETWORK, network(CONNECTED, INTERNET), [])
            manager.emit(NETWORK_PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", *changed)
            assert listening.stdout.readline() == "woke\n"
            listening.terminate()
