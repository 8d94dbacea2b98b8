"""The window in every state: the right sentence, the right button, nothing cut off, everything named."""

from itertools import product

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot
from tests.ui.checks import SIZES, cut_off, overlapping, settle, too_small
from tests.ui.states import NOW, ROWS, STATES, status

from outlet_sync_gui import words
from outlet_sync_gui.status import Pending, State
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label

HUGE = status(
    State.WAITING,
    pending=Pending(high=1_000_000, medium=250_000, low=99_999),
    pending_amount=999_999_999_999,
    sent_today=1_234_567,
    sent_today_amount=999_999_999_999,
)


def show(window: MainWindow, name: str) -> None:
    window.show_status({**STATES, "long": HUGE}[name], NOW)
    window.show_rows(ROWS.get(name, []))


@pytest.mark.parametrize(
    ("name", "sentence", "line"),
    [
        ("setup", "Not set up yet", "Missing: headquarters' address, API key."),
        ("idle", "Everything is sent", "Last success 10:31 WIB · 2 minutes ago"),
        ("syncing", "Sending 2,160 records", "Back since 10:29 WIB. Sales go on."),
        ("waiting", "3 records waiting", "Goes out at 11:00 WIB. Nothing is wrong."),
        ("offline", "Internet down since 10:05", "12 records (Rp1.845.000) safe on this PC. Sales go on."),
        ("paused", "Paused until 11:15", "4 records waiting, safe on this PC."),
        ("attention", "5 records need attention", "The rest is still sent."),
        ("key", "The API key is refused", "Get a new one from headquarters, enter it in Settings."),
        ("error", "Something broke", "The disk is full. Data is safe. Tell IT: code E-DISK-FULL."),
    ],
)
def test_a_state_is_one_sentence_and_a_line(window: MainWindow, name: str, sentence: str, line: str) -> None:
    show(window, name)
    band = window.status_page.band
    assert (band.sentence.whole(), band.line.whole()) == (sentence, line)


@pytest.mark.parametrize(
    ("name", "text", "is_enabled", "is_filled"),
    [
        ("setup", "Set up", True, True),
        ("idle", "Sync now", True, False),
        ("syncing", "Sync now", False, False),
        ("waiting", "Sync now", True, True),
        ("offline", "Try now", True, True),
        ("paused", "Sync now", False, False),
        ("attention", "Sync now", True, False),
        ("key", "Sync now", True, True),
        ("error", "Sync now", False, False),
    ],
)
def test_the_main_button_is_filled_only_for_what_to_press_now(
    window: MainWindow, name: str, text: str, is_enabled: bool, is_filled: bool
) -> None:
    show(window, name)
    button = window.status_page.band.sync
    assert (button.text(), button.accessibleName()) == (text, text)
    assert (button.isEnabled(), button.property("kind") == "primary") == (is_enabled, is_filled)
    assert is_enabled or button.toolTip()  # disabled with a reason


def test_pause_becomes_resume_and_each_asks_for_itself(window: MainWindow, qtbot: QtBot) -> None:
    pause = window.status_page.band.pause
    show(window, "idle")
    assert pause.text() == "Pause"
    with qtbot.waitSignal(window.pause_asked):
        QTest.mouseClick(pause, Qt.MouseButton.LeftButton)
    show(window, "paused")
    assert pause.text() == "Resume"
    with qtbot.waitSignal(window.resume_asked):
        QTest.mouseClick(pause, Qt.MouseButton.LeftButton)


def test_sync_now_asks(window: MainWindow, qtbot: QtBot) -> None:
    show(window, "waiting")
    with qtbot.waitSignal(window.sync_asked):
        QTest.mouseClick(window.status_page.band.sync, Qt.MouseButton.LeftButton)


def test_only_idle_is_green(theme: Theme) -> None:
    tints = theme.tokens.states
    assert [state for state, colours in tints.items() if colours == tints[State.IDLE]] == [State.IDLE]


def test_offline_counts_down_and_tells_why(window: MainWindow) -> None:
    show(window, "offline")
    page = window.status_page
    assert page.band.countdown.whole() == "automatically in 0:42"
    assert (page.why.cause.whole(), page.why.code.whole()) == ("The modem is on, the internet isn't", "N-DNS")


def test_what_waits_is_counted_by_lane(window: MainWindow) -> None:
    show(window, "long")
    assert window.status_page.list.note.whole() == "orders 1,000,000 · menu 250,000 · other 99,999"


def test_a_backlog_shows_how_far_it_is_by_lanes(window: MainWindow) -> None:
    show(window, "syncing")
    row = window.status_page.band.progress
    assert (row.counts.whole(), row.rate.whole()) == ("1,250 of 3,410 sent", "520 a minute")
    assert row.end.whole() == "done about 10:37 WIB · 4 min left"
    assert (row.bar.value(), row.bar.maximum()) == (1250, 3410)
    model = window.status_page.list.model
    assert [model.data(model.index(n, 3)) for n in range(3)] == ["1,904", "212", "44"]
    assert window.status_page.wish() is None  # of single records nothing is shown, so nothing is read


def test_refused_records_show_headquarters_words(window: MainWindow) -> None:
    show(window, "attention")
    model = window.status_page.list.model
    assert window.status_page.list.title.whole() == "Refused by headquarters"
    assert [model.data(model.index(n, 2)) for n in range(3)] == [
        "Headquarters says: “Table B-12 not registered for JKT-001”",
        "Headquarters says: “Order already exists with different data”",
        "Too big to send: 12.4 MB, limit 10 MB",
    ]


def test_what_was_refused_can_be_sent_again(window: MainWindow, qtbot: QtBot) -> None:
    retry = window.status_page.list.retry
    show(window, "idle")
    assert not retry.isVisible()
    show(window, "attention")
    assert (retry.isVisible(), retry.text(), retry.accessibleName()) == (True, "Retry", "Retry")
    with qtbot.waitSignal(window.retry_asked):
        QTest.mouseClick(retry, Qt.MouseButton.LeftButton)


def test_an_empty_list_says_what_will_be_there(window: MainWindow) -> None:
    window.show_status(status(State.IDLE), NOW)
    assert window.status_page.list.empty.isVisible()
    assert window.status_page.list.empty.whole() == "Nothing waits. New orders show here."


def test_the_language_is_switched_live(window: MainWindow) -> None:
    show(window, "waiting")
    words.use("id")
    window.retranslate()
    assert window.status_page.band.sentence.whole() == "3 data menunggu giliran"
    assert window.status_page.band.sync.text() == "Kirim sekarang"
    assert [card.label.whole() for card in window.status_page.cards.cards] == [
        "Belum terkirim",
        "Terkirim hari ini",
        "Perlu dicek",
        "Data berbeda",
    ]


SHOWN = [*STATES, "long"]


@pytest.mark.parametrize(("name", "language"), list(product(SHOWN, ("id", "en"))))
def test_nothing_is_cut_off_and_nothing_overlaps(window: MainWindow, name: str, language: str) -> None:
    words.use(language)
    window.retranslate()
    show(window, name)
    for size in SIZES:
        window.resize(size)
        settle()
        faults = [*cut_off(window), *overlapping(window.status_page), *too_small(window)]
        assert faults == [], (size, faults)


def test_everything_that_can_be_used_has_a_name(window: MainWindow) -> None:
    show(window, "waiting")
    buttons = [button for button in window.findChildren(QAbstractButton) if button.isVisible()]
    assert [button for button in buttons if not button.accessibleName()] == []
    assert window.status_page.band.accessibleName() == "3 records waiting. Goes out at 11:00 WIB. Nothing is wrong."
    assert window.status_page.list.table.accessibleName() == "Waiting for its turn"


def test_the_keyboard_alone_is_enough(window: MainWindow) -> None:
    show(window, "waiting")
    window.activateWindow()
    seen: list[str] = []
    for _ in range(8):
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        focused = window.focusWidget()
        seen.append(focused.accessibleName() if focused is not None else "")
    assert {"Pause", "Sync now"} <= set(seen)


def test_the_ring_goes_where_the_keyboard_is(window: MainWindow) -> None:
    show(window, "waiting")
    button = window.status_page.band.sync
    window.ring.follow(button, is_by_keyboard=True)
    assert window.ring.isVisible()
    assert window.ring.geometry().contains(button.mapTo(window, QPoint(5, 5)))
    window.ring.follow(button, is_by_keyboard=False)
    assert not window.ring.isVisible()


def test_light_and_dark_are_switched_live(window: MainWindow, theme: Theme) -> None:
    show(window, "waiting")
    light = window.grab().toImage().pixelColor(300, 300)
    theme.apply(is_dark=True)
    settle()
    assert window.grab().toImage().pixelColor(300, 300) != light


def test_text_from_outside_is_plain(window: MainWindow) -> None:
    window.show_status(status(State.IDLE, outlet_code="<b>x</b>"), NOW)
    assert window.rail.head.name.textFormat() is Qt.TextFormat.PlainText
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in window.findChildren(Label))


def test_closing_is_left_to_the_application(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.close_asked):
        window.close()
    assert window.isVisible()


def test_nothing_moves_while_nobody_sees_it(window: MainWindow) -> None:
    show(window, "offline")
    assert window.status_page.band._tick.isActive()
    window.hide()
    assert not window.status_page.band._tick.isActive()


def test_settings_stand_at_the_foot_of_the_rail_and_are_a_page_as_the_others(window: MainWindow) -> None:
    QTest.mouseClick(window.rail.settings, Qt.MouseButton.LeftButton)
    assert (window.rail.page(), window.rail.list.selectedItems()) == (Page.SETTINGS, [])
    window.rail.list.setFocus()
    assert window.rail.page() is Page.SETTINGS
    QTest.mouseClick(window.rail.settings, Qt.MouseButton.LeftButton)
    assert window.rail.settings.property("isChosen") is True
    window.open_page(Page.QUEUE)
    assert (window.rail.page(), window.rail.settings.property("isChosen")) == (Page.QUEUE, False)


def test_the_arrow_keys_pass_the_hairlines_of_the_rail(window: MainWindow) -> None:
    window.open_page(Page.CHANGES)
    window.rail.list.setFocus()
    QTest.keyClick(window.rail.list, Qt.Key.Key_Down)
    assert window.rail.page() is Page.SUMMARY
    QTest.keyClick(window.rail.list, Qt.Key.Key_Up)
    assert window.rail.page() is Page.CHANGES
