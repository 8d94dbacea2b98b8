"""Who waits for what comes of the service's work: foreground cycles, and checks whether headquarters answers."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from outlet_sync_gui.errors import InputRefused, OutletSyncError
from outlet_sync_gui.status import Trouble
from outlet_sync_gui.sync.cycle import Cycle, Tally
from outlet_sync_gui.sync.events import Event, Pulled, Stopped
from outlet_sync_gui.sync.exchange import WaitUntil, Why


class Errands:
    """What is awaited. `trouble` tells what is wrong at present, for those who asked whether something is."""

    def __init__(self, trouble: Callable[[], Trouble | None]) -> None:
        self._trouble = trouble
        self._cycles: list[tuple[Cycle, asyncio.Future[Tally]]] = []
        self._checks: list[asyncio.Future[Trouble | None]] = []

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

    def settled(self, events: Sequence[Event], *, is_pull: bool) -> None:
        """An exchange is over."""
        for cycle, _ in self._cycles:
            cycle.saw(events)
        if is_pull:
            self._end_checks(_outcome(events))

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
                over.set_result(cycle.tally())
        self._end_checks(Stopped(wait.why) if wait.why in (Why.PAUSED, Why.RATE_LIMITED) else None)

    def fail(self, error: OutletSyncError) -> None:
        """Nothing can be done: whoever waits is told so."""
        waiting: list[asyncio.Future[Any]] = [*(over for _, over in self._cycles), *self._checks]
        for over in waiting:
            if not over.done():
                over.set_exception(error)
        self._cycles, self._checks = [], []

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
