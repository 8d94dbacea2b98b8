"""Nothing polls: whatever happened, a rest ends later than it began."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.builders import SETTINGS, Bench, accepted, answered, order, product, pulled, refused, results, transaction

from outlet_sync_gui.status import Trouble
from outlet_sync_gui.store.outbox import Outbox
from outlet_sync_gui.sync.commands import Command, LineUp, Pause, Resume, Retry, SyncNow
from outlet_sync_gui.sync.exchange import Answer, Answered, Kind, Lost, Send, WaitUntil

LATER = "2026-01-27T11:00:00Z"
ANSWERS: dict[str, Answer] = {
    "lost": Lost(Trouble(code="N-CLOUD")),
    "portal": Answered(status=200, headers={}, body=b"<html>"),
    "fails": answered({"success": False, "error": "pq"}, 500),
    "forbids": answered({"success": False}, 403),
    "key": answered({"success": False}, 401),
    "limits": answered({"success": False, "retry_after": 20}, 429),
    "refuses": refused("outlet code unknown", 400),
    "says no": refused(""),
    "exists": refused("already exists with different data", 409),
    "says nothing": answered({"success": True, "data": {"results": []}}),
}
COMMANDS: dict[str, Command] = {
    "sync now": SyncNow(),
    "pause": Pause(),
    "resume": Resume(),
    "line": LineUp(),
    "retry": Retry(who="Rina"),
}
TIMES = {"second": 1, "minute": 61, "hour": 3601}
WORDS: dict[str, Callable[[int], tuple[str, dict[str, Any], str]]] = {
    "order": lambda n: ("order", order(f"A{n % 3}", total_amount=n), "create"),
    "payment": lambda n: ("transaction", transaction(f"T{n % 3}", f"A{n % 3}", total_amount=n), "create"),
    "product": lambda n: ("product", product(f"P{n % 2}", price=n), "create"),
    "shift": lambda n: ("cashier_shift", {"local_id": f"S{n % 2}", "cash": n}, "create"),
    "delete": lambda n: ("order", order(f"A{n % 3}"), "delete"),
    "too big": lambda n: ("order", order(f"A{n % 3}", notes="x" * 10_000, total_amount=n), "create"),
}


def happen(bench: Bench, event: str, n: int) -> None:
    if event in WORDS:
        bench.put(*WORDS[event](n))
    elif event in COMMANDS:
        bench.engine.do(COMMANDS[event], bench.now)
    elif event == "restart":
        bench.restart()
    elif event == "back":
        bench.wall_ms -= 3_600_000
    elif event in TIMES:
        bench.later(TIMES[event])
    else:
        exchange(bench, event, n)


def exchange(bench: Bench, event: str, n: int) -> None:
    """The next request, if there is one, gets this answer; a pull brings nothing, but for "news"."""
    step = bench.next()
    if not isinstance(step, Send):
        return
    answer: Answer = accepted(step.flight)
    if event in ANSWERS:
        answer = ANSWERS[event]
    elif step.flight.kind is Kind.PULL:
        changes = [{"local_id": f"P{n % 2}", "price": 7, "version": n, "updated_at": LATER, "action": "update"}]
        answer = pulled(changes if event == "news" else ())
    elif event == "fails all":
        answer = results(step.flight, {parcel.local_id: "no" for parcel in step.flight.parcels})
    bench.settle(step, answer)


def rest_of(bench: Bench) -> WaitUntil | None:
    """The rest that begins now, if one does; one that is over at once may only come before something that leaves."""
    for _ in range(3):
        step = bench.next()
        if isinstance(step, Send):
            bench.engine.abandon(step.flight, bench.now)
            return None
        if step.at is None or step.at > bench.at_s:
            return step
    raise AssertionError(f"spins: {step}, {bench.queued()}")


def live_through(folder: Path, events: Sequence[str]) -> None:
    """Raises AssertionError for a rest that is over before it began."""
    bench = _bench(folder)
    try:
        for n, event in enumerate(events, start=1):
            happen(bench, event, n)
            rest_of(bench)
    finally:
        bench.store.close()


EVENTS = (*WORDS, *COMMANDS, *TIMES, *ANSWERS, "accepts", "fails all", "news", "restart", "back")
# A payment waits for its next try; then its order comes, and is refused.
BLOCKED_WHILE_IT_WAITS = ["accepts", "payment", "second", "says no", "order", "second", "fails all", "minute"]


@settings(max_examples=80)
@given(events=st.lists(st.sampled_from(EVENTS), max_size=25))
@example(events=BLOCKED_WHILE_IT_WAITS)
def test_no_course_of_events_leads_to_a_rest_that_is_over_before_it_began(
    events: list[str], new_place: Callable[[], Path]
) -> None:
    live_through(new_place(), events)


def test_a_planted_mistake_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def any_wait(self: Outbox) -> int | None:
        row = self._db.row("SELECT min(retry_at) FROM outbox")
        return row[0] if row else None

    monkeypatch.setattr(Outbox, "next_retry_at", any_wait)
    with pytest.raises(AssertionError, match="spins"):
        live_through(tmp_path, BLOCKED_WHILE_IT_WAITS)


def test_an_idle_outlet_sleeps_until_the_next_pull(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    bench.pull()
    rest = rest_of(bench)
    assert rest is not None
    assert rest.at == bench.at_s + bench.settings.pull_interval_s


def _bench(folder: Path) -> Bench:
    bench = Bench(folder, SETTINGS.model_copy(update={"batch_max_bytes": 10_000}))
    # Nobody pulls the plug here: what was written is there without waiting for the disk.
    bench.store._db.execute("PRAGMA synchronous = OFF")
    return bench
