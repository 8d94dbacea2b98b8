"""Before closing: one sentence to go home by, what is not as it should be with the way to mend it, and the sending."""

from collections.abc import Iterator, Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.contract.text import Json
from outlet_sync_gui.reader import Day
from outlet_sync_gui.status import State
from outlet_sync_gui.sync.closing import Check, Closing, Sending
from outlet_sync_gui.sync.summary import Amount, Summary
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.dialogs import name_button
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label, rule

ICON_PX = 18
OF_NOW = frozenset({Check.REFUSED, Check.CONFLICTS, Check.UNTAKEN})  # of a past day nobody asks for them
SELDOM = frozenset({Check.WITHHELD})  # that there is none needs no telling
FIGURES = (
    ("total_revenue", words.N_("Revenue")),
    ("total_orders", words.N_("Orders")),
    ("total_transactions", words.N_("Transactions")),
)
PARTS = (
    ("payment_methods", words.N_("Payment methods")),
    ("top_products", words.N_("Top products")),
    ("hourly_breakdown", words.N_("Revenue by hour")),
)


class Checklist(QFrame):
    """Says whether the day is complete; `led` names the check whose mending is wanted, `send_asked` sends the day."""

    led = Signal(object)  # a Check
    send_asked = Signal()
    refusal_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._theme = theme
        self._day: Day | None = None
        self._asked: tuple[str, Sending] | None = None  # the day that was sent, as it stood, until that shows
        self.title, self.verdict = Label("title"), Label(wraps=True)
        self.rows = {check: CheckRow(theme, check) for check in Check}
        self.state, self.changes = Label("small", wraps=True), Label("small", wraps=True)
        self.why, self.send = QPushButton(), QPushButton()
        self._lay_out()
        self.why.clicked.connect(self.refusal_asked)
        self.send.clicked.connect(self._send)
        for check, row in self.rows.items():
            row.button.clicked.connect(lambda _=False, check=check: self.led.emit(check))
        theme.changed.connect(self._show)

    def show_day(self, day: Day, now_ms: int) -> None:
        """Show how a day stands."""
        self._day, self._now_ms = day, now_ms
        self._show()

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.title.say(words.say("Before closing"))
        self.setAccessibleName(self.title.whole())
        name_button(self.send, words.say("Send summary"))
        name_button(self.why, words.say("See why"))
        self._show()

    def _show(self) -> None:
        day = self._day
        self.send.setEnabled(False)
        if day is None:
            return
        closing = day.closing
        figures = {"orders": closing.summary.orders, "revenue": closing.summary.revenue}
        self.verdict.say(words.verdict(closing.checks, **figures))
        self._show_rows(closing.checks, is_now=closing.summary.date == day.today)
        self._show_sending(closing)

    def _show_rows(self, bad: Mapping[Check, Amount], *, is_now: bool) -> None:
        """Failing first; a day with nothing to mend says so in the sentence alone."""
        asked = [check for check in Check if (is_now or check not in OF_NOW) and (check in bad or check not in SELDOM)]
        for place, check in enumerate(sorted(self.rows, key=lambda check: check not in bad)):
            row = self.rows[check]
            self._rows.insertWidget(place, row)
            row.show_found(bad.get(check))
            row.setVisible(bool(bad) and check in asked)

    def _show_sending(self, closing: Closing) -> None:
        sending = closing.sending
        self.state.say(state_of(closing, self._now_ms))
        self.changes.say("\n".join(changes(sending.sent, closing.summary)) if sending.is_changed else "")
        self.changes.setVisible(bool(self.changes.whole()))
        self.why.setVisible(sending.is_refused)
        hindrance = self._hindrance(closing)
        self.send.setEnabled(not hindrance)
        self.send.setToolTip(hindrance)
        is_wanted = not hindrance and bool(closing.summary.orders or closing.summary.transactions)
        set_property(self.send, "kind", "primary" if is_wanted else "")
        colours = self._theme.tokens
        colour = colours.on_accent if is_wanted else colours.text
        self.send.setIcon(icons.icon("up", colour, disabled=colours.text2))

    def _hindrance(self, closing: Closing) -> str:
        """Why it can't be sent; what came of the last sending is heard as soon as it shows."""
        if self._asked == (closing.summary.date, closing.sending):
            return words.say("It is on its way.")
        if self._asked is not None and self._asked[0] == closing.summary.date:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.state.whole()))
        self._asked = None
        return why_not(closing.sending)

    def _send(self) -> None:
        """Once: a day that was read before, and comes after, shows nothing to send again."""
        if self._day is not None:
            self._asked = self._day.closing.summary.date, self._day.closing.sending
            self._show()
            self.send_asked.emit()

    def _lay_out(self) -> None:
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.why.setProperty("kind", "quiet")
        self.changes.setProperty("kind", "effect")
        self.changes.setContentsMargins(10, 4, 10, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.verdict)
        layout.addLayout(self._rows)
        layout.addStretch(1)
        layout.addWidget(self.state)
        layout.addWidget(self.changes)
        layout.addWidget(self.why)
        layout.addSpacing(4)
        layout.addWidget(self.send)


class CheckRow(QWidget):
    """One check: a shape, a sentence, how much rupiah, and the way to mend it."""

    def __init__(self, theme: Theme, check: Check) -> None:
        super().__init__()
        self._theme, self._check = theme, check
        self._icon = QLabel()
        self.sentence, self.money = Label(wraps=True), Label("small")
        self.button = QPushButton()
        self.button.setProperty("kind", "quiet")
        self.button.setProperty("role", "place")
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.setContentsMargins(0, 3, 0, 3)
        texts.addWidget(self.sentence)
        texts.addWidget(self.money)
        inside = QHBoxLayout()
        inside.setSpacing(10)
        inside.addWidget(self._icon)
        inside.addLayout(texts, 1)
        inside.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(inside)
        layout.addWidget(rule())

    def show_found(self, bad: Amount | None) -> None:
        """Show what was found; None: all is well."""
        colours = self._theme.tokens
        name, colour = ("passed", colours.text2) if bad is None else ("triangle", colours.states[State.ATTENTION][0])
        self._icon.setPixmap(icons.pixmap(name, colour, ICON_PX, self.devicePixelRatioF(), colours.surface))
        self.sentence.say(words.check_good(self._check) if bad is None else words.check_bad(self._check, bad.n))
        self.money.say(words.rupiah(bad.rupiah) if bad is not None and bad.rupiah else "")
        self.money.setVisible(bool(self.money.whole()))
        self.button.setVisible(bad is not None)
        self.button.setText(words.say("Compare") if self._check is Check.CONFLICTS else words.say("See"))
        self.button.setAccessibleName(f"{self.button.text()}: {self.sentence.whole()}")


def state_of(closing: Closing, now_ms: int) -> str:
    """What became of the summary, or that it can be sent."""
    sending, summary = closing.sending, closing.summary
    if sending.sent_at is None and not (sending.is_waiting or sending.is_refused):
        if not (summary.orders or summary.transactions):
            return words.say("Nothing was sold, so there is nothing to tell.")
        return words.say("Can be sent now. If the day changes later, send it again.")
    return words.sending(sending, now_ms)


def why_not(sending: Sending) -> str:
    """Why the summary can't be sent now; empty where it can."""
    is_there = sending.sent_at is not None or sending.is_waiting or sending.is_refused
    if not is_there or sending.is_changed:
        return ""
    if sending.is_refused:
        return words.say("Headquarters refused this very summary. See why first.")
    return words.say("It is on its way.") if sending.is_waiting else words.say("Nothing has changed since it was sent.")


def changes(sent: Mapping[str, Json], summary: Summary) -> Iterator[str]:
    """What is other now than in what was sent: figures from → to, the rest by name."""
    before, now = sent.get("summary", {}), summary.content()["summary"]
    for key, name in FIGURES:
        if before.get(key) != now[key]:
            show = words.rupiah if key == "total_revenue" else words.number
            old = show(before[key]) if isinstance(before.get(key), int) else "–"
            yield f"{words.say(name)} {old} → {show(now[key])}"
    others = [words.say(name) for key, name in PARTS if before.get(key) != now[key]]
    if others:
        yield words.say("Changed: {parts}", parts=", ".join(others))
