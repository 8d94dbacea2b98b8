"""`setup --from`: a till is rolled out without a click, or nothing of it is kept."""

import json
import os
from argparse import Namespace
from pathlib import Path

import pytest
from tests.builders import OUTLET_CODE, OUTLET_ID, order
from tests.fakes import answer, command, environment, running_service
from tests.secret_service import keyring_daemon, lock, missing, session_bus

from outlet_sync_gui import settings, words
from outlet_sync_gui.commands import USAGE, Context, exit_code
from outlet_sync_gui.commands.setup import set_up
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.simulator import SimulatedCloud
from outlet_sync_gui.status import State

LETTER = {"outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE, "webhook_port": 0, "intake_port": 0}


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
        (b"[]", "line 1: no JSON object"),
        (b'{"outlet_code": "J", "cloud_url": "http://cloud.example"}', "cloud_url can't be “http://cloud.example”"),
    ],
)
def test_what_can_not_work_is_said_and_nothing_is_kept(
    directory: Path, tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "outlet.json"
    file.write_bytes(content)
    done = command(directory, "setup", "--from", str(file), given="a-key")
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert not settings.settings_file(directory).exists()


BAD_FILES: list[tuple[bytes, str]] = [
    (b"", 'line 1: no JSON object. Write the settings like {"outlet_code": "JKT-001"}.'),
    (b'{"outlet_id": "1",\n"outlet_code" "J"}', "line 2: no JSON object"),
    (b'outlet_id = "1"', "line 1: no JSON object"),
    (b"null", "line 1: no JSON object"),
    (b"[" * 100_000, "line 1: no JSON object"),
    (b'{"outlet_id": "1", "outlet_id": "2"}', "the setting outlet_id stands twice. Leave one of them."),
    (b"\xff", "The text is not UTF-8, at byte 0. Save the file as UTF-8."),
    (json.dumps(LETTER).encode("utf-16"), "Save the file as UTF-8."),
    (b'{"outlet_id": "1", "api_key": "s3cret"}', "There is no setting api_key."),
    (b'{"outlet_id": 5}', "outlet_id can't be “5”. Expected: text"),
    (b'{"outlet_id": null}', "outlet_id can't be “null”. Expected: text"),
    (b'{"outlet_code": "a\\u0000b"}', "Expected: letters, digits and signs without accents"),
    (b'{"outlet_code": "\\ud800"}', "Expected: text"),
    (b'{"outlet_code": "%s"}' % ("é" * 9_999).encode(), f"“{'é' * 80}…”"),
    (b'{"cloud_url": "cloud.example"}', "Expected: an address such as https://cloud.example"),
    (b'{"webhook_port": "eight"}', "webhook_port can't be “eight”. Expected: a whole number"),
    (b'{"webhook_port": 65536}', "Expected: ≤ 65535"),
    (b'{"pull_interval_s": NaN}', "pull_interval_s can't be “NaN”. Expected: a whole number"),
    (b'{"language": "fr"}', "language can't be “fr”. Expected: id | en"),
    (b'{"paid_statuses": "lunas"}', "Expected: a list"),
    (b'{"closing_time": "25:00"}', "closing_time can't be “25:00”. Expected: HH:MM"),
    (b'{"outlet_id": "1", "outlet_code": "J"}', "The setting cloud_url is missing."),
    (b'{"outlet_id": " ", "outlet_code": "J", "cloud_url": "https://c.example"}', "The setting outlet_id is missing."),
]


@pytest.mark.parametrize(("content", "sentence"), BAD_FILES)
def test_each_kind_of_bad_file_has_its_sentence(directory: Path, tmp_path: Path, content: bytes, sentence: str) -> None:
    words.use("en")
    file = tmp_path / "outlet.json"
    file.write_bytes(content)
    with pytest.raises(OutletSyncError) as refused:
        set_up(Context(directory, Namespace(file=str(file), json=False)))
    told = words.problem(refused.value)
    assert sentence in told
    assert "s3cret" not in told
    assert exit_code(refused.value) == USAGE
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
