"""The first run, page by page: in every state, size and language, by the keyboard, and what its test says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot
from tests.builders import OUTLET_ID
from tests.fakes import KEY, configure
from tests.ui.checks import cut_off, nameless, settle, too_small
from tests.ui.first_run import SCENES, TOKEN, FirstRun
from tests.ui.test_language import said

from outlet_sync_gui import words
from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud, wall_ms
from outlet_sync_gui.support.doctor import try_line
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.wizard import KINDS, SIZE, Wizard

Opened = Callable[..., FirstRun]
LOW = [QSize(480, 360), QSize(512, 264)]  # the second: 1024 by 528 at 200 %


def press(widget: QWidget, key: Qt.Key) -> None:
    """A key, pressed and let go."""
    QTest.keyClick(widget, key)


@pytest.fixture
def opened(theme: Theme, qtbot: QtBot) -> Iterator[Opened]:
    """Brings a first run to one of its scenes, in a window of a size."""
    parent = QWidget()
    qtbot.addWidget(parent)
    runs: list[FirstRun] = []

    def make(name: str, size: QSize = SIZE) -> FirstRun:
        kept, scene = SCENES[name]
        run = FirstRun(parent, theme, kept)
        runs.append(run)
        run.wizard.resize(size)
        run.wizard.show()
        settle()
        scene(run)
        settle()
        return run

    yield make
    for run in runs:
        run.close()


def in_sight(wizard: Wizard, part: QWidget) -> bool:
    """Whether somebody sees the whole of it without scrolling."""
    area = wizard.pages.currentWidget()
    assert isinstance(area, QScrollArea)
    top = part.mapTo(area.viewport(), part.rect().topLeft())
    return bool(area.viewport().rect().contains(QRect(top, part.size())))


@pytest.mark.parametrize("size", LOW)
@pytest.mark.parametrize("code", ["N-DNS", "N-OUTLET", "N-RATE"])
def test_the_check_that_fails_is_led_to(opened: Opened, size: QSize, code: str) -> None:
    words.use("id")
    wizard = opened(f"test-{code}", size).wizard
    row = wizard.test.test.failed()
    assert row is not None
    assert in_sight(wizard, row)


@pytest.mark.parametrize("size", LOW)
@pytest.mark.parametrize("name", ["outlet-disk", "key-locked", "autostart-refused"])
def test_what_could_not_be_kept_is_led_to(opened: Opened, size: QSize, name: str) -> None:
    wizard = opened(name, size).wizard
    assert in_sight(wizard, wizard.question.error)


@pytest.mark.parametrize("size", LOW)
def test_a_fault_under_the_edge_of_the_window_is_led_to(opened: Opened, size: QSize) -> None:
    wizard = opened("outlet-invalid", size).wizard
    wizard.next.click()
    settle()
    address = wizard.outlet.entries["cloud_url"]
    assert wizard.focusWidget() is address.control
    assert in_sight(wizard, address.control)
    assert in_sight(wizard, address.line)


@pytest.mark.parametrize(
    "name", ["language", "outlet-filled", "key-filled", "test-N-KEY", "test-running", "webhook-filled", "sources"]
)
def test_tab_comes_to_everything_that_can_be_used(opened: Opened, name: str) -> None:
    wizard = opened(name).wizard
    kinds = (QPushButton, QLineEdit)
    usable = [part for kind in kinds for part in wizard.findChildren(kind) if part.isVisible() and part.isEnabled()]
    reached = []
    for _ in range(len(usable) + 1):
        press(wizard.focusWidget() or wizard, Qt.Key.Key_Tab)
        reached.append(wizard.focusWidget())
    others = [button for value, button in wizard.language.choice.buttons.items() if value != words.language()]
    assert {part.accessibleName() for part in usable if part not in reached and part not in others} == set()


def test_tab_goes_as_one_reads(opened: Opened) -> None:
    wizard = opened("sources").wizard
    wizard.sources.address.field.setFocus()
    names = []
    for _ in range(6):
        focused = wizard.focusWidget()
        assert focused is not None
        names.append(focused.accessibleName())
        press(focused, Qt.Key.Key_Tab)
    address, token = "Address of the till's connection", "Token of the till"
    assert names == [address, f"Copy: {address}", token, f"Show: {token}", f"Copy: {token}", "Back"]


def test_the_language_is_chosen_by_the_arrow_keys(opened: Opened, qtbot: QtBot) -> None:
    wizard = opened("language").wizard
    chosen = wizard.focusWidget()
    assert chosen is wizard.language.choice.buttons["en"]
    with qtbot.waitSignal(wizard.language_asked) as asked:
        press(chosen, Qt.Key.Key_Left)
    assert asked.args == ["id"]


def test_what_is_pasted_shown_and_switched_needs_no_mouse(opened: Opened) -> None:
    QGuiApplication.clipboard().setText(KEY)
    key = opened("key-empty").wizard
    press(key.key.entry.control, Qt.Key.Key_Tab)
    press(key.key.entry.paste, Qt.Key.Key_Space)
    assert key.key.entry.text() == KEY
    sources = opened("sources").wizard.sources
    press(sources.show_token, Qt.Key.Key_Space)
    assert sources.token.field.text() == TOKEN
    press(sources.show_token, Qt.Key.Key_Space)
    assert sources.token.field.text() == ""
    autostart = opened("autostart").wizard.autostart
    press(autostart.switch.control, Qt.Key.Key_Space)
    assert autostart.switch.value() is False


def test_a_refused_key_is_told_beside_its_field_until_another_one_is_entered(opened: Opened) -> None:
    run = opened("key-refused")
    key = run.wizard.key
    assert run.wizard.question is key
    assert [row.accessibleName() for row in key.found.rows] == [
        "Headquarters answers: in order",
        "Key accepted: the API key is refused. Get a new one from headquarters, enter it in Settings. (N-KEY)",
    ]
    assert key.found.isVisible()
    run.type(key.entry, "another")
    assert not key.found.isVisible()


def test_a_test_that_comes_not_as_far_as_the_key_says_nothing_of_it(opened: Opened) -> None:
    wizard = opened("test-N-DNS").wizard
    wizard.back.click()
    assert (wizard.question, wizard.key.found.isVisible()) == (wizard.key, False)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("ready-syncing", "Ready. First sending is running."),
        ("ready-idle", "Ready."),
        ("ready-offline", "Ready."),
        ("ready-setup", "Almost ready."),
        ("ready-key", "Almost ready."),
        ("ready-error", "Almost ready."),
    ],
)
def test_ready_is_said_of_what_is_ready(opened: Opened, name: str, title: str) -> None:
    assert opened(name).wizard.ready.title.whole() == title


@pytest.mark.parametrize(
    "name",
    [
        *("outlet-invalid", "outlet-disk", "key-locked", "key-refused", "test-N-KEY", "test-passed", "test-paused"),
        *("webhook-invalid", "sources-taken", "sources-shown", "autostart-refused", "ready-offline"),
    ],
)
def test_a_switch_of_the_language_leaves_nothing_behind(opened: Opened, name: str) -> None:
    switched = opened(name).wizard
    before = said(switched)
    words.use("id")
    switched.retranslate()
    settle()
    fresh = said(opened(name).wizard)
    assert before != fresh
    assert said(switched) == fresh


@pytest.mark.parametrize("name", SCENES)
def test_nothing_is_cut_off_and_everything_has_a_name(opened: Opened, name: str) -> None:
    wizard = opened(name).wizard
    for language, size in product(("id", "en"), (SIZE, *LOW)):
        words.use(language)
        wizard.retranslate()
        wizard.resize(size)
        settle()
        shown = wizard.pages.currentWidget()
        assert shown is not None
        seen = (cut_off(wizard), too_small(wizard), nameless(wizard), beyond(shown))
        assert (language, size, seen) == (language, size, ([], [], [], []))
        assert wizard.next.geometry().bottom() < wizard.height()


def beyond(page: QWidget) -> list[str]:
    """What reaches out of a page to the right, where nobody can scroll to."""
    parts = [part for part in page.findChildren(QWidget) if part.isVisible() and isinstance(part, QLabel | QPushButton)]
    return [part.accessibleName() for part in parts if part.mapTo(page, part.rect().topRight()).x() > page.width()]


@dataclass(frozen=True)
class Wrong:
    """What is wrong between this PC and headquarters, as the simulated cloud plays it."""

    fault: Fault = field(default_factory=Fault)
    ahead_ms: int = 0  # this PC's clock
    scheme: str = "http"


HOURS_MS = 3_600_000
ON_THE_WAY = [
    (Wrong(ahead_ms=2 * HOURS_MS), "PC clock: wrong by 2 hours. Set the clock. (N-CLOCK)"),
    (Wrong(ahead_ms=-2 * HOURS_MS), "PC clock: wrong by 2 hours. Set the clock. (N-CLOCK)"),
    (
        Wrong(scheme="https"),  # where no certificate is shown
        "Secure connection: the secure connection is blocked here. Try a phone hotspot; tell IT. (N-TLS)",
    ),
    (
        Wrong(fault=Fault(html=True)),
        "Wi-Fi sign-in: this Wi-Fi wants a sign-in. Open the browser and sign in. (N-PORTAL)",
    ),
    (
        Wrong(fault=Fault(status=503)),
        "Headquarters answers: the trouble is at headquarters. It sends by itself later. (N-CLOUD)",
    ),
    (
        Wrong(fault=Fault(status=401)),
        "Key accepted: the API key is refused. Get a new one from headquarters, enter it in Settings. (N-KEY)",
    ),
    (
        Wrong(fault=Fault(status=403)),
        "Outlet enabled: this outlet is switched off at headquarters. Call headquarters. (N-OUTLET)",
    ),
    (
        Wrong(fault=Fault(status=429, retry_after=45)),
        "Sending limit: headquarters asks to wait 45 s. It goes on by itself. (N-RATE)",
    ),
]


@pytest.mark.parametrize(("wrong", "line"), ON_THE_WAY)
def test_what_is_wrong_on_the_way_to_headquarters_is_said(
    theme: Theme, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, wrong: Wrong, line: str
) -> None:
    monkeypatch.setenv("OUTLET_SYNC_API_KEY", KEY)
    cloud = Cloud(now_ms=lambda: wall_ms() - wrong.ahead_ms, api_key=KEY, outlet_id=OUTLET_ID)
    with SimulatedCloud(cloud) as running:
        running.set_fault("*", wrong.fault)
        directory = configure(tmp_path / "data", running.url.replace("http", wrong.scheme))
        parent = QWidget()
        qtbot.addWidget(parent)
        wizard = Wizard(parent, theme, partial(try_line, directory))
        wizard.show()
        with qtbot.waitSignal(wizard.test.test.over, timeout=20_000):
            wizard._go(KINDS.index(type(wizard.test)))
        row = wizard.test.test.failed()
        assert row is not None
        assert row.accessibleName() == line
