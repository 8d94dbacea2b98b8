"""A connection to a D-Bus bus, or none: on a till there may be no such thing. Knows no Qt."""

import logging
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection

log = logging.getLogger(__name__)

Which = Literal["SESSION", "SYSTEM"]


def connect(which: Which) -> "DBusConnection | None":
    """Connect within a second; None where there is no such bus."""
    try:
        from jeepney.io.blocking import open_dbus_connection

        # What keeps a shutdown waiting is a file descriptor that the system's bus hands out.
        return open_dbus_connection(which, enable_fds=which == "SYSTEM")
    except (ImportError, KeyError, ValueError, StopIteration, OSError, RuntimeError) as error:
        # No jeepney on this platform, no address or one that leads nowhere, nobody there.
        log.info("no %s bus: %r", which.lower(), error)
        return None
