"""One question of the POS over HTTP: what it may say, read strictly, and how it is answered."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import parse_qsl

from outlet_sync_gui import words
from outlet_sync_gui.contract.text import Json, dumps, loads
from outlet_sync_gui.errors import InputRefused, OutletSyncError
from outlet_sync_gui.listener import Request, Response, failure
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.status import Status
from outlet_sync_gui.store import Store

MOST_WAITING = 16  # of the listener's connections, so that readers never take all of them
LARGEST = 2**63 - 1  # that SQLite counts to
BLANKS = " \t"  # of HTTP; what else looks blank to Python is none
JSON_TYPE = re.compile(r"application/json([ \t]*;[ \t]*charset=\"?utf-?8\"?)?", re.IGNORECASE)
SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")


class Refused(Exception):
    """Ends a call with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Waiting:
    """Readers that wait for news. Where there are too many, the one that has waited longest is answered."""

    def __init__(self) -> None:
        self._readers: dict[asyncio.Future[None], None] = {}

    def __bool__(self) -> bool:
        return bool(self._readers)

    async def wait(self, seconds: float) -> None:
        """Until `let_go`, so long at the most."""
        while len(self._readers) >= MOST_WAITING:
            oldest = next(iter(self._readers))
            del self._readers[oldest]  # at once: those that come in one turn must not meet the same one again
            _let_go(oldest)
        loop = asyncio.get_running_loop()
        reader = loop.create_future()
        timer = loop.call_later(seconds, _let_go, reader)
        self._readers[reader] = None
        try:
            await reader
        finally:
            timer.cancel()
            self._readers.pop(reader, None)

    def let_go(self) -> None:
        """There may be news: all of them look."""
        for reader in self._readers:
            _let_go(reader)


@dataclass(slots=True, kw_only=True)
class Inside:
    """What one set of settings gives a call to work with."""

    store: Store
    settings: Settings
    status: Callable[[], Status]
    on_written: Callable[[], None]
    waiting: Waiting
    is_open: bool = True  # False: the store is closed

    def check_open(self) -> None:
        """After a turn of the loop. What was stored counts as unchanged when the POS comes again."""
        if not self.is_open:
            raise Refused(busy("busy", after_s=1))


@dataclass(frozen=True)
class Call:
    """A request that was let in; `parts` are those of its path. What is read from it raises InputRefused or Refused."""

    inside: Inside
    request: Request
    parts: tuple[str, ...]

    def json(self) -> Json:
        """The body, strictly."""
        if not JSON_TYPE.fullmatch(self.request.headers.get("content-type", "").strip(BLANKS)):
            raise Refused(failure(415, "unsupported_media_type", "application/json is wanted"))
        try:
            return loads(self.request.body)
        except InputRefused as error:
            raise Refused(refusal(400, error)) from None

    @cached_property
    def query(self) -> Mapping[str, str]:
        """What follows the question mark."""
        try:
            return dict(parse_qsl(self.request.query, keep_blank_values=True, errors="strict", max_num_fields=20))
        except ValueError:
            raise Refused(failure(400, "bad_request")) from None

    def whole(self, name: str, default: int, *, least: int = 0, most: int = LARGEST) -> int:
        """A whole number of the query."""
        text = self.query.get(name, str(default))
        if text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most:
            return int(text)
        raise InputRefused("field_invalid", {"field": name, "why": "a whole number"})

    def seconds(self, name: str, *, most: float) -> float:
        """Seconds of the query, 0 where they are left out; more than the most counts as that."""
        text = self.query.get(name, "0")
        if not SECONDS.fullmatch(text):
            raise InputRefused("field_invalid", {"field": name, "why": "a number"})
        return min(float(text), most)


def answer(value: object) -> Response:
    """200 with this value."""
    return Response(status=200, body=dumps(value).encode())


def refusal(status: int, error: OutletSyncError, **more: object) -> Response:
    """The contract's envelope with a sentence in the language that the program speaks."""
    envelope = {"success": False, "error": error.code, "message": words.problem(error)}
    return Response(status=status, body=dumps({**envelope, **more}).encode())


def busy(code: str, *, after_s: int) -> Response:
    """503: the same call goes through later."""
    return replace(failure(503, code), headers={"retry-after": str(after_s)})


def _let_go(reader: asyncio.Future[None]) -> None:
    if not reader.done():
        reader.set_result(None)
