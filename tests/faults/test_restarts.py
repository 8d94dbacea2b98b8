"""R14 for the real program: killed at random, with something wrong with the line, and started again and again.

Each process lives for less than a second. Whenever the line is well again, all of it arrives. A till that fails is
named by its seed, and lives as long a life again by `killed_again_and_again(SEED, KILLS)`.
"""

import os
import random
import signal
import subprocess
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from tests.builders import OUTLET_ID, order, product, read, transaction
from tests.fakes import KEY, answer, command, configure, environment
from tests.faults import mistakes
from tests.faults.mistakes import Plant, program_with
from tests.faults.model import Bad

from outlet_sync_gui.listener import Request, Response
from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud, wall_ms
from outlet_sync_gui.simulator.faults import Faults
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.records import accept

AT_WORK = 0.8  # of the kills come after a request has arrived
STARTS_WITHIN_S, LIVES_S, OUT_S = 10.0, 0.15, 0.03
TRIES = 30  # to send all: a start takes a fraction of a second
TOGETHER = 10  # kills before the line is well again
FAULTS = (
    Fault(),
    Fault(drop_before=True),
    Fault(drop_after=True),
    Fault(truncated=True),
    Fault(html=True),
    Fault(status=503),
    Fault(status=401),
    Fault(status=403),
    Fault(status=429, retry_after=1),
)


class Noticed(Faults):
    """Whatever is wrong with the line: a request that arrives is noticed."""

    def __init__(self) -> None:
        super().__init__()
        self.arrivals = threading.Event()

    async def carry(self, cloud: Cloud, request: Request) -> Response:
        """Notice it, and answer as usual."""
        self.arrivals.set()
        return await super().carry(cloud, request)


@dataclass
class Till:
    """A data directory, a cloud, and processes of the program that don't live long."""

    folder: Path
    cloud: SimulatedCloud
    arrivals: threading.Event
    chance: random.Random
    plant: Plant | None = None
    taken: int = 0
    kills: int = 0
    kills_at_work: int = 0

    def __post_init__(self) -> None:
        self.directory = configure(self.folder, self.cloud.url, rate_limit_per_minute=100_000)

    def one_run(self) -> None:
        """A few sales more, something wrong with the line, and a process that is killed."""
        self.sell()
        self.cloud.clear_faults()
        self.cloud.set_fault("*", replace(self.chance.choice(FAULTS), latency_s=OUT_S))
        self.arrivals.clear()
        words = [*program_with(self.plant), "run"]
        process = subprocess.Popen(words, env=environment(self.directory), stderr=subprocess.DEVNULL)
        if self.chance.random() < AT_WORK:
            self.arrivals.wait(STARTS_WITHIN_S)
        with suppress(subprocess.TimeoutExpired):
            process.wait(self.chance.uniform(0, LIVES_S))
        process.kill()
        assert process.wait(5) == -signal.SIGKILL
        self.kills += 1
        self.kills_at_work += self.arrivals.is_set()

    def sell(self) -> None:
        """Queued beside the service, as the till does."""
        store = open_store(self.directory, OUTLET_ID)
        ids = [f"{self.taken + n}" for n in range(4)]
        orders = [read("order", order(f"A{n}")) for n in ids]
        payments = [read("transaction", transaction(f"T{n}", f"A{n}")) for n in ids]
        accept(store, [*orders, *payments, read("product", product(f"P{ids[0]}"))], now_ms=now().wall_ms)
        store.close()
        self.taken += len(ids)

    def heal(self) -> None:
        """The line is well, nothing new: all of it arrives."""
        self.cloud.clear_faults()
        for _ in range(TRIES):  # a 429's second is kept
            done = command(self.directory, "sync", "--all", "--json")
            if answer(done)["pending"] == 0:
                break
        dead = answer(command(self.directory, "queue", "list", "--json"))
        missing = {("order", f"A{n}") for n in range(self.taken)} - self.cloud.call(lambda cloud: cloud.records.keys())
        wrong = self.cloud.call(lambda cloud: (cloud.violations, cloud.orphans, cloud.over_limit))
        if dead or missing or wrong != ([], [], 0):
            raise Bad(f"left {dead}, missing {missing}, wrong {wrong}")


def killed_again_and_again(seed: int, kills: int, plant: Plant | None = None) -> tuple[int, int]:
    """So many kills of one till's program; how many there were, and how many met work. Raises Bad, with the seed."""
    model = Cloud(now_ms=wall_ms, api_key=KEY, rate_limit_per_minute=100_000)
    with tempfile.TemporaryDirectory() as folder, SimulatedCloud(model) as cloud:
        cloud.faults = noticed = Noticed()
        chance = random.Random(seed)  # noqa: S311 - replayable bad luck
        till = Till(Path(folder) / "data", cloud, noticed.arrivals, chance, plant)
        try:
            _live(till, kills)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise Bad(f"seed {seed}, after {till.kills} of {kills} kills: {what}") from error
        return till.kills, till.kills_at_work


def _live(till: Till, kills: int) -> None:
    while till.kills < kills:
        for _ in range(min(TOGETHER, kills - till.kills)):
            till.one_run()
        till.heal()


@pytest.mark.parametrize("kills", [4, pytest.param(1000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_killed_and_started_again_and_again_the_queue_reaches_zero(kills: int) -> None:
    share = min(kills, 50)
    # Spawned: a forked one would take its parent's server of processes, which starts the commands, for its own.
    with ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=get_context("spawn")) as pool:
        done = list(pool.map(killed_again_and_again, range(kills // share), [share] * (kills // share)))
    total, at_work = (sum(numbers) for numbers in zip(*done, strict=True))
    seeds = f"{kills // share} seeds from 0"
    print(f"\nR14: {seeds}: {total} kills, {at_work} of them after requests had left: pending 0")
    assert total == kills
    assert at_work > kills // 4


def test_a_planted_mistake_is_found() -> None:
    with pytest.raises(Bad, match=r"^seed 0, after \d+ of 60 kills: Bad: .*missing {\('order'") as found:
        killed_again_and_again(0, 60, mistakes.ends_what_was_out)
    print(f"\n{found.value}")
