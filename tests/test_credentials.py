"""Secrets against a real Secret Service on a bus of its own; whatever it does, a sentence and never a hang."""

import asyncio
import json
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

WEEK_MS = 7 * 86_400_000


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


def test_the_intake_token_is_shown_and_no_other_secret(bus: dict[str, str], directory: Path) -> None:
    with keyring_daemon(bus):
        assert secret(bus, directory, "show", "intake-token").returncode == 5
        secret(bus, directory, "set", "intake-token", given="of-the-till\n")
        assert secret(bus, directory, "show", "intake-token").stdout == "of-the-till\n"
        assert json.loads(secret(bus, directory, "show", "intake-token", "--json").stdout) == {"value": "of-the-till"}
        assert [secret(bus, directory, "show", name).returncode for name in ("api-key", "webhook-secret")] == [2, 2]


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


@pytest.fixture
def keyring_here(bus: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The keyring of that bus, for this process."""
    import keyring

    before = keyring.get_keyring()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus["DBUS_SESSION_BUS_ADDRESS"])
    keyring.set_keyring(keyring.core.load_keyring("keyring.backends.SecretService.Keyring"))
    with keyring_daemon(bus):
        yield
    keyring.set_keyring(before)


def webhook_secrets() -> list[str]:
    return [each.value for each in asyncio.run(credentials.webhook_secrets(outlet_id=OUTLET_ID))]


def test_a_webhook_secret_that_was_replaced_counts_for_a_day(
    keyring_here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_ms = [1_769_484_600_000]
    monkeypatch.setattr(credentials, "_now_ms", lambda: at_ms[0])  # the machine's clock
    assert webhook_secrets() == []
    for value in ("first", "second", "second"):
        credentials.write("webhook-secret", value, outlet_id=OUTLET_ID)
    assert webhook_secrets() == ["second", "first"]
    (_, former) = asyncio.run(credentials.webhook_secrets(outlet_id=OUTLET_ID))
    assert former.until_ms == at_ms[0] + credentials.FORMER_MS
    credentials.write("webhook-secret", "third", outlet_id=OUTLET_ID)
    assert webhook_secrets() == ["third", "second"]
    at_ms[0] += credentials.FORMER_MS
    assert webhook_secrets() == ["third"]


def test_a_webhook_secret_that_is_deleted_leaves_none_behind(keyring_here: None) -> None:
    for value in ("first", "second"):
        credentials.write("webhook-secret", value, outlet_id=OUTLET_ID)
    credentials.delete("webhook-secret", outlet_id=OUTLET_ID)
    assert webhook_secrets() == []
    credentials.write("webhook-secret", "third", outlet_id=OUTLET_ID)
    assert webhook_secrets() == ["third"]


def test_a_token_is_made_once(keyring_here: None) -> None:
    made = asyncio.run(credentials.intake_token(outlet_id=OUTLET_ID))
    assert len(made) == 43
    assert asyncio.run(credentials.intake_token(outlet_id=OUTLET_ID)) == made
    assert credentials.read("intake-token", outlet_id=OUTLET_ID) == made
    assert asyncio.run(credentials.intake_token(outlet_id="another")) != made


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        (None, None),
        ("", None),
        ("nonsense", None),
        (f"{WEEK_MS}", None),
        (f"{WEEK_MS} s", "s"),
        (f"{WEEK_MS} with space", "with space"),
        (f"{WEEK_MS - credentials.FORMER_MS} s", None),
        (f"{WEEK_MS - credentials.FORMER_MS + 1} s", "s"),
        (f"{WEEK_MS + credentials.FORMER_MS - 1} s", "s"),
        (f"{WEEK_MS + credentials.FORMER_MS} s", None),
        ("-5 s", None),
    ],
)
def test_a_former_secret_counts_within_a_day_of_either_clock(entry: str | None, value: str | None) -> None:
    found = credentials._former(entry, now_ms=WEEK_MS)
    assert (found.value if found else None) == value


def test_a_call_that_hangs_is_joined_and_not_made_again() -> None:
    go_on, calls = threading.Event(), []

    def hangs() -> str:
        calls.append(1)
        go_on.wait()
        return "s"

    async def twice() -> tuple[str, str]:
        with pytest.raises(CredentialsMissing) as given_up:
            await credentials._awaited("entry", hangs, 0.05)
        again = asyncio.create_task(credentials._awaited("entry", hangs, 5))
        await asyncio.sleep(0)
        go_on.set()
        return given_up.value.code, await again

    assert asyncio.run(twice()) == ("keyring_silent", "s")
    assert len(calls) == 1


def test_a_secret_is_not_told_by_its_looks() -> None:
    assert "hush" not in repr(credentials.WebhookSecret("hush", until_ms=5))


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLET_SYNC_API_KEY", "  from-env \n")
    assert credentials.read("api-key", outlet_id=OUTLET_ID) == "from-env"
    assert asyncio.run(credentials.read_async("api-key", outlet_id=OUTLET_ID)) == "from-env"
    monkeypatch.setenv("OUTLET_SYNC_INTAKE_TOKEN", "token")
    assert asyncio.run(credentials.intake_token(outlet_id=OUTLET_ID)) == "token"
    monkeypatch.setenv("OUTLET_SYNC_WEBHOOK_SECRET", "secret")
    assert webhook_secrets() == ["secret"]


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
