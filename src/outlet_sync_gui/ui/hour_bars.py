"""Revenue by hour as bars: where each stands and how it is drawn, on a screen or on paper."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QPainter, QPen, QPolygonF

from outlet_sync_gui import words
from outlet_sync_gui.sync.summary import Hour
from outlet_sync_gui.ui.tokens import SMALL, Tokens

SHARE, WIDEST = 0.62, 28.0  # of its slot, a bar
GAP, TIP_SIDE, TIP_GAP, CORNER = 8.0, 12.0, 8.0, 4.0
MOST_LINES = 4
HOURS = 24


def hours_between(hours: Sequence[Hour]) -> list[Hour]:
    """The same with the hours between in which nothing was, so that the axis has no gaps."""
    known = {hour.hour: hour for hour in hours}
    if not hours:
        return []
    n = (hours[-1].hour - hours[0].hour) % HOURS + 1
    places = [(hours[0].hour + later) % HOURS for later in range(n)]
    return [known.get(place, Hour(place, 0, 0)) for place in places]


def peak(hours: Sequence[Hour]) -> int | None:
    """The row of the hour that brought most."""
    return max(range(len(hours)), key=lambda n: hours[n].revenue, default=None)


def lines(highest: int) -> list[int]:
    """Round amounts up to the highest one, four at most, for lines across."""
    step, factors = 1, (2, 5, 10)
    while highest / step > MOST_LINES:
        power = 10 ** (len(str(step)) - 1)
        step = power * next(factor for factor in factors if power * factor > step)
    return list(range(0, highest + 1, step)) if highest > 0 else [0]


def told(hour: Hour) -> str:
    """12.00–13.00 · 45 orders · Rp3.200.000."""
    return f"{words.hour_span(hour.hour)} · {words.orders_of(hour.orders)} · {words.rupiah(hour.revenue)}"


@dataclass(frozen=True, slots=True)
class Fonts:
    """What stands at the axes, and what stands out."""

    plain: QFont
    strong: QFont

    @classmethod
    def of(cls, font: QFont) -> "Fonts":
        """Smaller than a text's font."""
        plain = QFont(font)
        plain.setPixelSize(max(12, round(QFontInfo(font).pixelSize() * SMALL)))
        plain.setWeight(QFont.Weight.Normal)
        strong = QFont(plain)
        strong.setWeight(QFont.Weight.DemiBold)
        return cls(plain, strong)


class Bars:
    """The bars of a day in a rectangle; rows are places in `hours`."""

    def __init__(self, hours: Sequence[Hour], area: QRectF, fonts: Fonts) -> None:
        self.hours, self._area, self._fonts = hours, area, fonts
        self._measure = QFontMetricsF(fonts.plain)
        self._highest = max((hour.revenue for hour in hours), default=0)
        self._lines = lines(self._highest)
        axis = max(self._measure.horizontalAdvance(words.short_amount(line)) for line in self._lines)
        text_px = self._measure.height()
        room = QFontMetricsF(fonts.strong).height() + TIP_GAP + GAP
        self.plot = area.adjusted(axis + GAP, room + TIP_GAP, 0, -text_px - GAP / 2)

    def slot(self, row: int) -> QRectF:
        """All that belongs to an hour."""
        width = self.plot.width() / max(1, len(self.hours))
        return QRectF(self.plot.left() + row * width, self._area.top(), width, self._area.height())

    def bar(self, row: int) -> QRectF:
        """Its bar; of no height where there was nothing, or more went back than came."""
        slot, width = self.slot(row), min(WIDEST, self.slot(row).width() * SHARE)
        height = self._height(self.hours[row].revenue)
        return QRectF(slot.center().x() - width / 2, self.plot.bottom() - height, width, height)

    def row_at(self, x: float) -> int | None:
        """The hour at a place across."""
        return next(
            (row for row in range(len(self.hours)) if self.slot(row).left() <= x < self.slot(row).right()), None
        )

    def paint(self, painter: QPainter, colours: Tokens, *, shown: int | None) -> None:
        """Draw it; the tip of the row that is `shown` is open, and the peak stands out."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_lines(painter, colours)
        highest = peak(self.hours)
        for row in range(len(self.hours)):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent if row in (highest, shown) else colours.bar))
            bar = self.bar(row)
            painter.drawRoundedRect(bar, min(CORNER, bar.height() / 2), min(CORNER, bar.height() / 2))
        self._paint_hours(painter, colours, highest if shown is None else shown)
        if shown is not None:
            self._paint_tip(painter, colours, shown)

    def _height(self, rupiah: int) -> float:
        return self.plot.height() * max(0, rupiah) / self._highest if self._highest > 0 else 0.0

    def _paint_lines(self, painter: QPainter, colours: Tokens) -> None:
        painter.setFont(self._fonts.plain)
        for amount in self._lines:
            y = self.plot.bottom() - self._height(amount)
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(QPointF(self.plot.left(), y), QPointF(self.plot.right(), y))
            painter.setPen(QColor(colours.text2))
            place = QRectF(self._area.left(), y - self._measure.height() / 2, 0, self._measure.height())
            place.setRight(self.plot.left() - GAP)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(place, right, words.short_amount(amount))

    def _paint_hours(self, painter: QPainter, colours: Tokens, strong: int | None) -> None:
        """As many as there is room for, and the one that stands out."""
        every = 1 + int((self._measure.horizontalAdvance("00") + GAP / 2) // max(1.0, self.slot(0).width()))
        for row, hour in enumerate(self.hours):
            is_strong = row == strong
            crowds = strong is not None and 0 < abs(row - strong) < every
            if is_strong or (row % every == 0 and not crowds):
                painter.setFont(self._fonts.strong if is_strong else self._fonts.plain)
                painter.setPen(QColor(colours.text if is_strong else colours.text2))
                place = self.slot(row).adjusted(-GAP, 0, GAP, 0)
                bottom = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
                painter.drawText(place, bottom, f"{hour.hour:02}")

    def _paint_tip(self, painter: QPainter, colours: Tokens, row: int) -> None:
        measure, text, bar = QFontMetricsF(self._fonts.strong), told(self.hours[row]), self.bar(row)
        width = min(measure.horizontalAdvance(text) + 2 * TIP_SIDE, self._area.width())
        tip = QRectF(0, 0, width, measure.height() + TIP_GAP)
        tip.moveBottom(bar.top() - TIP_GAP)
        tip.moveLeft(min(max(self._area.left(), bar.center().x() - width / 2), self._area.right() - width))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.text))
        painter.drawRoundedRect(tip, CORNER, CORNER)
        middle = bar.center().x()
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(middle - 4, tip.bottom()),
                    QPointF(middle + 4, tip.bottom()),
                    QPointF(middle, tip.bottom() + 4),
                ]
            )
        )
        painter.setFont(self._fonts.strong)
        painter.setPen(QColor(colours.surface))
        inside = tip.adjusted(TIP_SIDE / 2, 0, -TIP_SIDE / 2, 0)
        shown = measure.elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, shown)
