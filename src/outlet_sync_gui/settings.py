"""The outlet's settings: one frozen, validated value, merged from environment, file and defaults.

No secret is a setting: keys live in the OS keyring (`credentials`).
"""

import getpass
import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import tomlkit
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from tomlkit.exceptions import TOMLKitError

from outlet_sync_gui.directory import PREFIX, data_directory, default_directory, prepare_directory, settings_file
from outlet_sync_gui.errors import SettingsInvalid, StoreFailed

LONGEST_SHOWN = 80  # of a value that can't be used
__all__ = [
    "LOOPBACK_HOSTS",
    "NEEDED",
    "NO_REMOTE",
    "PREFIX",
    "Loaded",
    "Policy",
    "Settings",
    "Source",
    "data_directory",
    "default_directory",
    "from_text",
    "is_loopback",
    "load",
    "parse",
    "prepare_directory",
    "save",
    "settings_file",
    "typed",
    "user_name",
]

NEEDED = ("outlet_id", "outlet_code", "cloud_url")
# Variables of ours that are no settings: where the data is, and secrets for machines without a keyring.
OTHER_VARIABLES = frozenset({"DATA_DIR", "API_KEY", "WEBHOOK_SECRET", "INTAKE_TOKEN"})
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

Source = Literal["environment", "file", "headquarters", "default"]
NO_REMOTE: Mapping[str, object] = MappingProxyType({})
Policy = Literal["ask", "cloud_wins", "local_wins", "newest_wins"]


def _cloud_url(value: str) -> str:
    if not value:
        return value
    url = urlsplit(value.strip())
    if url.username or url.password or url.query or url.fragment or not url.hostname:
        raise ValueError("an address such as https://cloud.example")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(value)):
        raise ValueError("https:// (http:// only to this machine)")
    if not _has_fine_port(value):
        raise ValueError("a port from 1 to 65535")
    return value.strip().rstrip("/").removesuffix("/api/v1").rstrip("/")


def _has_fine_port(url: str) -> bool:
    try:
        return urlsplit(url.strip()).port != 0
    except ValueError:  # out of range, or no number
        return False


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("a time zone such as Asia/Jakarta") from error
    return value


def _plain(value: str) -> str:
    """Header values: printable ASCII, so that nothing can break out of a request's head."""
    if not (value.isascii() and value.isprintable()):
        raise ValueError("letters, digits and signs without accents")
    return value.strip()


Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
ClockOrNone = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")]
Seconds = Annotated[int, Field(ge=1, le=31 * 86400)]
Port = Annotated[int, Field(ge=0, le=65535)]
Identifier = Annotated[str, Field(max_length=100), AfterValidator(_plain)]


class Settings(BaseModel):
    """Every setting of `interface.md` with its default. Times in seconds, sizes in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outlet_id: Identifier = ""
    outlet_code: Identifier = ""
    cloud_url: Annotated[str, AfterValidator(_cloud_url)] = ""
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Jakarta"
    business_day_start: Clock = "00:00"
    language: Literal["", "id", "en"] = ""
    appearance: Literal["system", "light", "dark"] = "system"
    pull_interval_s: Seconds = 300
    medium_interval_s: Seconds = 3600
    low_interval_s: Seconds = 86400
    rate_limit_per_minute: Annotated[int, Field(ge=10, le=100_000)] = 100
    batch_max_items: Annotated[int, Field(ge=1, le=1000)] = 1000
    batch_max_bytes: Annotated[int, Field(ge=10_000, le=10_000_000)] = 10_000_000
    request_timeout_s: Annotated[int, Field(ge=1, le=600)] = 30
    proxy: str = ""
    ca_file: str = ""
    conflict_policy: Policy | dict[str, Policy] = "ask"
    webhook_enabled: bool = True
    webhook_host: str = "127.0.0.1"
    webhook_port: Port = 8765
    webhook_tls_cert: str = ""
    webhook_tls_key: str = ""
    intake_enabled: bool = True
    intake_port: Port = 8766
    intake_folder: str = ""
    pos_database: str = ""
    pos_url: str = ""
    closing_time: ClockOrNone = ""
    summary_auto_send: bool = False
    paid_statuses: tuple[str, ...] = ("paid", "completed", "settled", "lunas")
    void_statuses: tuple[str, ...] = ("void", "voided", "cancelled", "canceled", "batal")
    cloud_extras: bool = False
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 90
    notifications: bool = True
    start_with_session: bool = True

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the settings without which nothing can be sent."""
        return tuple(key for key in NEEDED if not getattr(self, key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings, and where each of them came from."""

    settings: Settings
    sources: Mapping[str, Source]
    remote: Mapping[str, object]  # what headquarters sent, in force or not

    @property
    def fixed(self) -> frozenset[str]:
        """The settings that this outlet has set itself: they win over headquarters'."""
        return frozenset(key for key, source in self.sources.items() if source in ("environment", "file"))


def is_loopback(url: str) -> bool:
    """Whether the address is this machine."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS


def user_name() -> str:
    """Who decides at this machine, as the system calls them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def load(
    directory: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    remote: Mapping[str, object] = NO_REMOTE,
    proposed: Mapping[str, object] = NO_REMOTE,
) -> Loaded:
    """Merge environment over file over what headquarters sent over defaults. Raises SettingsInvalid, naming the key.

    `proposed` is what the file will have, too, once it is saved.
    """
    in_file = {**_read_file(settings_file(directory)), **proposed}
    in_environment = _read_environment(environment)
    places: dict[Source, Mapping[str, object]] = {
        "environment": in_environment,
        "file": in_file,
        "headquarters": {key: value for key, value in remote.items() if _is_usable(key, value)},
    }
    sources = {key: _source(key, places) for key in Settings.model_fields}
    values = {**places["headquarters"], **in_file, **in_environment}
    return Loaded(settings=parse(values), sources=sources, remote=remote)


def parse(values: Mapping[str, object]) -> Settings:
    """Validate. Raises SettingsInvalid(setting_unknown or setting_invalid) for the first fault."""
    unknown = next((key for key in values if key not in Settings.model_fields), None)
    if unknown is not None:
        raise SettingsInvalid("setting_unknown", {"key": unknown})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise _invalid(error) from None


def save(directory: Path, changes: Mapping[str, object], *, forget: Collection[str] = ()) -> None:
    """Write some settings into the file and take some out of it, whole or not at all; comments and the rest stay.

    Raises SettingsInvalid, StoreFailed.
    """
    file = settings_file(directory)
    kept = {key: value for key, value in _read_file(file).items() if key not in forget}
    parse({**kept, **changes})
    document = tomlkit.parse(_text_of(file))
    for key in forget:
        document.pop(key, None)
    document.update(changes)
    prepare_directory(directory)
    _replace(file, tomlkit.dumps(document))


def from_text(key: str, text: str) -> object:
    """A setting's value from a command line or a variable, as its type wants it."""
    annotation = _field(key).annotation
    if annotation == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if annotation is bool and text.strip().lower() in {"on", "yes", "ya", "off", "no", "tidak"}:
        return text.strip().lower() in {"on", "yes", "ya"}
    if key == "conflict_policy" and "=" in text:
        return dict(part.strip().split("=", 1) for part in text.split(",") if "=" in part)
    return text.strip()


def typed(key: str, text: str) -> object:
    """Like `from_text`, then validated: the value to store. Raises SettingsInvalid."""
    return getattr(parse({key: from_text(key, text)}), key)


def _field(key: str) -> Any:
    if key not in Settings.model_fields:
        raise SettingsInvalid("setting_unknown", {"key": key})
    return Settings.model_fields[key]


def _source(key: str, places: Mapping[Source, Mapping[str, object]]) -> Source:
    return next((source for source, values in places.items() if key in values), "default")


def _is_usable(key: str, value: object) -> bool:
    """Whether a value that another version took once is one still."""
    try:
        parse({key: value})
    except SettingsInvalid:
        return False
    return True


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid("settings_unreadable", {"path": str(file), "line": 0, "why": str(error)}) from error


def _read_file(file: Path) -> dict[str, object]:
    try:
        return tomlkit.parse(_text_of(file)).unwrap()
    except TOMLKitError as error:
        line = getattr(error, "line", 0)
        raise SettingsInvalid("settings_unreadable", {"path": str(file), "line": line, "why": str(error)}) from error


def _read_environment(environment: Mapping[str, str]) -> dict[str, object]:
    found = {name.removeprefix(PREFIX): text for name, text in environment.items() if name.startswith(PREFIX)}
    wanted = {name.lower(): text for name, text in found.items() if name not in OTHER_VARIABLES and text.strip()}
    return {key: from_text(key, text) for key, text in wanted.items()}


def _invalid(error: ValidationError) -> SettingsInvalid:
    first = error.errors(include_url=False)[0]
    key = str(first["loc"][0])
    given = first["input"]
    value = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, default=str)
    short = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
    return SettingsInvalid("setting_invalid", {"key": key, "value": short, "why": _wanted(dict(first))})


def _wanted(fault: Mapping[str, Any]) -> str:
    """What the value should be: our own words, or signs that need no language."""
    limits = fault.get("ctx", {})
    match fault["type"]:
        case "value_error":
            return str(limits["error"])
        case "greater_than_equal":
            return f"≥ {limits['ge']}"
        case "less_than_equal":
            return f"≤ {limits['le']}"
        case "literal_error":
            return " | ".join(re.findall(r"'(\w+)'", str(limits["expected"])))
        case "int_parsing" | "int_type" | "int_from_float" | "finite_number":
            return "a whole number"
        case "string_type" | "string_unicode":
            return "text"
        case "tuple_type":
            return "a list"
        case "bool_parsing" | "bool_type":
            return "on | off"
        case "string_pattern_mismatch":
            return "HH:MM"
        case _:
            return str(fault["msg"])


def _replace(file: Path, text: str) -> None:
    """Write beside, sync, rename: a power cut leaves the old file or the new one."""
    beside = file.with_suffix(".new")
    try:
        beside.touch(mode=0o600)
        with beside.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
    except OSError as error:
        raise StoreFailed("data_dir_unwritable", {"path": str(file), "why": error.strerror or ""}) from error
