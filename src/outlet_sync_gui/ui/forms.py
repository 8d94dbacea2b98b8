"""Fields of forms: a name, a control, and one line under it that helps, or says what is wrong as soon as it is typed.

All are used alike: `name` says them (again) in the language of now, `show_value` fills them, `value` and `fault` tell
what a person made of them, `fix` leaves them to be read only, with the reason.
"""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui import words
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Label, set_checked

FAULT_AFTER_MS = 500  # of rest: whoever is still typing has not made a mistake yet
WIDEST_PX, UNIT_ENTRY_PX, CHEVRON_PX, SWITCH_INDENT_PX = 624, 140, 16, 26

Check = Callable[[str], object]  # a text's value; raises an OutletSyncError that says what is wrong with it
Options = Sequence[tuple[object, str]]  # a value, and what it is called
Control = TypeVar("Control", bound=QWidget)


class Field(QWidget, Generic[Control]):
    """What all of them have in common."""

    edited = Signal()  # by a person
    entered = Signal()  # Enter: the person is done with it

    def __init__(self, control: Control) -> None:
        super().__init__()
        self.control = control
        self.label, self.line = Label("strong", wraps=True), Label("small", wraps=True)
        self.label.setBuddy(control)
        self._help = ""
        self.fault = ""  # why what stands there can't be used
        self.reason = ""  # why it can't be changed
        self.beside = QHBoxLayout()
        self.beside.setSpacing(8)
        self.beside.addWidget(control, 1)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        self.column.addWidget(self.label)
        self.column.addLayout(self.beside)
        self.column.addWidget(self.line)
        self.setMaximumWidth(WIDEST_PX)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def name(self, label: str, help_: str = "") -> None:
        """Say what it is, and what helps to fill it."""
        self.label.say(label)
        self.control.setAccessibleName(label)
        self._help = help_
        self._tell()

    def fix(self, reason: str) -> None:
        """It can only be read, and this is why; an empty reason ends that."""
        self.reason = reason
        self._lock(is_locked=bool(reason))
        self._tell()

    def _lock(self, *, is_locked: bool) -> None:
        self.control.setEnabled(not is_locked)

    def _tell(self, fault: str = "") -> None:
        told = f"▲ {fault}" if fault else self.reason or self._help
        if fault and told != self.line.whole():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.control, fault))
        set_property(self.line, "role", "error" if fault else "small")
        set_property(self.control, "isWrong", bool(fault))
        self.line.say(told)
        self.line.setVisible(bool(told))
        self.control.setAccessibleDescription(fault or told)


class Entry(Field[QLineEdit]):
    """One line of text, checked as it is typed: a fault is told after a moment's rest, and gone at once."""

    def __init__(self, check: Check, *, is_secret: bool = False, longest: int = 4096) -> None:
        super().__init__(QLineEdit(maxLength=longest))
        self._check = check
        self._value: object = ""
        self._unit: Label | None = None
        self.fault_told = ""
        if is_secret:
            self.control.setEchoMode(QLineEdit.EchoMode.Password)
        self._soon = QTimer(self, singleShot=True, interval=FAULT_AFTER_MS)
        self._soon.timeout.connect(self.tell_fault)
        self.control.textEdited.connect(self._edited)
        self.control.editingFinished.connect(self.tell_fault)
        self.control.returnPressed.connect(self._entered)
        self._judge()

    def text(self) -> str:
        """What stands there."""
        return self.control.text()

    def value(self) -> object:
        """The value of what stands there; of the last good text while there is a fault."""
        return self._value

    def show_value(self, text: str) -> None:
        """Fill it. The cursor stays where it is when nothing changes."""
        if text != self.control.text():
            self.control.setText(text)
            self.control.setCursorPosition(0)  # the head of a long one is what tells it from others
        self._judge()
        self._hush()

    def name(self, label: str, help_: str = "") -> None:
        """Say what it is, and what helps to fill it; what is wrong is said again, too."""
        was_told = bool(self.fault_told)
        self._judge()
        super().name(label, help_)
        if was_told:
            self.tell_fault()

    def fix(self, reason: str) -> None:
        """It can only be read, and this is why."""
        super().fix(reason)
        self._judge()
        if not self.fault:
            self._hush()

    def tell_fault(self) -> bool:
        """Say what is wrong now, without waiting; whether something is."""
        self._soon.stop()
        self.fault_told = self.fault
        self._tell(self.fault)
        return bool(self.fault)

    def put_unit(self, unit: str) -> None:
        """Say what the number counts."""
        if self._unit is None:
            self._unit = Label("quiet")
            self.control.setMaximumWidth(UNIT_ENTRY_PX)
            self.beside.addWidget(self._unit)
            self.beside.addStretch(1)
        self._unit.say(unit)

    def _lock(self, *, is_locked: bool) -> None:
        self.control.setReadOnly(is_locked)  # so that it can still be chosen and copied
        set_property(self.control, "isFixed", is_locked)

    def _judge(self) -> None:
        try:
            self._value, self.fault = self._check(self.control.text()), ""
        except OutletSyncError as error:
            self.fault = words.wrong(error)

    def _edited(self) -> None:
        self._judge()
        if self.fault:
            self._soon.start()
        else:
            self._hush()
        self.edited.emit()

    def _hush(self) -> None:
        self._soon.stop()
        self.fault_told = ""
        self._tell()

    def _entered(self) -> None:
        if not self.tell_fault() and not self.reason:
            self.entered.emit()


class Pick(Field["_Combo"]):
    """One of many, from a list that opens."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(_Combo(theme))
        self.control.activated.connect(self._edited)

    def offer(self, options: Options) -> None:
        """What there is to choose; what was chosen stays so."""
        chosen = self.value()
        self.control.clear()
        for value, name in options:
            self.control.addItem(name, value)
        self.show_value(chosen)

    def value(self) -> object:
        """What is chosen."""
        return self.control.currentData()

    def show_value(self, value: object) -> None:
        """Choose it."""
        self.control.setCurrentIndex(max(0, self.control.findData(value)))

    def _edited(self) -> None:
        self.edited.emit()


class OneOf(Field[QWidget]):
    """One of a few, all of them in sight."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(QWidget())
        self._theme = theme
        self._row = QHBoxLayout(self.control)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._group = QButtonGroup(self)
        self._group.idToggled.connect(self._toggled)
        self.buttons: dict[object, QPushButton] = {}
        theme.changed.connect(self._draw)

    def offer(self, options: Options) -> None:
        """What there is to choose, each with its name; named again in another language."""
        for value, name in options:
            button = self.buttons.get(value) or self._add(value)
            button.setText(name)
            button.setAccessibleName(name)
        self._draw()

    def value(self) -> object:
        """What is chosen."""
        return next((value for value, button in self.buttons.items() if button.isChecked()), None)

    def show_value(self, value: object) -> None:
        """Choose it."""
        if value in self.buttons:
            with QSignalBlocker(self._group):
                self.buttons[value].setChecked(True)
        self._draw()

    def arrange(self, *, is_compact: bool) -> None:
        """Beside each other, or below."""
        ways = QBoxLayout.Direction
        self._row.setDirection(ways.TopToBottom if is_compact else ways.LeftToRight)

    def _add(self, value: object) -> QPushButton:
        button = QPushButton()
        button.setCheckable(True)
        button.setAutoExclusive(True)
        button.setProperty("kind", "option")
        button.setAutoDefault(False)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.buttons[value] = button
        self._group.addButton(button, len(self.buttons))
        self._row.addWidget(button)
        return button

    def _toggled(self, _number: int, is_chosen: bool) -> None:
        if is_chosen:
            self._draw()
            self.edited.emit()

    def _draw(self) -> None:
        colours = self._theme.tokens
        for button in self.buttons.values():
            is_chosen = button.isChecked()
            # Tab goes to the one that is chosen, the arrow keys to the others.
            is_first = is_chosen or (self.value() is None and button is next(iter(self.buttons.values())))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_first else Qt.FocusPolicy.ClickFocus)
            name, colour = ("radio", colours.accent) if is_chosen else ("ring", colours.edge)
            button.setIcon(icons.icon(name, colour, disabled=colours.text2))


class Switch(Field[QPushButton]):
    """Yes or no: a box with its sentence."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(QPushButton())
        self._theme = theme
        self.control.setCheckable(True)
        self.control.setProperty("kind", "switch")
        self.control.setAutoDefault(False)
        self.control.toggled.connect(self._edited)
        self.label.hide()
        self.line.setIndent(SWITCH_INDENT_PX)
        self.column.setSpacing(0)
        theme.changed.connect(self._draw)
        self._draw()

    def name(self, label: str, help_: str = "") -> None:
        """Say what it does."""
        super().name(label, help_)
        self.control.setText(label)

    def value(self) -> bool:
        """Whether it is on."""
        return self.control.isChecked()

    def show_value(self, value: object) -> None:
        """Switch it."""
        set_checked(self.control, is_checked=bool(value))
        self._draw()

    def _edited(self) -> None:
        self._draw()
        self.edited.emit()

    def _draw(self) -> None:
        colours = self._theme.tokens
        is_on = self.control.isChecked()
        name, colour = ("box-checked", colours.accent) if is_on else ("box", colours.edge)
        self.control.setIcon(icons.icon(name, colour, disabled=colours.text2))


class _Combo(QComboBox):
    """A list that opens at a touch; a page that is rolled over it changes nothing."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setView(QListView())  # the one whose rows the style sheet may heighten
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """With a chevron of our own: a style sheet takes the style's away."""
        super().paintEvent(event)
        colours = self._theme.tokens
        colour = colours.text if self.isEnabled() else colours.text2
        chevron = icons.pixmap("down", colour, CHEVRON_PX, self.devicePixelRatioF())
        with QPainter(self) as painter:
            painter.drawPixmap(self.width() - CHEVRON_PX - 12, (self.height() - CHEVRON_PX) // 2, chevron)

    def sizeHint(self) -> QSize:
        """Room for the chevron."""
        return super().sizeHint() + QSize(CHEVRON_PX, 0)
