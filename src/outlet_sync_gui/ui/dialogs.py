"""What the dialogs over the window share."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui import words
from outlet_sync_gui.ui.widgets import FocusRing, Label, rule

MARGIN_PX, FIELD_PX = 24, 96


class Dialog(QDialog):
    """A title, a body that scrolls where the window is low, and a footer that stays.

    Each says all of its words in `retranslate`, which its own `__init__` calls at its end.
    """

    def __init__(self, parent: QWidget, *, wanted: QSize) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Outlet Sync")
        self.title = Label("name", wraps=True)
        self.cancel = QPushButton()
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self.reject)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self.footer = QHBoxLayout()
        self.footer.setSpacing(8)
        self._lay_out()
        self.ring = FocusRing(self)
        window = parent.window()
        self.resize(wanted.boundedTo(QSize(window.width() - MARGIN_PX, window.height() - MARGIN_PX)))

    def retranslate(self) -> None:
        """Say it again, in the language and the colours of now."""
        name_button(self.cancel, words.say("Cancel"))

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setProperty("kind", "page")
        content = QVBoxLayout(inside)
        content.setContentsMargins(20, 16, 20, 12)
        content.setSpacing(8)
        content.addWidget(self.title)
        content.addLayout(self.body, 1)
        self.area = area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        self.footer.setContentsMargins(20, 8, 20, 12)
        self.footer.addStretch()
        self.footer.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)  # the window under it sets the limits
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addWidget(rule())
        layout.addLayout(self.footer)

    def main_button(self) -> QPushButton:
        """The button that does it, at the right end of the footer."""
        button = QPushButton()
        button.setProperty("kind", "primary")
        self.footer.addWidget(button)
        return button


def name_button(button: QPushButton, text: str) -> None:
    """What stands on it is what is heard."""
    button.setText(text)
    button.setAccessibleName(text.removesuffix("…"))


class TextField(QPlainTextEdit):
    """A field of several lines, letters of one width; it takes the height that the rest leaves, and Tab leaves it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTabChangesFocus(True)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setMinimumHeight(FIELD_PX)

    def sizeHint(self) -> QSize:
        """No more than it needs."""
        return QSize(super().sizeHint().width(), FIELD_PX)
