"""Seeded weeks of bad luck: loss, refusals, 401, 429, clock jumps, power cuts, edits in flight. Nothing bad, ever.

A seed that fails is named with the course of events, and replayed by `World(folder, seed).run(STEPS)`.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.faults.model import Bad, World

from outlet_sync_gui.store.outbox import Outbox
from outlet_sync_gui.sync.budget import Budget
from outlet_sync_gui.sync.push import Pusher

STEPS = 80


def live_through(folder: Path, seeds: range) -> None:
    for seed in seeds:
        World(folder / str(seed), seed).run(STEPS)


@pytest.mark.parametrize(
    "seeds",
    [range(300), pytest.param(range(300, 5300), marks=[pytest.mark.long, pytest.mark.timeout(3600)])],
    ids=["300 seeds", "5,000 seeds"],
)
def test_nothing_bad_happens_in_any_course_of_events(tmp_path: Path, seeds: range) -> None:
    live_through(tmp_path, seeds)
    print(f"\n{len(seeds)} seeds from {seeds.start}, {STEPS} steps each: 0 bad")


@pytest.fixture
def planted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A mistake in the program, to prove that the checker would find it."""
    name: str = request.param
    if name == "an answer settles whatever the record is now":
        original = Outbox.accept

        def accept(self: Outbox, accepted: list, **more: object) -> None:  # type: ignore[type-arg]  # a planted mistake
            current = {p.record_id: p for p in self.load([a.parcel.record_id for a in accepted])}
            now = [replace(a, parcel=replace(a.parcel, digest=current[a.parcel.record_id].digest)) for a in accepted]
            original(self, now, **more)  # type: ignore[arg-type]  # a planted mistake

        monkeypatch.setattr(Outbox, "accept", accept)
    elif name == "the limit is not kept across restarts":
        monkeypatch.setattr("outlet_sync_gui.sync.engine.Budget", lambda n, _stamps, *, now: Budget(n, [], now=now))
    elif name == "a payment does not wait for its order":
        monkeypatch.setattr("outlet_sync_gui.store.records.Records.block_behind_order", lambda *_: None)
        monkeypatch.setattr("outlet_sync_gui.store.records.Records.block_children", lambda *_: None)
    elif name == "every send has a version of its own content only":
        load = Pusher.load
        monkeypatch.setattr(Pusher, "load", lambda *given: tuple(replace(p, version=1) for p in load(*given)))
    return name


PLANTED = [
    "an answer settles whatever the record is now",
    "the limit is not kept across restarts",
    "a payment does not wait for its order",
    "every send has a version of its own content only",
]


@pytest.mark.parametrize("planted", PLANTED, indirect=True)
@pytest.mark.usefixtures("planted")
def test_a_planted_mistake_is_found(tmp_path: Path) -> None:
    with pytest.raises(Bad):
        live_through(tmp_path, range(300))
