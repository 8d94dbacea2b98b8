"""What headquarters tells unasked: the bodies of the five webhooks, read into values.

The contract shows two of the five. Of the others only the place of a value is open (top level, or under `data`): what
it may be is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from outlet_sync_gui.contract.answers import MOST_WORDS, CloudChange, read_content, read_time, read_version
from outlet_sync_gui.contract.records import LONGEST_ID, check_outlet, read_type
from outlet_sync_gui.contract.text import Json, dumps
from outlet_sync_gui.errors import InputRefused

LONGEST_TITLE = 200
LONGEST_TEXT = 4000
Level = Literal["info", "warning", "urgent"]
LEVELS: Mapping[str, Level] = {
    "warn": "warning",
    "warning": "warning",
    "critical": "urgent",
    "error": "urgent",
    "high": "urgent",
    "urgent": "urgent",
}


class Kind(StrEnum):
    """What a webhook is about: the last part of its path."""

    UPDATE = "update"
    DELETE = "delete"
    CONFLICT = "conflict"
    BROADCAST = "broadcast"
    CONFIG = "config"


PATHS: Mapping[str, Kind] = {f"/api/v1/webhooks/cloud/{kind}": kind for kind in Kind}
EVENTS = {"entity.updated": Kind.UPDATE, "entity.deleted": Kind.DELETE, "sync.conflict": Kind.CONFLICT}
# What is said of any message, or of an announcement: no settings, where a config has its values at top level.
AROUND = frozenset(
    {
        *("event", "timestamp", "outlet_id", "outlet_code", "id", "version", "updated_by", "reason"),
        *("message_id", "title", "message", "level", "expires_at"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """A field of a record on which headquarters sees two values, each as JSON text. Times are UTC `Z`."""

    entity_type: str
    local_id: str | None
    cloud_id: str | None
    conflict_id: str | None
    field: str
    cloud_value: str
    cloud_version: int | None
    cloud_updated_at: str | None
    local_value: str | None
    local_version: int | None
    local_updated_at: str | None
    is_required: bool  # a person's choice; else it is told for the record only
    by: str | None
    reason: str | None
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """An announcement: plain text, bounded. Title or text may be empty, not both."""

    message_id: str | None
    title: str
    text: str
    level: Level
    expires_at: str | None
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings as headquarters wants them; which of them it may set is decided elsewhere."""

    values: Mapping[str, Json]
    at: str


Heard = CloudChange | tuple[Disputed, ...] | Broadcast | Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One webhook, read. `digest` is the SHA-256 of the raw body in hex; `at` its own time, else that of its arrival.

    The signature covers no path: a repeat is one of both `kind` and `digest`.
    """

    kind: Kind
    heard: Heard
    digest: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a letter is answered, the first time and at each repeat. `local_version` is an update's alone."""

    message: str
    local_version: int | None
    applied_at: str


def check_ours(body: Json, *, outlet_id: str, outlet_code: str) -> None:
    """What names an outlet, on top or under `data`, must name this one. Raises InputRefused(other_outlet)."""
    for fields in (body, body.get("data")) if isinstance(body, dict) else ():
        if isinstance(fields, dict):
            check_outlet(fields, outlet_id, outlet_code)


def read_letter(kind: Kind, body: Json, *, digest: str, now: str) -> Letter:
    """Read a body of that path. Raises InputRefused."""
    if not isinstance(body, dict):
        raise InputRefused("not_an_object")
    _check_path(kind, body)
    at = _time(body, "timestamp")
    return Letter(kind=kind, heard=_heard(kind, body, at, now), digest=digest, at=at or now)


def _heard(kind: Kind, body: Mapping[str, Json], at: str | None, now: str) -> Heard:
    match kind:
        case Kind.UPDATE:
            return _update(body, at)
        case Kind.DELETE:
            return _delete(body)
        case Kind.CONFLICT:
            return _disputes(body, at or now)
        case Kind.BROADCAST:
            return _broadcast(body, at or now)
        case Kind.CONFIG:
            return Config(values=_values(body), at=at or now)


def _check_path(kind: Kind, body: Mapping[str, Json]) -> None:
    """The signature covers no path: what is known to belong to another one is not taken here."""
    event = body.get("event")
    if event is not None and not isinstance(event, str):
        raise InputRefused("field_invalid", {"field": "event", "why": "text"})
    word = (event or "").partition(".")[0]
    meant = EVENTS.get(event or "", Kind(word) if word in (Kind.BROADCAST, Kind.CONFIG) else kind)
    if meant is not kind:
        raise InputRefused("field_invalid", {"field": "event", "why": f"/{meant}"})
    if kind in (Kind.BROADCAST, Kind.CONFIG) and "entity_type" in _with_data(body):
        raise InputRefused("field_invalid", {"field": "entity_type", "why": f"/{Kind.UPDATE}"})
    data = body.get("data")
    if kind is Kind.UPDATE and event is None and isinstance(data, dict) and data.get("deleted_at") is not None:
        raise InputRefused("field_invalid", {"field": "deleted_at", "why": f"/{Kind.DELETE}"})


def _update(body: Mapping[str, Json], at: str | None) -> CloudChange:
    data = body.get("data")
    if not isinstance(data, dict):
        raise InputRefused("field_invalid", {"field": "data", "why": "an object"})
    whole = _with_data(body)
    at = at or _time(whole, "updated_at")  # not of its arrival: a repeat would outlive a deletion
    if at is None:
        raise InputRefused("field_invalid", {"field": "timestamp", "why": "2026-01-27T10:30:00Z"})
    entity_type, local_id, cloud_id = _record(whole)
    return CloudChange(
        entity_type=entity_type,
        local_id=local_id,
        cloud_id=cloud_id,
        action="update",
        version=_needed_version(whole),
        updated_at=at,
        fields=dumps(_content(data)),
        by=_words(whole, "updated_by"),
        reason=_words(whole, "reason"),
    )


def _delete(body: Mapping[str, Json]) -> CloudChange:
    whole = _with_data(body)
    deleted_at = _time(whole, "deleted_at")
    if deleted_at is None:
        raise InputRefused("field_invalid", {"field": "deleted_at", "why": "2026-01-27T10:30:00Z"})
    entity_type, local_id, cloud_id = _record(whole)
    return CloudChange(
        entity_type=entity_type,
        local_id=local_id,
        cloud_id=cloud_id,
        action="delete",
        version=_version(whole, "version") or 0,
        updated_at=deleted_at,
        fields="{}",
        by=_words(whole, "deleted_by") or _words(whole, "updated_by"),
        reason=_words(whole, "reason"),
    )


def _disputes(body: Mapping[str, Json], at: str) -> tuple[Disputed, ...]:
    said = body.get("conflict")
    entries: list[Json] = said if isinstance(said, list) else [said]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        raise InputRefused("field_invalid", {"field": "conflict", "why": "an object"})
    return tuple(_dispute(body, entry, at) for entry in entries)


def _dispute(body: Mapping[str, Json], entry: Mapping[str, Json], at: str) -> Disputed:
    entity_type, local_id, cloud_id = _record(body)
    name = entry.get("field")
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_ID or not name.isprintable():
        raise InputRefused("field_invalid", {"field": "conflict.field", "why": "text"})
    if "cloud_value" not in entry:
        raise InputRefused("field_invalid", {"field": "conflict.cloud_value", "why": "JSON"})
    named = (_label(place, key) for place in (entry, body) for key in ("conflict_id", "id"))
    return Disputed(
        entity_type=entity_type,
        local_id=local_id,
        cloud_id=cloud_id,
        conflict_id=next((label for label in named if label), None),
        field=name,
        cloud_value=_value(name, entry["cloud_value"]),
        cloud_version=_version(entry, "cloud_version"),
        cloud_updated_at=_time(entry, "cloud_updated_at"),
        local_value=_value(name, entry["local_value"]) if "local_value" in entry else None,
        local_version=_version(entry, "local_version"),
        local_updated_at=_time(entry, "local_updated_at"),
        is_required=body.get("resolution_required") is not False,
        by=_words(body, "updated_by"),
        reason=_words(body, "reason"),
        at=at,
    )


def _broadcast(body: Mapping[str, Json], at: str) -> Broadcast:
    whole = _with_data(body)
    title, text = _words(whole, "title", LONGEST_TITLE), _words(whole, "message", LONGEST_TEXT)
    if not (title or text):
        raise InputRefused("field_invalid", {"field": "message", "why": "text"})
    named = (_label(whole, key) for key in ("message_id", "broadcast_id", "id"))
    return Broadcast(
        message_id=next((label for label in named if label), None),
        title=title or "",
        text=text or "",
        level=LEVELS.get(str(whole.get("level")).strip().lower(), "info"),
        expires_at=_time(whole, "expires_at"),
        at=at,
    )


def _values(body: Mapping[str, Json]) -> Mapping[str, Json]:
    place = next((name for name in ("config", "settings", "data") if name in body), None)
    values = body[place] if place else body
    if isinstance(values, dict) and place in (None, "data"):  # where an announcement has its words
        values = {name: value for name, value in values.items() if name not in AROUND}
    if not isinstance(values, dict) or not values:
        raise InputRefused("field_invalid", {"field": place or "config", "why": "an object"})
    return values


def _with_data(body: Mapping[str, Json]) -> Mapping[str, Json]:
    """The body with what stands under `data`; what is said on top counts."""
    data = body.get("data")
    below = data if isinstance(data, dict) else {}
    return {**below, **{name: value for name, value in body.items() if value is not None}}


def _record(fields: Mapping[str, Json]) -> tuple[str, str | None, str | None]:
    """Type, local id and cloud id of the record that is meant."""
    entity_type, local_id, cloud_id = (
        read_type(fields.get("entity_type")),
        _id(fields, "local_id"),
        _id(fields, "cloud_id"),
    )
    if not (local_id or cloud_id):
        raise InputRefused("local_id_missing")
    return entity_type, local_id, cloud_id.strip() if cloud_id else None


def _id(fields: Mapping[str, Json], name: str) -> str | None:
    value = fields.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_ID or not value.isprintable():
        raise InputRefused("field_invalid", {"field": name, "why": f"1-{LONGEST_ID} A-Z 0-9"})
    return value


def _label(fields: Mapping[str, Json], name: str) -> str | None:
    """An id of headquarters' own, which may be a number; what is odd is none."""
    value = fields.get(name)
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text.strip() or None if len(text) <= LONGEST_ID and text.isprintable() else None


def _words(fields: Mapping[str, Json], name: str, longest: int = MOST_WORDS) -> str | None:
    """Headquarters' own words, as far as there is room for them; what is no text is none."""
    value = fields.get(name)
    return (value.strip()[:longest].strip() or None) if isinstance(value, str) else None


def _time(fields: Mapping[str, Json], name: str) -> str | None:
    value = fields.get(name)
    if value is None:
        return None
    try:
        return read_time(value)
    except ValueError:
        raise InputRefused("field_invalid", {"field": name, "why": "2026-01-27T10:30:00Z"}) from None


def _version(fields: Mapping[str, Json], name: str) -> int | None:
    value = fields.get(name)
    version = read_version(value)
    if version is None and value is not None:
        raise InputRefused("field_invalid", {"field": name, "why": "0-9007199254740992"})
    return version


def _needed_version(fields: Mapping[str, Json]) -> int:
    version = _version(fields, "version")
    if version is None:
        raise InputRefused("field_invalid", {"field": "version", "why": "0-9007199254740992"})
    return version


def _content(data: Mapping[str, Json]) -> Mapping[str, Json]:
    try:
        return read_content(data)
    except ValueError as error:
        raise InputRefused("field_invalid", {"field": str(error), "why": "a whole number of rupiah"}) from None


def _value(name: str, value: Json) -> str:
    """A field's value as JSON text, read as it is in a record. Raises InputRefused for what is no field of one."""
    content = _content({name: value})
    if name not in content:
        raise InputRefused("field_invalid", {"field": "conflict.field", "why": "text"})
    return dumps(content[name])
