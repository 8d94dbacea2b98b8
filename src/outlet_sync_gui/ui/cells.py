"""What one side says of a field, as a cell that can be chosen; and what both held before, which can't."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QLabel, QSizePolicy, QVBoxLayout

from outlet_sync_gui import words
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import BREAK, Label, Pick, set_checked

RADIO_PX, LONG_VALUE, LONGEST_RUN = 20, 22, 12
PLACES: Mapping[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side says of a field, in words."""

    name: str
    value: str
    when: str  # with who it was, where that is known
    age: str
    is_changed: bool


class Cell(Pick):
    """One side's value, to be chosen; arrow keys go to its neighbours."""

    moved = Signal(int)  # a key

    def __init__(self, theme: Theme, side: Side) -> None:
        super().__init__()
        self.setProperty("kind", "cell")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._theme = theme
        self.side = side
        self.value = Label("value", wraps=True, longest_run=LONGEST_RUN)
        self.value.say(_breaking(side.value))
        self.when, self.age = Label("small", wraps=True), Label("small", wraps=True)
        self.when.say(side.when)
        self.age.say(side.age)
        self.tag = Label("tag")
        self.tag.say(words.say("changed"))
        self.radio = QLabel()
        changed = f" {words.say('changed')}." if side.is_changed else ""
        told = ", ".join(part for part in (side.when, side.age) if part)
        self.setAccessibleName(f"{side.name}: {side.value}. {told}.{changed}")
        self._lay_out()
        self.show_chosen(is_chosen=False)

    def arrange(self, *, is_compact: bool) -> None:
        """Smaller letters where the value is long, or the window narrow."""
        set_property(self.value, "isLong", is_compact or len(self.side.value) > LONG_VALUE)
        directions = QBoxLayout.Direction
        self._foot.setDirection(directions.TopToBottom if is_compact else directions.LeftToRight)

    def show_chosen(self, *, is_chosen: bool) -> None:
        """Show whether it is."""
        set_checked(self, is_checked=is_chosen)
        colours = self._theme.tokens
        name, colour = ("radio", colours.accent) if is_chosen else ("ring", colours.edge)
        self.radio.setPixmap(icons.pixmap(name, colour, RADIO_PX, self.devicePixelRatioF(), colours.on_accent))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go on; all else is a button's."""
        if event.key() in PLACES:
            self.moved.emit(event.key())
        else:
            super().keyPressEvent(event)

    # A button's own size knows nothing of what stands inside it.

    def sizeHint(self) -> QSize:
        """As much as its words need."""
        return self._box.totalSizeHint()

    def minimumSizeHint(self) -> QSize:
        """As little as its words can do with."""
        return self._box.totalMinimumSize()

    def hasHeightForWidth(self) -> bool:
        """Words wrap."""
        return True

    def heightForWidth(self, width: int) -> int:
        """So high at that width."""
        return self._box.totalHeightForWidth(width)

    def _lay_out(self) -> None:
        self._box = QGridLayout(self)
        self._box.setContentsMargins(14, 10, 12, 10)
        self._box.setHorizontalSpacing(6)
        self._box.setVerticalSpacing(2)
        self._box.setColumnStretch(0, 1)
        self._box.addWidget(self.value, 0, 0)
        self._box.addWidget(self.radio, 0, 1, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
        self._box.addWidget(self.when, 1, 0, 1, 2)
        self._foot = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._foot.setSpacing(4)
        self._foot.addWidget(self.age, 1)
        self._foot.addWidget(self.tag, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
        self._box.addLayout(self._foot, 2, 0, 1, 2)
        self.tag.setVisible(self.side.is_changed)
        self._box.setRowStretch(3, 1)
        for part in (self.value, self.radio, self.when, self.age, self.tag):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


class Agreed(QFrame):
    """What both sides held before: flat, for it can't be chosen."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self.setProperty("kind", "agreed")
        self.value = Label("quiet", wraps=True, longest_run=LONGEST_RUN)
        self.value.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.value.say(_breaking(value))
        self.value.setAccessibleName(f"{words.say('Last agreed')}: {value}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.value)


def _breaking(value: str) -> str:
    """Money breaks between its thousands and nowhere else."""
    return value.replace(".", f".{BREAK}") if value.startswith("Rp") else value
