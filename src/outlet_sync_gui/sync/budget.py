"""The cloud's limit: at most N requests in any sliding minute, across restarts.

A slot is free 60 s after the *answer*: freed 60 s after the sending, 195 of 60,000 requests broke a server's limit,
because a request may be counted there as late as its answer leaves.
"""

from collections import deque
from collections.abc import Iterable

from outlet_sync_gui.store.outlet import Stamp
from outlet_sync_gui.sync.clock import Now

WINDOW_S = 60.0
KEPT_TO_S = 0.001  # stamps are whole milliseconds: so much may one lie in the future
PLENTY = 4  # while less than a fourth of the limit is used, nothing has to be spread
RESERVE = 2  # kept for pulls, so that a busy evening never runs dry


class Budget:
    """Counts requests on the monotonic clock: a wall clock set back must not freeze sending."""

    def __init__(self, per_minute: int, stamps: Iterable[Stamp], *, now: Now) -> None:
        self._per_minute = per_minute
        self._ended = deque(sorted(monotonic_of(stamp, now) for stamp in stamps))
        self._is_out = False

    def depart(self) -> None:
        """A request leaves."""
        self._is_out = True

    def land(self, now: Now) -> None:
        """Its answer came, or it was given up."""
        self._is_out = False
        self._ended.append(now.monotonic)

    def free_at(self, now: Now, *, reserve: int = RESERVE) -> float:
        """The monotonic time at which a request may leave (now, or earlier: at once)."""
        while self._ended and self._ended[0] + WINDOW_S <= now.monotonic:
            self._ended.popleft()
        used, allowed = len(self._ended) + self._is_out, max(1, self._per_minute - reserve)
        if used < allowed:
            return now.monotonic
        return self._ended[used - allowed] + WINDOW_S

    def idle_at(self, now: Now) -> float:
        """The same for a request that can wait: by it no sale has to."""
        few = (self._per_minute - RESERVE - 1) // PLENTY
        return self.free_at(now, reserve=self._per_minute - max(1, few))

    def spread(self, now: Now) -> float:
        """Seconds to leave between requests so that what is free lasts until more is; 0 while there is plenty."""
        free_now = self.free_at(now) <= now.monotonic
        allowed = max(1, self._per_minute - RESERVE)
        used = len(self._ended) + self._is_out
        if not self._ended or not free_now or used * PLENTY < allowed:
            return 0.0
        return (self._ended[0] + WINDOW_S - now.monotonic) / (allowed - used)


def stamp_of(now: Now) -> Stamp:
    """Tell this moment as it is kept."""
    return Stamp(wall_ms=now.wall_ms, monotonic_ms=round(now.monotonic * 1000))


def monotonic_of(stamp: Stamp, now: Now) -> float:
    """A moment of an earlier process on this one's clock.

    The monotonic clock runs on across processes until the machine is started anew; the wall clock may have been set.
    So the first counts, and can't say too much; the second where that lies in the future, and now if both do.
    """
    ages = (now.monotonic - stamp.monotonic_ms / 1000, (now.wall_ms - stamp.wall_ms) / 1000)
    return now.monotonic - next((max(0.0, age) for age in ages if age > -KEPT_TO_S), 0.0)
