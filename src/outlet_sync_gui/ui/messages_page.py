"""Headquarters' announcements: what nobody has acknowledged, newest first; below it what was read."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.reader import WantMessages
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.store.messages import Message
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import NARROW_PX, Label, PageColumn, bring_into_view

ICON_PX = 24
ICONS = {"info": "info", "warning": "triangle", "urgent": "urgent"}
COLOURS = {"info": State.SYNCING, "warning": State.ATTENTION, "urgent": State.ERROR}


class MessagesPage(QWidget):
    """Shows announcements as plain text; asks to tick one off."""

    acknowledged = Signal(int)  # the announcement's number
    wanted = Signal()  # something of it is to be read now

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._theme = theme
        self._is_compact = False
        self._messages: Sequence[Message] = ()
        self._unread = 0
        self._now_ms = 0
        self._is_landing = False
        self.cards: list[MessageCard] = []
        self.title = Label("page-title")
        self.line = Label("quiet", wraps=True)
        self.empty = Label("quiet", wraps=True)
        self.earlier = Label("label")
        self.earlier.setParent(self)
        self._column = PageColumn(self, self.title, self.line)
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self._column.addWidget(self.empty)
        self._column.addLayout(self._list)
        self._column.addStretch(1)
        theme.changed.connect(self._build)

    def wish(self) -> WantMessages:
        """What this page wants to show."""
        return WantMessages()

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self._unread, self._now_ms = status.messages, now_ms
        self._show()

    def show_messages(self, messages: Sequence[Message]) -> None:
        """Show what was read."""
        self._messages = messages
        self._show()
        if self._is_landing and self.cards and self.cards[0].is_open:
            self._is_landing = False
            bring_into_view(self.cards[0])
            self.cards[0].done.setFocus(Qt.FocusReason.OtherFocusReason)

    def land(self) -> None:
        """Bring the newest that nobody has read into view, once it is read from the disk."""
        self._is_landing = True
        self.wanted.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Whoever left it lands nowhere any more."""
        super().hideEvent(event)
        self._is_landing = False

    def arrange(self, width: int) -> None:
        """Fit a width."""
        self._is_compact = width < NARROW_PX
        self._column.arrange(is_compact=self._is_compact)
        for card in self.cards:
            card.arrange(is_compact=self._is_compact)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.title.say(words.say("Messages"))
        self.empty.say(words.say("What headquarters announces shows here until somebody has read it."))
        self.earlier.say(words.say("Earlier"))
        self._build()
        self._show()

    def _show(self) -> None:
        """A card stays under the finger while nothing of it changes."""
        wanted = sorted(self._messages, key=lambda message: not is_waiting(message, self._now_ms))
        if [card.key for card in self.cards] != [_key(message, self._now_ms) for message in wanted]:
            self._messages = wanted
            self._build()
        for card, message in zip(self.cards, wanted, strict=True):
            card.say(message, self._now_ms)
        waiting = sum(is_waiting(message, self._now_ms) for message in wanted)
        n = max(self._unread, waiting)
        told = words.say_n("{n} announcement to be read", "{n} announcements to be read", n)
        more = f" · {words.say('the newest {n} are shown', n=words.number(waiting))}" if n > waiting else ""
        self.line.say(f"{told}{more}" if n else words.say("Nothing new from headquarters"))

    def _build(self) -> None:
        for card in self.cards:
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._list.removeWidget(self.earlier)
        self.cards = [
            MessageCard(self._theme, message, self._now_ms, self.acknowledged.emit) for message in self._messages
        ]
        past = [card for card in self.cards if not card.is_open]
        for card in self.cards:
            if card in past[:1]:
                self._list.addWidget(self.earlier)
            card.arrange(is_compact=self._is_compact)
            self._list.addWidget(card)
        self.earlier.setVisible(bool(past))
        self.empty.setVisible(not self.cards)


class MessageCard(QFrame):
    """One announcement: how much it matters by shape and word, its text, and who has read it."""

    def __init__(self, theme: Theme, message: Message, now_ms: int, acknowledge: Callable[[int], None]) -> None:
        super().__init__()
        self.key = _key(message, now_ms)
        self.is_open = is_waiting(message, now_ms)
        self.setProperty("kind", "card" if self.is_open else "past")
        self.icon, self.level = QLabel(), Label("small", wraps=True)
        colours = theme.tokens
        colour = colours.states[COLOURS.get(message.level, State.SYNCING)][0] if self.is_open else colours.text2
        name = ICONS.get(message.level, "info")
        self.icon.setPixmap(icons.pixmap(name, colour, ICON_PX, self.devicePixelRatioF()))
        self.title = Label("title" if self.is_open else "quiet", wraps=True)
        self.text = Label("" if self.is_open else "quiet", wraps=True)
        self.fate = Label("small", wraps=True)
        self.done = QPushButton(words.say("Mark as read"), self)
        self.done.setAccessibleName(self.done.text())
        self.done.clicked.connect(lambda: acknowledge(message.number))
        self._grid = QGridLayout(self)
        self._lay_out()
        self.say(message, now_ms)

    def say(self, message: Message, now_ms: int) -> None:
        """Tell it, and how long ago it came."""
        self.level.say(f"{words.level(message.level)} · {words.at_and_ago(message.at, now_ms)}")
        self.title.say(message.title)
        self.text.say(message.text)
        self.fate.say(_fate(message, now_ms))
        for label in (self.title, self.text, self.fate):
            label.setVisible(bool(label.whole()))

    def arrange(self, *, is_compact: bool) -> None:
        """The button beside the text, or under it."""
        place = (1, 1, 1, 1) if is_compact else (0, 2, 1, 1)
        self._grid.addWidget(self.done, *place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)

    def _lay_out(self) -> None:
        self._grid.setContentsMargins(16, 12, 12, 12)
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(1, 1)
        texts = QVBoxLayout()
        texts.setSpacing(4)
        for label in (self.level, self.title, self.text, self.fate):
            texts.addWidget(label)
        self._grid.addWidget(self.icon, 0, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addLayout(texts, 0, 1)
        self.done.setVisible(self.is_open)


def is_waiting(message: Message, now_ms: int) -> bool:
    """Whether somebody should still read it."""
    return message.read_at is None and (message.expires_at is None or message.expires_at > now_ms)


def _key(message: Message, now_ms: int) -> tuple[int, bool]:
    return message.number, is_waiting(message, now_ms)


def _fate(message: Message, now_ms: int) -> str:
    if message.read_at is not None:
        when = words.moment(message.read_at, now_ms)
        return words.say("Read by {who} · {time}", who=message.read_by or "–", time=when)
    if message.expires_at is None:
        return ""
    text = words.N_("Until {time}") if message.expires_at > now_ms else words.N_("Expired {time}")
    return words.say(text, time=words.moment(message.expires_at, now_ms))
