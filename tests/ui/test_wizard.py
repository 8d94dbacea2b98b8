"""The first run, with real windows, a real settings file and a real simulated cloud; only the keyring is a fake one."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from tests.builders import OUTLET_CODE, OUTLET_ID
from tests.endings import stop
from tests.fakes import KEY

from outlet_sync_gui import credentials, settings, words
from outlet_sync_gui.app import App
from outlet_sync_gui.desktop import autostart
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State
from outlet_sync_gui.support.ladder import Result
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.wizard import Wizard
from outlet_sync_gui.ui.wizard_question import Question


@dataclass
class Drawer:
    """What the fake keyring holds, and how it fails."""

    held: dict[str, str] = field(default_factory=dict)
    is_locked: bool = False
    answers: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def drawer() -> Iterator[Drawer]:
    before = keyring.get_keyring()  # asked for the first time, it would choose the fake, were it there already
    drawer = Drawer()
    drawer.answers.set()

    class Fake(KeyringBackend):
        """The system's own store, as the program sees it."""

        priority = 1

        def get_password(self, _service: str, username: str) -> str | None:
            self._look()
            return drawer.held.get(username)

        def set_password(self, _service: str, username: str, password: str) -> None:
            self._look()
            drawer.held[username] = password

        def _look(self) -> None:
            drawer.answers.wait(20)
            if drawer.is_locked:
                raise KeyringLocked

    Fake.__module__ = "keyring.backends.SecretService"
    keyring.set_keyring(Fake())  # type: ignore[no-untyped-call]  # keyring has no types there
    yield drawer
    drawer.answers.set()
    keyring.set_keyring(before)


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, outlet_id=OUTLET_ID)) as running:
        yield running


@pytest.fixture
def app(tmp_path: Path, drawer: Drawer, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    for name in ("WEBHOOK", "INTAKE"):  # free ports, in place of those of whatever runs on this PC
        monkeypatch.setenv(f"OUTLET_SYNC_{name}_PORT", "0")
    made = App(tmp_path / "data", Theme(qapp, is_dark=False))
    yield made
    stop(made)


def wizard_of(app: App) -> Wizard:
    assert app.wizard is not None
    return app.wizard


def at(app: App, question: Callable[[Wizard], Question]) -> Callable[[], bool]:
    """Whether the first run is at a question."""
    return lambda: app.wizard is not None and app.wizard.question is question(app.wizard)


def press(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key, pressed and let go."""
    QTest.keyClick(widget, key, modifier)


class Keyboard:
    """Somebody who uses nothing else, and counts."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.presses = 0

    def enter(self) -> None:
        """Enter, wherever the focus is."""
        self.presses += 1
        wizard = wizard_of(self._app)
        press(wizard.focusWidget() or wizard, Qt.Key.Key_Return)

    def paste(self, text: str) -> None:
        """From the clipboard."""
        self.presses += 1
        QGuiApplication.clipboard().setText(text)
        field = wizard_of(self._app).focusWidget()
        assert field is not None
        press(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


def tell_outlet(app: App, url: str, qtbot: QtBot) -> Keyboard:
    """Start, and answer up to the API key."""
    app.start()
    keyboard = Keyboard(app)
    qtbot.waitUntil(at(app, lambda wizard: wizard.language))
    qtbot.waitUntil(lambda: wizard_of(app).language.kept is not None)
    keyboard.enter()
    qtbot.waitUntil(at(app, lambda wizard: wizard.outlet))
    for text in (OUTLET_ID, OUTLET_CODE, url):
        keyboard.paste(text)
        keyboard.enter()
    qtbot.waitUntil(at(app, lambda wizard: wizard.key))
    qtbot.waitUntil(lambda: wizard_of(app).key.has_key is not None or bool(wizard_of(app).key.error.whole()))
    return keyboard


def tell_key(app: App, keyboard: Keyboard, key: str, qtbot: QtBot) -> Wizard:
    """And on to the end of the test."""
    keyboard.paste(key)
    keyboard.enter()
    wizard = wizard_of(app)
    qtbot.waitUntil(at(app, lambda wizard: wizard.test))
    qtbot.waitUntil(lambda: not wizard.test.test.is_running, timeout=20_000)
    return wizard


def failed(wizard: Wizard) -> list[str]:
    rows = wizard.test.test.rows
    return [row.accessibleName() for row in rows if wizard.test.test.steps[row.code].result is Result.FAILED]


def test_from_nothing_to_everything_is_sent_with_the_keyboard_alone(
    app: App, cloud: SimulatedCloud, drawer: Drawer, tmp_path: Path, qtbot: QtBot
) -> None:
    keyboard = tell_outlet(app, cloud.url, qtbot)
    wizard = tell_key(app, keyboard, KEY, qtbot)
    assert (failed(wizard), wizard.test.test.has_passed) == ([], True)
    for question in (wizard.webhook, wizard.sources, wizard.autostart, wizard.ready):
        keyboard.enter()
        qtbot.waitUntil(at(app, lambda _, question=question: question))  # type: ignore[misc]  # a default binds it
    qtbot.waitUntil(lambda: wizard.ready.sentence.whole() == "Everything is sent")
    with qtbot.waitSignal(wizard.accepted):
        keyboard.enter()
    assert keyboard.presses == 14
    assert app.wizard is None
    assert (app.status.state, app.window.isVisible()) == (State.IDLE, True)
    assert drawer.held[f"{OUTLET_ID}/api-key"] == KEY
    assert autostart.is_enabled(tmp_path / "data")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert KEY.encode() not in kept


def test_a_wrong_key_is_told_and_another_one_mends_it(app: App, cloud: SimulatedCloud, qtbot: QtBot) -> None:
    keyboard = tell_outlet(app, cloud.url, qtbot)
    wizard = tell_key(app, keyboard, "another-key", qtbot)
    (line,) = failed(wizard)
    assert line.startswith("Key accepted: ")
    assert line.endswith("(N-KEY)")
    assert wizard.next.text() == "Go on all the same"
    wizard.back.click()
    qtbot.waitUntil(lambda: wizard.key.has_key is True)
    tell_key(app, keyboard, KEY, qtbot)
    assert wizard.test.test.has_passed


def test_no_cloud_is_told_and_does_not_hold_the_set_up(app: App, qtbot: QtBot) -> None:
    wizard = tell_key(app, tell_outlet(app, "http://127.0.0.1:1", qtbot), KEY, qtbot)
    (line,) = failed(wizard)
    assert line.startswith("Headquarters answers: ")
    wizard.next.click()
    qtbot.waitUntil(lambda: wizard.question is wizard.webhook)
    assert wizard.rail.steps[3].accessibleName() == "Test connection, not well yet, done"


def test_a_faulty_address_is_told_and_not_kept(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    app.start()
    keyboard = Keyboard(app)
    qtbot.waitUntil(lambda: wizard_of(app).language.kept is not None)
    keyboard.enter()
    for text in (OUTLET_ID, OUTLET_CODE, "http://cloud.example"):
        keyboard.paste(text)
        keyboard.enter()
    outlet = wizard_of(app).outlet
    assert outlet.entries["cloud_url"].line.whole() == "▲ The address begins with https://"
    assert wizard_of(app).question is outlet
    assert settings.load(tmp_path / "data").settings.outlet_id == ""


def test_closed_early_it_comes_back_where_something_is_missing(app: App, cloud: SimulatedCloud, qtbot: QtBot) -> None:
    tell_outlet(app, cloud.url, qtbot)
    press(wizard_of(app), Qt.Key.Key_Escape)
    assert app.wizard is None
    band = app.window.status_page.band
    qtbot.waitUntil(lambda: band.line.whole() == "Missing: API key.")
    assert band.sync.text() == "Set up"
    band.sync.click()
    qtbot.waitUntil(at(app, lambda wizard: wizard.key))
    assert wizard_of(app).outlet.entries["outlet_id"].text() == OUTLET_ID


def test_a_locked_keyring_is_told_with_the_way_on(
    app: App, cloud: SimulatedCloud, drawer: Drawer, qtbot: QtBot
) -> None:
    drawer.is_locked = True
    tell_outlet(app, cloud.url, qtbot)
    error = wizard_of(app).key.error
    qtbot.waitUntil(error.isVisible)
    assert error.whole().startswith("▲ The password store is locked.")
    assert "OUTLET_SYNC_API_KEY" in error.whole()


def test_a_keyring_that_hangs_does_not_hold_the_window(
    app: App, cloud: SimulatedCloud, drawer: Drawer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outlet_sync_gui.ui.keeper.DEADLINE_S", 0.3)  # in place of ten seconds
    drawer.answers.clear()
    tell_outlet(app, cloud.url, qtbot)
    error = wizard_of(app).key.error
    qtbot.waitUntil(error.isVisible)
    assert "did not answer" in error.whole()
    wizard_of(app).back.click()
    assert wizard_of(app).question is wizard_of(app).outlet


def test_what_the_environment_sets_can_only_be_read(
    app: App, cloud: SimulatedCloud, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTLET_SYNC_API_KEY", KEY)
    monkeypatch.setenv("OUTLET_SYNC_CLOUD_URL", cloud.url)
    app.start()
    qtbot.waitUntil(at(app, lambda wizard: wizard.outlet))
    entry = wizard_of(app).outlet.entries["cloud_url"]
    assert (entry.text(), entry.control.isReadOnly()) == (cloud.url, True)
    assert entry.line.whole() == "Set by IT on this PC (OUTLET_SYNC_CLOUD_URL). It can't be changed here."
    keyboard = Keyboard(app)
    for text in (OUTLET_ID, OUTLET_CODE):
        keyboard.paste(text)
        keyboard.enter()
    qtbot.waitUntil(at(app, lambda wizard: wizard.key))
    assert wizard_of(app).key.entry.control.isReadOnly()
    keyboard.enter()
    qtbot.waitUntil(lambda: wizard_of(app).test.test.has_passed)


def test_a_webhook_secret_is_kept_and_forgotten_by_the_window(
    app: App, cloud: SimulatedCloud, drawer: Drawer, qtbot: QtBot
) -> None:
    wizard = tell_key(app, tell_outlet(app, cloud.url, qtbot), KEY, qtbot)
    keyboard = Keyboard(app)
    keyboard.enter()
    qtbot.waitUntil(lambda: wizard.question is wizard.webhook)
    assert wizard.next.text() == "Skip"
    keyboard.paste("short")
    keyboard.enter()
    assert wizard.webhook.entry.line.whole() == "▲ At least 16 characters"
    wizard.webhook.entry.control.selectAll()
    keyboard.paste("a-secret-of-16-characters")
    keyboard.enter()
    qtbot.waitUntil(lambda: wizard.question is wizard.sources)
    assert drawer.held[f"{OUTLET_ID}/webhook-secret"] == "a-secret-of-16-characters"
    assert wizard.webhook.entry.text() == ""


def test_the_token_is_copied_without_being_shown(app: App, cloud: SimulatedCloud, drawer: Drawer, qtbot: QtBot) -> None:
    wizard = tell_key(app, tell_outlet(app, cloud.url, qtbot), KEY, qtbot)
    wizard._go(5)
    qtbot.waitUntil(lambda: wizard.sources.address.field.text().startswith("http://127.0.0.1:"))
    wizard.sources.token.copy.click()
    token = credentials.read("intake-token", outlet_id=OUTLET_ID)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == token)
    assert wizard.sources.token.field.text() == ""
    wizard.sources.show_token.click()
    qtbot.waitUntil(lambda: wizard.sources.token.field.text() == token)


def test_a_language_that_is_chosen_is_spoken_at_once(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    app.start()
    qtbot.waitUntil(lambda: wizard_of(app).language.kept is not None)
    wizard_of(app).language.choice.buttons["id"].click()
    assert wizard_of(app).language.title.whole() == "Pilih bahasa"
    qtbot.waitUntil(lambda: settings.load(tmp_path / "data").settings.language == "id")
    words.use("en")


def test_started_with_the_session_it_asks_nothing(app: App) -> None:
    app.start(is_minimized=True)
    assert app.wizard is None
