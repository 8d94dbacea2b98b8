"""All that is known of a record: its life, the latest first; its content in words; and its JSON for whoever asks."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from tests.builders import order
from tests.ui.checks import SIZES, cut_off, nameless, settle, too_small
from tests.ui.records import RECORDS, REFUSED_ORDER, SENT_PAYMENT, SETTLED_PRODUCT
from tests.ui.states import LISTS, NOW

from outlet_sync_gui import words
from outlet_sync_gui.contract.text import dumps, loads_stored, pretty
from outlet_sync_gui.reader import Record, WantRecord
from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.ui.details_dialog import LARGEST, DetailsDialog
from outlet_sync_gui.ui.life import moments
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.words.contents import MOST_ITEMS

STATUS = LISTS["line"][0]


def life(record: Record) -> list[tuple[str, str]]:
    return [(moment.title, moment.detail) for moment in moments(record, STATUS, NOW)]


def test_the_life_of_a_refused_order_begins_with_where_it_stands() -> None:
    assert life(REFUSED_ORDER) == [
        (
            "Refused · tried 1×",
            "Headquarters does not accept this order. Headquarters says: “Table B-12 not registered for JKT-001”",
        ),
        ("Sent again", "Budi"),
        ("Mended", "Rina · Table B-11 → B-12, Total Rp180.000 → Rp187.000"),
        ("Came into the queue", ""),
    ]


def test_a_conflict_is_told_once_with_its_choices_and_who_made_them() -> None:
    assert life(SETTLED_PRODUCT) == [
        ("Waiting", "Goes out in a moment."),
        ("Conflict settled", "Rina · Price: headquarters' value · “sesuai surat”"),
        ("Came into the queue", ""),
        ("Changed on both sides", "price"),
        (
            "Headquarters changed it",
            "Price Rp35.000 → Rp40.000 · Headquarters says: “Penyesuaian harga dari kantor pusat”",
        ),
        ("Sent", "Headquarters has version 12."),
    ]


@pytest.mark.parametrize(("closed_by", "who"), [(None, "by itself"), ("", "as the settings say")])
def test_a_conflict_that_no_person_settled_says_what_did(closed_by: str | None, who: str) -> None:
    (conflict,) = SETTLED_PRODUCT.conflicts
    ended = replace(SETTLED_PRODUCT, conflicts=(replace(conflict, closed_by=closed_by, notes=""),))
    assert ("Conflict settled", f"{who} · Price: headquarters' value") in life(ended)
    still_open = replace(SETTLED_PRODUCT, conflicts=(replace(conflict, closed_at=None),))
    assert "Conflict settled" in [title for title, _ in life(still_open)]  # the deed, which no conflict tells


def test_what_was_sent_says_so_and_what_was_never_sent_too() -> None:
    assert life(SENT_PAYMENT) == [("Sent", "")]
    discarded = Deed(at=NOW, what=What.DISCARDED, who="Rina", why="entered twice", before=None, after=None)
    assert life(replace(SENT_PAYMENT, accepted_at=None, history=(discarded,))) == [
        ("Not in the queue", "Nothing of it is sent."),
        ("Discarded", "Rina · “entered twice”"),
    ]


def test_many_fields_that_were_changed_by_hand_are_shortened() -> None:
    before, after = ({f"f{n}": n + shift for n in range(6)} for shift in (0, 1))
    deed = Deed(at=NOW, what=What.EDITED, who="", why="", before=dumps(before), after=dumps(after))
    (_, (_, told)) = life(replace(SENT_PAYMENT, accepted_at=None, history=(deed,)))
    assert told == "F0 0 → 1, F1 1 → 2, F2 2 → 3, F3 3 → 4, 2 more"


# -- content in words


def test_content_is_told_in_words_and_what_nobody_knows_as_it_came() -> None:
    assert words.content(loads_stored(REFUSED_ORDER.content)) == [
        ("Number", "ORD-20260127-0139"),
        ("Table", "B-12"),
        ("Customer", "Ibu Sari"),
        ("Guests", "4"),
        ("State", "paid"),
        ("Total", "Rp187.000"),
        ("Payment", "QRIS"),
        ("Paid", "Rp187.000"),
        ("Paid at", "Tue 27 Jan 10:20"),
        ("Made at", "Tue 27 Jan 10:00"),
        ("Changed at", "Tue 27 Jan 10:00"),
        ("Loyalty", '{"points": 12}'),
    ]
    first, *_ = words.items(loads_stored(REFUSED_ORDER.content))
    assert (first.quantity, first.name, first.price, first.subtotal) == (
        "2×",
        "Nasi Goreng Spesial",
        "Rp38.000",
        "Rp76.000",
    )


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"total_amount": "much"}, [("Total", "much")]),
        ({"created_at": "yesterday"}, [("Made at", "yesterday")]),
        ({"created_at": "2026-01-27T10:00:00"}, [("Made at", "2026-01-27T10:00:00")]),
        ({"created_at": 7}, [("Made at", "7")]),
        ({"status": "odd", "payment_method": "barter"}, [("State", "odd"), ("Payment", "barter")]),
        ({"payment_info": "cash"}, [("Payment_info", "cash")]),
        ({"payment_info": {}, "name": None, "note": ""}, []),
        ({"items": "none"}, [("Items", "none")]),
        ({"items": [{"n": 1}]}, [("Items", '[{"n": 1}]')]),
        ({"items": []}, [("Items", "[]")]),
        ({"is_active": True}, [("On sale", "yes")]),
    ],
)
def test_odd_content_is_told_as_it_is(fields: dict[str, object], told: list[tuple[str, str]]) -> None:
    assert words.content(fields) == told


def test_a_part_of_one_keeps_its_digits() -> None:
    held = loads_stored('{"qty": 1.5, "stock": 0.125, "items": [{"product_name": "Es", "qty": 2.5}]}')
    assert words.content(held) == [("Stock", "0.125"), ("Qty", "1.5")]
    assert words.items(held)[0].quantity == "2.5×"


# -- the dialog


@pytest.fixture
def opened(window: MainWindow) -> Iterator[MainWindow]:
    window.show_status(STATUS, NOW)
    yield window
    if window.decisions.dialog is not None:
        window.decisions.dialog.reject()


def details(window: MainWindow, name: str = "refused", record: Record | None = None) -> DetailsDialog:
    row, known = RECORDS[name]
    window.show_found(WantRecord(row), record or known)
    dialog = window.decisions.dialog
    assert isinstance(dialog, DetailsDialog)
    settle()
    return dialog


def test_the_json_is_one_click_further_and_can_be_copied(opened: MainWindow) -> None:
    dialog = details(opened)
    assert not dialog.content.isVisible()
    dialog.technical.click()
    assert dialog.content.isVisible()
    assert dialog.content.isReadOnly()
    assert dialog.content.toPlainText().endswith(pretty(REFUSED_ORDER.content))
    dialog.copy.click()
    assert QGuiApplication.clipboard().text().endswith(REFUSED_ORDER.content)
    assert dialog.copy.text() == "Copied"
    dialog.technical.click()
    assert not dialog.content.isVisible()


def test_a_record_too_big_for_words_says_how_big_it_is(opened: MainWindow) -> None:
    big = replace(REFUSED_ORDER, content=dumps(order("A", note="x" * LARGEST)))
    dialog = details(opened, record=big)
    assert "Too much to be told here: 0.2 MB." in [label.text() for label in dialog.findChildren(QLabel)]
    dialog.show_technical(is_shown=True)
    assert len(dialog.content.toPlainText()) < LARGEST + 100


def test_very_many_items_are_cut_and_counted(opened: MainWindow) -> None:
    lines = [{"product_name": f"P{n}", "qty": 1} for n in range(MOST_ITEMS + 3)]
    dialog = details(opened, record=replace(REFUSED_ORDER, content=dumps({"local_id": "A", "items": lines})))
    assert "3 more" in [label.text() for label in dialog.findChildren(QLabel)]


def test_escape_and_enter_close_it(opened: MainWindow) -> None:
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):
        QTest.keyClick(details(opened), key)
        assert opened.decisions.dialog is None


def test_text_from_outside_is_plain_text(opened: MainWindow) -> None:
    dialog = details(opened, record=replace(REFUSED_ORDER, content=dumps(order("A", customer_name="<b>Sari</b>"))))
    labels = dialog.findChildren(QLabel)
    assert "<b>Sari</b>" in [label.text() for label in labels]
    assert {label.textFormat() for label in labels if label.text()} == {Qt.TextFormat.PlainText}


@pytest.mark.parametrize(("language", "is_dark"), list(product(("id", "en"), (False, True))))
def test_details_fit_at_every_size(opened: MainWindow, theme: Theme, language: str, is_dark: bool) -> None:
    words.use(language)
    theme.apply(is_dark=is_dark)
    for size, name in product((*SIZES[:2], SIZES[-1]), RECORDS):
        opened.resize(size)
        settle()
        dialog = details(opened, name)
        for is_shown in (False, True):
            dialog.show_technical(is_shown=is_shown)
            settle()
            assert dialog.width() <= size.width()
            assert dialog.height() <= size.height()
            faults = [*cut_off(dialog), *too_small(dialog), *nameless(dialog)]
            assert faults == [], (size, name, faults)
        dialog.reject()
