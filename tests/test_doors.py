"""The service's doors, over real sockets and with the real service: what opens, what can't and says so, what heals."""

import asyncio
import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.builders import OUTLET_CODE, OUTLET_ID, order, product
from tests.certificates import certificate
from tests.fakes import KEY, Watched, configure, running_service

from outlet_sync_gui import channel, doors, settings, words
from outlet_sync_gui.credentials import WebhookSecret
from outlet_sync_gui.doors import AGAIN_S, Place, Secrets, try_doors
from outlet_sync_gui.errors import CredentialsMissing
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State, Status, Trouble
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.commands import SyncNow

TOKEN, SECRET = "token-of-the-till", "secret-of-headquarters"
UPDATE = "/api/v1/webhooks/cloud/update"


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, outlet_id=OUTLET_ID)) as running:
        yield running


@pytest.fixture
def directory(tmp_path: Path, cloud: SimulatedCloud) -> Path:
    return configure(tmp_path / "data", cloud.url)


def held(*values: str, token: str = TOKEN) -> Secrets:
    """Secrets that are there: the webhooks', the present one first, and the till's."""

    async def webhooks(_: Settings) -> tuple[WebhookSecret, ...]:
        return tuple(WebhookSecret(value) for value in values)

    async def till(_: Settings) -> str:
        return token

    return Secrets(webhooks=webhooks, token=till)


@contextmanager
def opened(directory: Path, secrets: Secrets | None = None) -> Iterator[Watched]:
    with running_service(directory, door_secrets=secrets or held(SECRET)) as watched:
        yield watched


def both_open(status: Status) -> bool:
    return bool(status.webhook_url and status.intake_url)


def codes(status: Status) -> list[str]:
    return [door.code for door in status.doors]


def asked(url: str, method: str = "GET", value: object = None, **headers: str) -> tuple[int, Any]:
    """Status and body of one answer of the intake."""
    place = urlsplit(url)
    line = HTTPConnection(place.netloc, timeout=10)
    given = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **headers}
    line.request(method, f"{place.path}?{place.query}", None if value is None else json.dumps(value), given)
    answer = line.getresponse()
    told = json.loads(answer.read())
    line.close()
    return answer.status, told


def letter(version: int = 2, **data: object) -> bytes:
    """A webhook of this moment about the product P1."""
    fields = {"name": "Nasi", "price": 40000, "version": version, **data}
    body = {"event": "entity.updated", "timestamp": iso(wall_ms()), "entity_type": "product"}
    return json.dumps({**body, "cloud_id": "c-P1", "local_id": "P1", "data": fields, "version": version}).encode()


def delivered(status: Status, body: bytes, secret: str = SECRET, tls: ssl.SSLContext | None = None) -> int:
    """Status of a webhook's answer."""
    assert status.webhook_url is not None
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Cloud-Signature": signature, "X-Outlet-ID": OUTLET_ID, "Content-Type": "application/json"}
    line = HTTPConnection(urlsplit(status.webhook_url).netloc, timeout=10)
    if tls is not None:
        line.connect()
        line.sock = tls.wrap_socket(line.sock, server_hostname="127.0.0.1")
    line.request("POST", UPDATE, body, headers)
    code = line.getresponse().status
    line.close()
    return code


def taken_port() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def port_of(taken: socket.socket) -> int:
    port: int = taken.getsockname()[1]
    return port


# -- open


def test_both_doors_are_open_when_the_service_says_that_it_runs(directory: Path) -> None:
    with opened(directory):
        shown = channel.ask(directory, {"do": "status"})
        assert shown is not None
        webhooks, intake = urlsplit(str(shown["webhook_url"])), urlsplit(str(shown["intake_url"]))
        assert (webhooks.hostname, webhooks.path, intake.hostname, intake.path) == (
            *("127.0.0.1", "/api/v1/webhooks/cloud"),
            *("127.0.0.1", ""),
        )
        assert shown["doors"] == []
        assert asked(f"{shown['intake_url']}/healthz") == (200, {"success": True})


def test_a_record_over_http_is_sent_to_headquarters(directory: Path, cloud: SimulatedCloud) -> None:
    with opened(directory) as watched:
        status = watched.until(lambda status: both_open(status) and status.state is State.IDLE)
        record = {"entity_type": "order", "operation": "create", "data": order("A1")}
        assert asked(f"{status.intake_url}/api/v1/records", "POST", record) == (
            200,
            {"accepted": 1, "unchanged": 0, "rejected": []},
        )
        watched.until(lambda status: status.sent_today == 1)
        _, outcome = asked(f"{status.intake_url}/api/v1/records/order/A1")
        _, shown = asked(f"{status.intake_url}/api/v1/status")
    assert (outcome["state"], outcome["base_version"], shown["sent_today"]) == ("sent", 1, 1)
    assert cloud.call(lambda c: [arrival.local_id for arrival in c.journal]) == ["A1"]


def test_a_webhook_reaches_a_till_that_waits_for_news(directory: Path) -> None:
    with opened(directory) as watched:
        status = watched.until(lambda status: both_open(status) and status.state is State.IDLE)
        heard: list[Any] = []
        waiting = threading.Thread(
            target=lambda: heard.append(asked(f"{status.intake_url}/api/v1/changes?reader=till&wait=15"))
        )
        waiting.start()
        assert delivered(status, letter()) == 200
        waiting.join(10)
        ((code, page),) = heard
        assert (code, [(each["local_id"], each["action"]) for each in page["changes"]]) == (200, [("P1", "create")])
        assert watched.until(lambda status: status.untaken == 1).state is not State.ERROR
        acknowledged = asked(f"{status.intake_url}/api/v1/changes/ack", "POST", {"reader": "till", "seq": page["next"]})
        assert acknowledged == (200, {"success": True, "taken": 1})
        watched.until(lambda status: status.untaken == 0)


def test_what_comes_by_pull_reaches_a_till_that_waits_for_news(directory: Path, cloud: SimulatedCloud) -> None:
    with opened(directory) as watched:
        status = watched.until(lambda status: both_open(status) and status.state is State.IDLE)
        record = {"entity_type": "product", "operation": "create", "data": product("P1")}
        asked(f"{status.intake_url}/api/v1/records", "POST", record)
        watched.service.post(SyncNow())
        watched.until(lambda status: status.sent_today == 1)
        cloud.call(lambda c: c.change_product("P1", price=40000))
        heard: list[Any] = []
        waiting = threading.Thread(target=lambda: heard.append(asked(f"{status.intake_url}/api/v1/changes?wait=15")))
        waiting.start()
        watched.service.post(SyncNow())
        waiting.join(10)
    ((_, page),) = heard
    assert page["changes"][0]["fields"]["price"] == {"from": 35000, "to": 40000}


def test_a_reader_that_waits_ends_with_the_service(directory: Path) -> None:
    ended: list[object] = []

    def wait(url: str) -> None:
        try:
            ended.append(asked(url))
        except (OSError, HTTPException):
            ended.append(None)

    with opened(directory) as watched:  # which must end within two seconds
        status = watched.until(both_open)
        waiting = threading.Thread(target=wait, args=(f"{status.intake_url}/api/v1/changes?wait=60",))
        waiting.start()
        asked(f"{status.intake_url}/healthz")
    waiting.join(5)
    assert len(ended) == 1


def test_other_settings_end_no_wait_with_a_mistake(directory: Path) -> None:
    with opened(directory) as watched:
        status = watched.until(both_open)
        heard: list[Any] = []
        waiting = threading.Thread(target=lambda: heard.append(asked(f"{status.intake_url}/api/v1/changes?wait=15")))
        waiting.start()
        settings.save(directory, {"pull_interval_s": 200})
        while not heard:
            channel.ask(directory, {"do": "settings"})
            waiting.join(0.1)
        assert heard == [(200, {"changes": [], "next": 0})]
        same = watched.until(both_open)
        assert (same.webhook_url, same.intake_url) == (status.webhook_url, status.intake_url)  # not bound anew


# -- while there is nothing behind them


def test_without_settings_both_doors_ask_to_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLET_SYNC_WEBHOOK_PORT", "0")
    monkeypatch.setenv("OUTLET_SYNC_INTAKE_PORT", "0")
    with opened(tmp_path) as watched:
        status = watched.until(both_open)
        assert status.state is State.SETUP
        assert delivered(status, letter()) == 503
        assert asked(f"{status.intake_url}/api/v1/status")[0] == 503
        assert asked(f"{status.intake_url}/healthz")[0] == 200


def test_a_door_that_is_switched_off_is_shut_and_that_is_no_trouble(directory: Path) -> None:
    with opened(directory) as watched:
        watched.until(both_open)
        settings.save(directory, {"intake_enabled": False, "webhook_enabled": False})
        channel.ask(directory, {"do": "settings"})
        status = watched.until(lambda status: not status.intake_url and not status.webhook_url)
        assert status.doors == ()
        settings.save(directory, {"intake_enabled": True})
        channel.ask(directory, {"do": "settings"})
        assert watched.until(lambda status: bool(status.intake_url)).webhook_url is None


# -- what can't be opened, and heals


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again after a moment instead of half a minute."""
    monkeypatch.setattr(doors, "AGAIN_S", dict.fromkeys(AGAIN_S, 0.05))


@pytest.mark.parametrize(("name", "url"), [("webhook", "webhook_url"), ("intake", "intake_url")])
def test_a_taken_port_is_said_and_opens_when_it_is_free(
    name: str, url: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    with taken_port() as taken:
        settings.save(directory, {f"{name}_port": port_of(taken)})
        with opened(directory) as watched:
            status = watched.until(lambda status: bool(status.doors))
            facts = (("name", name), ("host", "127.0.0.1"), ("port", port_of(taken)))
            assert (status.doors, getattr(status, url)) == ((Trouble(code="D-PORT", facts=facts),), None)
            taken.close()
            status = watched.until(both_open)
            assert (status.doors, urlsplit(getattr(status, url)).port) == ((), facts[2][1])


def test_sync_now_looks_at_once_whether_a_port_is_free(directory: Path) -> None:
    with taken_port() as taken:
        settings.save(directory, {"intake_port": port_of(taken)})
        with opened(directory) as watched:
            watched.until(lambda status: codes(status) == ["D-PORT"])
            taken.close()
            watched.service.post(SyncNow())
            watched.until(both_open)


def test_both_doors_at_one_port_are_told_apart(directory: Path) -> None:
    with taken_port() as free:
        port = port_of(free)
    settings.save(directory, {"webhook_port": port, "intake_port": port})
    with opened(directory) as watched:
        status = watched.until(lambda status: bool(status.doors))
        assert (codes(status), bool(status.webhook_url)) == (["D-PORT"], True)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_that_is_not_ours_is_said(host: str, directory: Path) -> None:
    settings.save(directory, {"webhook_host": host})
    with opened(directory) as watched:
        status = watched.until(lambda status: bool(status.doors))
        assert (codes(status), status.webhook_url, bool(status.intake_url)) == (["D-ADDRESS"], None, True)


def test_webhooks_over_tls(tmp_path: Path, directory: Path) -> None:
    cert, key = certificate(tmp_path)
    settings.save(directory, {"webhook_tls_cert": str(cert), "webhook_tls_key": str(key)})
    trusting = ssl.create_default_context(cafile=str(cert))
    with opened(directory) as watched:
        status = watched.until(lambda status: both_open(status) and status.state is State.IDLE)
        assert str(status.webhook_url).startswith("https://127.0.0.1:")
        assert delivered(status, letter(), tls=trusting) == 200
    place = Place(host="127.0.0.1", port=0, certificate=str(cert), key=str(key))
    assert doors._tls(place).minimum_version is ssl.TLSVersion.TLSv1_2


BROKEN: dict[str, Callable[[Path, Path], object]] = {
    "no certificate": lambda cert, _: cert.unlink(),
    "no key": lambda _, key: key.unlink(),
    "a certificate that is none": lambda cert, _: cert.write_text("nonsense"),
    "a folder": lambda cert, _: _folder(cert),
    "a key of another certificate": lambda _, key: key.write_bytes(certificate(_made(key))[1].read_bytes()),
    "a key under a password": lambda _, key: key.write_bytes(_locked(key)),
}


def _folder(cert: Path) -> None:
    cert.unlink()
    cert.mkdir()


def _made(key: Path) -> Path:
    folder = key.parent / "another"
    folder.mkdir()
    return folder


def _locked(key: Path) -> bytes:
    from cryptography.hazmat.primitives import serialization

    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    pem, how = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return loaded.private_bytes(pem, how, serialization.BestAvailableEncryption(b"hush"))


@pytest.mark.parametrize("breaks", BROKEN.values(), ids=BROKEN)
def test_a_bad_certificate_is_said_and_one_that_is_mended_opens(
    breaks: Callable[[Path, Path], object], tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    cert, key = certificate(tmp_path)
    settings.save(directory, {"webhook_tls_cert": str(cert), "webhook_tls_key": str(key)})
    breaks(cert, key)
    with opened(directory) as watched:
        status = watched.until(lambda status: bool(status.doors))
        (door,) = status.doors
        assert (door.code, dict(door.facts)["path"] in (str(cert), str(key)), status.webhook_url) == (
            "D-CERT",
            True,
            None,
        )
        assert "{" not in words.door(door)
        if cert.is_dir():
            cert.rmdir()
        certificate(tmp_path)
        assert str(watched.until(both_open).webhook_url).startswith("https://")


def test_a_certificate_without_its_key_may_hold_both(tmp_path: Path, directory: Path) -> None:
    cert, key = certificate(tmp_path)
    cert.write_bytes(cert.read_bytes() + key.read_bytes())
    settings.save(directory, {"webhook_tls_cert": str(cert)})
    with opened(directory) as watched:
        assert str(watched.until(both_open).webhook_url).startswith("https://")


# -- secrets


class Keyring:
    """A keyring of which a test says how it is."""

    def __init__(self) -> None:
        self.secrets: tuple[WebhookSecret, ...] = (WebhookSecret(SECRET),)
        self.token = TOKEN
        self.fails: str | None = None
        self.go_on = threading.Event()
        self.go_on.set()
        self.reads = 0

    @property
    def door_secrets(self) -> Secrets:
        async def webhooks(_: Settings) -> tuple[WebhookSecret, ...]:
            await self._answer()
            return self.secrets

        async def token(_: Settings) -> str:
            await self._answer()
            return self.token

        return Secrets(webhooks=webhooks, token=token)

    async def _answer(self) -> None:
        self.reads += 1
        if not self.go_on.is_set():
            await asyncio.Event().wait()
        if self.fails is not None:
            raise CredentialsMissing(self.fails)


def test_without_a_secret_webhooks_are_refused_and_that_is_no_trouble(directory: Path) -> None:
    with opened(directory, held()) as watched:
        status = watched.until(both_open)
        assert (status.doors, delivered(status, letter())) == ((), 401)


def test_a_secret_that_is_too_short_is_said(directory: Path) -> None:
    with opened(directory, held("short")) as watched:
        status = watched.until(both_open)
        assert (codes(status), delivered(status, letter(), "short")) == (["D-SHORT"], 401)


def test_a_secret_that_was_replaced_counts_until_its_time_is_over(directory: Path) -> None:
    keyring = Keyring()
    with opened(directory, keyring.door_secrets) as watched:
        status = watched.until(lambda status: both_open(status) and status.state is State.IDLE)
        assert delivered(status, letter(2)) == 200
        former = WebhookSecret(SECRET, until_ms=wall_ms() + 60_000)
        keyring.secrets = (WebhookSecret("another-secret-of-theirs"), former)
        told(directory, keyring)
        assert delivered(status, letter(3), "another-secret-of-theirs") == 200
        assert delivered(status, letter(4)) == 200
        keyring.secrets = (WebhookSecret("another-secret-of-theirs"), WebhookSecret(SECRET, until_ms=wall_ms()))
        told(directory, keyring)
        assert delivered(status, letter(5)) == 401


def told(directory: Path, keyring: Keyring) -> None:
    """`secret set` has told the service, which has read both."""
    before = keyring.reads
    channel.ask(directory, {"do": "secrets"})
    while keyring.reads < before + 2:
        channel.ask(directory, {"do": "status"})


def test_another_token_counts_at_once(directory: Path) -> None:
    keyring = Keyring()
    with opened(directory, keyring.door_secrets) as watched:
        status = watched.until(both_open)
        keyring.token = "another-token"
        told(directory, keyring)
        assert asked(f"{status.intake_url}/api/v1/status")[0] == 401
        assert asked(f"{status.intake_url}/api/v1/status", Authorization="Bearer another-token")[0] == 200


def test_without_a_keyring_the_intake_is_shut_and_says_so(directory: Path) -> None:
    keyring = Keyring()
    keyring.fails = "keyring_missing"
    with opened(directory, keyring.door_secrets) as watched:
        status = watched.until(lambda status: bool(status.doors))
        assert (codes(status), status.intake_url, bool(status.webhook_url)) == (["D-TOKEN"], None, True)


def test_a_locked_keyring_shuts_both_and_is_asked_again(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    keyring = Keyring()
    keyring.fails = "keyring_locked"
    with opened(directory, keyring.door_secrets) as watched:
        status = watched.until(lambda status: bool(status.doors))
        assert (codes(status), status.intake_url, status.webhook_url) == (["D-KEYRING"] * 2, None, None)
        keyring.fails = None
        watched.until(both_open)


def test_a_keyring_that_hangs_holds_neither_the_service_nor_its_end(directory: Path) -> None:
    keyring = Keyring()
    keyring.go_on.clear()
    with opened(directory, keyring.door_secrets) as watched:
        status = watched.until(lambda status: status.state is State.IDLE)
        assert not both_open(status)
        assert channel.ask(directory, {"do": "status"}) is not None


def test_the_token_of_another_outlet_does_not_count(directory: Path, cloud: SimulatedCloud) -> None:
    async def token(chosen: Settings) -> str:
        return f"token-of-{chosen.outlet_id}"

    with opened(directory, Secrets(webhooks=held().webhooks, token=token)) as watched:
        url = f"{watched.until(both_open).intake_url}/api/v1/status"
        assert asked(url, Authorization=f"Bearer token-of-{OUTLET_ID}")[0] == 200
        configure(directory, cloud.url, outlet_id="another")
        channel.ask(directory, {"do": "settings"})
        watched.until(lambda status: status.outlet_id == "another")
        assert asked(url, Authorization=f"Bearer token-of-{OUTLET_ID}")[0] in (401, 503)


# -- looked at by doctor


def test_doors_that_are_tried_are_shut_again_and_say_what_is_wrong() -> None:
    with taken_port() as taken:
        chosen = Settings(outlet_id=OUTLET_ID, outlet_code=OUTLET_CODE, webhook_port=0, intake_port=port_of(taken))
        assert [found.code for found in try_doors(chosen, held(SECRET))] == ["D-PORT"]
    assert try_doors(chosen, held(SECRET)) == ()
    with socket.create_server(("127.0.0.1", chosen.intake_port)):
        pass


def test_a_bug_at_the_doors_shows_and_the_service_starts_again(directory: Path) -> None:
    tries: list[int] = []

    async def token(_: Settings) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ZeroDivisionError("a bug")
        return TOKEN

    secrets = Secrets(webhooks=held().webhooks, token=token)
    with running_service(directory, door_secrets=secrets, revive_s=0) as watched:
        watched.until(both_open)
    assert len(tries) == 2


def test_what_a_webhook_brought_is_on_disk_when_it_is_answered(directory: Path) -> None:
    with opened(directory) as watched:
        status = watched.until(lambda status: both_open(status) and status.state is State.IDLE)
        assert delivered(status, letter()) == 200
        store = open_store(directory, OUTLET_ID)  # as another process finds it
        known = store.records.find("product", "P1")
        store.close()
    assert known is not None
    assert known.base_version == 2
