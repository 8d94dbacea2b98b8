"""R7: the wall clock is set four years ahead, six years back, or runs twenty times too fast, at any step.

No lane is stuck, the cursor never goes back, no request is over the limit or within a wait that was imposed, no wait is
longer than it was, and what is shown is true (`line.Line` looks at that in each step).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from tests.builders import answered, order, refused, results
from tests.faults.line import Fault, Line
from tests.faults.model import Bad
from tests.faults.test_healing import CAUSES, HEALS_WITHIN_S, SOON, known_before, mix

from outlet_sync_gui.status import State
from outlet_sync_gui.sync.commands import Pause
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
    in_flight: bool = False


def pause(line: Line) -> None:
    line.pause_until_s = line.true_s + PAUSE_S
    line.bench.engine.do(Pause(line.bench.wall_ms + round(PAUSE_S * 1000)), line.bench.now)


def use_the_limit_up(line: Line) -> None:
    """The next request has to wait for a free slot."""
    for n in range(8):
        line.bench.put("order", order(f"L{n}"))
        line.live(1)


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
    Scene("with the limit used up", lasts_s=1.0, before=use_the_limit_up, imposes_s=60.0),
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
        line.restart()
    return all_of_it_arrives(line, scene.imposes_s)


def all_of_it_arrives(line: Line, imposes_s: float) -> float:
    """Nothing new, nothing wrong but the clock. Raises Bad."""
    took_s = line.live(imposes_s + HEALS_WITHIN_S, until=lambda: not line.bench.store.outlet.counts().pending.total)
    if line.bench.store.outlet.counts().pending.total:
        raise Bad(f"{line.bench.queued()} still wait after {took_s:.0f} s")
    line.live(700)
    line.speed = 1.0
    line.live(700)
    line.bench.put("order", order("last"))
    line.live(30)
    status = line.bench.engine.status(line.bench.now)
    if status.pending.total or status.state not in (State.IDLE, State.ATTENTION):
        raise Bad(f"at the end {status}")
    if status.state is State.ATTENTION and not status.dead:
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
