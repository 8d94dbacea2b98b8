"""Whether headquarters signed a body: HMAC-SHA256 under a shared secret, compared in constant time."""

import hashlib
import hmac
from collections.abc import Sequence

SHORTEST = 16  # characters; a shorter secret could be guessed from one signed body
MOST = 16  # signatures of one request that are looked at


def usable(secrets: Sequence[str]) -> list[str]:
    """The secrets that count: none while the present one, which comes first, is missing, blank or too short."""
    found = [secret for secret in secrets if len(secret.strip()) >= SHORTEST]
    return found if found[:1] == list(secrets[:1]) else []


def is_signed(body: bytes, header: str, secrets: Sequence[str]) -> bool:
    """Whether one of the signatures, hex in any case and separated by commas, is that of a secret over these bytes."""
    said = [
        one.strip(" \t").lower().removeprefix("sha256=").encode("utf-8", "replace") for one in header.split(",", MOST)
    ]
    # A secret of the environment that is no UTF-8 stands for its bytes.
    keys = [secret.encode("utf-8", "surrogateescape") for secret in secrets]
    right = [hmac.new(key, body, hashlib.sha256).hexdigest().encode() for key in keys]
    return any(hmac.compare_digest(one, other) for one in said[:MOST] for other in right)
