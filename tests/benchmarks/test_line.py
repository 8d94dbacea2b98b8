"""Records in, and looking at the line: cost must not grow with what waits."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.benchmarks.measure import (
    MILLION,
    ROUNDS,
    copied,
    orders,
    paid_orders,
    queue_up,
    seconds,
    tell,
    tell_rates,
    tell_times,
)
from tests.builders import OUTLET_ID, START_MS, Bench, pulled
from tests.fakes import configure

from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.status import RowState
from outlet_sync_gui.store import Store, open_store
from outlet_sync_gui.sync.commands import SyncNow
from outlet_sync_gui.sync.exchange import Kind, Send
from outlet_sync_gui.sync.records import accept

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
THOUSAND = 1000
LOOKS = 20


@pytest.mark.parametrize("chunk", [1, 100])
def test_durable_queueing_beside_raw_sqlite(tmp_path: Path, chunk: int) -> None:
    n = 1000 if chunk == 1 else 20_000
    ours, theirs = [], []
    for turn in range(ROUNDS):
        records = list(orders(n))
        parts = [records[at : at + chunk] for at in range(0, n, chunk)]
        ours.append(_queue(tmp_path / f"ours-{turn}", parts))
        theirs.append(_insert(tmp_path / f"raw-{turn}.db", parts))
    figure = "durable queueing " + ("one by one" if chunk == 1 else f"by {chunk}")
    tell_rates(figure, ours, theirs, per=n, goal=">= 0.5", bare="raw insert")


def _queue(directory: Path, parts: list[list[Incoming]]) -> float:
    store = open_store(configure(directory, "http://127.0.0.1:1"), OUTLET_ID)
    took = seconds(lambda: [accept(store, part, now_ms=START_MS) for part in parts])
    store.close()
    return took


def _insert(file: Path, parts: list[list[Incoming]]) -> float:
    """The same ids and payloads into one table with a key, each part on disk before the next."""
    raw = sqlite3.connect(file, isolation_level=None)
    raw.execute("PRAGMA journal_mode = wal")
    raw.execute("PRAGMA synchronous = full")
    raw.execute("CREATE TABLE row(id TEXT PRIMARY KEY, payload TEXT)")
    took = seconds(lambda: _insert_parts(raw, parts))
    raw.close()
    return took


def _insert_parts(raw: sqlite3.Connection, parts: list[list[Incoming]]) -> None:
    for part in parts:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany("INSERT INTO row VALUES (?, ?)", [(record.local_id, record.content) for record in part])
        raw.execute("COMMIT")


@pytest.fixture
def lines(million_copy: Path, tmp_path: Path) -> Iterator[tuple[Bench, Bench]]:
    """An engine over a million records, and one over a thousand."""
    short = queue_up(tmp_path / "thousand", paid_orders(THOUSAND))
    benches = Bench(million_copy), Bench(copied(short, tmp_path / "short"))
    yield benches
    for bench in benches:
        bench.store.close()


def test_the_next_batch_costs_the_same_with_a_million_queued(lines: tuple[Bench, Bench]) -> None:
    took: tuple[list[float], list[float]] = [], []
    for _ in range(LOOKS):
        for bench, times in zip(lines, took, strict=True):
            times.append(_next_batch(bench))
    tell_times("next batch of 1,000, a million queued", *took, goal="<= 2", bare="a thousand queued")


def _next_batch(bench: Bench) -> float:
    """From the question to a request that may leave; the request is given up, so that the next one is the same."""
    bench.engine._pusher.size.items = THOUSAND
    bench.later(130).engine.do(SyncNow(), bench.now)
    steps: list[Send] = []
    while True:
        took = seconds(lambda: steps.append(bench.send()))
        if steps[-1].flight.kind is Kind.PUSH:
            assert len(steps[-1].flight.parcels) == THOUSAND
            bench.engine.abandon(steps[-1].flight, bench.now)
            return took
        bench.settle(steps[-1], pulled())


def test_looking_at_the_line_costs_the_same_with_a_million_queued(lines: tuple[Bench, Bench]) -> None:
    last = f"N-{MILLION // 2 - 1:07}"
    looks: dict[str, tuple[Callable[[Bench], object], str]] = {
        "counts": (lambda bench: bench.store.outlet.counts(), "<= 5 ms"),
        "the whole status": (lambda bench: bench.engine.status(bench.now), "<= 5 ms"),
        "the window's rows": (lambda bench: _window(bench.store), "<= 100 ms"),
        "a list's first rows": (lambda bench: bench.store.views.queue(), "<= 100 ms"),
        "a list of what is dead": (lambda bench: bench.store.views.queue(state=RowState.DEAD), "<= 100 ms"),
        "a list of a type that is not there": (lambda bench: bench.store.views.queue(entity_type="log"), "<= 100 ms"),
        "a search by number": (lambda bench: bench.store.views.queue(search=last), "<= 100 ms"),
        "a search by a start that all have": (lambda bench: bench.store.views.queue(search="N-"), "<= 100 ms"),
        "a search in vain": (lambda bench: bench.store.views.queue(search="none"), "<= 100 ms"),
    }
    for name, (look, goal) in looks.items():
        times = [[seconds(lambda: look(bench)) for bench in lines] for _ in range(LOOKS)]  # noqa: B023 - run at once
        large, small = ([row[side] for row in times] for side in (0, 1))
        tell_times(f"{name}, a million queued", large, small, goal=goal, bare="a thousand queued")


def _window(store: Store) -> None:
    store.views.unsent(limit=30)
    store.views.refused(limit=30)
    store.views.recent(limit=30)


def test_the_plan_of_what_is_looked_at_walks_through_no_table(lines: tuple[Bench, Bench]) -> None:
    """Every statement of a status and of the next batch, as SQLite runs it over a million rows."""
    database = lines[0].store._db
    statements: list[str] = []
    database._connection.set_trace_callback(statements.append)
    lines[0].engine.status(lines[0].now)
    _next_batch(lines[0])
    database._connection.set_trace_callback(None)
    reads = [text for text in statements if text.lstrip().startswith(("SELECT", "UPDATE", "DELETE"))]
    plans = {row[3] for text in reads for row in database.rows(f"EXPLAIN QUERY PLAN {text}")}
    walks = sorted(plan for plan in plans if plan.startswith("SCAN"))
    assert not [plan for plan in walks if plan.split()[1] in ("record", "content", "outbox", "r", "c", "o")]
    found = f"walks: {', '.join(walks) or 'none'}"
    tell("plans of status and next batch", f"{len(reads)} statements", found, "-", "no scan")
