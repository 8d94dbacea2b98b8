"""Tab goes through every page and dialog as one reads it, and what it is at is always seen."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from tests.ui.checks import settle
from tests.ui.scenes import SCENES, leave

from outlet_sync_gui.ui.main_window import MainWindow

RAIL = ("Outlet Sync", "Settings")
MOST = 60


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("status-attention", (*RAIL, "Pause", "Sync now", "Not sent: 0", "Retry", "Refused by headquarters")),
        ("queue", (*RAIL, "Search by number or name", "Type: All types", "Choose all", "Queue")),
        ("attention-standing", (*RAIL, "Stop trying", "Retry", "Headquarters does not accept", "Already at")),
        ("activity", (*RAIL, "All", "Search by number", "Details", "Copy", "Undo", "Activity")),
        ("changes-full", (*RAIL, "Refuse", "Approve", "Choose all", "Menu changes")),
        (
            "summary",
            (
                *RAIL,
                "Day before",
                "Business day: Tue",
                "Save as",
                "Technical",
                "Daily",
                "Revenue by",
                "Compare",
                "See",
                "Send",
            ),
        ),
        ("settings-help", (*RAIL, "Settings", "Undo", "Keep", "Copy for the help desk")),
        ("discard", ("Entered twice", "Why not send", "Cancel", "Discard")),
        ("details-refused", ("Technical details", "Copy the technical", "Content as it is sent", "Close")),
        ("edit", ("Content of", "Cancel", "Edit and resend")),
        (
            "review",
            ("Conflicts", "Same for", "Previous", "1 of 9", "Next", "Local", "Cloud", "Decided by", "Keep local"),
        ),
        ("same", ("Keep local", "Once applied", "Cancel", "Apply to")),
        ("days", ("Which day?", "Other date", "Cancel")),
        ("gaps", ("5 transactions", "Close", "Details")),
        ("about", ("Log folder", "Close")),
    ],
)
def test_tab_goes_as_one_reads_and_is_always_seen(window: MainWindow, name: str, order: tuple[str, ...]) -> None:
    shown = SCENES[name](window)
    settle()
    reached = list(_round(shown))
    leave(window)
    start = next(place for place, text in enumerate(reached) if text.startswith(order[0]))
    rest = iter([*reached[start:], *reached[:start]])
    assert [wanted for wanted in order if not any(text.startswith(wanted) for text in rest)] == [], reached


def _round(shown: QWidget) -> Iterator[str]:
    """What Tab reaches, once round; each has the ring."""
    shown.activateWindow()
    first = None
    for _ in range(MOST):
        QTest.keyClick(shown.focusWidget() or shown, Qt.Key.Key_Tab)
        reached = shown.focusWidget()
        assert reached is not None
        if reached is first:
            return
        first = first or reached
        assert shown.ring.isVisible(), reached  # type: ignore[attr-defined]  # each window has one
        yield reached.accessibleName()
    raise AssertionError("it never comes round")
