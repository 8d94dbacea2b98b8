"""A business day as a document: one page, for the file of the month and for whoever asks."""

import sys
from collections.abc import Sequence

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QPageSize, QPainter, QPdfWriter, QPen

from outlet_sync_gui import __version__, words
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.closing import Closing
from outlet_sync_gui.ui.hour_bars import Bars, Fonts, hours_between
from outlet_sync_gui.ui.tokens import LIGHT

WIDTH, HEIGHT, MARGIN, GUTTER = 595.0, 842.0, 48.0, 24.0  # points, A4
BODY, NOTE, HEADING, VALUE, TITLE = 10, 9, 11, 17, 22
ROW, CHART, PAD = 18.0, 170.0, 10.0
MOST_ROWS = 12
DPI = 600
LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
WRAPS, MIDDLE = Qt.TextFlag.TextWordWrap, Qt.AlignmentFlag.AlignVCenter
Cells = Sequence[str]


def as_pdf(closing: Closing, settings: Settings) -> bytes:
    """The document, A4. Without a display it is drawn just as well."""
    application = QGuiApplication.instance() or _application()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(f"{words.say('Daily summary')} {settings.outlet_code} {closing.summary.date}")
    writer.setCreator(f"Outlet Sync {__version__}")
    painter = QPainter(writer)
    painter.scale(DPI / 72, DPI / 72)
    draw(painter, closing, settings, now_ms=now().wall_ms)
    painter.end()
    del application
    return bytes(buffer.data().data())


def draw(painter: QPainter, closing: Closing, settings: Settings, *, now_ms: int) -> None:
    """Draw it where one unit is a point."""
    sheet = _Sheet(painter)
    _draw_head(sheet, closing, settings, now_ms)
    _draw_figures(sheet, closing)
    if closing.summary.hours:
        sheet.heading(words.say("Revenue by hour"))
        sheet.chart(Bars(hours_between(closing.summary.hours), sheet.take(CHART), Fonts.of(_font(BODY))))
    _draw_lists(sheet, closing)
    _draw_foot(sheet, settings, now_ms)


class _Sheet:
    """A page that fills from its top."""

    def __init__(self, painter: QPainter) -> None:
        self._painter = painter
        self.y = MARGIN

    def take(self, height: float, left: float = MARGIN, right: float = WIDTH - MARGIN) -> QRectF:
        """So much of the page, over its width."""
        place = QRectF(left, self.y, right - left, height)
        self.y += height
        return place

    def say(self, place: QRectF, text: str, size: int, *, flags: int = LEFT | MIDDLE, is_strong: bool = False) -> None:
        """One line, shortened where it must be."""
        font = _font(size, is_strong=is_strong)
        self._painter.setFont(font)
        self._painter.setPen(QColor(LIGHT.text2 if size == NOTE else LIGHT.text))
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        self._painter.drawText(place, flags, shown)

    def heading(self, text: str) -> None:
        """A heading over what comes."""
        self.y += PAD
        self.say(self.take(ROW), text, HEADING, is_strong=True)

    def boxed(self, text: str) -> None:
        """A sentence in a tint, as high as it needs."""
        self._painter.setFont(_font(HEADING))
        flags = LEFT | WRAPS
        room = QRectF(MARGIN + PAD, self.y + PAD, WIDTH - 2 * (MARGIN + PAD), HEIGHT)
        needed = self._painter.boundingRect(room, flags, text)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(QColor(LIGHT.sunken))
        self._painter.drawRoundedRect(self.take(needed.height() + 2 * PAD), 6, 6)
        self._painter.setPen(QColor(LIGHT.text))
        self._painter.drawText(needed, flags, text)

    def line(self, y: float, left: float, right: float) -> None:
        """A hairline."""
        self._painter.setPen(QPen(QColor(LIGHT.line), 0.5))
        self._painter.drawLine(int(left), int(y), int(right), int(y))

    def chart(self, bars: Bars) -> None:
        """Bars without a tip."""
        bars.paint(self._painter, LIGHT, shown=None)

    def table(self, title: str, rows: Sequence[Cells], left: float, right: float, figures: Sequence[float]) -> None:
        """Rows under a title; `figures` are the widths of all columns but the first."""
        self.say(self.take(ROW, left, right), title, HEADING, is_strong=True)
        for row in rows[:MOST_ROWS]:
            place = self.take(ROW, left, right)
            self.line(place.top(), left, right)
            at = right
            for text, width in reversed(list(zip(row[1:], figures, strict=True))):
                self.say(QRectF(at - width, place.top(), width, ROW), text, BODY, flags=RIGHT | MIDDLE)
                at -= width
            self.say(QRectF(left, place.top(), at - left - 4, ROW), row[0], BODY)
        if len(rows) > MOST_ROWS:
            more = words.say("{n} more", n=words.number(len(rows) - MOST_ROWS))
            self.say(self.take(ROW, left, right), more, NOTE)


def _draw_head(sheet: _Sheet, closing: Closing, settings: Settings, now_ms: int) -> None:
    became = words.sending(closing.sending, now_ms)
    top = sheet.take(30)
    sheet.say(top.adjusted(0, 0, -200, 0), words.say("Daily summary"), TITLE, is_strong=True)
    sheet.say(top.adjusted(top.width() - 200, 0, 0, 0), settings.outlet_code, HEADING, flags=RIGHT | MIDDLE)
    below = sheet.take(20)
    sheet.say(below.adjusted(0, 0, -240, 0), words.business_day(closing.summary.date), HEADING)
    sheet.say(below.adjusted(below.width() - 240, 0, 0, 0), became, NOTE, flags=RIGHT | MIDDLE)
    sheet.y += PAD
    figures = {"orders": closing.summary.orders, "revenue": closing.summary.revenue}
    sheet.boxed(words.verdict(closing.checks, **figures))


def _draw_figures(sheet: _Sheet, closing: Closing) -> None:
    day = closing.summary
    figures = (
        (words.say("Revenue"), words.rupiah(day.revenue), 0.40),
        (words.say("Orders"), words.number(day.orders), 0.17),
        (words.say("Transactions"), words.number(day.transactions), 0.17),
        (words.say("Average per order"), words.average(day.revenue, day.orders), 0.26),
    )
    sheet.y += PAD
    names, values = sheet.take(14), sheet.take(24)
    at = names.left()
    for name, value, share in figures:
        width = names.width() * share
        sheet.say(QRectF(at, names.top(), width - 8, 14), name, NOTE)
        sheet.say(QRectF(at, values.top(), width - 8, 24), value, VALUE, is_strong=True)
        at += width


def _draw_lists(sheet: _Sheet, closing: Closing) -> None:
    """What was paid how, and what sold most, side by side."""
    day = closing.summary
    none = [(words.say("Nothing yet"), "")]
    methods = [(words.method(name), words.number(n)) for name, n in day.methods.items()]
    products = [(name, words.quantity(quantity), words.rupiah(revenue)) for name, quantity, revenue in day.products]
    sheet.y += PAD
    top, middle = sheet.y, MARGIN + 160
    sheet.table(words.say("Payment methods"), methods or none, MARGIN, middle, (50,))
    sheet.y = top
    sheet.table(words.say("Top products"), products or [(*none[0], "")], middle + GUTTER, WIDTH - MARGIN, (60, 100))


def _draw_foot(sheet: _Sheet, settings: Settings, now_ms: int) -> None:
    sheet.y = HEIGHT - MARGIN
    sheet.line(sheet.y - 4, MARGIN, WIDTH - MARGIN)
    place = sheet.take(14)
    sheet.say(place, f"Outlet Sync {__version__} · {settings.outlet_id}", NOTE)
    made = words.say("As of {time}", time=f"{words.date(now_ms)} {words.clock(now_ms).rpartition(' ')[2]}")
    sheet.say(place, made, NOTE, flags=RIGHT | MIDDLE)


def _font(size: int, *, is_strong: bool = False) -> QFont:
    font = QFont(QGuiApplication.font())
    font.setPixelSize(size)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setWeight(QFont.Weight.DemiBold if is_strong else QFont.Weight.Normal)
    return font


def _application() -> QGuiApplication:
    """What fonts need; where no display may be, one that needs none."""
    return QGuiApplication(["outlet-sync-gui", *(["-platform", "offscreen"] if sys.platform == "linux" else [])])
