"""The first run: one question a page, the answers at the left, Enter goes on. Closed early it loses nothing."""

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
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
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import NARROW_PX, FocusRing, Label, rule, scroll_area
from outlet_sync_gui.ui.wizard_pages import AutostartQuestion, LanguageQuestion, OutletQuestion, Ready, TestQuestion
from outlet_sync_gui.ui.wizard_question import Question, capital
from outlet_sync_gui.ui.wizard_secrets import KeyQuestion, WebhookQuestion
from outlet_sync_gui.ui.wizard_sources import SourcesQuestion

RAIL_PX, ICON_PX, STALL_PX = 232, 20, 32
WIDE_MARGINS, NARROW_MARGINS = (48, 40, 24, 16), (16, 12, 16, 8)
LOW_PX = 420
LINE_PX = 32  # under a field: its help, or what is wrong
SIZE, SMALLEST = QSize(1024, 528), QSize(480, 220)


class Wizard(QDialog):
    """Shows what is kept and true; asks for errands, the language, and the first sending."""

    asked = Signal(object)  # an Errand
    language_asked = Signal(str)
    sync_asked = Signal()

    def __init__(self, parent: QWidget, theme: Theme, test: Test) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._theme = theme
        self._is_begun = False
        self.language, self.outlet, self.key = LanguageQuestion(theme), OutletQuestion(), KeyQuestion(theme)
        self.test, self.webhook, self.sources = TestQuestion(theme, test), WebhookQuestion(theme), SourcesQuestion()
        self.autostart, self.ready = AutostartQuestion(theme), Ready()
        self.questions: tuple[Question, ...] = (
            *(self.language, self.outlet, self.key, self.test),
            *(self.webhook, self.sources, self.autostart, self.ready),
        )
        self.rail = _Rail(theme, self.questions[:-1])
        self.pages = QStackedWidget()
        self.where = Label("small")
        self.back, self.next, self.hint = QPushButton(), QPushButton(), Label("quiet")
        self._foot = QVBoxLayout()
        self._lay_out()
        self._columns = [self._add(question) for question in self.questions]
        self._connect()
        self.ring = FocusRing(self)
        self.resize(SIZE)
        self.setMinimumSize(SMALLEST)
        self.retranslate()
        self._go(0)

    @property
    def question(self) -> Question:
        """The one that is shown."""
        return self.questions[self.pages.currentIndex()]

    # -- what it is given

    def came(self, errand: Errand, result: object) -> None:
        """What came of an errand, its own or another's."""
        if isinstance(result, Kept):
            for question in self.questions:
                question.show_kept(result)
            if not self._is_begun:
                self._begin(result)
        self.question.came(errand, result)
        self._show()

    def show_status(self, status: Status, now_ms: int) -> None:
        """What is true now."""
        for question in self.questions:
            question.show_status(status, now_ms)

    def retranslate(self) -> None:
        """Say it in the language and the colours of now."""
        self.setWindowTitle(f"Outlet Sync — {words.say('set-up')}")
        self.setWindowIcon(icons.tray_icon(State.SETUP))
        _name(self.back, words.say("Back"))
        self.hint.say(words.say("Enter goes on"))
        for question in self.questions:
            question.retranslate()
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The rail goes where there is no room for it, and one line says where one is."""
        super().resizeEvent(event)
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
        if self.question in (self.test, self.sources, self.ready):  # nothing is typed there
            self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def _answered(self, question: Question) -> None:
        if question is not self.question:
            return
        if question is self.ready:
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

    def _add(self, question: Question) -> QVBoxLayout:
        inside = QWidget()
        inside.setProperty("kind", "page")
        column = QVBoxLayout(inside)
        area = scroll_area()
        self.pages.addWidget(area)
        area.setWidget(inside)
        column.addWidget(question)
        return column

    def _lay_out(self) -> None:
        self.back.setAutoDefault(True)
        self.next.setDefault(True)
        self.next.setProperty("kind", "primary")
        self.next.setMinimumWidth(140)
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
        self.language.language_asked.connect(self.language_asked)
        self.ready.sync_asked.connect(self.sync_asked)
        for question in self.questions:
            question.asked.connect(self.asked)
            question.changed.connect(self._show)
            question.failed.connect(self._lead_to)
            question.answered.connect(lambda question=question: self._answered(question))
        self.test.test.begun.connect(lambda: self.key.show_steps({}))
        self.test.test.over.connect(self._tested)
        for button in self.pages.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter goes on, wherever it is pressed
        self._theme.changed.connect(self.retranslate)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)  # before the ring, which goes where it is then


class _Rail(QFrame):
    """The steps: done, here, to come."""

    def __init__(self, theme: Theme, questions: tuple[Question, ...]) -> None:
        super().__init__()
        self.setProperty("kind", "rail")
        self.setFixedWidth(RAIL_PX)
        self._theme, self._questions = theme, questions
        self.icon, self.name, self.where = QLabel(), Label("title", elides=True), Label("small", elides=True)
        self.steps = [_Step(theme) for _ in questions]
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.name)
        texts.addWidget(self.where)
        head = QHBoxLayout()
        head.setContentsMargins(10, 4, 0, 8)
        head.setSpacing(10)
        head.addWidget(self.icon)
        head.addLayout(texts, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(0)
        column.addLayout(head)
        for step in self.steps:
            column.addWidget(step)
        column.addStretch()

    def show_place(self, place: int) -> None:
        """Show where one is; behind the last step all are done."""
        count = len(self._questions)
        self.name.say(words.say("Setting up the outlet"))
        step = words.say("step {n} of {count}", n=min(place + 1, count), count=count)
        self.where.say(words.say("done") if place >= count else step)
        colour, _ = self._theme.tokens.states[State.SETUP]
        ratio = self.devicePixelRatioF()
        self.icon.setPixmap(icons.stall(State.SETUP, colour, STALL_PX, ratio, self._theme.tokens.rail))
        for n, (step_row, question) in enumerate(zip(self.steps, self._questions, strict=True)):
            line = "" if n == place else question.line() if n < place or question.NAME == "Instant updates" else ""
            step_row.show_step(capital(words.say(question.NAME)), line, is_done=n < place, is_current=n == place)


class _Step(QFrame):
    """One step of the rail."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "step")
        self._theme = theme
        self.icon, self.name, self.line = QLabel(), Label("title", wraps=True), Label("small", elides=True)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addStretch()
        texts.addWidget(self.name)
        texts.addWidget(self.line)
        texts.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 10, 0)
        row.setSpacing(12)
        row.addWidget(self.icon)
        row.addLayout(texts, 1)

    def show_step(self, name: str, line: str, *, is_done: bool, is_current: bool) -> None:
        """Show it."""
        colours = self._theme.tokens
        self.name.say(name)
        self.line.say(line)
        self.line.setVisible(bool(line))
        set_property(self.name, "role", "title" if is_done or is_current else "step")
        set_property(self, "isCurrent", is_current)
        shape, colour = ("passed", colours.text2) if is_done else ("ring", colours.edge)
        shape, colour = ("radio", colours.accent) if is_current else (shape, colour)
        ratio, glyph = self.devicePixelRatioF(), colours.surface
        self.icon.setPixmap(icons.pixmap(shape, colour, ICON_PX, ratio, glyph))
        told = words.say("done") if is_done else words.say("here now") if is_current else words.say("to come")
        self.setAccessibleName(", ".join(part for part in (name, line, told) if part))


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
