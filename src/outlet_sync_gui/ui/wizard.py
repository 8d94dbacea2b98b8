"""The first run: one question a page, the answers at the left, Enter goes on. Closed early it loses nothing."""

from collections.abc import Mapping
from functools import cached_property
from typing import TypeVar

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui import words
from outlet_sync_gui.settings import NEEDED
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.connection_test import Test
from outlet_sync_gui.ui.keeper import Errand, Kept
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import NARROW_PX, FocusRing, Label, rule, scroll_area
from outlet_sync_gui.ui.wizard_pages import AutostartQuestion, LanguageQuestion, OutletQuestion, Ready, TestQuestion
from outlet_sync_gui.ui.wizard_question import Question
from outlet_sync_gui.ui.wizard_rail import Rail
from outlet_sync_gui.ui.wizard_secrets import KeyQuestion, WebhookQuestion
from outlet_sync_gui.ui.wizard_sources import SourcesQuestion

WIDE_MARGINS, NARROW_MARGINS = (48, 40, 24, 16), (16, 12, 16, 8)
LOW_PX = 420
LINE_PX = 32  # under a field: its help, or what is wrong
SIZE, SMALLEST = QSize(1024, 528), QSize(480, 220)
PLACES: Mapping[str, type[Question]] = {  # in the order in which they are asked
    "language": LanguageQuestion,
    "outlet": OutletQuestion,
    "key": KeyQuestion,
    "test": TestQuestion,
    "webhook": WebhookQuestion,
    "sources": SourcesQuestion,
    "autostart": AutostartQuestion,
    "ready": Ready,
}
KINDS = tuple(PLACES.values())
NOTHING_TYPED = (TestQuestion, SourcesQuestion, Ready)
Q = TypeVar("Q", bound=Question)


class Wizard(QDialog):
    """Shows what is kept and true; asks for errands, the language, and the first sending."""

    asked = Signal(object)  # an Errand
    language_asked = Signal(str)
    sync_asked = Signal()

    def __init__(self, parent: QWidget, theme: Theme, test: Test) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._theme, self._try = theme, test
        self._is_begun = False
        self._kept: Kept | None = None
        self._status: Status | None = None
        self._now_ms = 0
        self._made: list[Question] = []
        self._columns: list[QVBoxLayout] = []
        self.rail = Rail(theme, KINDS[:-1], lambda place: self._at(place).line())
        self.pages = QStackedWidget()
        self.where = Label("small")
        self.back, self.next, self.hint = QPushButton(), QPushButton(), Label("quiet")
        self._foot = QVBoxLayout()
        self._lay_out()
        self._connect()
        self.ring = FocusRing(self)
        self.resize(SIZE)
        self.setMinimumSize(SMALLEST)
        self._go(0)
        self.retranslate()

    @property
    def question(self) -> Question:
        """The one that is shown."""
        return self._at(self.pages.currentIndex())

    # -- the questions, each made when somebody first comes to it

    @cached_property
    def language(self) -> LanguageQuestion:
        """Which language."""
        made = self._add(LanguageQuestion(self._theme))
        made.language_asked.connect(self.language_asked)
        return made

    @cached_property
    def outlet(self) -> OutletQuestion:
        """Which outlet this is."""
        return self._add(OutletQuestion())

    @cached_property
    def key(self) -> KeyQuestion:
        """The API key."""
        return self._add(KeyQuestion(self._theme))

    @cached_property
    def test(self) -> TestQuestion:
        """Whether headquarters knows this outlet."""
        made = self._add(TestQuestion(self._theme, self._try))
        made.test.begun.connect(lambda: self.key.show_steps({}))
        made.test.over.connect(self._tested)
        return made

    @cached_property
    def webhook(self) -> WebhookQuestion:
        """Instant updates."""
        return self._add(WebhookQuestion(self._theme))

    @cached_property
    def sources(self) -> SourcesQuestion:
        """How records are handed over."""
        return self._add(SourcesQuestion())

    @cached_property
    def autostart(self) -> AutostartQuestion:
        """Whether the session starts the program."""
        return self._add(AutostartQuestion(self._theme))

    @cached_property
    def ready(self) -> Ready:
        """Nothing more is asked."""
        made = self._add(Ready())
        made.sync_asked.connect(self.sync_asked)
        return made

    # -- what it is given

    def came(self, errand: Errand, result: object) -> None:
        """What came of an errand, its own or another's."""
        if isinstance(result, Kept):
            self.show_kept(result)
            if not self._is_begun:
                self._begin(result)
        self.question.came(errand, result)
        self._show()

    def show_kept(self, kept: Kept) -> None:
        """What is kept now."""
        self._kept = kept
        for question in self._made:
            question.show_kept(kept)

    def show_status(self, status: Status, now_ms: int) -> None:
        """What is true now."""
        self._status, self._now_ms = status, now_ms
        for question in self._made:
            question.show_status(status, now_ms)

    def retranslate(self) -> None:
        """Say it in the language and the colours of now."""
        self.setWindowTitle(f"Outlet Sync — {words.say('set-up')}")
        self.setWindowIcon(icons.tray_icon(State.SETUP))
        _name(self.back, words.say("Back"))
        self.hint.say(words.say("Enter goes on"))
        for question in self._made:
            question.retranslate()
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the new size."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The rail goes where there is no room for it, and one line says where one is."""
        is_narrow = self.width() < NARROW_PX
        self.rail.setVisible(not is_narrow)
        self.where.setVisible(is_narrow)
        self.hint.setVisible(not is_narrow)
        left, top, right, bottom = NARROW_MARGINS if is_narrow else WIDE_MARGINS
        top = min(top, 16) if self.height() < LOW_PX else top
        for column in self._columns:
            column.setContentsMargins(left, top, right, bottom)
        self._foot.setContentsMargins(left, 0, right, 12 if is_narrow else 16)

    # -- how one goes through it

    def _begin(self, kept: Kept) -> None:
        """Where something is missing: whoever comes back does not answer again."""
        self._is_begun = True
        missing = kept.loaded.settings.missing
        self._go(0 if len(missing) == len(NEEDED) else 1 if missing else 2)

    def _go(self, place: int) -> None:
        self.question.give_up()
        self.pages.setCurrentIndex(place)
        self.question.enter()
        self._show()
        if isinstance(self.question, NOTHING_TYPED):
            self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def _answered(self, question: Question) -> None:
        if question is not self.question:
            return
        if isinstance(question, Ready):
            self.accept()
        else:
            self._go(self.pages.currentIndex() + 1)

    def _tested(self) -> None:
        self.key.show_steps(self.test.test.steps)
        self._lead_to(self.test.test.failed() or self.test.test.sentence)
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def _focus_moved(self, _before: QWidget | None, now: QWidget | None) -> None:
        self._lead_to(now)

    def _lead_to(self, part: QWidget | None) -> None:
        """Scroll a page that is higher than the window to where somebody has to look."""
        area = self.pages.currentWidget()
        inside = area.widget() if isinstance(area, QScrollArea) else None
        if isinstance(area, QScrollArea) and inside and part and inside.isAncestorOf(part):
            _lay_out_now(part, area)
            top = part.mapTo(inside, QPoint(0, 0)).y()
            area.ensureVisible(0, top + part.height(), 0, LINE_PX)  # of a field as a whole: Qt leads to its cursor
            area.ensureVisible(0, top, 0, 0)

    def _next_pressed(self) -> None:
        self.question.go_on()

    def _go_back(self) -> None:
        if self.pages.currentIndex():
            self._go(self.pages.currentIndex() - 1)

    def _show(self) -> None:
        question, place = self.question, self.pages.currentIndex()
        self.rail.show_place(place)
        self.where.say(self.rail.where.whole())
        _name(self.next, words.say("Keeping it…") if question.is_busy else question.next_text())
        self.next.setEnabled(question.can_go_on())
        self.next.setToolTip("" if question.can_go_on() else words.say("One moment."))
        self.back.setEnabled(place > 0)
        self.back.setToolTip("" if place else words.say("This is the first page."))

    def _at(self, place: int) -> Question:
        question: Question = getattr(self, tuple(PLACES)[place])
        return question

    def _add(self, question: Q) -> Q:
        """In its place, with all that is known now."""
        area = self.pages.widget(KINDS.index(type(question)))
        assert isinstance(area, QScrollArea)
        inside = QWidget()
        inside.setProperty("kind", "page")
        area.setWidget(inside)
        column = QVBoxLayout(inside)
        column.addWidget(question)
        self._made.append(question)
        self._columns.append(column)
        self._arrange()
        for button in question.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter goes on, wherever it is pressed
        question.kept = self._kept
        question.retranslate()
        if self._status is not None:
            question.show_status(self._status, self._now_ms)
        question.asked.connect(self.asked)  # what it says of itself counts once it is one of them
        question.changed.connect(self._show)
        question.failed.connect(self._lead_to)
        question.answered.connect(lambda: self._answered(question))
        return question

    def _lay_out(self) -> None:
        self.back.setAutoDefault(True)
        self.next.setDefault(True)
        self.next.setProperty("kind", "primary")
        self.next.setMinimumWidth(140)
        for _ in PLACES:
            self.pages.addWidget(scroll_area())
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.back)
        row.addWidget(self.where)
        row.addStretch()
        row.addWidget(self.hint)
        row.addWidget(self.next)
        self._foot.setSpacing(12)
        self._foot.addWidget(rule())
        self._foot.addLayout(row)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.pages, 1)
        right.addLayout(self._foot)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # narrower than its widest page
        layout.addWidget(self.rail)
        layout.addLayout(right, 1)

    def _connect(self) -> None:
        self.back.clicked.connect(self._go_back)
        self.next.clicked.connect(self._next_pressed)
        self._theme.changed.connect(self.retranslate)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)  # before the ring, which goes where it is then


def _lay_out_now(part: QWidget, area: QScrollArea) -> None:
    """What was said last may have made a page higher: Qt would lay it out in its next turns, one level in each."""
    around = part.parentWidget()
    while around is not None and around is not area.viewport():
        if (layout := around.layout()) is not None:
            layout.activate()
        around = around.parentWidget()
    QApplication.sendEvent(area, QEvent(QEvent.Type.LayoutRequest))


def _name(button: QPushButton, text: str) -> None:
    button.setText(text)
    button.setAccessibleName(text)
