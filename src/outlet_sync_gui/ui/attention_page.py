"""The page of what needs a person: what is asked, and what was refused, the same failures together."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.reader import Refused, WantRefused
from outlet_sync_gui.status import Row, Status
from outlet_sync_gui.store.refusals import Alike, Failure
from outlet_sync_gui.ui.refused_group import GroupCard
from outlet_sync_gui.ui.standing import StandingList, of_questions, of_waits
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import NARROW_PX, Label

SIDE_PX, NARROW_SIDE_PX = 24, 12


class AttentionPage(QWidget):
    """One group is open, the others are one line each; what is asked stands on top."""

    asked = Signal(object, object, object)  # an Action, the rows, and the group where all of it is meant, else None
    wanted = Signal()  # another group is open: its rows are to be read

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._theme = theme
        self._status: Status | None = None
        self._now_ms = 0
        self._is_compact = False
        self._opened: Failure | None = None
        self._is_closed = False  # a person closed the one that was open
        self._is_landing = False
        self.refused: Refused | None = None
        self.title = Label("page-title")
        self.line = Label("quiet", wraps=True)
        self.standing = StandingList(theme)
        self.empty, self.more = Label("quiet", wraps=True), Label("quiet", wraps=True)
        self.cards: dict[Failure, GroupCard] = {}
        self._groups = QVBoxLayout()
        self.column = QVBoxLayout(self)
        self._lay_out()

    def wish(self) -> WantRefused:
        """The groups, and the rows of the one that is open."""
        return WantRefused(self._opened)

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self._status, self._now_ms = status, now_ms
        self.standing.show_standing([*of_questions(status.asked), *of_waits(status.waits, now_ms)])
        self._say()

    def land(self) -> None:
        """Open the group, where there is one alone, with its newest record in view, once that is read from the disk."""
        self._is_landing = True
        self._is_closed = False
        self.wanted.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Whoever left it lands nowhere any more."""
        super().hideEvent(event)
        self._is_landing = False

    def show_refused(self, refused: Refused) -> None:
        """Show what was read; a card stays under the finger as long as there is something in it."""
        self.refused = refused
        groups = {group.failure: group for group in refused.groups}
        for failure in [failure for failure in self.cards if failure not in groups]:
            self._remove(failure)
        for place, group in enumerate(refused.groups):
            self._card(place, group).show_group(group)
        self._open(refused.opened, refused.rows)
        self.more.say(words.say_n("{n} more reason follows.", "{n} more reasons follow.", refused.more))
        self.more.setVisible(refused.more > 0)
        self._say()
        if self._is_landing and refused.rows:
            self._is_landing = False
            if len(refused.groups) == 1:
                self.cards[refused.groups[0].failure].land()

    def arrange(self, width: int) -> None:
        """Fit a width."""
        self._is_compact = width < NARROW_PX
        side, top = (NARROW_SIDE_PX, NARROW_SIDE_PX) if self._is_compact else (SIDE_PX, 20)
        self.column.setContentsMargins(side, top, side, top)
        self.standing.arrange(is_compact=self._is_compact)
        for card in self.cards.values():
            card.arrange(is_compact=self._is_compact)

    def retranslate(self) -> None:
        """Say it again in the language and the colours of now."""
        self.standing.retranslate()
        for card in self.cards.values():
            card.retranslate()
        if self._status is not None:
            self.show_status(self._status, self._now_ms)

    def _card(self, place: int, group: Alike) -> GroupCard:
        card = self.cards.get(group.failure)
        if card is None:
            card = self.cards[group.failure] = GroupCard(self._theme, group)
            card.arrange(is_compact=self._is_compact)
            card.toggled.connect(self._toggled)
            card.asked.connect(self.asked)
            self._groups.insertWidget(place, card)
        return card

    def _remove(self, failure: Failure) -> None:
        card = self.cards.pop(failure)
        self._groups.removeWidget(card)
        card.hide()
        card.deleteLater()
        self._is_closed = self._is_closed and failure != self._opened

    def _toggled(self, failure: Failure) -> None:
        self._is_closed = failure == self._opened and not self._is_closed
        self._opened = failure
        for each, card in self.cards.items():
            card.show_open(is_open=each == failure and not self._is_closed)
        if not self._is_closed:
            self.wanted.emit()

    def _open(self, failure: Failure | None, rows: Sequence[Row]) -> None:
        if self._opened in self.cards and failure != self._opened:
            return  # another one was opened since this was asked for
        self._opened = failure
        for each, card in self.cards.items():
            if each == failure:
                card.show_rows(rows, self._now_ms)
            card.show_open(is_open=each == failure and not self._is_closed)

    def _say(self) -> None:
        self.title.say(words.say("Needs attention"))
        self.empty.say(words.say("What headquarters refuses shows here, with its reason."))
        self.empty.setVisible(not self.cards)
        if self._status is not None:
            self.line.say(self._told(self._status))

    def _told(self, status: Status) -> str:
        if status.deciding is not None:
            return words.deciding(status.deciding)
        if not status.dead:
            asked = words.say_n("{n} question needs an answer", "{n} questions need an answer", status.questions)
            return asked if status.questions else words.say("Nothing refused")
        reasons = len(self.cards) + (self.refused.more if self.refused is not None else 0)
        if reasons < 2:
            return words.say_n(
                "{n} record was not accepted by headquarters. The rest is still sent.",
                "{n} records were not accepted by headquarters. The rest is still sent.",
                status.dead,
            )
        return words.say(
            "{n} records were not accepted by headquarters, for {reasons} reasons. The rest is still sent.",
            n=words.number(status.dead),
            reasons=words.number(reasons),
        )

    def _lay_out(self) -> None:
        head = QVBoxLayout()
        head.setSpacing(0)
        head.addWidget(self.title)
        head.addWidget(self.line)
        self._groups.setSpacing(10)
        self.column.setSpacing(12)
        self.column.addLayout(head)
        self.column.addWidget(self.standing)
        self.column.addLayout(self._groups, 1)
        self.column.addWidget(self.more)
        self.column.addWidget(self.empty)
        self.column.addStretch()
        self.more.hide()
