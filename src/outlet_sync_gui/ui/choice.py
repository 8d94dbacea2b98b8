"""A button that opens a menu, and says what of it is chosen."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton

from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.theme import Theme, set_property


@dataclass(frozen=True, slots=True)
class Option:
    """One line of the menu; `note` stands behind it, in the menu alone."""

    value: Hashable
    label: str
    note: str = ""


class Choice(QPushButton):
    """Shows the option that is chosen; the first one is chosen at first, and means that nothing is narrowed down."""

    picked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "choice")
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow at the right end
        self.setAutoDefault(False)
        self._theme = theme
        self._name = ""
        self._options: Sequence[Option] = ()
        self.value: Hashable = None
        self.choices = QMenu(self)
        self.choices.setProperty("kind", "choice")
        self.choices.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.choices.aboutToShow.connect(self._fill)  # not before: under a finger nothing changes
        self.setMenu(self.choices)
        theme.changed.connect(self._show)

    def offer(self, name: str, options: Sequence[Option]) -> None:
        """Offer these; what was chosen stays so. `name` is what is chosen here, for those who hear it."""
        if (name, options) == (self._name, self._options):
            return
        self._name, self._options = name, options
        self._show()

    def pick(self, value: Hashable) -> None:
        """Choose one."""
        if value != self.value:
            self.value = value
            self._show()
            self.picked.emit()

    def _fill(self) -> None:
        self.choices.clear()
        for option in self._options:
            text = f"{option.label}  ·  {option.note}" if option.note else option.label
            action = QAction(text.replace("&", "&&"), self.choices, checkable=True, checked=option.value == self.value)
            action.triggered.connect(partial(self.pick, option.value))
            self.choices.addAction(action)

    def _show(self) -> None:
        label = next((option.label for option in self._options if option.value == self.value), str(self.value))
        is_narrowed = bool(self._options) and self.value != self._options[0].value
        self.setText(label.replace("&", "&&"))
        self.setAccessibleName(f"{self._name}: {label}")
        self.setIcon(icons.icon("down", self._theme.tokens.accent if is_narrowed else self._theme.tokens.text2))
        set_property(self, "isNarrowed", is_narrowed)
