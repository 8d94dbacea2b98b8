"""The till's own menu in the model: sold from, edited, and brought up to date by the change feed."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.builders import Bench, read
from tests.faults.claims import NAMED, Bad, Claims, Key

from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.records import Changed, Vanished
from outlet_sync_gui.sync.till import acknowledge

Json = dict[str, Any]
READER = "pos"


@dataclass
class Pos:
    """What the till shows and sells. It changes its menu by its own people's edits and by the feed, by nothing else."""

    chance: random.Random
    bench: Bench
    claims: Claims
    log: list[str]
    menu: dict[Key, Json] = field(default_factory=dict)
    says_what_it_saw: bool = True  # each hand-over tells how far the feed was taken
    seen: int = 0
    unwritten: set[Key] = field(default_factory=set)  # changed by the feed, and not handed over since
    _own: dict[tuple[Key, str], int] = field(default_factory=dict)  # edits, and up to where they overrule the feed

    def speak(self, notes: str) -> None:
        """Somebody sells, or edits the menu."""
        kind = self.chance.choice(("product",) * 4 + ("category",))
        n = self.chance.randint(1, 6)
        key = (kind, f"{'P' if kind == 'product' else 'C'}{n}")
        if key in self.unwritten:
            self.write_back(key)
        if key not in self.menu:
            self._make(key, notes)
        elif self.chance.random() < 0.08:
            self._delete(key)
        elif kind == "product" and self.chance.random() < 0.5:
            self._sell(key)
        else:
            self._edit(key, notes)

    def _make(self, key: Key, notes: str) -> None:
        fields = {name: self._value(name) for name in (("name", "price") if key[0] == "product" else ("name",))}
        stock = {"stock": self.chance.randint(1, 20)} if key[0] == "product" else {}
        is_anew = (key, "") in self._own
        self.menu[key] = {**fields, **stock, **({"notes": notes} if notes else {})}
        if is_anew:
            self.claims.forget(key)
        for name, value in fields.items():
            self.claims.wish(key, name, value, is_firm=False)
        self.claims.free(key)
        self.claims.chosen.get(key, {}).pop("stock", None)  # it has counted
        self.claims.living[key] = True
        gone = self._own.get((key, ""), 0)
        made = [change.seq for change in self._unheard(key) if change.action == "create" and change.seq > gone]
        ends = made[0] - 1 if made else self._last_seq()  # what is said of a former life is none of this one's
        self._own.update({(key, name): ends for name in NAMED})
        self._own[key, ""] = self._last_seq()
        self.hand_over(key)

    def _sell(self, key: Key) -> None:
        n = self.chance.randint(1, 3)
        if "stock" in self.menu[key]:
            self.menu[key]["stock"] -= n
            self.claims.count(key, -n)
            self.claims.chosen.get(key, {}).pop("stock", None)
        self.hand_over(key)

    def _edit(self, key: Key, notes: str) -> None:
        names = [name for name in NAMED if name in self.menu[key]]
        if not names:
            self.hand_over(key)
            return
        values = {name: self._value(name) for name in self.chance.sample(names, self.chance.randint(1, len(names)))}
        edits = {name: value for name, value in values.items() if value != self.menu[key][name]}
        known = self.bench.store.records.find(*key)
        held, agreed = (json.loads(text or "{}") for text in ((known.payload, known.base) if known else ("", "")))
        self.menu[key].update(edits)
        self._own.update({(key, name): self._last_seq() for name in edits})
        if notes or "notes" in self.menu[key]:
            self.menu[key]["notes"] = notes
        if self.hand_over(key) and edits:  # else it is what holds here already
            self.claims.living[key] = True
            for name in (name for name, value in edits.items() if held.get(name) != value):
                self.claims.wish(key, name, edits[name], is_firm=agreed.get(name) != edits[name])

    def mend(self, key: Key) -> None:
        """Nothing is wrong with its notes any more."""
        self.menu[key]["notes"] = ""
        if self.hand_over(key):
            self.claims.living[key] = True

    def _delete(self, key: Key) -> None:
        del self.menu[key]
        self.unwritten.discard(key)
        self.claims.forget(key)
        self.claims.living[key] = False
        self._own[key, ""] = self._last_seq()
        self.log.append(f"till: deletes {key}")
        (outcome,) = self.bench.put_all([read(key[0], {"local_id": key[1]}, "delete")])
        known = self.bench.store.records.find(*key)
        if isinstance(outcome, Vanished) or (known is not None and known.deleted_at is not None):
            self.claims.living.pop(key)  # it is nowhere else (any more): what has its id there is another one

    def _value(self, name: str) -> Any:
        if name == "price":
            return self.chance.randint(1, 9) * 1000
        return self.chance.choice(("Nasi", "Nasi Goreng", "Nasi Kuning", "Mie"))

    def hand_over(self, key: Key) -> bool:
        """Tell the program what the till has; whether that was news to it."""
        seen = {"seen_change": self.seen} if self.says_what_it_saw else {}
        data = {"local_id": key[1], **self.menu[key], "updated_at": iso(self.bench.wall_ms), **seen}
        self.unwritten.discard(key)
        (outcome,) = self.bench.put_all([read(key[0], data)])
        self.log.append(f"till: {key} {data} -> {type(outcome).__name__}")
        self._may_agree(key)
        if isinstance(outcome, Changed) and key in self.claims.dropped:
            self.claims.dropped.discard(key)
            self.claims.living[key] = True  # not to be sent was what it was before
        return isinstance(outcome, Changed)

    def _may_agree(self, key: Key) -> None:
        """Whether both have come to the same count, each its own way, while headquarters' waits beside the record."""
        known = self.bench.store.records.find(*key)
        kept = self.bench.store.news.of(known.record_id) if known is not None else None
        if kept is not None and json.loads(kept.change.fields).get("stock", "") == self.menu[key].get("stock"):
            self.claims.free(key)

    # -- the last metre

    def take(self, *, by_hand: Callable[[tuple[int, ...]], None] | None = None, all_of_it: bool = False) -> bool:
        """Bring the menu up to date, then say so; whether there was anything. `by_hand`: a person does it."""
        changes = self._after()
        if not all_of_it and len(changes) > 1 and self.chance.random() < 0.3:
            changes = changes[: self.chance.randint(1, len(changes))]
        if not changes and not (all_of_it and self.bench.store.changes.feed().untaken):
            return False
        for change in changes:
            self._apply(change)
        self.seen = max((change.seq for change in changes), default=self.seen)
        self.log.append(f"till: takes {[(c.seq, c.action, c.local_id or c.cloud_id, dict(c.fields)) for c in changes]}")
        if by_hand is not None:
            by_hand(tuple(change.seq for change in changes if change.taken_at is None))
        elif all_of_it or not self.says_what_it_saw or self.chance.random() < 0.8:  # else that gets lost
            with self.bench.store.write():
                acknowledge(self.bench.store, READER, self.seen, now_ms=self.bench.wall_ms)
        for key in list(self.unwritten):
            if all_of_it or self.chance.random() < 0.7:
                self.write_back(key)
        return True

    def write_back(self, key: Key) -> None:
        """What the feed changed is handed over like anything else: no edit of the till's."""
        if key[1].startswith("hq-"):
            self.unwritten.discard(key)  # the till has no id of its own for it
        elif self.hand_over(key):
            raise Bad(f"{key}: what the till took from the feed counts as its own edit")

    def _apply(self, change: Change) -> None:
        key = _key(change)
        if change.action == "delete":
            self.menu.pop(key, None)
            self.unwritten.discard(key)
            self._own = {about: seq for about, seq in self._own.items() if about[0] != key}
            return
        if key not in self.menu and (change.action != "create" or self._own.get((key, ""), 0) >= change.seq):
            return  # the till deleted it
        held = self.menu.setdefault(key, {})
        for name, step in change.fields.items():
            if name == "stock" and "delta" not in step and name in held:
                continue  # what the till counted itself
            if self._own.get((key, name), 0) < change.seq:
                held[name] = held[name] + step["delta"] if "delta" in step and name in held else step["to"]
                self.unwritten.add(key)
            if held.get(name) is None:
                held.pop(name, None)

    def _unheard(self, key: Key) -> list[Change]:
        return [change for change in self._after() if _key(change) == key]

    def _after(self) -> list[Change]:
        return self.bench.store.changes.after(self.seen, limit=1000)

    def _last_seq(self) -> int:
        return self.bench.store.changes.last_seq()


def _key(change: Change) -> Key:
    return change.entity_type, change.local_id or change.cloud_id or ""
