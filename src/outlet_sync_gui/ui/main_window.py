"""The one window: a rail at the left, the pages beside it."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from outlet_sync_gui import words
from outlet_sync_gui.status import Row, Status
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.status_page import StatusPage
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import FocusRing, Head

RAIL_PX, NARROW_RAIL_PX, NARROW_WINDOW_PX = 216, 56, 900
SIZE = QSize(1024, 528)
SMALLEST = QSize(480, 220)
OTHER_LANGUAGE = {"id": ("en", "English"), "en": ("id", "Bahasa Indonesia")}


class MainWindow(QMainWindow):
    """Shows what it is given; asks by signals."""

    sync_asked = Signal()
    pause_asked = Signal()
    resume_asked = Signal()
    retry_asked = Signal()
    language_asked = Signal(str)
    close_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._status: Status | None = None
        self.status_page = StatusPage(theme)
        self.rail = _Rail(theme)
        self.pages = QStackedWidget()
        self.pages.addWidget(_scrolling(self.status_page))
        self.ring = FocusRing(self)
        self._lay_out()
        self._connect()
        self.resize(SIZE)
        self.setMinimumSize(SMALLEST)

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show what is true now."""
        self._status = status
        self.status_page.show_status(status, now_ms)
        self.rail.head.name.say(status.outlet_code or "Outlet Sync")
        self.setWindowTitle(f"Outlet Sync — {status.outlet_code}" if status.outlet_code else "Outlet Sync")
        self.setWindowIcon(icons.tray_icon(status.state))

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show the rows that fit the state."""
        self.status_page.show_rows(rows)

    def retranslate(self) -> None:
        """Say everything again in the language that is spoken now."""
        self.rail.retranslate()
        self.status_page.retranslate()

    def come_up(self) -> None:
        """Be seen, in front."""
        self.showNormal()
        self.raise_()
        self.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave it to the application whether this is the end."""
        event.ignore()
        self.close_asked.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rail and page fit themselves."""
        super().resizeEvent(event)
        self.rail.arrange(is_narrow=self.width() < NARROW_WINDOW_PX)
        self.status_page.arrange(self.width())

    def _lay_out(self) -> None:
        inside = QWidget()
        layout = QHBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.rail)
        layout.addWidget(self.pages, 1)
        self.setCentralWidget(inside)

    def _connect(self) -> None:
        band = self.status_page.band
        band.sync_asked.connect(self.sync_asked)
        band.pause_asked.connect(self.pause_asked)
        band.resume_asked.connect(self.resume_asked)
        self.status_page.list.retry.clicked.connect(self.retry_asked)
        self.rail.language_asked.connect(self.language_asked)
        self._theme.changed.connect(self.retranslate)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

    def _focus_moved(self, _before: QWidget | None, now: QWidget | None) -> None:
        # Qt notes on the window whether the keyboard moved the focus; the mouse clears it.
        self.ring.follow(now, is_by_keyboard=self.testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange))


class _Rail(QFrame):
    """The outlet, the pages, and the language."""

    language_asked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "rail")
        self._theme = theme
        self.head = Head()
        self.list = QListWidget()
        self.list.setIconSize(QSize(20, 20))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.addItem(QListWidgetItem())
        self.list.setCurrentRow(0)
        self.language = QPushButton()
        self.language.setProperty("kind", "quiet")
        self.language.clicked.connect(lambda: self.language_asked.emit(OTHER_LANGUAGE[words.language()][0]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.language)
        self.arrange(is_narrow=False)
        self.retranslate()

    def retranslate(self) -> None:
        """Name the pages again."""
        colours = self._theme.tokens
        item = self.list.item(0)
        item.setText(words.say("Status") if not self._is_narrow else "")
        item.setToolTip(words.say("Status") if self._is_narrow else "")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words.say("Status"))
        item.setIcon(icons.icon("status", colours.accent))
        self.list.setAccessibleName("Outlet Sync")
        name = OTHER_LANGUAGE[words.language()][1]
        self.language.setText("" if self._is_narrow else name)
        self.language.setAccessibleName(name)
        self.language.setToolTip(name if self._is_narrow else "")
        self.language.setIcon(icons.icon("language", colours.accent))

    def arrange(self, *, is_narrow: bool) -> None:
        """Icons alone where the window is narrow."""
        self._is_narrow = is_narrow
        self.setFixedWidth(NARROW_RAIL_PX if is_narrow else RAIL_PX)
        self.head.setVisible(not is_narrow)
        set_property(self.list, "isNarrow", is_narrow)
        self.retranslate()


def _scrolling(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(page)
    return area
