"""The line: counters that never drift, and lists for people."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import Bench, accepted, answered, order, product, read, refused, results, transaction

from outlet_sync_gui.status import Pending, RowState
from outlet_sync_gui.store import news, outbox, records


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def counted(bench: Bench) -> dict[tuple[int, int], tuple[int, int]]:
    """What the counters should say, by counting rows."""
    rows = bench.store._db.rows("SELECT lane, state, count(*), sum(amount) FROM outbox GROUP BY lane, state")
    return {(lane, state): (n, amount) for lane, state, n, amount in rows}


@settings(max_examples=40)
@given(
    steps=st.lists(
        st.sampled_from(["order", "pay", "product", "delete", "send", "refuse", "lose", "retry"]), max_size=30
    )
)
def test_counters_say_what_counting_says(steps: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    bench = Bench(tmp_path_factory.mktemp("counters"))
    for n, step in enumerate(steps):
        if step == "order":
            bench.put("order", order(f"A{n % 5}", total_amount=n))
        elif step == "pay":
            bench.put("transaction", transaction(f"T{n}", f"A{n % 5}"))
        elif step == "product":
            bench.put("product", product(f"P{n % 3}", price=n))
        elif step == "delete":
            bench.put("order", order(f"A{n % 5}"), "delete")
        elif step == "retry":
            bench.store.outbox.retry_dead([row.record_id for row in bench.store.views.queue(state=RowState.DEAD)])
        elif bench.store.outlet.counts().pending.total:
            _exchange(bench, step)
    kept = bench.store._db.rows("SELECT lane, state, n, amount FROM counter WHERE n <> 0 OR amount <> 0")
    assert {(lane, state): (n, amount) for lane, state, n, amount in kept} == counted(bench)
    bench.store.close()


def _exchange(bench: Bench, how: str) -> None:
    if not bench.store.views.queue(state=RowState.READY):
        return
    step = bench.later(130).push()
    if how == "send":
        bench.settle(step, accepted(step.flight))
    elif how == "refuse":
        bench.settle(step, results(step.flight, {p.local_id: "no" for p in step.flight.parcels}))
    else:
        bench.restart()


@pytest.mark.parametrize(
    ("query", "values"),
    [
        (outbox.NEXT, (1, 0, 0, 250)),
        (outbox.BEHIND, ("[1,2]",)),
        (outbox.LOAD, ("[1,2]",)),
        (outbox.REFUSE, (4, "", "", None, 1, "")),
        (outbox.ACCEPT, ("[]", 1, "")),
        (outbox.END, ("[]",)),
        (news.NEWS, (1,)),
        (records.BLOCK_BEHIND, ("[1,2]",)),
        (records.BLOCK_CHILDREN, ("[1,2]",)),
        (records.KNOWN + "WHERE r.outlet = ? AND r.type = ? AND r.local_id = ?", (1, "order", "A1")),
    ],
)
def test_nothing_on_the_way_of_a_batch_grows_with_the_queue(
    bench: Bench, query: str, values: tuple[object, ...]
) -> None:
    """Every table is searched by a key; only the batch's own ids and the few news are walked through."""
    steps = [row[3] for row in bench.store._db.rows(f"EXPLAIN QUERY PLAN {query}", values)]
    scans = [
        step for step in steps if step.startswith("SCAN") and step not in ("SCAN n", "SCAN j VIRTUAL TABLE INDEX 1:")
    ]
    assert scans == []
    assert not [step for step in steps if "TEMP B-TREE" in step and query not in (outbox.BEHIND, outbox.LOAD)]


def test_counts_are_told_by_lane_and_the_dead_are_not_pending(bench: Bench) -> None:
    bench.put("order", order("A1", total_amount=100))
    bench.settle(bench.push(), refused("no"))
    bench.put("transaction", transaction("T1", "A1"))
    bench.put("product", product())
    bench.put("log", {"local_id": "L1"})
    counts = bench.store.outlet.counts()
    assert counts.pending == Pending(high=1, medium=1, low=1)
    assert (counts.dead, counts.blocked, counts.pending_amount) == (1, 1, 0)


def test_a_row_is_being_sent_only_while_its_request_is_out(bench: Bench) -> None:
    bench.put("order", order("A1"))
    bench.push()
    assert bench.queued() == [("A1", "sending")]
    bench.restart()
    assert bench.queued() == [("A1", "ready")]


def test_a_record_is_found_by_its_number_or_its_name(bench: Bench) -> None:
    bench.put("order", order("A/1"))
    known = bench.store.records.named("order/A/1")
    assert known is not None
    assert bench.store.records.named(str(known.record_id)) == known
    assert [bench.store.records.named(name) for name in ("order/none", "99", "x", "9" * 40, "")] == [None] * 5


def test_what_is_out_is_listed_however_long_the_line_behind_it_is(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(2))
    bench.push()
    bench.put_all(read("order", order(f"B{n}")) for n in range(50))
    out = bench.store.views.queue(state=RowState.SENDING, limit=10)
    assert [row.local_id for row in out] == ["A1", "A0"]


def test_a_list_is_filtered_by_state_type_and_the_start_of_a_number(bench: Bench) -> None:
    bench.put_all([read("order", order("ORD-1")), read("order", order("ORD-2")), read("product", product("PRD-1"))])
    views = bench.store.views
    assert [row.local_id for row in views.queue(search="ORD")] == ["ORD-2", "ORD-1"]
    assert [row.local_id for row in views.queue(entity_type="product")] == ["PRD-1"]
    assert views.queue(state=RowState.DEAD) == []
    assert [row.local_id for row in views.queue(limit=1)] == ["PRD-1"]
    step = bench.push()
    bench.settle(step, results(step.flight, {"ORD-1": "no", "ORD-2": "no"}))
    bench.put("order", order("ORD-3"))
    dead: dict[str, Any] = {"state": RowState.DEAD, "entity_type": "order"}
    assert [row.local_id for row in views.queue(search="ORD", state=RowState.READY)] == ["ORD-3"]
    assert [row.local_id for row in views.queue(search="ORD-1", **dead)] == ["ORD-1"]
    assert [row.local_id for row in views.queue(**dead, limit=1)] == ["ORD-2"]
    assert views.queue(search="ORD-1", entity_type="product") == []


def test_two_records_with_one_cloud_id_do_not_stop_the_line(bench: Bench) -> None:
    for local_id in ("A1", "A2"):
        bench.put("order", order(local_id))
        step = bench.push()
        bench.settle(step, answered({"success": True, "data": {"cloud_id": "same", "local_id": local_id}}))
    assert bench.queued() == []


def test_what_was_sent_last_is_told_first(bench: Bench) -> None:
    for local_id in ("A1", "A2"):
        bench.put("order", order(local_id, table_number="A-05", pax=4))
        step = bench.later(1).push()
        bench.settle(step, accepted(step.flight))
    rows = bench.store.views.recent(limit=10)
    assert [(row.local_id, row.table, row.pax, row.state) for row in rows] == [
        ("A2", "A-05", 4, None),
        ("A1", "A-05", 4, None),
    ]


@pytest.mark.parametrize("cloud_id", ["42", "é\N{GRINNING FACE}", '"]', "\\u0000"])
def test_a_cloud_id_is_kept_to_the_letter(bench: Bench, cloud_id: str) -> None:
    bench.put("order", order("A1"))
    bench.settle(bench.push(), answered({"success": True, "data": {"cloud_id": cloud_id, "local_id": "A1"}}))
    known = bench.store.records.find("order", "A1")
    assert known is not None
    assert known.cloud_id == cloud_id


def test_of_two_records_of_one_batch_with_one_cloud_id_the_first_keeps_it(bench: Bench) -> None:
    bench.put_all([read("order", order("A1")), read("order", order("A2"))])
    step = bench.push()
    each = [
        {"entity_type": "order", "local_id": name, "status": "success", "cloud_id": "same"} for name in ("A1", "A2")
    ]
    bench.settle(step, answered({"success": True, "data": {"results": each}}))
    found = [bench.store.records.find("order", name) for name in ("A1", "A2")]
    assert [known.cloud_id if known else "" for known in found] == ["same", None]
    assert bench.queued() == []
