"""A D-Bus connection that Qt's loop reads: calls, and signals to listen for.

Not QtDBus: under PySide6 it has no way to send an unsigned number, which notifications want, nor a list of strings.
jeepney comes with the keyring on Linux; elsewhere there is no bus.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from PySide6.QtCore import QObject, QSocketNotifier

from outlet_sync_gui.desktop import dbus

if TYPE_CHECKING:
    from jeepney import MatchRule, Message
    from jeepney.io.blocking import DBusConnection

log = logging.getLogger(__name__)

Reply = Callable[[tuple[Any, ...] | None], None]  # the answer's values, None for an error
Hear = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Remote:
    """Whom to speak to."""

    name: str
    path: str
    interface: str


class Bus(QObject):
    """One connection. `close` it; after the bus has gone calls lead nowhere."""

    def __init__(self, connection: "DBusConnection") -> None:
        super().__init__()
        self._connection = connection
        self._awaited: dict[int, Reply] = {}
        self._heard: list[tuple[MatchRule, Hear]] = []
        self.is_open = True
        self._notifier = QSocketNotifier(connection.sock.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)
        self._read()  # what came while the connection was made

    @classmethod
    def open(cls, which: dbus.Which) -> Self | None:
        """Connect; None where there is no such bus."""
        connection = dbus.connect(which)
        return cls(connection) if connection is not None else None

    def call(self, to: Remote, method: str, signature: str = "", *values: object, reply: Reply | None = None) -> None:
        """Call a method; `reply` gets what it answers."""
        from jeepney import DBusAddress, new_method_call

        address = DBusAddress(to.path, bus_name=to.name, interface=to.interface)
        self._send(new_method_call(address, method, signature, values), reply)

    def listen(self, to: Remote, member: str, hear: Hear) -> None:
        """Hear the values of each such signal."""
        from jeepney import MatchRule

        self._match(MatchRule(type="signal", path=to.path, interface=to.interface, member=member), hear)

    def watch(self, name: str, changed: Callable[[bool], None]) -> None:
        """Tell whether somebody owns a name: now, and whenever that changes."""
        from jeepney import MatchRule, message_bus

        rule = MatchRule(
            type="signal", sender="org.freedesktop.DBus", interface="org.freedesktop.DBus", member="NameOwnerChanged"
        )
        rule.add_arg_condition(0, name)
        self._match(rule, lambda _name, _before, owner: changed(bool(owner)))
        self._send(message_bus.NameHasOwner(name), lambda found: changed(bool(found and found[0])))

    def close(self) -> None:
        """Leave the bus."""
        if self.is_open:
            self.is_open = False
            self._notifier.setEnabled(False)
            self._connection.close()

    def _match(self, rule: "MatchRule", hear: Hear) -> None:
        from jeepney import message_bus

        self._heard.append((rule, hear))
        self._send(message_bus.AddMatch(rule), None)

    def _send(self, message: "Message", reply: Reply | None) -> None:
        if not self.is_open:
            return
        serial = next(self._connection.outgoing_serial)
        if reply is not None:
            self._awaited[serial] = reply
        try:
            self._connection.send(message, serial=serial)
        except OSError as error:
            self._gone(error)

    def _read(self) -> None:
        try:
            while self.is_open:
                self._deliver(self._connection.receive(timeout=0))
        except TimeoutError:
            pass  # no more for now
        except (OSError, RuntimeError) as error:
            self._gone(error)

    def _deliver(self, message: "Message") -> None:
        from jeepney import HeaderFields, MessageType

        kind, fields = message.header.message_type, message.header.fields
        if kind is MessageType.signal:
            for rule, hear in self._heard:
                if rule.matches(message):
                    hear(*message.body)
        elif reply := self._awaited.pop(fields.get(HeaderFields.reply_serial, -1), None):
            if kind is MessageType.error:
                log.info("refused: %s", message.body)
            reply(message.body if kind is MessageType.method_return else None)

    def _gone(self, error: Exception) -> None:
        log.info("the bus has gone: %r", error)
        self.close()
