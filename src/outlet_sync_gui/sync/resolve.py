"""What a person (or the policy) chooses of a conflict: kept first, then true here, then told to headquarters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from outlet_sync_gui.contract.answers import Resolution
from outlet_sync_gui.contract.records import digest_of, merge_fields, read_record
from outlet_sync_gui.contract.requests import RESOLVE, resolve_body, resolve_path
from outlet_sync_gui.contract.text import Json, dumps, loads, loads_stored, loads_value
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Strategy
from outlet_sync_gui.store.news import Adopted
from outlet_sync_gui.store.records import CATALOGUE, Content, Known
from outlet_sync_gui.sync import disputes, line
from outlet_sync_gui.sync.clock import iso, later, to_ms
from outlet_sync_gui.sync.commands import FieldChoice, Resolve
from outlet_sync_gui.sync.disputes import DELETED
from outlet_sync_gui.sync.exchange import Request, Ruling
from outlet_sync_gui.sync.guard import PRICE
from outlet_sync_gui.sync.holding import end_of, hold_here
from outlet_sync_gui.sync.lives import is_unheard_of
from outlet_sync_gui.sync.merge import Fields, Merged

TRUSTED_OFFSET_MS = 120_000  # a clock further off tells nothing about which of two is newer
PROGRAM = "outlet-sync"  # who resolved it, where no person did


def choose(store: Store, settings: Settings, decision: Resolve, *, now_ms: int) -> None:
    """Keep a person's choices; when every field has one they hold. Raises InputRefused."""
    conflict = store.conflicts.find(decision.conflict_id)
    if conflict is None:
        raise InputRefused("conflict_unknown", {"name": str(decision.conflict_id)})
    if conflict.closed_at is not None:
        raise InputRefused("conflict_closed", {"name": str(decision.conflict_id)})
    if decision.revision not in (None, conflict.revision):
        raise InputRefused("conflict_changed", {"name": str(decision.conflict_id)})
    if not decision.choices:
        raise InputRefused("choice_missing")
    if conflict.record_id is not None and store.news.is_out(conflict.record_id):
        raise InputRefused("row_sending", {"name": conflict.title})  # the answer tells what headquarters has
    for choice in decision.choices:
        for field in _meant(conflict, choice):
            chosen = replace(field, choice=choice.strategy, value=choice.value)
            _check(store, settings, conflict, chosen, now_ms)
            store.conflicts.put(conflict.conflict_id, chosen)
    conflict = store.conflicts.find(decision.conflict_id)
    assert conflict is not None
    if all(field.choice is not None for field in conflict.fields):
        _conclude(store, conflict, who=decision.who, notes=decision.notes, now_ms=now_ms)


def choose_all(
    store: Store,
    conflict: Conflict,
    strategy: Strategy,
    *,
    who: str,
    now_ms: int,
    notes: str = "",
    name: str | None = None,
) -> None:
    """The same for every field of an open conflict, or for one; what was chosen holds when every field is."""
    fields = tuple(
        replace(field, choice=strategy, value=None) if name in (None, field.field) else field
        for field in conflict.fields
    )
    for field in fields:
        store.conflicts.put(conflict.conflict_id, field)
    if all(field.choice is not None for field in fields):
        _conclude(store, replace(conflict, fields=fields), who=who, notes=notes, now_ms=now_ms)


def by_policy(store: Store, settings: Settings, *, now_ms: int) -> int:
    """Settle what the settings decide without asking; how many conflicts."""
    if settings.conflict_policy == "ask":
        return 0
    settled = 0
    for conflict in store.conflicts.open():
        strategy = _policy(settings, conflict.entity_type)
        if strategy is not None and _may(store, conflict, strategy):
            choose_all(store, conflict, strategy, who="", now_ms=now_ms)
            settled += 1
    return settled


def resolve_request(conflict: Conflict, field: Disagreement, settings: Settings) -> Request:
    """Tell headquarters one field's choice."""
    assert field.choice is not None
    assert field.cloud_conflict_id is not None
    return Request(
        method="POST",
        route=RESOLVE,
        path=resolve_path(settings.outlet_id, field.cloud_conflict_id),
        body=resolve_body(strategy=field.choice.value, resolved_by=conflict.closed_by or PROGRAM, notes=conflict.notes),
        deadline_s=float(settings.request_timeout_s),
    )


def settle_told(store: Store, ruling: Ruling, resolution: Resolution | None, *, now_ms: int) -> None:
    """Headquarters took a choice, or (None) does not know of that conflict. Part of the caller's transaction."""
    store.conflicts.told(ruling.conflict_id, ruling.field, now_ms=now_ms)
    conflict = store.conflicts.find(ruling.conflict_id)
    known = store.records.get(conflict.record_id) if conflict and conflict.record_id else None
    field = conflict.field(ruling.field) if conflict else None
    if conflict is None or known is None or field is None:
        return
    is_here = known.deleted_at is None and known.operation != "delete"
    if resolution is not None and is_here and is_unheard_of(store, known):
        store.records.outgrow(known.record_id, resolution.new_version or 0)
    elif resolution is not None and is_here:
        _adopt_answer(store, known, conflict, field, resolution, now_ms)
    store.conflicts.restate(known.record_id)


def newest(field: Disagreement, *, offset_ms: int) -> Strategy:
    """Which side changed a field later, by headquarters' clock. Raises InputRefused(newest_unknown)."""
    if field.local_at is None or field.cloud_at is None:
        raise InputRefused("newest_unknown", {"field": field.field})
    is_ours = to_ms(field.local_at) - offset_ms > to_ms(field.cloud_at)
    return Strategy.LOCAL_WINS if is_ours else Strategy.CLOUD_WINS


def is_clock_trusted(offset_ms: int | None) -> bool:
    """Whether two times, ours and headquarters', can be compared."""
    return offset_ms is not None and abs(offset_ms) < TRUSTED_OFFSET_MS


# -- which choices there are


def _meant(conflict: Conflict, choice: FieldChoice) -> Sequence[Disagreement]:
    if choice.field is None:
        return conflict.fields
    field = conflict.field(choice.field)
    if field is None:
        raise InputRefused("field_unknown", {"field": choice.field[:60]})
    return [field]


def _check(store: Store, settings: Settings, conflict: Conflict, field: Disagreement, now_ms: int) -> None:
    """Whether this can be chosen. Raises InputRefused."""
    if _has_no_side(conflict, field) and field.choice is not Strategy.CLOUD_WINS:
        raise InputRefused("choice_unknown", {"value": str(field.choice), "choices": Strategy.CLOUD_WINS.value})
    if field.choice is Strategy.NEWEST_WINS:
        _winner(store, field)
    if field.value is not None:
        _check_value(store, settings, conflict, field, now_ms)


def _has_no_side(conflict: Conflict, field: Disagreement) -> bool:
    """Whether this outlet has nothing of its own to insist on: no such record, or no such field, and no own value."""
    return conflict.record_id is None or (field.local is None and field.value is None)


def _check_value(store: Store, settings: Settings, conflict: Conflict, field: Disagreement, now_ms: int) -> None:
    """Whether a person's own value is one that this field may have."""
    known = store.records.get(conflict.record_id) if conflict.record_id else None
    if known is None or field.field == DELETED or field.choice is not Strategy.LOCAL_WINS:
        raise InputRefused("value_unfit", {"field": field.field, "why": Strategy.LOCAL_WINS.value})
    try:
        content = {**loads_stored(known.payload), field.field: loads(field.value or "")}
        read_record(
            known.entity_type,
            {"local_id": known.local_id or known.cloud_id, **content},
            operation="update",
            outlet_id=settings.outlet_id,
            outlet_code=settings.outlet_code,
            now=iso(now_ms),
        )
    except InputRefused as refusal:
        raise InputRefused("value_unfit", {"field": field.field, "why": str(refusal.facts.get("why", ""))}) from None


def _winner(store: Store, field: Disagreement) -> Strategy:
    """Whose value a choice means."""
    if field.choice is not Strategy.NEWEST_WINS:
        assert field.choice is not None
        return field.choice
    offset_ms = store.outlet.read().clock_offset_ms
    if not is_clock_trusted(offset_ms):
        raise InputRefused("clock_untrusted")
    return newest(field, offset_ms=offset_ms or 0)


def _policy(settings: Settings, entity_type: str) -> Strategy | None:
    policy = settings.conflict_policy
    word = policy if isinstance(policy, str) else policy.get(entity_type, "ask")
    return None if word == "ask" else Strategy(word)


def _may(store: Store, conflict: Conflict, strategy: Strategy) -> bool:
    if strategy is not Strategy.CLOUD_WINS and any(_has_no_side(conflict, field) for field in conflict.fields):
        return False
    if strategy is not Strategy.LOCAL_WINS and any(_is_given_away(store, conflict, f) for f in conflict.fields):
        return False
    try:
        for field in conflict.fields:
            _winner(store, replace(field, choice=strategy))
    except InputRefused:
        return False
    return True


def _is_given_away(store: Store, conflict: Conflict, field: Disagreement) -> bool:
    """Whether a price would become 0, which only a person may say."""
    kept = store.news.of(conflict.record_id or 0) if field.field == DELETED else None
    is_beside = kept is not None and loads_stored(kept.change.fields).get(PRICE) == 0
    return is_beside or (field.field == PRICE and field.cloud == "0")


# -- what becomes true


def _conclude(store: Store, conflict: Conflict, *, who: str, notes: str, now_ms: int) -> None:
    """Every field is chosen: it holds here; headquarters is told before the record's own push."""
    known = store.records.get(conflict.record_id) if conflict.record_id else None
    winners = {field.field: _winner(store, field) for field in conflict.fields}
    store.conflicts.close(conflict.conflict_id, who=who, notes=notes, now_ms=now_ms)
    if known is None:
        store.activity.note(What.RESOLVED, None, now_ms=now_ms, who=who, why=notes)
        return
    for field in conflict.fields:
        store.conflicts.overrule(known.record_id, field)
    deletion = conflict.field(DELETED)
    fields = [field for field in conflict.fields if field.field != DELETED]
    if deletion is not None and winners[DELETED] is Strategy.CLOUD_WINS:
        _yield_deletion(store, known, now_ms)
    elif deletion is not None and known.operation == "delete":
        _insist_on_deletion(store, known, deletion, now_ms)
    else:
        _apply(store, known, fields, winners, deletion, now_ms)
    after = store.records.get(known.record_id)
    assert after is not None
    store.conflicts.rule(known.record_id, max(after.base_version, *(f.cloud_version or 0 for f in conflict.fields)))
    store.conflicts.restate(known.record_id)
    store.activity.note(
        What.RESOLVED,
        known.record_id,
        now_ms=now_ms,
        who=who,
        why=notes,
        before=known.payload,
        after=after.payload,
    )


def _apply(
    store: Store,
    known: Known,
    fields: Sequence[Disagreement],
    winners: Mapping[str, Strategy],
    deletion: Disagreement | None,
    now_ms: int,
) -> None:
    """The chosen values; what headquarters doesn't have goes out above both versions."""
    is_menu = known.entity_type in CATALOGUE
    local, base = loads_stored(known.payload), loads_stored(known.base) if known.base else {}
    for field in fields:
        _put(base, field.field, field.cloud)
        if winners[field.field] is Strategy.CLOUD_WINS:
            _put(local, field.field, field.cloud)
        elif field.value is not None:
            _put(local, field.field, field.value)
    version = max(known.base_version, *(field.cloud_version or 0 for field in (*fields, deletion) if field), 0)
    at = known.cloud_at
    for field in (*fields, *([deletion] if deletion else [])):
        at = later(at, field.cloud_at)
    payload = dumps(local)
    adopted = Adopted(
        payload=payload,
        digest=digest_of(payload),
        base=dumps(base) if is_menu and not deletion else None,
        base_version=version,
        cloud_id=known.cloud_id,
        deleted_at=None,
        cloud_at=at,
        said=None if deletion else {field.field: field.cloud_version or 0 for field in fields},
    )
    if deletion is not None:
        store.news.drop(known.record_id)
        store.news.outlive(known.record_id, deletion.cloud_at)
    hold_here(store, known, adopted, reason=None, now_ms=now_ms)
    is_ours = known.is_queued or Strategy.LOCAL_WINS in winners.values()  # of a sale nothing else is agreed
    # What left and was never answered may have arrived: then it is not the way that was chosen there.
    is_unsure = bool(store.news.unknown(known.record_id))
    if deletion is not None or ((Merged(local=local, base=base).edits or is_unsure) if is_menu else is_ours):
        send(store, known, adopted, "create" if deletion else "update", now_ms)
    else:
        store.records.unqueue(known.record_id)


def send(store: Store, known: Known, adopted: Adopted, operation: str, now_ms: int) -> None:
    """What was decided goes out above all that either side has."""
    content = Content(
        payload=adopted.payload,
        digest=adopted.digest,
        version=max(known.version, adopted.base_version) + 1,
        operation=operation,
    )
    incoming = line.of_content(known, content)
    store.records.change(known.record_id, incoming, content, now_ms=now_ms)
    line.queue(store, known.record_id, incoming, content, now_ms)


def _yield_deletion(store: Store, known: Known, now_ms: int) -> None:
    """As headquarters has it: gone here too, or back again."""
    kept = store.news.of(known.record_id)
    if kept is None:
        return  # nothing of headquarters' waits beside the record: as it is here, it is there
    store.news.drop(known.record_id)
    if kept.change.action == "delete":
        hold_here(store, known, disputes.gone(known, kept.change), reason=kept.change.reason, now_ms=now_ms)
    else:
        content = {**_had_there(store, known), **loads_stored(kept.change.fields)}
        payload = merge_fields("{}", {**({"local_id": known.local_id} if known.local_id else {}), **content})
        adopted = Adopted(
            payload=payload,
            digest=digest_of(payload),
            base=payload,
            base_version=max(known.base_version, kept.change.version),
            cloud_id=kept.change.cloud_id,
            deleted_at=None,
            cloud_at=later(known.cloud_at, kept.change.updated_at),
        )
        hold_here(store, known, adopted, reason=kept.change.reason, now_ms=now_ms)
    store.records.unqueue(known.record_id)


def _had_there(store: Store, known: Known) -> dict[str, Json]:
    """What headquarters had of what is deleted here: agreed, or never answered; it may not name it once more."""
    if known.base is not None:
        return loads_stored(known.base)
    store.outlet.ask_for_all()  # if it is not that
    left = [text for text in store.news.unknown(known.record_id) if end_of(text) is None]
    return loads_stored(left[-1]) if left else {}


def _insist_on_deletion(store: Store, known: Known, deletion: Disagreement, now_ms: int) -> None:
    """Deleted here, and so it stays: the deletion goes above headquarters' edit."""
    store.news.drop(known.record_id)
    adopted = Adopted(
        payload=known.payload,
        digest=known.digest,
        base=known.base,
        base_version=max(known.base_version, deletion.cloud_version or 0),
        cloud_id=known.cloud_id,
        deleted_at=None,
        cloud_at=later(known.cloud_at, deletion.cloud_at),
    )
    store.news.adopt(known.record_id, adopted, now_ms=now_ms)


def _adopt_answer(
    store: Store, known: Known, conflict: Conflict, field: Disagreement, resolution: Resolution, now_ms: int
) -> None:
    """The version that headquarters has now; its value only where that is what was chosen and nothing is newer."""
    local, base = loads_stored(known.payload), loads_stored(known.base) if known.base else {}
    unknown = [loads_stored(text) for text in store.news.unknown(known.record_id)]
    if _is_adoptable(store, conflict, field, resolution, local, unknown) and resolution.applied_value is not None:
        _put(local, field.field, resolution.applied_value)
        _put(base, field.field, resolution.applied_value)
    payload = dumps(local)
    version = max(known.base_version, resolution.new_version or 0)
    adopted = Adopted(
        payload=payload,
        digest=digest_of(payload),
        base=dumps(base) if known.base else None,
        base_version=version,
        cloud_id=known.cloud_id,
        deleted_at=None,
        said={} if resolution.applied_value is None else {field.field: resolution.new_version or 0},
    )
    hold_here(store, known, adopted, reason=None, now_ms=now_ms)
    is_ruled = field.choice is not Strategy.CLOUD_WINS or unknown  # else all that it says up to this version wins
    if is_ruled and resolution.new_version is not None:
        store.conflicts.rule(known.record_id, version)
        heard = max(field.cloud_version or 0, resolution.new_version)
        store.conflicts.put(conflict.conflict_id, replace(field, cloud_version=heard))
    if known.base and known.is_queued and not unknown and not Merged(local=local, base=base).edits:
        store.records.unqueue(known.record_id)


def _is_adoptable(
    store: Store,
    conflict: Conflict,
    field: Disagreement,
    resolution: Resolution,
    local: Fields,
    unknown: Sequence[Fields],
) -> bool:
    if resolution.applied_value is None or len(conflict.fields) != 1 or field.field == DELETED:
        return False
    if field.field == PRICE and resolution.applied_value == "0" != field.cloud:
        return False  # that is asked about first
    if any(dumps(sent.get(field.field)) == resolution.applied_value for sent in unknown):
        return False  # our own, which had arrived unanswered
    if field.choice is Strategy.LOCAL_WINS or _is_overruled(store, conflict, field.field):
        return False
    ours = (field.cloud, field.local) if field.choice is Strategy.NEWEST_WINS else (field.cloud,)
    is_as_chosen = dumps(local.get(field.field)) in ours
    return is_as_chosen and type(loads_value(resolution.applied_value)) is type(loads_value(field.cloud or "null"))


def _is_overruled(store: Store, conflict: Conflict, name: str) -> bool:
    """Whether the field is disputed again, or somebody decided over it since."""
    record_id = conflict.record_id or 0
    if store.conflicts.of_record(record_id) is not None:
        return True
    last = store.conflicts.last_decided(record_id, name)
    return last is not None and last.conflict_id > conflict.conflict_id  # by number: a clock may be set back


def _put(content: dict[str, Json], name: str, text: str | None) -> None:
    """Set a field to a JSON text, or take it out."""
    if text is None:
        content.pop(name, None)
    else:
        content[name] = loads_value(text)
