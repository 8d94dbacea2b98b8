"""A model of the cloud and of the till around the real engine and the real store: weeks of bad luck in a second."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from tests.builders import SETTINGS, START_MS, Bench, answered, order, read, transaction
from tests.faults.claims import Bad, Key
from tests.faults.cloud import BREAKS, CLOSED, LIMIT, POISON, UNTAKEN, Cloud, Door, breaks, entries_of
from tests.faults.menu import Menu
from tests.faults.people import WHO

from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.status import RowState, State, Trouble
from outlet_sync_gui.store.records import CATALOGUE
from outlet_sync_gui.sync.commands import (
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

LOOKS = 0.3  # of the steps; looking takes longer than a step
FEW_DEAD = 3  # of one type, refused alike
OUT_OF_REACH = ("N-DNS", "N-PORTAL", "N-CLOUD", "N-ANSWER")
ILL = (POISON, BREAKS)
POLICIES = ("ask", "cloud_wins", "local_wins", {"product": "newest_wins"})
ROUNDS = 60
__all__ = ("Bad", "Door", "Key", "World")


def _word(n: int) -> str:
    """Another word for each number: answers with it are not equal."""
    return str(n).translate(str.maketrans("0123456789", "abcdefghij"))


@dataclass
class World:
    """One outlet, one seed. `step` does something at random; `heal` lets everything end well and compares."""

    directory: Path
    seed: int
    bench: Bench = field(init=False)
    menu: Menu = field(init=False)
    cloud: Cloud = field(init=False)
    till: dict[Key, dict[str, Any] | None] = field(default_factory=dict)  # the till's last word; None: deleted
    said: dict[Key, dict[str, Any] | None] = field(default_factory=dict)  # the same, and what a person made of it
    dropped: set[Key] = field(default_factory=set)  # a person said: don't send
    late: list[list[dict[str, Any]]] = field(default_factory=list)  # given up by the till, and still on the way
    closings: int = 0  # how often the cloud closed: each time a few may be given up
    is_abreast: bool = False  # headquarters was asked since the line was made to move
    has_pulled: bool = False  # since the start, or since the cloud was last out of reach
    is_well: bool = False  # nothing but power cuts happens to the line any more
    log: list[str] = field(default_factory=list)
    _tells_time: bool = False  # each answer carries the cloud's time

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - a replayable course of bad luck
        policy = self.chance.choices(POLICIES, (20, 1, 1, 1))[0]
        settings = SETTINGS.model_copy(
            update={"rate_limit_per_minute": LIMIT, "batch_max_items": 7, "conflict_policy": policy}
        )
        self.directory.mkdir(exist_ok=True)
        self.bench = Bench(self.directory, settings)
        self.bench.hurry()
        self.menu = Menu(self.chance, self.bench, self.log, self._there_ms)
        self.cloud = Cloud(chance=self.chance, headquarters=self.menu.headquarters)
        self._tells_time = self.chance.random() < 0.5

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
            (9, self.menu.headquarters.speak),
            (7, self.menu.post_arrives),
            (6, self._till_takes),
            (6, self.menu.person_settles),
            (2, self.menu.person_decides),
            (5, self._person),
            (4, self._person_decides),
            (3, self._cloud_closes),
        )
        weights, actions = zip(*happenings, strict=True)
        self.chance.choices(actions, weights)[0]()
        if self.chance.random() < LOOKS:
            self._keeps_its_promises()

    def _till_speaks(self) -> None:
        notes = self.chance.choices(("", POISON, BREAKS), (90, 7, 3))[0]
        entity_type = self.chance.choice(("order",) * 3 + ("transaction",) * 2 + ("menu",) * 2 + ("cashier_shift",))
        if entity_type == "menu":
            self.menu.pos.speak(notes)
            return
        n = self.chance.randint(1, 6)
        makers: dict[str, Callable[[], dict[str, Any]]] = {
            "order": lambda: order(f"A{n}", total_amount=self.chance.randint(1, 9)),
            "transaction": lambda: transaction(f"T{n}", f"A{n}", total_amount=self.chance.randint(1, 9)),
            "cashier_shift": lambda: {"local_id": f"S{n}", "cash": self.chance.randint(1, 9)},
        }
        data = {**makers[entity_type](), "notes": notes}
        operation = "delete" if self.chance.random() < 0.1 else "create"
        self._say(read(entity_type, data, operation), None if operation == "delete" else data)

    def _till_takes(self) -> None:
        self.menu.till_takes()

    def _say(self, record: Incoming, data: dict[str, Any] | None) -> None:
        self.log.append(f"till: {record.operation} {record.entity_type} {record.local_id} {data}")
        self.bench.put_all([record])
        key = (record.entity_type, record.local_id)
        if self.till.get(key, {}) != data:  # else "unchanged": what a person made of it stays
            self.dropped.discard(key)
            self.said[key] = data
        self.till[key] = data

    def _time_passes(self) -> None:
        self.bench.later(self.chance.choice((0.05, 0.3, 2.0, 30.0, 130.0, 400.0, 3700.0)))

    def _power_cut(self) -> None:
        self.log.append("power cut")
        self._restart()

    def _restart(self) -> None:
        self.has_pulled = False
        self.bench.revive()
        if self.is_well:
            self.bench.engine.do(SyncNow(), self.bench.now)  # whoever waits for it asks again

    def _clock_jumps(self) -> None:
        self.bench.wall_ms += self.chance.choice((-86_400_000, 86_400_000, -3_600_000, 4_000, 31_536_000_000))
        self.log.append("clock jumps")

    def _person(self) -> None:
        commands = (SyncNow(), SyncNow(), Pause(), Resume(), Resume(), KeyChanged(), LineUp())
        self.bench.engine.do(self.chance.choice(commands), self.bench.now)

    def _person_decides(self) -> None:
        """Over a record, at random, or over all that need somebody."""
        kind, local_id = self.chance.choice(list(self.said) or [("order", "A1")])
        name, data = f"{kind}/{local_id}", self.said.get((kind, local_id))
        decision: Decision = Retry(who=WHO, names=(name,))
        match self.chance.randint(1, 4):
            case 1:
                decision = Retry(who=WHO)
            case 2 if data is not None:
                decision = Edit(who=WHO, name=name, content=json.dumps({**data, "notes": "mended"}).encode())
            case 3:
                decision = Discard(who=WHO, names=(name,), reason="twice")
        if not self.menu.people.decide(decision):
            return
        if isinstance(decision, Edit) and data is not None:
            self.said[(kind, local_id)] = {**data, "notes": "mended"}
            self.dropped.discard((kind, local_id))
        if isinstance(decision, Discard):
            self.dropped.add((kind, local_id))
        if isinstance(decision, Retry) and decision.names:
            self.dropped.discard((kind, local_id))

    def _cloud_closes(self) -> None:
        self.cloud.is_closed = not self.cloud.is_closed
        self.closings += self.cloud.is_closed
        self.cloud.takes_shifts = self.chance.random() < 0.5
        self.log.append(f"cloud: closed {self.cloud.is_closed}, takes shifts {self.cloud.takes_shifts}")

    # -- exchanges

    def _exchange(self) -> None:
        if self.late and self.chance.random() < 0.2:
            self._late_arrives()
        step = self._next()
        if isinstance(step, WaitUntil):
            self.bench.later(min(self.chance.choice((0.5, 20.0)), max(0.0, (step.at or 0) - self.bench.at_s)))
            return
        if self.chance.random() < 0.05:
            self.log.append("power cut with a request out")
            self._arrive(step)
            self._restart()
            return
        answer = self._answer(step)
        if self.chance.random() < 0.1:
            self._till_speaks()  # while it is out
        if self.chance.random() < 0.1:
            self.menu.post_arrives()
        self.bench.later(self.chance.choice((0.02, 0.02, 0.02, 0.5, 12.0)))
        self._settle(step, answer)

    def _next(self) -> Send | WaitUntil:
        step = self.bench.next()
        self.menu.people.note_what_ended()  # by the policy
        if isinstance(step, Send):
            self._looked_before_the_menu(step)
            self.menu.may_leave(step)
        return step

    def _settle(self, step: Send, answer: Answer) -> None:
        is_pull = step.flight.kind is Kind.PULL
        words, self.cloud.told = self.cloud.told if is_pull else [], []
        self.menu.before_news(words)
        events = self.bench.engine.settle(step.flight, answer, self.bench.now)
        while self.bench.engine.is_applying:
            if self.chance.random() < 0.05:
                self.log.append("power cut while news is taken in")
                self._restart()
                return
            events += self.bench.engine.go_on(self.bench.now)
        if any(isinstance(event, Pulled) for event in events):
            self.has_pulled = self.is_abreast = True
            self.menu.after_news(words)
        self.menu.people.note_what_ended()
        if any(isinstance(event, Stopped) and event.code in OUT_OF_REACH for event in events):
            self.has_pulled = False
        self._never_falsely_sent(step)
        self.log.append(f"{_shown(step)} -> {events}")
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
            self.late.append(entries_of(step))
            return Lost(Trouble(code="N-CLOUD"))
        whole = self._arrive(step)
        return Lost(Trouble(code="N-CLOUD")) if dice < 0.3 else whole

    def _late_arrives(self) -> None:
        entries = self.late.pop(0)
        if not self.cloud.is_closed and not breaks(entries):
            self.cloud.take_late(entries)
            self.log.append(f"late: {[entry['data'].get('local_id') for entry in entries]}")

    def _there_ms(self) -> int:
        """The cloud's own time, which nobody sets."""
        return START_MS + round(self.bench.at_s * 1000)

    def _unlucky(self, answer: Answer) -> Answer:
        if isinstance(answer, Answered) and answer.status == 429:
            self.cloud.count(self.bench.at_s)
            self.cloud.wait_until_s = self.bench.at_s + 20
        return answer

    def _arrive(self, step: Send, *, is_copy: bool = False) -> Answered:
        """The request arrives: what the cloud does, and says."""
        if not is_copy:
            self.cloud.count(self.bench.at_s)
        answer = self.cloud.obey(step, self._wanted_orders())
        if not self._tells_time:
            return answer
        date = format_datetime(datetime.fromtimestamp(self._there_ms() // 1000, UTC), usegmt=True)
        return replace(answer, headers={**answer.headers, "date": date})

    def _wanted_orders(self) -> set[str]:
        left = {key for key, data in self.said.items() if data is not None} - self.dropped
        return {local_id for kind, local_id in left if kind == "order"}

    # -- promises

    def _never_falsely_sent(self, step: Send) -> None:
        waiting = {(row.entity_type, row.local_id) for row in self.bench.store.views.queue()}
        for parcel in step.flight.parcels:
            key = (parcel.entity_type, parcel.local_id)
            there = self.cloud.records.get(key, (0, None))[0]
            if parcel.entity_type in CATALOGUE or (there == 0 and self.said.get(key, {}) is None):
                continue  # the menu is compared at the end; deleted here before the cloud ever took it
            if key not in waiting and key not in self.dropped and there < parcel.version:
                raise Bad(f"{key} counts as sent in version {parcel.version}, there is {there}")

    def _keeps_its_promises(self) -> None:
        status = self.bench.engine.status(self.bench.now)
        if status.state is State.IDLE and self.bench.queued():
            raise Bad(f"green while {self.bench.queued()} is unsent")
        if status.dead > FEW_DEAD:
            self._never_a_mass_of_dead_letters()
        self.menu.keeps_its_promises(status)

    def _never_a_mass_of_dead_letters(self) -> None:
        rows = self.bench.store.views.queue(state=RowState.DEAD)
        given_up = self.menu.people.given_up
        dead = [row.entity_type for row in rows if row.error == CLOSED and row.record_id not in given_up]
        if any(dead.count(kind) > FEW_DEAD * self.closings for kind in set(dead)):
            raise Bad(f"a mass of dead letters: {dead}")

    def _looked_before_the_menu(self, step: Send) -> None:
        if not self.has_pulled and any(parcel.entity_type in CATALOGUE for parcel in step.flight.parcels):
            raise Bad("the menu left before headquarters' news was heard")

    # -- the end

    def _heal(self) -> None:
        while self.late:
            self._late_arrives()
        self.log.append("-- the line is well from here")
        self.is_well = True
        self.cloud.is_closed, self.cloud.takes_shifts, self.cloud.wait_until_s = False, True, 0.0
        self.bench.engine.do(Resume(), self.bench.now)
        while self.menu.headquarters.post:
            self.menu.post_arrives()
        self._settle_all()
        condemned = [
            str(row.record_id)
            for row in self.bench.store.views.queue(state=RowState.DEAD)
            if row.error in (CLOSED, UNTAKEN)
        ]
        self.bench.engine.do(Retry(who=WHO, names=tuple(condemned)), self.bench.now)  # it was about the cloud
        self._settle_all()
        if stalled := self._stuck().keys() - self._bad():
            raise Bad(f"held up by others: {stalled}")
        self.log.append("-- the bad ones are mended")
        self._mend()
        self._settle_all()
        self._compare()

    def _mend(self) -> None:
        for (kind, local_id), data in list(self.said.items()):
            if (kind, local_id) not in self.dropped and data is not None and data.get("notes") in ILL:
                cured = {**data, "notes": ""}
                self._say(read(kind, cured), cured)
        for key, fields in self.menu.pos.menu.items():
            if fields.get("notes") in ILL:
                self.menu.pos.mend(key)

    def _settle_all(self) -> None:
        """Nothing new; people answer all that is asked, the till takes all that is told, until nothing is left."""
        for _ in range(ROUNDS):
            self._drain()
            is_asked = self.menu.people.answer_question()
            is_asked = self.menu.people.settle_conflict() or is_asked
            if not (self.menu.till_takes(all_of_it=True) or is_asked):
                return
        raise Bad("it never comes to rest")

    def _drain(self) -> None:
        """Nothing wrong with the line: for three hours, or until nothing waits that need not."""
        self.bench.engine.do(SyncNow(), self.bench.now)
        self.is_abreast, ends_at = False, self.bench.at_s + 3 * 3600
        while self.bench.at_s < ends_at:
            self.bench.later(1)
            step = self._next()
            if isinstance(step, Send):
                self._settle(step, self._arrive(step))
            elif not self._is_unfinished():
                break
            else:
                self.bench.later(max(0.0, (step.at or ends_at) - self.bench.at_s))
            if self.chance.random() < LOOKS:
                self._keeps_its_promises()

    def _is_unfinished(self) -> bool:
        """Whether anything is left that goes by itself."""
        is_syncing = self.bench.engine.status(self.bench.now).state is State.SYNCING
        is_left = self._stuck().keys() - self._bad() or self.bench.store.conflicts.telling()
        return bool(is_left or is_syncing or not self.is_abreast)

    def _bad(self) -> set[str]:
        """Records that the cloud will not take as they are, and payments of such orders."""
        left = {key: data for key, data in self.said.items() if data is not None and key not in self.dropped}
        bad = {local_id for (_, local_id), data in left.items() if data.get("notes") in ILL}
        bad |= {key[1] for key, fields in self.menu.pos.menu.items() if fields.get("notes") in ILL}
        return bad | {f"T{local_id[1:]}" for local_id in bad if local_id.startswith("A")}

    def _stuck(self) -> dict[str, str]:
        """What waits, but for what waits for a person's choice."""
        return {name: state for name, state in self.bench.queued() if state != "held"}

    def _compare(self) -> None:
        if waiting := self.bench.queued():
            raise Bad(f"never sent: {waiting}")
        for key, data in self.said.items():
            if key not in self.dropped:
                self._compare_one(key, data)
        self.menu.compare()
        status = self.bench.engine.status(self.bench.now)
        if status.state is not State.IDLE:
            raise Bad(f"all is sent and settled, and it shows {status}")

    def _compare_one(self, key: Key, data: dict[str, Any] | None) -> None:
        _, content = self.cloud.records.get(key, (0, None))
        there = json.loads(content) if content else None
        if data is None and there is not None:
            raise Bad(f"{key} was deleted here and lives there")
        if data is not None and (there is None or any(there.get(name) != data[name] for name in data)):
            raise Bad(f"{key}: here {data}, there {there}")


def _shown(step: Send) -> str:
    told = [(parcel.local_id, parcel.version, parcel.operation) for parcel in step.flight.parcels]
    return f"{step.flight.kind.value} {told or step.flight.ruling or ''}"
