"""`summary reconcile` as scripts and people use it, over real sockets: here, beside a service, and when it can't be."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.builders import order, transaction
from tests.fakes import KEY, answer, command, configure, environment, running_service

from outlet_sync_gui import channel, settings
from outlet_sync_gui.listener import Request, Response
from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud, wall_ms
from outlet_sync_gui.sync.commands import Pause

DAY = "2026-01-27"


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, extras=True)) as running:
        yield running


@pytest.fixture
def directory(tmp_path: Path, cloud: SimulatedCloud) -> Path:
    """Two bills, and headquarters has them."""
    place = configure(tmp_path / "data", cloud.url, cloud_extras=True)
    sold = [("order", order(f"A{n}", total_amount=50_000)) for n in (1, 2)]
    sold += [("transaction", transaction(f"T{n}", f"A{n}", total_amount=50_000)) for n in (1, 2)]
    lines = [{"entity_type": kind, "operation": "create", "data": data} for kind, data in sold]
    assert command(place, "enqueue", "order", given=json.dumps(lines)).returncode == 0
    assert command(place, "sync", env=environment(place)).returncode == 0
    return place


def lose(cloud: SimulatedCloud, *numbers: str) -> None:
    """Headquarters loses these orders."""
    cloud.call(lambda c: [c.records.pop(("order", number)) for number in numbers])


def test_what_headquarters_lost_is_named_and_sent_again(directory: Path, cloud: SimulatedCloud) -> None:
    assert command(directory, "summary", "reconcile", DAY).returncode == 0
    lose(cloud, "A1")
    done = command(directory, "summary", "reconcile", DAY)
    assert (done.returncode, done.stdout.splitlines()) == (
        3,
        [
            "Tue, 27 January 2026",
            "Not the same at headquarters: 1 missing there (Rp50.000).",
            "Here: 2 orders (Rp100.000), 2 transactions (Rp100.000)",
            "Headquarters: 1 order (Rp50.000), 2 transactions (Rp100.000)",
            "Missing there:",
            "  order/A1 · Rp50.000",
            "To send what is missing again: summary reconcile 2026-01-27 --send-missing",
        ],
    )
    done = command(directory, "summary", "reconcile", DAY, "--send-missing", language="id")
    assert done.returncode == 0
    assert "1 dikirim lagi sekarang." in done.stdout
    assert command(directory, "sync").returncode == 0
    told = command(directory, "summary", "reconcile", DAY, language="id")
    assert (told.returncode, told.stdout.splitlines()[1]) == (0, "Pusat punya semuanya: 2 pesanan, Rp100.000.")
    assert cloud.call(lambda c: list(c.violations)) == []


def test_a_program_reads_all_of_it(directory: Path, cloud: SimulatedCloud) -> None:
    lose(cloud, "A1", "A2")
    found = answer(command(directory, "summary", "reconcile", DAY, "--json"))
    assert [told["number"] for told in found["missing"]] == ["A1", "A2"]
    assert (found["same"], found["sent_again"], found["there"]["orders"]) == (False, 0, {"n": 0, "rupiah": 0})
    assert answer(command(directory, "summary", "reconcile", DAY, "--send-missing", "--json"))["sent_again"] == 2


def test_beside_a_service_that_one_reads(directory: Path, cloud: SimulatedCloud) -> None:
    lose(cloud, "A1")
    with running_service(directory) as watched:
        done = command(directory, "summary", "reconcile", DAY, "--send-missing")
        assert done.returncode == 0, done.stderr
        watched.until(lambda status: status.pending.total == 0 and status.last_success_at)
        assert command(directory, "sync").returncode == 0
        assert command(directory, "summary", "reconcile", DAY).returncode == 0


@pytest.mark.parametrize("is_running", [False, True])
def test_without_an_answer_it_is_4(directory: Path, cloud: SimulatedCloud, is_running: bool) -> None:
    cloud.set_fault("*", Fault(drop_before=True))
    if is_running:
        with running_service(directory):
            done = command(directory, "summary", "reconcile", DAY)
    else:
        done = command(directory, "summary", "reconcile", DAY)
    assert (done.returncode, done.stdout) == (4, "")


def test_when_only_the_lists_fail_it_is_4_and_nothing_else_suffers(directory: Path, cloud: SimulatedCloud) -> None:
    cloud.set_fault("transactions", Fault(status=500))
    assert command(directory, "summary", "reconcile", DAY).returncode == 4
    assert answer(command(directory, "status", "--json"))["state"] == "idle"


def test_a_cloud_that_asks_to_wait_is_4_and_says_how_long(directory: Path, cloud: SimulatedCloud) -> None:
    cloud.set_fault("orders", Fault(status=429, retry_after=90))
    done = command(directory, "summary", "reconcile", DAY)
    assert done.returncode == 4
    assert "asks to wait 90 s" in done.stderr


def test_a_key_that_is_refused_is_5(directory: Path) -> None:
    done = command(directory, "summary", "reconcile", DAY, env=environment(directory, OUTLET_SYNC_API_KEY="other"))
    assert done.returncode == 5, done.stderr


def test_switched_off_it_is_2_and_says_how_to_turn_it_on(directory: Path) -> None:
    settings.save(directory, {"cloud_extras": False})
    done = command(directory, "summary", "reconcile", DAY)
    assert done.returncode == 2
    assert "config set cloud_extras on" in done.stderr


def test_a_service_in_which_it_is_off_says_so_too(directory: Path) -> None:
    """Who asks may have other settings than the service, as by a variable."""
    settings.save(directory, {"cloud_extras": False})
    with running_service(directory):
        env = environment(directory, OUTLET_SYNC_CLOUD_EXTRAS="on")
        assert command(directory, "summary", "reconcile", DAY, env=env).returncode == 2


def test_settings_that_change_meanwhile_lose_nothing(directory: Path, cloud: SimulatedCloud) -> None:
    slow = Slow(now_ms=wall_ms, api_key=KEY, extras=True)
    with SimulatedCloud(slow) as running, ThreadPoolExecutor(1) as beside:
        settings.save(directory, {"cloud_url": running.url})
        with running_service(directory) as watched:
            asked = beside.submit(channel.ask, directory, {"do": "reconcile", "date": DAY}, timeout_s=30)
            assert slow.asked.wait(10)
            watched.service.reload()
            slow.may_answer.set()
            assert asked.result(30) == {}
    assert slow.requests["orders"] == 2


@dataclass(kw_only=True)
class Slow(Cloud):
    """It answers about orders when it is told so."""

    asked: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)

    def handle(self, request: Request) -> Response:
        if request.path.endswith("/orders"):
            self.asked.set()
            assert self.may_answer.wait(10)
        return super().handle(request)


def test_a_cloud_without_readings_is_2(directory: Path, cloud: SimulatedCloud) -> None:
    cloud.call(lambda c: setattr(c, "extras", False))
    done = command(directory, "summary", "reconcile", DAY, language="id")
    assert done.returncode == 2
    assert "Data pusat tidak bisa dibaca" in done.stderr


def test_a_day_that_there_is_not_is_2(directory: Path) -> None:
    assert command(directory, "summary", "reconcile", "2026-02-30").returncode == 2


def test_paused_nothing_is_asked(directory: Path) -> None:
    with running_service(directory) as watched:
        watched.service.post(Pause())
        watched.until(lambda status: status.state == "paused")
        done = command(directory, "summary", "reconcile", DAY)
    assert done.returncode == 2, done.stderr
