"""Small pieces that pages are made of."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from outlet_sync_gui.ui.theme import set_property


class Label(QLabel):
    """Plain text in a role of the style sheet; with `elides` it shortens itself and tells the whole as a tooltip."""

    def __init__(self, role: str = "", *, elides: bool = False, wraps: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wraps)
        self._elides = elides
        self._whole = ""
        if elides:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def say(self, text: str) -> None:
        """Show a text."""
        self._whole = text
        self.setAccessibleName(text)
        if self._elides:
            self._shorten()
        elif text != self.text():
            self.setText(text)

    def whole(self) -> str:
        """The text, however much of it there is room for."""
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten anew."""
        super().resizeEvent(event)
        if self._elides:
            self._shorten()

    def _shorten(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, max(0, self.width() - 1))
        self.setToolTip(self._whole if shown != self._whole else "")
        if shown != self.text():
            self.setText(shown)


class Card(QFrame):
    """A figure with its label and one line."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setProperty("role", "figures")
        self.label = Label("label", elides=True)
        self.figure = Label("figure", elides=True)
        self.line = Label("small", elides=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(2)
        for part in (self.label, self.figure, self.line):
            layout.addWidget(part)

    def show_figure(self, label: str, figure: str, line: str, *, is_urgent: bool = False) -> None:
        """Show it; an urgent figure needs a person."""
        self.label.say(label)
        self.figure.say(f"▲ {figure}" if is_urgent else figure)
        self.line.say(line)
        set_property(self.figure, "isUrgent", is_urgent)
        self.setAccessibleName(f"{label}: {figure}. {line}")


class Cards(QWidget):
    """Four cards in a row, or two by two where it is narrow."""

    def __init__(self) -> None:
        super().__init__()
        self.cards = tuple(Card() for _ in range(4))
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(12)
        self.arrange(is_compact=False)

    def arrange(self, *, is_compact: bool) -> None:
        """Lay them out."""
        columns = 2 if is_compact else 4
        for position, card in enumerate(self.cards):
            self._layout.addWidget(card, position // columns, position % columns)
        for column in range(4):
            self._layout.setColumnStretch(column, 1 if column < columns else 0)


class FocusRing(QFrame):
    """One ring over the window, moved to what the keyboard is at; the mouse shows none."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setProperty("kind", "ring")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def follow(self, widget: QWidget | None, *, is_by_keyboard: bool) -> None:
        """Go to a widget of this window that got the focus."""
        window = self.window()
        is_shown = widget is not None and widget.window() is window and is_by_keyboard
        self.setVisible(is_shown)
        if widget is not None and is_shown:
            self.setGeometry(QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size()).adjusted(-4, -4, 4, 4))
            self.raise_()


class Head(QWidget):
    """The top of the rail: the outlet; off the Status page its state too."""

    def __init__(self) -> None:
        super().__init__()
        self.name = Label("name", elides=True)
        self.place = Label("small", elides=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(20, 16, 12, 10)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.name)
        texts.addWidget(self.place)
        layout.addLayout(texts)

    def sizeHint(self) -> QSize:
        """Leave the width to the rail."""
        return QSize(0, super().sizeHint().height())
