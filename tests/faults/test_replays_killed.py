"""R10 with kills: the real program dies while letters are on the way, and headquarters delivers them again.

Nothing that was answered is lost, nothing has its effect twice. A run that fails is named by its seed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

import pytest
from tests.faults import mistakes
from tests.faults.day import Bad
from tests.faults.mistakes import Plant
from tests.faults.replays import (
    LONGEST_S,
    SEQUELS,
    Cut,
    Headquarters,
    Letter,
    Program,
    check_effects,
    effects,
    letters,
    post,
    rows,
    sequel,
)
from tests.faults.strace import Point, Trace, why_not

from outlet_sync_gui.simulator import wall_ms

SEED = 20_260_127
SENDERS = 4
FEW, MANY = 8, 200
MOST_STEPS = 60  # of the line, before the next kill: a letter is three
ONE_IN = 10  # letters that are delivered again at once


# -- at any moment


@dataclass(slots=True)
class Storm:
    """What came of it."""

    kills: int = 0
    missed: int = 0  # kills while no letter was on the way
    letters: int = 0
    cut: int = 0
    committed: int = 0  # of those that were cut

    def __str__(self) -> str:
        told = f"{self.kills} kills, {self.letters} letters, {self.cut} of them cut off and delivered again"
        return f"{told} ({self.committed} after their effect was stored), {self.missed} kills hit none"


def storm(folder: Path, *, seed: int, kills: int, plant: Plant | None = None) -> Storm:
    """Kill the program while four of headquarters' own tell it all they know. Raises Bad."""
    chance, found = Random(seed), Storm()  # noqa: S311 - moments to kill at, no secret
    cut: list[tuple[Letter, int]] = []
    with Program(folder, plant) as outlet, ThreadPoolExecutor(SENDERS) as pool:
        headquarters = Headquarters(outlet.directory, outlet.port)
        try:
            told = [pool.submit(_tell, headquarters, by, f"{seed}/{by}") for by in range(SENDERS)]
            while found.kills < kills and found.missed <= kills:
                headquarters.until_steps(1 + chance.randrange(MOST_STEPS))
                out = frozenset(headquarters.out)
                outlet.kill()
                killed_ms = wall_ms()
                headquarters.until_alone(SENDERS)
                hit = out & headquarters.cut
                headquarters.cut.clear()
                cut += [(letter, killed_ms) for letter in hit]
                found.kills, found.missed = found.kills + bool(hit), found.missed + (not hit)
                outlet.start()
            headquarters.is_enough.set()
            for each in told:
                each.result()
            for letter in headquarters.told:
                headquarters.repeat(letter)
        except BaseException as error:
            headquarters.give_up(error)
            raise
        outlet.stop()
    check_effects(outlet.directory, headquarters.told)
    stored = dict(rows(outlet.directory, "SELECT digest, at FROM webhook"))
    found.letters, found.cut = len(headquarters.told), len(cut)
    found.committed = sum(stored[letter.key] <= killed_ms for letter, killed_ms in cut)
    return found


def _tell(headquarters: Headquarters, by: int, seed: str) -> None:
    chance = Random(seed)  # noqa: S311 - what to say twice, no secret
    headquarters.deliver(letters(by), again=lambda: chance.randrange(ONE_IN) == 0)


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(FEW, marks=pytest.mark.timeout(300)),
        pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
    ids=str,
)
def test_each_letter_has_one_effect_whenever_the_program_is_killed(tmp_path: Path, kills: int) -> None:
    found = storm(tmp_path, seed=SEED, kills=kills)
    print(f"\nR10: seed {SEED}: {found}: 0 bad")
    assert (found.kills, found.missed <= kills // 4) == (kills, True), "kills that hit no letter"


# -- at each write-type system call


@pytest.fixture
def can_trace(tmp_path: Path) -> None:
    if reason := why_not(tmp_path):
        pytest.skip(reason)


def sweep(
    folder: Path,
    choose: Callable[[Sequence[Point]], Sequence[Point]],
    *,
    whats: Sequence[str] = tuple(SEQUELS),
    plant: Plant | None = None,
) -> Counter[str]:
    """Kill the program at the chosen calls that a letter of each kind leads to; how many at each call. Raises Bad."""
    numbers, struck = count(1), Counter[str]()
    with Program(folder, plant) as outlet:
        surgeon = Surgeon(outlet, Headquarters(outlet.directory, outlet.port), folder)
        found = {what: surgeon.record(sequel(what, next(numbers))) for what in whats}
        for what, points in found.items():
            for point in choose(points):
                while not surgeon.strike(sequel(what, next(numbers)), point):
                    point = Point(point.call, point.nth * 3 // 4)  # noqa: PLW2901 - what else it does depends on when
                struck[point.call] += 1
        outlet.stop()
    check_effects(outlet.directory, surgeon.headquarters.told)
    counts = ", ".join(f"{what}: {len(points)}" for what, points in found.items())
    print(f"\nR10: {struck.total()} kills at calls ({dict(struck)}) of those that a letter leads to ({counts}): 0 bad")
    return struck


@dataclass(frozen=True, slots=True)
class Surgeon:
    """Lays strace onto the program for the time of one letter."""

    outlet: Program
    headquarters: Headquarters
    folder: Path

    def record(self, letters: Sequence[Letter]) -> list[Point]:
        """The calls that the last of these leads to."""
        self.headquarters.deliver(letters[:-1])
        trace = Trace(self.folder / "trace")
        with trace.onto(self.outlet.process.pid):
            self.headquarters.deliver(letters[-1:])
        return trace.points()

    def strike(self, letters: Sequence[Letter], point: Point) -> bool:
        """Kill it there, start it again, deliver again; whether it came to that point. Raises Bad."""
        *before, letter = letters
        self.headquarters.deliver(before)
        trace = Trace(self.folder / "trace", point)
        with trace.onto(self.outlet.process.pid) as strace:
            try:
                post(self.outlet.port, letter)
            except Cut:
                strace.wait(LONGEST_S)  # it writes down how the program died, and ends
        is_killed = trace.is_killed()
        if is_killed:
            self.outlet.check_killed()
            self.outlet.start()
        elif point.nth <= 1:
            raise Bad("strace killed nothing")
        self.headquarters.deliver([letter])
        if (found := effects(self.outlet.directory)[letter.effect]) != 1:
            raise Bad(f"killed at {point}, delivered again: {found} times {letter.effect}")
        return is_killed


def one_of_each(points: Sequence[Point]) -> Sequence[Point]:
    """Of each call one, by lot."""
    shuffled = Random(SEED + len(points)).sample(points, len(points))  # noqa: S311 - a choice to repeat, no secret
    return [*{point.call: point for point in shuffled}.values()]


def all_of_them(points: Sequence[Point]) -> Sequence[Point]:
    return points


def at_the_disk(points: Sequence[Point]) -> Sequence[Point]:
    """Where a transaction is in the file, and not yet known to be there."""
    return [point for point in points if point.call == "fdatasync"]


@pytest.mark.usefixtures("can_trace")
@pytest.mark.timeout(300)
def test_a_letter_has_one_effect_when_the_program_is_killed_at_a_call(tmp_path: Path) -> None:
    struck = sweep(tmp_path, one_of_each)
    assert min(struck["pwrite64"], struck["fdatasync"], struck["sendto"]) >= len(SEQUELS)


@pytest.mark.long
@pytest.mark.usefixtures("can_trace")
@pytest.mark.timeout(1800)
def test_a_letter_has_one_effect_when_the_program_is_killed_at_any_call(tmp_path: Path) -> None:
    struck = sweep(tmp_path, all_of_them)
    assert min(struck["pwrite64"], struck["fdatasync"], struck["sendto"]) >= len(SEQUELS)


# -- mistakes, planted to prove that the checker finds them

BEFORE, AFTER = mistakes.remembers_a_letter_before_its_effect, mistakes.remembers_a_letter_after_its_effect


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("mistake", "kills", "found"),
    [
        (BEFORE, 20, "lost|told .* instead of"),
        (AFTER, 60, "too often|told .* instead of"),  # found at the first that shows it
        (mistakes.answers_a_letter_before_it_is_on_disk, 12, "lost|answered, and not done|the next time"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_planted_mistake_is_found_by_kills_at_any_moment(
    tmp_path: Path, mistake: Plant, kills: int, found: str
) -> None:
    with pytest.raises(Bad, match=found) as bad:
        storm(tmp_path, seed=SEED, kills=kills, plant=mistake)
    print(f"\n{mistake.__name__}: {bad.value}")


@pytest.mark.usefixtures("can_trace")
@pytest.mark.parametrize(
    ("mistake", "found"), [(BEFORE, "0 times"), (AFTER, "2 times")], ids=lambda value: getattr(value, "__name__", "")
)
def test_a_planted_mistake_is_found_by_kills_at_calls(tmp_path: Path, mistake: Plant, found: str) -> None:
    with pytest.raises(Bad, match=found) as bad:
        sweep(tmp_path, at_the_disk, whats=["noted"], plant=mistake)
    print(f"\n{mistake.__name__}: {bad.value}")
