"""What was refused, in groups: what a group says, what is chosen in it, and what is asked for."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from tests.ui.checks import refused, settle, show_attention
from tests.ui.states import NOW, REFUSED, queued, status

from outlet_sync_gui.contract.text import dumps
from outlet_sync_gui.reader import Record, WantRecord, WantRefused
from outlet_sync_gui.status import Deciding, Row, RowState, State
from outlet_sync_gui.sync.commands import Discard, Edit, Retry
from outlet_sync_gui.ui.attention_page import AttentionPage
from outlet_sync_gui.ui.discard_dialog import DiscardDialog
from outlet_sync_gui.ui.edit_dialog import EditDialog
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.record_list import Action
from outlet_sync_gui.ui.refused_group import MOST_MENDED, GroupCard
from outlet_sync_gui.ui.refused_table import Column


def dead(n: int, **values: object) -> Row:
    shown: dict[str, object] = {"error_code": "R-DATA", "error": "Table B-12 not registered", "tries": 1}
    return queued(n, RowState.DEAD, **{**shown, **values})  # type: ignore[arg-type]  # a builder of tests


TABLES = [dead(1), dead(2), dead(3, error="Table C-4 not registered")]
PRODUCTS = [dead(n, entity_type="product", error_code="R-EXISTS", error="Product exists") for n in (4, 5)]


def page_of(window: MainWindow, *rows: Row) -> AttentionPage:
    window.open_page(Page.ATTENTION)
    window.show_status(status(State.ATTENTION, dead=len(rows)), NOW)
    window.attention_page.show_refused(refused(rows))
    settle()
    return window.attention_page


def cards(page: AttentionPage) -> list[GroupCard]:
    return list(page.cards.values())


def is_open(card: GroupCard) -> bool:
    return card.table.isVisible() and card.head.isChecked()


def record(row: Row) -> Record:
    content = dumps({"local_id": row.local_id, "table_number": "B-12"})
    return Record(entity_type="order", local_id=row.local_id, content=content, history=())


# -- what a group says


def test_the_same_failures_are_one_group_with_our_cause_the_count_and_the_clouds_words(window: MainWindow) -> None:
    page = page_of(window, *TABLES, *PRODUCTS)
    tables, products = cards(page)
    assert (tables.head.cause.whole(), tables.head.pill.whole(), tables.head.said.whole()) == (
        "Headquarters does not accept this order",
        "3 orders",
        "Headquarters says: “Table B-12 not registered” and the like",
    )
    assert products.head.said.whole() == "Headquarters says: “Product exists”"
    assert page.line.whole() == "5 records were not accepted by headquarters, for 2 reasons. The rest is still sent."


@pytest.mark.parametrize(
    ("code", "error", "cause", "said"),
    [
        ("R-SIZE", "12400000/10000000", "Too big to send: 12.4 MB, limit 10 MB", "Found on this PC, never sent"),
        ("R-TRIES", "5", "Refused 5 times, no reason given", "Headquarters gives no reason"),
        ("R-DATA", "", "Headquarters does not accept this order", "Headquarters gives no reason"),
        ("R-GONE", "Gone", "Deleted at headquarters", "Headquarters says: “Gone”"),
    ],
)
def test_a_cause_that_is_ours_quotes_nobody(window: MainWindow, code: str, error: str, cause: str, said: str) -> None:
    (card,) = cards(page_of(window, dead(1, error_code=code, error=error)))
    assert (card.head.cause.whole(), card.head.said.whole()) == (cause, said)


def test_the_first_group_is_open_and_the_others_are_one_line(window: MainWindow) -> None:
    page = page_of(window, *TABLES, *PRODUCTS)
    assert [is_open(card) for card in cards(page)] == [True, False]
    assert cards(page)[1].head.accessibleName().endswith("closed")


def test_another_group_opens_in_place_of_the_first_and_asks_for_its_rows(window: MainWindow) -> None:
    page = page_of(window, *TABLES, *PRODUCTS)
    wishes: list[object] = []
    window.read_asked.connect(wishes.append)
    second = cards(page)[1]
    second.head.click()
    assert wishes == [WantRefused(second.failure)]
    page.show_refused(refused([*TABLES, *PRODUCTS], second.failure))
    assert [is_open(card) for card in cards(page)] == [False, True]
    page.show_refused(refused([*TABLES, *PRODUCTS]))  # read for the one that was open before
    assert [is_open(card) for card in cards(page)] == [False, True]
    second.head.click()
    assert [is_open(card) for card in cards(page)] == [False, False]


def test_a_group_that_is_empty_goes_and_the_next_one_opens(window: MainWindow) -> None:
    page = page_of(window, *TABLES, *PRODUCTS)
    page.show_refused(refused(PRODUCTS))
    settle()
    assert [is_open(card) for card in cards(page)] == [True]


def test_each_row_says_what_it_is_how_much_when_and_how_often_it_was_tried(window: MainWindow) -> None:
    (card,) = cards(page_of(window, replace(TABLES[0], tries=2)))
    texts = card.table.lines.lines[0].texts
    assert texts[1:6] == ("Order ORD-20260127-0142", "Table A-05 · 4 guests", "Rp187.000", "10:32", "tried 2×")


# -- what is chosen, and what is asked for


def test_of_a_single_record_it_is_plain_which_is_meant(window: MainWindow) -> None:
    (card,) = cards(page_of(window, TABLES[0]))
    assert [row.record_id for row in card.chosen()] == [1]
    assert not card.choose_all.isVisible()


def test_nothing_can_be_done_about_nothing(window: MainWindow) -> None:
    card = cards(page_of(window, *TABLES))[0]
    assert card.chosen() == []
    assert {button.toolTip() for button in card.buttons.values()} == {"Choose a record first."}
    assert not any(button.isEnabled() for button in card.buttons.values())


def test_a_tap_ticks_and_the_arrow_at_the_end_opens_details(window: MainWindow, qtbot: QtBot) -> None:
    card = cards(page_of(window, *TABLES))[0]
    table = card.table

    def tap(row: int, column: Column) -> None:
        place = table.visualRect(table.model().index(row, column)).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)

    tap(0, Column.WHAT)
    tap(1, Column.MARK)
    tap(0, Column.MARK)
    assert [row.record_id for row in card.chosen()] == [2]
    with qtbot.waitSignal(card.asked) as asked:
        tap(2, Column.OPEN)
    assert asked.args[:2] == [Action.DETAILS, [TABLES[2]]]
    assert [row.record_id for row in card.chosen()] == [2]


def test_the_keyboard_alone_ticks_opens_and_presses(window: MainWindow, qtbot: QtBot) -> None:
    card = cards(page_of(window, *TABLES))[0]
    window.activateWindow()
    card.table.setFocus()
    card.table.setCurrentIndex(card.table.model().index(0, Column.WHAT))
    card.table.tick(())
    QTest.keyClick(card.table, Qt.Key.Key_Down)
    QTest.keyClick(card.table, Qt.Key.Key_Space)
    assert [row.record_id for row in card.chosen()] == [2]
    with qtbot.waitSignal(card.asked) as asked:
        QTest.keyClick(card.table, Qt.Key.Key_Return)
    assert asked.args[0] is Action.DETAILS
    card.buttons[Action.RETRY].setFocus()
    with qtbot.waitSignal(window.decided) as decided:
        QTest.keyClick(card.buttons[Action.RETRY], Qt.Key.Key_Space)
    assert decided.args[0].names == ("2",)


def test_what_is_ticked_stays_so_while_others_come_and_go(window: MainWindow) -> None:
    page = page_of(window, *TABLES)
    (card,) = cards(page)
    card.table.selectRow(1)
    page.show_refused(refused([dead(9), *TABLES[1:]]))
    assert [row.record_id for row in card.chosen()] == [2]


def many(page: AttentionPage, n: int) -> GroupCard:
    """A group of which only the newest are shown."""
    part = refused(TABLES)
    page.show_refused(replace(part, groups=[replace(part.groups[0], n=n)]))
    return cards(page)[0]


def test_all_of_a_group_are_meant_though_only_the_newest_are_shown(window: MainWindow, qtbot: QtBot) -> None:
    card = many(page_of(window), 10_000)
    assert card.choose_all.text() == "Choose all 10,000"
    card.choose_all.click()
    assert card.chosen_label.whole() == "10,000 chosen"
    assert not card.buttons[Action.EDIT].isEnabled()
    with qtbot.waitSignal(window.decided) as decided:
        card.buttons[Action.RETRY].click()
    assert isinstance(decided.args[0], Retry)
    assert decided.args[0].alike == card.group
    card.table.selectRow(0)  # lets one go: then only what is ticked is meant
    assert card.chosen_label.whole() == "2 chosen"
    with qtbot.waitSignal(window.decided) as decided:
        card.buttons[Action.RETRY].click()
    assert (decided.args[0].alike, len(decided.args[0].names)) == (None, 2)


def test_discarding_all_names_the_count_that_was_seen(window: MainWindow, qtbot: QtBot) -> None:
    card = many(page_of(window), 250)
    card.choose_all.click()
    card.buttons[Action.DISCARD].click()
    dialog = window.decisions.dialog
    assert isinstance(dialog, DiscardDialog)
    assert dialog.title.whole() == "Why not send these 250 records?"
    assert dialog.records.whole().endswith("247 more")
    with qtbot.waitSignal(window.decided) as decided:
        dialog.picks[2].click()
        dialog.discard.click()
    assert isinstance(decided.args[0], Discard)
    assert (decided.args[0].reason, decided.args[0].alike) == ("Only a test", card.group)


def test_a_reason_is_picked_or_written(window: MainWindow) -> None:
    window.show_status(status(State.ATTENTION, dead=5), NOW)
    window.decisions.ask(Action.DISCARD, REFUSED)
    dialog = window.decisions.dialog
    assert isinstance(dialog, DiscardDialog)
    assert not dialog.discard.isEnabled()
    for _ in range(2):  # a second press takes nothing back
        dialog.picks[0].click()
        assert [pick.isChecked() for pick in dialog.picks] == [True, False, False, False]
        assert (dialog.reason.text(), dialog.discard.isEnabled()) == ("Entered twice", True)
    dialog.reason.setText("spilt")
    assert not any(pick.isChecked() for pick in dialog.picks)
    dialog.reject()


def test_several_are_mended_one_after_another_and_leaving_one_leaves_the_rest(window: MainWindow) -> None:
    card = cards(page_of(window, *TABLES))[0]
    wishes: list[WantRecord] = []
    decided: list[object] = []
    window.read_asked.connect(lambda wish: wishes.append(wish) if isinstance(wish, WantRecord) else None)
    window.decided.connect(decided.append)
    card.choose_all.click()
    card.buttons[Action.EDIT].click()
    window.show_found(wishes[0], record(wishes[0].row))
    dialog = window.decisions.dialog
    assert isinstance(dialog, EditDialog)
    dialog.field.setPlainText(dialog.field.toPlainText().replace("B-12", "B-02"))
    dialog.check()
    dialog.send.click()
    assert [type(each) for each in decided] == [Edit]
    assert [wish.row.record_id for wish in wishes] == [1, 2]
    window.show_found(wishes[1], record(wishes[1].row))
    assert window.decisions.dialog is not None
    window.decisions.dialog.reject()
    assert len(wishes) == 2


def test_so_many_are_not_mended_by_hand(window: MainWindow) -> None:
    rows = [dead(n) for n in range(1, MOST_MENDED + 2)]
    (card,) = cards(page_of(window, *rows))
    card.choose_all.click()
    assert not card.buttons[Action.EDIT].isEnabled()
    card.table.selectRow(0)
    assert card.buttons[Action.EDIT].isEnabled()


def test_more_groups_than_there_is_room_for_are_counted(window: MainWindow) -> None:
    page = page_of(window, *TABLES)
    page.show_refused(replace(refused(TABLES), more=3))
    assert (page.more.whole(), page.more.isVisible()) == ("3 more reasons follow.", True)


def test_the_buttons_of_a_long_group_stay_in_sight(window: MainWindow) -> None:
    rows = [dead(n) for n in range(1, 101)]
    page = show_attention(window, "nothing")
    page.show_refused(refused(rows))
    settle()
    (card,) = cards(page)
    bottom = card.buttons[Action.EDIT].mapTo(window, card.buttons[Action.EDIT].rect().bottomLeft()).y()
    assert bottom < window.height()
    page.show_refused(refused(rows[:2]))
    settle()
    assert card.table.height() == card.table.whole_height()


def test_while_very_many_are_decided_over_it_tells_how_far_that_is(window: MainWindow) -> None:
    page = page_of(window, *TABLES)
    shown = status(State.ATTENTION, dead=3, deciding=Deciding(is_retry=False, done=200, n=203))
    window.show_status(shown, NOW)
    assert page.line.whole() == "Discarding 200 of 203"
    window.show_status(replace(shown, deciding=None), NOW)
    assert page.line.whole() == "3 records were not accepted by headquarters. The rest is still sent."
