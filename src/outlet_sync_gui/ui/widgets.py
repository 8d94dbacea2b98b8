"""Small pieces that pages are made of."""

import re
from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QRect, QSignalBlocker, QSize, Qt, QTimer, SignalInstance
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui import words
from outlet_sync_gui.ui.keyboard import put_in_reading_order
from outlet_sync_gui.ui.theme import set_property

NARROW_PX = 760  # a window under it has its columns stacked
MARGIN_PX = 12  # around what is brought into view
LONGEST_RUN = 24  # characters without a place to break a line at
ARROWS: Mapping[int, bool] = {  # whether one goes on by it, or back
    Qt.Key.Key_Left: False,
    Qt.Key.Key_Up: False,
    Qt.Key.Key_Right: True,
    Qt.Key.Key_Down: True,
}
Say = Callable[[], str]  # a sentence in the language of the moment
BREAK = "\u200b"  # no width, and a line may end there


class Label(QLabel):
    """Plain text in a role of the style sheet; with `elides` it shortens itself and tells the whole as a tooltip.

    With `wraps` it breaks a long word, too: one from outside would make the page wider than the window.
    """

    def __init__(
        self, role: str = "", *, elides: bool = False, wraps: bool = False, longest_run: int = LONGEST_RUN
    ) -> None:
        super().__init__()
        self._longest_run = longest_run
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wraps)
        self._elides = elides
        self._whole = ""
        if elides:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def say(self, text: str) -> None:
        """Show a text."""
        if text == self._whole:
            return
        self._whole = text
        self.setAccessibleName(text.replace(BREAK, ""))
        if self._elides:
            self._shorten()
        else:
            self.setText(breakable(text, self._longest_run) if self.wordWrap() else text)

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


def breakable(text: str, longest_run: int = LONGEST_RUN) -> str:
    """With places to break a line at inside of long words."""
    run = rf"[^\s{BREAK}]{{{longest_run}}}(?=[^\s{BREAK}])"
    return re.sub(run, lambda found: f"{found[0]}{BREAK}", text)


def bring_into_view(widget: QWidget, rect: QRect | None = None) -> None:
    """Scroll what holds a widget so that it, or this part of it, can be seen, as soon as all have their places."""

    def scroll() -> None:
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)  # of one level after the other
        area = widget.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        inside = area.widget() if area is not None else None
        if area is not None and inside is not None:
            part = rect if rect is not None else widget.rect()
            place = QRect(widget.mapTo(inside, part.topLeft()), part.size())
            area.ensureVisible(place.center().x(), place.center().y(), 0, place.height() // 2 + MARGIN_PX)

    QTimer.singleShot(0, widget, scroll)


def scroll_area() -> QScrollArea:
    """Shows a part of what is put in, and scrolls. It gets its place first: whatever is moved, Qt styles all over."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what stands in it is reached, and scrolled to
    return area


class PageColumn(QVBoxLayout):
    """A page's parts, one under the other, below its title and its line."""

    def __init__(self, page: QWidget, title: Label, line: Label) -> None:
        super().__init__(page)
        self.setSpacing(12)
        head = QVBoxLayout()
        head.setSpacing(0)
        head.addWidget(title)
        head.addWidget(line)
        self.addLayout(head)

    def arrange(self, *, is_compact: bool) -> None:
        """The margins of a page."""
        side, top = (12, 12) if is_compact else (24, 20)
        self.setContentsMargins(side, top, side, top)


class Card(QPushButton):
    """A figure with its label and one line; a button where it opens a list."""

    def __init__(self) -> None:
        super().__init__()
        self.setEnabled(False)
        self.setProperty("kind", "card")
        self.setProperty("role", "figures")
        self.label = Label("label", elides=True)
        self.figure = Label("figure", elides=True)
        self.line = Label("small", elides=True)
        self.arrow = Label("small")
        layout = QGridLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(2)
        layout.setColumnStretch(0, 1)
        layout.addWidget(self.arrow, 0, 1)
        for row, part in enumerate((self.label, self.figure, self.line)):
            layout.addWidget(part, row, 0, 1, 2 if row else 1)
        for part in (self.label, self.figure, self.line, self.arrow):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def opens(self, asked: SignalInstance) -> None:
        """Ask for a list when it is pressed."""
        self.setEnabled(True)
        self.arrow.setText("›")
        self.clicked.connect(asked)

    def show_figure(self, label: str, figure: str, line: str, *, is_urgent: bool = False) -> None:
        """Show it; an urgent figure needs a person."""
        self.label.say(label)
        self.figure.say(f"▲ {figure}" if is_urgent else figure)
        self.line.say(line)
        set_property(self.figure, "isUrgent", is_urgent)
        self.setAccessibleName(f"{label}: {figure}. {line}")


def follow_choice(places: QListWidget) -> None:
    """Go to the place that assistive technology chooses: its action selects an item, and makes it not current."""

    def follow() -> None:
        chosen = places.selectedItems()
        if chosen and chosen[0] is not places.currentItem():
            places.setCurrentItem(chosen[0])

    places.itemSelectionChanged.connect(follow)


def set_checked(button: QAbstractButton, *, is_checked: bool) -> None:
    """Show whether it is; nobody is told. So a `toggled` is always somebody's, who may not click at all.

    Assistive technology toggles a button that can be checked, and no `clicked` comes of that.
    """
    with QSignalBlocker(button):
        button.setChecked(is_checked)


class Pick(QPushButton):
    """One of several that can be chosen, heard as a radio button; whoever shows it says by `set_checked` which it is.

    Tab and the arrow keys go to each, and choose none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setAutoExclusive(True)  # by this Qt tells a radio button
        alone = QButtonGroup(self)  # in a group with others, Qt itself would choose, and take all but one from Tab
        alone.setExclusive(False)
        alone.addButton(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go on; all else is a button's."""
        if event.key() in ARROWS:
            self.focusNextPrevChild(ARROWS[event.key()])
        else:
            super().keyPressEvent(event)


def rule() -> QFrame:
    """A hairline."""
    line = QFrame()
    line.setProperty("kind", "rule")
    return line


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


class Banner(QFrame):
    """What could not be done, in sentences that stay until a person closes them."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "band")
        self.setProperty("state", "attention")
        self._says: list[Say] = []
        self.text = Label(wraps=True)
        self.close_button = QPushButton()
        self.close_button.setProperty("kind", "quiet")
        self.close_button.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(20, 8, 12, 8)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.close_button)
        self.hide()

    def tell(self, say: Say) -> None:
        """Add a sentence."""
        sentence = say()
        self._says = [*(other for other in self._says if other() != sentence), say]
        self.retranslate()
        self.show()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))

    def retranslate(self) -> None:
        """Say it again in the language of now."""
        self.text.say("\n".join(say() for say in self._says))
        self.close_button.setText(words.say("Close"))
        self.close_button.setAccessibleName(words.say("Close"))

    def clear(self) -> None:
        """It was read."""
        self._says = []
        self.hide()


class FocusRing(QFrame):
    """One ring over the window, moved to what the keyboard is at; the mouse shows none. Tab goes as one reads."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setProperty("kind", "ring")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._moved)

    def _moved(self, _before: QWidget | None, now: QWidget | None) -> None:
        if now is not None and now.window() is self.window():
            put_in_reading_order(self.window())
        # Qt notes on the window whether the keyboard moved the focus; the mouse clears it.
        self.follow(now, is_by_keyboard=self.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange))

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
        self.icon = QLabel()
        self.icon.hide()
        self.name = Label("name", elides=True)
        self.place = Label("small", elides=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(20, 16, 12, 10)
        layout.addWidget(self.icon)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.name)
        texts.addWidget(self.place)
        layout.addLayout(texts, 1)

    def show_state(self, icon: QPixmap | None, sentence: str) -> None:
        """Show a state and its sentence; none where the page itself does."""
        self.icon.setVisible(icon is not None)
        if icon is not None:
            self.icon.setPixmap(icon)
        self.place.say(sentence)

    def sizeHint(self) -> QSize:
        """Leave the width to the rail."""
        return QSize(0, super().sizeHint().height())
