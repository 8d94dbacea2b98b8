"""Who may speak: the signature over the raw body, and the secrets that count."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlet_sync_gui.webhook.signature import is_signed, usable

SECRET = "a secret that is long enough"
OTHER = "another one, just as long"
BODY = b'{"event":"entity.updated"}'


def sign(secret: str = SECRET, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


RIGHT = sign()
SIGNATURES: dict[str, tuple[str, bool]] = {
    "none": ("", False),
    "blank": ("   ", False),
    "a comma": (",", False),
    "the right one": (RIGHT, True),
    "upper case": (RIGHT.upper(), True),
    "with its prefix": (f"sha256={RIGHT}", True),
    "with its prefix in upper case": (f"SHA256={RIGHT.upper()}", True),
    "the prefix alone": ("sha256=", False),
    "the prefix twice": (f"sha256=sha256={RIGHT}", False),
    "another prefix": (f"sha512={RIGHT}", False),
    "blanks around it": (f"  {RIGHT}\t", True),
    "a blank inside": (f"{RIGHT[:32]} {RIGHT[32:]}", False),
    "of another secret": (sign(OTHER), False),
    "of an empty secret": (sign(""), False),
    "of another body": (sign(body=BODY + b" "), False),
    "of the same JSON written otherwise": (sign(body=b'{"event": "entity.updated"}'), False),
    "one sign too few": (RIGHT[:-1], False),
    "one sign too many": (f"{RIGHT}0", False),
    "the last sign another": (RIGHT[:-1] + ("0" if RIGHT[-1] != "0" else "1"), False),
    "in base64": (base64.b64encode(bytes.fromhex(RIGHT)).decode(), False),
    "digits of another script": (RIGHT.translate({ord(str(n)): 0x660 + n for n in range(10)}), False),
    "letters that only look like it": (RIGHT.replace("a", "а").replace("c", "с").replace("e", "е"), False),
    "not ASCII": ("ÿ" * 64, False),
    "half a surrogate pair": ("\udc80" * 64, False),
    "the second of two": (f"{sign(OTHER)},{RIGHT}", True),
    "the second of two, with a prefix": (f"{sign(OTHER)}, sha256={RIGHT}", True),
    "the last of those that are looked at": ("0," * 15 + RIGHT, True),
    "one beyond": ("0," * 16 + RIGHT, False),
    "the last of a thousand": ("0," * 999 + RIGHT, False),
    "the first of a thousand": (f"{RIGHT}" + ",0" * 999, True),
}


@pytest.mark.parametrize(("header", "counts"), SIGNATURES.values(), ids=SIGNATURES)
def test_a_signature_counts_only_if_it_is_the_secrets_over_these_bytes(header: str, counts: bool) -> None:
    assert is_signed(BODY, header, [SECRET]) is counts


@pytest.mark.parametrize(
    ("secrets", "signed_by", "counts"),
    [
        ([], "", False),
        ([OTHER], SECRET, False),
        ([SECRET, OTHER], SECRET, True),
        ([SECRET, OTHER], OTHER, True),
        (["rahasia toko é 16…"], "rahasia toko é 16…", True),
    ],
)
def test_each_secret_that_counts_may_have_signed(secrets: list[str], signed_by: str, counts: bool) -> None:
    assert is_signed(BODY, sign(signed_by), secrets) is counts


def test_a_secret_that_is_no_text_stands_for_its_bytes() -> None:
    """Such as the environment hands over what is not UTF-8."""
    right = hmac.new(b"\xff" * 16, BODY, hashlib.sha256).hexdigest()
    assert is_signed(BODY, right, ["\udcff" * 16])


SECRETS: dict[str, tuple[list[str], list[str]]] = {
    "none": ([], []),
    "empty": ([""], []),
    "blank": ([" " * 20], []),
    "too short": (["x" * 15], []),
    "too short but for its blanks": (["x" * 15 + " "], []),
    "just long enough": (["x" * 16], ["x" * 16]),
    "with the one before": ([SECRET, OTHER], [SECRET, OTHER]),
    "with one before that was too short": ([SECRET, "short"], [SECRET]),
    "none, and one before": (["", OTHER], []),
    "too short, and one before": (["short", OTHER], []),
}


@pytest.mark.parametrize(("secrets", "left"), SECRETS.values(), ids=SECRETS)
def test_secrets_count_only_if_the_present_one_can_not_be_guessed(secrets: list[str], left: list[str]) -> None:
    assert usable(secrets) == left


@given(st.text(max_size=200), st.binary(max_size=50))
def test_no_header_leads_to_a_traceback_or_in(header: str, body: bytes) -> None:
    assert is_signed(body, header, [SECRET]) is False
