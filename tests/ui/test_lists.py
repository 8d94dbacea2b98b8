"""The pages of what waits and of what needs a person, and their dialogs: the right words, the right buttons."""

from dataclasses import replace
from itertools import product

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QTableView, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from tests.ui.checks import (
    SIZES,
    cut_off,
    nameless,
    overlapping,
    settle,
    show,
    show_attention,
    show_line,
    show_queue,
    too_small,
)
from tests.ui.states import ALIKE, LISTS, NOW, QUEUE, REFUSED, SHIFTS, queued, status

from outlet_sync_gui import words
from outlet_sync_gui.reader import QueuePart, WantGlance, WantLine, WantRefused
from outlet_sync_gui.status import Pending, Row, RowState, State
from outlet_sync_gui.store.views import Sought, Stretch
from outlet_sync_gui.sync.commands import AnswerQuestion, Retry
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.queue_page import QueuePage
from outlet_sync_gui.ui.rail import LISTED, Page
from outlet_sync_gui.ui.record_list import Action, RecordList, hindrance
from outlet_sync_gui.ui.standing import StandingCard

PAGES = (Page.QUEUE, Page.ATTENTION)
UNTAKEN = (
    "Headquarters doesn't take cashier shifts yet; 31 waiting. Headquarters says: “Unknown entity type”."
    " Tried again at 10:37 WIB."
)
REFUSED_ALIKE = (
    "Headquarters refuses orders with the same words, one after another; 7 waiting."
    " Headquarters says: “Outlet JKT-001 is not registered for orders”. Tried again at 10:35 WIB."
)


def texts(shown: RecordList, column: int) -> list[object]:
    model = shown.rows.model
    return [model.data(model.index(row, column)) for row in range(model.rowCount())]


def choose(shown: RecordList, *rows: int) -> None:
    shown.rows.table.clearSelection()
    for row in rows:
        shown.rows.table.selectRow(row)


def ids(rows: list[Row]) -> list[int]:
    return [row.record_id for row in rows]


# -- what stands there


def test_each_row_says_why_it_waits_and_when_the_next_try_comes(window: MainWindow) -> None:
    shown = show_queue(window, "line").list
    assert texts(shown, 2) == [
        "It is being sent right now.",
        "Goes out in a moment.",
        "Goes right after its order ORD-20260127-0139.",
        "Headquarters does not accept this order. Headquarters says: “Table B-12 not registered for JKT-001”",
        "Headquarters refused it without a reason. Tried again at 10:37 WIB.",
        "Goes out along with the next sale.",
        "Headquarters changed it too. It goes on when that is settled.",
        UNTAKEN,
        "Goes out in a moment.",
    ]
    assert texts(shown, 4)[3:6] == ["refused · 1×", "at 10:37 · 2×", "waiting"]
    assert texts(shown, 0)[-2:] == ["10:25", "yesterday 01:13"]


def test_while_the_internet_is_down_every_row_says_so(window: MainWindow) -> None:
    shown = show_queue(window, "line-offline").list
    assert texts(shown, 2)[1] == "Internet down since 10:05. Tried again at 10:33 WIB."
    assert texts(shown, 2)[5] == texts(shown, 2)[1]


def test_what_stands_still_is_told_with_its_next_try_and_only_a_question_has_choices(window: MainWindow) -> None:
    cards = standing(window)
    assert [card.sentence.whole() for card in cards] == [
        REFUSED_ALIKE,
        UNTAKEN,
        "Headquarters closes one way in; 4 waiting. Call headquarters (N-OUTLET, sync/batch). Tried again any moment.",
    ]
    assert [[button.text() for button in card.buttons] for card in cards] == [["Stop trying", "Retry"], [], []]


def standing(window: MainWindow) -> list[StandingCard]:
    return show_attention(window, "standing").standing.cards


def test_an_empty_page_says_what_will_be_there(window: MainWindow) -> None:
    queue = show_queue(window, "nothing")
    assert (queue.line.whole(), queue.list.rows.empty.whole()) == (
        "Nothing waits",
        "Nothing waits. New orders show here.",
    )
    attention = show_attention(window, "nothing")
    assert attention.empty.isVisible()
    assert attention.empty.whole() == "What headquarters refuses shows here, with its reason."


def test_the_rail_counts_what_waits_and_what_needs_a_person(window: MainWindow) -> None:
    show_queue(window, "standing")
    rail = window.rail
    heard = [rail.items[page].data(Qt.ItemDataRole.AccessibleTextRole) for page in LISTED]
    assert heard[:4] == ["Status", "Queue, 38", "Needs attention, 3", "Conflicts"]
    assert heard[4:] == ["Activity", "Messages", "Menu changes", "Daily summary"]
    assert [page for page in LISTED if rail.pills[page].isVisible()] == [Page.QUEUE, Page.ATTENTION]
    assert rail.head.place.whole() == "2 records need attention"
    show_queue(window, "many")
    assert [rail.pills[page].text() for page in PAGES] == ["9,999+", "99+"]


def test_off_the_status_page_the_rail_tells_the_state(window: MainWindow) -> None:
    show_queue(window, "line-offline")
    assert (window.rail.head.icon.isVisible(), window.rail.head.place.whole()) == (True, "Internet down since 10:05")
    window.open_page(Page.STATUS)
    assert (window.rail.head.icon.isVisible(), window.rail.head.place.whole()) == (False, "")


def test_the_cards_open_their_lists(window: MainWindow) -> None:
    show_queue(window, "refused")
    for card, page in ((0, Page.QUEUE), (2, Page.ATTENTION)):
        window.open_page(Page.STATUS)
        QTest.mouseClick(window.status_page.cards.cards[card], Qt.MouseButton.LeftButton)
        assert window.rail.page() is page
        assert (window.queue_page if page is Page.QUEUE else window.attention_page).isVisible()


def test_each_page_asks_for_its_own_rows_only(window: MainWindow, qtbot: QtBot) -> None:
    window.show_status(status(State.ATTENTION, dead=1, pending=Pending(high=2)), NOW)
    wishes: list[object] = []
    window.read_asked.connect(wishes.append)
    for page in (Page.QUEUE, Page.ATTENTION, Page.STATUS):
        window.open_page(page)
    assert wishes == [WantLine(), WantRefused(), WantGlance(has_refused=True, has_waiting=True)]
    window.open_page(Page.QUEUE)
    window.queue_page.search.setText(" ORD-1 ")
    qtbot.waitUntil(lambda: wishes[-1] == WantLine(Sought(search="ORD-1")))
    part = QueuePart(stretch=Stretch(rows=QUEUE), types=())
    window.show_found(WantLine(), part)  # read for what nobody looks for any more
    assert window.queue_page.list.rows.model.rowCount() == 0
    window.show_found(WantLine(Sought(search="ORD-1")), replace(part, stretch=Stretch(rows=QUEUE[:2])))
    assert window.queue_page.list.rows.model.rowCount() == 2


# -- what can be done


@pytest.mark.parametrize(
    ("action", "states", "reason"),
    [
        (Action.RETRY, [], "Choose a record first."),
        (Action.DETAILS, [], "Choose a record first."),
        (Action.RETRY, [RowState.DEAD, RowState.RETRY], ""),
        (Action.DISCARD, [RowState.DEAD, RowState.HELD], ""),
        (Action.EDIT, [RowState.DEAD, RowState.DEAD], "Choose one record only."),
        (Action.DETAILS, [RowState.SENDING], ""),
        (Action.RETRY, [RowState.DEAD, RowState.SENDING], "It is being sent right now."),
        (Action.DISCARD, [RowState.SENDING], "It is being sent right now."),
        (Action.EDIT, [RowState.SENDING], "It is being sent right now."),
        (Action.RETRY, [RowState.HELD], "Held until headquarters' change is settled."),
        (Action.EDIT, [RowState.HELD], "Held until headquarters' change is settled."),
        (Action.EDIT, [RowState.BLOCKED], ""),
    ],
)
def test_what_cannot_be_done_is_told(action: Action, states: list[RowState], reason: str) -> None:
    assert hindrance(action, [queued(n, state) for n, state in enumerate(states, 1)]) == reason


def test_a_button_that_cannot_be_pressed_says_why(window: MainWindow) -> None:
    shown = show_queue(window, "line").list
    choose(shown, 0)
    assert not shown.buttons[Action.RETRY].isEnabled()
    assert shown.buttons[Action.RETRY].toolTip() == "It is being sent right now."
    choose(shown, 3)
    assert all(button.isEnabled() and not button.toolTip() for button in shown.buttons.values())
    assert shown.reason.whole().startswith("Headquarters does not accept this order.")


def test_a_tap_chooses_and_another_one_lets_go(window: MainWindow) -> None:
    shown = show_queue(window, "refused").list
    settle()
    table = shown.rows.table
    places = [table.visualRect(table.model().index(row, 1)).center() for row in range(2)]
    for place in (*places, places[0]):
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert ids(shown.chosen()) == [2]
    assert shown.chosen_label.whole() == "1 chosen"


def test_the_keyboard_chooses_and_opens(window: MainWindow, qtbot: QtBot) -> None:
    shown = show_queue(window, "refused").list
    table = shown.rows.table
    table.setFocus()
    table.setCurrentIndex(table.model().index(0, 1))
    choose(shown)
    QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert ids(shown.chosen()) == [2]
    window.activateWindow()
    with qtbot.waitSignal(shown.asked) as asked:
        QTest.keyClick(table, Qt.Key.Key_Return)
    assert asked.args == [Action.DETAILS, [REFUSED[1]]]


def test_what_was_chosen_stays_chosen_while_rows_come_and_go(window: MainWindow) -> None:
    shown = show_queue(window, "refused")
    choose(shown.list, 1, 3)
    show_line(window, [queued(9, RowState.DEAD), *REFUSED[1:4]])
    assert ids(shown.list.chosen()) == [2, 4]
    show_line(window, [REFUSED[3]])
    assert ids(shown.list.chosen()) == [4]
    show_line(window, [])
    assert (shown.list.chosen(), shown.list.buttons[Action.RETRY].isEnabled()) == ([], False)


def test_all_can_be_chosen_at_once(window: MainWindow) -> None:
    shown = show_queue(window, "refused").list
    assert shown.choose_all.text() == "Choose all"
    shown.choose_all.click()
    assert (ids(shown.chosen()), shown.choose_all.text()) == ([1, 2, 3, 4, 5], "Choose none")
    shown.choose_all.click()
    assert shown.chosen() == []


def test_retry_is_a_decision_over_the_rows_that_are_chosen(window: MainWindow, qtbot: QtBot) -> None:
    shown = show_queue(window, "refused").list
    choose(shown, 0, 2)
    with qtbot.waitSignal(window.decided) as decided:
        shown.buttons[Action.RETRY].click()
    assert isinstance(decided.args[0], Retry)
    assert decided.args[0].names == ("1", "3")


def test_a_question_is_answered_by_its_buttons(window: MainWindow, qtbot: QtBot) -> None:
    for n, choice in enumerate(("give_up", "retry")):
        (card, *_) = standing(window)
        with qtbot.waitSignal(window.decided) as decided:
            card.buttons[n].click()
        answer = decided.args[0]
        assert isinstance(answer, AnswerQuestion)
        assert (answer.question_id, answer.choice) == (ALIKE.halt_id, choice)


def test_a_question_keeps_its_buttons_while_its_count_changes(window: MainWindow) -> None:
    (card, *_) = standing(window)
    window.show_status(status(State.ATTENTION, questions=1, waits=(SHIFTS,)), NOW)
    assert len(window.attention_page.standing.cards) == 1
    window.show_status(status(State.ATTENTION, questions=1, waits=(ALIKE,)), NOW)
    (card,) = window.attention_page.standing.cards
    window.show_status(status(State.ATTENTION, questions=1, waits=(ALIKE,)), NOW + 60_000)
    assert window.attention_page.standing.cards == [card]


# -- at every size


@pytest.mark.parametrize(("name", "page", "language"), list(product(LISTS, PAGES, ("id", "en"))))
def test_nothing_is_cut_off_and_everything_can_be_used(
    window: MainWindow, name: str, page: Page, language: str
) -> None:
    words.use(language)
    window.retranslate()
    shown = show(window, name, page)
    if isinstance(shown, QueuePage):
        choose(shown.list, 0)
    window.banner.tell(lambda: words.say("{name} is too big to be mended here.", name=words.row_title(QUEUE[6])))
    for size in SIZES:
        window.resize(size)
        settle()
        faults = [*cut_off(window), *overlapping(shown), *too_small(window), *nameless(window)]
        assert faults == [], (size, faults)
    assert all(table.verticalHeader().defaultSectionSize() >= 44 for table in shown.findChildren(QTableView))


@pytest.fixture
def faulty(qtbot: QtBot) -> QWidget:
    """A page with one fault of each kind."""
    page = QWidget()
    qtbot.addWidget(page)
    layout = QVBoxLayout(page)
    layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
    narrow, wrapped, button = QLabel("wider than its place"), QLabel("several lines " * 9), QPushButton()
    narrow.setFixedWidth(20)
    wrapped.setWordWrap(True)
    wrapped.setFixedSize(60, 20)
    button.setStyleSheet("min-height: 0; max-height: 30px")
    for part in (narrow, wrapped, button, QLineEdit()):
        layout.addWidget(part)
    page.resize(300, 300)
    page.show()
    settle()
    cover = QWidget(page)
    cover.setGeometry(narrow.geometry())
    cover.show()
    return page


def test_the_checks_find_what_they_look_for(faulty: QWidget) -> None:
    assert cut_off(faulty) == ["wider than its place", "several lines " * 9]
    assert len(overlapping(faulty)) == 1
    assert too_small(faulty) == [""]
    assert nameless(faulty) == ["QPushButton", "QLineEdit"]
