"""Which state shows: the first of paused > offline > attention > syncing > waiting > idle. Never green while unsent."""

from dataclasses import replace
from itertools import product

import pytest
from tests.builders import START_MS

from outlet_sync_gui.errors import CredentialsMissing
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.status import Pending, State, Status, Trouble
from outlet_sync_gui.store.halts import Halt, HaltKind
from outlet_sync_gui.store.outlet import Counts, OutletState
from outlet_sync_gui.sync.state import Facts, as_json, state_of, status_of, with_key_trouble

WELL = OutletState(
    cursor=None,
    pulled_at=None,
    last_success_at=START_MS - 1000,
    failing_since=None,
    trouble=None,
    wait_until=None,
    wait_ms=None,
    wait_monotonic_ms=None,
    is_paused=False,
    paused_until=None,
    clock_offset_ms=None,
)
NOTHING = Counts(pending=Pending(), pending_amount=0, held=0, blocked=0, dead=0)
FACTS = Facts(outlet=WELL, counts=NOTHING, settings=Settings(pull_interval_s=300), now_ms=START_MS)
OFFLINE, KEY = Trouble(code="N-DNS"), Trouble(code="N-KEY")


def facts(*, unsent: int = 0, dead: int = 0, busy: float | None = None, **outlet: object) -> Facts:
    counts = replace(NOTHING, pending=Pending(high=unsent), dead=dead)
    return replace(FACTS, outlet=replace(WELL, **outlet), counts=counts, busy_for_s=busy)  # type: ignore[arg-type]  # a builder of tests


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        (facts(), State.IDLE),
        (facts(unsent=1), State.WAITING),
        (facts(unsent=1, busy=0.5), State.WAITING),
        (facts(unsent=1, busy=1.0), State.SYNCING),
        (facts(unsent=1, busy=5.0, dead=1), State.ATTENTION),
        (facts(dead=1), State.ATTENTION),
        (facts(trouble=KEY), State.ATTENTION),
        (facts(trouble=OFFLINE, dead=1), State.OFFLINE),
        (facts(trouble=OFFLINE, busy=5.0), State.OFFLINE),
        (facts(trouble=OFFLINE, is_paused=True), State.PAUSED),
        (facts(is_paused=True), State.PAUSED),
        (facts(is_paused=True, paused_until=START_MS + 1), State.PAUSED),
        (facts(is_paused=True, paused_until=START_MS), State.IDLE),
        (facts(last_success_at=None), State.SYNCING),
        (facts(last_success_at=START_MS - 600_000), State.IDLE),
        (facts(last_success_at=START_MS - 600_001), State.SYNCING),
        (facts(last_success_at=START_MS + 1), State.SYNCING),
        (facts(last_success_at=None, trouble=OFFLINE), State.OFFLINE),
        (facts(unsent=1, wait_until=START_MS + 60_000), State.WAITING),
        (replace(facts(), is_telling=True), State.SYNCING),
        (replace(facts(unsent=1), is_telling=True), State.WAITING),
        (replace(facts(busy=5.0), conflicts=1), State.ATTENTION),
        (replace(facts(), messages=1), State.IDLE),
    ],
)
def test_the_first_cause_that_holds_shows(shown: Facts, state: State) -> None:
    assert state_of(shown) is state


def _shut(*names: str, since: int = START_MS - 2000) -> tuple[Halt, ...]:
    return tuple(
        Halt(
            halt_id=number,
            kind=HaltKind.ROUTE,
            name=name,
            words="",
            records=(),
            since=since,
            probe_at=START_MS + 1000,
            probes=0,
            is_over=False,
            n=0,
        )
        for number, name in enumerate(names)
    )


@pytest.mark.parametrize(
    ("shut", "do_sales_pass"),
    [
        (_shut("updates"), True),
        (_shut("orders"), True),
        (_shut("sync/batch"), True),
        (_shut("orders", "sync/batch"), False),
        (_shut("transactions", "sync/batch"), False),
        (_shut("updates", since=START_MS - 999), False),  # nothing has passed since
    ],
)
def test_a_shut_endpoint_is_not_the_outlet_while_sales_pass(shut: tuple[Halt, ...], do_sales_pass: bool) -> None:
    trouble = status_of(replace(FACTS, halts=shut), lambda _: (0, 0)).trouble
    assert trouble is not None
    assert ("passes" in dict(trouble.facts)) is do_sales_pass


def test_green_needs_an_empty_outbox_and_a_fresh_success() -> None:
    for unsent, dead, busy, trouble, paused, success in product(
        (0, 1), (0, 1), (None, 2.0), (None, OFFLINE, KEY), (False, True), (None, START_MS - 700_000, START_MS)
    ):
        shown = facts(unsent=unsent, dead=dead, busy=busy, trouble=trouble, is_paused=paused, last_success_at=success)
        if state_of(shown) is State.IDLE:
            assert (unsent, dead, trouble, paused, success) == (0, 0, None, False, START_MS)


def test_a_key_that_was_never_given_is_set_up_a_locked_one_needs_a_person() -> None:
    waiting = Status(state=State.WAITING, version="1")
    assert with_key_trouble(waiting, CredentialsMissing("secret_missing")).missing == ("api-key",)
    assert with_key_trouble(waiting, CredentialsMissing("keyring_locked")).state is State.ATTENTION


def test_the_json_holds_the_stable_names() -> None:
    shown = as_json(Status(state=State.IDLE, version="1", last_success_at=START_MS))
    names = (
        "state outlet_id outlet_code pending held blocked dead conflicts questions sent_today sent_today_amount service"
    )
    names += " last_success_at cursor next_attempt_at clock_offset_s webhook_url intake_url version"
    assert set(names.split()) <= shown.keys()
    assert shown["last_success_at"] == "2026-01-27T03:30:00Z"
