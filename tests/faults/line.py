"""An outlet at the simulated cloud, on simulated time: each step is held against what is always promised.

The true time goes on evenly; the till's wall clock may be set, and its monotonic one starts anew with the machine.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from tests.builders import OUTLET_CODE, OUTLET_ID, SETTINGS, START_MS, Bench
from tests.faults.model import Bad, Door
from tests.places import with_fresh_store

from outlet_sync_gui.listener import Request
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.simulator import Cloud
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.sync.clock import to_ms
from outlet_sync_gui.sync.events import Event, KeyRefused, Stopped
from outlet_sync_gui.sync.exchange import Answer, Answered, Send, WaitUntil, Why

HEADERS = {
    "authorization": "Bearer key",
    "x-outlet-id": OUTLET_ID,
    "x-outlet-code": OUTLET_CODE,
    "content-type": "application/json",
}
LONGEST_S = {  # a wait for something else than a person or the cloud's own word
    Why.BACKOFF: 120.0,
    Why.REFUSED: 60.0,
    Why.LINGER: 60.0,
    Why.PACING: 60.0,
    Why.NOTHING_DUE: 300.0,
}
BLINK_S = 0.001
SPINS = 100  # steps in one moment that are no work any more
OUT_OF_REACH = frozenset({"N-LINK", "N-DNS", "N-TLS", "N-PORTAL", "N-CLOUD", "N-ANSWER"})

Fault = Callable[["Line", Send], Answer | None]


@dataclass
class Line:
    """One till, its engine and store, and the cloud; `fault` answers in its place, or None lets it answer."""

    directory: Path
    settings: Settings = SETTINGS
    seed: int = 0
    fault: Fault | None = None
    on_air: Callable[[], None] | None = None  # happens while a request is out
    speed: float = 1.0  # of the wall clock
    latency_s: float = 0.05
    true_s: float = 0.0
    requests: int = 0
    pause_until_s: float | None = None  # true time at which a pause that was asked for ends
    bench: Bench = field(init=False)
    cloud: Cloud = field(init=False)
    door: Door = field(init=False)
    _cursor: str | None = None
    _succeeded_s: float | None = None
    is_unreachable: bool | None = False  # None: refused, which tells neither
    _spins: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - a replayable course of bad luck
        self.bench = Bench(with_fresh_store(self.directory), self.settings, draw=self.chance.random)
        self.bench.hurry()
        limit = self.settings.rate_limit_per_minute
        self.cloud = Cloud(now_ms=lambda: START_MS + round(self.true_s * 1000), rate_limit_per_minute=limit)
        self.door = Door(limit=limit)

    # -- time

    def pass_time(self, seconds: float) -> None:
        """Let time pass on every clock, nothing else."""
        self.true_s += seconds
        self.bench.later(seconds)
        self.bench.wall_ms += round(seconds * 1000 * (self.speed - 1))

    def restart(self) -> None:
        """The program dies and starts again, on the same machine."""
        self.bench.restart()
        self.bench.hurry()
        self._succeeded_s = None

    def power_off(self, seconds: float, *, boot_s: float = 20.0) -> None:
        """The machine is off for so long, and up again for `boot_s` before the program starts."""
        self.pass_time(seconds + boot_s)
        self.bench.at_s = boot_s
        self.restart()

    def live(self, seconds: float, *, until: Callable[[], bool] = lambda: False) -> float:
        """Go on for so long, or until that holds; the seconds that it took. Raises Bad."""
        start, end = self.true_s, self.true_s + seconds
        while self.true_s < end - BLINK_S / 2 and not until():
            step = self.bench.next()
            if isinstance(step, Send):
                self.carry(step)
            else:
                self._rest(step, end - self.true_s)
        return self.true_s - start

    # -- exchanges

    def carry(self, step: Send) -> list[Event]:
        """Take a request to the cloud, or to what stands in its way, and settle it."""
        self.requests += 1
        self._spins = 0
        self.door.count(self.true_s)
        self.pass_time(self.latency_s / 2)
        answer = (self.fault(self, step) if self.fault else None) or self.arrive(step)
        if self.on_air is not None:
            self.on_air()
        self.pass_time(self.latency_s / 2)
        events = self.bench.settle(step, answer)
        self._settled(events)
        return events

    def arrive(self, step: Send) -> Answered:
        """The cloud's own answer. Raises Bad for what no till may send."""
        path, _, query = step.request.path.partition("?")
        method, body = step.request.method, step.request.body
        response = self.cloud.handle(Request(method=method, path=path, query=query, headers=HEADERS, body=body))
        if wrong := self.cloud.violations + self.cloud.orphans:
            raise Bad(f"the cloud has seen what may not be: {wrong}")
        if self.cloud.over_limit:
            raise Bad("a 429 of our own making")
        date = {"date": formatdate(self.cloud.now_ms() / 1000, usegmt=True)}
        return Answered(status=response.status, headers=date, body=response.body)

    # -- promises

    def unsent(self) -> int:
        """Rows of the outbox, counted one by one; those for a person too."""
        ((n,),) = self.bench.store._db.rows("SELECT count(*) FROM outbox")
        return int(n)

    def check(self) -> Status:
        """What is shown, which is true. Raises Bad."""
        status = self.bench.engine.status(self.bench.now)
        if status.state is State.IDLE and self.unsent():
            raise Bad(f"green while {self.bench.queued()} is unsent")
        if status.state is State.IDLE and self._is_stale():
            raise Bad("green, though no exchange has succeeded for two pull intervals")
        if self.is_unreachable and status.state not in (State.OFFLINE, State.ATTENTION, State.PAUSED):
            raise Bad(f"{status.state} though the last exchange failed")
        if self.is_unreachable is False and status.state is State.OFFLINE:
            raise Bad("offline though the last exchange succeeded")
        if status.trouble is not None and status.trouble.code == "N-RATE":
            self._tells_the_limit(dict(status.trouble.facts)["seconds"])
        return status

    def _is_stale(self) -> bool:
        at = self._succeeded_s
        return at is not None and self.true_s - at > 2 * self.settings.pull_interval_s + 1

    def _tells_the_limit(self, seconds: str | float) -> None:
        left = self.door.wait_until_s - self.true_s
        if float(seconds) > max(left, 0) * max(self.speed, 1) + 1:
            raise Bad(f"{seconds} s are told of a wait of {left} s")

    def _rest(self, wait: WaitUntil, at_most: float) -> None:
        rest = at_most if wait.at is None else wait.at - self.bench.at_s
        self._never_too_long(wait.why, rest, self.check().next_attempt_at)
        self._spins = self._spins + 1 if rest <= BLINK_S else 0
        if self._spins > SPINS:
            raise Bad(f"spins: {wait}")
        self.pass_time(min(max(rest, BLINK_S), at_most))

    def _never_too_long(self, why: Why, rest: float, shown: int | None) -> None:
        ends = {Why.RATE_LIMITED: self.door.wait_until_s, Why.PAUSED: self.pause_until_s}
        longest = LONGEST_S.get(why)
        if longest is None:
            end = ends[why]
            longest = max(0.0, end - self.true_s) + self.latency_s if end is not None else float("inf")
        if rest > longest + 0.01:
            raise Bad(f"{why}: {rest} s, though {longest} s are the most")
        if why is Why.BACKOFF and (shown is None or shown > self.bench.wall_ms + 120_001):
            raise Bad(f"the next attempt is told for {shown}")

    def _settled(self, events: list[Event]) -> None:
        stops = [event.code for event in events if isinstance(event, Stopped)]
        if OUT_OF_REACH & set(stops):
            self.is_unreachable = True
        elif stops or any(isinstance(event, KeyRefused) for event in events):
            self.is_unreachable = None
        else:
            self.is_unreachable, self._succeeded_s = False, self.true_s
        cursor = self.bench.store.outlet.read().cursor
        if self._cursor is not None and (cursor is None or to_ms(cursor) < to_ms(self._cursor)):
            raise Bad(f"the cursor went back from {self._cursor} to {cursor}")
        self._cursor = cursor
