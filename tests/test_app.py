"""The desktop program put together: tray, window, service and reader."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from tests.builders import order
from tests.fakes import KEY, command, configure, environment, program, read_key, until_running

from outlet_sync_gui import channel, words
from outlet_sync_gui.app import App
from outlet_sync_gui.errors import SettingsInvalid
from outlet_sync_gui.settings import load
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State
from outlet_sync_gui.ui.theme import Theme


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY)) as running:
        yield running


@pytest.fixture
def app(tmp_path: Path, cloud: SimulatedCloud, qapp: QApplication) -> Iterator[App]:
    words.use("en")
    made = App(configure(tmp_path, cloud.url), Theme(qapp, is_dark=False), read_key=read_key)
    yield made
    assert made.stop()


def test_a_sale_goes_from_the_till_to_the_window_and_the_cloud(
    app: App, cloud: SimulatedCloud, tmp_path: Path, qtbot: QtBot
) -> None:
    page = app.window.status_page
    app.start()
    assert app.window.isVisible()
    qtbot.waitUntil(lambda: page.band.sentence.whole() == "Everything is sent")
    command(tmp_path, "enqueue", "order", given=json.dumps(order("A1", total_amount=187_000)))
    qtbot.waitUntil(lambda: page.cards.cards[1].line.whole() == "Rp187.000")
    qtbot.waitUntil(lambda: page.list.model.rowCount() == 1)
    assert page.list.model.data(page.list.model.index(0, 1)) == "Order A1"
    assert cloud.call(lambda c: c.total("order", "total_amount")) == 187_000


def test_pause_and_resume_from_the_window(app: App, qtbot: QtBot) -> None:
    band = app.window.status_page.band
    app.start()
    qtbot.waitUntil(lambda: band.sentence.whole() == "Everything is sent")
    band.pause.click()
    qtbot.waitUntil(lambda: band.sentence.whole() == "Paused until resumed")
    band.pause.click()
    qtbot.waitUntil(lambda: band.sentence.whole() == "Everything is sent")


def test_what_was_refused_is_sent_again_from_the_window(
    app: App, cloud: SimulatedCloud, tmp_path: Path, qtbot: QtBot
) -> None:
    page = app.window.status_page
    cloud.call(lambda c: c.rejects.update({"A1": "Table B-12 not registered"}))
    command(tmp_path, "enqueue", "order", given=json.dumps(order("A1")))
    app.start()
    qtbot.waitUntil(lambda: page.band.sentence.whole() == "1 record needs attention")
    cloud.call(lambda c: c.rejects.clear())
    page.list.retry.click()
    qtbot.waitUntil(lambda: page.band.sentence.whole() == "Everything is sent")
    assert cloud.call(lambda c: [arrival.local_id for arrival in c.journal]) == ["A1"]


def test_a_language_that_is_chosen_is_kept(app: App, tmp_path: Path) -> None:
    app.speak("id")
    assert load(tmp_path).settings.language == "id"
    assert app.tray.quit.text() == "Keluar"
    words.use("en")


def test_a_mistake_of_the_service_shows_and_says_that_data_is_safe(app: App) -> None:
    app._ended_badly(None)
    band = app.window.status_page.band
    assert (band.sentence.whole(), app.status.state) == ("Something broke", State.ERROR)
    assert "Data is safe. Tell IT: code E-BUG." in band.line.whole()


def test_the_whole_program_starts_raises_its_window_and_ends_in_time(tmp_path: Path, cloud: SimulatedCloud) -> None:
    directory = configure(tmp_path / "data", cloud.url)
    env = environment(directory, QT_QPA_PLATFORM="offscreen")
    first = subprocess.Popen([*program()], env=env, stderr=subprocess.PIPE)
    try:
        until_running(directory)
        assert channel.ask(directory, {"do": "show"}) == {"shown": True}
        second = subprocess.run([*program()], env=env, timeout=20, capture_output=True, check=False)
        assert second.returncode == 0
        beside = command(directory, "run")
        assert beside.returncode == 6
    finally:
        first.send_signal(signal.SIGTERM)
        _, said = first.communicate(timeout=4)
    assert (first.returncode, b"Traceback" in said) == (0, False)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [("cloud_url", "http://cloud.example", "The setting cloud_url can't be"), ("nonsense", 1, "There is no setting")],
)
def test_settings_that_cannot_work_are_shown_in_the_window(
    tmp_path: Path, qapp: QApplication, key: str, value: object, sentence: str
) -> None:
    words.use("en")
    (configure(tmp_path, "https://cloud.example") / "settings.toml").write_text(f"{key} = {json.dumps(value)}\n")
    app = App(tmp_path, Theme(qapp, is_dark=False), read_key=read_key)
    app.start()
    assert app.status.state is State.ERROR
    assert app.window.status_page.band.line.whole().startswith(sentence)
    assert isinstance(app.failure, SettingsInvalid)
    assert app.stop()


def test_a_tray_beside_a_run_is_6(tmp_path: Path, cloud: SimulatedCloud) -> None:
    directory = configure(tmp_path / "data", cloud.url)
    env = environment(directory, QT_QPA_PLATFORM="offscreen")
    service = subprocess.Popen([*program(), "run"], env=env, stderr=subprocess.DEVNULL)
    try:
        until_running(directory)
        tray = subprocess.run([*program()], env=env, timeout=20, capture_output=True, check=False)
        assert tray.returncode == 6
        assert b"Traceback" not in tray.stderr
    finally:
        service.send_signal(signal.SIGTERM)
        assert service.wait(2) == 0
