"""The review of conflicts: what is shown, what can be chosen, what it will do, and what happens meanwhile."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from tests.ui.checks import SIZES, cut_off, nameless, settle, too_small
from tests.ui.headquarters import CONFLICTS, GONE, NAME, PRICE, conflict, differs
from tests.ui.states import LONG, MINUTE, NOW, status

from outlet_sync_gui import words
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.reader import WantConflicts, WantDeciders
from outlet_sync_gui.status import State
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Strategy
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.commands import FieldChoice, Resolve, Undo
from outlet_sync_gui.ui.comparison import MOST_ROWS
from outlet_sync_gui.ui.conflict_dialog import ConflictDialog
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.same_dialog import SameDialog
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label

LOCAL, CLOUD, NEWEST = Strategy.LOCAL_WINS, Strategy.CLOUD_WINS, Strategy.NEWEST_WINS
ASKED = status(State.ATTENTION, conflicts=9, clock_offset_s=0.4)


@pytest.fixture
def dialog(window: MainWindow) -> Iterator[ConflictDialog]:
    """The review, open over a window."""
    window.show_status(ASKED, NOW)
    window.decisions.review()
    opened = window.decisions.conflicts
    assert opened is not None
    yield opened
    if window.decisions.conflicts is not None:
        opened.reject()


def show(dialog: ConflictDialog, *conflicts: Conflict) -> None:
    dialog.show_conflicts(conflicts)
    settle()


def press(shown: QWidget, key: Qt.Key) -> None:
    shown.activateWindow()
    QTest.keyClick(shown.focusWidget() or shown, key)


def resolved(window: MainWindow) -> list[Resolve]:
    """What the window asks for from now on."""
    asked: list[Resolve] = []
    window.decided.connect(asked.append)
    return asked


# -- what is shown


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("one", "Price of Nasi Goreng Spesial differs"),
        ("three", "3 fields of Nasi Goreng Spesial differ"),
        ("deleted", "Soto Betawi: deleted at headquarters but changed here"),
        ("deleted-here", "Es Campur: deleted here but changed at headquarters"),
        ("unknown", "Price of prod-7 differs"),
    ],
)
def test_the_title_says_what_differs_of_what(dialog: ConflictDialog, name: str, title: str) -> None:
    show(dialog, CONFLICTS[name])
    assert dialog.head.title.whole() == title


def test_this_outlet_stands_left_and_headquarters_right_whichever_is_newer(dialog: ConflictDialog) -> None:
    for minutes in (1, 60):  # before: headquarters' was changed 10 minutes ago
        number = 100 + minutes
        show(dialog, conflict(number, replace(PRICE, local_at=iso(NOW - minutes * MINUTE))))
        dialog._go(number)
        settle()
        (row,) = dialog.comparison.rows
        parts = sorted((row.cloud, row.local, row.agreed), key=lambda part: part.x())
        assert parts == [row.local, row.agreed, row.cloud]
        headings = [heading.whole() for heading in dialog.comparison.headings]
        assert headings == ["Local · this outlet", "Last agreed", "Cloud · headquarters"]


def test_each_side_tells_value_who_when_and_whether_it_changed(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["three"])
    name, price, stock = dialog.comparison.rows
    local, cloud = (cell.side for cell in price.cells)
    assert (local.value, local.when, local.age, local.is_changed) == (
        "Rp38.000",
        "Till · 10:25 WIB",
        "8 minutes ago",
        True,
    )
    assert (cloud.value, cloud.when, cloud.age) == ("Rp40.000", "Kantor Pusat · 10:23 WIB", "10 minutes ago")
    assert price.agreed.value.whole().replace("\u200b", "") == "Rp35.000"
    assert name.cloud.side.value == "Nasi Goreng Special"
    assert stock.cloud.side.when == "Headquarters · yesterday 08:33"
    assert dialog.reasons.whole() == "Reason from headquarters: “Penyesuaian harga dari kantor pusat”"
    assert price.cloud.accessibleName() == (
        "Cloud · headquarters: Rp40.000. Kantor Pusat · 10:23 WIB, 10 minutes ago. changed."
    )


def test_it_tells_what_nobody_is_asked_about(dialog: ConflictDialog) -> None:
    show(dialog, replace(CONFLICTS["one"], stock=(1_050, 47)))
    assert dialog.reasons.whole().endswith("Stock merged by itself: 1,050 → 47")


def test_a_side_that_did_not_change_is_not_called_changed(dialog: ConflictDialog) -> None:
    show(dialog, conflict(1, differs("price", (35_000, 35_000, 40_000), is_asked=True)))
    assert [cell.side.is_changed for cell in dialog.comparison.rows[0].cells] == [False, True]


def test_the_list_names_every_record_and_tells_the_place(dialog: ConflictDialog) -> None:
    show(dialog, *CONFLICTS.values())
    shown = [dialog.list.list.item(n).text() for n in range(3)]
    assert shown[:2] == ["Nasi Goreng Spesial\nprice", "Nasi Goreng Spesial\nname, price, stock"]
    assert shown[2].startswith(LONG[:40])
    assert (dialog.head.place.text(), dialog.list.left.whole()) == ("1 of 9", "9 to choose")
    dialog.head.on.click()
    assert dialog.head.place.text() == "2 of 9"
    dialog.head.back.click()
    dialog.head.back.click()
    assert dialog.head.place.text() == "9 of 9"
    dialog.list.list.setCurrentRow(4)
    assert dialog.head.title.whole().startswith("Soto Betawi")
    dialog.head.menu.actions()[0].trigger()
    assert dialog.head.place.text() == "1 of 9"


def test_what_headquarters_wrote_is_plain_text(dialog: ConflictDialog) -> None:
    marked = differs("name", ("a", "<b>x</b>", "<img src=x>"), cloud_by="<i>y</i>", reason="<u>z</u>")
    show(dialog, conflict(1, marked, name="<s>n</s>"))
    assert dialog.head.title.whole() == "Name of <s>n</s> differs"
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in dialog.findChildren(Label))


# -- what is chosen


def test_nothing_can_be_applied_until_each_row_is_chosen(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["three"])
    assert dialog.effect.hint.whole() == "Choose for each row"
    for row in dialog.comparison.rows:
        assert (dialog.apply.isEnabled(), dialog.apply.toolTip()) == (False, "Choose for each row")
        QTest.mouseClick(row.cloud, Qt.MouseButton.LeftButton)
    assert (dialog.apply.isEnabled(), dialog.apply.toolTip()) == (True, "")


def test_a_value_is_chosen_by_a_press_and_stays_so_at_another(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["one"])
    (row,) = dialog.comparison.rows
    for cell in (row.local, row.cloud, row.cloud):
        QTest.mouseClick(cell, Qt.MouseButton.LeftButton)
        assert [each.isChecked() for each in row.cells] == [cell is row.local, cell is row.cloud]


def test_what_was_chosen_is_asked_for_with_the_revision_that_was_seen(
    window: MainWindow, dialog: ConflictDialog
) -> None:
    asked = resolved(window)
    show(dialog, replace(CONFLICTS["three"], revision=3), CONFLICTS["huge"])
    dialog.comparison.rows[0].local.click()
    dialog.comparison.rows[1].cloud.click()
    dialog.comparison.rows[2].cloud.click()
    dialog.apply.click()
    (decision,) = asked
    assert (decision.conflict_id, decision.revision) == (2, 3)
    assert decision.choices == (
        FieldChoice(field="name", strategy=LOCAL),
        FieldChoice(field="price", strategy=CLOUD),
        FieldChoice(field="stock", strategy=CLOUD),
    )
    assert decision.who
    assert dialog.head.title.whole() == "Price of Paket Pesta differs"  # the next one
    assert dialog.list.left.whole() == "1 to choose"


@pytest.mark.parametrize(("key", "strategy"), [(Qt.Key.Key_1, LOCAL), (Qt.Key.Key_2, CLOUD), (Qt.Key.Key_3, NEWEST)])
def test_the_keyboard_alone_is_enough(
    window: MainWindow, dialog: ConflictDialog, qtbot: QtBot, key: Qt.Key, strategy: Strategy
) -> None:
    show(dialog, CONFLICTS["three"])
    press(dialog, key)
    assert dialog.apply.isEnabled()
    with qtbot.waitSignal(window.decided) as decided:
        press(dialog, Qt.Key.Key_Return)
    assert {choice.strategy for choice in decided.args[0].choices} == {strategy}
    assert len(decided.args[0].choices) == 3


def test_arrows_go_from_value_to_value_and_space_chooses(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["three"])
    rows = dialog.comparison.rows
    dialog.activateWindow()
    rows[0].local.setFocus()
    places = [(Qt.Key.Key_Right, rows[0].cloud), (Qt.Key.Key_Down, rows[1].cloud), (Qt.Key.Key_Left, rows[1].local)]
    for key, cell in [*places, (Qt.Key.Key_Left, rows[1].local), (Qt.Key.Key_Up, rows[0].local)]:
        QTest.keyClick(dialog.focusWidget(), key)
        assert dialog.focusWidget() is cell
    QTest.keyClick(rows[0].local, Qt.Key.Key_Space)
    assert rows[0].local.isChecked()


def test_escape_and_later_decide_nothing(window: MainWindow, dialog: ConflictDialog) -> None:
    asked = resolved(window)
    show(dialog, CONFLICTS["one"])
    press(dialog, Qt.Key.Key_2)
    press(dialog, Qt.Key.Key_Escape)
    assert (asked, window.decisions.conflicts) == ([], None)


def test_return_applies_nothing_that_is_not_whole(window: MainWindow, dialog: ConflictDialog) -> None:
    asked = resolved(window)
    show(dialog, CONFLICTS["three"])
    dialog.comparison.rows[0].local.click()
    press(dialog, Qt.Key.Key_Return)
    assert asked == []


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        (PRICE, "39000", "39000"),
        (PRICE, "Rp39.000", "39000"),
        (PRICE, "rp 1,250,000", "1250000"),
        (PRICE, "39.00", None),
        (PRICE, "cheap", None),
        (PRICE, " ", None),
        (NAME, "Nasi 1", '"Nasi 1"'),
        (NAME, "39000", '"39000"'),
    ],
)
def test_an_own_value_is_taken_as_people_write_it(
    window: MainWindow, dialog: ConflictDialog, field: Disagreement, typed: str, value: str | None
) -> None:
    asked = resolved(window)
    show(dialog, conflict(1, field))
    (row,) = dialog.comparison.rows
    row.cloud.click()
    row.head.other.click()
    row.own.text.setText(typed)
    assert not row.cloud.isChecked()
    assert dialog.apply.isEnabled() is (value is not None)
    dialog.apply.click()
    assert [decision.choices for decision in asked] == (
        [] if value is None else [(FieldChoice(field=field.field, strategy=LOCAL, value=value),)]
    )


def test_an_own_value_stands_there_again_when_one_comes_back(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["one"], CONFLICTS["huge"])
    dialog.comparison.rows[0].head.other.click()
    dialog.comparison.rows[0].own.text.setText("Rp39.000")
    press(dialog.comparison.rows[0].own.text, Qt.Key.Key_Tab)
    dialog.head.on.click()
    dialog.head.on.click()
    (row,) = dialog.comparison.rows
    assert (row.own.isVisible(), row.own.text.text(), row.own.value()) == (True, "39000", "39000")
    assert dialog.apply.isEnabled()


def test_digits_typed_into_an_own_value_are_no_choice(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["three"])
    row = dialog.comparison.rows[1]
    dialog.activateWindow()
    row.head.other.click()
    QTest.keyClicks(row.own.text, "21000")
    assert row.own.text.text() == "21000"
    assert [each.choice is None for each in dialog.comparison.rows] == [True, False, True]


def test_a_value_of_a_side_takes_the_place_of_an_own_one(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["one"])
    (row,) = dialog.comparison.rows
    row.head.other.click()
    row.own.text.setText("39000")
    row.local.click()
    assert (row.own.isVisible(), row.local.isChecked(), dialog.apply.isEnabled()) == (False, True, True)


@pytest.mark.parametrize("name", ["deleted", "unknown", "odd"])
def test_there_is_no_own_value_where_none_can_be(dialog: ConflictDialog, name: str) -> None:
    show(dialog, CONFLICTS[name])
    assert not dialog.comparison.rows[0].head.other.isVisible()


def test_of_a_record_that_is_not_here_only_headquarters_can_be_chosen(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["unknown"])
    (row,) = dialog.comparison.rows
    assert [cell.isEnabled() for cell in row.cells] == [False, True]
    assert [dialog.keep[strategy].isEnabled() for strategy in (LOCAL, CLOUD, NEWEST)] == [False, True, False]
    assert dialog.keep[LOCAL].toolTip() == "This outlet does not have it."
    press(dialog, Qt.Key.Key_1)
    assert row.choice is None


@pytest.mark.parametrize(
    ("offset_s", "changed", "reason"),
    [
        (0.4, {}, ""),
        (-119.0, {}, ""),
        (None, {}, "Which is newer can't be told: the PC's clock is wrong or unproven."),
        (300.0, {}, "Which is newer can't be told: the PC's clock is wrong or unproven."),
        (0.0, {"cloud_at": None}, "Which is newer can't be told: a time is missing."),
    ],
)
def test_the_newest_only_where_the_clocks_can_tell(
    dialog: ConflictDialog, offset_s: float | None, changed: dict[str, Any], reason: str
) -> None:
    dialog.show_status(replace(ASKED, clock_offset_s=offset_s), NOW)
    show(dialog, conflict(1, replace(PRICE, **changed)))
    button = dialog.keep[NEWEST]
    assert button.isEnabled() is (not reason)
    assert button.toolTip().startswith(reason)


def test_the_newest_is_shown_where_it_stands_and_forgotten_when_the_clock_is_lost(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["one"])
    dialog.keep[NEWEST].click()
    (row,) = dialog.comparison.rows
    assert [cell.isChecked() for cell in row.cells] == [True, False]  # 8 minutes ago, and 10
    dialog.show_status(replace(ASKED, clock_offset_s=180.0), NOW)
    assert ([cell.isChecked() for cell in row.cells], dialog.apply.isEnabled()) == ([False, False], False)


def test_more_fields_than_there_is_room_for_are_chosen_at_once(window: MainWindow, dialog: ConflictDialog) -> None:
    asked = resolved(window)
    show(dialog, CONFLICTS["many"])
    assert len(dialog.comparison.rows) == MOST_ROWS
    assert dialog.comparison.more.whole() == f"{30 - MOST_ROWS} more fields differ: choose for all below."
    for row in dialog.comparison.rows:
        row.cloud.click()
    assert not dialog.apply.isEnabled()
    dialog.keep[LOCAL].click()
    dialog.comparison.rows[0].cloud.click()
    dialog.apply.click()
    assert [choice.strategy for choice in asked[0].choices] == [CLOUD, *[LOCAL] * 29]


# -- what it will do


@pytest.mark.parametrize(
    ("field", "choice", "lines"),
    [
        (PRICE, CLOUD, [("Price on the menu", "Rp38.000", "Rp40.000")]),
        (PRICE, LOCAL, [("Price at headquarters", "Rp40.000", "Rp38.000")]),
        (PRICE, NEWEST, [("Price at headquarters", "Rp40.000", "Rp38.000")]),
        (
            PRICE,
            "39000",
            [("Price on the menu", "Rp38.000", "Rp39.000"), ("Price at headquarters", "Rp40.000", "Rp39.000")],
        ),
        (PRICE, "40000", [("Price on the menu", "Rp38.000", "Rp40.000")]),
        (GONE, CLOUD, [("It is taken off the menu here.", "", "")]),
        (GONE, LOCAL, [("It is created again at headquarters.", "", "")]),
        (CONFLICTS["deleted-here"].fields[0], CLOUD, [("It comes back to the menu here.", "", "")]),
        (CONFLICTS["deleted-here"].fields[0], LOCAL, [("It is deleted at headquarters, too.", "", "")]),
        (CONFLICTS["odd"].fields[0], CLOUD, [("Tags on the menu", '{"x": [1, 2.5]}', "–")]),
    ],
)
def test_the_effect_is_told_before_it_is_applied(
    dialog: ConflictDialog, field: Disagreement, choice: Strategy | str, lines: list[tuple[str, str, str]]
) -> None:
    show(dialog, conflict(1, field))
    (row,) = dialog.comparison.rows
    if isinstance(choice, Strategy):
        dialog.keep[choice].click()
    else:
        row.head.other.click()
        row.own.text.setText(choice)
    assert [(line.where, line.before, line.after) for line in dialog.effect.lines] == lines
    assert dialog.effect.title.whole() == "Once applied"
    assert not dialog.effect.hint.isVisible()


# -- what happens meanwhile


def test_what_changes_while_it_is_open_says_so_and_is_chosen_anew(window: MainWindow, dialog: ConflictDialog) -> None:
    asked = resolved(window)
    show(dialog, CONFLICTS["one"], CONFLICTS["huge"])
    dialog.keep[CLOUD].click()
    again = replace(CONFLICTS["one"], fields=(replace(PRICE, cloud="41000"),), revision=2)
    show(dialog, again, CONFLICTS["huge"])
    assert dialog.notice.whole() == "▲ Headquarters changed it again. Look first."
    assert (dialog.notice.isVisible(), dialog.apply.isEnabled()) == (True, False)
    assert dialog.comparison.rows[0].cloud.side.value == "Rp41.000"
    press(dialog, Qt.Key.Key_Return)
    assert asked == []
    dialog.keep[CLOUD].click()
    dialog.apply.click()
    assert [decision.revision for decision in asked] == [2]


def test_what_changes_beside_the_one_that_is_shown_is_named(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["one"], CONFLICTS["huge"])
    dialog.keep[CLOUD].click()
    show(dialog, CONFLICTS["one"], replace(CONFLICTS["huge"], revision=2))
    assert dialog.notice.whole() == ("▲ Price of Paket Pesta differs: Headquarters changed it again. Look first.")
    assert dialog.apply.isEnabled()  # what is shown did not change


def test_reading_the_same_again_leaves_choice_and_focus_alone(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["three"])
    dialog.activateWindow()
    dialog.comparison.rows[0].local.click()
    row = dialog.comparison.rows[1]
    row.head.other.click()
    row.own.text.setText("39")
    row.own.text.setFocus()
    show(dialog, CONFLICTS["three"], CONFLICTS["huge"])
    assert dialog.comparison.rows[1] is row
    assert (row.own.text.text(), dialog.focusWidget()) == ("39", row.own.text)
    assert (dialog.head.place.text(), dialog.comparison.rows[0].local.isChecked()) == ("1 of 2", True)


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("", "▲ Price of Nasi Goreng Spesial differs: Now equal."),
        ("Budi", "▲ Price of Nasi Goreng Spesial differs: Settled by Budi."),
    ],
)
def test_what_settles_meanwhile_says_so_and_the_next_one_is_shown(
    dialog: ConflictDialog, who: str, sentence: str
) -> None:
    show(dialog, CONFLICTS["one"], CONFLICTS["huge"])
    show(dialog, replace(CONFLICTS["one"], closed_at=NOW, closed_by=who), CONFLICTS["huge"])
    assert dialog.notice.whole() == sentence
    assert dialog.head.title.whole() == "Price of Paket Pesta differs"


def test_what_settles_while_somebody_types_ends_quietly(dialog: ConflictDialog, qtbot: QtBot) -> None:
    show(dialog, CONFLICTS["one"])
    dialog.activateWindow()
    (row,) = dialog.comparison.rows
    row.head.other.click()
    qtbot.waitUntil(row.own.text.hasFocus)
    show(dialog, replace(CONFLICTS["one"], closed_at=NOW, closed_by=""))
    assert (dialog.head.title.whole(), dialog.comparison.isVisible()) == ("Everything is chosen", False)
    assert dialog.notice.whole() == "▲ Price of Nasi Goreng Spesial differs: Now equal."
    assert (dialog.notice.isVisible(), dialog.list.list.currentRow()) == (True, -1)


def test_what_was_applied_settles_without_a_word(dialog: ConflictDialog) -> None:
    show(dialog, CONFLICTS["one"])
    dialog.keep[CLOUD].click()
    dialog.apply.click()
    show(dialog, replace(CONFLICTS["one"], closed_at=NOW, closed_by="Rina"))
    assert not dialog.notice.isVisible()
    assert (dialog.head.title.whole(), dialog.later.text()) == ("Everything is chosen", "Close")


def test_a_choice_that_was_declined_is_open_again_with_the_reason(window: MainWindow, dialog: ConflictDialog) -> None:
    wishes: list[object] = []
    window.read_asked.connect(wishes.append)
    show(dialog, CONFLICTS["one"], CONFLICTS["huge"])
    dialog.keep[CLOUD].click()
    dialog.apply.click()
    refused = InputRefused("conflict_changed", {"name": "1"})
    window.show_declined(Resolve(who="Rina", conflict_id=1, choices=()), refused)
    told = "▲ Price of Nasi Goreng Spesial differs: Headquarters changed it again. Look first."
    assert dialog.notice.whole() == told
    assert (dialog.head.place.text(), dialog.apply.isEnabled()) == ("1 of 2", False)
    assert wishes[-1] == WantConflicts((1, 4))
    assert not window.banner.isVisible()


def test_declined_after_the_review_was_left_it_is_told_in_the_window(
    window: MainWindow, dialog: ConflictDialog
) -> None:
    dialog.reject()
    window.show_declined(Resolve(who="Rina", conflict_id=1, choices=()), InputRefused("conflict_closed", {"name": "1"}))
    assert window.banner.text.whole() == "That is settled meanwhile."


def test_what_was_chosen_field_by_field_elsewhere_is_shown_as_chosen(dialog: ConflictDialog) -> None:
    show(dialog, conflict(1, replace(NAME, choice=LOCAL), replace(PRICE, choice=LOCAL, value="39000")))
    assert dialog.comparison.rows[0].local.isChecked()
    assert dialog.apply.isEnabled()


def test_without_conflicts_it_says_so(dialog: ConflictDialog) -> None:
    show(dialog)
    assert (dialog.head.title.whole(), dialog.later.text()) == ("Same as headquarters", "Close")
    assert not any(button.isEnabled() for button in (*dialog.keep.values(), dialog.apply))


# -- the ways to it


def test_it_opens_from_rail_and_card_and_the_page_stays(window: MainWindow) -> None:
    window.show_status(ASKED, NOW)
    rail = window.rail.list
    card = window.status_page.cards.cards[3]
    assert (card.figure.whole(), card.line.whole()) == ("▲ 9", "choose what holds")
    place = rail.visualItemRect(window.rail.items[Page.CONFLICTS]).center()
    ways: tuple[Callable[[], object], ...] = (
        lambda: QTest.mouseClick(rail.viewport(), Qt.MouseButton.LeftButton, pos=place),
        lambda: QTest.mouseClick(card, Qt.MouseButton.LeftButton),
        lambda: window.open_page(Page.CONFLICTS),
    )
    for way in ways:
        way()
        opened = window.decisions.conflicts
        assert opened is not None
        opened.reject()
        assert (window.rail.page(), window.decisions.conflicts) == (Page.STATUS, None)


def test_arrow_keys_pass_the_conflicts_and_return_opens_them(window: MainWindow) -> None:
    window.show_status(ASKED, NOW)
    window.open_page(Page.ATTENTION)
    window.activateWindow()
    window.rail.list.setFocus()
    QTest.keyClick(window.rail.list, Qt.Key.Key_Down)
    assert (window.rail.page(), window.decisions.conflicts) == (Page.ATTENTION, None)
    QTest.keyClick(window.rail.list, Qt.Key.Key_Return)
    assert window.decisions.conflicts is not None
    window.decisions.conflicts.reject()
    QTest.keyClick(window.rail.list, Qt.Key.Key_Down)
    assert window.rail.page() is Page.ACTIVITY


def test_it_is_read_anew_with_every_status_as_long_as_it_is_open(window: MainWindow, dialog: ConflictDialog) -> None:
    wishes: list[object] = []
    window.read_asked.connect(wishes.append)
    show(dialog, CONFLICTS["one"])
    window.show_status(replace(ASKED, conflicts=1), NOW)
    assert WantConflicts((1,)) in wishes
    dialog.reject()
    wishes.clear()
    window.show_status(ASKED, NOW)
    assert [wish for wish in wishes if isinstance(wish, WantConflicts)] == []


# -- at every size


@pytest.mark.parametrize(("language", "is_dark"), list(product(("id", "en"), (False, True))))
def test_nothing_is_cut_off_and_everything_can_be_used(
    window: MainWindow, theme: Theme, language: str, is_dark: bool
) -> None:
    words.use(language)
    theme.apply(is_dark=is_dark)
    window.show_status(ASKED, NOW)
    for size in SIZES:
        window.resize(size)
        settle()
        window.decisions.review()
        dialog = window.decisions.conflicts
        assert dialog is not None
        for name, each in CONFLICTS.items():
            dialog.show_conflicts([each])
            dialog._go(each.conflict_id)
            dialog.keep[CLOUD].click()
            if name == "three":
                dialog.comparison.rows[0].head.other.click()
            dialog._say(lambda: "…", of=each)
            settle()
            assert dialog.width() <= size.width()
            assert dialog.comparison.width() <= size.width()
            faults = [*cut_off(dialog), *too_small(dialog), *nameless(dialog), *_too_wide(dialog)]
            assert faults == [], (size, name, faults)
        dialog.reject()
        QApplication.processEvents()


def _too_wide(dialog: ConflictDialog) -> list[str]:
    """Rows beyond the right edge of what scrolls."""
    place = dialog.comparison.parentWidget()
    assert place is not None
    frame = place.parentWidget()
    assert frame is not None
    return ["comparison"] if place.width() > frame.width() else []


# -- the same for others, who decides, and what was applied


PRICES = [conflict(n, replace(PRICE, cloud=str(40_000 + n)), name=f"Menu {n}") for n in (21, 22, 23)]


def test_the_same_is_offered_for_others_of_the_kind_only(dialog: ConflictDialog) -> None:
    show(dialog, *PRICES, CONFLICTS["three"], CONFLICTS["deleted"], CONFLICTS["deleted-here"])
    assert (dialog.same.isVisible(), dialog.same.text()) == (True, "Same for 2 other prices…")
    for number in (CONFLICTS["three"], CONFLICTS["deleted"]):
        dialog._go(number.conflict_id)
        assert not dialog.same.isVisible()


def same(dialog: ConflictDialog, *keys: Qt.Key) -> SameDialog:
    """Open it with what was chosen of the first one, and press keys in it."""
    dialog.same.click()
    opened = dialog.same_dialog
    assert opened is not None
    settle()
    for key in keys:
        opened.activateWindow()
        QTest.keyClick(opened.focusWidget() or opened, key)
    settle()
    return opened


def shown(opened: SameDialog) -> list[str]:
    return [opened.preview.item(n).text() for n in range(opened.preview.count())]


def test_before_anything_is_applied_each_one_says_what_it_will_be(window: MainWindow, dialog: ConflictDialog) -> None:
    asked = resolved(window)
    show(dialog, *PRICES)
    opened = same(dialog)
    assert (shown(opened), opened.apply.isEnabled()) == (["Menu 22", "Menu 23"], False)
    QTest.keyClick(opened, Qt.Key.Key_2)
    assert shown(opened) == [f"Menu {n}\nPrice on the menu: Rp38.000 → Rp40.0{n}" for n in (22, 23)]
    assert (opened.apply.text(), opened.hint.whole()) == ("Apply to 2", "Nothing is applied yet.")
    QTest.keyClick(opened, Qt.Key.Key_Escape)
    assert (asked, dialog.list.left.whole()) == ([], "3 to choose")


def test_what_was_chosen_of_one_is_what_the_others_begin_with(dialog: ConflictDialog) -> None:
    show(dialog, *PRICES)
    press(dialog, Qt.Key.Key_1)
    opened = same(dialog)
    assert [button.isChecked() for button in opened.keep.values()] == [True, False, False]


def test_each_is_resolved_at_the_revision_that_was_shown(window: MainWindow, dialog: ConflictDialog) -> None:
    asked = resolved(window)
    show(dialog, PRICES[0], replace(PRICES[1], revision=4), PRICES[2])
    same(dialog, Qt.Key.Key_2, Qt.Key.Key_Return)
    assert [(each.conflict_id, each.revision) for each in asked] == [(22, 4), (23, 1)]
    assert {choice.strategy for each in asked for choice in each.choices} == {CLOUD}
    assert dialog.list.left.whole() == "1 to choose"


def test_what_cannot_be_chosen_so_is_told_and_left_out(window: MainWindow, dialog: ConflictDialog) -> None:
    asked = resolved(window)
    show(dialog, *PRICES, replace(PRICES[2], conflict_id=24, record_id=None, name=None))
    opened = same(dialog, Qt.Key.Key_1)
    assert shown(opened)[-1] == "prod-23: This outlet does not have it."
    assert (opened.apply.text(), opened.hint.whole()) == ("Apply to 2", "1 can't be chosen so and stays open.")
    opened.apply.click()
    assert [each.conflict_id for each in asked] == [22, 23]


def test_which_of_many_were_not_applied_is_told_with_the_reason(window: MainWindow, dialog: ConflictDialog) -> None:
    asked = resolved(window)
    show(dialog, *PRICES)
    same(dialog, Qt.Key.Key_2, Qt.Key.Key_Return)
    window.show_declined(asked[1], InputRefused("conflict_changed", {"name": "23"}))
    assert dialog.notice.whole() == "▲ Price of Menu 23 differs: Headquarters changed it again. Look first."
    assert dialog.list.left.whole() == "2 to choose"


def test_a_name_is_picked_and_a_note_kept_with_the_choice(window: MainWindow, dialog: ConflictDialog) -> None:
    asked = resolved(window)
    show(dialog, *PRICES)
    first = dialog.signature.who()
    window.show_found(WantDeciders(), ["Rina", first, "Budi"])
    names = [dialog.signature.name.itemText(n) for n in range(dialog.signature.name.count())]
    assert (names, dialog.signature.who()) == ([first, "Rina", "Budi"], first)
    dialog.signature.button.click()
    dialog.signature.name.setCurrentIndex(1)
    dialog.signature.note.setText(" as agreed ")
    assert dialog.signature.button.text() == "Decided by Rina · add a note…"
    dialog.keep[CLOUD].click()
    dialog.apply.click()
    dialog.keep[CLOUD].click()
    dialog.apply.click()
    assert [(each.who, each.notes) for each in asked] == [("Rina", "as agreed"), ("Rina", "")]


def test_what_was_applied_is_said_and_can_be_taken_back(window: MainWindow, dialog: ConflictDialog) -> None:
    asked: list[object] = []
    window.decided.connect(asked.append)
    show(dialog, *PRICES)
    press(dialog, Qt.Key.Key_2)
    press(dialog, Qt.Key.Key_Return)
    assert not dialog.applied.isVisible()  # not before it is true
    show(dialog, replace(PRICES[0], closed_at=NOW, closed_by="Rina"), *PRICES[1:])
    assert dialog.applied.text.whole() == "Price of Menu 21 differs: Applied."
    dialog.applied.undo.click()
    assert asked[-1] == Undo(who=dialog.signature.who(), conflict_id=21)
    window.show_declined(Undo(who="x", conflict_id=21), InputRefused("undo_over"))
    assert dialog.notice.isVisible()


def test_it_follows_the_language_while_it_is_open(window: MainWindow, dialog: ConflictDialog) -> None:
    show(dialog, *PRICES)
    words.use("id")
    window.retranslate()
    assert dialog.head.title.whole() == "Harga Menu 21 berbeda"
    assert (dialog.apply.text(), dialog.same.text()) == ("Terapkan", "Sama untuk 2 harga lain…")


def test_it_says_what_the_record_belongs_to(dialog: ConflictDialog) -> None:
    show(dialog, replace(PRICES[0], category="Makanan"))
    assert dialog.head.kind.whole() == "Menu item · Makanan"


def test_all_are_settled_by_keys_alone_two_for_each(window: MainWindow, dialog: ConflictDialog) -> None:
    asked = resolved(window)
    show(dialog, *PRICES)
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3):
        press(dialog, key)
        press(dialog, Qt.Key.Key_Return)
    assert [each.conflict_id for each in asked] == [21, 22, 23]
    assert [each.choices[0].strategy for each in asked] == [LOCAL, CLOUD, NEWEST]
    press(dialog, Qt.Key.Key_Escape)
    assert window.decisions.conflicts is None


def test_the_way_to_the_others_of_the_kind_is_in_the_keyboards_order(dialog: ConflictDialog) -> None:
    show(dialog, *PRICES)
    dialog.activateWindow()
    passed: list[object] = []
    for _ in range(40):
        QTest.keyClick(dialog.focusWidget() or dialog, Qt.Key.Key_Tab)
        passed.append(dialog.focusWidget())
    (row,) = dialog.comparison.rows
    keys = [*row.cells, row.head.other, dialog.same, dialog.signature.button, *dialog.keep.values(), dialog.later]
    assert [button for button in keys if button not in passed] == []


@pytest.mark.parametrize(("language", "size"), list(product(("id", "en"), SIZES)))
def test_the_choice_for_many_fits(window: MainWindow, dialog: ConflictDialog, language: str, size: QSize) -> None:
    words.use(language)
    window.resize(size)
    window.retranslate()
    show(dialog, *PRICES, replace(PRICES[2], conflict_id=24, name=LONG))
    opened = same(dialog, Qt.Key.Key_2)
    assert [*cut_off(opened), *too_small(opened), *nameless(opened)] == []
    opened.reject()
    dialog.signature.button.click()
    dialog.applied.tell(replace(PRICES[0], name=LONG))
    settle()
    assert [*cut_off(dialog), *too_small(dialog), *nameless(dialog)] == []
