"""Where and how a request of the contract goes."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from outlet_sync_gui.contract.text import Json, dumps

BATCH_OVERHEAD_BYTES = 1024  # the envelope of a batch, generously
ITEM_OVERHEAD_BYTES = 512  # type, operation, outlet and version around one record's content, generously
LONE = {"order": "orders", "transaction": "transactions", "product": "products"}
BATCH, DAILY, UPDATES, RESOLVE = "sync/batch", "analytics/daily", "updates", "conflicts"
AROUND_DAILY = frozenset({"local_id", "created_at", "updated_at"})  # what a record has, and a daily summary not


class BatchItem(NamedTuple):
    """One record in a batch; `data` is its wire object."""

    entity_type: str
    operation: str
    data: bytes


def lone_route(entity_type: str, operation: str) -> str | None:
    """The endpoint for one record of a type; None where it goes by the batch."""
    if entity_type == "daily_summary":
        return DAILY
    return LONE.get(entity_type) if operation != "delete" else None


def path_of(route: str, outlet_id: str) -> str:
    """The path of an endpoint."""
    return f"{_outlet(outlet_id)}/{route}"


def updates_path(outlet_id: str, since: str) -> str:
    """Ask for changes after a time; a raw `+` in it would be read as a blank."""
    return f"{path_of(UPDATES, outlet_id)}?since={quote(since, safe='')}"


def resolve_path(outlet_id: str, conflict_id: str) -> str:
    """Where a choice over one of the cloud's conflicts is told."""
    return f"{path_of(RESOLVE, outlet_id)}/{quote(conflict_id, safe='')}/resolve"


def resolve_body(*, strategy: str, resolved_by: str, notes: str) -> bytes:
    """The choice, and who made it."""
    told = {"strategy": strategy, "resolved_by": resolved_by}
    return dumps({**told, "notes": notes} if notes else told).encode()


def daily_body(summary: Mapping[str, Json], *, outlet_id: str, outlet_code: str) -> dict[str, Json]:
    """A daily summary as the contract names it: its date says which it is, it has no number and no version."""
    told = {name: value for name, value in summary.items() if name not in AROUND_DAILY}
    return {"outlet_id": outlet_id, "outlet_code": outlet_code, **told}


def batch_body(items: Sequence[BatchItem], *, outlet_id: str, outlet_code: str, sync_timestamp: str) -> bytes:
    """The batch's body, spliced from its items' bytes."""
    head = (
        f'{{"outlet_id":{dumps(outlet_id)},"outlet_code":{dumps(outlet_code)},'
        f'"sync_timestamp":{dumps(sync_timestamp)},"items":['
    )
    return head.encode() + b",".join(_entry(item) for item in items) + b"]}"


def _entry(item: BatchItem) -> bytes:
    return _head(item.entity_type, item.operation) + item.data + b"}"


@lru_cache(maxsize=64)
def _head(entity_type: str, operation: str) -> bytes:
    return f'{{"entity_type":{dumps(entity_type)},"operation":{dumps(operation)},"data":'.encode()


def _outlet(outlet_id: str) -> str:
    return f"/api/v1/outlets/{quote(outlet_id, safe='')}"
