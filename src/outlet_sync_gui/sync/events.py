"""What happened, as frozen values."""

from dataclasses import dataclass

from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.sync.commands import GoOn, Reading


@dataclass(frozen=True, slots=True)
class Sent:
    """The cloud accepted so many records."""

    n: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The cloud refused so many records for their content."""

    n: int


@dataclass(frozen=True, slots=True)
class Pulled:
    """So many changes of headquarters were applied or kept."""

    n: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """An exchange did not succeed; `code` says why, as in `status.Trouble`."""

    code: str


@dataclass(frozen=True, slots=True)
class KeyRefused:
    """The first 401 since the key was accepted: read it again before the next exchange."""


@dataclass(frozen=True, slots=True)
class Behind:
    """The cloud has content that we have not heard of: headquarters' news is wanted."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A part of a decision is carried out: `rest` asks for the next one."""

    rest: GoOn


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What was to be read back is read, and kept; or it can't be, and why."""

    what: Reading
    error: OutletSyncError | None = None


Event = Sent | Failed | Pulled | Stopped | KeyRefused | Behind | Unfinished | ReadBack
