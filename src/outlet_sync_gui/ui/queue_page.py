"""The page of what waits: all of the line, however long it is, a part of it at a time."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.reader import QueuePart, WantLine
from outlet_sync_gui.status import Status
from outlet_sync_gui.store.views import ALL, Group, Sought, Stretch
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.choice import Choice, Option
from outlet_sync_gui.ui.record_list import RecordList, beyond
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import NARROW_PX, Label, PageColumn

SEARCH_AFTER_MS = 200
NEAR_ROWS = 30  # so close to an end of what is at hand the next part is read
GROUPS = {
    Group.WAITING: words.N_("Waiting"),
    Group.DEAD: words.N_("Refused"),
    Group.HELD: words.N_("Held"),
    Group.BLOCKED: words.N_("After their order"),
}
NOTHING = QueuePart(stretch=Stretch(rows=()), types=())


class QueuePage(QWidget):
    """The line newest first, narrowed down by a number, a name, what becomes of it, and its type.

    What is at hand is the surroundings of what is in view; `wanted` asks for others.
    """

    wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._theme = theme
        self._status: Status | None = None
        self._now_ms = 0
        self._part = NOTHING
        self._shown: Sought | None = None  # what was sought for when that was read
        self._goes_to_top = False
        self.title, self.line = Label("page-title"), Label("quiet", wraps=True)
        self.search = QLineEdit(clearButtonEnabled=True, maxLength=100)
        self.group, self.kind = Choice(theme), Choice(theme)
        self.group.value = Group.ALL
        self.newest = QPushButton()
        self.list = RecordList(theme, extra=self.newest)
        self._soon = QTimer(self, singleShot=True, interval=SEARCH_AFTER_MS)
        self._lay_out()
        self._connect()

    def wish(self) -> WantLine:
        """The part of the line around what is in view."""
        return WantLine(self._sought(), self._around())

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self._status, self._now_ms = status, now_ms
        if self._shown is None:
            self._show()
        else:
            self._show_head(status)  # its rows come with what is read next

    def show_part(self, wish: WantLine, part: QueuePart) -> None:
        """Show what was read, unless something else is looked for, or looked at, by now."""
        if wish.sought != self._sought() or self.list.rows.table.verticalScrollBar().isSliderDown():
            return
        is_from_top = self._goes_to_top or wish.sought != self._shown
        if is_from_top:
            if wish.around is not None:
                return
            self.list.rows.start_anew()
        elif self._is_elsewhere(part.stretch):
            self.wanted.emit()
            return
        self._goes_to_top, self._shown = False, wish.sought
        holds = not is_from_top and (self._part.stretch.has_newer or bool(self.list.chosen()))
        self._part = part
        self._show(holds=holds)

    def arrange(self, width: int) -> None:
        """Fit a width."""
        is_compact = width < NARROW_PX
        self.list.arrange(is_compact=is_compact)
        places = ((1, 0), (1, 1)) if is_compact else ((0, 1), (0, 2))
        self._filters.addWidget(self.search, 0, 0, 1, 2 if is_compact else 1)
        for choice, place in zip((self.group, self.kind), places, strict=True):
            self._filters.addWidget(choice, *place)
        self._filters.setColumnStretch(0, 1)
        self._filters.setColumnStretch(1, int(is_compact))
        self._column.arrange(is_compact=is_compact)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.search.setPlaceholderText(words.say("Start of a number, or a name from the menu"))
        self.search.setAccessibleName(words.say("Search by number or name"))
        self.newest.setText(words.say("Newest"))
        self.newest.setAccessibleName(words.say("To the newest"))
        self._show_icons()
        self.list.retranslate()
        self._show()

    # -- where somebody looks

    def _sought(self) -> Sought:
        group, kind = self.group.value, self.kind.value
        assert isinstance(group, Group)
        return Sought(group=group, entity_type=str(kind) if kind else None, search=self.search.text().strip())

    def _around(self) -> int | None:
        """The place of the row at the top; None where the newest end is followed."""
        rows, at_hand = self.list.rows, self._part.stretch
        is_followed = rows.offset() == 0 and not at_hand.has_newer and not self.list.chosen()
        if self._goes_to_top or self._sought() != self._shown or is_followed or not at_hand.rows:
            return None
        return at_hand.rows[min(rows.in_view().start, len(at_hand.rows) - 1)].seq

    def _is_elsewhere(self, stretch: Stretch) -> bool:
        """Whether the row at the top is none of what was read: somebody was quicker."""
        at_hand = self._part.stretch.rows
        top = self.list.rows.in_view().start
        return top < len(at_hand) and beyond(at_hand[top], stretch)

    def _scrolled(self) -> None:
        """Ask for more where what is at hand comes to its end; of what was searched for there is no more."""
        stretch, view = self._part.stretch, self.list.rows.in_view()
        self._show_newest()
        if self.list.rows.table.verticalScrollBar().isSliderDown() or self.search.text().strip():
            return
        is_near_older = stretch.has_older and view.stop > len(stretch.rows) - NEAR_ROWS
        if is_near_older or (stretch.has_newer and view.start < NEAR_ROWS):
            self.wanted.emit()

    def _to_newest(self) -> None:
        self._goes_to_top = True
        self.wanted.emit()

    def _narrow_down(self) -> None:
        self.list.start_anew()
        self.wanted.emit()

    # -- what is shown

    def _show(self, *, holds: bool = True) -> None:
        status = self._status
        if status is None:
            return
        self._show_head(status)
        stretch = self._part.stretch
        name, empty = self.title.whole(), self._empty()
        self.list.show_stretch(stretch, status, self._now_ms, name=name, empty=empty, holds=holds)
        self._show_newest()

    def _show_head(self, status: Status) -> None:
        self._offer(status)
        self.title.say(words.say("Queue"))
        self.line.say(self._told(status))

    def _offer(self, status: Status) -> None:
        n = {Group.DEAD: status.dead, Group.HELD: status.held, Group.BLOCKED: status.blocked}
        n[Group.WAITING] = status.pending.total - status.held - status.blocked
        groups = [Option(group, words.say(name), words.number(n[group])) for group, name in GROUPS.items()]
        self.group.offer(words.say("What becomes of it"), [Option(Group.ALL, words.say("All")), *groups])
        self.kind.offer(words.say("Type"), [Option(None, words.say("All types")), *map(_type_option, self._part.types)])

    def _told(self, status: Status) -> str:
        n, dead = words.number(status.pending.total), words.number(status.dead)
        told = words.say("{n} waiting", n=n) if status.pending.total else words.say("Nothing waits.").rstrip(".")
        told = f"{told} · {words.say('{n} refused', n=dead)}" if status.dead else told
        found = self._part.stretch
        is_cut = bool(self._shown and self._shown.search) and found.has_older
        many = words.say("more than {n} found: type more of the number", n=words.number(len(found.rows)))
        return f"{told} · {many}" if is_cut else told

    def _empty(self) -> str:
        sought = self._shown or ALL
        if sought.search:
            return words.say("Nothing in the queue is called so.")
        if sought != ALL:
            return words.say("Nothing of the kind is in the queue.")
        return words.say("Nothing waits. New orders show here.")

    def _show_newest(self) -> None:
        is_away = self._part.stretch.has_newer or self.list.rows.offset() > 0
        self.newest.setEnabled(is_away)
        self.newest.setToolTip("" if is_away else words.say("These are the newest."))

    def _show_icons(self) -> None:
        colours = self._theme.tokens
        self.newest.setIcon(icons.icon("up", colours.accent, disabled=colours.text2))

    # -- how it is put together

    def _lay_out(self) -> None:
        self.newest.setProperty("kind", "quiet")
        self.newest.setAutoDefault(False)
        self._filters = QGridLayout()
        self._filters.setSpacing(8)
        self._column = PageColumn(self, self.title, self.line)
        self._column.addLayout(self._filters)
        self._column.addWidget(self.list, 1)

    def _connect(self) -> None:
        self._soon.timeout.connect(self._narrow_down)
        self.search.textChanged.connect(self._soon.start)
        for choice in (self.group, self.kind):
            choice.picked.connect(self._narrow_down)
        self.newest.clicked.connect(self._to_newest)
        home = QShortcut(QKeySequence("Ctrl+Home"), self)
        home.activated.connect(self._to_newest)
        bar = self.list.rows.table.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.sliderReleased.connect(self._scrolled)
        self._theme.changed.connect(self._show_icons)


def _type_option(entity_type: str) -> Option:
    name = words.type_name(entity_type, 2)
    return Option(entity_type, f"{name[:1].upper()}{name[1:]}")
