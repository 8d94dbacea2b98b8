"""R7 for the real program: libfaketime sets its wall clock while the service runs, and everything still arrives."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.builders import order, transaction
from tests.fakes import KEY, answer, command, configure, environment, program, until_running

from outlet_sync_gui.__main__ import main
from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud, wall_ms
from outlet_sync_gui.status import Lane
from outlet_sync_gui.sync.clock import Now
from outlet_sync_gui.sync.engine import Engine

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
CLOCKS = {
    "four years ahead": "+1460d",
    "six years back": "-2190d",
    "twenty times as fast": "+0 x20",
    "right again": "+0",
}
ARRIVES_WITHIN_S = 30.0
LIMITED_S = 20  # long enough for two commands on a busy machine


@dataclass
class Machine:
    """A till whose wall clock can be set, and its service."""

    directory: Path
    cloud: SimulatedCloud
    clock: Path = field(init=False)
    sold: int = 0

    def __post_init__(self) -> None:
        self.clock = self.directory.parent / "clock"
        self.set_clock("+0")

    @property
    def env(self) -> dict[str, str]:
        """Every process of this machine sees the same clock."""
        return environment(
            self.directory,
            LD_PRELOAD=str(LIBRARIES[0]),
            FAKETIME_TIMESTAMP_FILE=str(self.clock),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
        )

    def set_clock(self, offset: str) -> None:
        """While processes run, too: the file is read at each look at the clock."""
        waiting = self.clock.with_suffix(".new")
        waiting.write_text(offset + "\n")
        waiting.replace(self.clock)

    def year(self) -> int:
        """What a process of this machine takes for the year."""
        told = subprocess.run(["date", "+%Y"], env=self.env, capture_output=True, check=True)
        return int(told.stdout)

    def sell(self) -> None:
        """An order and its payment, through the command line."""
        self.sold += 1
        paid = transaction(f"T{self.sold}", f"A{self.sold}")
        for kind, data in (("order", order(f"A{self.sold}")), ("transaction", paid)):
            done = command(self.directory, "enqueue", kind, given=json.dumps(data), env=self.env)
            assert done.returncode == 0, done.stderr

    def all_has_arrived(self) -> bool:
        return len(self.cloud.call(lambda cloud: dict(cloud.records))) == 2 * self.sold

    def status(self) -> dict[str, object]:
        shown: dict[str, object] = answer(command(self.directory, "status", "--json", env=self.env))
        return shown


def until(holds: Callable[[], bool], seconds: float = ARRIVES_WITHIN_S) -> bool:
    """Look ten times a second, for so long."""
    never = threading.Event()
    for _ in range(round(seconds * 10)):
        if holds():
            return True
        never.wait(0.1)
    return False


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    if not LIBRARIES:
        pytest.skip("libfaketime is not installed (Debian: apt-get install libfaketime)")
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY)) as cloud:
        yield Machine(configure(tmp_path / "data", cloud.url), cloud)


@contextmanager
def service_of(machine: Machine, start: Sequence[str]) -> Iterator[None]:
    """The service in a process, ended as the system ends it."""
    process = subprocess.Popen([*start, "run"], env=machine.env, stderr=subprocess.DEVNULL)
    try:
        until_running(machine.directory)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


@pytest.fixture
def service(machine: Machine) -> Iterator[None]:
    with service_of(machine, program()):
        yield


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("service")
def test_a_clock_that_is_set_under_the_running_service_stops_nothing(machine: Machine) -> None:
    today = machine.year()
    seen = set()
    for clock in [clock for name in CLOCKS for clock in (CLOCKS[name], CLOCKS["right again"])]:
        machine.sell()
        machine.set_clock(clock)  # with that under way, or just before it
        seen.add(machine.year() - today)
        machine.sell()
        assert until(machine.all_has_arrived), f"stuck after {clock}: {machine.status()}"
    assert max(seen) >= 3, "the clock was never set"
    assert min(seen) <= -5, "the clock was never set"
    assert machine.cloud.call(lambda cloud: (cloud.violations, cloud.orphans, cloud.over_limit)) == ([], [], 0)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock_that_is_set_in_a_429s_wait_does_not_prolong_it(machine: Machine, name: str) -> None:
    sell_into_a_429(machine, name)
    assert until(machine.all_has_arrived, LIMITED_S + ARRIVES_WITHIN_S), machine.status()
    assert machine.status()["state"] in ("idle", "syncing")


def sell_into_a_429(machine: Machine, name: str) -> None:
    """The clock is set while a sale waits."""
    machine.cloud.set_fault("*", Fault(status=429, retry_after=LIMITED_S, times=1))
    machine.sell()
    assert not machine.all_has_arrived()
    machine.set_clock(CLOCKS[name])


def a_row_from_the_future_is_not_due() -> None:
    """A mistake, planted into a process of its own."""

    def due_at(self: Engine, lane: Lane, since_ms: int, now: Now) -> int:
        return since_ms

    Engine._due_at = due_at  # type: ignore[method-assign]  # a mistake, planted
    main()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_planted_mistake_is_found(machine: Machine) -> None:
    mistake = f"from {__name__} import {a_row_from_the_future_is_not_due.__name__} as planted; planted()"
    with service_of(machine, [sys.executable, "-c", mistake]):
        sell_into_a_429(machine, "six years back")
        assert not until(machine.all_has_arrived, LIMITED_S + 10)
