"""Colours and sizes: the only place that knows them. Each pair was chosen for its contrast in light and in dark."""

from collections.abc import Mapping
from typing import NamedTuple

from outlet_sync_gui.state import State


class Tokens(NamedTuple):
    """One set of colours."""

    rail: str
    bg: str
    surface: str
    sunken: str
    line: str
    edge: str
    text: str
    text2: str
    accent: str
    on_accent: str
    accent_hover: str
    accent_down: str
    accent_tint: str
    bar: str  # of a chart
    states: Mapping[State, tuple[str, str]]  # colour, and the tint under it


LIGHT = Tokens(
    rail="#EFECE6",
    bg="#F8F6F2",
    surface="#FFFFFF",
    sunken="#F1EEE8",
    line="#DFDAD1",
    edge="#857E73",
    text="#1D1A16",
    text2="#575149",
    accent="#1F55BE",
    on_accent="#FFFFFF",
    accent_hover="#1A48A3",
    accent_down="#163D8A",
    accent_tint="#E7EEFB",
    bar="#6B91D8",
    states={
        State.SETUP: ("#494641", "#ECE9E3"),
        State.IDLE: ("#176B38", "#E3F2E7"),
        State.SYNCING: ("#1F55BE", "#E7EEFB"),
        State.WAITING: ("#46566A", "#E9EDF2"),
        State.OFFLINE: ("#7A4F00", "#F9EDD3"),
        State.PAUSED: ("#66479A", "#F0EAF8"),
        State.ATTENTION: ("#9E3F00", "#FCE8DA"),
        State.ERROR: ("#AE231C", "#FBE4E2"),
    },
)
DARK = Tokens(
    rail="#171615",
    bg="#1D1C1A",
    surface="#272523",
    sunken="#312E2B",
    line="#403C38",
    edge="#958E84",
    text="#F3F0EA",
    text2="#BDB6AB",
    accent="#8FB4FF",
    on_accent="#0C1C3D",
    accent_hover="#A9C5FF",
    accent_down="#7BA3F5",
    accent_tint="#26334F",
    bar="#5577B5",
    states={
        State.SETUP: ("#CFC8BD", "#35322E"),
        State.IDLE: ("#7FD39A", "#1E3426"),
        State.SYNCING: ("#8FB4FF", "#26334F"),
        State.WAITING: ("#B4C2D3", "#2B323B"),
        State.OFFLINE: ("#F0BE62", "#3B2F18"),
        State.PAUSED: ("#C9B0F2", "#342B45"),
        State.ATTENTION: ("#FFA873", "#432A1A"),
        State.ERROR: ("#FF9E96", "#472522"),
    },
)
# One set for light and dark panels: nobody has to guess the panel.
TRAY: Mapping[State, str] = {
    State.SETUP: "#77716A",
    State.IDLE: "#23894A",
    State.SYNCING: "#3D78E0",
    State.WAITING: "#62788F",
    State.OFFLINE: "#A8720A",
    State.PAUSED: "#8A67C4",
    State.ATTENTION: "#CC5A12",
    State.ERROR: "#D9423A",
}
BADGE = "#C2281D"
SMALLEST_PX = 13

# Sizes as multiples of the system's font.
SMALL, LABEL, BODY, TITLE, PAGE_TITLE, SENTENCE, FIGURE = 0.86, 0.93, 1.0, 1.14, 1.43, 1.85, 2.0
VALUE, LONG_VALUE, QUESTION = 1.29, 1.07, 1.71
