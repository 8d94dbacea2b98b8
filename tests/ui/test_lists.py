"""The pages of what waits and of what needs a person, and their dialogs: the right words, the right buttons."""

from collections.abc import Iterator
from itertools import product

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from tests.builders import order
from tests.ui.checks import SIZES, cut_off, nameless, overlapping, settle, too_small
from tests.ui.states import ALIKE, LISTS, NOW, QUEUE, REFUSED, SHIFTS, queued, status

from outlet_sync_gui import words
from outlet_sync_gui.contract.text import dumps
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.reader import Record, WantGlance, WantLine, WantRecord, WantRefused
from outlet_sync_gui.status import Pending, Row, RowState, State
from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.sync.commands import AnswerQuestion, Discard, Edit, Retry
from outlet_sync_gui.ui.dialogs import DetailsDialog, Dialog, DiscardDialog
from outlet_sync_gui.ui.edit_dialog import LARGEST, EditDialog
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.record_list import Action, RecordList, hindrance
from outlet_sync_gui.ui.record_pages import RecordPage
from outlet_sync_gui.ui.standing import StandingCard
from outlet_sync_gui.ui.theme import Theme

PAGES = (Page.QUEUE, Page.ATTENTION)
UNTAKEN = (
    "Headquarters doesn't take cashier shifts yet; 31 waiting. Headquarters says: “Unknown entity type”."
    " Tried again at 10:37 WIB."
)
REFUSED_ALIKE = (
    "Headquarters refuses orders with the same words, one after another; 7 waiting."
    " Headquarters says: “Outlet JKT-001 is not registered for orders”. Tried again at 10:35 WIB."
)
CONTENT = dumps(order("ORD-20260127-0142", table_number="B-12", total_amount=426_000))
RECORD = Record(
    entity_type="order",
    local_id="ORD-20260127-0142",
    content=CONTENT,
    history=(Deed(at=NOW, what=What.DISCARDED, who="Rina", why="entered twice", before=None, after=None),),
)


def show(window: MainWindow, name: str, page: Page) -> RecordPage:
    value, rows = LISTS[name]
    shown = {Page.QUEUE: window.queue_page, Page.ATTENTION: window.attention_page}[page]
    window.open_page(page)
    window.show_status(value, NOW)
    shown.show_rows(rows)
    return shown


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
    shown = show(window, "line", Page.QUEUE).list
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
    shown = show(window, "line-offline", Page.QUEUE).list
    assert texts(shown, 2)[1] == "Internet down since 10:05. Tried again at 10:33 WIB."
    assert texts(shown, 2)[5] == texts(shown, 2)[1]


def test_what_stands_still_is_told_with_its_next_try_and_only_a_question_has_choices(window: MainWindow) -> None:
    cards = show_attention(window, "standing")
    assert [card.sentence.whole() for card in cards] == [
        REFUSED_ALIKE,
        UNTAKEN,
        "Headquarters closes one way in; 4 waiting. Call headquarters (N-OUTLET, sync/batch). Tried again any moment.",
    ]
    assert [[button.text() for button in card.buttons] for card in cards] == [["Stop trying", "Retry"], [], []]


def show_attention(window: MainWindow, name: str) -> list[StandingCard]:
    show(window, name, Page.ATTENTION)
    return window.attention_page.standing.cards


def test_an_empty_page_says_what_will_be_there(window: MainWindow) -> None:
    queue = show(window, "nothing", Page.QUEUE)
    assert (queue.line.whole(), queue.list.rows.empty.whole()) == (
        "Nothing waits",
        "Nothing waits. New orders show here.",
    )
    attention = show(window, "nothing", Page.ATTENTION)
    assert attention.list.rows.empty.isVisible()
    assert attention.list.rows.empty.whole() == "What headquarters refuses shows here, with its reason."


def test_the_rail_counts_what_waits_and_what_needs_a_person(window: MainWindow) -> None:
    show(window, "standing", Page.QUEUE)
    rail = window.rail
    heard = [rail.list.item(page).data(Qt.ItemDataRole.AccessibleTextRole) for page in Page]
    assert heard == ["Status", "Queue, 38", "Needs attention, 3"]
    assert [rail.pills[page].isVisible() for page in Page] == [False, True, True]
    assert rail.head.place.whole() == "2 records need attention"
    show(window, "many", Page.QUEUE)
    assert [rail.pills[page].text() for page in PAGES] == ["9,999+", "99+"]


def test_off_the_status_page_the_rail_tells_the_state(window: MainWindow) -> None:
    show(window, "line-offline", Page.QUEUE)
    assert (window.rail.head.icon.isVisible(), window.rail.head.place.whole()) == (True, "Internet down since 10:05")
    window.open_page(Page.STATUS)
    assert (window.rail.head.icon.isVisible(), window.rail.head.place.whole()) == (False, "")


def test_the_cards_open_their_lists(window: MainWindow) -> None:
    show(window, "refused", Page.QUEUE)
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
    qtbot.waitUntil(lambda: wishes[-1] == WantLine("ORD-1"))
    window.show_found(WantLine(""), QUEUE)  # read for what nobody looks for any more
    assert window.queue_page.list.rows.model.rowCount() == 0
    window.show_found(WantLine("ORD-1"), QUEUE[:2])
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
    shown = show(window, "line", Page.QUEUE).list
    choose(shown, 0)
    assert not shown.buttons[Action.RETRY].isEnabled()
    assert shown.buttons[Action.RETRY].toolTip() == "It is being sent right now."
    choose(shown, 3)
    assert all(button.isEnabled() and not button.toolTip() for button in shown.buttons.values())
    assert shown.reason.whole().startswith("Headquarters does not accept this order.")


def test_a_tap_chooses_and_another_one_lets_go(window: MainWindow) -> None:
    shown = show(window, "refused", Page.ATTENTION).list
    settle()
    table = shown.rows.table
    places = [table.visualRect(table.model().index(row, 1)).center() for row in range(2)]
    for place in (*places, places[0]):
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert ids(shown.chosen()) == [2]
    assert shown.chosen_label.whole() == "1 chosen"


def test_the_keyboard_chooses_and_opens(window: MainWindow, qtbot: QtBot) -> None:
    shown = show(window, "refused", Page.ATTENTION).list
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
    shown = show(window, "refused", Page.ATTENTION)
    choose(shown.list, 1, 3)
    shown.show_rows([queued(9, RowState.DEAD), *REFUSED[1:4]])
    assert ids(shown.list.chosen()) == [2, 4]
    shown.show_rows([REFUSED[3]])
    assert ids(shown.list.chosen()) == [4]
    shown.show_rows([])
    assert (shown.list.chosen(), shown.list.buttons[Action.RETRY].isEnabled()) == ([], False)


def test_all_can_be_chosen_at_once(window: MainWindow) -> None:
    shown = show(window, "refused", Page.ATTENTION).list
    assert shown.choose_all.text() == "Choose all"
    shown.choose_all.click()
    assert (ids(shown.chosen()), shown.choose_all.text()) == ([1, 2, 3, 4, 5], "Choose none")
    shown.choose_all.click()
    assert shown.chosen() == []


def test_retry_is_a_decision_over_the_rows_that_are_chosen(window: MainWindow, qtbot: QtBot) -> None:
    shown = show(window, "refused", Page.ATTENTION).list
    choose(shown, 0, 2)
    with qtbot.waitSignal(window.decided) as decided:
        shown.buttons[Action.RETRY].click()
    assert isinstance(decided.args[0], Retry)
    assert decided.args[0].names == ("1", "3")


def test_a_question_is_answered_by_its_buttons(window: MainWindow, qtbot: QtBot) -> None:
    for n, choice in enumerate(("give_up", "retry")):
        (card, *_) = show_attention(window, "standing")
        with qtbot.waitSignal(window.decided) as decided:
            card.buttons[n].click()
        answer = decided.args[0]
        assert isinstance(answer, AnswerQuestion)
        assert (answer.question_id, answer.choice) == (ALIKE.halt_id, choice)


def test_a_question_keeps_its_buttons_while_its_count_changes(window: MainWindow) -> None:
    (card, *_) = show_attention(window, "standing")
    window.show_status(status(State.ATTENTION, questions=1, waits=(SHIFTS,)), NOW)
    assert len(window.attention_page.standing.cards) == 1
    window.show_status(status(State.ATTENTION, questions=1, waits=(ALIKE,)), NOW)
    (card,) = window.attention_page.standing.cards
    window.show_status(status(State.ATTENTION, questions=1, waits=(ALIKE,)), NOW + 60_000)
    assert window.attention_page.standing.cards == [card]


# -- the dialogs


@pytest.fixture
def opened(window: MainWindow) -> Iterator[MainWindow]:
    """The page of what was refused; a dialog left open is closed."""
    show(window, "refused", Page.ATTENTION)
    yield window
    if window.decisions.dialog is not None:
        window.decisions.dialog.reject()


def dialog_of(window: MainWindow) -> Dialog:
    assert window.decisions.dialog is not None
    return window.decisions.dialog


def test_discard_asks_why_and_takes_no_blank_for_an_answer(opened: MainWindow, qtbot: QtBot) -> None:
    opened.decisions.ask(Action.DISCARD, REFUSED[:2])
    dialog = dialog_of(opened)
    assert isinstance(dialog, DiscardDialog)
    assert dialog.title.whole() == "Why not send these 2 records?"
    for text, can_send in (("", False), ("   ", False), ("entered twice ", True)):
        dialog.reason.setText(text)
        assert (dialog.discard.isEnabled(), bool(dialog.discard.toolTip())) == (can_send, not can_send)
    with qtbot.waitSignal(opened.decided) as decided:
        QTest.keyClick(dialog.reason, Qt.Key.Key_Return)
    assert isinstance(decided.args[0], Discard)
    assert (decided.args[0].names, decided.args[0].reason) == (("1", "2"), "entered twice")


def test_a_dialog_that_is_left_decides_nothing(opened: MainWindow) -> None:
    decided: list[object] = []
    opened.decided.connect(decided.append)
    opened.decisions.ask(Action.DISCARD, REFUSED[:1])
    QTest.keyClick(dialog_of(opened), Qt.Key.Key_Escape)
    assert (decided, opened.decisions.dialog) == ([], None)


def edit(window: MainWindow, row: Row = REFUSED[0], record: Record = RECORD) -> EditDialog:
    window.show_found(WantRecord(row, is_edit=True), record)
    dialog = dialog_of(window)
    assert isinstance(dialog, EditDialog)
    return dialog


def test_mending_begins_at_what_headquarters_complained_of_and_shows_before_and_after(
    opened: MainWindow, qtbot: QtBot
) -> None:
    dialog = edit(opened)
    assert dialog.field.textCursor().selectedText() == "B-12"
    assert (dialog.verdict.whole(), dialog.send.isEnabled()) == ("Change something first.", False)
    dialog.field.insertPlainText("B-02")
    qtbot.waitUntil(dialog.send.isEnabled)
    assert dialog.verdict.whole() == 'table_number: "B-12" → "B-02"'
    with qtbot.waitSignal(opened.decided) as decided:
        dialog.send.click()
    assert isinstance(decided.args[0], Edit)
    assert (decided.args[0].name, b'"table_number": "B-02"' in decided.args[0].content) == ("1", True)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('"B-12"', '"B-12', "▲ Line 8 is not right: a sign is missing there, or one too many."),
        ('"paid",', '"paid"', "▲ Line 4 is not right: a sign is missing there, or one too many."),
        ('"paid",', '"paid",,', "▲ Line 4 is not right: a sign is missing there, or one too many."),
        ("426000", "426000.5", "▲ total_amount is 426000.5: money is whole rupiah."),
        ("426000", '"much"', "▲ The field total_amount can't be that. Expected: a number"),
        (
            "ORD-20260127-0142",
            "ORD-1",
            "▲ The number can't change: ORD-1 is not ORD-20260127-0142. Leave local_id as it was.",
        ),
        ("{", "[", "▲ Line 2 is not right: a sign is missing there, or one too many."),
        ('"status"', '"items": [], "status"', "▲ The field items stands twice."),
    ],
)
def test_a_mistake_is_told_before_anything_is_sent(opened: MainWindow, before: str, after: str, sentence: str) -> None:
    decided: list[object] = []
    opened.decided.connect(decided.append)
    dialog = edit(opened)
    text = dialog.field.toPlainText()
    assert before in text
    dialog.field.setPlainText(text.replace(before, after, 1))
    dialog.check()
    assert (dialog.verdict.whole(), dialog.send.isEnabled()) == (sentence, False)
    dialog._send()
    assert decided == []


def test_many_changes_are_shortened(opened: MainWindow) -> None:
    dialog = edit(opened)
    more = ", ".join(f'"field_{n}": {n}' for n in range(6))
    dialog.field.setPlainText(dialog.field.toPlainText().replace("{", "{" + more + ",", 1))
    dialog.check()
    assert dialog.verdict.whole().splitlines() == [*(f"field_{n}: – → {n}" for n in range(4)), "2 more"]


def test_a_record_too_big_to_be_mended_here_is_said_to_be(opened: MainWindow) -> None:
    big = Record(entity_type="order", local_id="A", content=dumps(order("A", note="x" * LARGEST)), history=())
    opened.show_found(WantRecord(REFUSED[0], is_edit=True), big)
    assert opened.decisions.dialog is None
    assert opened.banner.text.whole() == "Order ORD-20260127-0142 is too big to be mended here."


def test_details_tell_all_that_is_known(opened: MainWindow) -> None:
    opened.show_found(WantRecord(REFUSED[0]), RECORD)
    dialog = dialog_of(opened)
    assert isinstance(dialog, DetailsDialog)
    said = [text for _, text in dialog.lines]
    assert said[0] == "Table A-05 · 4 guests · Rp187.000"
    assert "refused · since" in said[1]
    assert said[2].endswith("Headquarters says: “Table B-12 not registered for JKT-001”")
    assert said[4].endswith("Discarded · Rina · “entered twice”")
    assert '"table_number": "B-12"' in dialog.content.toPlainText()
    assert dialog.content.isReadOnly()


# -- what could not be done


def test_what_was_declined_stays_until_somebody_has_read_it(opened: MainWindow) -> None:
    opened.decisions.ask(Action.RETRY, REFUSED[:2])
    opened.show_declined(Retry(who="Rina", names=("1",)), InputRefused("row_sending", {"name": "1"}))
    opened.show_declined(Retry(who="Rina", names=("2",)), InputRefused("row_unknown", {"name": "2"}))
    show(opened, "nothing", Page.QUEUE)
    assert opened.banner.isVisible()
    assert opened.banner.text.whole().splitlines() == [
        "Order ORD-20260127-0142 is just being sent. Try again in a moment.",
        "Order ORD-20260127-0141 is not waiting any more: it was sent, or settled by somebody else.",
    ]
    assert opened.banner.close_button.accessibleName() == "Close"
    opened.banner.close_button.click()
    assert not opened.banner.isVisible()
    opened.show_declined(Retry(who="Rina"), InputRefused("question_unknown", {"name": "3"}))
    assert opened.banner.text.whole() == "That is settled meanwhile."


def test_nobody_types_twice_what_was_declined(opened: MainWindow) -> None:
    mended = CONTENT.replace("B-12", "B-03")
    declined = Edit(who="Rina", name="1", content=mended.encode())
    opened.show_declined(declined, InputRefused("row_sending", {"name": "1"}))
    dialog = edit(opened)
    assert dialog.field.toPlainText() == mended
    assert dialog.verdict.whole() == 'table_number: "B-12" → "B-03"'
    dialog.reject()
    assert '"B-12"' in edit(opened).field.toPlainText()


# -- at every size


@pytest.mark.parametrize(("name", "page", "language"), list(product(LISTS, PAGES, ("id", "en"))))
def test_nothing_is_cut_off_and_everything_can_be_used(
    window: MainWindow, name: str, page: Page, language: str
) -> None:
    words.use(language)
    window.retranslate()
    shown = show(window, name, page)
    choose(shown.list, 0)
    window.banner.tell(words.say("{name} is too big to be mended here.", name=words.row_title(QUEUE[6])))
    for size in SIZES:
        window.resize(size)
        settle()
        faults = [*cut_off(window), *overlapping(shown), *too_small(window), *nameless(window)]
        assert faults == [], (size, faults)
    assert shown.list.rows.table.verticalHeader().defaultSectionSize() >= 44


@pytest.mark.parametrize(("language", "is_dark"), list(product(("id", "en"), (False, True))))
def test_the_dialogs_fit_too(opened: MainWindow, theme: Theme, language: str, is_dark: bool) -> None:
    words.use(language)
    theme.apply(is_dark=is_dark)
    for size in (*SIZES[:2], SIZES[-1]):
        opened.resize(size)
        settle()
        opened.decisions.ask(Action.DISCARD, REFUSED)
        _is_fit(opened, size)
        for is_edit in (False, True):
            opened.show_found(WantRecord(REFUSED[4], is_edit=is_edit), RECORD)
            _is_fit(opened, size)


def _is_fit(window: MainWindow, size: QSize) -> None:
    dialog = dialog_of(window)
    settle()
    assert dialog.width() <= size.width()
    assert dialog.height() <= size.height()
    faults = [*cut_off(dialog), *too_small(dialog), *nameless(dialog)]
    assert faults == [], (size, faults)
    dialog.reject()


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
