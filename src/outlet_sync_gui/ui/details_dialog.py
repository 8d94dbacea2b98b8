"""All that is known of a record: what it is, what became of it, what it holds, and its JSON for whoever needs that."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.contract.text import loads_stored, pretty
from outlet_sync_gui.reader import Record
from outlet_sync_gui.status import Row, Status
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.dialogs import Dialog, TextField, name_button
from outlet_sync_gui.ui.life import Moment, moments
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label, rule, set_checked

ICON_PX, TITLE_PX = 20, 132
LARGEST = 200_000  # characters of content; beyond that putting it into fields and lines would be felt
RAW_PX = 180


class DetailsDialog(Dialog):
    """Tells of a record from the plain to the technical."""

    def __init__(self, parent: QWidget, theme: Theme, row: Row, record: Record, status: Status, now_ms: int) -> None:
        super().__init__(parent, wanted=QSize(720, 500))
        self._theme, self._row, self._record = theme, row, record
        self._status, self._now_ms = status, now_ms
        self.cancel.setAutoDefault(True)
        self._is_big = len(record.content) > LARGEST
        self._held = {} if self._is_big else loads_stored(record.content)
        self.copy, self.technical = QPushButton(), QPushButton()
        self.about, self.content = Label("quiet", wraps=True), TextField("")
        self._cards: list[QFrame] = []
        self.body.addWidget(self.about)
        self.body.addLayout(self._raw())
        self.body.addStretch()
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # arrows and Page Down scroll it
        self.retranslate()
        self.show_technical(is_shown=False)
        self.cancel.setFocus()

    def retranslate(self) -> None:
        """Say it again, in the language and the colours of now."""
        super().retranslate()
        name_button(self.cancel, words.say("Close"))
        self.title.say(words.row_title(self._row))
        self.area.setAccessibleName(self.title.whole())
        self.about.say(_about(self._row))
        self.about.setVisible(bool(self.about.whole()))
        name_button(self.technical, words.say("Technical details"))
        self.copy.setText(words.say("Copy"))
        self.copy.setAccessibleName(words.say("Copy the technical details"))
        self.content.setAccessibleName(words.say("Content as it is sent"))
        self._point()
        self._tell()

    def show_technical(self, *, is_shown: bool) -> None:
        """Show the JSON and the numbers behind it, or hide them."""
        if is_shown and not self.content.toPlainText():
            self.content.setPlainText(_technical(self._record))
        set_checked(self.technical, is_checked=is_shown)
        self._point()
        for part in (self.content, self.copy):
            part.setVisible(is_shown)
        if is_shown:
            self.content.setFocus()

    def _point(self) -> None:
        name = "down" if self.technical.isChecked() else "right"
        self.technical.setIcon(icons.icon(name, self._theme.tokens.accent))

    def _tell(self) -> None:
        """What became of it and what it holds, put into words anew."""
        for card in self._cards:
            card.hide()
            card.deleteLater()
        self.moments = moments(self._record, self._status, self._now_ms)
        self.items, self.fields = words.items(self._held), words.content(self._held)
        parts = ((words.say("What became of it"), self._timeline()), (words.say("What it holds"), self._contents()))
        self._cards = [_card(title, inside) for title, inside in parts]
        for place, card in enumerate(self._cards, 1):
            self.body.insertWidget(place, card)

    def _timeline(self) -> QGridLayout:
        grid = _grid()
        grid.setColumnStretch(1, 1)
        for n, moment in enumerate(self.moments):
            icon = QLabel()
            icon.setPixmap(icons.pixmap(moment.icon, self._theme.tokens.text2, ICON_PX, self.devicePixelRatioF()))
            when = words.say("now") if moment.at_ms is None else words.moment(moment.at_ms, self._now_ms)
            time = Label("small")
            time.say(when)
            grid.addWidget(icon, n, 0, Qt.AlignmentFlag.AlignTop)
            grid.addLayout(_told(moment), n, 1)
            grid.addWidget(time, n, 2, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
        return grid

    def _contents(self) -> QVBoxLayout:
        layout = QVBoxLayout()
        layout.setSpacing(8)
        if self._is_big:
            note = Label("quiet", wraps=True)
            note.say(words.say("Too much to be told here: {size}.", size=words.megabytes(len(self._record.content))))
            layout.addWidget(note)
        if self.items:
            layout.addLayout(_bill(self.items))
            held = self._held.get("items")
            more = len(held) - len(self.items) if isinstance(held, list) else 0
            if more > 0:
                note = Label("quiet")
                note.say(words.say("{n} more", n=words.number(more)))
                layout.addWidget(note)
            layout.addWidget(rule())
        grid = _grid()
        grid.setColumnMinimumWidth(0, TITLE_PX)
        grid.setColumnStretch(1, 1)
        for n, (title, text) in enumerate(self.fields):
            _put(grid, n, title, text)
        layout.addLayout(grid)
        return layout

    def _raw(self) -> QVBoxLayout:
        self.technical.setProperty("kind", "quiet")
        self.technical.setCheckable(True)
        self.technical.setAutoDefault(False)
        self.technical.toggled.connect(lambda is_shown: self.show_technical(is_shown=is_shown))
        self.copy.setProperty("kind", "quiet")
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(self._copy)
        self.content.setReadOnly(True)
        self.content.setMinimumHeight(RAW_PX)
        head = QHBoxLayout()
        head.addWidget(self.technical)
        head.addStretch()
        head.addWidget(self.copy)
        layout = QVBoxLayout()
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.content)
        return layout

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(_numbers(self._record) + self._record.content)
        self.copy.setText(words.say("Copied"))


def _about(row: Row) -> str:
    amount = words.rupiah(row.amount) if row.amount is not None else ""
    return " · ".join(part for part in (words.row_detail(row), amount) if part)


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(8)
    return grid


def _card(title: str, inside: QGridLayout | QVBoxLayout) -> QFrame:
    card = QFrame()
    card.setProperty("kind", "card")
    card.setAccessibleName(title)
    heading = Label("label")
    heading.say(title)
    layout = QVBoxLayout(card)
    layout.setContentsMargins(16, 12, 16, 12)
    layout.setSpacing(8)
    layout.addWidget(heading)
    layout.addLayout(inside)
    return card


def _told(moment: Moment) -> QVBoxLayout:
    layout = QVBoxLayout()
    layout.setSpacing(0)
    for role, text in (("title", moment.title), ("quiet", moment.detail)):
        if text:
            label = Label(role, wraps=True)
            label.say(text)
            layout.addWidget(label)
    return layout


def _bill(items: Sequence[words.Item]) -> QGridLayout:
    """Quantity, name, price of one, and what the line comes to; figures stand right."""
    grid = _grid()
    grid.setColumnStretch(1, 1)
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
    for n, item in enumerate(items):
        for column, (role, text) in enumerate(
            (("quiet", item.quantity), ("", item.name), ("small", item.price), ("", item.subtotal))
        ):
            label = Label(role, wraps=column == 1)
            label.say(text)
            grid.addWidget(label, n, column, Qt.AlignmentFlag.AlignTop if column == 1 else right)
    return grid


def _put(grid: QGridLayout, n: int, title: str, text: str) -> None:
    name, value = Label("quiet", wraps=True), Label("", wraps=True)
    name.say(title)
    value.say(text)
    value.setAccessibleName(f"{title}: {text}")
    value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    grid.addWidget(name, n, 0, Qt.AlignmentFlag.AlignTop)
    grid.addWidget(value, n, 1)


def _numbers(record: Record) -> str:
    known = {"type": record.entity_type, "local_id": record.local_id, "cloud_id": record.cloud_id}
    versions = {"version": record.version, "agreed": record.agreed_version}
    return "".join(f"{name}: {value}\n" for name, value in {**known, **versions}.items() if value)


def _technical(record: Record) -> str:
    if len(record.content) > LARGEST:
        return f"{_numbers(record)}{record.content[:LARGEST]}…"
    return _numbers(record) + pretty(record.content)
