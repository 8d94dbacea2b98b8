"""Whether this desktop has a place for a tray icon, asked in an instant. Knows no Qt, for `doctor` asks, too.

Qt itself must not be asked before there is one: it looks for the watcher once, and takes the answer for ever.
"""

import os
import sys
from contextlib import suppress

from outlet_sync_gui.desktop import dbus

WATCHER = "org.kde.StatusNotifierWatcher"
ANSWER_S = 2.0


def has_watcher() -> bool:
    """Whether a panel takes icons over the session bus, as most do today."""
    bus = dbus.connect("SESSION")
    if bus is None:
        return False
    from jeepney import message_bus

    with bus, suppress(OSError):  # it went away, or is silent
        return bool(bus.send_and_get_reply(message_bus.NameHasOwner(WATCHER), timeout=ANSWER_S).body[0])
    return False


def has_manager() -> bool:
    """Whether an X11 panel takes windows as icons, the older way."""
    if sys.platform != "linux" or not os.environ.get("DISPLAY"):
        return False
    import ctypes  # late, as most panels of today are of the other way

    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return False
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
    x11.XInternAtom.restype = ctypes.c_ulong
    x11.XGetSelectionOwner.argtypes = (ctypes.c_void_p, ctypes.c_ulong)
    x11.XGetSelectionOwner.restype = ctypes.c_ulong
    x11.XDefaultScreen.argtypes = x11.XCloseDisplay.argtypes = (ctypes.c_void_p,)
    display = x11.XOpenDisplay(None)
    if not display:
        return False
    try:
        name = f"_NET_SYSTEM_TRAY_S{x11.XDefaultScreen(display)}".encode()
        return bool(x11.XGetSelectionOwner(display, x11.XInternAtom(display, name, 0)))
    finally:
        x11.XCloseDisplay(display)
