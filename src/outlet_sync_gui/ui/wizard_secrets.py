"""The first run's questions for secrets: the API key, and what proves that instant updates are headquarters'."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton

from outlet_sync_gui import settings, words
from outlet_sync_gui.credentials import VARIABLES
from outlet_sync_gui.errors import InputRefused, OutletSyncError, SettingsInvalid
from outlet_sync_gui.support.ladder import Result, Step
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.connection_test import CheckCard
from outlet_sync_gui.ui.forms import WIDEST_PX, Check, Entry
from outlet_sync_gui.ui.keeper import CheckSecret, Errand, Kept, PutSecret, Save, is_in_environment
from outlet_sync_gui.ui.keys_section import API_KEY, SHORTEST_WEBHOOK_SECRET, WEBHOOK_SECRET
from outlet_sync_gui.ui.setting_fields import fixed_by
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label
from outlet_sync_gui.ui.wizard_question import Question, capital
from outlet_sync_gui.words import N_

PORT = "webhook_port"
ICON_PX = 16
FOUND = ("N-CLOUD", "N-KEY")  # what a test tells of a key


class SecretEntry(Entry):
    """A secret to be pasted: never shown, and forgotten here as soon as it is kept."""

    def __init__(self, theme: Theme, check: Check) -> None:
        super().__init__(check, is_secret=True)
        self._theme = theme
        self.paste = QPushButton()
        self.paste.clicked.connect(self._pasted)
        self.beside.addWidget(self.paste)
        self.icon = QLabel()
        told = QHBoxLayout()
        told.setSpacing(8)
        told.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        told.addWidget(self.line, 1)
        self.column.addLayout(told)

    def name(self, label: str, help_: str = "") -> None:
        """Say what it is."""
        super().name(label, help_)
        colours = self._theme.tokens
        self.icon.setPixmap(icons.pixmap("key", colours.text2, ICON_PX, self.devicePixelRatioF()))
        self.paste.setText(words.say("Paste"))
        self.paste.setIcon(icons.icon("paste", colours.text, disabled=colours.text2))
        self.paste.setAccessibleName(f"{words.say('Paste')}: {label}")

    def _lock(self, *, is_locked: bool) -> None:
        super()._lock(is_locked=is_locked)
        self.paste.setEnabled(not is_locked)

    def _tell(self, fault: str = "") -> None:
        super()._tell(fault)
        self.icon.setVisible(not fault)  # a fault has a shape of its own

    def _pasted(self) -> None:
        self.show_value(QGuiApplication.clipboard().text().strip())
        self.tell_fault()
        self.control.setFocus(Qt.FocusReason.OtherFocusReason)
        self.edited.emit()


class KeyQuestion(Question):
    """The API key, into the password store."""

    NAME, TITLE = N_("API key"), N_("Enter the API key")
    INTRO = N_("From headquarters, one key for one outlet. Copy it from the mail or chat, then paste it here.")

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.has_key: bool | None = None  # None: not known
        self._look: Errand | None = None
        self.steps: Mapping[str, Step] = {}
        self.entry, self.found = SecretEntry(theme, self._check), CheckCard(theme, FOUND)
        self.found.setMaximumWidth(WIDEST_PX)
        for part in (self.entry, self.error, self.found):
            self.body.addWidget(part)
        self.body.addStretch()
        self.entry.edited.connect(self._show_found)

    def fields(self) -> Sequence[Entry]:
        """The key."""
        return (self.entry,)

    def errands(self) -> Sequence[Errand]:
        """Keep a new key."""
        assert self.kept is not None
        text = self.entry.text().strip()
        return (PutSecret(API_KEY, text, self.kept.loaded.settings.outlet_id),) if text else ()

    def line(self) -> str:
        """Whether there is one."""
        return words.say("kept") if self.has_key else ""

    def enter(self) -> None:
        """Look whether there is one already."""
        if self.kept is not None and not is_in_environment(API_KEY):
            self._look = CheckSecret(API_KEY, self.kept.loaded.settings.outlet_id)
            self.asked.emit(self._look)
        self.entry.control.setFocus()
        self.retranslate()

    def show_kept(self, kept: Kept) -> None:
        """One that IT has set for the program can only be read."""
        super().show_kept(kept)
        if is_in_environment(API_KEY):
            self.has_key = True
            self.entry.fix(fixed_by(VARIABLES[API_KEY]))

    def came(self, errand: Errand, result: object) -> None:
        """What came of an errand."""
        super().came(errand, result)
        if errand is self._look:
            self._look = None
            self.has_key = result is True
            if isinstance(result, OutletSyncError):
                self._fail(result)
            self.retranslate()
            self.changed.emit()

    def was_kept(self, _errand: Errand) -> None:
        """It is never shown again."""
        self.has_key = True
        self.entry.control.clear()
        self.entry.show_value("")
        self.retranslate()

    def retranslate(self) -> None:
        """Say it in the language of now."""
        super().retranslate()
        self._show_found()
        there = words.say("One is kept already. Leave this empty to keep it.")
        kept = words.say("Kept in the password store of {system}. Not shown again.", system=_system())
        self.entry.name(capital(words.say("API key")), there if self.has_key else kept)

    def show_steps(self, steps: Mapping[str, Step]) -> None:
        """What the last test found of the key that is kept; empty where there was none."""
        self.steps = steps
        self._show_found()

    def _show_found(self) -> None:
        """Not beside another key, nor where the line did not reach as far as headquarters."""
        outlet = self.kept.loaded.settings.outlet_code if self.kept is not None else ""
        self.found.show_steps(self.steps, {"N-KEY": words.say("for {outlet}", outlet=outlet)})
        step = self.steps.get("N-CLOUD")
        is_asked = step is not None and step.result is not Result.UNCHECKED
        self.found.setVisible(is_asked and not self.entry.text())

    def _check(self, text: str) -> object:
        if not text.strip() and self.has_key:
            return ""
        return _secret(text)


class WebhookQuestion(Question):
    """Instant updates; optional."""

    NAME, TITLE = N_("Instant updates"), N_("Instant updates")
    INTRO = N_("Optional. Headquarters' news comes at once, in place of within minutes.")
    AHEAD = N_("optional")

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.entry = SecretEntry(theme, _webhook_secret)
        self.port = Entry(partial(settings.typed, PORT), longest=5)
        self.missed, self.heard = Label("quiet", wraps=True), Label("quiet", wraps=True)
        for part in (self.entry, self.port, self.heard, self.missed, self.error):
            self.body.addWidget(part)
        self.port.control.setMaximumWidth(120)
        self.port.beside.addStretch()
        self.body.addStretch()
        self.entry.edited.connect(self.changed)

    def fields(self) -> Sequence[Entry]:
        """Secret and port."""
        return (self.entry, self.port)

    def errands(self) -> Sequence[Errand]:
        """Keep what was entered; nothing is a good answer, too."""
        assert self.kept is not None
        now, text = self.kept.loaded.settings, self.entry.text().strip()
        port = [Save({PORT: self.port.value()})] if self.port.value() != now.webhook_port else []
        return (*port, PutSecret(WEBHOOK_SECRET, text, now.outlet_id)) if text else port

    def line(self) -> str:
        """That it may be left."""
        return words.say(self.AHEAD)

    def next_text(self) -> str:
        """Nothing entered: nothing done."""
        return words.say("Continue") if self.entry.text() or is_in_environment(WEBHOOK_SECRET) else words.say("Skip")

    def enter(self) -> None:
        """The secret is asked first."""
        self.entry.control.setFocus()

    def show_kept(self, kept: Kept) -> None:
        """Fill the port."""
        super().show_kept(kept)
        is_fixed = self._fix(self.port, PORT)
        if is_fixed or not self.port.control.isModified():
            self.port.show_value(str(kept.loaded.settings.webhook_port))
        if is_in_environment(WEBHOOK_SECRET):
            self.entry.fix(fixed_by(VARIABLES[WEBHOOK_SECRET]))
        at = kept.heard.webhook_at
        heard = words.say("Last received: {time}", time=words.date(at)) if at else words.say("Nothing received yet.")
        self.heard.say(heard)

    def was_kept(self, errand: Errand) -> None:
        """It is never shown again."""
        if isinstance(errand, PutSecret):
            self.entry.control.clear()
            self.entry.show_value("")
        else:
            self.port.control.setModified(False)

    def retranslate(self) -> None:
        """Say it in the language of now."""
        super().retranslate()
        self.entry.name(words.say("Secret of headquarters"), words.say("At least 16 characters. Not shown again."))
        self.port.name(words.say("Port"), words.say("8765, where headquarters does not say another one."))
        self.missed.say(
            words.say("Behind a router none arrives: the menu comes all the same, announcements and settings don't.")
        )


def _secret(text: str) -> object:
    secret = text.strip()
    if not secret or not (secret.isascii() and secret.isprintable()):
        raise InputRefused("secret_empty")
    return secret


def _webhook_secret(text: str) -> object:
    if not text.strip():
        return ""
    if len(text.strip()) < SHORTEST_WEBHOOK_SECRET:
        why = f"{SHORTEST_WEBHOOK_SECRET} or more"
        raise SettingsInvalid("setting_invalid", {"key": WEBHOOK_SECRET, "value": "", "why": why})
    return _secret(text)


def _system() -> str:
    return {"win32": "Windows", "darwin": "macOS"}.get(sys.platform) or words.say("this PC")
