"""The one door through which headquarters' changes come in, by pull and by webhook.

A change is applied at once, merged with what is unsent here, or kept beside the record: while a request with it is
out, while a person is asked about it, or while both sides disagree over a deletion.
"""

from collections.abc import Sequence
from dataclasses import replace

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.contract.records import changed_fields, digest_of, merge_fields
from outlet_sync_gui.contract.text import dumps, loads_stored
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.changes import Noted
from outlet_sync_gui.store.news import Adopted, Kept
from outlet_sync_gui.store.records import CATALOGUE, Known
from outlet_sync_gui.sync import disputes, guard, line, lives
from outlet_sync_gui.sync.clock import FIRST_TIME, later
from outlet_sync_gui.sync.guard import Guard
from outlet_sync_gui.sync.holding import end_of, hold_here, made_there, steps_between
from outlet_sync_gui.sync.merge import Merged


def apply_change(store: Store, change: CloudChange, *, now_ms: int, watch: Guard | None = None) -> bool:
    """Apply one change, idempotently; whether it was news. Part of the caller's transaction."""
    if change.entity_type not in CATALOGUE:
        return False  # a sale that headquarters deletes is none of ours
    known = _find(store, change, now_ms)
    if known is None:
        made_there(store, change, _new(change), now_ms=now_ms)
        return True
    if lives.is_stale(store, known, change):
        lives.note_end(store, known, change)
        return False
    return _let_in(store, known, change, now_ms, watch)


def _let_in(store: Store, known: Known, change: CloudChange, now_ms: int, watch: Guard | None) -> bool:
    """Apply what is not old, or keep it beside the record."""
    if store.news.is_out(known.record_id):
        return _keep(store, known, change, now_ms)
    kept, change = store.news.of(known.record_id), _but_ruled(store, known, change)
    change = change if kept is None else disputes.together(kept.change, change)
    kind = None if watch is None else watch.asks(known, change, kept)
    if kind is not None:
        is_news = guard.hold(store, known, change, kind, now_ms=now_ms)
        disputes.retest(store, known.record_id, now_ms=now_ms)  # the deletion that was disputed waits no more, or here
        return is_news
    guard.release(store, known, kept, now_ms=now_ms)
    return _take(store, known, change, now_ms)


def apply_kept_news(store: Store, record_ids: Sequence[int] | None = None, *, now_ms: int) -> None:
    """What was kept beside these records (or all) goes through the door once more, but for what a person is asked.

    Part of the caller's transaction.
    """
    record_ids = store.news.kept() if record_ids is None else record_ids
    for change in store.news.take(record_ids):
        watch = guard.watch(store, [change], now_ms=now_ms)
        apply_change(store, change, now_ms=now_ms, watch=watch)
    for record_id in record_ids:
        store.conflicts.restate(record_id)
    for record_id in store.conflicts.open_among(record_ids):
        disputes.retest(store, record_id, now_ms=now_ms)


def _take(store: Store, known: Known, change: CloudChange, now_ms: int) -> bool:
    if change.action == "delete":
        return _delete(store, known, change, now_ms)
    if known.deleted_at is not None:  # it comes back: nothing of what was deleted holds any more
        store.records.unqueue(known.record_id)
        anew = _new(replace(change, local_id=change.local_id or known.local_id))
        hold_here(store, known, anew, reason=change.reason, now_ms=now_ms)
        return True
    if known.operation == "delete":  # deleted here, edited there; what was agreed before is no edit
        is_known = _is_agreed(known, change) or _is_echo(store, known, change)
        is_asked = store.conflicts.of_record(known.record_id) is not None  # over which headquarters' side waits here
        if is_asked or not is_known:
            return disputes.over_deletion(store, known, change, now_ms=now_ms)
        return _go_above(store, known, change, now_ms)
    if _is_first_contact(known, change):
        _meet(store, known, change, now_ms)
        return True
    if known.is_queued or store.conflicts.of_record(known.record_id) is not None:
        return disputes.reconcile(store, known, change, now_ms=now_ms)
    if _says_nothing_new(known, change):
        store.news.date(known.record_id, later(known.cloud_at, change.updated_at))
        return False
    payload = merge_fields(known.payload, loads_stored(change.fields))
    hold_here(store, known, _of(payload, change), reason=change.reason, now_ms=now_ms)
    return True


def _go_above(store: Store, known: Known, change: CloudChange, now_ms: int) -> bool:
    """Of what is deleted here headquarters says what we knew, in a version of its own: the deletion goes above that."""
    if change.version <= known.base_version:
        return False
    adopted = Adopted(
        payload=known.payload,
        digest=known.digest,
        base=merge_fields(known.base or "{}", loads_stored(change.fields)),
        base_version=change.version,
        cloud_id=change.cloud_id,
        deleted_at=None,
        cloud_at=change.updated_at,
    )
    store.news.adopt(known.record_id, adopted, now_ms=now_ms)
    return True


def _meet(store: Store, known: Known, change: CloudChange, now_ms: int) -> None:
    """First contact; what headquarters did not name, and the outlet's stock, still goes."""
    adopted = _first_contact(known, change)
    disputes.settle_by_itself(store, known, now_ms=now_ms)
    hold_here(store, known, adopted, reason=change.reason, now_ms=now_ms)
    local, base = loads_stored(adopted.payload), loads_stored(adopted.base or "{}")
    if not Merged(local=local, base=base).edits:
        store.records.unqueue(known.record_id)
    elif not known.is_queued and known.local_id is not None:
        line.queue_again(store, known.record_id, now_ms=now_ms)
    store.activity.note(
        What.MERGED,
        known.record_id,
        now_ms=now_ms,
        why=change.reason or "",
        before=known.payload,
        after=adopted.payload,
    )


def _keep(store: Store, known: Known, change: CloudChange, now_ms: int) -> bool:
    """Beside a record that is out: it goes through the door when the answer is there."""
    kept = store.news.of(known.record_id)
    both = (
        Kept(change=disputes.together(kept.change, change), question_id=kept.question_id)
        if kept
        else Kept(change=change)
    )
    store.news.keep(known.record_id, both, now_ms=now_ms)
    return True


def _delete(store: Store, known: Known, change: CloudChange, now_ms: int) -> bool:
    """Deleted there; what waits here ends with it, unless it is an edit that a person should know of."""
    is_edited = bool(_edits(known) - {"stock"}) or _is_made_anew(store, known)
    if known.is_queued and known.operation != "delete" and not known.is_dead and is_edited:
        return disputes.over_deletion(store, known, change, now_ms=now_ms)
    disputes.settle_by_itself(store, known, now_ms=now_ms)
    hold_here(store, known, disputes.gone(known, change), reason=change.reason, now_ms=now_ms)
    if known.is_queued:
        store.records.unqueue(known.record_id)
    if known.is_dead:
        store.activity.note(What.GONE, known.record_id, now_ms=now_ms, why=known.refusal)
    return True


def _is_made_anew(store: Store, known: Known) -> bool:
    """Whether it had been deleted and left again, and nobody knows which of its lives headquarters speaks of."""
    unknown = store.news.unknown(known.record_id)
    was_deleted = known.base is None and known.deleted_until is not None
    was_deleted = was_deleted or any(end_of(content) is not None for content in unknown)
    return known.operation == "create" and was_deleted and bool(unknown)


def _edits(known: Known) -> frozenset[str]:
    """The fields of a record that headquarters has not heard of; none, where nothing is agreed."""
    edits = changed_fields(known.base or "{}", loads_stored(known.payload))
    return frozenset(edits) - {"updated_at", "created_at", "local_id"} if known.base else frozenset()


def _find(store: Store, change: CloudChange, now_ms: int) -> Known | None:
    """The record that a change names; two rows that turn out to be one become one."""
    ours = store.records.find(change.entity_type, change.local_id) if change.local_id else None
    theirs = store.records.find_cloud(change.entity_type, change.cloud_id) if change.cloud_id else None
    if ours is None and theirs is not None and theirs.local_id is None and change.local_id:
        _name(store, theirs, change.local_id, now_ms)
        return store.records.find(change.entity_type, change.local_id)
    if ours is not None and theirs is not None and theirs.local_id is None:
        unite(store, ours, theirs, now_ms=now_ms)
        return store.records.find(change.entity_type, change.local_id or "")
    if ours is not None and theirs is None and change.cloud_id and lives.is_under_another_id(ours, change):
        if change.action == "delete" or lives.is_former(ours, change):
            return ours
        guard.release(store, ours, store.news.of(ours.record_id), now_ms=now_ms)  # of another counting
        store.news.renumber(ours.record_id, change.cloud_id)  # a cloud that was installed anew counts from 1 again
        return store.records.find(change.entity_type, change.local_id or "")
    if ours is None and theirs is None and change.cloud_id:
        former = store.records.find_former(change.entity_type, change.cloud_id)
        is_late = former is not None and (change.action == "delete" or lives.is_former(former, change))
        return former if is_late else None
    return ours or theirs


def _name(store: Store, theirs: Known, local_id: str, now_ms: int) -> None:
    """The POS's id of a record that had the cloud's alone."""
    store.news.give_name(theirs.record_id, local_id)
    payload = merge_fields(theirs.payload, {"local_id": local_id})
    named = Adopted(
        payload=payload,
        digest=digest_of(payload),
        base=merge_fields(theirs.base, {"local_id": local_id}) if theirs.base else None,
        base_version=theirs.base_version,
        cloud_id=theirs.cloud_id,
        deleted_at=theirs.deleted_at,
        said={},
    )
    store.news.adopt(theirs.record_id, named, now_ms=now_ms)
    store.conflicts.restate(theirs.record_id)


def unite(store: Store, ours: Known, theirs: Known, *, now_ms: int) -> None:
    """One record under the POS's id: by the rule of first contact, where nothing of ours ever left."""
    kept, beside = store.news.of(theirs.record_id), store.news.of(ours.record_id)
    noted = store.changes.about(theirs.record_id, after=0)
    store.news.unite(ours.record_id, theirs.record_id)
    if kept is not None and beside is not None:
        both = Kept(disputes.together(beside.change, kept.change), beside.question_id or kept.question_id)
        store.news.keep(ours.record_id, both, now_ms=now_ms)
        guard.close_empty(store, now_ms=now_ms)
    if theirs.base is not None and ours.base is None and not ours.is_tried:
        _let_in(store, _united(store, ours), _as_change(theirs, theirs.base), now_ms, Guard())
    _keep_edits(store, _united(store, ours), theirs, now_ms)
    _tell_anew(store, _united(store, ours), noted, now_ms)
    disputes.retest(store, ours.record_id, now_ms=now_ms)


def _keep_edits(store: Store, known: Known, theirs: Known, now_ms: int) -> None:
    """What a person made of the one without the POS's id, and headquarters has not heard of, holds of both."""
    if not theirs.is_queued or theirs.operation == "delete" or known.operation == "delete" or theirs.base is None:
        return
    held = loads_stored(theirs.payload)
    edits = {name: held[name] for name in Merged(local=held, base=loads_stored(theirs.base)).edits if name in held}
    if known.deleted_at is None and changed_fields(known.payload, edits):
        payload = merge_fields(known.payload, edits)
        adopted = Adopted(
            payload=payload,
            digest=digest_of(payload),
            base=known.base,
            base_version=known.base_version,
            cloud_id=known.cloud_id,
            deleted_at=None,
            said={},
        )
        hold_here(store, known, adopted, reason=None, now_ms=now_ms)
        line.queue_again(store, known.record_id, now_ms=now_ms)


def _tell_anew(store: Store, known: Known, noted: Sequence[Noted], now_ms: int) -> None:
    """What the feed says of the other one's end is no end of this one; what the till took of that it has apart."""
    store.records.has_heard(known.record_id, max((change.seq for change in noted if change.is_taken), default=0))
    if any(change.action == "delete" and not change.is_taken for change in noted) and known.deleted_at is None:
        steps = steps_between({}, loads_stored(known.payload))
        version = known.base_version
        store.changes.note(known.record_id, action="create", version=version, fields=steps, reason=None, now_ms=now_ms)


def _united(store: Store, ours: Known) -> Known:
    united = store.records.get(ours.record_id)
    assert united is not None
    return united


def _as_change(known: Known, base: str) -> CloudChange:
    """What headquarters said of a record so far."""
    return CloudChange(
        entity_type=known.entity_type,
        local_id=known.local_id,
        cloud_id=known.cloud_id,
        action="update",
        version=known.base_version,
        updated_at=known.cloud_at or FIRST_TIME,
        fields=base,
    )


def _but_ruled(store: Store, known: Known, change: CloudChange) -> CloudChange:
    """Without the fields over which a person decided knowing this version: only a later one may overrule them.

    The record's version may be one of which only other fields were heard.
    """
    if change.action == "delete" or change.version > known.ruled_version:
        return change
    opened, said = store.conflicts.of_record(known.record_id), loads_stored(change.fields)
    decided = [(name, store.conflicts.last_decided(known.record_id, name)) for name in said]
    fields = [field for name, last in decided if last is not None and (field := last.field(name)) is not None]
    ruled = {field.field for field in fields if field.cloud_version is None or change.version <= field.cloud_version}
    ruled -= opened.names if opened is not None else set()  # asked once more
    here = loads_stored(known.payload)
    ruled = {name for name in ruled & here.keys() if here[name] != said[name]}  # else there is nothing to insist on
    kept = {name: value for name, value in said.items() if name not in ruled}
    return replace(change, fields=dumps(kept))


def _says_nothing_new(known: Known, change: CloudChange) -> bool:
    """Our own echo, or a repeat: the fields are what holds here, or what was agreed already."""
    fields = loads_stored(change.fields)
    is_ours = not changed_fields(known.payload, fields) and change.version <= known.base_version
    return is_ours or _is_agreed(known, change)


def _is_agreed(known: Known, change: CloudChange) -> bool:
    """A repeat of what was agreed, or our own echo of it."""
    is_known = known.base is not None and not changed_fields(known.base, loads_stored(change.fields))
    return is_known and change.version <= known.base_version


def _is_echo(store: Store, known: Known, change: CloudChange) -> bool:
    """What left and was never answered comes back."""
    fields, sent = loads_stored(change.fields), store.news.unknown(known.record_id)
    return change.version <= known.version and any(not changed_fields(content, fields) for content in sent)


def _is_first_contact(known: Known, change: CloudChange) -> bool:
    return known.base is None and not known.is_tried and change.action != "delete"


def _new(change: CloudChange) -> Adopted:
    own = {"local_id": change.local_id} if change.local_id else {}
    adopted = _of(merge_fields("{}", {**own, **loads_stored(change.fields)}), change)
    return replace(adopted, deleted_at=change.updated_at if change.action == "delete" else None)


def _first_contact(known: Known, change: CloudChange) -> Adopted:
    """Both sides know the record and nothing is agreed: the cloud's catalogue, the outlet's stock."""
    fields = loads_stored(change.fields)
    stock = loads_stored(known.payload).get("stock")
    kept = {"stock": stock} if stock is not None else {}
    adopted = _of(merge_fields(known.payload, {**fields, **kept}), change)
    return replace(adopted, base=dumps(fields))  # what the cloud did not name is not agreed: it still goes


def _of(payload: str, change: CloudChange) -> Adopted:
    return Adopted(
        payload=payload,
        digest=digest_of(payload),
        base=payload,
        base_version=change.version,
        cloud_id=change.cloud_id,
        deleted_at=None,
        cloud_at=change.updated_at,
    )
