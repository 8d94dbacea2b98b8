"""Secrets against a real Secret Service on a bus of its own; whatever it does, a sentence and never a hang."""

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import OUTLET_ID
from tests.fakes import command, configure, environment, program, until_running
from tests.secret_service import keyring_daemon, lock, missing, session_bus, silent_owner

from outlet_sync_gui import credentials
from outlet_sync_gui.errors import CredentialsMissing, InputRefused


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[dict[str, str]]:
    if (name := missing()) is not None:
        assert os.environ.get("CI") != "true", f"{name} is missing, and CI must not pass this over"
        pytest.skip(f"{name} is not installed")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with session_bus(home) as env:
        yield env


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return configure(tmp_path / "data", "http://127.0.0.1:1")


def secret(bus: dict[str, str], directory: Path, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    env = {**environment(directory), **bus, "OUTLET_SYNC_DATA_DIR": str(directory)}
    del env["OUTLET_SYNC_API_KEY"]
    return command(directory, "secret", *words, given=given, env=env)


def test_a_key_is_kept_found_and_forgotten(bus: dict[str, str], directory: Path) -> None:
    with keyring_daemon(bus):
        assert secret(bus, directory, "check", "api-key").returncode == 5
        done = secret(bus, directory, "set", "api-key", given="s3cret-key\n")
        assert (done.returncode, "s3cret" in done.stdout + done.stderr) == (0, False)
        assert secret(bus, directory, "check", "api-key").returncode == 0
        assert secret(bus, directory, "delete", "api-key").returncode == 0
        assert secret(bus, directory, "delete", "api-key").returncode == 0
        assert secret(bus, directory, "check", "api-key").returncode == 5
    for path in directory.rglob("*"):
        assert not path.is_file() or b"s3cret" not in path.read_bytes()


def test_each_outlet_and_name_has_its_own(bus: dict[str, str], directory: Path) -> None:
    with keyring_daemon(bus):
        secret(bus, directory, "set", "api-key", given="one")
        assert secret(bus, directory, "check", "webhook-secret").returncode == 5
        configure(directory, "http://127.0.0.1:1", outlet_id="another")
        assert secret(bus, directory, "check", "api-key").returncode == 5


def test_a_locked_keyring_is_a_sentence(bus: dict[str, str], directory: Path) -> None:
    with keyring_daemon(bus):
        secret(bus, directory, "set", "api-key", given="one")
        lock(bus)
        started = time.monotonic()
        done = secret(bus, directory, "check", "api-key")
        assert done.returncode == 5
        assert done.stderr.startswith("outlet-sync-gui: The password store")
        assert time.monotonic() - started < 20


def test_a_keyring_that_never_answers_is_given_up_and_does_not_hold_the_process(
    bus: dict[str, str], directory: Path
) -> None:
    with silent_owner(bus):
        started = time.monotonic()
        done = secret(bus, directory, "check", "api-key")
        took = time.monotonic() - started
    assert done.returncode == 5
    assert "did not answer within 10 s" in done.stderr
    assert took < credentials.DEADLINE_S + 4


def test_a_service_whose_keyring_hangs_answers_and_ends_in_time(bus: dict[str, str], directory: Path) -> None:
    env = {**environment(directory), **bus, "OUTLET_SYNC_DATA_DIR": str(directory)}
    del env["OUTLET_SYNC_API_KEY"]
    with silent_owner(bus):
        process = subprocess.Popen([*program(), "run"], env=env, stderr=subprocess.DEVNULL)
        until_running(directory)
        process.send_signal(signal.SIGTERM)
        assert process.wait(2) == 0


def test_without_a_bus_it_is_missing_at_once(directory: Path) -> None:
    env = environment(directory)
    del env["OUTLET_SYNC_API_KEY"]
    done = command(directory, "secret", "check", "api-key", env=env)
    assert done.returncode == 5
    assert done.stderr.startswith("outlet-sync-gui: This PC has no password store.")


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLET_SYNC_API_KEY", "  from-env \n")
    assert credentials.read("api-key", outlet_id=OUTLET_ID) == "from-env"
    assert asyncio.run(credentials.read_async("api-key", outlet_id=OUTLET_ID)) == "from-env"


@pytest.mark.parametrize("value", ["", "   \n", "a\nb", "é", "x" * 5000])
def test_what_no_key_can_be_is_refused(value: str) -> None:
    with pytest.raises(InputRefused):
        credentials.write("api-key", value, outlet_id=OUTLET_ID)


def test_plain_text_stores_are_no_keyrings(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    before = keyring.get_keyring()
    keyring.set_keyring(keyring.core.load_keyring("keyring.backends.null.Keyring"))
    try:
        with pytest.raises(CredentialsMissing) as refused:
            credentials.write("api-key", "k", outlet_id=OUTLET_ID)
    finally:
        keyring.set_keyring(before)
    assert refused.value.code == "keyring_missing"


def test_giving_up_leaves_the_call_behind() -> None:
    never = threading.Event()
    with pytest.raises(CredentialsMissing) as given_up:
        credentials._within(0.05, never.wait)
    assert given_up.value.code == "keyring_silent"
    never.set()
