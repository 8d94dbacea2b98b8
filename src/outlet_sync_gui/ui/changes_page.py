"""Headquarters' changes of the menu: those held until somebody approves, and those that the till must learn."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.reader import WantChanges
from outlet_sync_gui.status import Status
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.ui.row_model import Line
from outlet_sync_gui.ui.row_table import RowTable, stack_choice
from outlet_sync_gui.ui.standing import StandingList, of_questions, of_the_menu
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import NARROW_PX, Label, PageColumn, bring_into_view

NAME_SHARE = 0.4  # what changed matters more


class ChangesPage(QWidget):
    """Shows what is held and what was applied; asks for answers, and to tick changes off."""

    taken = Signal(object)  # the changes' numbers as a tuple, None: all
    wanted = Signal()  # something of it is to be read now

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._status: Status | None = None
        self._now_ms = 0
        self._changes: Sequence[Change] = ()
        self._is_landing = False
        self.title = Label("page-title")
        self.line = Label("quiet", wraps=True)
        self.standing = StandingList(theme)
        self.list = ChangeList(theme)
        self.list.taken.connect(self.taken)
        self._column = PageColumn(self, self.title, self.line)
        self._column.addWidget(self.standing)
        self._column.addWidget(self.list, 1)

    def wish(self) -> WantChanges:
        """What this page wants to show."""
        return WantChanges()

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self._status, self._now_ms = status, now_ms
        self.standing.show_standing(of_questions(of_the_menu(status.asked)))
        self.line.say(_told(status))
        self.list.show_changes(self._changes, now_ms, untaken=status.untaken)

    def show_changes(self, changes: Sequence[Change]) -> None:
        """Show what was read."""
        self._changes = changes
        if self._status is not None:
            self.list.show_changes(changes, self._now_ms, untaken=self._status.untaken)
        if self._is_landing and self.list.pick_first():
            self._is_landing = False

    def land(self) -> None:
        """Choose the one that has waited longest for the till, once it is read from the disk."""
        self._is_landing = True
        self.wanted.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Whoever left it lands nowhere any more."""
        super().hideEvent(event)
        self._is_landing = False

    def arrange(self, width: int) -> None:
        """Fit a width."""
        is_compact = width < NARROW_PX
        self._column.arrange(is_compact=is_compact)
        self.standing.arrange(is_compact=is_compact)
        self.list.arrange(is_compact=is_compact)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.title.say(words.say("Menu changes"))
        self.standing.retranslate()
        if self._status is not None:
            self.show_status(self._status, self._now_ms)


class ChangeList(QFrame):
    """What headquarters changed, and whether the till has it; what is chosen can be ticked off."""

    taken = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._changes: dict[int, Change] = {}
        self._untaken = 0
        self._is_compact = False
        self.chosen_label = Label("strong", elides=True)
        self.choose_all = QPushButton()
        self.rows = RowTable(theme, has_choice=True, largest_share=NAME_SHARE)
        self.detail = Label("quiet", wraps=True)
        self.done_all, self.done = QPushButton(), QPushButton()
        self._bar = QGridLayout()
        self._lay_out()
        self.rows.table.selectionModel().selectionChanged.connect(self._show_chosen)
        self.choose_all.clicked.connect(self._choose_all_or_none)
        self.done.clicked.connect(lambda: self.taken.emit(tuple(change.seq for change in self.chosen())))
        self.done_all.clicked.connect(lambda: self.taken.emit(None))

    def show_changes(self, changes: Sequence[Change], now_ms: int, *, untaken: int) -> None:
        """Show these; `untaken` counts those too that are not among them. What was chosen stays so."""
        self._changes = {change.seq: change for change in changes}
        self._untaken = untaken
        lines = [line_of(change, now_ms, is_compact=self._is_compact) for change in changes]
        empty = words.say("The till's menu is up to date")
        self.rows.show_lines(lines, name=words.say("Menu changes"), empty=f"{empty}.")
        self._show_chosen()

    def pick_first(self) -> bool:
        """Choose the first that the till does not have, and bring it into view; whether there is one."""
        if all(change.taken_at is not None for change in self._changes.values()):
            return False
        table = self.rows.table
        table.clearSelection()
        table.selectRow(0)  # those that the till does not have stand first, the oldest on top
        table.scrollToTop()
        table.setFocus(Qt.FocusReason.OtherFocusReason)
        bring_into_view(table, QRect(0, 0, table.width(), table.rowHeight(0)))
        return True

    def chosen(self) -> list[Change]:
        """Those that are chosen and that the till does not have, from top to bottom."""
        picked = sorted(index.row() for index in self.rows.table.selectionModel().selectedRows())
        changes = [self._changes[self.rows.model.line(row).key] for row in picked]
        return [change for change in changes if change.taken_at is None]

    def arrange(self, *, is_compact: bool) -> None:
        """Buttons beside each other, or one over the other."""
        self._is_compact = is_compact
        self.rows.arrange(is_compact=is_compact)
        for n, button in enumerate((self.done_all, self.done)):
            self._bar.addWidget(button, *((n, 0) if is_compact else (0, n + 1)))
        self._bar.setColumnStretch(0, 1)

    def _lay_out(self) -> None:
        self.done.setProperty("kind", "primary")
        for button in (self.choose_all, self.done_all):
            button.setProperty("kind", "quiet")
        head = (self.chosen_label, self.choose_all)
        stack_choice(self, head=head, rows=self.rows, detail=self.detail, bar=self._bar)

    def _choose_all_or_none(self) -> None:
        if self.chosen():
            self.rows.table.clearSelection()
        else:
            self.rows.table.selectAll()

    def _show_chosen(self) -> None:
        chosen = self.chosen()
        self.rows.model.mark(change.seq for change in chosen)
        shown = sum(change.taken_at is None for change in self._changes.values())
        invited = words.say("Choose what is done on the till") if shown else words.say("Nothing to do on the till")
        n = len(chosen)
        self.chosen_label.say(words.say("{n} chosen", n=words.number(n)) if n else invited)
        self._name(self.choose_all, words.say("Choose none") if n else words.say("Choose all"))
        self._name(self.done, words.say("Done on the till"))
        self._name(self.done_all, words.say("All {n} are done on the till", n=words.number(self._untaken)))
        self.choose_all.setEnabled(shown > 0)
        self.done.setEnabled(n > 0)
        self.done.setToolTip("" if n else words.say("Choose a change first."))
        self.done_all.setVisible(self._untaken > shown)  # else all can be chosen, and nothing unseen is ticked off
        self.detail.setVisible(n == 1)
        if n == 1:
            self.detail.say(_detail(chosen[0]))

    @staticmethod
    def _name(button: QPushButton, text: str) -> None:
        button.setText(text)
        button.setAccessibleName(text)


def line_of(change: Change, now_ms: int, *, is_compact: bool = False) -> Line:
    """A change in words; where there is no room for what changed beside the name it stands behind it."""
    what, is_taken = words.change(change.action, change.fields), change.taken_at is not None
    return Line(
        time=words.moment(change.at, now_ms),
        icon="product",
        what=f"{_name(change)}: {what}" if is_compact else _name(change),
        detail=what,
        amount="",
        state=words.say("at the till") if is_taken else words.say("not at the till yet"),
        state_icon="check" if is_taken else "ring",
        key=change.seq,
    )


def _name(change: Change) -> str:
    return words.shortened(change.name or change.local_id or change.cloud_id or "")


def _detail(change: Change) -> str:
    said = words.say("Reason from headquarters: “{reason}”", reason=words.shortened(change.reason or ""))
    what = f"{_name(change)}: {words.change(change.action, change.fields)}"
    return f"{what}. {said}" if change.reason else what


def _told(status: Status) -> str:
    n = status.untaken
    if not n:
        return words.say("The till's menu is up to date")
    if status.is_untaken_late:
        return words.say_n(
            "{n} change waits, and the till does not fetch it. Check the till, or see to it there.",
            "{n} changes wait, and the till does not fetch them. Check the till, or see to them there.",
            n,
        )
    return words.say_n("{n} change is not at the till yet.", "{n} changes are not at the till yet.", n)
