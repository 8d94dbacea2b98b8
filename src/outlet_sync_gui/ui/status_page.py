"""The first page: the band, four figures, and the list that fits the state."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSpacerItem, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.status import Row, State, Status, Trouble
from outlet_sync_gui.ui.band import Band
from outlet_sync_gui.ui.row_model import Line, line_of
from outlet_sync_gui.ui.row_table import RowTable
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import NARROW_PX, Cards, Label, rule

if TYPE_CHECKING:
    from outlet_sync_gui.reader import WantGlance
    from outlet_sync_gui.ui.why_offline import WhyOffline

HEAD_PX = 44


class StatusPage(QWidget):
    """Shows a status and its rows; the cards of what waits and what was refused open their lists."""

    queue_asked = Signal()
    attention_asked = Signal()
    conflicts_asked = Signal()
    activity_asked = Signal()
    line_asked = Signal()  # what keeps us offline

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._status: Status | None = None
        self._now_ms = 0
        self._rows: Sequence[Row] = ()
        self._theme = theme
        self._is_compact = False
        self.band = Band(theme)
        self.cards = Cards()
        waiting, sent, attention, conflicts = self.cards.cards
        waiting.opens(self.queue_asked)
        sent.opens(self.activity_asked)
        attention.opens(self.attention_asked)
        conflicts.opens(self.conflicts_asked)
        self.doors = Label("error", wraps=True)
        self.list = _List(theme)
        self.list.see_all.clicked.connect(self._see_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(16)
        layout.addWidget(self.band)
        layout.addWidget(self.cards)
        layout.addWidget(self.doors)
        layout.addWidget(self.list, 1)

    @cached_property
    def why(self) -> "WhyOffline":
        """Why nothing goes out, made when that is so for the first time."""
        from outlet_sync_gui.ui.why_offline import WhyOffline

        made = WhyOffline(self._theme)
        made.arrange(is_compact=self._is_compact)
        made.look_asked.connect(self.line_asked)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(layout.indexOf(self.doors), made, 1)
        return made

    def wish(self) -> "WantGlance | None":
        """What the list wants to show."""
        from outlet_sync_gui.reader import WantGlance  # late, as `why`: the window shows before it is loaded

        status = self._status
        if status is None or _drains(status):
            return None
        return WantGlance(has_refused=status.dead > 0, has_waiting=status.pending.total > 0)

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show figures and sentence."""
        self._status, self._now_ms = status, now_ms
        self.band.show_status(status, now_ms)
        is_offline = status.state is State.OFFLINE and status.trouble is not None
        if is_offline or "why" in vars(self):
            self.why.show_status(status)
        for part in (self.cards, self.list):
            part.setHidden(is_offline)
        self._show_cards(status)
        self._show_list()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show what waits, was refused, or was just sent: what fits the state."""
        self._rows = rows
        self._show_list()

    def arrange(self, width: int) -> None:
        """Fit a width."""
        self._is_compact = is_compact = width < NARROW_PX
        self.band.arrange(is_compact=is_compact)
        self.cards.arrange(is_compact=is_compact)
        if "why" in vars(self):
            self.why.arrange(is_compact=is_compact)
        self.list.arrange(is_compact=is_compact)
        side = 12 if is_compact else 24
        layout = self.layout()
        assert layout is not None
        layout.setContentsMargins(side, 20 if not is_compact else 12, side, 20 if not is_compact else 12)

    def retranslate(self) -> None:
        """Say it all again."""
        if self._status is not None:
            self.band.retranslate()
            if "why" in vars(self):
                self.why.show_status(self._status)
            self._show_cards(self._status)
            self._show_list()

    def _show_cards(self, status: Status) -> None:
        waiting, sent, attention, conflicts = self.cards.cards
        pending = status.pending
        waiting.setToolTip(_lane_counts(status) if pending.total else "")
        waiting.show_figure(words.say("Not sent"), words.number(pending.total), _waiting_line(status, self._now_ms))
        sent.show_figure(
            words.say("Sent today"), words.number(status.sent_today), words.rupiah(status.sent_today_amount)
        )
        n = status.dead + status.questions
        attention.show_figure(words.say("Needs attention"), words.number(n), _attention_line(status), is_urgent=n > 0)
        line = words.say("choose what holds") if status.conflicts else words.say("same as headquarters")
        is_urgent = status.conflicts > 0
        conflicts.show_figure(words.say("Conflicts"), words.number(status.conflicts), line, is_urgent=is_urgent)
        self.doors.say("\n".join(_door(door) for door in status.doors))
        set_property(self.doors, "role", "quiet" if all(door.is_optional for door in status.doors) else "error")
        self.doors.setVisible(bool(status.doors))

    def _see_all(self) -> None:
        has_waiting = self._status is not None and self._status.pending.total > 0
        (self.queue_asked if has_waiting else self.activity_asked).emit()

    def _show_list(self) -> None:
        status = self._status
        if status is None:
            return
        has_waiting = status.pending.total > 0
        is_led = has_waiting or (bool(self._rows) and not status.dead)
        self.list.lead_on(words.say("See the queue") if has_waiting else words.say("See activity"), is_led=is_led)
        if _drains(status):
            self._rows = ()  # of before: the backlog's end reads others
            self.list.show_lines(words.say("Not sent yet"), _lane_lines(status))
            return
        self.list.offer_retry(is_offered=status.dead > 0)
        lines = [line_of(row, self._now_ms) for row in self._rows]
        self.list.show_lines(_list_title(status), lines, note=_note(status), empty=_empty(status))


class _List(QFrame):
    """A title over a table, or over the sentence that says why it is empty."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setProperty("role", "list")
        self.title = Label("title")
        self.note = Label("quiet", elides=True)
        self.retry = QPushButton()
        self.retry.setProperty("kind", "quiet")
        self.retry.hide()
        self.see_all = QPushButton()
        self.see_all.setProperty("kind", "quiet")
        self.rows = RowTable(theme)
        self.model, self.table, self.empty = self.rows.model, self.rows.table, self.rows.empty
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 8, 0)
        head.setSpacing(16)
        head.addWidget(self.title)
        head.addWidget(self.note, 1)
        head.addWidget(self.retry)
        head.addWidget(self.see_all)
        head.addSpacerItem(QSpacerItem(0, HEAD_PX))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 8)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(rule())
        layout.addWidget(self.rows, 1)

    def show_lines(self, title: str, lines: Sequence[Line], *, note: str = "", empty: str = "") -> None:
        """Show lines under their title; `empty` is what stands there when there are none."""
        self.title.say(title)
        self.note.say(note)
        self.rows.show_lines(lines, name=title, empty=empty)

    def offer_retry(self, *, is_offered: bool) -> None:
        """Offer to send again what was refused."""
        self.retry.setVisible(is_offered)
        self.retry.setText(words.say("Retry"))
        self.retry.setAccessibleName(words.say("Retry"))

    def lead_on(self, text: str, *, is_led: bool) -> None:
        """Lead to the page that shows all of it."""
        self.see_all.setText(text)
        self.see_all.setAccessibleName(text)
        self.see_all.setVisible(is_led)

    def arrange(self, *, is_compact: bool) -> None:
        """Leave out what a narrow list has no room for."""
        self.rows.arrange(is_compact=is_compact)


def _drains(status: Status) -> bool:
    """Whether the list shows lanes: single records would pass too fast to be read."""
    return status.progress is not None and status.state is State.SYNCING


def _waiting_line(status: Status, now_ms: int) -> str:
    pending = status.pending
    if pending.total == 0:
        return words.say("nothing waits")
    if status.held:
        return words.say("{n} held until headquarters' change is settled", n=words.number(status.held))
    if status.pending_amount:
        return words.rupiah(status.pending_amount)
    if pending.high == pending.low == 0 and status.next_attempt_at is not None:
        return words.say("menu & stock · {when}", when=words.at(status.next_attempt_at, now_ms, has_zone=False))
    return _lane_counts(status)


def _door(found: Trouble) -> str:
    """Why one of our own doors lets nothing in; nothing is wrong where it is no must."""
    return words.door(found) if found.is_optional else f"▲ {words.door(found)}"


def _attention_line(status: Status) -> str:
    if status.dead and status.questions:
        return words.say_n("{n} question, the rest refused", "{n} questions, the rest refused", status.questions)
    if status.questions:
        return words.say("waits for an answer")
    return words.say("see below") if status.dead else words.say("nothing refused")


def _lane_counts(status: Status) -> str:
    lanes = {"high": status.pending.high, "medium": status.pending.medium, "low": status.pending.low}
    return words.say(
        "orders {high} · menu {medium} · other {low}", **{name: words.number(n) for name, n in lanes.items()}
    )


def _note(status: Status) -> str:
    """How much waits in each lane; where a person must act, the code for the help desk: the band says the rest."""
    if status.trouble is not None and status.state is State.ATTENTION:
        return f"{words.say('Help code')} {words.help_code(status.trouble.code)}"
    return _lane_counts(status) if status.pending.total else ""


def _empty(status: Status) -> str:
    if status.state is State.SETUP:
        return words.say("Press “Set up”: outlet, API key, a test. It takes two minutes.")
    return words.say("Nothing waits. New orders show here.")


def _list_title(status: Status) -> str:
    if status.dead and status.pending.total == 0:
        return words.say("Refused by headquarters")
    if status.state is State.SETUP:
        return words.say("Not set up yet")
    if status.pending.total == 0:
        return words.say("Just sent")
    return words.say("Waiting for its turn") if status.state is State.WAITING else words.say("Not sent yet")


def _lane_lines(status: Status) -> list[Line]:
    pending = status.pending
    lanes = (
        ("order", "Orders & transactions", "sent first", pending.high, "being sent now"),
        ("product", "Menu, stock & summaries", "after the orders", pending.medium, "sent after the orders"),
        ("other", "Other", "notes, reports", pending.low, "sent tonight"),
    )
    return [
        Line(
            time="",
            icon=icon,
            what=words.say(name),
            detail=words.say(detail),
            amount=words.number(n),
            state=words.say(state) if n else words.say("sent"),
            state_icon="" if n else "check",
            key=key,
        )
        for key, (icon, name, detail, n, state) in enumerate(lanes)
    ]
