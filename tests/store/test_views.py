"""Lists for people: newest first, found by the start of a number, with what each row waits for."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders import Bench, order, product, read, refused, transaction

from outlet_sync_gui.status import Lane
from outlet_sync_gui.store import views
from outlet_sync_gui.store.views import NEWER, OLDER, STORED, Group, Sought


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


def numbers(bench: Bench, search: str = "", limit: int = 100) -> list[str]:
    found = bench.store.views.stretch(Sought(search=search), around=None, above=0, below=limit)
    return [row.local_id for row in found.rows]


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
    assert numbers(bench, "é") == ["é1", "É1"]
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
        bench.store.records.unqueue(bench.store.views.queue(limit=1)[0].record_id)
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
    ids = [row.record_id for row in bench.store.views.queue(limit=99) if row.local_id in numbers]
    query = "UPDATE outbox SET state = 4 WHERE record_id IN (SELECT value FROM json_each(?))"
    with bench.store.write():
        bench.store._db.execute(query, (json.dumps(ids),))


def test_a_row_tells_its_order_its_tries_and_what_it_waits_for(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.put("transaction", transaction("T1", "A1"))
    (payment, sale) = bench.store.views.unsent(limit=9)
    assert (payment.order, sale.order, sale.tries, sale.halt_id) == ("A1", None, 0, None)


# -- pages by key

KINDS = ("order", "transaction", "product", "cashier_shift")
FILTERS = st.builds(Sought, group=st.sampled_from(Group), entity_type=st.sampled_from([None, *KINDS, "log"]))
NUMBER = count()
LINES = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 5)), max_size=40)


def fill(bench: Bench, line: list[tuple[str, int]]) -> list[tuple[int, str, int]]:
    """A line of these types and stored states; what is in it, newest first, as seq, type and state."""
    made = {"order": order, "transaction": transaction, "product": product}
    with bench.store.write():
        bench.store._db.execute("DELETE FROM outbox")
    bench.put_all([read(kind, made.get(kind, order)(f"N{next(NUMBER)}")) for kind, _ in line])
    with bench.store.write():
        query = "UPDATE outbox SET state = ? WHERE seq = ?"
        bench.store._db.execute_many(query, [(state, n) for n, (_, state) in enumerate(line, 1)])
    every = "SELECT o.seq, r.type, o.state FROM outbox o JOIN record r ON r.id = o.record_id ORDER BY o.seq DESC"
    found = bench.store._db.rows(every)
    assert len(found) == len(line)
    return found


@pytest.mark.parametrize("few", [0, 9999])
@given(line=LINES, sought=FILTERS, around=st.none() | st.integers(-1, 42), above=st.integers(0, 9), data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_stretch_is_a_part_of_the_line_without_a_gap(
    bench: Bench,
    few: int,
    line: list[tuple[str, int]],
    sought: Sought,
    around: int | None,
    above: int,
    data: st.DataObject,
) -> None:
    below = data.draw(st.integers(1, 9))
    bench.hurry()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "FEW", few)
        truth = [
            seq
            for seq, kind, state in fill(bench, line)
            if state in STORED[sought.group] and sought.entity_type in (None, kind)
        ]
        found = bench.store.views.stretch(sought, around=around, above=above, below=below)
    if around is None:
        above, below = 0, above + below
    newer = [seq for seq in truth if around is not None and seq > around]
    older = truth[len(newer) :]
    assert [row.seq for row in found.rows] == [*newer[len(newer) - min(above, len(newer)) :], *older[:below]]
    assert (found.has_newer, found.has_older) == (len(newer) > above, len(older) > below)


@pytest.mark.parametrize("few", [0, 9999])
def test_a_payment_is_found_by_the_number_of_its_order_and_letters_need_no_capitals(
    bench: Bench, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "FEW", few)
    bench.put_all([read("order", order("ORD-1")), read("transaction", transaction("TRX-9", "ORD-1"))])
    bench.put_all([read("order", order("ORD-2")), read("transaction", transaction("TRX-8", "ORD-2"))])
    assert numbers(bench, "ord-1") == ["TRX-9", "ORD-1"]
    assert numbers(bench, "trx-") == ["TRX-8", "TRX-9"]
    assert numbers(bench, "ORD", limit=3) == ["TRX-8", "ORD-2", "TRX-9"]


def test_a_menu_item_is_found_by_any_part_of_its_name(bench: Bench) -> None:
    bench.put("product", product("P1", name="Nasi Goreng 50%"))
    bench.put("product", product("P2", name="Es Teh"))
    bench.put("order", order("A1", name="Goreng"))  # not what anybody calls it
    assert numbers(bench, "goreng") == ["P1"]
    assert numbers(bench, "0%") == ["P1"]
    assert numbers(bench, "_") == []


def test_what_is_searched_for_is_cut_and_says_so(bench: Bench) -> None:
    bench.put_all([read("order", order(f"A{n}")) for n in range(3)])
    found = bench.store.views.stretch(Sought(search="A"), around=1, above=1, below=1)
    assert ([row.local_id for row in found.rows], found.has_newer, found.has_older) == (["A2", "A1"], False, True)


def test_the_types_are_told_by_name(bench: Bench) -> None:
    assert bench.store.views.types() == []
    bench.put("product", product())
    bench.put("order", order())
    assert bench.store.views.types() == ["order", "product"]


PLACES = [
    (f"{start} {way.format(ITS)}", values)
    for way in (OLDER, NEWER)
    for ITS in ("", views.ITS_TYPE)
    for start, values in ((views.OF_LINE, (1,)), (views.OF_LANE, (1, 4, 0)))
]


@pytest.mark.parametrize(
    ("query", "values"),
    [
        *((query, (*values, 9, *(["order"] if "type" in query else []), 10)) for query, values in PLACES),
        (f"{views.UNSENT} {views.LAST_FIRST}", (1, 10)),
        (views.NUMBERED, (1, "order", "A", "B", "[0]", "[0]", 10)),
        (views.PAYING, (1, "A", "B", "[0]", "[0]", 10)),
    ],
)
def test_what_a_person_looks_at_is_walked_in_the_order_of_an_index(
    bench: Bench, query: str, values: tuple[object, ...]
) -> None:
    steps = plan(bench, query, values)
    walks = [step for step in steps if step.startswith("SCAN") and not step.startswith("SCAN json_each")]
    assert walks in ([], ["SCAN o USING INDEX sqlite_autoindex_outbox_1"])
    assert not [step for step in steps if "TEMP B-TREE" in step]


@pytest.mark.parametrize(
    ("query", "values"),
    [
        (views.CALLED, ("[0]", 1, 0, None, '["A"]', "a")),
        (views.OF_TYPE + OLDER.format(""), (1, "order", "[0]", 9, 10)),
        (views.THESE, ("[1]",)),
    ],
)
def test_what_is_looked_through_row_by_row_is_found_by_an_index(
    bench: Bench, query: str, values: tuple[object, ...]
) -> None:
    scans = [step for step in plan(bench, query, values) if step.startswith("SCAN")]
    assert all(step.split()[1] in ("s", "p", "json_each") for step in scans)


def plan(bench: Bench, query: str, values: tuple[object, ...]) -> list[str]:
    return [row[3] for row in bench.store._db.rows(f"EXPLAIN QUERY PLAN {query}", values)]


def test_a_long_lane_and_a_short_one_are_searched_together(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "FEW", 2)
    bench.put_all([read("order", order(f"X{n}")) for n in range(4)])
    bench.put("product", product("P1", name="Xylitol"))
    bench.put("log", {"local_id": "X-log"})
    assert [bench.store.views._count(lane) for lane in Lane] == [4, 1, 1]
    assert numbers(bench, "X") == ["X-log", "P1", "X3", "X2", "X1", "X0"]
