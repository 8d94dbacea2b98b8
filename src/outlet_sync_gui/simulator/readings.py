"""What a cloud in use lets an outlet read back, beside the contract, in its own odd ways.

Pages with the newest first; items and payment as text; ids padded with blanks; money as 35000.0; times without a zone
and with a blank instead of the T; and a log, in which alone stands what was dropped though the batch was a success.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import parse_qs

from outlet_sync_gui.simulator.headquarters import Headquarters, Kept, to_ms
from outlet_sync_gui.simulator.judge import Json, Refused

LISTS = {"orders": "order", "transactions": "transaction", "products": "product"}
NAMES = frozenset({"info", "analytics", "sync/logs", *LISTS})
KNOWN = frozenset({*LISTS.values(), "category", "table_status"})  # of other types it drops what comes, and says success
ID_WIDTH = 26
MOST_ROWS, ROWS = 100, 20  # on a page: at most, and where nothing is asked
MOST_LINES = 1000
AS_TEXT = ("items", "payment_info")
AS_NUMBER = ("total_amount", "price", "cash_amount", "change_amount")
SHOWN = (
    *("order_id", "table_number", "customer_name", "pax", "status", "payment_method", "cashier_name"),
    *("name", "category_name", "stock", "version"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One line of its log: what became of so many records of a type that came together."""

    entity_type: str
    count: int
    status: str
    error: str
    at_ms: int

    def __deepcopy__(self, _: object) -> Self:
        return self  # nothing in it ever changes


def read(cloud: Headquarters, logs: Sequence[Logged], name: str, query: str, outlet_id: str) -> dict[str, Json]:
    """The whole answer to a reading. Raises Refused(400)."""
    asked = {key: values[-1] for key, values in parse_qs(query).items()}
    match name:
        case "info":
            return {"success": True, "data": _info(outlet_id)}
        case "analytics":
            return {"success": True, "data": _analytics(cloud.summaries, asked)}
        case "sync/logs":
            lines = [_line(each) for each in reversed(logs)]
            return {"success": True, "data": lines[: min(MOST_LINES, _number(asked, "limit", ROWS))]}
        case _:
            return _page(cloud.records, LISTS[name], asked)


def _page(records: Mapping[tuple[str, str], Kept], entity_type: str, asked: Mapping[str, str]) -> dict[str, Json]:
    limit, page = min(MOST_ROWS, _number(asked, "limit", ROWS)), _number(asked, "page", 1)
    found = _newest_first(kept for (kind, _), kept in records.items() if kind == entity_type)
    shown = [_row(kept) for kept in found[(page - 1) * limit : page * limit]]
    counts = {"page": page, "limit": limit, "total": len(found), "total_pages": -(-len(found) // limit)}
    return {"success": True, "data": shown, **counts}


def _newest_first(found: Iterable[Kept]) -> list[Kept]:
    return sorted(found, key=_made_ms, reverse=True)


def _row(kept: Kept) -> dict[str, Json]:
    """A record; of one that was deleted nothing but that it was there."""
    data = {} if kept.is_deleted else kept.data
    row: dict[str, Json] = {name: data[name] for name in SHOWN if name in data}
    row |= {name: float(str(data[name])) for name in AS_NUMBER if name in data}
    row |= {name: json.dumps(data[name]) for name in AS_TEXT if name in data}
    if kept.is_deleted:
        row |= {"status": "", "total_amount": 0.0, "items": "[]"}
    local_id = (kept.local_id or kept.cloud_id).ljust(ID_WIDTH)
    row |= {"id": local_id, "local_id": local_id, "version": kept.version}
    times = {"created_at": _made_ms(kept), "updated_at": kept.updated_at, "synced_at": kept.updated_at}
    return {**row, **{name: _time(at_ms) for name, at_ms in times.items()}}


def _made_ms(kept: Kept) -> int:
    at = kept.data.get("created_at") or kept.data.get("updated_at")
    return to_ms(at) if isinstance(at, str) else kept.updated_at


def _analytics(summaries: Mapping[str, Mapping[str, Json]], asked: Mapping[str, str]) -> list[Json]:
    """What was pushed for each date that was asked for."""
    first, last = asked.get("start_date", ""), asked.get("end_date", "9999")
    return [dict(summary) for date, summary in sorted(summaries.items()) if first <= date <= last]


def _info(outlet_id: str) -> dict[str, Json]:
    told = {"id": outlet_id, "code": "", "name": "Outlet", "address": "", "webhook_url": "", "is_active": True}
    return {**told, "timezone": "Asia/Jakarta"}


def _line(logged: Logged) -> dict[str, Json]:
    return {
        "action": "push",
        "entity_type": logged.entity_type,
        "entity_count": logged.count,
        "status": logged.status,
        "error_message": logged.error,
        "created_at": _time(logged.at_ms),
    }


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _number(asked: Mapping[str, str], name: str, otherwise: int) -> int:
    try:
        found = int(asked.get(name, otherwise))
    except ValueError:
        found = 0
    if found < 1:
        raise Refused(400, f"{name}: a whole number from 1")
    return found
