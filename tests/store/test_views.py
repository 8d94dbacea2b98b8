"""Lists for people: newest first, found by the start of a number, with what each row waits for."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import Bench, order, product, read, refused, transaction


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


def numbers(bench: Bench, search: str = "", limit: int = 100) -> list[str]:
    return [row.local_id for row in bench.store.views.line(search=search, limit=limit)]


def test_the_line_is_told_newest_first_and_cut(bench: Bench) -> None:
    bench.put_all([read("order", order(f"A{n}")) for n in range(5)])
    bench.put("product", product("P1"))
    assert numbers(bench) == ["P1", "A4", "A3", "A2", "A1", "A0"]
    assert numbers(bench, limit=2) == ["P1", "A4"]


def test_a_number_is_found_by_its_start_in_every_type(bench: Bench) -> None:
    odd = ("50%", "50_", "5a", "É1", "é1", "\U0001f35b")
    bench.put_all([read("order", order(local_id)) for local_id in odd])
    bench.put("transaction", transaction("50-T", None))
    bench.put("zz_last_type", {"local_id": "50-Z"})
    assert numbers(bench, "50") == ["50-Z", "50-T", "50_", "50%"]
    assert numbers(bench, "50%") == ["50%"]
    assert numbers(bench, "5A") == []
    assert numbers(bench, "É") == ["É1"]
    assert numbers(bench, "\U0001f35b") == ["\U0001f35b"]
    assert numbers(bench, "' OR 1=1 --") == []


def test_what_was_sent_is_not_in_the_line(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.pull()
    bench.later(1)
    bench.settle(bench.push(), refused("no"))
    assert [row.local_id for row in bench.store.views.refused(limit=9)] == ["A1"]
    with bench.store.write():
        bench.store.records.unqueue(bench.store.views.line(limit=1)[0].record_id)
    assert (numbers(bench), numbers(bench, "A")) == ([], [])


def test_what_was_refused_is_told_newest_first_from_all_lanes(bench: Bench) -> None:
    bench.put("product", product("P1"))
    bench.put("order", order("A1"))
    bench.put("cashier_shift", {"local_id": "S1"})
    bench.put("order", order("A2"))
    kill(bench, "P1", "A1", "S1")
    assert [row.local_id for row in bench.store.views.refused(limit=9)] == ["S1", "A1", "P1"]
    assert [row.local_id for row in bench.store.views.refused(limit=2)] == ["S1", "A1"]


def kill(bench: Bench, *numbers: str) -> None:
    ids = [row.record_id for row in bench.store.views.line(limit=99) if row.local_id in numbers]
    query = "UPDATE outbox SET state = 4 WHERE record_id IN (SELECT value FROM json_each(?))"
    with bench.store.write():
        bench.store._db.execute(query, (json.dumps(ids),))


def test_a_row_tells_its_order_its_tries_and_what_it_waits_for(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.put("transaction", transaction("T1", "A1"))
    (payment, sale) = bench.store.views.line(limit=9)
    assert (payment.order, sale.order, sale.tries, sale.halt_id) == ("A1", None, 0, None)
