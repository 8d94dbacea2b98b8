"""The bridge into Qt: a real thread, real signals, a clean end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from tests.fakes import KEY, configure, read_key

from outlet_sync_gui.errors import AlreadyRunning
from outlet_sync_gui.lock import Lock
from outlet_sync_gui.settings import Settings, save
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.sync.commands import Discard, Pause, Reconcile
from outlet_sync_gui.worker import SyncWorker


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY)) as cloud:
        yield configure(tmp_path, cloud.url)


def is_in(state: State) -> Callable[[Status], bool]:
    def check(status: Status) -> bool:
        return status.state is state

    return check


def test_a_status_arrives_as_a_signal_and_a_command_is_obeyed(directory: Path, qtbot: QtBot) -> None:
    worker = SyncWorker(directory, read_key=read_key)
    with qtbot.waitSignal(worker.status_changed, check_params_cb=is_in(State.IDLE)):
        worker.start()
    with qtbot.waitSignal(worker.status_changed, check_params_cb=is_in(State.PAUSED)):
        worker.send(Pause())
    assert worker.stop()


def test_what_the_service_declines_comes_back_with_its_reason(directory: Path, qtbot: QtBot) -> None:
    worker = SyncWorker(directory, read_key=read_key)
    decision = Discard(who="Rina", names=("order/A1",), reason="entered twice")
    with qtbot.waitSignal(worker.declined) as declined:
        worker.start()
        worker.send(decision)
    command, refusal = declined.args
    assert (command, refusal.code) == (decision, "row_unknown")
    assert worker.stop()


@pytest.mark.parametrize(("is_on", "code"), [(True, "extras_missing"), (False, "extras_off")])
def test_why_headquarters_cannot_be_read_back_comes_as_a_signal(
    directory: Path, qtbot: QtBot, is_on: bool, code: str
) -> None:
    save(directory, {"cloud_extras": is_on})
    worker = SyncWorker(directory, read_key=read_key)
    asked = Reconcile("2026-01-27")
    with qtbot.waitSignal(worker.read_back) as told:
        worker.start()
        worker.send(asked)
    event = told.args[0]
    assert (event.what, event.error.code) == (asked, code)
    assert worker.stop()


def test_a_service_that_may_not_start_is_told(directory: Path, qtbot: QtBot) -> None:
    worker = SyncWorker(directory, read_key=read_key)
    with Lock(directory), qtbot.waitSignal(worker.ended_badly) as told:
        worker.start()
    assert isinstance(told.args[0], AlreadyRunning)
    assert worker.stop()


def test_a_bug_is_logged_and_told(directory: Path, qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    async def bug(_: Settings) -> str:
        raise ZeroDivisionError("a bug")

    worker = SyncWorker(directory, read_key=bug, revive_s=0)
    with qtbot.waitSignal(worker.ended_badly) as told:
        worker.start()
    assert told.args == [None]
    assert "ZeroDivisionError: a bug" in caplog.text
    assert worker.stop()


def test_it_can_be_stopped_before_it_started(directory: Path) -> None:
    assert SyncWorker(directory, read_key=read_key).stop()
