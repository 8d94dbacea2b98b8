"""Every sentence in both languages: complete, in our words, filled in safely, numbers as people write them."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import polib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ui.states import NOW, STATES

from outlet_sync_gui import words
from outlet_sync_gui.errors import InputRefused, OutletSyncError
from outlet_sync_gui.resources import resource
from outlet_sync_gui.status import State, Trouble
from outlet_sync_gui.ui.status_page import _lane_lines
from outlet_sync_gui.ui.tray import PAUSES

SOURCE = Path(words.__file__).parent
CATALOGUE = {entry.msgid: entry for entry in polib.pofile(str(resource("i18n", "id.po")))}
NEVER = ("gagal", "anda", "kamu", "server", "produk", "antrean", "konflik", "silakan", "mohon")
LANGUAGES = ("id", "en")


@pytest.fixture(autouse=True)
def _jakarta() -> Iterator[None]:
    words.use_zone("Asia/Jakarta")
    yield
    words.use("en")


def said() -> Iterator[str]:
    """Every text in the source that is said or marked to be said."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in ("say", "say_n", "N_"):
                texts = node.args[: 2 if _name(node.func) == "say_n" else 1]
                yield from (text for argument in texts for text in _literals(argument))
    yield from (text for text, _ in PAUSES)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _literals(argument: ast.expr) -> Iterator[str]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    if isinstance(argument, ast.IfExp):
        yield from (*_literals(argument.body), *_literals(argument.orelse))


@pytest.mark.parametrize("text", sorted(set(said())))
def test_every_sentence_is_translated(text: str) -> None:
    plurals = {entry.msgid_plural for entry in CATALOGUE.values() if entry.msgid_plural}
    assert text in CATALOGUE or text in plurals


def test_nothing_is_translated_that_nobody_says() -> None:
    # Lanes and pauses are said by way of tables, whose texts stand in the source all the same.
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    assert [text for text in CATALOGUE if text not in source] == []


def test_lanes_are_translated() -> None:
    words.use("id")
    lines = _lane_lines(STATES["syncing"])
    assert [line.what for line in lines] == ["Pesanan & transaksi", "Menu, stok & rekap", "Lainnya"]
    assert [line.detail for line in lines] == ["dikirim lebih dulu", "setelah pesanan", "catatan, laporan"]


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.msgid[:50])
def test_a_translation_has_the_same_places_and_none_of_the_words_we_avoid(entry: polib.POEntry) -> None:
    translated = entry.msgstr or entry.msgstr_plural[0]
    assert translated
    places = re.compile(r"\{\w+\}")
    assert sorted(places.findall(translated)) == sorted(places.findall(entry.msgid_plural or entry.msgid))
    assert not set(re.findall(r"\w+", places.sub("", translated).lower())) & set(NEVER)


@pytest.mark.parametrize(("name", "language"), list(product(STATES, LANGUAGES)))
def test_every_state_has_its_sentences(name: str, language: str) -> None:
    words.use(language)
    status = STATES[name]
    texts = [words.headline(status, NOW), words.subline(status, NOW), words.tooltip(status, NOW)]
    assert all(texts)
    assert not any("{" in text for text in texts)


@pytest.mark.parametrize(
    ("name", "indonesian"),
    [
        ("idle", "Semua terkirim · terakhir 10.31"),
        ("syncing", "Mengirim · 2.160 lagi"),
        ("waiting", "3 menunggu · dikirim 11.00"),
        ("offline", "12 menunggu · internet putus sejak 10.05"),
        ("attention", "5 perlu dicek · 0 menunggu"),
    ],
)
def test_the_trays_sentence(name: str, indonesian: str) -> None:
    words.use("id")
    assert words.tooltip(STATES[name], NOW) == indonesian


@pytest.mark.parametrize(
    ("value", "indonesian", "english"),
    [
        (0, "0", "0"),
        (1248, "1.248", "1,248"),
        (1_000_000, "1.000.000", "1,000,000"),
        (12.4, "12,4", "12.4"),
        (10.0, "10", "10"),
    ],
)
def test_numbers(value: float, indonesian: str, english: str) -> None:
    words.use("id")
    assert words.number(value) == indonesian
    words.use("en")
    assert words.number(value) == english


@given(st.integers(-(10**15), 10**15))
def test_rupiah_is_the_same_in_both_languages_and_reads_back(amount: int) -> None:
    texts = []
    for language in LANGUAGES:
        words.use(language)
        texts.append(words.rupiah(amount))
    assert texts[0] == texts[1]
    assert int(texts[0].replace("Rp", "").replace(".", "")) == amount


MINUTE, HOUR = 60_000, 3_600_000


@pytest.mark.parametrize(
    ("before", "indonesian", "english"),
    [
        (59_000, "baru saja", "just now"),
        (MINUTE, "1 menit yang lalu", "1 minute ago"),
        (59 * MINUTE, "59 menit yang lalu", "59 minutes ago"),
        (HOUR, "09.33 WIB", "09:33 WIB"),
        (12 * HOUR, "kemarin 22.33", "yesterday 22:33"),
        (39 * HOUR + 28 * MINUTE, "Min 25 Jan 19.05", "Sun 25 Jan 19:05"),
    ],
)
def test_how_long_ago(before: int, indonesian: str, english: str) -> None:
    words.use("id")
    assert words.ago(NOW - before, NOW) == indonesian
    words.use("en")
    assert words.ago(NOW - before, NOW) == english


@pytest.mark.parametrize(
    ("zone", "name"), [("Asia/Jakarta", "10.33 WIB"), ("Asia/Makassar", "11.33 WITA"), ("Asia/Jayapura", "12.33 WIT")]
)
def test_times_are_the_outlets(zone: str, name: str) -> None:
    words.use("id")
    words.use_zone(zone)
    assert words.clock(NOW) == name


@pytest.mark.parametrize(("seconds", "text"), [(42, "0.42"), (0, "0.00"), (-5, "0.00"), (61, "1.01"), (3600, "60.00")])
def test_a_countdown(seconds: float, text: str) -> None:
    words.use("id")
    assert words.countdown(seconds) == text


@pytest.mark.parametrize("outside", ["{n}", "{0}", "%s %(x)s", "{", "}{", "{words}", "<b>x</b>", "…“”"])
def test_text_from_outside_is_filled_in_as_it_is(outside: str) -> None:
    words.use("id")
    assert words.quote(outside) == f"Kata pusat: “{outside}”"


def test_an_unknown_failure_still_has_a_sentence() -> None:
    for language in LANGUAGES:
        words.use(language)
        assert "never_heard_of" in words.problem(OutletSyncError("never_heard_of"))


def test_what_was_wanted_is_told_in_the_readers_language() -> None:
    words.use("id")
    error = InputRefused("field_invalid", {"field": "price", "why": "a whole number of rupiah"})
    assert words.problem(error) == "Isian price tidak bisa begitu. Yang benar: rupiah utuh"


def test_known_codes_tell_cause_and_what_to_do() -> None:
    for code in (*words.LADDER, *words.PROBLEMS):
        cause, mend = words.trouble(Trouble(code=code))
        assert cause
        assert mend


def test_every_code_that_is_raised_has_its_sentence() -> None:
    known = {*words.LADDER, *words.PROBLEMS}
    raised = re.compile(
        r'(?:InputRefused|StoreFailed|CredentialsMissing|SettingsInvalid|AlreadyRunning|NeedsPerson|CloudUnreachable)\(\s*"([\w-]+)"'
    )
    codes = {code for path in SOURCE.rglob("*.py") for code in raised.findall(path.read_text(encoding="utf-8"))}
    assert codes - known == set()


def test_an_unknown_language_is_the_systems() -> None:
    words.use("")
    assert words.language() == words.system_language()


def test_states_have_names() -> None:
    words.use("id")
    assert len({words.state_name(state) for state in State}) == len(State)
