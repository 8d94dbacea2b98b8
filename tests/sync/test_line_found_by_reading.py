"""What was found by reading the way out with an enemy's eyes, each as a row of its own."""

from email.utils import formatdate
from pathlib import Path

import pytest
from tests.builders import (
    SETTINGS,
    Bench,
    accepted,
    answered,
    order,
    product,
    pulled,
    read,
    refused,
    results,
    sent,
    transaction,
)
from tests.sync.headquarters import rest
from tests.sync.rows import decide, operations
from tests.sync.test_halts import FORBIDDEN, live, next_push, refuses_all, takes_all

from outlet_sync_gui.sync.commands import Command, Discard, LineUp, Pause, Resume, SendSummary, Undo
from outlet_sync_gui.sync.exchange import Answer, Kind, Send

DAY = "2026-01-27"
SAYS_NOTHING = answered({"success": True, "data": {"processed": 1, "success": 0, "failed": 0, "results": []}})


def small(tmp_path: Path) -> Bench:
    """An outlet whose batches are small."""
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"batch_max_bytes": 10_000}))
    bench.pull()
    return bench


def refuse_type(bench: Bench, entity_type: str, n: int, words: str) -> None:
    """So many records of a type are refused in one batch with one text."""
    bench.put_all(read(entity_type, {"local_id": f"L{i}"}) for i in range(n))
    step = bench.push()
    bench.settle(step, results(step.flight, {parcel.local_id: words for parcel in step.flight.parcels}))


# -- probes


def test_a_sale_does_not_wait_behind_probes_that_decide_nothing(bench: Bench) -> None:
    refuse_type(bench, "log", 250, "unknown entity type")
    live(bench, takes_all, seconds=295)  # nothing leaves: the type waits
    bench.later(6).put("order", order("A1"))
    used: list[list[tuple[str, int]]] = []

    def cloud(step: Send) -> Answer:
        used.append(sent(step))
        return accepted(step.flight) if step.flight.parcels[0].entity_type == "order" else SAYS_NOTHING

    live(bench, cloud, seconds=30, every=0.5)
    assert [("A1", 1)] in used[:2]
    assert len(used) <= 3


def test_a_probe_of_a_type_that_the_contract_names_is_one(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(20))
    used: list[int] = []

    def cloud(step: Send) -> Answer:
        used.append(len(step.flight.parcels))
        names = {parcel.local_id: "outlet is closed" for parcel in step.flight.parcels}
        return results(step.flight, names) if len(names) > 1 else refused("outlet is closed", 400)

    live(bench, cloud, seconds=600)
    assert used == [20, 1]


def test_a_halt_whose_rows_wait_for_their_orders_is_not_due_for_ever(bench: Bench) -> None:
    for n in (1, 2):
        bench.put("transaction", transaction(f"T{n}", f"A{n}"))
        bench.settle(bench.later(1).push(), refused("no order"))
    bench.put_all(read("order", order(f"A{n}", notes="bad")) for n in (1, 2))
    step = bench.later(1).push()
    bench.settle(step, results(step.flight, {"A1": "no such table", "A2": "no such table"}))
    bench.put("transaction", transaction("T3", "A3"))
    bench.settle(bench.later(1).push(), refused("no order"))
    decide(bench, Discard(who="Rina", names=("transaction/T3",), reason="twice"))
    for _ in range(20):
        live(bench, takes_all, seconds=5)
        rests_until = bench.wait().at
        assert rests_until is None or rests_until > bench.at_s


def test_what_was_deleted_while_its_refused_creation_was_out_holds_nobody_up(bench: Bench) -> None:
    for n in range(3):
        bench.put("order", order(f"A{n}"))
        step = bench.later(1).push()
        bench.put("order", order(f"A{n}"), "delete")
        bench.settle(step, refused("no"))
    bench.put("order", order("B1"))
    assert sent(bench.later(1).push()) == [("B1", 1)]


def test_nobody_is_asked_about_nothing(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(3))
    live(bench, refuses_all, seconds=300)
    assert bench.engine.status(bench.now).questions == 1
    decide(bench, Discard(who="Rina", names=tuple(f"order/A{n}" for n in range(3)), reason="twice"))
    assert bench.engine.status(bench.now).questions == 0


# -- a payment goes behind its order


def gone(bench: Bench) -> None:
    """An order that headquarters had, and that was deleted."""
    bench.put("order", order("A1"))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("order", order("A1"), "delete")
    step = bench.later(1).push()
    bench.settle(step, accepted(step.flight))


def test_a_payment_that_was_refused_waits_for_its_order_all_the_same(bench: Bench) -> None:
    bench.put("transaction", transaction("T1", "A1"))
    step = bench.push()
    bench.put("order", order("A1"))
    bench.settle(step, refused(""))
    bench.settle(next_push(bench), refused("no such table"))
    live(bench, takes_all, seconds=200)
    assert dict(bench.queued()) == {"A1": "dead", "T1": "blocked"}


def test_so_it_does_for_one_that_is_made_anew(bench: Bench) -> None:
    gone(bench)
    bench.put("order", order("A1", total_amount=11))
    bench.settle(bench.later(1).push(), refused("no such table"))
    bench.put("transaction", transaction("T1", "A1"))
    assert bench.queued() == [("A1", "dead"), ("T1", "blocked")]


def test_newer_content_of_a_payment_does_not_free_it(bench: Bench) -> None:
    gone(bench)
    bench.engine.do(Pause(), bench.now)
    bench.put("transaction", transaction("T1", "A1"))
    bench.put("order", order("A1", total_amount=11))
    bench.put("transaction", transaction("T1", "A1", total_amount=11))
    assert dict(bench.queued())["T1"] == "blocked"


def test_nor_does_the_deletion_of_what_is_made_anew_meanwhile(bench: Bench) -> None:
    bench.put("order", order("A1"))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("order", order("A1"), "delete")
    step = bench.later(1).push()
    bench.put("transaction", transaction("T1", "A1"))
    bench.put("order", order("A1", total_amount=11))
    bench.settle(step, accepted(step.flight))
    assert dict(bench.queued())["T1"] == "blocked"


def test_what_was_deleted_and_made_again_before_that_left_is_an_update(bench: Bench) -> None:
    bench.put("table_status", {"local_id": "M1", "status": "free"})
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put("table_status", {"local_id": "M1"}, "delete")
    bench.put("table_status", {"local_id": "M1", "status": "busy"})
    assert operations(bench.later(1).push()) == [("M1", "update")]


# -- what a request carries


def test_what_grew_in_a_frozen_half_is_cut_by_bytes(tmp_path: Path) -> None:
    bench = small(tmp_path)
    bench.put_all(read("order", order(f"A{n}")) for n in range(8))
    bench.settle(bench.push(), refused("", 413))
    bench.put_all(read("order", order(f"A{n}", notes="x" * 7000)) for n in range(8))
    came: list[str] = []
    while len(came) < 8:
        step = next_push(bench)
        assert len(step.request.body) <= 10_000
        came += [name for name, _ in sent(step)]
        bench.settle(step, accepted(step.flight))
    assert sorted(came) == [f"A{n}" for n in range(8)]


def test_what_grew_too_big_while_it_was_suspected_does_not_leave(tmp_path: Path) -> None:
    bench = small(tmp_path)
    bench.put("order", order("A1"))
    bench.settle(bench.push(), answered({"success": False, "error": "pq"}, 500))
    bench.put("order", order("A1", notes="x" * 70_000))
    live(bench, takes_all, seconds=300)
    assert bench.queued() == [("A1", "dead")]


# -- the daily summary


def test_a_summary_waits_for_no_news_of_headquarters(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.settle(bench.send(), FORBIDDEN)
    bench.put("daily_summary", {"local_id": DAY, "date": DAY, "summary": {}})
    for _ in range(20):
        step = bench.later(5).next()
        if isinstance(step, Send):
            bench.settle(step, FORBIDDEN if step.flight.kind is Kind.PULL else answered({"success": True, "data": {}}))
    assert bench.queued() == []


@pytest.mark.parametrize("how", ["discarded", "refused"])
def test_a_summary_that_was_not_taken_goes_when_a_person_sends_it(bench: Bench, how: str) -> None:
    bench.put("order", order("A1"))
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    decide(bench, SendSummary(who="Rina", date=DAY))
    if how == "discarded":
        decide(bench, Discard(who="Rina", names=(f"daily_summary/{DAY}",), reason="not yet"))
    else:
        bench.settle(bench.push(), refused("day is not over", 422))
    decide(bench, SendSummary(who="Rina", date=DAY))
    assert bench.queued() == [(DAY, "ready")]


# -- clocks and waits


def test_a_wait_until_a_time_there_is_told_by_its_own_clock(bench: Bench) -> None:
    bench.wall_ms += 600_000  # this machine is ten minutes fast
    bench.put("order", order())
    there = bench.wall_ms / 1000 - 600
    headers = {"date": formatdate(there, usegmt=True), "retry-after": formatdate(there + 300, usegmt=True)}
    bench.settle(bench.push(), answered({"success": False}, 429, headers))
    assert (bench.wait().at or 0) - bench.at_s >= 299


def test_a_cloud_that_breaks_down_may_say_for_how_long(bench: Bench) -> None:
    bench.put("order", order())
    bench.settle(bench.push(), answered({"success": False, "error": "maintenance"}, 503, {"retry-after": "300"}))
    assert (bench.wait().at or 0) - bench.at_s >= 299


# -- while headquarters tells no news

NO_NEWS = answered({"success": False, "error": "no index"}, 500)
BREAKS = answered({"success": False, "error": "numeric overflow"}, 500)


def live_without_news(bench: Bench, *, breaks: str, seconds: int) -> list[str]:
    """Let time pass before a cloud that breaks down over one record, and over each pull; what it took."""
    taken: list[str] = []
    for _ in range(seconds):
        if not isinstance(step := bench.later(1).next(), Send):
            continue
        names = [parcel.local_id for parcel in step.flight.parcels]
        if step.flight.kind is Kind.PULL:
            bench.settle(step, NO_NEWS)
        elif breaks in names:
            bench.settle(step, BREAKS)
        else:
            bench.settle(step, accepted(step.flight))
            taken += names
    return taken


def test_a_record_that_the_cloud_breaks_over_holds_up_nobody_though_no_pull_passes(bench: Bench) -> None:
    bench.put("order", order("A1"))
    live_without_news(bench, breaks="A1", seconds=60)
    bench.put("order", order("A2"))
    bench.put("table_status", {"local_id": "L9", "status": "free"})
    assert sorted(live_without_news(bench, breaks="A1", seconds=300)) == ["A2", "L9"]
    bench.put("order", order("A3"))
    live_without_news(bench, breaks="A1", seconds=600)
    assert bench.queued() == [("A1", "dead")]  # while others passed


def test_where_the_others_fail_too_it_is_about_no_record(bench: Bench) -> None:
    for name, seconds in (("A1", 10), ("A2", 10), ("A3", 3600)):
        bench.put("order", order(name))
        for _ in range(seconds):
            if isinstance(step := bench.later(1).next(), Send):
                bench.settle(step, NO_NEWS if step.flight.kind is Kind.PULL else BREAKS)
    assert bench.queued() == [("A1", "ready"), ("A2", "ready"), ("A3", "ready")]
    assert sorted(live_without_news(bench, breaks="", seconds=600)) == ["A1", "A2", "A3"]


def test_a_sale_waits_for_no_pull_that_fails_alone_however_long_that_does(bench: Bench) -> None:
    live_without_news(bench, breaks="", seconds=3600)
    bench.put("order", order("A1"))
    assert live_without_news(bench, breaks="", seconds=2) == ["A1"]


@pytest.mark.parametrize("away", [[Pause(), Resume()], [LineUp()]])
def test_the_menu_waits_for_news_after_the_outlet_was_away(bench: Bench, away: list[Command]) -> None:
    rest(bench)
    bench.later(400).settle(bench.send(), pulled())
    bench.put("product", product())
    for command in away:
        bench.engine.do(command, bench.later(8 * 3600).now)
    bench.put("order", order("A1"))
    step = bench.later(1).send()
    assert sent(step) in ([], [("A1", 1)])


def test_what_was_out_at_a_power_cut_may_count_there_until_now(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS.model_copy(update={"rate_limit_per_minute": 1}))
    bench.settle(bench.send(), pulled())
    bench.later(61).put("order", order("A1"))
    assert sent(bench.later(1).send()) == [("A1", 1)]  # out at the power cut
    bench.later(50).revive()
    assert (bench.wait().at or 0) >= bench.at_s + 60


# -- undo


def test_a_discard_of_what_had_no_time_is_taken_back(bench: Bench) -> None:
    said = order("A1")
    del said["created_at"]
    bench.put("order", said)
    decide(bench, Discard(who="Rina", names=("order/A1",), reason="twice"))
    known = bench.store.records.find("order", "A1")
    assert known is not None
    (deed,) = bench.store.activity.of(known.record_id)
    bench.engine.do(Undo(who="Rina", deed=deed.number), bench.now)
    assert bench.queued() == [("A1", "ready")]
