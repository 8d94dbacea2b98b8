"""The history in the window: what stands there, narrowed down, page by page, copied, looked at, taken back."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from tests.builders import Bench
from tests.sync.headquarters import choose as decide
from tests.sync.headquarters import disputed, here
from tests.ui.checks import SIZES, cut_off, nameless, overlapping, settle, too_small
from tests.ui.happenings import DISCARDED, FULL, HISTORIES, RESOLVED, sent
from tests.ui.states import MINUTE, NOW, order, status

from outlet_sync_gui import words
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.reader import PAGE_ROWS, Part, WantActivity, WantRecord, Wish
from outlet_sync_gui.status import State
from outlet_sync_gui.sync.clock import now as clock
from outlet_sync_gui.sync.commands import Undo
from outlet_sync_gui.sync.history import Happened
from outlet_sync_gui.ui.activity_page import ActivityPage
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.row_model import Column
from outlet_sync_gui.ui.widgets import Label


def show(window: MainWindow, found: list[Happened]) -> ActivityPage:
    window.open_page(Page.ACTIVITY)
    window.show_status(status(State.IDLE), NOW)
    window.show_found(WantActivity(), found)
    settle()
    return window.activity_page


def texts(page: ActivityPage) -> list[tuple[str, ...]]:
    columns = (Column.TIME, Column.WHAT, Column.DETAIL, Column.AMOUNT, Column.STATE)
    return [tuple(line.text(column) for column in columns) for line in page.list.rows.model.lines()]


def choose(page: ActivityPage, *chosen: Happened) -> None:
    page.list.rows.table.clearSelection()
    keys = [line.key for line in page.list.rows.model.lines()]
    for row, key in enumerate(keys):
        if key in {each.entry.key.number * 6 + each.entry.key.source for each in chosen}:
            page.list.rows.table.selectRow(row)


def many(n: int, since: int = 0) -> list[Happened]:
    return [sent(at, at * MINUTE, order(1)) for at in range(since + 1, since + n + 1)]


@pytest.fixture
def wishes(window: MainWindow) -> list[Wish]:
    heard: list[Wish] = []
    window.read_asked.connect(heard.append)
    return heard


def test_all_that_happened_stands_under_its_days(window: MainWindow) -> None:
    assert texts(show(window, FULL)) == [
        ("", "Today", "", "", ""),
        ("10:31", "Transaction TRX-20260127-0141-1", "QRIS", "Rp187.000", "sent"),
        ("10:31", "Order ORD-20260127-0141", "Table A-05 · 4 guests", "Rp187.000", "sent"),
        ("10:30", "Nasi Goreng Spesial", "Price Rp38.000 → Rp40.000 · Conflict settled", "", "Rina"),
        ("10:24", "Es Teh Manis", "Price Rp5.000 → Rp6.000 · “Penyesuaian harga”", "", "headquarters"),
        ("10:18", "Promo Februari", "Diskon 10 % untuk semua minuman mulai besok.", "", "headquarters"),
        ("09:53", "Order ORD-20260127-0113", "Discarded · “dobel input”", "Rp187.000", "Budi"),
        ("09:38", "Ayam Bakar Taliwang", "Price Rp40.000 → Rp38.000 · Taken back", "", "Rina"),
        (
            *("08:33", "Settings from headquarters"),
            *("Headquarters changed settings of this program: closing time 21:00 → 22:00.", "", "headquarters"),
        ),
        ("08:34", "Settings from headquarters", "Headquarters' change approved", "", "Rina"),
        ("", "Yesterday", "", "", ""),
        ("10:33", "Order ORD-20260127-0134", "Take-away · 4 guests", "Rp187.000", "sent"),
        (
            *("10:32", "Soto Ayam"),
            *("Price Rp20.000 → Rp22.000 · Merged with headquarters' change", "", "by itself"),
        ),
        ("09:33", "Kopi Susu", "taken off the menu", "", "headquarters"),
        ("08:33", "Sent again", "5 records", "", "Budi"),
        ("", "Sat 24 Jan", "", "", ""),
        ("10:33", "Menu items that headquarters deletes", "Es Jeruk, Bakwan, Tempe Mendoan", "", "headquarters"),
        ("10:33", "Bakwan", "Headquarters noted a difference that needs nobody · stock", "", "by itself"),
        ("", "Mon 23 Dec 2024", "", "", ""),
        ("10:33", "Order ORD-20260127-0131", "Table A-05 · 4 guests", "Rp187.000", "sent"),
    ]


def test_a_heading_is_not_chosen(window: MainWindow) -> None:
    page = show(window, FULL)
    page.list.rows.table.selectAll()
    assert len(page.list.chosen()) == len(FULL)
    page.list.rows.table.clearSelection()
    page.list.rows.table.selectRow(0)
    assert page.list.chosen() == []


@pytest.mark.parametrize("part", Part)
def test_each_part_is_asked_for_by_one_tap(window: MainWindow, wishes: list[Wish], part: Part) -> None:
    page = show(window, FULL)
    page.parts[part].click()
    assert wishes[-1] == WantActivity(part)
    assert [each for each, button in page.parts.items() if button.isChecked()] == [part]
    window.show_found(WantActivity(part), [])
    assert page.list.rows.empty.isVisible()
    assert page.list.rows.empty.whole()


def test_what_was_looked_for_before_is_not_shown(window: MainWindow) -> None:
    page = show(window, FULL)
    page.parts[Part.SENT].click()
    window.show_found(WantActivity(), FULL[:1])
    window.show_found(WantActivity(Part.SENT), FULL[:2])
    assert len(texts(page)) == 3


def test_the_card_of_what_was_sent_opens_what_was_sent(window: MainWindow, wishes: list[Wish]) -> None:
    window.show_status(status(State.IDLE), NOW)
    window.status_page.cards.cards[1].click()
    assert window.rail.page() is Page.ACTIVITY
    assert wishes[-1] == WantActivity(Part.SENT)


def test_a_number_is_searched_for_a_moment_after_the_last_key(
    window: MainWindow, wishes: list[Wish], qtbot: QtBot
) -> None:
    page = show(window, FULL)
    page.search.insert("ORD-1")
    qtbot.waitUntil(lambda: wishes[-1] == WantActivity(Part.ALL, "ORD-1"))
    window.show_found(WantActivity(Part.ALL, "ORD-1"), [])
    assert page.list.rows.empty.whole() == "Nothing is known of a number that begins so."


def test_more_is_read_as_one_scrolls_and_each_entry_stands_once(window: MainWindow, wishes: list[Wish]) -> None:
    first = many(PAGE_ROWS)
    page = show(window, first)
    bar = page.list.rows.table.verticalScrollBar()
    bar.setValue(bar.maximum())
    wish = WantActivity(before=first[-1].entry.key)
    assert wishes[-1] == wish
    window.show_status(status(State.IDLE), NOW)
    assert wishes[-1] == wish
    more = many(5, since=PAGE_ROWS)
    place = bar.value()
    for _ in range(2):  # asked twice, come twice
        window.show_found(wish, more)
    assert len([line for line in page.list.rows.model.lines() if line.key >= 0]) == PAGE_ROWS + 5
    assert bar.value() == place
    assert page.wish() is None  # that was the end, and older ones are looked at: nothing moves under the finger
    bar.setValue(0)
    assert page.wish() == WantActivity()


def test_what_is_new_comes_to_the_top_unless_older_ones_are_looked_at(window: MainWindow) -> None:
    page = show(window, many(PAGE_ROWS, since=1))
    window.show_found(WantActivity(), many(PAGE_ROWS))
    assert page.list.rows.model.line(1).key == 6
    bar = page.list.rows.table.verticalScrollBar()
    bar.setValue(500)
    window.show_found(WantActivity(), many(3))
    assert len(page.list.rows.model.lines()) > PAGE_ROWS


def test_what_is_chosen_holds_the_list(window: MainWindow) -> None:
    page = show(window, FULL)
    choose(page, RESOLVED)
    assert page.wish() is None
    page.list.rows.table.clearSelection()
    assert page.wish() == WantActivity()


@pytest.mark.parametrize("way", ["button", "keys"])
def test_chosen_lines_are_copied_as_text(window: MainWindow, qtbot: QtBot, way: str) -> None:
    page = show(window, FULL)
    assert not page.list.copy.isEnabled()
    choose(page, FULL[1], RESOLVED)
    if way == "button":
        page.list.copy.click()
    else:
        page.list.rows.table.setFocus()
        QTest.keyClick(page.list.rows.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().splitlines() == [
        "Tue 27 Jan 10:31 · Order ORD-20260127-0141 · Table A-05 · 4 guests · Rp187.000 · sent",
        "Tue 27 Jan 10:30 · Nasi Goreng Spesial · Price Rp38.000 → Rp40.000 · Conflict settled · Rina",
    ]
    assert page.list.chosen_label.whole() == "2 lines copied"


def test_details_of_a_record_are_asked_for(window: MainWindow, wishes: list[Wish]) -> None:
    page = show(window, FULL)
    choose(page, FULL[1])
    page.list.details.click()
    record = FULL[1].entry.record
    assert record is not None
    assert wishes[-1] == WantRecord(record)
    choose(page, FULL[4])
    assert (page.list.details.isEnabled(), page.list.details.toolTip()) == (False, "All of it stands here.")


def test_enter_opens_the_line_that_the_keyboard_is_at(window: MainWindow, wishes: list[Wish], qtbot: QtBot) -> None:
    page = show(window, FULL)
    table = page.list.rows.table
    for row, is_record in ((0, False), (1, True)):
        table.setCurrentIndex(page.list.rows.model.index(row, 1))
        table.setFocus()
        QTest.keyClick(table, Qt.Key.Key_Return)
        assert isinstance(wishes[-1], WantRecord) is is_record


@pytest.mark.parametrize(
    ("happened", "effect"),
    [
        (RESOLVED, "Once undone: Price on the menu Rp40.000 → Rp38.000, also at headquarters."),
        (DISCARDED, "Once undone: it is sent to headquarters after all."),
    ],
)
def test_a_decision_is_taken_back_by_one_press_under_its_effect(
    window: MainWindow, qtbot: QtBot, happened: Happened, effect: str
) -> None:
    page = show(window, FULL)
    choose(page, happened)
    assert (page.list.effect.isVisible(), page.list.effect.whole()) == (True, effect)
    with qtbot.waitSignal(window.decided) as decided:
        page.list.undo.click()
    assert isinstance(decided.args[0], Undo)
    assert (decided.args[0].deed, bool(decided.args[0].who)) == (happened.entry.key.number, True)
    assert page.list.chosen() == []  # so that the list follows what comes of it


def test_a_choice_over_a_real_store_is_taken_back_and_back_again(window: MainWindow, tmp_path: Path) -> None:
    bench = Bench(tmp_path, wall_ms=clock().wall_ms)
    bench.pull()
    disputed(bench)
    decide(bench.later(60), "cloud_wins")
    window.decided.connect(lambda command: bench.later(60).engine.do(command, bench.now))
    told = []
    for _ in range(3):
        found = list(WantActivity(Part.DECIDED).read(bench.store))
        page = show_part(window, found, bench.wall_ms)
        told.append(texts(page)[1][2])
        page.list.rows.table.selectRow(1)
        page.list.undo.click()
    assert told == [
        "Price Rp38.000 → Rp40.000 · Conflict settled · “as agreed”",
        "Price Rp40.000 → Rp38.000 · Taken back",
        "Price Rp38.000 → Rp40.000 · Taken back",
    ]
    assert here(bench)["price"] == 38000
    received = list(WantActivity(Part.RECEIVED).read(bench.store))
    assert received == []  # what the decisions made of headquarters' word is told with them alone
    bench.store.close()


def show_part(window: MainWindow, found: list[Happened], now_ms: int) -> ActivityPage:
    window.open_page(Page.ACTIVITY)
    window.activity_page.parts[Part.DECIDED].click()
    window.show_status(status(State.IDLE), now_ms)
    window.show_found(WantActivity(Part.DECIDED), found)
    settle()
    return window.activity_page


def test_what_can_not_be_taken_back_says_why(window: MainWindow) -> None:
    page = show(window, FULL)
    assert (page.list.undo.isEnabled(), page.list.undo.toolTip()) == (False, "Choose one line only.")
    choose(page, FULL[0])
    assert not page.list.effect.isVisible()
    assert page.list.undo.toolTip() == "Only what a person decided in the last 24 hours can be undone."


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("undo_changed", "It has changed since then, so it stays as it is."),
        ("undo_over", "That can't be undone any more."),
        ("row_sending", "Nasi Goreng Spesial is just being sent. Try again in a moment."),
    ],
)
def test_an_undo_that_came_too_late_is_said(window: MainWindow, code: str, sentence: str) -> None:
    page = show(window, FULL)
    choose(page, RESOLVED)
    page.list.undo.click()
    window.show_declined(Undo(who="Rina", deed=1), InputRefused(code, {"name": "1"}))
    assert window.banner.text.whole() == sentence


def test_text_from_outside_is_plain_and_bounded(window: MainWindow) -> None:
    page = show(window, HISTORIES["edge"])
    choose(page, HISTORIES["edge"][1])
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in page.findChildren(Label))
    assert max(len(label.whole()) for label in (page.list.whole, page.list.effect)) < 330


def test_another_language_is_spoken_at_once(window: MainWindow) -> None:
    page = show(window, FULL)
    words.use("id")
    window.retranslate()
    assert texts(page)[0][1] == "Hari ini"
    assert texts(page)[3][2:] == ("Harga Rp38.000 → Rp40.000 · Data berbeda sudah dipilih", "", "Rina")
    assert page.list.undo.text() == "Batalkan"


def test_a_day_is_told_by_its_distance(window: MainWindow) -> None:
    page = show(window, [replace(FULL[0])])
    window.show_status(status(State.IDLE), NOW + 24 * 60 * MINUTE)
    window.show_found(WantActivity(), FULL[:1])
    assert texts(page)[0][1] == "Yesterday"


@pytest.mark.parametrize(("name", "size", "language"), list(product(HISTORIES, range(len(SIZES)), ("id", "en"))))
def test_the_page_fits_in_every_size_and_language(window: MainWindow, name: str, size: int, language: str) -> None:
    words.use(language)
    window.retranslate()
    window.resize(SIZES[size])
    page = show(window, HISTORIES[name])
    if HISTORIES[name]:
        choose(page, HISTORIES[name][2 if name == "full" else 1])
    settle()
    assert cut_off(page) == []
    assert overlapping(page) == []
    assert too_small(page) == []
    assert nameless(page) == []
