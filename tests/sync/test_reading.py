"""Headquarters read back by the engine: page by page, behind the sales, within the budget."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.builders import (
    OUTLET_CODE,
    OUTLET_ID,
    SETTINGS,
    START_MS,
    Bench,
    Json,
    answered,
    order,
    product,
    read,
    transaction,
)

from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.listener import Request
from outlet_sync_gui.simulator import Cloud
from outlet_sync_gui.status import State, Trouble
from outlet_sync_gui.sync.clock import iso
from outlet_sync_gui.sync.commands import LookForReadings, Reconcile, SyncNow
from outlet_sync_gui.sync.engine import LINGER_MS
from outlet_sync_gui.sync.events import Event, KeyRefused, ReadBack
from outlet_sync_gui.sync.exchange import Answer, Answered, Kind, Lost, Send, WaitUntil
from outlet_sync_gui.sync.reading import send_again
from outlet_sync_gui.sync.reconcile import Reconciled, from_json

DAY, DAY_S = "2026-01-27", 86_400
CUT = Lost(Trouble(code="N-CLOUD"))
HEADERS = {
    "authorization": "Bearer k",
    "x-outlet-id": OUTLET_ID,
    "x-outlet-code": OUTLET_CODE,
    "content-type": "application/json",
}
Answering = Callable[[Send], Answer]


class Outlet(Bench):
    """A till, and a cloud that can be read back, without a socket between them."""

    def __init__(self, directory: Path, *, extras: bool = True, per_minute: int = 100) -> None:
        chosen = SETTINGS.model_copy(update={"cloud_extras": True, "rate_limit_per_minute": per_minute})
        super().__init__(directory, chosen)
        self.cloud = Cloud(now_ms=lambda: self.wall_ms, extras=extras)
        self.asked: list[str] = []  # readings, in order
        self.kinds: list[Kind] = []

    def answer(self, step: Send) -> Answer:
        path, _, query = step.request.path.partition("?")
        request = Request(method=step.request.method, path=path, query=query, headers=HEADERS, body=step.request.body)
        response = self.cloud.handle(request)
        return Answered(status=response.status, headers=response.headers, body=response.body)

    def carry(self, answer: Answering | None = None) -> list[Event]:
        """One exchange; what came of it."""
        step = self.send()
        self.kinds.append(step.flight.kind)
        if step.flight.kind is Kind.READ:
            self.asked.append(step.request.path.partition(f"{OUTLET_ID}/")[2])
        return self.settle(step, (answer or self.answer)(step))

    def run(self, seconds: float = 600) -> list[Event]:
        """Until nothing is due within this time."""
        events: list[Event] = []
        until = self.at_s + seconds
        while True:
            step = self.next()
            if isinstance(step, Send):
                self.kinds.append(step.flight.kind)
                if step.flight.kind is Kind.READ:
                    self.asked.append(step.request.path.partition(f"{OUTLET_ID}/")[2])
                events += self.settle(step, self.answer(step))
                self.later(0.01)
            elif step.at is None or step.at > until:
                return events
            else:
                self.later(max(0.001, step.at - self.at_s))

    def sell(self, *numbers: str, at: str = "2026-01-27T03:00:00Z") -> None:
        for number in numbers:
            paid = transaction(f"T{number}", number, created_at=at)
            self.put_all([read("order", order(number, created_at=at)), read("transaction", paid)])

    def reconcile(self, date: str = DAY) -> Reconciled:
        self.engine.do(Reconcile(date), self.now)
        assert ReadBack(Reconcile(date)) in self.run(60)
        return self.found(date)

    def found(self, date: str = DAY) -> Reconciled:
        kept = self.store.findings.find(date)
        assert kept is not None
        return from_json(kept)

    def forget(self, kind: str, number: str) -> None:
        """Headquarters loses a record."""
        del self.cloud.records[(kind, number)]


@pytest.fixture
def outlet(tmp_path: Path) -> Iterator[Outlet]:
    made = Outlet(tmp_path)
    yield made
    made.store.close()


def names(found: Reconciled) -> list[str]:
    return [told.name for told in found.missing]


def sold(outlet: Outlet, *numbers: str) -> None:
    """Sold, and at headquarters; a moment later."""
    outlet.sell(*numbers)
    outlet.run(1)
    outlet.later(1)
    assert outlet.store.outlet.counts().pending.total == 0


def test_a_day_that_arrived_is_the_same(outlet: Outlet) -> None:
    sold(outlet, "A1", "A2")
    found = outlet.reconcile()
    assert (found.is_same, found.theirs.orders, found.theirs.transactions) == (True, (2, 20), (2, 20))
    assert outlet.asked == ["orders?page=1&limit=100", "transactions?page=1&limit=100", "sync/logs?limit=1000"]
    assert outlet.cloud.violations == []


def test_what_is_missing_is_sent_again_and_then_there(outlet: Outlet) -> None:
    sold(outlet, "A1", "A2")
    for kind, number in (("order", "A1"), ("transaction", "TA1"), ("transaction", "TA2")):
        outlet.forget(kind, number)
    found = outlet.reconcile()
    assert names(found) == ["order/A1", "transaction/TA1", "transaction/TA2"]
    assert found.theirs.orders == (1, 10)
    for decision in send_again(outlet.store, found, who="Siti"):
        outlet.engine.do(decision, outlet.now)
    outlet.run(1)
    outlet.later(1)
    assert (outlet.reconcile().is_same, outlet.cloud.orphans) == (True, [])


def test_what_waits_is_not_sent_again(outlet: Outlet) -> None:
    sold(outlet, "A1", "A2")
    outlet.forget("order", "A1")
    outlet.forget("order", "A2")
    found = outlet.reconcile()
    outlet.put("order", order("A1", total_amount=11))
    assert [decision.names for decision in send_again(outlet.store, found, who="")] == [("order/A2",)]


def test_many_are_sent_again_in_parts(outlet: Outlet) -> None:
    sold(outlet, *(f"A{n}" for n in range(150)))
    outlet.cloud.records.clear()
    parts = list(send_again(outlet.store, outlet.reconcile(), who=""))
    assert [len(part.names or ()) for part in parts] == [200, 100]
    assert all(name.startswith("order/") for name in (parts[0].names or ())[:150])


def test_what_is_other_there_is_named(outlet: Outlet) -> None:
    sold(outlet, "A1")
    key = ("order", "A1")
    kept = outlet.cloud.records[key]
    outlet.cloud.records[key] = type(kept)(
        cloud_id=kept.cloud_id, local_id="A1", version=1, data={**kept.data, "total_amount": 9}, updated_at=0
    )
    ((here, there),) = outlet.reconcile().different
    assert (here.amount, there.amount) == (10, 9)


def test_what_is_only_there_is_named(outlet: Outlet, tmp_path: Path) -> None:
    sold(outlet, "A1")
    (tmp_path / "other").mkdir()
    other = Outlet(tmp_path / "other")
    other.cloud = outlet.cloud
    other.wall_ms = outlet.wall_ms
    sold(other, "B1")
    other.store.close()
    assert [told.name for told in outlet.reconcile().only_there] == ["order/B1", "transaction/TB1"]


def test_what_was_deleted_on_both_sides_is_no_difference(outlet: Outlet) -> None:
    sold(outlet, "A1", "A2")
    outlet.put("order", order("A2"), "delete")
    outlet.run(1)
    outlet.later(1)
    found = outlet.reconcile()
    assert (names(found), found.only_there, found.different) == ([], (), ())


def test_what_was_dropped_silently_is_named(outlet: Outlet) -> None:
    sold(outlet, "A1")
    outlet.put("cashier_shift", {"local_id": "S1"})
    outlet.put("cashier_shift", {"local_id": "S2"})
    outlet.engine.do(SyncNow(), outlet.now)
    outlet.run(1)
    assert outlet.store.outlet.counts().pending.total == 0
    assert dict(outlet.reconcile().skipped) == {"cashier_shift": 2}


# -- pages


def test_all_pages_of_the_day_are_read_and_no_older_ones(outlet: Outlet) -> None:
    outlet.hurry()
    for day in range(4):
        at = START_MS + (day - 3) * DAY_S * 1000
        outlet.sell(*(f"D{day}-{n}" for n in range(130)), at=iso(at))
    outlet.run(5)
    outlet.later(1)
    found = outlet.reconcile()
    assert (found.is_same, found.ours.orders.n) == (True, 130)
    # The day, the one before for bills that stayed open, and one page that shows that it is past them.
    assert [path for path in outlet.asked if path.startswith("orders")][-1] == "orders?page=4&limit=100"


def test_a_row_that_moves_on_to_the_next_page_meanwhile_counts_once(outlet: Outlet) -> None:
    sold(outlet, *(f"A{n}" for n in range(101)))
    outlet.engine.do(Reconcile(DAY), outlet.now)
    while outlet.asked != ["orders?page=1&limit=100"]:
        outlet.carry()
    outlet.sell("B1", at="2026-01-27T03:20:00Z")  # which comes first now, and pushes the last one on
    events = outlet.run(60)
    found = outlet.found()
    assert ReadBack(Reconcile(DAY)) in events
    assert (found.missing, found.only_there, found.theirs.orders.n) == ((), (), 101)
    assert (found.unsent, found.ours.orders.n) == (1, 102)  # it came after the first page: asked again it is there
    assert outlet.reconcile().is_same


# -- behind the sales, within the budget


def test_a_sale_comes_first(outlet: Outlet) -> None:
    sold(outlet, *(f"A{n}" for n in range(101)))
    outlet.engine.do(Reconcile(DAY), outlet.now)
    while not outlet.asked:
        outlet.carry()
    outlet.put("order", order("B1"))
    outlet.kinds.clear()
    outlet.run(60)
    assert outlet.kinds == [Kind.PUSH, Kind.READ, Kind.READ, Kind.READ, Kind.READ]


def test_by_it_no_sale_has_to_wait(tmp_path: Path) -> None:
    """It takes so little of the limit that sales need not gather longer."""
    outlet = Outlet(tmp_path, per_minute=20)
    outlet.hurry()
    outlet.sell(*(f"A{n}" for n in range(450)))
    outlet.run(240)
    outlet.later(120)
    outlet.engine.do(Reconcile(DAY), outlet.now)
    outlet.kinds.clear()
    outlet.run(20)
    assert outlet.kinds == [Kind.PULL, *[Kind.READ] * 3]
    outlet.sell("B1")
    outlet.run(LINGER_MS / 1000)
    assert outlet.kinds[-1] is Kind.PUSH
    outlet.run(600)
    found = outlet.found()
    assert (names(found), found.only_there, outlet.cloud.over_limit) == ([], (), 0)
    assert found.theirs.orders.n >= 450
    outlet.store.close()


# -- what goes wrong


def test_a_page_that_was_cut_off_is_asked_again(outlet: Outlet) -> None:
    sold(outlet, *(f"A{n}" for n in range(101)))
    outlet.engine.do(Reconcile(DAY), outlet.now)
    while len(outlet.asked) < 2:
        outlet.carry()
    outlet.carry(lambda _: CUT)
    assert ReadBack(Reconcile(DAY)) in outlet.run(60)
    assert outlet.found().is_same
    assert outlet.engine.status(outlet.now).state is State.IDLE


def test_after_three_cuts_in_a_row_it_is_given_up_and_sales_go_on(outlet: Outlet) -> None:
    sold(outlet, "A1")
    outlet.engine.do(Reconcile(DAY), outlet.now)
    events = outlet.carry()  # the line is tried
    for _ in range(3):
        events += outlet.carry(lambda _: CUT)
        outlet.later(10)
    (ended,) = [event for event in events if isinstance(event, ReadBack)]
    assert ended.error is not None
    assert (ended.error.code, outlet.store.findings.find(DAY)) == ("N-CLOUD", None)
    sold(outlet, "A2")
    assert outlet.reconcile().is_same


def test_while_nobody_answers_the_line_is_tried_at_once(outlet: Outlet) -> None:
    outlet.run(1)
    outlet.engine.do(Reconcile(DAY), outlet.now)
    step = outlet.send()
    assert step.flight.kind is Kind.PULL
    outlet.settle(step, CUT)
    assert isinstance(outlet.next(), WaitUntil)


def test_a_limit_of_the_cloud_is_waited_for(outlet: Outlet) -> None:
    sold(outlet, "A1")
    outlet.engine.do(Reconcile(DAY), outlet.now)
    outlet.carry()
    outlet.carry(lambda _: answered({"success": False, "error": "rate_limit_exceeded", "retry_after": 30}, status=429))
    assert outlet.wait().at == pytest.approx(outlet.at_s + 30)
    assert ReadBack(Reconcile(DAY)) in outlet.run(60)


def test_one_401_is_no_proof(outlet: Outlet) -> None:
    outlet.engine.do(Reconcile(DAY), outlet.now)
    outlet.carry()
    assert outlet.carry(lambda _: answered({"success": False}, status=401)) == [KeyRefused()]
    assert ReadBack(Reconcile(DAY)) in outlet.run(60)


@pytest.mark.parametrize("status", [403, 404, 405, 501])
def test_a_cloud_that_has_no_readings_is_known_from_then_on(outlet: Outlet, status: int) -> None:
    outlet.engine.do(Reconcile(DAY), outlet.now)
    outlet.carry()
    (ended,) = outlet.carry(lambda _: answered({"success": False}, status=status))
    assert isinstance(ended, ReadBack)
    assert ended.error is not None
    assert (ended.error.code, outlet.store.findings.can_be_read) == ("extras_missing", False)
    assert outlet.engine.status(outlet.now).state is State.IDLE


@pytest.mark.parametrize("body", [{"success": True, "data": {}}, {"success": False, "error": "x"}, {"success": True}])
def test_another_answer_than_a_list_is_none(outlet: Outlet, body: Json) -> None:
    outlet.engine.do(Reconcile(DAY), outlet.now)
    outlet.carry()
    (ended,) = outlet.carry(lambda _: answered(body))
    assert isinstance(ended, ReadBack)
    assert ended.error is not None
    assert ended.error.code == "extras_missing"


def test_a_log_alone_that_is_not_there_is_not_missed(outlet: Outlet) -> None:
    sold(outlet, "A1")
    outlet.engine.do(Reconcile(DAY), outlet.now)
    for _ in range(3):
        outlet.carry()
    assert outlet.carry(lambda _: answered({"success": False}, status=404)) == [ReadBack(Reconcile(DAY))]
    assert outlet.found().is_same


def test_a_list_that_never_ends_is_left(outlet: Outlet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud that knows no pages gives the first one again and again."""
    monkeypatch.setattr("outlet_sync_gui.sync.reading.MOST_PAGES", 3)
    row = {"local_id": "A1", "total_amount": 10, "created_at": "2026-01-27 03:00:00"}
    outlet.engine.do(Reconcile(DAY), outlet.now)
    outlet.carry()
    for _ in range(6):
        outlet.carry(lambda _: answered({"success": True, "data": [row] * 100}))
    assert outlet.carry() == [ReadBack(Reconcile(DAY))]


# -- off, asked whether it is there, and kept


def test_switched_off_nothing_is_asked(outlet: Outlet) -> None:
    outlet.settings = SETTINGS
    outlet.revive()
    outlet.run(1)
    with pytest.raises(InputRefused, match="extras_off"):
        outlet.engine.do(Reconcile(DAY), outlet.now)
    assert isinstance(outlet.next(), WaitUntil)


@pytest.mark.parametrize("extras", [True, False])
def test_whether_it_is_there_can_be_asked_all_the_same(tmp_path: Path, extras: bool) -> None:
    outlet = Outlet(tmp_path, extras=extras)
    outlet.settings = SETTINGS
    outlet.revive()
    assert outlet.store.findings.can_be_read is None
    outlet.engine.do(LookForReadings(), outlet.now)
    assert ReadBack(LookForReadings()) in outlet.run(1)
    assert outlet.store.findings.can_be_read is extras
    assert (outlet.asked, outlet.cloud.violations) == (["orders?page=1&limit=1"], [])
    outlet.store.close()


def test_asked_twice_it_is_read_once(outlet: Outlet) -> None:
    outlet.run(1)
    outlet.engine.do(Reconcile(DAY), outlet.now)
    outlet.engine.do(Reconcile(DAY), outlet.now)
    outlet.run(60)
    assert len(outlet.asked) == 3


def test_what_was_found_outlives_the_program(outlet: Outlet) -> None:
    sold(outlet, "A1")
    found = outlet.reconcile()
    outlet.restart()
    assert outlet.found() == found


def test_ended_in_the_middle_nothing_is_found_and_it_can_begin_anew(outlet: Outlet) -> None:
    sold(outlet, "A1")
    outlet.engine.do(Reconcile(DAY), outlet.now)
    while not outlet.asked:
        outlet.carry()
    outlet.restart()
    assert outlet.store.findings.find(DAY) is None
    assert outlet.reconcile().is_same


def test_the_menu_is_left_out(outlet: Outlet) -> None:
    outlet.put("product", product())
    sold_day = outlet.reconcile()
    assert (sold_day.ours.orders.n, sold_day.unsent) == (0, 0)
