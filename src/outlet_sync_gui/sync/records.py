"""What a record that the POS hands over does to what we know of it (`rules.md`, "What a record knows")."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from outlet_sync_gui.contract.records import Incoming, changed_fields, dated_as, digest_of, merge_fields, three_way
from outlet_sync_gui.contract.text import dumps, loads_stored
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.records import CATALOGUE, Content, Known, Made
from outlet_sync_gui.sync.clock import to_ms
from outlet_sync_gui.sync.disputes import edited_though_gone, retest
from outlet_sync_gui.sync.door import apply_kept_news
from outlet_sync_gui.sync.holding import end_here, own_end, tell_till
from outlet_sync_gui.sync.line import lane_of, queue
from outlet_sync_gui.sync.merge import NOT_SAID
from outlet_sync_gui.sync.till import Till, till_of

NOTHING = "{}"
CHUNK = 200  # rows in one transaction, between which other writers get their turn


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing to send; what the POS said is remembered all the same."""


@dataclass(frozen=True, slots=True)
class Vanished:
    """Made and deleted before it ever left: the row ends."""

    content: Content


class Changed(NamedTuple):
    """Content to send."""

    content: Content


Decision = Unchanged | Vanished | Changed
Outcome = Decision | InputRefused


def decide(known: Known, incoming: Incoming, till: Till) -> Decision:
    """The effect of the POS's word on a record. Raises InputRefused(older_version)."""
    if incoming.operation == "delete":
        return _delete(known, incoming)
    if incoming.digest == till.digest and (till.is_gone_unheard or not _is_deleted(known)):
        return Unchanged()
    if _is_older(known, incoming):
        raise InputRefused(
            "older_version", {"version": incoming.source_version or 0, "known": known.source_version or 0}
        )
    return _edit_of_gone(known, incoming, till) if till.is_gone_unheard else _edit(known, incoming, till)


def _first_word(incoming: Incoming) -> Changed:
    version = incoming.source_version or 1
    operation = "delete" if incoming.operation == "delete" else "create"
    return Changed(Content(payload=incoming.content, digest=incoming.digest, version=version, operation=operation))


def accept(store: Store, incomings: Sequence[Incoming], *, now_ms: int) -> list[Outcome]:
    """Store records and their place in the line, durably, in short transactions; an outcome for each, in order."""
    return [outcome for chunk in _chunks(incomings) for outcome in _accept_chunk(store, chunk, now_ms)]


def _accept_chunk(store: Store, chunk: Sequence[Incoming], now_ms: int) -> list[Outcome]:
    """What is new goes in together; what is known, or comes twice, waits until that is done."""
    outcomes: list[Outcome] = []
    made: dict[tuple[str, str], Made] = {}
    with store.write():
        known = store.records.known(chunk)
        for incoming in chunk:
            key = (incoming.entity_type, incoming.local_id)
            if key in known or key in made:
                known |= made.keys()
                _insert(store, made, now_ms)
                outcomes.append(_accept_known(store, incoming, now_ms))
            else:
                outcomes.append(decision := _first_word(incoming))
                made[key] = _made(incoming, decision.content)
        _insert(store, made, now_ms)
    return outcomes


def _insert(store: Store, made: dict[tuple[str, str], Made], now_ms: int) -> None:
    if made:
        store.records.insert(list(made.values()), now_ms=now_ms)
    made.clear()


def _made(incoming: Incoming, content: Content) -> Made:
    return Made(incoming=incoming, content=content, source=_source(incoming), lane=lane_of(incoming.entity_type))


def _accept_known(store: Store, incoming: Incoming, now_ms: int) -> Outcome:
    known = store.records.find(incoming.entity_type, incoming.local_id)
    assert known is not None
    incoming = dated_as(incoming, known.payload)
    try:
        till = till_of(store, known, incoming)
        decision = decide(known, incoming, till)
    except InputRefused as refusal:
        return refusal
    store.records.remember_source(known.record_id, _numbered(known, incoming), _source(incoming), seq=till.seq)
    if till.is_undone_ahead and not isinstance(decision, Unchanged):
        _tell_again(store, known, decision.content, now_ms)
    match decision:
        case Vanished(content):
            store.records.change(known.record_id, incoming, content, now_ms=now_ms)
            end_here(store, known.record_id)
            store.records.unqueue(known.record_id)
        case Changed(content):
            store.records.change(known.record_id, incoming, content, now_ms=now_ms)
            queue(store, known.record_id, incoming, content, now_ms)
            if known.has_news:
                apply_kept_news(store, [known.record_id], now_ms=now_ms)  # held: newer content may agree now
            if till.is_gone_unheard and incoming.operation != "delete" and own_end(known) is None:
                edited_though_gone(store, known, now_ms=now_ms)
            retest(store, known.record_id, now_ms=now_ms)
    return decision


def _tell_again(store: Store, known: Known, content: Content, now_ms: int) -> None:
    """What the POS says now is behind all that undoes it in the change feed, so that it ends as it should."""
    tell_till(store, known, None if content.operation == "delete" else content.payload, now_ms=now_ms)


def _source(incoming: Incoming) -> str | None:
    """What the till's next word is compared with; after a delete everything that it says is new."""
    if incoming.entity_type not in CATALOGUE:
        return None
    return NOTHING if incoming.operation == "delete" else incoming.content


def _edit(known: Known, incoming: Incoming, till: Till) -> Decision:
    payload = incoming.content
    if incoming.entity_type in CATALOGUE and not _is_deleted(known):
        payload = _catalogue_edit(known, incoming, till)
    digest = digest_of(payload)
    if digest == known.digest and not _is_deleted(known):
        return Unchanged()
    is_anew = known.entity_type in CATALOGUE and known.deleted_until is not None and known.base is None
    is_gone = _is_deleted(known) and not _never_told(known)
    is_new = known.base_version == 0 or is_gone or known.operation == "create" or is_anew
    operation = "create" if is_new else "update"
    return Changed(Content(payload=payload, digest=digest, version=_next_version(known, incoming), operation=operation))


def _edit_of_gone(known: Known, incoming: Incoming, till: Till) -> Decision:
    """It is deleted, which the POS has not heard: a sale is nothing to tell, any other edit is.

    What the POS deleted itself, and has again by an older change, it makes anew by that.
    """
    edits = changed_fields(till.source or NOTHING, loads_stored(incoming.content))
    if not frozenset(edits) - NOT_SAID - {"stock"}:
        return Unchanged()
    if own_end(known) is not None:
        return _edit(known, incoming, till)
    said = loads_stored(incoming.content)
    counted = {"stock": said["stock"]} if "stock" in said else {}  # with each sale that was nothing to tell
    payload = merge_fields(three_way(till.source, incoming.content, known.payload), counted)
    version = _next_version(known, incoming)
    return Changed(Content(payload=payload, digest=digest_of(payload), version=version, operation="create"))


def _catalogue_edit(known: Known, incoming: Incoming, till: Till) -> str:
    """Only what the POS itself changed is an edit: a till that hasn't heard of a new price must not undo it."""
    if till.source not in (None, NOTHING):
        edited = loads_stored(three_way(till.source, incoming.content, known.payload))
    else:  # Headquarters made it, and this is the till's first word (since it deleted its own): first contact.
        said, there = loads_stored(incoming.content), loads_stored(known.payload)
        edited = {**said, **there, **({"stock": said["stock"]} if "stock" in said else {})}
    if till.stock_on_the_way and _has_counted(till.source or NOTHING, incoming.content):
        edited["stock"] += till.stock_on_the_way  # what the POS counted, and what it has not heard of
    return dumps(edited)


def _has_counted(source: str, content: str) -> bool:
    """Whether the POS says another stock than before, in whole pieces."""
    said, counted = loads_stored(source).get("stock"), loads_stored(content).get("stock")
    return counted != said and isinstance(counted, int) and not isinstance(counted, bool)


def _delete(known: Known, incoming: Incoming) -> Decision:
    if _is_deleted(known):
        return Unchanged()
    version = _next_version(known, incoming)
    content = Content(payload=incoming.content, digest=incoming.digest, version=version, operation="delete")
    is_unknown_there = known.base_version == 0 and known.cloud_id is None and not known.has_news
    never_left = is_unknown_there and not known.is_tried
    return Vanished(content) if never_left else Changed(content)


def _is_deleted(known: Known) -> bool:
    return known.deleted_at is not None or known.operation == "delete"


def _never_told(known: Known) -> bool:
    """Deleted here alone: that never left, so that headquarters has the record as before."""
    return known.operation == "delete" and known.deleted_at is None and not known.is_tried


def _is_older(known: Known, incoming: Incoming) -> bool:
    if _is_deleted(known) or incoming.source_version is None or known.source_version is None:
        return False
    return incoming.source_version < known.source_version and not _is_later(known, incoming)


def _is_later(known: Known, incoming: Incoming) -> bool:
    """Clearly later, whatever its number: of a POS that was installed anew."""
    ours, theirs = known.source_at, incoming.updated_at
    return ours is not None and theirs is not None and to_ms(theirs) > to_ms(ours)


def _next_version(known: Known, incoming: Incoming) -> int:
    """The POS's number where it is above all we sent or saw, else one more."""
    return max(incoming.source_version or 0, max(known.version, known.base_version) + 1)


def _numbered(known: Known, incoming: Incoming) -> Incoming:
    """With the number and time that the next word is compared with; after a delete there are none.

    A late repeat of known content under a lower number doesn't lower ours; a re-installed POS does.
    """
    if incoming.operation == "delete":
        return replace(incoming, source_version=None, updated_at=None)
    if incoming.digest == known.source_digest and _is_older(known, incoming):
        return replace(incoming, source_version=known.source_version, updated_at=known.source_at)
    version = known.source_version if incoming.source_version is None else incoming.source_version
    return replace(incoming, source_version=version, updated_at=incoming.updated_at or known.source_at)


def _chunks(incomings: Sequence[Incoming]) -> Iterator[list[Incoming]]:
    rest = iter(incomings)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
