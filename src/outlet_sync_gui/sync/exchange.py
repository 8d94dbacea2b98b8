"""One exchange with the cloud, as values: what leaves, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from outlet_sync_gui.status import Trouble
from outlet_sync_gui.store.outbox import Parcel
from outlet_sync_gui.sync.clock import Now


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the courier carries; it adds the key. `path` begins with /api/v1, `deadline_s` bounds the whole exchange."""

    method: str
    route: str  # the endpoint, as `contract.requests` names it
    path: str
    body: bytes = b""
    deadline_s: float


@dataclass(frozen=True, slots=True)
class Ruling:
    """One field's choice on its way to headquarters."""

    conflict_id: int
    field: str


class Kind(StrEnum):
    """What an exchange is for."""

    PULL = "pull"
    PUSH = "push"
    RESOLVE = "resolve"
    READ = "read"  # headquarters read back: it changes nothing here


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A request that is out, and the records in it."""

    number: int
    kind: Kind
    route: str
    left: Now
    bytes: int  # of the body
    parcels: tuple[Parcel, ...] = ()
    ruling: Ruling | None = None  # the choice that it tells
    is_full: bool = False  # a pull of everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Something answered in full. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer in full: what was sent may have arrived or not."""

    why: Trouble


Answer = Answered | Lost


@dataclass(frozen=True, slots=True)
class Send:
    """Carry this request, then settle the flight with its answer."""

    flight: Flight
    request: Request


class Why(StrEnum):
    """Why nothing leaves at the moment."""

    NOTHING_DUE = "nothing_due"
    LINGER = "linger"
    PACING = "pacing"
    BACKOFF = "backoff"
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"  # the key, or the outlet
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Nothing to do before `at` (monotonic seconds; None: before a command)."""

    at: float | None
    why: Why
