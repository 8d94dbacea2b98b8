"""What stands still as a whole: each a sentence with its next try; where a person may decide, the choices."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.status import State, Wait
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label

ICON_PX = 20
CHOICES = {"give_up": words.N_("Stop trying"), "retry": words.N_("Retry")}


class StandingList(QWidget):
    """One card for each wait."""

    answered = Signal(int, str)  # the question's id, and the choice

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._is_compact = False
        self._waits: Sequence[Wait] = ()
        self._now_ms = 0
        self.cards: list[StandingCard] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        theme.changed.connect(self.retranslate)

    def show_waits(self, waits: Sequence[Wait], now_ms: int) -> None:
        """Show these; a card stays under the finger while its question stands."""
        self._waits, self._now_ms = waits, now_ms
        if [card.question for card in self.cards] != [_question(wait) for wait in waits]:
            self._build()
        for card, wait in zip(self.cards, waits, strict=True):
            card.sentence.say(words.wait(wait, now_ms))
        self.setVisible(bool(waits))

    def arrange(self, *, is_compact: bool) -> None:
        """Buttons beside the sentence, or under it."""
        self._is_compact = is_compact
        for card in self.cards:
            card.arrange(is_compact=is_compact)

    def retranslate(self) -> None:
        """Say it again in the language and colours of now."""
        self._build()
        self.show_waits(self._waits, self._now_ms)

    def _build(self) -> None:
        for card in self.cards:
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = [StandingCard(self._theme, wait, self.answered.emit) for wait in self._waits]
        for card in self.cards:
            card.arrange(is_compact=self._is_compact)
            self._layout.addWidget(card)


class StandingCard(QFrame):
    """A wait; with buttons where it is a question."""

    def __init__(self, theme: Theme, wait: Wait, answer: Callable[[int, str], None]) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.question = _question(wait)
        self.sentence = Label(wraps=True)
        self.icon = QLabel()
        colour = theme.tokens.states[State.ATTENTION if wait.is_question else State.WAITING][0]
        name = "triangle" if wait.is_question else "ring"
        self.icon.setPixmap(icons.pixmap(name, colour, ICON_PX, self.devicePixelRatioF()))
        self.buttons = [_choice(wait, choice, answer) for choice in CHOICES] if wait.is_question else []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(16, 8, 12, 8)
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self.icon, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(self.sentence, 0, 1)
        self._choices = QWidget(self)
        row = QHBoxLayout(self._choices)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for button in self.buttons:
            row.addWidget(button)
        self._choices.setVisible(bool(self.buttons))

    def arrange(self, *, is_compact: bool) -> None:
        """Buttons beside the sentence, or under it."""
        place = (1, 0, 1, 2) if is_compact else (0, 2, 1, 1)
        self._grid.addWidget(self._choices, *place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def _choice(wait: Wait, choice: str, answer: Callable[[int, str], None]) -> QPushButton:
    button = QPushButton(words.say(CHOICES[choice]))
    button.setAccessibleName(button.text())
    button.setProperty("kind", "quiet" if choice == "give_up" else "")
    button.clicked.connect(lambda: answer(wait.halt_id, choice))
    return button


def _question(wait: Wait) -> tuple[int, bool]:
    return wait.halt_id, wait.is_question
