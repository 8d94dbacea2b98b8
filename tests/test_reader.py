"""What the window reads: on another thread, one wish at a time, the latest of each kind."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot
from tests.builders import OUTLET_CODE, OUTLET_ID, Bench, order, product, read, transaction
from tests.sync.headquarters import agree, tell, told_update

from outlet_sync_gui.contract.webhooks import Kind
from outlet_sync_gui.reader import (
    MESSAGES,
    PAST_MESSAGES,
    AnyWish,
    Compared,
    Day,
    DayLine,
    Part,
    QueuePart,
    Reader,
    Record,
    Refused,
    WantActivity,
    WantChanges,
    WantConflicts,
    WantDay,
    WantGaps,
    WantGlance,
    WantLine,
    WantMessages,
    WantReconciled,
    WantRecord,
    WantRefused,
    Wish,
)
from outlet_sync_gui.settings import save
from outlet_sync_gui.store import Store, load_settings, open_store
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.conflicts import Source
from outlet_sync_gui.store.history import Source as Happens
from outlet_sync_gui.store.views import Sought
from outlet_sync_gui.sync.closing import Check, send
from outlet_sync_gui.sync.reconcile import Figures, Reconciled, Told, as_json
from outlet_sync_gui.sync.records import accept
from outlet_sync_gui.sync.summary import Amount, count_due


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
        reader.read(OUTLET_ID, WantLine(Sought(search=search)))
    reader.read(OUTLET_ID, WantRefused())
    go.set()
    qtbot.waitUntil(lambda: len(found) == 3)
    assert found == [first, WantLine(Sought(search="A2")), WantRefused()]


def test_each_wish_finds_its_own(directory: Path, reader: Reader, qtbot: QtBot) -> None:
    found: dict[object, object] = {}
    reader.found.connect(lambda wish, value: found.update({wish: value}))
    with closing(open_store(directory, OUTLET_ID)) as store:
        (row, *_) = store.views.unsent(limit=1)
    wishes = (
        WantGlance(has_refused=True, has_waiting=True),
        WantLine(Sought(search="A1")),
        WantRefused(),
        WantRecord(row),
    )
    for wish in wishes:
        reader.read(OUTLET_ID, wish)
    qtbot.waitUntil(lambda: len(found) == len(wishes))
    glance, line, refused, record = (found[wish] for wish in wishes)
    assert isinstance(glance, list)
    assert len(glance) == 3
    assert isinstance(line, QueuePart)
    assert ([row.local_id for row in line.stretch.rows], line.types) == (["A1"], ["order"])
    assert refused == Refused(groups=[], rows=[])
    assert isinstance(record, Record)
    assert (record.local_id, record.history) == ("A2", ())
    assert (record.queued, record.accepted_at, record.version) == (row, None, 1)


def test_what_headquarters_says_is_read(directory: Path, reader: Reader, qtbot: QtBot) -> None:
    with closing(open_store(directory, OUTLET_ID)) as store:
        numbers = [_start_conflict(store, n) for n in range(3)]
        with store.write():
            store.conflicts.close(numbers[0], who="", notes="", now_ms=2)
            for n in range(MESSAGES + 3):
                text = f"message {n}"
                store.messages.add(message_id=str(n), title="", text=text, level="info", expires_at=None, now_ms=n)
            store.messages.acknowledge(MESSAGES + 3, who="Rina", now_ms=99)
            (record, *_) = store.views.unsent(limit=1)
            for _ in range(3):
                store.changes.note(
                    record.record_id, action="update", version=1, fields={"price": {"to": 1}}, reason=None, now_ms=3
                )
            store.changes.take((2,), who="Rina", now_ms=4)
    opened = _read(reader, qtbot, WantConflicts())
    with_ended = _read(reader, qtbot, WantConflicts(seen=(numbers[0], 77)))
    messages, changes = _read(reader, qtbot, WantMessages()), _read(reader, qtbot, WantChanges())
    assert [conflict.conflict_id for conflict in opened] == numbers[1:]
    assert [conflict.conflict_id for conflict in with_ended] == numbers  # one that never was is left out
    assert len(messages) <= MESSAGES + PAST_MESSAGES
    assert [message.read_by for message in messages].count("Rina") == 1
    assert sum(message.read_at is None for message in messages) == MESSAGES
    assert [change.seq for change in changes] == [1, 3, 2]  # what the till has stands below


def _read(reader: Reader, qtbot: QtBot, wish: Wish) -> Any:
    with qtbot.waitSignal(reader.found) as found:
        reader.read(OUTLET_ID, wish)
    return found.args[1]


def _start_conflict(store: Store, n: int) -> int:
    with store.write():
        return store.conflicts.start(
            record_id=None,
            entity_type="product",
            local_id=f"P{n}",
            cloud_id=None,
            source=Source.WEBHOOK,
            now_ms=1,
        )


@pytest.mark.parametrize(
    ("part", "sources"),
    [
        (Part.ALL, [Happens.DECIDED, Happens.NOTED, Happens.CHANGED]),
        (Part.SENT, []),
        (Part.RECEIVED, [Happens.NOTED, Happens.CHANGED]),
        (Part.DECIDED, [Happens.DECIDED]),
    ],
)
def test_the_history_is_read_in_parts(
    directory: Path, reader: Reader, qtbot: QtBot, part: Part, sources: list[Happens]
) -> None:
    with closing(open_store(directory, OUTLET_ID)) as store, store.write():
        (row, *_) = store.views.queue(limit=1)
        fields = {"price": {"from": 1, "to": 2}}
        store.changes.note(row.record_id, action="update", version=1, fields=fields, reason=None, now_ms=1)
        store.activity.note(What.MERGED, None, now_ms=2)
        store.activity.note(What.RETRIED, row.record_id, now_ms=3, who="Rina")
    with qtbot.waitSignal(reader.found) as found:
        reader.read(OUTLET_ID, WantActivity(part))
    assert [happened.entry.key.source for happened in found.args[1]] == sources


def test_after_a_reading_qt_makes_what_it_is_asked_for(reader: Reader, qtbot: QtBot) -> None:
    """PySide took a new action for a runnable that had stood at its address."""
    for _ in range(20):
        _read(reader, qtbot, WantRefused())
        menu = QMenu()
        qtbot.addWidget(menu)
        assert [type(menu.addAction("x", int)) for _ in range(5)] == [QAction] * 5


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


# -- business days

DAY = "2026-01-27"


@pytest.fixture
def sold(tmp_path: Path) -> Path:
    save(tmp_path, {"outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE, "timezone": "Asia/Jakarta"})
    with closing(open_store(tmp_path, OUTLET_ID)) as store:
        sales = [read("order", order("A1", total_amount=70)), read("order", order("A2", total_amount=50))]
        accept(store, [*sales, read("transaction", transaction("T1", "A1", total_amount=70))], now_ms=1)
        settings = load_settings(tmp_path).settings
        while count_due(store, settings):
            pass
        with store.write():
            send(store, settings, DAY, who="Rina", now_ms=2)
    return tmp_path


def found_in(directory: Path, qtbot: QtBot, wish: AnyWish) -> object:
    reader = Reader(directory)
    with qtbot.waitSignal(reader.found) as found:
        reader.read(OUTLET_ID, wish)
    reader.wait()
    return found.args[1]


def test_a_day_is_read_by_the_settings_of_the_outlet(sold: Path, qtbot: QtBot) -> None:
    day = found_in(sold, qtbot, WantDay(DAY))
    assert isinstance(day, Day)
    assert (day.closing.summary.date, day.closing.summary.revenue, day.settings.outlet_code) == (DAY, 120, OUTLET_CODE)
    assert day.closing.checks[Check.UNRECORDED] == (1, 50)
    assert (day.closing.sending.is_waiting, day.closing.sending.sent_by) == (True, "Rina")
    assert day.days == [DayLine(date=day.today), DayLine(date=DAY, is_waiting=True)]


def test_without_a_day_it_is_the_one_of_now(sold: Path, qtbot: QtBot) -> None:
    day = found_in(sold, qtbot, WantDay())
    assert isinstance(day, Day)
    assert (day.closing.summary.date, day.closing.summary.orders) == (day.today, 0)


def test_what_a_check_counted_is_read_as_records(sold: Path, qtbot: QtBot) -> None:
    rows = found_in(sold, qtbot, WantGaps(DAY, Check.UNRECORDED, 1))
    assert isinstance(rows, list)
    assert [(row.entity_type, row.local_id, row.amount) for row in rows] == [("order", "A2", 50)]
    record = found_in(sold, qtbot, WantRecord(rows[0]))
    assert isinstance(record, Record)
    assert record.local_id == "A2"


def test_what_headquarters_has_of_a_day_is_read_as_it_was_found_last(sold: Path, qtbot: QtBot) -> None:
    assert found_in(sold, qtbot, WantReconciled(DAY)) == Compared(date=DAY, is_on=False)
    figures = Figures(orders=Amount(1, 70), transactions=Amount(0, 0))
    told = Told("order", "A2", 50, "paid")
    known = Reconciled(date=DAY, at=9, ours=figures, theirs=figures, missing=(told,), different=(), only_there=())
    save(sold, {"cloud_extras": True})
    with closing(open_store(sold, OUTLET_ID)) as store, store.write():
        store.findings.keep(DAY, as_json(known))
    assert found_in(sold, qtbot, WantReconciled(DAY)) == Compared(date=DAY, is_on=True, found=known)


def test_a_conflict_tells_what_was_merged_beside_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    agree(bench, stock=50)
    bench.put("product", product(price=38_000, stock=50))
    tell(bench, Kind.UPDATE, told_update(price=40_000, stock=47))
    tell(bench, Kind.UPDATE, told_update(price=40_000, stock=45, version=3))
    (conflict,) = WantConflicts().read(bench.store)
    assert ([found.field for found in conflict.fields], conflict.stock) == (["price"], (50, 45))
    tell(bench, Kind.UPDATE, told_update(price=41_000, version=4))
    assert WantConflicts().read(bench.store)[0].stock == (50, 45)
