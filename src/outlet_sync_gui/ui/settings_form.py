"""One section of the settings as a form: nothing counts before Apply is pressed, and then it can be undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.ui import setting_fields
from outlet_sync_gui.ui.forms import WIDEST_PX, Entry
from outlet_sync_gui.ui.keeper import Kept, Save
from outlet_sync_gui.ui.setting_fields import AnyField, Part, Spec
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label, rule

GAP_PX, ROW_PX = 16, 12


@dataclass(frozen=True, slots=True)
class Shown:
    """A field and the setting that it stands for."""

    spec: Spec
    field: AnyField


class Form(QWidget):
    """Fields by their parts. What a person has begun stays, whatever comes from elsewhere."""

    changed = Signal()
    entered = Signal()

    def __init__(self, theme: Theme, parts: Sequence[Part], *, line: str = "") -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self._theme = theme
        self._line = line
        self._kept: Kept | None = None
        self.shown = [Shown(spec, setting_fields.make(spec, theme)) for part in parts for spec in part.specs]
        self.fields = {each.spec.key: each.field for each in self.shown}
        self.line = Label("quiet", wraps=True)
        self.line.setMaximumWidth(WIDEST_PX)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 8, 8)
        self.column.setSpacing(ROW_PX)
        self.column.addWidget(self.line)
        self._rows: list[QBoxLayout] = []
        self._headings: list[tuple[Label, str]] = []
        self.for_it: list[Disclosure] = []
        for part in parts:
            self._add(part)
        self.column.addStretch(1)
        for each in self.shown:
            each.field.edited.connect(self._edited)
            each.field.entered.connect(self.entered)

    def show_kept(self, kept: Kept) -> None:
        """Show what is kept; a field that a person has begun stays as it is."""
        before, self._kept = self.begun(), kept
        for each in self.shown:
            if each.spec.key not in before or not self._is_begun(each):
                self._say(each, kept)
                setting_fields.show(each.field, setting_fields.text_of(kept.loaded.settings, each.spec.key))
        self.changed.emit()

    def begun(self) -> frozenset[str]:
        """The settings whose fields stand otherwise than what is kept."""
        return frozenset(each.spec.key for each in self.shown if self._is_begun(each))

    def faults(self) -> list[Shown]:
        """The fields that can't be used as they stand."""
        begun = self.begun()
        return [each for each in self.shown if each.field.fault and each.spec.key in begun]

    def changes(self) -> dict[str, object]:
        """What would be kept: the settings that a person changed. There are no faults."""
        begun = self.begun()
        return {
            each.spec.key: setting_fields.value_of(each.spec.key, setting_fields.read(each.field))
            for each in self.shown
            if each.spec.key in begun
        }

    def drop(self) -> None:
        """Back to what is kept."""
        if self._kept is not None:
            for each in self.shown:
                text = setting_fields.text_of(self._kept.loaded.settings, each.spec.key)
                setting_fields.show(each.field, text)
        self.changed.emit()

    def tell_faults(self) -> bool:
        """Say them all, and go to the first; whether there are any."""
        faults = self.faults()
        for each in faults:
            if isinstance(each.field, Entry):
                each.field.tell_fault()
        if faults:
            for disclosure in self.for_it:
                disclosure.show_if_holds(faults[0].field)
            faults[0].field.control.setFocus()
        return bool(faults)

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.line.say(words.say(self._line) if self._line else "")
        self.line.setVisible(bool(self._line))
        for label, text in self._headings:
            label.say(words.say(text))
        for disclosure in self.for_it:
            disclosure.retranslate()
        if self._kept is not None:
            self.show_kept(self._kept)

    def arrange(self, *, is_compact: bool) -> None:
        """Short fields beside each other, or all of them in one column."""
        way = QBoxLayout.Direction.TopToBottom if is_compact else QBoxLayout.Direction.LeftToRight
        for row in self._rows:
            row.setDirection(way)
            row.setSpacing(ROW_PX if is_compact else GAP_PX)

    def note(self, key: str, kept: Kept) -> str:
        """What stands under a field beside its own help: who has set it."""
        return words.say("Set by headquarters. A change here wins.") if _is_remote(key, kept) else ""

    def _say(self, each: Shown, kept: Kept) -> None:
        spec = each.spec
        notes = (words.say(spec.help) if spec.help else "", self.note(spec.key, kept))
        setting_fields.say(spec, each.field, kept.loaded.settings, " · ".join(filter(None, notes)))
        if spec.is_extra:
            each.field.setVisible(kept.can_be_read or bool(getattr(kept.loaded.settings, spec.key)))
        is_fixed = kept.loaded.sources[spec.key] == "environment"
        each.field.fix(setting_fields.fixed_by(setting_fields.variable(spec.key)) if is_fixed else "")

    def _is_begun(self, each: Shown) -> bool:
        if self._kept is None or each.field.reason:
            return False
        text = setting_fields.read(each.field)
        if text.strip() == setting_fields.text_of(self._kept.loaded.settings, each.spec.key):
            return False  # most of them, at every key that is pressed: to read a value costs more
        return bool(each.field.fault) or (
            setting_fields.value_of(each.spec.key, text) != _plain(self._kept.loaded.settings, each.spec.key)
        )

    def _edited(self) -> None:
        self.changed.emit()

    def _add(self, part: Part) -> None:
        if part.heading:
            heading = Label("title")
            self._headings.append((heading, part.heading))
            self.column.addSpacing(4)
            self.column.addWidget(heading)
        column = self.column
        if part.is_for_it:
            self.for_it.append(Disclosure())
            self.column.addWidget(self.for_it[-1])
            column = self.for_it[-1].column
        row, is_open = self._row(column), False
        for spec in part.specs:
            if row.count() and not (spec.is_half and is_open):
                row, is_open = self._row(column), False
            row.addWidget(self.fields[spec.key], 1, Qt.AlignmentFlag.AlignTop)
            is_open = spec.is_half and not is_open

    def _row(self, column: QVBoxLayout) -> QBoxLayout:
        holder = QWidget()
        holder.setMaximumWidth(WIDEST_PX)
        row = QBoxLayout(QBoxLayout.Direction.LeftToRight, holder)
        row.setContentsMargins(0, 0, 0, 0)
        column.addWidget(holder)
        self._rows.append(row)
        return row


class Disclosure(QWidget):
    """What IT alone needs: behind a button, until somebody asks for it."""

    def __init__(self, text: str = words.N_("For IT")) -> None:
        super().__init__()
        self._text = text
        self.button = QPushButton()
        self.button.setCheckable(True)
        self.button.setAutoDefault(False)
        self.button.setProperty("kind", "quiet")
        self.button.setProperty("role", "slim")
        self.inside = QWidget()
        self.column = QVBoxLayout(self.inside)
        self.column.setContentsMargins(0, 4, 0, 0)
        self.column.setSpacing(ROW_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        top = QHBoxLayout()
        top.addWidget(self.button)
        top.addStretch(1)
        layout.addLayout(top)
        layout.addWidget(self.inside)
        self.button.toggled.connect(self._open)
        self._open(is_open=False)

    def show_if_holds(self, field: QWidget) -> None:
        """Open it where this is in it."""
        if self.inside.isAncestorOf(field):
            self.button.setChecked(True)

    def retranslate(self) -> None:
        """Name the button."""
        sign = "▾" if self.button.isChecked() else "▸"
        self.button.setText(f"{sign} {words.say(self._text)}")
        self.button.setAccessibleName(words.say(self._text))

    def _open(self, is_open: bool) -> None:
        self.inside.setVisible(is_open)
        self.retranslate()


class Footer(QFrame):
    """Apply, and the way back: before it what was typed is dropped, after it what was applied is undone."""

    save_asked = Signal(object)  # a Save

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form
        self._kept: Kept | None = None
        self._undo: Save | None = None
        self._asked: Save | None = None
        self._error: OutletSyncError | None = None
        self._is_undone = False
        self.text = Label("quiet", wraps=True)
        self.back, self.apply = QPushButton(), QPushButton()
        self.back.setProperty("kind", "quiet")
        self.apply.setProperty("kind", "primary")
        for button in (self.back, self.apply):
            button.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(rule())
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        row.addWidget(self.back)
        row.addWidget(self.apply)
        layout.addLayout(row)
        form.changed.connect(self._edited)
        form.entered.connect(self.press)
        self.apply.clicked.connect(self.press)
        self.back.clicked.connect(self._go_back)

    def show_kept(self, kept: Kept) -> None:
        """What is kept now, to know what an undo brings back."""
        self._kept = kept
        self._show()

    def press(self) -> None:
        """Apply, if it can be."""
        if self._kept is None or self._asked is not None or not self._form.begun() or self._form.tell_faults():
            return
        changes = self._form.changes()
        self._undo, self._is_undone = _former(changes, self._kept), False
        self._ask(Save(changes))

    def show_saved(self, errand: Save, came: object) -> None:
        """What came of a Save; one of somebody else says nothing here."""
        if errand is not self._asked:
            return
        self._asked = None
        self._error = came if isinstance(came, OutletSyncError) else None
        if self._error is not None or self._is_undone:
            self._undo = None
        self._show()

    def retranslate(self) -> None:
        """Say it again in the language that is spoken now."""
        self.apply.setText(words.say("Apply"))
        self.apply.setAccessibleName(self.apply.text())
        self._show()

    def _edited(self) -> None:
        if self._form.begun():
            self._error, self._undo, self._is_undone = None, None if self._asked is None else self._undo, False
        self._show()

    def _go_back(self) -> None:
        if self._form.begun() and self._asked is None:
            self._form.drop()
        elif self._undo is not None:
            undo, self._is_undone = self._undo, True
            self._ask(undo)

    def _ask(self, errand: Save) -> None:
        self._asked, self._error = errand, None
        self.save_asked.emit(errand)
        self._show()

    def _show(self) -> None:
        begun, faults = self._form.begun(), self._form.faults()
        is_idle = self._asked is None
        can_apply = bool(begun) and not faults and is_idle
        self.apply.setEnabled(can_apply)
        self.apply.setToolTip("" if can_apply else words.say(_why_not(begun, faults)))
        can_undo = not begun and self._undo is not None
        self.back.setText(words.say("Undo") if can_undo else words.say("Drop changes"))
        self.back.setAccessibleName(self.back.text())
        self.back.setEnabled(is_idle and (bool(begun) or can_undo))
        set_property(self.text, "role", "error" if self._error else "quiet")
        self.text.say(self._told(begun, faults))

    def _told(self, begun: frozenset[str], faults: Sequence[Shown]) -> str:
        if self._error is not None:
            return f"▲ {words.problem(self._error)}"
        if faults:
            names = ", ".join(words.say(each.spec.label) for each in faults)
            return words.say("Mend first: {names}", names=names)
        if begun and self._asked is None:
            return words.say_n("{n} change not applied yet", "{n} changes not applied yet", len(begun))
        if self._is_undone:
            return words.say("Undone.") if self._asked is None else ""
        return words.say("Applied. No restart is needed.") if self._undo is not None and self._asked is None else ""


def _why_not(begun: frozenset[str], faults: Sequence[Shown]) -> str:
    if faults:
        return words.N_("Mend first what is marked.")
    return words.N_("One moment.") if begun else words.N_("Nothing was changed.")


def _former(changes: Mapping[str, object], kept: Kept) -> Save:
    """What brings back what is kept now: what the file did not say is taken out of it again."""
    from_file = {key for key in changes if kept.loaded.sources[key] == "file"}
    values = {key: _plain(kept.loaded.settings, key) for key in changes if key in from_file}
    return Save(values, frozenset(changes.keys() - from_file))


def _plain(chosen: Settings, key: str) -> object:
    value = getattr(chosen, key)
    return list(value) if isinstance(value, tuple) else value


def _is_remote(key: str, kept: Kept) -> bool:
    return kept.loaded.sources[key] == "headquarters"
