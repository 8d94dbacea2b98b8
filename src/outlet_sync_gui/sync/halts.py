"""What stands still until a probe passes, so that one fault makes no mass of dead letters (`rules.md`, "Answers").

A route answered 403; a type is refused as such; or lone records of a type are refused with the same words one after
another, which may be about us and not about them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from outlet_sync_gui.contract.requests import BATCH, lone_route
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.halts import Halt, HaltKind
from outlet_sync_gui.sync.judge import gist

PROBE_MS = 300_000  # of a route and of a type
FIRST_ALIKE_MS, LAST_ALIKE_MS = 30_000, 900_000
ALIKE = 3  # lone refusals in a row with one text


@dataclass(frozen=True, slots=True)
class Standing:
    """The halts that are in force at a moment."""

    halts: tuple[Halt, ...]
    now_ms: int

    @property
    def told(self) -> tuple[Halt, ...]:
        """What people are told of: not of an endpoint that nothing waits for and that the next record tries."""
        return tuple(h for h in self.halts if h.kind is not HaltKind.ROUTE or h.n or not self.is_due(h))

    def due(self) -> list[Halt]:
        """The halts with rows that wait for them, and whose probe is due."""
        return [halt for halt in self.halts if halt.n and self.is_due(halt)]

    def next_probe_at(self) -> int | None:
        """When the first probe is due, UTC ms."""
        return min((halt.probe_at for halt in self.halts if halt.n and halt.probe_at is not None), default=None)

    def shut(self, route: str) -> Halt | None:
        """What stops a route; nothing while its probe is due."""
        found = self._of(HaltKind.ROUTE, route)
        return None if found is None or self.is_due(found) else found

    def on_type(self, entity_type: str) -> Halt | None:
        """What stops a type."""
        return self._of(HaltKind.TYPE, entity_type) or self._of(HaltKind.ALIKE, entity_type)

    def stops(self, entity_type: str, operation: str) -> Halt | None:
        """What stops a row: its type, or that no route is open for it."""
        route = lone_route(entity_type, operation)
        if (found := self.on_type(entity_type)) is not None:
            return found
        if entity_type == "daily_summary":
            return self.shut(str(route))
        return self.shut(BATCH) if route is None or self.shut(route) else None

    def _of(self, kind: HaltKind, name: str) -> Halt | None:
        return next((halt for halt in self.halts if halt.kind is kind and halt.name == name), None)

    def is_due(self, halt: Halt) -> bool:
        """Whether its probe may go."""
        # A time beyond the longest wait is a clock that was set back.
        longest_ms = LAST_ALIKE_MS if halt.kind is HaltKind.ALIKE else PROBE_MS
        return halt.probe_at is not None and not self.now_ms < halt.probe_at <= self.now_ms + longest_ms


class Halts:
    """Opens and ends halts; part of the caller's transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._taken = set(store.halts.taken_types())

    def standing(self, now_ms: int) -> Standing:
        """What stands still now."""
        found = [halt for halt in self._store.halts.all() if halt.probe_at is not None and not halt.is_over]
        return Standing(tuple(found), now_ms)

    def has_ended(self) -> bool:
        """Whether rows of a halt that is over wait to come back."""
        return any(halt.is_over for halt in self._store.halts.all())

    def has_taken(self, entity_type: str) -> bool:
        """Whether the cloud has ever accepted a record of this type."""
        return entity_type in self._taken

    def forbid(self, route: str, now_ms: int) -> None:
        """403: this route stands still, its records take another one."""
        self._store.halts.put(HaltKind.ROUTE, route, words="", now_ms=now_ms, probe_at=now_ms + PROBE_MS)

    def opened(self, route: str, now_ms: int) -> None:
        """An answer came by this route, and it was no 403."""
        for halt in self.standing(now_ms).halts:
            if halt.kind is HaltKind.ROUTE and halt.name == route:
                self._store.halts.end(halt.halt_id)

    def untaken(self, entity_type: str, record_ids: Sequence[int], words: str, now_ms: int) -> None:
        """The cloud doesn't take this type: its rows wait, uncounted; the next probe is another of them."""
        self._put_off(HaltKind.TYPE, entity_type, record_ids, words, now_ms)

    def refused(self, entity_type: str, record_id: int, words: str, now_ms: int) -> bool:
        """One lone record was refused, and is marked so; whether it waits for a verdict instead."""
        mine = [h for h in self._store.halts.all() if (h.kind, h.name) == (HaltKind.ALIKE, entity_type)]
        halt = next((halt for halt in mine if not halt.is_over), None)
        if halt is not None and halt.probe_at is not None:
            self._probe_later(halt, now_ms)
            if gist(words) == gist(halt.words):
                self._store.halts.suspend(halt.halt_id, [record_id])
            return gist(words) == gist(halt.words)
        before = halt.records if halt is not None and gist(halt.words) == gist(words) else ()
        records = (*(known for known in before if known != record_id), record_id)
        probe_at = now_ms + FIRST_ALIKE_MS if len(records) >= ALIKE else None
        halt_id = self._store.halts.put(
            HaltKind.ALIKE, entity_type, words=words, now_ms=now_ms, probe_at=probe_at, records=records
        )
        if probe_at is not None:
            self._store.halts.suspend(halt_id, records)
        return probe_at is not None

    def is_untaken(self, entity_type: str) -> bool:
        """Whether this type waits as one that the cloud doesn't take."""
        return any(h.kind is HaltKind.TYPE and h.name == entity_type and not h.is_over for h in self._store.halts.all())

    def tried(self, entity_types: Collection[str], now_ms: int) -> None:
        """A probe that decided nothing: the next one waits all the same."""
        standing = self.standing(now_ms)
        for halt in standing.halts:
            if halt.kind is not HaltKind.ROUTE and halt.name in entity_types and standing.is_due(halt):
                wait_ms = PROBE_MS if halt.kind is HaltKind.TYPE else FIRST_ALIKE_MS
                self._probe_at(halt, now_ms, wait_ms, halt.probes)

    def accepted(self, entity_types: Collection[str], record_ids: Collection[int]) -> None:
        """These types go through: whatever stopped them is over, and those refused alike get their verdict."""
        for entity_type in set(entity_types) - self._taken:
            self._store.halts.note_taken(entity_type)
            self._taken.add(entity_type)
        for halt in self._store.halts.all():
            if halt.kind is not HaltKind.ROUTE and halt.name in entity_types and not halt.is_over:
                if not set(halt.records) & set(record_ids):  # another one passes: they were bad themselves
                    self._store.halts.condemn(halt.records, halt.halt_id)
                self._store.halts.end(halt.halt_id)

    def retried(self, entity_type: str | None = None) -> None:
        """A person tries again: what stops this type (or all), and every route, is over."""
        for halt in self._store.halts.all():
            is_meant = halt.kind is HaltKind.ROUTE or entity_type in (None, halt.name)
            if is_meant and halt.probe_at is not None:
                self._store.halts.end(halt.halt_id)

    def key_changed(self) -> None:
        """A new key: every route may be open again, and every type taken."""
        for halt in self._store.halts.all():
            if halt.kind is not HaltKind.ALIKE:
                self._store.halts.end(halt.halt_id)

    def _put_off(self, kind: HaltKind, name: str, record_ids: Sequence[int], words: str, now_ms: int) -> None:
        halt_id = self._store.halts.put(kind, name, words=words, now_ms=now_ms, probe_at=now_ms + PROBE_MS)
        self._store.halts.set_aside(halt_id, record_ids, code="R-TYPE", words=words)

    def _probe_later(self, halt: Halt, now_ms: int) -> None:
        wait_ms = min(LAST_ALIKE_MS, FIRST_ALIKE_MS * 2 ** (halt.probes + 1))
        self._probe_at(halt, now_ms, wait_ms, halt.probes + 1)

    def _probe_at(self, halt: Halt, now_ms: int, wait_ms: int, probes: int) -> None:
        self._store.halts.put(
            halt.kind,
            halt.name,
            words=halt.words,
            now_ms=now_ms,
            probe_at=now_ms + wait_ms,
            records=halt.records,
            probes=probes,
        )
