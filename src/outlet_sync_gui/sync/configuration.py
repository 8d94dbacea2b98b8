"""Settings that headquarters may set from outside: few, checked like a person's, shown, and to be undone."""

from collections.abc import Collection, Mapping
from typing import Any

from outlet_sync_gui.contract.text import Json, dumps
from outlet_sync_gui.contract.webhooks import Config
from outlet_sync_gui.errors import InputRefused, SettingsInvalid
from outlet_sync_gui.settings import Settings, parse
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.questions import QuestionKind
from outlet_sync_gui.sync.clock import to_ms

# Address, key, secrets, listeners, proxy, certificates, retention and the POS are nobody's business from outside.
ALLOWED = frozenset(
    {
        *("pull_interval_s", "medium_interval_s", "low_interval_s"),
        *("closing_time", "business_day_start", "conflict_policy"),
    }
)
ARROW = " → "


def take(store: Store, config: Config, settings: Settings, *, fixed: Collection[str], now_ms: int) -> str:
    """Keep what may be set, if it is newer than the last; what it is answered. Raises InputRefused."""
    kept, last_at = store.outlet.remote_config()
    if last_at is not None and to_ms(config.at) <= to_ms(last_at):
        return "Older than what is in force"
    wanted = {key: _checked(key, value) for key, value in config.values.items() if key in ALLOWED}
    before: dict[str, Any] = kept.get("values", {})
    values = {**before, **wanted}
    asked = store.questions.find(QuestionKind.CONFIG_CHANGED)
    store.outlet.configure({"values": values, "former": kept["former"] if asked else before}, at=config.at)
    changed = {key: value for key, value in wanted.items() if key not in fixed and getattr(settings, key) != value}
    if changed:
        facts = dict(asked.facts) if asked else {}
        for key, value in changed.items():
            former = str(facts[key]).partition(ARROW)[0] if key in facts else _shown(getattr(settings, key))
            facts[key] = f"{former}{ARROW}{_shown(value)}"  # from what an undo goes back to
        store.questions.ask(QuestionKind.CONFIG_CHANGED, facts, now_ms=now_ms)
    ignored = sorted(config.values.keys() - ALLOWED)
    return f"Not to be set from outside: {', '.join(ignored)[:200]}" if ignored else "Configuration received"


def undo(store: Store, *, at: str) -> None:
    """Back to what was in force before the change that is asked about."""
    kept, last_at = store.outlet.remote_config()
    store.outlet.configure({"values": kept.get("former", {}), "former": {}}, at=last_at or at)


def _checked(key: str, value: Json) -> Json:
    """The value as a person's would be taken. Raises InputRefused."""
    if isinstance(value, bool):  # which would count as 0 or 1
        raise InputRefused("field_invalid", {"field": key, "why": dumps(value)})
    try:
        return getattr(parse({key: value}), key)
    except SettingsInvalid as error:
        raise InputRefused("field_invalid", {"field": key, "why": str(error.facts.get("why", ""))}) from None


def _shown(value: Json) -> str:
    return dumps(value) if isinstance(value, Mapping) else str(value) or "–"
