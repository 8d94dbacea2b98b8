"""The program killed without warning while it drains: nothing is lost, nothing older follows newer."""

import json
import random
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.builders import OUTLET_ID, order, read
from tests.fakes import KEY, answer, command, configure, environment
from tests.faults import mistakes
from tests.faults.mistakes import Plant, program_with
from tests.faults.strace import Point, Trace, why_not

from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud, wall_ms
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.person import MANY
from outlet_sync_gui.sync.records import CHUNK, accept

SEED = 20_260_127
LOOK_S = 0.02
BATCHES_OUT_S = 0.02  # a slow line: most kills meet a request that is out


class Kills:
    """Kills the service each time the cloud has accepted so many records more."""

    def __init__(self, cloud: SimulatedCloud, directory: Path, start: Sequence[str]) -> None:
        self._cloud = cloud
        self._directory = directory
        self._start = start
        self.process: subprocess.Popen[bytes] | None = None

    def run_until(self, accepted: int) -> None:
        """Start it, and kill it once the cloud holds this many."""
        env = environment(self._directory, OUTLET_SYNC_REQUEST_TIMEOUT_S="5")
        self.process = subprocess.Popen([*self._start, "run"], env=env, stderr=subprocess.DEVNULL)
        reached = threading.Event()
        self._cloud.call(lambda cloud: _watch(cloud, accepted, reached))
        try:
            assert reached.wait(30), "the cloud never got that far"
        finally:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(5)


def _watch(cloud: Cloud, accepted: int, reached: threading.Event) -> None:
    class Journal(list):  # type: ignore[type-arg]  # a list that rings
        def append(self, value: object) -> None:
            super().append(value)
            if len(self) >= accepted:
                reached.set()

    cloud.journal = Journal(cloud.journal)
    if len(cloud.journal) >= accepted:
        reached.set()


def killed_while_it_drains(folder: Path, records: int, kills: int, plant: Plant | None = None) -> None:
    """So many kills of a service that sends so many records. Raises AssertionError where one was lost or left."""
    chance = random.Random(SEED)  # noqa: S311 - points to kill at, no secret
    points = sorted(chance.sample(range(1, records), kills))
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, rate_limit_per_minute=100_000)) as cloud:
        cloud.set_fault("batch", Fault(latency_s=BATCHES_OUT_S))
        directory = configure(folder / "data", cloud.url, rate_limit_per_minute=100_000)
        given = "\n".join(json.dumps(order(f"A{n}", total_amount=n)) for n in range(records))
        assert answer(command(directory, "enqueue", "order", "--json", given=given))["accepted"] == records
        service = Kills(cloud, directory, program_with(plant))
        for point in points:
            service.run_until(point)
        done = command(directory, "sync", "--json")
        summary = cloud.call(lambda c: c.summary())
        amount = cloud.call(lambda c: c.total("order", "total_amount"))
    assert answer(done)["pending"] == 0
    left = answer(command(directory, "queue", "list", "--json"))
    assert not left, f"{len(left)} left to a person"
    lost = records - len({*range(records)} & _numbers(cloud))
    print(f"\nseed {SEED}: {records} records, {kills} kills: {lost} lost, {summary['repeats']} sent twice")
    assert (lost, amount) == (0, sum(range(records)))
    assert (summary["violations"], summary["over_limit"]) == ([], 0)


@pytest.mark.parametrize(
    ("records", "kills"),
    [(3000, 4), pytest.param(20_000, 40, marks=[pytest.mark.long, pytest.mark.timeout(600)])],
)
def test_killed_in_the_middle_nothing_is_lost(tmp_path: Path, records: int, kills: int) -> None:
    killed_while_it_drains(tmp_path, records, kills)


def test_a_mistake_planted_into_the_next_start_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="left to a person"):
        killed_while_it_drains(tmp_path, 1500, 3, mistakes.leaves_what_was_out_to_a_person)


def _numbers(cloud: SimulatedCloud) -> set[int]:
    return {int(local_id.removeprefix("A")) for _, local_id in cloud.cloud.records}


def killed_while_it_queues(folder: Path, after: int, plant: Plant | None = None, *, within_s: float = 30) -> None:
    """Killed when it has taken what it was given whole chunks of. Raises AssertionError where one of these was lost."""
    directory = configure(folder / "data", "http://127.0.0.1:1")
    store = open_store(directory, OUTLET_ID)
    words = [*program_with(plant), "enqueue", "order"]
    process = subprocess.Popen(words, env=environment(directory), stdin=subprocess.PIPE)
    assert process.stdin is not None
    lines = [json.dumps(order(f"A{n}")) + "\n" for n in range(1000)]
    process.stdin.write("".join(lines[:after]).encode())
    process.stdin.flush()
    whole = after // CHUNK * CHUNK
    is_stored = _comes_true(lambda: store.outlet.counts().pending.total == whole, within_s)
    store.close()
    process.kill()
    process.wait(5)
    process.stdin.close()
    assert is_stored, "a chunk is not on disk before the next"
    again = answer(command(directory, "enqueue", "order", "--json", given="".join(lines)))
    assert (again["accepted"], again["unchanged"]) == (1000 - whole, whole)
    assert answer(command(directory, "status", "--json"))["pending"]["total"] == 1000


def _comes_true(holds: Callable[[], bool], within_s: float) -> bool:
    never = threading.Event()
    return any(holds() or never.wait(LOOK_S) for _ in range(round(within_s / LOOK_S)))


@pytest.mark.parametrize("after", [250, 700])
def test_killed_while_it_queues_nothing_that_was_answered_is_lost(tmp_path: Path, after: int) -> None:
    """Each chunk is on disk before the next: what a second try calls unchanged was kept, the rest is taken then."""
    killed_while_it_queues(tmp_path, after)


def test_a_mistake_planted_into_the_queueing_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="not on disk before the next"):
        killed_while_it_queues(tmp_path, 700, mistakes.answers_before_it_is_on_disk, within_s=4)


def killed_between_two_parts(folder: Path, plant: Plant | None = None) -> None:
    """Killed in a decision over very many records. Raises AssertionError where a part of it is not whole."""
    if reason := why_not(folder):
        pytest.skip(reason)
    directory = configure(folder / "data", "http://127.0.0.1:1")
    store = open_store(directory, OUTLET_ID)
    accept(store, [read("order", order(f"A{n}")) for n in range(3 * MANY)], now_ms=wall_ms())
    with store.write():
        store._db.execute("UPDATE outbox SET state = 4, error_code = 'R-DATA'")
    trace = Trace(folder / "trace", Point("fdatasync", 3))  # after each part, and once more at the beginning
    words = trace.before([*program_with(plant), "queue", "retry", "--all"])
    done = subprocess.run(words, env=environment(directory), capture_output=True, timeout=60, check=False)
    assert (done.returncode, trace.is_killed()) == (-signal.SIGKILL, True)
    left = store.outlet.counts().dead
    assert left in (MANY, 2 * MANY), "a part is not whole"
    assert store.outlet.counts().pending.total == 3 * MANY - left
    assert command(directory, "queue", "retry", "--all").returncode == 0
    assert store.outlet.counts().pending.total == 3 * MANY
    assert [row[0] for row in store._db.rows("SELECT why FROM activity ORDER BY id")] == [
        str(3 * MANY - left),
        str(left),
    ]
    store.close()


def test_killed_between_two_parts_of_a_decision_the_rest_still_needs_attention(tmp_path: Path) -> None:
    killed_between_two_parts(tmp_path)


def test_a_mistake_planted_into_a_decision_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="a part is not whole"):
        killed_between_two_parts(tmp_path, mistakes.stores_a_record_apart_from_its_place_in_the_line)
