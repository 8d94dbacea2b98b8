"""What became of a record, as scripts and tills are told."""

from collections.abc import Sequence

from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.store.records import Known
from outlet_sync_gui.store.views import Queued
from outlet_sync_gui.sync.clock import iso


def outcome_json(store: Store, known: Known) -> dict[str, object]:
    """Its place in the line, or how it ended, and what was decided over it."""
    row, history = store.views.find(known.record_id), store.activity.of(known.record_id)
    shown = row_json(row) if row is not None else _ended_json(known, history)
    return {**shown, "history": [_deed_json(deed) for deed in history]}


def row_json(row: Queued) -> dict[str, object]:
    """One row of the line."""
    return {
        "id": row.record_id,
        "entity_type": row.entity_type,
        "local_id": row.local_id,
        "operation": row.operation,
        "version": row.version,
        "lane": row.lane.name.lower(),
        "state": row.state.value,
        "since": iso(row.since),
        "tries": row.tries,
        "error_code": row.error_code,
        "error": row.error,
    }


def _ended_json(known: Known, history: Sequence[Deed]) -> dict[str, object]:
    """A record that is not in the line any more, or never was."""
    return {
        "id": known.record_id,
        "entity_type": known.entity_type,
        "local_id": known.local_id or known.cloud_id,
        "version": known.version,
        "state": _ending(known, history),
    }


def _ending(known: Known, history: Sequence[Deed]) -> str:
    if history and history[-1].what is What.DISCARDED:
        return "discarded"
    if known.base_version == 0:
        return "ended"
    return "agreed" if known.source_digest is None else "sent"  # agreed: headquarters' own, the till never told of it


def _deed_json(deed: Deed) -> dict[str, object]:
    return {"at": iso(deed.at), "what": deed.what.value, "who": deed.who, "why": deed.why}
