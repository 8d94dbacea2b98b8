"""The number on the tray's icon."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap

from outlet_sync_gui.ui.tokens import BADGE

DOT_UNDER = 22  # pixels: no room for a number
WHITE = "#FFFFFF"


def with_badge(plain: QPixmap, size: int, number: int) -> QPixmap:
    """A dot on small icons, a number from 22 px; its gap is cut out of the awning."""
    drawn = QPixmap(plain)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    diameter = size * (0.42 if size < DOT_UNDER else 0.5)
    spot = QRectF(size - diameter, 0, diameter, diameter)
    gap = max(1.0, size / 24)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
    painter.setBrush(Qt.GlobalColor.black)
    painter.drawEllipse(spot.adjusted(-gap, -gap, gap, gap))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    painter.setBrush(QColor(BADGE))
    painter.drawEllipse(spot)
    if size >= DOT_UNDER:
        _number(painter, spot, "9+" if number > 9 else str(number))
    painter.end()
    return drawn


def _number(painter: QPainter, spot: QRectF, text: str) -> None:
    font = QFont()
    font.setPixelSize(max(7, round(spot.height() * (0.72 if len(text) == 1 else 0.58))))
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor(WHITE))
    painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, text)
