"""What is refused alike: a type that is not taken, records that are refused with the same words."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from tests.builders import Bench, accepted, answered, order, pulled, read, refused, results
from tests.sync.rows import OK, next_push, told
from tests.sync.test_halts import live, takes_all

from outlet_sync_gui.sync.exchange import Answered, Send


def orders(bench: Bench, n: int) -> None:
    bench.put_all(read("order", order(f"A{i}")) for i in range(n))


# -- types that are not taken


def shifts(bench: Bench, names: Iterable[str]) -> Send:
    bench.put_all(read("cashier_shift", {"local_id": name}) for name in names)
    return bench.push()


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([{"status": "skipped"}, {"status": "skipped"}], ["ready", "ready"]),
        ([{"status": "skipped", "error": "a"}, {"status": "skipped", "error": "b"}], ["ready", "ready"]),
        ([{"status": "failed", "error": "unknown"}] * 2, ["ready", "ready"]),
        ([{"status": "failed", "error": "a"}, {"status": "failed", "error": "b"}], ["dead", "dead"]),
        ([{"status": "failed"}] * 2, ["retry", "retry"]),  # no text to be alike
        ([OK, {"status": "skipped"}], ["retry"]),
        ([None, {"status": "skipped"}], ["retry", "retry"]),
    ],
)
def test_a_type_waits_where_every_item_of_it_is_refused_alike_or_skipped(
    bench: Bench, said: list[dict[str, Any] | None], state: list[str]
) -> None:
    step = shifts(bench, ("S0", "S1"))
    bench.settle(step, told(step.flight, {f"S{n}": one for n, one in enumerate(said) if one}))
    assert [state for _, state in bench.queued()] == state
    waits = bench.engine.status(bench.now).waits
    assert [wait.code for wait in waits] == (["R-TYPE"] if set(state) == {"ready"} else [])


def test_a_silent_drop_is_no_success(bench: Bench) -> None:
    """The envelope says success, each item says skipped: nothing of it counts as sent."""
    step = shifts(bench, ("S0", "S1", "S2"))
    bench.settle(step, told(step.flight, {f"S{n}": {"status": "skipped"} for n in range(3)}))
    status = bench.engine.status(bench.now)
    assert (status.sent_today, status.pending.total, len(status.waits), status.dead) == (0, 3, 1, 0)


# -- refused alike


def test_refusals_that_name_each_record_are_alike_all_the_same(bench: Bench) -> None:
    """No mass of dead letters, ever."""
    orders(bench, 20)
    for n in range(40):
        step = bench.later(5).next()
        if isinstance(step, Send):
            words = (
                f"outlet code unknown for {step.flight.parcels[0].local_id} at 10:0{n}" if step.flight.parcels else ""
            )
            bench.settle(step, refused(words, 400) if words else pulled())
    states = [state for _, state in bench.queued()]
    assert (states.count("dead"), len(states)) == (0, 20)


@pytest.mark.parametrize(("status", "n"), [(404, 1), (404, 10), (405, 10)])
def test_a_wrong_address_that_answers_in_json_blames_no_record_and_heals(bench: Bench, status: int, n: int) -> None:
    """As a gateway, or a sign-in to the Wi-Fi, answers whatever is asked of it."""
    orders(bench, n)
    for _ in range(720):
        step = bench.later(5).next()
        if isinstance(step, Send):
            bench.settle(step, answered({"error": "not found"}, status))
    assert [state for _, state in bench.queued()] == ["ready"] * n
    trouble = bench.engine.status(bench.now).trouble
    assert trouble is not None
    assert trouble.code == "N-ANSWER"
    live(bench, takes_all, seconds=300)
    assert bench.queued() == []


@pytest.mark.parametrize("answer", [answered({"error": "not found"}, 404), answered({"detail": "no outlet"}, 400)])
def test_pushes_refused_alike_without_the_envelope_make_no_mass_of_dead_letters(bench: Bench, answer: Answered) -> None:
    orders(bench, 10)
    live(bench, lambda _: answer, seconds=3600)
    states = [state for _, state in bench.queued()]
    assert (states.count("dead"), len(states)) == (0, 10)


@pytest.mark.parametrize(("text", "is_equal"), [("trace {}: overflow", True), ("{} overflow", False)])
def test_a_server_error_that_names_each_call_still_finds_its_record(bench: Bench, text: str, is_equal: bool) -> None:
    orders(bench, 1)
    for n in range(3):
        word = f"8f{n}e" if is_equal else "abc"[n]
        bench.settle(next_push(bench), answered({"success": False, "error": text.format(word)}, 500))
    assert (bench.queued() == [("A0", "dead")]) is is_equal


def test_the_third_refusal_alike_counts_across_a_restart(bench: Bench) -> None:
    for n in range(3):
        bench.put("order", order(f"A{n}"))
        bench.settle(next_push(bench), refused("outlet code unknown", 400))
        bench.restart()
        bench.pull()
    assert [state for _, state in bench.queued()] == ["retry"] * 3


def test_failures_within_an_accepted_batch_are_about_themselves(bench: Bench) -> None:
    orders(bench, 1)
    step = bench.push()
    bench.settle(step, accepted(step.flight))
    bench.put_all(read("order", order(f"B{n}")) for n in range(5))
    step = bench.push()
    bench.settle(
        step, results(step.flight, dict.fromkeys([parcel.local_id for parcel in step.flight.parcels], "no such table"))
    )
    assert [state for _, state in bench.queued()] == ["dead"] * 5
    assert bench.engine.status(bench.now).waits == ()


def test_the_next_one_tries_after_30_seconds_then_ever_more_rarely(bench: Bench) -> None:
    orders(bench, 4)
    times = []
    for _ in range(700):
        step = bench.later(1).next()
        if isinstance(step, Send) and len(step.flight.parcels) == 1:
            times.append(bench.at_s)
        if isinstance(step, Send):
            bench.settle(step, refused("outlet code unknown", 400) if step.flight.parcels else pulled())
    waits = [later - sooner for sooner, later in pairwise(times[2:])]
    assert waits == [30, 60, 120, 240]
