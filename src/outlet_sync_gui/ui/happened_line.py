"""One entry of the history in words: for the list, for the clipboard, and with what an undo would do."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from outlet_sync_gui import reasons, words
from outlet_sync_gui.status import Question as Asked
from outlet_sync_gui.store.activity import Deed
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.store.history import Source
from outlet_sync_gui.store.messages import Message
from outlet_sync_gui.store.questions import Question, QuestionKind
from outlet_sync_gui.sync.history import Happened
from outlet_sync_gui.sync.holding import Step
from outlet_sync_gui.ui.row_model import ICONS, Line, Shown
from outlet_sync_gui.words.speech import day

KINDS: Mapping[str, str] = {
    QuestionKind.DELETIONS: words.N_("Menu items that headquarters deletes"),
    QuestionKind.ZERO_PRICE: words.N_("Prices that headquarters sets to Rp0"),
    QuestionKind.RESTORED_CLOUD: words.N_("Headquarters' data went back"),
    QuestionKind.CONFIG_CHANGED: words.N_("Settings from headquarters"),
}
HELD = (QuestionKind.DELETIONS, QuestionKind.ZERO_PRICE)  # asked of records, whose names the facts tell
FIELDS_SHOWN = 4
LONGEST_NAME, LONGEST_TOLD = 24, 240  # characters


class HappenedLine:
    """An entry, put into words when somebody looks at it; where there is no room for more its name tells all."""

    def __init__(self, happened: Happened, *, is_compact: bool) -> None:
        self.key = key_of(happened)
        self._happened, self._is_compact = happened, is_compact

    @cached_property
    def _line(self) -> Line:
        return line_of(self._happened, is_compact=self._is_compact)

    @property
    def icon(self) -> str:
        """The icon's name."""
        return self._line.icon

    @property
    def state_icon(self) -> str:
        """The name of the state's icon."""
        return self._line.state_icon

    def text(self, column: int) -> str:
        """The words in a column."""
        return self._line.text(column)


def lines_of(found: Sequence[Happened], now_ms: int, *, is_compact: bool) -> list[Shown]:
    """The entries, each day under its heading, which has a key below 0."""
    lines: list[Shown] = []
    before = ""
    for happened in found:
        heading = day(happened.entry.key.at, now_ms)
        if heading != before:
            before = heading
            lines.append(_heading(heading, -1 - len(lines)))
        lines.append(HappenedLine(happened, is_compact=is_compact))
    return lines


def key_of(happened: Happened) -> int:
    """A number of its own."""
    return happened.entry.key.number * len(Source) + happened.entry.key.source


def line_of(happened: Happened, *, is_compact: bool = False) -> Line:
    """An entry in words."""
    key, record = happened.entry.key, happened.entry.record
    time, what, detail = words.time(key.at), title(happened), detail_of(happened)
    is_sale = record is not None and record.entity_type in ("order", "transaction")
    by, by_icon = _by(happened)
    return Line(
        time=time,
        icon=ICONS.get(record.entity_type, "other") if record else _icon(happened),
        what=_joined(time, what, detail if happened.entry.told else "") if is_compact else what,
        detail=detail,
        amount=words.rupiah(record.amount) if record and is_sale and record.amount is not None else "",
        state=by,
        state_icon=by_icon,
        key=key_of(happened),
    )


def as_text(happened: Happened) -> str:
    """One line for the clipboard: Tue 27 Jan 10:31 · Order 0143 · Table A-05 · Rp187.000 · sent."""
    line = line_of(happened)
    return _joined(words.date(happened.entry.key.at), line.what, line.detail, line.amount, line.state)


def undo_effect(undo: Mapping[str, Step]) -> str:
    """What an undo does: Once undone: Price on the menu Rp40.000 → Rp38.000, also at headquarters."""
    if not undo:
        return words.say("Once undone: it is sent to headquarters after all.")
    steps = [
        f"{words.effect(field, is_here=True)} {words.value(field, step['from'])} → {words.value(field, step['to'])}"
        for field, step in undo.items()
    ]
    return words.say("Once undone: {what}, also at headquarters.", what=_short(" · ".join(steps), LONGEST_TOLD))


def whole_of(happened: Happened) -> str:
    """All of one entry, as far as it is bearable."""
    line = line_of(happened)
    return _short(_joined(line.what, line.detail, line.amount, line.state), LONGEST_TOLD)


def title(happened: Happened) -> str:
    """What it is about."""
    entry = happened.entry
    match entry.told:
        case Message(title=said, text=text):
            return words.shortened(said or text)
        case Question(kind=kind):
            return words.say(KINDS[kind])
        case Deed(why=why) if entry.record is None and why in KINDS:
            return words.say(KINDS[why])
        case Deed(what=what) if entry.record is None:
            return words.say(reasons.DEEDS[what])
        case _:
            return words.shortened(words.row_title(entry.record)) if entry.record else ""


def detail_of(happened: Happened) -> str:
    """What happened to it."""
    entry = happened.entry
    match entry.told:
        case Message(title=said, text=text):
            return words.shortened(text) if said else words.say("Announcement")
        case Question():
            return _asked(entry.told)
        case Change(action=action, reason=reason):
            return _joined(words.change(action, _few(happened.steps)), _quoted(reason))
        case Deed():
            return _deed(happened, entry.told)
        case _:
            return words.row_detail(entry.record) if entry.record else ""


def _deed(happened: Happened, deed: Deed) -> str:
    done = words.say(reasons.DEEDS[deed.what])
    if happened.entry.record is None:
        is_count = deed.why.isdecimal()
        counted = words.say_n("{n} record", "{n} records", int(deed.why)) if is_count else _quoted(deed.why)
        return done if deed.why in KINDS else counted
    changed = words.change("update", _few(happened.steps)) if happened.steps else ""
    why = words.field_name(deed.why) if deed.what == "told" else _quoted(deed.why)
    return _joined(changed, done, why)


def _asked(question: Question) -> str:
    if question.kind in HELD:
        return words.shortened(str(question.facts.get("names", "")))
    facts = tuple((name, value if isinstance(value, int) else str(value)) for name, value in question.facts.items())
    asked = Asked(
        question_id=question.question_id,
        kind=question.kind.value,
        choices=(),
        n=question.n,
        facts=facts,
        asked_at=question.opened_at,
    )
    return words.question(asked)


def _by(happened: Happened) -> tuple[str, str]:
    """Who did it, with the icon of that."""
    match happened.entry.told:
        case None:
            return words.say("sent"), "check"
        case Deed(who=who) if who:
            return _short(who, LONGEST_NAME), "person"
        case Deed():
            return words.say("by itself"), "gear"
        case _:
            return words.say("headquarters"), "received"


def _icon(happened: Happened) -> str:
    match happened.entry.told:
        case Message():
            return "message"
        case Question(kind=kind) if kind in HELD:
            return "product"
        case Question():
            return "info"
        case _:
            return "activity"


def _heading(text: str, key: int) -> Line:
    return Line(time="", icon="", what=text, detail="", amount="", state="", state_icon="", key=key)


def _short(text: str, longest: int) -> str:
    line = words.shortened(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _few(steps: Mapping[str, Step]) -> Mapping[str, Step]:
    """The first of many."""
    return dict(list(steps.items())[:FIELDS_SHOWN])


def _quoted(text: str | None) -> str:
    return f"“{words.shortened(text)}”" if text else ""


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
