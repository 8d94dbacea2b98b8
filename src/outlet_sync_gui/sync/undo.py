"""Taking back what a person decided, within a day: a new change with the former value, so that nothing is unsaid.

Of a choice over a conflict what it changed here goes back; where it changed nothing here, headquarters' side is taken.
What was discarded goes out after all. Only while what the decision left is what still holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from outlet_sync_gui.contract.records import digest_of, merge_fields
from outlet_sync_gui.contract.text import Json, dumps, loads_stored, loads_value
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.store.conflicts import Conflict, Strategy
from outlet_sync_gui.store.news import Adopted
from outlet_sync_gui.store.records import Content, Known
from outlet_sync_gui.sync import line
from outlet_sync_gui.sync.commands import Undo
from outlet_sync_gui.sync.disputes import DELETED
from outlet_sync_gui.sync.holding import Step, end_of, hold_here, steps_between
from outlet_sync_gui.sync.merge import ABSENT, NOT_SAID

WITHIN_MS = 24 * 3_600_000
UNDOABLE = frozenset({What.RESOLVED, What.DISCARDED, What.UNDONE})
ANOTHER_WORD = frozenset({What.RETRIED, What.DISCARDED, What.EDITED, What.RESOLVED, What.UNDONE})
Former = dict[str, tuple[Json, Json]]  # field: what the decision left, what it was before


def offer(store: Store, deed: Deed, *, now_ms: int) -> Mapping[str, Step] | None:
    """What would be other here after an undo, field by field; empty: it would be sent; None: it can't be undone."""
    try:
        known, former = _plan(store, deed, now_ms)
    except InputRefused:
        return None
    here = loads_stored(known.payload)
    return steps_between(here, {**here, **{name: before for name, (_, before) in former.items()}})


def undo(store: Store, decision: Undo, *, now_ms: int) -> None:
    """Take a decision back. Part of the caller's transaction. Raises InputRefused."""
    deed = _deed(store, decision)
    known, former = _plan(store, deed, now_ms)
    if store.news.is_out(known.record_id):
        raise InputRefused("row_sending", {"name": str(known.record_id)})
    if former:
        _put_back(store, known, {name: before for name, (_, before) in former.items()}, now_ms)
    else:
        line.queue_again(store, known.record_id, now_ms=now_ms)
    conflict = store.conflicts.decided_at(known.record_id, deed.at)
    if conflict is not None:
        _hold_ours(store, conflict)
    store.conflicts.restate(known.record_id)
    store.outbox.retry(known.record_id)
    after = store.records.get(known.record_id)
    assert after is not None
    store.activity.note(
        What.UNDONE, known.record_id, now_ms=now_ms, who=decision.who, before=known.payload, after=after.payload
    )


def _deed(store: Store, decision: Undo) -> Deed:
    if decision.deed is not None:
        found = store.activity.some([decision.deed])
    else:
        conflict = store.conflicts.find(decision.conflict_id or 0)
        history = store.activity.of(conflict.record_id) if conflict and conflict.record_id else []
        found = [deed for deed in history if conflict and deed.what is What.RESOLVED and deed.at == conflict.closed_at]
    if not found:
        raise InputRefused("undo_over")
    return found[-1]


def _plan(store: Store, deed: Deed, now_ms: int) -> tuple[Known, Former]:
    """The record, and what goes back. Raises InputRefused."""
    known = store.records.get(deed.record_id) if deed.record_id else None
    if known is None or not deed.who or deed.what not in UNDOABLE or now_ms - deed.at > WITHIN_MS:
        raise InputRefused("undo_over")
    if known.deleted_at is not None or known.operation == "delete":
        raise InputRefused("undo_changed")
    if known.has_news or store.conflicts.of_record(known.record_id) is not None:
        raise InputRefused("row_held", {"name": str(known.record_id)})
    former, here = _former(store, deed), loads_stored(known.payload)
    is_as_left = all(here.get(name, ABSENT) == left for name, (left, _) in former.items())
    later = [other for other in store.activity.of(known.record_id) if other.number > deed.number]
    if not is_as_left or not (_holds(former, later) if former else _is_discarded(deed, known, later)):
        raise InputRefused("undo_changed")
    return known, former


def _former(store: Store, deed: Deed) -> Former:
    if deed.what is What.DISCARDED and end_of(deed.before or "{}") is not None:
        raise InputRefused("undo_over")  # a deletion has no fields to put back
    if deed.what is What.DISCARDED and deed.after is None:
        return {}  # nothing else holds here than before: it was only not sent
    before, after = _contents(deed)
    here = {name: (after.get(name, ABSENT), before[name]) for name in _differing(deed)}
    conflict = store.conflicts.decided_at(deed.record_id or 0, deed.at)
    if conflict is not None and DELETED in conflict.names:
        raise InputRefused("undo_over")
    return here or (_their_side(conflict, after) if conflict is not None else {})


def _differing(deed: Deed) -> set[str]:
    before, after = _contents(deed)
    return {name for name, value in before.items() if name not in NOT_SAID and after.get(name, ABSENT) != value}


def _contents(deed: Deed) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    return loads_stored(deed.before or "{}"), loads_stored(deed.after or "{}")


def _their_side(conflict: Conflict, after: Mapping[str, Json]) -> Former:
    said = {field.field: loads_value(field.cloud) for field in conflict.fields if field.cloud is not None}
    return {name: (after[name], value) for name, value in said.items() if name in after and after[name] != value}


def _holds(former: Former, later: Iterable[Deed]) -> bool:
    """Whether nobody has taken this back, or back again, since then."""
    undone = [other for other in later if other.what is What.UNDONE]
    return not any(former.keys() & _differing(other) for other in undone)


def _is_discarded(deed: Deed, known: Known, later: Iterable[Deed]) -> bool:
    """Whether it was only not sent, and still is."""
    is_same = deed.what is What.DISCARDED and digest_of(deed.before or "{}") == digest_of(known.payload)
    return is_same and not known.is_queued and not any(other.what in ANOTHER_WORD for other in later)


def _put_back(store: Store, known: Known, former: Mapping[str, Json], now_ms: int) -> None:
    payload = merge_fields(known.payload, former)
    adopted = Adopted(
        payload=payload,
        digest=digest_of(payload),
        base=_unsure(known.base, former),
        base_version=known.base_version,
        cloud_id=known.cloud_id,
        deleted_at=None,
        said={},
    )
    content = Content(
        payload=payload,
        digest=adopted.digest,
        version=max(known.version, known.base_version) + 1,
        operation=line.operation_for(known),
    )
    hold_here(store, known, adopted, reason=None, now_ms=now_ms)
    incoming = line.of_content(known, content)
    store.records.change(known.record_id, incoming, content, now_ms=now_ms)
    line.queue(store, known.record_id, incoming, content, now_ms)


def _unsure(base: str | None, former: Mapping[str, Json]) -> str | None:
    """What is agreed but for these fields: headquarters may have done by itself what was chosen, so it is told."""
    if base is None:
        return None
    return dumps({name: value for name, value in loads_stored(base).items() if name not in former})


def _hold_ours(store: Store, conflict: Conflict) -> None:
    """What headquarters has not heard of yet, or asks again, is told as it is now: this outlet's value holds."""
    for field in conflict.fields:
        store.conflicts.put(conflict.conflict_id, replace(field, choice=Strategy.LOCAL_WINS))
