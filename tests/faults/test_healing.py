"""R14: after each kind of failure, with nothing new enqueued, the queue reaches zero by itself.

Within five minutes of simulated time after the cause ended, or after the wait that it imposed; what waits for a person
aside. The real engine over a real store.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from tests.builders import SETTINGS, answered, order, product, read, refused, transaction
from tests.faults.line import Line
from tests.faults.model import Bad

from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.status import RowState, Trouble
from outlet_sync_gui.store.database import Database, Row
from outlet_sync_gui.store.outbox import Outbox, Parcel
from outlet_sync_gui.store.records import BLOCKED, DEAD
from outlet_sync_gui.sync import engine
from outlet_sync_gui.sync.exchange import Answer, Answered, Kind, Lost, Send
from outlet_sync_gui.sync.halts import Standing

HEALS_WITHIN_S = 300.0
SOON = SETTINGS.model_copy(update={"medium_interval_s": 60, "low_interval_s": 60})  # every lane is due
LIMITED_S = 90
PROBE_S = 300.0  # of a shut endpoint
DOUBT_S = 900.0  # the longest between probes of records that were refused alike
POISON = "poison"


# -- the kinds of failure: what becomes of a request


def lost(code: str) -> Callable[[Line, Send], Answer]:
    return lambda _line, _step: Lost(Trouble(code=code))


def times_out(line: Line, step: Send) -> Answer:
    line.pass_time(step.request.deadline_s)
    return Lost(Trouble(code="N-CLOUD"))


def cut_answer(line: Line, step: Send) -> Answer:
    line.arrive(step)
    return Lost(Trouble(code="N-CLOUD"))


def broken_json(line: Line, step: Send) -> Answer:
    whole = line.arrive(step)
    return Answered(status=200, headers={}, body=whole.body[: len(whole.body) // 2])


def limited(line: Line, _step: Send) -> Answer:
    line.door.wait_until_s = line.true_s + LIMITED_S
    return answered({"success": False, "retry_after": LIMITED_S}, 429)


def refused_batch(line: Line, step: Send) -> Answer:
    if step.flight.kind is Kind.PULL:
        return answered({"success": False, "error": "no news today"}, 400)
    return refused("outlet is closed", 400)


def poison(line: Line, step: Send) -> Answer:
    """The cloud fails over what has one record in it; all else is well."""
    if POISON.encode() in step.request.body:
        return answered({"success": False, "error": "pq: value too long"}, 500)
    return line.arrive(step)


@dataclass(frozen=True)
class Cause:
    """One kind of failure; `imposes_s`: what it may make the till wait beyond its own end."""

    name: str
    answer: Callable[[Line, Send], Answer]
    imposes_s: float = 0.0
    condemns: bool = False  # a person has to look at some of the records


CAUSES = (
    Cause("no route", lost("N-LINK")),
    Cause("DNS", lost("N-DNS")),
    Cause("TLS", lost("N-TLS")),
    Cause("time-out", times_out),
    Cause("cut request", lost("N-CLOUD")),
    Cause("cut answer", cut_answer),
    Cause("5xx", lambda _line, _step: answered({"success": False, "error": "busy"}, 503), DOUBT_S, condemns=True),
    Cause("HTML", lambda _line, _step: Answered(status=200, headers={}, body=b"<html>Wi-Fi</html>")),
    Cause("broken JSON", broken_json),
    Cause("401", lambda _line, _step: answered({"success": False}, 401)),
    Cause("403", lambda _line, _step: answered({"success": False}, 403), PROBE_S),
    Cause("429", limited, LIMITED_S),
    Cause("refused batch", refused_batch, DOUBT_S, condemns=True),
    Cause("poison item", poison, condemns=True),
)

# -- what it meets


@dataclass(frozen=True)
class Phase:
    """What is sent, and which requests the cause is about."""

    name: str
    records: Callable[[], list[Incoming]]
    meets: Callable[[Send], bool] = field(default=lambda _: True)


def is_pull(step: Send) -> bool:
    return step.flight.kind is Kind.PULL


def is_push(step: Send) -> bool:
    return step.flight.kind is Kind.PUSH


def mix() -> list[Incoming]:
    pairs = [
        pair for n in range(4) for pair in (("order", order(f"A{n}")), ("transaction", transaction(f"T{n}", f"A{n}")))
    ]
    rest = [
        ("order", order("bad", notes=POISON)),
        ("product", product("P1", stock=3)),
        ("category", {"local_id": "C1", "name": "Minuman", "updated_at": "2026-01-27T03:00:00Z"}),
        ("cashier_shift", {"local_id": "S1", "cash": 5}),
    ]
    return [read(entity_type, data) for entity_type, data in (*pairs, *rest)]


def deletes() -> list[Incoming]:
    gone = [("order", "before"), ("product", "P-before"), ("cashier_shift", "S-before")]
    return [read(entity_type, {"local_id": local_id}, "delete") for entity_type, local_id in gone]


PHASES = (
    Phase("everything", mix),
    Phase("the pull", mix, is_pull),
    Phase("the sending", mix, is_push),
    Phase("a lone order", lambda: [read("order", order("A1"))], is_push),
    Phase("deletes", deletes, is_push),
    Phase("the menu", lambda: [read("product", product(f"P{n}", stock=n, notes=POISON)) for n in range(2)]),
)
LASTS_S = {"once": 0.0, "a minute": 60.0, "20 minutes": 1200.0, (LONGEST := "8 hours"): 28_800.0}


def known_before(line: Line) -> None:
    """What the cloud has already, so that it can be deleted; and types that it has taken."""
    line.bench.put_all(
        [
            read("order", order("before")),
            read("transaction", transaction("T-before", None)),
            read("product", product("P-before")),
            read("cashier_shift", {"local_id": "S-before"}),
        ]
    )
    line.live(200)
    assert line.unsent() == 0


def suffer(line: Line, cause: Cause, phase: Phase, lasts_s: float) -> None:
    """The cause is there for so long, or for one request."""

    def fault(line: Line, step: Send) -> Answer | None:
        if not phase.meets(step):
            return None
        if lasts_s == 0.0:
            line.fault = None
        return cause.answer(line, step)

    line.fault = fault
    line.bench.put_all(phase.records())
    line.live(lasts_s or 400, until=lambda: line.fault is None)
    line.fault = None


def heal(line: Line, cause: Cause) -> float:
    """Nothing new, nothing wrong: seconds until only what waits for a person is left. Raises Bad."""
    took_s = line.live(cause.imposes_s + HEALS_WITHIN_S, until=lambda: not waiting(line))
    if left := waiting(line):
        raise Bad(f"{left} still wait after {took_s:.0f} s: {line.bench.engine.status(line.bench.now)}")
    return took_s


def waiting(line: Line) -> list[Row]:
    """What waits, but for a person's decision: payments of a refused order wait with it."""
    return line.bench.store._db.rows(
        "SELECT local_id, state FROM outbox JOIN record ON record.id = record_id WHERE state <> ? AND NOT"
        " (state = ? AND blocked_by IN (SELECT record_id FROM outbox WHERE state = ?))",
        (DEAD, BLOCKED, DEAD),
    )


def check_the_end(line: Line, cause: Cause, phase: Phase) -> None:
    """Everything there, and shown so."""
    queued = {name for name, _ in line.bench.queued()}
    for record in phase.records():
        kept = line.cloud.records.get((record.entity_type, record.local_id))
        is_there = kept is not None and kept.is_deleted == (record.operation == "delete")
        if not is_there and record.local_id not in queued:
            raise Bad(f"{record.entity_type}/{record.local_id} counts as sent and never arrived")
    dead = [row.local_id for row in line.bench.store.views.queue(state=RowState.DEAD)]
    if dead and not cause.condemns:
        raise Bad(f"a person is asked about {dead}")
    line.live(cause.imposes_s + HEALS_WITHIN_S)
    status = line.bench.engine.status(line.bench.now)
    if not dead and (status.state, status.trouble, status.waits) != ("idle", None, ()):
        raise Bad(f"all is well and shown is {status}")


def suffer_and_heal(folder: Path, cause: Cause, phase: Phase, lasts_s: float) -> float:
    """Seconds until all of it is through; raises Bad."""
    folder.mkdir()
    line = Line(folder, SOON)
    known_before(line)
    suffer(line, cause, phase, lasts_s)
    took_s = heal(line, cause)
    check_the_end(line, cause, phase)
    line.bench.store.close()
    return took_s


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_after_every_kind_of_failure_the_queue_reaches_zero(tmp_path: Path, cause: Cause, phase: Phase) -> None:
    healed = {}
    for name, lasts_s in LASTS_S.items():
        if name == LONGEST and phase is not PHASES[0]:
            continue  # the same waits once more, for long
        healed[name] = round(suffer_and_heal(tmp_path / str(round(lasts_s)), cause, phase, lasts_s), 1)
    print(f"\nR14: {cause.name}, {phase.name}: {healed}")


# -- crashes between any two steps


CRASH = Cause("crash", cut_answer)


class Killed(BaseException):
    """The process ends here, whatever it is in."""


class Kill:
    """Ends the process at the n-th point of a kind; counts the points."""

    def __init__(self, point: str = "", nth: int = 0) -> None:
        self.points: Counter[str] = Counter()
        self._wanted = (point, nth)

    def reach(self, point: str) -> None:
        """One of the points at which a process may end."""
        self.points[point] += 1
        if (point, self.points[point]) == self._wanted:
            raise Killed

    @contextmanager
    def watching(self, line: Line, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """From here to the end of the block each transaction and each request is a point."""
        write = Database.write

        @contextmanager
        def counted(database: Database) -> Iterator[None]:
            if database._connection.in_transaction:
                yield
                return
            with write(database):
                yield
                self.reach("before a commit")
            self.reach("after a commit")

        def fault(_line: Line, _step: Send) -> None:
            self.reach("before a request")

        with patch.context() as inner:
            inner.setattr(Database, "write", counted)
            line.fault, line.on_air = fault, lambda: self.reach("before an answer is read")
            yield
            line.fault = line.on_air = None


def small_day(line: Line) -> tuple[Callable[[], object], ...]:
    """Sales, the menu, news of headquarters, a refusal, deletes, a restart: each may be done once more."""
    put = line.bench.put_all

    def wait() -> None:
        line.live(1)

    sales = [(read("order", order(f"B{n}")), read("transaction", transaction(f"U{n}", f"B{n}"))) for n in range(3)]
    return (
        *(part for sale, paid in sales for part in (partial(put, [sale]), wait, partial(put, [paid]), wait)),
        lambda: put(mix()),
        lambda: line.live(70),
        lambda: line.cloud.change_product("P1", price=1000),
        lambda: put([read("product", product("P1", stock=2)), read("order", order("A0", total_amount=11))]),
        line.restart,
        lambda: put([*deletes(), read("order", order("A1"), "delete")]),
        lambda: line.live(301),
    )


def live_through_a_day(folder: Path, kill: Kill, patch: pytest.MonkeyPatch) -> float:
    """With one crash. Seconds until all of it is through; raises Bad."""
    folder.mkdir()
    line = Line(folder, SOON)
    known_before(line)
    line.cloud.rejects["bad"] = "not registered"
    took_s = 0.0
    with kill.watching(line, patch):
        for part in small_day(line):
            try:
                part()
            except Killed:
                line.restart()
                took_s = heal(line, CRASH)
                part()
    heal(line, CRASH)
    check_all_is_there(line)
    line.bench.store.close()
    return took_s


def check_all_is_there(line: Line) -> None:
    """What the day said last, and what a person has to look at."""
    there = {local_id: kept for (_, local_id), kept in line.cloud.records.items()}
    gone = {local_id for local_id, kept in there.items() if kept.is_deleted}
    dead = {row.local_id for row in line.bench.store.views.queue()}
    facts = (gone, dead, there["A0"].data["total_amount"], there["P1"].data["stock"], there["P1"].data["price"])
    if facts != ({"before", "P-before", "S-before", "A1"}, {"bad"}, 11, 2, 1000):
        raise Bad(f"deleted, dead, amount, stock, price: {facts}")


def every_point(folder: Path, patch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    kill = Kill()
    live_through_a_day(folder, kill, patch)
    return [(point, nth) for point, n in kill.points.items() for nth in range(1, n + 1)]


@pytest.mark.timeout(300)
def test_after_a_crash_between_any_two_steps_the_queue_reaches_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = every_point(tmp_path / "whole", monkeypatch)
    slowest = 0.0
    for number, (point, nth) in enumerate(points):
        try:
            slowest = max(slowest, live_through_a_day(tmp_path / str(number), Kill(point, nth), monkeypatch))
        except Exception as error:
            raise Bad(f"{point}, number {nth}: {error}") from error
    print(f"\nR14: a crash at each of {len(points)} points; healed within {slowest:.1f} s")
    assert len(points) > 100


# -- mistakes, planted to prove that they are found

Plant = Callable[[pytest.MonkeyPatch], None]


def a_shut_endpoint_is_never_tried_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Standing, "is_due", lambda *_: False)


def a_refused_key_is_refused_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "KEY_PROBE_S", 1e9)


def what_leaves_counts_as_sent(patch: pytest.MonkeyPatch) -> None:
    depart = Outbox.depart

    def careless(self: Outbox, parcels: Sequence[Parcel], *, flight: int) -> None:
        depart(self, parcels, flight=flight)
        self._db.execute_many("DELETE FROM outbox WHERE record_id = ?", [(p.record_id,) for p in parcels])

    patch.setattr(Outbox, "depart", careless)


@pytest.mark.parametrize(
    ("plant", "cause"),
    [
        (a_shut_endpoint_is_never_tried_again, "403"),
        (a_refused_key_is_refused_for_ever, "401"),
        (what_leaves_counts_as_sent, "no route"),
    ],
)
def test_a_planted_mistake_is_found(plant: Plant, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    meant = next(known for known in CAUSES if known.name == cause)
    with pytest.raises(Bad):
        suffer_and_heal(tmp_path / "line", meant, PHASES[0], 60.0)


def test_a_planted_mistake_of_a_crash_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    what_leaves_counts_as_sent(monkeypatch)
    with pytest.raises(Bad):
        live_through_a_day(tmp_path / "line", Kill("before a request", 3), monkeypatch)
