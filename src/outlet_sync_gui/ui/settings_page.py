"""The page of the settings: its sections at the left, the one that is chosen beside them.

A section is made when somebody first goes there: to make all of them at once would be felt.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QListWidget,
    QListWidgetItem,
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
from outlet_sync_gui.ui.widgets import NARROW_PX, Label, follow_choice, scroll_area
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
PARTS = {
    Section.OUTLET: (setting_fields.OUTLET, N_("All of this is in the letter from headquarters.")),
    Section.SCHEDULE: (
        setting_fields.SCHEDULE,
        N_("Orders and payments go out at once. The rest follows these times."),
    ),
    Section.SOURCES: (setting_fields.SOURCES, ""),
    Section.CLOSING: (setting_fields.CLOSING, ""),
}


TESTED = (Section.OUTLET, Section.KEYS)  # where headquarters is named, and where the key is
AnySection = Form | KeysSection | LookSection | HelpSection
Content = TypeVar("Content", Form, KeysSection, LookSection, HelpSection)


@dataclass(frozen=True, slots=True)
class Place:
    """One section on the page; a form has its footer, and where headquarters is named the connection can be tested."""

    content: AnySection
    footer: Footer | None = None
    test: ConnectionTest | None = None


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
        self._theme, self._test = theme, test
        self._kept: Kept | None = None
        self._status: Status | None = None
        self._now_ms = self._width = 0
        self.title, self.error = Label("page-title"), Label("error", wraps=True)
        self.list = QListWidget()
        self.list.setFixedWidth(LIST_PX)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.menu = Pick(theme)
        self.menu.label.hide()
        self.stack = QStackedWidget()
        for _ in Section:
            self.list.addItem(QListWidgetItem())
            self.stack.addWidget(QWidget())
        self._made: dict[Section, Place] = {}
        self._lay_out()
        self.list.currentRowChanged.connect(self._turned)
        follow_choice(self.list)
        self.menu.edited.connect(lambda: self.list.setCurrentRow(int(str(self.menu.value()))))

    def place(self, section: Section) -> Place:
        """A section as it stands now, made when somebody first goes there."""
        if section not in self._made:
            self._made[section] = made = self._place(section)
            _retranslate(made)
            self._arrange(made)
            if self._kept is not None:
                _show_kept(made, self._kept)
        return self._made[section]

    def form(self, section: Section) -> Form:
        """The fields of a section that has them."""
        return self._content(section, Form)

    @property
    def keys(self) -> KeysSection:
        """What is on the section of the keys."""
        return self._content(Section.KEYS, KeysSection)

    @property
    def look(self) -> LookSection:
        """What is on the section of language and colours."""
        return self._content(Section.LOOK, LookSection)

    @property
    def help(self) -> HelpSection:
        """What is on the section for the help desk."""
        return self._content(Section.HELP, HelpSection)

    def wish(self) -> None:
        """Nothing is read of the store by the window's reader."""

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self._status, self._now_ms = status, now_ms
        if Section.HELP in self._made:
            self.help.show_status(status, now_ms)

    def begin(self) -> None:
        """Somebody comes here: look what is kept now. The first section is made when the page has its place."""
        if self.list.currentRow() < 0:
            self.go_to(Section.OUTLET)
        self.asked.emit(Look())

    def show_came(self, errand: Errand, came: object) -> None:
        """What came of an errand, whoever asked for it."""
        if isinstance(came, Kept):
            self._show_kept(came)
        elif isinstance(errand, Look) and isinstance(came, OutletSyncError):
            self.error.say(f"▲ {words.problem(came)}")
            self.error.show()
        for place in self._made.values():
            if isinstance(place.content, KeysSection | LookSection):
                place.content.show_came(errand, came)
            if place.footer is not None and isinstance(errand, Save):
                place.footer.show_saved(errand, came)

    def go_to(self, section: Section) -> None:
        """Show a section."""
        self.list.setCurrentRow(section)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.title.say(words.say("Settings"))
        self.list.setAccessibleName(words.say("Settings"))
        for place in self._made.values():
            _retranslate(place)
        self._name()

    def arrange(self, width: int) -> None:
        """A list at the left, or a menu above where it is narrow."""
        self._width = width
        is_compact = width < NARROW_PX
        side, top = (12, 12) if is_compact else (24, 20)
        self._column.setContentsMargins(side, top, side, 8 if is_compact else 16)
        self.list.setVisible(not is_compact)
        self.menu.setVisible(is_compact)
        for place in self._made.values():
            self._arrange(place)

    def _arrange(self, place: Place) -> None:
        narrow = HALVES_FROM_PX if isinstance(place.content, Form) else NARROW_PX
        place.content.arrange(is_compact=self._width < narrow)

    def _tested(self, test: ConnectionTest, _is_passed: bool) -> None:
        """A test may find that headquarters offers more than it must."""
        if test.can_be_read and self._kept is not None:
            self._kept = replace(self._kept, can_be_read=True)
            if Section.CLOSING in self._made:
                self.form(Section.CLOSING).show_kept(self._kept)

    def _show_kept(self, kept: Kept) -> None:
        self._kept = kept
        self.error.hide()
        for place in self._made.values():
            _show_kept(place, kept)

    def _turned(self, row: int) -> None:
        self.place(Section(row))
        self.stack.setCurrentIndex(row)
        self.menu.show_value(row)
        self._name()

    def _name(self) -> None:
        """A section where something is begun and not applied has a mark, and says so."""
        colours = self._theme.tokens
        names = []
        for section, text in NAMES.items():
            name, item = words.say(text), self.list.item(section)
            place = self._made.get(section)
            is_begun = place is not None and isinstance(place.content, Form) and bool(place.content.begun())
            told = words.say("{name}, not applied yet", name=name) if is_begun else name
            item.setText(f"{name} •" if is_begun else name)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, told)
            colour = colours.accent if section == self.list.currentRow() else colours.text2
            item.setIcon(icons.icon(ICONS[section], colour))
            names.append((int(section), item.text()))
        self.menu.offer(names)
        self.menu.name(words.say("Settings"))

    def _content(self, section: Section, kind: type[Content]) -> Content:
        content = self.place(section).content
        assert isinstance(content, kind)
        return content

    def _place(self, section: Section) -> Place:
        content = self._make(section)
        footer = Footer(content) if isinstance(content, Form) else None
        test = self._add_test(content) if section in TESTED else None
        page, area = self.stack.widget(section), scroll_area()
        assert page is not None
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(area, 1)
        area.setWidget(content)
        if footer is not None:
            footer.save_asked.connect(self.asked)
            column.addWidget(footer)
        return Place(content, footer, test)

    def _add_test(self, content: AnySection) -> ConnectionTest:
        made = ConnectionTest(self._theme, self._test)
        made.setMaximumWidth(WIDEST_PX)
        made.card.hide()
        made.begun.connect(made.card.show)
        made.over.connect(partial(self._tested, made))
        column = content.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(column.count() - 1, made)
        return made

    def _make(self, section: Section) -> AnySection:
        match section:
            case Section.KEYS:
                keys = KeysSection(self._theme)
                keys.asked.connect(self.asked)
                return keys
            case Section.LOOK:
                return self._make_look()
            case Section.HELP:
                return self._make_help()
            case _:
                parts, line = PARTS[section]
                form = Form(self._theme, parts, line=line)
                form.changed.connect(self._name)
                return form

    def _make_look(self) -> LookSection:
        look = LookSection(self._theme)
        look.asked.connect(self.asked)
        look.language_asked.connect(self.language_asked)
        look.appearance_asked.connect(self.appearance_asked)
        return look

    def _make_help(self) -> HelpSection:
        made = HelpSection(self._theme)
        made.answered.connect(self.answered)
        made.log_asked.connect(self.log_asked)
        if self._status is not None:
            made.show_status(self._status, self._now_ms)
        return made

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


def _retranslate(place: Place) -> None:
    if place.test is not None:
        place.test.retranslate()
    place.content.retranslate()
    if place.footer is not None:
        place.footer.retranslate()


def _show_kept(place: Place, kept: Kept) -> None:
    if place.test is not None:
        place.test.forget()  # it was of what is kept no more, perhaps
        place.test.card.hide()
    place.content.show_kept(kept)
    if place.footer is not None:
        place.footer.show_kept(kept)
