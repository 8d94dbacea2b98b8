"""The page of the settings: its sections at the left, the one that is chosen beside them."""

from dataclasses import dataclass
from enum import IntEnum
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui import words
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.status import Status
from outlet_sync_gui.ui import icons, setting_fields
from outlet_sync_gui.ui.connection_test import ConnectionTest, Test
from outlet_sync_gui.ui.forms import WIDEST_PX, Pick
from outlet_sync_gui.ui.help_section import HelpSection
from outlet_sync_gui.ui.keeper import Errand, Kept, Look, Save
from outlet_sync_gui.ui.keys_section import KeysSection
from outlet_sync_gui.ui.look_section import LookSection
from outlet_sync_gui.ui.settings_form import Footer, Form
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import NARROW_PX, Label, follow_choice
from outlet_sync_gui.words import N_

LIST_PX, LIST_ROWS_PX, HALVES_FROM_PX, ICON_PX = 184, 44, 900, 20


class Section(IntEnum):
    """The sections, in their order."""

    OUTLET = 0
    KEYS = 1
    SCHEDULE = 2
    SOURCES = 3
    CLOSING = 4
    LOOK = 5
    HELP = 6


NAMES = {
    Section.OUTLET: N_("Outlet"),
    Section.KEYS: N_("Keys"),
    Section.SCHEDULE: N_("Schedule"),
    Section.SOURCES: N_("Sources"),
    Section.CLOSING: N_("Closing"),
    Section.LOOK: N_("Look"),
    Section.HELP: N_("Help"),
}
SCHEDULE_LINE = N_("Orders and payments go out at once. The rest follows these times.")
PARTS = {
    Section.OUTLET: (setting_fields.OUTLET, N_("All of this is in the letter from headquarters.")),
    Section.SCHEDULE: (
        setting_fields.SCHEDULE,
        N_("Orders and payments go out at once. The rest follows these times."),
    ),
    Section.SOURCES: (setting_fields.SOURCES, ""),
    Section.CLOSING: (setting_fields.CLOSING, ""),
}


@dataclass(frozen=True, slots=True)
class Place:
    """One section on the page; a form has its footer."""

    page: QWidget
    column: QVBoxLayout
    content: Form | KeysSection | LookSection | HelpSection
    footer: Footer | None = None


class SettingsPage(QWidget):
    """Shows what is kept; asks for errands, and for what others do."""

    asked = Signal(object)  # an Errand
    answered = Signal(int, str)  # a question's id, and the choice
    language_asked = Signal(str)
    appearance_asked = Signal(str)
    log_asked = Signal()

    def __init__(self, theme: Theme, test: Test) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._theme = theme
        self.title, self.error = Label("page-title"), Label("error", wraps=True)
        self.list = QListWidget()
        self.list.setFixedWidth(LIST_PX)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.menu = Pick(theme)
        self.menu.label.hide()
        self.keys, self.look, self.help = KeysSection(theme), LookSection(theme), HelpSection(theme)
        self.forms = {section: Form(theme, parts, line=line) for section, (parts, line) in PARTS.items()}
        self.tests = [ConnectionTest(theme, test) for _ in range(2)]
        for column, tried in zip((self.forms[Section.OUTLET].column, self.keys.column), self.tests, strict=True):
            tried.setMaximumWidth(WIDEST_PX)
            tried.begun.connect(tried.card.show)
            tried.over.connect(partial(self._tested, tried))
            column.insertWidget(column.count() - 1, tried)
        self.stack = QStackedWidget()
        self.places = {section: self._place(section) for section in Section}
        self._lay_out()
        self._connect()
        self.list.setCurrentRow(Section.OUTLET)

    def wish(self) -> None:
        """Nothing is read of the store by the window's reader."""

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self.help.show_status(status, now_ms)

    def begin(self) -> None:
        """Somebody comes here: look what is kept now."""
        self.asked.emit(Look())

    def show_came(self, errand: Errand, came: object) -> None:
        """What came of an errand, whoever asked for it."""
        if isinstance(came, Kept):
            self._show_kept(came)
        elif isinstance(errand, Look) and isinstance(came, OutletSyncError):
            self.error.say(f"▲ {words.problem(came)}")
            self.error.show()
        for place in self.places.values():
            if place.footer is not None and isinstance(errand, Save):
                place.footer.show_saved(errand, came)
        self.keys.show_came(errand, came)
        self.look.show_came(errand, came)

    def go_to(self, section: Section) -> None:
        """Show a section."""
        self.list.setCurrentRow(section)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.title.say(words.say("Settings"))
        for test in self.tests:
            test.retranslate()
        self.list.setAccessibleName(words.say("Settings"))
        for place in self.places.values():
            place.content.retranslate()
            if place.footer is not None:
                place.footer.retranslate()
        self._name()

    def arrange(self, width: int) -> None:
        """A list at the left, or a menu above where it is narrow."""
        is_compact = width < NARROW_PX
        side, top = (12, 12) if is_compact else (24, 20)
        self._column.setContentsMargins(side, top, side, 8 if is_compact else 16)
        self.list.setVisible(not is_compact)
        self.menu.setVisible(is_compact)
        for place in self.places.values():
            place.content.arrange(is_compact=width < HALVES_FROM_PX if isinstance(place.content, Form) else is_compact)

    def _tested(self, test: ConnectionTest, _is_passed: bool) -> None:
        if test.can_be_read:
            self.forms[Section.CLOSING].offer_extras()

    def _show_kept(self, kept: Kept) -> None:
        self.error.hide()
        for test in self.tests:
            test.forget()  # it was of what is kept no more, perhaps
            test.card.hide()
        for place in self.places.values():
            place.content.show_kept(kept)
            if place.footer is not None:
                place.footer.show_kept(kept)

    def _turned(self, row: int) -> None:
        self._fill(self.places[Section(row)])
        self.stack.setCurrentIndex(row)
        self.menu.show_value(row)
        self._name()

    def _name(self) -> None:
        """A section where something is begun and not applied has a mark, and says so."""
        colours = self._theme.tokens
        names = []
        for section, text in NAMES.items():
            name, item = words.say(text), self.list.item(section)
            form = self.forms.get(section)
            is_begun = form is not None and bool(form.begun())
            told = words.say("{name}, not applied yet", name=name) if is_begun else name
            item.setText(f"{name} •" if is_begun else name)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, told)
            colour = colours.accent if section == self.list.currentRow() else colours.text2
            item.setIcon(icons.icon(ICONS[section], colour))
            names.append((int(section), item.text()))
        self.menu.offer(names)
        self.menu.name(words.say("Settings"))

    def _place(self, section: Section) -> Place:
        contents: dict[Section, KeysSection | LookSection | HelpSection] = {
            Section.KEYS: self.keys,
            Section.LOOK: self.look,
            Section.HELP: self.help,
        }
        content = self.forms.get(section) or contents[section]
        footer = Footer(content) if isinstance(content, Form) else None
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.stack.addWidget(page)
        self.list.addItem(QListWidgetItem())
        return Place(page, column, content, footer)

    def _fill(self, place: Place) -> None:
        """Put a section on the page when somebody first goes there: to style all of them at once would be felt."""
        if place.column.count() == 0:
            place.column.addWidget(_scrolling(place.content), 1)
            if place.footer is not None:
                place.column.addWidget(place.footer)

    def _connect(self) -> None:
        self.list.currentRowChanged.connect(self._turned)
        follow_choice(self.list)
        self.menu.edited.connect(lambda: self.list.setCurrentRow(int(str(self.menu.value()))))
        for section, place in self.places.items():
            if place.footer is not None:
                place.footer.save_asked.connect(self.asked)
                self.forms[section].changed.connect(self._name)
        for content in (self.keys, self.look):
            content.asked.connect(self.asked)
        self.look.language_asked.connect(self.language_asked)
        self.look.appearance_asked.connect(self.appearance_asked)
        self.help.answered.connect(self.answered)
        self.help.log_asked.connect(self.log_asked)

    def _lay_out(self) -> None:
        self._column = _Column(self)
        self._column.setSpacing(12)
        self._column.addWidget(self.title)
        self._column.addWidget(self.error)
        self._column.addWidget(self.menu)
        row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        row.setSpacing(16)
        row.addWidget(self.list)
        row.addWidget(self.stack, 1)
        self._column.addLayout(row, 1)
        self.error.hide()


ICONS = {
    Section.OUTLET: "status",
    Section.KEYS: "key",
    Section.SCHEDULE: "clock",
    Section.SOURCES: "till",
    Section.CLOSING: "moon",
    Section.LOOK: "language",
    Section.HELP: "help",
}


class _Column(QVBoxLayout):
    """Takes the height that there is, whatever its sections would like: they scroll, so that the footer stays."""

    def hasHeightForWidth(self) -> bool:
        """No."""
        return False


def _scrolling(content: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    return area
