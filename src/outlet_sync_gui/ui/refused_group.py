"""Records that failed the same way as one card: why, how many, what the cloud said, and what to do about them."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.status import Row, State
from outlet_sync_gui.store.refusals import Alike, Failure
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.record_list import TITLES, Action
from outlet_sync_gui.ui.refused_table import RefusedTable
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label, rule, set_checked

ICON_PX, HEAD_PX = 20, 62
MOST_MENDED = 20  # one after another: beyond that the till mends them
ACTIONS = (Action.DISCARD, Action.RETRY, Action.EDIT)


class GroupHead(QPushButton):
    """The line of a group that is always there: pressing it opens and closes the rest."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "fold")
        self.setCheckable(True)
        self._theme = theme
        self.triangle, self.arrow = QLabel(), QLabel()
        self.cause = _Cause("title", elides=True)
        self.pill = Label("count")
        self.said = Label("small", elides=True)
        self._lay_out()

    def show_group(self, group: Alike) -> None:
        """Say why, how many, and in the cloud's words."""
        failure = group.failure
        self.cause.say(words.refusal_cause(failure.code, failure.entity_type, group.said))
        self.pill.say(f"{words.number(group.n)} {words.type_name(failure.entity_type, group.n)}")
        self.said.say(_told(group))
        self._say_state()

    def show_open(self, *, is_open: bool) -> None:
        """Whether the rest is shown."""
        set_checked(self, is_checked=is_open)
        colours, ratio = self._theme.tokens, self.devicePixelRatioF()
        self.triangle.setPixmap(icons.pixmap("triangle", colours.states[State.ATTENTION][0], ICON_PX, ratio))
        self.arrow.setPixmap(icons.pixmap("fold" if is_open else "down", colours.text2, ICON_PX, ratio))
        self._say_state()

    def _say_state(self) -> None:
        state = words.say("open") if self.isChecked() else words.say("closed")
        self.setAccessibleName(f"{self.cause.whole()}. {self.pill.whole()}. {self.said.whole()}. {state}")

    def _lay_out(self) -> None:
        cause = QHBoxLayout()
        cause.setSpacing(10)
        cause.addWidget(self.cause)
        cause.addWidget(self.pill)
        cause.addStretch(1)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addLayout(cause)
        texts.addWidget(self.said)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 8, 14, 8)
        layout.setSpacing(13)
        layout.addWidget(self.triangle)
        layout.addLayout(texts, 1)
        layout.addWidget(self.arrow)
        for part in (self.triangle, self.arrow, self.cause, self.pill, self.said):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


class _Cause(Label):
    """Takes what the whole text needs where there is room, so that the count stands right behind it."""

    def say(self, text: str) -> None:
        """Show a text."""
        super().say(text)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """The whole text in one line."""
        return QSize(self.fontMetrics().horizontalAdvance(self.whole()) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """It can be shortened."""
        return QSize(0, super().minimumSizeHint().height())


class GroupCard(QFrame):
    """One group; its rows and buttons are made when it is first opened."""

    toggled = Signal(object)  # its Failure
    asked = Signal(object, object, object)  # an Action, the rows, and the group where all of it is meant, else None

    def __init__(self, theme: Theme, group: Alike) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setProperty("role", "group")
        self._theme = theme
        self.group = group
        self._rows: dict[int, Row] = {}
        self._now_ms = 0
        self._has_all = False
        self.head = GroupHead(theme)
        self.table = RefusedTable(theme)
        self.chosen_label, self.choose_all = Label("strong", elides=True), QPushButton()
        self.buttons = {action: QPushButton() for action in ACTIONS}
        self._foot, self._bar = QWidget(), QGridLayout()
        self._lines = (rule(), rule())
        self._column = QVBoxLayout(self)
        self._lay_out()
        self._connect()
        self.show_group(group)
        self.show_open(is_open=False)

    @property
    def failure(self) -> Failure:
        """What its records have in common."""
        return self.group.failure

    def show_group(self, group: Alike) -> None:
        """Show how many they are by now."""
        self.group = group
        self.head.show_group(group)
        self.table.setAccessibleName(self.head.cause.whole())
        self._show_chosen()

    def show_rows(self, rows: Sequence[Row], now_ms: int) -> None:
        """Show the newest of them; of a single one it is plain which is meant."""
        is_first = not self._rows
        self._rows, self._now_ms = {row.record_id: row for row in rows}, now_ms
        self.table.show_rows(rows, now_ms)
        if self._has_all or (is_first and self.group.n == 1):
            self.table.tick(self._rows)
        self._show_chosen()

    def show_open(self, *, is_open: bool) -> None:
        """Show the rest, or the line alone."""
        self.head.show_open(is_open=is_open)
        for part in (*self._lines, self.table, self._foot):
            part.setVisible(is_open)

    def land(self) -> None:
        """The newest record comes into view; of a single one it is plain that it is meant."""
        if self.group.n == 1:
            self.table.tick(self._rows)
            self._show_chosen()
        self.table.land()

    def event(self, event: QEvent) -> bool:
        """With its rows it grows up to all of them."""
        is_done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._limit()
        return is_done

    def _limit(self) -> None:
        rest = self._column.totalSizeHint().height()
        is_open = not self.table.isHidden()
        more = self.table.whole_height() - self.table.sizeHint().height() if is_open else 0
        self.setMaximumHeight(rest + more)

    def chosen(self) -> list[Row]:
        """The rows that are ticked."""
        return [self._rows[key] for key in self.table.ticks() if key in self._rows]

    def arrange(self, *, is_compact: bool) -> None:
        """Buttons beside what is chosen, or under it."""
        self.table.arrange(is_compact=is_compact)
        wide = {self.choose_all: (0, 1), **{self.buttons[a]: (0, 3 + n) for n, a in enumerate(ACTIONS)}}
        narrow = {
            self.choose_all: (0, 1),
            self.buttons[Action.DISCARD]: (1, 0),
            self.buttons[Action.RETRY]: (1, 1),
            self.buttons[Action.EDIT]: (2, 0),
        }
        self._bar.addWidget(self.chosen_label, 0, 0)
        for button, (row, column) in (narrow if is_compact else wide).items():
            self._bar.addWidget(button, row, column, 1, 2 if row == 2 else 1)
        self._bar.setColumnStretch(0, 1)
        self._bar.setColumnStretch(1, int(is_compact))

    def retranslate(self) -> None:
        """Say it in the language and the colours of now."""
        colours = self._theme.tokens
        for action, button in self.buttons.items():
            button.setText(words.say(TITLES[action]))
            button.setAccessibleName(words.say(TITLES[action]).removesuffix("…"))
        self.buttons[Action.EDIT].setIcon(icons.icon("pencil", colours.on_accent, disabled=colours.text2))
        self.head.show_open(is_open=self.head.isChecked())
        self.show_group(self.group)
        self.table.show_rows(list(self._rows.values()), self._now_ms)

    def _show_chosen(self) -> None:
        n = self.group.n if self._has_all else len(self.table.ticks())
        self.chosen_label.say(words.say("{n} chosen", n=words.number(n)))
        is_all = bool(n) and n == self.group.n
        text = words.say("Choose none") if is_all else words.say("Choose all {n}", n=words.number(self.group.n))
        self.choose_all.setText(text)
        self.choose_all.setAccessibleName(text)
        self.choose_all.setVisible(self.group.n > 1)
        for action, button in self.buttons.items():
            why_not = self._hindrance(action, n)
            button.setEnabled(not why_not)
            button.setToolTip(why_not)

    def _hindrance(self, action: Action, n: int) -> str:
        if not n:
            return words.say("Choose a record first.")
        if action is Action.EDIT and n > MOST_MENDED:
            return words.say("Choose {n} at most: they are mended one after another.", n=words.number(MOST_MENDED))
        return ""

    def _tick_all_or_none(self) -> None:
        is_all = self._has_all or len(self.table.ticks()) == self.group.n
        self.table.tick(() if is_all else self._rows)
        self._has_all = not is_all and self.group.n > len(self._rows)
        self._show_chosen()

    def _ticked(self) -> None:
        self._has_all = False
        self._show_chosen()

    def _asker(self, action: Action) -> Callable[[], None]:
        return lambda: self.asked.emit(action, self.chosen(), self.group if self._has_all else None)

    def _lay_out(self) -> None:
        self.choose_all.setProperty("kind", "quiet")
        self.buttons[Action.DISCARD].setProperty("kind", "quiet")
        self.buttons[Action.EDIT].setProperty("kind", "primary")
        self._bar.setContentsMargins(16, 4, 12, 4)
        self._bar.setSpacing(8)
        self._foot.setLayout(self._bar)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)
        for part in (self.head, self._lines[0], self.table, self._lines[1], self._foot):
            self._column.addWidget(part, int(part is self.table))
        self.arrange(is_compact=False)
        self.retranslate()

    def _connect(self) -> None:
        self.head.toggled.connect(lambda: self.toggled.emit(self.failure))
        self.table.ticked.connect(self._ticked)
        self.table.opened.connect(lambda key: self.asked.emit(Action.DETAILS, [self._rows[key]], None))
        self.choose_all.clicked.connect(self._tick_all_or_none)
        for action, button in self.buttons.items():
            button.clicked.connect(self._asker(action))


def _told(group: Alike) -> str:
    """The cloud's words; where it said none, what is known instead."""
    if group.failure.code == "R-SIZE":
        return words.say("Found on this PC, never sent")
    if not group.said or group.failure.code == "R-TRIES":
        return words.say("Headquarters gives no reason")
    said = words.quote(words.shortened(group.said))
    return said if group.is_same else words.say("{said} and the like", said=said)
