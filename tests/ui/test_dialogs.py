"""The dialogs over the lists: why not, what is wrong with it, all that is known; and what could not be done."""

from collections.abc import Iterator
from itertools import product

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from tests.builders import order
from tests.ui.checks import SIZES, cut_off, nameless, settle, show, too_small
from tests.ui.states import NOW, REFUSED

from outlet_sync_gui import words
from outlet_sync_gui.contract.text import dumps
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.reader import Record, WantRecord
from outlet_sync_gui.status import Row
from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.sync.commands import Discard, Edit, Retry
from outlet_sync_gui.ui.dialogs import Dialog
from outlet_sync_gui.ui.discard_dialog import DiscardDialog
from outlet_sync_gui.ui.edit_dialog import LARGEST, EditDialog
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.record_list import Action
from outlet_sync_gui.ui.theme import Theme

CONTENT = dumps(order("ORD-20260127-0142", table_number="B-12", total_amount=426_000))
RECORD = Record(
    entity_type="order",
    local_id="ORD-20260127-0142",
    content=CONTENT,
    history=(Deed(at=NOW, what=What.DISCARDED, who="Rina", why="entered twice", before=None, after=None),),
)


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


def test_the_field_that_headquarters_means_is_marked_while_it_is_mended(opened: MainWindow) -> None:
    dialog = edit(opened)
    for _ in range(2):  # as it came, and mended
        (mark,) = dialog.field.extraSelections()
        assert mark.cursor.block().text().strip().startswith('"table_number":')
        dialog.field.insertPlainText("B-02")
        dialog.check()


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
