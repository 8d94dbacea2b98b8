"""What the cloud answers, read with tolerance: unknown fields kept out of the way, missing ones not missed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

from outlet_sync_gui.contract.models import LARGEST
from outlet_sync_gui.contract.text import Json, dumps, loads_lenient
from outlet_sync_gui.errors import ContractBroken

LONGEST_WAIT_S = 3600.0
MOST_WORDS = 500
# Of a change, not of its record; an outlet would stand twice on the wire.
ABOUT = frozenset({"cloud_id", "local_id", "version", "updated_at", "action", "outlet_id", "outlet_code"})
MONEY = frozenset({"price"})
COUNTS = frozenset({"processed", "failed"})  # of a batch: what one record's own answer does not have
NOT_TAKEN = ("failed", "skipped")  # any other status of a lone answer may be the record's own, as "paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """`{"success": …, "data": …}` and whatever stands beside them."""

    success: bool
    data: Json
    fields: Mapping[str, Json]


class SentItem(NamedTuple):
    """What was sent, to match results with."""

    entity_type: str
    local_id: str | None  # None: headquarters made it, and the till has no id of it


class ItemResult(NamedTuple):
    """What the cloud says of one record; `word` is its status where that is neither success nor failed."""

    ok: bool
    word: str | None = None
    cloud_id: str | None = None
    version: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudChange:
    """One change of headquarters. `fields` is the JSON text of the content that came with it.

    `version` 0: it came without one, as deletions do. `by` and `reason` are headquarters' own words, where given.
    """

    entity_type: str
    local_id: str | None
    cloud_id: str | None
    action: Literal["update", "delete"]
    version: int
    updated_at: str
    fields: str
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Updates:
    """A pull's changes in order of time; `broken` counts entries that could not be read."""

    changes: tuple[CloudChange, ...]
    checkpoint: str
    broken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What the cloud made of a choice: the version that it has now, and the value (JSON text), where it says so."""

    new_version: int | None
    applied_value: str | None


def read_envelope(body: bytes) -> Envelope | None:
    """The contract's envelope; None where the body is something else (HTML, cut off, another program's JSON)."""
    value = loads_lenient(body)
    if not isinstance(value, dict) or not isinstance(value.get("success"), bool):
        return None
    return Envelope(success=value["success"], data=value.get("data"), fields=value)


def read_refusal(body: bytes) -> str | None:
    """The words of a refusal that has no envelope; None where the body is no JSON object."""
    value = loads_lenient(body)
    return _reason(value) if isinstance(value, dict) else None


def read_push(
    envelope: Envelope, sent: Sequence[SentItem], *, is_refusal: bool = False, is_batch: bool = False
) -> list[ItemResult | None]:
    """One result for each sent item, None where the answer leaves it unknown.

    `is_refusal`: the answer as a whole says no, so nothing is accepted but what it lists as a success.
    `is_batch`: its endpoint answers for each item, so that its success as a whole is not the item's, even of one.
    """
    data = envelope.data if isinstance(envelope.data, dict) else {}
    results = data.get("results")
    if not isinstance(results, list) and not COUNTS & data.keys():
        is_own = len(sent) == 1 and not is_refusal and not is_batch
        return [_lone(data, sent[0])] if is_own else [None] * len(sent)
    found = _matched([entry for entry in _list(results) if isinstance(entry, dict)], sent)
    is_proven = None in found and not is_refusal and _counts_prove(found, data)
    return [ItemResult(ok=True) if entry is None and is_proven else entry for entry in found]


def read_updates(envelope: Envelope) -> Updates:
    """The changes of a pull. Raises ContractBroken where there is no checkpoint to go on from."""
    data = envelope.data
    if not isinstance(data, dict):
        raise ContractBroken("contract_broken", {"why": "no data"})
    try:
        checkpoint = read_time(data.get("sync_checkpoint"))
    except ValueError:
        raise ContractBroken("contract_broken", {"why": "no sync_checkpoint"}) from None
    read = [_change(entity_type, entry) for entity_type, entry in _entries(data)]
    changes = sorted((change for change in read if change), key=lambda change: change.updated_at)
    return Updates(changes=tuple(changes), checkpoint=checkpoint, broken=len(read) - len(changes))


def read_resolution(envelope: Envelope) -> Resolution:
    """What became of a resolve request that was accepted."""
    data = envelope.data if isinstance(envelope.data, dict) else {}
    value = data.get("applied_value")
    return Resolution(
        new_version=read_version(data.get("new_version")), applied_value=None if value is None else dumps(value)
    )


def retry_after(headers: Mapping[str, str], body: bytes, *, now_ms: int) -> float | None:
    """Seconds to wait: `Retry-After` (seconds or a date), else the body's `retry_after`; an hour at most."""
    value = loads_lenient(body)
    waits = (
        _header_wait(headers.get("retry-after"), headers.get("date"), now_ms),
        _seconds(value.get("retry_after") if isinstance(value, dict) else None),
    )
    return next((min(LONGEST_WAIT_S, max(0.0, wait)) for wait in waits if wait is not None), None)


def words_of(envelope: Envelope) -> str:
    """The cloud's own words about a refusal."""
    return _reason(envelope.fields)


def read_content(entry: Mapping[str, Json]) -> dict[str, Json]:
    """The record's fields; money whole, and stock that is whole as such. Raises ValueError naming what is not."""
    fields = {name: value for name, value in entry.items() if name not in ABOUT}
    for name in MONEY & fields.keys():
        if not _is_number(fields[name]) or fields[name] != int(fields[name]):
            raise ValueError(name)
        fields[name] = int(fields[name])
    if isinstance(stock := fields.get("stock"), Decimal) and _is_number(stock) and stock == int(stock):
        fields["stock"] = int(stock)  # a cloud that counts in 100.0: merged as a count all the same
    return fields


def read_time(value: Json) -> str:
    """A time of the cloud as UTC `Z`; without a zone it is UTC, with a blank instead of T it is read too.

    Raises ValueError.
    """
    if not isinstance(value, str):
        raise ValueError("no time")
    moment = datetime.fromisoformat(value.strip().replace(" ", "T", 1))
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:  # the first or last day there is, in another zone
        raise ValueError("no time") from None


def read_version(value: Json) -> int | None:
    """A whole number from 0 to 2^53; None where it is something else."""
    return int(value) if _is_number(value) and 0 <= value == int(value) else None


def _lone(data: Mapping[str, Json], item: SentItem) -> ItemResult | None:
    """What the endpoint of one record says of it; nothing, where it names another one."""
    if not _may_be(data, item):
        return None
    if data.get("status") in NOT_TAKEN:
        return _result(data)
    return ItemResult(ok=True, cloud_id=_cloud_id(data), version=read_version(data.get("version")))


def _matched(results: Sequence[Mapping[str, Json]], sent: Sequence[SentItem]) -> list[ItemResult | None]:
    """By type and id; where there are as many as were sent, also by place, or by an id that has no type beside it."""
    if _is_in_order(results, sent):  # as clouds do: nothing is said twice, nothing has to be looked for
        return [_result(entry) for entry in results]
    named = {_key(entry): entry for entry in results if not _is_failed(entry)}
    named.update((_key(entry), entry) for entry in results if _is_failed(entry))  # said twice: the worse word counts
    is_whole = len(results) == len(sent)
    found = []
    for place, item in enumerate(sent):
        entry = named.get((item.entity_type, item.local_id))
        if entry is None and is_whole:
            entry = results[place] if _may_be(results[place], item) else named.get(("", item.local_id))
        found.append(None if entry is None else _result(entry))
    return found


def _is_in_order(results: Sequence[Mapping[str, Json]], sent: Sequence[SentItem]) -> bool:
    return len(results) == len(sent) and all(
        entry.get("local_id") == local_id and entry.get("entity_type") == entity_type
        for entry, (entity_type, local_id) in zip(results, sent, strict=True)
    )


def _may_be(entry: Mapping[str, Json], item: SentItem) -> bool:
    """Whether nothing that a result says of its record speaks against this one; blanks around it don't."""
    return all(
        not (said and own) or str(said).strip() == own.strip()  # what headquarters made may have no id of the till's
        for said, own in ((entry.get("entity_type"), item.entity_type), (entry.get("local_id"), item.local_id))
    )


def _counts_prove(found: Sequence[ItemResult | None], data: Mapping[str, Json]) -> bool:
    """Items without a result are accepted only if the counts cover all that was sent and each failure is listed."""
    processed, success, failed = (data.get(name) for name in ("processed", "success", "failed"))
    if not (isinstance(success, int) and isinstance(failed, int)):
        return False
    listed = sum(result is not None and not result.ok for result in found)
    return processed == len(found) and success + failed == len(found) and listed == failed


def _key(entry: Mapping[str, Json]) -> tuple[str, str | None]:
    return str(entry.get("entity_type") or ""), str(entry.get("local_id") or "")


def _is_failed(entry: Mapping[str, Json]) -> bool:
    return entry.get("status") != "success"


def _result(entry: Mapping[str, Json]) -> ItemResult:
    status = entry.get("status")
    if status == "success":
        return ItemResult(ok=True, cloud_id=_cloud_id(entry), version=read_version(entry.get("version")))
    word = _words(status)[:40] if status not in (None, "failed") else None
    return ItemResult(ok=False, word=word, error=_words(entry.get("error") or entry.get("message") or "") or None)


def _entries(data: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for name, entity_type in (("products", "product"), ("categories", "category")):
        yield from ((entity_type, entry) for entry in _list(data.get(name)))
    for entry in _list(data.get("deleted")):
        if isinstance(entry, dict):
            gone = {**entry, "action": "delete", "updated_at": entry.get("deleted_at")}
            yield str(entry.get("entity_type")), gone


def _change(entity_type: str, entry: Json) -> CloudChange | None:
    if not isinstance(entry, dict):
        return None
    local_id, cloud_id = _text(entry.get("local_id")), _cloud_id(entry)
    is_delete = entry.get("action") == "delete"
    version = read_version(entry.get("version"))
    try:
        at = read_time(entry.get("updated_at"))
        fields = {} if is_delete else read_content(entry)
    except ValueError:
        return None
    if not (local_id or cloud_id) or (version is None and not is_delete):
        return None
    return CloudChange(
        entity_type=entity_type,
        local_id=local_id,
        cloud_id=cloud_id,
        action="delete" if is_delete else "update",
        version=version or 0,
        updated_at=at,
        fields=dumps(fields),
    )


def _is_number(value: Json) -> bool:
    is_one = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return is_one and -LARGEST <= value <= LARGEST  # before int(): 1e999999999 would never end


def _header_wait(text: str | None, date: str | None, now_ms: int) -> float | None:
    """A time there is told by the cloud's own clock: this machine's may be off by years."""
    if text is None:
        return None
    if (seconds := _seconds(text)) is not None:
        return seconds
    try:
        until = parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
    try:
        return until - (parsedate_to_datetime(date).timestamp() if date else now_ms / 1000)
    except ValueError:
        return until - now_ms / 1000


def _seconds(value: Json) -> float | None:
    try:
        return float(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None


def _cloud_id(data: Mapping[str, Json]) -> str | None:
    """A cloud in use pads its ids with blanks; half a surrogate pair could not be stored."""
    text = data.get("cloud_id")
    return text.strip() or None if isinstance(text, str) and text.isprintable() else None


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _reason(fields: Mapping[str, Json]) -> str:
    said = (fields.get(name) for name in ("message", "error", "detail"))
    reason = next((text for text in said if text), "")
    return _words("; ".join(_fault(entry) for entry in reason) if isinstance(reason, list) else reason)


def _fault(entry: Json) -> str:
    """One of a list of faults, with the field that it is about, as FastAPI tells them."""
    if not isinstance(entry, dict) or not isinstance(text := entry.get("msg"), str):
        return _words(entry)
    place = ".".join(str(step) for step in _list(entry.get("loc")) if step != "body")
    return f"{place}: {text}" if place else text


def _words(value: Json) -> str:
    text = value if isinstance(value, str) else dumps(value)
    return text.replace("\0", "").strip()[:MOST_WORDS]
