"""The questions of the first run, one a page: each shows what is kept, and asks for errands that keep the answer."""

import sys
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import settings, words
from outlet_sync_gui.credentials import VARIABLES
from outlet_sync_gui.errors import InputRefused, OutletSyncError, SettingsInvalid
from outlet_sync_gui.settings import NEEDED, PREFIX
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.connection_test import ConnectionTest, Test
from outlet_sync_gui.ui.forms import Entry, Field, OneOf, Switch
from outlet_sync_gui.ui.keeper import CheckSecret, Errand, Kept, PutSecret, Save, ShowToken, is_in_environment
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label
from outlet_sync_gui.words import N_

WIDEST_PX = 624
API_KEY, WEBHOOK_SECRET = "api-key", "webhook-secret"
SHORTEST_WEBHOOK_SECRET = 16
PORT = "webhook_port"
KEYRING = "keyring_"  # how the codes of a password store's failures begin


LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}  # each in itself


class Question(QWidget):
    """What the pages have in common: title and sentence over a body, and the errands of an answer, one by one."""

    asked = Signal(object)  # an Errand
    answered = Signal()  # its answer is kept: go on
    changed = Signal()  # what it says of itself: busy or not, its button, its line in the rail
    NAME, TITLE, INTRO = "", "", ""  # in English, to be said

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self.kept: Kept | None = None
        self._todo: list[Errand] = []
        self.title, self.intro, self.error = Label("question", wraps=True), Label("quiet", wraps=True), Label("error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(12)
        head = QVBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.title)
        head.addWidget(self.intro)
        self.body.addLayout(head)
        self.body.addSpacing(4)

    @property
    def is_busy(self) -> bool:
        """Whether the answer is being kept."""
        return bool(self._todo)

    def fields(self) -> Sequence[Field[QWidget]]:
        """What a person fills, in order."""
        return ()

    def errands(self) -> Sequence[Errand]:
        """What keeps the answer; none where it is kept already."""
        return ()

    def line(self) -> str:
        """What the rail says of it under its name."""
        return ""

    def next_text(self) -> str:
        """What the button says that goes on."""
        return words.say("Continue")

    def can_go_on(self) -> bool:
        """Whether that button can be pressed."""
        return not self.is_busy

    def enter(self) -> None:
        """It is shown now."""

    def show_kept(self, kept: Kept) -> None:
        """What is kept now; it fills what a person has not touched."""
        self.kept = kept

    def show_status(self, status: Status, _now_ms: int) -> None:
        """What is true now."""

    def retranslate(self) -> None:
        """Say it in the language of now."""
        self.title.say(words.say(self.TITLE or self.NAME))
        self.intro.say(words.say(self.INTRO) if self.INTRO else "")
        self.intro.setVisible(bool(self.INTRO))

    def go_on(self) -> None:
        """The person is done: say what is wrong, or keep the answer and tell when it is kept."""
        if self.is_busy or self._goes_to_fault():
            return
        self._fail("")
        self._todo = list(self.errands())
        self._next()

    def came(self, errand: Errand, result: object) -> None:
        """What came of an errand."""
        if not self._todo or errand is not self._todo[0]:
            return
        if isinstance(result, OutletSyncError):
            self._todo = []
            self._fail(_told(result))
        else:
            self._todo.pop(0)
            self.was_kept(errand)
            self._next()

    def was_kept(self, _errand: Errand) -> None:
        """One part of the answer is safe."""

    def give_up(self) -> None:
        """The page is left; what is under way is still kept."""
        self._todo = []
        self._fail("")

    def _goes_to_fault(self) -> bool:
        for field in self.fields():
            if field.fault:
                focused = self.focusWidget()
                # Enter leads on to the next field: nobody has made a mistake there yet.
                if isinstance(field, Entry) and (field.text() or focused is field.control or focused is None):
                    field.tell_fault()
                field.control.setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return False

    def _next(self) -> None:
        self.changed.emit()
        if self._todo:
            self.asked.emit(self._todo[0])
        else:
            self.answered.emit()

    def _fail(self, sentence: str) -> None:
        self.error.say(f"▲ {sentence}" if sentence else "")
        self.error.setVisible(bool(sentence))
        if sentence:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))
        self.changed.emit()

    def _fix(self, field: Field[QWidget], key: str) -> bool:
        """Leave a field to be read where IT has set it for the program; whether it is so."""
        is_fixed = self.kept is not None and self.kept.loaded.sources[key] == "environment"
        field.fix(_set_by(f"{PREFIX}{key.upper()}") if is_fixed else "")
        return is_fixed


class LanguageQuestion(Question):
    """Which language; the whole program speaks it at once."""

    language_asked = Signal(str)
    NAME, TITLE = N_("Language"), N_("Choose the language")
    INTRO = N_("It can be changed later, too.")

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.choice = OneOf(theme)
        self.choice.edited.connect(lambda: self.language_asked.emit(str(self.choice.value())))
        self.body.addWidget(self.choice)
        self.body.addWidget(self.error)
        self.body.addStretch()

    def enter(self) -> None:
        """The language that is spoken is chosen."""
        self.choice.show_value(words.language())
        self.choice.buttons[words.language()].setFocus(Qt.FocusReason.OtherFocusReason)

    def line(self) -> str:
        """The language's own name."""
        return LANGUAGES[words.language()]

    def show_kept(self, kept: Kept) -> None:
        """Whether it can be chosen."""
        super().show_kept(kept)
        self._fix(self.choice, "language")

    def retranslate(self) -> None:
        """Say it in the language of now."""
        super().retranslate()
        self.choice.name(words.say("Language"))
        self.choice.offer(tuple(LANGUAGES.items()))
        self.choice.show_value(words.language())


class OutletQuestion(Question):
    """Which outlet this is, and where headquarters is."""

    NAME, TITLE = N_("Outlet"), N_("Which outlet is this?")
    INTRO = N_("All three are in the letter from headquarters.")
    LABELS = (
        (N_("Outlet ID"), N_("Such as 550e8400-e29b-41d4-a716-446655440000")),
        (N_("Outlet code"), N_("Such as JKT-001")),
        (N_("Headquarters' address"), N_("Such as https://cloud.example")),
    )

    def __init__(self) -> None:
        super().__init__()
        self.entries = {key: Entry(partial(_needed, key), longest=500) for key in NEEDED}
        for entry in self.entries.values():
            self.body.addWidget(entry)
        self.body.addWidget(self.error)
        self.body.addStretch()

    def fields(self) -> Sequence[Field[QLineEdit]]:  # type: ignore[override]  # a line edit is a widget
        """ID, code, address."""
        return tuple(self.entries.values())

    def errands(self) -> Sequence[Errand]:
        """Keep what is another one."""
        kept = self.kept.loaded.settings if self.kept is not None else settings.Settings()
        changes = {key: entry.value() for key, entry in self.entries.items() if entry.value() != getattr(kept, key)}
        return (Save(changes),) if changes else ()

    def line(self) -> str:
        """The outlet's code."""
        return self.kept.loaded.settings.outlet_code if self.kept is not None else ""

    def enter(self) -> None:
        """The first one that is empty or wrong is next."""
        entries = list(self.entries.values())
        next((entry for entry in entries if entry.fault), entries[0]).control.setFocus()

    def show_kept(self, kept: Kept) -> None:
        """Fill what is kept."""
        super().show_kept(kept)
        for key, entry in self.entries.items():
            is_fixed = self._fix(entry, key)  # type: ignore[arg-type]  # a line edit is a widget
            if is_fixed or not entry.control.isModified():
                entry.show_value(str(getattr(kept.loaded.settings, key)))

    def was_kept(self, _errand: Errand) -> None:
        """Nothing typed is left to be kept."""
        for entry in self.entries.values():
            entry.control.setModified(False)

    def retranslate(self) -> None:
        """Say it in the language of now."""
        super().retranslate()
        for entry, (label, help_) in zip(self.entries.values(), self.LABELS, strict=True):
            entry.name(words.say(label), words.say(help_))


class SecretEntry(Entry):
    """A secret to be pasted: never shown, and forgotten here as soon as it is kept."""

    def __init__(self, theme: Theme, check: Callable[[str], object]) -> None:
        super().__init__(check, is_secret=True)
        self._theme = theme
        self.paste = QPushButton()
        self.paste.clicked.connect(self._pasted)
        self.beside.addWidget(self.paste)
        self.setMaximumWidth(WIDEST_PX)

    def name(self, label: str, help_: str = "") -> None:
        """Say what it is."""
        super().name(label, help_)
        self.paste.setText(words.say("Paste"))
        self.paste.setIcon(icons.icon("paste", self._theme.tokens.text, disabled=self._theme.tokens.text2))
        self.paste.setAccessibleName(f"{words.say('Paste')}: {label}")

    def _lock(self, *, is_locked: bool) -> None:
        super()._lock(is_locked=is_locked)
        self.paste.setEnabled(not is_locked)

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
        self.entry = SecretEntry(theme, self._check)
        self.body.addWidget(self.entry)
        self.body.addWidget(self.error)
        self.body.addStretch()

    def fields(self) -> Sequence[Field[QLineEdit]]:  # type: ignore[override]  # a line edit is a widget
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
        if is_in_environment(API_KEY):
            self.has_key = True
            self.entry.fix(_set_by(VARIABLES[API_KEY]))
        elif self.kept is not None:
            self._look = CheckSecret(API_KEY, self.kept.loaded.settings.outlet_id)
            self.asked.emit(self._look)
        self.entry.control.setFocus()
        self.retranslate()

    def came(self, errand: Errand, result: object) -> None:
        """What came of an errand."""
        super().came(errand, result)
        if errand is self._look:
            self._look = None
            self.has_key = result is True
            if isinstance(result, OutletSyncError):
                self._fail(_told(result))
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
        there = words.say("One is kept already. Leave this empty to keep it.")
        kept = words.say("Kept in the password store of {system}. Not shown again.", system=_system())
        self.entry.name(capital(words.say("API key")), there if self.has_key else kept)

    def _check(self, text: str) -> object:
        if not text.strip() and self.has_key:
            return ""
        return _secret(text)


class TestQuestion(Question):
    """Whether headquarters knows this outlet: each check as it is done."""

    NAME = N_("Test connection")
    INTRO = N_("From the cable to headquarters' answer, each in its turn.")

    def __init__(self, theme: Theme, test: Test) -> None:
        super().__init__()
        self.test = ConnectionTest(theme, test)
        self.test.setMaximumWidth(WIDEST_PX)
        self.test.over.connect(lambda _: self.changed.emit())
        self.test.begun.connect(self.changed)
        self.body.addWidget(self.test)
        self.body.addStretch()

    def line(self) -> str:
        """How it came out."""
        return words.say("all is well") if self.test.has_passed else ""

    def next_text(self) -> str:
        """A till without internet is set up, too."""
        return super().next_text() if self.test.has_passed else words.say("Go on all the same")

    def can_go_on(self) -> bool:
        """Not while it is being tested: that takes seconds, and can be cancelled."""
        return not self.test.is_running

    def enter(self) -> None:
        """Test at once."""
        self.test.start()
        self.changed.emit()


class WebhookQuestion(Question):
    """Instant updates; optional."""

    NAME, TITLE = N_("Instant updates"), N_("Instant updates")
    INTRO = N_("Optional. Headquarters' news comes at once, in place of within minutes.")

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

    def fields(self) -> Sequence[Field[QLineEdit]]:  # type: ignore[override]  # a line edit is a widget
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
        return words.say("optional")

    def next_text(self) -> str:
        """Nothing entered: nothing done."""
        return words.say("Continue") if self.entry.text() or is_in_environment(WEBHOOK_SECRET) else words.say("Skip")

    def enter(self) -> None:
        """The secret is asked first."""
        if is_in_environment(WEBHOOK_SECRET):
            self.entry.fix(_set_by(VARIABLES[WEBHOOK_SECRET]))
        self.entry.control.setFocus()

    def show_kept(self, kept: Kept) -> None:
        """Fill the port."""
        super().show_kept(kept)
        is_fixed = self._fix(self.port, PORT)  # type: ignore[arg-type]  # a line edit is a widget
        if is_fixed or not self.port.control.isModified():
            self.port.show_value(str(kept.loaded.settings.webhook_port))
        self.retranslate()

    def was_kept(self, _errand: Errand) -> None:
        """It is never shown again."""
        if isinstance(_errand, PutSecret):
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
        at = self.kept.heard.webhook_at if self.kept is not None else None
        self.heard.say(
            words.say("Last received: {time}", time=words.date(at))
            if at is not None
            else words.say("Nothing received yet.")
        )


class SourcesQuestion(Question):
    """How the till's program hands its records over: what is there today, with all that it takes."""

    NAME, TITLE = N_("Where records come from"), N_("Where records come from")
    INTRO = N_("The till's program hands its records over to this address, with this token.")

    def __init__(self) -> None:
        super().__init__()
        self._errand: Errand | None = None
        self._is_to_copy = False
        self._status: Status | None = None
        self.address, self.token = _Shown(), _Shown()
        self.token.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.show_token = QPushButton()
        self.token.row.insertWidget(1, self.show_token)
        self.show_token.clicked.connect(lambda: self._fetch(is_to_copy=False))
        self.token.copy.clicked.connect(lambda: self._fetch(is_to_copy=True))
        self.address.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.address.field.text()))
        self.trouble, self.by_hand = Label("quiet", wraps=True), Label("quiet", wraps=True)
        for part in (self.address, self.token, self.trouble, self.by_hand, self.error):
            self.body.addWidget(part)
        self.body.addStretch()

    def show_status(self, status: Status, _now_ms: int) -> None:
        """Where the intake listens, or why it does not."""
        self._status = status
        self.address.field.setText(status.intake_url or "")
        self.address.copy.setEnabled(bool(status.intake_url))
        own = [found for found in status.doors if dict(found.facts).get("name") == "intake" or found.code == "D-TOKEN"]
        self.trouble.say("\n".join(f"▲ {words.door(found)}" for found in own))
        self.trouble.setVisible(bool(own))

    def came(self, errand: Errand, result: object) -> None:
        """The token."""
        super().came(errand, result)
        if errand is not self._errand:
            return
        self._errand = None
        if isinstance(result, OutletSyncError):
            self._fail(_told(result))
        elif self._is_to_copy:
            QGuiApplication.clipboard().setText(str(result))
            self.token.say_copied()
        else:
            self.token.field.setEchoMode(QLineEdit.EchoMode.Normal)
            self.token.field.setText(str(result))

    def give_up(self) -> None:
        """It is not shown to who comes by."""
        super().give_up()
        self._errand = None
        self.token.field.clear()

    def retranslate(self) -> None:
        """Say it in the language of now."""
        super().retranslate()
        self.address.name(words.say("Address of the till's connection"))
        self.token.name(words.say("Token of the till"))
        self.show_token.setText(words.say("Show"))
        self.show_token.setAccessibleName(f"{words.say('Show')}: {words.say('Token of the till')}")
        self.address.field.setPlaceholderText(words.say("not open yet"))
        self.token.field.setPlaceholderText(words.say("hidden"))
        self.by_hand.say(
            words.say("Or by the command line: {command}", command="outlet-sync-gui enqueue order sales.ndjson")
        )

    def _fetch(self, *, is_to_copy: bool) -> None:
        if self.kept is not None:
            self._fail("")
            self._is_to_copy = is_to_copy
            self._errand = ShowToken(self.kept.loaded.settings.outlet_id)
            self.asked.emit(self._errand)


class AutostartQuestion(Question):
    """Whether the program starts when somebody logs in."""

    NAME, TITLE = N_("Start with the PC"), N_("Start with the PC")
    INTRO = N_("Then nothing is forgotten: the till is on, and so is sending.")
    KEY = "start_with_session"

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._is_touched = self._is_impossible = False
        self.switch = Switch(theme)
        self.switch.show_value(value=True)
        self.switch.edited.connect(self._touched)
        self.body.addWidget(self.switch)
        self.body.addWidget(self.error)
        self.body.addStretch()

    def errands(self) -> Sequence[Errand]:
        """Keep it where it is another one."""
        is_same = self.kept is not None and self.kept.is_started is self.switch.value()
        return () if self._is_impossible or is_same or self.switch.reason else (Save({self.KEY: self.switch.value()}),)

    def enter(self) -> None:
        """The box is next."""
        self.switch.control.setFocus()

    def came(self, errand: Errand, result: object) -> None:
        """A PC that can't do it is told so, and does without."""
        self._is_impossible = self.is_busy and isinstance(result, OutletSyncError)
        super().came(errand, result)

    def show_kept(self, kept: Kept) -> None:
        """It is on unless somebody switched it off."""
        super().show_kept(kept)
        self._fix(self.switch, self.KEY)  # type: ignore[arg-type]  # a button is a widget
        if not self._is_touched:
            self.switch.show_value(kept.loaded.settings.start_with_session)

    def retranslate(self) -> None:
        """Say it in the language of now."""
        super().retranslate()
        self.switch.name(
            words.say("Start by itself when somebody logs in"), words.say("Only the icon beside the clock.")
        )

    def _touched(self) -> None:
        self._is_touched = True


class Ready(Question):
    """Done: the first sending runs."""

    sync_asked = Signal()
    NAME = N_("Ready")

    def __init__(self) -> None:
        super().__init__()
        self.card = QFrame()
        self.card.setProperty("kind", "band")
        self.sentence, self.more = Label("value", wraps=True), Label(wraps=True)
        column = QVBoxLayout(self.card)
        column.setContentsMargins(20, 16, 20, 16)
        column.addWidget(self.sentence)
        column.addWidget(self.more)
        self.card.setMaximumWidth(WIDEST_PX)
        self.body.addWidget(self.card)
        self.body.addStretch()
        self._status: Status | None = None
        self._now_ms = 0

    def next_text(self) -> str:
        """There is nothing more."""
        return words.say("Done")

    def enter(self) -> None:
        """Send at once."""
        self.sync_asked.emit()

    def show_status(self, status: Status, _now_ms: int) -> None:
        """What comes of it."""
        self._status, self._now_ms = status, _now_ms
        self.retranslate()

    def retranslate(self) -> None:
        """Say it in the language of now."""
        super().retranslate()
        self.title.say(words.say("Ready."))
        status = self._status
        if status is None:
            return
        is_sending = status.state in (State.SYNCING, State.WAITING)
        self.title.say(words.say("Ready. First sending is running.") if is_sending else words.say("Ready."))
        self.sentence.say(words.headline(status, self._now_ms))
        lines = [words.subline(status, self._now_ms), *words.reasons(status, self._now_ms)]
        self.more.say("\n".join(dict.fromkeys(filter(None, lines))))
        set_property(self.card, "state", status.state.value)


class _Shown(QWidget):
    """A value to be read and copied."""

    def __init__(self) -> None:
        super().__init__()
        self.label, self.field, self.copy = Label("strong"), QLineEdit(readOnly=True), QPushButton()
        set_property(self.field, "isFixed", value=True)
        self.row = QHBoxLayout()
        self.row.setSpacing(8)
        self.row.addWidget(self.field, 1)
        self.row.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.label)
        column.addLayout(self.row)
        self.setMaximumWidth(WIDEST_PX)
        self.copy.clicked.connect(self.say_copied)

    def name(self, label: str) -> None:
        """Say what it is."""
        self.label.say(label)
        self.field.setAccessibleName(label)
        self.copy.setText(words.say("Copy"))
        self.copy.setAccessibleName(f"{words.say('Copy')}: {label}")

    def say_copied(self) -> None:
        """It is in the clipboard now."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.field, words.say("Copied")))


def _needed(key: str, text: str) -> object:
    value = settings.typed(key, text)
    if not value:
        raise SettingsInvalid("setting_invalid", {"key": key, "value": "", "why": "something"})
    return value


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


def _set_by(variable: str) -> str:
    return words.say("IT has set it on this PC: {name}.", name=variable)


def _told(error: OutletSyncError) -> str:
    """What went wrong, and the way on where there is no password store to be had."""
    way = words.say("Or let IT set {name} for the program, then start it again.", name=VARIABLES[API_KEY])
    return f"{words.problem(error)} {way}" if error.code.startswith(KEYRING) else words.problem(error)


def capital(text: str) -> str:
    """As at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def _system() -> str:
    return {"win32": "Windows", "darwin": "macOS"}.get(sys.platform) or words.say("this PC")
