"""Every sentence in both languages: complete, in our words, filled in safely, numbers as people write them."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
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
from outlet_sync_gui.status import Trouble
from outlet_sync_gui.ui.status_page import _lane_lines
from outlet_sync_gui.ui.tray import PAUSES

SOURCE = Path(words.__file__).parents[1]
CATALOGUE = {entry.msgid: entry for entry in polib.pofile(str(resource("i18n", "id.po")))}
NEVER = ("gagal", "anda", "kamu", "server", "produk", "antrean", "konflik", "silakan", "mohon")
LANGUAGES = ("id", "en")
PLACES = re.compile(r"\{(\w+)\}")
FAILURES = re.compile(
    r"InputRefused|StoreFailed|Credentials\w+|SettingsInvalid|AlreadyRunning|NeedsPerson|CloudUnreachable|OutletSyncError"
)


@pytest.fixture(autouse=True)
def _jakarta() -> Iterator[None]:
    words.use_zone("Asia/Jakarta")
    yield
    words.use("en")


@cache
def sources() -> dict[Path, str]:
    """Every file of the program with its text."""
    return {path: path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}


@cache
def calls() -> tuple[tuple[str, ast.Call], ...]:
    """Every call in the source, by the name of what is called."""
    nodes = (node for text in sources().values() for node in ast.walk(ast.parse(text)))
    return tuple((_name(node.func), node) for node in nodes if isinstance(node, ast.Call))


def said() -> Iterator[str]:
    """Every text in the source that is said or marked to be said."""
    for name, call in calls():
        if name in ("say", "say_n", "N_"):
            texts = call.args[: 2 if name == "say_n" else 1]
            yield from (text for argument in texts for text in _literals(argument))
    yield from (text for text, _ in PAUSES)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _literals(argument: ast.expr) -> Iterator[str]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value:
        yield argument.value
    if isinstance(argument, ast.IfExp):
        yield from (*_literals(argument.body), *_literals(argument.orelse))


# Thousands of sentences: a test for each would cost more than what it checks.
# Each test names all that fail in its message, which is not cut.


def test_every_sentence_is_translated() -> None:
    plurals = {entry.msgid_plural for entry in CATALOGUE.values() if entry.msgid_plural}
    missing = sorted(set(said()) - CATALOGUE.keys() - plurals)
    assert not missing, missing


def test_nothing_is_translated_that_nobody_says() -> None:
    # Lanes and pauses are said by way of tables, whose texts stand in the source all the same.
    source = "".join(sources().values())
    assert [text for text in CATALOGUE if text not in source] == []


def test_lanes_are_translated() -> None:
    words.use("id")
    lines = _lane_lines(STATES["syncing"])
    assert [line.what for line in lines] == ["Pesanan & transaksi", "Menu, stok & rekap", "Lainnya"]
    assert [line.detail for line in lines] == ["dikirim lebih dulu", "setelah pesanan", "catatan, laporan"]


def test_every_translation_has_the_same_places_and_none_of_the_words_we_avoid() -> None:
    wrong = {text: fault for text, entry in CATALOGUE.items() if (fault := _fault(entry))}
    assert not wrong, wrong


def _fault(entry: polib.POEntry) -> str:
    """What is wrong with a translation, if anything."""
    translated = entry.msgstr or entry.msgstr_plural.get(0, "")
    if not translated:
        return "no translation"
    if sorted(PLACES.findall(translated)) != sorted(PLACES.findall(entry.msgid_plural or entry.msgid)):
        return f"other places: {translated}"
    avoided = set(re.findall(r"\w+", PLACES.sub("", translated).lower())) & set(NEVER)
    return f"{sorted(avoided)} in: {translated}" if avoided else ""


@pytest.mark.parametrize(
    ("english", "indonesian", "fault"),
    [
        ("{n} sent", "{n} terkirim", ""),
        ("{n} sent", "", "no translation"),
        ("{n} sent", "{m} terkirim", "other places: {m} terkirim"),
        ("{n} sent", "Terkirim", "other places: Terkirim"),
        ("Not sent", "Gagal dikirim", "['gagal'] in: Gagal dikirim"),
    ],
)
def test_what_is_wrong_with_a_translation_is_found(english: str, indonesian: str, fault: str) -> None:
    plural = {0: indonesian}
    assert _fault(polib.POEntry(msgid=english, msgstr=indonesian)) == fault
    assert _fault(polib.POEntry(msgid="1 sent", msgid_plural=english, msgstr_plural=plural)) == fault


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
    ("zone", "name"),
    [
        ("Asia/Jakarta", "10.33 WIB"),
        ("Asia/Makassar", "11.33 WITA"),
        ("Asia/Jayapura", "12.33 WIT"),
        ("Asia/Bangkok", "10.33 +07"),
    ],
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


@pytest.mark.parametrize("why", ["", "Quit", "{why}", "Permission denied"])
def test_others_reasons_are_not_translated(why: str) -> None:
    words.use("id")
    assert f"bermasalah: {why}. Masuk" in words.problem(OutletSyncError("keyring_failed", {"why": why, "text": "x"}))


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
    codes = {code for text in sources().values() for code in raised.findall(text)}
    assert codes - known == set()


def test_an_unknown_language_is_the_systems() -> None:
    words.use("")
    assert words.language() == words.system_language()


# -- every sentence gets what it needs to fill its places


def given_by_keyword() -> Iterator[tuple[str, frozenset[str]]]:
    """Texts that are said, with the names of what fills them, where all of these can be read off the source."""
    for name, call in calls():
        names = [keyword.arg for keyword in call.keywords]
        if name in ("say", "say_n") and None not in names:
            always = {"n"} if name == "say_n" else set()
            for argument in call.args[: 2 if name == "say_n" else 1]:
                yield from ((text, frozenset({*filter(None, names), *always})) for text in _literals(argument))


def given_by_failure() -> Iterator[tuple[str, frozenset[str]]]:
    """Codes that are raised, with the names of their facts."""
    for name, call in calls():
        if FAILURES.fullmatch(name) and call.args:
            facts = call.args[1] if len(call.args) > 1 else ast.Dict(keys=[], values=[])
            if isinstance(facts, ast.Dict):
                names = {key.value for key in facts.keys if isinstance(key, ast.Constant)}
                yield from ((code, frozenset(map(str, names))) for code in _literals(call.args[0]))


def test_a_sentence_gets_all_that_it_tells() -> None:
    wrong = [(text, sorted(names)) for text, names in given_by_keyword() if set(PLACES.findall(text)) != names]
    assert not wrong, wrong


def test_a_failure_brings_the_facts_of_its_sentence() -> None:
    wrong = [(code, sorted(names)) for code, names in given_by_failure() if _facts_told(code) - names]
    assert not wrong, wrong


def _facts_told(code: str) -> set[str]:
    """What the sentence of a failure tells; a code without a sentence would show as such."""
    told = words.LADDER.get(code) or words.PROBLEMS.get(code) or ("{sentence}",)
    return set(PLACES.findall(" ".join(told)))


def test_what_fills_the_sentences_was_found() -> None:
    assert len(set(given_by_keyword())) > 50
    assert len({code for code, _ in given_by_failure()}) > 30


def test_one_and_many_are_the_pair_of_the_catalogue() -> None:
    pairs = [call.args[:2] for name, call in calls() if name == "say_n" and isinstance(call.args[0], ast.Constant)]
    said = {tuple(text for argument in pair for text in _literals(argument)) for pair in pairs}
    assert len(said) > 5
    for one, many in (*said, *words.TYPES.values()):
        assert CATALOGUE[one].msgid_plural == many


# -- what else is promised


@given(outside=st.text(), language=st.sampled_from(LANGUAGES))
def test_any_name_comes_through_as_it_is(outside: str, language: str) -> None:
    words.use(language)
    assert f"“{outside}”" in words.problem(InputRefused("row_unknown", {"name": outside}))


@given(st.integers(-(10**18), 10**18), st.sampled_from(LANGUAGES))
def test_a_number_reads_back(value: int, language: str) -> None:
    words.use(language)
    text = words.number(value)
    assert re.fullmatch(r"-?\d{1,3}([.,]\d{3})*", text)
    assert int(text.replace(".", "").replace(",", "")) == value


def test_yesterday_is_the_outlets_yesterday() -> None:
    words.use("id")
    past_midnight = NOW - NOW % (24 * HOUR) - 7 * HOUR + 24 * HOUR + 5 * MINUTE  # 00.05 WIB
    assert words.ago(past_midnight - 20 * MINUTE, past_midnight) == "20 menit yang lalu"
    assert words.ago(past_midnight - 2 * HOUR, past_midnight) == "kemarin 22.05"


def test_english_needs_no_catalogue_and_words_no_window() -> None:
    code = "import sys; from outlet_sync_gui import words; words.use('en'); words.say('Quit'); print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(answer.stdout.split())
    assert "outlet_sync_gui.words" in loaded
    assert not loaded & {"polib", "PySide6", "httpx", "peewee", "keyring", "pydantic"}
