"""Language, colours, notices and the start with the PC: each counts as soon as it is touched."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.ui import setting_fields
from outlet_sync_gui.ui.forms import OneOf, Options, Switch
from outlet_sync_gui.ui.keeper import Errand, Kept, Save
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label

LANGUAGES = (("id", "Bahasa Indonesia"), ("en", "English"))  # each in its own language, whichever is spoken


class LookSection(QWidget):
    """Four fields, and what could not be kept."""

    asked = Signal(object)  # an Errand
    language_asked = Signal(str)
    appearance_asked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._kept: Kept | None = None
        self._asked: Errand | None = None
        self.language, self.appearance = OneOf(theme), OneOf(theme)
        self.language.offer(LANGUAGES)
        self.appearance.offer(_appearances())
        self.notices, self.start = Switch(theme), Switch(theme)
        self.error = Label("error", wraps=True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 8, 8)
        self._column.setSpacing(12)
        for part in (self.language, self.appearance, self.notices, self.start, self.error):
            self._column.addWidget(part)
        self._column.addStretch(1)
        self.language.edited.connect(lambda: self.language_asked.emit(str(self.language.value())))
        self.appearance.edited.connect(self._show_colours)
        self.notices.edited.connect(lambda: self._keep("notifications", value=self.notices.value()))
        self.start.edited.connect(lambda: self._keep("start_with_session", value=self.start.value()))

    def show_kept(self, kept: Kept) -> None:
        """Show what is kept."""
        self._kept = kept
        chosen = kept.loaded.settings
        self.language.show_value(words.language())
        self.appearance.show_value(chosen.appearance)
        self.notices.show_value(chosen.notifications)
        self.start.show_value(chosen.start_with_session if kept.is_started is None else kept.is_started)
        fields: dict[str, OneOf | Switch] = {
            "language": self.language,
            "appearance": self.appearance,
            "notifications": self.notices,
            "start_with_session": self.start,
        }
        for key, field in fields.items():
            is_fixed = kept.loaded.sources[key] == "environment"
            field.fix(setting_fields.fixed_by(setting_fields.variable(key)) if is_fixed else "")

    def show_came(self, errand: Errand, came: object) -> None:
        """What came of a Save of this section."""
        if errand is self._asked:
            self._asked = None
            self._tell(came if isinstance(came, OutletSyncError) else None)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.language.offer(LANGUAGES)
        self.language.name(words.say("Language"))
        self.language.show_value(words.language())
        self.appearance.offer(_appearances())
        self.appearance.name(words.say("Colours"))
        self.notices.name(words.say("Tell what needs a person"), words.say("Once each, and nothing else."))
        self.start.name(words.say("Start with the PC"), words.say("So that sending never waits for somebody."))
        self._tell(None)
        if self._kept is not None:
            self.show_kept(self._kept)

    def arrange(self, *, is_compact: bool) -> None:
        """Choices beside each other, or below."""
        for field in (self.language, self.appearance):
            field.arrange(is_compact=is_compact)

    def _show_colours(self) -> None:
        chosen = str(self.appearance.value())
        self._keep("appearance", value=chosen)
        self.appearance_asked.emit(chosen)
        self.appearance.show_value(chosen)  # other colours say everything again, and what is kept is not this yet

    def _keep(self, key: str, *, value: object) -> None:
        self._asked = Save({key: value})
        self.asked.emit(self._asked)

    def _tell(self, error: OutletSyncError | None) -> None:
        self.error.say(f"▲ {words.problem(error)}" if error else "")
        self.error.setVisible(error is not None)
        if error is not None and self._kept is not None:
            self.show_kept(self._kept)


def _appearances() -> Options:
    return [("system", words.say("Like this PC")), ("light", words.say("Light")), ("dark", words.say("Dark"))]
