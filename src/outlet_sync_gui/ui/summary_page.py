"""The daily summary: a business day's figures, what is checked before closing, sending it, and taking it along."""

from collections.abc import Sequence
from datetime import date as Date  # noqa: N812 - a day's name is called date here
from datetime import timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.contract.text import dumps, pretty
from outlet_sync_gui.reader import Compared, Day, OfDay, WantDay, WantGaps, WantReconciled
from outlet_sync_gui.status import Row, Status
from outlet_sync_gui.sync.closing import Check, body_of
from outlet_sync_gui.sync.commands import Reconcile
from outlet_sync_gui.sync.events import ReadBack
from outlet_sync_gui.ui.checklist import Checklist
from outlet_sync_gui.ui.day_cards import DayCards
from outlet_sync_gui.ui.day_dialogs import DayDialog, GapsDialog, TechnicalDialog
from outlet_sync_gui.ui.day_file import SaveDialog
from outlet_sync_gui.ui.day_head import DayHead
from outlet_sync_gui.ui.rail import NARROW_RAIL_PX, RAIL_PX
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import NARROW_PX

CHECKS_PX = 296
NARROW_WINDOW_PX = 900  # under it the rail is narrow
WIDEST_PX = 16_777_215  # Qt's own: no limit


class SummaryPage(QWidget):
    """Shows the day that `show_day` brought; `wanted` asks for what `wish` says, the others lead to a mending."""

    wanted = Signal()
    read_asked = Signal(object)  # a WantGaps
    send_asked = Signal(str)  # a business day, YYYY-MM-DD
    details_asked = Signal(object)  # a Row
    commanded = Signal(object)  # a Command
    told = Signal(object)  # a Say: what could not be done
    queue_asked = Signal()
    attention_asked = Signal()
    conflicts_asked = Signal()
    changes_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._theme = theme
        self._date: str | None = None  # the day that is looked at; None: today's, whichever that is
        self._is_today = True
        self._day: Day | None = None
        self._now_ms = 0
        self.head, self.cards, self.checks = DayHead(theme), DayCards(theme), Checklist(theme)
        self._lay_out()
        self._connect()

    def wish(self) -> WantDay:
        """The day that is looked at."""
        return WantDay(self._date)

    def show_status(self, _status: Status, now_ms: int) -> None:
        """What is true now shows in the day that is read next."""
        self._now_ms = now_ms

    def show_found(self, wish: OfDay, found: object) -> None:
        """Show what was read, unless another day is looked at by now."""
        match wish, found:
            case WantDay(), Day():
                self.show_day(wish, found)
            case WantGaps(), list():
                self.show_gaps(wish, found)
            case WantReconciled(date), Compared() if date == self._date:
                self.cards.compared.show_compared(found, self._now_ms)

    def show_day(self, wish: WantDay, day: Day) -> None:
        """Show a day."""
        if wish != self.wish():
            return
        self._day, self._date = day, day.closing.summary.date
        self._is_today = self._date == day.today
        self._show()
        if day.settings.cloud_extras:
            self.read_asked.emit(WantReconciled(self._date))

    def show_read_back(self, event: ReadBack) -> None:
        """Show what came of asking headquarters what it has of the day."""
        if event.what == Reconcile(self._date or ""):
            self.cards.compared.show_ended(event.error)
            self.read_asked.emit(WantReconciled(event.what.date))

    def show_gaps(self, wish: WantGaps, rows: Sequence[Row]) -> None:
        """List what a check counted."""
        if wish.date == self._date and not self.window().findChildren(GapsDialog):
            dialog = GapsDialog(self.window(), self._theme, wish.check, wish.n, rows, self._now_ms)
            dialog.details_asked.connect(self.details_asked)
            dialog.open()

    def arrange(self, width: int) -> None:
        """Figures and checks side by side, or one under the other."""
        is_compact = width < NARROW_PX
        side, top = (12, 12) if is_compact else (24, 20)
        self._column.setContentsMargins(side, top, side, top)
        rail = NARROW_RAIL_PX if width < NARROW_WINDOW_PX else RAIL_PX
        self.head.arrange(room=width - rail - 2 * side, is_compact=is_compact)
        self.checks.setMaximumWidth(WIDEST_PX if is_compact else CHECKS_PX)
        self.checks.setMinimumWidth(0 if is_compact else CHECKS_PX)
        self._stack(is_compact=is_compact)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        for part in (self.head, self.cards, self.checks):
            part.retranslate()
        self.figures.setAccessibleName(words.say("Daily summary"))

    def showEvent(self, event: QShowEvent) -> None:
        """Whoever comes back to a page that showed today sees the day of now."""
        super().showEvent(event)
        if self._is_today and not event.spontaneous():
            self._date = None

    def _show(self) -> None:
        if self._day is not None:
            self.head.show_day(self._day)
            self.cards.show_summary(self._day.closing.summary)
            self.cards.compared.show_day(self._day)
            self.checks.show_day(self._day, self._now_ms)

    def _go_to(self, date: str) -> None:
        self._date = date
        self.checks.send.setEnabled(False)  # until that day shows
        self.wanted.emit()

    def _step(self, days: int) -> None:
        """From the day that is shown to one before or after it."""
        if self._day is not None:
            shown = Date.fromisoformat(self._date or self._day.today)
            self._go_to(min(shown + timedelta(days), Date.fromisoformat(self._day.today)).isoformat())

    def _pick(self) -> None:
        if self._day is not None:
            dialog = DayDialog(self.window(), self._theme, self._day, self._now_ms)
            dialog.picked.connect(self._go_to)
            dialog.open()

    def _tell_technical(self) -> None:
        if self._day is not None:
            body = body_of(self._day.closing.summary, self._day.settings)
            TechnicalDialog(self.window(), pretty(dumps(body))).open()

    def _save(self, form: str) -> None:
        if self._day is not None:
            dialog = SaveDialog(self.window(), form, self._day)
            dialog.failed.connect(self.told)
            dialog.open()

    def _send(self) -> None:
        if self._day is not None:
            self.send_asked.emit(self._day.closing.summary.date)

    def _lead(self, check: Check) -> None:
        """To where this is mended; where it is no page's, to the records."""
        pages = {
            Check.UNSENT: self.queue_asked,
            Check.REFUSED: self.attention_asked,
            Check.CONFLICTS: self.conflicts_asked,
            Check.UNTAKEN: self.changes_asked,
        }
        if check in pages:
            pages[check].emit()
        elif self._day is not None:
            closing = self._day.closing
            self.read_asked.emit(WantGaps(closing.summary.date, check, closing.checks[check].n))

    def _stack(self, *, is_compact: bool) -> None:
        """Beside the checks, which stay, the figures scroll by themselves; under each other the page does."""
        directions = QBoxLayout.Direction
        self._body.setDirection(directions.TopToBottom if is_compact else directions.LeftToRight)
        self.figures.setHidden(is_compact)
        if is_compact and self.figures.widget() is not None:
            self.figures.takeWidget()
            self._body.insertWidget(0, self.cards)
            self.cards.show()
        elif not is_compact and self.figures.widget() is None:
            self._body.removeWidget(self.cards)
            self.figures.setWidget(self.cards)

    def _lay_out(self) -> None:
        self.figures = QScrollArea(widgetResizable=True)
        self.figures.setFrameShape(QFrame.Shape.NoFrame)
        self.figures.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.figures.setWidget(self.cards)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(12)
        self._body.addWidget(self.figures, 1)
        self._body.addWidget(self.checks)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(12)
        self._column.addWidget(self.head)
        self._column.addLayout(self._body, 1)

    def _connect(self) -> None:
        self.head.stepped.connect(self._step)
        self.head.days_asked.connect(self._pick)
        self.head.technical_asked.connect(self._tell_technical)
        self.head.save_asked.connect(self._save)
        self.cards.compared.commanded.connect(self.commanded)
        self.checks.led.connect(self._lead)
        self.checks.send_asked.connect(self._send)
        self.checks.refusal_asked.connect(self.attention_asked)
