"""The ladder, over real sockets on loopback: the first rung that fails is named, and nothing above it is judged."""

import errno
import os
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from tests.builders import OUTLET_CODE, OUTLET_ID

from outlet_sync_gui.settings import Settings
from outlet_sync_gui.simulator import SimulatedCloud
from outlet_sync_gui.status import Trouble
from outlet_sync_gui.support.ladder import STEPS, Result, Step, climb

NOBODY = 1  # a port that refuses
CLOUD = "https://cloud.example"
PASSED, FAILED, UNCHECKED = Result.PASSED, Result.FAILED, Result.UNCHECKED


class Server(socketserver.ThreadingTCPServer):
    """Answers each request with the same bytes, or, without any, never; remembers what it was sent."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, reply: bytes | None, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.reply = reply
        self.tls = tls
        self.heard: list[bytes] = []
        self.port: int = self.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Talk(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        with suppress(OSError):
            if self.server.reply is not None and self.server.tls is not None:
                self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            self._answer(self.request)

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            while heard := connection.recv(65_536):  # a small request on loopback comes in one piece
                self.server.heard.append(heard)
                if self.server.reply is not None:
                    connection.sendall(self.server.reply)
                    return


@contextmanager
def answering(reply: bytes | None, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    with Server(reply, tls) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)


def http(status: str = "404 Not Found", *, date: datetime | str | None = None, **headers: str) -> bytes:
    told = {"Content-Type": "application/json", "Content-Length": "2", **headers}
    if date is not None:
        told["Date"] = date if isinstance(date, str) else format_datetime(date, usegmt=True)
    return "\r\n".join([f"HTTP/1.1 {status}", *(f"{name}: {told[name]}" for name in told), "", "{}"]).encode("latin-1")


def in_hours(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def well() -> None:
    """An exchange with headquarters that succeeds."""


def never() -> None:
    raise AssertionError("headquarters was asked on a line that is down")


def settings(url: str, **more: Any) -> Settings:
    return Settings(outlet_id=OUTLET_ID, outlet_code=OUTLET_CODE, cloud_url=url, **more)


def results(steps: list[Step]) -> dict[str, Result]:
    return {step.code: step.result for step in steps}


def ladder(failed: str | None) -> dict[str, Result]:
    """All rungs, where this one failed."""
    at = len(STEPS) if failed is None else STEPS.index(failed)
    return {code: PASSED if rung < at else FAILED if rung == at else UNCHECKED for rung, code in enumerate(STEPS)}


def fact(steps: list[Step], name: str) -> Any:
    (failed,) = (step for step in steps if step.result is FAILED)
    return dict(failed.facts)[name]


def failed_rung(url: str, **more: Any) -> list[Step]:
    """The whole ladder, which must end before headquarters is asked."""
    steps = list(climb(settings(url, **more), never, deadline_s=2.0))
    assert [step.code for step in steps] == list(STEPS)
    return steps


@dataclass
class Network:
    """What lies outside this PC: which ports of any name answer (by which port of loopback), and if there is a way."""

    ports: dict[int, int] = field(default_factory=dict)
    refusals: Mapping[int, int] = field(default_factory=dict)  # family of addresses to errno
    is_hung: bool = False
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def look_up(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        host.encode("idna")  # refuses what the real one refuses
        if self.is_hung:
            self.over.wait()
        if host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        to = port if host == "127.0.0.1" else self.ports.get(port, NOBODY)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", to))]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """The edge of the machine: names, and the way out of it."""
    network, connect = Network(), socket.socket.connect

    def connect_there(self: socket.socket, address: Any) -> None:
        if self.type is not socket.SOCK_DGRAM:
            connect(self, address)
        elif self.family in network.refusals:
            raise OSError(network.refusals[self.family], os.strerror(network.refusals[self.family]))

    monkeypatch.setattr(socket, "getaddrinfo", network.look_up)
    monkeypatch.setattr(socket.socket, "connect", connect_there)
    yield network
    network.over.set()


@pytest.fixture(autouse=True)
def _without_the_persons_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@dataclass(frozen=True)
class Identity:
    """A certificate that stands for itself, and the server's side of it."""

    file: str
    server: ssl.SSLContext


def identity(folder: Path, *, host: str = "cloud.example", starts: float = -240, ends: float = 240) -> Identity:
    """A certificate for this host, valid between these hours from now."""
    if os.environ.get("CI") != "true":
        pytest.importorskip("cryptography")  # comes with the keyring of Linux
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(in_hours(starts))
        .not_valid_after(in_hours(ends))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file, both = folder / "cloud.pem", folder / "server.pem"
    file.write_bytes(certificate.public_bytes(pem))
    both.write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return Identity(str(file), context)


# -- a line that is well


def test_a_line_that_is_well_passes_every_rung() -> None:
    with SimulatedCloud() as cloud:
        steps = list(climb(settings(cloud.url), well))
    assert [(step.code, step.result, step.facts) for step in steps] == [(code, PASSED, ()) for code in STEPS]


def test_a_rung_is_told_before_the_next_is_climbed() -> None:
    asked: list[None] = []
    with answering(http()) as cloud:
        steps = climb(settings(cloud.url), lambda: asked.append(None))
        next(steps)
        next(steps)
        assert cloud.heard == []
        assert [next(steps).code for _ in STEPS[2:5]] == list(STEPS[2:5])
        assert (len(cloud.heard), asked) == (1, [])
        assert [step.code for step in steps] == list(STEPS[5:])
    assert asked == [None]


def test_a_secure_line_that_is_well_passes(network: Network, tmp_path: Path) -> None:
    own = identity(tmp_path)
    with answering(http(date=in_hours(0)), own.server) as cloud:
        network.ports = {443: cloud.port}
        assert results(list(climb(settings(CLOUD, ca_file=own.file), well))) == ladder(None)


def test_what_looks_at_the_line_says_nothing_of_the_outlet(network: Network, tmp_path: Path) -> None:
    own = identity(tmp_path)
    with answering(http()) as plain, answering(http(), own.server) as secure:
        network.ports = {80: plain.port, 443: secure.port}
        list(climb(settings(CLOUD, ca_file=own.file), well))
    assert (len(plain.heard), len(secure.heard)) == (1, 1)
    for head in (plain.heard[0], secure.heard[0]):
        assert head.startswith(b"GET / HTTP/1.1\r\n")
        assert not any(word in head for word in (b"Authorization", OUTLET_ID.encode(), OUTLET_CODE.encode()))


# -- N-LINK


@pytest.mark.parametrize("name", ["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN"])
def test_no_way_out_of_this_pc_is_no_link(network: Network, name: str) -> None:
    number = getattr(errno, name)
    network.refusals = {socket.AF_INET: number, socket.AF_INET6: number}
    steps = failed_rung(CLOUD)
    assert results(steps) == ladder("N-LINK")
    assert os.strerror(number) in fact(steps, "why")
    assert network.asked == []


@pytest.mark.parametrize(
    "refusals",
    [
        {socket.AF_INET: errno.ENETUNREACH},  # a phone's hotspot may have new addresses alone
        {socket.AF_INET6: errno.ENETUNREACH},
        {socket.AF_INET: errno.EPERM, socket.AF_INET6: errno.EAFNOSUPPORT},  # tells nothing of a route
    ],
)
def test_a_way_out_by_either_family_is_a_link(network: Network, refusals: Mapping[int, int]) -> None:
    network.refusals = refusals
    assert results(failed_rung("https://cloud.invalid")) == ladder("N-DNS")


def test_a_cloud_on_this_pc_needs_no_network(network: Network) -> None:
    network.refusals = {socket.AF_INET: errno.ENETUNREACH, socket.AF_INET6: errno.ENETUNREACH}
    with answering(http()) as cloud:
        assert results(list(climb(settings(cloud.url), well))) == ladder(None)


# -- N-DNS


@pytest.mark.parametrize("url", ["https://cloud.invalid", "https://" + "x" * 70 + ".example", "https://.example"])
def test_a_name_that_is_not_found_is_the_internets_trouble(network: Network, url: str) -> None:
    steps = failed_rung(url)
    assert results(steps) == ladder("N-DNS")
    assert fact(steps, "why")


def test_a_look_up_that_hangs_is_left_behind(network: Network) -> None:
    network.is_hung = True
    started = time.monotonic()
    steps = list(climb(settings(CLOUD), never, deadline_s=0.1))
    assert time.monotonic() - started < 1
    assert results(steps) == ladder("N-DNS")
    assert fact(steps, "why") == "TimeoutError: no answer in time"


# -- a proxy


def test_behind_a_proxy_the_proxy_is_looked_for_and_the_rest_left_to_the_exchange(network: Network) -> None:
    with answering(None) as proxy:
        steps = list(climb(settings("https://cloud.invalid", proxy=proxy.url), well, deadline_s=2.0))
    assert results(steps) == ladder(None)
    assert network.asked == ["127.0.0.1"]


@pytest.mark.parametrize("proxy", [f"http://127.0.0.1:{NOBODY}", "http://proxy.invalid:3128", "proxy.invalid:3128"])
def test_a_proxy_that_is_not_there_is_the_internets_trouble(network: Network, proxy: str) -> None:
    assert results(failed_rung(CLOUD, proxy=proxy)) == ladder("N-DNS")


@pytest.mark.parametrize(
    ("spared", "failed"),
    [("", "N-DNS"), ("else.example", "N-DNS"), ("cloud.example", None), (".example", None), ("*", None)],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_the_systems_proxy_counts_where_the_courier_takes_it(
    network: Network, monkeypatch: pytest.MonkeyPatch, variable: str, spared: str, failed: str | None
) -> None:
    monkeypatch.setenv(variable, "http://proxy.invalid:3128")
    monkeypatch.setenv("NO_PROXY", spared)
    assert results(list(climb(settings(CLOUD), well))) == ladder(failed)


def test_the_systems_proxy_is_not_asked_for_a_cloud_on_this_pc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{NOBODY}")
    with answering(http()) as cloud:
        assert results(list(climb(settings(cloud.url), well))) == ladder(None)


@pytest.mark.parametrize("more", [{"proxy": "http://[nonsense"}, {"proxy": "http://proxy.example:99999"}, {}])
def test_an_address_that_cannot_be_is_for_the_exchange_to_tell(network: Network, more: dict[str, str]) -> None:
    steps = list(climb(settings(CLOUD if more else "", **more), lambda: Trouble(code="setting_invalid")))
    assert results(steps) == ladder("N-CLOUD")
    assert fact(steps, "why") == "setting_invalid"
    assert network.asked == []


# -- N-PORTAL


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (http("302 Found", Location="http://portal.example/login?mac=1"), "HTTP 302, to portal.example"),
        (http("307 Temporary Redirect", Location="//portal.example/"), "HTTP 307, to portal.example"),
        (http("302 Found", Location="http://notcloud.example/"), "HTTP 302, to notcloud.example"),
        (http("511 Network Authentication Required"), "HTTP 511"),
    ],
)
def test_a_plain_request_taken_elsewhere_is_a_sign_in_page(network: Network, reply: bytes, why: str) -> None:
    with answering(reply) as portal:
        network.ports = {80: portal.port}
        steps = failed_rung(CLOUD)
    assert results(steps) == ladder("N-PORTAL")
    assert fact(steps, "why") == why


@pytest.mark.parametrize(
    "reply",
    [
        http("301 Moved", Location="https://cloud.example/"),
        http("301 Moved", Location="https://www.cloud.example/"),
        http("302 Found", Location="/login"),
        http("302 Found", Location="http://[nonsense"),
        http("302 Found"),
        http("200 OK", **{"Content-Type": "text/html"}),
        b"SSH-2.0-nonsense\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"",
    ],
)
def test_what_else_answers_a_plain_request_is_no_sign_in_page(network: Network, reply: bytes) -> None:
    with answering(reply) as plain:
        network.ports = {80: plain.port}
        assert results(list(climb(settings(CLOUD), well))) == ladder(None)
    assert len(plain.heard) == 1


def test_a_redirect_holds_nothing_up_where_the_secure_connection_stands(network: Network, tmp_path: Path) -> None:
    own = identity(tmp_path)
    elsewhere = http("301 Moved", Location="https://headquarters.test/")
    with answering(elsewhere) as plain, answering(http(), own.server) as secure:
        network.ports = {80: plain.port, 443: secure.port}
        assert results(list(climb(settings(CLOUD, ca_file=own.file), well))) == ladder(None)
        assert results(failed_rung(CLOUD)) == ladder("N-PORTAL")  # the portal's own certificate proves nothing


def test_a_cloud_on_this_pc_is_asked_at_its_own_port() -> None:
    with answering(http("302 Found", Location="http://portal.example/")) as cloud:
        assert results(failed_rung(cloud.url)) == ladder("N-PORTAL")


# -- N-CLOCK


@pytest.mark.parametrize(("hours", "seconds"), [(-2, 7200), (2, -7200), (-0.2, 720), (24 * 365 * 20, -630_720_000)])
def test_a_clock_that_is_off_is_told_with_its_seconds(hours: float, seconds: int) -> None:
    with answering(http(date=in_hours(hours))) as cloud:
        steps = failed_rung(cloud.url)
    assert results(steps) == ladder("N-CLOCK")
    assert fact(steps, "seconds") == pytest.approx(seconds, abs=3)


@pytest.mark.parametrize(
    ("date", "headers"),
    [
        (-0.15, {}),
        (0.15, {}),
        (-2, {"Age": "7200"}),  # a cache between kept it for two hours
        (None, {}),
        ("yesterday", {}),
        (f"Tue, {'9' * 30} Jan 2026 00:00:00 GMT", {}),
        ("Tue, 27 Jan 2026 00:00:00 +9999", {}),
        (-2, {"Age": "a while"}),
    ],
)
def test_a_clock_that_is_near_or_a_time_that_is_not_told_passes(
    date: float | str | None, headers: dict[str, str]
) -> None:
    # Hours count from now, not from when the tests were collected: a long run may begin minutes later.
    told = in_hours(date) if isinstance(date, int | float) else date
    with answering(http(date=told, **headers)) as cloud:
        assert results(list(climb(settings(cloud.url), well))) == ladder(None)


@pytest.mark.parametrize(("starts", "ends"), [(-240, 240), (-240, -24), (24, 240)])
@pytest.mark.parametrize("hours", [-72, 72])
def test_the_time_of_the_secure_server_counts_whatever_its_certificate(
    network: Network, tmp_path: Path, starts: float, ends: float, hours: float
) -> None:
    own = identity(tmp_path, starts=starts, ends=ends)
    with answering(http(date=in_hours(hours)), own.server) as cloud:
        network.ports = {443: cloud.port}
        steps = failed_rung(CLOUD, ca_file=own.file)
    assert results(steps) == ladder("N-CLOCK")
    assert fact(steps, "seconds") == pytest.approx(-hours * 3600, abs=3)


# -- N-TLS


@pytest.mark.parametrize(
    ("certificate", "why"),
    [({"ends": -24}, "expired"), ({"starts": 24}, "not yet valid"), ({"host": "antivirus.test"}, "Hostname mismatch")],
)
@pytest.mark.parametrize("date", [True, False])
def test_a_certificate_that_is_wrong_by_a_right_clock_is_the_secure_connections_trouble(
    network: Network, tmp_path: Path, certificate: dict[str, Any], why: str, date: bool
) -> None:
    own = identity(tmp_path, **certificate)
    with answering(http(date=in_hours(0) if date else None), own.server) as cloud:
        network.ports = {443: cloud.port}
        steps = failed_rung(CLOUD, ca_file=own.file)
    assert results(steps) == ladder("N-TLS")
    assert why in fact(steps, "why")


def test_a_certificate_that_the_system_does_not_trust_is_the_secure_connections_trouble(
    network: Network, tmp_path: Path
) -> None:
    with answering(http(date=in_hours(0)), identity(tmp_path).server) as cloud:
        network.ports = {443: cloud.port}
        steps = failed_rung(CLOUD)
    assert results(steps) == ladder("N-TLS")
    assert "SSLCertVerificationError" in fact(steps, "why")


def test_a_server_without_tls_where_tls_is_wanted_is_the_secure_connections_trouble(network: Network) -> None:
    with answering(http()) as cloud:
        network.ports = {443: cloud.port}
        assert results(failed_rung(CLOUD)) == ladder("N-TLS")


def test_that_nobody_takes_the_connection_is_for_the_exchange_to_tell(network: Network) -> None:
    steps = list(climb(settings(CLOUD), lambda: Trouble(code="N-CLOUD")))
    assert results(steps) == ladder("N-CLOUD")


def test_a_ca_file_that_is_not_there_is_for_the_exchange_to_tell(network: Network, tmp_path: Path) -> None:
    with answering(http(), identity(tmp_path).server) as cloud:
        network.ports = {443: cloud.port}
        steps = list(climb(settings(CLOUD, ca_file="no-such.pem"), lambda: Trouble(code="setting_invalid")))
    assert results(steps) == ladder("N-CLOUD")
    assert fact(steps, "why") == "setting_invalid"


# -- silence


def test_a_plain_server_that_never_answers_says_nothing_and_ends_in_time() -> None:
    started = time.monotonic()
    with answering(None) as cloud:
        steps = list(climb(settings(cloud.url), well, deadline_s=0.2))
    assert time.monotonic() - started < 2
    assert results(steps) == ladder(None)


def test_a_secure_server_that_never_answers_is_the_secure_connections_trouble_and_ends_in_time(
    network: Network,
) -> None:
    started = time.monotonic()
    with answering(None) as cloud:
        network.ports = {80: cloud.port, 443: cloud.port}
        steps = list(climb(settings(CLOUD), never, deadline_s=0.2))
    assert time.monotonic() - started < 2
    assert results(steps) == ladder("N-TLS")


def test_an_answer_that_drips_does_not_stretch_the_deadline() -> None:
    """A line of a head, byte by byte: no single read is ever late."""
    over = threading.Event()

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not over.wait(0.02):
                    self.request.sendall(b"y")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drip) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        started = time.monotonic()
        steps = list(climb(settings(f"http://127.0.0.1:{server.server_address[1]}"), well, deadline_s=0.2))
        took = time.monotonic() - started
        over.set()
        server.shutdown()
    assert took < 2
    assert results(steps) == ladder(None)


# -- what headquarters told


@pytest.mark.parametrize("code", STEPS)
def test_what_the_exchange_met_stands_on_its_own_rung(code: str) -> None:
    facts = (("seconds", 60), ("why", "so"))
    with answering(http()) as cloud:
        steps = list(climb(settings(cloud.url), lambda: Trouble(code=code, facts=facts)))
    assert results(steps) == ladder(code)  # the last word on a code counts
    assert [step.facts for step in steps if step.result is FAILED] == [facts]
    told_from = min(STEPS.index(code), 5)
    assert [step.code for step in steps] == [*STEPS[:5], *STEPS[told_from:]]


def test_trouble_that_is_on_no_rung_is_told_as_headquarters_with_its_code() -> None:
    with answering(http()) as cloud:
        steps = list(climb(settings(cloud.url), lambda: Trouble(code="secret_missing", facts=(("name", "api-key"),))))
    assert results(steps) == ladder("N-CLOUD")
    assert (fact(steps, "why"), fact(steps, "name")) == ("secret_missing", "api-key")
