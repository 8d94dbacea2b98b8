"""The questions of the first run, one a page: each shows what is kept, and asks for errands that keep the answer."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from outlet_sync_gui import settings, words
from outlet_sync_gui.errors import OutletSyncError, SettingsInvalid
from outlet_sync_gui.settings import NEEDED
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.ui.connection_test import ConnectionTest, Test
from outlet_sync_gui.ui.forms import WIDEST_PX, Entry, OneOf, Switch
from outlet_sync_gui.ui.keeper import Errand, Kept, Save
from outlet_sync_gui.ui.look_section import LANGUAGES
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label
from outlet_sync_gui.ui.wizard_question import Question
from outlet_sync_gui.words import N_


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
        return dict(LANGUAGES)[words.language()]

    def came(self, errand: Errand, result: object) -> None:
        """It is spoken all the same, until the program ends."""
        super().came(errand, result)
        if isinstance(errand, Save) and "language" in errand.changes:
            self._fail(result if isinstance(result, OutletSyncError) else None)

    def show_kept(self, kept: Kept) -> None:
        """Whether it can be chosen."""
        super().show_kept(kept)
        self._fix(self.choice, "language")

    def retranslate(self) -> None:
        """Say it in the language of now."""
        super().retranslate()
        self.choice.name(words.say("Language"))
        self.choice.offer(LANGUAGES)
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

    def fields(self) -> Sequence[Entry]:
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
            is_fixed = self._fix(entry, key)
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


class TestQuestion(Question):
    """Whether headquarters knows this outlet: each check as it is done."""

    NAME = N_("Test connection")
    INTRO = N_("From the cable to headquarters' answer, each in its turn.")
    ADDRESS = N_("Is headquarters' address right? “Back” leads there.")
    HINTS: Mapping[str, str] = {
        "N-KEY": N_("“Back” leads to the key: enter another one."),
        **dict.fromkeys(("N-DNS", "N-TLS", "N-CLOUD"), ADDRESS),  # so does a name that is mistyped show
    }

    def __init__(self, theme: Theme, test: Test) -> None:
        super().__init__()
        self.test = ConnectionTest(theme, test, self.HINTS)
        self.test.setMaximumWidth(WIDEST_PX)
        self.test.over.connect(lambda _: self.changed.emit())
        self.test.begun.connect(self.changed)
        self.body.addWidget(self.test)
        self.body.addStretch()

    def line(self) -> str:
        """How it came out: who goes on all the same is reminded."""
        return words.say("all is well") if self.test.has_passed else words.say("not well yet")

    def next_text(self) -> str:
        """A till without internet is set up, too."""
        return super().next_text() if self.test.has_passed else words.say("Go on all the same")

    def can_go_on(self) -> bool:
        """Not while it is being tested: that takes seconds, and can be cancelled."""
        return not self.test.is_running

    def retranslate(self) -> None:
        """Say it in the language of now."""
        super().retranslate()
        self.test.retranslate()

    def enter(self) -> None:
        """Test at once."""
        self.test.start()
        self.changed.emit()


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
        self._fix(self.switch, self.KEY)
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
    TITLES: Mapping[State, str] = {
        **dict.fromkeys((State.SYNCING, State.WAITING), N_("Ready. First sending is running.")),
        **dict.fromkeys((State.SETUP, State.ATTENTION, State.ERROR), N_("Almost ready.")),
    }

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
        self.title.say(words.say(self.TITLES.get(status.state, "Ready.")))
        self.sentence.say(words.headline(status, self._now_ms))
        why = words.reasons(status, self._now_ms) if status.state is State.OFFLINE else []
        self.more.say("\n".join([words.subline(status, self._now_ms), *why]))
        set_property(self.card, "state", status.state.value)


def _needed(key: str, text: str) -> object:
    value = settings.typed(key, text)
    if not value:
        raise SettingsInvalid("setting_invalid", {"key": key, "value": "", "why": "something"})
    return value
