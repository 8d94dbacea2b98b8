"""Headquarters in the model: its menu, what it says of it by pull and webhook, what it takes and calls a conflict."""

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.builders import answered
from tests.faults.claims import SHARED, Bad, Claims, Key

from outlet_sync_gui.contract.webhooks import Kind, Letter, read_letter
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.exchange import Answered

Json = dict[str, Any]
EXISTS = "Product already exists with different data"
MISSING = "Product not found"
MANY = 12  # made and deleted together: more than pass unasked
LISTS = {"product": "products", "category": "categories"}


@dataclass
class Word:
    """What headquarters said of a record once. `fields` None: that it is deleted."""

    key: Key
    version: int
    at_ms: int
    fields: Json | None
    cloud_id: str  # of the life that it is about: each counts its versions anew
    is_heard: bool = False  # the till was told, by whatever way


@dataclass
class Item:
    """A record as headquarters has it. `force` are its own words that still hold there, by field."""

    key: Key
    cloud_id: str
    local_id: str | None
    version: int = 0
    fields: Json = field(default_factory=dict)
    at_ms: int = 0
    is_deleted: bool = False
    is_shared: bool = False  # the till has sent it
    last: Word | None = None  # if the last word was headquarters'
    words: list[Word] = field(default_factory=list)  # all of them, since it lives, or is gone
    force: dict[str, Word] = field(default_factory=dict)


@dataclass
class Case:
    """What headquarters calls a conflict, under its own id."""

    number: str
    key: Key
    name: str
    there: Any
    here: Any
    is_open: bool = True
    is_heard: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """A webhook on its way: the raw body, and what it says."""

    kind: Kind
    raw: bytes
    word: Word | None = None
    case: Case | None = None

    def letter(self, now: str) -> Letter:
        """As it is read at the till."""
        return read_letter(self.kind, json.loads(self.raw), digest=hashlib.sha256(self.raw).hexdigest(), now=now)


@dataclass
class Headquarters:
    """The menu's side of the cloud. `clock` tells its own time, which nobody sets."""

    chance: random.Random
    claims: Claims
    clock: Callable[[], int]
    log: list[str]
    items: dict[Key, Item] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    post: list[Post] = field(default_factory=list)
    echoes: bool = False  # a pull brings back what the till itself sent
    has_posters: bool = True  # webhooks reach the till
    takes_side: bool = False  # where the till's side won, it takes the value of its own notice at once
    spoken: dict[Key, dict[str, int]] = field(default_factory=dict)  # in which version a field was last changed here
    meddled: list[tuple[int, Json]] = field(default_factory=list)  # what it says of orders
    _at_ms: int = 0
    _numbers: int = 0

    # -- what it does by itself

    def speak(self) -> None:
        """Change something of the menu."""
        actions: tuple[tuple[int, Callable[[], None]], ...] = (
            (60, self._changes),
            (14, self._deletes),
            (12, self._brings_back),
            (8, self._makes),
            (3, self._makes_many),
            (5, self._deletes_many),
            (6, self._asks),
            (3, self._meddles),
        )
        weights, choices = zip(*actions, strict=True)
        self.chance.choices(choices, weights)[0]()

    def _changes(self) -> None:
        item = self._some()
        if item is None:
            self._makes()
            return
        names = self.chance.choice((*(("price",), ("stock",)) * 2, ("name",), SHARED))
        known = [name for name in names if name in item.fields] or ["name"]
        self._say(item, {name: self._value(name) for name in known})

    def _value(self, name: str) -> Any:
        match name:
            case "price":
                return 0 if self.chance.random() < 0.06 else self.chance.randint(1, 9) * 1000
            case "stock":
                return self.chance.randint(0, 30)
        return self.chance.choice(("Nasi", "Nasi Goreng", "Nasi Uduk", "Mie"))

    def _makes(self) -> None:
        """A record of its own; by chance under an id that the till makes records under, too."""
        kind = self.chance.choice(("product", "product", "category"))
        n = self.chance.randint(1, 6)
        key = (kind, f"{'P' if kind == 'product' else 'C'}{n}")
        if key not in self.items:
            self._make(key, key[1])

    def _makes_many(self) -> None:
        for n in range(MANY):
            key = ("category", f"hq-{n}")
            if key not in self.items:
                self._make(key, None)

    def _make(self, key: Key, local_id: str | None) -> None:
        cloud_id = key[1] if local_id is None else self._number("c")
        item = self.items[key] = Item(key, local_id=local_id, cloud_id=cloud_id)
        self.claims.replace(key)
        names = SHARED if key[0] == "product" else ("name",)
        self._say(item, {name: self._value(name) or 5 for name in names})

    def _deletes(self) -> None:
        item = self._some()
        if item is not None and (item.is_shared or item.local_id is None):
            self._delete(item)

    def _deletes_many(self) -> None:
        many = [item for item in self.items.values() if item.local_id is None and not item.is_deleted]
        for item in many:
            self._delete(item)

    def _brings_back(self) -> None:
        gone = [item for item in self.items.values() if item.is_deleted]
        if gone:
            item = self.chance.choice(gone)
            item.is_deleted, item.words, item.force = False, [], {}
            self.claims.revive(item.key)
            if item.local_id is not None and self.chance.random() < 0.3:
                item.cloud_id, item.version = self._number("c"), 0
            self._say(item, {name: self._value(name) or 5 for name in item.fields if name in SHARED} or {"name": "Mie"})

    def _asks(self) -> None:
        """A conflict that the till knows nothing of."""
        item = self._some()
        if item is not None:
            name = self.chance.choice([name for name in SHARED if name in item.fields])
            self._open(item, name, self._value(name))

    def _meddles(self) -> None:
        """With an order, which is none of its: whatever it says of one, the till's word stands."""
        at_ms, local_id = self._tick(), f"A{self.chance.randint(1, 6)}"
        about = {"entity_type": "order", "local_id": local_id}
        self.meddled.append((at_ms, {**about, "deleted_at": iso(at_ms)}))
        body = {"event": "entity.updated", "timestamp": iso(at_ms), **about, "data": {"total_amount": 1}, "version": 99}
        self._mail(Kind.UPDATE, body)
        self._mail(Kind.DELETE, {"event": "entity.deleted", **about, "deleted_at": iso(at_ms)})

    def _some(self) -> Item | None:
        living = [item for item in self.items.values() if not item.is_deleted and item.fields]
        return self.chance.choice(living) if living else None

    def _say(self, item: Item, fields: Json, *, is_ruling: bool = False) -> None:
        at_ms = self._tick()
        before = item.fields.get("stock")
        item.fields, item.version, item.at_ms = {**item.fields, **fields}, item.version + 1, at_ms
        word = item.last = Word(item.key, item.version, at_ms, dict(fields), item.cloud_id)
        item.force.update(dict.fromkeys(fields, word))
        if not is_ruling or "stock" in fields:  # a count that it sets is added, whyever it does
            self.spoken.setdefault(item.key, {}).update(dict.fromkeys(fields, item.version))
        self.claims.counted_there(item.key, before, item.fields.get("stock"), word)
        item.words.append(word)
        self.log.append(f"headquarters: {item.key} v{item.version} {fields}")
        body = {
            "event": "entity.updated", "timestamp": iso(at_ms), "entity_type": item.key[0], **self._names(item),
            "data": {**fields, "version": item.version}, "version": item.version,
        }  # fmt: skip
        self._mail(Kind.UPDATE, body, word=word)

    def _delete(self, item: Item) -> None:
        at_ms = self._tick()
        item.is_deleted, item.at_ms = True, at_ms
        word = item.last = Word(item.key, item.version, at_ms, None, item.cloud_id)
        item.force = {"": word}
        self.claims.free(item.key)
        self.claims.chosen.pop(item.key, None)
        names = {"entity_type": item.key[0], **self._names(item), "deleted_at": iso(at_ms)}
        item.words = [word]
        self.log.append(f"headquarters: deletes {item.key}")
        self._mail(Kind.DELETE, {"event": "entity.deleted", **names}, word=word)

    def _names(self, item: Item) -> Json:
        return {"cloud_id": item.cloud_id, **({"local_id": item.local_id} if item.local_id else {})}

    def _tick(self) -> int:
        self._at_ms = max(self._at_ms + 1, self.clock())
        return self._at_ms

    def _number(self, letter: str) -> str:
        self._numbers += 1
        return f"{letter}{self._numbers}"

    # -- webhooks

    def _mail(self, kind: Kind, body: Json, *, word: Word | None = None, case: Case | None = None) -> None:
        if self.has_posters and self.chance.random() < 0.6:  # else it is lost
            self.post.append(Post(kind, json.dumps(body).encode(), word, case))

    def _open(self, item: Item, name: str, here: Any) -> None:
        """Call it a conflict and say so; one is open over a field at a time."""
        if any(case.is_open and (case.key, case.name) == (item.key, name) for case in self.cases.values()):
            return
        case = Case(self._number("conflict-"), item.key, name, item.fields.get(name), here)
        self.cases[case.number] = case
        self.log.append(f"headquarters: {case.number} over {item.key} {name}: {case.there} there, {here} here")
        body = {
            "event": "sync.conflict", "timestamp": iso(self._tick()), "entity_type": item.key[0], **self._names(item),
            "conflict": {
                "conflict_id": case.number, "field": name, "cloud_value": case.there, "cloud_version": item.version,
                "cloud_updated_at": iso(item.at_ms), "local_value": here,
            },
            "resolution_required": True,
        }  # fmt: skip
        self._mail(Kind.CONFLICT, body, case=case)

    # -- what it is asked

    def updates(self, since_ms: int) -> tuple[Answered, list[Word]]:
        """Each record that changed since then as it is now, and the words that are heard once the answer arrives."""
        lists: dict[str, list[Json]] = {"products": [], "categories": [], "deleted": []}
        words: list[Word] = []
        for item in self.items.values():
            if item.at_ms > since_ms:
                lists["deleted" if item.is_deleted else LISTS[item.key[0]]].append(self._entry(item))
                words += item.words
        lists["deleted"] += [entry for at_ms, entry in self.meddled if at_ms > since_ms]
        data = {**lists, "sync_checkpoint": iso(self._tick())}
        return answered({"success": True, "data": data}), words

    def _entry(self, item: Item) -> Json:
        if item.is_deleted:
            return {"entity_type": item.key[0], **self._names(item), "deleted_at": iso(item.at_ms)}
        fields = {name: value for name, value in item.fields.items() if name in SHARED}
        about = {"version": item.version, "updated_at": iso(item.at_ms), "action": "update"}
        return {**self._names(item), **fields, **about}

    def cloud_id(self, key: Key) -> str | None:
        """Its id of a record."""
        return self.items[key].cloud_id if key in self.items else None

    def take(self, key: Key, entry: Json, *, is_lone: bool) -> str | None:
        """Accept a record of the menu, or say why not."""
        data = {name: v for name, v in entry["data"].items() if name not in ("outlet_id", "outlet_code", "updated_at")}
        version, operation, item = data.pop("version"), entry["operation"], self.items.get(key)
        if operation == "delete":
            return self._take_deletion(item, version, data.get("cloud_id"))
        if item is None:
            item = self.items[key] = Item(key, cloud_id=self._number("c"), local_id=key[1])
        elif item.is_deleted:
            if operation == "update" and not is_lone:
                return MISSING
            self.claims.judge(key, item, data)
            item.words, item.at_ms = [], self._tick()
            if item.local_id is not None:
                item.cloud_id = self._number("c")  # made anew
        elif version <= item.version:
            return self._take_late(item, version, data)
        self.claims.judge(key, item, data)
        self._accept(item, version, data)
        return None

    def _take_late(self, item: Item, version: int, data: Json) -> str | None:
        if data == item.fields:
            self.claims.agreed(item.key, data)
            return None
        word = item.last
        if word is None or word.version < version:
            raise Bad(f"{item.key}: version {version} with other content after {item.version}")
        differing = [name for name in SHARED if name in data and data[name] != item.fields.get(name)]
        if differing and self.chance.random() < 0.4:
            name = self.chance.choice(differing)
            self._open(item, name, data[name])
        return EXISTS

    def _take_deletion(self, item: Item | None, version: int, cloud_id: str | None) -> str | None:
        if item is None or item.is_deleted:
            return MISSING
        if cloud_id not in (None, item.cloud_id):
            self.claims.living.pop(item.key, None)  # what the till deleted is none of this
            return MISSING
        if version <= item.version:
            return EXISTS
        self.claims.judge_deletion(item.key)
        item.is_deleted, item.version, item.last, item.force, item.words = True, version, None, {}, []
        item.at_ms = self._tick()
        self.claims.free(item.key)
        return None

    def _accept(self, item: Item, version: int, data: Json) -> None:
        """The till's word holds; what headquarters said that the till has not heard of is overtaken."""
        self.claims.accepted(item.key, item.fields, data)
        for name in list(item.force):
            if name == "" or data.get(name) != item.fields.get(name):
                del item.force[name]
        item.fields, item.version, item.is_deleted, item.last, item.is_shared = data, version, False, None, True
        if self.echoes:
            item.at_ms = self._tick()

    def resolve(self, number: str, told: Mapping[str, Any]) -> Answered:
        """A choice is told."""
        case = self.cases.get(number)
        if case is None:
            raise Bad(f"a choice over {number}, which nobody asked about")
        self.claims.told(case.key, case.name, number, told["strategy"])
        self.log.append(f"told: {number} {told['strategy']}")
        if not case.is_open and self.chance.random() < 0.5:
            return answered({"success": False, "error": "conflict not found"}, self.chance.choice((404, 409)))
        case.is_open = False
        value = self._rule(case, told["strategy"])
        item = self.items[case.key]
        said = {"applied_value": value, "new_version": item.version} if self.chance.random() < 0.6 else {}
        if said and told["strategy"] == "local_wins":
            item.force.pop(case.name, None)  # whatever it has now: the till's goes above the version that it names
        return answered({"success": True, "data": {"resolved": True, **said}})

    def _rule(self, case: Case, strategy: str) -> Any:
        """What holds there now. Some clouds take the till's value from their own notice, some wait for its push."""
        item = self.items[case.key]
        is_ours = strategy == "local_wins" or (strategy == "newest_wins" and self.chance.random() < 0.5)
        is_open_there = not item.is_deleted and item.fields.get(case.name) == case.there != case.here
        if is_ours and self.takes_side and is_open_there:  # else the till's push was faster than its choice
            self._say(item, {case.name: case.here}, is_ruling=True)
        return item.fields.get(case.name)
