"""What the help desk asks for: version, outlet, codes, addresses, the log; and what headquarters has set."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import __version__, words
from outlet_sync_gui.status import Status
from outlet_sync_gui.ui.forms import WIDEST_PX
from outlet_sync_gui.ui.keeper import Kept
from outlet_sync_gui.ui.settings_form import Disclosure
from outlet_sync_gui.ui.standing import StandingList, of_questions
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Label
from outlet_sync_gui.words import N_

CONFIG_CHANGED = "config_changed"


class HelpSection(QWidget):
    """Facts to read out or to copy; where headquarters changed settings, the way back."""

    answered = Signal(int, str)  # a question's id, and the choice
    log_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._kept: Kept | None = None
        self._status: Status | None = None
        self._now_ms = 0
        self.standing = StandingList(theme)
        self.standing.setMaximumWidth(WIDEST_PX)
        self.standing.answered.connect(self.answered)
        self.facts, self.addresses, self.remote = Facts(), Facts(), Facts()
        self.copy, self.log = QPushButton(), QPushButton()
        self.copy.clicked.connect(self._copy)
        self.log.clicked.connect(self.log_asked)
        self.codes = Disclosure(N_("All help codes"))
        self.code_list = Facts(is_flat=True)
        self.codes.column.addWidget(self.code_list)
        self._lay_out()

    def show_kept(self, kept: Kept) -> None:
        """Show what is kept."""
        self._kept = kept
        self._show()

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self._status, self._now_ms = status, now_ms
        self._show()

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        for button, text in ((self.copy, "Copy for the help desk"), (self.log, "Log folder")):
            button.setText(words.say(text))
            button.setAccessibleName(button.text())
        self.codes.retranslate()
        self.code_list.tell("", words.help_codes())
        self.standing.retranslate()
        self._show()

    def arrange(self, *, is_compact: bool) -> None:
        """Names beside what they name, or above it."""
        self.standing.arrange(is_compact=is_compact)
        for facts in (self.facts, self.addresses, self.remote, self.code_list):
            facts.arrange(is_compact=is_compact)

    def _show(self) -> None:
        asked = [each for each in (self._status.asked if self._status else ()) if each.kind == CONFIG_CHANGED]
        self.standing.show_standing(of_questions(asked))
        self.facts.tell(words.say("What the help desk asks for"), self._facts())
        self.addresses.tell(words.say("Who may come in"), self._addresses())
        self.remote.tell(words.say("Set by headquarters"), self._remote())

    def _facts(self) -> list[tuple[str, str]]:
        status = self._status
        if status is None:
            return [(words.say("Version"), __version__)]
        codes = [words.help_code(each.code) for each in (status.trouble, *status.doors) if each is not None]
        return [
            (words.say("Version"), status.version or __version__),
            (words.say("Outlet"), " · ".join(filter(None, (status.outlet_code, status.outlet_id))) or "–"),
            (words.say("State"), words.headline(status, self._now_ms)),
            (words.say("Help code"), ", ".join(dict.fromkeys(codes)) or words.say("none")),
        ]

    def _addresses(self) -> list[tuple[str, str]]:
        if self._status is None or self._kept is None:
            return []
        heard, doors = self._kept.heard, {str(dict(each.facts).get("name", "")): each for each in self._status.doors}
        rows = (
            ("intake", "The till's connection", self._status.intake_url, heard.record_at),
            ("webhook", "Instant updates", self._status.webhook_url, heard.webhook_at),
        )
        return [
            (words.say(name), self._address(url, at, words.door(doors[door]) if door in doors else ""))
            for door, name, url, at in rows
        ]

    def _address(self, url: str | None, at: int | None, trouble: str) -> str:
        ago = words.at_and_ago(at, self._now_ms) if at is not None else ""
        last = words.say("last received {time}", time=ago) if ago else words.say("nothing received yet")
        return "\n".join(filter(None, (url or words.say("closed"), trouble, last)))

    def _remote(self) -> list[tuple[str, str]]:
        if self._kept is None:
            return []
        remote: Mapping[str, object] = self._kept.loaded.remote
        return [
            (words.setting_name(key), _told(value, is_in_force=self._kept.loaded.sources.get(key) == "headquarters"))
            for key, value in remote.items()
        ]

    def _copy(self) -> None:
        lines = [*self._facts(), *self._addresses()]
        QGuiApplication.clipboard().setText("\n".join(f"{name}: {value}" for name, value in lines))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 8, 8)
        column.setSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self.copy, self.log):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        column.addWidget(self.standing)
        column.addWidget(self.facts)
        column.addLayout(row)
        for part in (self.addresses, self.remote, self.codes):
            column.addWidget(part)
        column.addStretch(1)


class Facts(QFrame):
    """A heading, and names with what they name; nothing at all where there is none."""

    def __init__(self, *, is_flat: bool = False) -> None:
        super().__init__()
        if not is_flat:
            self.setProperty("kind", "card")
        self.setMaximumWidth(WIDEST_PX)
        self._is_compact = False
        self._rows: Sequence[tuple[str, str]] = ()
        self.heading = Label("strong", wraps=True)
        self.labels: list[tuple[Label, Label]] = []
        self._grid = QGridLayout(self)
        side = 0 if is_flat else 16
        self._grid.setContentsMargins(side, 12, side, 12)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self.heading, 0, 0, 1, 2)

    def tell(self, heading: str, rows: Sequence[tuple[str, str]]) -> None:
        """Show these."""
        self.heading.say(heading)
        self.heading.setVisible(bool(heading))
        self.setVisible(bool(rows))
        while len(self.labels) < len(rows):
            self.labels.append((Label("quiet", wraps=True), Label(wraps=True)))
            self._place(len(self.labels) - 1)
        for position, (name, value) in enumerate(self.labels):
            is_there = position < len(rows)
            for label in (name, value):
                label.setVisible(is_there)
            if is_there:
                name.say(rows[position][0])
                value.say(rows[position][1])

    def arrange(self, *, is_compact: bool) -> None:
        """Names beside what they name, or above it."""
        self._is_compact = is_compact
        self._grid.setColumnMinimumWidth(0, 0 if is_compact else 168)
        for position in range(len(self.labels)):
            self._place(position)

    def _place(self, position: int) -> None:
        name, value = self.labels[position]
        top = 1 + 2 * position
        if self._is_compact:
            self._grid.addWidget(name, top, 0, 1, 2)
            self._grid.addWidget(value, top + 1, 0, 1, 2)
        else:
            self._grid.addWidget(name, top, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(value, top, 1, Qt.AlignmentFlag.AlignTop)


def _told(value: object, *, is_in_force: bool) -> str:
    shown = ", ".join(f"{name}: {each}" for name, each in value.items()) if isinstance(value, Mapping) else str(value)
    return shown if is_in_force else words.say("{value} · not in force: set here", value=shown)
