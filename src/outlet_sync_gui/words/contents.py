"""What a record holds, field by field, as people read it; what we don't know is told as it came."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from outlet_sync_gui.words.headquarters import field_title, shortened, value
from outlet_sync_gui.words.records import METHODS
from outlet_sync_gui.words.speech import N_, date, number, rupiah, say

Json = Any
# By name, in the order in which people ask; one that is not here comes after these under its own name.
TITLES: Mapping[str, str] = {
    "local_id": N_("Number"),
    "order_id": N_("Order number"),
    "name": N_("Name"),
    "table_number": N_("Table"),
    "customer_name": N_("Customer"),
    "pax": N_("Guests"),
    "status": N_("State"),
    "total_amount": N_("Total"),
    "payment_method": N_("Payment"),
    "method": N_("Payment"),
    "amount": N_("Paid"),
    "cash_amount": N_("Cash"),
    "change_amount": N_("Change given"),
    "paid_at": N_("Paid at"),
    "cashier_name": N_("Cashier"),
    "price": N_("Price"),
    "stock": N_("Stock"),
    "category_name": N_("Category"),
    "created_at": N_("Made at"),
    "updated_at": N_("Changed at"),
    "deleted_at": N_("Deleted at"),
}
MONEY = frozenset({"total_amount", "amount", "cash_amount", "change_amount", "price", "subtotal"})
TIMES = frozenset({"created_at", "updated_at", "deleted_at", "paid_at"})
VALUES: Mapping[str, str] = {
    "paid": N_("paid"),
    "unpaid": N_("unpaid"),
    "open": N_("open"),
    "cancelled": N_("cancelled"),
    "void": N_("cancelled"),
    "completed": N_("done"),
    "kitchen": N_("kitchen"),
    "bar": N_("bar"),
}
SPOKEN = frozenset({"status", "destination"})  # fields whose values are words of ours, too
MOST_ITEMS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a bill, in words."""

    quantity: str
    name: str
    price: str  # of one
    subtotal: str


def content(fields: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Titles and values of a record; the payment's own fields among them, its items not."""
    payment = fields.get("payment_info")
    flat = {**fields, **payment} if isinstance(payment, dict) else dict(fields)
    left_out = {"items"} if items(fields) else set()
    left_out |= {"payment_info"} if isinstance(payment, dict) else set()
    names = [name for name in (*TITLES, *(name for name in flat if name not in TITLES)) if name in flat]
    told = [(content_title(name), content_value(name, flat[name])) for name in names if name not in left_out]
    return [(title, text) for title, text in told if text not in ("", "–")]


def items(fields: Mapping[str, Json]) -> list[Item]:
    """The lines of a bill, the first of very many; none where they are of another shape."""
    found = fields.get("items")
    if not isinstance(found, list) or not all(isinstance(item, dict) and item.get("product_name") for item in found):
        return []
    return [_item(item) for item in found[:MOST_ITEMS]]


def _item(item: Mapping[str, Json]) -> Item:
    quantity = item.get("qty")
    return Item(
        quantity=f"{content_value('qty', quantity)}×" if quantity is not None else "",
        name=shortened(str(item["product_name"])),
        price=content_value("price", item["price"]) if item.get("price") is not None else "",
        subtotal=content_value("subtotal", item["subtotal"]) if item.get("subtotal") is not None else "",
    )


def content_title(name: str) -> str:
    """What people call a field of a record: Table."""
    return say(TITLES[name]) if name in TITLES else field_title(name)


def content_value(name: str, held: Json) -> str:
    """A field's value: Rp187.000, Tue 27 Jan 10:31, kitchen."""
    if name in MONEY and isinstance(held, int) and not isinstance(held, bool):
        return rupiah(held)
    if name in TIMES and isinstance(held, str):
        return _time(held)
    if name in SPOKEN and isinstance(held, str) and held.lower() in VALUES:
        return say(VALUES[held.lower()])
    if name in ("method", "payment_method") and isinstance(held, str):
        method = METHODS.get(held.lower())
        return say(method) if method else shortened(held)
    if isinstance(held, Decimal):
        return number(float(held)) if held == round(held, 1) else str(held)
    if isinstance(held, dict | list):
        return shortened(json.dumps(held, ensure_ascii=False, default=str))
    return value(name, held)


def _time(told: str) -> str:
    with suppress(ValueError, OverflowError, OSError):
        moment = datetime.fromisoformat(told)
        return date(round(moment.timestamp() * 1000)) if moment.tzinfo is not None else shortened(told)
    return shortened(told)
