"""Which settings a person may touch, where they stand, what they are called, and how each is filled in.

What IT alone changes stays behind a button; what has no use yet is not shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from outlet_sync_gui import settings, words
from outlet_sync_gui.errors import SettingsInvalid
from outlet_sync_gui.settings import NEEDED, PREFIX, Settings
from outlet_sync_gui.ui.forms import Entry, OneOf, Options, Pick, Switch
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.words import N_

AnyField = Entry | Pick | OneOf | Switch
Offer = Callable[[Settings], Options]

MINUTE, HOUR, DAY = 60, 3_600, 86_400
ON, OFF = "on", "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One setting: its name, what helps to fill it in, its unit, and what there is to choose, if it is chosen."""

    key: str
    label: str
    help: str = ""
    unit: str = ""
    offer: Offer | None = None
    is_half: bool = False  # stands beside its neighbour where there is room
    is_switch: bool = False
    is_extra: bool = False  # shown only where headquarters can be read back, or it is on


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Fields under a heading; `is_for_it`: behind a button that says so."""

    specs: tuple[Spec, ...]
    heading: str = ""
    is_for_it: bool = False


def text_of(chosen: Settings, key: str) -> str:
    """A setting as it stands in its field; `value_of` reads it again."""
    value = getattr(chosen, key)
    if isinstance(value, bool):
        return ON if value else OFF
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, Mapping):
        return ",".join(f"{name}={policy}" for name, policy in value.items())
    return str(value).replace(":", ".") if key in CLOCKS and words.language() == "id" else str(value)


def value_of(key: str, text: str) -> object:
    """The value of what stands in a field, as it is kept. Raises SettingsInvalid."""
    if key in NEEDED and not text.strip():
        raise _unlike(key, text, "something")
    if key in CLOCKS:
        text = _clock(text)
    if key == "proxy" and text.strip():
        _check_proxy(text)
    value = settings.typed(key, text)
    return list(value) if isinstance(value, tuple) else value


def make(spec: Spec, theme: Theme) -> AnyField:
    """The field of a setting."""
    if spec.is_switch:
        return Switch(theme)
    return Pick(theme) if spec.offer else Entry(partial(value_of, spec.key))


def say(spec: Spec, field: AnyField, chosen: Settings, help_: str) -> None:
    """Say it in the language of now; what there is to choose depends on what is chosen."""
    if isinstance(field, Pick) and spec.offer:
        field.offer(spec.offer(chosen))
    if isinstance(field, Entry) and spec.unit:
        field.put_unit(words.say(spec.unit))
    field.name(words.say(spec.label), help_)


def show(field: AnyField, text: str) -> None:
    """Fill it in."""
    field.show_value(text == ON) if isinstance(field, Switch) else field.show_value(text)


def read(field: AnyField) -> str:
    """What a person made of it, as text."""
    if isinstance(field, Switch):
        return ON if field.value() else OFF
    return field.text() if isinstance(field, Entry) else str(field.value())


def variable(key: str) -> str:
    """The environment variable that wins over the file."""
    return f"{PREFIX}{key.upper()}"


def fixed_by(name: str) -> str:
    """Why it can only be read: a variable of the environment sets it."""
    return words.say("Set by IT on this PC ({name}). It can't be changed here.", name=name)


def _check_proxy(text: str) -> None:
    try:
        url = urlsplit(text.strip())
        is_fine = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        is_fine = False
    if not is_fine:
        raise _unlike("proxy", text, "http://proxy.example:3128")


def _clock(text: str) -> str:
    """22.00 and 9:30 as they are kept."""
    hour, dot, minute = text.strip().replace(".", ":").partition(":")
    return f"{hour.zfill(2)}:{minute}" if dot and hour.isdecimal() else text


def _unlike(key: str, text: str, why: str) -> SettingsInvalid:
    return SettingsInvalid("setting_invalid", {"key": key, "value": text, "why": why})


def _intervals(key: str, *usual: int) -> Offer:
    def offer(chosen: Settings) -> Options:
        seconds = sorted({*usual, getattr(chosen, key)})
        return [(str(each), words.interval(each)) for each in seconds]

    return offer


def _zones(chosen: Settings) -> Options:
    usual = {
        "Asia/Jakarta": "WIB · Jakarta",
        "Asia/Makassar": "WITA · Makassar, Bali",
        "Asia/Jayapura": "WIT · Jayapura",
    }
    return list({**usual, chosen.timezone: usual.get(chosen.timezone, chosen.timezone)}.items())


def _policies(chosen: Settings) -> Options:
    names = {
        "ask": words.say("Ask a person each time"),
        "cloud_wins": words.say("Keep headquarters'"),
        "local_wins": words.say("Keep this outlet's"),
        "newest_wins": words.say("Keep the newest"),
    }
    now = text_of(chosen, "conflict_policy")
    return list({**names, now: names.get(now, words.say("Different for each kind of record"))}.items())


CLOCKS = ("closing_time", "business_day_start")

OUTLET = (
    Part(
        specs=(
            Spec(key="outlet_id", label=N_("Outlet ID"), help=N_("In the letter from headquarters")),
            Spec(key="outlet_code", label=N_("Outlet code"), help=N_("Such as JKT-001"), is_half=True),
            Spec(key="timezone", label=N_("Time zone"), offer=_zones, is_half=True),
            Spec(key="cloud_url", label=N_("Address of headquarters"), help=N_("Such as https://cloud.example")),
        )
    ),
    Part(
        is_for_it=True,
        specs=(
            Spec(key="proxy", label=N_("Proxy"), help=N_("Empty where there is none")),
            Spec(key="ca_file", label=N_("Certificate of your network"), help=N_("A .pem file; empty: the PC's own")),
        ),
    ),
)
SCHEDULE = (
    Part(
        specs=(
            Spec(
                key="pull_interval_s",
                label=N_("Get news from headquarters every"),
                offer=_intervals("pull_interval_s", *(n * MINUTE for n in (1, 2, 5, 10, 15, 30, 60))),
                is_half=True,
            ),
            Spec(
                key="medium_interval_s",
                label=N_("Send menu and stock every"),
                offer=_intervals("medium_interval_s", 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR),
                is_half=True,
            ),
            Spec(
                key="low_interval_s",
                label=N_("Send everything else every"),
                offer=_intervals("low_interval_s", HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY),
                is_half=True,
            ),
            Spec(
                key="conflict_policy",
                label=N_("When both sides changed the same"),
                offer=_policies,
                is_half=True,
            ),
        )
    ),
    Part(
        is_for_it=True,
        specs=(
            Spec(key="rate_limit_per_minute", label=N_("At most, in a minute"), unit=N_("requests"), is_half=True),
            Spec(key="request_timeout_s", label=N_("Wait for an answer"), unit=N_("seconds"), is_half=True),
            Spec(key="batch_max_items", label=N_("At most, in one sending"), unit=N_("records"), is_half=True),
            Spec(key="batch_max_bytes", label=N_("Largest sending"), unit=N_("bytes"), is_half=True),
        ),
    ),
)
SOURCES = (
    Part(
        heading=N_("The till on this PC"),
        specs=(
            Spec(key="intake_enabled", label=N_("Take records from the till"), is_switch=True),
            Spec(key="intake_port", label=N_("Port of the till's connection"), help=N_("0: any free one")),
        ),
    ),
    Part(
        heading=N_("Instant updates"),
        specs=(
            Spec(
                key="webhook_enabled",
                label=N_("Let headquarters' news in at once"),
                help=N_("Optional. Without it the menu comes by schedule."),
                is_switch=True,
            ),
            Spec(key="webhook_port", label=N_("Port of instant updates"), help=N_("0: any free one")),
        ),
    ),
    Part(
        is_for_it=True,
        specs=(
            Spec(key="webhook_host", label=N_("Address that listens"), help=N_("127.0.0.1: this PC alone")),
            Spec(key="webhook_tls_cert", label=N_("Certificate of instant updates"), help=N_("A .pem file")),
            Spec(key="webhook_tls_key", label=N_("Its key"), help=N_("A .pem file")),
        ),
    ),
)
CLOSING = (
    Part(
        specs=(
            Spec(
                key="closing_time",
                label=N_("Closing time"),
                help=N_("What is not urgent goes out after it. Empty: at no fixed time."),
                is_half=True,
            ),
            Spec(
                key="business_day_start",
                label=N_("A business day begins at"),
                help=N_("Later than midnight where guests stay on"),
                is_half=True,
            ),
            Spec(
                key="summary_auto_send",
                label=N_("Send the daily summary by itself"),
                help=N_("At closing time, if the PC's clock is right"),
                is_switch=True,
            ),
            Spec(
                key="cloud_extras",
                label=N_("Compare the day with headquarters"),
                help=N_("Reads what headquarters has of it; what is missing there can be sent again"),
                is_switch=True,
                is_extra=True,
            ),
        )
    ),
    Part(
        is_for_it=True,
        specs=(
            Spec(
                key="paid_statuses",
                label=N_("Statuses of a paid order"),
                help=N_("As the till writes them, with commas between"),
            ),
            Spec(
                key="void_statuses",
                label=N_("Statuses of what was taken back"),
                help=N_("As the till writes them, with commas between"),
            ),
        ),
    ),
)
