"""What headquarters says: conflicts, changes of the menu, announcements and questions.

Values come as what JSON holds. Text from outside is shortened where it has no end; it is never read as a pattern.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from outlet_sync_gui.status import Question
from outlet_sync_gui.words.records import WAITS, quote, type_name
from outlet_sync_gui.words.speech import N_, date, number, rupiah, say, say_n

Json = Any
LONGEST_VALUE = 300
NAMES_TOLD = 3  # of those that a question holds
DELETED = "deleted"  # no field of the record's own: one side deleted what the other one changed
FIELDS: Mapping[str, str] = {
    "name": N_("name"),
    "price": N_("price"),
    "stock": N_("stock"),
    "category_id": N_("category"),
    "category_name": N_("category name"),
    "destination": N_("kitchen or bar"),
    "description": N_("description"),
    "is_active": N_("on sale"),
    DELETED: N_("deletion"),
}


# -- fields and values


def field_name(field: str) -> str:
    """What people call a field: price; one that we don't know as it is."""
    return say(FIELDS[field]) if field in FIELDS else shortened(field)


def field_title(field: str) -> str:
    """The same at the beginning of a line: Price."""
    return _capital(field_name(field))


def value(field: str, held: Json) -> str:
    """A field's value: Rp40.000, 1,248, yes; what is not there is a dash."""
    if field == DELETED:
        return say("deleted") if held else say("on the menu")
    if held is None:
        return "–"
    if isinstance(held, bool):
        return say("yes") if held else say("no")
    if isinstance(held, int):
        return rupiah(held) if field == "price" else number(held)
    return shortened(held) if isinstance(held, str) else _compact(held)


def shortened(text: str) -> str:
    """Text from outside in one line of bearable length."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_VALUE else f"{line[:LONGEST_VALUE]}…"


def _compact(held: Json) -> str:
    is_plain = not isinstance(held, dict | list)
    return shortened(str(held) if is_plain else json.dumps(held, ensure_ascii=False, default=float))


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


# -- conflicts


def settled_by(who: str | None) -> str:
    """Who settled a conflict: a person, the settings (empty), or both sides by agreeing (None)."""
    return say("by itself") if who is None else who or say("as the settings say")


def conflict_title(name: str, fields: Sequence[str], *, is_deleted_there: bool = False) -> str:
    """What differs of what: Price of Nasi Goreng differs."""
    if DELETED in fields:
        text = (
            N_("{name}: deleted at headquarters but changed here")
            if is_deleted_there
            else N_("{name}: deleted here but changed at headquarters")
        )
        return say(text, name=name)
    match [field_name(field) for field in fields]:
        case [one]:
            return say("{field} of {name} differs", field=_capital(one), name=name)
        case [one, other]:
            return say("{field} and {other} of {name} differ", field=_capital(one), other=other, name=name)
        case _:
            return say("{n} fields of {name} differ", n=number(len(fields)), name=name)


def conflict_line(fields: Sequence[str], *, is_deleted_there: bool = False) -> str:
    """The same under the record's name: name, price."""
    if DELETED in fields:
        return say("deleted by headquarters") if is_deleted_there else say("deleted here")
    return ", ".join(field_name(field) for field in fields)


def effect(field: str, *, is_here: bool) -> str:
    """Where a choice changes a field: Price on the menu, Name at headquarters."""
    text = N_("{field} on the menu") if is_here else N_("{field} at headquarters")
    return say(text, field=field_title(field))


def deletion_effect(*, is_deleted: bool, is_here: bool) -> str:
    """What a choice over a deletion does to the side that gives way."""
    texts = {
        (True, True): N_("It is taken off the menu here."),
        (True, False): N_("It is deleted at headquarters, too."),
        (False, True): N_("It comes back to the menu here."),
        (False, False): N_("It is created again at headquarters."),
    }
    return say(texts[is_deleted, is_here])


# -- changes for the till


def change(action: str, fields: Mapping[str, Mapping[str, Json]]) -> str:
    """What headquarters changed of a record: Price Rp35.000 → Rp40.000 · Stock −3."""
    if action == "delete":
        return say("taken off the menu")
    parts = [_field_change(field, what) for field, what in fields.items()]
    told = " · ".join(part for part in parts if part)
    if action == "create":
        return f"{say('new on the menu')} · {told}" if told else say("new on the menu")
    return told or say("changed")


def _field_change(field: str, what: Mapping[str, Json]) -> str:
    title, delta = field_title(field), what.get("delta")
    if isinstance(delta, int) and not isinstance(delta, bool):
        return f"{title} {'+' if delta >= 0 else '−'}{number(abs(delta))}"
    before, after = what.get("from"), what.get("to")
    if before is None:
        return "" if field == "name" else f"{title} {value(field, after)}"
    return f"{title} {value(field, before)} → {value(field, after)}"


# -- announcements

LEVELS: Mapping[str, str] = {"info": N_("For information"), "warning": N_("Important"), "urgent": N_("Urgent")}


def level(name: str) -> str:
    """How much an announcement matters, in a word."""
    return say(LEVELS.get(name, LEVELS["info"]))


# -- questions

# Those that headquarters may set.
SETTINGS: Mapping[str, str] = {
    "pull_interval_s": N_("seconds between news"),
    "medium_interval_s": N_("seconds between sendings of the menu"),
    "low_interval_s": N_("seconds between sendings of the rest"),
    "closing_time": N_("closing time"),
    "business_day_start": N_("start of the business day"),
    "conflict_policy": N_("choice in conflicts"),
}
ANSWERS: Mapping[str, str] = {
    "retry": N_("Retry"),
    "give_up": N_("Stop trying"),
    "approve": N_("Approve"),
    "refuse": N_("Refuse"),
    "push_again": N_("Send ours again"),
    "accept": N_("Accept theirs"),
    "keep": N_("Keep"),
    "undo": N_("Undo"),
}


def answer(choice: str) -> str:
    """The button of an answer."""
    return say(ANSWERS[choice]) if choice in ANSWERS else choice


def question(asked: Question) -> str:
    """What is asked, and what happens until it is answered."""
    facts, n = dict(asked.facts), asked.n
    match asked.kind:
        case "deletions":
            text = say_n("Headquarters deletes {n} menu item", "Headquarters deletes {n} menu items", n)
            return f"{_named(text, facts, n)} {say('They stay on the menu until you approve.')}"
        case "zero_price":
            text = say_n("Headquarters sets {n} price to Rp0", "Headquarters sets {n} prices to Rp0", n)
            return f"{_named(text, facts, n)} {say('The old price holds until you approve.')}"
        case "restored_cloud":
            return f"{_restored(facts)} {say('Nothing was deleted here. No news is taken until you decide.')}"
        case "config_changed":
            changed = ", ".join(f"{setting_name(name)} {shortened(str(told))}" for name, told in facts.items())
            return say("Headquarters changed settings of this program: {settings}.", settings=changed)
        case "refused_alike":
            kind = type_name(str(facts.get("entity_type", "")), 2)
            return f"{say(WAITS['R-ALIKE'], type=kind, n=number(n))}. {quote(str(facts.get('words', '')))}."
        case _:
            return shortened(f"{asked.kind}: {', '.join(f'{name} {told}' for name, told in facts.items())}")


def asked_at(asked: Question) -> str:
    """Since when an answer is waited for."""
    return say("Asked {time}", time=date(asked.asked_at))


def _named(text: str, facts: Mapping[str, str | int], n: int) -> str:
    """With the first few names, and how many more there are."""
    names, more = shortened(str(facts.get("names", ""))), n - NAMES_TOLD
    if not names:
        return f"{text}."
    return f"{text}: {names}, {say('{n} more', n=number(more))}." if more > 0 else f"{text}: {names}."


def _restored(facts: Mapping[str, str | int]) -> str:
    known, came = facts.get("known"), facts.get("came")
    if isinstance(known, int) and isinstance(came, int) and known:
        return say(
            "Headquarters has only {came} of the {known} menu items that it had: its data was probably restored.",
            came=number(came),
            known=number(known),
        )
    return say(
        "Headquarters' news went back from {cursor} to {checkpoint}: its data was probably restored.",
        cursor=_time(facts.get("cursor")),
        checkpoint=_time(facts.get("checkpoint")),
    )


def setting_name(key: str) -> str:
    """What people call a setting that headquarters may set."""
    return say(SETTINGS[key]) if key in SETTINGS else key


def _time(told: str | int | None) -> str:
    """An ISO time as people write it; anything else as it is."""
    with suppress(ValueError, OverflowError, OSError):
        return date(round(datetime.fromisoformat(str(told)).timestamp() * 1000))
    return shortened(str(told or "–"))
