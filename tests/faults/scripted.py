"""A scripted day over the real store and engine: what was said, answered and sent, and how far the disk was.

The cloud is the simulated one, without a socket. Failures of the store are taken as the service takes them: again after
some seconds.
"""

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.builders import OUTLET_CODE, OUTLET_ID, START_MS, Bench, order, product, read, transaction
from tests.faults.model import Bad, Key

from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.errors import StoreFailed
from outlet_sync_gui.listener import Request
from outlet_sync_gui.simulator import Cloud
from outlet_sync_gui.status import RowState, Trouble
from outlet_sync_gui.store.outbox import Parcel
from outlet_sync_gui.sync.commands import Command, Discard, Edit, Retry, SyncNow
from outlet_sync_gui.sync.exchange import Answer, Answered, Lost, Send
from outlet_sync_gui.sync.records import Changed

HEADERS = {
    "authorization": "Bearer key",
    "x-outlet-id": OUTLET_ID,
    "x-outlet-code": OUTLET_CODE,
    "content-type": "application/json",
}
STORE_AGAIN_S = 5.0  # the service's
HEALS_WITHIN_S = 60.0
REFUSED = "no such table"
HEADQUARTERS_OWN = ("price", "name", "updated_at")
Step = Callable[[], object]


@dataclass(slots=True)
class Word:
    """What the till or a person said of a record. Places are lengths of the disk's log."""

    key: Key
    content: str | None  # None: deleted
    since: int
    record: Incoming | None = None  # the till's, to say it again
    version: int = 0
    answered: int | None = None
    is_dropped: bool = False  # a person: don't send


@dataclass(slots=True)
class Left:
    """A request that left, and what its answer, if one came, meant for each record."""

    number: int
    parcels: tuple[Parcel, ...]
    at: int
    settling: int | None = None  # an answer that tells something began to be settled
    settled: int | None = None
    accepted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Arrived:
    """The cloud after something arrived."""

    at: int
    wall_ms: int
    cloud: Cloud


@dataclass
class Day:
    """`live` does the script; `heal` lets everything end well, and raises Bad where a promise is broken."""

    directory: Path
    seed: int
    at: Callable[[], int] = lambda: 0  # how long the disk's log is
    on_failure: Callable[[], None] = lambda: None
    at_s: float = 1000.0
    wall_ms: int = START_MS
    is_kept: bool = False  # the cloud after each arrival too
    bench: Bench = field(init=False)
    cloud: Cloud = field(init=False)
    words: list[Word] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - a replayable course of events
        self.bench = Bench(self.directory, at_s=self.at_s, wall_ms=self.wall_ms)
        self.cloud = Cloud(now_ms=lambda: self.bench.wall_ms)
        self._note_arrival()

    def live(self, rounds: int) -> "Day":
        """So many rounds of a day; a step for which the store fails is given up, as its caller would."""
        for step in self._steps(rounds):
            self.attempt(step)
        return self

    def attempt(self, step: Step) -> None:
        """Do this; a failed store is told, and the next comes some seconds later."""
        try:
            step()
        except StoreFailed as failed:
            self._note_failure(failed)

    def heal(self) -> None:
        """The cause has ended: sales are through within a minute by themselves, all else when a person wants it."""
        self.cloud.rejects.clear()
        self._say_again()
        self._drain(lambda: self.bench.store.outlet.counts().pending.high)
        self._obey(Retry(who="Rina"))
        self._obey(SyncNow())
        self._drain(lambda: self.bench.store.outlet.counts().pending.total)
        self.compare()

    def compare(self) -> None:
        """All that was answered arrived as it was said last, and nothing that the cloud must not see."""
        if waiting := self.bench.queued():
            raise Bad(f"still unsent: {waiting}")
        told = (self.cloud.violations, self.cloud.over_limit, self.cloud.orphans)
        if told != ([], 0, []):
            raise Bad(f"the cloud complains: {told}")
        for word in self.last_words().values():
            self._compare(word)

    def last_words(self) -> dict[Key, Word]:
        """What was said last of each record."""
        return {word.key: word for word in self.words}

    # -- the script

    def _steps(self, rounds: int) -> Iterator[Step]:
        for n in (1, 2):
            yield self._till("product", product(f"P{n}", stock=9))
        for n in range(rounds):
            yield from self._sales(n)
            if n % 4 == 1:
                yield from self._menu(n)
            if n % 6 == 2:
                yield from self._refusal(n)
            if n % 5 == 3:
                yield self._till("order", order(f"A{n - 1}"), "delete")
            if n % 9 == 7:
                yield self._restart
            yield from [self._exchange] * 4

    def _sales(self, n: int) -> Iterator[Step]:
        sold = order(f"A{n}", total_amount=self.chance.randint(1, 9) * 1000)
        together = [read("order", sold), read("transaction", transaction(f"T{n}", f"A{n}"))]
        yield lambda: self._say(together)
        yield self._exchange_by_chance
        yield self._till("order", {**sold, "notes": "more rice"})
        if n % 3 == 0:
            yield self._till("cashier_shift", {"local_id": f"S{n}", "cash": n})
        yield self._exchange_by_chance

    def _menu(self, n: int) -> Iterator[Step]:
        name = f"P{1 + n // 4 % 2}"
        yield self._till("product", product(name, stock=n))
        yield lambda: self._obey(SyncNow())
        yield from [self._exchange_by_chance] * 3
        yield lambda: self._headquarters(name, 1000 * n)

    def _refusal(self, n: int) -> Iterator[Step]:
        """One is refused; a person tries again when the cloud has changed its mind, mends it, or gives it up."""
        name = f"B{n}"
        yield lambda: self.cloud.rejects.update({name: REFUSED})
        yield self._till("order", order(name))
        yield from [self._exchange] * 3
        yield self.cloud.rejects.clear
        yield lambda: self._decide(name, n // 6 % 3)

    def _decide(self, local_id: str, choice: int) -> None:
        if local_id not in {row.local_id for row in self.bench.store.views.queue(state=RowState.DEAD)}:
            return
        name, mended = f"order/{local_id}", order(local_id, notes="mended")
        match choice:
            case 0:
                self._obey(Retry(who="Rina", names=(name,)))
            case 1:
                word = Word(("order", local_id), read("order", mended).content, self.at())
                self._decide_about(word, Edit(who="Rina", name=name, content=json.dumps(mended).encode()))
            case 2:
                word = Word(("order", local_id), read("order", order(local_id)).content, self.at(), is_dropped=True)
                self._decide_about(word, Discard(who="Rina", names=(name,), reason="twice"))

    def _decide_about(self, word: Word, decision: Command) -> None:
        self.words.append(word)
        self._obey(decision)
        word.answered = self.at()

    # -- what each does

    def _till(self, entity_type: str, data: dict[str, Any], operation: str = "create") -> Step:
        return lambda: self._say([read(entity_type, data, operation)])

    def _say(self, records: list[Incoming]) -> None:
        said = [
            Word((r.entity_type, r.local_id), None if r.operation == "delete" else r.content, self.at(), r)
            for r in records
        ]
        self.words += said
        for word, outcome in zip(said, self.bench.put_all(records), strict=True):
            word.answered = self.at()
            word.version = outcome.content.version if isinstance(outcome, Changed) else 0

    def _say_again(self) -> None:
        """A till that got no answer repeats its last word of a record; a person looks at it again, some day."""
        for word in self.last_words().values():
            if word.answered is None and word.record is not None:
                self._say([word.record])
            elif word.answered is None:
                word.is_dropped = True

    def _obey(self, command: Command) -> None:
        self.bench.engine.do(command, self.bench.now)

    def _headquarters(self, local_id: str, price: int) -> None:
        if ("product", local_id) in self.cloud.records:
            self.cloud.change_product(local_id, price=price)

    def _restart(self) -> None:
        """The program ends, and starts again when it can."""
        for _ in range(100):
            try:
                self.bench.restart()
            except StoreFailed as failed:
                self._note_failure(failed)
            else:
                return
        raise Bad("the store never opened again")

    def _note_failure(self, failed: StoreFailed) -> None:
        self.failed.append(failed.code)
        self.bench.later(STORE_AGAIN_S)
        self.on_failure()

    def _exchange_by_chance(self) -> None:
        self._exchange(self.chance.random())

    def _exchange(self, fate: float = 0.5) -> None:
        """One exchange, or the rest before it; the request, or its answer, gets lost at times."""
        step = self.bench.next()
        if not isinstance(step, Send):
            rest_s = STORE_AGAIN_S if step.at is None else max(0.001, step.at - self.bench.at_s)
            self.bench.later(min(rest_s, STORE_AGAIN_S))
            return
        left = Left(step.flight.number, step.flight.parcels, self.at())
        self.left.append(left)
        lost = Lost(Trouble(code="N-CLOUD"))
        answer = lost if fate < 0.1 else self._arrive(step)
        self.bench.later(0.2)
        self._settle(left, step, answer if fate < 0.8 else lost)

    def _settle(self, left: Left, step: Send, answer: Answer) -> None:
        if isinstance(answer, Answered):
            left.settling = self.at()
        self.bench.settle(step, answer)
        if isinstance(answer, Answered):
            left.accepted, left.settled = _accepted(step, answer), self.at()

    def _arrive(self, step: Send) -> Answered:
        url = urlsplit(step.request.path)
        request = Request(
            method=step.request.method, path=url.path, query=url.query, headers=HEADERS, body=step.request.body
        )
        response = self.cloud.handle(request)
        self._note_arrival()
        return Answered(status=response.status, headers={}, body=response.body)

    def _note_arrival(self) -> None:
        if not self.is_kept:
            return
        now_ms, self.cloud.now_ms = self.cloud.now_ms, int  # a clock can't be copied
        self.arrived.append(Arrived(self.at(), self.bench.wall_ms, deepcopy(self.cloud)))
        self.cloud.now_ms = now_ms

    def _drain(self, left: Callable[[], int]) -> None:
        until_s = self.bench.at_s + HEALS_WITHIN_S
        while left() and self.bench.at_s < until_s:
            self._exchange()

    def _compare(self, word: Word) -> None:
        kept = self.cloud.records.get(word.key)
        if word.is_dropped:
            return
        if word.content is None:
            if kept is not None and not kept.is_deleted:
                raise Bad(f"{word.key} was deleted here and lives there")
            return
        own = HEADQUARTERS_OWN if word.key[0] == "product" else ()
        wanted = {name: value for name, value in json.loads(word.content).items() if name not in own}
        if kept is None or kept.is_deleted or any(kept.data.get(name) != value for name, value in wanted.items()):
            raise Bad(f"{word.key}: here {wanted}, there {kept}")


def _accepted(step: Send, answer: Answered) -> frozenset[str]:
    """Local ids that the cloud said it has."""
    if not step.flight.parcels or answer.status != 200:
        return frozenset()
    data = json.loads(answer.body)["data"]
    results = data.get("results", [{**data, "status": "success"}])
    return frozenset(result["local_id"] for result in results if result["status"] == "success")
