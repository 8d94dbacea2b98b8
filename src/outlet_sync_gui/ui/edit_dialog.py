"""Mending a record before it goes again: its JSON, what is wrong with it, and what changed."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QColor, QShowEvent, QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QTextEdit, QWidget

from outlet_sync_gui import reasons, words
from outlet_sync_gui.contract.text import dumps, loads, loads_stored, pretty
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.reader import Record
from outlet_sync_gui.status import Row, State, Status
from outlet_sync_gui.sync.clock import iso, now
from outlet_sync_gui.sync.person import read_edit
from outlet_sync_gui.ui.dialogs import Dialog, TextField, name_button
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label

CHECK_AFTER_MS = 150
LARGEST = 200_000  # characters; beyond that checking as one types would be felt
UNCHANGED = words.N_("Change something first.")
SHOWN_CHANGES, SHOWN_CHARACTERS = 4, 40


class EditDialog(Dialog):
    """Checks as one types; what can't be sent can't be pressed."""

    mended = Signal(bytes)

    def __init__(
        self, parent: QWidget, theme: Theme, row: Row, record: Record, status: Status, *, draft: str | None = None
    ) -> None:
        super().__init__(parent, wanted=QSize(680, 470))
        self._theme, self._row, self._record, self._status = theme, row, record, status
        self.why = Label("quiet", wraps=True)
        self.field = TextField(draft if draft is not None else pretty(record.content))
        self.verdict = Label("", wraps=True)
        for part in (self.why, self.field, self.verdict):
            self.body.addWidget(part, 1 if part is self.field else 0)
        self.send = self.main_button()
        self.send.clicked.connect(self._send)
        self._soon = QTimer(self, singleShot=True, interval=CHECK_AFTER_MS)
        self._soon.timeout.connect(self.check)
        self.field.textChanged.connect(self._soon.start)
        self.field.setFocus()
        self._suspected, text = _suspect(loads_stored(record.content), row.error or "")
        self._go_to(text)
        self.retranslate()

    def retranslate(self) -> None:
        """Say it again, in the language and the colours of now; what was typed stays."""
        super().retranslate()
        title = words.row_title(self._row)
        self.title.say(title)
        self.why.say(reasons.why(self._row, self._status, now().wall_ms))
        self.field.setAccessibleName(words.say("Content of {name}", name=title))
        name_button(self.send, words.say("Edit and resend"))
        self.check()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin where it is probably wrong."""
        super().showEvent(event)
        self.field.ensureCursorVisible()

    def check(self) -> bool:
        """Tell what is wrong, or what changed; whether it can be sent."""
        text = self.field.toPlainText()
        try:
            changes = self._changes(text)
        except InputRefused as error:
            self._tell(reasons.mistake(error, text), line=reasons.line_of_mistake(error, text))
            return False
        self._tell(_told(changes), can_send=bool(changes))
        return bool(changes)

    def _changes(self, text: str) -> list[tuple[str, str, str]]:
        read_edit(
            text.encode("utf-8", "surrogatepass"),
            entity_type=self._record.entity_type,
            local_id=self._record.local_id,
            outlet_id=self._status.outlet_id,
            outlet_code=self._status.outlet_code,
            now=iso(now().wall_ms),
        )
        return _differences(loads_stored(self._record.content), loads(text))

    def _send(self) -> None:
        if self.check():
            self.mended.emit(self.field.toPlainText().encode())
            self.accept()

    def _tell(self, text: str, *, can_send: bool = False, line: int | None = None) -> None:
        is_wrong = not can_send and text != words.say(UNCHANGED)
        set_property(self.verdict, "role", "error" if is_wrong else "")
        self.verdict.say(f"▲ {text}" if is_wrong else text)
        self.send.setEnabled(can_send)
        self.send.setToolTip("" if can_send else text)
        marked = line if line is not None else self._line_of(self._suspected)
        self.field.setExtraSelections([self._marked(marked)] if marked is not None else [])

    def _line_of(self, name: str) -> int | None:
        """The line on which a field of the record stands; None where there is none."""
        lines = self.field.toPlainText().splitlines()
        found = (n for n, line in enumerate(lines, 1) if line.strip().startswith(f"{dumps(name)}:"))
        return next(found, None) if name else None

    def _marked(self, line: int) -> QTextEdit.ExtraSelection:
        colour, tint = self._theme.tokens.states[State.ATTENTION]
        mark = QTextEdit.ExtraSelection()
        looks = QTextCharFormat()
        looks.setBackground(QColor(tint))
        looks.setForeground(QColor(colour))
        looks.setProperty(QTextFormat.Property.FullWidthSelection, True)  # noqa: FBT003 - Qt's own signature
        mark.format = looks
        mark.cursor = QTextCursor(self.field.document().findBlockByLineNumber(line - 1))
        return mark

    def _go_to(self, text: str) -> None:
        """Choose the text that is probably wrong, so that typing replaces it."""
        if text:
            self.field.find(text)


def _suspect(content: Mapping[str, Any], said: str) -> tuple[str, str]:
    """The field that headquarters' words mean, and the text of it that they contain: its value, else its name.

    The longest is the likeliest.
    """
    values = {
        name: value for name, value in content.items() if isinstance(value, str) and len(value) > 1 and value in said
    }
    names = {name: name for name in content if name in said}
    return max((values or names).items(), key=lambda found: len(found[1]), default=("", ""))


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each field that differs with both values; a field that is not there is a dash."""
    names = [*before, *(name for name in after if name not in before)]
    pairs = [(name, _value(before, name), _value(after, name)) for name in names]
    return [(name, old, new) for name, old, new in pairs if old != new]


def _value(content: Mapping[str, Any], name: str) -> str:
    return dumps(content[name]) if name in content else "–"


def _told(changes: list[tuple[str, str, str]]) -> str:
    if not changes:
        return words.say(UNCHANGED)
    lines = [f"{name}: {_short(old)} → {_short(new)}" for name, old, new in changes[:SHOWN_CHANGES]]
    more = len(changes) - SHOWN_CHANGES
    return "\n".join([*lines, *([words.say("{n} more", n=words.number(more))] if more > 0 else [])])


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
