"""The test of the connection: each check shows as it is done, and nothing holds the window."""

import threading
from collections.abc import Callable, Iterator
from itertools import chain

import pytest
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot
from tests.ui.checks import cut_off, nameless, settle, too_small
from tests.ui.first_run import climb

from outlet_sync_gui import words
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.support.ladder import READINGS, STEPS, Result, Step
from outlet_sync_gui.ui.connection_test import ConnectionTest, Test
from outlet_sync_gui.ui.theme import Theme

Shown = Callable[[Test], ConnectionTest]


@pytest.fixture
def shown(theme: Theme, qtbot: QtBot) -> Shown:
    """A test of the connection on a window of its own."""

    areas = []  # so that none is collected

    def make(test: Test) -> ConnectionTest:
        made = ConnectionTest(theme, test)
        area = QScrollArea(widgetResizable=True)
        area.setWidget(made)
        areas.append(area)
        qtbot.addWidget(area)
        area.resize(560, 400)
        area.show()
        return made

    return make


def lines(test: ConnectionTest) -> list[str]:
    return [row.accessibleName() for row in test.rows]


def test_nothing_is_claimed_before_it_was_tested(shown: Shown) -> None:
    test = shown(climb)
    assert lines(test)[5] == "Headquarters answers: not checked yet"
    assert (test.has_passed, test.button.accessibleName()) == (False, "Test connection")


def test_all_passed_is_said(shown: Shown, qtbot: QtBot) -> None:
    test = shown(climb)
    with qtbot.waitSignal(test.over) as over:
        test.button.click()
    assert over.args == [True]
    assert (test.has_passed, lines(test)[6]) == (True, "Key accepted: in order")
    assert test.sentence.whole() == "All is well: headquarters knows this outlet."


@pytest.mark.parametrize(
    ("result", "more"), [(Result.PASSED, " It can be read back: see Settings, Closing."), (Result.OFF, "")]
)
def test_whether_headquarters_can_be_read_back_is_said_and_no_failure(
    shown: Shown, qtbot: QtBot, result: Result, more: str
) -> None:
    test = shown(lambda: chain(climb(), [Step(code=READINGS, result=result)]))
    with qtbot.waitSignal(test.over) as over:
        test.button.click()
    assert (over.args, test.can_be_read) == ([True], bool(more))
    assert test.sentence.whole() == f"All is well: headquarters knows this outlet.{more}"


def test_the_check_that_fails_says_what_to_do_and_its_code(shown: Shown, qtbot: QtBot) -> None:
    test = shown(lambda: climb("N-CLOCK", seconds=7200))
    with qtbot.waitSignal(test.over) as over:
        test.start()
    assert over.args == [False]
    assert lines(test)[3:5] == [
        "PC clock: wrong by 2 hours. Set the clock. (N-CLOCK)",
        "Secure connection: not checked yet",
    ]
    assert test.sentence.whole() == "Mend what is marked, then test again."


def test_a_step_that_comes_again_counts_as_it_came_last(shown: Shown, qtbot: QtBot) -> None:
    def twice() -> Iterator[Step]:
        yield Step(code="N-TLS", result=Result.PASSED)
        yield Step(code="N-TLS", result=Result.FAILED)

    test = shown(twice)
    with qtbot.waitSignal(test.over):
        test.start()
    assert test.steps["N-TLS"].result is Result.FAILED


def test_steps_show_while_it_goes_on_and_a_hanging_one_is_left_behind(shown: Shown, qtbot: QtBot) -> None:
    going_on = threading.Event()

    def hang() -> Iterator[Step]:
        yield Step(code="N-LINK", result=Result.PASSED)
        going_on.wait(10)
        yield Step(code="N-DNS", result=Result.FAILED)

    test = shown(hang)
    test.start()
    qtbot.waitUntil(lambda: "N-LINK" in test.steps)
    assert lines(test)[:3] == [
        "Wi-Fi or cable: in order",
        "Internet: being checked…",
        "Wi-Fi sign-in: not checked yet",
    ]
    assert test.button.accessibleName() == "Cancel"
    test.button.click()
    with qtbot.assertNotEmitted(test.over, wait=50):
        going_on.set()
    assert (test.is_running, list(test.steps)) == (False, ["N-LINK"])


def test_a_test_that_is_hidden_is_left_behind(shown: Shown, qtbot: QtBot) -> None:
    going_on = threading.Event()

    def hang() -> Iterator[Step]:
        going_on.wait(10)
        yield from ()

    test = shown(hang)
    test.start()
    test.hide()
    assert not test.is_running
    going_on.set()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OutletSyncError("paused"), "▲ Sending is paused. Resume it first."),
        (OutletSyncError("keyring_locked"), "▲ The password store is locked. Log in to this PC again, or unlock it."),
        (ValueError("a mistake"), "▲ The program stopped because of a mistake of its own."),
    ],
)
def test_what_keeps_it_from_testing_is_said(shown: Shown, qtbot: QtBot, error: Exception, sentence: str) -> None:
    def refuse() -> Iterator[Step]:
        yield Step(code="N-LINK", result=Result.PASSED)
        raise error

    test = shown(refuse)
    with qtbot.waitSignal(test.over) as over:
        test.start()
    assert (over.args, test.sentence.whole().startswith(sentence)) == ([False], True)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("width", [380, 560])
@pytest.mark.parametrize("failed", STEPS)
def test_no_sentence_is_cut_off(shown: Shown, qtbot: QtBot, language: str, width: int, failed: str) -> None:
    words.use(language)
    test = shown(lambda: climb(failed, seconds=7200))
    with qtbot.waitSignal(test.over):
        test.start()
    test.window().resize(width, 600)
    settle()
    assert (cut_off(test), too_small(test), nameless(test)) == ([], [], [])
