"""JSON text in and out: strict where it is handed to us, tolerant where the cloud answers.

Numbers that we don't know stay untouched: what is no whole number is kept as a Decimal, never as a float.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import simplejson

from outlet_sync_gui.errors import InputRefused

DEEPEST = 64
LARGEST_INT = 2**64 - 1
SMALLEST_INT = -(2**63)
MOST_DIGITS = 20  # of 2^64
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

Json = Any  # whatever JSON may hold: null, bool, int, Decimal, str, list, dict


def loads(data: bytes | str) -> Json:
    """Read strict UTF-8 JSON. Raises InputRefused with what is wrong and where; never anything else."""
    text = data if isinstance(data, str) else _decode(data)
    if text.startswith("\ufeff"):  # simplejson would pass over it
        raise InputRefused("bad_json", {"why": "BOM", "position": 0})
    try:
        value = simplejson.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_decimal,
            parse_constant=_refuse_constant,
            allow_nan=True,  # so that parse_constant hears of them
        )
    except RecursionError:
        raise InputRefused("too_deep", {"limit": DEEPEST}) from None
    except simplejson.JSONDecodeError as error:
        raise InputRefused("bad_json", {"why": error.msg, "position": error.pos}) from None
    _check(value, DEEPEST)
    return value


def loads_lenient(data: bytes) -> Json | None:
    """Read what a cloud answered; None where it is no JSON. Half a surrogate pair, which no file takes, is a `?`."""
    try:
        value = simplejson.loads(data.decode("utf-8", "replace").lstrip("\ufeff"), use_decimal=True)
        return loads_stored(dumps(value).encode("utf-8", "replace").decode()) if SURROGATE.search(data) else value
    except (ValueError, RecursionError):
        return None


def loads_stored(text: str) -> dict[str, Json]:
    """Read an object that `dumps` wrote."""
    value: dict[str, Json] = simplejson.loads(text, use_decimal=True)
    return value


def loads_value(text: str) -> Json:
    """Read any value that `dumps` wrote."""
    return simplejson.loads(text, use_decimal=True)


def dumps(value: Json, *, sort_keys: bool = False) -> str:
    """Compact JSON; Decimals keep their digits."""
    return simplejson.dumps(
        value, separators=(",", ":"), ensure_ascii=False, use_decimal=True, sort_keys=sort_keys, allow_nan=False
    )


def pretty(text: str) -> str:
    """Stored JSON for people to read and change: one field a line, its digits kept."""
    return simplejson.dumps(loads_stored(text), indent=2, ensure_ascii=False, use_decimal=True, allow_nan=False)


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputRefused("not_utf8", {"position": error.start}) from None


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputRefused("duplicate_key", {"key": twice[:100]})
    return found


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS or not SMALLEST_INT <= int(digits) <= LARGEST_INT:
        raise InputRefused("number_too_big", {"value": digits[:30]})
    return int(digits)


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond all use
        raise InputRefused("number_too_big", {"value": digits[:30]}) from None


def _refuse_constant(name: str) -> NoReturn:
    raise InputRefused("not_a_number", {"value": name})


def _check(value: Json, depth: int) -> None:
    """Refuse what would fail later: nesting, halves of surrogate pairs, NUL."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict | list):
        if depth == 0:
            raise InputRefused("too_deep", {"limit": DEEPEST})
        parts = value if isinstance(value, list) else (*value, *value.values())
        for part in parts:
            if isinstance(part, str | dict | list):
                _check(part, depth - 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise InputRefused("nul_character")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise InputRefused("lone_surrogate")
