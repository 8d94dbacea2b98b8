"""One order, A1, brought into each state of a row, and answers that say something of each record."""

from collections.abc import Callable
from typing import Any

from tests.builders import Bench, answered, order, pulled, refused

from outlet_sync_gui.status import Trouble
from outlet_sync_gui.store.records import Known
from outlet_sync_gui.sync.commands import Decision
from outlet_sync_gui.sync.exchange import Answered, Flight, Kind, Lost, Send

LOST = Lost(Trouble(code="N-CLOUD"))


def ready(bench: Bench) -> None:
    bench.put("order", order("A1"))


def retry(bench: Bench) -> None:
    """Refused without a reason: it goes again by itself."""
    ready(bench)
    bench.settle(bench.push(), refused(""))
    assert bench.queued() == [("A1", "retry")]


def unknown(bench: Bench) -> None:
    """Its answer was lost."""
    ready(bench)
    bench.settle(bench.push(), LOST)


def restarted(bench: Bench) -> None:
    """The program died with it on the way."""
    ready(bench)
    bench.push()
    bench.restart()
    bench.pull()


def dead(bench: Bench) -> None:
    ready(bench)
    bench.settle(bench.push(), refused("no such table"))
    assert bench.queued() == [("A1", "dead")]


def sending(bench: Bench) -> Send:
    ready(bench)
    return bench.push()


State = Callable[[Bench], None]
TRIED: tuple[State, ...] = (retry, unknown, restarted, dead)
STATES: tuple[State, ...] = (ready, *TRIED)


def known(bench: Bench, name: str = "order/A1") -> Known:
    found = bench.store.records.named(name)
    assert found is not None
    return found


def tries(bench: Bench) -> dict[str, int]:
    return {row.local_id: row.tries for row in bench.store.views.queue()}


def next_push(bench: Bench) -> Send:
    """The next one that is due, however long that takes."""
    return bench.later(130).push()


def due_push(bench: Bench) -> Send:
    """The one that is due now, without a person's word; a pull brings nothing."""
    step = bench.send()
    while step.flight.kind is Kind.PULL:
        bench.settle(step, pulled())
        step = bench.send()
    return step


def operations(step: Send) -> list[tuple[str, str]]:
    return [(parcel.local_id, parcel.operation) for parcel in step.flight.parcels]


def decide(bench: Bench, decision: Decision) -> None:
    bench.engine.do(decision, bench.now)


OK = {"status": "success"}


def told(flight: Flight, said: dict[str, dict[str, Any]], status: int = 200, **more: Any) -> Answered:
    """A batch's answer that says this of each record; what is left out it says nothing of."""
    each = [
        {"entity_type": p.entity_type, "local_id": p.local_id, **said[p.local_id]}
        for p in flight.parcels
        if p.local_id in said
    ]
    return answered({"success": True, **more, "data": {"results": each}}, status)
