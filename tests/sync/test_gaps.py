"""Which records a check before closing counted."""

from pathlib import Path

import pytest
from tests.builders import SETTINGS, Bench, order, transaction

from outlet_sync_gui.sync.closing import Check, look_at
from outlet_sync_gui.sync.gaps import Gap, gaps

DAY = "2026-01-27"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    for number, total in (("A1", 70), ("A2", 50), ("A3", 30)):
        bench.put("order", order(number, total_amount=total))
    bench.put("transaction", transaction("T2", "A2", total_amount=45))
    bench.put("transaction", transaction("T3", "A3", total_amount=30))
    bench.put("transaction", transaction("T8", "A8", total_amount=8))
    bench.put("transaction", transaction("T9", None, total_amount=9))
    return bench


def found(bench: Bench, check: Check, date: str = DAY, limit: int = 100) -> list[tuple[str, str, int]]:
    return [(gap.entity_type, gap.number, gap.rupiah) for gap in gaps(bench.store, SETTINGS, date, check, limit=limit)]


FOUND = [
    (Check.UNRECORDED, [("order", "A1", 70)]),
    (Check.DIFFERING, [("order", "A2", 5)]),
    (Check.STRAY, [("transaction", "T9", 9), ("transaction", "T8", 8)]),
]


@pytest.mark.parametrize(("check", "records"), FOUND)
def test_each_check_names_what_it_counted(bench: Bench, check: Check, records: list[tuple[str, str, int]]) -> None:
    assert found(bench, check) == records
    counted = look_at(bench.store, SETTINGS, DAY, now_ms=bench.wall_ms).checks[check]
    assert counted == (len(records), sum(rupiah for _, _, rupiah in records))


def test_another_day_has_none(bench: Bench) -> None:
    assert [found(bench, check, "2026-01-26") for check, _ in FOUND] == [[], [], []]


def test_of_many_the_newest(bench: Bench) -> None:
    bench.put("transaction", transaction("T0", None, total_amount=1, created_at="2026-01-27T14:00:00Z"))
    assert found(bench, Check.STRAY, limit=2) == [("transaction", "T0", 1), ("transaction", "T9", 9)]
    assert gaps(bench.store, SETTINGS, DAY, Check.STRAY, limit=1) == [Gap("transaction", "T0", 1_769_522_400_000, 1)]
