"""A screen reader for tests: what assistive technology finds of the program, over AT-SPI's own bus."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from jeepney import DBusAddress, DBusErrorResponse, HeaderFields, MatchRule, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection
from jeepney.wrappers import unwrap_msg
from tests.desktop.desk import connect

ROOT = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
CHECKED, ENABLED, FOCUSABLE, SELECTED, SHOWING = 1 << 4, 1 << 8, 1 << 11, 1 << 23, 1 << 25  # first word of states
ACCESSIBLE, PROPERTIES = "org.a11y.atspi.Accessible", "org.freedesktop.DBus.Properties"
LABELLED_BY = 2
ALWAYS_ON = {"QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
Place = tuple[str, str]  # a bus name and a path


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that is read out."""

    place: Place
    role: str
    name: str
    description: str
    is_focusable: bool
    is_enabled: bool
    is_checked: bool
    is_selected: bool


class ScreenReader:
    """Looks at all that programs tell of themselves, presses buttons, hears what is announced."""

    def __init__(self, bus: DBusConnection) -> None:
        self._bus = bus

    def find(self, name: str, role: str = "") -> Thing | None:
        """What is shown and called so."""
        return next((thing for thing in self.shown() if thing.name == name and role in ("", thing.role)), None)

    def shown(self) -> Iterator[Thing]:
        """All that is shown, from the windows to the last label.

        Qt calls the cells of a hidden table shown: nothing is in what is hidden.
        """
        waiting = [window for program in self._children(ROOT) for window in self._children(program)]
        while waiting:
            place = waiting.pop(0)
            try:
                (states, *_) = self._ask(place, ACCESSIBLE, "GetState")
                if states & SHOWING:
                    yield self._thing(place, states)
                    waiting[:0] = self._children(place)
            except DBusErrorResponse:
                continue  # gone meanwhile

    def inside(self, thing: Thing) -> list[Thing]:
        """What stands right in it."""
        return [
            self._thing(place, self._ask(place, ACCESSIBLE, "GetState")[0]) for place in self._children(thing.place)
        ]

    def labels(self, thing: Thing) -> list[str]:
        """What it is labelled by: of a box to choose from Qt tells the value for a name, and its label so."""
        relations = self._ask(thing.place, ACCESSIBLE, "GetRelationSet")
        places = [place for kind, found in relations if kind == LABELLED_BY for place in found]
        return [self._property(place, ACCESSIBLE, "Name") for place in places]

    def headings(self, table: Thing) -> list[str]:
        """The names of a table's columns."""
        n = self._property(table.place, "org.a11y.atspi.Table", "NColumns")
        return [self._ask(table.place, "org.a11y.atspi.Table", "GetColumnDescription", "i", k) for k in range(n)]

    def press(self, thing: Thing) -> None:
        """As a person does who sees nothing."""
        assert self._ask(thing.place, "org.a11y.atspi.Action", "DoAction", "i", 0)

    def listen(self) -> None:
        """From now on announcements are kept."""
        self._ask(
            ROOT,
            "org.a11y.atspi.Registry",
            "RegisterEvent",
            "s",
            "object:announcement",
            path="/org/a11y/atspi/registry",
        )
        rule = MatchRule(type="signal", interface="org.a11y.atspi.Event.Object", member="Announcement")
        self._bus.send_and_get_reply(message_bus.AddMatch(rule))

    def heard(self) -> str:
        """The next announcement."""
        while True:
            message = self._bus.receive(timeout=20)
            if message.header.fields.get(HeaderFields.member) == "Announcement":
                return str(message.body[3][1])

    def _thing(self, place: Place, states: int) -> Thing:
        return Thing(
            place=place,
            role=self._ask(place, ACCESSIBLE, "GetRoleName"),
            name=self._property(place, ACCESSIBLE, "Name"),
            description=self._property(place, ACCESSIBLE, "Description"),
            is_focusable=bool(states & FOCUSABLE),
            is_enabled=bool(states & ENABLED),
            is_checked=bool(states & CHECKED),
            is_selected=bool(states & SELECTED),
        )

    def _children(self, place: Place) -> list[Place]:
        return list(self._ask(place, ACCESSIBLE, "GetChildren"))

    def _property(self, place: Place, interface: str, name: str) -> Any:
        _, value = self._ask(place, PROPERTIES, "Get", "ss", interface, name)
        return value

    def _ask(
        self, place: Place, interface: str, member: str, signature: str = "", *values: object, path: str = ""
    ) -> Any:
        address = DBusAddress(path or place[1], bus_name=place[0], interface=interface)
        call = new_method_call(address, member, signature, values)
        answer = unwrap_msg(self._bus.send_and_get_reply(call, timeout=20))
        return answer[0] if answer else None


@contextmanager
def screen_reader(desk: Mapping[str, str]) -> Iterator[ScreenReader]:
    """A screen reader on this desk; programs that start after it know of it."""
    with closing(connect(desk["DBUS_SESSION_BUS_ADDRESS"])) as session:
        asked = new_method_call(DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Bus"), "GetAddress")
        (address,) = unwrap_msg(session.send_and_get_reply(asked, timeout=20))
    with closing(connect(address)) as bus:
        yield ScreenReader(bus)
