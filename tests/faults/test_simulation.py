"""Seeded weeks of bad luck: loss, copies, refusals, 401, 403, 429, clock jumps, power cuts, edits in flight; and of
headquarters: changes by pull and webhook in any order, conflicts, questions, people who choose, a till that takes the
menu in part. Nothing bad, ever; at the end all sides agree, and no choice of a person is undone.

A seed that fails is named with the course of events, and replayed by `World(folder, seed).run(STEPS)`.
"""

import gc
import os
import shutil
from concurrent.futures import ProcessPoolExecutor

import pytest
from tests.faults.claims import Bad
from tests.faults.model import World
from tests.faults.plants import PLANTED, RARE, Plant
from tests.places import memory_folder, with_fresh_store

from outlet_sync_gui.sync import pull

STEPS = 80
FEW, MANY, PART = 2000, 200_000, 10_000
PLANTED_WITHIN = 500
CHUNK = 100
AT_ONCE = 3  # of a pull's changes: so that it is also cut off between two chunks


def live_through(seeds: range) -> None:
    """Raises Bad for the first seed that ends badly."""
    with memory_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pull, "CHUNK", AT_ONCE)
        for seed in seeds:
            place = with_fresh_store(folder / str(seed))
            World(place, seed).run(STEPS)
            shutil.rmtree(place)


@pytest.mark.timeout(900)
def test_nothing_bad_happens_in_any_course_of_events() -> None:
    live_through_all(range(FEW))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(MANY // PART))  # some minutes each
def test_nothing_bad_happens_in_very_many_courses_of_events(part: int) -> None:
    first = FEW + part * PART
    live_through_all(range(first, first + PART))


def live_through_all(seeds: range) -> None:
    """On every core; a process for each, so that a seed is the same wherever it runs."""
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(max_workers=os.cpu_count(), initializer=_spare_the_collector) as pool:
        for done in pool.map(live_through, chunks):
            assert done is None
    print(f"\nR3: {len(seeds)} seeds from {seeds.start}, {STEPS} steps each: 0 bad")


def _spare_the_collector() -> None:
    """What is loaded stays: looking through it again and again is a tenth of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


@pytest.mark.parametrize(
    "plant",
    [*PLANTED, *(pytest.param(plant, marks=pytest.mark.long) for plant in RARE)],
    ids=lambda plant: plant.__name__,
)
def test_a_planted_mistake_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(Bad, match="seed") as found:
        live_through(range(PLANTED_WITHIN))
    assert isinstance(found.value.__cause__, Bad), "a mistake that only crashes proves nothing of the checker"
