"""The guides' pictures: python -m tests.ui.guide_pictures docs/pictures."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QWidget
from tests.ui.checks import refused, settle, show
from tests.ui.days import DAYS, show_day
from tests.ui.happenings import HISTORIES
from tests.ui.headquarters import CONFLICTS, PAGES
from tests.ui.states import NOW, REFUSED, ROWS, STATES, status

from outlet_sync_gui import words
from outlet_sync_gui.reader import Part, WantActivity
from outlet_sync_gui.status import State
from outlet_sync_gui.store.conflicts import Strategy
from outlet_sync_gui.support.ladder import STEPS, Result, Step
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.theme import Theme

LANGUAGES = ("id", "en")


def idle(window: MainWindow) -> QWidget:
    window.open_page(Page.STATUS)
    window.show_status(STATES["idle"], NOW)
    window.show_rows(ROWS["idle"])
    return window


def sending(window: MainWindow) -> QWidget:
    window.open_page(Page.STATUS)
    window.show_status(STATES["syncing"], NOW)
    return window


def offline(window: MainWindow) -> QWidget:
    window.open_page(Page.STATUS)
    window.show_status(STATES["offline"], NOW)
    results = {"N-LINK": Result.PASSED, "N-DNS": Result.FAILED}
    window.status_page.why.show_steps([Step(code=code, result=results.get(code, Result.UNCHECKED)) for code in STEPS])
    return window


def queue(window: MainWindow) -> QWidget:
    show(window, "line", Page.QUEUE)
    return window


def attention(window: MainWindow) -> QWidget:
    window.open_page(Page.ATTENTION)
    window.show_status(STATES["attention"], NOW)
    window.attention_page.show_refused(refused(REFUSED))
    return window


def messages(window: MainWindow) -> QWidget:
    value, found, _ = PAGES["full"]
    window.open_page(Page.MESSAGES)
    window.show_status(value, NOW)
    window.messages_page.show_messages(found)
    return window


def changes(window: MainWindow) -> QWidget:
    value, _, found = PAGES["full"]
    window.open_page(Page.CHANGES)
    window.show_status(value, NOW)
    window.changes_page.show_changes(found)
    return window


def activity(window: MainWindow) -> QWidget:
    window.open_page(Page.ACTIVITY)
    window.show_status(STATES["idle"], NOW)
    window.activity_page.parts[Part.ALL].click()
    window.activity_page.list.start_anew()
    window.show_found(WantActivity(), HISTORIES["full"])
    return window


def conflict(window: MainWindow) -> QWidget:
    window.show_status(status(State.ATTENTION, conflicts=2, clock_offset_s=0.4), NOW)
    window.decisions.review()
    dialog = window.decisions.conflicts
    assert dialog is not None
    dialog.show_conflicts([CONFLICTS["one"], CONFLICTS["three"]])
    dialog._choose_all(Strategy.CLOUD_WINS)
    return dialog


def summary(window: MainWindow) -> QWidget:
    window.open_page(Page.SUMMARY)
    window.show_status(STATES["idle"], NOW)
    show_day(window, DAYS["usual"])
    return window


SCENES: Mapping[str, Callable[[MainWindow], QWidget]] = {
    scene.__name__: scene
    for scene in (idle, sending, offline, queue, attention, messages, changes, activity, summary, conflict)
}


def main() -> None:
    app = QApplication(["guide pictures"])
    window = MainWindow(Theme(app, is_dark=False))
    window.show()
    for language in LANGUAGES:
        words.use(language)
        window.retranslate()
        folder = Path(sys.argv[1]) / language
        folder.mkdir(parents=True, exist_ok=True)
        for name, scene in SCENES.items():
            shown = scene(window)
            settle()
            shown.grab().save(str(folder / f"{name}.png"))
            if shown is not window:
                shown.close()


if __name__ == "__main__":
    main()
