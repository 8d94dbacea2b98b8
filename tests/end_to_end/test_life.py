"""What was found by reading the service's life with an enemy's eyes: stops, secrets, callers."""

import asyncio
import logging
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.builders import OUTLET_ID, product, read
from tests.fakes import KEY, command, configure, environment, program, read_key, running_service, until_running
from tests.test_doors import SECRET, TOKEN, asked, both_open, delivered, letter, opened
from tests.test_service import refuse

from outlet_sync_gui import channel, settings
from outlet_sync_gui import service as service_module
from outlet_sync_gui.credentials import WebhookSecret
from outlet_sync_gui.doors import Secrets
from outlet_sync_gui.errors import AlreadyRunning
from outlet_sync_gui.intake import call
from outlet_sync_gui.lock import Lock
from outlet_sync_gui.service import Service
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.simulator import Fault, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.commands import Pause, Retry, SyncNow
from outlet_sync_gui.sync.cycle import STOPPED
from outlet_sync_gui.sync.engine import Engine
from outlet_sync_gui.sync.records import accept

HANGS = Fault(latency_s=30)
WITHIN_S = 10.0


def until(holds: Callable[[], bool]) -> None:
    """Ask again and again, each time a round over a socket or a thread."""
    ends = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < ends


def is_heard(directory: Path) -> None:
    """What was said before has come to the service."""
    assert channel.ask(directory, {"do": "status"}) is not None


# -- the end


def test_what_a_person_said_while_a_request_was_out_holds_after_the_end(directory: Path, cloud: SimulatedCloud) -> None:
    refuse(directory, n=1)
    cloud.set_fault("*", HANGS)
    with running_service(directory) as watched:
        watched.until(lambda status: status.is_pulling)
        watched.service.post(Retry(who="Sari"))
        watched.service.post(Pause())
        is_heard(directory)
    store = open_store(directory, OUTLET_ID)
    counts, outlet = store.outlet.counts(), store.outlet.read()
    store.close()
    assert (counts.dead, outlet.is_paused) == (0, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_foreground_cycle_that_is_ended_is_no_traceback(
    directory: Path, cloud: SimulatedCloud, number: signal.Signals
) -> None:
    cloud.set_fault("*", HANGS)
    process = subprocess.Popen([*program(), "sync"], env=environment(directory), stderr=subprocess.PIPE)
    until_running(directory)
    process.send_signal(number)
    _, said = process.communicate(timeout=WITHIN_S)
    assert b"Traceback" not in said, said.decode()
    assert process.returncode != 1


def test_nor_is_a_stop_while_a_command_waits(directory: Path, cloud: SimulatedCloud) -> None:
    cloud.set_fault("*", HANGS)
    service = subprocess.Popen([*program(), "run"], env=environment(directory), stderr=subprocess.PIPE)
    until_running(directory)
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(directory / "service.sock"))
        line.sendall(b'{"do": "sync"}\n')
        is_heard(directory)
        service.send_signal(signal.SIGTERM)
        _, said = service.communicate(timeout=WITHIN_S)
    assert b"Traceback" not in said, said.decode()


def test_a_cycle_or_a_check_that_is_stopped_returns(directory: Path, cloud: SimulatedCloud) -> None:
    cloud.set_fault("*", HANGS)
    service = Service(directory, read_key=read_key, on_status=lambda _: service.stop())
    assert service.run_cycle(all_lanes=True, timeout_s=5).stopped_by == STOPPED
    service = Service(directory, read_key=read_key, on_status=lambda _: service.stop())
    assert service.run_check(timeout_s=5) is not None


# -- a bug, and what comes after it


def test_a_foreground_command_in_the_pause_after_a_bug_does_not_end_the_service(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "Lock", partial(Lock, wait_s=0.05))
    tries: list[int] = []

    async def key(_: Settings) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ZeroDivisionError("a bug")
        return KEY

    with running_service(directory, read_key=key, revive_s=0.1) as watched:
        watched.until(lambda status: status.state is State.ERROR)
        with pytest.raises(AlreadyRunning):
            Lock(directory, wait_s=0).__enter__()
        watched.until(lambda status: status.state is State.IDLE)


def test_after_a_bug_what_holds_is_shown_again(
    tmp_path: Path, cloud: SimulatedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = configure(tmp_path / "data", cloud.url, webhook_enabled=False, intake_enabled=False)
    real = Service._obey

    def bug(*_: object) -> None:
        monkeypatch.setattr(Service, "_obey", real)
        raise ZeroDivisionError("a bug")

    with running_service(directory, revive_s=0.05) as watched:
        watched.until(lambda status: status.state is State.IDLE)
        watched.service.post(Pause())
        watched.until(lambda status: status.state is State.PAUSED)
        monkeypatch.setattr(Service, "_obey", bug)
        watched.service.poke()
        watched.until(lambda status: status.state is State.ERROR)
        watched.until(lambda status: status.state is State.PAUSED)


def test_a_bug_in_what_is_shown_is_not_swallowed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Engine.status

    def bug(*_: object) -> Status:
        monkeypatch.setattr(Engine, "status", real)
        raise ZeroDivisionError("a bug")

    with running_service(directory, revive_s=0.05) as watched:
        watched.until(lambda status: status.state is State.IDLE)
        monkeypatch.setattr(Engine, "status", bug)
        watched.service.poke()
        watched.until(lambda status: status.state is State.ERROR)


# -- secrets


@pytest.mark.parametrize("which", ["secret", "token"])
def test_a_secret_that_changes_while_it_is_read_counts(directory: Path, which: str) -> None:
    reading, go_on = threading.Event(), threading.Event()
    kept = {"secret": SECRET, "token": TOKEN}
    wanted = {**kept, which: "another-one-that-is-long"}
    kept[which] = "the-former-one-that-is-long" if which == "token" else SECRET
    reads: list[str] = []

    async def found(name: str) -> str:
        value = kept[name]
        if name == which and not reads:
            reads.append(value)
            reading.set()
            await asyncio.to_thread(go_on.wait, WITHIN_S)  # the former one is on its way
        return value

    async def webhooks(_: Settings) -> tuple[WebhookSecret, ...]:
        return (WebhookSecret(await found("secret")),)

    async def token(_: Settings) -> str:
        return await found("token")

    with running_service(directory, door_secrets=Secrets(webhooks=webhooks, token=token)) as watched:
        assert reading.wait(WITHIN_S)
        kept[which] = wanted[which] if which == "secret" else TOKEN
        watched.service.reread()
        is_heard(directory)
        go_on.set()
        status = watched.until(both_open)
        if which == "secret":
            until(lambda: delivered(status, letter(), kept["secret"]) == 200)
        else:
            until(lambda: asked(f"{status.intake_url}/api/v1/status")[0] == 200)


@pytest.mark.parametrize("given", ["live-key-4711\nlive-key-4712", "live-key-4711é"])
def test_a_key_that_no_header_can_carry_stands_in_no_log_and_no_status(
    directory: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("OUTLET_SYNC_API_KEY", given)
    with caplog.at_level(logging.INFO), running_service(directory, read_key=service_module.key_from_keyring) as watched:
        status = watched.until(lambda status: status.trouble is not None or "api-key" in status.missing)
    assert "4711" not in caplog.text + str(status)


def test_the_password_of_a_proxy_stands_in_no_log(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    with running_service(directory) as watched:
        watched.until(lambda status: status.state is State.IDLE)
        settings.save(directory, {"proxy": "htp://till:pa55word@proxy.example:3128"})
        watched.service.reload()
        status = watched.until(lambda status: status.state is State.ERROR)
    assert "pa55word" not in caplog.text + str(status)


# -- who asks


def test_who_wants_all_sent_gets_it_though_settings_change_meanwhile(directory: Path, cloud: SimulatedCloud) -> None:
    with running_service(directory) as watched:
        watched.until(lambda status: status.state is State.IDLE and not status.is_pulling)
        cloud.set_fault("*", Fault(latency_s=1.0))
        watched.service.post(SyncNow())
        watched.until(lambda status: status.is_pulling)
        store = open_store(directory, OUTLET_ID)
        accept(store, [read("product", product())], now_ms=wall_ms())
        store.close()
        channel.ask(directory, {"do": "settings"})
        told = channel.ask(directory, {"do": "sync", "all": True}, timeout_s=WITHIN_S)
    assert told is not None
    assert "'sent': 1" in str(told["tally"])


def test_who_asks_while_settings_cannot_be_used_is_told_so_and_what_is_said_is_kept(directory: Path) -> None:
    with running_service(directory) as watched:
        watched.until(lambda status: status.state is State.IDLE)
        settings.save(directory, {"proxy": "nonsense://proxy"})
        watched.service.reload()
        watched.until(lambda status: status.state is State.ERROR)
        told = channel.ask(directory, {"do": "sync"})
        assert told is not None
        assert (told["code"], "'key': 'proxy'" in str(told["facts"])) == ("setting_invalid", True)
        watched.service.post(Pause())
        is_heard(directory)
        settings.save(directory, {"proxy": ""})
        watched.service.reload()
        watched.until(lambda status: status.state is State.PAUSED)


def test_a_cycle_whose_time_is_over_beside_a_service_says_so(directory: Path, cloud: SimulatedCloud) -> None:
    cloud.set_fault("*", HANGS)
    with running_service(directory):
        done = command(directory, "sync", "--timeout", "1")
    assert (done.returncode, "Another service" in done.stderr) == (4, False)


def test_a_look_up_that_hangs_does_not_keep_the_till_out(
    tmp_path: Path, cloud: SimulatedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = configure(tmp_path / "data", cloud.url, webhook_host="till.example")
    real, over = socket.getaddrinfo, threading.Event()

    def slow(host: str, *more: object, **and_more: object) -> object:
        if host != "till.example":
            return real(host, *more, **and_more)  # type: ignore[arg-type] # as it came
        over.wait()
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with opened(directory):
        try:
            until(lambda: bool((channel.ask(directory, {"do": "status"}) or {}).get("intake_url")))
        finally:
            over.set()


def test_readers_that_come_in_one_turn_keep_to_the_bound() -> None:
    async def run() -> int:
        waiting = call.Waiting()
        tasks = [asyncio.create_task(waiting.wait(60)) for _ in range(4 * call.MOST_WAITING)]
        for _ in range(5):
            await asyncio.sleep(0)
        n = sum(not task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return n

    assert asyncio.run(run()) == call.MOST_WAITING
