"""What the till has heard: its last word on a record, brought up to date by what it has taken of the change feed."""

from collections.abc import Sequence
from dataclasses import dataclass

from outlet_sync_gui.contract.records import Incoming, digest_of
from outlet_sync_gui.contract.text import Json, dumps, loads_stored
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.changes import Noted
from outlet_sync_gui.store.records import CATALOGUE, Known
from outlet_sync_gui.sync.merge import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """What the POS's next word is compared with; only what is other than this did the POS change itself.

    `stock_on_the_way`: counts that it has not added yet. `is_gone_unheard`: headquarters deleted the record, and the
    POS goes on with it unawares. `is_undone_ahead`: it will hear of a deletion, whatever came after that, or, where it
    deletes the record, of anything. `seq`: up to which change of the feed it has heard.
    """

    source: str | None
    digest: str | None
    seq: int = 0
    stock_on_the_way: int = 0
    is_gone_unheard: bool = False
    is_undone_ahead: bool = False


def till_of(store: Store, known: Known, incoming: Incoming) -> Till:
    """What the POS has heard of a record: all that was taken, or what its own word says (`seen_change`).

    Raises InputRefused(feed_gone): what it has not heard is not kept any more, so that nobody can tell what it changed.
    """
    if known.entity_type not in CATALOGUE:
        return Till(source=known.source, digest=known.source_digest)
    noted = store.changes.about(known.record_id, after=known.source_seq)
    seen = incoming.seen_change
    is_content = incoming.operation != "delete"
    if is_content and seen is not None and seen < min(known.source_seq, store.changes.gone()):
        raise InputRefused("feed_gone", {"seq": seen})
    heard = [change for change in noted if (change.is_taken if seen is None else change.seq <= seen)]
    ahead = [change for change in noted if change not in heard]
    source = _told(known, heard, noted)
    return Till(
        source=source,
        digest=digest_of(source) if heard and source is not None else known.source_digest,
        seq=_abreast(noted, ahead) if noted else known.source_seq,
        stock_on_the_way=_stock_on_the_way(known, source, ahead),
        is_gone_unheard=source is not None and bool(ahead) and ahead[-1].action == "delete",
        is_undone_ahead=bool(ahead) if incoming.operation == "delete" else _will_lose(source, ahead),
    )


def acknowledge(store: Store, reader: str, seq: int, *, now_ms: int) -> int:
    """A reader has applied all up to `seq`; how many of these nobody had taken. Part of the caller's transaction.

    What was taken long ago goes, and is part of the till's last word from then on.
    """
    taken = store.changes.acknowledge(reader, seq, now_ms=now_ms)
    old = store.changes.old(now_ms)
    for record_id, upto in old.items():
        known = store.records.get(record_id)
        if known is not None and known.entity_type in CATALOGUE and upto > known.source_seq:
            noted = store.changes.about(record_id, after=known.source_seq)
            source = _told(known, [change for change in noted if change.seq <= upto], noted)
            digest = None if source is None else digest_of(source)
            store.records.bring_up_to_date(record_id, source, digest, seq=upto)
    store.changes.purge(old)
    return taken


def _will_lose(source: str | None, ahead: Sequence[Noted]) -> bool:
    """Whether a deletion comes; of a record that the POS makes only now, where nothing makes that anew behind it."""
    return _is_deletion_in(ahead) and (source is not None or ahead[-1].action == "delete")


def _stock_on_the_way(known: Known, source: str | None, ahead: Sequence[Noted]) -> int:
    """What is counted in here and not there yet; behind a deletion the feed has also what the POS counted itself."""
    said, held = (loads_stored(content or "{}").get("stock") for content in (source, known.payload))
    if _is_deletion_in(ahead) and isinstance(said, int) and isinstance(held, int):
        return held - said
    return sum(_delta(change) for change in ahead)


def _is_deletion_in(ahead: Sequence[Noted]) -> bool:
    return any(change.action == "delete" for change in ahead)


def _abreast(noted: Sequence[Noted], ahead: Sequence[Noted]) -> int:
    """Up to where nothing is left to hear; a person may tick off a later change before an earlier one."""
    return ahead[0].seq - 1 if ahead else noted[-1].seq


def _told(known: Known, heard: Sequence[Noted], noted: Sequence[Noted]) -> str | None:
    """The POS's last word after it has taken these changes; None: it has no such record (any more)."""
    held, here = None if known.source is None else loads_stored(known.source), loads_stored(known.payload)
    for change in heard:
        if change.action == "delete":
            held = None
        elif held is not None:
            held.update(_taken(held, change, {**here, **_found_by(noted, after=change.seq)}))
        elif change.action == "create":
            held = {name: step["to"] for name, step in change.fields.items()}
    return None if held is None else dumps(held)


def _found_by(noted: Sequence[Noted], *, after: int) -> Fields:
    """What the next change of each field found."""
    later = [change for change in noted if change.seq > after]
    return {name: step["from"] for change in reversed(later) for name, step in change.fields.items()}


def _taken(held: dict[str, Json], change: Noted, found: Fields) -> dict[str, Json]:
    """What a change makes of it; a field that the POS changed itself stays, one new to both if it did so since.

    `found` is what the next change of each field, or today, finds: another value than was left is the POS's own.
    """
    delta = _delta(change)
    stock = {"stock": held["stock"] + delta} if delta and isinstance(held.get("stock"), int) else {}
    steps = {name: step for name, step in change.fields.items() if name != "stock"}
    names = {
        name: step["to"]
        for name, step in steps.items()
        if held.get(name) == step["from"] or (step["from"] is None and found.get(name) == step["to"])
    }
    return {**names, **stock}


def _delta(change: Noted) -> int:
    delta = change.fields.get("stock", {}).get("delta", 0)
    return delta if isinstance(delta, int) else 0
