"""Fusion with our colours: a palette, and one style sheet for the whole program, keyed on properties."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from outlet_sync_gui.state import State
from outlet_sync_gui.ui import tokens
from outlet_sync_gui.ui.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Sizes:
    """Font sizes in pixels, from the system's."""

    base: int

    def px(self, scale: float, least: int = 12) -> int:
        """A size of the scale."""
        return max(least, round(self.base * scale))


class Theme(QObject):
    """Applies light or dark to the application, and follows the system."""

    changed = Signal()

    def __init__(self, app: QApplication, *, is_dark: bool | None = None) -> None:
        super().__init__(app)
        self._app = app
        self._is_fixed = is_dark is not None
        self.tokens: Tokens = tokens.LIGHT
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._follow)
        self.apply(is_dark=self._is_system_dark() if is_dark is None else is_dark)

    def choose(self, appearance: str) -> None:
        """Be `light`, `dark`, or as the `system` is."""
        self._is_fixed = appearance != "system"
        is_dark = appearance == "dark" if self._is_fixed else self._is_system_dark()
        if (self.tokens is tokens.DARK) is not is_dark:
            self.apply(is_dark=is_dark)

    def apply(self, *, is_dark: bool) -> None:
        """Colour everything."""
        self.tokens = tokens.DARK if is_dark else tokens.LIGHT
        base = max(tokens.SMALLEST_PX, QFontInfo(self._app.font()).pixelSize())
        self._app.setStyleSheet("")  # first: Qt takes five times as long to put a sheet in the place of another
        self._app.setPalette(palette(self.tokens))
        self._app.setStyleSheet(style_sheet(self.tokens, Sizes(base)))
        self.changed.emit()

    def _follow(self) -> None:
        if not self._is_fixed:
            self.apply(is_dark=self._is_system_dark())

    def _is_system_dark(self) -> bool:
        return self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark


def palette(colours: Tokens) -> QPalette:
    """What Fusion itself draws with."""
    made = QPalette()
    roles = {
        QPalette.ColorRole.Window: colours.bg,
        QPalette.ColorRole.Base: colours.surface,
        QPalette.ColorRole.AlternateBase: colours.sunken,
        QPalette.ColorRole.Button: colours.surface,
        QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Text: colours.text,
        QPalette.ColorRole.ButtonText: colours.text,
        QPalette.ColorRole.ToolTipBase: colours.text,
        QPalette.ColorRole.ToolTipText: colours.surface,
        QPalette.ColorRole.PlaceholderText: colours.text2,
        QPalette.ColorRole.Highlight: colours.accent,
        QPalette.ColorRole.HighlightedText: colours.on_accent,
        QPalette.ColorRole.Link: colours.accent,
    }
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.text2))
    return made


def style_sheet(c: Tokens, sizes: Sizes) -> str:
    """The one style sheet. Heights live here alone: a sheet's min-height beats a fixed one."""
    px = sizes.px
    bands = "".join(
        f'*[kind="band"][state="{state.value}"]{{background:{tint};}}' for state, (_, tint) in c.states.items()
    )
    attention, attention_tint = c.states[State.ATTENTION]
    return f"""
* {{ font-size:{px(tokens.BODY)}px; color:{c.text}; }}
QMainWindow, QDialog, QScrollArea, *[kind="page"] {{ background:{c.bg}; border:0; }}
*[kind="rail"] {{ background:{c.rail}; border-right:1px solid {c.line}; }}
*[kind="band"] {{ border:0; border-radius:12px; }}
{bands}
*[kind="card"] {{ background:{c.surface}; border:1px solid {c.line}; border-radius:10px; }}
*[kind="past"] {{ background:transparent; border:1px solid {c.line}; border-radius:10px; }}
*[kind="agreed"] {{ background:{c.sunken}; border:0; border-radius:10px; }}
*[kind="effect"] {{ background:{c.accent_tint}; border:0; border-radius:12px; }}
*[kind="rule"] {{ background:{c.line}; max-height:1px; min-height:1px; border:0; }}
*[kind="card"][role="figures"] {{ min-height:{px(7.2)}px; }}
*[kind="card"][role="list"] {{ min-height:{px(12)}px; }}
QPushButton[kind="card"] {{ padding:0; font-weight:400; }}
QPushButton[kind="card"]:hover {{ border-color:{c.edge}; }}
QPushButton[kind="card"]:disabled {{ background:{c.surface}; }}
QLabel {{ background:transparent; }}
QLabel[role="sentence"] {{ font-size:{px(tokens.SENTENCE)}px; font-weight:500; }}
QLabel[role="sentence"][isCompact="true"] {{ font-size:{px(1.36)}px; }}
QLabel[role="figure"] {{ font-size:{px(tokens.FIGURE)}px; font-weight:500; }}
QLabel[role="figure"][isUrgent="true"] {{ color:{attention}; }}
QLabel[role="label"] {{ font-size:{px(tokens.LABEL)}px; font-weight:500; color:{c.text2}; }}
QLabel[role="small"] {{ font-size:{px(tokens.SMALL)}px; color:{c.text2}; }}
QLabel[role="strong"] {{ font-size:{px(tokens.LABEL)}px; font-weight:600; }}
QLabel[role="title"] {{ font-weight:600; }}
QLabel[role="error"] {{ color:{attention}; }}
QLabel[role="quiet"] {{ color:{c.text2}; }}
QLabel[role="page-title"] {{ font-size:{px(tokens.PAGE_TITLE)}px; font-weight:600; }}
QLabel[role="question"] {{ font-size:{px(tokens.QUESTION)}px; font-weight:500; }}
QLabel[role="step"] {{ font-weight:500; color:{c.text2}; }}
*[kind="step"] {{ min-height:46px; border:1px solid transparent; border-radius:8px; }}
*[kind="step"][isCurrent="true"] {{ background:{c.surface}; border-color:{c.line}; }}
QLabel[role="value"] {{ font-size:{px(tokens.VALUE)}px; font-weight:500; }}
QLabel[role="value"][isLong="true"] {{ font-size:{px(tokens.LONG_VALUE)}px; }}
QLabel[role="tag"] {{ font-size:{px(tokens.SMALL)}px; font-weight:600; background:{c.sunken}; border-radius:9px;
  padding:2px 8px; }}
QLabel[role="tag"][isUrgent="true"] {{ background:{attention_tint}; color:{attention}; }}
QLabel[role="count"] {{ font-size:{px(tokens.SMALL)}px; font-weight:600; background:{attention_tint};
  color:{attention}; border-radius:9px; padding:2px 8px; }}
QLabel[role="number"] {{ font-weight:600; background:{c.sunken}; border-radius:12px; min-width:24px; max-width:24px;
  min-height:24px; max-height:24px; }}
QLabel[role="pill"] {{ font-size:{px(tokens.SMALL)}px; font-weight:600; background:{c.line}; border-radius:7px;
  padding:1px 6px; min-width:8px; min-height:14px; }}
QLabel[role="pill"][isNarrow="true"] {{ padding:0 4px; }}
QLabel[role="pill"][isUrgent="true"] {{ background:{attention}; color:{attention_tint}; }}
QLabel[role="name"] {{ font-size:{px(tokens.TITLE)}px; font-weight:600; }}
QPushButton {{ min-height:46px; padding:0 16px; icon-size:20px; border:1px solid {c.edge}; border-radius:8px;
  background:{c.surface}; font-weight:600; }}
QPushButton:hover {{ background:{c.sunken}; }}
QPushButton:pressed {{ background:{c.line}; }}
QPushButton:disabled {{ background:transparent; color:{c.text2}; }}
QPushButton[kind="primary"]:enabled {{ background:{c.accent}; color:{c.on_accent}; border-color:{c.accent}; }}
QPushButton[kind="primary"]:enabled:hover {{ background:{c.accent_hover}; }}
QPushButton[kind="primary"]:enabled:pressed {{ background:{c.accent_down}; }}
QPushButton[kind="quiet"] {{ min-height:44px; padding:0 12px; border:0; background:transparent; color:{c.accent};
  text-align:left; }}
QPushButton[kind="quiet"]:disabled {{ color:{c.text2}; }}
QPushButton[kind="quiet"]:hover {{ background:{c.sunken}; }}
QPushButton[role="slim"] {{ padding:0; }}
QPushButton[role="place"] {{ padding:0 8px; text-align:center; }}
QPushButton[role="square"] {{ min-width:44px; min-height:44px; padding:0; }}
QPushButton[kind="cell"] {{ border:1px solid {c.edge}; border-radius:10px; padding:0; font-weight:400; }}
QPushButton[kind="cell"]:checked {{ border:2px solid {c.accent}; background:{c.accent_tint}; }}
QPushButton[kind="cell"]:disabled {{ border-color:{c.line}; }}
QPushButton[kind="segment"] {{ min-height:44px; padding:0 12px; font-weight:500; text-align:left; }}
QPushButton[kind="segment"]:checked {{ border-color:{c.accent}; background:{c.accent_tint}; }}
QPushButton[kind="choice"] {{ min-height:44px; padding:0 12px; font-weight:500; }}
QPushButton[kind="choice"][isNarrowed="true"] {{ border:2px solid {c.accent}; background:{c.accent_tint};
  padding:0 11px; min-height:42px; }}
QMenu[kind="choice"] {{ background:{c.surface}; border:1px solid {c.edge}; padding:4px; }}
QMenu[kind="choice"]::item {{ min-height:44px; min-width:160px; padding:0 16px 0 8px; border-radius:8px; }}
QMenu[kind="choice"]::item:selected {{ background:{c.accent_tint}; color:{c.text}; }}
QPushButton::menu-indicator {{ image:none; width:0; }}
QListWidget {{ background:transparent; border:0; outline:0; }}
QListWidget::item {{ min-height:42px; padding:0 10px; margin:0 8px; border:1px solid transparent; border-radius:8px;
  color:{c.text}; }}
QListWidget::item:selected {{ background:{c.surface}; border:1px solid {c.line}; border-left:3px solid {c.accent};
  border-top-left-radius:0; border-bottom-left-radius:0; }}
QListWidget::item:disabled {{ min-height:0; padding:0; margin:0; border:0; background:transparent; }}
QPushButton[kind="place"] {{ min-height:42px; padding:0 10px 0 14px; margin:0 8px; border:1px solid transparent;
  background:transparent; font-weight:400; text-align:left; }}
QPushButton[kind="place"][isChosen="true"] {{ background:{c.surface}; border:1px solid {c.line};
  border-left:3px solid {c.accent}; border-top-left-radius:0; border-bottom-left-radius:0; }}
QPushButton[kind="place"][isNarrow="true"] {{ padding:0 4px 0 8px; margin:0 4px; }}
QListWidget[isNarrow="true"]::item {{ padding:0 4px 0 8px; margin:0 4px; }}
QListWidget[role="cases"]::item {{ min-height:50px; }}
QPushButton[kind="fold"] {{ min-height:60px; padding:0; border:0; border-radius:10px; background:transparent;
  font-weight:400; }}
QPushButton[kind="fold"]:hover {{ background:{c.sunken}; }}
*[kind="card"] QTableView {{ min-height:92px; }}
*[kind="card"] QTableView[role="chart"] {{ min-height:{px(10)}px; }}
QTableView {{ background:transparent; border:0; outline:0; gridline-color:{c.line}; }}
QTableView::item {{ border-bottom:1px solid {c.line}; padding:0 4px; color:{c.text}; }}
QTableView::item:selected {{ background:{c.accent_tint}; }}
QTableView[role="refused"] {{ min-height:0; }}
QTableView[role="refused"]::item:selected {{ background:{c.surface}; }}
QTableView::item:focus {{ border:1px solid {c.accent}; }}
QLineEdit, QPlainTextEdit {{ background:{c.surface}; border:1px solid {c.edge}; border-radius:8px; padding:0 11px;
  selection-background-color:{c.accent}; selection-color:{c.on_accent}; }}
QLineEdit {{ min-height:44px; placeholder-text-color:{c.text2}; }}
QPlainTextEdit {{ padding:4px 7px; }}
QLineEdit:focus, QPlainTextEdit:focus {{ border:2px solid {c.accent}; }}
QLineEdit:focus {{ padding:0 10px; min-height:42px; }}
QPlainTextEdit:focus {{ padding:3px 6px; }}
QLineEdit[isWrong="true"] {{ border:2px solid {attention}; padding:0 10px; min-height:42px; }}
QLineEdit[isFixed="true"] {{ background:{c.sunken}; border-color:{c.line}; color:{c.text2}; }}
QComboBox {{ min-height:44px; padding:0 40px 0 11px; border:1px solid {c.edge}; border-radius:8px;
  background:{c.surface}; }}
QComboBox:focus {{ border:2px solid {c.accent}; min-height:42px; padding:0 39px 0 10px; }}
QComboBox:disabled {{ background:{c.sunken}; border-color:{c.line}; color:{c.text2}; }}
QComboBox::drop-down, QComboBox::down-arrow {{ width:0; border:0; image:none; }}
QComboBox[kind="name"]::drop-down {{ width:36px; }}
QComboBox[kind="name"] QLineEdit {{ border:0; min-height:40px; padding:0; background:transparent; }}
QComboBox QAbstractItemView {{ background:{c.surface}; border:1px solid {c.edge}; outline:0; }}
QComboBox QAbstractItemView::item {{ min-height:44px; padding:0 11px; color:{c.text}; }}
QComboBox QAbstractItemView::item:selected {{ background:{c.accent_tint}; color:{c.text}; }}
QPushButton[kind="option"] {{ font-weight:400; text-align:left; padding:0 12px; }}
QPushButton[kind="option"]:checked {{ border:2px solid {c.accent}; background:{c.accent_tint}; font-weight:600;
  min-height:44px; padding:0 11px; }}
QPushButton[kind="switch"] {{ min-height:44px; padding:0; border:0; background:transparent; font-weight:400;
  text-align:left; }}
QPushButton[kind="switch"]:hover {{ background:{c.sunken}; }}
QWidget#qt_calendar_navigationbar {{ background:{c.bg}; }}
QCalendarWidget QToolButton {{ min-width:44px; min-height:44px; border:1px solid {c.edge}; border-radius:8px;
  background:{c.surface}; font-weight:600; padding:0 8px; margin:2px; }}
QCalendarWidget QToolButton::menu-indicator {{ image:none; }}
QProgressBar {{ min-height:8px; max-height:8px; border:0; border-radius:4px; background:{c.line}; }}
QProgressBar::chunk {{ border-radius:4px; background:{c.accent}; }}
QScrollBar:vertical {{ width:12px; background:transparent; margin:0; }}
QScrollBar::handle:vertical {{ background:{c.edge}; border-radius:4px; min-height:32px; margin:2px; }}
*[kind="rail"] QScrollBar:vertical {{ width:6px; }}
*[kind="rail"] QScrollBar::handle:vertical {{ border-radius:2px; margin:1px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height:0; }}
QToolTip {{ background:{c.text}; color:{c.surface}; border:0; padding:4px; }}
*[kind="ring"] {{ border:2px solid {c.text}; border-radius:10px; background:transparent; }}
"""


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet is keyed on, and draw the widget anew where it changed."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):  # else Qt will do it once all is in place
            widget.style().unpolish(widget)
            widget.style().polish(widget)
            widget.updateGeometry()
