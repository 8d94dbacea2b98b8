"""Budget, back-off, batch size and clock: small machines on their own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import START_MS

from outlet_sync_gui.store.outlet import Stamp
from outlet_sync_gui.sync.budget import RESERVE, Budget
from outlet_sync_gui.sync.clock import Now, business_day, iso, to_ms
from outlet_sync_gui.sync.pacing import Backoff, BatchSize


@given(st.lists(st.tuples(st.floats(0, 40), st.floats(0, 20)), max_size=120), st.integers(3, 20))
def test_no_minute_holds_more_answers_than_the_limit(moves: list[tuple[float, float]], limit: int) -> None:
    at, budget = 0.0, Budget(limit, [], now=Now(0.0, 0))
    spans: list[tuple[float, float]] = []
    for pause, takes in moves:
        at += pause
        if budget.free_at(Now(at, 0), reserve=0) <= at:
            budget.depart()
            left, at = at, at + takes
            budget.land(Now(at, 0))
            spans.append((left, at))
    # A server may count a request anywhere between its leaving and its answer: take what is worst for us.
    for n in range(len(spans) - limit):
        assert spans[n + limit][0] >= spans[n][1] + 60 - 1e-6


def test_two_slots_are_kept_for_pulls() -> None:
    budget, now = Budget(10, [], now=Now(0.0, 0)), Now(0.0, 0)
    for _ in range(10 - RESERVE):
        budget.depart()
        budget.land(now)
    assert budget.free_at(now) == 60.0
    assert budget.free_at(now, reserve=0) == 0.0


DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("wall_age_ms", "monotonic_age_s", "free_in"),
    [
        (10_000, 10, 50),
        (10_000 + DAY_MS, 10, 50),  # the clock was set forward
        (10_000 - DAY_MS, 10, 50),  # the clock was set back
        (10_000, -5000, 50),  # the machine was started anew
        (-DAY_MS, -5000, 60),  # both: it counts as made now
        (DAY_MS, 86_400, 0),
    ],
)
def test_a_request_of_an_earlier_process_counts_by_the_clock_that_ran_on(
    wall_age_ms: int, monotonic_age_s: int, free_in: float
) -> None:
    now = Now(6000.0, START_MS)
    stamp = Stamp(wall_ms=START_MS - wall_age_ms, monotonic_ms=(6000 - monotonic_age_s) * 1000)
    assert Budget(10, [stamp] * 10, now=now).free_at(now, reserve=0) == now.monotonic + free_in


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_back_off_is_bounded_and_never_spins(draws: list[float]) -> None:
    rest = iter(draws)
    backoff = Backoff(lambda: next(rest))
    for n in range(len(draws)):
        assert 0.1 * min(120, 2.0**n) <= backoff.failed() <= min(120, 2.0 ** min(n, 10))


@pytest.mark.parametrize(
    ("seconds", "items"), [([1], 500), ([1, 1], 1000), ([1, 1, 1], 1000), ([7], 250), ([11], 125), ([11] * 9, 1)]
)
def test_a_batch_is_as_large_as_the_line_carries(seconds: list[float], items: int) -> None:
    size = BatchSize(most=1000)
    for took in seconds:
        size.took(took, is_answered=True)
    assert size.now == items


def test_a_line_that_is_quick_to_fail_is_not_a_quick_one() -> None:
    size = BatchSize(most=1000)
    size.took(0.01, is_answered=False)
    assert size.now == 250
    size.took(60, is_answered=False)
    assert size.now == 125


SLOW = (40, 125_000)  # 3,125 bytes/s: 31,250 within 10 s


@pytest.mark.parametrize(
    ("then", "carries"),
    [
        ([], 31_250),
        ([(0.1, 21_000)], 62_500),
        ([(0.1, 21_000), (1, 60_000)], 600_000),  # large enough to be measured
        ([(4, 20_000)], 50_000),
        ([(0.1, 250)], 31_250),  # no proof of more
        ([(8, 21_000)], 31_250),
        ([(0.1, 31_250)] * 200, 3_125_000),
        ([(0.1, 5_000_000)], 10_000_000),  # no body may be larger
    ],
)
def test_after_a_slow_exchange_what_goes_quickly_shows_that_the_line_carries_more(
    then: list[tuple[float, int]], carries: int
) -> None:
    size = BatchSize(most=1000)
    for seconds, body_bytes in [SLOW, *then]:
        size.took(seconds, is_answered=True, body_bytes=body_bytes)
    assert size.bytes == carries


def test_small_bodies_alone_set_no_limit() -> None:
    size = BatchSize(most=1000)
    size.took(9, is_answered=True, body_bytes=2_000)
    assert size.bytes == 10_000_000


@pytest.mark.parametrize(
    ("at", "starts_at", "day"),
    [
        ("2026-01-27T16:59:59Z", "00:00", "2026-01-27"),
        ("2026-01-27T17:00:00Z", "00:00", "2026-01-28"),
        ("2026-01-27T19:59:59Z", "03:00", "2026-01-27"),
        ("2026-01-27T20:00:00Z", "03:00", "2026-01-28"),
    ],
)
def test_the_business_day_is_the_outlets(at: str, starts_at: str, day: str) -> None:
    assert business_day(to_ms(at), zone="Asia/Jakarta", starts_at=starts_at) == day


@given(st.integers(0, 4_000_000_000_000))
def test_times_survive_the_wire(ms: int) -> None:
    assert to_ms(iso(ms)) == ms
