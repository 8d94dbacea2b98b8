"""Headquarters' webhooks: a request in, an answer out. Pure, but for `deliver`, which is the one door for changes.

Nothing of a body is read before its signature was found right. What is refused is told with a code; what can't be
stored now is asked for again.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from outlet_sync_gui.contract.text import dumps, loads
from outlet_sync_gui.contract.webhooks import PATHS, Kind, Letter, Told, check_ours, read_letter
from outlet_sync_gui.errors import InputRefused, StoreFailed
from outlet_sync_gui.listener import JSON, Limits, Request, Response, failure
from outlet_sync_gui.sync.clock import iso, to_ms
from outlet_sync_gui.webhook.signature import is_signed, usable

LIMITS = Limits(body_bytes=1_000_000, read_s=3.0, connections=64)
HEALTH = "/healthz"
OLDEST_MS = 30 * 24 * 3600 * 1000  # as long as a repeat is known by its digest
AGAIN_S = 5
BLANKS = " \t"  # of HTTP; what else looks blank to Python is none

Deliver = Callable[[Letter], Awaitable[Told]]  # raises StoreFailed, InputRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a request is judged by. `secrets`: the present one, then one that was replaced less than a day ago."""

    outlet_id: str
    outlet_code: str
    secrets: Sequence[str]
    is_clock_trusted: bool
    now_ms: int


async def answer(request: Request, terms: Terms, deliver: Deliver) -> Response:
    """Answer one request. A mistake in `deliver` is raised as it is; nothing else is."""
    if request.path == HEALTH:
        return _allowed(request, "GET, HEAD") or Response(status=200, body=b'{"status":"ok"}')
    kind = PATHS.get(request.path)
    if kind is None:
        return failure(404, "not_found")
    refused = _allowed(request, "POST") or _not_ours(request, terms)
    return refused or await _heard(kind, request, terms, deliver)


def _allowed(request: Request, methods: str) -> Response | None:
    is_one = request.method in methods.split(", ")
    return None if is_one else replace(failure(405, "method_not_allowed"), headers={"allow": methods})


def _not_ours(request: Request, terms: Terms) -> Response | None:
    """The first reason not to read a body."""
    header = request.headers.get
    if header("content-type", "").partition(";")[0].strip(BLANKS).lower() != JSON:
        return failure(415, "not_json", f"content-type must be {JSON}")
    secrets = usable(terms.secrets)
    if not secrets:
        return failure(401, "no_secret", "this outlet has no webhook secret of 16 or more characters")
    if not is_signed(request.body, header("x-cloud-signature", ""), secrets):
        return failure(401, "bad_signature")
    if not terms.outlet_id or header("x-outlet-id") != terms.outlet_id:
        return failure(403, "other_outlet")
    return None


async def _heard(kind: Kind, request: Request, terms: Terms, deliver: Deliver) -> Response:
    """Read a signed body and hand it on."""
    try:
        body = loads(request.body)
    except InputRefused as refused:
        return failure(400, refused.code, str(refused))
    try:
        check_ours(body, outlet_id=terms.outlet_id, outlet_code=terms.outlet_code)
        digest = hashlib.sha256(request.body).hexdigest()
        letter = read_letter(kind, body, digest=digest, now=iso(terms.now_ms))
        if terms.is_clock_trusted and to_ms(letter.at) < terms.now_ms - OLDEST_MS:
            return failure(422, "too_old", "this was sent more than 30 days ago")
        return _told(kind, await deliver(letter))
    except InputRefused as refused:
        return failure(403 if refused.code == "other_outlet" else 422, refused.code, str(refused))
    except StoreFailed as failed:
        return replace(failure(503, "busy", failed.code), headers={"retry-after": str(AGAIN_S)})


def _told(kind: Kind, told: Told) -> Response:
    """The contract's answer; what has no version is told as 0, as the wire wants a number."""
    version = {"local_version": told.local_version or 0, "applied_at": told.applied_at}
    more = version if kind is Kind.UPDATE else {}
    return Response(status=200, body=dumps({"success": True, "message": told.message, **more}).encode())
