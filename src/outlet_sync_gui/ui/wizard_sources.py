"""The first run's page of how the till's program hands its records over."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.status import Status, Trouble
from outlet_sync_gui.ui.forms import WIDEST_PX
from outlet_sync_gui.ui.keeper import Errand, ShowToken
from outlet_sync_gui.ui.theme import set_property
from outlet_sync_gui.ui.widgets import Label
from outlet_sync_gui.ui.wizard_question import Question
from outlet_sync_gui.words import N_


class SourcesQuestion(Question):
    """How the till's program hands its records over: what is there today, with all that it takes."""

    NAME, TITLE = N_("Where records come from"), N_("Where records come from")
    INTRO = N_("The till's program hands its records over to this address, with this token.")

    def __init__(self) -> None:
        super().__init__()
        self._errand: Errand | None = None
        self._is_to_copy = False
        self._status: Status | None = None
        self.address, self.token = ShownValue(), ShownValue()
        self.show_token = QPushButton()
        self.token.row.insertWidget(1, self.show_token)
        self.show_token.clicked.connect(self._toggle_token)
        self.token.copy.clicked.connect(lambda: self._fetch(is_to_copy=True))
        self.address.copy.clicked.connect(lambda: self.address.put_on_clipboard(self.address.field.text()))
        self.trouble, self.by_hand = Label("error", wraps=True), Label("quiet", wraps=True)
        for part in (self.address, self.token, self.trouble, self.by_hand, self.error):
            self.body.addWidget(part)
        self.body.addStretch()

    def show_status(self, status: Status, _now_ms: int) -> None:
        """Where the intake listens, or why it does not."""
        self._status = status
        self.retranslate()

    def came(self, errand: Errand, result: object) -> None:
        """The token."""
        super().came(errand, result)
        if errand is not self._errand:
            return
        self._errand = None
        if isinstance(result, OutletSyncError):
            self._fail(result)
        elif self._is_to_copy:
            self.token.put_on_clipboard(str(result))
        else:
            self.token.field.setText(str(result))
            self._name_toggle()

    def give_up(self) -> None:
        """It is not shown to who comes by."""
        super().give_up()
        self._errand = None
        self.token.field.clear()
        for shown in (self.address, self.token):
            shown.note.say("")
        self._name_toggle()

    def retranslate(self) -> None:
        """Say it in the language of now."""
        super().retranslate()
        url = self._status.intake_url if self._status is not None else None
        not_open = words.say("not open yet")
        self.address.field.setText(url or "")
        self.address.field.setPlaceholderText(not_open)
        self.address.copy.setEnabled(bool(url))
        self.address.copy.setToolTip("" if url else not_open)
        self.address.name(words.say("Address of the till's connection"))
        self.token.field.setPlaceholderText(words.say("hidden"))
        self.token.name(words.say("Token of the till"))
        self._name_toggle()
        found = [trouble for trouble in (self._status.doors if self._status else ()) if _is_of_intake(trouble)]
        self.trouble.say("\n".join(f"▲ {words.door(trouble)}" for trouble in found))
        self.trouble.setVisible(bool(found))
        command = "outlet-sync-gui enqueue order sales.ndjson"
        self.by_hand.say(words.say("Or by the command line: {command}", command=command))

    def _name_toggle(self) -> None:
        text = words.say("Hide") if self.token.field.text() else words.say("Show")
        self.show_token.setText(text)
        self.show_token.setAccessibleName(f"{text}: {words.say('Token of the till')}")

    def _toggle_token(self) -> None:
        if self.token.field.text():
            self.token.field.clear()
            self._name_toggle()
        else:
            self._fetch(is_to_copy=False)

    def _fetch(self, *, is_to_copy: bool) -> None:
        if self.kept is not None:
            self._fail(None)
            self._is_to_copy = is_to_copy
            self._errand = ShowToken(self.kept.loaded.settings.outlet_id)
            self.asked.emit(self._errand)


class ShownValue(QWidget):
    """A value to be read and copied."""

    def __init__(self) -> None:
        super().__init__()
        self.label, self.note = Label("strong"), Label("small")
        self.field, self.copy = QLineEdit(readOnly=True), QPushButton()
        set_property(self.field, "isFixed", value=True)
        head = QHBoxLayout()
        head.addWidget(self.label, 1)
        head.addWidget(self.note)
        self.row = QHBoxLayout()
        self.row.setSpacing(8)
        self.row.addWidget(self.field, 1)
        self.row.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(self.row)
        self.setMaximumWidth(WIDEST_PX)

    def name(self, label: str) -> None:
        """Say what it is."""
        self.label.say(label)
        self.field.setAccessibleName(label)
        self.copy.setText(words.say("Copy"))
        self.copy.setAccessibleName(f"{words.say('Copy')}: {label}")
        if self.note.whole():
            self.note.say(words.say("Copied."))

    def put_on_clipboard(self, text: str) -> None:
        """Copy it, whether it is shown or not, and say so."""
        QGuiApplication.clipboard().setText(text)
        self.note.say(words.say("Copied."))
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.field, self.note.whole()))


def _is_of_intake(found: Trouble) -> bool:
    return found.code == "D-TOKEN" or dict(found.facts).get("name") == "intake"
