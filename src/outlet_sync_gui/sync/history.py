"""The history as people see it: each entry with what changed, and with what an undo would do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.activity import Deed
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.store.history import Entry, Key, Source
from outlet_sync_gui.sync.holding import Step, steps_between
from outlet_sync_gui.sync.undo import offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An entry. `steps`: what changed, field by field; `undo`: the same of an undo, None where there is none."""

    entry: Entry
    steps: Mapping[str, Step]
    undo: Mapping[str, Step] | None = None


def read(
    store: Store, sources: Collection[Source], *, search: str, before: Key | None, limit: int, now_ms: int
) -> list[Happened]:
    """A page of the history, newest first; a search has one page alone."""
    if search:
        entries = store.history.search(search, sources, limit=limit)
    else:
        entries = store.history.page(sources, before=before, limit=limit)
    return [_happened(store, entry, now_ms) for entry in entries]


def _happened(store: Store, entry: Entry, now_ms: int) -> Happened:
    match entry.told:
        case Change(fields=fields):
            return Happened(entry=entry, steps=fields)
        case Deed(before=before, after=after) as deed:
            steps = steps_between(loads_stored(before), loads_stored(after)) if before and after else {}
            return Happened(entry=entry, steps=steps, undo=offer(store, deed, now_ms=now_ms))
        case _:
            return Happened(entry=entry, steps={})
