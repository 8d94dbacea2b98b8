"""The review of conflicts: the records at the left, what differs of one of them, and what a choice will do.

It shows what it is given and asks by one signal. Nothing is applied to what the person has not seen: a conflict that
changes meanwhile says so and forgets what was chosen.
"""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.status import Status
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Strategy
from outlet_sync_gui.sync.commands import FieldChoice
from outlet_sync_gui.sync.resolve import is_clock_trusted, newest
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.comparison import Comparison
from outlet_sync_gui.ui.dialogs import name_button
from outlet_sync_gui.ui.meanwhile import Applied, Notices, settled
from outlet_sync_gui.ui.review import Case, CaseList, Effect, ReviewHead, effects, reasons_of, title_of
from outlet_sync_gui.ui.same_dialog import SameDialog, others_of_kind, same_title
from outlet_sync_gui.ui.signature import Signature
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import NARROW_PX, FocusRing, Label, Say

SIDE_PX, NARROW_SIDE_PX = 24, 12
LIST_FROM_PX = 980  # under it the buttons need the width
LOW_PX, PINNED_FROM_PX = 340, 480  # heights
LARGEST = QSize(1280, 800)
KEEP = (
    (Strategy.LOCAL_WINS, words.N_("Keep local"), "key-1", Qt.Key.Key_1),
    (Strategy.CLOUD_WINS, words.N_("Keep cloud"), "key-2", Qt.Key.Key_2),
    (Strategy.NEWEST_WINS, words.N_("Keep newest"), "key-3", Qt.Key.Key_3),
)


class ConflictDialog(QDialog):
    """Shows conflicts; asks to apply what is chosen of one."""

    chosen = Signal(object, object)  # the Conflict as it was seen, its FieldChoices as a tuple
    undone = Signal(int)  # a conflict's number

    def __init__(self, parent: QWidget, theme: Theme, who: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._theme = theme
        self._status: Status | None = None
        self._now_ms = 0
        self._is_read = False
        self._cases: dict[int, Case] = {}
        self._current: int | None = None
        self._is_landing = False
        self._area = QScrollArea(widgetResizable=True)
        self.list = CaseList(theme)
        self.head = ReviewHead(theme)
        self.notice = Notices()
        self.applied = Applied()
        self.comparison = Comparison(theme)
        self.signature = Signature(theme, who)
        self.same = QPushButton()
        self.same_dialog: SameDialog | None = None
        self.reasons = Label("quiet", wraps=True)
        self.effect = Effect()
        self.keep = {strategy: QPushButton() for strategy, *_ in KEEP}
        self.later, self.apply = QPushButton(), QPushButton()
        self._keep_bar = QWidget()
        self._right, self._body, self._pinned, self._foot = QVBoxLayout(), QVBoxLayout(), QVBoxLayout(), QHBoxLayout()
        self._lay_out()
        self._connect()
        self.ring = FocusRing(self)
        self.resize(parent.window().size().boundedTo(LARGEST))
        self.retranslate()

    # -- what it is given

    def show_status(self, status: Status, now_ms: int) -> None:
        """What is true now: the clocks decide whether the newest can be told."""
        self._status, self._now_ms = status, now_ms
        self.setWindowTitle(" — ".join(part for part in (words.say("Conflicts"), status.outlet_code) if part))
        self._show_choices()

    def seen(self) -> tuple[int, ...]:
        """Those that it shows, open or not."""
        return tuple(self._cases)

    def show_conflicts(self, conflicts: Sequence[Conflict]) -> None:
        """Show what was read; what changed or ended while somebody looked at it is said."""
        self._is_read = True
        before = self._case().conflict if self._current is not None else None
        for conflict in conflicts:
            self._take(conflict)
        if self._current is None or not self._case().is_open:
            self._current = self._next_open()
        if self._is_landing:
            self._is_landing = False
            self._current = max((n for n, case in self._cases.items() if case.is_open), default=self._current)
        if self._current is not None and self._case().conflict == before:
            self._show_list()  # what is under the finger stays as it is
        else:
            self._show_case()

    def land(self) -> None:
        """Go to the newest that is open, with what is read next."""
        self._is_landing = True

    def decline(self, conflict_id: int, say: Say) -> None:
        """A choice was not carried out: say why, and let the person choose again."""
        case = self._cases.get(conflict_id)
        if case is not None:
            case.forget()
            self._say(say, of=case.conflict)
            self._current = conflict_id
        else:
            self._say(say)
        self._show_case()

    def tell(self, say: Say) -> None:
        """Say what could not be done."""
        self._say(say)

    def retranslate(self) -> None:
        """Say it all in the language and the colours of now."""
        colours = self._theme.tokens
        for strategy, name, icon, _ in KEEP:
            name_button(self.keep[strategy], words.say(name))
            self.keep[strategy].setIcon(icons.icon(icon, colours.text, disabled=colours.text2))
        name_button(self.apply, words.say("Apply"))
        self.head.retranslate()
        self.signature.retranslate()
        self.applied.retranslate()
        self.notice.retranslate()
        self._show_case()
        if self._status is not None:
            self.show_status(self._status, self._now_ms)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Its parts fit themselves; the list becomes a menu where there is no room for it."""
        super().resizeEvent(event)
        is_compact = self.width() < NARROW_PX
        side = NARROW_SIDE_PX if is_compact else SIDE_PX
        self.list.setVisible(self.width() >= LIST_FROM_PX)
        self.comparison.arrange(is_compact=is_compact)
        self.effect.arrange(is_compact=is_compact)
        self.signature.arrange(is_compact=is_compact)
        self.head.arrange(0 if self.height() < LOW_PX else side, is_compact=is_compact)
        self._body.setContentsMargins(side, 4, side, 8)
        self._pinned.setContentsMargins(side, 8, side, 0)
        self._foot.setContentsMargins(side, 8, side, 12)
        self._place(is_compact=is_compact)

    # -- what follows from it

    def _take(self, conflict: Conflict) -> None:
        case = self._cases.get(conflict.conflict_id)
        if case is None:
            if conflict.closed_at is None:
                self._cases[conflict.conflict_id] = Case.of(conflict)
            return
        before, case.conflict = case.conflict, conflict
        if conflict.closed_at is not None:
            if before.closed_at is None and case.is_applied:
                self.applied.tell(conflict)
            elif before.closed_at is None:
                self._say(partial(settled, conflict.closed_by), of=conflict)
        elif conflict.revision != before.revision:
            case.forget()
            self._say(lambda: words.say("Headquarters changed it again. Look first."), of=conflict)

    def _say(self, say: Say, *, of: Conflict | None = None) -> None:
        is_elsewhere = of is not None and (of.conflict_id != self._current or of.closed_at is not None)
        self.notice.tell(say, of=of if is_elsewhere else None)

    def _hush(self) -> None:
        self.applied.hide()
        self.notice.clear()

    def _next_open(self) -> int | None:
        """The next one after the current, round about."""
        numbers = list(self._cases)
        start = numbers.index(self._current) + 1 if self._current in numbers else 0
        return next((number for number in numbers[start:] + numbers[:start] if self._cases[number].is_open), None)

    def _case(self) -> Case:
        assert self._current is not None
        return self._cases[self._current]

    # -- what a person does

    def _go(self, number: int) -> None:
        if number != self._current and number in self._cases:
            self._current = number
            self._hush()
            self._show_case()

    def _step(self, by: int) -> None:
        numbers = list(self._cases)
        if self._current in numbers:
            self._go(numbers[(numbers.index(self._current) + by) % len(numbers)])

    def _choose_all(self, strategy: Strategy) -> None:
        if self._current is not None and self.keep[strategy].isEnabled():
            case = self._case()
            case.choices = {name: FieldChoice(field=name, strategy=strategy) for name in case.conflict.names}
            self.comparison.choose(case.choices)
            self._show_choices()

    def _row_chosen(self) -> None:
        case = self._case()
        for row in self.comparison.rows:
            case.choices.pop(row.field.field, None)
            if row.choice is not None:
                case.choices[row.field.field] = row.choice
        self._show_choices()

    def _apply(self) -> None:
        case = self._case()
        case.is_applied = True
        self._hush()
        conflict = case.conflict
        choices = tuple(case.choices[found.field] for found in conflict.fields)
        self._current = self._next_open()
        self._show_case()
        self.chosen.emit(conflict, choices)
        self.signature.note.clear()  # it was of that one

    def _ask_same(self) -> None:
        case = self._case()
        conflicts = [other.conflict for other in others_of_kind(list(self._cases.values()), case)]
        strategies = {choice.strategy for choice in case.choices.values() if choice.value is None}
        first = strategies.pop() if case.is_whole and len(strategies) == 1 else None
        self.same_dialog = SameDialog(self, self._theme, conflicts, self._winner, self._hindrance, first)
        self.same_dialog.applied.connect(self._apply_same)
        self.same_dialog.finished.connect(self._same_left)
        self.same_dialog.open()

    def _apply_same(self, chosen: Sequence[tuple[Conflict, tuple[FieldChoice, ...]]]) -> None:
        self._hush()
        for conflict, choices in chosen:
            case = self._cases[conflict.conflict_id]
            case.choices, case.is_applied = {choice.field or "": choice for choice in choices}, True
            self.chosen.emit(conflict, choices)
        self._show_case()

    def _same_left(self) -> None:
        self.same_dialog = None

    # -- how it looks

    def _show_case(self) -> None:
        self._area.verticalScrollBar().setValue(0)
        self._show_list()
        is_shown = self._current is not None
        for part in (self.comparison, self.reasons, self.effect, self.signature):
            part.setVisible(is_shown)
        if not is_shown:
            done = words.say("Everything is chosen") if self._cases else words.say("Same as headquarters")
            self.head.show_title("", done if self._is_read else words.say("Conflicts"))
            self._show_choices()
            return
        case = self._case()
        kind, category = words.type_name(case.conflict.entity_type), case.conflict.category
        self.head.show_title(kind, title_of(case.conflict), category=category)
        self.comparison.setEnabled(case.is_open)
        self.comparison.show_conflict(case.conflict, self._now_ms, winner=self._winner)
        self.comparison.choose(case.choices)
        self.reasons.say(reasons_of(case.conflict))
        self.reasons.setVisible(bool(self.reasons.whole()))
        if case.is_open:
            self.comparison.focus_first()
        self._show_choices()

    def _show_list(self) -> None:
        cases = list(self._cases.values())
        self.list.show_cases(cases, self._current)
        self.head.show_place(cases, self._current)
        case = self._case() if self._current is not None else None
        n = len(others_of_kind(cases, case)) if case is not None else 0
        self.same.setVisible(n > 0)
        if case is not None and n:
            name_button(self.same, f"{same_title(case.conflict, n)}…")

    def _show_choices(self) -> None:
        """The buttons and the effect that fit what is chosen."""
        case = self._case() if self._current is not None else None
        if case is not None and self._hindrance(case.conflict, Strategy.NEWEST_WINS):
            self._drop_newest(case)
        for strategy, button in self.keep.items():
            why_not = self._hindrance(case.conflict, strategy) if case is not None else ""
            button.setEnabled(case is not None and case.is_open and not why_not)
            button.setToolTip(why_not)
        is_ready = case is not None and case.is_open and case.is_whole
        self.apply.setEnabled(is_ready)
        self.apply.setToolTip("" if is_ready else words.say("Choose for each row"))
        has_open = any(case.is_open for case in self._cases.values())
        name_button(self.later, words.say("Later") if has_open else words.say("Close"))
        if case is not None:
            self.effect.show_lines(effects(case, self._winner), is_whole=case.is_whole)

    def _drop_newest(self, case: Case) -> None:
        """The clock can't be trusted any more: what was chosen by it is not chosen."""
        kept = {name: found for name, found in case.choices.items() if found.strategy is not Strategy.NEWEST_WINS}
        if kept != case.choices:
            case.choices = kept
            self.comparison.choose(kept)

    def _hindrance(self, conflict: Conflict, strategy: Strategy) -> str:
        """Why this can't be chosen for all rows; empty where it can."""
        if strategy is Strategy.CLOUD_WINS:
            return ""
        if conflict.record_id is None:
            return words.say("This outlet does not have it.")
        try:
            for found in conflict.fields:
                self._winner(found, strategy)
        except InputRefused as refusal:
            return words.problem(refusal)
        return ""

    def _winner(self, found: Disagreement, strategy: Strategy) -> Strategy:
        """Whose value a choice means. Raises InputRefused where the newest can't be told."""
        if strategy is not Strategy.NEWEST_WINS:
            return strategy
        offset_s = self._status.clock_offset_s if self._status is not None else None
        offset_ms = None if offset_s is None else round(offset_s * 1000)
        if offset_ms is None or not is_clock_trusted(offset_ms):
            raise InputRefused("clock_untrusted")
        return newest(found, offset_ms=offset_ms)

    def _lay_out(self) -> None:
        self.apply.setProperty("kind", "primary")
        self.apply.setDefault(True)
        self.later.setProperty("kind", "quiet")
        for button in (*self.keep.values(), self.later):
            button.setAutoDefault(False)
        inside = QWidget()
        inside.setProperty("kind", "page")
        inside.setLayout(self._body)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(inside)
        self._bar = QGridLayout(self._keep_bar)
        self._bar.setContentsMargins(0, 0, 0, 0)
        self._bar.setSpacing(8)
        self._foot.setSpacing(8)
        self._foot.addStretch(1)
        self._foot.addWidget(self.later)
        self._foot.addWidget(self.apply)
        self._body.setSpacing(10)
        self.same.setProperty("kind", "quiet")
        self.same.setAutoDefault(False)
        for part in (self.applied, self.notice, self.comparison, self.reasons, self.signature):
            self._body.addWidget(part)
        self._body.addStretch(1)
        self._right.setSpacing(0)
        self._right.addWidget(self._area, 1)
        self._right.addLayout(self._pinned)
        self._right.addLayout(self._foot)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # the window under it sets the limits
        layout.addWidget(self.list)
        layout.addLayout(self._right, 1)

    def _place(self, *, is_compact: bool) -> None:
        """Title, effect and buttons stay in sight; where there is little room they scroll along."""
        if self.width() >= LIST_FROM_PX:
            self.list.foot.addWidget(self.same)
        else:
            self._body.insertWidget(self._body.indexOf(self.signature), self.same)
        for n, button in enumerate(self.keep.values()):
            self._bar.addWidget(button, *((n // 2, n % 2) if is_compact else (0, n)))
        if self.height() < LOW_PX:
            self._body.insertWidget(0, self.head)
        else:
            self._right.insertWidget(0, self.head)
        if is_compact or self.height() < PINNED_FROM_PX:
            self._body.insertWidget(self._body.count() - 1, self.effect)
        else:
            self._pinned.addWidget(self.effect)
        if is_compact:
            self._body.insertWidget(self._body.count() - 1, self._keep_bar)
        else:
            self._foot.insertWidget(0, self._keep_bar)

    def _connect(self) -> None:
        for strategy, _, _, key in KEEP:
            self.keep[strategy].clicked.connect(self._chooser(strategy))
            QShortcut(QKeySequence(key), self).activated.connect(self._chooser(strategy))
        self.comparison.changed.connect(self._row_chosen)
        self.list.asked.connect(self._go)
        self.head.asked.connect(self._go)
        self.head.stepped.connect(self._step)
        self.later.clicked.connect(self.reject)
        self.same.clicked.connect(self._ask_same)
        self.applied.undone.connect(self.undone)
        self.apply.clicked.connect(self._apply)
        self._theme.changed.connect(self.retranslate)

    def _chooser(self, strategy: Strategy) -> Callable[[], None]:
        return lambda: self._choose_all(strategy)
