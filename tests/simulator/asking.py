"""A till in few words: its requests to a cloud without a socket, and a clock that the test holds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.builders import OUTLET_CODE, OUTLET_ID, START_MS

from outlet_sync_gui.listener import Request
from outlet_sync_gui.simulator.cloud import Cloud

Json = dict[str, Any]
HEADERS = {
    "authorization": "Bearer k",
    "x-outlet-id": OUTLET_ID,
    "x-outlet-code": OUTLET_CODE,
    "content-type": "application/json",
}
AT = "2026-01-27T03:00:00Z"
OWNER = {"outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE}
LONG_AGO = "updates?since=1970-01-01T00:00:00Z"


@dataclass(slots=True)
class Clock:
    """A clock that stands until it is moved."""

    ms: int = START_MS

    def __call__(self) -> int:
        return self.ms


def ask(
    cloud: Cloud, target: str, value: Json | None = None, *, method: str = "", headers: Mapping[str, str] = HEADERS
) -> tuple[int, Json]:
    path, _, query = target.partition("?")
    whole = path if path.startswith("/") else f"/api/v1/outlets/{OUTLET_ID}/{path}"
    body = b"" if value is None else json.dumps(value).encode()
    verb = method or ("GET" if value is None else "POST")
    response = cloud.handle(Request(method=verb, path=whole, query=query, headers=headers, body=body))
    return response.status, json.loads(response.body)


def order(local_id: str = "A", version: int = 1, **fields: Any) -> Json:
    base = {"total_amount": 10, "status": "paid", "items": [], "created_at": AT, "updated_at": AT}
    return entry("order", {"local_id": local_id, "version": version, **base, **fields})


def payment(local_id: str = "T", order_id: str = "A") -> Json:
    base = {"total_amount": 10, "payment_method": "cash", "created_at": AT}
    return entry("transaction", {"local_id": local_id, "version": 1, "order_id": order_id, **base})


def product(local_id: str = "P", version: int = 1, **fields: Any) -> Json:
    base = {"name": "Nasi", "price": 10, "updated_at": AT}
    return entry("product", {"local_id": local_id, "version": version, **base, **fields})


def deletion(entity_type: str, local_id: str, version: int) -> Json:
    return entry(entity_type, {"local_id": local_id, "version": version, "deleted_at": AT}, "delete")


def entry(entity_type: str, data: Json, operation: str = "create") -> Json:
    return {"entity_type": entity_type, "operation": operation, "data": {**OWNER, **data}}


def push(cloud: Cloud, *items: Json) -> list[Json]:
    _, answer = ask(cloud, "sync/batch", {**OWNER, "sync_timestamp": AT, "items": list(items)})
    results: list[Json] = answer["data"]["results"]
    return results


def updates(cloud: Cloud, since: str = "1970-01-01T00:00:00Z") -> Json:
    status, answer = ask(cloud, f"updates?since={since}")
    assert status == 200
    data: Json = answer["data"]
    return data
