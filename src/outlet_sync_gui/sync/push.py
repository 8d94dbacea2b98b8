"""The way out: which records go next, how they leave, and what an answer does to each of them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from outlet_sync_gui.contract.answers import SentItem
from outlet_sync_gui.contract.records import merge_fields, splice
from outlet_sync_gui.contract.requests import (
    BATCH,
    BATCH_OVERHEAD_BYTES,
    DAILY,
    ITEM_OVERHEAD_BYTES,
    BatchItem,
    batch_body,
    daily_body,
    lone_route,
    path_of,
)
from outlet_sync_gui.contract.text import dumps, loads_stored
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.status import Lane
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.outbox import Accepted, Parcel, Refused, Waiting
from outlet_sync_gui.store.records import CATALOGUE
from outlet_sync_gui.sync.clock import FIRST_TIME, business_day, iso
from outlet_sync_gui.sync.door import unite
from outlet_sync_gui.sync.events import Behind, Event, Failed, Sent
from outlet_sync_gui.sync.exchange import Request
from outlet_sync_gui.sync.halts import Halts, Standing
from outlet_sync_gui.sync.holding import end_here
from outlet_sync_gui.sync.judge import Judged, RefusedWhole, gist, is_existing, is_missing
from outlet_sync_gui.sync.line import LANES, lane_of
from outlet_sync_gui.sync.pacing import FIRST_S, LAST_S, BatchSize

BATCH_DEADLINE_S = 60.0
SLOWEST_BYTES_PER_S = 8000  # a lone large record gets 30 s and this pace
LARGE = 64_000  # bytes
TRIES = 5  # for a refusal without a reason
STUCK = 3  # equal 5xx for the same records, while other calls pass: it is about them
UNTAKEN = 3  # refusals alike before a type that the contract names counts as not taken
UNKNOWN_MS = 60_000  # an item that an answer says nothing of goes again, but not at once and for ever
SIFTINGS = 5  # how often a batch is filled up again after rows were set aside, before others get their turn


@dataclass(frozen=True, slots=True)
class Failure:
    """The cloud does not take this record.

    `status` is the answer's where the record was alone in it, else 200; `word` that of a result, if not "failed".
    """

    parcel: Parcel
    words: str
    status: int = 200
    word: str | None = None

    @property
    def is_existing(self) -> bool:
        """Whether the cloud says that it has other content under this id."""
        return is_existing(self.status, self.words)

    @property
    def is_missing(self) -> bool:
        """Whether the cloud says that it does not know the record: one that breaks down says nothing of it."""
        return self.status in (404, 410) or (self.status < 500 and is_missing(self.words))

    @property
    def is_unheard_of(self) -> bool:
        """Whether the record, now as ever, is not at the cloud."""
        is_first = self.parcel.operation == "create" and not self.parcel.is_unknown
        return is_first and not self.is_existing and "exists" not in self.words.lower()


@dataclass(slots=True)
class Pusher:
    """Builds batches from the line and settles them. The caller opens the transactions."""

    store: Store
    settings: Settings
    size: BatchSize
    halts: Halts
    # Halves of a batch that was refused as a whole, to be sent depth first until each bad record stands alone.
    suspects: list[tuple[int, ...]] = field(default_factory=list)
    _stuck: tuple[tuple[int, ...], str] | None = None
    _stuck_times: int = 0
    _is_others_turn: bool = False  # does the cloud live? Other records tell where no other call does
    _others: tuple[int, ...] = ()

    # -- what leaves

    def load(self, lanes: Sequence[Lane], standing: Standing, *, open_lanes: Collection[Lane]) -> tuple[Parcel, ...]:
        """The next batch of the lanes that are due, in order; what can't leave now is marked on the way.

        A frozen batch and a probe are due whatever their lane, where that is open at all.
        """
        if others := self._load_others(lanes, standing):
            return others
        while self.suspects:
            waiting = [Waiting(record_id, 0) for record_id in self.suspects.pop()]
            frozen = self._parcels([row.record_id for row in self._admit(waiting, standing)])
            allowed = [p for p in frozen if p.entity_type not in CATALOGUE or lane_of(p.entity_type) in open_lanes]
            if frozen := self._cut(_with_their_orders(allowed)):
                return self._by_open_route(frozen, standing)
        chosen = self._probe(standing, open_lanes) or self._choose(lanes, standing)
        if not chosen and Lane.MEDIUM not in open_lanes:
            chosen = list(self._admit(self.store.outbox.summary(), standing))  # needs no news of headquarters
        return self._by_open_route(_routable(self._parcels([row.record_id for row in chosen])), standing)

    def request(self, parcels: Sequence[Parcel], standing: Standing, *, wall_ms: int) -> Request:
        """A lone order, transaction or product goes to its own endpoint; all else, and two or more, to the batch."""
        outlet_id = self.settings.outlet_id
        route = lone_route(parcels[0].entity_type, parcels[0].operation) if len(parcels) == 1 else None
        if route is not None and (route == DAILY or not standing.shut(route)):
            body = self._wire(parcels[0])
            deadline_s = _deadline(float(self.settings.request_timeout_s), body, parcels)
            return Request(method="POST", route=route, path=path_of(route, outlet_id), body=body, deadline_s=deadline_s)
        items = [BatchItem(entity_type=p.entity_type, operation=p.operation, data=self._wire(p)) for p in parcels]
        code = self.settings.outlet_code
        body = batch_body(items, outlet_id=outlet_id, outlet_code=code, sync_timestamp=iso(wall_ms))
        path = path_of(BATCH, outlet_id)
        deadline_s = _deadline(BATCH_DEADLINE_S, body, parcels)
        return Request(method="POST", route=BATCH, path=path, body=body, deadline_s=deadline_s)

    # -- what came of it

    def broke(self, parcels: Sequence[Parcel], words: str, *, lives: bool) -> RefusedWhole | None:
        """Count a 5xx for these records, which stay together; a refusal once it is plainly about them.

        `lives`: another call has passed since the last 5xx; where none has, the trouble is the cloud's own.
        """
        ids = tuple(parcel.record_id for parcel in parcels)
        if ids == self._others:
            return None  # these, too: it is not about records
        about = (ids, gist(words))
        self._is_others_turn = not lives
        self._stuck_times = self._stuck_times + lives if self._stuck == about else 1
        self._stuck = about
        if self._stuck_times >= STUCK:
            self._stuck = None
            return RefusedWhole(words)
        self.suspects.append(ids)
        return None

    def settle(self, parcels: Sequence[Parcel], verdict: Judged | RefusedWhole, *, wall_ms: int) -> list[Event]:
        """Let each result settle its own row."""
        if isinstance(verdict, RefusedWhole) and len(parcels) > 1:
            self._bisect(parcels)
            return []
        failures = _failures(parcels, verdict)
        accepted = [*_accepted(parcels, verdict), *_gone(failures)]
        self._settle_accepted(accepted, wall_ms)
        self._unite_twins(accepted, wall_ms)
        events = self._settle_unknown(parcels, verdict, wall_ms)
        own = _own(failures, {a.parcel.record_id for a in accepted})
        events += self._settle_failures(own, parcels, wall_ms)
        self.halts.tried({parcel.entity_type for parcel in parcels}, wall_ms)
        return [Sent(len(accepted)), *events] if accepted else events

    def _settle_unknown(self, parcels: Sequence[Parcel], verdict: Judged | RefusedWhole, wall_ms: int) -> list[Event]:
        """What the answer says nothing of goes again; of the menu headquarters' news tells first."""
        results = verdict.results if isinstance(verdict, Judged) else ()
        unknown = [parcel for parcel, result in zip(parcels, results, strict=False) if result is None]
        self.store.outbox.postpone([parcel.record_id for parcel in unknown], retry_at=wall_ms + UNKNOWN_MS)
        return [Behind()] if any(parcel.entity_type in CATALOGUE for parcel in unknown) else []

    def _settle_accepted(self, accepted: Sequence[Accepted], wall_ms: int) -> None:
        if not accepted:
            return
        day = business_day(wall_ms, zone=self.settings.timezone, starts_at=self.settings.business_day_start)
        self.store.outbox.accept(accepted, now_ms=wall_ms, day=day, deleted_at=self._there(wall_ms))
        types = {a.parcel.entity_type for a in accepted}
        self.halts.accepted(types, {a.parcel.record_id for a in accepted})

    def _there(self, wall_ms: int) -> str:
        """Tell this moment by headquarters' clock, with whose times it will be compared; no later than it is there."""
        outlet = self.store.outlet.read()
        if outlet.clock_offset_ms is None:
            return outlet.cursor or FIRST_TIME
        return iso(wall_ms - outlet.clock_offset_ms)

    def _unite_twins(self, accepted: Sequence[Accepted], wall_ms: int) -> None:
        """An answer may name a cloud id that headquarters told of before the till made the record itself."""
        for one in (a for a in accepted if a.cloud_id and a.parcel.entity_type in CATALOGUE):
            twin = self.store.records.find_cloud(one.parcel.entity_type, one.cloud_id or "")
            ours = self.store.records.find(one.parcel.entity_type, one.parcel.local_id)
            if ours is not None and twin is not None and twin.local_id is None:
                unite(self.store, ours, twin, now_ms=wall_ms)

    def _settle_failures(self, failures: Sequence[Failure], parcels: Sequence[Parcel], wall_ms: int) -> list[Event]:
        """Each refusal its own way: a type not taken, the other operation, headquarters' news first, or a person."""
        ended = self._end_deleted([failure.parcel for failure in failures if failure.is_unheard_of])
        rest = self._set_untaken_aside(failures, parcels, wall_ms)
        rest = [failure for failure in self._turn(rest) if failure.parcel.record_id not in ended]
        behind = [f for f in rest if f.is_existing and f.parcel.entity_type in CATALOGUE and not f.parcel.is_turned]
        self.store.outbox.await_news([_refused(f, "R-EXISTS") for f in behind])
        rest = [f for f in rest if f not in behind]
        refused = [self._refusal(failure, wall_ms) for failure in rest]
        self.store.outbox.refuse(refused)
        is_doubted = len(parcels) == 1 and bool(rest) and self._doubt(rest[0], wall_ms)
        events: list[Event] = [Behind()] if behind else []
        return events if is_doubted or not rest else [*events, Failed(len(rest))]

    def _end_deleted(self, parcels: Sequence[Parcel]) -> set[int]:
        """Deleted here while its refused creation was out: nobody has to hear of it any more."""
        kinds = self.store.outbox.kinds([parcel.record_id for parcel in parcels])
        ended = {record_id for record_id, (_, operation) in kinds.items() if operation == "delete"}
        for record_id in ended:
            end_here(self.store, record_id)
            self.store.records.unqueue(record_id)
        return ended

    def _set_untaken_aside(self, failures: Sequence[Failure], parcels: Sequence[Parcel], wall_ms: int) -> list[Failure]:
        """A type never taken, all of whose items are refused alike, waits as a type."""
        left = list(failures)
        for entity_type in {failure.parcel.entity_type for failure in failures}:
            mine = [failure for failure in failures if failure.parcel.entity_type == entity_type]
            is_all = len(mine) == sum(parcel.entity_type == entity_type for parcel in parcels)
            is_enough = entity_type not in LANES or len(mine) >= UNTAKEN or self.halts.is_untaken(entity_type)
            if is_all and is_enough and _are_alike(mine) and not self.halts.has_taken(entity_type):
                self.store.outbox.refuse([_refused(failure, "R-TYPE", retry_at=wall_ms) for failure in mine])
                ids = [failure.parcel.record_id for failure in mine]
                self.halts.untaken(entity_type, ids, mine[0].words, wall_ms)
                left = [failure for failure in left if failure.parcel.entity_type != entity_type]
        return left

    def _turn(self, failures: Sequence[Failure]) -> list[Failure]:
        """After a lost answer "exists" or "not found" only tells what had arrived: once the other way, uncounted."""
        left = []
        for failure in failures:
            other = _other_way(failure)
            if other is None:
                left.append(failure)
            else:
                self.store.outbox.turn(failure.parcel, other)
        return left

    def _refusal(self, failure: Failure, wall_ms: int) -> Refused:
        if failure.is_existing:
            return _refused(failure, "R-EXISTS")
        if failure.words and failure.word is None:
            return _refused(failure, "R-DATA")
        is_fatal = failure.status >= 500  # it was tried several times already
        tries = STUCK if is_fatal else self.store.outbox.rejections(failure.parcel.record_id) + 1
        is_over = is_fatal or tries >= TRIES
        wait_ms = round(min(LAST_S, FIRST_S * 2**tries) * 1000)
        retry_at = None if is_over else wall_ms + wait_ms
        if failure.words:
            return _refused(failure, "R-DATA", retry_at=retry_at)
        return Refused(parcel=failure.parcel, code="R-TRIES", words=str(tries) if is_over else "", retry_at=retry_at)

    def _doubt(self, failure: Failure, wall_ms: int) -> bool:
        """Whether this lone refusal is one of a row, and waits for a verdict."""
        return self.halts.refused(failure.parcel.entity_type, failure.parcel.record_id, failure.words, wall_ms)

    def _bisect(self, parcels: Sequence[Parcel]) -> None:
        # A transaction that flew behind its order stays out until the order is accepted.
        ids = tuple(parcel.record_id for parcel in parcels if parcel.blocked_by is None)
        middle = (len(ids) + 1) // 2
        self.suspects += [
            half for half in (ids[middle:], ids[:middle]) if half
        ]  # the first half is on top: depth first, in order

    # -- choosing

    def _probe(self, standing: Standing, open_lanes: Collection[Lane]) -> list[Waiting]:
        """What tries the first halt that is due: an endpoint with what waits for it, a type with one record."""
        for halt in standing.due():
            is_route = halt.kind is halt.kind.ROUTE
            limit = self.size.now if is_route else 1
            rows = self.store.halts.next_probes(halt.halt_id, open_lanes, limit=limit)
            self.store.halts.release([row.record_id for row in rows])
            if chosen := self._fill(self._admit(rows, standing) if is_route else rows):
                return chosen
        return []

    def _load_others(self, lanes: Sequence[Lane], standing: Standing) -> tuple[Parcel, ...]:
        """What may leave instead of a frozen batch, once, after that failed and no other call has passed since."""
        self._others = ()
        if not (self._is_others_turn and self.suspects):
            return ()
        self._is_others_turn = False
        frozen = {record_id for batch in self.suspects for record_id in batch}
        chosen = self._choose(lanes, standing, but=frozen)
        parcels = self._by_open_route(_routable(self._parcels([row.record_id for row in chosen])), standing)
        self._others = tuple(parcel.record_id for parcel in parcels)
        return parcels

    def _choose(self, lanes: Sequence[Lane], standing: Standing, *, but: Collection[int] = ()) -> list[Waiting]:
        return self._fill(row for lane in lanes for row in self._line(lane, standing, but))

    def _cut(self, frozen: tuple[Parcel, ...]) -> tuple[Parcel, ...]:
        """As many of a frozen batch as one request carries, for they may have grown; the rest is next."""
        fitting = self._fill([Waiting(p.record_id, len(p.payload.encode())) for p in frozen])
        ids = [row.record_id for row in fitting]
        last = max((n for n, p in enumerate(frozen) if p.record_id in ids), default=len(frozen))
        if rest := tuple(parcel.record_id for parcel in frozen[last + 1 :]):
            self.suspects.append(rest)
        return tuple(parcel for parcel in frozen if parcel.record_id in ids)

    def _fill(self, rows: Iterable[Waiting]) -> list[Waiting]:
        """As many of these as one request carries."""
        chosen: list[Waiting] = []
        room = min(self.settings.batch_max_bytes, self.size.bytes) - BATCH_OVERHEAD_BYTES
        for row in rows:
            if self._is_too_big(row):
                continue
            room -= row.bytes + ITEM_OVERHEAD_BYTES
            if len(chosen) >= self.size.now or (room < 0 and chosen):
                break
            chosen.append(row)
        return chosen

    def _line(self, lane: Lane, standing: Standing, but: Collection[int]) -> Iterator[Waiting]:
        """The rows of a lane that may go, in order, each order with its blocked transactions right behind it."""
        rows = self._next(lane, but)
        for _ in range(SIFTINGS):
            admitted = self._admit(rows, standing)
            if admitted or not rows:
                break
            rows = self._next(lane, but)
        fitting = [row for row in admitted if not self._is_too_big(row)]
        return self._with_transactions(fitting, standing) if lane is Lane.HIGH else iter(fitting)

    def _next(self, lane: Lane, but: Collection[int]) -> list[Waiting]:
        rows = self.store.outbox.next(lane, limit=self.size.now + len(but))
        return [row for row in rows if row.record_id not in but]

    def _admit(self, rows: Sequence[Waiting], standing: Standing) -> Sequence[Waiting]:
        """Without those that a halt stops; they are set aside."""
        if not standing.halts or not rows:
            return rows
        kinds = self.store.outbox.kinds([row.record_id for row in rows])
        stopped = {record_id: standing.stops(*kind) for record_id, kind in kinds.items()}
        for halt in {halt for halt in stopped.values() if halt is not None}:
            ids = [record_id for record_id, found in stopped.items() if found == halt]
            code = "" if halt.kind is halt.kind.ROUTE else "R-TYPE" if halt.kind is halt.kind.TYPE else "R-ALIKE"
            self.store.halts.set_aside(halt.halt_id, ids, code=code, words=halt.words)
        return [row for row in rows if stopped.get(row.record_id) is None]

    def _with_transactions(self, rows: Sequence[Waiting], standing: Standing) -> Iterator[Waiting]:
        """Each order's blocked transactions right behind it: they may fly in one batch."""
        may_fly = not standing.on_type("transaction")
        behind = self.store.outbox.behind([row.record_id for row in rows]) if may_fly else {}
        for row in rows:
            yield row
            yield from behind.get(row.record_id, ())

    def _by_open_route(self, parcels: tuple[Parcel, ...], standing: Standing) -> tuple[Parcel, ...]:
        """One by one where the batch's own endpoint is shut."""
        return parcels[:1] if standing.shut(BATCH) else parcels

    def _is_too_big(self, row: Waiting) -> bool:
        limit = self.settings.batch_max_bytes - BATCH_OVERHEAD_BYTES - ITEM_OVERHEAD_BYTES
        if row.bytes <= limit:
            return False
        (parcel,) = self.store.outbox.load([row.record_id])
        words = f"{row.bytes}/{self.settings.batch_max_bytes}"
        self.store.outbox.refuse([Refused(parcel=parcel, code="R-SIZE", words=words)])
        return True

    def _parcels(self, record_ids: Sequence[int]) -> tuple[Parcel, ...]:
        return tuple(self.store.outbox.load(record_ids))

    def _wire(self, parcel: Parcel) -> bytes:
        payload = parcel.payload
        if parcel.entity_type == "daily_summary":
            return dumps(daily_body(loads_stored(payload), **self._outlet)).encode()
        is_named = parcel.local_id is not None and parcel.operation != "delete"
        if not is_named and (cloud_id := self.store.records.cloud_id(parcel.record_id)):
            payload = merge_fields(payload, {"cloud_id": cloud_id})
        return splice(payload, **self._outlet, version=parcel.version)

    @property
    def _outlet(self) -> dict[str, str]:
        return {"outlet_id": self.settings.outlet_id, "outlet_code": self.settings.outlet_code}


def sent_items(parcels: Sequence[Parcel]) -> list[SentItem]:
    """What an answer's results are matched with."""
    return [SentItem(entity_type=parcel.entity_type, local_id=parcel.local_id) for parcel in parcels]


def _with_their_orders(parcels: Sequence[Parcel]) -> tuple[Parcel, ...]:
    """Without transactions whose order came meanwhile and does not go before them here."""
    gone: set[int | None] = {None}
    for parcel in parcels:
        if parcel.blocked_by in gone:
            gone.add(parcel.record_id)
    return tuple(parcel for parcel in parcels if parcel.record_id in gone)


def _routable(parcels: Sequence[Parcel]) -> tuple[Parcel, ...]:
    """A daily summary has an endpoint of its own and never shares a batch."""
    if parcels and parcels[0].entity_type == "daily_summary":
        return (parcels[0],)
    return tuple(parcel for parcel in parcels if parcel.entity_type != "daily_summary")


def _failures(parcels: Sequence[Parcel], verdict: Judged | RefusedWhole) -> list[Failure]:
    if isinstance(verdict, RefusedWhole):
        return [Failure(parcel, verdict.words, verdict.status) for parcel in parcels]
    pairs = zip(parcels, verdict.results, strict=True)
    return [Failure(p, result.error or "", word=result.word) for p, result in pairs if result and not result.ok]


def _accepted(parcels: Sequence[Parcel], verdict: Judged | RefusedWhole) -> list[Accepted]:
    if isinstance(verdict, RefusedWhole):
        return []
    pairs = [(p, result) for p, result in zip(parcels, verdict.results, strict=True) if result and result.ok]
    return [Accepted(parcel=p, version=r.version or p.version, cloud_id=r.cloud_id) for p, r in pairs]


def _gone(failures: Sequence[Failure]) -> list[Accepted]:
    """A delete of what is not there is done; its version is none that headquarters ever had."""
    done = [failure.parcel for failure in failures if failure.parcel.operation == "delete" and failure.is_missing]
    return [Accepted(parcel=parcel, version=0, cloud_id=None) for parcel in done]


def _own(failures: Sequence[Failure], accepted: Collection[int]) -> list[Failure]:
    """Without those of transactions whose order is not through: they are not their own, and stay blocked."""
    mine = [f for f in failures if f.parcel.record_id not in accepted]
    return [f for f in mine if f.parcel.blocked_by is None or f.parcel.blocked_by in accepted]


def _are_alike(failures: Sequence[Failure]) -> bool:
    """Whether all were refused with one text, or passed over."""
    is_skipped = all(failure.word == "skipped" for failure in failures)
    texts = {gist(failure.words) for failure in failures}
    return is_skipped or (len(texts) == 1 and texts != {""})


def _deadline(usual_s: float, body: bytes, parcels: Sequence[Parcel]) -> float:
    """A lone record that is large gets the time that a slow line needs for it."""
    is_large = len(parcels) == 1 and len(body) > LARGE
    return max(usual_s, 30 + len(body) / SLOWEST_BYTES_PER_S) if is_large else usual_s


def _other_way(failure: Failure) -> str | None:
    parcel = failure.parcel
    if parcel.is_turned or not parcel.is_unknown:
        return None
    if failure.is_existing and parcel.entity_type in CATALOGUE:
        return None  # headquarters' news tells what it has
    if parcel.operation == "create" and (failure.is_existing or "exists" in failure.words.lower()):
        return "update"
    return "create" if parcel.operation == "update" and failure.is_missing else None


def _refused(failure: Failure, code: str, retry_at: int | None = None) -> Refused:
    return Refused(parcel=failure.parcel, code=code, words=failure.words, retry_at=retry_at)
