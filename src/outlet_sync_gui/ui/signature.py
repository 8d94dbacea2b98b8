"""Who decides, and a note: one line until somebody wants to change either."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.dialogs import name_button
from outlet_sync_gui.ui.theme import Theme

LONGEST_NAME, LONGEST_NOTE = 60, 500
ARROW_PX = 16


class Signature(QWidget):
    """A name, picked from those used before or written; the note is optional."""

    def __init__(self, theme: Theme, who: str) -> None:
        super().__init__()
        self._theme = theme
        self._first = who
        self.button = QPushButton()
        self.button.setProperty("kind", "quiet")
        self.button.setProperty("role", "slim")
        self.button.setCheckable(True)
        self.button.setAutoDefault(False)
        self.name = QComboBox()
        self._written = QLineEdit()
        self.name.setLineEdit(self._written)
        self.name.setProperty("kind", "name")
        self._arrow = QLabel()
        self.note = QLineEdit(maxLength=LONGEST_NOTE)
        self._fields = QWidget()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._fields)
        self._lay_out()
        self.offer([])
        self.name.editTextChanged.connect(self.retranslate)
        self.button.toggled.connect(self._open)
        self.retranslate()

    def offer(self, names: Sequence[str]) -> None:
        """The names to pick from; the one that stands there stays."""
        now = self.who()
        self.name.clear()
        self.name.addItems(list(dict.fromkeys([self._first, *names])))
        self.name.setEditText(now)

    def who(self) -> str:
        """The name; where none is written, the first."""
        return self.name.currentText().strip()[:LONGEST_NAME] or self._first

    def notes(self) -> str:
        """What was noted; empty where nothing was."""
        return self.note.text().strip()

    def arrange(self, *, is_compact: bool) -> None:
        """Beside each other, or over each other."""
        directions = QBoxLayout.Direction
        self._row.setDirection(directions.TopToBottom if is_compact else directions.LeftToRight)

    def retranslate(self) -> None:
        """Say it in the language of now."""
        name_button(self.button, words.say("Decided by {who} · add a note…", who=self.who()))
        for part in (self.name, self._written):
            part.setAccessibleName(words.say("Who decides"))
        colour, ratio = self._theme.tokens.text2, self.devicePixelRatioF()
        self._arrow.setPixmap(icons.pixmap("down", colour, ARROW_PX, ratio))
        self.note.setAccessibleName(words.say("Note"))
        self.note.setPlaceholderText(words.say("Note (optional)"))

    def _open(self, is_open: bool) -> None:
        self._fields.setVisible(is_open)
        if is_open:
            self.note.setFocus()

    def _lay_out(self) -> None:
        self._arrow.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside = QHBoxLayout(self.name)
        inside.setContentsMargins(0, 0, 12, 0)
        inside.addWidget(self._arrow, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self.name, 1)
        self._row.addWidget(self.note, 2)
        self._fields.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.button)
        layout.addWidget(self._fields)
