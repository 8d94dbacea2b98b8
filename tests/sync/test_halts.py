"""What stands still: a route after 403, a type that is not taken, records refused alike; and how each of them ends."""

from collections.abc import Callable

import pytest
from tests.builders import Bench, accepted, answered, order, product, pulled, read, refused, results, sent
from tests.builders import transaction as payment

from outlet_sync_gui.status import State, Trouble
from outlet_sync_gui.store.halts import HaltKind
from outlet_sync_gui.sync.commands import AnswerQuestion, KeyChanged, Retry, SyncNow
from outlet_sync_gui.sync.events import Failed, Stopped
from outlet_sync_gui.sync.exchange import Answer, Kind, Lost, Send

FORBIDDEN = answered({"success": False, "error": "forbidden"}, 403)
Cloud = Callable[[Send], Answer]


def live(bench: Bench, cloud: Cloud, *, seconds: int, every: float = 5) -> list[str]:
    """Let time pass with this cloud behind the line; the routes that were used."""
    used = []
    for _ in range(int(seconds / every)):
        step = bench.later(every).next()
        if isinstance(step, Send):
            used.append(step.flight.route)
            bench.settle(step, pulled() if step.flight.kind is Kind.PULL else cloud(step))
    return used


def next_push(bench: Bench) -> Send:
    """The next push, without a person's word; a pull that is due brings nothing."""
    step = bench.send()
    while step.flight.kind is Kind.PULL:
        bench.settle(step, pulled())
        step = bench.send()
    return step


def refuses_all(step: Send) -> Answer:
    return refused("outlet code unknown", 400)


def takes_all(step: Send) -> Answer:
    return accepted(step.flight)


def states(bench: Bench) -> list[str]:
    return [state for _, state in bench.queued()]


# -- 403: the route


def test_a_forbidden_route_stands_still_and_its_record_goes_by_the_batch(bench: Bench) -> None:
    bench.put("order", order("A1"))
    step = bench.push()
    assert bench.settle(step, FORBIDDEN) == [Stopped("N-OUTLET")]
    again = next_push(bench)
    assert (again.flight.route, sent(again)) == ("sync/batch", [("A1", 1)])
    bench.settle(again, accepted(again.flight))
    status = bench.engine.status(bench.now)
    assert (status.state, status.pending.total) == (State.ATTENTION, 0)
    assert [(wait.code, wait.name) for wait in status.waits] == [("N-OUTLET", "orders")]


def test_without_the_batch_records_go_one_by_one_and_what_has_no_other_way_waits(bench: Bench) -> None:
    bench.put("cashier_shift", {"local_id": "S1"})
    bench.put_all(read("order", order(f"A{n}")) for n in range(2))
    bench.settle(bench.push(), FORBIDDEN)
    used = live(bench, takes_all, seconds=60)
    assert [route for route in used if route != "updates"] == ["orders", "orders"]
    assert bench.queued() == [("S1", "ready")]


def test_a_probe_every_five_minutes_opens_a_route_again(bench: Bench) -> None:
    bench.put("cashier_shift", {"local_id": "S1"})
    bench.settle(bench.push(), FORBIDDEN)
    assert "sync/batch" not in live(bench, lambda _: FORBIDDEN, seconds=290)
    assert live(bench, lambda _: FORBIDDEN, seconds=300).count("sync/batch") == 1
    live(bench, takes_all, seconds=320)
    assert (bench.queued(), bench.engine.status(bench.now).waits) == ([], ())


def test_a_forbidden_pull_does_not_stop_the_sales(bench: Bench) -> None:
    bench.engine.do(SyncNow(), bench.now)
    pull = bench.send()
    assert pull.flight.kind is Kind.PULL
    bench.settle(pull, FORBIDDEN)
    bench.put("order", order("A1"))
    step = bench.later(1).send()
    assert step.flight.kind is Kind.PUSH
    bench.settle(step, accepted(step.flight))
    assert live(bench, takes_all, seconds=400).count("updates") == 1


@pytest.mark.parametrize("command", [KeyChanged(), Retry(who="Rina")])
def test_a_new_key_or_a_persons_retry_opens_every_route(bench: Bench, command: KeyChanged | Retry) -> None:
    bench.put("cashier_shift", {"local_id": "S1"})
    bench.settle(bench.push(), FORBIDDEN)
    bench.engine.do(command, bench.now)
    bench.engine.do(SyncNow(), bench.now)
    assert live(bench, takes_all, seconds=20).count("sync/batch") == 1


def test_a_new_key_ends_what_stops_a_type(bench: Bench) -> None:
    bench.put_all(read("cashier_shift", {"local_id": f"S{n}"}) for n in range(3))
    step = bench.push()
    bench.settle(step, unknown_type(step))
    assert len(bench.engine.status(bench.now).waits) == 1
    bench.engine.do(KeyChanged(), bench.now)
    live(bench, takes_all, seconds=20)
    assert (bench.queued(), bench.engine.status(bench.now).waits) == ([], ())


def test_a_forbidden_route_outlives_a_restart_and_a_clock_set_back(bench: Bench) -> None:
    bench.put("cashier_shift", {"local_id": "S1"})
    bench.settle(bench.push(), FORBIDDEN)
    bench.restart()
    bench.wall_ms -= 30 * 86_400_000
    assert live(bench, takes_all, seconds=400).count("sync/batch") == 1
    assert bench.queued() == []


def test_a_shut_endpoint_is_tried_with_all_that_waits_for_it(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(300))
    live(bench, lambda _: FORBIDDEN, seconds=60)
    assert live(bench, takes_all, seconds=320).count("sync/batch") == 1
    assert bench.queued() == []


def test_a_probe_that_waits_for_headquarters_news_holds_up_no_other(bench: Bench) -> None:
    bench.put_all(read("product", product(f"P{n}")) for n in range(3))
    bench.put_all(read("order", order(f"A{n}")) for n in range(2))
    bench.engine.do(SyncNow(), bench.now)
    live(bench, lambda _: FORBIDDEN, seconds=60)
    bench.restart()  # nothing is heard of headquarters since
    step = bench.later(301).send()
    assert step.flight.kind is Kind.PULL
    bench.settle(step, FORBIDDEN)
    step = bench.send()
    assert [name for name, _ in sent(step)] == ["A0", "A1"]


EVERY_ROUTE = {"updates", "sync/batch", "orders", "transactions"}


def test_after_403_everywhere_one_sync_now_makes_all_of_it_well(bench: Bench) -> None:
    """Each endpoint that anything waits for is tried; one that nothing waits for is no trouble any more."""
    bench.put("order", order("A1"))
    bench.put("transaction", payment("T1", "A1"))
    bench.engine.do(SyncNow(), bench.now)
    used = set()
    while isinstance(step := bench.next(), Send):
        used.add(step.flight.route)
        bench.settle(step, FORBIDDEN)
    assert used == EVERY_ROUTE - {"transactions"}
    assert {wait.name for wait in bench.engine.status(bench.now).waits} == used
    bench.engine.do(SyncNow(), bench.now)
    live(bench, takes_all, seconds=20, every=0.5)
    status = bench.engine.status(bench.now)
    assert (status.state, status.trouble, status.waits, bench.queued()) == (State.IDLE, None, (), [])


# -- a type that is not taken


def unknown_type(step: Send) -> Answer:
    return results(step.flight, {p.local_id: "unknown entity type" for p in step.flight.parcels})


def test_a_type_that_the_cloud_does_not_take_waits_as_a_type(bench: Bench) -> None:
    bench.put_all(read("cashier_shift", {"local_id": f"S{n}"}) for n in range(31))
    step = bench.push()
    bench.settle(step, unknown_type(step))
    assert set(states(bench)) == {"ready"}
    status = bench.engine.status(bench.now)
    (wait,) = status.waits
    assert (wait.code, wait.name, wait.n, wait.words) == ("R-TYPE", "cashier_shift", 31, "unknown entity type")
    assert (status.state, status.dead) == (State.WAITING, 0)


def test_other_types_go_on_while_one_waits(bench: Bench) -> None:
    bench.put_all(read("cashier_shift", {"local_id": f"S{n}"}) for n in range(3))
    bench.engine.do(SyncNow(), bench.now)
    live(bench, unknown_type, seconds=10)
    bench.put("cashier_shift", {"local_id": "S9"})
    bench.put("order", order("A1"))
    step = bench.later(1).send()
    assert sent(step) == [("A1", 1)]


def test_one_record_of_the_type_probes_every_five_minutes_each_time_another(bench: Bench) -> None:
    bench.put_all(read("cashier_shift", {"local_id": f"S{n}"}) for n in range(3))
    bench.engine.do(SyncNow(), bench.now)
    tried: list[list[tuple[str, int]]] = []

    def cloud(step: Send) -> Answer:
        tried.append(sent(step))
        return unknown_type(step)

    live(bench, cloud, seconds=1000)
    assert tried == [[("S0", 1), ("S1", 1), ("S2", 1)], [("S0", 1)], [("S1", 1)], [("S2", 1)]]


def test_once_the_type_is_taken_all_of_it_goes(bench: Bench) -> None:
    bench.put_all(read("cashier_shift", {"local_id": f"S{n}"}) for n in range(3))
    bench.engine.do(SyncNow(), bench.now)
    live(bench, unknown_type, seconds=10)
    live(bench, takes_all, seconds=310)
    bench.engine.do(SyncNow(), bench.now)
    live(bench, takes_all, seconds=20)
    assert (bench.queued(), bench.engine.status(bench.now).waits) == ([], ())


def test_a_type_that_was_taken_before_makes_dead_letters(bench: Bench) -> None:
    bench.put("cashier_shift", {"local_id": "S0"})
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put_all(read("cashier_shift", {"local_id": f"S{n}"}) for n in (1, 2))
    step = bench.push()
    assert bench.settle(step, unknown_type(step)) == [Failed(2)]


@pytest.mark.parametrize(("n", "expected"), [(2, "dead"), (3, "ready")])
def test_it_takes_three_refusals_to_doubt_a_type_of_the_contract(bench: Bench, n: int, expected: str) -> None:
    bench.put_all(read("order", order(f"A{i}")) for i in range(n))
    step = bench.push()
    bench.settle(step, results(step.flight, {p.local_id: "outlet is closed" for p in step.flight.parcels}))
    assert set(states(bench)) == {expected}


# -- refused alike


def test_three_lone_refusals_alike_wait_for_a_verdict_and_the_rest_of_the_type_waits(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(16))
    live(bench, refuses_all, seconds=60)
    assert states(bench).count("dead") == 0
    assert states(bench).count("retry") >= 3
    bench.put("product", product("P1"))
    bench.engine.do(SyncNow(), bench.now)
    live(bench, lambda step: takes_all(step) if step.flight.route == "products" else refuses_all(step), seconds=30)
    assert "P1" not in dict(bench.queued())


def test_another_record_that_passes_condemns_the_three_and_frees_the_rest(bench: Bench) -> None:
    bad = {"A0", "A1", "A2"}
    bench.put_all(read("order", order(f"A{n}")) for n in range(8))

    def cloud(step: Send) -> Answer:
        is_bad = any(parcel.local_id in bad for parcel in step.flight.parcels)
        return refused("same words", 400) if is_bad else accepted(step.flight)

    live(bench, cloud, seconds=300)
    assert sorted(bench.queued()) == [(name, "dead") for name in sorted(bad)]


def test_probes_come_ever_more_rarely_and_no_mass_of_records_is_lost_to_them(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(16))
    live(bench, refuses_all, seconds=60)
    used = live(bench, refuses_all, seconds=3600)
    assert 3 <= len([route for route in used if route != "updates"]) <= 8
    live(bench, takes_all, seconds=1900)
    assert states(bench) == ["dead"] * 3


def test_one_of_the_three_that_passes_frees_all_of_them(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(3))
    live(bench, refuses_all, seconds=60)
    assert states(bench) == ["retry"] * 3
    live(bench, takes_all, seconds=1900)
    assert bench.queued() == []


def asked(bench: Bench) -> int:
    bench.put_all(read("order", order(f"A{n}")) for n in range(5))
    live(bench, refuses_all, seconds=300)
    status = bench.engine.status(bench.now)
    assert (status.state, status.questions, status.dead) == (State.ATTENTION, 1, 0)
    return next(wait.halt_id for wait in status.waits if wait.is_question)


def test_a_person_gives_up_on_what_was_refused_and_the_rest_is_tried(bench: Bench) -> None:
    bench.engine.do(AnswerQuestion(who="Rina", question_id=asked(bench), choice="give_up"), bench.now)
    assert states(bench).count("dead") >= 3
    live(bench, takes_all, seconds=60)
    assert set(states(bench)) == {"dead"}


def test_a_person_lets_all_of_it_be_tried_again(bench: Bench) -> None:
    bench.engine.do(AnswerQuestion(who="Rina", question_id=asked(bench), choice="retry"), bench.now)
    live(bench, takes_all, seconds=60)
    assert (bench.queued(), bench.engine.status(bench.now).questions) == ([], 0)


def test_the_wait_for_a_verdict_outlives_a_restart(bench: Bench) -> None:
    asked(bench)
    bench.restart()
    assert bench.engine.status(bench.now).questions == 1
    assert len(live(bench, refuses_all, seconds=30)) <= 2


def test_refusals_with_other_words_or_an_acceptance_between_are_about_the_records(bench: Bench) -> None:
    for n, answer in enumerate([refused("no"), refused("no"), None, refused("no"), refused("other"), refused("no")]):
        bench.put("order", order(f"A{n}"))
        step = bench.later(1).push()
        bench.settle(step, answer or accepted(step.flight))
    assert states(bench) == ["dead"] * 5


def test_a_payment_of_a_doubted_order_stays_blocked(bench: Bench) -> None:
    bench.put_all(read("order", order(f"A{n}")) for n in range(3))
    bench.put("transaction", payment("T0", "A0"))
    live(bench, refuses_all, seconds=100)
    assert ("T0", "blocked") in bench.queued()


def test_rows_of_a_halt_are_counted_without_counting(bench: Bench) -> None:
    bench.put_all(read("cashier_shift", {"local_id": f"S{n}"}) for n in range(5))
    live(bench, unknown_type, seconds=5)
    bench.engine.do(SyncNow(), bench.now)
    live(bench, unknown_type, seconds=5)
    (halt,) = bench.store.halts.all()
    rows = bench.store._db.rows("SELECT count(*) FROM outbox WHERE halt = ?", (halt.halt_id,))
    assert (halt.kind, [(halt.n,)]) == (HaltKind.TYPE, rows)


def test_a_lost_probe_is_tried_again_and_decides_nothing(bench: Bench) -> None:
    bench.put("cashier_shift", {"local_id": "S1"})
    bench.settle(bench.push(), FORBIDDEN)
    step = next_push(bench.later(301))
    bench.settle(step, Lost(Trouble(code="N-CLOUD")))
    assert [halt.name for halt in bench.store.halts.all()] == ["sync/batch"]
    live(bench, takes_all, seconds=30)
    assert (bench.queued(), bench.store.halts.all()) == ([], [])
