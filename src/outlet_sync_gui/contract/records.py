"""A record of the POS: read and checked at the door, kept as JSON text, spliced into requests as it is."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from pydantic import ValidationError

from outlet_sync_gui.contract.models import RECORDS, Deletion, Record
from outlet_sync_gui.contract.sales import Sale, sale_of
from outlet_sync_gui.contract.text import Json, dumps, loads_stored
from outlet_sync_gui.errors import InputRefused

Operation = Literal["create", "update", "delete"]
TYPE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
LONGEST_ID = 200
# Fields around a record's content: filled in when it leaves, the same for all.
AROUND = ("outlet_id", "outlet_code", "version")
SEEN = "seen_change"  # up to which of headquarters' changes the POS had heard: of the hand-over, not of the record
# What a delete carries, whatever the till hands over with it.
DELETED = frozenset({"local_id", "cloud_id", "deleted_at"})
# What a field should be, in the place of pydantic's words.
WANTED = {
    "string_type": "text",
    "tuple_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "greater_than_equal": "0 or more",
}
# What makes no other content of it: a till that only touches the time has changed nothing.
NO_CONTENT = frozenset({*AROUND, "updated_at"})
# A cloud in use can't list rows without these times.
TIMES = {"order": ("created_at", "updated_at"), "transaction": ("created_at", "updated_at"), "product": ("updated_at",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A valid record as the POS handed it over. `content` is JSON text without outlet and version."""

    entity_type: str
    local_id: str
    operation: Operation
    source_version: int | None
    updated_at: str | None  # UTC `Z`
    seen_change: int | None  # the last of headquarters' changes that the POS has taken, where it says so
    content: str
    digest: str
    parent_ref: str | None  # order_id of a transaction
    amount: int  # rupiah of an order or transaction, else 0
    sale: Sale | None  # what the day's figures need of an order or transaction
    is_dated: bool = True  # it tells itself when it was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a list shows of a record."""

    title: str | None = None
    table: str | None = None
    method: str | None = None
    pax: int | None = None
    stock: int | None = None
    amount: int | None = None


def read_record(
    entity_type: object, data: object, *, operation: object, outlet_id: str, outlet_code: str, now: str
) -> Incoming:
    """Check a record handed over at `now` (UTC `Z`). Raises InputRefused, naming the field."""
    kind, word = read_type(entity_type), _operation(operation)
    if not isinstance(data, dict):
        raise InputRefused("not_an_object")
    model = Deletion if word == "delete" else RECORDS.get(kind, Record)
    fields = _validated(model, data)
    check_outlet(fields, outlet_id, outlet_code)
    content = {name: value for name, value in fields.items() if _is_content(name, word)}
    whole = {**_filled(kind, word, content, now), **content}
    version, updated_at = fields.get("version"), fields.get("updated_at")
    amount = content.get("total_amount")
    return Incoming(
        entity_type=kind,
        local_id=content["local_id"],
        operation=word,
        source_version=version,
        updated_at=updated_at,
        seen_change=_seen(data.get(SEEN)),
        content=dumps(whole),
        # A delete is other content than the record it ends, even where the till hands the whole record over.
        digest=_digest({**content, "": word} if word == "delete" else content),
        parent_ref=_parent(kind, content),
        amount=amount if isinstance(amount, int) and kind in ("order", "transaction") else 0,
        sale=sale_of(kind, word, whole),
        is_dated=bool(content.get("created_at")) or "created_at" not in whole,
    )


def dated_as(incoming: Incoming, content: str) -> Incoming:
    """What doesn't tell when it was made was made when it was first heard of, whatever is other now."""
    made_at = loads_stored(content).get("created_at")
    if incoming.is_dated or not made_at:
        return incoming
    whole = {**loads_stored(incoming.content), "created_at": made_at}
    sale = sale_of(incoming.entity_type, incoming.operation, whole)
    return replace(incoming, content=dumps(whole), sale=sale)


def read_type(value: object) -> str:
    """A name of a type. Raises InputRefused."""
    if isinstance(value, str) and TYPE_NAME.fullmatch(value):
        return value
    raise InputRefused("bad_type", {"value": str(value)[:60]})


def check_outlet(fields: Mapping[str, Json], outlet_id: str, outlet_code: str) -> None:
    """An outlet that is named must be ours. Raises InputRefused(other_outlet)."""
    for field, ours in (("outlet_id", outlet_id), ("outlet_code", outlet_code)):
        theirs = fields.get(field)
        if theirs is not None and theirs != ours:
            raise InputRefused("other_outlet", {"field": field, "value": str(theirs)[:60]})


def splice(content: str, *, outlet_id: str, outlet_code: str, version: int) -> bytes:
    """The wire object around a record's content, which is not parsed again."""
    return f"{_head(outlet_id, outlet_code)}{version},{content[1:]}".encode()


def digest_of(content: str) -> str:
    """The digest that tells whether content differs: without outlet, version, updated_at, or the order of names."""
    return _digest(loads_stored(content))


def merge_fields(content: str, changes: Mapping[str, Json]) -> str:
    """Content with some fields replaced."""
    return dumps({**loads_stored(content), **changes})


def changed_fields(content: str, fields: Mapping[str, Json]) -> dict[str, Json]:
    """Those of the fields whose value differs from the content's."""
    held = loads_stored(content)
    return {name: value for name, value in fields.items() if name not in held or held[name] != value}


def three_way(source: str | None, incoming: str, current: str) -> str:
    """Apply on current what the POS itself changed since its last word; a field it leaves out is kept."""
    said = loads_stored(source) if source else {}
    edits = {name: value for name, value in loads_stored(incoming).items() if name not in said or said[name] != value}
    return merge_fields(current, edits)


def glance(content: str) -> Glance:
    """What a list shows; whatever is odd is left out."""
    fields = loads_stored(content)
    payment = fields.get("payment_info")
    method = payment.get("method") if isinstance(payment, dict) else fields.get("payment_method")
    amount = fields.get("total_amount", fields.get("price"))
    return Glance(
        title=_text(fields.get("name")),
        table=_text(fields.get("table_number")),
        method=_text(method),
        pax=_int(fields.get("pax")),
        stock=_int(fields.get("stock")),
        amount=_int(amount),
    )


def _is_content(name: str, operation: Operation) -> bool:
    return name in DELETED if operation == "delete" else name not in (*AROUND, SEEN)


def _seen(value: Json) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise InputRefused("field_invalid", {"field": SEEN, "why": "0 or more"})


@lru_cache(maxsize=8)
def _head(outlet_id: str, outlet_code: str) -> str:
    return f'{{"outlet_id":{dumps(outlet_id)},"outlet_code":{dumps(outlet_code)},"version":'


def _operation(value: object) -> Operation:
    if value in ("create", "update", "delete"):
        return value
    raise InputRefused("operation_unknown", {"value": str(value)[:60]})


def _validated(model: type[Record], data: dict[str, Json]) -> dict[str, Json]:
    local_id = data.get("local_id")
    if not isinstance(local_id, str) or not local_id.strip():
        raise InputRefused("local_id_missing")
    if len(local_id) > LONGEST_ID or not local_id.isprintable():
        raise InputRefused("field_invalid", {"field": "local_id", "why": f"1-{LONGEST_ID} A-Z 0-9"})
    try:
        return model.model_validate(data).emit()
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> InputRefused:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "money_fraction":
        return InputRefused("money_fraction", {"field": field, "value": str(first["input"])[:60]})
    if first["type"] == "time_without_zone":
        return InputRefused("time_without_zone", {"field": field})
    return InputRefused("field_invalid", {"field": field, "why": WANTED.get(first["type"], first["msg"])})


def _filled(kind: str, operation: Operation, content: Mapping[str, Json], now: str) -> dict[str, Json]:
    if operation == "delete":
        return {"deleted_at": now}
    # What does not tell when it was made was no later than it was changed.
    times = {"created_at": content.get("updated_at") or now, "updated_at": now}
    return {name: times[name] for name in TIMES.get(kind, ("updated_at",)) if not content.get(name)}


def _parent(kind: str, content: Mapping[str, Json]) -> str | None:
    return content.get("order_id") if kind == "transaction" else None


def _digest(content: Mapping[str, Json]) -> str:
    kept: dict[str, Any] = {name: value for name, value in content.items() if name not in NO_CONTENT}
    return hashlib.blake2b(dumps(kept, sort_keys=True).encode(), digest_size=16).hexdigest()


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _int(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
