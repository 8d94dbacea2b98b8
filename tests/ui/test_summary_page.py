"""The daily summary in the window: figures, chart, checks with their mending, sending once, other days, files."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog, QTableView
from tests.builders import Bench, order
from tests.ui.checks import SIZES, cut_off, nameless, overlapping, settle, too_small
from tests.ui.days import DAYS, HOURS, SUMMARY, TODAY, YESTERDAY, day, show_day
from tests.ui.pdf_text import texts as pdf_texts
from tests.ui.states import NOW, ROWS, status

from outlet_sync_gui import words
from outlet_sync_gui.reader import AnyWish, DayLine, WantDay, WantGaps, WantRecord
from outlet_sync_gui.status import State
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.clock import now as clock
from outlet_sync_gui.sync.closing import Check, Sending, body_of
from outlet_sync_gui.sync.commands import Command, SendSummary
from outlet_sync_gui.sync.summary import Hour
from outlet_sync_gui.ui.checklist import changes, why_not
from outlet_sync_gui.ui.day_dialogs import DayDialog, GapsDialog, TechnicalDialog, sent_note
from outlet_sync_gui.ui.day_head import FORMS
from outlet_sync_gui.ui.hour_bars import hours_between, lines
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.summary_page import SummaryPage

D = TypeVar("D", bound=QDialog)


def show(window: MainWindow, name: str) -> SummaryPage:
    window.show_status(status(State.IDLE), NOW)
    page = show_day(window, DAYS[name])
    settle()
    return page


def opened(window: MainWindow, kind: type[D]) -> D:
    found = window.findChild(kind)
    assert found is not None
    return found


# -- figures


def test_the_figures_of_the_day(window: MainWindow) -> None:
    page = show(window, "usual")
    cards = page.cards
    assert (cards.revenue.whole(), cards.rest.whole()) == (
        "Rp12.500.000",
        "145 orders · 145 transactions · average Rp86.207",
    )
    assert cards.methods.texts() == [("Cash", "85"), ("QRIS", "45"), ("Card", "15")]
    assert cards.products.texts()[0] == ("Nasi Goreng Spesial", "67×", "Rp2.345.000")
    assert (page.head.day.text(), page.head.chip.whole()) == ("Tue, 27 January 2026", "not sent")


def test_a_day_without_sales_says_so(window: MainWindow) -> None:
    page = show(window, "empty")
    assert (page.cards.chart.isVisible(), page.cards.empty.isVisible()) == (False, True)
    assert page.checks.send.property("kind") != "primary"
    assert page.checks.state.whole() == "Nothing was sold, so there is nothing to tell."


# -- the chart


def test_the_tip_is_open_at_the_peak(window: MainWindow) -> None:
    chart = show(window, "usual").cards.chart
    assert chart.shown() == 2
    assert chart.hours.hours[2] == Hour(12, 45, 3_200_000)


def test_arrow_keys_go_from_hour_to_hour(window: MainWindow) -> None:
    chart = show(window, "usual").cards.chart
    chart.setFocus()
    keys = Qt.Key
    moves = [
        (keys.Key_Home, 0),
        (keys.Key_Left, 0),
        (keys.Key_Right, 1),
        (keys.Key_Down, 2),
        (keys.Key_Up, 1),
        (keys.Key_End, 11),
        (keys.Key_Right, 11),
    ]
    for key, row in moves:
        QTest.keyClick(chart, key)
        assert chart.shown() == row
    window.setFocus()
    chart.clearFocus()
    assert chart.shown() == 2


def test_the_mouse_opens_the_tip_under_it(window: MainWindow) -> None:
    chart = show(window, "usual").cards.chart
    place = chart.bars().bar(5).center().toPoint()
    QTest.mouseMove(chart.viewport(), place)
    QTest.mouseMove(chart.viewport(), place + QPoint(0, 1))
    assert chart.shown() == 5
    QTest.mouseMove(window, QPoint(1, 1))
    QTest.mouseClick(chart.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chart.currentIndex().row() == 5


def test_bars_are_as_high_as_what_came(window: MainWindow) -> None:
    bars = show(window, "usual").cards.chart.bars()
    heights = [bars.bar(row).height() for row in range(len(HOURS))]
    assert heights[2] == pytest.approx(bars.plot.height())
    assert heights[0] / heights[2] == pytest.approx(850_000 / 3_200_000)
    assert [bars.row_at(bars.bar(row).center().x()) for row in range(len(HOURS))] == list(range(len(HOURS)))


def test_a_screen_reader_reads_the_chart_as_a_table(window: MainWindow) -> None:
    chart = show(window, "usual").cards.chart
    table = QAccessible.queryAccessibleInterface(chart)
    assert table.role() is QAccessible.Role.Table
    assert table.text(QAccessible.Text.Name) == "Revenue by hour"
    cells = [table.child(n) for n in range(table.childCount())]
    heard = [cell.text(QAccessible.Text.Name) for cell in cells if cell.role() is QAccessible.Role.Cell]
    assert len(heard) == 3 * 12
    assert heard[6:9] == ["12:00–13:00 · 45 orders · Rp3.200.000", "45", "Rp3.200.000"]
    titles = [chart.hours.headerData(n, Qt.Orientation.Horizontal) for n in range(3)]
    assert titles == ["Hour", "Orders", "Revenue"]


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        ([], []),
        ([9], [9]),
        ([9, 12], [9, 10, 11, 12]),
        ([22, 1], [22, 23, 0, 1]),
    ],
)
def test_hours_between_are_told_too(hours: list[int], shown: list[int]) -> None:
    given = [Hour(hour, 1, 10) for hour in hours]
    assert [hour.hour for hour in hours_between(given)] == shown
    assert [hour for hour in hours_between(given) if hour.orders] == given


@pytest.mark.parametrize(
    ("highest", "shown"),
    [
        (0, [0]),
        (-5, [0]),
        (3, [0, 1, 2, 3]),
        (3_200_000, [0, 1_000_000, 2_000_000, 3_000_000]),
        (4_500_000, [0, 2_000_000, 4_000_000]),
        (90_000, [0, 50_000]),
        (400, [0, 100, 200, 300, 400]),
        (999_999_999, [0, 500_000_000]),
    ],
)
def test_lines_across_are_round_and_few(highest: int, shown: list[int]) -> None:
    assert lines(highest) == shown


# -- the checks


def test_failing_checks_come_first(window: MainWindow) -> None:
    checks = show(window, "usual").checks
    assert checks.verdict.whole() == "Not complete yet: 2 conflicts open · 3 new prices not at the till."
    rows = sorted((row for row in checks.rows.values() if row.isVisible()), key=lambda row: row.y())
    assert [(row.sentence.whole(), row.button.isVisible()) for row in rows] == [
        ("2 conflicts open", True),
        ("3 new prices not at the till", True),
        ("All records sent", False),
        ("Nothing refused", False),
        ("All payments recorded", False),
        ("Every transaction has an order", False),
        ("Totals agree", False),
    ]


def test_a_complete_day_is_one_sentence(window: MainWindow) -> None:
    checks = show(window, "complete").checks
    assert checks.verdict.whole() == "Everything is complete: 145 orders, Rp12.500.000, all at headquarters."
    assert not any(row.isVisible() for row in checks.rows.values())


def test_of_a_past_day_only_its_own_records_are_checked(window: MainWindow) -> None:
    checks = show(window, "past").checks
    shown = [check for check, row in checks.rows.items() if row.isVisible()]
    assert shown == [Check.UNSENT, Check.UNRECORDED, Check.STRAY, Check.DIFFERING]


PAGES = [(Check.UNSENT, Page.QUEUE), (Check.REFUSED, Page.ATTENTION), (Check.UNTAKEN, Page.CHANGES)]


@pytest.mark.parametrize(("check", "page"), PAGES)
def test_a_check_leads_to_the_page_where_it_is_mended(window: MainWindow, check: Check, page: Page) -> None:
    show(window, "huge").checks.rows[check].button.click()
    assert window.rail.page() is page


def test_conflicts_are_compared_at_once(window: MainWindow) -> None:
    show(window, "usual").checks.rows[Check.CONFLICTS].button.click()
    assert window.decisions.conflicts is not None


@pytest.mark.parametrize("check", [Check.UNRECORDED, Check.STRAY, Check.DIFFERING])
def test_records_that_do_not_fit_are_listed_and_lead_to_their_details(
    window: MainWindow, wishes: list[AnyWish], check: Check
) -> None:
    page = show(window, "huge")
    page.checks.rows[check].button.click()
    wish = WantGaps(TODAY, check, 98_765)
    assert wishes.pop() == wish
    window.show_found(wish, ROWS["idle"])
    dialog = opened(window, GapsDialog)
    assert (dialog.title.whole(), dialog.note.isVisible()) == (words.check_bad(check, 98_765), True)
    assert dialog.records.item(0).text() == "Transaction TRX-20260127-0141-1  ·  10:31  ·  Rp187.000"
    dialog.records.setCurrentRow(1)
    dialog.details.click()
    assert wishes[-1] == WantRecord(ROWS["idle"][1])


def test_a_list_of_another_day_is_not_shown(window: MainWindow) -> None:
    page = show(window, "past")
    window.show_found(WantGaps(TODAY, Check.STRAY, 1), ROWS["idle"])
    assert page.window().findChild(GapsDialog) is None


# -- sending


def test_it_is_sent_once(window: MainWindow, decided: list[Command]) -> None:
    page = show(window, "complete")
    assert page.checks.send.property("kind") == "primary"
    QTest.mouseDClick(page.checks.send, Qt.MouseButton.LeftButton)
    page.checks.send.click()
    assert [type(command) for command in decided] == [SendSummary]
    assert isinstance(decided[0], SendSummary)
    assert (decided[0].date, bool(decided[0].who)) == (TODAY, True)


def test_a_day_that_was_read_before_it_was_sent_does_not_ask_again(window: MainWindow) -> None:
    page = show(window, "complete")
    page.checks.send.click()
    window.show_found(page.wish(), DAYS["complete"])
    assert (page.checks.send.isEnabled(), page.checks.send.toolTip()) == (False, "It is on its way.")
    sold_meanwhile = day(sending=Sending(is_waiting=True, is_changed=True, sent=SUMMARY.content()))
    window.show_found(page.wish(), sold_meanwhile)
    assert page.checks.send.isEnabled()


STATES = [
    ("usual", "not sent", "Can be sent now. If the day changes later, send it again.", True),
    ("sent", "sent", "Sent 10:28 by Rina", False),
    ("waiting", "on its way", "on its way", False),
    ("changed", "changed", "Changed since sent · Sent 10:28 by Rina", True),
    ("refused", "refused", "Headquarters refused it", False),
]


@pytest.mark.parametrize(("name", "chip", "told", "can_be_sent"), STATES)
def test_what_became_of_it(window: MainWindow, name: str, chip: str, told: str, *, can_be_sent: bool) -> None:
    page = show(window, name)
    send = page.checks.send
    assert (page.head.chip.whole(), page.checks.state.whole()) == (chip, told)
    assert (send.isEnabled(), send.property("kind") == "primary", bool(send.toolTip())) == (
        can_be_sent,
        can_be_sent,
        not can_be_sent,
    )


def test_what_changed_since_is_told(window: MainWindow) -> None:
    page = show(window, "changed")
    assert page.checks.changes.whole().splitlines() == [
        "Revenue Rp12.500.000 → Rp12.700.000",
        "Orders 145 → 146",
        "Changed: Payment methods",
    ]


def test_what_was_sent_by_another_version_is_no_reason_to_fail() -> None:
    told = list(changes({"summary": {"total_revenue": None}}, SUMMARY))
    assert told[0] == "Revenue – → Rp12.500.000"


def test_what_is_to_be_sent_and_has_changed_can_be_sent_again() -> None:
    assert why_not(Sending(is_waiting=True))
    assert why_not(Sending(is_waiting=True, is_changed=True)) == ""


def test_a_refused_one_leads_to_its_reason(window: MainWindow) -> None:
    page = show(window, "refused")
    page.checks.why.click()
    assert window.rail.page() is Page.ATTENTION


def test_a_day_of_a_real_store_is_sent_and_seen_to_be(window: MainWindow, tmp_path: Path) -> None:
    bench = Bench(tmp_path, wall_ms=clock().wall_ms)
    window.decided.connect(lambda command: bench.engine.do(command, bench.now))
    bench.put("order", order("A1", total_amount=70_000, created_at=iso(bench.wall_ms)))
    page = read_again(window, bench)
    assert page.checks.verdict.whole() == (
        "Not complete yet: 1 not sent (Rp70.000) · 1 paid order without a transaction (Rp70.000)."
    )
    page.checks.send.click()
    page = read_again(window, bench)
    assert (page.head.chip.whole(), page.checks.send.isEnabled()) == ("on its way", False)
    bench.put("order", order("A2", total_amount=30_000, created_at=iso(bench.wall_ms)))
    page = read_again(window, bench)
    assert page.checks.changes.whole().splitlines()[:2] == ["Revenue Rp70.000 → Rp100.000", "Orders 1 → 2"]
    assert page.checks.send.isEnabled()
    bench.store.close()


def read_again(window: MainWindow, bench: Bench) -> SummaryPage:
    window.open_page(Page.SUMMARY)
    window.show_status(status(State.IDLE), bench.wall_ms)
    wish = window.summary_page.wish()
    window.show_found(wish, wish.read(bench.store, bench.settings))
    settle()
    return window.summary_page


# -- days


def test_the_day_after_today_is_not_there_yet(window: MainWindow, wishes: list[AnyWish]) -> None:
    page = show(window, "usual")
    assert (page.head.after.isEnabled(), page.head.after.toolTip()) == (False, "This is today.")
    page.head.before.click()
    assert wishes[-1] == WantDay(YESTERDAY)
    window.show_found(wishes[-1], DAYS["past"])
    assert page.head.day.text() == "Mon, 26 January 2026"
    page.head.after.click()
    assert wishes[-1] == WantDay(TODAY)


def test_an_answer_about_another_day_is_not_shown(window: MainWindow) -> None:
    page = show(window, "usual")
    page.head.before.click()
    window.show_found(WantDay(TODAY), DAYS["changed"])
    assert page.cards.revenue.whole() == "Rp12.500.000"


def test_nothing_is_sent_while_another_day_is_on_its_way(window: MainWindow, decided: list[Command]) -> None:
    page = show(window, "usual")
    page.head.before.click()
    page.checks.send.click()
    assert decided == []


def test_a_day_is_picked_from_the_list(window: MainWindow, wishes: list[AnyWish]) -> None:
    show(window, "usual").head.day.click()
    dialog = opened(window, DayDialog)
    told = [dialog.days.item(n).text() for n in range(4)]
    assert told == [
        "Today  ·  not sent",
        "Mon, 26 January 2026  ·  sent yesterday 22:33",
        "Sun, 25 January 2026  ·  on its way",
        "Sat, 24 January 2026  ·  refused",
    ]
    assert dialog.days.currentRow() == 0
    QTest.keyClick(dialog.days, Qt.Key.Key_Down)
    QTest.keyClick(dialog.days, Qt.Key.Key_Return)
    assert (wishes[-1], dialog.isVisible()) == (WantDay(YESTERDAY), False)


def test_an_older_day_is_picked_from_the_calendar(window: MainWindow, wishes: list[AnyWish]) -> None:
    show(window, "usual").head.day.click()
    dialog = opened(window, DayDialog)
    dialog.other.click()
    assert (dialog.calendar.isVisible(), dialog.days.isVisible(), dialog.other.text()) == (True, False, "Latest days")
    dialog.calendar.setSelectedDate(dialog.calendar.maximumDate().addDays(-40))
    dialog.calendar.activated.emit(dialog.calendar.selectedDate())
    assert wishes[-1] == WantDay("2025-12-18")


def test_the_calendar_marks_the_day_that_is_shown(window: MainWindow) -> None:
    show(window, "usual").head.day.click()
    dialog = opened(window, DayDialog)
    dialog.other.click()
    for language in ("en", "id"):
        words.use(language)
        window.retranslate()
        view = dialog.calendar.findChild(QTableView)
        assert view is not None
        assert view.currentIndex().data() == 27


def test_whoever_comes_back_sees_the_day_of_now(window: MainWindow) -> None:
    page = show(window, "usual")
    assert page.wish() == WantDay(TODAY)
    window.open_page(Page.STATUS)
    window.open_page(Page.SUMMARY)
    assert page.wish() == WantDay(None)
    show(window, "past")
    window.open_page(Page.STATUS)
    window.open_page(Page.SUMMARY)
    assert page.wish() == WantDay(YESTERDAY)


def test_a_sent_day_says_when(window: MainWindow) -> None:
    assert sent_note(DayLine(date=TODAY, sent_at=NOW, is_waiting=True), NOW) == "on its way"
    assert sent_note(DayLine(date=TODAY, sent_at=NOW), NOW) == "sent 10:33"


# -- taking it along


def test_technical_details_are_the_very_object(window: MainWindow) -> None:
    shown = DAYS["usual"]
    show(window, "usual").head.more.click()
    dialog = opened(window, TechnicalDialog)
    assert json.loads(dialog.content.toPlainText()) == body_of(shown.closing.summary, shown.settings)
    dialog.copy.click()
    assert dialog.copy.text() == "Copied"


NO_HINTS = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")  # of the system's dialog
READ: dict[str, Callable[[bytes], bool]] = {
    "csv": lambda content: b"Revenue;12500000" in content,
    "json": lambda content: json.loads(content)["summary"]["total_revenue"] == 12_500_000,
    "pdf": lambda content: "Rp12.500.000" in pdf_texts(content),
}


def save(window: MainWindow, form: str, path: Path) -> None:
    page = show(window, "usual")
    page.head.forms.actions()[list(FORMS).index(form)].trigger()
    dialog = opened(window, QFileDialog)
    assert Path(dialog.selectedFiles()[0]).name == f"daily-summary-JKT-001-{TODAY}.{form}"
    dialog.fileSelected.emit(str(path))
    dialog.reject()


@NO_HINTS
@pytest.mark.parametrize("form", FORMS)
def test_it_is_saved_in_each_form(window: MainWindow, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"day.{form}"
    save(window, form, path)
    assert READ[form](path.read_bytes())
    assert not window.banner.isVisible()


@NO_HINTS
def test_a_file_that_can_not_be_written_is_said(window: MainWindow, tmp_path: Path) -> None:
    save(window, "csv", tmp_path)
    assert window.banner.text.whole().startswith(f"The file {tmp_path} can't be written:")


# -- how it looks


def test_another_language_is_spoken_at_once(window: MainWindow) -> None:
    page = show(window, "usual")
    words.use("id")
    window.retranslate()
    assert page.head.title.whole() == "Rekap harian"
    assert page.checks.verdict.whole().startswith("Belum lengkap: 2 data berbeda, belum dipilih")
    assert page.checks.send.text() == "Kirim rekap"
    assert page.cards.methods.texts()[0] == ("Tunai", "85")


def test_dialogs_speak_another_language_too(window: MainWindow) -> None:
    show(window, "usual").head.day.click()
    words.use("id")
    window.retranslate()
    assert opened(window, DayDialog).days.item(0).text() == "Hari ini  ·  belum dikirim"


def test_the_head_stays_in_its_order_however_wide(window: MainWindow) -> None:
    page = show(window, "usual")
    for width in (1024, 480, 1280):
        window.resize(width, 528)
        settle()
    head = page.head
    parts = (head.title, head.before, head.day, head.after, head.save, head.more)
    places = [part.mapTo(head, QPoint(0, 0)).x() for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize(("name", "size", "language"), list(product(DAYS, range(len(SIZES)), ("id", "en"))))
def test_the_page_fits_in_every_size_and_language(window: MainWindow, name: str, size: int, language: str) -> None:
    words.use(language)
    window.retranslate()
    window.resize(SIZES[size])
    page = show(window, name)
    settle()
    assert cut_off(page) == []
    assert overlapping(page) == []
    assert too_small(page) == []
    assert nameless(page) == []
    area = page.parentWidget()
    assert area is not None
    assert page.width() <= area.width()


@pytest.mark.parametrize(("size", "language"), list(product(range(len(SIZES)), ("id", "en"))))
def test_dialogs_fit_in_every_size_and_language(window: MainWindow, size: int, language: str) -> None:
    words.use(language)
    window.retranslate()
    window.resize(SIZES[size])
    page = show(window, "usual")
    page.head.day.click()
    page.head.more.click()
    page.show_gaps(WantGaps(TODAY, Check.STRAY, 5), ROWS["idle"])
    opened(window, DayDialog).other.click()
    settle()
    for kind in (DayDialog, TechnicalDialog, GapsDialog):
        dialog = opened(window, kind)
        assert (cut_off(dialog), too_small(dialog), nameless(dialog)) == ([], [], [])
