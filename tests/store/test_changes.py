"""The change feed: every reader in order and at its own pace, and nothing is gone before it was taken."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.builders import OUTLET_ID, product, read

from outlet_sync_gui.store import Store, open_store
from outlet_sync_gui.store.changes import KEPT_MS, PURGED_AT_ONCE
from outlet_sync_gui.sync.records import accept
from outlet_sync_gui.sync.till import acknowledge

DAY_MS = 86_400_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path, OUTLET_ID)) as opened:
        accept(opened, [read("product", product("P1"))], now_ms=1)
        yield opened


def note(store: Store, n: int = 1, *, at_ms: int = 1, of: str = "P1") -> list[int]:
    """So many changes; their numbers."""
    known = store.records.find("product", of)
    assert known is not None
    first = store.changes.last_seq()
    with store.write():
        for price in range(n):
            fields = {"price": {"from": price, "to": price + 1}}
            store.changes.note(known.record_id, action="update", version=2, fields=fields, reason=None, now_ms=at_ms)
    return list(range(first + 1, first + n + 1))


def ack(store: Store, reader: str, seq: int, *, at_ms: int = 5) -> int:
    with store.write():
        return acknowledge(store, reader, seq, now_ms=at_ms)


def numbers(store: Store, after: int = 0, limit: int = 1000) -> list[int]:
    return [change.seq for change in store.changes.after(after, limit=limit)]


def test_changes_come_in_order_from_where_one_stands(store: Store) -> None:
    seqs = note(store, 5)
    assert (numbers(store), numbers(store, seqs[1]), numbers(store, seqs[4])) == (seqs, seqs[2:], [])
    assert numbers(store, seqs[0], limit=2) == seqs[1:3]
    assert [change.seq for change in store.changes.latest(limit=2)] == [seqs[4], seqs[3]]


@pytest.mark.parametrize(("acked", "taken", "left"), [(0, 0, 5), (3, 3, 2), (5, 5, 0)])
def test_what_a_reader_acknowledges_is_taken(store: Store, acked: int, taken: int, left: int) -> None:
    seqs = note(store, 5)
    at = ([0, *seqs])[acked]
    assert ack(store, "till", at) == taken
    assert (store.changes.feed().untaken, len(store.changes.untaken(limit=10))) == (left, left)
    assert store.changes.acknowledged("till") == at
    assert [change.taken_by for change in store.changes.after(0, limit=10)] == ["till"] * taken + [None] * left


def test_the_same_acknowledged_twice_takes_nothing_more(store: Store) -> None:
    seqs = note(store, 3)
    assert [ack(store, "till", seqs[1], at_ms=at) for at in (5, 6)] == [2, 0]
    assert ack(store, "till", seqs[0], at_ms=7) == 0  # late: it goes back no more
    assert (store.changes.acknowledged("till"), store.changes.feed().last_read_at) == (seqs[1], 7)
    assert [change.taken_at for change in store.changes.after(0, limit=10)] == [5, 5, None]


def test_each_reader_has_its_own_place(store: Store) -> None:
    seqs = note(store, 3)
    ack(store, "till", seqs[2])
    assert (store.changes.acknowledged("till"), store.changes.acknowledged("kitchen")) == (seqs[2], 0)
    assert numbers(store, store.changes.acknowledged("kitchen")) == seqs  # what one took the other still reads
    assert ack(store, "kitchen", seqs[1]) == 0
    assert store.changes.acknowledged("kitchen") == seqs[1]


def test_a_person_takes_what_is_left(store: Store) -> None:
    seqs = note(store, 3)
    ack(store, "till", seqs[0])
    with store.write():
        assert store.changes.take([seqs[0], seqs[1], 99], who="Rina", now_ms=9) == 1
        assert store.changes.take(None, who="Budi", now_ms=10) == 1
        assert store.changes.take(None, who="Budi", now_ms=11) == 0
    assert [change.taken_by for change in store.changes.after(0, limit=10)] == ["till", "Rina", "Budi"]


def test_how_far_the_till_is_behind(store: Store) -> None:
    assert (store.changes.feed().untaken, store.changes.feed().oldest_at) == (0, None)
    first = note(store, 2, at_ms=10)
    note(store, 1, at_ms=20)
    ack(store, "till", first[0], at_ms=30)
    feed = store.changes.feed()
    assert (feed.untaken, feed.oldest_at, feed.last_read_at) == (2, 10, 30)
    ack(store, "till", first[1], at_ms=40)
    assert store.changes.feed().oldest_at == 20


@pytest.mark.parametrize(("age_ms", "is_kept"), [(KEPT_MS, True), (KEPT_MS + 1, False)])
def test_what_was_taken_is_kept_for_readers_that_come_back(store: Store, age_ms: int, is_kept: bool) -> None:
    old = note(store, 3)
    ack(store, "till", old[2], at_ms=10)
    (new,) = note(store, 1, at_ms=20)
    ack(store, "till", new, at_ms=10 + age_ms)
    assert numbers(store) == ([*old, new] if is_kept else [new])
    gone = [seq for seq in (0, old[0], old[1], old[2], new) if store.changes.is_gone(seq)]
    assert gone == ([] if is_kept else [0, *old[:2]])
    assert store.changes.last_seq() == new


def test_what_nobody_took_never_goes(store: Store) -> None:
    accept(store, [read("product", product("P2"))], now_ms=1)
    (untaken,) = note(store, 1)
    behind, others = note(store, 2), note(store, 2, of="P2")
    with store.write():
        store.changes.take([*behind, *others], who="Rina", now_ms=10)
    ack(store, "kitchen", 0, at_ms=100 * DAY_MS)
    assert (numbers(store), store.changes.feed().untaken) == ([untaken, *behind], 1)  # the till's word is told in order


def test_old_changes_go_in_small_steps(store: Store) -> None:
    seqs = note(store, PURGED_AT_ONCE + 50)
    ack(store, "till", seqs[-1], at_ms=10)
    ack(store, "till", seqs[-1], at_ms=100 * DAY_MS)
    assert len(numbers(store)) == 50
    ack(store, "till", seqs[-1], at_ms=101 * DAY_MS)
    assert (numbers(store), store.changes.is_gone(seqs[-2]), store.changes.is_gone(seqs[-1])) == ([], True, False)
    assert note(store) == [seqs[-1] + 1]  # a number is never given out again


def test_a_reader_from_another_database_is_told_so(store: Store) -> None:
    seqs = note(store, 2)
    assert [store.changes.is_gone(seq) for seq in (seqs[1], seqs[1] + 1)] == [False, True]


def test_a_snapshot_has_the_living_ones_page_by_page(store: Store) -> None:
    accept(store, [read("product", product(f"P{n}")) for n in range(2, 6)], now_ms=1)
    gone = store.records.find("product", "P3")
    assert gone is not None
    with store.write():
        store.records.mark_deleted(gone.record_id, "2026-01-27T04:00:00Z")
    first = store.changes.snapshot("product", after=0, limit=3)
    rest = store.changes.snapshot("product", after=first[-1][0], limit=3)
    assert [row[1] for row in [*first, *rest]] == ["P1", "P2", "P4", "P5"]
    assert store.changes.snapshot("category", after=0, limit=3) == []
