"""The simulated cloud's own page: what arrived, and headquarters by hand. What came from outside is plain text."""

import html
import json
from collections.abc import Iterable

from outlet_sync_gui.simulator.control import ENDPOINTS, FAULTS, Desk
from outlet_sync_gui.simulator.headquarters import Conflict, Kept
from outlet_sync_gui.simulator.judge import Json
from outlet_sync_gui.simulator.messenger import Delivery

MOST_ROWS = 200
MOST_TEXT = 300
STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem;max-width:80rem;color:#222;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd;overflow-wrap:anywhere}
form{display:inline}fieldset{border:1px solid #ddd;margin:.5rem 0}input,select,button{font:inherit;margin:.1rem}
input{width:9rem}input.wide{width:24rem}button.danger{color:#a00}
"""
TELLINGS = (("signed", "webhook too"), ("none", "by pull only"), ("forged", "webhook with a wrong signature"))
LEVELS = ("info", "warning", "critical")
POLICIES = ("", "ask", "cloud_wins", "local_wins", "newest_wins")


def render(desk: Desk) -> bytes:
    """The whole page."""
    parts = (
        "<h1>Simulated cloud: headquarters by hand</h1>",
        _arrived(desk),
        _menu(desk),
        _conflicts(desk.cloud.conflicts.values()),
        _everyone(),
        _machine(),
        _faults(desk),
        _webhooks(desk),
    )
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Simulated cloud</title><style>{STYLE}</style>'
    return (head + "".join(parts)).encode(errors="replace")


def _arrived(desk: Desk) -> str:
    rows = ((name, _text(value)) for name, value in desk.cloud.summary().items())
    outlet = desk.cloud.outlet or "none has called yet"
    return f"<h2>What arrived</h2><p>Outlet: {_text(outlet)}</p>{_table((), rows)}"


def _menu(desk: Desk) -> str:
    products = [(key[1], kept) for key, kept in desk.cloud.records.items() if key[0] == "product"]
    rows = (_product(local_id, kept) for local_id, kept in products[:MOST_ROWS])
    more = f"<p>And {len(products) - MOST_ROWS} more.</p>" if len(products) > MOST_ROWS else ""
    new = _form(
        _input("local_id", "id"),
        _input("fields.name", "name"),
        _input("fields.price", "price"),
        _telling(),
        _button("add_product", "Add product"),
    )
    category = _form(_input("name", "name"), _telling(), _button("add_category", "Add category"))
    heads = ("Id", "Name", "Price", "Version", "Headquarters does")
    return f"<h2>The menu as headquarters has it</h2>{_table(heads, rows)}{more}<p>{new}<p>{category}"


def _product(local_id: str, kept: Kept) -> tuple[str, ...]:
    shown = (_text(local_id), *(_text(kept.data.get(name, "")) for name in ("name", "price")), str(kept.version))
    if kept.is_deleted:
        return (*shown, "deleted")
    change = (
        _input("fields.name", "new name"),
        _input("fields.price", "new price"),
        _input("fields.stock", "new stock"),
        _button("change_product", "Change"),
        _button("zero_price", "Price to 0"),
        _button("delete_product", "Delete", is_danger=True),
    )
    conflict = (_select("field", ("price", "name", "stock")), _input("value", "headquarters' value"))
    forms = (
        _form(_hidden(local_id), *change, _telling()),
        _form(_hidden(local_id), *conflict, _telling(), _button("conflict", "Open conflict")),
    )
    return (*shown, "<br>".join(forms))


def _conflicts(conflicts: Iterable[Conflict]) -> str:
    rows = ((_text(each.id), _text("/".join(each.key)), *_sides(each)) for each in conflicts)
    return f"<h2>Conflicts</h2>{_table(('Id', 'Record', 'Field', 'Headquarters', 'Till', 'State'), rows)}"


def _sides(conflict: Conflict) -> tuple[str, ...]:
    cloud, local = (f"{_text(side.value)} (version {side.version})" for side in (conflict.cloud, conflict.local))
    state = "open" if conflict.resolution is None else f"resolved: {_text(dict(conflict.resolution))}"
    return _text(conflict.field), cloud, local, state


def _everyone() -> str:
    broadcast = _form(
        _input("title", "title"),
        _input("message", "message", is_wide=True),
        _select("level", LEVELS),
        _input("expires_at", "ends, as 2026-01-27T17:00:00Z", is_wide=True),
        _telling(),
        _button("broadcast", "Broadcast"),
    )
    config = _form(
        _input("config.pull_interval_s", "pull_interval_s"),
        _input("config.closing_time", "closing_time"),
        _select("config.conflict_policy", POLICIES),
        _telling(),
        _button("config", "Set config"),
    )
    return f"<h2>Messages and settings</h2><p>Both need webhooks.<p>{broadcast}<p>{config}"


def _machine() -> str:
    delete = _form(_input("n", "11"), _telling(), _button("delete_products", "Delete so many products", is_danger=True))
    restore = _form(_input("back_minutes", "60"), _button("restore", "Restore from a backup", is_danger=True))
    reinstall = _form(_button("reinstall", "Install anew: new ids, versions from 1", is_danger=True))
    told = "A restore takes the checkpoint back by so many minutes, and forgets what came after it."
    return f"<h2>The cloud as a whole</h2><p>{delete}<p>{restore} {told}<p>{reinstall}"


def _faults(desk: Desk) -> str:
    rows = [(_text(name), _text(repr(fault))) for name, fault in desk.faults.by_endpoint.items()]
    rows += [(_text(name), f"refused: {_text(words)}") for name, words in desk.cloud.rejects.items()]
    fault = _form(_select("endpoint", reversed(ENDPOINTS)), _select("fault", FAULTS), _button("fault", "Switch on"))
    refuse = _form(
        _input("local_id", "id"), _input("words", "in these words", is_wide=True), _button("reject", "Refuse")
    )
    return f"<h2>Faults</h2>{_table((), rows)}<p>{fault}<p>{refuse}<p>{_form(_button('heal', 'All is well again'))}"


def _webhooks(desk: Desk) -> str:
    if desk.messenger is None:
        return "<h2>Webhooks</h2><p>No webhook address: the outlet learns of everything by pull only."
    replay = _form(_select("webhook", ("signed", "forged")), _button("replay", "Send the last webhook again"))
    rows = (_delivery(each) for each in reversed(desk.messenger.deliveries))
    told = f"<p>To {_text(desk.messenger.url)}, signed with the secret that was told at the start.<p>{replay}"
    heads = ("Kind", "Body", "Tries", "The till's answer")
    return f"<h2>Webhooks, the newest first</h2>{told}{_table(heads, rows)}"


def _delivery(delivery: Delivery) -> tuple[str, ...]:
    status = "nobody answers" if delivery.status is None else str(delivery.status)
    is_given_up = delivery.is_over and (delivery.status is None or delivery.status >= 500)
    state = "given up" if is_given_up else "" if delivery.is_over else "goes on"
    kind = delivery.webhook.kind + (", wrong signature" if delivery.is_forged else "")
    return (
        kind,
        _text(delivery.webhook.body.decode()),
        str(delivery.tries),
        f"{status} {state} {_text(delivery.answer)}",
    )


# -- pieces of HTML; what they are given as text is escaped here and nowhere else


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{name}" for name in heads)
    return f"<table><tr>{head}{''.join('<tr>' + ''.join(f'<td>{cell}' for cell in row) for row in rows)}</table>"


def _form(*parts: str) -> str:
    return f'<form method="post" action="/simulator/headquarters">{"".join(parts)}</form>'


def _input(name: str, hint: str, *, is_wide: bool = False) -> str:
    kind = ' class="wide"' if is_wide else ""
    shown = html.escape(hint)
    return f'<input name="{name}" placeholder="{shown}" aria-label="{shown}" autocomplete="off"{kind}>'


def _hidden(local_id: str) -> str:
    return f'<input type="hidden" name="local_id" value="{html.escape(local_id)}">'


def _select(name: str, choices: Iterable[str]) -> str:
    return _choose(name, ((choice, choice or "(as it is)") for choice in choices))


def _telling() -> str:
    return _choose("webhook", TELLINGS)


def _choose(name: str, choices: Iterable[tuple[str, str]]) -> str:
    options = "".join(f'<option value="{value}">{shown}</option>' for value, shown in choices)
    return f'<select name="{name}" aria-label="{name}">{options}</select>'


def _button(action: str, words: str, *, is_danger: bool = False) -> str:
    kind = ' class="danger"' if is_danger else ""
    return f'<button name="action" value="{action}"{kind}>{words}</button>'


def _text(value: Json) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return html.escape(shown if len(shown) <= MOST_TEXT else f"{shown[:MOST_TEXT]}…")
