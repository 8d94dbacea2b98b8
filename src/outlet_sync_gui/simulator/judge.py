"""The contract as tables of the simulator's own: what breaks them is refused, with the field and the reason.

It shares no model with the client: a name spelled wrongly on both sides would pass.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

Json = object
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z", re.ASCII)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
OPERATIONS = ("create", "update", "delete")
HEADERS = ("authorization", "x-outlet-id", "x-outlet-code", "content-type")
STRATEGIES = ("cloud_wins", "local_wins", "newest_wins")
MOST_ITEMS = 1000


class Refused(Exception):
    """The request as a whole breaks the contract."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def _text(value: Json) -> bool:
    return isinstance(value, str)


def _id(value: Json) -> bool:
    return isinstance(value, str) and value != ""


def _int(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _quantity(value: Json) -> bool:
    """Half a portion is a fraction; what is whole must be written as a whole number."""
    return _int(value) or (isinstance(value, float) and value % 1 != 0)


def _time(value: Json) -> bool:
    return isinstance(value, str) and TIME.fullmatch(value) is not None and _exists(datetime.fromisoformat, value)


def _date(value: Json) -> bool:
    return isinstance(value, str) and DATE.fullmatch(value) is not None and _exists(date.fromisoformat, value)


def _exists(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


def _list(value: Json) -> bool:
    return isinstance(value, list)


def _object(value: Json) -> bool:
    return isinstance(value, dict)


def _strategy(value: Json) -> bool:
    return value in STRATEGIES


Check = Callable[[Json], bool]
WORDS: Mapping[Check, str] = {
    _text: "text",
    _id: "text",
    _int: "a JSON integer",
    _quantity: "a JSON integer, or a fraction",
    _time: "a UTC time ending in Z",
    _date: "a date",
    _list: "a list",
    _object: "an object",
    _strategy: f"one of {', '.join(STRATEGIES)}",
}
# field: (its check, whether it must be there)
COMMON: Mapping[str, tuple[Check, bool]] = {
    "local_id": (_id, True),
    "outlet_id": (_id, True),
    "outlet_code": (_id, True),
    "version": (_int, True),
}
ORDER: Mapping[str, tuple[Check, bool]] = {
    **COMMON,
    "table_number": (_text, False),
    "customer_name": (_text, False),
    "pax": (_int, False),
    "total_amount": (_int, True),
    "status": (_text, True),
    "items": (_list, True),
    "payment_info": (_object, False),
    "created_at": (_time, True),
    "updated_at": (_time, True),
}
ITEM: Mapping[str, tuple[Check, bool]] = {
    "product_name": (_text, True),
    "category": (_text, False),
    "qty": (_quantity, True),
    "price": (_int, True),
    "subtotal": (_int, True),
    "destination": (_text, False),
    "status": (_text, False),
}
PAYMENT: Mapping[str, tuple[Check, bool]] = {
    "method": (_text, True),
    "amount": (_int, True),
    "paid_at": (_time, False),
}
TABLES: Mapping[str, Mapping[str, tuple[Check, bool]]] = {
    "order": ORDER,
    "transaction": {
        **COMMON,
        "order_id": (_text, False),
        "total_amount": (_int, True),
        "payment_method": (_text, True),
        "cash_amount": (_int, False),
        "change_amount": (_int, False),
        "cashier_name": (_text, False),
        "created_at": (_time, True),
    },
    "product": {
        **COMMON,
        "outlet_code": (_text, False),  # the contract's example has none
        "name": (_text, True),
        "category_id": (_text, False),
        "category_name": (_text, False),
        "price": (_int, True),
        "stock": (_int, False),
        "destination": (_text, False),
        "updated_at": (_time, True),
    },
    "category": {**COMMON, "name": (_text, True)},
}
DELETION: Mapping[str, tuple[Check, bool]] = {**COMMON, "deleted_at": (_time, True)}
DAILY: Mapping[str, tuple[Check, bool]] = {
    "outlet_id": (_text, True),
    "outlet_code": (_text, True),
    "date": (_date, True),
    "summary": (_object, True),
}
BATCH: Mapping[str, tuple[Check, bool]] = {
    "outlet_id": (_text, True),
    "outlet_code": (_text, True),
    "sync_timestamp": (_time, True),
    "items": (_list, True),
}
RESOLVE: Mapping[str, tuple[Check, bool]] = {
    "strategy": (_strategy, True),
    "resolved_by": (_id, True),
    "notes": (_text, False),
}


def read_body(body: bytes) -> dict[str, Json]:
    """The JSON object of a request. Raises Refused(400)."""
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Refused(400, "not a JSON object")
    return value


def check_record(entity_type: str, operation: str, data: Json, *, is_strict: bool) -> str | None:
    """Why one record breaks the contract; None where it doesn't."""
    if not isinstance(data, dict):
        return "data: an object"
    if not is_strict:
        return check_fields(data, {"local_id": (_id, True), "version": (_int, True)})
    if operation == "delete":
        return check_fields(data, DELETION)
    return check_fields(data, TABLES.get(entity_type, COMMON)) or _check_parts(entity_type, data)


def check_fields(data: Mapping[str, Json], table: Mapping[str, tuple[Check, bool]]) -> str | None:
    """The first field that is missing or of the wrong kind, as words."""
    for name, (check, is_needed) in table.items():
        if name not in data:
            if is_needed:
                return f"{name}: missing"
        elif not check(data[name]):
            return f"{name}: {WORDS[check]}"
    return None


def check_resolve(body: Mapping[str, Json]) -> str | None:
    """Why a resolve request breaks the contract: it has three names and no others."""
    strange = next((name for name in body if name not in RESOLVE), None)
    return f"{strange}: not in the contract" if strange is not None else check_fields(body, RESOLVE)


def check_headers(headers: Mapping[str, str]) -> None:
    """The contract's headers. Raises Refused(400)."""
    for name in HEADERS:
        if not headers.get(name):
            raise Refused(400, f"header {name}: missing")
    if headers["content-type"].partition(";")[0].strip() != "application/json":
        raise Refused(400, "header content-type: application/json")


def _check_parts(entity_type: str, data: Mapping[str, Json]) -> str | None:
    items, payment = data.get("items"), data.get("payment_info")
    if entity_type != "order":
        return None
    for position, item in enumerate(items if isinstance(items, list) else []):
        reason = check_fields(item, ITEM) if isinstance(item, dict) else "an object"
        if reason:
            return f"items[{position}].{reason}"
    reason = check_fields(payment, PAYMENT) if isinstance(payment, dict) else None
    return f"payment_info.{reason}" if reason else None


def _no_number(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found
