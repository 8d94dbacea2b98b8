"""A desktop for tests: a display, a session bus, and fake owners of the names that a desktop has on it."""

import os
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest
from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, prep_socket
from jeepney.wrappers import unwrap_msg

NOBODY_S = 10.0
SOON_S = 25.0  # a panel that announces itself to nobody is looked for ever more rarely
Answer = Callable[[str, tuple[Any, ...]], tuple[str, tuple[Any, ...]] | None]


def need(*programs: str) -> None:
    """Skip, with the reason, where one is missing; never in CI."""
    for name in programs:
        if shutil.which(name) is None:
            assert os.environ.get("CI") != "true", f"{name} is missing, and CI must not pass this over"
            pytest.skip(f"{name} is not installed")


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether it becomes so in time; each look is a process, so nothing spins."""
    ends_at = time.monotonic() + SOON_S
    while not (came := is_so()) and time.monotonic() < ends_at:
        pass
    return came


@contextmanager
def display() -> Iterator[dict[str, str]]:
    """What the environment of a program on an X display of its own has more."""
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x600x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(words, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield {"DISPLAY": f":{told.readline().strip()}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.terminate()
        server.wait(10)


def connect(address: str) -> DBusConnection:
    """A connection to the bus there."""
    path = address.partition("path=")[2].partition(",")[0]
    return DBusConnection(prep_socket(path, enable_fds=True), enable_fds=True)


class Owner:
    """Owns a name on a bus until `close`: answers calls, keeps them in `heard`, and can emit signals."""

    def __init__(self, address: str, name: str, answer: Answer) -> None:
        self.name = name
        self.heard: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue()
        self._answer = answer
        self._bus = connect(address)
        self._bus.send_and_get_reply(message_bus.RequestName(name, 4))
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def emit(self, path: str, interface: str, member: str, signature: str, *values: object) -> None:
        """Emit a signal from this name."""
        self._bus.send(new_signal(DBusAddress(path, interface=interface), member, signature, values))

    def next(self, member: str, *, within_s: float = NOBODY_S) -> tuple[Any, ...]:
        """The values of the next call of this method; others before it are passed over."""
        while True:
            called, values = self.heard.get(timeout=within_s)
            if called == member:
                return values

    def forget(self) -> None:
        """Pass over all that was called so far."""
        while not self.heard.empty():
            self.heard.get()

    def close(self) -> None:
        """Leave the bus; the name is nobody's then."""
        self._bus.sock.shutdown(2)
        self._thread.join(5)
        self._bus.close()

    def _serve(self) -> None:
        try:
            while True:
                self._deliver(self._bus.receive())
        except (OSError, ValueError):
            pass  # closed

    def _deliver(self, message: Message) -> None:
        if message.header.message_type is not MessageType.method_call:
            return
        member = message.header.fields[HeaderFields.member]
        given = self._answer(member, message.body)
        if given is None:
            self._bus.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))
        else:
            self._bus.send(new_method_return(message, *given))
        self.heard.put((member, message.body))


def watcher(member: str, _: Sequence[Any]) -> tuple[str, tuple[Any, ...]] | None:
    """A panel that takes icons."""
    match member:
        case "RegisterStatusNotifierItem" | "RegisterStatusNotifierHost":
            return "", ()
        case "Get":
            return "v", (("b", True),)
        case _:
            return None


@contextmanager
def panel(bus: Mapping[str, str]) -> Iterator[Owner]:
    """A panel on this session bus."""
    owner = Owner(bus["DBUS_SESSION_BUS_ADDRESS"], "org.kde.StatusNotifierWatcher", watcher)
    try:
        yield owner
    finally:
        owner.close()


def choose_in_tray(bus: Mapping[str, str], item: str, name: str) -> None:
    """A person chooses this in the menu of the icon that told the panel its name."""
    menu = DBusAddress("/MenuBar", bus_name=item, interface="com.canonical.dbusmenu")
    with closing(connect(bus["DBUS_SESSION_BUS_ADDRESS"])) as person:
        asked = new_method_call(menu, "GetLayout", "iias", (0, -1, ["label"]))
        _, root = unwrap_msg(person.send_and_get_reply(asked, timeout=NOBODY_S))
        number = next(number for number, told, _ in _entries(root) if told.get("label") == ("s", name))
        clicked = new_method_call(menu, "Event", "isvu", (number, "clicked", ("s", ""), 0))
        person.send_and_get_reply(clicked, timeout=NOBODY_S)


def _entries(entry: Any) -> Iterator[Any]:
    """An entry of a menu, and all that stand in it."""
    yield entry
    for _, inner in entry[2]:
        yield from _entries(inner)


class Notifications(Owner):
    """A notification service on this session bus: numbers what it shows, and can be clicked."""

    def __init__(self, bus: Mapping[str, str], *, has_markup: bool = True) -> None:
        self._has_markup = has_markup
        self._number = 0
        super().__init__(bus["DBUS_SESSION_BUS_ADDRESS"], "org.freedesktop.Notifications", self._show)

    def next_shown(self) -> tuple[int, str, str]:
        """The next one: the number that it replaces, title and text."""
        _, replaces, _, title, text, actions, _, _ = self.next("Notify")
        assert actions[0] == "default"
        return replaces, title, text

    def click(self, number: int) -> None:
        """A person clicks on a notification."""
        place = "/org/freedesktop/Notifications"
        self.emit(place, "org.freedesktop.Notifications", "ActionInvoked", "us", number, "default")

    def _show(self, member: str, values: Sequence[Any]) -> tuple[str, tuple[Any, ...]] | None:
        match member:
            case "GetCapabilities":
                return "as", (["body", "actions", *(["body-markup"] if self._has_markup else [])],)
            case "Notify":
                self._number = values[1] or self._number + 1
                return "u", (self._number,)
            case "CloseNotification":
                return "", ()
            case _:
                return None
