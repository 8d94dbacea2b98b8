"""The one window: a rail at the left, the pages beside it.

What is on it is loaded where it is made, so that an empty window is there at once, and a page that nobody opens costs
nothing.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from outlet_sync_gui.state import State
from outlet_sync_gui.ui.page import Page

if TYPE_CHECKING:
    from outlet_sync_gui.errors import InputRefused
    from outlet_sync_gui.reader import AnyWish
    from outlet_sync_gui.status import Row, Status
    from outlet_sync_gui.sync.commands import Command
    from outlet_sync_gui.sync.events import ReadBack
    from outlet_sync_gui.ui.activity_page import ActivityPage
    from outlet_sync_gui.ui.attention_page import AttentionPage
    from outlet_sync_gui.ui.changes_page import ChangesPage
    from outlet_sync_gui.ui.connection_test import Test
    from outlet_sync_gui.ui.decisions import Decisions
    from outlet_sync_gui.ui.keeper import Errand
    from outlet_sync_gui.ui.messages_page import MessagesPage
    from outlet_sync_gui.ui.queue_page import QueuePage
    from outlet_sync_gui.ui.settings_page import SettingsPage
    from outlet_sync_gui.ui.status_page import StatusPage
    from outlet_sync_gui.ui.summary_page import SummaryPage
    from outlet_sync_gui.ui.theme import Theme

    AnyPage = (
        StatusPage | QueuePage | AttentionPage | ActivityPage | MessagesPage | ChangesPage | SummaryPage | SettingsPage
    )
P = TypeVar("P", bound="AnyPage")
NARROW_WINDOW_PX = 900
SIZE = QSize(1024, 528)
SMALLEST = QSize(480, 220)


class MainWindow(QMainWindow):
    """Shows what it is given; asks by signals. Without a theme it is empty, and is given nothing until `fill`."""

    sync_asked = Signal()
    pause_asked = Signal()
    resume_asked = Signal()
    retry_asked = Signal()
    decided = Signal(object)  # a Command of a person
    read_asked = Signal(object)  # a Wish: what the page that is shown wants to read
    setup_asked = Signal()
    errand_asked = Signal(object)  # an Errand of the settings
    language_asked = Signal(str)
    log_asked = Signal()
    line_asked = Signal()  # what keeps us offline
    close_asked = Signal()

    def __init__(self, theme: "Theme | None" = None) -> None:
        super().__init__()
        self._status: Status | None = None
        self._now_ms = 0
        self._made: list[AnyPage] = []
        self.test: Test = lambda: iter(())  # of the line, for the page of the settings
        self.resize(SIZE)
        self.setMinimumSize(SMALLEST)
        self.setWindowTitle("Outlet Sync")
        if theme is not None:
            self.fill(theme)

    def fill(self, theme: "Theme") -> None:
        """Make what is on it."""
        from outlet_sync_gui.ui.rail import Rail
        from outlet_sync_gui.ui.status_page import StatusPage
        from outlet_sync_gui.ui.widgets import Banner, FocusRing

        self._theme = theme
        self.rail = Rail(theme)
        self.banner = Banner()
        self.pages = QStackedWidget()
        self._lay_out()
        self.status_page = self._add(StatusPage(theme))
        self.ring = FocusRing(self)
        self._connect()
        self.rail.retranslate()
        self._arrange()

    @cached_property
    def decisions(self) -> "Decisions":
        """The dialogs, made when somebody first has something to decide."""
        from outlet_sync_gui.ui.decisions import Decisions

        made = Decisions(self, self._theme, self.banner)
        made.decided.connect(self.decided)
        made.read_asked.connect(self.read_asked)
        if self._status is not None:
            made.show_status(self._status, self._now_ms)
        return made

    @cached_property
    def queue_page(self) -> "QueuePage":
        """The page of what waits, made when somebody first goes there."""
        from outlet_sync_gui.ui.queue_page import QueuePage

        page = self._add(QueuePage(self._theme))
        page.wanted.connect(self.ask_for_rows)
        page.list.asked.connect(self.decisions.ask)
        return page

    @cached_property
    def attention_page(self) -> "AttentionPage":
        """The page of what needs a person, made when somebody first goes there."""
        from outlet_sync_gui.ui.attention_page import AttentionPage

        page = self._add(AttentionPage(self._theme))
        page.standing.answered.connect(self.decisions.answer)
        page.asked.connect(self.decisions.ask)
        page.wanted.connect(self.ask_for_rows)
        return page

    @cached_property
    def activity_page(self) -> "ActivityPage":
        """The page of all that happened, made when somebody first goes there."""
        from outlet_sync_gui.ui.activity_page import ActivityPage

        page = self._add(ActivityPage(self._theme))
        page.wanted.connect(self.ask_for_rows)
        page.details_asked.connect(self.decisions.show_details)
        page.undo_asked.connect(self.decisions.undo)
        return page

    @cached_property
    def messages_page(self) -> "MessagesPage":
        """The page of headquarters' announcements, made when somebody first goes there."""
        from outlet_sync_gui.ui.messages_page import MessagesPage

        page = self._add(MessagesPage(self._theme))
        page.acknowledged.connect(self.decisions.acknowledge)
        page.wanted.connect(self.ask_for_rows)
        return page

    @cached_property
    def changes_page(self) -> "ChangesPage":
        """The page of headquarters' changes of the menu, made when somebody first goes there."""
        from outlet_sync_gui.ui.changes_page import ChangesPage

        page = self._add(ChangesPage(self._theme))
        page.standing.answered.connect(self.decisions.answer)
        page.taken.connect(self.decisions.take)
        page.wanted.connect(self.ask_for_rows)
        return page

    @cached_property
    def summary_page(self) -> "SummaryPage":
        """The page of the day, made when somebody first goes there."""
        from outlet_sync_gui.ui.summary_page import SummaryPage

        page = self._add(SummaryPage(self._theme))
        page.wanted.connect(self.ask_for_rows)
        page.read_asked.connect(self.read_asked)
        page.send_asked.connect(self.decisions.send_summary)
        page.commanded.connect(self.decided)
        page.details_asked.connect(self.decisions.show_details)
        page.told.connect(self.banner.tell)
        page.queue_asked.connect(lambda: self.open_page(Page.QUEUE))
        page.attention_asked.connect(lambda: self.open_page(Page.ATTENTION))
        page.conflicts_asked.connect(self.decisions.review)
        page.changes_asked.connect(lambda: self.open_page(Page.CHANGES))
        return page

    @cached_property
    def settings_page(self) -> "SettingsPage":
        """The page of the settings, made when somebody first goes there."""
        from outlet_sync_gui.ui.settings_page import SettingsPage

        page = self._add(SettingsPage(self._theme, self.test))
        page.asked.connect(self.errand_asked)
        page.language_asked.connect(self.language_asked)
        page.appearance_asked.connect(self._theme.choose)
        page.log_asked.connect(self.log_asked)
        page.answered.connect(self._answer)
        return page

    def show_status(self, status: "Status", now_ms: int) -> None:
        """Show what is true now, and ask for the rows that fit it."""
        from outlet_sync_gui.ui import icons

        self._status = status
        self._now_ms = now_ms
        self._page().show_status(status, now_ms)
        self.rail.show_status(status, now_ms)
        if "decisions" in vars(self):
            self.decisions.show_status(status, now_ms)
        self.setWindowTitle(f"Outlet Sync — {status.outlet_code}" if status.outlet_code else "Outlet Sync")
        self.setWindowIcon(icons.tray_icon(status.state))
        self.ask_for_rows()

    def ask_for_rows(self) -> None:
        """Ask for what the page that is shown wants to read."""
        status = self._status
        if status is None or not status.outlet_id or status.state is State.SETUP:
            return
        wish = self._page().wish()
        if wish is not None:
            self.read_asked.emit(wish)

    def show_found(self, wish: "AnyWish", found: object) -> None:
        """Show what was read; what nobody wants any more is left."""
        from outlet_sync_gui.reader import (
            QueuePart,
            Refused,
            WantActivity,
            WantChanges,
            WantDay,
            WantGaps,
            WantGlance,
            WantLine,
            WantMessages,
            WantReconciled,
            WantRefused,
        )

        match wish, found:
            case WantLine(), QueuePart():
                self.queue_page.show_part(wish, found)
            case WantRefused(), Refused():
                self.attention_page.show_refused(found)
            case WantMessages(), _:
                self.messages_page.show_messages(_rows(found))
            case WantChanges(), _:
                self.changes_page.show_changes(_rows(found))
            case WantActivity(), _:
                self.activity_page.show_found(wish, _rows(found))
            case ((WantDay() | WantGaps() | WantReconciled()), _):
                self.summary_page.show_found(wish, found)
            case WantGlance(), _:
                self.show_rows(_rows(found))
            case _:
                self._show_decided_over(wish, found)

    def _show_decided_over(self, wish: "AnyWish", found: object) -> None:
        from outlet_sync_gui.reader import Record, WantConflicts, WantDeciders, WantRecord

        match wish, found:
            case WantRecord(), Record():
                self.decisions.show_record(wish, found)
            case WantDeciders(), _:
                self.decisions.show_deciders(_rows(found))
            case WantConflicts(), _:
                self.decisions.show_conflicts(_rows(found))

    def show_errand(self, errand: "Errand", came: object) -> None:
        """Show what came of an errand of the settings."""
        if self.rail.page() is Page.SETTINGS:
            self.settings_page.show_came(errand, came)

    def show_rows(self, rows: "Sequence[Row]") -> None:
        """Show the rows that fit the state."""
        self.status_page.show_rows(rows)

    def show_read_back(self, event: "ReadBack") -> None:
        """Show what came of asking headquarters what it has."""
        if "summary_page" in vars(self):
            self.summary_page.show_read_back(event)

    def show_declined(self, command: "Command", error: "InputRefused") -> None:
        """Say what the service could not do."""
        self.decisions.declined(command, error)

    def open_page(self, page: Page) -> None:
        """Go to a page."""
        self.rail.go_to(page)

    def retranslate(self) -> None:
        """Say everything again in the language that is spoken now."""
        self.rail.retranslate()
        for page in self._made:
            page.retranslate()
        self.banner.retranslate()
        self.decisions.retranslate()

    def come_up(self) -> None:
        """Be seen, in front."""
        self.showNormal()
        self.raise_()
        self.activateWindow()

    def event(self, event: QEvent) -> bool:
        """Qt's own, but by way of Python: drawing a page asks Python 500 times, and now has the interpreter all along.

        Else the thread that syncs could take it, for a millisecond, at any of them.
        """
        return super().event(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave it to the application whether this is the end."""
        event.ignore()
        self.close_asked.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rail and page fit themselves."""
        super().resizeEvent(event)
        if self._made:
            self._arrange()

    def _arrange(self) -> None:
        self.rail.arrange(is_narrow=self.width() < NARROW_WINDOW_PX)
        for page in self._made:
            page.arrange(self.width())

    def _lay_out(self) -> None:
        inside = QWidget()
        self.setCentralWidget(inside)
        layout = QHBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.rail)
        right = QVBoxLayout()
        right.setSpacing(0)
        layout.addLayout(right, 1)
        right.addWidget(self.banner)
        right.addWidget(self.pages, 1)

    def _connect(self) -> None:
        band = self.status_page.band
        band.sync_asked.connect(self.sync_asked)
        band.pause_asked.connect(self.pause_asked)
        band.resume_asked.connect(self.resume_asked)
        band.setup_asked.connect(self.setup_asked)
        self.status_page.list.retry.clicked.connect(self.retry_asked)
        self.status_page.queue_asked.connect(lambda: self.open_page(Page.QUEUE))
        self.status_page.attention_asked.connect(lambda: self.open_page(Page.ATTENTION))
        self.status_page.conflicts_asked.connect(self._review)
        self.status_page.activity_asked.connect(self._open_sent)
        self.rail.conflicts_asked.connect(self._review)
        self.status_page.line_asked.connect(self.line_asked)
        self.rail.page_changed.connect(self._show_page)
        self._theme.changed.connect(self.retranslate)

    def _page(self) -> "AnyPage":
        """The page that is shown: the others get the status when they are."""
        match self.rail.page():
            case Page.QUEUE:
                return self.queue_page
            case Page.ATTENTION:
                return self.attention_page
            case Page.ACTIVITY:
                return self.activity_page
            case Page.MESSAGES:
                return self.messages_page
            case Page.CHANGES:
                return self.changes_page
            case Page.SUMMARY:
                return self.summary_page
            case Page.SETTINGS:
                return self.settings_page
            case _:
                return self.status_page

    def _answer(self, question_id: int, choice: str) -> None:
        self.decisions.answer(question_id, choice)  # not before: made for the settings alone, it would delay them

    def _review(self) -> None:
        self.decisions.review()

    def _open_sent(self) -> None:
        from outlet_sync_gui.reader import Part

        self.open_page(Page.ACTIVITY)
        self.activity_page.show_part(Part.SENT)

    def _add(self, page: P) -> P:
        """A page among the others, in the language, colours and width of now."""
        from outlet_sync_gui.ui.widgets import scroll_area

        area = scroll_area()
        self.pages.addWidget(area)
        area.setWidget(page)
        self._made.append(page)
        page.retranslate()
        page.arrange(self.width())
        return page

    def _show_page(self) -> None:
        page = self._page()
        self.pages.setCurrentIndex(self._made.index(page))
        if self.rail.page() is Page.SETTINGS:
            self.settings_page.begin()
        if self._status is not None:
            page.show_status(self._status, self._now_ms)
        self.ask_for_rows()


def _rows(found: object) -> Sequence[Any]:
    assert isinstance(found, Sequence)
    return found
