"""What the questions of the first run have in common."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.credentials import VARIABLES
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.status import Status
from outlet_sync_gui.ui.forms import Control, Entry, Field
from outlet_sync_gui.ui.keeper import Errand, Kept
from outlet_sync_gui.ui.keys_section import API_KEY
from outlet_sync_gui.ui.setting_fields import fixed_by, variable
from outlet_sync_gui.ui.widgets import Label

KEYRING = "keyring_"  # how the codes of a password store's failures begin


class Question(QWidget):
    """What the pages have in common: title and sentence over a body, and the errands of an answer, one by one."""

    asked = Signal(object)  # an Errand
    answered = Signal()  # its answer is kept: go on
    failed = Signal(object)  # the label that says so
    changed = Signal()  # what it says of itself: busy or not, its button, its line in the rail
    NAME, TITLE, INTRO = "", "", ""  # in English, to be said
    AHEAD = ""  # what the rail says of it before one comes there

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self.kept: Kept | None = None
        self._todo: list[Errand] = []
        self._failure: OutletSyncError | None = None
        self.title, self.intro = Label("question", wraps=True), Label("quiet", wraps=True)
        self.error = Label("error", wraps=True)
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

    def fields(self) -> Sequence[Entry]:
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
        self._say_failure()
        if self.kept is not None:
            self.show_kept(self.kept)  # says why a field can only be read

    def go_on(self) -> None:
        """The person is done: say what is wrong, or keep the answer and tell when it is kept."""
        if self.is_busy or self._goes_to_fault():
            return
        self._fail(None)
        self._todo = list(self.errands())
        self._next()

    def came(self, errand: Errand, result: object) -> None:
        """What came of an errand."""
        if not self._todo or errand is not self._todo[0]:
            return
        if isinstance(result, OutletSyncError):
            self._todo = []
            self._fail(result)
        else:
            self._todo.pop(0)
            self.was_kept(errand)
            self._next()

    def was_kept(self, _errand: Errand) -> None:
        """One part of the answer is safe."""

    def give_up(self) -> None:
        """The page is left; what is under way is still kept."""
        self._todo = []
        self._fail(None)

    def _goes_to_fault(self) -> bool:
        for field in self.fields():
            if field.fault:
                focused = self.focusWidget()
                # Enter leads on to the next field: nobody has made a mistake there yet.
                if field.text() or focused is field.control or focused is None:
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

    def _fail(self, error: OutletSyncError | None) -> None:
        """Say what went wrong, or no more."""
        self._failure = error
        self._say_failure()
        if error is not None:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, _told(error)))
            self.failed.emit(self.error)
        self.changed.emit()

    def _say_failure(self) -> None:
        self.error.say(f"▲ {_told(self._failure)}" if self._failure is not None else "")
        self.error.setVisible(self._failure is not None)

    def _fix(self, field: Field[Control], key: str) -> bool:
        """Leave a field to be read where IT has set it for the program; whether it is so."""
        is_fixed = self.kept is not None and self.kept.loaded.sources[key] == "environment"
        field.fix(fixed_by(variable(key)) if is_fixed else "")
        return is_fixed


def _told(error: OutletSyncError) -> str:
    """What went wrong, and the way on where there is no password store to be had."""
    way = words.say("Or let IT set {name} for the program, then start it again.", name=VARIABLES[API_KEY])
    return f"{words.problem(error)} {way}" if error.code.startswith(KEYRING) else words.problem(error)


def capital(text: str) -> str:
    """As at the beginning of a sentence."""
    return text[:1].upper() + text[1:]
