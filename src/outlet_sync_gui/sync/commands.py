"""What may be asked of the engine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SyncNow:
    """Pull, and send what is due; every lane with `all_lanes`. Ends a back-off, never a 429's wait or a pause."""

    all_lanes: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """Send nothing until then (UTC ms), or until a person resumes."""

    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """End a pause."""


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """There is an API key, perhaps a new one: what the old one stopped goes on."""


@dataclass(frozen=True, slots=True)
class RetryRefused:
    """Send all that headquarters refused once more."""


Command = SyncNow | Pause | Resume | KeyChanged | RetryRefused
