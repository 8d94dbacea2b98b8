"""Of which life of a record headquarters speaks: what was deleted and made anew has had several under one id."""

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.records import Known
from outlet_sync_gui.sync.clock import later, to_ms
from outlet_sync_gui.sync.holding import end_of, own_end


def is_stale(store: Store, known: Known, change: CloudChange) -> bool:
    """Whether this is old: an older version, of a former life of the record, or before what ended or began that."""
    if known.deleted_at is not None:
        return change.action == "delete" or _is_before_its_end(store, known, change, known.deleted_at)
    at_ms = to_ms(change.updated_at)
    if known.deleted_until is not None and at_ms <= to_ms(known.deleted_until):
        return True  # of an earlier life of the record
    if change.action == "delete":
        is_of_former = change.cloud_id is not None and change.cloud_id == known.former_cloud_id
        is_of_former = is_of_former or is_former(known, change) or is_unheard_of(store, known)
        return is_of_former or _is_old_deletion(known, at_ms)
    return change.version < known.base_version or is_former(known, change)


def note_end(store: Store, known: Known, change: CloudChange) -> None:
    """Deleted once more, after news that we may not have heard of: that is old by now.

    Of our own deletion it tells when that was by its clock; a cloud may repeat ours instead.
    """
    if change.action != "delete" or change.updated_at == own_end(known):
        return
    at = later(known.deleted_at or known.deleted_until, change.updated_at)
    if known.deleted_at is not None and at is not None:
        store.records.mark_deleted(known.record_id, at)
    elif is_unheard_of(store, known):
        store.news.outlive(known.record_id, at)


def is_former(ours: Known, change: CloudChange) -> bool:
    """Whether headquarters speaks late of another record of its own, which had the same id of the POS."""
    last = later(ours.deleted_at or ours.deleted_until, ours.cloud_at if ours.base_version else None)
    return is_under_another_id(ours, change) and last is not None and to_ms(change.updated_at) <= to_ms(last)


def is_under_another_id(ours: Known, change: CloudChange) -> bool:
    """Whether headquarters' own id is another one than we know."""
    return change.cloud_id is not None and ours.cloud_id not in (None, change.cloud_id)


def is_unheard_of(store: Store, known: Known) -> bool:
    """Whether it lives here again and never left since: what headquarters says is of a former life."""
    if known.operation not in ("create", "update"):
        return False
    if unknown := store.news.unknown(known.record_id):
        return end_of(unknown[-1]) is not None  # our deletion left last: so it had arrived
    return known.operation == "create" and known.deleted_until is not None and known.base is None


def _is_before_its_end(store: Store, known: Known, change: CloudChange, deleted_at: str) -> bool:
    """Headquarters' deletion has a time alone. Ours has a version, and a time that is no later than it was there."""
    is_earlier = to_ms(change.updated_at) <= to_ms(deleted_at)
    if own_end(known) is None:
        return is_earlier
    is_new_there = change.cloud_id is not None and known.cloud_id is None
    if is_new_there and store.records.find_cloud(known.entity_type, change.cloud_id or "") is None:
        return False  # headquarters had none: it made this one
    is_told = known.cloud_at is not None and to_ms(known.cloud_at) >= to_ms(deleted_at)  # it deleted that, too
    return change.version <= known.base_version or (is_earlier and (is_told or known.base_version > 0))


def _is_old_deletion(known: Known, at_ms: int) -> bool:
    """Whether headquarters, or this outlet, has made it anew since."""
    is_new_here = known.base_version == 0 and not known.is_tried
    made_at = known.cloud_at or (known.source_at if is_new_here else None)
    return made_at is not None and at_ms < to_ms(made_at)
