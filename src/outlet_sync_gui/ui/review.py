"""Parts of the conflict review: one case, the list of all, the head over what is shown, and what a choice will do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui import words
from outlet_sync_gui.contract.text import loads_value
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Strategy
from outlet_sync_gui.sync.commands import FieldChoice
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.comparison import Winner
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label, follow_choice

LIST_PX, ICON_PX = 232, 20
LONGEST_TITLE, LONGEST_NAME = 48, 40
REASONS_SHOWN, LINES_SHOWN = 3, 5


@dataclass(slots=True)
class Case:
    """One conflict in the review: what was chosen of it, and whether that was sent."""

    conflict: Conflict
    choices: dict[str, FieldChoice] = field(default_factory=dict)
    is_applied: bool = False

    @classmethod
    def of(cls, conflict: Conflict) -> "Case":
        """With what was chosen before, field by field."""
        chosen = {
            found.field: FieldChoice(field=found.field, strategy=found.choice, value=found.value)
            for found in conflict.fields
            if found.choice is not None
        }
        return cls(conflict, chosen)

    @property
    def is_open(self) -> bool:
        """Whether a person still has to choose."""
        return not self.is_applied and self.conflict.closed_at is None

    @property
    def is_whole(self) -> bool:
        """Whether every field is chosen."""
        return all(name in self.choices for name in self.conflict.names)

    def forget(self) -> None:
        """Nothing is chosen any more."""
        self.choices = {}
        self.is_applied = False


@dataclass(frozen=True, slots=True)
class Line:
    """One effect: where, from what, to what; of a deletion a sentence alone."""

    where: str
    before: str = ""
    after: str = ""


def title_of(conflict: Conflict) -> str:
    """What differs of what."""
    names = [found.field for found in conflict.fields]
    name = _short(conflict.title, LONGEST_TITLE)
    return words.conflict_title(name, names, is_deleted_there=_is_deleted_there(conflict))


def reasons_of(conflict: Conflict) -> str:
    """Why headquarters changed it, each reason once, in its own words; and what was merged without asking."""
    told = dict.fromkeys(words.shortened(found.reason) for found in conflict.fields if found.reason)
    lines = [words.say("Reason from headquarters: “{reason}”", reason=reason) for reason in list(told)[:REASONS_SHOWN]]
    if conflict.stock is not None:
        before, after = map(words.number, conflict.stock)
        lines.append(words.say("Stock merged by itself: {before} → {after}", before=before, after=after))
    return "\n".join(lines)


def effects(case: Case, winner: Winner) -> list[Line]:
    """What the choices will change."""
    lines = []
    for found in case.conflict.fields:
        choice = case.choices.get(found.field)
        if choice is not None:
            lines += _of_field(found, choice, winner)
    return lines


def _of_field(found: Disagreement, choice: FieldChoice, winner: Winner) -> list[Line]:
    is_cloud = choice.value is None and winner(found, choice.strategy) is Strategy.CLOUD_WINS
    wanted = choice.value or (found.cloud if is_cloud else found.local)
    if found.field == words.DELETED:
        is_deleted = wanted is not None and bool(loads_value(wanted))
        return [Line(words.deletion_effect(is_deleted=is_deleted, is_here=is_cloud))]
    sides = ((found.local, True), (found.cloud, False))
    return [
        Line(
            _short(words.effect(found.field, is_here=is_here), LONGEST_NAME),
            _shown(found.field, held),
            _shown(found.field, wanted),
        )
        for held, is_here in sides
        if held != wanted
    ]


class CaseList(QFrame):
    """The conflicts, with what differs of each, and whether it is chosen."""

    asked = Signal(int)  # a conflict's number

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "rail")
        self.setFixedWidth(LIST_PX)
        self._theme = theme
        self._numbers: list[int] = []
        self.title, self.left = Label("title"), Label("small", elides=True)
        self.left.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.list = _Rows()
        self.list.setProperty("role", "cases")
        self.list.setIconSize(QSize(ICON_PX, ICON_PX))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._moved)
        follow_choice(self.list)
        head = QHBoxLayout()
        head.setContentsMargins(16, 14, 16, 6)
        head.addWidget(self.title)
        head.addWidget(self.left, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.list, 1)
        self.foot = layout

    def show_cases(self, cases: Sequence[Case], current: int | None) -> None:
        """Show these; the current one is marked."""
        self.title.say(words.say("Conflicts"))
        self.list.setAccessibleName(words.say("Conflicts"))
        n = sum(case.is_open for case in cases)
        self.left.say(words.say("{n} to choose", n=words.number(n)))
        self._numbers = [case.conflict.conflict_id for case in cases]
        with QSignalBlocker(self.list):
            while self.list.count() > len(cases):
                self.list.takeItem(self.list.count() - 1)
            while self.list.count() < len(cases):
                self.list.addItem(QListWidgetItem())
            for row, case in enumerate(cases):
                self._show(self.list.item(row), case)
            self.list.setCurrentRow(self._numbers.index(current) if current in self._numbers else -1)

    def _show(self, item: QListWidgetItem, case: Case) -> None:
        conflict = case.conflict
        names = [found.field for found in conflict.fields]
        line = words.conflict_line(names, is_deleted_there=_is_deleted_there(conflict))
        name, colours = _short(conflict.title, LONGEST_NAME), self._theme.tokens
        item.setText(f"{name}\n{line}")
        item.setToolTip(conflict.title)
        state = words.say("to choose") if case.is_open else words.say("chosen")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name}, {line}, {state}")
        item.setIcon(icons.icon("ring" if case.is_open else "check", colours.text2))

    def _moved(self, row: int) -> None:
        if 0 <= row < len(self._numbers):
            self.asked.emit(self._numbers[row])


class _Rows(QListWidget):
    """A list that shows none when none is: Qt would go to its first row with the focus, which comes unasked."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Stay."""
        with QSignalBlocker(self):
            row = self.currentRow()
            super().focusInEvent(event)
            self.setCurrentRow(row)


class ReviewHead(QWidget):
    """What differs of what; its place among the others, and the way to them."""

    asked = Signal(int)  # a conflict's number
    stepped = Signal(int)  # one back, one on

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.kind = Label("small", elides=True)
        self.title = Label("page-title", wraps=True)
        self.back, self.place, self.on = (QPushButton() for _ in range(3))
        self.menu = QMenu(self.place)
        self.place.setMenu(self.menu)
        self.place.setProperty("kind", "quiet")
        self.place.setProperty("role", "place")
        for button in (self.back, self.on):
            button.setProperty("role", "square")
        for button in (self.back, self.place, self.on):
            button.setAutoDefault(False)
        self.back.clicked.connect(partial(self.stepped.emit, -1))
        self.on.clicked.connect(partial(self.stepped.emit, 1))
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.kind)
        texts.addWidget(self.title)
        self._row = QHBoxLayout(self)
        self._row.setSpacing(4)
        self._row.addLayout(texts, 1)
        for button in (self.back, self.place, self.on):
            self._row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)

    def arrange(self, side: int, *, is_compact: bool) -> None:
        """Leave so much at both sides; smaller letters where it is narrow."""
        self._row.setContentsMargins(side, 12, side, 6)
        set_property(self.title, "role", "name" if is_compact else "page-title")

    def show_title(self, kind: str, title: str, *, category: str | None = None) -> None:
        """Say what is shown, and what it belongs to."""
        parts = (f"{kind[:1].upper()}{kind[1:]}", words.shortened(category or ""))
        self.kind.say(" · ".join(part for part in parts if part))
        self.kind.setVisible(bool(kind))
        self.title.say(title)

    def show_place(self, cases: Sequence[Case], current: int | None) -> None:
        """2 of 7, and all of them in its menu."""
        numbers = [case.conflict.conflict_id for case in cases]
        place = numbers.index(current) + 1 if current in numbers else 0
        text = words.say("{n} of {all}", n=words.number(place), all=words.number(len(cases)))
        self.place.setText(text)
        self.place.setAccessibleName(text)
        self.menu.clear()
        for case in cases:
            ask = partial(self.asked.emit, case.conflict.conflict_id)
            self.menu.addAction(_short(case.conflict.title, LONGEST_NAME), ask)
        for button in (self.back, self.place, self.on):
            button.setVisible(place > 0 and len(cases) > 1)

    def retranslate(self) -> None:
        """Name the arrows again."""
        colours = self._theme.tokens
        for button, icon, name in ((self.back, "left", words.say("Previous")), (self.on, "right", words.say("Next"))):
            button.setIcon(icons.icon(icon, colours.text))
            button.setAccessibleName(name)
            button.setToolTip(name)


class Effect(QFrame):
    """What will be different once it is applied; before that, what is missing."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "effect")
        self.title, self.hint = Label("label", wraps=True), Label("", wraps=True)
        self.lines: list[Line] = []
        self._labels: list[Label] = []
        self._is_compact = False
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 10, 16, 10)
        layout.setSpacing(2)
        layout.addWidget(self.title)
        layout.addLayout(self._grid)
        layout.addWidget(self.hint)

    def show_lines(self, lines: list[Line], *, is_whole: bool) -> None:
        """Show what will change."""
        self.title.say(words.say("Once applied"))
        self.title.setVisible(bool(lines))
        hint = "" if is_whole else words.say("Choose for each row")
        more = len(lines) - LINES_SHOWN
        if more > 0:
            hint = " · ".join(part for part in (words.say("{n} more", n=words.number(more)), hint) if part)
        self.hint.say(hint or ("" if lines else words.say("Nothing changes.")))
        self.hint.setVisible(bool(self.hint.whole()))
        if lines[:LINES_SHOWN] != self.lines:
            self.lines = lines[:LINES_SHOWN]
            self._build()

    def arrange(self, *, is_compact: bool) -> None:
        """Where beside what, or over it."""
        if is_compact is not self._is_compact:
            self._is_compact = is_compact
            self._build()

    def _build(self) -> None:
        for label in self._labels:
            label.hide()
            label.deleteLater()
        self._labels = []
        for n, line in enumerate(self.lines):
            is_wrapped = self._is_compact or not line.after
            where = self._label(line.where, "quiet" if line.after else "", is_wrapped=is_wrapped)
            if not line.after:
                self._grid.addWidget(where, 2 * n, 0, 1, 4)
                continue
            parts = (
                self._label(line.before, ""),
                self._label("→", "quiet", is_wrapped=False),
                self._label(line.after, "title"),
            )
            self._grid.addWidget(where, 2 * n, 0, 1, 4 if self._is_compact else 1)
            for column, part in enumerate(parts, 0 if self._is_compact else 1):
                self._grid.addWidget(part, 2 * n + int(self._is_compact), column)
        self._grid.setColumnStretch(2 if self._is_compact else 3, 1)
        self._grid.setColumnStretch(3 if self._is_compact else 2, 0)

    def _label(self, text: str, role: str, *, is_wrapped: bool = True) -> Label:
        label = Label(role, wraps=is_wrapped)
        label.say(text)
        self._labels.append(label)
        return label


def _is_deleted_there(conflict: Conflict) -> bool:
    deletion = conflict.field(words.DELETED)
    return deletion is not None and deletion.cloud is not None and bool(loads_value(deletion.cloud))


def _shown(name: str, held: str | None) -> str:
    return _short(words.value(name, None if held is None else loads_value(held)), LONGEST_TITLE)


def _short(text: str, longest: int) -> str:
    line = words.shortened(text)
    return line if len(line) <= longest else f"{line[:longest]}…"
