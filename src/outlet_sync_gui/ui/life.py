"""The life of one record in words, the latest first: where it stands, who did what to it, and since when it waits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from outlet_sync_gui import reasons, words
from outlet_sync_gui.contract.text import Json, loads_stored
from outlet_sync_gui.reader import Record
from outlet_sync_gui.status import RowState, Status
from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Strategy
from outlet_sync_gui.words import N_, say

SHOWN_CHANGES = 4
ICONS: Mapping[RowState, str] = {RowState.DEAD: "triangle", RowState.RETRY: "retry", RowState.SENDING: "up"}
DEED_ICONS: Mapping[What, str] = {What.RETRIED: "retry", What.EDITED: "pencil"}
CHOICES: Mapping[Strategy, str] = {
    Strategy.CLOUD_WINS: N_("headquarters' value"),
    Strategy.LOCAL_WINS: N_("this outlet's value"),
    Strategy.NEWEST_WINS: N_("the newest value"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One moment. `at_ms` is UTC ms, None: it holds now."""

    at_ms: int | None
    icon: str
    title: str
    detail: str = ""


def moments(record: Record, status: Status, now_ms: int) -> list[Moment]:
    """All moments of a record that are known, the latest first."""
    settled = {conflict.closed_at for conflict in record.conflicts}  # told by the conflict, not once more by the deed
    past = [_deed(deed) for deed in record.history if deed.at not in settled]
    past += [_change(change) for change in record.changes]
    past += [moment for conflict in record.conflicts for moment in _conflict(conflict)]
    past += _line(record)
    past.sort(key=lambda moment: moment.at_ms or 0, reverse=True)
    return [*_now(record, status, now_ms), *past]


def _now(record: Record, status: Status, now_ms: int) -> list[Moment]:
    row = record.queued
    if row is not None and row.state is not None:
        tried = say("tried {n}×", n=words.number(row.tries)) if row.tries else ""
        title = " · ".join(part for part in (_capital(words.row_state(row, now_ms)), tried) if part)
        why = reasons.why(row, status, now_ms)
        return [Moment(at_ms=None, icon=ICONS.get(row.state, "ring"), title=title, detail=why)]
    if record.accepted_at is None:
        return [Moment(at_ms=None, icon="ring", title=say("Not in the queue"), detail=say("Nothing of it is sent."))]
    return []


def _line(record: Record) -> list[Moment]:
    found = []
    if record.accepted_at is not None:
        agreed = words.number(record.agreed_version)
        detail = say("Headquarters has version {n}.", n=agreed) if record.agreed_version else ""
        found.append(Moment(at_ms=record.accepted_at, icon="check", title=say("Sent"), detail=detail))
    if record.queued is not None:
        found.append(Moment(at_ms=record.queued.at_ms, icon="order", title=say("Came into the queue")))
    return found


def _deed(deed: Deed) -> Moment:
    why = f"“{words.shortened(deed.why)}”" if deed.why and deed.who else ""
    parts = (deed.who, why, _edits(deed.before, deed.after))
    title = say(reasons.DEEDS[deed.what]) if deed.what in reasons.DEEDS else deed.what
    detail = " · ".join(part for part in parts if part)
    return Moment(at_ms=deed.at, icon=DEED_ICONS.get(deed.what, "ring"), title=title, detail=detail)


def _edits(before: str | None, after: str | None) -> str:
    """Price Rp35.000 → Rp40.000: what was changed by hand."""
    if before is None or after is None:
        return ""
    old, new = loads_stored(before), loads_stored(after)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    told = [f"{words.content_title(name)} {_told(old, name)} → {_told(new, name)}" for name in names[:SHOWN_CHANGES]]
    more = len(names) - SHOWN_CHANGES
    return ", ".join([*told, *([say("{n} more", n=words.number(more))] if more > 0 else [])])


def _told(held: Mapping[str, Json], name: str) -> str:
    return words.content_value(name, held[name]) if name in held else "–"


def _change(change: Change) -> Moment:
    reason = words.quote(words.shortened(change.reason)) if change.reason else ""
    detail = " · ".join(part for part in (words.change(change.action, change.fields), reason) if part)
    return Moment(at_ms=change.at, icon="product", title=say("Headquarters changed it"), detail=detail)


def _conflict(conflict: Conflict) -> Iterable[Moment]:
    names = words.conflict_line([field.field for field in conflict.fields])
    yield Moment(at_ms=conflict.opened_at, icon="differ", title=say("Changed on both sides"), detail=names)
    if conflict.closed_at is not None:
        who = words.settled_by(conflict.closed_by)
        notes = f"“{words.shortened(conflict.notes)}”" if conflict.notes else ""
        parts = (who, *(_choice(field) for field in conflict.fields), notes)
        detail = " · ".join(part for part in parts if part)
        yield Moment(at_ms=conflict.closed_at, icon="differ", title=say("Conflict settled"), detail=detail)


def _choice(field: Disagreement) -> str:
    return f"{words.field_title(field.field)}: {say(CHOICES[field.choice])}" if field.choice is not None else ""


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
