"""Dialogs over the window: why something is not sent, and all that is known of a record."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui import reasons, words
from outlet_sync_gui.contract.text import pretty
from outlet_sync_gui.reader import Record
from outlet_sync_gui.status import Row, Status
from outlet_sync_gui.ui.widgets import FocusRing, Label, rule

MARGIN_PX, FIELD_PX = 24, 96
LONGEST_REASON = 500


class Dialog(QDialog):
    """A title, a body that scrolls where the window is low, and a footer that stays."""

    def __init__(self, parent: QWidget, title: str, *, wanted: QSize) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Outlet Sync")
        self.title = Label("name", wraps=True)
        self.title.say(title)
        self.cancel = QPushButton(words.say("Cancel"))
        self.cancel.setAccessibleName(self.cancel.text())
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self.reject)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self.footer = QHBoxLayout()
        self.footer.setSpacing(8)
        self._lay_out()
        self.ring = FocusRing(self)
        window = parent.window()
        self.resize(wanted.boundedTo(QSize(window.width() - MARGIN_PX, window.height() - MARGIN_PX)))

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setProperty("kind", "page")
        content = QVBoxLayout(inside)
        content.setContentsMargins(20, 16, 20, 12)
        content.setSpacing(8)
        content.addWidget(self.title)
        content.addLayout(self.body, 1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        self.footer.setContentsMargins(20, 8, 20, 12)
        self.footer.addStretch()
        self.footer.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)  # the window under it sets the limits
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addWidget(rule())
        layout.addLayout(self.footer)

    def main_button(self, text: str) -> QPushButton:
        """The button that does it, at the right end of the footer."""
        button = QPushButton(text)
        button.setAccessibleName(text.removesuffix("…"))
        button.setProperty("kind", "primary")
        self.footer.addWidget(button)
        return button


class DiscardDialog(Dialog):
    """Asks why something is not sent; without a reason it can't be pressed."""

    reasoned = Signal(str)

    def __init__(self, parent: QWidget, rows: Sequence[Row]) -> None:
        question = words.say_n("Why not send {n} record?", "Why not send these {n} records?", len(rows))
        super().__init__(parent, question, wanted=QSize(560, 260))
        self.records = Label("quiet", wraps=True)
        self.records.say(_names(rows))
        self.reason = QLineEdit(maxLength=LONGEST_REASON)
        self.reason.setAccessibleName(question)
        self.reason.setPlaceholderText(words.say("Such as: entered twice"))
        self.kept = Label("small", wraps=True)
        self.kept.say(words.say("It stays in Activity, with your name and the reason."))
        for part in (self.records, self.reason, self.kept):
            self.body.addWidget(part)
        self.body.addStretch()
        self.discard = self.main_button(words.say("Discard"))
        self.discard.clicked.connect(self.accept)
        self.reason.textChanged.connect(self._show_whether)
        self.accepted.connect(lambda: self.reasoned.emit(self.reason.text().strip()))
        self._show_whether()
        self.reason.setFocus()

    def _show_whether(self) -> None:
        has_reason = bool(self.reason.text().strip())
        self.discard.setEnabled(has_reason)
        self.discard.setToolTip("" if has_reason else words.say("Say why first."))


class DetailsDialog(Dialog):
    """A record: where it stands, what was decided over it, and its content as it is sent."""

    def __init__(self, parent: QWidget, row: Row, record: Record, status: Status, now_ms: int) -> None:
        super().__init__(parent, words.row_title(row), wanted=QSize(640, 460))
        self.cancel.setText(words.say("Close"))
        self.cancel.setAccessibleName(self.cancel.text())
        self.cancel.setAutoDefault(True)
        self.lines = _details(row, record, status, now_ms)
        for role, text in self.lines:
            label = Label(role, wraps=True)
            label.say(text)
            self.body.addWidget(label)
        self.content = TextField(pretty(record.content))
        self.content.setReadOnly(True)
        self.content.setAccessibleName(words.say("Technical details"))
        self.body.addWidget(self.content, 1)


class TextField(QPlainTextEdit):
    """A field of several lines, letters of one width; it takes the height that the rest leaves, and Tab leaves it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTabChangesFocus(True)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setMinimumHeight(FIELD_PX)

    def sizeHint(self) -> QSize:
        """No more than it needs."""
        return QSize(super().sizeHint().width(), FIELD_PX)


def _names(rows: Sequence[Row]) -> str:
    shown = ", ".join(words.row_title(row) for row in rows[:3])
    more = len(rows) - 3
    return f"{shown}, {words.say('{n} more', n=words.number(more))}" if more > 0 else shown


def _details(row: Row, record: Record, status: Status, now_ms: int) -> list[tuple[str, str]]:
    """Lines with their roles, from the plain to the technical."""
    amount = words.rupiah(row.amount) if row.amount is not None else ""
    about = " · ".join(part for part in (words.row_detail(row), amount) if part)
    tries = words.say("tried {n}×", n=words.number(row.tries)) if row.tries else ""
    since = words.say("since {time}", time=words.moment(row.at_ms, now_ms))
    state = " · ".join(part for part in (words.row_state(row, now_ms), since, tries) if part)
    lines = [("", about), ("quiet", state), ("", reasons.why(row, status, now_ms))]
    deeds = [
        reasons.deed(deed.what, who=deed.who, why=deed.why, at_ms=deed.at, now_ms=now_ms) for deed in record.history
    ]
    lines += [("label", words.say("Decided so far"))] if deeds else []
    lines += [("", deed) for deed in deeds]
    lines.append(("label", words.say("Technical details")))
    return [(role, text) for role, text in lines if text]
