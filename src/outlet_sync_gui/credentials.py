"""Secrets in the OS keyring. Raises where there is none to be had, never falls back to plain text.

A call into a keyring may wait for a person, or for ever: each runs in a daemon thread with a deadline, so that neither
the window nor the end of the program hangs on it. Secrets stand in no log, no exception and no argument list.
"""

import asyncio
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from outlet_sync_gui.errors import CredentialsMissing, InputRefused, OutletSyncError

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
LATE = ("keyring.backends.SecretService.Keyring", "keyring.backends.kwallet.DBusKeyring")  # they come with the session
DEADLINE_S = 10.0
LONGEST = 4096
FORMER = "webhook-secret-former"  # an entry of its own: when it was replaced, then the secret
FORMER_MS = 24 * 3600 * 1000  # so long it counts beside the one that replaced it

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """One that signs webhooks; `until_ms` (UTC) where another one has replaced it."""

    value: str
    until_ms: int | None = None

    def __repr__(self) -> str:
        return f"WebhookSecret(until_ms={self.until_ms})"


def read(name: str, *, outlet_id: str, deadline_s: float = DEADLINE_S) -> str:
    """The secret of an outlet; the environment wins. Raises CredentialsMissing, at the latest after the deadline."""
    return _found(name, _from_environment(name) or _within(deadline_s, _reading(name, outlet_id)))


async def read_async(name: str, *, outlet_id: str, deadline_s: float = DEADLINE_S) -> str:
    """Like `read`, for an event loop: cancelling it leaves a hanging keyring behind."""
    if (value := _from_environment(name)) is not None:
        return _found(name, value)
    return _found(name, await _awaited(_user(name, outlet_id), _reading(name, outlet_id), deadline_s))


async def webhook_secrets(*, outlet_id: str, deadline_s: float = DEADLINE_S) -> tuple[WebhookSecret, ...]:
    """The present one, then one that it replaced less than a day ago; none where none was ever set.

    Raises CredentialsMissing where the keyring does not say.
    """
    if (value := _from_environment("webhook-secret")) is not None:
        return (WebhookSecret(value),)

    def work() -> tuple[WebhookSecret, ...]:
        backend = _backend()
        present = backend.get_password(SERVICE, _user("webhook-secret", outlet_id))
        former = _former(backend.get_password(SERVICE, _user(FORMER, outlet_id)), now_ms=_now_ms())
        found = (WebhookSecret(present) if present else None, former if present else None)
        return tuple(each for each in found if each is not None)

    return await _awaited(_user("webhook-secrets", outlet_id), work, deadline_s)


async def intake_token(*, outlet_id: str, deadline_s: float = DEADLINE_S) -> str:
    """The POS's token; one is made where there is none. Raises CredentialsMissing."""
    if (value := _from_environment("intake-token")) is not None:
        return value

    def work() -> str:
        backend, user = _backend(), _user("intake-token", outlet_id)
        if found := backend.get_password(SERVICE, user):
            return found
        made = secrets.token_urlsafe(32)
        backend.set_password(SERVICE, user, made)
        return made

    return await _awaited(_user("intake-token", outlet_id), work, deadline_s)


def write(name: str, value: str, *, outlet_id: str, deadline_s: float = DEADLINE_S) -> None:
    """Keep a secret; one of webhooks that it replaces counts for a day.

    Raises InputRefused(secret_empty), CredentialsMissing.
    """
    secret = value.strip()
    if not secret or len(secret) > LONGEST or not (secret.isascii() and secret.isprintable()):
        raise InputRefused("secret_empty")

    def work() -> None:
        backend = _backend()
        if name == "webhook-secret":
            _keep_former(backend, outlet_id, secret)
        backend.set_password(SERVICE, _user(name, outlet_id), secret)

    _within(deadline_s, work)


def delete(name: str, *, outlet_id: str, deadline_s: float = DEADLINE_S) -> None:
    """Forget a secret; one that isn't there is forgotten already. Raises CredentialsMissing."""

    def work() -> None:
        backend = _backend()
        for user in (_user(entry, outlet_id) for entry in ((name, FORMER) if name == "webhook-secret" else (name,))):
            if backend.get_password(SERVICE, user) is not None:
                backend.delete_password(SERVICE, user)

    _within(deadline_s, work)


def variable_of(name: str) -> str | None:
    """The variable that a secret comes from; None: it comes from the keyring, if at all."""
    return VARIABLES[name] if _from_environment(name) is not None else None


def _from_environment(name: str) -> str | None:
    return os.environ.get(VARIABLES.get(name, ""), "").strip() or None


def _reading(name: str, outlet_id: str) -> Callable[[], str | None]:
    return lambda: _backend().get_password(SERVICE, _user(name, outlet_id))


def _found(name: str, value: str | None) -> str:
    # What no header can carry would be told, key and all, by whoever refuses to send it.
    if not value or (name == "api-key" and not (value.isascii() and value.isprintable())):
        raise CredentialsMissing("secret_missing", {"name": name})
    return value


def _user(name: str, outlet_id: str) -> str:
    return f"{outlet_id}/{name}"


def _keep_former(backend: "KeyringBackend", outlet_id: str, secret: str) -> None:
    """Before it is replaced: after a power cut between the two it is the present one still, and harmless beside it."""
    former = backend.get_password(SERVICE, _user("webhook-secret", outlet_id))
    if former and former != secret:
        backend.set_password(SERVICE, _user(FORMER, outlet_id), f"{_now_ms()} {former}")


def _former(entry: str | None, *, now_ms: int) -> WebhookSecret | None:
    at, _, value = (entry or "").partition(" ")
    # Ahead of us by more than a day it is of a clock that was wrong: it must not count for years.
    if not value or not at.isdecimal() or abs(now_ms - int(at)) >= FORMER_MS:
        return None
    return WebhookSecret(value, until_ms=int(at) + FORMER_MS)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _backend() -> "KeyringBackend":
    """The system's own store, whatever else is installed beside it. Raises CredentialsMissing(keyring_missing)."""
    import keyring  # late: it looks for its backends

    chosen = keyring.get_keyring()
    members = getattr(chosen, "backends", [chosen])  # a chain asks each in turn
    trusted = [member for member in members if type(member).__module__.startswith(TRUSTED)]
    found: KeyringBackend | None = trusted[0] if trusted else _come_late(chosen)
    if found is None:
        raise CredentialsMissing("keyring_missing")
    return found


def _come_late(chosen: "KeyringBackend") -> "KeyringBackend | None":
    """A store that came after the library looked, which it does once; what somebody chose for it stays chosen."""
    from keyring.backends import fail
    from keyring.core import load_keyring, set_keyring

    if not isinstance(chosen, fail.Keyring) or "PYTHON_KEYRING_BACKEND" in os.environ:
        return None
    for name in LATE:
        with suppress(Exception):  # whatever a backend says: it is not there
            found: KeyringBackend = load_keyring(name)
            set_keyring(found)
            return found
    return None


def _within(deadline_s: float, work: Callable[[], T]) -> T:
    try:
        return _in_thread(work).result(deadline_s)
    except TimeoutError:
        raise CredentialsMissing("keyring_silent", {"seconds": round(deadline_s)}) from None


_out: dict[str, Future[Any]] = {}  # calls of event loops that have not come back, by the entry


async def _awaited(user: str, work: Callable[[], T], deadline_s: float) -> T:
    """Let a thread do it. One that hangs is joined when it is asked again: there is never a second one beside it."""
    out = _out.get(user)
    if out is None or out.done():
        out = _out[user] = _in_thread(work)
    try:
        async with asyncio.timeout(deadline_s):
            found: T = await asyncio.wrap_future(out)
            return found
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
    from keyring.errors import InitError, KeyringLocked, NoKeyringError

    try:
        return work()
    except NoKeyringError as error:
        raise CredentialsMissing("keyring_missing") from error
    except (KeyringLocked, InitError) as error:
        raise CredentialsMissing("keyring_locked") from error
    except OutletSyncError:
        raise
    except Exception as error:  # KeyringError, and what a backend lets through of its library: no bus at its address
        raise CredentialsMissing("keyring_failed", {"why": type(error).__name__}) from error
