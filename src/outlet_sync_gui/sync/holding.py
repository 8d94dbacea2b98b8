"""What holds here from now on: written to the record, and told to the till by the change feed."""

from collections.abc import Mapping

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.contract.records import DELETED
from outlet_sync_gui.contract.text import Json, loads_stored
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.news import Adopted
from outlet_sync_gui.store.records import Known
from outlet_sync_gui.sync.clock import FIRST_TIME
from outlet_sync_gui.sync.merge import ABSENT, NOT_SAID

Step = Mapping[str, Json]  # from, to, of a count of stock also delta


def made_there(store: Store, change: CloudChange, adopted: Adopted, *, now_ms: int) -> None:
    """A record that headquarters made; the till learns of it."""
    record_id = store.news.insert(change, adopted, now_ms=now_ms)
    if adopted.deleted_at is None:
        steps = steps_between({}, loads_stored(adopted.payload))
        version = adopted.base_version
        store.changes.note(
            record_id, action="create", version=version, fields=steps, reason=change.reason, now_ms=now_ms
        )


def hold_here(store: Store, known: Known, adopted: Adopted, *, reason: str | None, now_ms: int) -> None:
    """Let this hold of a record; what is other than the till has it stands in the change feed."""
    store.news.adopt(known.record_id, adopted, now_ms=now_ms)
    after = None if adopted.deleted_at is not None else adopted.payload
    tell_till(store, known, after, version=adopted.base_version, reason=reason, now_ms=now_ms)


def end_here(store: Store, record_id: int) -> None:
    """The POS's own deletion ends it, and headquarters hears nothing of that.

    When, is told by headquarters' clock, as later words of it will be: this machine's may be off by years.
    """
    store.records.mark_deleted(record_id, store.outlet.read().cursor or FIRST_TIME)


def own_end(known: Known) -> Json:
    """When the POS deleted it, by its clock; None where it did not."""
    return end_of(known.payload)


def end_of(content: str) -> Json:
    """When the POS deleted what has this content; None: it is no deletion, though it may have a field of that name."""
    fields = loads_stored(content)
    return fields.get("deleted_at") if fields.keys() <= DELETED else None


def tell_till(
    store: Store,
    known: Known,
    payload: str | None,
    *,
    version: int | None = None,
    reason: str | None = None,
    now_ms: int,
) -> None:
    """What is other now than the till has it stands in the change feed; `payload` None: the record is gone."""
    was_gone = known.deleted_at is not None or known.operation == "delete"
    before = {} if was_gone else loads_stored(known.payload)
    steps = steps_between(before, {} if payload is None else loads_stored(payload))
    if (payload is None and not was_gone) or steps:
        action = "delete" if payload is None else "create" if was_gone else "update"
        at = known.base_version if version is None else version
        store.changes.note(known.record_id, action=action, version=at, fields=steps, reason=reason, now_ms=now_ms)


def steps_between(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Step]:
    """What is other than before, field by field; a field that is no more becomes null."""
    names = [name for name in {**before, **after} if before.get(name, ABSENT) != after.get(name, ABSENT)]
    return {name: _step(name, before.get(name), after.get(name)) for name in names if name not in NOT_SAID}


def _step(name: str, before: Json, after: Json) -> Step:
    step = {"from": before, "to": after}
    is_count = name == "stock" and isinstance(before, int) and isinstance(after, int)
    return {**step, "delta": after - before} if is_count else step
