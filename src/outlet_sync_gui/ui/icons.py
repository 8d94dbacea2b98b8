"""Icons from our own SVGs: the colour is put in, the pixmap kept."""

from functools import cache

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from outlet_sync_gui.resources import resource
from outlet_sync_gui.state import State
from outlet_sync_gui.ui.tokens import TRAY

TRAY_SIZES = (16, 20, 22, 24, 32, 40, 48, 64)
SMALL_MASTER_UNDER = 22
WHITE, NOTHING = "#FFFFFF", "#00000000"


@cache
def pixmap(name: str, colour: str, size: int, ratio: float = 1.0, glyph: str = WHITE) -> QPixmap:
    """An icon of `size` device-independent pixels."""
    svg = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    coloured = svg.replace("#state", colour).replace("#glyph", glyph)
    drawn = QPixmap(round(size * ratio), round(size * ratio))
    drawn.fill(QColor(NOTHING))  # not by Qt.GlobalColor: `Qt` with all its names is an eighth of a start
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(coloured.encode())).render(painter)
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


def stall(state: State, colour: str, size: int, ratio: float = 1.0, glyph: str = WHITE) -> QPixmap:
    """The silhouette with a state's glyph; small sizes have a master of their own."""
    grid = 16 if size * ratio < SMALL_MASTER_UNDER else 32
    return pixmap(f"stall-{grid}-{state.value}", colour, size, ratio, glyph)


@cache
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
        made.addPixmap(_badged(stall(state, TRAY[state], size), size, badge))
    return made


def _badged(plain: QPixmap, size: int, number: int) -> QPixmap:
    if not number:
        return plain
    from outlet_sync_gui.ui.badge import with_badge  # late: the first icon has none

    return with_badge(plain, size, number)
