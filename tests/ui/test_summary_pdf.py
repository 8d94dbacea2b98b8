"""The day as a document: one page, whatever the day, with what the window shows."""

from itertools import product

import pytest
from PySide6.QtWidgets import QApplication
from tests.builders import OUTLET_CODE, OUTLET_ID
from tests.ui.days import DAYS
from tests.ui.pdf_text import pages, texts

from outlet_sync_gui import words
from outlet_sync_gui.ui.summary_pdf import as_pdf


def document(name: str) -> bytes:
    return as_pdf(DAYS[name].closing, DAYS[name].settings)


@pytest.mark.parametrize(("name", "language"), list(product(DAYS, ("id", "en"))))
def test_a_day_is_one_page(qapp: QApplication, name: str, language: str) -> None:
    words.use(language)
    assert pages(document(name)) == 1


def test_it_says_what_the_window_shows(qapp: QApplication) -> None:
    words.use("id")
    said = texts(document("usual"))
    assert said[:4] == ["Rekap harian", OUTLET_CODE, "Sel, 27 Januari 2026", "belum dikirim"]
    assert "Belum lengkap: 2 data berbeda, belum dipilih · 3 harga baru belum sampai kasir." in " ".join(said)
    for text in ("Rp12.500.000", "145", "Rp86.207", "Tunai", "85", "Nasi Goreng Spesial", "67×", "Rp2.345.000"):
        assert text in said
    assert OUTLET_ID in said[-2]
    assert said[-1].startswith("Per ")
    assert said[-1].endswith("WIB")


def test_long_names_are_shortened_and_many_methods_counted(qapp: QApplication) -> None:
    said = texts(document("huge"))
    assert sum(text.startswith("Nasi Goreng") and text.endswith("…") for text in said) == 16
    assert "Rp987.654.321" in said


def test_a_day_without_sales_says_so(qapp: QApplication) -> None:
    said = texts(document("empty"))
    assert said.count("Nothing yet") == 2
    assert "Revenue by hour" not in said
