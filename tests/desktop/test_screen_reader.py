"""The whole program for somebody who sees nothing: names, roles, states, and what is said by itself, over AT-SPI."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import polib
import pytest
from tests.builders import Bench, order, refused
from tests.desktop.desk import need
from tests.desktop.reader import ALWAYS_ON, ScreenReader, Thing, screen_reader
from tests.desktop.test_panel import started
from tests.fakes import KEY, configure, until_running
from tests.sync.headquarters import agree, disputed, hear, news

from outlet_sync_gui.resources import resource
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.sync.clock import iso, now

HOUR_MS = 3_600_000
LOOKS = 60  # at a program that is at work: each takes a while
SECTIONS = ("Outlet", "Keys", "Schedule", "Sources", "Closing", "Look", "Help")
RAIL = {
    *("list item Status", "list item Queue, 1", "list item Needs attention, 1", "list item Conflicts, 1"),
    *("list item Activity", "list item Messages", "list item Menu changes, 1", "list item Daily summary"),
}
# A page, and what of the stable names (interface.md) stands there.
PAGES = {
    "Status": {*RAIL, "push button Sync now", "push button Pause", "push button Settings", "push button Retry"},
    "Queue": {
        *("push button Retry", "push button Edit and resend", "push button Discard", "push button Details"),
        *("text Search by number or name", "cell Order A1", "cell not ticked"),
    },
    "Needs attention": {
        *("push button Retry", "push button Edit and resend", "push button Discard", "cell Order A1", "cell ticked"),
    },
    "Activity": {"radio button All", "radio button Decided", "push button Undo", "push button Copy", "cell Es Teh"},
    "Messages": {"label Nothing new from headquarters"},
    "Menu changes": {"push button Done on the till", "cell Es Teh"},
    "Daily summary": {
        *("push button Send summary", "push button Day before", "button menu Save as", "push button Technical details"),
        *("push button See: 1 not sent", "push button Compare: 1 conflict open", "table Revenue by hour"),
    },
}
RECORDS = ["Time", "Name", "Details", "Total", "State", "Chosen"]
HOURS = ["Hour", "Orders", "Revenue"]
REFUSED = ["Chosen", "Name", "Details", "Total", "Time", "Tries", "Open"]
INDONESIAN = {e.msgid: e.msgstr for e in polib.pofile(str(resource("i18n", "id.po"))) if e.msgid != e.msgstr}


def plant(directory: Path) -> None:
    """A refused order, a price that differs, and one that changed."""
    bench = Bench(directory, wall_ms=now().wall_ms - HOUR_MS)
    bench.pull()
    disputed(bench)
    agree(bench, "P2", name="Es Teh")
    hear(bench, news("P2", price=9_000))
    bench.put("order", order("A1", total_amount=187_000, created_at=iso(now().wall_ms)))
    bench.settle(bench.push(), refused("Table B-12 not registered"))
    bench.store.close()


@contextmanager
def at_work(directory: Path, desk: dict[str, str]) -> Iterator[ScreenReader]:
    """The program with these records, and somebody who hears it."""
    with ExitStack() as stack:
        cloud = stack.enter_context(SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY)))
        reader = stack.enter_context(screen_reader(desk))
        configure(directory, cloud.url, language="en")
        plant(directory)
        stack.enter_context(started(directory, {**desk, **ALWAYS_ON}))
        until_running(directory)
        yield reader


def found(reader: ScreenReader, name: str, role: str = "", *, is_usable: bool = True) -> Thing:
    """What is called so, as soon as it is there, and can be used if that is wanted."""
    looks = (reader.find(name, role) for _ in range(LOOKS))
    thing = next((thing for thing in looks if thing is not None and (thing.is_enabled or not is_usable)), None)
    assert thing is not None, f"{name!r} is not told: {[each.name for each in reader.shown()]}"
    return thing


def press(reader: ScreenReader, name: str, role: str = "push button") -> None:
    reader.press(found(reader, name, role))


def go_to(reader: ScreenReader, page: str, wanted: Collection[str] = ()) -> list[Thing]:
    """Choose a page by its name, without its count; all that is told of it as soon as that is there."""
    entry = next(each for each in reader.shown() if each.is_focusable and each.name.partition(",")[0] == page)
    if not entry.is_selected:
        reader.press(entry)
    for _ in range(LOOKS):
        things = heard_of(reader)
        told = {f"{thing.role} {thing.name}" for thing in things}
        if told >= {*wanted, *(() if page == "Status" else (f"label {page}",))}:
            return things
    raise AssertionError((page, {*wanted} - told))


def heard_of(reader: ScreenReader) -> list[Thing]:
    """All that is shown; what can be reached has a name, or is an empty cell of a table."""
    things = list(reader.shown())
    reached = [thing for thing in things if thing.is_focusable and thing.role != "cell"]
    names = {thing.place: reader.labels(thing) if thing.role == "combo box" else [thing.name] for thing in reached}
    assert [thing for thing in reached if not "".join(names[thing.place]).strip()] == []
    return things


def walk_pages(reader: ScreenReader) -> None:
    for page, wanted in PAGES.items():
        things = go_to(reader, page, wanted)
        tables = [thing for thing in things if thing.role == "table"]
        headings = {"Needs attention": REFUSED, "Daily summary": HOURS}.get(page, RECORDS)
        assert [reader.headings(table) for table in tables] == [headings] * len(tables)
    go_to(reader, "Settings")
    for section in SECTIONS:
        press(reader, section, "list item")
        assert next(thing for thing in heard_of(reader) if thing.name == section).is_selected


def walk_dialogs(reader: ScreenReader) -> None:
    go_to(reader, "Needs attention")
    press(reader, "Discard")
    assert not found(reader, "Entered twice", "check box").is_checked
    press(reader, "Entered twice", "check box")
    assert found(reader, "Entered twice", "check box").is_checked
    leave(reader, "Cancel")
    press(reader, "Edit and resend")
    found(reader, "Content of Order A1", "text")
    leave(reader, "Cancel")
    go_to(reader, "Status")
    press(reader, "Conflicts: 1. choose what holds")
    assert found(reader, "Keep local")  # as soon as it is read
    ours = next(thing for thing in reader.shown() if thing.name.startswith("Local · this outlet: Rp38.000"))
    assert (ours.role, ours.is_checked) == ("check box", False)
    assert not found(reader, "Apply", is_usable=False).is_enabled
    press(reader, "Keep local")
    assert found(reader, "Apply").is_enabled
    leave(reader, "Later")


def leave(reader: ScreenReader, name: str) -> None:
    """Everything in the dialog has a name; it is closed by its button."""
    heard_of(reader)
    press(reader, name)
    assert any(reader.find(name) is None for _ in range(LOOKS))


def switch(reader: ScreenReader) -> None:
    go_to(reader, "Settings")
    press(reader, "Look", "list item")
    press(reader, "Bahasa Indonesia", "radio button")
    assert found(reader, "Pengaturan").is_focusable


@pytest.mark.timeout(240)  # each look is hundreds of calls, and the program answers while it works
def test_every_page_and_dialog_is_told_in_the_language_that_is_spoken(tmp_path: Path, desk: dict[str, str]) -> None:
    need("/usr/libexec/at-spi-bus-launcher")
    with at_work(tmp_path / "data", desk) as reader:
        found(reader, "Sync now")
        reader.listen()
        press(reader, "Pause")
        assert reader.heard().startswith("Paused")
        press(reader, "Resume")
        walk_pages(reader)
        walk_dialogs(reader)
        switch(reader)
        for page in ("Queue", "Needs attention", "Activity"):
            go_to(reader, INDONESIAN.get(page, page))
            assert [each.name for each in heard_of(reader) if each.name in INDONESIAN] == []
