"""How long to wait after a failure, and how much to send at once: two small machines without a clock."""

from collections.abc import Callable
from dataclasses import dataclass

FIRST_S, LAST_S = 1.0, 120.0
START_ITEMS = 250
QUICK_S, SLOW_S = 5.0, 10.0
WORTH_MEASURING = 50_000  # bytes; of a smaller body the way to the cloud takes longer than its content
LARGEST_BODY = 10_000_000


@dataclass(slots=True)
class Backoff:
    """Waits from 1 s to 2 min, doubling, with full jitter; any success starts it anew."""

    random: Callable[[], float]
    failures: int = 0

    def failed(self) -> float:
        """Count a failure; seconds to wait (at least a tenth of the span, so that nothing spins)."""
        span = min(LAST_S, FIRST_S * 2.0 ** min(self.failures, 10))
        self.failures += 1
        return span * max(0.1, self.random())

    def succeeded(self) -> None:
        """Start anew."""
        self.failures = 0


@dataclass(slots=True)
class BatchSize:
    """What the line carries: doubles while an exchange is quick, halves when it is slow or times out."""

    most: int
    items: int = START_ITEMS
    bytes_per_s: float = 0.0  # as measured last; 0: not yet

    def took(self, seconds: float, *, is_answered: bool, body_bytes: int = 0) -> None:
        """Learn from an exchange that ended; a line that is quick to fail is not a quick one."""
        if is_answered:
            self._measure(body_bytes, body_bytes / max(seconds, 0.001))
        if seconds > SLOW_S:
            self.items = max(1, self.items // 2)
        elif seconds < QUICK_S and is_answered:
            self.items = self.items * 2
        self.items = min(self.items, self.most)

    def _measure(self, body_bytes: int, bytes_per_s: float) -> None:
        """The line carries what it carried; after a small body at least that, and that is tried in steps."""
        if body_bytes >= WORTH_MEASURING:
            self.bytes_per_s = bytes_per_s
        else:
            self.bytes_per_s = max(self.bytes_per_s, min(self.bytes_per_s * 2, bytes_per_s))

    @property
    def now(self) -> int:
        """Items for the next batch."""
        return min(self.items, self.most)

    @property
    def bytes(self) -> int:
        """Bytes that the line carries before an exchange counts as slow; a lone record may be larger."""
        return round(min(LARGEST_BODY, self.bytes_per_s * SLOW_S)) if self.bytes_per_s else LARGEST_BODY
