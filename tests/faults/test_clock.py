"""R7: the wall clock is set four years ahead, six years back, or runs twenty times too fast, at any step.

No lane is stuck, the cursor never goes back, no request is over the limit or within a wait that was imposed, no wait is
longer than it was, and what is shown is true (`line.Line` looks at that in each step).
"""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from tests.builders import answered, order, product, read, refused, results, transaction
from tests.faults.line import Fault, Line
from tests.faults.model import Bad
from tests.faults.test_healing import CAUSES, HEALS_WITHIN_S, SOON, known_before, mix, waiting

from outlet_sync_gui.status import State
from outlet_sync_gui.store import outbox
from outlet_sync_gui.store.halts import HaltKind
from outlet_sync_gui.store.outlet import Stamp
from outlet_sync_gui.sync import budget, engine, halts, waits
from outlet_sync_gui.sync.clock import Now, to_ms
from outlet_sync_gui.sync.commands import Pause, Resume, SyncNow
from outlet_sync_gui.sync.engine import Engine
from outlet_sync_gui.sync.exchange import Answer, Kind, Send

YEAR_MS = 365 * 86_400_000
JUMPS = {
    "four years ahead": 4 * YEAR_MS,
    "six years back": -6 * YEAR_MS,
    "an hour ahead": 3_600_000,
    "ten minutes back": -600_000,
    "a minute back": -60_000,
}
FAST = "twenty times as fast"
SETTINGS = SOON.model_copy(update={"rate_limit_per_minute": 10})
PAUSE_S = 600.0
DOWN_S = 20.0  # between two runs of the program
WORST_S = 900.0  # the longest wait that any of these causes imposes
BETWEEN_MS = (to_ms("2000-01-01T00:00:00Z"), to_ms("2060-01-01T00:00:00Z"))


def jump(line: Line, name: str) -> None:
    """Set the wall clock, or let it run too fast."""
    if name == FAST:
        line.speed = 20.0
    else:
        line.bench.wall_ms += JUMPS[name]


def answers_nothing_of_it(line: Line, step: Send) -> Answer | None:
    """Of the orders nothing is said: they go again a minute later."""
    if step.flight.kind is Kind.PULL:
        return None
    return answered({"success": True, "data": {"results": []}})


def refuses_without_a_reason(line: Line, step: Send) -> Answer | None:
    return (
        None if step.flight.kind is Kind.PULL else results(step.flight, {p.local_id: "" for p in step.flight.parcels})
    )


def refuses_all(line: Line, step: Send) -> Answer | None:
    return None if step.flight.kind is Kind.PULL else refused("outlet is closed", 400)


def by_name(name: str) -> Fault:
    return next(cause.answer for cause in CAUSES if cause.name == name)


@dataclass(frozen=True)
class Scene:
    """What the till is in the middle of, when the clock jumps."""

    name: str
    fault: Fault | None = None
    lasts_s: float = 5.0
    imposes_s: float = 0.0
    before: Callable[[Line], None] = lambda _: None
    after: Callable[[Line], None] = lambda _: None
    in_flight: bool = False


def pause(line: Line) -> None:
    line.pause_until_s = line.true_s + PAUSE_S
    line.bench.engine.do(Pause(line.bench.wall_ms + round(PAUSE_S * 1000)), line.bench.now)


def use_the_limit_up(line: Line) -> None:
    """A person presses Sync now until the next request has to wait for a free slot."""
    for _ in range(10):
        line.bench.engine.do(SyncNow(), line.bench.now)
        line.live(0.5)


SCENES = (
    Scene("at rest"),
    Scene("with a request out", in_flight=True),
    Scene("in a burst's linger", lasts_s=0.1),
    Scene("in a 429's wait", by_name("429"), imposes_s=90.0),
    Scene("in a back-off", by_name("no route"), lasts_s=100.0),
    Scene("in a pause", lasts_s=60.0, imposes_s=PAUSE_S, before=pause),
    Scene("while an endpoint is shut", by_name("403"), lasts_s=30.0, imposes_s=300.0),
    Scene("while the key is refused", by_name("401"), lasts_s=30.0, imposes_s=60.0),
    Scene("while orders are refused alike", refuses_all, lasts_s=200.0, imposes_s=900.0),
    Scene("before a retry", refuses_without_a_reason, imposes_s=60.0),
    Scene("before an unanswered item goes again", answers_nothing_of_it, imposes_s=60.0),
    Scene("with the limit used up", lasts_s=1.0, imposes_s=60.0, before=use_the_limit_up, after=use_the_limit_up),
)


def live_through(folder: Path, scene: Scene, name: str, *, restarts: bool) -> float:
    """Seconds until all of it is through; raises Bad."""
    folder.mkdir()
    line = Line(folder, SETTINGS)
    known_before(line)
    scene.before(line)
    line.fault = scene.fault
    if scene.in_flight:
        line.on_air = partial(jump, line, name)
    line.bench.put_all(mix())
    line.live(scene.lasts_s)
    line.fault = line.on_air = None
    if not scene.in_flight:
        jump(line, name)
    if restarts:
        line.pass_time(DOWN_S)
        line.restart()
    scene.after(line)
    return all_of_it_arrives(line, scene.imposes_s)


def all_of_it_arrives(line: Line, imposes_s: float) -> float:
    """Nothing new, nothing wrong but the clock. Raises Bad."""
    took_s = line.live(imposes_s + HEALS_WITHIN_S, until=lambda: not waiting(line))
    if left := waiting(line):
        raise Bad(f"{left} still wait after {took_s:.0f} s")
    line.live(700)
    line.speed = 1.0
    line.live(700)
    line.bench.put("order", order("last"))
    line.live(30)
    status = line.bench.engine.status(line.bench.now)
    expected = State.ATTENTION if status.dead else State.IDLE
    if waiting(line) or status.state is not expected:
        raise Bad(f"at the end {status}")
    line.bench.store.close()
    return took_s


@pytest.mark.parametrize("restarts", [False, True], ids=["running", "started again"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_clock_that_is_set_stops_nothing(tmp_path: Path, scene: Scene, restarts: bool) -> None:
    took = {}
    for number, name in enumerate((*JUMPS, FAST)):
        took[name] = round(live_through(tmp_path / str(number), scene, name, restarts=restarts), 1)
    print(f"\nR7: {scene.name}: {took}")


def live_at_random(folder: Path, seed: int) -> None:
    """The clock jumps at any step, with one request out or none, while other things go wrong. Raises Bad."""
    folder.mkdir()
    line = Line(folder, SETTINGS, seed=seed)
    chance = random.Random(seed)  # noqa: S311 - a replayable course of bad luck
    line.live(30)
    happenings = (
        partial(jump_at_random, line, chance),
        partial(jump_at_random, line, chance),
        partial(jump_on_air, line, chance),
        partial(trouble, line, chance),
        line.restart,
        partial(pause, line),
        lambda: line.bench.engine.do(Resume(), line.bench.now),
    )
    for number in range(30):
        paid = transaction(f"T{number}", f"A{number}")
        line.bench.put_all([read("order", order(f"A{number}")), read("transaction", paid)])
        line.bench.put("product", product(f"P{number % 4}", stock=number))
        chance.choice(happenings)()
        line.live(chance.choice((0.1, 1, 10, 70, 400)))
    line.fault = line.on_air = None
    line.bench.engine.do(Resume(), line.bench.now)
    all_of_it_arrives(line, WORST_S)


def jump_at_random(line: Line, chance: random.Random) -> None:
    """To anywhere between two bounds; it may run too fast from here on, or no longer."""
    name = chance.choice((*JUMPS, FAST))
    line.speed = 1.0
    if name == FAST or BETWEEN_MS[0] < line.bench.wall_ms + JUMPS[name] < BETWEEN_MS[1]:
        jump(line, name)


def jump_on_air(line: Line, chance: random.Random) -> None:
    """While the next request is out."""

    def once() -> None:
        line.on_air = None
        jump_at_random(line, chance)

    line.on_air = once


def trouble(line: Line, chance: random.Random) -> None:
    """Something is wrong with the line, or nothing any more."""
    line.fault = chance.choice([None, None, *(cause.answer for cause in CAUSES if not cause.condemns)])


@pytest.mark.parametrize("seeds", [40, pytest.param(4000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_a_clock_that_is_set_at_any_step_stops_nothing(tmp_path: Path, seeds: int) -> None:
    for seed in range(seeds):
        try:
            live_at_random(tmp_path / str(seed), seed)
        except Exception as error:
            raise Bad(f"seed {seed}: {error}") from error
        shutil.rmtree(tmp_path / str(seed))
    print(f"\nR7: {seeds} courses with a clock that jumps: 0 bad")


# -- mistakes, planted to prove that they are found

Plant = Callable[[pytest.MonkeyPatch], None]


def a_retry_far_ahead_is_waited_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "LONGEST_RETRY_MS", 100 * YEAR_MS)


def a_probe_far_ahead_is_waited_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(halts, "PROBE_MS", 100 * YEAR_MS)
    patch.setattr(halts.Halts, "forbid", forbidden_for_five_minutes)


def forbidden_for_five_minutes(self: halts.Halts, route: str, now_ms: int) -> None:
    self._store.halts.put(HaltKind.ROUTE, route, words="", now_ms=now_ms, probe_at=now_ms + 300_000)


def a_row_from_the_future_is_not_due(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Engine, "_due_at", lambda _self, _lane, since_ms, _now: since_ms + engine.LINGER_MS)


def a_pause_ends_by_the_wall_clock_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(waits, "pause_ends", lambda outlet, now: waits.monotonic_at(outlet.paused_until, now))


def stamps_are_read_by_the_wall_clock_alone(patch: pytest.MonkeyPatch) -> None:
    def by_wall(stamp: Stamp, now: Now) -> float:
        return now.monotonic - (now.wall_ms - stamp.wall_ms) / 1000

    patch.setattr(waits, "monotonic_of", by_wall)
    patch.setattr(budget, "monotonic_of", by_wall)


def a_wait_is_told_by_the_wall_clock_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(waits, "as_shown", lambda outlet, _hold, _now: outlet)


PLANTED: tuple[tuple[Plant, str, str, bool], ...] = (
    (a_retry_far_ahead_is_waited_for, "before an unanswered item goes again", "six years back", False),
    (a_probe_far_ahead_is_waited_for, "while an endpoint is shut", "six years back", False),
    (a_row_from_the_future_is_not_due, "in a burst's linger", "six years back", False),
    (a_pause_ends_by_the_wall_clock_alone, "in a pause", "six years back", False),
    (stamps_are_read_by_the_wall_clock_alone, "with the limit used up", "four years ahead", True),
    (stamps_are_read_by_the_wall_clock_alone, "in a 429's wait", "four years ahead", True),
    (stamps_are_read_by_the_wall_clock_alone, "in a 429's wait", "a minute back", True),
    (a_wait_is_told_by_the_wall_clock_alone, "in a 429's wait", "six years back", False),
)


@pytest.mark.parametrize(("plant", "scene", "name", "restarts"), PLANTED)
def test_a_planted_mistake_is_found(
    plant: Plant, scene: str, name: str, restarts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    meant = next(known for known in SCENES if known.name == scene)
    with pytest.raises(Bad):
        live_through(tmp_path / "line", meant, name, restarts=restarts)
