"""What headquarters says, in words: fields, values, conflicts, changes for the till, questions."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ui.headquarters import CONFIG, DELETIONS, HALVED, RESTORED, ZERO, question
from tests.ui.states import NOW

from outlet_sync_gui import words
from outlet_sync_gui.status import Question, Trouble

HELD = "Di sini tidak ada yang dihapus. Kabar pusat ditunda sampai ada keputusan."


@pytest.fixture(autouse=True)
def _jakarta() -> Iterator[None]:
    words.use_zone("Asia/Jakarta")
    words.use("en")
    yield
    words.use("en")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("40000", 40_000),
        ("Rp40.000", 40_000),
        ("rp. 40,000 ", 40_000),
        ("Rp 1.250.000", 1_250_000),
        ("0", 0),
        ("40.5", None),
        ("40.0000", None),
        ("1.250,000", None),
        ("-5", None),
        ("40 000", None),
        ("Rp", None),
        ("", None),
        ("٤٠", None),
        ("9" * 16, None),
    ],
)
def test_rupiah_are_read_as_people_write_them_and_never_guessed(text: str, amount: int | None) -> None:
    assert words.rupiah_of(text) == amount


@given(st.integers(0, 10**15 - 1))
def test_what_is_written_as_rupiah_reads_back(amount: int) -> None:
    assert words.rupiah_of(words.rupiah(amount)) == amount


@pytest.mark.parametrize(
    ("field", "held", "told"),
    [
        ("price", 40_000, "Rp40.000"),
        ("stock", 1248, "1,248"),
        ("price", Decimal("1.5"), "1.5"),
        ("name", "Es  Teh\n{n}", "Es Teh {n}"),
        ("name", None, "–"),
        ("is_active", True, "yes"),
        ("is_active", False, "no"),
        ("tags", ["a", {"b": 1}], '["a", {"b": 1}]'),
        ("deleted", True, "deleted"),
        ("deleted", None, "on the menu"),
        ("name", "x" * 400, "x" * 300 + "…"),
    ],
)
def test_a_value_as_people_write_it(field: str, held: Any, told: str) -> None:
    assert words.value(field, held) == told


@pytest.mark.parametrize(
    ("fields", "indonesian", "english"),
    [
        (["price"], "Harga Nasi {n} berbeda", "Price of Nasi {n} differs"),
        (["name", "price"], "Nama dan harga Nasi {n} berbeda", "Name and price of Nasi {n} differ"),
        (["name", "price", "stock"], "3 isian Nasi {n} berbeda", "3 fields of Nasi {n} differ"),
        (
            ["deleted"],
            "Nasi {n} dihapus pusat, tetapi diubah di sini",
            "Nasi {n}: deleted at headquarters but changed here",
        ),
        (["spice_level"], "Spice_level Nasi {n} berbeda", "Spice_level of Nasi {n} differs"),
    ],
)
def test_what_differs_in_one_line(fields: list[str], indonesian: str, english: str) -> None:
    assert words.conflict_title("Nasi {n}", fields, is_deleted_there=True) == english
    words.use("id")
    assert words.conflict_title("Nasi {n}", fields, is_deleted_there=True) == indonesian


@pytest.mark.parametrize(
    ("action", "fields", "told"),
    [
        ("update", {"price": {"from": 35_000, "to": 40_000}}, "Harga Rp35.000 → Rp40.000"),
        ("update", {"stock": {"from": 50, "to": 47, "delta": -3}}, "Stok −3"),
        ("update", {"stock": {"from": None, "to": 12, "delta": 12}}, "Stok +12"),
        (
            "update",
            {"name": {"from": "Es", "to": "Es Teh"}, "price": {"from": 1, "to": 2}},
            "Nama Es → Es Teh · Harga Rp1 → Rp2",
        ),
        ("update", {"note": {"from": None, "to": "x"}}, "Note x"),
        ("update", {"note": {"from": "x", "to": None}}, "Note x → –"),
        ("update", {}, "berubah"),
        (
            "create",
            {"name": {"from": None, "to": "Rawon"}, "price": {"from": None, "to": 32_000}},
            "menu baru · Harga Rp32.000",
        ),
        ("create", {}, "menu baru"),
        ("delete", {"price": {"from": 1, "to": 2}}, "dihapus dari menu"),
    ],
)
def test_a_change_for_the_till_tells_from_what_to_what(action: str, fields: dict[str, Any], told: str) -> None:
    words.use("id")
    assert words.change(action, fields) == told


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            DELETIONS,
            (
                "Pusat menghapus 12 menu: Nasi Goreng Spesial, Es Teh Manis, Ayam Bakar Taliwang, 9 lagi."
                " Tetap ada di menu sampai disetujui."
            ),
        ),
        (ZERO, "Pusat membuat 1 harga menjadi Rp0: Kerupuk. Harga lama berlaku sampai disetujui."),
        (
            RESTORED,
            f"Kabar pusat mundur dari Sel 27 Jan 10.00 ke Sab 24 Jan 23.00: datanya mungkin dipulihkan. {HELD}",
        ),
        (
            HALVED,
            f"Pusat hanya punya 12 dari 140 menu yang tadinya ada: datanya mungkin dipulihkan. {HELD}",
        ),
        (
            CONFIG,
            "Pusat mengubah pengaturan program ini: detik antara kabar 300 → 600, jam tutup 22:00 → 23:30.",
        ),
        (
            Question(
                question_id=1,
                kind="refused_alike",
                choices=("retry", "give_up"),
                n=7,
                facts=(("entity_type", "order"), ("words", "no {n}")),
                asked_at=NOW,
            ),
            "Pusat menolak pesanan berturut-turut dengan alasan yang sama; 7 data menunggu. Kata pusat: “no {n}”.",
        ),
    ],
)
def test_a_question_tells_what_waits_for_its_answer(asked: Question, told: str) -> None:
    words.use("id")
    assert words.question(asked) == told


def test_a_question_without_names_and_one_that_we_do_not_know_still_have_a_sentence() -> None:
    assert words.question(question(1, "zero_price", 2)) == (
        "Headquarters sets 2 prices to Rp0. The old price holds until you approve."
    )
    asked = Question(question_id=1, kind="new", choices=("a",), n=1, facts=(("x", "{y}"),), asked_at=NOW)
    assert (words.question(asked), words.answer("a")) == ("new: x {y}", "a")


@pytest.mark.parametrize(
    ("level", "word"), [("urgent", "Mendesak"), ("warning", "Penting"), ("info", "Info"), ("x", "Info")]
)
def test_how_much_an_announcement_matters_in_a_word(level: str, word: str) -> None:
    words.use("id")
    assert words.level(level) == word


def test_a_closed_door_tells_cause_mending_and_code() -> None:
    found = Trouble(code="port_taken", facts=(("port", 8765),))
    assert words.door(found) == "Port 8765 is taken. Choose another port, or end what uses it. (E-PORT-TAKEN)"
    assert words.door(Trouble(code="D-NEW")).endswith("(D-NEW)")
