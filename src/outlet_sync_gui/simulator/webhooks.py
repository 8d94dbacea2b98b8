"""What headquarters tells a till by itself: the contract's five messages as bytes, and the signature over them."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from outlet_sync_gui.simulator.judge import Json

# The contract names the first three; what it leaves open is called after its path.
EVENTS: Mapping[str, str] = {
    "update": "entity.updated",
    "delete": "entity.deleted",
    "conflict": "sync.conflict",
    "broadcast": "broadcast",
    "config": "config.updated",
}


class Telling(StrEnum):
    """How headquarters tells what it did: each change stands in /updates all the same."""

    SIGNED = "signed"
    NONE = "none"  # by pull only
    FORGED = "forged"  # with a signature of another secret


@dataclass(frozen=True, slots=True)
class Webhook:
    """One message: the last part of its path, and the bytes that are signed and sent, each time the same."""

    kind: str
    body: bytes

    def __deepcopy__(self, _: object) -> Self:
        return self  # nothing in it ever changes


def webhook(kind: str, at: str, **fields: Json) -> Webhook:
    """A message of one of the five kinds."""
    return Webhook(kind, json.dumps({"event": EVENTS[kind], "timestamp": at, **fields}).encode())


def signature(secret: str, body: bytes) -> str:
    """The value of X-Cloud-Signature."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
