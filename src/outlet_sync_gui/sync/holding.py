"""What holds here from now on: written to the record, and told to the till by the change feed."""

from collections.abc import Mapping

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.contract.text import Json, loads_stored
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.news import Adopted
from outlet_sync_gui.store.records import Known
from outlet_sync_gui.sync.merge import NOT_SAID

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
    was_gone = known.deleted_at is not None or known.operation == "delete"
    is_gone = adopted.deleted_at is not None
    before = {} if was_gone else loads_stored(known.payload)
    steps = {} if is_gone else steps_between(before, loads_stored(adopted.payload))
    if (is_gone and not was_gone) or steps:
        action = "delete" if is_gone else "create" if was_gone else "update"
        version = adopted.base_version
        store.changes.note(known.record_id, action=action, version=version, fields=steps, reason=reason, now_ms=now_ms)


def steps_between(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Step]:
    """What is other than before, field by field."""
    names = [name for name in after if name not in NOT_SAID and (name not in before or before[name] != after[name])]
    return {name: _step(name, before.get(name), after[name]) for name in names}


def _step(name: str, before: Json, after: Json) -> Step:
    step = {"from": before, "to": after}
    is_count = name == "stock" and isinstance(before, int) and isinstance(after, int)
    return {**step, "delta": after - before} if is_count else step
