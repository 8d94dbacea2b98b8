"""Records, answers and an engine over a real store, in few words."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outlet_sync_gui.contract.records import Incoming, read_record
from outlet_sync_gui.contract.requests import BATCH
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.store import Store, open_store
from outlet_sync_gui.store.outbox import Parcel
from outlet_sync_gui.sync.clock import Now, iso
from outlet_sync_gui.sync.commands import SyncNow
from outlet_sync_gui.sync.engine import Engine
from outlet_sync_gui.sync.events import Event
from outlet_sync_gui.sync.exchange import Answer, Answered, Flight, Kind, Request, Send, WaitUntil
from outlet_sync_gui.sync.records import Outcome, accept

OUTLET_ID, OUTLET_CODE = "550e8400-e29b-41d4-a716-446655440000", "JKT-001"
START_MS = 1_769_484_600_000  # 27 January 2026, 03:30 UTC
SETTINGS = Settings(outlet_id=OUTLET_ID, outlet_code=OUTLET_CODE, cloud_url="http://127.0.0.1:1")
Json = dict[str, Any]


def order(local_id: str = "A1", **fields: Any) -> Json:
    """An order as a till hands it over."""
    at = "2026-01-27T03:00:00Z"
    base = {"local_id": local_id, "total_amount": 10, "status": "paid", "items": [], "created_at": at, "updated_at": at}
    return {**base, **fields}


def transaction(local_id: str = "T1", order_id: str | None = "A1", **fields: Any) -> Json:
    """A transaction that pays an order."""
    base = {"local_id": local_id, "total_amount": 10, "payment_method": "cash", "created_at": "2026-01-27T03:10:00Z"}
    return {**base, **({"order_id": order_id} if order_id else {}), **fields}


def product(local_id: str = "P1", **fields: Any) -> Json:
    """A product of the menu."""
    return {"local_id": local_id, "name": "Nasi", "price": 35000, "updated_at": "2026-01-27T03:00:00Z", **fields}


def read(entity_type: str, data: Json, operation: str = "create") -> Incoming:
    """A record through the door."""
    return read_record(
        entity_type, data, operation=operation, outlet_id=OUTLET_ID, outlet_code=OUTLET_CODE, now=iso(START_MS)
    )


@dataclass
class Bench:
    """An engine over a real store, with a clock that stands still until it is moved."""

    directory: Path
    settings: Settings = SETTINGS
    at_s: float = 1000.0
    wall_ms: int = START_MS
    draw: Callable[[], float] = lambda: 1.0  # no jitter
    store: Store = field(init=False)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.store = open_store(self.directory, self.settings.outlet_id)
        self.engine = self._engine()

    @property
    def now(self) -> Now:
        return Now(self.at_s, self.wall_ms)

    def later(self, seconds: float) -> "Bench":
        """Let time pass."""
        self.at_s += seconds
        self.wall_ms += round(seconds * 1000)
        return self

    def restart(self) -> "Bench":
        """The program dies and starts again."""
        self.store.close()
        self.store = open_store(self.directory, self.settings.outlet_id)
        self.engine = self._engine()
        return self

    def revive(self) -> "Bench":
        """The same, and quicker: the file stays open, whatever was in memory is gone."""
        self.engine = self._engine()
        return self

    def hurry(self) -> None:
        """Don't wait for the disk: only the process dies here, so what was written is there all the same."""
        self.store._db.execute("PRAGMA synchronous = OFF")
        self.store._db.execute("PRAGMA locking_mode = EXCLUSIVE")

    def put(self, entity_type: str, data: Json, operation: str = "create") -> Outcome:
        """Hand one record over."""
        return self.put_all([read(entity_type, data, operation)])[0]

    def put_all(self, records: Iterable[Incoming]) -> list[Outcome]:
        return accept(self.store, list(records), now_ms=self.wall_ms)

    def next(self) -> Send | WaitUntil:
        while self.engine.is_applying:  # the disk failed in the middle of a pull: it goes on where it was
            self.engine.go_on(self.now)
        return self.engine.next(self.now)

    def send(self) -> Send:
        """The next request, which there must be."""
        step = self.next()
        assert isinstance(step, Send), step
        return step

    def wait(self) -> WaitUntil:
        """The next rest, which there must be."""
        step = self.next()
        assert isinstance(step, WaitUntil), step
        return step

    def settle(self, step: Send, answer: Answer) -> list[Event]:
        events = self.engine.settle(step.flight, answer, self.now)
        while self.engine.is_applying:
            events += self.engine.go_on(self.now)
        return events

    def pull(self, **updates: Any) -> list[Event]:
        """Let the pull that is due bring these updates."""
        step = self.send()
        assert step.flight.kind is Kind.PULL
        return self.settle(step, pulled(**updates))

    def push(self) -> Send:
        """The next request, which must be a push; a burst has gathered, a pull that is due brings nothing."""
        self.engine.do(SyncNow(), self.now)
        step = self.send()
        while step.flight.kind is Kind.PULL:
            self.settle(step, pulled())
            step = self.send()
        return step

    def queued(self) -> list[tuple[str, str]]:
        """What waits, oldest first: local id and state."""
        return [(row.local_id, row.state.value) for row in reversed(self.store.views.queue())]

    def _engine(self) -> Engine:
        return Engine(self.store, self.settings, self.now, draw=self.draw)


def sent(step: Send) -> list[tuple[str, int]]:
    """What a push carries: local id and version, in order."""
    return [(parcel.local_id, parcel.version) for parcel in step.flight.parcels]


def body(request: Request) -> Json:
    value: Json = json.loads(request.body)
    return value


def answered(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answered:
    return Answered(status=status, headers=dict(headers or {}), body=json.dumps(value).encode())


def accepted(flight: Flight) -> Answered:
    """The cloud takes all of it."""
    if len(flight.parcels) == 1 and flight.route != BATCH:
        (parcel,) = flight.parcels
        return answered({"success": True, "data": {"cloud_id": f"c-{parcel.local_id}", "local_id": parcel.local_id}})
    return results(flight, {})


def results(flight: Flight, failures: Mapping[str, str]) -> Answered:
    """A batch's answer; `failures` tells local ids with the cloud's words."""
    each = [
        {"entity_type": p.entity_type, "local_id": p.local_id, **_outcome(p, failures.get(p.local_id))}
        for p in flight.parcels
    ]
    n = len(each)
    counts = {"processed": n, "success": n - len(failures), "failed": len(failures)}
    return answered({"success": True, "data": {**counts, "results": each}})


def refused(words: str = "", status: int = 422) -> Answered:
    """The request as a whole is refused."""
    return answered({"success": False, "error": words}, status)


def pulled(
    products: Iterable[Json] = (),
    categories: Iterable[Json] = (),
    deleted: Iterable[Json] = (),
    at: str = iso(START_MS),
) -> Answered:
    """A pull's answer."""
    lists = {"products": list(products), "categories": list(categories), "deleted": list(deleted)}
    return answered({"success": True, "data": {**lists, "sync_checkpoint": at}})


def _outcome(parcel: Parcel, words: str | None) -> Json:
    if words is not None:
        return {"status": "failed", "error": words}
    return {"status": "success", "cloud_id": f"c-{parcel.local_id}"}
