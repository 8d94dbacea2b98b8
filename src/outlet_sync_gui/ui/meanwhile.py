"""What comes up in the conflict review while somebody is at it: what changed meanwhile, and what was applied."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from outlet_sync_gui import words
from outlet_sync_gui.store.conflicts import Conflict
from outlet_sync_gui.ui.dialogs import name_button
from outlet_sync_gui.ui.review import title_of
from outlet_sync_gui.ui.widgets import Label, Say

NOTICES = 3


class Notices(Label):
    """The last few sentences, until somebody goes on."""

    def __init__(self) -> None:
        super().__init__("error", wraps=True)
        self._says: list[Say] = []
        self.hide()

    def tell(self, say: Say, *, of: Conflict | None = None) -> None:
        """Add one; `of` is named where it is not the one that is shown."""
        told = say if of is None else partial(_named, of, say)
        self._says.append(told)
        self.retranslate()
        self.show()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, told()))

    def clear(self) -> None:
        """Somebody goes on."""
        self._says = []
        self.hide()

    def retranslate(self) -> None:
        """Say it in the language of now."""
        self.say("\n".join(f"▲ {say()}" for say in self._says[-NOTICES:]))


def settled(who: str | None) -> str:
    """A conflict ended without this review."""
    return words.say("Settled by {who}.", who=who) if who else words.say("Now equal.")


def _named(conflict: Conflict, say: Say) -> str:
    return f"{title_of(conflict)}: {say()}"


class Applied(QFrame):
    """What was applied last, and the way back."""

    undone = Signal(int)  # a conflict's number

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "agreed")
        self._conflict: Conflict | None = None
        self.text, self.undo = Label("strong", wraps=True), QPushButton()
        self.undo.setProperty("kind", "quiet")
        self.undo.setAutoDefault(False)
        self.undo.clicked.connect(self._ask)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 4, 0)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.undo)
        self.hide()

    def tell(self, conflict: Conflict) -> None:
        """Say so."""
        self._conflict = conflict
        self.retranslate()
        self.show()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.text.whole()))

    def retranslate(self) -> None:
        """Say it in the language of now."""
        if self._conflict is not None:
            self.text.say(f"{title_of(self._conflict)}: {words.say('Applied.')}")
        name_button(self.undo, words.say("Undo"))

    def _ask(self) -> None:
        self.hide()
        if self._conflict is not None:
            self.undone.emit(self._conflict.conflict_id)
