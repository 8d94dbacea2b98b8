"""A model of the cloud and of the till around the real engine and the real store: weeks of bad luck in a second."""

import json
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.builders import SETTINGS, START_MS, Bench, answered, order, product, read, transaction

from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.status import RowState, State, Trouble
from outlet_sync_gui.sync.clock import iso, to_ms
from outlet_sync_gui.sync.commands import (
    AnswerQuestion,
    Decision,
    Discard,
    Edit,
    KeyChanged,
    LineUp,
    Pause,
    Resume,
    Retry,
    SyncNow,
)
from outlet_sync_gui.sync.events import KeyRefused, Pulled, Stopped
from outlet_sync_gui.sync.exchange import Answer, Answered, Kind, Lost, Send, WaitUntil

LIMIT = 10
LOOKS = 0.3  # of the steps; looking takes longer than a step
FEW_DEAD = 3  # of one type, refused alike
CLOSED = "outlet is closed"  # for a while the cloud refuses everything with these words
UNTAKEN = "unknown entity type"
POISON = "poison"  # refused for its content
BREAKS = "breaks"  # the cloud fails over it, and with it over the whole batch
TILLS_PRICE = 35000  # never changed at the till: whoever sends it after headquarters changed it undoes that
OUT_OF_REACH = ("N-DNS", "N-PORTAL", "N-CLOUD", "N-ANSWER")
Key = tuple[str, str]


class Bad(AssertionError):
    """A promise was broken."""


def _word(n: int) -> str:
    """Another word for each number: answers with it are not equal."""
    return str(n).translate(str.maketrans("0123456789", "abcdefghij"))


@dataclass
class Door:
    """Where requests arrive, judged by when they do: never over the limit, never within a 429's wait."""

    limit: int = LIMIT
    arrivals: deque[float] = field(default_factory=deque)
    wait_until_s: float = 0.0  # what the last 429 said

    def count(self, at_s: float) -> None:
        """A request arrives."""
        if at_s < self.wait_until_s - 0.001:
            raise Bad("a request before the 429's wait was over")
        while self.arrivals and self.arrivals[0] <= at_s - 60:
            self.arrivals.popleft()
        self.arrivals.append(at_s)
        if len(self.arrivals) > self.limit:
            raise Bad(f"{len(self.arrivals)} requests within a minute")


@dataclass
class Cloud(Door):
    """What arrived, judged: no older version after a newer, no payment before its order."""

    records: dict[Key, tuple[int, str | None]] = field(default_factory=dict)  # version, content (None: deleted)
    news: list[dict[str, Any]] = field(default_factory=list)
    changed_there: set[Key] = field(default_factory=set)
    told: set[Key] = field(default_factory=set)  # changed there, and the till has heard of it
    remade: set[Key] = field(default_factory=set)  # deleted at the till: what it says then is all new
    is_closed: bool = False
    takes_shifts: bool = True

    def take(self, entry: dict[str, Any], known_orders: set[str]) -> str | None:
        """Accept one record, or say why not."""
        data = dict(entry["data"])
        key, version = (entry["entity_type"], data["local_id"]), data.pop("version")
        if key[0] == "cashier_shift" and not self.takes_shifts:
            return UNTAKEN
        if data.get("notes") == POISON and entry["operation"] != "delete":
            return "poison"
        order_id = data.get("order_id")
        if key[0] == "transaction" and order_id in known_orders and ("order", order_id) not in self.records:
            raise Bad(f"{key} before its order {order_id}")
        content = None if entry["operation"] == "delete" else json.dumps(data, sort_keys=True)
        if key in self.told - self.remade and content is not None and data["price"] == TILLS_PRICE:
            raise Bad(f"{key}: headquarters' price is undone")
        before = self.records.get(key)
        if before and key in self.changed_there and version <= before[0]:  # headquarters was faster
            return None if content == before[1] else "Product already exists with different data"
        if before and version < before[0]:
            raise Bad(f"{key}: version {version} after {before[0]}")
        if before and version == before[0] and content != before[1]:
            raise Bad(f"{key}: version {version} twice with other content")
        self.records[key] = (version, content)
        return None

    def take_late(self, entries: list[dict[str, Any]]) -> None:
        """What the till has given up long ago arrives after all: nothing newer is undone by it."""
        for entry in entries:
            known = self.records.get((entry["entity_type"], entry["data"]["local_id"]), (0, None))
            if entry["entity_type"] != "product" and entry["data"]["version"] > known[0]:
                self.take(entry, set())


@dataclass
class World:
    """One outlet, one seed. `step` does something at random; `heal` lets everything end well and compares."""

    directory: Path
    seed: int
    bench: Bench = field(init=False)
    cloud: Cloud = field(default_factory=Cloud)
    till: dict[Key, dict[str, Any] | None] = field(default_factory=dict)  # the till's last word; None: deleted
    said: dict[Key, dict[str, Any] | None] = field(default_factory=dict)  # the same, and what a person made of it
    dropped: set[Key] = field(default_factory=set)  # a person said: don't send
    late: list[list[dict[str, Any]]] = field(default_factory=list)  # given up by the till, and still on the way
    has_pulled: bool = False  # since the start, or since the cloud was last out of reach
    log: list[str] = field(default_factory=list)
    _on_the_way: set[Key] = field(default_factory=set)  # what the last pull's answer tells

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - a replayable course of bad luck
        settings = SETTINGS.model_copy(update={"rate_limit_per_minute": LIMIT, "batch_max_items": 7})
        self.directory.mkdir(exist_ok=True)
        self.bench = Bench(self.directory, settings)
        self.bench.hurry()

    def run(self, steps: int) -> None:
        """Live through so many steps, then heal. Raises Bad, with the course of events."""
        try:
            for _ in range(steps):
                self._step()
            self._heal()
        except Exception as error:
            raise Bad(f"seed {self.seed}: {error}\n" + "\n".join(self.log[-30:])) from error
        finally:
            self.bench.store.close()

    # -- what may happen

    def _step(self) -> None:
        happenings: tuple[tuple[int, Callable[[], None]], ...] = (
            (20, self._till_speaks),
            (45, self._exchange),
            (8, self._time_passes),
            (6, self._power_cut),
            (3, self._clock_jumps),
            (4, self._headquarters_speaks),
            (5, self._person),
            (5, self._person_decides),
            (2, self._cloud_closes),
        )
        weights, actions = zip(*happenings, strict=True)
        self.chance.choices(actions, weights)[0]()
        if self.chance.random() < LOOKS:
            self._keeps_its_promises()

    def _till_speaks(self) -> None:
        n = self.chance.randint(1, 6)
        entity_type = self.chance.choice(
            ("order", "order", "order", "transaction", "transaction", "product", "cashier_shift")
        )
        makers: dict[str, Callable[[], dict[str, Any]]] = {
            "order": lambda: order(f"A{n}", total_amount=self.chance.randint(1, 9)),
            "transaction": lambda: transaction(f"T{n}", f"A{n}", total_amount=self.chance.randint(1, 9)),
            "product": lambda: product(f"P{n}", stock=self.chance.randint(1, 9)),
            "cashier_shift": lambda: {"local_id": f"S{n}", "cash": self.chance.randint(1, 9)},
        }
        notes = self.chance.choices(("", POISON, BREAKS), (90, 7, 3))[0]
        data = {**makers[entity_type](), "notes": notes}
        operation = "delete" if self.chance.random() < 0.1 else "create"
        self._say(read(entity_type, data, operation), None if operation == "delete" else data)

    def _say(self, record: Incoming, data: dict[str, Any] | None) -> None:
        self.log.append(f"till: {record.operation} {record.entity_type} {record.local_id} {data}")
        self.bench.put_all([record])
        key = (record.entity_type, record.local_id)
        if self.till.get(key, {}) != data:  # else "unchanged": what a person made of it stays
            self.dropped.discard(key)
            self.said[key] = data
        self.till[key] = data
        if data is None:
            self.cloud.remade.add(key)

    def _time_passes(self) -> None:
        self.bench.later(self.chance.choice((0.05, 0.3, 2.0, 30.0, 130.0, 400.0, 3700.0)))

    def _power_cut(self) -> None:
        self.log.append("power cut")
        self._restart()

    def _restart(self) -> None:
        self.has_pulled = False
        self.bench.revive()

    def _clock_jumps(self) -> None:
        self.bench.wall_ms += self.chance.choice((-86_400_000, 86_400_000, -3_600_000, 4_000, 31_536_000_000))
        self.log.append("clock jumps")

    def _headquarters_speaks(self) -> None:
        n = self.chance.randint(1, 6)
        key = ("product", f"P{n}")
        version, content = self.cloud.records.get(key, (0, None))
        data = json.loads(content) if content else {"local_id": f"P{n}", "name": "Nasi"}
        data["price"] = self.chance.randint(1, 9) * 1000
        self.cloud.changed_there.add(key)
        self.cloud.records[key] = (version + 1, json.dumps(data, sort_keys=True))
        at = iso(self._there_ms())
        fields = {"local_id": f"P{n}", "name": data["name"], "price": data["price"]}
        self.cloud.news.append({**fields, "version": version + 1, "updated_at": at, "action": "update"})
        self.log.append(f"headquarters: {fields}")

    def _person(self) -> None:
        commands = (SyncNow(), SyncNow(), Pause(), Resume(), Resume(), KeyChanged(), LineUp())
        self.bench.engine.do(self.chance.choice(commands), self.bench.now)

    def _person_decides(self) -> None:
        """Over a record, at random, or over a question that is open."""
        kind, local_id = self.chance.choice(list(self.said) or [("order", "A1")])
        name, data = f"{kind}/{local_id}", self.said.get((kind, local_id))
        asked = [wait.halt_id for wait in self.bench.engine.status(self.bench.now).waits if wait.is_question]
        decision: Decision = Retry(who="Rina", names=(name,))
        match self.chance.randint(1, 5):
            case 1:
                decision = Retry(who="Rina")
            case 2 if data is not None and kind != "product":
                decision = Edit(who="Rina", name=name, content=json.dumps({**data, "notes": "mended"}).encode())
            case 3 if kind != "product":
                decision = Discard(who="Rina", names=(name,), reason="twice")
            case 4 if asked:
                decision = AnswerQuestion(who="Rina", question_id=asked[0], choice="retry")
        try:
            self.bench.engine.do(decision, self.bench.now)
        except InputRefused as refusal:
            self.log.append(f"declined: {decision} {refusal}")
            return
        self.log.append(f"person: {decision}")
        if isinstance(decision, Edit) and data is not None:
            self.said[(kind, local_id)] = {**data, "notes": "mended"}
            self.dropped.discard((kind, local_id))
        if isinstance(decision, Discard):
            self.dropped.add((kind, local_id))
        if isinstance(decision, Retry) and decision.names:
            self.dropped.discard((kind, local_id))

    def _cloud_closes(self) -> None:
        self.cloud.is_closed = not self.cloud.is_closed
        self.cloud.takes_shifts = self.chance.random() < 0.5
        self.log.append(f"cloud: closed {self.cloud.is_closed}, takes shifts {self.cloud.takes_shifts}")

    # -- exchanges

    def _exchange(self) -> None:
        if self.late and self.chance.random() < 0.2:
            self._late_arrives()
        step = self.bench.next()
        if isinstance(step, WaitUntil):
            self.bench.later(min(self.chance.choice((0.5, 20.0)), max(0.0, (step.at or 0) - self.bench.at_s)))
            return
        self._looked_before_the_menu(step)
        if self.chance.random() < 0.05:
            self.log.append("power cut with a request out")
            self._arrive(step)
            self._restart()
            return
        answer = self._answer(step)
        if self.chance.random() < 0.1:
            self._till_speaks()  # while it is out
        self.bench.later(self.chance.choice((0.02, 0.02, 0.02, 0.5, 12.0)))
        self._settle(step, answer)

    def _settle(self, step: Send, answer: Answer) -> None:
        events = self.bench.settle(step, answer)
        if any(isinstance(event, Pulled) for event in events):
            self.has_pulled = True
            self.cloud.told |= self._on_the_way
        if any(
            isinstance(event, Stopped) and event.code in ("N-DNS", "N-PORTAL", "N-CLOUD", "N-ANSWER")
            for event in events
        ):
            self.has_pulled = False
        self._never_falsely_sent(step)
        if step.flight.parcels:
            self.log.append(f"{[(p.local_id, p.version, p.operation) for p in step.flight.parcels]} -> {events}")
        if any(isinstance(event, KeyRefused) for event in events):
            self.bench.engine.do(KeyChanged(), self.bench.now)

    def _answer(self, step: Send) -> Answer:
        bad_luck: tuple[Answer, ...] = (
            Lost(Trouble(code="N-DNS")),
            Answered(status=200, headers={}, body=b"<html>"),
            answered({"success": False, "retry_after": 20}, 429),
            answered({"success": False}, 401),
            answered({"success": False}, 403),
            answered({"success": False, "error": f"busy {_word(len(self.log))}"}, 500),
        )
        dice = self.chance.random()
        if dice < 0.15:
            return self._unlucky(self.chance.choice(bad_luck))
        if dice > 0.97:
            self._arrive(step, is_copy=True)  # something on the way sends it twice
        if dice > 0.95 and step.flight.kind is Kind.PUSH:
            self.cloud.count(self.bench.at_s)
            self.late.append(self._entries(step))
            return Lost(Trouble(code="N-CLOUD"))
        whole = self._arrive(step)
        return Lost(Trouble(code="N-CLOUD")) if dice < 0.3 else whole

    def _late_arrives(self) -> None:
        entries = self.late.pop(0)
        if not self.cloud.is_closed and not _breaks(entries):
            self.cloud.take_late(entries)
            self.log.append(f"late: {[entry['data']['local_id'] for entry in entries]}")

    def _entries(self, step: Send) -> list[dict[str, Any]]:
        """What a push carries, as a batch has it."""
        value = json.loads(step.request.body)
        alone = {"entity_type": step.flight.parcels[0].entity_type, "operation": "create", "data": value}
        entries: list[dict[str, Any]] = value["items"] if step.request.path.endswith("/sync/batch") else [alone]
        return entries

    def _is_in_force(self, key: Key, change: dict[str, Any]) -> bool:
        """Whether headquarters' word still is what the cloud has; the till may have been faster than the news."""
        return bool(change["version"] >= self.cloud.records[key][0])

    def _there_ms(self) -> int:
        """The cloud's own time, which goes on with what happens: no overlap brings all the news twice."""
        return START_MS + 10**10 + len(self.log) * 200_000

    def _unlucky(self, answer: Answer) -> Answer:
        if isinstance(answer, Answered) and answer.status == 429:
            self.cloud.count(self.bench.at_s)
            self.cloud.wait_until_s = self.bench.at_s + 20
        return answer

    def _arrive(self, step: Send, *, is_copy: bool = False) -> Answered:
        """The request arrives: what the cloud does, and says."""
        if not is_copy:
            self.cloud.count(self.bench.at_s)
        if step.flight.kind is Kind.PULL:
            since = to_ms(unquote(step.request.path.partition("since=")[2]))
            heard = [change for change in self.cloud.news if to_ms(change["updated_at"]) > since]
            self._on_the_way = {
                key for change in heard if self._is_in_force(key := ("product", change["local_id"]), change)
            }
            lists = {"products": heard, "categories": [], "deleted": []}
            return answered({"success": True, "data": {**lists, "sync_checkpoint": iso(self._there_ms())}})
        if self.cloud.is_closed:
            return answered({"success": False, "error": CLOSED}, 400)
        entries = self._entries(step)
        known = {
            local_id
            for (kind, local_id), data in self.said.items()
            if kind == "order" and data is not None and (kind, local_id) not in self.dropped
        }
        if _breaks(entries):
            return answered({"success": False, "error": "pq: value too long"}, 500)
        reasons = []
        for entry in entries:
            reasons.append(self.cloud.take(entry, known))
            known.discard(entry["data"]["local_id"])  # right behind its order is early enough, whatever becomes of that
        if not step.request.path.endswith("/sync/batch"):
            return answered({"success": reasons[0] is None, "error": reasons[0]}, 422 if reasons[0] else 200)
        if any(reasons) and self.chance.random() < 0.3 and not any(reason is None for reason in reasons):
            return answered({"success": False, "error": reasons[0]}, 400)
        each = [
            {"entity_type": e["entity_type"], "local_id": e["data"]["local_id"], "status": "failed" if r else "success"}
            | ({"error": r} if r else {})
            for e, r in zip(entries, reasons, strict=True)
        ]
        if self.chance.random() < 0.1:
            failed = [one for one in each if one["status"] == "failed"]
            each.remove(self.chance.choice(failed or each))  # nothing said of one, and no counts to tell
        return answered({"success": True, "data": {"results": each}})

    # -- promises

    def _never_falsely_sent(self, step: Send) -> None:
        waiting = {(row.entity_type, row.local_id) for row in self.bench.store.views.queue()}
        for parcel in step.flight.parcels:
            key = (parcel.entity_type, parcel.local_id)
            there = self.cloud.records.get(key, (0, None))[0]
            if there == 0 and self.said.get(key, {}) is None:
                continue  # deleted here before the cloud ever took it
            if key not in waiting and key not in self.dropped and there < parcel.version:
                raise Bad(f"{key} counts as sent in version {parcel.version}, there is {there}")

    def _keeps_its_promises(self) -> None:
        status = self.bench.engine.status(self.bench.now)
        if status.state is State.IDLE and self.bench.queued():
            raise Bad(f"green while {self.bench.queued()} is unsent")
        if status.dead > FEW_DEAD:
            self._never_a_mass_of_dead_letters()

    def _never_a_mass_of_dead_letters(self) -> None:
        dead = [row.entity_type for row in self.bench.store.views.queue(state=RowState.DEAD) if row.error == CLOSED]
        if any(dead.count(kind) > FEW_DEAD for kind in set(dead)):
            raise Bad(f"a mass of dead letters: {dead}")

    def _looked_before_the_menu(self, step: Send) -> None:
        if not self.has_pulled and any(parcel.entity_type == "product" for parcel in step.flight.parcels):
            raise Bad("the menu left before headquarters' news was heard")

    def _heal(self) -> None:
        while self.late:
            self._late_arrives()
        self.log.append("-- the line is well from here")
        self.cloud.is_closed, self.cloud.takes_shifts, self.cloud.wait_until_s = False, True, 0.0
        self.bench.engine.do(Resume(), self.bench.now)
        self._drain()
        condemned = [
            f"{row.entity_type}/{row.local_id}"
            for row in self.bench.store.views.queue(state=RowState.DEAD)
            if row.error in (CLOSED, UNTAKEN)
        ]
        self.bench.engine.do(Retry(who="Rina", names=tuple(condemned)), self.bench.now)  # it was about the cloud
        self._drain()
        if stalled := self._stuck().keys() - self._bad():
            raise Bad(f"held up by others: {stalled}")
        self.log.append("-- the bad ones are mended")
        for (kind, local_id), data in list(self.said.items()):
            if (kind, local_id) not in self.dropped and data is not None and data.get("notes") in (POISON, BREAKS):
                cured = {**data, "notes": ""}
                self._say(read(kind, cured), cured)
        self._drain()
        self._compare()

    def _drain(self) -> None:
        """Nothing new, and nothing wrong with the line: for three hours, or until nothing waits."""
        self.bench.engine.do(SyncNow(), self.bench.now)
        ends_at = self.bench.at_s + 3 * 3600
        while self.bench.at_s < ends_at:
            step = self.bench.later(1).next()
            if isinstance(step, Send):
                self._settle(step, self._arrive(step))
            elif not self._stuck().keys() - self._bad():
                break
            else:
                self.bench.later(max(0.0, (step.at or ends_at) - self.bench.at_s))
            if self.chance.random() < LOOKS:
                self._keeps_its_promises()

    def _bad(self) -> set[str]:
        """Records that the cloud will not take as they are, and payments of such orders."""
        ill = (POISON, BREAKS)
        left = {key: data for key, data in self.said.items() if data is not None and key not in self.dropped}
        bad = {local_id for (_, local_id), data in left.items() if data.get("notes") in ill}
        return bad | {f"T{local_id[1:]}" for local_id in bad if local_id.startswith("A")}

    def _compare(self) -> None:
        waiting = dict(self.bench.queued())
        if stuck := self._stuck():
            raise Bad(f"never sent: {stuck}")
        for (kind, local_id), data in self.said.items():
            if local_id not in waiting and (kind, local_id) not in self.dropped:
                self._compare_one(kind, local_id, data)

    def _stuck(self) -> dict[str, str]:
        both = {local_id for _, local_id in self.cloud.changed_there}  # changed on both sides: waits for the merge
        waiting = self.bench.queued()
        return {key: state for key, state in waiting if not (key in both and state in ("held", "dead"))}

    def _compare_one(self, kind: str, local_id: str, data: dict[str, Any] | None) -> None:
        _, content = self.cloud.records.get((kind, local_id), (0, None))
        there = json.loads(content) if content else None
        if data is None and there is not None and kind != "product":
            raise Bad(f"{kind} {local_id} was deleted here and lives there")
        if kind == "product" and data is not None and there is not None:
            here = self.bench.store.records.find(kind, local_id)
            if here is not None and json.loads(here.payload)["price"] != there.get("price"):
                raise Bad(f"{local_id}: headquarters' price {there.get('price')} is not known here")
        if data is not None:
            names = [name for name in data if name not in ("price", "name", "updated_at")]  # headquarters' own
            if there is None or any(there.get(name) != data[name] for name in names):
                raise Bad(f"{kind} {local_id}: here {data}, there {there}")


def _breaks(entries: list[dict[str, Any]]) -> bool:
    return any(entry["data"].get("notes") == BREAKS and entry["operation"] != "delete" for entry in entries)
