"""What every test relies on: no window on a screen, and nothing of the person's own settings, data or keyring."""

import gc
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Before anything loads Qt. A person who wants to see the windows names another platform.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Single tests of minutes: begun first, they leave no core waiting at the end.
LONGEST = frozenset({"test_system_calls.py", "test_simulation.py", "test_power_cut.py", "test_replays_killed.py"})

# Two busy cores make single examples slow; pytest-timeout bounds the whole test. In CI a run is the same each time.
settings.register_profile("outlet-sync", deadline=None, print_blob=True, derandomize=os.environ.get("CI") == "true")
settings.load_profile("outlet-sync")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays: to look through it for garbage, again and again, was a third of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, the rest in its order."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(autouse=True)
def _apart_from_the_person(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes what belongs to whoever runs it."""
    for name in [name for name in os.environ if name.startswith("OUTLET_SYNC_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    home = tmp_path_factory.mktemp("person", numbered=True)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(_made(home / name)))


@pytest.fixture(autouse=True)
def _leaves_no_window() -> Iterator[None]:
    yield
    if "PySide6.QtWidgets" in sys.modules:
        from tests.endings import destroy_windows

        destroy_windows()


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder
