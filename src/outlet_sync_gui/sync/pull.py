"""The one door through which headquarters' changes come in."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from outlet_sync_gui.contract.answers import CloudChange, Updates
from outlet_sync_gui.contract.records import changed_fields, digest_of, merge_fields
from outlet_sync_gui.contract.requests import UPDATES, updates_path
from outlet_sync_gui.contract.text import dumps, loads_stored
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.news import Adopted
from outlet_sync_gui.store.records import CATALOGUE, Known
from outlet_sync_gui.sync.clock import iso, to_ms
from outlet_sync_gui.sync.exchange import Request
from outlet_sync_gui.sync.merge import merge

FIRST_CURSOR = "1970-01-01T00:00:00Z"
OVERLAP_MS = 120_000
CHUNK = 200


def pull_request(store: Store, *, outlet_id: str, deadline_s: float) -> Request:
    """Ask for what changed since the cursor, with an overlap: applying twice does nothing."""
    cursor = store.outlet.read().cursor
    since = iso(max(0, to_ms(cursor) - OVERLAP_MS)) if cursor else FIRST_CURSOR
    return Request(method="GET", route=UPDATES, path=updates_path(outlet_id, since), deadline_s=deadline_s)


def apply_updates(store: Store, updates: Updates, *, now_ms: int) -> int:
    """Apply in short transactions, the cursor in the last of them; how many changes were news."""
    rest = iter(updates.changes)
    applied = 0
    while True:
        chunk = list(islice(rest, CHUNK))
        is_last = len(chunk) < CHUNK
        with store.write():
            applied += sum(apply_change(store, change, now_ms=now_ms) for change in chunk)
            if is_last:
                store.outbox.end_wait_for_news()
                store.outlet.pulled(cursor=_later(store.outlet.read().cursor, updates.checkpoint), at_ms=now_ms)
                return applied


def apply_kept_news(store: Store, record_ids: Sequence[int] | None = None, *, now_ms: int) -> None:
    """What was kept beside these records (or all) goes through the door once more. Part of the caller's transaction."""
    for change in store.news.take(record_ids):
        apply_change(store, change, now_ms=now_ms)


def apply_change(store: Store, change: CloudChange, *, now_ms: int) -> bool:
    """Apply one change, idempotently; whether it was news. Part of the caller's transaction."""
    if change.entity_type not in CATALOGUE:
        return False  # a sale that headquarters deletes is none of ours
    known = _find(store, change, now_ms)
    if known is None:
        store.news.insert(change, _new(change), now_ms=now_ms)
        return True
    if _is_stale(known, change):
        return False
    if not known.is_queued:
        return _adopt(store, known, change, now_ms)
    if store.news.is_out(known.record_id):
        return _keep(store, known, change, now_ms)
    if _is_first_contact(known, change):
        store.news.adopt(known.record_id, _first_contact(known, change), now_ms=now_ms)
        return True
    return _delete(store, known, change, now_ms) if change.action == "delete" else _merge(store, known, change, now_ms)


def _adopt(store: Store, known: Known, change: CloudChange, now_ms: int) -> bool:
    if _says_nothing_new(known, change):
        return False
    store.news.adopt(known.record_id, _adopted(known, change), now_ms=now_ms)
    return True


def _keep(store: Store, known: Known, change: CloudChange, now_ms: int) -> bool:
    store.news.keep(known.record_id, change, now_ms=now_ms)
    return True


def _merge(store: Store, known: Known, change: CloudChange, now_ms: int) -> bool:
    """Headquarters' change beside an unsent one of ours; held where only a person can choose."""
    if known.operation == "delete":  # deleted here, edited there; what was agreed before is no edit
        return not _is_agreed(known, change) and _keep(store, known, change, now_ms)
    unknown = [loads_stored(text) for text in store.news.unknown(known.record_id)]
    base = loads_stored(known.base) if known.base else {}
    merged = merge(base, loads_stored(known.payload), loads_stored(change.fields), unknown=unknown)
    if merged.conflicts:
        return _keep(store, known, change, now_ms)
    if merged.base == base and change.version <= known.base_version and not (unknown or known.has_news):
        return False
    payload = dumps(merged.local)
    adopted = Adopted(
        payload=payload,
        digest=digest_of(payload),
        base=dumps(merged.base),
        base_version=max(known.base_version, change.version),
        cloud_id=change.cloud_id,
        deleted_at=None,
    )
    store.news.adopt(known.record_id, adopted, now_ms=now_ms)
    if not merged.edits:
        store.records.unqueue(known.record_id)  # both agree: nothing is left to say
    return True


def _delete(store: Store, known: Known, change: CloudChange, now_ms: int) -> bool:
    """Deleted there; what waits here ends with it, unless it is an edit that a person should know of."""
    edits = changed_fields(known.base or known.payload, loads_stored(known.payload)).keys() - {"updated_at"}
    is_agreed = known.operation == "delete" or known.is_dead or not edits - {"stock"}
    if not is_agreed:
        return _keep(store, known, change, now_ms)
    store.news.adopt(known.record_id, _adopted(known, change), now_ms=now_ms)
    store.records.unqueue(known.record_id)
    if known.is_dead:
        store.activity.note(What.GONE, known.record_id, now_ms=now_ms, why=known.refusal)
    return True


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
    )
    store.news.adopt(theirs.record_id, named, now_ms=now_ms)


def unite(store: Store, ours: Known, theirs: Known, *, now_ms: int) -> None:
    """One record under the POS's id: by the rule of first contact, where nothing of ours ever left."""
    store.news.unite(ours.record_id, theirs.record_id)
    if theirs.base is not None and ours.base is None and not ours.is_tried:
        store.news.adopt(ours.record_id, _first_contact(ours, _as_change(theirs, theirs.base)), now_ms=now_ms)


def _as_change(known: Known, base: str) -> CloudChange:
    """What headquarters said of a record so far."""
    return CloudChange(
        entity_type=known.entity_type,
        local_id=known.local_id,
        cloud_id=known.cloud_id,
        action="update",
        version=known.base_version,
        updated_at=FIRST_CURSOR,
        fields=base,
    )


def _is_stale(known: Known, change: CloudChange) -> bool:
    if known.deleted_at is not None:
        return change.action == "delete" or to_ms(change.updated_at) <= to_ms(known.deleted_at)
    return change.action != "delete" and change.version < known.base_version


def _says_nothing_new(known: Known, change: CloudChange) -> bool:
    """Our own echo, or a repeat: the fields are what holds here, or what was agreed already."""
    if change.action == "delete" or known.deleted_at is not None:
        return False
    fields = loads_stored(change.fields)
    is_ours = not changed_fields(known.payload, fields) and change.version <= known.version
    return is_ours or _is_agreed(known, change)


def _is_agreed(known: Known, change: CloudChange) -> bool:
    """A repeat of what was agreed, or our own echo of it."""
    is_known = known.base is not None and not changed_fields(known.base, loads_stored(change.fields))
    return is_known and change.version <= known.base_version


def _is_first_contact(known: Known, change: CloudChange) -> bool:
    return known.base is None and not known.is_tried and change.action != "delete"


def _new(change: CloudChange) -> Adopted:
    own = {"local_id": change.local_id} if change.local_id else {}
    payload = merge_fields("{}", {**own, **loads_stored(change.fields)})
    gone = change.updated_at if change.action == "delete" else None
    return _of(payload, change, deleted_at=gone)


def _adopted(known: Known, change: CloudChange) -> Adopted:
    if change.action == "delete":
        return Adopted(
            payload=known.payload,
            digest=known.digest,
            base=None,
            base_version=max(known.base_version, change.version),
            cloud_id=change.cloud_id,
            deleted_at=change.updated_at,
        )
    if known.deleted_at is not None:  # it comes back: nothing of what was deleted holds any more
        return _new(replace(change, local_id=change.local_id or known.local_id))
    return _of(merge_fields(known.payload, loads_stored(change.fields)), change, deleted_at=None)


def _first_contact(known: Known, change: CloudChange) -> Adopted:
    """Both sides know the record and nothing is agreed: the cloud's catalogue, the outlet's stock."""
    fields = loads_stored(change.fields)
    stock = loads_stored(known.payload).get("stock")
    kept = {"stock": stock} if stock is not None else {}
    payload = merge_fields(known.payload, {**fields, **kept})
    return Adopted(
        payload=payload,
        digest=digest_of(payload),
        base=dumps(fields),  # what the cloud did not name is not agreed: it still goes
        base_version=change.version,
        cloud_id=change.cloud_id,
        deleted_at=None,
    )


def _of(payload: str, change: CloudChange, *, deleted_at: str | None) -> Adopted:
    return Adopted(
        payload=payload,
        digest=digest_of(payload),
        base=payload,
        base_version=change.version,
        cloud_id=change.cloud_id,
        deleted_at=deleted_at,
    )


def _later(cursor: str | None, checkpoint: str) -> str:
    """The cursor never goes back; a checkpoint that does is a restored cloud."""
    return checkpoint if cursor is None or to_ms(checkpoint) >= to_ms(cursor) else cursor
