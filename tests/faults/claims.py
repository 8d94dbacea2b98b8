"""Whose word counts for each field of the menu: what the till and its people want, and what became of it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.headquarters import Item, Word

Key = tuple[str, str]
Json = dict[str, Any]
SHARED = ("name", "price", "stock")
NAMED = ("name", "price")  # of which the last word counts; stock is counted


class Bad(AssertionError):
    """A promise was broken."""


@dataclass
class Wish:
    """A value that the till wants of a field; `is_firm`: it must not get lost."""

    value: Any
    is_firm: bool = True


@dataclass
class Claims:
    """What was wanted and chosen, by record and field."""

    wishes: dict[tuple[Key, str], list[Wish]] = field(default_factory=dict)
    replaced: dict[tuple[Key, str], tuple[Any, Any]] = field(default_factory=dict)  # by a push: from, to
    told_last: dict[tuple[Key, str], Any] = field(default_factory=dict)  # what headquarters was heard to say
    living: dict[Key, bool] = field(default_factory=dict)  # the till's own word on whether there is such a record
    stock: dict[Key, int] = field(default_factory=dict)  # what the counts of both sides come to, where it is certain
    unheard: dict[Key, list[tuple["Word", int]]] = field(default_factory=dict)  # counts the till hasn't heard of
    chosen: dict[Key, dict[str, tuple[Any, int]]] = field(default_factory=dict)  # value, and the version it overrules
    doomed: set[Key] = field(default_factory=set)  # the till's deletion of another one means it, until that is heard
    doubted: dict[tuple[Key, str], Any] = field(default_factory=dict)  # heard, and may be what left unanswered
    dropped: set[Key] = field(default_factory=set)  # a person said: don't send, and headquarters never had it
    strategies: dict[tuple[Key, str], str] = field(default_factory=dict)  # the last choice of a person over a field
    answers: dict[str, str] = field(default_factory=dict)  # what ended headquarters' conflicts, by its own id
    decided: dict[tuple[Key, str], set[str]] = field(default_factory=dict)  # those that were not agreed, by field

    # -- the till and its people

    def wish(self, key: Key, name: str, value: Any, *, is_firm: bool = True) -> None:
        """The till changes a field itself; to what headquarters said last, it only agrees."""
        is_firm = is_firm and self.told_last.get((key, name)) != value
        self.wishes.setdefault((key, name), []).append(Wish(value, is_firm))
        self.chosen.get(key, {}).pop(name, None)

    def settle(self, key: Key, name: str | None = None) -> None:
        """What the till wanted of a field (None: of all) counts no more."""
        for each in [each for each in self.wishes if each[0] == key and name in (None, each[1])]:
            del self.wishes[each]

    def count(self, key: Key, delta: int) -> None:
        """The till sells or finds some."""
        if key in self.stock:
            self.stock[key] += delta

    def free(self, key: Key) -> None:
        """Nobody can say what the count comes to."""
        self.stock.pop(key, None)

    def forget(self, key: Key) -> None:
        """It begins anew, or ends."""
        self.settle(key)
        self.free(key)
        self.chosen.pop(key, None)

    def decide(self, key: Key, name: str, strategy: str, *, number: str | None) -> None:
        """Somebody chose; what headquarters has not heard of, of earlier choices, it hears as this one."""
        self.strategies[key, name] = strategy
        numbers = self.decided.setdefault((key, name), set())
        numbers |= {number} if number else set()
        self.answers.update(dict.fromkeys(numbers, strategy))

    # -- headquarters

    def replace(self, key: Key) -> None:
        """Headquarters makes a record of its own: whatever the till had under that id, it is none of this."""
        if self.living.pop(key, None) is False:
            self.doomed.add(key)

    def revive(self, key: Key) -> None:
        """Headquarters brings it back: the till's deletion is overtaken. Whoever wants it to live goes on to."""
        if self.living.get(key) is False:
            del self.living[key]

    def counted_there(self, key: Key, before: Any, after: Any, word: "Word") -> None:
        """Headquarters sets a count."""
        if before is None or after is None:
            self.free(key)
        elif key in self.stock and before != after:
            self.stock[key] += after - before
            self.unheard.setdefault(key, []).append((word, after - before))

    def heard(self, word: "Word", item: "Item", *, is_taken: bool) -> None:
        """The till is told; where both want the same now, there is nothing left to want.

        `is_taken`: it is the last that the program has heard, though headquarters may have gone on.
        """
        if word.is_heard:
            return
        word.is_heard = True
        self.doomed.discard(word.key)
        for name, value in (word.fields or {}).items():
            self.told_last[word.key, name] = value
            if self.doubted.get((word.key, name)) not in (value, item.fields.get(name)):  # a pull tells the last alone
                self.doubted.pop((word.key, name), None)
            wishes = self.wishes.get((word.key, name), [])
            if (is_taken or item.force.get(name) is word) and any(wish.value == value for wish in wishes):
                last = max(n for n, wish in enumerate(wishes) if wish.value == value)
                self.wishes[word.key, name] = wishes[last + 1 :]

    def judge(self, key: Key, item: "Item", data: Json) -> None:
        """A push may change only what the till wants changed, or what it can't know better."""
        gone = item.force.get("")
        if gone is not None and gone.is_heard and not self.living.get(key):
            raise Bad(f"{key}: lives again, though headquarters deleted it, and the till has heard of that")
        for name in NAMED:
            word = item.force.get(name)
            if word is None or not word.is_heard or name not in data or data[name] == item.fields.get(name):
                continue
            if self.doubted.get((key, name)) == item.fields.get(name):
                continue
            if self.replaced.get((key, name)) == (item.fields.get(name), data[name]):
                continue  # it arrived, the answer didn't, and headquarters has just what it had before
            if all(wish.value != data[name] for wish in self.wishes.get((key, name), [])):
                raise Bad(f"{key}: headquarters' {name} {item.fields.get(name)} is undone by {data[name]}")

    def judge_deletion(self, key: Key) -> None:
        """Deleted only where the till or a person said so."""
        if self.living.get(key) is not False and key not in self.doomed:
            raise Bad(f"{key}: deleted, and nobody wanted that")

    def accepted(self, key: Key, before: Json, data: Json) -> None:
        """The till's word is there."""
        for name, value in data.items():
            if before.get(name) != value:
                self.replaced[key, name] = (before.get(name), value)
        self.agreed(key, data)
        for word, delta in self.unheard.pop(key, []):
            if not word.is_heard and key in self.stock:
                self.stock[key] -= delta  # the till was faster

    def agreed(self, key: Key, data: Json) -> None:
        """What the till wants is there."""
        for name, value in data.items():
            wishes = self.wishes.get((key, name), [])
            found = [n for n, wish in enumerate(wishes) if wish.value == value]
            if found:
                self.wishes[key, name] = wishes[found[-1] + 1 :]

    def told(self, key: Key, name: str, number: str, strategy: str) -> None:
        """Headquarters hears of a choice."""
        chosen = self.answers.get(number) or self.strategies.get((key, name), "cloud_wins")
        if strategy != chosen:
            raise Bad(f"{number} over {key} {name}: {strategy} is told, {chosen} was chosen")
