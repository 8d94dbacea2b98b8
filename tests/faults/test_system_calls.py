"""`kill -9` at the write-type system calls of a day: nothing is lost, nothing is told better than it is, all goes on.

A point that fails is named with its day, and replayed by `python -m tests.faults.kills SEED SCENE CALL N`.
"""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import pytest
from tests import warm
from tests.faults import kills, mistakes
from tests.faults.day import Bad, Scene, Stage, rehearse
from tests.faults.kills import play, record
from tests.faults.mistakes import Plant
from tests.faults.strace import Point, Trace, why_not
from tests.warm import Streams

FEW, MANY = 300, 3000
DAY = 20_260_127
MOST_OF_A_DAY = 1500  # a day has some 2,900 points

_stages: list[Stage] = []  # of a process of the pool: a cloud of its own


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessPoolExecutor]:
    """A process for each core."""
    if reason := why_not(tmp_path_factory.mktemp("try")):
        pytest.skip(reason)
    # Spawned: a forked one would take its parent's server of processes, which starts the commands, for its own.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield pool


def stage() -> Stage:
    """The cloud of this process."""
    if not _stages:
        _stages.append(Stage().__enter__())  # it ends with the process
    return _stages[0]


def live(folder: Path, seed: int) -> list[Scene]:
    return rehearse(folder, seed, stage())


def points_of(scene: Scene, plant: Plant | None = None) -> list[Point]:
    return record(scene, stage(), plant)


def kill(scene: Scene, point: Point, plant: Plant | None = None) -> Point:
    return play(scene, point, stage(), plant)


def spread(points: Sequence[Point], n: int, chance: random.Random) -> Iterator[Point]:
    """So many of them, over all of a scene and all kinds of calls: of each, one by lot out of each equal part."""
    calls = sorted({point.call for point in points})
    made = [[point for point in points if point.call == call] for call in calls]
    for alike, share in zip(made, shares([*map(len, made)], n), strict=True):
        for part in range(share):
            begin, end = part * len(alike) // share, (part + 1) * len(alike) // share
            yield alike[chance.randrange(begin, end)]


def shares(sizes: Sequence[int], n: int) -> list[int]:
    """The same for each; where one has fewer points, the others get what it leaves."""
    given: dict[int, int] = {}
    for place in sorted(range(len(sizes)), key=lambda place: sizes[place]):
        given[place] = min(sizes[place], (n - sum(given.values())) // (len(sizes) - len(given)))
    return [given[place] for place in range(len(sizes))]


def kill_through(pool: ProcessPoolExecutor, folder: Path, seed: int, n: int) -> Counter[str]:
    """Kill at n points of a day, on every core; how many in each scene. Raises Bad for the first that ends badly."""
    chance = random.Random(seed)  # noqa: S311 - a replayable choice, no secret
    scenes = pool.submit(live, folder, seed).result()
    found = list(pool.map(points_of, scenes))
    chosen = [
        (scene, point)
        for scene, points, share in zip(scenes, found, shares([*map(len, found)], n), strict=True)
        for point in spread(points, share, chance)
    ]
    try:
        struck = list(pool.map(kill, *zip(*chosen, strict=True)))  # what has not begun at the first failure never does
    except Bad as bad:
        raise Bad(f"day {seed}, {bad}") from None
    moved = sum(point != wanted for (_, wanted), point in zip(chosen, struck, strict=True))
    counts = Counter(scene.name for scene, _ in chosen)
    print(f"\nR1: day {seed}, {sum(map(len, found))} points, {len(struck)} kills, {moved} of them earlier: 0 bad")
    for scene, points in zip(scenes, found, strict=True):
        print(f"  {scene.name}: {counts[scene.name]} of {len(points)}")
    return counts


@pytest.mark.timeout(1800)
def test_a_day_survives_a_kill_at_any_system_call(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    assert kill_through(pool, tmp_path, DAY, FEW).total() == FEW


@pytest.mark.long
@pytest.mark.timeout(3 * 3600)
def test_days_survive_a_kill_at_nearly_every_system_call(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    kills = 0
    for seed in range(DAY + 1, DAY + 1 + MANY // MOST_OF_A_DAY):
        kills += kill_through(pool, tmp_path / str(seed), seed, MOST_OF_A_DAY).total()
    assert kills == MANY


@pytest.fixture(scope="module")
def day(pool: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    """A day by the names of its scenes."""
    scenes = pool.submit(live, tmp_path_factory.mktemp("day"), DAY).result()
    return {scene.name: scene for scene in scenes}


@pytest.mark.parametrize(
    ("mistake", "name", "call"),
    [
        (mistakes.answers_before_it_is_on_disk, "records of every kind", "pwrite64"),
        (mistakes.stores_a_record_apart_from_its_place_in_the_line, "records of every kind", "fdatasync"),
        (mistakes.counts_as_sent_what_leaves, "first sync", "sendto"),
        (mistakes.forgets_that_a_request_is_out, "first sync", "pwrite64"),
        (mistakes.moves_the_cursor_before_the_news_are_stored, "news of the menu", "fdatasync"),
    ],
)
@pytest.mark.timeout(300)
def test_a_planted_mistake_is_found(
    pool: ProcessPoolExecutor, day: dict[str, Scene], mistake: Plant, name: str, call: str
) -> None:
    points = [point for point in pool.submit(points_of, day[name], mistake).result() if point.call == call]
    random.Random(DAY).shuffle(points)  # noqa: S311 - a replayable order, no secret
    runs = [pool.submit(kill, day[name], point, mistake) for point in points]
    done = (run for run in as_completed(runs) if not run.cancelled())
    found = next((error for run in done if (error := run.exception())), None)
    for run in runs:
        run.cancel()
    print(f"\n{mistake.__name__}: {found}")
    assert isinstance(found, Bad)


@pytest.mark.usefixtures("pool")
def test_a_kill_that_did_not_happen_is_noticed(tmp_path: Path) -> None:
    writes_once = [sys.executable, "-c", "import os; os.write(1, b'x')"]
    for nth, is_killed in ((1, True), (2, False)):
        trace = Trace(tmp_path / str(nth), Point("write", nth))
        done = subprocess.run(trace.before(writes_once), capture_output=True, timeout=30, check=False)
        assert (done.stdout == b"", trace.is_killed()) == (is_killed, is_killed)


def test_a_command_that_hangs_is_noticed_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kills, "LONGEST_S", 0.5)
    never_let_go = warm.start(["run"], Streams(*(tmp_path / name for name in ("in", "out", "err"))), env=os.environ)
    with pytest.raises(Bad, match="hangs"), kills.bounded(never_let_go):
        never_let_go.wait()
    assert never_let_go.poll() == -signal.SIGKILL
