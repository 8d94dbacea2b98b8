"""`kill -9` at the write-type system calls of a day: nothing is lost, nothing is told better than it is, all goes on.

A point that fails is named with its day, and replayed by `python -m tests.faults.kills SEED SCENE CALL N`.
"""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import pytest
from tests.faults import kills, mistakes
from tests.faults.day import Bad, Scene, Stage, rehearse
from tests.faults.kills import play, record
from tests.faults.strace import Point, Trace, why_not

FEW, MANY = 300, 3000
DAY = 20_260_127
MOST_OF_A_DAY = 1500  # a day has some 1,800 points

_stages: list[Stage] = []  # of a process of the pool: a cloud of its own


@pytest.fixture(autouse=True)
def _can_trace(tmp_path: Path) -> None:
    if reason := why_not(tmp_path):
        pytest.skip(reason)


def stage() -> Stage:
    """The cloud of this process."""
    if not _stages:
        _stages.append(Stage().__enter__())  # it ends with the process
    return _stages[0]


def live(folder: Path, seed: int) -> list[Scene]:
    return rehearse(folder, seed, stage())


def points_of(scene: Scene, start: Sequence[str] = ()) -> list[Point]:
    return record(scene, stage(), start)


def kill(scene: Scene, point: Point) -> Point:
    return play(scene, point, stage())


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


def kill_through(folder: Path, seed: int, n: int) -> Counter[str]:
    """Kill at n points of a day, on every core; how many in each scene. Raises Bad for the first that ends badly."""
    chance = random.Random(seed)  # noqa: S311 - a replayable choice, no secret
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        scenes = pool.submit(live, folder, seed).result()
        found = list(pool.map(points_of, scenes))
        chosen = [
            (scene, point)
            for scene, points, share in zip(scenes, found, shares([*map(len, found)], n), strict=True)
            for point in spread(points, share, chance)
        ]
        try:
            struck = list(pool.map(kill, *zip(*chosen, strict=True)))
        except Bad as bad:
            pool.shutdown(cancel_futures=True)
            raise Bad(f"day {seed}, {bad}") from None
    moved = sum(point != wanted for (_, wanted), point in zip(chosen, struck, strict=True))
    counts = Counter(scene.name for scene, _ in chosen)
    print(f"\nR1: day {seed}, {sum(map(len, found))} points, {len(struck)} kills, {moved} of them earlier: 0 bad")
    for scene, points in zip(scenes, found, strict=True):
        print(f"  {scene.name}: {counts[scene.name]} of {len(points)}")
    return counts


@pytest.mark.timeout(1800)
def test_a_day_survives_a_kill_at_any_system_call(tmp_path: Path) -> None:
    assert kill_through(tmp_path, DAY, FEW).total() == FEW


@pytest.mark.long
@pytest.mark.timeout(3 * 3600)
def test_days_survive_a_kill_at_nearly_every_system_call(tmp_path: Path) -> None:
    kills = 0
    for seed in range(DAY + 1, DAY + 1 + MANY // MOST_OF_A_DAY):
        kills += kill_through(tmp_path / str(seed), seed, MOST_OF_A_DAY).total()
    assert kills == MANY


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    """A day by the names of its scenes."""
    with ProcessPoolExecutor(1) as pool:
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
def test_a_planted_mistake_is_found(day: dict[str, Scene], mistake: Callable[[], None], name: str, call: str) -> None:
    start = [sys.executable, "-P", mistakes.__file__, mistake.__name__]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        points = [point for point in pool.submit(points_of, day[name], start).result() if point.call == call]
        random.Random(DAY).shuffle(points)  # noqa: S311 - a replayable order, no secret
        runs = [pool.submit(play_wrong, day[name], point, start) for point in points]
        found = next((error for run in as_completed(runs) if (error := run.exception())), None)
        pool.shutdown(cancel_futures=True)
    print(f"\n{mistake.__name__}: {found}")
    assert isinstance(found, Bad)


def test_a_kill_that_did_not_happen_is_noticed(tmp_path: Path) -> None:
    writes_once = [sys.executable, "-c", "import os; os.write(1, b'x')"]
    for nth, is_killed in ((1, True), (2, False)):
        trace = Trace(tmp_path / str(nth), Point("write", nth))
        done = subprocess.run(trace.before(writes_once), capture_output=True, timeout=30, check=False)
        assert (done.stdout == b"", trace.is_killed()) == (is_killed, is_killed)


def test_a_command_that_hangs_is_noticed_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kills, "LONGEST_S", 0.5)
    hangs = [sys.executable, "-c", "import signal; signal.pause()"]
    process = subprocess.Popen(Trace(tmp_path / "trace").before(hangs))
    with pytest.raises(Bad, match="hangs"), kills.bounded(process):
        process.wait()
    assert process.returncode == -signal.SIGKILL


def play_wrong(scene: Scene, point: Point, start: Sequence[str]) -> None:
    play(scene, point, stage(), start)
