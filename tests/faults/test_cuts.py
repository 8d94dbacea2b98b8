"""The connection cut at every byte of request and answer: nothing falsely sent, nothing done twice, nothing lost.

The real engine, store and courier talk to the simulated cloud over a line that breaks where it is told.
"""

import asyncio
import json
import math
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count

import pytest
from tests.builders import SETTINGS, Bench, Json, order, product, transaction
from tests.fakes import KEY
from tests.faults.cutter import Line, Way
from tests.faults.model import Bad
from tests.places import memory_folder

from outlet_sync_gui.cloud import CloudClient, Reply
from outlet_sync_gui.contract.answers import ItemResult, SentItem, Updates
from outlet_sync_gui.errors import CloudUnreachable
from outlet_sync_gui.listener import Request as Asked
from outlet_sync_gui.listener import Response, serve
from outlet_sync_gui.simulator import LIMITS, Cloud
from outlet_sync_gui.simulator.cloud import Arrival
from outlet_sync_gui.status import Trouble
from outlet_sync_gui.store.outbox import Parcel
from outlet_sync_gui.sync import judge
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.commands import SyncNow
from outlet_sync_gui.sync.events import Event, Pulled
from outlet_sync_gui.sync.exchange import Answer, Answered, Kind, Lost, Request, Send
from outlet_sync_gui.sync.push import Pusher

RATE = 100_000
UNCUT = 10**9
PULL = "/updates"
STEPS = 30  # enough to wait, pull and push for one point
OVERLAP_S = 180  # later than this a pull does not tell the same changes again
Record = tuple[str, Json]


def summary(n: int) -> Json:
    day = (date(2020, 1, 1) + timedelta(days=n)).isoformat()
    sums = {"total_orders": 1, "total_revenue": 10, "total_transactions": 1, "payment_methods": {"cash": 1}}
    return {"local_id": day, "date": day, "summary": {**sums, "top_products": [], "hourly_breakdown": []}}


def a_table_pays(n: int) -> list[Record]:
    bill, payment = order(f"A{n:05}"), transaction(f"T{n:05}", f"A{n:05}")
    return [("order", bill), ("transaction", payment), ("product", product(f"P{n:05}"))]


PUSHES: dict[str, Callable[[int], list[Record]]] = {
    "/orders": lambda n: [("order", order(f"A{n:05}"))],
    "/sync/batch": a_table_pays,
    "/transactions": lambda n: [("transaction", transaction(f"T{n:05}", None))],
    "/products": lambda n: [("product", product(f"P{n:05}"))],
    "/analytics/daily": lambda n: [("daily_summary", summary(n))],
}


def menu(n: int) -> list[str]:
    """The products that headquarters takes away, changes and adds for the n-th point."""
    return [f"P{k:05}" for k in (n - 2, n - 1, n) if k >= 0]


def headquarters_works(cloud: Cloud, n: int) -> None:
    *older, new = menu(n)
    if older:
        cloud.change_product(older.pop(), price=n)
    if older:
        cloud.delete_product(older.pop())
    cloud.add_product(new, name="Nasi", price=35_000)


def held_by(cloud: Cloud, entity_type: str, local_id: str) -> Mapping[str, object]:
    """What the cloud holds of a record; nothing of one that it does not know."""
    if entity_type == "daily_summary":
        kept_day = cloud.summaries.get(local_id)  # by its date, which is all the name that it has there
        return {"local_id": local_id, **kept_day} if kept_day else {}
    kept = cloud.records.get((entity_type, local_id))
    return kept.data if kept else {}


@dataclass(frozen=True)
class Heard:
    """What the till knows of headquarters: prices (None: off the menu), and up to when it has asked."""

    prices: dict[str, object]
    cursor: str | None


@dataclass
class Outlet:
    """One till and its cloud, with a line between them that can be cut."""

    bench: Bench
    client: CloudClient
    line: Line
    cloud: Cloud
    waiting: list[Record] = field(default_factory=list)  # what the till handed over for this point
    passed: int = 0  # bytes of the exchange that was to be cut
    is_answered: bool = False  # whether the till got an answer to it all the same

    async def push(self, endpoint: str, records: list[Record], way: Way, after: int) -> None:
        """Send records over a line that is cut, then over a whole one."""
        self.bench.later(OVERLAP_S)
        self.waiting = records
        earlier = len(self.cloud.journal)
        for entity_type, data in records:
            self.bench.put(entity_type, data)
        step = await self._next(Kind.PUSH)
        assert (step.request.path.endswith(endpoint), len(step.flight.parcels)) == (True, len(records))
        await self._carry_cut(step, way, after)
        self._all_wait_unless_answered()
        while self.bench.queued():
            await self._carry(self._leaves())  # of the menu a pull may tell that it had arrived
        self._arrived_once(earlier)

    async def pull(self, n: int, way: Way, after: int) -> None:
        """Hear of headquarters' changes over a line that is cut, then over a whole one, then once more."""
        self.bench.later(OVERLAP_S)
        headquarters_works(self.cloud, n)
        before = self._heard(n)
        step = await self._next(Kind.PULL)
        events = await self._carry_cut(step, way, after)
        self._heard_all_or_nothing(n, before)
        while not any(isinstance(event, Pulled) for event in events):
            events += await self._carry(await self._next(Kind.PULL))
        self.bench.engine.do(SyncNow(), self.bench.now)
        events += await self._carry(await self._next(Kind.PULL))
        self._heard_once(n, [event.n for event in events if isinstance(event, Pulled)])

    async def _next(self, kind: Kind) -> Send:
        """Let time pass until a request of this kind leaves; others are carried meanwhile."""
        for _ in range(STEPS):
            step = self._leaves()
            if step.flight.kind is kind:
                return step
            await self._carry(step)
        raise Bad(f"no {kind} any more, queued: {self.bench.queued()}")

    def _leaves(self) -> Send:
        """Let time pass until a request leaves."""
        for _ in range(STEPS):
            step = self.bench.next()
            if isinstance(step, Send):
                return step
            # Whole seconds: a time with a fraction would be longer on the wire.
            self.bench.later(max(1, math.ceil((step.at or 0) - self.bench.at_s)))
        raise Bad(f"nothing leaves any more, queued: {self.bench.queued()}")

    async def _carry_cut(self, step: Send, way: Way, after: int) -> list[Event]:
        handled = self._handled(step.request)
        self.line.cut(way, after)
        answer = await self._exchange(step.request)
        self.passed, self.is_answered = self.line.passed[way], isinstance(answer, Answered)
        self.line.mend()
        if way is Way.ANSWER:
            self._done(handled + 1, step.request)  # before the till makes anything of it
        return self._settle(step, answer)

    async def _carry(self, step: Send) -> list[Event]:
        return self._settle(step, await self._exchange(step.request))

    def _settle(self, step: Send, answer: Answer) -> list[Event]:
        events = self.bench.settle(step, answer)
        self._never_falsely_sent()
        return events

    async def _exchange(self, request: Request) -> Answer:
        """Carry one request, as the service does."""
        try:
            reply = await self.client.exchange(
                method=request.method,
                path=request.path,
                body=request.body,
                api_key=KEY,
                deadline_s=request.deadline_s,
            )
        except CloudUnreachable as error:
            return Lost(Trouble(code=error.code, facts=tuple(error.facts.items())))
        return Answered(status=reply.status, headers=reply.headers, body=reply.body)

    # -- promises

    def no_part_was_an_answer(self, length: int) -> None:
        """Raises Bad where the till took fewer than `length` bytes for a whole exchange."""
        if self.is_answered and self.passed < length:
            raise Bad("a part was taken for an answer")

    def _never_falsely_sent(self) -> None:
        queued = {local_id for local_id, _ in self.bench.queued()}
        for entity_type, data in self.waiting:
            if data["local_id"] not in queued and not self._has(entity_type, data):
                raise Bad(f"falsely sent: {entity_type} {data['local_id']}")

    def _all_wait_unless_answered(self) -> None:
        queued = {local_id for local_id, _ in self.bench.queued()}
        if not self.is_answered and queued != {data["local_id"] for _, data in self.waiting}:
            raise Bad(f"settled without an answer, queued: {queued}")

    def _done(self, handled: int, request: Request) -> None:
        """The cloud was through with the request when its answer was cut: later tries prove nothing of that."""
        if self._handled(request) != handled or not all(self._has(*record) for record in self.waiting):
            raise Bad("the work was not done before the answer was cut")

    def _handled(self, request: Request) -> int:
        """How many requests like this one came to the cloud."""
        return self.cloud.requests[request.route]

    def _has(self, entity_type: str, data: Json) -> bool:
        """Whether the cloud holds all that was handed over."""
        return data.items() <= self._held(entity_type, data).items()

    def _held(self, entity_type: str, data: Json) -> Mapping[str, object]:
        return held_by(self.cloud, entity_type, data["local_id"])

    def _arrived_once(self, earlier: int) -> None:
        """Each record as its first version; a summary has none, and the cloud keeps one a day."""
        arrived = self.cloud.journal[earlier:]
        counted = [(kind, data) for kind, data in self.waiting if kind != "daily_summary"]
        said = [Arrival(kind, data["local_id"], 1) for kind, data in counted]
        versions = [self._held(kind, data)["version"] for kind, data in counted]
        if Counter(arrived) != Counter(said) or versions != [1] * len(counted):
            raise Bad(f"not once: {arrived} for {said}")
        self._nothing_wrong()

    def _heard_all_or_nothing(self, n: int, before: Heard) -> None:
        now = self._heard(n)
        is_all = now.prices == self._wanted(n) and now.cursor != before.cursor
        if not is_all and now != before:
            raise Bad(f"a part of a pull: {now}, before {before}")

    def _heard_once(self, n: int, pulled: list[int]) -> None:
        heard, wanted = self._heard(n).prices, self._wanted(n)
        if heard != wanted or sum(pulled) != len(wanted):
            raise Bad(f"headquarters says {wanted}, here {heard}, news: {pulled}")
        self._nothing_wrong()

    def _wanted(self, n: int) -> dict[str, object]:
        """The prices as headquarters has them (None: off the menu)."""
        kept = {name: self.cloud.records["product", name] for name in menu(n)}
        return {name: None if product.is_deleted else product.data["price"] for name, product in kept.items()}

    def _heard(self, n: int) -> Heard:
        found = {name: self.bench.store.records.find("product", name) for name in menu(n)}
        prices = {
            name: None if known.deleted_at else json.loads(known.payload)["price"]
            for name, known in found.items()
            if known
        }
        return Heard(prices, self.bench.store.outlet.read().cursor)

    def _nothing_wrong(self) -> None:
        seen = (self.cloud.violations, self.cloud.orphans, self.cloud.over_limit)
        if seen != ([], [], 0):
            raise Bad(f"violations, orphans, over the limit: {seen}")


@asynccontextmanager
async def outlet() -> AsyncIterator[Outlet]:
    """An outlet whose cloud lives by the same clock, and is reached over a line."""
    with memory_folder() as folder:
        bench = Bench(folder, SETTINGS.model_copy(update={"rate_limit_per_minute": RATE, "medium_interval_s": 1}))
        bench.hurry()
        cloud = Cloud(now_ms=lambda: bench.wall_ms, api_key=KEY, rate_limit_per_minute=RATE)
        async with reached(cloud) as url, Line(url) as line:
            client = CloudClient(SETTINGS.model_copy(update={"cloud_url": line.url}))
            try:
                yield Outlet(bench, client, line, cloud)
            finally:
                await client.close()
                bench.store.close()


@asynccontextmanager
async def reached(cloud: Cloud) -> AsyncIterator[str]:
    """Its address, in this loop: in a thread of its own it would wait for the till's at each step."""

    async def handle(request: Asked) -> Response:
        return cloud.handle(request)

    listener = await serve(handle, host="127.0.0.1", port=0, limits=LIMITS)
    try:
        yield f"http://127.0.0.1:{listener.port}"
    finally:
        await listener.close()


async def sweep(endpoint: str, way: Way) -> int:
    """Cut at every byte of one direction; the number of points. Raises Bad, naming the byte."""
    async with outlet() as till:
        await one_point(till, endpoint, 0, way, UNCUT)
        length = till.passed
        for after in count():
            try:
                await one_point(till, endpoint, after + 1, way, after)
                till.no_part_was_an_answer(length)
            except Bad as bad:
                raise Bad(f"{endpoint}, {way} cut after {after} of {length} bytes: {bad}") from bad
            if till.passed < after:  # the whole of it fits: an answer may have grown by some digits meanwhile
                break
        assert after > length
    return after


async def one_point(till: Outlet, endpoint: str, n: int, way: Way, after: int) -> None:
    if endpoint == PULL:
        await till.pull(n, way, after)
    else:
        await till.push(endpoint, PUSHES[endpoint](n), way, after)


@pytest.fixture(autouse=True)
def _nobody_looks_for_sniffio(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request has httpcore ask for it some five times; under pytest a search in vain takes long."""
    monkeypatch.setitem(sys.modules, "sniffio", None)


@pytest.mark.parametrize(
    ("way", "after", "arrived", "answered"),
    [
        (Way.REQUEST, 0, b"", b""),
        (Way.REQUEST, 3, b"abc", b""),
        (Way.REQUEST, 6, b"abcdef", b""),
        (Way.ANSWER, 0, b"abcdef", b""),
        (Way.ANSWER, 5, b"abcdef", b"ABCDE"),
        (Way.ANSWER, 6, b"abcdef", b"ABCDEF"),
    ],
)
def test_the_line_carries_exactly_so_many_bytes(way: Way, after: int, arrived: bytes, answered: bytes) -> None:
    assert asyncio.run(talk(way, after)) == (arrived, answered)


async def talk(way: Way, after: int) -> tuple[bytes, bytes]:
    """What comes of six bytes to a server that answers them in capitals."""
    arrived = bytearray()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(6):
            arrived.extend(part)
            writer.write(part.upper())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, Line(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as line:
        line.cut(way, after)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(line.url.rpartition(":")[2]))
        writer.write(b"abcdef")
        told = await reader.read()
        writer.close()
    return bytes(arrived), told


SOONER, LATER = ["/orders", "/sync/batch"], ["/transactions", "/products", "/analytics/daily", PULL]
LONG = [pytest.mark.long, pytest.mark.timeout(3600)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("endpoint", [*SOONER, *(pytest.param(name, marks=LONG) for name in LATER)])
def test_a_connection_cut_at_any_byte_neither_loses_nor_doubles_anything(endpoint: str) -> None:
    points = {way: asyncio.run(sweep(endpoint, way)) for way in Way}
    told = ", ".join(f"{n} {way}" for way, n in points.items())
    print(f"\n{endpoint}: {sum(points.values())} points ({told}), 0 bad")


@pytest.fixture
def planted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in the program, or in the line, to prove that the checker would find it."""
    match request.param:
        case "a lost answer is taken for yes":
            monkeypatch.setattr("outlet_sync_gui.sync.engine.judge_push", yes_if_lost)
        case "a cut answer is taken for a whole one":
            monkeypatch.setattr(CloudClient, "exchange", whole_if_cut(CloudClient.exchange))
        case "each try has a version of its own":
            monkeypatch.setattr(Pusher, "load", renumbered(Pusher.load))
        case "a lost pull is taken for no news":
            monkeypatch.setattr("outlet_sync_gui.sync.engine.judge_pull", no_news_if_lost)
        case "the line breaks before the cloud has heard":
            monkeypatch.setattr(Line, "cut", broken_from_the_start(Line.cut))


def yes_if_lost(answer: Answer, sent: Sequence[SentItem], *, wall_ms: int, is_batch: bool) -> judge.Verdict:
    if isinstance(answer, Lost):
        return judge.Judged([ItemResult(ok=True)] * len(sent))
    return judge.judge_push(answer, sent, wall_ms=wall_ms, is_batch=is_batch)


def no_news_if_lost(answer: Answer, *, wall_ms: int) -> Updates | judge.Fault:
    if isinstance(answer, Lost):
        return Updates(changes=(), checkpoint=iso(wall_ms))
    return judge.judge_pull(answer, wall_ms=wall_ms)


def whole_if_cut(exchange: Callable[..., Awaitable[Reply]]) -> Callable[..., Awaitable[Reply]]:
    async def lenient(self: CloudClient, **request: object) -> Reply:
        try:
            return await exchange(self, **request)
        except CloudUnreachable:
            return Reply(status=200, headers={}, body=b'{"success":true,"data":{}}')

    return lenient


def broken_from_the_start(cut: Callable[[Line, Way, int], None]) -> Callable[[Line, Way, int], None]:
    def cut_request(self: Line, way: Way, after: int) -> None:
        cut(self, way if after == UNCUT else Way.REQUEST, after)

    return cut_request


def renumbered(load: Callable[..., tuple[Parcel, ...]]) -> Callable[..., tuple[Parcel, ...]]:
    tries: Counter[int] = Counter()

    def load_anew(*given: object, **more: object) -> tuple[Parcel, ...]:
        parcels = load(*given, **more)
        tries.update(parcel.record_id for parcel in parcels)
        return tuple(parcel._replace(version=tries[parcel.record_id]) for parcel in parcels)

    return load_anew


@pytest.mark.parametrize(
    ("planted", "endpoint", "way", "words"),
    [
        ("a lost answer is taken for yes", "/orders", Way.REQUEST, "after 0 of .* falsely sent"),
        ("a lost answer is taken for yes", "/sync/batch", Way.REQUEST, "after 0 of .* falsely sent"),
        ("a cut answer is taken for a whole one", "/orders", Way.REQUEST, "after 0 of .* falsely sent"),
        ("a lost answer is taken for yes", "/orders", Way.ANSWER, "after 0 of .* settled without an answer"),
        ("a cut answer is taken for a whole one", "/orders", Way.ANSWER, "after 0 of .* a part was taken"),
        ("the line breaks before the cloud has heard", "/products", Way.ANSWER, "after 0 of .* the work was not done"),
        ("the line breaks before the cloud has heard", "/updates", Way.ANSWER, "after 0 of .* the work was not done"),
        ("each try has a version of its own", "/orders", Way.ANSWER, "after 0 of .* not once"),
        ("a lost pull is taken for no news", "/updates", Way.ANSWER, "after 0 of .* a part of a pull"),
    ],
    indirect=["planted"],
)
@pytest.mark.usefixtures("planted")
def test_a_planted_mistake_is_found(endpoint: str, way: Way, words: str) -> None:
    with pytest.raises(Bad, match=words):
        asyncio.run(sweep(endpoint, way))
