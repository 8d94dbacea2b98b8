"""What stands still until something happens: each a sentence; where a person may decide, the answers beside it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.status import Question, State, Wait
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label, bring_into_view

ICON_PX = 20
ALIKE = "refused_alike"  # told as the wait that it is
OF_THE_MENU = frozenset({"deletions", "zero_price"})  # asked where the menu's changes are
WAIT_CHOICES = ("retry", "give_up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One of them. `choices`: the answers that there are, the likeliest first."""

    key: int
    sentence: str
    note: str = ""
    choices: tuple[str, ...] = ()


def of_waits(waits: Iterable[Wait], now_ms: int) -> list[Standing]:
    """What waits as a whole."""
    return [
        Standing(key=wait.halt_id, sentence=words.wait(wait, now_ms), choices=WAIT_CHOICES if wait.is_question else ())
        for wait in waits
    ]


def of_questions(asked: Iterable[Question]) -> list[Standing]:
    """What is asked."""
    return [
        Standing(
            key=question.question_id,
            sentence=words.question(question),
            note=words.asked_at(question),
            choices=question.choices,
        )
        for question in asked
        if question.kind != ALIKE
    ]


def of_the_menu(asked: Iterable[Question]) -> list[Question]:
    """What is asked of headquarters' changes of the menu."""
    return [question for question in asked if question.kind in OF_THE_MENU]


class StandingList(QWidget):
    """One card for each."""

    answered = Signal(int, str)  # the question's id, and the choice

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._is_compact = False
        self._standing: Sequence[Standing] = ()
        self.cards: list[StandingCard] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        theme.changed.connect(self._build)

    def show_standing(self, standing: Sequence[Standing]) -> None:
        """Show these; a card stays under the finger while its question stands."""
        self._standing = standing
        if [card.question for card in self.cards] != [(found.key, found.choices) for found in standing]:
            self._build()
        for card, found in zip(self.cards, standing, strict=True):
            card.say(found)
        self.setVisible(bool(standing))

    def land(self, key: int) -> None:
        """Bring this one into view, the keyboard on its answers; nothing where it is gone."""
        for card in (card for card in self.cards if card.question[0] == key):
            bring_into_view(card)
            for button in card.buttons[:1]:  # the harmless one
                button.setFocus(Qt.FocusReason.OtherFocusReason)

    def arrange(self, *, is_compact: bool) -> None:
        """Buttons beside the sentence, or under it."""
        self._is_compact = is_compact
        for card in self.cards:
            card.arrange(is_compact=is_compact)

    def retranslate(self) -> None:
        """Name the buttons in the language that is spoken now; whoever shows the sentences says them anew."""
        self._build()

    def _build(self) -> None:
        for card in self.cards:
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = [StandingCard(self._theme, found, self.answered.emit) for found in self._standing]
        for card in self.cards:
            card.arrange(is_compact=self._is_compact)
            self._layout.addWidget(card)


class StandingCard(QFrame):
    """One of them; with buttons where it is a question."""

    def __init__(self, theme: Theme, found: Standing, answer: Callable[[int, str], None]) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.question = (found.key, found.choices)
        self.sentence = Label(wraps=True)
        self.note = Label("small", wraps=True)
        self.icon = QLabel()
        colour = theme.tokens.states[State.ATTENTION if found.choices else State.WAITING][0]
        name = "triangle" if found.choices else "ring"
        self.icon.setPixmap(icons.pixmap(name, colour, ICON_PX, self.devicePixelRatioF()))
        self.buttons = [_button(found, choice, answer) for choice in reversed(found.choices)]
        self._grid = QGridLayout(self)
        self._choices = QWidget(self)
        self._lay_out()
        self.say(found)

    def say(self, found: Standing) -> None:
        """Tell what is true now."""
        self.sentence.say(found.sentence)
        self.note.say(found.note)
        self.note.setVisible(bool(found.note))
        for button in self.buttons:  # the next card's have the same names
            button.setAccessibleDescription(found.sentence)

    def arrange(self, *, is_compact: bool) -> None:
        """Buttons beside the sentence, or under it."""
        place = (1, 0, 1, 2) if is_compact else (0, 2, 1, 1)
        self._grid.addWidget(self._choices, *place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _lay_out(self) -> None:
        self._grid.setContentsMargins(16, 8, 12, 8)
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(1, 1)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self.sentence)
        texts.addWidget(self.note)
        self._grid.addWidget(self.icon, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addLayout(texts, 0, 1)
        row = QHBoxLayout(self._choices)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for button in self.buttons:
            row.addWidget(button)
        self._choices.setVisible(bool(self.buttons))


def _button(found: Standing, choice: str, answer: Callable[[int, str], None]) -> QPushButton:
    button = QPushButton(words.answer(choice))
    button.setAccessibleName(button.text())
    button.setProperty("kind", "" if choice == found.choices[0] else "quiet")
    button.clicked.connect(lambda: answer(found.key, choice))
    return button
