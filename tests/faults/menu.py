"""The menu in the model, on all its sides: headquarters, the program, the till, the people; and what is promised."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.builders import Bench
from tests.faults.claims import NAMED, SHARED, Bad, Claims, Key
from tests.faults.headquarters import Headquarters, Item, Post, Word
from tests.faults.people import WHO, People
from tests.faults.pos import Pos

from outlet_sync_gui.contract.webhooks import Told
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.store.records import CATALOGUE, KNOWN, Known, _known
from outlet_sync_gui.sync.clock import iso, to_ms
from outlet_sync_gui.sync.commands import Decision, Discard, Edit, Retry, TakeChanges
from outlet_sync_gui.sync.exchange import Send

MOST_DELETIONS = 10  # so many pass unasked
KEPT_MS = 30 * 86_400_000  # so long the program knows a webhook's body
MENU = KNOWN + "WHERE r.type IN ('product', 'category')"
TABLES = ("record", "content", "outbox", "news", "conflict", "conflict_field", "change", "question")


@dataclass
class Menu:
    """Everybody who has a say in it."""

    chance: random.Random
    bench: Bench
    log: list[str]
    clock: Callable[[], int]  # headquarters' own time
    claims: Claims = field(default_factory=Claims)
    headquarters: Headquarters = field(init=False)
    pos: Pos = field(init=False)
    people: People = field(init=False)
    ticks_off: bool = field(init=False)  # the till reads no feed: a person brings it up to date
    _heard: dict[str, tuple[Told, int]] = field(default_factory=dict)  # webhooks, their answers, when
    _old_post: list[Post] = field(default_factory=list)
    _living: dict[Key, Any] = field(default_factory=dict)  # here, and at what price, before the last news
    _latest_ms: int = 0
    _cursor_ms: int = 0

    def __post_init__(self) -> None:
        self.headquarters = Headquarters(self.chance, self.claims, self.clock, self.log)
        self.pos = Pos(self.chance, self.bench, self.claims, self.log)
        self.people = People(self.chance, self.bench, self.claims, self.log)
        self.ticks_off = self.chance.random() < 0.15
        self.headquarters.has_posters = self.chance.random() < 0.8
        self.headquarters.echoes = self.chance.random() < 0.5
        self.headquarters.takes_side = self.chance.random() < 0.5
        self.pos.says_what_it_saw = self.chance.random() < 0.5

    # -- what may happen

    def post_arrives(self) -> None:
        """A webhook comes: at once or late, in any order, once more."""
        post = self.headquarters.post
        if self._old_post and (not post or self.chance.random() < 0.3):
            self._hear(self.chance.choice(self._old_post))
        elif post:
            letter = post.pop(self.chance.randrange(len(post)))
            self._old_post.append(letter)
            self._hear(letter)

    def person_settles(self) -> None:
        """Somebody looks after what waits for a person."""
        if self.chance.random() < 0.4:
            self.people.answer_question()
        else:
            self.people.settle_conflict()

    def till_takes(self, *, all_of_it: bool = False) -> bool:
        """The till is brought up to date, in whole or in part; whether there was anything."""
        return self.pos.take(by_hand=self._tick_off if self.ticks_off else None, all_of_it=all_of_it)

    def _tick_off(self, seqs: tuple[int, ...]) -> None:
        if seqs:
            self.people.decide(TakeChanges(who=WHO, seqs=seqs))

    def person_decides(self) -> None:
        """Over one record of the menu."""
        records = self._records()
        if not records:
            return
        known = self.chance.choice(records)
        key = _key(known)
        name = f"{key[0]}/{key[1]}" if known.local_id else str(known.record_id)
        decision: Decision = Retry(who=WHO, names=(name,))
        match self.chance.randint(1, 4):
            case 1:
                decision = Discard(who=WHO, names=(name,), reason="twice")
            case 2 if known.operation != "delete":
                held, wanted = json.loads(known.payload), {"name": "Bubur", "price": self.chance.randint(1, 9) * 1000}
                content = {**held, **{name: wanted[name] for name in NAMED if name in held}}
                decision = Edit(who=WHO, name=name, content=json.dumps(content).encode())
        if self.people.decide(decision):
            self._note(decision, known, key)

    def _note(self, decision: Decision, known: Known, key: Key) -> None:
        """What a person wants now of a record, as it was before."""
        match decision:
            case Discard() if known.state != 3:
                self.claims.forget(key)
                self.claims.living.pop(key, None)
                if known.operation == "delete" and known.is_tried:
                    self.claims.living[key] = True  # that it may have arrived counts no more: it shall live
                if known.base is None:
                    self.claims.dropped.add(key)
            case Edit(content=content):
                held, wanted = json.loads(known.payload), json.loads(content)
                for name in (name for name in NAMED if held.get(name) != wanted.get(name)):
                    is_firm = json.loads(known.base or "{}").get(name) != wanted[name]
                    self.claims.wish(key, name, wanted[name], is_firm=is_firm)
                self.claims.living[key] = True
            case Retry():
                self.claims.dropped.discard(key)
                if known.deleted_at is None and known.operation != "delete":
                    self.claims.living[key] = True

    # -- what headquarters says

    def _hear(self, post: Post) -> None:
        letter = post.letter(iso(self.bench.wall_ms))
        self._latest_ms = max(self._latest_ms, self.bench.wall_ms)
        told, at_ms = self._heard.get(letter.digest, (None, 0))
        if told is not None and self._latest_ms - at_ms >= KEPT_MS:
            return  # too old: refused at the door
        before = self._everything() if told is not None else None
        self.before_news([post.word] if post.word else [])
        effect = self.bench.engine.hear(letter, self.bench.now)
        self.log.append(f"webhook: {post.raw.decode()} -> {effect}")
        if told is not None and (effect.told != told or not effect.is_repeat or self._everything() != before):
            raise Bad(f"a webhook's repeat is no repeat: {effect}, first {told}")
        self._heard.setdefault(letter.digest, (effect.told, self.bench.wall_ms))
        self.after_news([post.word] if post.word else [])
        if post.case is not None:
            post.case.is_heard = True

    def before_news(self, words: Sequence[Word]) -> None:
        """At first contact headquarters' catalogue counts, and the outlet's stock."""
        self._living = self._now_living()
        for word in words:
            known = self._find(word.key)
            is_first = known is not None and known.is_queued and known.base is None and not known.is_tried
            if is_first and word.fields is not None and not word.is_heard:
                self.claims.settle(word.key)
                self.claims.free(word.key)
            if known is not None and not word.is_heard:
                self._doubt(word, known)
            if not word.is_heard and (word.fields is None or _agrees(known, word)):
                self.claims.free(word.key)

    def _doubt(self, word: Word, known: Known) -> None:
        """What left and was never answered, and now headquarters says just that: nobody can tell whose word it is."""
        left = [json.loads(content) for content in self.bench.store.news.unknown(known.record_id)]
        for name in NAMED:
            value = (word.fields or {}).get(name)
            if value is not None and any(content.get(name) == value for content in left):
                self.claims.doubted[word.key, name] = value

    def after_news(self, words: Sequence[Word]) -> None:
        """It is heard now; what is too big has not passed."""
        living = self._now_living()
        if len(gone := self._living.keys() - living.keys()) > MOST_DELETIONS:
            raise Bad(f"deleted together, and nobody was asked: {gone}")
        if free := [key for key, price in living.items() if price == 0 and self._living.get(key)]:
            raise Bad(f"for nothing, and nobody was asked: {free}")
        for word in words:
            known = self._find(word.key)
            if word.fields is None and known is not None and known.deleted_at is not None:
                self.claims.forget(word.key)
                self.claims.living.pop(word.key, None)
            item = self.headquarters.items[word.key]
            life = None if known is None else (known.cloud_id, known.base_version)
            is_taken = life == (word.cloud_id, word.version)
            self.claims.heard(word, item, is_taken=is_taken)
            if known is not None and is_taken:  # a pull tells of the fields that headquarters did not change, too
                base, held = json.loads(known.base or "{}"), json.loads(known.payload)
                both = {name: v for name, v in base.items() if item.fields.get(name) == v == held.get(name)}
                self.claims.agreed(word.key, both)
        self.people.note_what_ended()

    # -- promises

    def may_leave(self, step: Send) -> None:
        """What is in conflict, asked about, or to be told first, does not leave."""
        store = self.bench.store
        for parcel in step.flight.parcels:
            if parcel.entity_type not in CATALOGUE:
                continue
            if store.conflicts.of_record(parcel.record_id) or store.news.of(parcel.record_id):
                raise Bad(f"{parcel.local_id} leaves, though it is held")
            if any(conflict.record_id == parcel.record_id for conflict in store.conflicts.telling()):
                raise Bad(f"{parcel.local_id} leaves before headquarters heard of the choice")

    def keeps_its_promises(self, status: Status) -> None:
        """At any moment."""
        store = self.bench.store
        left = [*store.questions.open(), *store.conflicts.open(), *store.conflicts.telling()]
        if status.state is State.IDLE and left:
            raise Bad(f"green with {left}")
        cursor_ms = to_ms(status.cursor) if status.cursor else 0
        if cursor_ms < self._cursor_ms:
            raise Bad(f"the cursor went back to {status.cursor}")
        self._cursor_ms = cursor_ms
        for known in self._records():
            item = self.headquarters.items.get(_key(known))
            if item is not None:
                self.people.keeps_choices(known, self.headquarters.spoken.get(item.key, {}))
            self._anchor(known, item)

    def _anchor(self, known: Known, item: Item | None) -> None:
        """Where all sides agree on a count and nothing is on the way, that is what later counts add to."""
        key = _key(known)
        held = self.pos.menu.get(key)
        is_busy = known.is_queued or known.has_news or self.pos.seen < self.bench.store.changes.last_seq()
        if is_busy or item is None or held is None or item.is_deleted or known.deleted_at is not None:
            return
        word = item.force.get("stock")
        counts = {held.get("stock"), item.fields.get("stock"), json.loads(known.payload).get("stock")}
        if len(counts) == 1 and None not in counts and (word is None or word.is_heard):
            self.claims.stock[key] = held["stock"]
            self.claims.unheard.pop(key, None)

    def compare(self) -> None:
        """At the end: all sides have the same, and it is what somebody wanted."""
        store = self.bench.store
        if left := [*store.questions.open(), *store.conflicts.open(), *store.conflicts.telling()]:
            raise Bad(f"not settled: {left}")
        if untold := [case for case in self.headquarters.cases.values() if case.is_open and case.is_heard]:
            raise Bad(f"headquarters was never told of {untold}")
        here = {_key(known): known for known in self._records()}
        for key in here.keys() | self.headquarters.items.keys() | self.pos.menu.keys():
            if key not in self.claims.dropped:
                self._compare_one(key, here.get(key))

    def _compare_one(self, key: Key, known: Known | None) -> None:
        item, shown = self.headquarters.items.get(key), self.pos.menu.get(key)
        there = _shared(item.fields) if item is not None and not item.is_deleted else None
        here = _shared(json.loads(known.payload)) if known and not known.deleted_at else None
        at_till = _shared(shown) if shown is not None else None
        if not here == there == at_till:
            raise Bad(f"{key}: here {here}, headquarters has {there}, the till shows {at_till}")
        if there is None:
            if self.claims.living.get(key):
                raise Bad(f"{key}: the till's record is gone")
            return
        if self.claims.living.get(key) is False:
            raise Bad(f"{key}: the till deleted it, and it lives")
        for name in ("name", "price"):
            for wish in self.claims.wishes.get((key, name), [])[-1:]:
                if wish.is_firm and wish.value != there.get(name):
                    raise Bad(f"{key}: the till wanted {wish.value} for {name}, {there.get(name)} holds")
        if key in self.claims.stock and self.claims.stock[key] != there["stock"]:
            raise Bad(f"{key}: the stock should be {self.claims.stock[key]}, it is {there['stock']}")

    # -- reading

    def _records(self) -> list[Known]:
        found = (_known(row) for row in self.bench.store._db.rows(MENU))
        return [known for known in found if known is not None]

    def _now_living(self) -> dict[Key, Any]:
        """What there is here, and its price."""
        living = (known for known in self._records() if known.deleted_at is None and known.operation != "delete")
        return {_key(known): json.loads(known.payload).get("price") for known in living}

    def _find(self, key: Key) -> Known | None:
        records = self.bench.store.records
        return records.find_cloud(*key) if key[1].startswith("hq-") else records.find(*key)

    def _everything(self) -> list[Any]:
        return [self.bench.store._db.rows(f"SELECT * FROM {table}") for table in TABLES]


def _agrees(known: Known | None, word: Word) -> bool:
    """Whether both sides have come to the same count, each its own way: agreed, not added up."""
    stock = (word.fields or {}).get("stock")
    return known is not None and stock is not None and json.loads(known.payload).get("stock") == stock


def _key(known: Known) -> Key:
    return known.entity_type, known.local_id or known.cloud_id or ""


def _shared(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in SHARED if name in fields}
