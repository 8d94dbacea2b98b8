"""One round of "pull, then push until nothing is due", counted from the engine's events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from outlet_sync_gui.sync.events import Event, Failed, Pulled, Sent, Stopped
from outlet_sync_gui.sync.exchange import WaitUntil, Why

FAILURES = 3  # one lost answer is a glitch, three in a row are an outage
# What ends a cycle beside failures; the others are their codes.
PAUSED, STOPPED, TIMED_OUT = "paused", "stopped", "timed_out"
# Rests that may have begun before the cycle, so that none of its answers tells of them.
STANDING: Mapping[Why, str] = MappingProxyType({Why.RATE_LIMITED: "N-RATE", Why.PAUSED: PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a cycle did; `stopped_by` is the code of what ended it, None when nothing was left to do."""

    sent: int
    failed: int
    pulled: int
    requests: int
    stopped_by: str | None


@dataclass(slots=True)
class Cycle:
    """Counts until the engine rests."""

    sent: int = 0
    failed: int = 0
    pulled: int = 0
    requests: int = 0
    failures: int = 0
    stopped_by: str | None = None
    news_failures: int = 0  # of pulls alone: a sale that passes between says nothing of them
    news_stopped_by: str | None = None

    def saw(self, events: Sequence[Event], *, is_pull: bool) -> None:
        """Count one exchange and what came of it."""
        self.requests += 1
        self.heard(events)
        stops = [event.code for event in events if isinstance(event, Stopped)]
        self.failures = self.failures + 1 if stops else 0
        self.stopped_by = stops[-1] if stops else None
        if is_pull:
            self.news_failures = self.news_failures + 1 if stops else 0
            self.news_stopped_by = self.stopped_by

    def heard(self, events: Sequence[Event]) -> None:
        """Count what happened."""
        for event in events:
            match event:
                case Sent(n):
                    self.sent += n
                case Failed(n):
                    self.failed += n
                case Pulled(n):
                    self.pulled += n
                case _:
                    pass

    def is_over(self, wait: WaitUntil) -> bool:
        """Whether this rest ends the cycle; a short one (a burst gathers, a slot comes free) does not."""
        if wait.why is Why.BACKOFF:
            return self.failures >= FAILURES
        if wait.why is Why.NOTHING_DUE and self.news_stopped_by == "N-CLOUD":  # which holds up nothing else
            return self.news_failures >= FAILURES
        return wait.why not in (Why.LINGER, Why.PACING)

    def ended_by(self, wait: WaitUntil) -> Tally:
        """The sums at the rest that ends it."""
        tally = self.tally()
        return replace(tally, stopped_by=tally.stopped_by or STANDING.get(wait.why))

    def tally(self) -> Tally:
        """The sums so far."""
        return Tally(
            sent=self.sent,
            failed=self.failed,
            pulled=self.pulled,
            requests=self.requests,
            stopped_by=self.stopped_by or self.news_stopped_by,
        )
