"""Why nothing goes out: the rungs, what to do, and when the line is looked at."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from tests.ui.states import NOW, STATES, status

from outlet_sync_gui.status import State, Trouble
from outlet_sync_gui.support.ladder import Result, Step
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.why_offline import sentences

OFFLINE = STATES["offline"]
NO_LINK = (
    Step(code="N-LINK", result=Result.FAILED, facts=(("why", "OSError"),)),
    Step(code="N-DNS", result=Result.UNCHECKED),
)


def looks(window: MainWindow) -> list[bool]:
    asked: list[bool] = []
    window.status_page.why.look_asked.connect(lambda: asked.append(True))
    return asked


def test_offline_takes_the_place_of_figures_and_list_and_gives_it_back(window: MainWindow) -> None:
    page = window.status_page
    window.show_status(OFFLINE, NOW)
    assert (page.why.isVisible(), page.cards.isVisible(), page.list.isVisible()) == (True, False, False)
    window.show_status(STATES["idle"], NOW)
    assert (page.why.isVisible(), page.cards.isVisible(), page.list.isVisible()) == (False, True, True)


def test_it_says_what_to_do_step_by_step_with_the_code_for_the_help_desk(window: MainWindow) -> None:
    window.show_status(OFFLINE, NOW)
    why = window.status_page.why
    assert why.cause.whole() == "The modem is on, the internet isn't"
    assert [step.text.whole() for step in why.steps if step.isVisible()] == [
        "Try a site on a phone.",
        "Modem off for 10 s.",
        "Phone hotspot.",
    ]
    assert why.code.whole() == "N-DNS"
    QTest.mouseClick(why.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().startswith("N-DNS: The modem is on, the internet isn't\n")


def test_what_the_line_shows_overrules_how_the_last_try_ended(window: MainWindow) -> None:
    window.show_status(OFFLINE, NOW)
    why = window.status_page.why
    why.show_steps(NO_LINK)
    assert (why.cause.whole(), why.code.whole()) == ("Not connected", "N-LINK")
    window.show_status(STATES["idle"], NOW)
    window.show_status(OFFLINE, NOW)
    assert why.code.whole() == "N-DNS"  # a new outage: nothing of the former one holds


def test_the_trouble_of_headquarters_itself_keeps_its_own_words(window: MainWindow) -> None:
    answer = replace(OFFLINE, trouble=Trouble(code="N-ANSWER"))
    window.show_status(answer, NOW)
    window.status_page.why.show_steps([Step(code="N-CLOUD", result=Result.FAILED)])
    assert window.status_page.why.code.whole() == "N-ANSWER"


def test_the_line_is_looked_at_once_for_each_try(window: MainWindow) -> None:
    asked = looks(window)
    window.show_status(OFFLINE, NOW)
    window.show_status(OFFLINE, NOW + 1_000)
    assert len(asked) == 1
    window.show_status(replace(OFFLINE, next_attempt_at=NOW + 90_000), NOW)
    assert len(asked) == 2
    window.show_status(status(State.IDLE), NOW)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", []),
        ("Set the clock.", ["Set the clock."]),
        ("Buka situs. Tidak terbuka? Matikan modem.", ["Buka situs.", "Tidak terbuka? Matikan modem."]),
        ("a phone; the modem off", ["A phone.", "The modem off."]),
    ],
)
def test_what_to_do_is_cut_into_steps(text: str, steps: list[str]) -> None:
    assert sentences(text) == steps
