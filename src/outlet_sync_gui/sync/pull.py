"""Headquarters' news, asked for: since when, how what comes is applied in short steps, and when the cursor moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from outlet_sync_gui.contract.answers import CloudChange, Updates
from outlet_sync_gui.contract.requests import UPDATES, updates_path
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.outlet import OutletState
from outlet_sync_gui.store.questions import QuestionKind
from outlet_sync_gui.store.records import CATALOGUE
from outlet_sync_gui.sync.clock import FIRST_TIME, iso, to_ms
from outlet_sync_gui.sync.door import apply_change
from outlet_sync_gui.sync.exchange import Request
from outlet_sync_gui.sync.guard import Guard, watch

OVERLAP_MS = 120_000
FULL_EVERY_MS = 7 * 86_400_000  # everything, to see whether headquarters still has it
FEW = 20  # a catalogue so small proves nothing by halving
CHUNK = 200


@dataclass(slots=True)
class Application:
    """One pull's changes on their way into the store, some at a time, so that others get their turn between."""

    store: Store
    updates: Updates
    is_full: bool
    applied: int = 0
    _at: int = 0  # so many changes are in
    _watch: Guard = field(default_factory=Guard)

    def begin(self, *, now_ms: int) -> bool:
        """Look at the whole; False where nothing of it may be applied before a person has answered."""
        with self.store.write():
            facts = _signs_of_a_restored_cloud(self.store, self.updates, is_full=self.is_full)
            if facts:
                self.store.questions.ask(QuestionKind.RESTORED_CLOUD, facts, now_ms=now_ms)
            self._watch = watch(self.store, self.updates.changes, now_ms=now_ms)
        return not facts

    def proceed(self, *, now_ms: int) -> bool:
        """Apply the next changes in one transaction, with the last the cursor; whether that was all."""
        chunk = self.updates.changes[self._at : self._at + CHUNK]
        is_last = len(chunk) < CHUNK
        with self.store.write():
            news = sum(apply_change(self.store, change, now_ms=now_ms, watch=self._watch) for change in chunk)
            if is_last:
                self.store.outbox.end_wait_for_news()
                cursor = _later(self.store.outlet.read().cursor, self.updates.checkpoint)
                self.store.outlet.pulled(cursor=cursor, at_ms=now_ms, is_full=self.is_full)
        self._at, self.applied = self._at + len(chunk), self.applied + news  # stored: a failure repeats the chunk
        return is_last


def is_full_due(outlet: OutletState, now_ms: int) -> bool:
    """Whether everything is asked for: the first time, and once a week."""
    at = outlet.full_pulled_at
    return outlet.cursor is None or at is None or not 0 <= now_ms - at < FULL_EVERY_MS


def pull_request(store: Store, *, outlet_id: str, deadline_s: float, is_full: bool) -> Request:
    """Ask for what changed since the cursor, with an overlap: applying twice does nothing."""
    cursor = store.outlet.read().cursor
    since = FIRST_TIME if is_full or cursor is None else iso(max(0, to_ms(cursor) - OVERLAP_MS))
    return Request(method="GET", route=UPDATES, path=updates_path(outlet_id, since), deadline_s=deadline_s)


def _signs_of_a_restored_cloud(store: Store, updates: Updates, *, is_full: bool) -> dict[str, str | int]:
    """What looks like a cloud that was restored from a backup or installed anew; nothing, where all is well."""
    asked = store.questions.find(QuestionKind.RESTORED_CLOUD)
    outlet = store.outlet.read()
    cursor = outlet.cursor
    facts: dict[str, str | int] = {"cursor": cursor or "", "checkpoint": updates.checkpoint}
    if asked is not None:  # it goes on from there while nobody has answered: what was lost before is so still
        facts = {**asked.facts, "checkpoint": _earlier(str(asked.facts["checkpoint"]), updates.checkpoint)}
    if cursor is not None and to_ms(updates.checkpoint) < to_ms(cursor) - OVERLAP_MS:
        return facts
    is_weekly = is_full and outlet.full_pulled_at is not None  # not the first one, nor one after an answer
    known = store.records.count_agreed(CATALOGUE) if is_weekly else 0
    came = _count(updates.changes) + updates.broken
    if known > FEW and came < known / 2:
        return {**facts, "known": known, "came": came}
    return facts if asked else {}


def _count(changes: Sequence[CloudChange]) -> int:
    return sum(change.action != "delete" for change in changes)


def _earlier(checkpoint: str, other: str) -> str:
    return checkpoint if to_ms(checkpoint) <= to_ms(other) else other


def _later(cursor: str | None, checkpoint: str) -> str:
    """The cursor never goes back by itself."""
    return checkpoint if cursor is None or to_ms(checkpoint) >= to_ms(cursor) else cursor
