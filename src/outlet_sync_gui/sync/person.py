"""What a person decides over records: send again, don't send, send with other content (`rules.md`, "Row states").

Each decision is one short transaction, so that a command beside the running service and the window do the same. One
over very many records is done in parts, each whole: whatever ends the program between two, the rest needs attention
as before.
"""

from dataclasses import replace

from outlet_sync_gui.contract.records import Incoming, dated_as, digest_of, merge_fields, read_record
from outlet_sync_gui.contract.text import dumps, loads, loads_stored
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.conflicts import Strategy
from outlet_sync_gui.store.news import Adopted
from outlet_sync_gui.store.records import CATALOGUE, HELD, Content, Known
from outlet_sync_gui.store.refusals import Alike, Place
from outlet_sync_gui.sync import answering, closing, line, resolve
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.commands import (
    AnswerQuestion,
    Decision,
    Discard,
    Edit,
    GoOn,
    ReadMessage,
    Resolve,
    Retry,
    SendSummary,
    TakeChanges,
)
from outlet_sync_gui.sync.halts import Halts
from outlet_sync_gui.sync.holding import end_here, hold_here, tell_till
from outlet_sync_gui.sync.merge import NOT_SAID

NAMELESS = "-"  # in the place of the till's id, where a record has none
SOUGHT, MANY = 2000, 200  # rows looked at, and decided over, at once: with more, a sale or a webhook would notice


def decide(store: Store, settings: Settings, decision: Decision, *, now_ms: int) -> GoOn | None:
    """Do what a person decided, whole or not at all; of very many records the first. Raises InputRefused.

    What is left then is to be decided next.
    """
    with store.write():
        match decision:
            case GoOn():
                return _go_on(store, decision, now_ms)
            case Retry(names=None) | Retry(alike=Alike()) | Discard(alike=Alike()):
                return _go_on(store, _begun(store, decision, now_ms), now_ms)
            case Retry() | Discard() | Edit():
                _decide_rows(store, settings, decision, now_ms)
            case AnswerQuestion():
                answering.answer(store, decision, now_ms=now_ms)
            case Resolve():
                resolve.choose(store, settings, decision, now_ms=now_ms)
            case TakeChanges(seqs=seqs):
                _take_changes(store, seqs, decision, now_ms)
            case SendSummary(date=date, who=who):
                closing.send(store, settings, date, who=who, now_ms=now_ms)
            case ReadMessage(number=number):
                if not store.messages.acknowledge(number, who=decision.who, now_ms=now_ms):
                    raise InputRefused("message_unknown", {"name": str(number)})
    return None


def _decide_rows(store: Store, settings: Settings, decision: Retry | Discard | Edit, now_ms: int) -> None:
    match decision:
        case Retry(names=names):
            for name in names or ():
                _retry(store, name, decision, now_ms)
        case Discard(names=names):
            for name in names:
                _discard(store, name, decision, now_ms)
        case Edit():
            _edit(store, settings, decision, now_ms)


def _begun(store: Store, decision: Retry | Discard, now_ms: int) -> GoOn:
    alike, deed = decision.alike, 0
    n = store.outlet.counts().dead if alike is None else alike.n
    if isinstance(decision, Retry):
        Halts(store).retried(alike.failure.entity_type if alike is not None else None)
        if alike is None and n:
            deed = store.activity.note(What.RETRIED, None, now_ms=now_ms, who=decision.who, why="0")
    return GoOn(who=decision.who, of=decision, n=n, deed=deed)


def _go_on(store: Store, rest: GoOn, now_ms: int) -> GoOn | None:
    """Find some more of the rows; with all of them, decide over the next. What is left then. Raises InputRefused."""
    if rest.after is not None:
        rest = _found(store, rest, rest.after)
    return rest if rest.after is not None else _part(store, rest, now_ms)


def _found(store: Store, rest: GoOn, after: Place) -> GoOn:
    """Raises InputRefused where others than were seen would be left out for good."""
    alike = rest.of.alike
    more, last = store.refusals.following(alike.failure if alike is not None else None, after, limit=SOUGHT)
    rows = (*rest.rows, *more)
    if last is None and isinstance(rest.of, Discard) and len(rows) != rest.n:
        raise InputRefused("group_changed", {"n": len(rows)})
    return replace(rest, rows=rows, after=last, n=len(rows) if last is None else rest.n)


def _part(store: Store, rest: GoOn, now_ms: int) -> GoOn | None:
    """The next of them, but for those of which something else was said meanwhile."""
    ids = store.refusals.still(rest.rows[rest.done : rest.done + MANY])
    match rest.of:
        case Discard() as decision:
            for record_id in ids:
                _discard(store, str(record_id), decision, now_ms)
        case Retry():
            store.outbox.retry_dead(ids)
            if rest.deed:
                store.activity.add(rest.deed, len(ids))
            else:
                store.activity.note_each(What.RETRIED, ids, now_ms=now_ms, who=rest.who)
    done = rest.done + MANY
    return replace(rest, done=done) if done < len(rest.rows) else None


def _retry(store: Store, name: str, decision: Decision, now_ms: int) -> None:
    known = _known(store, name)
    if known.is_queued:
        _refuse_busy(store, known, name)
    else:
        line.queue_again(store, known.record_id, now_ms=now_ms)
    Halts(store).retried(known.entity_type)
    store.outbox.retry(known.record_id)
    store.activity.note(What.RETRIED, known.record_id, now_ms=now_ms, who=decision.who)


def _discard(store: Store, name: str, decision: Discard, now_ms: int) -> None:
    if not decision.reason.strip():
        raise InputRefused("reason_missing")
    known = _known(store, name)
    if not known.is_queued:
        raise InputRefused("row_unknown", {"name": name})
    _refuse_sending(store, known, name)
    if known.state == HELD:
        _give_way(store, known, decision, now_ms)
        return
    agreed: Adopted | None = None
    if known.base is not None and known.entity_type in CATALOGUE:
        agreed = _fall_back(store, known, now_ms)
    elif known.operation == "delete" and known.deleted_at is None and known.entity_type in CATALOGUE:
        end_here(store, known.record_id)
    if agreed is not None and store.news.unknown(known.record_id):
        resolve.send(store, known, agreed, "update", now_ms)  # what it falls back from may have arrived
    else:
        store.records.unqueue(known.record_id)
    store.activity.note(
        What.DISCARDED,
        known.record_id,
        now_ms=now_ms,
        who=decision.who,
        why=decision.reason.strip(),
        before=known.payload,
        after=known.base,
    )


def _give_way(store: Store, known: Known, decision: Discard, now_ms: int) -> None:
    """Not sending what is in conflict means: as headquarters has it."""
    conflict = store.conflicts.of_record(known.record_id)
    if conflict is None:
        raise InputRefused("row_held", {"name": str(known.record_id)})
    notes = decision.reason.strip()
    resolve.choose_all(store, conflict, Strategy.CLOUD_WINS, who=decision.who, notes=notes, now_ms=now_ms)


def _take_changes(store: Store, seqs: tuple[int, ...] | None, decision: Decision, now_ms: int) -> None:
    taken = store.changes.take(seqs, who=decision.who, now_ms=now_ms)
    if seqs and not taken:
        raise InputRefused("change_unknown", {"name": str(seqs[0])})


def _fall_back(store: Store, known: Known, now_ms: int) -> Adopted:
    """An edit of the menu that is not sent does not hold here either."""
    assert known.base is not None
    about = {name: value for name, value in loads_stored(known.payload).items() if name in NOT_SAID}
    held = "{}" if known.operation == "delete" else known.payload  # of which stays what is not agreed
    payload = merge_fields(held, {**loads_stored(known.base), **about})
    agreed = Adopted(
        payload=payload,
        digest=digest_of(payload),
        base=known.base,
        base_version=known.base_version,
        cloud_id=known.cloud_id,
        deleted_at=known.deleted_at,
        said={},
    )
    hold_here(store, known, agreed, reason=None, now_ms=now_ms)
    return agreed


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
    incoming = dated_as(incoming, known.payload)
    content = Content(
        payload=incoming.content,
        digest=incoming.digest,
        version=max(known.version, known.base_version) + 1,
        operation=line.operation_for(known),
    )
    store.records.change(known.record_id, incoming, content, now_ms=now_ms)
    if known.entity_type in CATALOGUE:
        tell_till(store, known, content.payload, now_ms=now_ms)
    line.queue(store, known.record_id, incoming, content, now_ms)
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
        data["local_id"] = local_id or NAMELESS
    incoming = read_record(entity_type, data, operation="update", outlet_id=outlet_id, outlet_code=outlet_code, now=now)
    if local_id is not None:
        return incoming
    held = {name: value for name, value in loads_stored(incoming.content).items() if name != "local_id"}
    left = dumps(held)
    return replace(incoming, local_id="", content=left, digest=digest_of(left))


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
