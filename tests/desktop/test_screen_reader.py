"""The program for somebody who sees nothing: names, roles, buttons that can be pressed, and what is said by itself."""

from pathlib import Path

from tests.desktop.desk import need
from tests.desktop.reader import ALWAYS_ON, ScreenReader, Thing, screen_reader
from tests.desktop.test_panel import started
from tests.fakes import KEY, configure, until_running

from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms

PAGES = ("Status", "Queue", "Needs attention", "Conflicts", "Activity", "Messages", "Menu changes", "Daily summary")
BUTTONS = ("Sync now", "Pause", "Settings")
LOOKS = 200  # at a program that is just starting: each takes a while


def found(reader: ScreenReader, name: str) -> Thing:
    """What is called so, as soon as it is there."""
    thing = next((thing for _ in range(LOOKS) if (thing := reader.find(name))), None)
    assert thing is not None, f"{name!r} is not told"
    return thing


def test_what_can_be_reached_has_a_name_and_a_role_and_buttons_do_what_they_say(
    tmp_path: Path, desk: dict[str, str]
) -> None:
    need("/usr/libexec/at-spi-bus-launcher")
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY)) as running, screen_reader(desk) as reader:
        directory = configure(tmp_path / "data", running.url, language="en")
        with started(directory, {**desk, **ALWAYS_ON}):
            until_running(directory)
            assert found(reader, "Sync now")
            things = [thing for thing in reader.things() if thing.is_showing]
            told = {(thing.role, thing.name) for thing in things}
            assert {("list item", name) for name in PAGES} <= told
            assert {("push button", name) for name in BUTTONS} <= told
            assert [thing for thing in things if thing.is_focusable and not thing.name.strip()] == []
            reader.listen()
            reader.press(found(reader, "Pause"))
            assert reader.heard().startswith("Paused")
            reader.press(found(reader, "Resume"))
            assert found(reader, "Pause")
