"""Icons from our own SVGs: the colour is put in, the pixmap kept."""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from outlet_sync_gui.resources import resource
from outlet_sync_gui.status import State
from outlet_sync_gui.ui.tokens import BADGE, TRAY

TRAY_SIZES = (16, 20, 22, 24, 32, 40, 48, 64)
SMALL_MASTER_UNDER = 22
WHITE = "#FFFFFF"


@cache
def pixmap(name: str, colour: str, size: int, ratio: float = 1.0, glyph: str = WHITE) -> QPixmap:
    """An icon of `size` device-independent pixels."""
    svg = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    coloured = svg.replace("#state", colour).replace("#glyph", glyph)
    drawn = QPixmap(round(size * ratio), round(size * ratio))
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(coloured.encode())).render(painter)
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


def stall(state: State, colour: str, size: int, ratio: float = 1.0, glyph: str = WHITE) -> QPixmap:
    """The silhouette with a state's glyph; small sizes have a master of their own."""
    grid = 16 if size * ratio < SMALL_MASTER_UNDER else 32
    return pixmap(f"stall-{grid}-{state.value}", colour, size, ratio, glyph)


def icon(name: str, colour: str, *, disabled: str | None = None, size: int = 20) -> QIcon:
    """An icon for buttons and rows, crisp up to twice its size."""
    made = QIcon()
    for ratio in (1.0, 2.0):
        made.addPixmap(pixmap(name, colour, size, ratio))
        if disabled:
            made.addPixmap(pixmap(name, disabled, size, ratio), QIcon.Mode.Disabled)
    return made


@cache
def tray_icon(state: State, badge: int = 0) -> QIcon:
    """The tray's icon in all sizes, with the number of what needs a person."""
    made = QIcon()
    for size in TRAY_SIZES:
        drawn = stall(state, TRAY[state], size)
        made.addPixmap(_with_badge(drawn, size, badge) if badge else drawn)
    return made


def _with_badge(plain: QPixmap, size: int, number: int) -> QPixmap:
    """A dot on small icons, a number from 22 px; its gap is cut out of the awning."""
    drawn = QPixmap(plain)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    diameter = size * (0.42 if size < SMALL_MASTER_UNDER else 0.5)
    spot = QRectF(size - diameter, 0, diameter, diameter)
    gap = max(1.0, size / 24)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
    painter.setBrush(Qt.GlobalColor.black)
    painter.drawEllipse(spot.adjusted(-gap, -gap, gap, gap))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    painter.setBrush(QColor(BADGE))
    painter.drawEllipse(spot)
    if size >= SMALL_MASTER_UNDER:
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
