"""What doctor says of the doors: open, off, not needed, or shut and why."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import OUTLET_ID
from tests.fakes import KEY, answer, command, configure, environment, running_service

from outlet_sync_gui import settings
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.support.doctor import examine, try_line
from outlet_sync_gui.support.ladder import READINGS, Result

SECRETS = {"OUTLET_SYNC_INTAKE_TOKEN": "token-of-the-till", "OUTLET_SYNC_WEBHOOK_SECRET": "secret-of-headquarters"}


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("OUTLET_SYNC_API_KEY", KEY)
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, outlet_id=OUTLET_ID)) as cloud:
        yield configure(tmp_path / "data", cloud.url)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def doors(directory: Path) -> list[tuple[str, str, str | None]]:
    """Name, result and code of the last two checks."""
    return [(check.name, check.result.value, check.code) for check in examine(directory)][-2:]


def test_doors_that_open_pass(directory: Path, secrets: None) -> None:
    assert doors(directory) == [("webhook", "passed", None), ("intake", "passed", None)]


def test_what_nobody_has_to_have_is_no_failure(directory: Path) -> None:
    assert doors(directory) == [("webhook", "off", "D-SECRET"), ("intake", "off", "D-TOKEN")]


def test_what_is_switched_off_is_no_failure(directory: Path) -> None:
    settings.save(directory, {"webhook_enabled": False, "intake_enabled": False})
    assert doors(directory) == [("webhook", "off", None), ("intake", "off", None)]


def test_a_short_secret_fails(directory: Path, secrets: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLET_SYNC_WEBHOOK_SECRET", "short")
    assert doors(directory)[0] == ("webhook", "failed", "D-SHORT")


def test_beside_a_service_its_doors_are_told(directory: Path, secrets: None) -> None:
    """Which hold their ports themselves."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = {"webhook_port": one.getsockname()[1], "intake_port": other.getsockname()[1]}
    settings.save(directory, ports)
    with running_service(directory):
        assert doors(directory) == [("webhook", "passed", None), ("intake", "passed", None)]
    with socket.create_server(("127.0.0.1", ports["intake_port"])), running_service(directory):
        assert doors(directory)[1] == ("intake", "failed", "D-PORT")


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_taken_port_has_its_sentence_and_exit_code(language: str, directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings.save(directory, {"webhook_port": port})
        env = environment(directory, **SECRETS)
        done = command(directory, "doctor", language=language, env=env)
        checks = answer(command(directory, "doctor", "--json", env=env))
    told = next(check for check in checks if check["check"] == "webhook")
    said = {
        "en": f"✗ Instant updates: port {port} is taken. End the program that uses it, or set another one.",
        "id": f"✗ Kabar langsung: port {port} sudah dipakai. Tutup program yang memakainya, atau setel port lain.",
    }
    (line, _) = done.stdout.splitlines()[-4:-2]
    assert (done.returncode, line.startswith(said[language]), line.endswith("(D-PORT)")) == (2, True, True), line
    assert (told["code"], told["facts"]["port"], told["result"]) == ("D-PORT", port, "failed")


def test_the_sentences_of_doors_that_are_well(directory: Path) -> None:
    well = command(directory, "doctor", env=environment(directory, **SECRETS)).stdout.splitlines()[-4:-2]
    settings.save(directory, {"webhook_enabled": False})
    less = command(directory, "doctor").stdout.splitlines()[-4:-2]
    assert [line.partition(". ")[0] for line in well] == ["✓ Instant updates", "✓ The till's connection"]
    assert "announcements and settings" in well[0]
    assert less[0] == "– Instant updates: switched off"
    assert less[1].startswith("– The till's connection has no token, as this PC has no password store.")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("id", "✓ Kunci API, dari variabel OUTLET_SYNC_API_KEY"),
        ("en", "✓ API key, from the variable OUTLET_SYNC_API_KEY"),
    ],
)
def test_where_the_key_comes_from_is_told(directory: Path, language: str, said: str) -> None:
    assert said in command(directory, "doctor", language=language).stdout.splitlines()


# -- whether headquarters can be read back


@pytest.mark.parametrize(("extras", "found"), [(True, ("passed", None)), (False, ("off", "extras_missing"))])
def test_whether_headquarters_can_be_read_back_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extras: bool, found: tuple[str, str | None]
) -> None:
    monkeypatch.setenv("OUTLET_SYNC_API_KEY", KEY)
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, extras=extras)) as cloud:
        directory = configure(tmp_path / "data", cloud.url)
        checks = {check.name: (check.result.value, check.code) for check in examine(directory)}
        (step,) = [step for step in try_line(directory) if step.code == READINGS]
        assert cloud.call(lambda c: list(c.violations)) == []
    assert (checks["readings"], step.result.value) == (found, found[0])


def test_of_a_line_that_fails_that_is_not_said(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLET_SYNC_API_KEY", "another")
    assert next(check.result for check in examine(directory) if check.name == "readings") is Result.UNCHECKED
    assert all(step.code != READINGS for step in try_line(directory))


def test_beside_a_service_it_is_found_out_too(directory: Path, secrets: None) -> None:
    with running_service(directory):
        assert next(check.code for check in examine(directory) if check.name == "readings") == "extras_missing"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "✓ Headquarters can be read back. Compare a day: config set cloud_extras on, then “summary reconcile”."),
        ("id", "✓ Data pusat bisa dibaca. Untuk membandingkan satu hari: config set cloud_extras on, "),
    ],
)
def test_doctor_says_how_to_use_it(tmp_path: Path, language: str, said: str) -> None:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, extras=True)) as cloud:
        directory = configure(tmp_path / "data", cloud.url)
        done = command(directory, "doctor", language=language)
    assert any(line.startswith(said) for line in done.stdout.splitlines()), done.stdout
