"""One list of all that happened: newest first, in pages by key, each source by its index."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from tests.builders import START_MS, Bench, accepted, order, product, read, transaction

from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.store.changes import Change
from outlet_sync_gui.store.database import FILE_NAME
from outlet_sync_gui.store.history import Entry, Key, Source
from outlet_sync_gui.store.messages import Message
from outlet_sync_gui.store.questions import Question, QuestionKind

ALL = tuple(Source)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


def send(bench: Bench) -> None:
    step = bench.push()
    bench.settle(step, accepted(step.flight))


def change(bench: Bench, name: str = "product/P1", *, at_ms: int | None = None) -> None:
    known = bench.store.records.named(name)
    assert known is not None
    fields = {"price": {"from": 35000, "to": 40000}}
    with bench.store.write():
        bench.store.changes.note(
            known.record_id, action="update", version=2, fields=fields, reason=None, now_ms=at_ms or bench.wall_ms
        )


def note(bench: Bench, what: What, name: str | None = None, *, who: str = "") -> None:
    known = bench.store.records.named(name) if name else None
    with bench.store.write():
        bench.store.activity.note(what, known.record_id if known else None, now_ms=bench.wall_ms, who=who)


def full(bench: Bench) -> None:
    """One of each, a minute apart: sent, changed, asked, announced, noted, decided."""
    bench.put("product", product("P1"))
    send(bench)
    change(bench.later(60))
    with bench.later(60).store.write():
        bench.store.questions.ask(QuestionKind.CONFIG_CHANGED, {"closing_time": "22:00"}, now_ms=bench.wall_ms)
    with bench.later(60).store.write():
        bench.store.messages.add(
            message_id="M", title="Promo", text="Baru", level="info", expires_at=None, now_ms=bench.wall_ms
        )
    note(bench.later(60), What.MERGED, "product/P1")
    note(bench.later(60), What.RETRIED, "product/P1", who="Rina")


def told(entries: list[Entry]) -> list[type]:
    return [type(entry.told) for entry in entries]


def test_all_that_happened_stands_newest_first(bench: Bench) -> None:
    full(bench)
    entries = bench.store.history.page(ALL)
    assert told(entries) == [Deed, Deed, Message, Question, Change, type(None)]
    assert [entry.key.source for entry in entries] == [
        *(Source.DECIDED, Source.NOTED, Source.ANNOUNCED, Source.ASKED, Source.CHANGED, Source.SENT)
    ]
    assert [newer.key > older.key for newer, older in pairwise(entries)] == [True] * 5


@pytest.mark.parametrize("source", ALL)
def test_each_source_is_read_alone(bench: Bench, source: Source) -> None:
    full(bench)
    (entry,) = bench.store.history.page([source])
    assert entry.key.source is source


def test_what_it_is_about_is_told_as_it_stands_now(bench: Bench) -> None:
    full(bench)
    bench.put("product", product("P1", name="Nasi Uduk"))
    records = [entry.record for entry in bench.store.history.page(ALL)]
    assert [record and record.title for record in records] == ["Nasi Uduk", "Nasi Uduk", None, None, *["Nasi Uduk"] * 2]
    assert records[0] is not None
    assert records[0].state == "ready"


def test_a_change_that_a_decision_made_is_told_with_the_decision_alone(bench: Bench) -> None:
    bench.put("product", product("P1"))
    send(bench)
    note(bench.later(60), What.RESOLVED, "product/P1", who="Rina")
    change(bench)
    change(bench, at_ms=bench.wall_ms + 1)
    assert told(bench.store.history.page([Source.CHANGED, Source.DECIDED])) == [Change, Deed]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_by_key_give_every_entry_once_though_moments_are_the_same(bench: Bench, size: int) -> None:
    bench.put_all([read("order", order(f"A{n}")) for n in range(5)])
    send(bench)
    bench.put("product", product("P1"))
    send(bench)
    for _ in range(3):
        note(bench, What.RETRIED, who="Rina")
        note(bench, What.TOLD)
        change(bench, at_ms=bench.wall_ms + 5)
    whole = [entry.key for entry in bench.store.history.page(ALL)]
    paged: list[Key] = []
    while page := bench.store.history.page(ALL, before=paged[-1] if paged else None, limit=size):
        assert len(page) <= size
        paged += [entry.key for entry in page]
    assert (len(whole), len(set(whole)), paged) == (15, 15, whole)


def test_what_is_new_meanwhile_changes_no_later_page(bench: Bench) -> None:
    full(bench)
    first = bench.store.history.page(ALL, limit=2)
    note(bench.later(60), What.RETRIED, who="Budi")
    rest = bench.store.history.page(ALL, before=first[-1].key)
    assert told(rest) == [Message, Question, Change, type(None)]


def test_what_happened_to_a_number_is_found_by_its_start(bench: Bench) -> None:
    bench.put("order", order("ORD-1"))
    bench.put("transaction", transaction("TRX-1", None))
    send(bench)
    note(bench, What.RETRIED, "order/ORD-1", who="Rina")
    note(bench, What.RETRIED, who="Rina")
    found = bench.store.history.search("ord", ALL)
    assert [(type(entry.told), entry.record and entry.record.local_id) for entry in found] == [
        (Deed, "ORD-1"),
        (type(None), "ORD-1"),
    ]
    assert [entry.key.source for entry in bench.store.history.search("", [Source.SENT])] == [Source.SENT] * 2
    assert bench.store.history.search("ORD-2", ALL) == []
    assert bench.store.history.search("' OR 1=1 --", ALL) == []


def test_a_search_is_cut(bench: Bench) -> None:
    bench.put_all([read("order", order(f"A{n}")) for n in range(5)])
    send(bench)
    assert len(bench.store.history.search("A", ALL, limit=3)) == 3


def test_what_was_sent_keeps_its_line_when_its_content_is_gone(bench: Bench) -> None:
    bench.put("order", order("A1"))
    send(bench)
    with bench.store.write():
        bench.store._db.execute("DELETE FROM content")
    (entry,) = bench.store.history.page(ALL)
    assert entry.record is not None
    assert (entry.record.local_id, entry.record.amount) == ("A1", None)


def test_nothing_is_found_where_nothing_happened(bench: Bench) -> None:
    assert bench.store.history.page(ALL) == []
    assert bench.store.history.page(ALL, before=Key(START_MS, Source.SENT, 1)) == []


@pytest.mark.parametrize("source", ALL)
def test_no_page_scans_or_sorts(bench: Bench, source: Source) -> None:
    full(bench)
    asked: list[str] = []
    connection = bench.store._db._connection
    connection.set_trace_callback(asked.append)
    bench.store.history.page([source], before=Key(bench.wall_ms + 1, Source.SENT, 1))
    bench.store.history.search("P", [source])
    connection.set_trace_callback(None)
    with closing(sqlite3.connect(bench.directory / FILE_NAME)) as raw:
        plans = [step for query in asked for *_, step in raw.execute(f"EXPLAIN QUERY PLAN {query}")]
    scans = [step for step in plans if step.startswith("SCAN") and "VIRTUAL" not in step and step != "SCAN found"]
    assert asked
    whole = {step for step in plans if step.endswith("(outlet=?)")}  # all of the outlet's, but for the first type
    assert whole <= {"SEARCH record USING COVERING INDEX sqlite_autoindex_record_2 (outlet=?)"}
    assert scans == []
    assert not [step for step in plans if "ORDER BY" in step]
