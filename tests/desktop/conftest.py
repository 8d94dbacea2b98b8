"""A display and a session bus, each test its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.desktop.desk import display, need
from tests.secret_service import session_bus


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a session bus."""
    need("dbus-daemon")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with session_bus(home) as env:
        yield env


@pytest.fixture
def desk(bus: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a program on a display, with a session bus."""
    need("Xvfb")
    with display() as more:
        yield {**bus, **more}
