"""The whole program for somebody who sees nothing: names, roles, states, and what is said by itself, over AT-SPI."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import polib
import pytest
from tests.builders import OUTLET_CODE, Bench, order, product, refused
from tests.desktop.desk import choose_in_tray, need, panel
from tests.desktop.reader import ALWAYS_ON, ScreenReader, Thing, screen_reader
from tests.desktop.test_panel import started
from tests.fakes import KEY, configure, until_running
from tests.sync.headquarters import agree, disputed, hear, news

from outlet_sync_gui import words
from outlet_sync_gui.resources import resource
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.sync.clock import iso, now
from outlet_sync_gui.sync.closing import Check
from outlet_sync_gui.ui.widgets import BREAK

HOUR_MS = 3_600_000
PRICES = {"P2": ("Es Teh", 8_000, 9_000), "P3": ("Es Jeruk", 8_000, 0)}  # as agreed, and as headquarters has them
GAPS = (BREAK, ", .", ". .")  # places to break a line at, and an empty part of a sentence
LOOKS = 60  # at a program that is at work: each takes a while
SECTIONS = ("Outlet", "Keys", "Schedule", "Sources", "Closing", "Look", "Help")
RAIL = {
    *("list item Status", "list item Queue, 2", "list item Needs attention, 2", "list item Conflicts, 2"),
    *("list item Activity", "list item Messages", "list item Menu changes, 2", "list item Daily summary"),
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
    "Menu changes": {"push button Done on the till", "cell Es Teh", "push button Approve", "push button Refuse"},
    "Daily summary": {
        *("push button Send summary", "push button Day before", "button menu Save as", "push button Technical details"),
        *("push button See: 2 not sent", "push button Compare: 2 conflicts open", "table Revenue by hour"),
    },
}
RECORDS = ["Time", "Name", "Details", "Total", "State", "Chosen"]
HOURS = ["Hour", "Orders", "Revenue"]
REFUSED = ["Chosen", "Name", "Details", "Total", "Time", "Tries", "Open"]
INDONESIAN = {e.msgid: e.msgstr for e in polib.pofile(str(resource("i18n", "id.po"))) if e.msgid != e.msgstr}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    words.use("en")
    yield
    words.use("en")


def plant(directory: Path) -> None:
    """A refused order, two prices that differ, one that changed, and one that headquarters sets to nothing."""
    bench = Bench(directory, wall_ms=now().wall_ms - HOUR_MS)
    bench.pull()
    disputed(bench)
    for number, (name, before, after) in PRICES.items():
        agree(bench, number, name=name, price=before)
        hear(bench, news(number, price=after))
    agree(bench, "P4", name="Soto")
    bench.put("product", product("P4", name="Soto", price=38_000))
    hear(bench, news("P4", price=40_000))
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
        if told >= {*wanted, *(() if page == words.say("Status") else (f"label {page}",))}:
            return things
    raise AssertionError((page, {*wanted} - told))


def heard_of(reader: ScreenReader) -> list[Thing]:
    """All that is shown; what can be reached has a name, or is an empty cell of a table. No name has gaps in it."""
    things = list(reader.shown())
    assert [thing.name for thing in things if any(gap in thing.name for gap in GAPS)] == []
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


def walk_decisions(reader: ScreenReader) -> None:
    go_to(reader, "Needs attention")
    press(reader, "Discard")
    assert not found(reader, "Entered twice", "radio button").is_checked
    press(reader, "Entered twice", "radio button")
    assert found(reader, "Entered twice", "radio button").is_checked
    leave(reader, "Cancel")
    press(reader, "Edit and resend")
    found(reader, "Content of Order A1", "text")
    leave(reader, "Cancel")
    go_to(reader, "Status")
    press(reader, "Conflicts: 2. choose what holds")
    assert found(reader, "Keep local")  # as soon as it is read
    assert [side.is_checked for side in sides(reader)] == [False, False]
    assert not found(reader, "Apply", is_usable=False).is_enabled
    press(reader, "Keep local")
    assert found(reader, "Apply").is_enabled
    assert [side.is_checked for side in sides(reader)] == [True, False]
    reader.press(sides(reader)[1])
    assert [side.is_checked for side in sides(reader)] == [False, True]
    leave(reader, "Later")


def sides(reader: ScreenReader) -> list[Thing]:
    """Both values of the only field that differs, ours first."""
    values = ("Local · this outlet: Rp38.000. ", "Cloud · headquarters: Rp40.000. ")
    return [thing for thing in reader.shown() if thing.role == "radio button" and thing.name.startswith(values)]


def walk_dialogs(reader: ScreenReader, tray: tuple[dict[str, str], str]) -> None:
    """What opens to be read, and what is asked, in the language that is spoken here, too."""
    look_at_details(reader)
    look_at_question(reader)
    look_at_same(reader)
    choose_in_tray(*tray, words.say("About Outlet Sync"))
    assert found(reader, words.say("Log folder"))
    assert found(reader, f"{words.say('Outlet')}: {OUTLET_CODE}", "label")
    leave(reader, words.say("Close"))


def look_at_details(reader: ScreenReader) -> None:
    go_to(reader, words.say("Queue"))
    cell = found(reader, f"{words.type_name('order').capitalize()} A1", "cell")
    if not cell.is_selected:
        reader.press(cell)
    press(reader, words.say("Details"))
    technical = words.say("Technical details")
    assert not found(reader, technical, "check box").is_checked
    press(reader, technical, "check box")
    assert found(reader, technical, "check box").is_checked
    assert found(reader, words.say("Content as it is sent"), "text")
    leave(reader, words.say("Close"))


def look_at_question(reader: ScreenReader) -> None:
    """Each answer tells what it answers: there may be several questions."""
    for page in ("Needs attention", "Menu changes"):
        go_to(reader, words.say(page))
        answers = [found(reader, words.answer(choice), "push button") for choice in ("approve", "refuse")]
        assert all("Es Jeruk" in answer.description for answer in answers)
        assert untranslated(heard_of(reader)) == []


def look_at_same(reader: ScreenReader) -> None:
    go_to(reader, words.say("Status"))
    press(reader, f"{words.say('Conflicts')}: 2. {words.say('choose what holds')}")
    press(reader, words.say_n("Same for {n} other price", "Same for {n} other prices", 1))
    keep = words.say("Keep cloud")
    assert not found(reader, keep, "radio button").is_checked
    press(reader, keep, "radio button")
    assert found(reader, keep, "radio button").is_checked
    preview = found(reader, words.say("Once applied"), "list")
    assert [thing.name.partition("\n")[0] for thing in reader.inside(preview)] == ["Soto"]
    leave(reader, words.say("Cancel"))
    leave(reader, words.say("Later"))


def look_at_day(reader: ScreenReader) -> None:
    things = go_to(reader, words.say("Daily summary"))
    press(reader, words.say("Technical details"))
    assert found(reader, words.say("Content as it is sent"), "text")
    leave(reader, words.say("Close"))
    reader.press(next(thing for thing in things if thing.name.startswith(f"{words.say('Business day')}: ")))
    days = found(reader, words.say("Which day?"), "list")
    assert [day.is_selected for day in reader.inside(days)] == [True]
    press(reader, words.say("Other date…").removesuffix("…"))
    assert found(reader, words.say("Month before"), "push button")
    leave(reader, words.say("Cancel"))
    gap = words.check_bad(Check.UNRECORDED, 1)
    press(reader, f"{words.say('See')}: {gap}")
    assert [record.name for record in reader.inside(found(reader, gap, "list"))] != []
    leave(reader, words.say("Close"))


def leave(reader: ScreenReader, name: str) -> None:
    """Everything in the dialog has a name, in the language that is spoken; it is closed by its button."""
    assert untranslated(heard_of(reader)) == []
    press(reader, name)
    assert any(reader.find(name) is None for _ in range(LOOKS))


def untranslated(things: Iterable[Thing]) -> list[str]:
    """What is told in English where Indonesian is spoken."""
    return [thing.name for thing in things if words.language() == "id" and thing.name in INDONESIAN]


def switch(reader: ScreenReader) -> None:
    go_to(reader, "Settings")
    press(reader, "Look", "list item")
    press(reader, "Bahasa Indonesia", "radio button")
    words.use("id")
    assert found(reader, words.say("Settings")).is_focusable


@pytest.mark.timeout(240)  # each look is hundreds of calls, and the program answers while it works
def test_every_page_and_dialog_is_told_in_the_language_that_is_spoken(tmp_path: Path, desk: dict[str, str]) -> None:
    need("/usr/libexec/at-spi-bus-launcher")
    with panel(desk) as shown, at_work(tmp_path / "data", desk) as reader:
        found(reader, "Sync now")
        (item,) = shown.next("RegisterStatusNotifierItem")
        reader.listen()
        press(reader, "Pause")
        assert reader.heard().startswith("Paused")
        press(reader, "Resume")
        walk_pages(reader)
        walk_decisions(reader)
        walk_dialogs(reader, (desk, item))
        switch(reader)
        for page in ("Queue", "Needs attention", "Activity"):
            assert untranslated(go_to(reader, words.say(page))) == []
        walk_dialogs(reader, (desk, item))
        look_at_day(reader)
