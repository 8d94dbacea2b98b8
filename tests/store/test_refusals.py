"""What failed the same way is one group, whatever differs from record to record; a group can be decided over whole."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import Bench, order, product, read

from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.reader import GROUPS, PAGE_ROWS, WantRefused
from outlet_sync_gui.store.refusals import Alike, pattern_of
from outlet_sync_gui.sync.commands import Command, Discard, Retry
from outlet_sync_gui.sync.events import Unfinished


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ("Table B-12 not registered for JKT-001", "Table C-4 not registered for JKT-001", True),
        ("total 1.000 is too big", "total 25.000.000 is too big", True),
        ("Table unknown", "Guest unknown", False),
        ("", "Table unknown", False),
    ],
)
def test_numbers_and_ids_do_not_tell_failures_apart(one: str, other: str, is_alike: bool) -> None:
    assert (pattern_of(one) == pattern_of(other)) is is_alike


@given(st.text(max_size=60))
def test_a_pattern_is_its_own_pattern(said: str) -> None:
    assert pattern_of(pattern_of(said)) == pattern_of(said)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def refuse(bench: Bench, said: dict[str, str], *, entity_type: str = "order", code: str = "R-DATA") -> None:
    """Records by their number that the cloud refused, with its words."""
    make = order if entity_type == "order" else product
    bench.put_all([read(entity_type, make(name)) for name in said])
    with bench.store.write():
        for name, words in said.items():
            bench.store._db.execute(
                "UPDATE outbox SET state = 4, error_code = ?, error_text = ?, rejections = 1 WHERE record_id ="
                " (SELECT id FROM record WHERE type = ? AND local_id = ?)",
                (code, words, entity_type, name),
            )


def counts(bench: Bench) -> list[tuple[str, int]]:
    return [(group.failure.entity_type, group.n) for group in bench.store.refusals.alike()]


def test_one_group_for_each_cause_type_and_kind_of_words_the_oldest_first(bench: Bench) -> None:
    refuse(bench, {"A1": "Table B-1 unknown", "A2": "Table B-2 unknown", "A3": "Guest unknown"})
    refuse(bench, {"P1": "Table B-1 unknown"}, entity_type="product")
    first = bench.store.refusals.alike()[0]
    assert counts(bench) == [("order", 2), ("order", 1), ("product", 1)]
    assert (first.said, first.is_same) == ("Table B-2 unknown", False)


def test_the_rows_of_the_open_group_are_read_and_of_the_first_where_it_is_gone(bench: Bench) -> None:
    refuse(bench, {"A1": "Table B-1 unknown", "A2": "Guest unknown"})
    first, second = bench.store.refusals.alike()
    shown = WantRefused(second.failure).read(bench.store)
    assert (shown.opened, [row.local_id for row in shown.rows]) == (second.failure, ["A2"])
    decide(bench, Retry(who="Rina", names=None, alike=second))
    shown = WantRefused(second.failure).read(bench.store)
    assert (shown.opened, [row.local_id for row in shown.rows]) == (first.failure, ["A1"])


def test_more_groups_than_a_page_has_are_counted(bench: Bench) -> None:
    words = [f"Because of {chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(GROUPS + 3)]
    refuse(bench, {f"A{n}": said for n, said in enumerate(words)})
    shown = WantRefused().read(bench.store)
    assert (len(shown.groups), shown.more) == (GROUPS, 3)


def decide(bench: Bench, decision: Command) -> None:
    for event in bench.engine.do(decision, bench.now):
        if isinstance(event, Unfinished):
            decide(bench, event.rest)


def test_a_whole_group_is_sent_again_and_nothing_else(bench: Bench) -> None:
    refuse(bench, {"A1": "Table B-1 unknown", "A2": "Table B-2 unknown", "A3": "Guest unknown"})
    decide(bench, Retry(who="Rina", names=None, alike=bench.store.refusals.alike()[0]))
    assert [group.said for group in bench.store.refusals.alike()] == ["Guest unknown"]


def test_a_whole_group_is_left_unsent_only_if_it_is_as_many_as_was_seen(bench: Bench) -> None:
    refuse(bench, {"A1": "Table B-1 unknown", "A2": "Table B-2 unknown"})
    (seen,) = bench.store.refusals.alike()
    refuse(bench, {"A3": "Table B-3 unknown"})
    with pytest.raises(InputRefused, match="group_changed"):
        decide(bench, Discard(who="Rina", names=(), reason="a test", alike=seen))
    assert counts(bench) == [("order", 3)]
    decide(bench, Discard(who="Rina", names=(), reason="a test", alike=bench.store.refusals.alike()[0]))
    assert (counts(bench), bench.queued()) == ([], [])


def test_ten_thousand_of_the_same_failure_are_read_and_decided_over(bench: Bench) -> None:
    refuse(bench, {f"A{n}": f"Table B-{n} unknown" for n in range(10_000)})
    began = time.perf_counter()
    shown = WantRefused().read(bench.store)
    took_s = time.perf_counter() - began
    assert (shown.groups[0].n, len(shown.rows), took_s < 2) == (10_000, PAGE_ROWS, True)
    decide(bench, Retry(who="Rina", names=None, alike=Alike(failure=shown.groups[0].failure, n=10_000, said="")))
    assert counts(bench) == []
