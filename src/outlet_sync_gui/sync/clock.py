"""Time, always passed in: no rule of the engine looks at a clock."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

FIRST_TIME = "1970-01-01T00:00:00Z"
# A calendar has an end on both sides, and zones need room there: what lies beyond is of its last days.
EARLIEST_MS, LATEST_MS = -62_104_060_800_000, 253_339_228_799_999  # the years 2 and 9997


@dataclass(frozen=True, slots=True)
class Now:
    """One moment: `monotonic` seconds for waits, `wall_ms` (UTC) for what people and the cloud are told."""

    monotonic: float
    wall_ms: int


def now() -> Now:
    """Tell this moment, from the machine's clocks."""
    return Now(monotonic=time.monotonic(), wall_ms=time.time_ns() // 1_000_000)


def iso(ms: int) -> str:
    """UTC milliseconds as the wire writes them: 2026-01-27T10:30:00Z, with a fraction only where there is one."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    timespec = "milliseconds" if ms % 1000 else "seconds"
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def to_ms(text: str) -> int:
    """An aware ISO time as UTC milliseconds; without a zone it counts as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip().replace(" ", "T", 1))
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def later(one: str | None, other: str | None) -> str | None:
    """The later of two ISO times; None is earlier than any."""
    if not one or not other:
        return one or other
    return one if to_ms(one) >= to_ms(other) else other


def business_day(ms: int, *, zone: str, starts_at: str) -> str:
    """The business day (YYYY-MM-DD) of a moment: in the outlet's zone, from its own start of the day."""
    hour, minute = (int(part) for part in starts_at.split(":"))
    local = datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)) - timedelta(hours=hour, minutes=minute)
    return local.date().isoformat()


class Days:
    """Business days of an outlet: in its zone, each from `starts_at` (HH:MM) to the next."""

    def __init__(self, *, zone: str, starts_at: str) -> None:
        self._zone, self._starts_at = zone, starts_at
        self.name = f"{zone} {starts_at}"
        self.first_hour = int(starts_at.split(":", maxsplit=1)[0])
        self._places: dict[int, tuple[str, int]] = {}  # by the minute: a day has few, and many sales

    def place(self, ms: int) -> tuple[str, int]:
        """The business day and the hour of the clock (0-23) of a moment, UTC ms."""
        minute = ms // 60_000
        found = self._places.get(minute)
        if found is None:
            at = min(max(minute * 60_000, EARLIEST_MS), LATEST_MS)
            hour = datetime.fromtimestamp(at / 1000, ZoneInfo(self._zone)).hour
            found = self._places[minute] = (business_day(at, zone=self._zone, starts_at=self._starts_at), hour)
        return found

    def of(self, ms: int) -> str:
        """The business day of a moment, UTC ms."""
        return self.place(ms)[0]

    def span(self, day: str) -> tuple[int, int]:
        """From when until when its moments lie, UTC ms; where clocks are changed just then, some more."""
        date = datetime.fromisoformat(f"{day}T{self._starts_at}").replace(tzinfo=ZoneInfo(self._zone))
        return min(_both(date)), max(_both(date + timedelta(days=1)))


def _both(local: datetime) -> tuple[int, int]:
    """A time of the clock as UTC ms; two moments where it comes twice, or not at all."""
    first, second = (round(local.replace(fold=fold).timestamp() * 1000) for fold in (0, 1))
    return first, second


def next_time(ms: int, at: str, *, zone: str) -> int:
    """The first moment after `ms` at which the clocks of a zone show HH:MM, UTC ms."""
    hour, minute = (int(part) for part in at.split(":"))
    local = datetime.fromtimestamp(ms / 1000, ZoneInfo(zone))
    day = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    later = day if day > local else (day.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=local.tzinfo)
    return round(later.timestamp() * 1000)


def server_offset_ms(headers: Mapping[str, str], now: Now) -> int | None:
    """How far this clock is ahead of the cloud's, by the `Date` of its answer (whole seconds there)."""
    try:
        date = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return None
    return now.wall_ms - round(date.timestamp() * 1000)
