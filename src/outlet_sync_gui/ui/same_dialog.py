"""The same choice for all conflicts of a kind: what each of them will be, before anything is applied."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.store.conflicts import Conflict, Strategy
from outlet_sync_gui.sync.commands import FieldChoice
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.comparison import Winner
from outlet_sync_gui.ui.dialogs import Dialog, name_button
from outlet_sync_gui.ui.review import Case, effects
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label, Pick, set_checked

KEEP = (
    (Strategy.LOCAL_WINS, words.N_("Keep local")),
    (Strategy.CLOUD_WINS, words.N_("Keep cloud")),
    (Strategy.NEWEST_WINS, words.N_("Keep newest")),
)
KEYS, KEY_ICONS = (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3), ("key-1", "key-2", "key-3")
Hindrance = Callable[[Conflict, Strategy], str]


def others_of_kind(cases: Sequence[Case], current: Case) -> list[Case]:
    """Open cases that differ in the same fields of the same type, and in the same way where one is deleted."""
    kind = _kind(current.conflict)
    return [case for case in cases if case.is_open and case is not current and _kind(case.conflict) == kind]


def same_title(conflict: Conflict, n: int) -> str:
    """Same for 4 other prices."""
    if conflict.names == {"price"}:
        return words.say_n("Same for {n} other price", "Same for {n} other prices", n)
    return words.say_n("Same for {n} other of the kind", "Same for {n} others of the kind", n)


class SameDialog(Dialog):
    """Shows what a choice does to each; asks for the very conflicts that were shown, as they were shown."""

    applied = Signal(object)  # (Conflict, its FieldChoices) each

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        conflicts: Sequence[Conflict],
        winner: Winner,
        hindrance: Hindrance,
        first: Strategy | None,
    ) -> None:
        super().__init__(parent, wanted=QSize(620, 440))
        self._theme = theme
        self._conflicts, self._winner, self._hindrance = conflicts, winner, hindrance
        self._chosen = first
        self.keep = {strategy: Pick() for strategy, _ in KEEP}
        self.hint = Label("quiet", wraps=True)
        self.preview = QListWidget()
        self.apply = self.main_button()
        self.apply.setDefault(True)
        self._lay_out_choices()
        self.apply.clicked.connect(self._apply)
        self.retranslate()

    def retranslate(self) -> None:
        """Say it again, in the language and the colours of now."""
        super().retranslate()
        self.title.say(same_title(self._conflicts[0], len(self._conflicts)))
        self.preview.setAccessibleName(words.say("Once applied"))
        for (strategy, name), icon in zip(KEEP, KEY_ICONS, strict=True):
            name_button(self.keep[strategy], words.say(name))
            self.keep[strategy].setIcon(icons.icon(icon, self._theme.tokens.text))
        self._choose(self._chosen)

    def _lay_out_choices(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        for strategy, key in zip(self.keep, KEYS, strict=True):
            button = self.keep[strategy]
            button.setProperty("kind", "option")
            choose = self._chooser(strategy)
            button.toggled.connect(choose)
            QShortcut(QKeySequence(key), self).activated.connect(choose)
            row.addWidget(button)
        self.preview.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.preview.setWordWrap(True)
        self.body.addLayout(row)
        self.body.addWidget(self.hint)
        self.body.addWidget(self.preview, 1)

    def _chooser(self, strategy: Strategy) -> Callable[[], None]:
        return lambda: self._choose(strategy)

    def _choose(self, strategy: Strategy | None) -> None:
        self._chosen = strategy
        for each, button in self.keep.items():
            set_checked(button, is_checked=each is strategy)
        self.preview.clear()
        self.preview.addItems([self._told(conflict) for conflict in self._conflicts])
        n, left = len(self._possible()), len(self._conflicts) - len(self._possible())
        hint = words.say_n("{n} can't be chosen so and stays open.", "{n} can't be chosen so and stay open.", left)
        self.hint.say(hint if strategy is not None and left else words.say("Nothing is applied yet."))
        name_button(self.apply, words.say("Apply to {n}", n=words.number(n)) if n else words.say("Apply"))
        self.apply.setEnabled(n > 0)
        self.apply.setToolTip("" if n else words.say("Choose a side first."))

    def _possible(self) -> list[Conflict]:
        chosen = self._chosen
        return [each for each in self._conflicts if chosen is not None and not self._hindrance(each, chosen)]

    def _told(self, conflict: Conflict) -> str:
        name = words.shortened(conflict.title)
        if self._chosen is None:
            return name
        why_not = self._hindrance(conflict, self._chosen)
        if why_not:
            return f"{name}: {why_not}"
        lines = effects(Case(conflict, {each.field or "": each for each in self._choices(conflict)}), self._winner)
        told = [f"{line.where}: {line.before} → {line.after}" if line.after else line.where for line in lines]
        return f"{name}\n{' · '.join(told) or words.say('Nothing changes.')}"

    def _choices(self, conflict: Conflict) -> tuple[FieldChoice, ...]:
        assert self._chosen is not None
        return tuple(FieldChoice(field=found.field, strategy=self._chosen) for found in conflict.fields)

    def _apply(self) -> None:
        self.applied.emit([(conflict, self._choices(conflict)) for conflict in self._possible()])
        self.accept()


def _kind(conflict: Conflict) -> tuple[object, ...]:
    deletion = conflict.field(words.DELETED)
    return conflict.entity_type, conflict.names, deletion.cloud if deletion is not None else None
