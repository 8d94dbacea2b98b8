"""How sentences are said: the language, its catalogue, numbers and times.

The English text is the key; `resources/i18n/id.po` holds the Indonesian one. Text from outside is filled in as it is
and never read as a pattern.
"""

import gettext
import io
import locale
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from outlet_sync_gui.resources import resource

LANGUAGES: Final = ("id", "en")
# Groups of three, or none at all: 40.5 is no whole number of rupiah.
AMOUNT = re.compile(r"(?:[Rr][Pp]\.?\s*)?([0-9]{1,15}|[0-9]{1,3}(?:\.[0-9]{3}){1,4}|[0-9]{1,3}(?:,[0-9]{3}){1,4})")
PLACE = re.compile(r"\{(\w+)\}")
MONTHS = {
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
WHOLE_MONTHS = {
    "id": (
        *("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober"),
        *("November", "Desember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
        *("November", "December"),
    ),
}
DAYS = {
    "id": ("Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
Fact = str | int | float


@dataclass(slots=True)
class _Choice:
    """What is chosen for the whole program: language, its catalogue, and the outlet's zone."""

    language: str
    catalogue: gettext.NullTranslations
    zone: ZoneInfo


_chosen = _Choice("en", gettext.NullTranslations(), ZoneInfo("Asia/Jakarta"))


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a text of a table for translation."""
    return text


# -- choosing


def use(language: str) -> None:
    """Speak `id` or `en`; anything else is the system's language, and Indonesian where it is neither."""
    chosen = language if language in LANGUAGES else system_language()
    _chosen.language = chosen
    _chosen.catalogue = _indonesian() if chosen == "id" else gettext.NullTranslations()


def language() -> str:
    """The language spoken."""
    return _chosen.language


def use_zone(iana: str) -> None:
    """The outlet's time zone, in which all times are told."""
    _chosen.zone = ZoneInfo(iana)


def system_language() -> str:
    """The system's language where we speak it, else Indonesian."""
    name = locale.getlocale()[0] or ""
    return "en" if name.lower().startswith("en") else "id"


@cache
def _indonesian() -> gettext.NullTranslations:
    import polib  # late: English needs no catalogue

    catalogue = polib.pofile(str(resource("i18n", "id.po")))
    return gettext.GNUTranslations(io.BytesIO(catalogue.to_binary()))


# -- saying


def say(text: str, /, **facts: Fact) -> str:
    """A sentence, its places filled."""
    return _filled(_chosen.catalogue.gettext(text), facts) if text else ""  # gettext's answer to "" is its header


def say_n(one: str, many: str, n: int, /, **facts: Fact) -> str:
    """A sentence with a count; `{n}` is its place."""
    return _filled(plural(one, many, n), {"n": number(n), **facts})


def plural(one: str, many: str, n: int, /) -> str:
    """The form that fits a count, its places as they are."""
    return _chosen.catalogue.ngettext(one, many, n)


def _filled(text: str, facts: Mapping[str, Fact]) -> str:
    return PLACE.sub(lambda place: str(facts.get(place[1], place[0])), text)


# -- numbers and times


def number(value: float) -> str:
    """1.248 in Indonesian, 1,248 in English; one decimal where there is one."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")
    return text.translate(str.maketrans(",.", ".,")) if _chosen.language == "id" else text


def fraction(value: int | Decimal) -> str:
    """A quantity with as many decimals as it has, up to three: 1,25."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")
    return text.translate(str.maketrans(",.", ".,")) if _chosen.language == "id" else text


def rupiah(amount: int) -> str:
    """Rp12.500.000, in both languages."""
    digits = f"{abs(amount):,}".replace(",", ".")
    return f"{'-' if amount < 0 else ''}Rp{digits}"


def rupiah_of(text: str) -> int | None:
    """Whole rupiah as people write them: 40000, Rp40.000, 40,000; None for anything else."""
    found = AMOUNT.fullmatch(text.strip())
    return int(re.sub(r"[.,]", "", found[1])) if found else None


def megabytes(size: int) -> str:
    """Bytes as 12,4 MB."""
    return f"{number(size / 1_000_000)} MB"


def time(ms: int) -> str:
    """10.31 in Indonesian, 10:31 in English."""
    return _local(ms).strftime("%H.%M" if _chosen.language == "id" else "%H:%M")


def clock(ms: int) -> str:
    """The time with its zone: 10.31 WIB."""
    return f"{time(ms)} {_local(ms).tzname()}"


def ago(ms: int, now_ms: int) -> str:
    """Just now, 2 minutes ago, then the clock, yesterday, the date."""
    minutes = (now_ms - ms) // 60_000
    days = (_local(now_ms).date() - _local(ms).date()).days
    if minutes < 1:
        return say("just now")
    if minutes < 60:
        return say_n("{n} minute ago", "{n} minutes ago", minutes)
    if days == 0:
        return clock(ms)
    return say("yesterday {time}", time=time(ms)) if days == 1 else date(ms)


def at_and_ago(ms: int, now_ms: int) -> str:
    """10.31 WIB · 2 minutes ago; what is longer ago tells its time itself."""
    is_near = now_ms - ms < 60 * 60_000
    return f"{clock(ms)} · {ago(ms, now_ms)}" if is_near else ago(ms, now_ms)


def moment(ms: int, now_ms: int) -> str:
    """10.31 today; kemarin 22.14, besok 06.00, and the date on all other days."""
    days = (_local(ms).date() - _local(now_ms).date()).days
    near = {0: "{time}", -1: N_("yesterday {time}"), 1: N_("tomorrow {time}")}
    return say(near[days], time=time(ms)) if days in near else date(ms)


def at(ms: int, now_ms: int, *, has_zone: bool = True) -> str:
    """At 10:31 WIB; a moment of another day as that."""
    if _local(ms).date() != _local(now_ms).date():
        return moment(ms, now_ms)
    return say("at {time}", time=clock(ms) if has_zone else time(ms))


def day(ms: int, now_ms: int) -> str:
    """Today, yesterday, Mon 26 Jan; with the year where it is another one."""
    then, today = _local(ms), _local(now_ms)
    near = {0: N_("Today"), 1: N_("Yesterday")}
    days = (today.date() - then.date()).days
    if days in near:
        return say(near[days])
    weekday, month = DAYS[_chosen.language][then.weekday()], MONTHS[_chosen.language][then.month - 1]
    return f"{weekday} {then.day} {month}{f' {then.year}' if then.year != today.year else ''}"


def date(ms: int) -> str:
    """Sen 26 Jan 19.05."""
    day = _local(ms)
    weekday, month = DAYS[_chosen.language][day.weekday()], MONTHS[_chosen.language][day.month - 1]
    return f"{weekday} {day.day} {month} {time(ms)}"


def countdown(seconds: float) -> str:
    """0.42 in Indonesian, 0:42 in English."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}{'.' if _chosen.language == 'id' else ':'}{rest:02}"


def _local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(_chosen.zone)


def span(seconds: float) -> str:
    """2 hours, 12 minutes, 3 days: the largest unit that fits."""
    minutes = max(1, round(abs(seconds) / 60))
    if minutes < 60:
        return say_n("{n} minute", "{n} minutes", minutes)
    if minutes < 48 * 60:
        return say_n("{n} hour", "{n} hours", round(minutes / 60))
    return say_n("{n} day", "{n} days", round(minutes / 1440))
