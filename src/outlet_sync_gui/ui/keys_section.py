"""The keys: whether each is there, and how it is replaced. None is ever shown but the token of the till."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.credentials import VARIABLES
from outlet_sync_gui.errors import InputRefused, OutletSyncError
from outlet_sync_gui.ui import icons, setting_fields
from outlet_sync_gui.ui.forms import WIDEST_PX, Entry
from outlet_sync_gui.ui.keeper import (
    TOKEN,
    CheckSecret,
    DropSecret,
    Errand,
    Kept,
    PutSecret,
    RenewToken,
    ShowToken,
    is_in_environment,
)
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label
from outlet_sync_gui.words import N_

API_KEY, WEBHOOK_SECRET = "api-key", "webhook-secret"
SHORTEST_WEBHOOK_SECRET = 16
LONGEST = 4096
ICON_PX = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One secret: what it is called, what it is for, and what to ask before it is forgotten or renewed."""

    name: str
    title: str
    line: str
    label: str = ""
    warning: str = ""
    shortest: int = 1


KINDS = (
    Kind(
        name=API_KEY,
        title=N_("API key"),
        line=N_("Headquarters knows this outlet by it."),
        label=N_("New API key"),
    ),
    Kind(
        name=WEBHOOK_SECRET,
        title=N_("Secret of instant updates"),
        line=N_("Optional. Shows that news really are from headquarters."),
        label=N_("New secret"),
        warning=N_("Without it no instant updates get in. The menu still comes by schedule."),
        shortest=SHORTEST_WEBHOOK_SECRET,
    ),
    Kind(
        name=TOKEN,
        title=N_("Token of the till"),
        line=N_("The till's program hands its records over with it."),
        warning=N_("Then the till can't hand over anything until the new token is entered there."),
    ),
)


class KeysSection(QWidget):
    """One card for each key."""

    asked = Signal(object)  # an Errand

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._outlet_id = ""
        self.line = Label("quiet", wraps=True)
        self.line.setMaximumWidth(WIDEST_PX)
        self.cards = {kind.name: KeyCard(theme, kind, self.asked.emit) for kind in KINDS}
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 8, 8)
        self.column.setSpacing(12)
        self.column.addWidget(self.line)
        for card in self.cards.values():
            self.column.addWidget(card)
        self.column.addStretch(1)

    def show_kept(self, kept: Kept) -> None:
        """Which outlet's keys these are; asks for those of another one."""
        outlet_id = kept.loaded.settings.outlet_id
        if outlet_id != self._outlet_id:
            self._outlet_id = outlet_id
            for card in self.cards.values():
                card.belong_to(outlet_id)
        else:
            for card in self.cards.values():
                card.look_again()
        self.line.setVisible(not outlet_id)

    def show_came(self, errand: Errand, came: object) -> None:
        """What came of an errand."""
        if isinstance(errand, CheckSecret | PutSecret | DropSecret):
            self.cards[errand.name].show_came(errand, came)
        elif isinstance(errand, ShowToken | RenewToken):
            self.cards[TOKEN].show_came(errand, came)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.line.say(words.say("First enter the outlet's ID: keys are kept for each outlet."))
        for card in self.cards.values():
            card.retranslate()

    def arrange(self, *, is_compact: bool) -> None:
        """Buttons beside the text, or under it."""
        for card in self.cards.values():
            card.arrange(is_compact=is_compact)


class KeyCard(QFrame):
    """One key. `is_there`: None while it is not known."""

    def __init__(self, theme: Theme, kind: Kind, ask: Callable[[Errand], None]) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setMaximumWidth(WIDEST_PX)
        self._theme, self._kind, self._ask = theme, kind, ask
        self._outlet_id = ""
        self._waits_for: Errand | None = None
        self._error: OutletSyncError | None = None
        self._token = ""
        self._wants_copy = False
        self._note = ""
        self.is_there: bool | None = None
        self.icon = QLabel()
        self.title, self.state, self.line = Label("strong", wraps=True), Label(wraps=True), Label("small", wraps=True)
        self.token = Entry(lambda text: text)
        self.token.fix(" ")
        is_token = kind.name == TOKEN
        self.replace, self.copy, self.show_it, self.forget = (QPushButton() for _ in range(4))
        self.buttons = [self.copy, self.show_it, self.forget] if is_token else [self.replace, self.forget]
        self.box = ReplaceBox(theme, kind)
        self.sure = SureBox()
        self._lay_out()
        self.forget.setVisible(bool(kind.warning))
        self._connect()
        theme.changed.connect(self._show)

    def belong_to(self, outlet_id: str) -> None:
        """It is this outlet's: look whether it is there."""
        self._outlet_id, self.is_there, self._token = outlet_id, None, ""
        if outlet_id and not self._is_fixed():
            self._run(CheckSecret(self._kind.name, outlet_id))
        self._show()

    def look_again(self) -> None:
        """One that was not there, or not to be found out, may be there by now."""
        is_free = bool(self._outlet_id) and self._waits_for is None and not self._is_fixed()
        if is_free and (self._error is not None or self.is_there is False):
            self._run(CheckSecret(self._kind.name, self._outlet_id))

    def show_came(self, errand: Errand, came: object) -> None:
        """What came of an errand of this key; of an older one nothing is said."""
        if errand is not self._waits_for:
            return
        self._waits_for = None
        self._error = came if isinstance(came, OutletSyncError) else None
        if self._error is None:
            self._settle(errand, came)
        self._wants_copy = False
        self._show()

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.title.say(self._title())
        self.line.say(words.say(self._kind.line))
        self.token.name(words.say("Token"))
        names = {self.copy: "Copy", self.forget: "Renew…" if self._kind.name == TOKEN else "Delete…"}
        for button, text in names.items():
            self._name(button, words.say(text))
        self.box.retranslate()
        self.sure.say(words.say(self._kind.warning), words.say("Renew" if self._kind.name == TOKEN else "Delete"))
        self._show()

    def arrange(self, *, is_compact: bool) -> None:
        """Buttons beside the text, or under it."""
        way = QBoxLayout.Direction.TopToBottom if is_compact else QBoxLayout.Direction.LeftToRight
        self._row.setDirection(way)

    def _settle(self, errand: Errand, came: object) -> None:
        self._note = ""
        if isinstance(errand, ShowToken | RenewToken):
            self._token, self.is_there = str(came), True
            if self._wants_copy:
                QGuiApplication.clipboard().setText(self._token)
                self._token, self._note = "", words.say("Copied.")
            elif isinstance(errand, RenewToken):
                self._note = words.say("Enter this one in the till's program.")
        else:
            self.is_there = bool(came)
        if isinstance(errand, PutSecret):
            self.box.empty()
            self.box.hide()

    def _run(self, errand: Errand) -> None:
        self._waits_for, self._error = errand, None
        self._show()
        self._ask(errand)

    def _show(self) -> None:
        is_token, is_fixed = self._kind.name == TOKEN, self._is_fixed()
        is_free = bool(self._outlet_id) and self._waits_for is None and not is_fixed
        name = words.say("Replace…" if self.is_there else "Enter…")
        self._name(self.replace, name)
        self._name(self.show_it, words.say("Hide") if self._token else words.say("Show"))
        reason = "" if is_free else self._told()
        for button in self.buttons:
            can = is_free and (button is self.replace or is_token or bool(self.is_there))
            button.setEnabled(can)
            button.setToolTip("" if can else reason)
        self.box.save.setEnabled(is_free)
        self.token.show_value(self._token)
        self.token.setVisible(bool(self._token))
        self.state.say(self._told())
        set_property(self.state, "role", "error" if self._error else "")
        colours = self._theme.tokens
        shape = "check" if self.is_there or is_fixed else "ring"
        self.icon.setPixmap(icons.pixmap(shape, colours.text2, ICON_PX, self.devicePixelRatioF()))

    def _told(self) -> str:
        if self._is_fixed():
            return setting_fields.fixed_by(VARIABLES[self._kind.name])
        if self._waits_for is not None:
            return words.say("Asking the password store…")
        if self._error is not None:
            return f"▲ {words.problem(self._error)}"
        if self._note:
            return self._note
        if not self._outlet_id or self.is_there is None:
            return words.say("Not set yet")
        if self.is_there:
            return words.say("Kept in this PC's password store")
        return words.say("Made at the first start") if self._kind.name == TOKEN else words.say("Not set yet")

    def _is_fixed(self) -> bool:
        return is_in_environment(self._kind.name)

    def _open_box(self) -> None:
        self.sure.hide()
        self.box.setVisible(self.box.isHidden())
        if self.box.isVisible():
            self.box.field.control.setFocus()

    def _open_sure(self) -> None:
        self.box.hide()
        self.sure.setVisible(self.sure.isHidden())

    def _put(self) -> None:
        if not self.box.field.tell_fault():
            self._run(PutSecret(self._kind.name, self.box.field.text(), self._outlet_id))

    def _drop(self) -> None:
        self.sure.hide()
        is_token = self._kind.name == TOKEN
        self._run(RenewToken(self._outlet_id) if is_token else DropSecret(self._kind.name, self._outlet_id))

    def _toggle_token(self) -> None:
        if self._token:
            self._token, self._note = "", ""
            self._show()
        else:
            self._run(ShowToken(self._outlet_id))

    def _copy(self) -> None:
        self._wants_copy = True
        self._run(ShowToken(self._outlet_id))

    def _connect(self) -> None:
        self.replace.clicked.connect(self._open_box)
        self.forget.clicked.connect(self._open_sure)
        self.show_it.clicked.connect(self._toggle_token)
        self.copy.clicked.connect(self._copy)
        self.box.save.clicked.connect(self._put)
        self.box.field.entered.connect(self._put)
        self.sure.yes.clicked.connect(self._drop)

    def _name(self, button: QPushButton, text: str) -> None:
        """Heard with the key's name, as there are three cards."""
        button.setText(text)
        button.setAccessibleName(f"{text.removesuffix('…')}: {self._title()}")

    def _title(self) -> str:
        title = words.say(self._kind.title)
        return f"{title[:1].upper()}{title[1:]}"

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 12)
        column.setSpacing(8)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(8)
        about = QHBoxLayout()
        about.setSpacing(12)
        about.addWidget(self.icon)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        for label in (self.title, self.state, self.line):
            texts.addWidget(label)
        about.addLayout(texts, 1)
        self._row.addLayout(about, 1)
        choices = QHBoxLayout()
        choices.setSpacing(4)
        choices.addStretch(1)
        for button in self.buttons:
            button.setAutoDefault(False)
            if button is self.forget:
                button.setProperty("kind", "quiet")
            choices.addWidget(button)
        self._row.addLayout(choices)
        column.addLayout(self._row)
        for part in (self.token, self.box, self.sure):
            part.hide()
            column.addWidget(part)


class ReplaceBox(QWidget):
    """Where a new key is entered: hidden signs, and a button that pastes."""

    def __init__(self, theme: Theme, kind: Kind) -> None:
        super().__init__()
        self._theme, self._kind = theme, kind
        self.field = Entry(partial(_checked, kind), is_secret=True, longest=LONGEST)
        self.paste, self.save, self.cancel = QPushButton(), QPushButton(), QPushButton()
        self.save.setProperty("kind", "primary")
        self.cancel.setProperty("kind", "quiet")
        self.field.beside.addWidget(self.paste)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addLayout(row)
        for button in (self.paste, self.save, self.cancel):
            button.setAutoDefault(False)
        self.paste.clicked.connect(self._paste)
        self.cancel.clicked.connect(self._cancel)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.field.name(words.say(self._kind.label), words.say("Kept in the password store. Not shown again."))
        for button, text in ((self.paste, "Paste"), (self.save, "Save"), (self.cancel, "Cancel")):
            button.setText(words.say(text))
            button.setAccessibleName(button.text())

    def empty(self) -> None:
        """Nothing of a key stays in the window."""
        self.field.show_value("")

    def _paste(self) -> None:
        self.field.show_value(QGuiApplication.clipboard().text().strip())
        self.field.tell_fault()
        self.save.setFocus()

    def _cancel(self) -> None:
        self.empty()
        self.hide()


class SureBox(QFrame):
    """What it costs, before it is done."""

    def __init__(self) -> None:
        super().__init__()
        self.text = Label(wraps=True)
        self.yes, self.no = QPushButton(), QPushButton()
        self.no.setProperty("kind", "quiet")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        row.addWidget(self.no)
        row.addWidget(self.yes)
        for button in (self.yes, self.no):
            button.setAutoDefault(False)
        self.no.clicked.connect(self.hide)

    def say(self, text: str, yes: str) -> None:
        """Say what it costs, and what is done."""
        self.text.say(text)
        for button, name in ((self.yes, yes), (self.no, words.say("Cancel"))):
            button.setText(name)
            button.setAccessibleName(name)


def _checked(kind: Kind, text: str) -> str:
    secret = text.strip()
    if not secret or not (secret.isascii() and secret.isprintable()):
        raise InputRefused("secret_empty")
    if len(secret) < kind.shortest:
        raise InputRefused("secret_empty", {"why": "16 or more"})
    return secret
