"""Headquarters by hand: one order as JSON or as a form, carried out on the cloud, its line and its webhooks."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from urllib.parse import parse_qsl

from outlet_sync_gui.simulator.cloud import Cloud
from outlet_sync_gui.simulator.faults import ANY, Fault, Faults
from outlet_sync_gui.simulator.judge import Json
from outlet_sync_gui.simulator.messenger import Messenger
from outlet_sync_gui.simulator.webhooks import Telling

ENDPOINTS = ("orders", "transactions", "products", "batch", "updates", "daily", "resolve", ANY)
NUMBERS = frozenset({"price", "stock"})  # in a form; so are settings in seconds and the like, by their ending
NUMBER_ENDINGS = ("_s", "_items", "_minute", "_days")
SWITCHES = ("announces_conflicts", "tells_applied_value", "unknown_conflict_status", "extras")
# What a person can order with one word; JSON to /simulator/faults has every field of a Fault.
FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "cut before": Fault(drop_before=True),
        "cut after": Fault(drop_after=True),
        "cut answer": Fault(truncated=True),
        "slow": Fault(latency_s=3.0),
        "500": Fault(status=500),
        "401": Fault(status=401),
        "403": Fault(status=403),
        "429": Fault(status=429, retry_after=30),
        "sign-in page": Fault(html=True),
    }
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What an order can reach. Without a messenger everything is told by pull only."""

    cloud: Cloud
    faults: Faults
    messenger: Messenger | None

    def send(self, telling: Telling) -> None:
        """Let what headquarters did since be told, in this way."""
        if self.messenger is None:
            return
        news = list(self.cloud.webhooks)
        self.cloud.webhooks.clear()
        self.messenger.take(() if telling is Telling.NONE else news, is_forged=telling is Telling.FORGED)


@dataclass(frozen=True, slots=True)
class Order:
    """What a person wants. Everything raises ValueError with a sentence where it makes no sense."""

    values: Mapping[str, Json]

    def text(self, name: str, default: str | None = None) -> str:
        """A text that is there, or its default."""
        value = self.values.get(name, default)
        if not isinstance(value, str) or not value:
            raise ValueError(f"{name}: a text")
        return value

    def number(self, name: str, default: int) -> int:
        """A number above 0, also as text."""
        text = str(self.values.get(name, default))
        if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text)):
            raise ValueError(f"{name}: a whole number above 0")
        return int(text)

    def fields(self, name: str) -> dict[str, Json]:
        """An object with at least one field."""
        value = self.values.get(name)
        if not isinstance(value, dict) or not value or not value.keys().isdisjoint({"self", "local_id"}):
            raise ValueError(f"{name}: what to change")
        return value


def read_order(body: bytes) -> tuple[Order, bool]:
    """The order, and whether it came as a form. Raises ValueError.

    A form writes `fields.price=40000` for {"fields": {"price": 40000}}; what is left blank is not there. Told apart by
    their first sign: curl calls JSON a form, too.
    """
    text = body.decode()
    if text.lstrip().startswith("{"):
        return Order(read_json(body)), False
    values: dict[str, Json] = {}
    for name, value in parse_qsl(text):
        group, dot, inner = name.partition(".")
        place = values.setdefault(group, {}) if dot else values
        if not isinstance(place, dict):
            raise ValueError(f"{name}: what is it?")
        place[inner or group] = _typed(inner, value)
    if values.get("field") in NUMBERS and "value" in values:
        values["value"] = _typed(str(values["field"]), str(values["value"]))
    return Order(values), True


def read_json(body: bytes) -> dict[str, Json]:
    """An object. Raises ValueError."""
    try:
        value = json.loads(body)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(value, dict):
        raise ValueError("an object")
    return value


def carry_out(desk: Desk, order: Order) -> None:
    """Do it, and let it be told as `webhook` says. Raises ValueError."""
    action = order.text("action")
    telling = Telling(order.text("webhook", Telling.SIGNED))
    if action not in ACTIONS:
        raise ValueError(f"action: one of {', '.join(ACTIONS)}")
    ACTIONS[action](desk, order)
    desk.send(telling)


def set_faults(desk: Desk, wanted: Mapping[str, Json]) -> None:
    """Faults by endpoint, refusals under `reject`. Raises ValueError."""
    known = {each.name for each in fields(Fault)}
    for endpoint, values in wanted.items():
        if not isinstance(values, dict):
            raise ValueError(f"{endpoint}: an object")
        if endpoint == "reject":
            desk.cloud.rejects.update({str(key): str(words) for key, words in values.items()})
        elif endpoint in ENDPOINTS and values.keys() <= known:
            desk.faults.set(endpoint, Fault(**values))
        else:
            raise ValueError(f"{endpoint}: one of {', '.join(ENDPOINTS)} with {', '.join(sorted(known))}")


def heal(desk: Desk) -> None:
    """The line is well, and nothing is refused."""
    desk.faults.clear()
    desk.cloud.rejects.clear()


def _fault(desk: Desk, order: Order) -> None:
    name, endpoint = order.text("fault"), order.text("endpoint", ANY)
    if name not in FAULTS or endpoint not in ENDPOINTS:
        raise ValueError(f"fault: one of {', '.join(FAULTS)}; endpoint: one of {', '.join(ENDPOINTS)}")
    desk.faults.set(endpoint, FAULTS[name])


def _reject(desk: Desk, order: Order) -> None:
    desk.cloud.rejects[order.text("local_id")] = order.text("words")


def _switch(desk: Desk, order: Order) -> None:
    for name, value in order.fields("fields").items():
        kind = type(getattr(desk.cloud, name)) if name in SWITCHES else None
        if kind is None or type(value) is not kind:
            raise ValueError(f"fields: {', '.join(SWITCHES)}")
        setattr(desk.cloud, name, value)


def _replay(desk: Desk, order: Order) -> None:
    if desk.messenger is None:
        raise ValueError("there is no webhook address")
    desk.messenger.replay(is_forged=order.text("webhook", Telling.SIGNED) == Telling.FORGED)


def _conflict(desk: Desk, order: Order) -> None:
    if "value" not in order.values:
        raise ValueError("value: what headquarters says")
    desk.cloud.open_conflict(order.text("local_id"), order.text("field"), order.values["value"])


def _broadcast(desk: Desk, order: Order) -> None:
    expires_at = order.text("expires_at") if order.values.get("expires_at") else None
    desk.cloud.broadcast(order.text("title"), order.text("message"), order.text("level", "info"), expires_at)


ACTIONS: Mapping[str, Callable[[Desk, Order], object]] = MappingProxyType(
    {
        "change_product": lambda desk, order: desk.cloud.change_product(
            order.text("local_id"), **order.fields("fields")
        ),
        "zero_price": lambda desk, order: desk.cloud.change_product(order.text("local_id"), price=0),
        "add_product": lambda desk, order: desk.cloud.add_product(order.text("local_id"), **order.fields("fields")),
        "delete_product": lambda desk, order: desk.cloud.delete_product(order.text("local_id")),
        "delete_products": lambda desk, order: desk.cloud.delete_products(order.number("n", 11)),
        "add_category": lambda desk, order: desk.cloud.add_category(order.text("name")),
        "conflict": _conflict,
        "broadcast": _broadcast,
        "config": lambda desk, order: desk.cloud.configure(**order.fields("config")),
        "replay": _replay,
        "restore": lambda desk, order: desk.cloud.restore(order.number("back_minutes", 60) * 60_000),
        "reinstall": lambda desk, _: desk.cloud.reinstall(),
        "fault": _fault,
        "reject": _reject,
        "heal": lambda desk, _: heal(desk),
        "switch": _switch,
    }
)


def _typed(name: str, value: str) -> Json:
    """A form has text only: what is a number, or a switch, by its name becomes one."""
    if name in SWITCHES:
        value_read: Json = json.loads(value)
        return value_read
    if name not in NUMBERS and not name.endswith(NUMBER_ENDINGS):
        return value
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{name}: a whole number") from None
