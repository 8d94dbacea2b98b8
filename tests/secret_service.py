"""A real Secret Service on a session bus of its own, and a fake owner of its name that never answers."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

NEEDED = ("dbus-daemon", "gnome-keyring-daemon", "gdbus")
ALONE = """<busconfig><type>session</type><listen>unix:dir={home}</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""
SILENT = """
import sys
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
bus = open_dbus_connection("SESSION")
driver = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
bus.send_and_get_reply(new_method_call(driver, "RequestName", "su", ("org.freedesktop.secrets", 4)))
sys.stdout.write("owned\\n")
sys.stdout.flush()
while True:
    bus.receive()
"""
UNLOCK = """
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
bus, place = open_dbus_connection("SESSION"), "/org/freedesktop/secrets"
def ask(interface, *call):
    return bus.send_and_get_reply(new_method_call(DBusAddress(place, "org.freedesktop.secrets", interface), *call)).body
_, session = ask("org.freedesktop.Secret.Service", "OpenSession", "sv", ("plain", ("s", "")))
password = (session, b"", b"password", "text/plain")
guilty = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
ask(guilty, "UnlockWithMasterPassword", "o(oayays)", (place + "/collection/login", password))
"""
LOCK = (
    *("gdbus", "call", "--session", "--dest", "org.freedesktop.secrets", "--object-path", "/org/freedesktop/secrets"),
    *("--method", "org.freedesktop.Secret.Service.Lock", "['/org/freedesktop/secrets/collection/login']"),
)


def missing() -> str | None:
    """The first program that is needed and not there."""
    return next((name for name in NEEDED if shutil.which(name) is None), None)


@contextmanager
def session_bus(home: Path, *, starts_others: bool = True) -> Iterator[dict[str, str]]:
    """The environment of a session bus; ended at the end. `starts_others`: it starts whoever is spoken to."""
    words = ["dbus-daemon", "--session", "--nofork", "--print-address=1", f"--address=unix:dir={home}"]
    if not starts_others:
        (home / "bus.conf").write_text(ALONE.format(home=home))
        words[1] = f"--config-file={home / 'bus.conf'}"
    bus = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert bus.stdout is not None
    address = bus.stdout.readline().strip()
    places = {name: str(home) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")}
    try:
        yield {**os.environ, **places, "DBUS_SESSION_BUS_ADDRESS": address}
    finally:
        _end(bus)


@contextmanager
def keyring_daemon(env: Mapping[str, str]) -> Iterator[None]:
    """An unlocked keyring on the bus of this environment."""
    words = ["gnome-keyring-daemon", "--unlock", "--components=secrets", "--foreground"]
    daemon = subprocess.Popen(words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert daemon.stdin is not None
    assert daemon.stdout is not None
    daemon.stdin.write(b"password")
    daemon.stdin.close()
    daemon.stdout.readline()  # it speaks once it is on the bus
    try:
        yield
    finally:
        _end(daemon)


@contextmanager
def silent_owner(env: Mapping[str, str]) -> Iterator[None]:
    """Somebody who owns the Secret Service's name and never answers."""
    owner = subprocess.Popen([sys.executable, "-c", SILENT], env=env, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"owned\n"
    try:
        yield
    finally:
        _end(owner)


def lock(env: Mapping[str, str]) -> None:
    """Lock the keyring, as a screen saver or a log-out does."""
    subprocess.run(LOCK, env=env, check=True, capture_output=True, timeout=10)


def unlock(env: Mapping[str, str]) -> None:
    """Unlock it again, as a person does at the prompt, who knows the password."""
    subprocess.run([sys.executable, "-c", UNLOCK], env={**env}, check=True, capture_output=True, timeout=10)


def _end(process: "subprocess.Popen[bytes] | subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(5)
    if process.stdout is not None:
        process.stdout.close()
