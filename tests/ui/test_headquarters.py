"""Announcements, menu changes and questions in the window, in the rail and in the tray's menu."""

from dataclasses import replace
from itertools import product

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from tests.ui.checks import SIZES, cut_off, nameless, overlapping, settle, too_small
from tests.ui.headquarters import ASKED, MESSAGES, PAGES, ZERO, message
from tests.ui.states import ALIKE, NOW, status

from outlet_sync_gui import words
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.reader import WantChanges, WantMessages
from outlet_sync_gui.status import Pending, Question, State, Trouble
from outlet_sync_gui.sync.commands import AnswerQuestion, ReadMessage, TakeChanges
from outlet_sync_gui.ui.changes_page import ChangesPage
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.messages_page import MessagesPage
from outlet_sync_gui.ui.rail import LISTED, Page
from outlet_sync_gui.ui.tray import Tray
from outlet_sync_gui.ui.widgets import Label


def show_messages(window: MainWindow, name: str) -> MessagesPage:
    value, messages, _ = PAGES[name]
    window.open_page(Page.MESSAGES)
    window.show_status(value, NOW)
    window.show_found(WantMessages(), messages)
    settle()
    return window.messages_page


def show_changes(window: MainWindow, name: str) -> ChangesPage:
    value, _, changes = PAGES[name]
    window.open_page(Page.CHANGES)
    window.show_status(value, NOW)
    window.show_found(WantChanges(), changes)
    settle()
    return window.changes_page


# -- announcements


def test_announcements_stand_newest_first_and_what_is_over_below(window: MainWindow) -> None:
    page = show_messages(window, "full")
    assert [card.is_open for card in page.cards] == [True, True, True, False, False]
    assert [card.level.whole() for card in page.cards[:3]] == [
        "Urgent · 10:13 WIB · 20 minutes ago",
        "Important · 09:53 WIB · 40 minutes ago",
        "For information · 09:33 WIB",
    ]
    assert [card.fate.whole() for card in page.cards] == [
        "",
        "",
        "Until tomorrow 16:33",
        "Expired 09:33",
        "Read by Rina · 08:33",
    ]
    assert [card.done.isVisible() for card in page.cards] == [True, True, True, False, False]
    assert page.line.whole() == "3 announcements to be read"


def test_an_announcement_is_plain_text_and_keeps_its_lines(window: MainWindow) -> None:
    page = show_messages(window, "full")
    assert page.cards[1].text.whole() == "Cek menu sebelum buka.\nHarga lama tidak berlaku lagi."
    assert page.cards[2].title.whole().startswith("<b>Nasi")
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in page.findChildren(Label))


def test_an_announcement_is_ticked_off_by_its_button(window: MainWindow, qtbot: QtBot) -> None:
    page = show_messages(window, "full")
    with qtbot.waitSignal(window.decided) as decided:
        page.cards[1].done.click()
    assert isinstance(decided.args[0], ReadMessage)
    assert (decided.args[0].number, bool(decided.args[0].who)) == (2, True)


def test_a_card_stays_under_the_finger_until_its_announcement_ends(window: MainWindow) -> None:
    page = show_messages(window, "full")
    cards = page.cards
    window.show_status(PAGES["full"][0], NOW + 60_000)
    window.show_found(WantMessages(), MESSAGES)
    assert page.cards == cards
    assert page.cards[0].level.whole() == "Urgent · 10:13 WIB · 21 minutes ago"
    window.show_status(replace(PAGES["full"][0], messages=2), NOW + 40 * 3_600_000)
    assert [card.is_open for card in page.cards] == [True, True, False, False, False]


def test_more_than_are_shown_are_counted(window: MainWindow) -> None:
    page = show_messages(window, "late")
    assert page.line.whole() == "40 announcements to be read · the newest 2 are shown"


def test_without_announcements_it_says_what_will_be_there(window: MainWindow) -> None:
    page = show_messages(window, "empty")
    assert page.empty.isVisible()
    assert page.empty.whole() == "What headquarters announces shows here until somebody has read it."


# -- changes of the menu


def texts(page: ChangesPage, column: int) -> list[object]:
    model = page.list.rows.model
    return [model.data(model.index(row, column)) for row in range(model.rowCount())]


def choose(page: ChangesPage, *rows: int) -> None:
    page.list.rows.table.clearSelection()
    for row in rows:
        page.list.rows.table.selectRow(row)


def test_each_change_tells_what_and_whether_the_till_has_it(window: MainWindow) -> None:
    page = show_changes(window, "full")
    assert texts(page, 2)[0] == "Price Rp35.000 → Rp40.000"
    assert texts(page, 2)[2:] == ["Stock −3", "new on the menu · Price Rp32.000", "taken off the menu"]
    assert texts(page, 4) == [*["not at the till yet"] * 4, "at the till"]
    assert page.line.whole() == "4 changes are not at the till yet."
    choose(page, 0)
    assert page.list.detail.whole() == (
        "Nasi Goreng Spesial: Price Rp35.000 → Rp40.000. Reason from headquarters: “Penyesuaian harga”"
    )


def test_in_a_narrow_window_what_changed_stands_behind_the_name(window: MainWindow) -> None:
    window.resize(480, 360)
    page = show_changes(window, "full")
    assert texts(page, 1)[0] == "Nasi Goreng Spesial: Price Rp35.000 → Rp40.000"


def test_one_or_several_are_ticked_off_but_none_that_the_till_has(window: MainWindow, qtbot: QtBot) -> None:
    page = show_changes(window, "full")
    assert (page.list.done.isEnabled(), page.list.done.toolTip()) == (False, "Choose a change first.")
    choose(page, 2, 4)
    with qtbot.waitSignal(window.decided) as decided:
        page.list.done.click()
    assert isinstance(decided.args[0], TakeChanges)
    assert decided.args[0].seqs == (3,)
    page.list.rows.table.clearSelection()
    page.list.choose_all.click()
    with qtbot.waitSignal(window.decided) as decided:
        page.list.done.click()
    assert decided.args[0].seqs == (1, 2, 3, 4)


def test_all_are_ticked_off_unseen_only_where_they_are_more_than_shown(window: MainWindow, qtbot: QtBot) -> None:
    page = show_changes(window, "full")
    assert not page.list.done_all.isVisible()
    page = show_changes(window, "late")
    assert page.list.done_all.text() == "All 1,234 are done on the till"
    with qtbot.waitSignal(window.decided) as decided:
        page.list.done_all.click()
    assert decided.args[0].seqs is None


def test_a_till_that_does_not_fetch_is_told_of(window: MainWindow) -> None:
    page = show_changes(window, "late")
    assert page.line.whole().startswith("1,234 changes wait, and the till does not fetch them.")


def test_an_up_to_date_till_is_said_to_be(window: MainWindow) -> None:
    page = show_changes(window, "empty")
    assert page.list.rows.empty.whole() == "The till's menu is up to date."
    assert not page.list.choose_all.isEnabled()


# -- questions


def test_what_headquarters_does_to_the_menu_is_approved_or_refused(window: MainWindow, qtbot: QtBot) -> None:
    page = show_changes(window, "full")
    deletions, zero = page.standing.cards
    assert deletions.sentence.whole() == (
        "Headquarters deletes 12 menu items: Nasi Goreng Spesial, Es Teh Manis, Ayam Bakar Taliwang, 9 more."
        " They stay on the menu until you approve."
    )
    assert deletions.note.whole() == "Asked Tue 27 Jan 09:33"
    assert [button.accessibleName() for button in zero.buttons] == ["Refuse", "Approve"]
    for button, choice in zip(zero.buttons, ("refuse", "approve"), strict=True):
        with qtbot.waitSignal(window.decided) as decided:
            button.click()
        answer = decided.args[0]
        assert isinstance(answer, AnswerQuestion)
        assert (answer.question_id, answer.choice) == (ZERO.question_id, choice)


def test_every_question_stands_under_needs_attention(window: MainWindow) -> None:
    window.open_page(Page.ATTENTION)
    window.show_status(ASKED, NOW)
    cards = window.attention_page.standing.cards
    assert [[button.text() for button in card.buttons] for card in cards] == [
        ["Refuse", "Approve"],
        ["Refuse", "Approve"],
        ["Accept theirs", "Send ours again"],
        ["Accept theirs", "Send ours again"],
        ["Undo", "Keep"],
    ]
    assert window.attention_page.line.whole() == "5 questions need an answer"


def test_what_is_refused_alike_is_asked_once(window: MainWindow) -> None:
    alike = Question(
        question_id=ALIKE.halt_id, kind="refused_alike", choices=("retry", "give_up"), n=7, facts=(), asked_at=NOW
    )
    window.open_page(Page.ATTENTION)
    window.show_status(status(State.ATTENTION, questions=1, asked=(alike,), waits=(ALIKE,)), NOW)
    (card,) = window.attention_page.standing.cards
    assert [button.text() for button in card.buttons] == ["Stop trying", "Retry"]


def test_the_status_page_leads_to_what_is_asked(window: MainWindow) -> None:
    window.show_status(ASKED, NOW)
    page = window.status_page
    assert page.band.sentence.whole() == "5 questions need an answer"
    assert (page.cards.cards[2].figure.whole(), page.cards.cards[2].line.whole()) == ("▲ 5", "waits for an answer")
    assert page.doors.whole() == "▲ Port 8765 is taken. Choose another port, or end what uses it. (E-PORT-TAKEN)"
    page.cards.cards[2].click()
    assert window.rail.page() is Page.ATTENTION


@pytest.mark.parametrize(
    ("codes", "marks", "role"),
    [((), 0, "quiet"), (("D-TOKEN", "D-SECRET"), 0, "quiet"), (("D-TOKEN", "D-KEYRING"), 1, "error")],
)
def test_a_door_that_is_no_must_is_told_without_alarm(
    window: MainWindow, codes: tuple[str, ...], marks: int, role: str
) -> None:
    doors = tuple(Trouble(code=code, facts=(("name", "intake"),)) for code in codes)
    window.show_status(status(State.IDLE, doors=doors), NOW)
    shown = window.status_page.doors
    assert (shown.isVisible(), shown.whole().count("▲"), shown.property("role")) == (bool(codes), marks, role)


@pytest.mark.parametrize(
    ("waiting", "headline", "line"),
    [
        ({"dead": 1, "conflicts": 3}, "1 record needs attention", "The rest is still sent."),
        ({"questions": 1, "conflicts": 3}, "1 question needs an answer", "The rest is still sent."),
        ({"conflicts": 3}, "3 conflicts open", "Choose what holds, under Conflicts. The rest is still sent."),
        (
            {"untaken": 2, "is_untaken_late": True},
            "2 menu changes have not reached the till",
            "See to it on the till, then tick it off under Menu changes.",
        ),
    ],
)
def test_attention_says_what_it_is_about(window: MainWindow, waiting: dict[str, int], headline: str, line: str) -> None:
    shown = status(State.ATTENTION, pending=Pending(high=4), **waiting)
    window.show_status(shown, NOW)
    band = window.status_page.band
    assert (band.sentence.whole(), band.line.whole()) == (headline, line)
    n = sum(int(count) for name, count in waiting.items() if name != "is_untaken_late")
    assert words.tooltip(shown, NOW) == f"{n} need attention · 4 waiting"


def test_what_was_declined_meanwhile_is_told(window: MainWindow) -> None:
    window.show_declined(ReadMessage(who="Rina", number=3), InputRefused("message_unknown", {"name": "3"}))
    window.show_declined(TakeChanges(who="Rina", seqs=(3,)), InputRefused("change_unknown", {"name": "3"}))
    assert window.banner.text.whole() == "Somebody has seen to that already."


# -- the ways there


def test_the_rail_counts_each_and_is_urgent_where_a_person_must_act(window: MainWindow) -> None:
    window.show_status(PAGES["full"][0], NOW)
    rail = window.rail
    heard = [rail.items[page].data(Qt.ItemDataRole.AccessibleTextRole) for page in LISTED]
    assert heard[2:4] == ["Needs attention, 2", "Conflicts, 7"]
    assert heard[5:7] == ["Messages, 3", "Menu changes, 6"]
    assert [rail.pills[page].property("isUrgent") for page in (Page.CONFLICTS, Page.MESSAGES, Page.CHANGES)] == [
        True
    ] * 3
    window.show_status(status(State.IDLE, untaken=4), NOW)
    assert rail.pills[Page.CHANGES].property("isUrgent") is False
    window.show_status(PAGES["late"][0], NOW)
    assert rail.pills[Page.CHANGES].property("isUrgent") is True


@pytest.mark.parametrize("page", [Page.CONFLICTS, Page.ATTENTION, Page.MESSAGES, Page.CHANGES])
def test_the_trays_menu_leads_there_with_a_count(qtbot: QtBot, page: Page) -> None:
    tray = Tray()
    names = {
        Page.CONFLICTS: "Conflicts (7)",
        Page.ATTENTION: "Needs attention (2)",
        Page.MESSAGES: "Messages (3)",
        Page.CHANGES: "Menu changes (6)",
    }
    tray.show_status(PAGES["full"][0], NOW)
    assert tray.pages[page].text() == names[page]
    with qtbot.waitSignal(tray.page_asked) as asked:
        tray.pages[page].trigger()
    assert asked.args == [page]
    tray.show_status(status(State.IDLE), NOW)
    assert tray.pages[page].text() == names[page].partition(" (")[0]


def test_each_page_asks_for_its_own(window: MainWindow) -> None:
    window.show_status(PAGES["full"][0], NOW)
    wishes: list[object] = []
    window.read_asked.connect(wishes.append)
    for page in (Page.MESSAGES, Page.CHANGES):
        window.open_page(page)
    assert wishes == [WantMessages(), WantChanges()]


# -- at every size


@pytest.mark.parametrize(("name", "language"), list(product(PAGES, ("id", "en"))))
def test_nothing_is_cut_off_and_everything_can_be_used(window: MainWindow, name: str, language: str) -> None:
    words.use(language)
    window.retranslate()
    for size in SIZES:
        window.resize(size)
        for page in (show_messages(window, name), show_changes(window, name)):
            page.show()
            settle()
        choose(window.changes_page, 0)
        settle()
        for shown, entry in ((window.messages_page, Page.MESSAGES), (window.changes_page, Page.CHANGES)):
            window.open_page(entry)
            settle()
            faults = [*cut_off(window), *overlapping(shown), *too_small(window), *nameless(window)]
            assert faults == [], (size, entry, faults)


@pytest.mark.parametrize("language", ["id", "en"])
def test_questions_fit_too(window: MainWindow, language: str) -> None:
    words.use(language)
    window.retranslate()
    window.show_status(ASKED, NOW)
    for size, page in product(SIZES, (Page.ATTENTION, Page.STATUS)):
        window.resize(size)
        window.open_page(page)
        settle()
        faults = [*cut_off(window), *too_small(window), *nameless(window)]
        assert faults == [], (size, page, faults)


def test_the_language_is_switched_live(window: MainWindow) -> None:
    page = show_changes(window, "full")
    words.use("id")
    window.retranslate()
    assert page.standing.cards[0].sentence.whole().startswith("Pusat menghapus 12 menu")
    assert [button.text() for button in page.standing.cards[0].buttons] == ["Tolak", "Setujui"]
    assert (page.title.whole(), page.list.done.text()) == ("Perubahan menu", "Sudah di kasir")
    messages = show_messages(window, "full")
    assert messages.cards[0].done.text() == "Sudah dibaca"


def test_an_announcement_of_one_endless_word_makes_no_page_wider(window: MainWindow) -> None:
    window.resize(480, 360)
    window.open_page(Page.MESSAGES)
    window.show_status(status(State.IDLE, messages=1), NOW)
    window.show_found(WantMessages(), [message(1, "A" * 200, "B" * 4000)])
    settle()
    assert window.messages_page.width() <= 480
