"""Secrets in the OS keyring. Raises where there is none to be had, never falls back to plain text.

A call into a keyring may wait for a person, or for ever: each runs in a daemon thread with a deadline, so that neither
the window nor the end of the program hangs on it. Secrets stand in no log, no exception and no argument list.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from outlet_sync_gui.errors import CredentialsMissing, InputRefused

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "outlet-sync-gui"
NAMES = ("api-key", "webhook-secret", "intake-token", "pos-password")
VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "api-key": "OUTLET_SYNC_API_KEY",
        "webhook-secret": "OUTLET_SYNC_WEBHOOK_SECRET",
        "intake-token": "OUTLET_SYNC_INTAKE_TOKEN",
    }
)
# The stores of the systems themselves. Files of third parties, even encrypted ones, are none of them.
TRUSTED = (
    "keyring.backends.SecretService",
    "keyring.backends.kwallet",
    "keyring.backends.Windows",
    "keyring.backends.macOS",
)
DEADLINE_S = 10.0
LONGEST = 4096

T = TypeVar("T")


def read(name: str, *, outlet_id: str, deadline_s: float = DEADLINE_S) -> str:
    """The secret of an outlet; the environment wins. Raises CredentialsMissing, at the latest after the deadline."""
    return _from_environment(name) or _found(name, _within(deadline_s, _reading(name, outlet_id)))


async def read_async(name: str, *, outlet_id: str, deadline_s: float = DEADLINE_S) -> str:
    """Like `read`, for an event loop: cancelling it leaves a hanging keyring behind."""
    if (value := _from_environment(name)) is not None:
        return value
    future = asyncio.wrap_future(_in_thread(_reading(name, outlet_id)))
    try:
        async with asyncio.timeout(deadline_s):
            return _found(name, await future)
    except TimeoutError:
        raise CredentialsMissing("keyring_silent", {"seconds": round(deadline_s)}) from None


def write(name: str, value: str, *, outlet_id: str, deadline_s: float = DEADLINE_S) -> None:
    """Keep a secret. Raises InputRefused(secret_empty), CredentialsMissing."""
    secret = value.strip()
    if not secret or len(secret) > LONGEST or not (secret.isascii() and secret.isprintable()):
        raise InputRefused("secret_empty")
    _within(deadline_s, lambda: _backend().set_password(SERVICE, _user(name, outlet_id), secret))


def delete(name: str, *, outlet_id: str, deadline_s: float = DEADLINE_S) -> None:
    """Forget a secret; one that isn't there is forgotten already. Raises CredentialsMissing."""

    def work() -> None:
        backend = _backend()
        if backend.get_password(SERVICE, _user(name, outlet_id)) is not None:
            backend.delete_password(SERVICE, _user(name, outlet_id))

    _within(deadline_s, work)


def _from_environment(name: str) -> str | None:
    return os.environ.get(VARIABLES.get(name, ""), "").strip() or None


def _reading(name: str, outlet_id: str) -> Callable[[], str | None]:
    return lambda: _backend().get_password(SERVICE, _user(name, outlet_id))


def _found(name: str, value: str | None) -> str:
    if not value:
        raise CredentialsMissing("secret_missing", {"name": name})
    return value


def _user(name: str, outlet_id: str) -> str:
    return f"{outlet_id}/{name}"


def _backend() -> "KeyringBackend":
    """The system's own store, whatever else is installed beside it. Raises CredentialsMissing(keyring_missing)."""
    import keyring  # late: it looks for its backends

    chosen = keyring.get_keyring()
    members = getattr(chosen, "backends", [chosen])  # a chain asks each in turn
    trusted = [member for member in members if type(member).__module__.startswith(TRUSTED)]
    if not trusted:
        raise CredentialsMissing("keyring_missing")
    found: KeyringBackend = trusted[0]
    return found


def _within(deadline_s: float, work: Callable[[], T]) -> T:
    try:
        return _in_thread(work).result(deadline_s)
    except TimeoutError:
        raise CredentialsMissing("keyring_silent", {"seconds": round(deadline_s)}) from None


def _in_thread(work: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()  # who stops waiting for it leaves it behind

    def run() -> None:
        try:
            future.set_result(_translated(work))
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the future
            future.set_exception(error)

    threading.Thread(target=run, name="keyring", daemon=True).start()
    return future


def _translated(work: Callable[[], T]) -> T:
    from keyring.errors import InitError, KeyringError, KeyringLocked, NoKeyringError

    try:
        return work()
    except NoKeyringError as error:
        raise CredentialsMissing("keyring_missing") from error
    except (KeyringLocked, InitError) as error:
        raise CredentialsMissing("keyring_locked") from error
    except KeyringError as error:
        raise CredentialsMissing("keyring_failed", {"why": type(error).__name__}) from error
