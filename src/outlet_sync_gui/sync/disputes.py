"""Where both sides disagree: conflicts are opened, followed and closed by what both sides say (`rules.md`, "Changes").

A record has one open conflict. Its field `deleted` is none of the record's own: one side deleted what the other edited,
and headquarters' side is kept beside the record until somebody chose.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.contract.records import digest_of, merge_fields
from outlet_sync_gui.contract.text import Json, dumps, loads_stored, loads_value
from outlet_sync_gui.contract.webhooks import Disputed
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Source, Strategy
from outlet_sync_gui.store.news import Adopted, Kept
from outlet_sync_gui.store.records import CATALOGUE, Known
from outlet_sync_gui.sync.clock import FIRST_TIME, later, to_ms
from outlet_sync_gui.sync.holding import hold_here
from outlet_sync_gui.sync.merge import ABSENT, Fields, Merged, merge

DELETED = "deleted"
NO_NEWS = "{}"


class Subject(NamedTuple):
    """What a conflict is about. `record_id` None: a record that we don't know."""

    record_id: int | None
    entity_type: str
    local_id: str | None
    cloud_id: str | None


def reconcile(store: Store, known: Known, change: CloudChange, *, now_ms: int, asked: Iterable[Disputed] = ()) -> bool:
    """Merge headquarters' change with what is unsent or disputed here; whether anything is different now.

    `asked`: fields that headquarters itself calls a conflict, with what it knows of them.
    """
    opened = store.conflicts.of_record(known.record_id)
    notices = {notice.field: notice for notice in asked}
    unknown = [loads_stored(text) for text in store.news.unknown(known.record_id)]
    base = loads_stored(known.base) if known.base else {}
    merged = _merged(base, known, change, opened, unknown, notices)
    is_new = merged.base != base or change.version > known.base_version or bool(unknown or known.has_news)
    if not is_new and opened is None and not merged.conflicts:
        return False
    found = [
        _disagreement(name, known, change, opened, base=base, notice=notices.get(name)) for name in merged.conflicts
    ]
    if opened is not None and _is_deletion_beside(store, known):
        found += [field for field in opened.fields if field.field == DELETED]
    payload = dumps(merged.local)
    adopted = Adopted(
        payload=payload,
        digest=digest_of(payload),
        base=dumps(merged.base) if known.entity_type in CATALOGUE else None,
        base_version=max(known.base_version, change.version),
        cloud_id=change.cloud_id,
        deleted_at=None,
        cloud_at=later(known.cloud_at, change.updated_at),
        said=dict.fromkeys(loads_stored(change.fields), change.version),
    )
    hold_here(store, known, adopted, reason=change.reason, now_ms=now_ms)
    if known.is_queued and adopted.digest != known.digest:
        reason = change.reason or ""
        store.activity.note(
            What.MERGED, known.record_id, now_ms=now_ms, why=reason, before=known.payload, after=adopted.payload
        )
    is_revised = _follow(store, _subject(known), opened, found, source=_source(known, notices), now_ms=now_ms)
    if not (merged.edits or found or (store.news.unknown(known.record_id) and not known.is_dead)):
        store.records.unqueue(known.record_id)  # both agree, and nothing may arrive that says otherwise
    store.conflicts.restate(known.record_id)
    return is_new or is_revised


def retest(store: Store, record_id: int, *, now_ms: int) -> None:
    """Something was said of a record that may be disputed: the same again, with what headquarters said last."""
    opened = store.conflicts.of_record(record_id)
    if opened is not None:
        known = store.records.get(record_id)
        assert known is not None
        change = _last_word(known, opened)
        if known.deleted_at is not None:  # headquarters took the deletion, whatever it asked before
            settle(store, opened, now_ms)
        elif known.operation == "delete":
            over_deletion(store, known, change, now_ms=now_ms)
        else:  # what it said is in the conflict, with who said it and when
            reconcile(store, known, replace(change, fields=NO_NEWS), now_ms=now_ms)
    store.conflicts.restate(record_id)


def over_deletion(store: Store, known: Known, change: CloudChange, *, now_ms: int) -> bool:
    """One side deleted what the other one edited: headquarters' side waits beside the record, a person chooses."""
    opened, kept = store.conflicts.of_record(known.record_id), store.news.of(known.record_id)
    change = change if kept is None else together(kept.change, change)
    store.news.keep(known.record_id, Kept(change=change), now_ms=now_ms)
    is_here, is_there = known.operation == "delete", change.action == "delete"
    before = opened.field(DELETED) if opened else None
    field = replace(
        before or Disagreement(field=DELETED),
        base="false",
        local=dumps(is_here),
        cloud=dumps(is_there),
        local_version=known.version,
        cloud_version=max(change.version, known.base_version),
        local_at=_local_at(known),
        cloud_at=change.updated_at,
        cloud_by=change.by,
        reason=change.reason,
    )
    others = [] if is_here or opened is None else [other for other in opened.fields if other.field != DELETED]
    is_revised = _follow(store, _subject(known), opened, [*others, field], source=Source.MERGE, now_ms=now_ms)
    store.conflicts.restate(known.record_id)
    return is_revised


def together(kept: CloudChange, change: CloudChange) -> CloudChange:
    """A change, and what was kept beside its record before, as one: headquarters' latest."""
    if "delete" in (kept.action, change.action):
        is_later = to_ms(change.updated_at) - to_ms(kept.updated_at) + (change.action == "delete") > 0
        return change if is_later else kept
    older, newer = (kept, change) if change.version >= kept.version else (change, kept)
    return replace(newer, fields=merge_fields(older.fields, loads_stored(newer.fields)))


def edited_though_gone(store: Store, gone: Known, *, now_ms: int) -> None:
    """The till edited a record that headquarters had deleted before the till heard of it: as if both came at once."""
    known, kept = store.records.get(gone.record_id), store.news.of(gone.record_id)
    assert known is not None
    change = CloudChange(
        entity_type=gone.entity_type,
        local_id=gone.local_id,
        cloud_id=gone.cloud_id,
        action="delete",
        version=0,
        updated_at=gone.deleted_at or FIRST_TIME,
        fields=NO_NEWS,
    )
    if kept is not None and together(kept.change, change).action != "delete":
        return  # headquarters has made it anew since, which waits: for a person's answer, or for one of headquarters
    store.news.reopen(gone.record_id, gone.deleted_until)
    over_deletion(store, known, change, now_ms=now_ms)


def asked_there(store: Store, known: Known, notices: Iterable[Disputed], *, now_ms: int) -> None:
    """Headquarters says that both sides differ: open until they don't, though only one side may have changed."""
    new = [notice for notice in notices if not _tell_again(store, known, notice)]
    _asked_of_life(store, known, [notice for notice in new if notice.field == DELETED], now_ms)
    told = [_up_to_date(store, known, notice) for notice in new if notice.field != DELETED]
    if not told:
        return
    change = _as_change(known, told)
    if known.operation == "delete":
        over_deletion(store, known, change, now_ms=now_ms)
        _ask_of_deletion(store, known, told, now_ms)
        return
    if store.news.is_out(known.record_id):
        _note_asked(store, known, change, told, now_ms)
    else:
        reconcile(store, known, change, now_ms=now_ms, asked=told)
    for notice in told:
        _answer_agreed(store, known, notice, now_ms)


def asked_of_unknown(store: Store, notices: Iterable[Disputed], *, now_ms: int) -> None:
    """A conflict over a record that we don't have: kept as it was told, to be settled as headquarters has it."""
    told = list(notices)
    subject = Subject(None, told[0].entity_type, told[0].local_id, told[0].cloud_id)
    opened = store.conflicts.of_unknown(*subject[1:])
    found = {field.field: field for field in opened.fields} if opened else {}
    for notice in told:
        before = found.get(notice.field, Disagreement(field=notice.field, local=notice.local_value))
        found[notice.field] = _from_notice(notice, before)
    _follow(store, subject, opened, list(found.values()), source=Source.WEBHOOK, now_ms=now_ms)


def settle_by_itself(store: Store, known: Known, *, now_ms: int) -> None:
    """Nothing is disputed of this record any more."""
    opened = store.conflicts.of_record(known.record_id)
    if opened is not None:
        settle(store, opened, now_ms)


def settle(store: Store, opened: Conflict, now_ms: int) -> None:
    """Both agree: it closes itself; of what headquarters asked it is told that its own value holds."""
    for field in opened.fields:
        store.conflicts.put(opened.conflict_id, replace(field, choice=Strategy.CLOUD_WINS))
    store.conflicts.close(opened.conflict_id, who=None, notes="", now_ms=now_ms)
    store.activity.note(What.SETTLED, opened.record_id, now_ms=now_ms)


def gone(known: Known, change: CloudChange) -> Adopted:
    """What holds of a record that headquarters deleted: its content stays, nothing of it is agreed."""
    return Adopted(
        payload=known.payload,
        digest=known.digest,
        base=None,
        base_version=max(known.base_version, change.version),
        cloud_id=change.cloud_id,
        deleted_at=change.updated_at,
        cloud_at=later(known.cloud_at, change.updated_at),
    )


# -- following a conflict


def _merged(
    base: Fields,
    known: Known,
    change: CloudChange,
    opened: Conflict | None,
    unknown: list[dict[str, Json]],
    notices: Iterable[str],
) -> Merged:
    """The merge of what headquarters says now, and of what it said of fields that are disputed already.

    A field of the record that is named like the deletion could not be told from that: of it headquarters' counts.
    """
    fields = [field for field in opened.fields if field.field != DELETED] if opened else []
    said = {field.field: loads_value(field.cloud) for field in fields if field.cloud is not None}
    there = {**said, **loads_stored(change.fields)}
    asked = {field.field for field in fields if field.is_asked} | set(notices)
    local = loads_stored(known.payload)
    return merge(
        {**base, DELETED: local[DELETED]} if DELETED in local and DELETED in there else base,
        local,
        there,
        unknown=unknown,
        disputed={field.field for field in fields},
        asked=asked,
    )


def _follow(
    store: Store,
    subject: Subject,
    opened: Conflict | None,
    found: list[Disagreement],
    *,
    source: Source,
    now_ms: int,
) -> bool:
    """Bring the record's conflict to these fields; whether a person has something else to look at now."""
    if not found:
        if opened is not None:
            settle(store, opened, now_ms)
        return opened is not None
    number = opened.conflict_id if opened else _start(store, subject, source=source, now_ms=now_ms)
    before = {field.field: field for field in opened.fields} if opened else {}
    is_over = all(field.choice is not None for field in found)  # what was left to choose has gone: look at it again
    for field in found:
        is_seen = field.field in before and _says_the_same(before[field.field], field) and not is_over
        store.conflicts.put(number, field if is_seen else replace(field, choice=None, value=None))
    over = before.keys() - {field.field for field in found}
    for name in sorted(over):
        store.conflicts.drop(number, name)
        _answer(store, subject, before[name], now_ms)
    is_other = bool(over) or not all(f.field in before and _says_the_same(before[f.field], f) for f in found)
    if is_other and opened is not None:
        store.conflicts.revise(number)
    return is_other


def _says_the_same(before: Disagreement, now: Disagreement) -> bool:
    return (before.local, before.cloud) == (now.local, now.cloud)


def _answer(store: Store, subject: Subject, field: Disagreement, now_ms: int) -> None:
    """Headquarters is told of a field that it asked about and on which both agree: its own value holds."""
    if field.cloud_conflict_id is not None and field.told_at is None:
        number = _start(store, subject, source=Source.WEBHOOK, now_ms=now_ms, is_over=True)
        store.conflicts.put(number, replace(field, choice=Strategy.CLOUD_WINS, value=None))


def _start(store: Store, subject: Subject, *, source: Source, now_ms: int, is_over: bool = False) -> int:
    return store.conflicts.start(**subject._asdict(), source=source, now_ms=now_ms, is_over=is_over)


def _subject(known: Known) -> Subject:
    return Subject(known.record_id, known.entity_type, known.local_id, known.cloud_id)


def _is_deletion_beside(store: Store, known: Known) -> bool:
    kept = store.news.of(known.record_id)
    return kept is not None and kept.change.action == "delete" and kept.question_id is None


def _source(known: Known, notices: Iterable[str]) -> Source:
    if any(True for _ in notices):
        return Source.WEBHOOK
    return Source.REFUSED if known.refusal == "R-EXISTS" else Source.MERGE


def _disagreement(
    name: str,
    known: Known,
    change: CloudChange,
    opened: Conflict | None,
    *,
    base: Fields,
    notice: Disputed | None,
) -> Disagreement:
    """A field in conflict: what the change says of it, else what was known of it before."""
    before = opened.field(name) if opened else None
    field = before or Disagreement(field=name)
    news = loads_stored(change.fields)
    if name in news:
        field = replace(
            field,
            cloud=dumps(news[name]),
            cloud_version=change.version,
            cloud_at=change.updated_at,
            cloud_by=change.by,
            reason=change.reason,
        )
    local = _text(loads_stored(known.payload).get(name, ABSENT))
    is_as_before = before is not None and before.local == local
    field = replace(
        field,
        base=_text(base.get(name, ABSENT)),
        local=local,
        local_version=field.local_version if is_as_before else known.version,
        local_at=_local_at(known),
    )
    return _from_notice(notice, field) if notice is not None else field


def _from_notice(notice: Disputed, field: Disagreement) -> Disagreement:
    """With what headquarters itself tells of a conflict; our own side we know better."""
    return replace(
        field,
        is_asked=True,
        cloud_conflict_id=notice.conflict_id or field.cloud_conflict_id,
        cloud=notice.cloud_value,
        cloud_version=notice.cloud_version or field.cloud_version,
        cloud_at=notice.cloud_updated_at or notice.at,
        cloud_by=notice.by or field.cloud_by,
        reason=notice.reason or field.reason,
        local_version=field.local_version or notice.local_version,
        local_at=field.local_at or notice.local_updated_at,
    )


# -- what headquarters asks


def _up_to_date(store: Store, known: Known, notice: Disputed) -> Disputed:
    """A notice older than what is agreed, with the value that headquarters told since; dated no later than told."""
    if notice.cloud_version is None or notice.cloud_version >= known.base_version:
        return notice
    opened = store.conflicts.of_record(known.record_id)
    field = opened.field(notice.field) if opened else None
    base = loads_stored(known.base) if known.base else {}
    value = field.cloud if field is not None else _text(base.get(notice.field, ABSENT))
    if value is None:
        return notice
    told = field.cloud_version if field is not None else None
    version = max(notice.cloud_version, told or 0)  # the agreed one may be of other fields only
    return replace(notice, cloud_value=value, cloud_version=version, cloud_updated_at=known.cloud_at)


def _as_change(known: Known, told: Sequence[Disputed]) -> CloudChange:
    """What headquarters says in its notices, as a change of the record."""
    return CloudChange(
        entity_type=known.entity_type,
        local_id=known.local_id,
        cloud_id=told[0].cloud_id,
        action="update",
        version=max(notice.cloud_version or 0 for notice in told),
        updated_at=told[0].cloud_updated_at or told[0].at,
        fields=dumps({notice.field: loads_value(notice.cloud_value) for notice in told}),
        by=told[0].by,
        reason=told[0].reason,
    )


def _note_asked(store: Store, known: Known, change: CloudChange, told: Sequence[Disputed], now_ms: int) -> None:
    """While a request with the record is out nothing is merged: its answer tells what is agreed."""
    opened = store.conflicts.of_record(known.record_id)
    base = loads_stored(known.base) if known.base else {}
    found = {field.field: field for field in opened.fields} if opened else {}
    for notice in told:
        found[notice.field] = _disagreement(notice.field, known, change, opened, base=base, notice=notice)
    _follow(store, _subject(known), opened, list(found.values()), source=Source.WEBHOOK, now_ms=now_ms)
    store.conflicts.restate(known.record_id)


def _asked_of_life(store: Store, known: Known, told: Sequence[Disputed], now_ms: int) -> None:
    """Whether the record lives: answered with what becomes of the deletion, or that headquarters' own word holds."""
    _ask_of_deletion(store, known, told, now_ms)
    for notice in told:
        _answer_agreed(store, known, notice, now_ms)


def _ask_of_deletion(store: Store, known: Known, told: Sequence[Disputed], now_ms: int) -> None:
    """What is asked last of a record that is deleted here is answered with what becomes of the deletion."""
    opened = store.conflicts.of_record(known.record_id)
    field = opened.field(DELETED) if opened else None
    if opened is None or field is None:
        return
    for name in (notice.conflict_id for notice in told if notice.conflict_id):
        if name != field.cloud_conflict_id:
            _answer(store, _subject(known), field, now_ms)
        field = replace(field, is_asked=True, cloud_conflict_id=name)
    store.conflicts.put(opened.conflict_id, field)


def _tell_again(store: Store, known: Known, notice: Disputed) -> bool:
    """Whether a person chose of that field already, knowing this; headquarters hears of the choice once more."""
    last = store.conflicts.last_decided(known.record_id, notice.field)
    field = last.field(notice.field) if last else None
    if last is None or field is None or store.conflicts.of_record(known.record_id) is not None:
        return False
    if _has_given_way(known, field):
        return False
    heard = field.cloud_version
    ruled_version = known.ruled_version if heard is None else heard  # the record's may be one of other fields
    is_known = notice.cloud_version <= ruled_version if notice.cloud_version else notice.cloud_value == field.cloud
    if is_known and notice.conflict_id is not None and notice.conflict_id != field.cloud_conflict_id:
        store.conflicts.tell_again(last, notice.field, notice.conflict_id)
        store.conflicts.restate(known.record_id)
    return is_known


def _has_given_way(known: Known, field: Disagreement) -> bool:
    """Whether our side was chosen, and here is headquarters' after all: our own was discarded since."""
    here, base = (_text(loads_stored(text or NO_NEWS).get(field.field, ABSENT)) for text in (known.payload, known.base))
    ours = field.value or field.local
    return field.choice is not Strategy.CLOUD_WINS and here != ours and here in (base, field.cloud)


def _answer_agreed(store: Store, known: Known, notice: Disputed, now_ms: int) -> None:
    """What headquarters calls a conflict and is none here is answered all the same."""
    opened = store.conflicts.of_record(known.record_id)
    if opened is None or notice.field not in opened.names:
        _answer(store, _subject(known), _from_notice(notice, Disagreement(field=notice.field)), now_ms)
        store.conflicts.restate(known.record_id)


def _last_word(known: Known, opened: Conflict) -> CloudChange:
    """What headquarters said last of the disputed fields, as one change."""
    fields = {
        field.field: loads_value(field.cloud) for field in opened.fields if field.cloud and field.field != DELETED
    }
    at = known.cloud_at
    for field in opened.fields:
        at = later(at, field.cloud_at)
    return CloudChange(
        entity_type=known.entity_type,
        local_id=known.local_id,
        cloud_id=known.cloud_id,
        action="update",
        version=known.base_version,
        updated_at=at or FIRST_TIME,
        fields=dumps(fields),
    )


def _local_at(known: Known) -> str | None:
    at = loads_stored(known.payload).get("updated_at") or loads_stored(known.payload).get("deleted_at")
    return at if isinstance(at, str) else None


def _text(value: Json) -> str | None:
    return None if value == ABSENT else dumps(value)
