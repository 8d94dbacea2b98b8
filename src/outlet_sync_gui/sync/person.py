"""What a person decides over records: send again, don't send, send with other content (`rules.md`, "Row states").

Each decision is one short transaction, so that a command beside the running service and the window do the same.
"""

from outlet_sync_gui.contract.records import Incoming, digest_of, read_record
from outlet_sync_gui.contract.text import loads, loads_stored
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.halts import HaltKind
from outlet_sync_gui.store.news import Adopted
from outlet_sync_gui.store.records import HELD, Content, Known
from outlet_sync_gui.sync import records
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.commands import AnswerQuestion, Decision, Discard, Edit, Retry
from outlet_sync_gui.sync.halts import Halts
from outlet_sync_gui.sync.pull import apply_kept_news

RETRY, GIVE_UP = "retry", "give_up"
CHOICES = (RETRY, GIVE_UP)


def decide(store: Store, settings: Settings, decision: Decision, *, now_ms: int) -> None:
    """Do what a person decided, whole or not at all. Raises InputRefused."""
    with store.write():
        match decision:
            case Retry(names=None):
                _retry_all(store, decision, now_ms)
            case Retry(names=names):
                for name in names or ():
                    _retry(store, name, decision, now_ms)
            case Discard(names=names):
                for name in names:
                    _discard(store, name, decision, now_ms)
            case Edit():
                _edit(store, settings, decision, now_ms)
            case AnswerQuestion():
                _answer(store, decision, now_ms)


def _retry_all(store: Store, decision: Decision, now_ms: int) -> None:
    Halts(store).retried()
    n = store.outbox.retry_dead()
    store.activity.note(What.RETRIED, None, now_ms=now_ms, who=decision.who, why=str(n))


def _retry(store: Store, name: str, decision: Decision, now_ms: int) -> None:
    known = _known(store, name)
    if known.is_queued:
        _refuse_busy(store, known, name)
    else:
        _queue_again(store, known, now_ms)
    Halts(store).retried(known.entity_type)
    store.outbox.retry(known.record_id)
    store.activity.note(What.RETRIED, known.record_id, now_ms=now_ms, who=decision.who)


def _queue_again(store: Store, known: Known, now_ms: int) -> None:
    """What was sent or discarded goes once more, as it is."""
    operation = "create" if known.base_version == 0 else "update"
    operation = "delete" if "deleted_at" in loads_stored(known.payload) else operation
    content = Content(payload=known.payload, digest=known.digest, version=known.version, operation=operation)
    records.queue(store, known.record_id, records.of_content(known, content), content, now_ms)


def _discard(store: Store, name: str, decision: Discard, now_ms: int) -> None:
    if not decision.reason.strip():
        raise InputRefused("reason_missing")
    known = _known(store, name)
    if not known.is_queued:
        raise InputRefused("row_unknown", {"name": name})
    _refuse_sending(store, known, name)
    if known.base is not None:
        _fall_back(store, known, now_ms)
    store.records.unqueue(known.record_id)
    apply_kept_news(store, [known.record_id], now_ms=now_ms)  # it was held: headquarters' word holds now
    store.activity.note(
        What.DISCARDED,
        known.record_id,
        now_ms=now_ms,
        who=decision.who,
        why=decision.reason.strip(),
        before=known.payload,
        after=known.base,
    )


def _fall_back(store: Store, known: Known, now_ms: int) -> None:
    """An edit of the menu that is not sent does not hold here either."""
    assert known.base is not None
    agreed = Adopted(
        payload=known.base,
        digest=digest_of(known.base),
        base=known.base,
        base_version=known.base_version,
        cloud_id=known.cloud_id,
        deleted_at=known.deleted_at,
    )
    store.news.adopt(known.record_id, agreed, now_ms=now_ms)


def _edit(store: Store, settings: Settings, decision: Edit, now_ms: int) -> None:
    known = _known(store, decision.name)
    if not known.is_queued:
        raise InputRefused("row_unknown", {"name": decision.name})
    _refuse_busy(store, known, decision.name)
    incoming = read_edit(
        decision.content,
        entity_type=known.entity_type,
        local_id=known.local_id,
        outlet_id=settings.outlet_id,
        outlet_code=settings.outlet_code,
        now=iso(now_ms),
    )
    content = Content(
        payload=incoming.content,
        digest=incoming.digest,
        version=max(known.version, known.base_version) + 1,
        operation="create" if known.base_version == 0 else "update",
    )
    store.records.change(known.record_id, incoming, content, now_ms=now_ms)
    records.queue(store, known.record_id, incoming, content, now_ms)
    store.outbox.retry(known.record_id)
    store.activity.note(
        What.EDITED,
        known.record_id,
        now_ms=now_ms,
        who=decision.who,
        before=known.payload,
        after=content.payload,
    )


def read_edit(
    content: bytes, *, entity_type: str, local_id: str | None, outlet_id: str, outlet_code: str, now: str
) -> Incoming:
    """Check a record's new JSON; pure, so that a form can tell what is wrong before it sends. Raises InputRefused."""
    data = loads(content)
    if isinstance(data, dict):
        data = {"local_id": local_id, **data}
        if data["local_id"] != local_id:
            raise InputRefused("local_id_fixed", {"value": str(data["local_id"])[:60], "known": local_id or ""})
    return read_record(entity_type, data, operation="update", outlet_id=outlet_id, outlet_code=outlet_code, now=now)


def _answer(store: Store, decision: AnswerQuestion, now_ms: int) -> None:
    if decision.choice not in CHOICES:
        raise InputRefused("choice_unknown", {"value": decision.choice, "choices": ", ".join(CHOICES)})
    asked = {halt.halt_id: halt for halt in store.halts.all() if halt.kind is HaltKind.ALIKE and not halt.is_over}
    halt = asked.get(decision.question_id)
    if halt is None:
        raise InputRefused("question_unknown", {"name": str(decision.question_id)})
    if decision.choice == GIVE_UP:
        store.halts.condemn_refused(halt.halt_id)
    store.halts.end(halt.halt_id)
    what = What.GIVEN_UP if decision.choice == GIVE_UP else What.RETRIED
    store.activity.note(what, None, now_ms=now_ms, who=decision.who, why=halt.words)


def _known(store: Store, name: str) -> Known:
    known = store.records.named(name)
    if known is None:
        raise InputRefused("row_unknown", {"name": name})
    return known


def _refuse_busy(store: Store, known: Known, name: str) -> None:
    _refuse_sending(store, known, name)
    if known.state == HELD:
        raise InputRefused("row_held", {"name": name})


def _refuse_sending(store: Store, known: Known, name: str) -> None:
    if store.news.is_out(known.record_id):
        raise InputRefused("row_sending", {"name": name})
