"""What of headquarters' changes is too big to pass unasked: many deletions at once, a price that becomes 0."""

from collections.abc import Sequence
from dataclasses import dataclass

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.news import Kept
from outlet_sync_gui.store.questions import QuestionKind
from outlet_sync_gui.store.records import CATALOGUE, Known

MOST_DELETIONS, WITHIN_MS = 10, 600_000
NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides over the changes that came together."""

    is_flood: bool = False

    def asks(self, known: Known, change: CloudChange) -> QuestionKind | None:
        """What a person must be asked before this change is applied; None: nothing."""
        if change.action == "delete":
            is_news = known.deleted_at is None and known.operation != "delete"
            return QuestionKind.DELETIONS if self.is_flood and is_news else None
        price, before = loads_stored(change.fields).get("price"), loads_stored(known.payload).get("price")
        is_zero = price == 0 and before != 0 and "price" in loads_stored(known.payload)
        return QuestionKind.ZERO_PRICE if is_zero else None


def watch(store: Store, changes: Sequence[CloudChange], *, now_ms: int) -> Guard:
    """The guard over these changes, with what was deleted shortly before."""
    deletions = [change for change in changes if change.action == "delete" and change.entity_type in CATALOGUE]
    if not deletions:
        return Guard()
    if store.questions.find(QuestionKind.DELETIONS):
        return Guard(is_flood=True)  # the rest of the same flood
    room = MOST_DELETIONS - store.changes.deletions_since(now_ms - WITHIN_MS)
    return Guard(is_flood=len(deletions) > room and sum(_is_living(store, gone) for gone in deletions) > room)


def hold(store: Store, known: Known, change: CloudChange, kind: QuestionKind, *, now_ms: int) -> None:
    """Keep a change until a person has answered; the record's push waits."""
    asked = store.questions.find(kind)
    question_id = asked.question_id if asked else store.questions.ask(kind, {}, now_ms=now_ms)
    store.news.keep(known.record_id, Kept(change=change, question_id=question_id), now_ms=now_ms)
    names = store.questions.names_held(question_id, limit=NAMES_SHOWN)
    store.questions.ask(kind, {"names": ", ".join(names)}, now_ms=now_ms)


def _is_living(store: Store, change: CloudChange) -> bool:
    by_name = store.records.find(change.entity_type, change.local_id) if change.local_id else None
    known = by_name or (store.records.find_cloud(change.entity_type, change.cloud_id) if change.cloud_id else None)
    return known is not None and known.deleted_at is None
