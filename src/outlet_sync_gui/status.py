"""The one answer to "is everything sent?", as a value: tray, window, and `status` all show this."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from outlet_sync_gui.state import State

__all__ = [
    "Deciding",
    "Lane",
    "Pending",
    "Progress",
    "Question",
    "Row",
    "RowState",
    "State",
    "Status",
    "Trouble",
    "Wait",
    "starting",
]


class RowState(StrEnum):
    """What becomes of one queued record."""

    READY = "ready"
    SENDING = "sending"
    RETRY = "retry"
    BLOCKED = "blocked"
    HELD = "held"
    DEAD = "dead"


class Lane(IntEnum):
    """Priority: smaller goes first."""

    HIGH = 0
    MEDIUM = 1
    LOW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Unsent records per lane, the dead left out."""

    high: int = 0
    medium: int = 0
    low: int = 0

    @property
    def total(self) -> int:
        """All lanes together."""
        return self.high + self.medium + self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a backlog is: shown while more than one batch drains."""

    done: int
    total: int
    per_minute: int
    ends_at: int | None  # UTC ms; None until a rate is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """How far a decision over very many records is."""

    is_retry: bool  # else they are discarded
    done: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why nothing goes out: a code of `wording.md` (N-…, E-…) and its facts."""

    code: str
    facts: tuple[tuple[str, str | int | float], ...] = ()

    @property
    def is_optional(self) -> bool:
        """Whether nothing has to be done: webhooks and a till that speaks HTTP are no must."""
        return self.code in ("D-SECRET", "D-TOKEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Why some records wait while others go: R-TYPE, R-ALIKE, or N-OUTLET of one endpoint. Times are UTC ms."""

    halt_id: int
    code: str
    name: str  # a type, or the endpoint
    n: int
    words: str  # the cloud's own
    next_at: int | None
    is_question: bool = False  # a person may decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What waits for a person's word: `choices` are the answers that there are, `n` counts what it holds."""

    question_id: int
    kind: str  # refused_alike, deletions, zero_price, restored_cloud, config_changed
    choices: tuple[str, ...]
    n: int
    facts: tuple[tuple[str, str | int], ...]
    asked_at: int  # UTC ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record in a list of the window. Times are UTC ms, `amount` whole rupiah; what is unknown is None."""

    at_ms: int
    entity_type: str
    local_id: str
    record_id: int = 0
    seq: int = 0  # its place in the line
    lane: Lane | None = None
    tries: int = 0
    order: str | None = None  # the number of the order that it waits for
    halt_id: int | None = None  # the wait that it is part of
    title: str | None = None
    table: str | None = None
    method: str | None = None
    pax: int | None = None
    stock: int | None = None
    amount: int | None = None
    state: RowState | None = None  # None: sent
    due_at: int | None = None
    error_code: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A snapshot. Times are UTC milliseconds, amounts whole rupiah."""

    state: State
    version: str
    outlet_id: str = ""
    outlet_code: str = ""
    pending: Pending = field(default_factory=Pending)
    pending_amount: int = 0
    held: int = 0
    blocked: int = 0
    dead: int = 0
    conflicts: int = 0
    revisions: int = 0  # another number where an open conflict is not as it was: whoever shows it looks again
    questions: int = 0
    sent_today: int = 0
    sent_today_amount: int = 0
    is_running: bool = False
    last_success_at: int | None = None
    cursor: str | None = None
    next_attempt_at: int | None = None
    clock_offset_s: float | None = None
    webhook_url: str | None = None
    intake_url: str | None = None
    since: int | None = None  # since when the state holds (offline, paused, syncing after an outage)
    paused_until: int | None = None  # None while paused: until a person resumes
    missing: tuple[str, ...] = ()  # names of what setup needs: settings' keys, "api-key"
    trouble: Trouble | None = None
    waits: tuple[Wait, ...] = ()
    asked: tuple[Question, ...] = ()
    messages: int = 0  # announcements that nobody has acknowledged
    untaken: int = 0  # headquarters' changes that the till has not taken
    is_untaken_late: bool = False  # and by now it should have
    doors: tuple[Trouble, ...] = ()  # why webhooks or the intake don't listen (D-…), or refuse everything
    progress: Progress | None = None
    deciding: Deciding | None = None
    is_pulling: bool = False


def starting(outlet_code: str) -> Status:
    """Before the service has said anything: nothing is claimed."""
    return Status(state=State.SYNCING, version="", outlet_code=outlet_code)
