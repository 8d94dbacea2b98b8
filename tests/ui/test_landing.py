"""A click on a notification: the very item is in view and under the keyboard; what is gone meanwhile is no error."""

from collections.abc import Iterator, Sequence

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget
from tests.ui.checks import refused, settle
from tests.ui.headquarters import CONFIG, CONFLICTS, DELETIONS, RESTORED, ZERO, change, message
from tests.ui.states import NOW, queued, status

from outlet_sync_gui.desktop.notices import Item, Kind
from outlet_sync_gui.reader import WantChanges, WantConflicts, WantMessages, WantRefused
from outlet_sync_gui.status import Row, RowState, State, Status
from outlet_sync_gui.ui.landing import land
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.page import Page

CALM = status(State.IDLE)


def dead(n: int, error: str = "Table unknown") -> Row:
    return queued(n, RowState.DEAD, error_code="R-DATA", error=error, tries=1)


def told(window: MainWindow, kind: Kind, shown: Status, *, question: int | None = None) -> None:
    """Somebody clicks on what was told of this status."""
    window.resize(1024, 528)
    window.show_status(shown, NOW)
    land(window, Item(kind, question), shown)


def show_refused(window: MainWindow, rows: Sequence[Row]) -> None:
    window.show_found(WantRefused(), refused(rows))
    settle()


def in_view(window: MainWindow, widget: QWidget, part: QRect | None = None) -> bool:
    """Whether it can be seen whole, wherever the page is scrolled to."""
    area = window.pages.currentWidget()
    assert area is not None
    wanted = part or widget.rect()
    seen = QRect(QPoint(0, 0), area.size())
    return widget.isVisible() and seen.contains(QRect(widget.mapTo(area, wanted.topLeft()), wanted.size()))


def row_in_view(window: MainWindow, table: QWidget) -> bool:
    return in_view(window, table, QRect(0, 0, 40, 40))


# -- refused records


def test_one_refused_record_is_chosen_in_its_open_group(window: MainWindow) -> None:
    asked = (RESTORED, CONFIG)  # what stands above it pushes it down
    told(window, Kind.REFUSED, status(State.ATTENTION, dead=1, questions=2, asked=asked))
    show_refused(window, [dead(1)])
    (card,) = window.attention_page.cards.values()
    assert [row.record_id for row in card.chosen()] == [dead(1).record_id]
    assert (card.head.isChecked(), card.table.hasFocus(), row_in_view(window, card.table)) == (True, True, True)


def test_of_a_group_the_newest_is_in_view_and_nothing_is_chosen_for_the_person(window: MainWindow) -> None:
    told(window, Kind.REFUSED, status(State.ATTENTION, dead=40))
    show_refused(window, [dead(n) for n in range(40)])
    (card,) = window.attention_page.cards.values()
    assert (card.chosen(), card.table.currentIndex().row()) == ([], 0)
    assert (card.head.isChecked(), card.table.hasFocus(), row_in_view(window, card.table)) == (True, True, True)


def test_a_group_that_a_person_had_closed_and_scrolled_away_from_opens(window: MainWindow) -> None:
    shown = status(State.ATTENTION, dead=30, questions=2, asked=(RESTORED, CONFIG))
    window.resize(640, 400)
    window.show_status(shown, NOW)
    window.open_page(Page.ATTENTION)
    show_refused(window, [dead(n) for n in range(30)])
    (card,) = window.attention_page.cards.values()
    card.table.scrollToBottom()
    card.head.click()
    assert not card.table.isVisible()
    land(window, Item(Kind.REFUSED), shown)
    show_refused(window, [dead(n) for n in range(30)])
    assert row_in_view(window, card.table)
    assert card.table.verticalScrollBar().value() == 0


def test_of_several_groups_none_is_picked(window: MainWindow) -> None:
    told(window, Kind.REFUSED, status(State.ATTENTION, dead=2))
    show_refused(window, [dead(1), dead(2, "Guest unknown")])
    assert not any(card.table.hasFocus() for card in window.attention_page.cards.values())
    assert window.rail.page() is Page.ATTENTION


def test_who_has_left_the_page_lands_nowhere_later(window: MainWindow) -> None:
    told(window, Kind.REFUSED, status(State.ATTENTION, dead=1))
    window.open_page(Page.STATUS)
    window.open_page(Page.ATTENTION)
    show_refused(window, [dead(n) for n in range(3)])
    (card,) = window.attention_page.cards.values()
    assert not card.table.hasFocus()


# -- conflicts


@pytest.fixture
def reviewed(window: MainWindow) -> Iterator[MainWindow]:
    yield window
    if window.decisions.conflicts is not None:
        window.decisions.conflicts.reject()


def show_conflicts(window: MainWindow, *names: str) -> str:
    """What is read; the title of the one that is shown then."""
    window.show_found(WantConflicts(), [CONFLICTS[name] for name in names])
    settle()
    assert window.decisions.conflicts is not None
    return window.decisions.conflicts.head.title.whole()


@pytest.mark.parametrize("is_open", [False, True])
def test_the_review_opens_on_the_newest_conflict(reviewed: MainWindow, is_open: bool) -> None:
    shown = status(State.ATTENTION, conflicts=3)
    reviewed.show_status(shown, NOW)
    if is_open:
        reviewed.decisions.review()
        assert "Soto Betawi" not in show_conflicts(reviewed, "one", "huge")
    land(reviewed, Item(Kind.CONFLICTS), shown)
    assert "Soto Betawi" in show_conflicts(reviewed, "one", "huge", "deleted")
    assert "Soto Betawi" in show_conflicts(reviewed, "one", "huge", "deleted", "many")  # it stays there


def test_a_conflict_that_is_settled_opens_no_empty_review(reviewed: MainWindow) -> None:
    told(reviewed, Kind.CONFLICTS, CALM)
    assert (reviewed.decisions.conflicts, reviewed.rail.page()) == (None, Page.STATUS)


# -- what headquarters says and asks


def test_the_newest_unread_message_is_in_view(window: MainWindow) -> None:
    shown = status(State.ATTENTION, messages=8)
    window.resize(1024, 528)
    window.show_status(shown, NOW)
    window.open_page(Page.MESSAGES)
    messages = [message(n, f"Title {n}", "One line\n" * 6) for n in range(1, 9)]
    window.show_found(WantMessages(), messages)
    settle()
    area = window.pages.currentWidget()
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())  # type: ignore[union-attr]  # a scroll area
    first = window.messages_page.cards[0]
    assert not in_view(window, first)
    land(window, Item(Kind.MESSAGES), shown)
    window.show_found(WantMessages(), messages)
    settle()
    assert (in_view(window, first), first.done.hasFocus()) == (True, True)


def test_the_change_that_has_waited_longest_is_chosen(window: MainWindow) -> None:
    told(window, Kind.LATE, status(State.ATTENTION, untaken=30, is_untaken_late=True))
    fields: dict[str, dict[str, object]] = {"price": {"from": 1, "to": 2}}
    window.show_found(WantChanges(), [change(n, fields) for n in range(1, 31)])
    settle()
    page = window.changes_page
    assert [found.seq for found in page.list.chosen()] == [1]
    assert (page.list.rows.table.hasFocus(), row_in_view(window, page.list.rows.table)) == (True, True)


@pytest.mark.parametrize(("question", "page"), [(CONFIG, Page.ATTENTION), (ZERO, Page.CHANGES)])
def test_the_question_that_was_told_is_in_view(window: MainWindow, question: object, page: Page) -> None:
    shown = status(State.ATTENTION, questions=4, asked=(RESTORED, DELETIONS, CONFIG, ZERO))
    window.resize(640, 300)
    window.show_status(shown, NOW)
    number = question.question_id  # type: ignore[attr-defined]  # a Question
    land(window, Item(Kind.QUESTIONS, number), shown)
    settle()
    standing = (window.changes_page if page is Page.CHANGES else window.attention_page).standing
    (card,) = [card for card in standing.cards if card.question[0] == number]
    assert (window.rail.page(), in_view(window, card)) == (page, True)
    assert card.buttons[0].hasFocus()


# -- gone meanwhile


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        (Kind.REFUSED, Page.ATTENTION),
        (Kind.QUESTIONS, Page.ATTENTION),
        (Kind.MESSAGES, Page.MESSAGES),
        (Kind.LATE, Page.CHANGES),
        (Kind.OFFLINE, Page.STATUS),
        (Kind.SETUP, Page.STATUS),
    ],
)
def test_what_is_gone_meanwhile_leaves_its_page(window: MainWindow, kind: Kind, page: Page) -> None:
    told(window, kind, CALM, question=11)
    show_refused(window, [])
    window.show_found(WantMessages(), [message(1, "Read", "", read_at=NOW, read_by="Rina")])
    window.show_found(WantChanges(), [change(1, {}, "delete", taken_at=NOW, taken_by="pos")])
    settle()
    assert window.rail.page() is page


def test_a_question_that_is_answered_leaves_the_others_on_their_page(window: MainWindow) -> None:
    told(window, Kind.QUESTIONS, status(State.ATTENTION, questions=1, asked=(ZERO,)), question=CONFIG.question_id)
    assert window.rail.page() is Page.CHANGES
