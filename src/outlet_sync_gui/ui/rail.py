"""The rail at the left: the outlet, the pages with what waits on each, and at its foot the settings."""

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.status import Status
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.page import Page
from outlet_sync_gui.ui.standing import of_the_menu
from outlet_sync_gui.ui.theme import Theme, set_property
from outlet_sync_gui.ui.widgets import Head, Label, follow_choice, rule

__all__ = ["LISTED", "LOOKS", "Page", "Rail", "counts"]

RAIL_PX, NARROW_RAIL_PX, ICON_PX, STATE_ICON_PX, PILL_SIDE_PX, GAP_PX = 216, 56, 20, 28, 16, 11
MOST_SHOWN_NARROW = 9
PAGE_ROLE = Qt.ItemDataRole.UserRole


LISTED: tuple[Page, ...] = tuple(page for page in Page if page is not Page.SETTINGS)
FIRST_OF_GROUP = frozenset({Page.ACTIVITY, Page.SUMMARY})  # a hairline stands above


@dataclass(frozen=True, slots=True)
class _Look:
    name: str
    icon: str
    most: int = 0  # a greater number is told as "more than that"


LOOKS = {
    Page.STATUS: _Look(words.N_("Status"), "status"),
    Page.QUEUE: _Look(words.N_("Queue"), "other", 9_999),
    Page.ATTENTION: _Look(words.N_("Needs attention"), "attention", 99),
    Page.CONFLICTS: _Look(words.N_("Conflicts"), "differ", 99),
    Page.ACTIVITY: _Look(words.N_("Activity"), "activity"),
    Page.MESSAGES: _Look(words.N_("Messages"), "message", 99),
    Page.CHANGES: _Look(words.N_("Menu changes"), "tag", 99),
    Page.SUMMARY: _Look(words.N_("Daily summary"), "chart"),
    Page.SETTINGS: _Look(words.N_("Settings"), "gear"),
}


class Rail(QFrame):
    """Tells which page is wanted."""

    page_changed = Signal()
    conflicts_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "rail")
        self._theme = theme
        self._is_narrow = False
        self._page = Page.STATUS
        self._status: Status | None = None
        self._now_ms = 0
        self.head = Head()
        self.list = QListWidget()
        self.list.setIconSize(QSize(ICON_PX, ICON_PX))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.items: dict[Page, QListWidgetItem] = {}
        for page in LISTED:
            self._add(page)
        self.pills: dict[Page, _Pill] = {page: _Pill(self.list.viewport()) for page in LISTED}
        self.settings = QPushButton()
        self.settings.setProperty("kind", "place")
        self.list.verticalScrollBar().valueChanged.connect(self._place_pills)
        self.list.setCurrentItem(self.items[Page.STATUS])
        self.list.currentItemChanged.connect(self._moved)
        self.list.itemClicked.connect(self._clicked)
        self.list.itemActivated.connect(self._activated)
        follow_choice(self.list)
        self.settings.clicked.connect(lambda: self.go_to(Page.SETTINGS))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.settings)
        self.arrange(is_narrow=False)

    def show_status(self, status: Status, now_ms: int) -> None:
        """Show the outlet, its state where no page shows it, and what waits on each page."""
        self._status, self._now_ms = status, now_ms
        self.head.name.say(status.outlet_code or "Outlet Sync")
        is_elsewhere = self.page() is not Page.STATUS
        colour, tint = self._theme.tokens.states[status.state]
        icon = icons.stall(status.state, colour, STATE_ICON_PX, self.devicePixelRatioF(), tint)
        self.head.show_state(icon if is_elsewhere else None, words.headline(status, now_ms) if is_elsewhere else "")
        self._show_counts()

    def page(self) -> Page:
        """The page that is shown."""
        return self._page

    def go_to(self, page: Page) -> None:
        """Show this page."""
        if page is Page.CONFLICTS:
            self.conflicts_asked.emit()
        else:
            self._turn_to(page)

    def retranslate(self) -> None:
        """Name the pages again."""
        colours = self._theme.tokens
        self.list.setAccessibleName("Outlet Sync")
        for page, look in LOOKS.items():
            entry, name = self.items.get(page, self.settings), words.say(look.name)
            entry.setText("" if self._is_narrow else name)
            entry.setToolTip(name if self._is_narrow else "")
            entry.setIcon(icons.icon(look.icon, colours.accent if page is self.page() else colours.text2))
        self.settings.setAccessibleName(words.say(LOOKS[Page.SETTINGS].name))
        self._show_counts()
        if self._status is not None:
            self.show_status(self._status, self._now_ms)

    def arrange(self, *, is_narrow: bool) -> None:
        """Icons alone where the window is narrow."""
        self._is_narrow = is_narrow
        self.setFixedWidth(NARROW_RAIL_PX if is_narrow else RAIL_PX)
        self.head.setVisible(not is_narrow)
        for part in (self.list, self.settings):
            set_property(part, "isNarrow", is_narrow)
        self.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the numbers at their entries."""
        super().resizeEvent(event)
        self._place_pills()

    def _add(self, page: Page) -> None:
        if page in FIRST_OF_GROUP:
            gap = QListWidgetItem(self.list)
            gap.setFlags(Qt.ItemFlag.NoItemFlags)
            gap.setSizeHint(QSize(0, GAP_PX))
            self.list.setItemWidget(gap, _Gap())
        self.items[page] = QListWidgetItem(self.list)
        self.items[page].setData(PAGE_ROLE, page)

    def _turn_to(self, page: Page) -> None:
        """Show a page, and stand at its entry."""
        is_other = page is not self._page
        self._page = page
        self._stand()
        set_property(self.settings, "isChosen", page is Page.SETTINGS)
        if is_other:
            self.retranslate()
            self.page_changed.emit()

    def _stand(self) -> None:
        """At the page's entry. At the foot none is chosen, but one stays current: else Qt goes to the first."""
        if self._page in self.items:
            self.list.setCurrentItem(self.items[self._page])
            self.items[self._page].setSelected(True)
        else:
            self.list.clearSelection()

    def _moved(self, item: QListWidgetItem | None) -> None:
        # The arrow keys must get past the conflicts without opening them: Enter does.
        page = _page_of(item)
        if page not in (None, Page.CONFLICTS, self._page):
            self._turn_to(page)

    def _clicked(self, item: QListWidgetItem) -> None:
        page = _page_of(item)
        if page is Page.CONFLICTS:
            self._stand()
        if page is not None:
            self.go_to(page)

    def _activated(self, item: QListWidgetItem) -> None:
        page = _page_of(item)
        if page is not None:
            self.go_to(page)

    def _show_counts(self) -> None:
        waiting, urgent = counts(self._status), _urgent(self._status)
        for page, item in self.items.items():
            most = MOST_SHOWN_NARROW if self._is_narrow else LOOKS[page].most
            set_property(self.pills[page], "isNarrow", self._is_narrow)
            self.pills[page].show_count(waiting[page], most=most, is_urgent=page in urgent)
            name = words.say(LOOKS[page].name)
            told = f"{name}, {words.number(waiting[page])}" if waiting[page] else name
            item.setData(Qt.ItemDataRole.AccessibleTextRole, told)
        self._place_pills()

    def _place_pills(self) -> None:
        """At an entry's end, or at its icon's corner where the rail is narrow."""
        for page, pill in self.pills.items():
            if pill.isHidden():
                continue
            entry = self.list.visualItemRect(self.items[page])
            pill.adjustSize()
            top = entry.top() + 2 if self._is_narrow else entry.center().y() - pill.height() // 2
            pill.move(self.list.viewport().width() - pill.width() - (2 if self._is_narrow else PILL_SIDE_PX), top)


def counts(status: Status | None) -> dict[Page, int]:
    """What waits on each page."""
    if status is None:
        return dict.fromkeys(Page, 0)
    return dict.fromkeys(Page, 0) | {
        Page.QUEUE: status.pending.total,
        Page.ATTENTION: status.dead + status.questions,
        Page.CONFLICTS: status.conflicts,
        Page.MESSAGES: status.messages,
        Page.CHANGES: status.untaken + len(of_the_menu(status.asked)),
    }


def _urgent(status: Status | None) -> frozenset[Page]:
    """Where a person's work waits, and not just time."""
    always = {Page.ATTENTION, Page.CONFLICTS, Page.MESSAGES}
    is_asked = status is not None and bool(of_the_menu(status.asked))
    is_late = status is not None and status.is_untaken_late
    return frozenset({*always, *((Page.CHANGES,) if is_asked or is_late else ())})


def _page_of(item: QListWidgetItem | None) -> Page | None:
    number = None if item is None else item.data(PAGE_ROLE)
    return None if number is None else Page(number)


class _Gap(QWidget):
    """A hairline between two groups of pages."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 0)
        layout.addWidget(rule())


class _Pill(Label):
    """The number over a page's entry."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("pill")
        self.setParent(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_count(self, n: int, *, most: int, is_urgent: bool) -> None:
        """Show a number; none for nothing."""
        self.say(f"{words.number(most)}+" if n > most else words.number(n))
        self.setVisible(n > 0)
        set_property(self, "isUrgent", is_urgent)
