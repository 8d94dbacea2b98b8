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
PRICE = "price"


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides over the changes that came together."""

    is_flood: bool = False

    def asks(self, known: Known, change: CloudChange, kept: Kept | None) -> QuestionKind | None:
        """What a person must be asked before this change is applied; None: nothing. `kept` waits beside the record."""
        if change.action == "delete":
            is_asked = kept is not None and kept.question_id is not None and kept.change.action == "delete"
            is_news = known.deleted_at is None and known.operation != "delete"
            return QuestionKind.DELETIONS if (self.is_flood or is_asked) and is_news else None
        price, here = loads_stored(change.fields).get(PRICE), loads_stored(known.payload)
        is_agreed = known.base is not None and loads_stored(known.base).get(PRICE) == 0  # and edited here since
        is_news = PRICE in here and here[PRICE] != 0 and not is_agreed
        return QuestionKind.ZERO_PRICE if price == 0 and is_news else None


def watch(store: Store, changes: Sequence[CloudChange], *, now_ms: int) -> Guard:
    """The guard over these changes, with what was deleted shortly before."""
    deletions = [change for change in changes if change.action == "delete" and change.entity_type in CATALOGUE]
    if not deletions:
        return Guard()
    if store.questions.find(QuestionKind.DELETIONS):
        return Guard(is_flood=True)  # the rest of the same flood
    room = MOST_DELETIONS - store.changes.deletions(since=now_ms - WITHIN_MS, until=now_ms)
    return Guard(is_flood=len(deletions) > room and sum(_is_living(store, gone) for gone in deletions) > room)


def hold(store: Store, known: Known, change: CloudChange, kind: QuestionKind, *, now_ms: int) -> bool:
    """Keep a change until a person has answered; the record's push waits. Whether it was news."""
    before, asked = store.news.of(known.record_id), store.questions.find(kind)
    question_id = asked.question_id if asked else store.questions.ask(kind, {}, now_ms=now_ms)
    held = Kept(change=change, question_id=question_id)
    store.news.keep(known.record_id, held, now_ms=now_ms)
    _retell(store, question_id, now_ms)
    if before is not None and before.question_id is not None and before.question_id != question_id:
        _retell(store, before.question_id, now_ms)
    return before != held


def release(store: Store, known: Known, kept: Kept | None, *, now_ms: int) -> None:
    """What was kept beside a record counts no more; a question that holds nothing any more is over."""
    if kept is None:
        return
    store.news.drop(known.record_id)
    store.conflicts.restate(known.record_id)
    if kept.question_id is not None:
        _retell(store, kept.question_id, now_ms)


def close_empty(store: Store, *, now_ms: int) -> None:
    """Nothing is held any more of what was asked about."""
    for kind in (QuestionKind.DELETIONS, QuestionKind.ZERO_PRICE):
        if (question := store.questions.find(kind)) is not None:
            _retell(store, question.question_id, now_ms)


def _retell(store: Store, question_id: int, now_ms: int) -> None:
    """Tell what a question holds now."""
    question = next((asked for asked in store.questions.open() if asked.question_id == question_id), None)
    if question is not None and question.n:
        names = store.questions.names_held(question_id, limit=NAMES_SHOWN)
        store.questions.ask(question.kind, {"names": ", ".join(names)}, now_ms=now_ms)
    elif question is not None:
        store.questions.close(question_id, choice="", who="", now_ms=now_ms)


def _is_living(store: Store, change: CloudChange) -> bool:
    by_name = store.records.find(change.entity_type, change.local_id) if change.local_id else None
    known = by_name or (store.records.find_cloud(change.entity_type, change.cloud_id) if change.cloud_id else None)
    return known is not None and known.deleted_at is None
