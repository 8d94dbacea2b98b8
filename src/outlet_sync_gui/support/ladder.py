"""Why nothing goes out: rungs from the cable up to headquarters' answer; the first that fails is the reason.

The rungs up to N-TLS look at this machine's own line and send no key and nothing of the outlet.
"""

import errno
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC
from email.message import Message
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies

from outlet_sync_gui.errors import Fact
from outlet_sync_gui.settings import LOOPBACK_HOSTS, Settings, is_loopback
from outlet_sync_gui.status import Trouble

STEPS = ("N-LINK", "N-DNS", "N-PORTAL", "N-CLOCK", "N-TLS", "N-CLOUD", "N-KEY", "N-OUTLET", "N-RATE")
READINGS = "readings"  # beyond the ladder: whether headquarters can be read back, which nobody needs
ASKED = STEPS.index("N-CLOUD")  # from here on the exchange tells

# Addresses that belong to nobody: a datagram socket that "connects" only looks for a route.
NOWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})
PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
CLOCK_OFF_S = 600

T = TypeVar("T")


class Result(StrEnum):
    """How a rung came out."""

    PASSED = "passed"
    FAILED = "failed"
    UNCHECKED = "unchecked"
    OFF = "off"  # by a setting, or for want of what nobody has to give it


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung. `seconds` among the facts of N-CLOCK: how far this PC is ahead; `why`: detail for IT."""

    code: str
    result: Result
    facts: tuple[tuple[str, Fact], ...] = ()


def climb(settings: Settings, ask: Callable[[], Trouble | None], *, deadline_s: float = 5.0) -> Iterator[Step]:
    """Check rung after rung, each within the deadline, and yield it; after one that fails the rest is unchecked.

    `ask` makes one exchange with headquarters and returns its trouble, once the line has passed. Trouble with the line
    itself overrules what was seen: the steps from that rung on come again, and the last word on a code counts.
    Raises only what `ask` raises.
    """
    line = _Line(settings, deadline_s)
    for rung, check in enumerate((line.link, line.dns, line.portal, line.clock, line.tls)):
        trouble = check(time.monotonic() + deadline_s)
        if trouble is not None:
            yield from _steps(rung, trouble)
            return
        yield Step(code=STEPS[rung], result=Result.PASSED)
    trouble = ask()
    if trouble is not None and trouble.code not in STEPS:
        trouble = Trouble(code="N-CLOUD", facts=(("why", trouble.code), *trouble.facts))
    yield from _steps(ASKED if trouble is None else min(ASKED, STEPS.index(trouble.code)), trouble)


def _steps(first: int, trouble: Trouble | None) -> Iterator[Step]:
    """The rungs from the first one on: passed, up to the one that has the trouble."""
    failed = len(STEPS) if trouble is None else STEPS.index(trouble.code)
    for rung, code in enumerate(STEPS[first:], first):
        if trouble is not None and rung == failed:
            yield Step(code=code, result=Result.FAILED, facts=trouble.facts)
        else:
            yield Step(code=code, result=Result.PASSED if rung < failed else Result.UNCHECKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """The head of an answer, and this PC's time (UTC seconds) when it came."""

    status: int
    headers: Message
    at: float


class _Line:
    """The way from this PC to headquarters. Each check returns what is wrong, or None; not knowing is None too."""

    def __init__(self, settings: Settings, deadline_s: float) -> None:
        proxy = _proxy(settings)
        self._ca_file = settings.ca_file
        self._timeout_s = deadline_s
        self._host, self._port = _address(settings.cloud_url)
        self._next = _address(proxy or settings.cloud_url)  # where this PC's own connection ends
        self._is_direct = not proxy and bool(self._host)
        self._is_https = settings.cloud_url.startswith("https:")
        self._plain: _Answer | None = None

    def link(self, _ends_at: float) -> Trouble | None:
        """Whether any network is there to send into; nothing is sent."""
        if self._next[0] in LOOPBACK_HOSTS:
            return None
        refusals = [error for way in NOWHERE if (error := _refusal(*way)) is not None]
        if len(refusals) < len(NOWHERE) or refusals[0].errno not in NO_ROUTE:
            return None
        return _trouble("N-LINK", refusals[0])

    def dns(self, ends_at: float) -> Trouble | None:
        """Whether the cloud's name is found, or the proxy, which alone can find it, is there."""
        if not self._next[0]:
            return None
        try:
            _bounded(ends_at, self._resolve if self._is_direct else self._reach_proxy)
        except (OSError, ValueError) as error:
            return _trouble("N-DNS", error)
        return None

    def portal(self, ends_at: float) -> Trouble | None:
        """Whether a plain request is taken to a sign-in page. Who redirects but lets TLS through holds nothing up."""
        if self._is_direct:
            port = PORTS["http"] if self._is_https else self._port
            self._plain = self._front_page(ends_at, lambda: HTTPConnection(self._host, port, timeout=self._timeout_s))
        if self._plain is None:
            return None
        elsewhere = _redirected_to(self._plain)
        is_foreign = elsewhere is not None and not _is_related(elsewhere, self._host)
        if self._plain.status == 511 or (is_foreign and not self._is_secured(ends_at)):
            why = f"HTTP {self._plain.status}" + (f", to {elsewhere}" if elsewhere else "")
            return Trouble(code="N-PORTAL", facts=(("why", why),))
        return None

    def clock(self, ends_at: float) -> Trouble | None:
        """Whether this PC's time is the cloud's: a certificate is no help here, a wrong clock refuses them all."""
        offset = _offset_s(self._plain)
        if offset is None and self._is_direct and self._is_https:
            offset = _offset_s(self._front_page(ends_at, self._unverified))
        if offset is None or abs(offset) <= CLOCK_OFF_S:
            return None
        return Trouble(code="N-CLOCK", facts=(("seconds", offset),))

    def tls(self, ends_at: float) -> Trouble | None:
        """Whether whoever takes the connection proves to be the cloud; that nobody does, the exchange will tell."""
        if not (self._is_direct and self._is_https):
            return None
        connected = threading.Event()
        try:
            _bounded(ends_at, lambda: self._handshake(connected))
        except (OSError, ValueError) as error:
            return _trouble("N-TLS", error) if connected.is_set() else None
        return None

    def _resolve(self) -> None:
        socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)

    def _reach_proxy(self) -> None:
        socket.create_connection(self._next, self._timeout_s).close()

    def _is_secured(self, ends_at: float) -> bool:
        try:
            _bounded(ends_at, lambda: self._handshake(threading.Event()))
        except (OSError, ValueError):
            return False
        return True

    def _handshake(self, connected: threading.Event) -> None:
        """Raises OSError or ValueError."""
        context = _trust(self._ca_file)
        with socket.create_connection((self._host, self._port), self._timeout_s) as connection:
            connected.set()
            context.wrap_socket(connection, server_hostname=self._host).close()

    def _unverified(self) -> HTTPSConnection:
        """For the time of day alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=context)

    def _front_page(self, ends_at: float, connect: Callable[[], HTTPConnection]) -> _Answer | None:
        try:
            return _bounded(ends_at, lambda: _get(connect()))
        except (OSError, HTTPException, ValueError):
            return None


def _get(connection: HTTPConnection) -> _Answer:
    """The front page's head. Raises OSError, HTTPException or ValueError."""
    with closing(connection):
        connection.request("GET", "/", headers={"Cache-Control": "no-cache", "Connection": "close"})
        with connection.getresponse() as response:
            return _Answer(status=response.status, headers=response.headers, at=time.time())


def _bounded(ends_at: float, work: Callable[[], T]) -> T:
    """Do it in a thread, left behind if it hangs. Raises TimeoutError, and what the work raises."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the future
            future.set_exception(error)

    threading.Thread(target=run, name="ladder", daemon=True).start()
    wait([future], max(0.0, ends_at - time.monotonic()))
    if not future.done():
        raise TimeoutError("no answer in time")
    return future.result()


def _refusal(family: socket.AddressFamily, address: str) -> OSError | None:
    """Why nothing can be sent there."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
    except OSError as error:
        return error
    return None


def _trust(ca_file: str) -> ssl.SSLContext:
    """As the courier trusts: the outlet's own CA file, else the system's store."""
    if ca_file:
        return ssl.create_default_context(cafile=ca_file)
    import truststore  # late: only https needs it

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _redirected_to(answer: _Answer) -> str | None:
    """The host that a redirect names; None without one, or on the same host."""
    if answer.status not in (301, 302, 303, 307, 308):
        return None
    try:
        return urlsplit(answer.headers.get("Location", "")).hostname
    except ValueError:
        return None


def _is_related(host: str, other: str) -> bool:
    """Whether these are one domain's: cloud.example and www.cloud.example."""
    return host == other or host.endswith(f".{other}") or other.endswith(f".{host}")


def _offset_s(answer: _Answer | None) -> int | None:
    """By how many seconds this PC is ahead of who answered; a cache's answer has aged."""
    if answer is None:
        return None
    try:
        date = parsedate_to_datetime(answer.headers.get("Date", ""))
        then = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
        return round(answer.at - then) - int(answer.headers.get("Age", "0"))
    except (ValueError, OverflowError):
        return None


def _proxy(settings: Settings) -> str:
    """The proxy that the courier takes: as set, else the system's, which never leads to this PC itself."""
    if settings.proxy or is_loopback(settings.cloud_url):
        return settings.proxy
    url, system = urlsplit(settings.cloud_url), getproxies()
    spared = [name.strip().lstrip(".") for name in system.get("no", "").lower().split(",")]
    if "*" in spared or any(f".{url.hostname}".endswith(f".{name}") for name in spared):
        return ""
    return system.get(url.scheme) or system.get("all", "")


def _address(url: str) -> tuple[str, int]:
    """Host and port; no host where the text is no address, which the exchange will tell."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        return parts.hostname or "", parts.port or PORTS.get(parts.scheme, 80)
    except ValueError:
        return "", 0


def _trouble(code: str, error: Exception) -> Trouble:
    return Trouble(code=code, facts=(("why", f"{type(error).__name__}: {error}"[:200]),))
