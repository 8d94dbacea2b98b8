"""JSON that is handed to us is read strictly: a reason, never a traceback; numbers keep their digits."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlet_sync_gui.contract.text import dumps, loads, loads_lenient
from outlet_sync_gui.errors import InputRefused

TORTURE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "bad_json"),
    "cut off": (b'{"a": [1, 2', "bad_json"),
    "two documents": (b"{} {}", "bad_json"),
    "trailing comma": (b"[1,]", "bad_json"),
    "single quotes": (b"{'a': 1}", "bad_json"),
    "a key twice": (b'{"a": 1, "a": 1}', "duplicate_key"),
    "a key twice further down": (b'[{"x": {"a": 1, "a": 2}}]', "duplicate_key"),
    "NaN": (b'{"a": NaN}', "not_a_number"),
    "Infinity": (b"[Infinity]", "not_a_number"),
    "minus Infinity": (b"[-Infinity]", "not_a_number"),
    "half a surrogate pair": (b'["\\ud800"]', "lone_surrogate"),
    "half a pair as a key": (b'{"\\udfff": 1}', "lone_surrogate"),
    "NUL": (b'["a\\u0000b"]', "nul_character"),
    "2^64": (b"[18446744073709551616]", "number_too_big"),
    "below -2^63": (b"[-9223372036854775809]", "number_too_big"),
    "4301 digits": (b"[" + b"9" * 4301 + b"]", "number_too_big"),
    "65 deep": (b"[" * 66 + b"]" * 66, "too_deep"),
    "100,000 deep": (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
    "100,000 deep objects": (b'{"a":' * 100_000, "too_deep"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "not_utf8"),
    "Latin-1": ('{"a": "é"}'.encode("latin-1"), "not_utf8"),
    "byte order mark": (b'\xef\xbb\xbf{"a": 1}', "bad_json"),
    "control character": (b'["a\nb"]', "bad_json"),
}


@pytest.mark.parametrize(("data", "code"), TORTURE.values(), ids=TORTURE)
def test_broken_json_has_its_reason(data: bytes, code: str) -> None:
    with pytest.raises(InputRefused) as refused:
        loads(data)
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["1.10", "1E+400", "0.1", "123456789.123456789123456789", "-0.0"])
def test_numbers_that_we_do_not_know_keep_their_digits(text: str) -> None:
    assert loads(text) == Decimal(text)
    assert dumps(loads(f'{{"a":{text}}}')) == f'{{"a":{text}}}'


@given(st.binary(max_size=200))
def test_no_bytes_at_all_lead_to_a_traceback(data: bytes) -> None:
    with suppress(InputRefused):
        loads(data)


def _is_taken(number: Decimal) -> bool:
    """Whether its digits are no integer, or one within 64 bits: the rest is refused."""
    return not str(number).lstrip("-").isdigit() or -(2**63) <= number < 2**64


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | TEXT
    | st.decimals(allow_nan=False, allow_infinity=False).filter(_is_taken),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    assert loads(dumps(value)) == value


@pytest.mark.parametrize("data", [b"", b"<html>", b"\xff\xfe", b'{"success": tr', b"[" * 100_000])
def test_an_answer_that_is_no_json_is_none(data: bytes) -> None:
    assert loads_lenient(data) is None


def test_half_a_surrogate_pair_of_the_cloud_can_be_stored() -> None:
    read = loads_lenient(b'{"error":"no \\ud800.","\\uDFFF":["\\ud83d\\ude00",1.50]}')
    assert read == {"error": "no ?.", "?": ["\N{GRINNING FACE}", Decimal("1.50")]}
