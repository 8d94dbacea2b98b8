"""Time, always passed in: no rule of the engine looks at a clock."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

FIRST_TIME = "1970-01-01T00:00:00Z"


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
