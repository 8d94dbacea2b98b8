"""One of several to choose: a radio button to those who hear it, and each is reached by Tab and by the arrow keys."""

from collections.abc import Callable
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from tests.ui.checks import settle
from tests.ui.scenes import SCENES, leave

from outlet_sync_gui.ui.conflict_dialog import ConflictDialog
from outlet_sync_gui.ui.discard_dialog import DiscardDialog
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.same_dialog import SameDialog
from outlet_sync_gui.ui.widgets import Pick

ON, BACK = (Qt.Key.Key_Tab, Qt.Key.Key_Right, Qt.Key.Key_Down), (Qt.Key.Key_Backtab, Qt.Key.Key_Left, Qt.Key.Key_Up)
PICKS: dict[str, Callable[[QWidget], list[Pick]]] = {
    "discard": lambda shown: cast("DiscardDialog", shown).picks,
    "same": lambda shown: list(cast("SameDialog", shown).keep.values()),
    "review": lambda shown: list(cast("ConflictDialog", shown).comparison.rows[0].cells),
}


@pytest.mark.parametrize("name", PICKS)
def test_it_is_heard_as_a_radio_button_and_of_one_choice_only_one_is_checked(window: MainWindow, name: str) -> None:
    picks = PICKS[name](SCENES[name](window))
    for pick in (*picks, picks[-1]):  # a second press takes nothing back
        pick.toggle()  # as assistive technology does
        heard = [QAccessible.queryAccessibleInterface(each) for each in picks]
        assert [each.role() for each in heard] == [QAccessible.Role.RadioButton] * len(picks)
        assert [bool(each.state().checked) for each in heard] == [each is pick for each in picks]
    leave(window)


@pytest.mark.parametrize("name", ["discard", "same"])
@pytest.mark.parametrize(("on", "back"), list(zip(ON, BACK, strict=True)))
def test_keys_go_from_one_to_the_next_and_choose_none(window: MainWindow, name: str, on: Qt.Key, back: Qt.Key) -> None:
    shown = SCENES[name](window)
    settle()
    picks = PICKS[name](shown)
    chosen = [pick.isChecked() for pick in picks]
    shown.activateWindow()
    picks[0].setFocus()
    for key, there in ((on, picks[1]), (on, picks[2]), (back, picks[1])):
        QTest.keyClick(shown.focusWidget(), key)
        assert shown.focusWidget() is there
    assert [pick.isChecked() for pick in picks] == chosen
    leave(window)
