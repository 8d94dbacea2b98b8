"""How far a backlog is: count, rate and the end in sight."""

from dataclasses import dataclass

from outlet_sync_gui.status import Progress
from outlet_sync_gui.sync.clock import Now

WORTH_SHOWING = 250  # fewer than one batch is over before anybody reads it


@dataclass(slots=True)
class Drain:
    """Follows one backlog from its first batch to its last."""

    started_s: float | None = None
    done: int = 0

    def leaves(self, pending: int, now: Now) -> None:
        """A batch leaves while so many records are unsent."""
        if self.started_s is None and pending > WORTH_SHOWING:
            self.started_s, self.done = now.monotonic, 0

    def accepted(self, n: int) -> None:
        """So many records more are sent."""
        self.done += n

    def ended(self) -> None:
        """Nothing more is due."""
        self.started_s, self.done = None, 0

    def progress(self, pending: int, now: Now) -> Progress | None:
        """What to show, None where there is no backlog."""
        if self.started_s is None:
            return None
        elapsed = now.monotonic - self.started_s
        per_s = self.done / elapsed if elapsed >= 1 else 0.0
        ends_at = now.wall_ms + round(pending / per_s * 1000) if per_s else None
        return Progress(done=self.done, total=self.done + pending, per_minute=round(per_s * 60), ends_at=ends_at)
