"""What doctor says of tray and autostart."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.desktop.desk import display, need, panel
from tests.fakes import command, environment

from outlet_sync_gui.desktop import trays
from outlet_sync_gui.desktop.checks import examine


def found(directory: Path) -> dict[str, tuple[str, str | None]]:
    """Result and code of each check."""
    return {check.name: (check.result.value, check.code) for check in examine(directory)}


def test_a_panel_on_the_session_bus_is_a_tray(
    bus: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus["DBUS_SESSION_BUS_ADDRESS"])
    assert found(tmp_path)["tray"] == ("off", "no_tray")
    with panel(bus):
        assert found(tmp_path)["tray"] == ("passed", None)


def test_a_panel_of_the_older_way_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    need("Xvfb", "trayer")
    with display() as desk:
        monkeypatch.setenv("DISPLAY", desk["DISPLAY"])
        assert not trays.has_manager()
        shown = subprocess.Popen(["trayer"], env={**os.environ, **desk}, stderr=subprocess.DEVNULL)
        try:
            assert any(trays.has_manager() for _ in range(100_000))
        finally:
            shown.terminate()
            shown.wait(5)


@pytest.mark.parametrize("place", ["", "unix:path=/nowhere", "disabled:"])
def test_a_bus_that_is_not_there_is_no_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", place)
    monkeypatch.setenv("DISPLAY", ":9999")
    assert found(tmp_path)["tray"] == ("off", "no_tray")


def test_autostart_passes_is_off_or_starts_another_one(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    assert found(one)["autostart"] == ("off", "autostart_off")
    command(one, "autostart", "enable", env=environment(one))
    assert found(one)["autostart"] == ("passed", None)
    assert found(other)["autostart"] == ("failed", "autostart_elsewhere")
    said = command(other, "doctor", language="id").stdout.splitlines()[-1]
    assert said.startswith("✗ Mulai otomatis: PC ini menjalankan yang lain: ")
    assert str(one) in said
