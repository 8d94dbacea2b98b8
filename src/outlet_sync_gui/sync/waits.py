"""Waits that outlive a restart, and a clock that is set: kept by both clocks, never longer than they were."""

from dataclasses import replace

from outlet_sync_gui.store.outlet import OutletState, Stamp
from outlet_sync_gui.sync.budget import monotonic_of
from outlet_sync_gui.sync.clock import Now
from outlet_sync_gui.sync.exchange import WaitUntil, Why

AGREE_MS = 1000  # two clocks that differ by less tell the same time


def limit_wait(outlet: OutletState, now: Now) -> WaitUntil:
    """The rest of a 429's wait that was stored."""
    if outlet.wait_until is None or outlet.wait_ms is None:
        return WaitUntil(None, Why.NOTHING_DUE)
    came = Stamp(wall_ms=outlet.wait_until - outlet.wait_ms, monotonic_ms=outlet.wait_monotonic_ms or 0)
    return WaitUntil(monotonic_of(came, now) + outlet.wait_ms / 1000, Why.RATE_LIMITED)


def pause_ends(outlet: OutletState, now: Now) -> float | None:
    """When a pause ends (monotonic); by the clock that says so first, for one that was set back must not prolong it."""
    if outlet.paused_until is None:
        return None
    by_wall = monotonic_at(outlet.paused_until, now)
    if outlet.paused_at is None or outlet.paused_monotonic_ms is None:
        return by_wall
    began = monotonic_of(Stamp(wall_ms=outlet.paused_at, monotonic_ms=outlet.paused_monotonic_ms), now)
    return min(by_wall, began + (outlet.paused_until - outlet.paused_at) / 1000)


def as_shown(outlet: OutletState, hold: WaitUntil, now: Now) -> OutletState:
    """The row with its waits as the wall clock shows them now, which may have been set since they began."""
    is_limited = hold.why is Why.RATE_LIMITED and hold.at is not None and hold.at > now.monotonic
    wait_until = _shown(hold.at if is_limited else None, outlet.wait_until, now)
    ends = pause_ends(outlet, now) if outlet.is_paused else None
    return replace(outlet, wait_until=wait_until, paused_until=_shown(ends, outlet.paused_until, now))


def monotonic_at(wall_ms: int, now: Now) -> float:
    """A moment of the wall clock on the monotonic one, in seconds."""
    return now.monotonic + (wall_ms - now.wall_ms) / 1000


def wall_at(monotonic: float, now: Now) -> int:
    """A moment of the monotonic clock on the wall clock, UTC ms; never before now."""
    return now.wall_ms + max(0, round((monotonic - now.monotonic) * 1000))


def _shown(ends: float | None, stored_ms: int | None, now: Now) -> int | None:
    """A wait's end by the wall clock; as stored while the clocks agree, so that it doesn't flicker."""
    if ends is None:
        return None
    wall_ms = wall_at(ends, now)
    is_same = stored_ms is not None and abs(wall_ms - stored_ms) < AGREE_MS
    return stored_ms if is_same else wall_ms
