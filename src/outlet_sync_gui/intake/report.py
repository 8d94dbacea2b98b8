"""What became of records that were handed over, whichever way they came."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from outlet_sync_gui import words
from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.intake.lines import Line
from outlet_sync_gui.store import Store
from outlet_sync_gui.sync.records import Unchanged, accept


@dataclass(slots=True)
class Report:
    """Counts, and the lines that were refused, in their order."""

    accepted: int = 0
    unchanged: int = 0
    rejected: list[tuple[Line, InputRefused]] = field(default_factory=list)

    def take(self, store: Store, lines: Sequence[Line], *, now_ms: int) -> None:
        """Store the good ones of these lines, durably, and count all. Raises StoreFailed."""
        good = [(line, line.record) for line in lines if isinstance(line.record, Incoming)]
        outcomes = accept(store, [record for _, record in good], now_ms=now_ms)
        refused = [(line, line.record) for line in lines if isinstance(line.record, InputRefused)]
        for (line, _), outcome in zip(good, outcomes, strict=True):
            if isinstance(outcome, InputRefused):
                refused.append((line, outcome))
        self.rejected += sorted(refused, key=lambda pair: pair[0].number)
        counts = Counter(type(outcome) for outcome in outcomes)
        self.unchanged += counts[Unchanged]
        self.accepted += len(outcomes) - counts[Unchanged] - counts[InputRefused]

    def as_json(self) -> dict[str, object]:
        """The shape of interface.md."""
        rejected = [
            {"line": line.number, "local_id": line.local_id, "error": words.problem(error), "code": error.code}
            for line, error in self.rejected
        ]
        return {"accepted": self.accepted, "unchanged": self.unchanged, "rejected": rejected}
