"""What the day's figures need of an order or a transaction: taken out once, as it comes in."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from outlet_sync_gui.contract.text import Json, dumps, loads
from outlet_sync_gui.errors import InputRefused

FINEST = Decimal("0.000001")  # of a quantity: so that sums are exact, whatever their order
FIRST_TIME = "1970-01-01T00:00:00Z"  # of what tells no time at all
LONE = "\n"  # before the number of a payment of no order: no order's number has it
VOIDED = ("voided_at", "cancelled_at")  # fields that a till fills when it takes a sale back


class Sale(NamedTuple):
    """An order, or a payment of one. Text of outside is as it came; words are in small letters."""

    is_order: bool
    number: str  # its own, the POS's
    bill: str  # the order's number: its own, or the one that a transaction names; LONE + number for none
    at: int  # when it was paid, else made, UTC ms
    is_timed: bool  # it tells itself when it was paid
    amount: int  # rupiah; a refund is negative
    status: str
    payment: str  # how far it is paid, where the till tells it apart from the status
    is_void: bool  # taken back, whatever its status says
    is_merged: bool  # its items went to another order
    merged: str  # JSON list of the numbers of orders whose items it took in, empty for none
    method: str
    items: str  # JSON list of [name, quantity, rupiah, status], empty for none


class Item(NamedTuple):
    """One line of an order."""

    name: str
    quantity: int | Decimal
    revenue: int
    status: str


def sale_of(kind: str, operation: str, content: Mapping[str, Json]) -> Sale | None:
    """What counts of a validated record's content; None where it is no sale, or ends one."""
    if operation == "delete":
        return None
    if kind == "order":
        return _order(content)
    return _payment(content) if kind == "transaction" else None


def items_of(texts: Iterable[str]) -> Iterator[Item]:
    """The lines of many orders, read at once: each text is a Sale's `items`."""
    lists = json.loads(f"[{','.join(filter(None, texts))}]", parse_float=Decimal)
    return (Item(*item) for items in lists for item in items)


def _order(content: Mapping[str, Json]) -> Sale:
    payment = content.get("payment_info") or {}
    paid_at = payment.get("paid_at")
    merged = [number for number in _numbers(content.get("merged_from")) if number != content["local_id"]]
    return Sale(
        is_order=True,
        number=content["local_id"],
        bill=content["local_id"],
        at=_ms(paid_at) if paid_at else _made_at(content),
        is_timed=bool(paid_at),
        amount=_first(content.get("total_amount"), payment.get("amount")),
        status=_word(content.get("status")),
        payment=_word(payment.get("payment_status") or content.get("payment_status")),
        is_void=any(content.get(name) for name in VOIDED),
        is_merged=bool(content.get("is_merged")) and not merged,
        merged=dumps(merged) if merged else "",
        method="",
        items=_items(content.get("items") or ()),
    )


def _payment(content: Mapping[str, Json]) -> Sale:
    return Sale(
        is_order=False,
        number=content["local_id"],
        bill=content.get("order_id") or LONE + content["local_id"],
        at=_made_at(content),
        is_timed=True,
        amount=content.get("total_amount") or 0,
        status=_word(content.get("status")),
        payment="",
        is_void=any(content.get(name) for name in VOIDED),
        is_merged=False,
        merged="",
        method=_word(content.get("payment_method")),
        items="",
    )


def _items(items: Sequence[Mapping[str, Json]]) -> str:
    lines = [tuple(_item(item, item["product_name"])) for item in items if item.get("product_name")]
    return dumps(lines) if lines else ""


def _item(item: Mapping[str, Json], name: str) -> Item:
    quantity = _quantity(item.get("qty"))
    rupiah = Decimal(quantity * (item.get("price") or 0)).to_integral_value(ROUND_HALF_UP)
    return Item(name, quantity, _first(item.get("subtotal"), int(rupiah)), _word(item.get("status")))


def _quantity(value: int | Decimal | None) -> int | Decimal:
    """As handed over; without one it is one piece."""
    if value is None:
        return 1
    return value if isinstance(value, int) else value.quantize(FINEST).normalize()


def _numbers(value: Json) -> list[str]:
    """Numbers of orders, in a list, in the text of one, or between commas: tills write them in each way."""
    if isinstance(value, str) and value.startswith("["):
        value = _list_in(value)
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    texts = [str(part).strip() for part in parts if isinstance(part, str | int) and not isinstance(part, bool)]
    return [text for text in texts if text]


def _list_in(text: str) -> Json:
    try:
        return loads(text)
    except InputRefused:
        return None


def _made_at(content: Mapping[str, Json]) -> int:
    return _ms(content.get("created_at") or content.get("updated_at") or FIRST_TIME)


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _first(value: int | None, other: int | None) -> int:
    return (other or 0) if value is None else value


def _word(value: Json) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""
