"""What holds of every page: nothing is cut off, nothing overlaps, everything can be touched and has a name."""

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTableView,
    QWidget,
)
from tests.ui.states import LISTS, NOW

from outlet_sync_gui.reader import QueuePart, Refused
from outlet_sync_gui.status import Row
from outlet_sync_gui.store.refusals import Alike, Failure, pattern_of
from outlet_sync_gui.store.views import Stretch
from outlet_sync_gui.ui.attention_page import AttentionPage
from outlet_sync_gui.ui.main_window import SIZE, MainWindow
from outlet_sync_gui.ui.queue_page import QueuePage
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.widgets import Label

TYPES = ("cashier_shift", "order", "product", "transaction")
# The last one: 1024 by 528 at 200 %.
SIZES = (SIZE, QSize(480, 360), QSize(800, 480), QSize(1280, 800), QSize(512, 264))


def show(window: MainWindow, name: str, page: Page) -> QueuePage | AttentionPage:
    """Go to a page and show one of the lists there."""
    return show_queue(window, name) if page is Page.QUEUE else show_attention(window, name)


def show_queue(window: MainWindow, name: str) -> QueuePage:
    """The page of what waits, with one of the lists."""
    rows = _go(window, name, Page.QUEUE)
    show_line(window, rows)
    return window.queue_page


def show_attention(window: MainWindow, name: str) -> AttentionPage:
    """The page of what needs a person, with one of the lists."""
    rows = _go(window, name, Page.ATTENTION)
    window.attention_page.show_refused(refused(rows))
    return window.attention_page


def _go(window: MainWindow, name: str, page: Page) -> Sequence[Row]:
    value, rows = LISTS[name]
    window.open_page(page)
    window.show_status(value, NOW)
    return rows


def refused(rows: Sequence[Row], opened: Failure | None = None) -> Refused:
    """These in their groups, as if they had been read; the first one is open."""
    groups: dict[Failure, list[Row]] = {}
    for row in rows:
        failure = Failure(row.error_code or "", row.entity_type, pattern_of(row.error or ""))
        groups.setdefault(failure, []).append(row)
    alike = [
        Alike(
            failure=failure,
            n=len(found),
            said=found[0].error or "",
            is_same=len({row.error for row in found}) == 1,
        )
        for failure, found in groups.items()
    ]
    opened = opened or next(iter(groups), None)
    return Refused(groups=alike, opened=opened, rows=groups[opened] if opened else ())


def show_line(window: MainWindow, rows: Sequence[Row], **more: bool) -> None:
    """Show these on the page of what waits, as if they had been read for what it wants."""
    part = QueuePart(stretch=Stretch(rows=rows, **more), types=TYPES)
    window.queue_page.show_part(window.queue_page.wish(), part)


def settle() -> None:
    """Let layouts settle, one level at a time: four are too few for a check of the first run."""
    for _ in range(6):
        QApplication.processEvents()


def cut_off(window: QWidget) -> list[str]:
    """Texts that are wider, or in several lines higher, than their place without being meant to be shortened."""
    labels = [label for label in window.findChildren(QLabel) if label.isVisible() and label.text()]
    fixed = [label for label in labels if not label.wordWrap() and not (isinstance(label, Label) and label._elides)]
    narrow = [label.text() for label in fixed if label.width() < label.fontMetrics().horizontalAdvance(label.text())]
    narrow += [
        label.text() for label in labels if label.wordWrap() and label.height() < label.heightForWidth(label.width())
    ]
    buttons = [button for button in window.findChildren(QPushButton) if button.isVisible() and button.text()]
    return narrow + [button.text() for button in buttons if button.width() < button.sizeHint().width()]


def overlapping(page: QWidget) -> list[str]:
    """Parts of a page that cover each other or leave it."""
    parts = [part for part in page.children() if isinstance(part, QWidget) and part.isVisible()]
    pairs = [(a, b) for n, a in enumerate(parts) for b in parts[n + 1 :]]
    outside = [part.objectName() for part in parts if part.geometry().right() > page.width()]
    return outside + [str((a, b)) for a, b in pairs if a.geometry().intersects(b.geometry())]


def too_small(window: QWidget) -> list[str]:
    """Targets under 44 px."""
    buttons = [button for button in window.findChildren(QAbstractButton) if button.isVisible() and button.height() > 0]
    return [button.accessibleName() for button in buttons if button.height() < 44]


def nameless(window: QWidget) -> list[str]:
    """What can be used and has no name for those who hear it."""
    kinds = (QAbstractButton, QLineEdit, QPlainTextEdit, QTableView)
    usable = [widget for kind in kinds for widget in window.findChildren(kind) if widget.isVisible()]
    return [type(widget).__name__ for widget in usable if not widget.accessibleName()]


def contrast(one: str | int, other: str | int) -> float:
    """How well two colours can be told from each other, as WCAG counts it: from 1 to 21."""
    high, low = sorted((_luminance(QColor(one)), _luminance(QColor(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def drawn_contrast(picture: QImage, place: QRect) -> float:
    """The contrast of what is drawn somewhere with the ground that most of it is."""
    part = picture.copy(place).convertToFormat(QImage.Format.Format_RGB32)
    colours = Counter(memoryview(part.constBits()).cast("I"))
    ground = max(colours, key=lambda colour: colours[colour])
    return max(contrast(ground, colour) for colour in colours)


def _luminance(colour: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())
