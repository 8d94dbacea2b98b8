"""What the POS on this machine asks over HTTP: records in, what became of them, and headquarters' changes out.

A browser on this machine can reach a loopback port, too: only a loopback Host, no Origin and the token are let in.
No call holds the loop longer than one transaction, and a reader that waits for news is woken: nothing polls.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from hmac import compare_digest
from itertools import islice
from urllib.parse import unquote

from outlet_sync_gui.contract.text import Json
from outlet_sync_gui.errors import InputRefused, StoreFailed
from outlet_sync_gui.intake import feed
from outlet_sync_gui.intake.call import BLANKS, Call, Inside, Refused, Waiting, answer, busy, refusal
from outlet_sync_gui.intake.lines import WRAPPED, Line, Origin, read_json
from outlet_sync_gui.intake.outcome import outcome_json
from outlet_sync_gui.intake.report import Report
from outlet_sync_gui.listener import Request, Response, failure
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.status import Status
from outlet_sync_gui.store import Store
from outlet_sync_gui.sync.clock import iso, now
from outlet_sync_gui.sync.records import CHUNK
from outlet_sync_gui.sync.state import as_json

MOST_BYTES = 10_000_000  # of one request
MOST_RECORDS = 1000  # in one request
STORE_AGAIN_S, SETUP_AGAIN_S = 5, 30
LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)

Work = Callable[[Call], Awaitable[Response]]


class Intake:
    """Answers the POS. `open` and `shut` as the store does; without it, or without a token, all that counts is 503."""

    def __init__(self, *, status: Callable[[], Status], on_written: Callable[[], None]) -> None:
        self._status = status
        self._on_written = on_written
        self._waiting = Waiting()
        self._inside: Inside | None = None
        self._seen = 0  # the newest change that waiting readers were woken for
        self.token = ""

    def open(self, store: Store, settings: Settings) -> None:
        """There is a store to work with. Raises StoreFailed."""
        self._seen = store.changes.last_seq()
        self._inside = Inside(
            store=store,
            settings=settings,
            status=self._status,
            on_written=self._on_written,
            waiting=self._waiting,
        )

    def shut(self) -> None:
        """The store goes: who waits is answered, who is at work will be told to come again."""
        if self._inside is not None:
            self._inside.is_open = False
        self._inside = None
        self._waiting.let_go()

    def news(self) -> None:
        """Something happened: readers that wait are woken if the feed has grown. Raises StoreFailed."""
        if self._inside is None or not self._waiting:
            return
        seq = self._inside.store.changes.last_seq()
        if seq > self._seen:
            self._waiting.let_go()
        self._seen = seq

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return await self._answer(request)
        except Refused as refused:
            return refused.response
        except InputRefused as error:
            return refusal(422, error)
        except StoreFailed as error:
            return replace(refusal(503, error), headers={"retry-after": str(STORE_AGAIN_S)})

    async def _answer(self, request: Request) -> Response:
        if not LOOPBACK.fullmatch(request.headers.get("host", "")) or "origin" in request.headers:
            return failure(403, "forbidden")
        if request.path == "/healthz":
            return answer({"success": True})
        work, parts = _route(request)
        if self._inside is None or not self.token:
            return busy("not_set_up", after_s=SETUP_AGAIN_S)
        if not _is_ours(request.headers.get("authorization", ""), self.token):
            return replace(failure(401, "unauthorized"), headers={"www-authenticate": "Bearer"})
        return await work(Call(self._inside, request, parts))


async def _take_in(call: Call) -> Response:
    value = call.json()
    elements: list[Json] = value if isinstance(value, list) else [value]
    if len(elements) > MOST_RECORDS:
        return refusal(413, InputRefused("too_many_records", {"n": len(elements), "limit": MOST_RECORDS}))
    report, lines = Report(), _lines(elements, call.inside.settings)
    while chunk := list(islice(lines, CHUNK)):
        call.inside.check_open()
        report.take(call.inside.store, chunk, now_ms=now().wall_ms)
        call.inside.on_written()
        await asyncio.sleep(0)  # headquarters' word does not wait for a thousand records
    if report.rejected and not isinstance(value, list):
        return refusal(422, report.rejected[0][1], **report.as_json())
    return answer(report.as_json())


async def _became(call: Call) -> Response:
    store, (entity_type, local_id) = call.inside.store, call.parts
    known = store.records.find(entity_type, local_id)
    if known is None:
        return failure(404, "not_found")
    about = {"cloud_id": known.cloud_id or None, "base_version": known.base_version, "deleted_at": known.deleted_at}
    return answer({**outcome_json(store, known), **about})


async def _tell_status(call: Call) -> Response:
    return answer(as_json(call.inside.status()))


ROUTES: Sequence[tuple[str, re.Pattern[str], Work]] = (
    ("POST", re.compile(r"/api/v1/records"), _take_in),
    ("GET", re.compile(r"/api/v1/records/([^/]+)/(.+)"), _became),
    ("GET", re.compile(r"/api/v1/changes"), feed.changes),
    ("POST", re.compile(r"/api/v1/changes/ack"), feed.acknowledge),
    ("GET", re.compile(r"/api/v1/snapshot/([^/]+)"), feed.snapshot),
    ("GET", re.compile(r"/api/v1/status"), _tell_status),
)


def _route(request: Request) -> tuple[Work, tuple[str, ...]]:
    for method, path, work in ROUTES:
        if (match := path.fullmatch(request.path)) is not None:
            if request.method != method and (request.method, method) != ("HEAD", "GET"):
                raise Refused(replace(failure(405, "method_not_allowed"), headers={"allow": method}))
            return work, tuple(_decoded(part) for part in match.groups())
    raise Refused(failure(404, "not_found"))


def _decoded(part: str) -> str:
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError:
        raise Refused(failure(400, "bad_request")) from None


def _is_ours(authorization: str, token: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and compare_digest(given.strip(BLANKS).encode("latin-1"), token.encode())


def _lines(elements: Sequence[Json], settings: Settings) -> Iterator[Line]:
    at = iso(now().wall_ms)
    origin = Origin(
        entity_type="", operation="create", outlet_id=settings.outlet_id, outlet_code=settings.outlet_code, now=at
    )
    for number, element in enumerate(elements, start=1):
        if isinstance(element, dict) and element.keys() >= WRAPPED:
            yield read_json(element, origin, number=number)
        else:
            yield Line(number=number, local_id=None, record=InputRefused("not_wrapped"))
