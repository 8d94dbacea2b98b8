"""Headquarters as it should be: bodies, their signatures, whole requests; and the door behind the webhooks."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from outlet_sync_gui.contract.webhooks import Kind, Letter, Told
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.webhook import Terms

Json = dict[str, Any]
SECRET, EARLIER = "the secret of this outlet", "the secret of last week"
OUTLET_ID, OUTLET_CODE = "550e8400-e29b-41d4-a716-446655440000", "JKT-001"
START_MS = 1_769_484_600_000  # 27 January 2026, 03:30 UTC
PATH = "/api/v1/webhooks/cloud/"
TERMS = Terms(
    outlet_id=OUTLET_ID,
    outlet_code=OUTLET_CODE,
    secrets=(SECRET, EARLIER),
    is_clock_trusted=True,
    now_ms=START_MS,
)
UPDATE: Json = {
    "event": "entity.updated",
    "timestamp": iso(START_MS),
    "entity_type": "product",
    "local_id": "P1",
    "data": {"price": 40000},
    "version": 3,
}
BODIES: Mapping[Kind, Json] = {
    Kind.UPDATE: UPDATE,
    Kind.DELETE: {"entity_type": "product", "local_id": "P1", "deleted_at": iso(START_MS)},
    Kind.CONFLICT: {
        "entity_type": "product",
        "local_id": "P1",
        "conflict": {"field": "price", "cloud_value": 40000, "local_value": 38000},
    },
    Kind.BROADCAST: {"title": "Closed", "message": "Closed on Friday."},
    Kind.CONFIG: {"config": {"pull_interval_s": 60}},
}


class Door:
    """The one door for what headquarters tells, as far as the webhooks know it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.letters: list[Letter] = []
        self._error = error

    async def deliver(self, letter: Letter) -> Told:
        """Take it, or fail as ordered."""
        if self._error is not None:
            raise self._error
        self.letters.append(letter)
        return Told(message="Applied “well”", local_version=3, applied_at="2026-01-27T11:20:05Z")


def sign(body: bytes, secret: str = SECRET) -> str:
    """The signature that headquarters puts on these bytes."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def lines(body: bytes, *, kind: str = "update", headers: Mapping[str, bytes | str | None] | None = None) -> bytes:
    """A whole request as it goes over the line; a header that is None is left out."""
    honest: dict[str, bytes | str | None] = {
        "Host": "till.example",
        "Content-Type": "application/json",
        "X-Cloud-Signature": sign(body),
        "X-Outlet-ID": OUTLET_ID,
        "Content-Length": str(len(body)),
        **(headers or {}),
    }
    said = [
        name.encode() + b": " + (value if isinstance(value, bytes) else value.encode("latin-1"))
        for name, value in honest.items()
        if value is not None
    ]
    return b"\r\n".join([f"POST {PATH}{kind} HTTP/1.1".encode(), *said, b"", body])


def encoded(body: object) -> bytes:
    """A body as bytes."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()
