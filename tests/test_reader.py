"""What the window reads: on another thread, one wish at a time, the latest of each kind."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from tests.builders import OUTLET_ID, order, read

from outlet_sync_gui.reader import Reader, Record, WantGlance, WantLine, WantRecord, WantRefused
from outlet_sync_gui.store import Store, open_store
from outlet_sync_gui.sync.records import accept


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    with closing(open_store(tmp_path, OUTLET_ID)) as store:
        accept(store, [read("order", order(f"A{n}")) for n in range(3)], now_ms=1)
    return tmp_path


@pytest.fixture
def reader(directory: Path) -> Iterator[Reader]:
    made = Reader(directory)
    yield made
    made.wait()


@dataclass(frozen=True)
class Slow:
    """A wish whose reading waits until it is let go."""

    name: str
    go: threading.Event = field(compare=False)

    def read(self, _store: Store) -> object:
        assert self.go.wait(10)
        return threading.get_ident()


def test_reading_is_done_on_another_thread(reader: Reader, qtbot: QtBot) -> None:
    go = threading.Event()
    go.set()
    with qtbot.waitSignal(reader.found) as found:
        reader.read(OUTLET_ID, Slow("a", go))
    assert found.args[1] != threading.get_ident()


def test_a_later_wish_replaces_a_waiting_one_of_its_kind_alone(reader: Reader, qtbot: QtBot) -> None:
    go, found = threading.Event(), list[object]()
    reader.found.connect(lambda wish, _: found.append(wish))
    first = Slow("first", go)
    reader.read(OUTLET_ID, first)
    for search in ("A", "A1", "A2"):
        reader.read(OUTLET_ID, WantLine(search))
    reader.read(OUTLET_ID, WantRefused())
    go.set()
    qtbot.waitUntil(lambda: len(found) == 3)
    assert found == [first, WantLine("A2"), WantRefused()]


def test_each_wish_finds_its_own(directory: Path, reader: Reader, qtbot: QtBot) -> None:
    found: dict[object, object] = {}
    reader.found.connect(lambda wish, value: found.update({wish: value}))
    with closing(open_store(directory, OUTLET_ID)) as store:
        (row, *_) = store.views.line(limit=1)
    wishes = (WantGlance(has_refused=True, has_waiting=True), WantLine("A1"), WantRefused(), WantRecord(row))
    for wish in wishes:
        reader.read(OUTLET_ID, wish)
    qtbot.waitUntil(lambda: len(found) == len(wishes))
    glance, line, refused, record = (found[wish] for wish in wishes)
    assert isinstance(glance, list)
    assert len(glance) == 3
    assert isinstance(line, list)
    assert [row.local_id for row in line] == ["A1"]
    assert refused == []
    assert isinstance(record, Record)
    assert (record.local_id, record.history) == ("A2", ())


def test_a_damaged_store_ends_no_later_reading(directory: Path, reader: Reader, qtbot: QtBot) -> None:
    found: list[object] = []
    reader.found.connect(lambda wish, _: found.append(wish))
    with closing(sqlite3.connect(directory / "outlet-sync.db")) as database:
        (known,) = database.execute("PRAGMA user_version").fetchone()
        database.execute("PRAGMA user_version = 99")
        database.commit()
    reader.read(OUTLET_ID, WantLine())
    qtbot.waitUntil(lambda: not reader._is_busy)
    with closing(sqlite3.connect(directory / "outlet-sync.db")) as database:
        database.execute(f"PRAGMA user_version = {known}")
        database.commit()
    reader.read(OUTLET_ID, WantRefused())
    qtbot.waitUntil(lambda: found == [WantRefused()])


def test_after_the_end_nothing_new_begins(reader: Reader) -> None:
    go = threading.Event()
    reader.read(OUTLET_ID, Slow("a", go))
    reader.read(OUTLET_ID, WantLine())
    go.set()
    reader.wait()
    assert reader._wanted == {}


@dataclass(frozen=True)
class Broken:
    """A wish with a bug."""

    def read(self, _store: Store) -> object:
        raise ZeroDivisionError("a bug")


def test_a_bug_is_logged_and_ends_no_later_reading(
    reader: Reader, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    reader.read(OUTLET_ID, Broken())
    with qtbot.waitSignal(reader.found) as found:
        reader.read(OUTLET_ID, WantRefused())
    assert found.args[0] == WantRefused()
    assert "ZeroDivisionError" in caplog.text
