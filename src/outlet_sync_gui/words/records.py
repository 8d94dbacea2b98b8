"""Records: what they are called, what becomes of them, and why some are refused or wait."""

import re
from collections.abc import Mapping

from outlet_sync_gui.status import Row, RowState, Wait
from outlet_sync_gui.words.speech import N_, at, megabytes, number, plural, say, say_n

SIZES = re.compile(r"([0-9]{1,18})/([0-9]{1,18})")
TYPES: Mapping[str, tuple[str, str]] = {
    "order": (N_("order"), N_("orders")),
    "transaction": (N_("transaction"), N_("transactions")),
    "product": (N_("menu item"), N_("menu items")),
    "category": (N_("category"), N_("categories")),
    "table_status": (N_("table status"), N_("table statuses")),
    "daily_summary": (N_("daily summary"), N_("daily summaries")),
    "cashier_shift": (N_("cashier shift"), N_("cashier shifts")),
}
METHODS = {"cash": N_("Cash"), "card": N_("Card"), "transfer": N_("Transfer"), "qris": N_("QRIS")}


def type_name(entity_type: str, n: int = 1) -> str:
    """A type as people call it; one that we don't know as it is."""
    if entity_type not in TYPES:
        return entity_type
    return plural(*TYPES[entity_type], n)


def row_title(row: Row) -> str:
    """Order 0143; a menu item by its name."""
    if row.title:
        return row.title
    name = type_name(row.entity_type)
    return f"{name[:1].upper()}{name[1:]} {row.local_id}"


def row_detail(row: Row) -> str:
    """Table A-05 · 4 guests."""
    if row.entity_type == "order":
        table = say("Table {table}", table=row.table) if row.table else say("Take-away")
        return f"{table} · {say_n('{n} guest', '{n} guests', row.pax)}" if row.pax else table
    if row.entity_type == "transaction" and row.method:
        method = METHODS.get(row.method.lower())
        return say(method) if method else row.method
    if row.stock is not None:
        return say("stock {n}", n=number(row.stock))
    return "" if row.title is None else type_name(row.entity_type)


def row_state(row: Row, now_ms: int) -> str:
    """What becomes of it."""
    return say("sent") if row.state is None else queued_state(row.state, row.due_at, now_ms)


def queued_state(state: RowState, due_at: int | None, now_ms: int) -> str:
    """What becomes of a row of the line."""
    match state:
        case RowState.SENDING:
            return say("being sent")
        case RowState.BLOCKED:
            return say("after its order")
        case RowState.HELD:
            return say("held")
        case RowState.DEAD:
            return say("refused")
        case _ if due_at and due_at >= now_ms:
            return at(due_at, now_ms, has_zone=False)
        case RowState.RETRY:
            return say("tried again")
        case _:
            return say("waiting")


WAITS: Mapping[str, str] = {
    "R-TYPE": N_("Headquarters doesn't take {type} yet; {n} waiting"),
    "R-ALIKE": N_("Headquarters refuses {type} with the same words, one after another; {n} waiting"),
    "N-OUTLET": N_("Headquarters closes one way in; {n} waiting. Call headquarters (N-OUTLET, {name})"),
}


NOBODY_WAITS = N_("Headquarters closes one way in: {name} (N-OUTLET)")


def wait(found: Wait, now_ms: int) -> str:
    """Why some records wait while others go, headquarters' words, and when it is tried again."""
    facts = {"type": type_name(found.name, 2), "name": found.name, "n": number(found.n)}
    said = f"{quote(found.words)}." if found.words else ""
    again = tried_again(found.next_at, now_ms) if found.next_at is not None else ""
    text = NOBODY_WAITS if found.code == "N-OUTLET" and found.n == 0 else WAITS[found.code]
    return " ".join(part for part in (f"{say(text, **facts)}.", said, again) if part)


def tried_again(ms: int, now_ms: int) -> str:
    """When the next try comes."""
    return say("Tried again {when}.", when=at(ms, now_ms)) if ms > now_ms else say("Tried again any moment.")


REFUSALS: Mapping[str, str] = {
    "R-DATA": N_("Headquarters does not accept this {type}"),
    "R-EXISTS": N_("Already at headquarters with other content"),
    "R-SIZE": N_("Too big to send: {size}, limit {limit}"),
    "R-GONE": N_("Deleted at headquarters"),
    "R-TRIES": N_("Refused {n} times, no reason given"),
    "R-TYPE": N_("Headquarters doesn't take {types} yet"),
    "R-ALIKE": N_("Waits: headquarters refuses {types} alike"),
}


def refusal(code: str | None, entity_type: str, words: str | None) -> str:
    """Why a record was refused: our cause, then headquarters' own words."""
    cause = refusal_cause(code, entity_type, words)
    is_counted = code == "R-TRIES" or (code == "R-SIZE" and SIZES.fullmatch(words or ""))
    return f"{cause}. {quote(words)}" if words and not is_counted else cause


def refusal_cause(code: str | None, entity_type: str, words: str | None) -> str:
    """Our cause alone."""
    text = REFUSALS.get(code or "R-DATA", REFUSALS["R-DATA"])
    said = words or ""
    sizes = SIZES.fullmatch(said)
    if code == "R-SIZE" and not sizes:
        text = REFUSALS["R-DATA"]
    if code == "R-SIZE" and sizes:
        return say(text, size=megabytes(int(sizes[1])), limit=megabytes(int(sizes[2])))
    if code == "R-TRIES":
        return say(text, n=said) if said else say("Refused, no reason given; tried again")
    return say(text, type=type_name(entity_type), types=type_name(entity_type, 2))


def quote(said: str) -> str:
    """Headquarters' own words."""
    return say("Headquarters says: “{words}”", words=said)
