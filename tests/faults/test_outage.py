"""R6: days without a line, at 1,500 records a day, the till off every night and without power now and then.

The real engine over a real store, on simulated time. When the line is back all of it drains, and nothing has expired.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.builders import SETTINGS, Json, order, product, read, transaction
from tests.faults.line import Line
from tests.faults.model import Bad

from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.status import Trouble
from outlet_sync_gui.store.outbox import Outbox
from outlet_sync_gui.store.outlet import OutletRow
from outlet_sync_gui.sync.exchange import Answer, Lost, Send
from outlet_sync_gui.sync.pacing import Backoff

OPEN_S, NIGHT_S = 10 * 3600, 14 * 3600
PER_DAY = 1500
BURSTS = 150  # a day; the till says ten things at once
PRODUCTS = 60
CUTS = 0.02  # of the bursts end in a power cut
LATENCY_S = 0.3
BACKOFF_S = 121.0  # until the first attempt that gets through, and its answer
SLOWEST = 2.0


@dataclass(frozen=True)
class Outage:
    """What came of one."""

    records: int
    attempts: int
    reached_s: float
    drained_s: float
    ideal_s: float
    requests: int

    def __str__(self) -> str:
        ratio = self.drained_s / self.ideal_s
        return (
            f"{self.records} records, {self.attempts} attempts; noticed after {self.reached_s:.1f} s,"
            f" drained in {self.drained_s:.1f} s by {self.requests} requests, the ideal is {self.ideal_s:.1f} s"
            f" ({ratio:.2f})"
        )


def burst(day: int, number: int) -> Iterator[Incoming]:
    """Ten records: four orders, four payments, a product whose stock fell, now and then a shift."""
    name = f"{day}-{number}"
    for n in range(4):
        yield read("order", order(f"A{name}-{n}", total_amount=number + n))
        yield read("transaction", transaction(f"T{name}-{n}", f"A{name}-{n}"))
    yield read("product", product(f"P{number % PRODUCTS}", stock=day * BURSTS + number))
    more: Json = {"local_id": f"S{name}", "cash": number}
    yield read("cashier_shift", more)


def no_route(_line: Line, _step: Send) -> Answer:
    return Lost(Trouble(code="N-LINK"))


def live_through(directory: Path, *, days: int, bursts: int = BURSTS, seed: int = 1) -> Outage:
    """An outage of so many days, then the line is back. Raises Bad."""
    line = Line(directory, SETTINGS, seed=seed, latency_s=LATENCY_S)
    line.live(30)
    line.fault = no_route
    said: dict[tuple[str, str], Incoming] = {}
    for day in range(days):
        for number in range(bursts):
            spoken = list(burst(day, number))
            line.bench.put_all(spoken)
            said |= {(record.entity_type, record.local_id): record for record in spoken}
            line.live(OPEN_S / bursts)
            if line.chance.random() < CUTS:
                cut_power(line)
        line.power_off(NIGHT_S)
    line.live(3600)  # it has tried for a while when the line comes back
    waiting = line.unsent()
    if waiting != len(said):
        raise Bad(f"{len(said)} records were taken, {waiting} wait")
    return drain(line, said)


def cut_power(line: Line) -> None:
    """In the middle of whatever it does; every other time with a request out."""
    step = line.bench.next()
    if isinstance(step, Send) and line.chance.random() < 0.5:
        line.door.count(line.true_s)
    elif isinstance(step, Send):
        line.carry(step)
    line.power_off(line.chance.choice((1, 60, 1800)))


def drain(line: Line, said: dict[tuple[str, str], Incoming]) -> Outage:
    """The line is back: how long until all of it is there."""
    attempts, line.requests, line.fault = line.requests, 0, None
    counts = line.bench.store.outlet.counts
    ideal_s = math.ceil(len(said) / SETTINGS.batch_max_items) * LATENCY_S
    reached_s = line.live(600, until=lambda: not line.is_unreachable)
    drained_s = line.live(600, until=lambda: not counts().pending.high + counts().pending.medium)
    line.live(25 * 3600, until=lambda: not line.unsent())  # what is low waits for its hour
    if reached_s > BACKOFF_S or drained_s > SLOWEST * ideal_s + LATENCY_S:
        raise Bad(f"tried after {reached_s} s, drained in {drained_s} s; the ideal is {ideal_s} s")
    if missing := said.keys() - line.cloud.records.keys():
        raise Bad(f"{len(missing)} never arrived, {sorted(missing)[:3]} among them")
    one_glitch(line)
    line.bench.store.close()
    return Outage(len(said), attempts, reached_s, drained_s, ideal_s, line.requests)


def one_glitch(line: Line) -> None:
    """One answer is lost: the next try is not as far away as it was after days."""

    def once(_line: Line, _step: Send) -> Answer:
        line.fault = None
        return Lost(Trouble(code="N-CLOUD"))

    line.fault = once
    line.bench.put("order", order("last"))
    line.live(5)
    if line.unsent():
        raise Bad("one lost answer counts like days of them")


@pytest.mark.parametrize(
    "days",
    [
        pytest.param(7, marks=pytest.mark.timeout(300)),
        pytest.param(30, marks=[pytest.mark.long, pytest.mark.timeout(1200)]),
    ],
)
def test_an_outage_of_days_drains_completely(tmp_path: Path, days: int) -> None:
    outage = live_through(tmp_path, days=days)
    print(f"\nR6: {days} days: {outage}")
    assert outage.records > days * PER_DAY * 0.85


# -- mistakes, planted to prove that they are found


def what_is_old_expires(patch: pytest.MonkeyPatch) -> None:
    wake = Outbox.wake

    def careless(self: Outbox, now_ms: int) -> None:
        self._db.execute("DELETE FROM outbox WHERE queued_at < ?", (now_ms - 36 * 3_600_000,))
        wake(self, now_ms)

    patch.setattr(Outbox, "wake", careless)
    patch.setattr(Outbox, "next_retry_at", lambda _: 0)


def the_back_off_grows_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("outlet_sync_gui.sync.pacing.LAST_S", 3600.0)


def the_back_off_never_starts_anew(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Backoff, "succeeded", lambda _: None)


def the_outage_is_not_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OutletRow, "failed", lambda *_, **__: None)


PLANTED = (
    what_is_old_expires,
    the_back_off_grows_for_ever,
    the_back_off_never_starts_anew,
    the_outage_is_not_told,
)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_mistake_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(Bad):
        live_through(tmp_path, days=2, bursts=10)
