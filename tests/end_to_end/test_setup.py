"""`setup --from`: a till is rolled out without a click, or nothing of it is kept."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import OUTLET_CODE, OUTLET_ID, order
from tests.fakes import KEY, answer, command, environment, running_service
from tests.secret_service import keyring_daemon, lock, missing, session_bus

from outlet_sync_gui import settings
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State

LETTER = {"outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE, "webhook_port": 0, "intake_port": 0}


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, outlet_id=OUTLET_ID)) as running:
        yield running


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


def letter(tmp_path: Path, **more: object) -> str:
    """A file of settings as headquarters hands it out."""
    file = tmp_path / "outlet.json"
    file.write_text(json.dumps({**LETTER, **more}))
    return str(file)


def test_from_an_empty_directory_to_everything_is_sent_without_a_click(
    directory: Path, cloud: SimulatedCloud, tmp_path: Path
) -> None:
    done = command(directory, "setup", "--from", letter(tmp_path, cloud_url=cloud.url), "--json")
    assert done.returncode == 0
    assert answer(done) == {
        "success": True,
        "settings": ["cloud_url", "intake_port", "outlet_code", "outlet_id", "webhook_port"],
        "api_key": "environment",
        "service": "stopped",
    }
    command(directory, "enqueue", "order", given=json.dumps(order("A1")))
    assert command(directory, "sync").returncode == 0
    assert command(directory, "status").stdout.splitlines()[0] == "Everything is sent"
    assert cloud.call(lambda c: ("order", "A1") in c.records)


def test_again_is_fine_and_changes_nothing(directory: Path, cloud: SimulatedCloud, tmp_path: Path) -> None:
    file = letter(tmp_path, cloud_url=cloud.url)
    first = command(directory, "setup", "--from", file, "--json")
    text = settings.settings_file(directory).read_text()
    again = command(directory, "setup", "--from", file, "--json")
    assert answer(again) == answer(first)
    assert settings.settings_file(directory).read_text() == text


def test_a_service_that_runs_takes_it_up(directory: Path, cloud: SimulatedCloud, tmp_path: Path) -> None:
    settings.save(settings.prepare_directory(directory), {"webhook_port": 0, "intake_port": 0})
    with running_service(directory) as service:
        service.until(lambda status: status.state is State.SETUP)
        done = command(directory, "setup", "--from", letter(tmp_path, cloud_url=cloud.url))
        service.until(lambda status: status.state is State.IDLE)
    assert done.stdout.splitlines()[-1] == "The service takes it up."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"outlet_id": "1",', "no JSON object"),
        ("[]", "no JSON object"),
        ('{"outlet_id": "1", "api_key": "secret"}', "There is no setting api_key"),
        ('{"outlet_id": "1", "outlet_code": "J", "cloud_url": "http://cloud.example"}', "cloud_url can't be"),
        ('{"outlet_id": "1", "outlet_code": "J"}', "The setting cloud_url is missing"),
        ("\udcff", "can't be read"),
    ],
)
def test_what_can_not_work_is_said_and_nothing_is_kept(
    directory: Path, tmp_path: Path, content: str, sentence: str
) -> None:
    file = tmp_path / "outlet.json"
    file.write_text(content, errors="surrogateescape")
    done = command(directory, "setup", "--from", str(file), given="a-key")
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert not settings.settings_file(directory).exists()


def test_a_file_that_is_not_there_is_named(directory: Path) -> None:
    done = command(directory, "setup", "--from", "nowhere.json")
    assert (done.returncode, "nowhere.json can't be read" in done.stderr) == (2, True)


def test_without_a_password_store_nothing_is_kept_and_the_way_on_is_named(directory: Path, tmp_path: Path) -> None:
    env = environment(directory)
    del env["OUTLET_SYNC_API_KEY"]
    file = letter(tmp_path, cloud_url="https://cloud.example")
    done = command(directory, "setup", "--from", file, given="a-key", env=env)
    assert (done.returncode, "OUTLET_SYNC_API_KEY" in done.stderr) == (5, True)
    assert not settings.settings_file(directory).exists()


def test_the_key_goes_from_standard_input_into_the_password_store(directory: Path, tmp_path: Path) -> None:
    if (name := missing()) is not None:
        assert os.environ.get("CI") != "true", f"{name} is missing, and CI must not pass this over"
        pytest.skip(f"{name} is not installed")
    (home := tmp_path / "home").mkdir(mode=0o700)
    file = letter(tmp_path, cloud_url="https://cloud.example")
    with session_bus(home) as bus, keyring_daemon(bus):
        env = {**environment(directory), **bus}
        del env["OUTLET_SYNC_API_KEY"]
        none = command(directory, "setup", "--from", file, env=env)
        first = command(directory, "setup", "--from", file, "--json", given="s3cret-key\n", env=env)
        again = command(directory, "setup", "--from", file, "--json", env=env)
        lock(bus)
        locked = command(directory, "setup", "--from", file, given="another", env=env)
    assert (none.returncode, locked.returncode) == (5, 5)
    assert (answer(first)["api_key"], answer(again)["api_key"]) == ("stored", "kept")
    assert all(b"s3cret" not in path.read_bytes() for path in directory.rglob("*") if path.is_file())
