"""Who waits for what comes of the service's work: foreground cycles, checks whether headquarters answers, readings."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from outlet_sync_gui.errors import CloudUnreachable, InputRefused, OutletSyncError
from outlet_sync_gui.status import Trouble
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.commands import Reading
from outlet_sync_gui.sync.cycle import Cycle, Tally
from outlet_sync_gui.sync.events import Event, Pulled, ReadBack, Stopped
from outlet_sync_gui.sync.exchange import WaitUntil, Why

STANDSTILL = (Why.PAUSED, Why.RATE_LIMITED, Why.BACKOFF, Why.REFUSED)  # nothing leaves before something else happens


class Errands:
    """What is awaited. `trouble` tells what is wrong at present, for those who asked whether something is."""

    def __init__(self, trouble: Callable[[], Trouble | None]) -> None:
        self._trouble = trouble
        self._cycles: list[tuple[Cycle, asyncio.Future[Tally]]] = []
        self._checks: list[asyncio.Future[Trouble | None]] = []
        self._readings: list[tuple[Reading, asyncio.Future[None]]] = []

    def begin_cycle(self) -> tuple[Cycle, asyncio.Future[Tally]]:
        """Somebody waits until nothing is due any more."""
        cycle, over = Cycle(), asyncio.get_running_loop().create_future()
        self._cycles.append((cycle, over))
        return cycle, over

    def begin_check(self) -> asyncio.Future[Trouble | None]:
        """Somebody waits for what comes of the next pull."""
        over: asyncio.Future[Trouble | None] = asyncio.get_running_loop().create_future()
        self._checks.append(over)
        return over

    def begin_reading(self, what: Reading) -> asyncio.Future[None]:
        """Somebody waits until headquarters is read back; what is found is kept in the store."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._readings.append((what, over))
        return over

    @property
    def readings(self) -> list[Reading]:
        """What is waited for of headquarters."""
        return [what for what, _ in self._readings]

    def settled(self, events: Sequence[Event], *, is_pull: bool) -> None:
        """An exchange is over."""
        for cycle, _ in self._cycles:
            cycle.saw(events, is_pull=is_pull)
        if is_pull:
            self._end_checks(_outcome(events))
        for event in events:
            if isinstance(event, ReadBack):
                self.end_reading(event.what, event.error)

    def applied(self, events: Sequence[Event]) -> None:
        """What came of a long pull, at its end."""
        for cycle, _ in self._cycles:
            cycle.heard(events)
        self._end_checks(_outcome(events))

    def rest(self, wait: WaitUntil) -> None:
        """Nothing leaves for now."""
        ended = [(cycle, over) for cycle, over in self._cycles if cycle.is_over(wait)]
        self._cycles = [pair for pair in self._cycles if pair not in ended]
        for cycle, over in ended:
            if not over.done():
                over.set_result(cycle.ended_by(wait))
        self._end_checks(Stopped(wait.why) if wait.why in (Why.PAUSED, Why.RATE_LIMITED) else None)
        if wait.why in STANDSTILL:
            for what in self.readings:
                self.end_reading(what, self._why_not(wait))

    def fail(self, error: OutletSyncError) -> None:
        """Nothing can be done: whoever waits is told so."""
        waiting: list[asyncio.Future[Any]] = [*(over for _, over in self._cycles), *self._checks]
        waiting += [over for _, over in self._readings]
        for over in waiting:
            if not over.done():
                over.set_exception(error)
        self._cycles, self._checks, self._readings = [], [], []

    def end_reading(self, what: Reading, error: OutletSyncError | None) -> None:
        """It is read, or it can't be."""
        ended = [over for wanted, over in self._readings if wanted == what]
        self._readings = [(wanted, over) for wanted, over in self._readings if wanted != what]
        for over in ended:
            if over.done():
                continue
            if error is not None:
                over.set_exception(error)
            else:
                over.set_result(None)

    def _why_not(self, wait: WaitUntil) -> OutletSyncError:
        found = self._trouble() or Trouble(code="N-CLOUD")
        match wait.why:
            case Why.PAUSED:
                return InputRefused("paused")
            case Why.RATE_LIMITED:
                return CloudUnreachable("N-RATE", {"seconds": round((wait.at or 0.0) - now().monotonic)})
            case _:
                return CloudUnreachable(found.code, dict(found.facts))

    def _end_checks(self, came: Pulled | Stopped | None) -> None:
        if came is None:
            return
        checks, self._checks = self._checks, []
        for over in checks:
            if over.done():
                continue
            if isinstance(came, Stopped) and came.code == Why.PAUSED:
                over.set_exception(InputRefused("paused"))
            else:
                over.set_result(None if isinstance(came, Pulled) else self._trouble())


def _outcome(events: Sequence[Event]) -> Pulled | Stopped | None:
    """What a pull came to."""
    return next((event for event in events if isinstance(event, Pulled | Stopped)), None)
