"""The way out: which records go next, how they leave, and what an answer does to each of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from outlet_sync_gui.contract.answers import ItemResult, SentItem
from outlet_sync_gui.contract.records import splice
from outlet_sync_gui.contract.requests import (
    BATCH_OVERHEAD_BYTES,
    ITEM_OVERHEAD_BYTES,
    BatchItem,
    batch_body,
    batch_path,
    lone_path,
)
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.status import Lane
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.outbox import Accepted, Parcel, Refused, Waiting
from outlet_sync_gui.sync.clock import business_day, iso
from outlet_sync_gui.sync.events import Event, Failed, Sent
from outlet_sync_gui.sync.exchange import Request
from outlet_sync_gui.sync.judge import Judged, RefusedWhole
from outlet_sync_gui.sync.pacing import FIRST_S, LAST_S, BatchSize

BATCH_DEADLINE_S = 60.0
SLOWEST_BYTES_PER_S = 8000  # a lone large record gets 30 s and this pace
TRIES = 5  # for a refusal without a reason
ALIKE = 2  # lone refusals with one text and nothing accepted between: a third may be about us, not about the record
DOUBT_MS = 120_000
STUCK = 3  # equal 5xx for the same records, while other calls pass: it is about them


@dataclass(slots=True)
class Pusher:
    """Builds batches from the line and settles them. The caller opens the transactions."""

    store: Store
    settings: Settings
    size: BatchSize
    # Halves of a batch that was refused as a whole, to be sent depth first until each bad record stands alone.
    suspects: list[tuple[int, ...]] = field(default_factory=list)
    _last_words: str = ""
    _alike: int = 0
    _stuck: tuple[tuple[int, ...], str] | None = None
    _stuck_times: int = 0

    @property
    def is_doubtful(self) -> bool:
        """The same words for one lone record after another: sending on would only make more of them."""
        return self._alike > ALIKE

    def broke(self, parcels: Sequence[Parcel], words: str, *, lives: bool) -> RefusedWhole | None:
        """Count a 5xx for these records, which stay together; a refusal once it is plainly about them.

        `lives`: another call has passed since the last 5xx; where none has, the trouble is the cloud's own.
        """
        ids = tuple(parcel.record_id for parcel in parcels)
        self._stuck_times = self._stuck_times + lives if self._stuck == (ids, words) else 1
        self._stuck = (ids, words)
        if self._stuck_times >= STUCK:
            self._stuck = None
            return RefusedWhole(words, is_existing=False)
        self.suspects.append(ids)
        return None

    def load(self, lanes: Sequence[Lane]) -> tuple[Parcel, ...]:
        """The next batch of these lanes, in order; records that can never leave are marked on the way."""
        while self.suspects:
            if frozen := _with_their_orders(self.store.outbox.load(self.suspects.pop())):
                return frozen
        return _routable(self.store.outbox.load([row.record_id for row in self._choose(lanes)]))

    def request(self, parcels: Sequence[Parcel], *, wall_ms: int) -> Request:
        """A lone order, transaction or product goes to its own endpoint; all else, and two or more, to the batch."""
        outlet_id = self.settings.outlet_id
        if len(parcels) == 1 and (path := lone_path(parcels[0].entity_type, parcels[0].operation, outlet_id)):
            body = self._wire(parcels[0])
            deadline = max(float(self.settings.request_timeout_s), 30 + len(body) / SLOWEST_BYTES_PER_S)
            return Request(method="POST", path=path, body=body, deadline_s=deadline)
        items = [BatchItem(entity_type=p.entity_type, operation=p.operation, data=self._wire(p)) for p in parcels]
        body = batch_body(
            items,
            outlet_id=outlet_id,
            outlet_code=self.settings.outlet_code,
            sync_timestamp=iso(wall_ms),
        )
        return Request(method="POST", path=batch_path(outlet_id), body=body, deadline_s=BATCH_DEADLINE_S)

    def settle(self, parcels: Sequence[Parcel], verdict: Judged | RefusedWhole, *, wall_ms: int) -> list[Event]:
        """Let each result settle its own row."""
        if isinstance(verdict, Judged):
            return self._settle_each(parcels, verdict.results, wall_ms)
        if len(parcels) > 1:
            self._bisect(parcels)
            return []
        return self._settle_lone(parcels[0], verdict, wall_ms)

    def _settle_lone(self, parcel: Parcel, verdict: RefusedWhole, wall_ms: int) -> list[Event]:
        """One record refused; a row of the same words is doubted, so that no mass of records needs attention."""
        self._alike = self._alike + 1 if verdict.words == self._last_words else 1
        self._last_words = verdict.words
        refused = _refusal(parcel, verdict.words, verdict.is_existing, self._tries(parcel), wall_ms)
        if self.is_doubtful:
            refused = replace(refused, retry_at=wall_ms + DOUBT_MS)
            self.suspects.clear()
        self.store.outbox.refuse([refused])
        return [Failed(1)] if refused.retry_at is None else []

    def _settle_each(
        self, parcels: Sequence[Parcel], results: Sequence[ItemResult | None], wall_ms: int
    ) -> list[Event]:
        pairs = [(parcel, result) for parcel, result in zip(parcels, results, strict=True) if result is not None]
        accepted = [_accepted(parcel, result) for parcel, result in pairs if result.ok]
        refused = list(self._refusals([pair for pair in pairs if not pair[1].ok], wall_ms))
        day = business_day(wall_ms, zone=self.settings.timezone, starts_at=self.settings.business_day_start)
        self.store.outbox.accept(accepted, now_ms=wall_ms, day=day, deleted_at=iso(wall_ms))
        self.store.outbox.refuse(refused)
        self._alike = 0 if accepted else self._alike
        return [event for event in (Sent(len(accepted)), Failed(len(refused))) if event.n]

    def _refusals(self, failed: Sequence[tuple[Parcel, ItemResult]], wall_ms: int) -> Iterator[Refused]:
        orders = {parcel.record_id for parcel, _ in failed}
        for parcel, result in failed:
            # A transaction's failure beside its own failed order is not its own: it stays blocked.
            if parcel.blocked_by not in orders:
                words = result.error or ""
                is_existing = "already exists with different data" in words.lower()
                yield _refusal(parcel, words, is_existing, self._tries(parcel), wall_ms)

    def _tries(self, parcel: Parcel) -> int:
        return self.store.outbox.rejections(parcel.record_id)

    def _bisect(self, parcels: Sequence[Parcel]) -> None:
        # A transaction that flew behind its order stays out until the order is accepted.
        ids = tuple(parcel.record_id for parcel in parcels if parcel.blocked_by is None)
        middle = (len(ids) + 1) // 2
        self.suspects += [
            half for half in (ids[middle:], ids[:middle]) if half
        ]  # the first half is on top: depth first, in order

    def _choose(self, lanes: Sequence[Lane]) -> list[Waiting]:
        most, room = self.size.now, self.settings.batch_max_bytes - BATCH_OVERHEAD_BYTES
        chosen: list[Waiting] = []
        for lane in lanes:
            rows = self.store.outbox.next(lane, limit=most)
            for row in self._with_transactions(rows) if lane is Lane.HIGH else rows:
                if self._is_too_big(row):
                    continue
                room -= row.bytes + ITEM_OVERHEAD_BYTES
                if len(chosen) >= most or (room < 0 and chosen):
                    return chosen
                chosen.append(row)
        return chosen

    def _with_transactions(self, rows: Sequence[Waiting]) -> Iterator[Waiting]:
        """Each order's blocked transactions right behind it: they may fly in one batch."""
        behind = self.store.outbox.behind([row.record_id for row in rows])
        for row in rows:
            yield row
            yield from behind.get(row.record_id, ())

    def _is_too_big(self, row: Waiting) -> bool:
        limit = self.settings.batch_max_bytes - BATCH_OVERHEAD_BYTES - ITEM_OVERHEAD_BYTES
        if row.bytes <= limit:
            return False
        (parcel,) = self.store.outbox.load([row.record_id])
        words = f"{row.bytes}/{self.settings.batch_max_bytes}"
        self.store.outbox.refuse([Refused(parcel=parcel, code="R-SIZE", words=words)])
        return True

    def _wire(self, parcel: Parcel) -> bytes:
        return splice(
            parcel.payload,
            outlet_id=self.settings.outlet_id,
            outlet_code=self.settings.outlet_code,
            version=parcel.version,
        )


def sent_items(parcels: Sequence[Parcel]) -> list[SentItem]:
    """What an answer's results are matched with."""
    return [SentItem(entity_type=parcel.entity_type, local_id=parcel.local_id) for parcel in parcels]


def _with_their_orders(parcels: Sequence[Parcel]) -> tuple[Parcel, ...]:
    """Without transactions whose order came meanwhile and is not among these."""
    ids = {parcel.record_id for parcel in parcels}
    return tuple(parcel for parcel in parcels if parcel.blocked_by is None or parcel.blocked_by in ids)


def _routable(parcels: Sequence[Parcel]) -> tuple[Parcel, ...]:
    """A daily summary has an endpoint of its own and never shares a batch."""
    if parcels and parcels[0].entity_type == "daily_summary":
        return (parcels[0],)
    return tuple(parcel for parcel in parcels if parcel.entity_type != "daily_summary")


def _accepted(parcel: Parcel, result: ItemResult) -> Accepted:
    return Accepted(parcel=parcel, version=max(parcel.version, result.version or 0), cloud_id=result.cloud_id)


def _refusal(parcel: Parcel, words: str, is_existing: bool, tries: int, wall_ms: int) -> Refused:
    if is_existing:
        return Refused(parcel=parcel, code="R-EXISTS", words=words)
    if words:
        return Refused(parcel=parcel, code="R-DATA", words=words)
    if tries + 1 >= TRIES:
        return Refused(parcel=parcel, code="R-TRIES", words=str(TRIES))
    wait_ms = round(min(LAST_S, FIRST_S * 2 ** (tries + 1)) * 1000)
    return Refused(parcel=parcel, code="R-TRIES", words="", retry_at=wall_ms + wait_ms)
