"""Seeded weeks of bad luck: loss, copies, refusals, 401, 403, 429, clock jumps, power cuts, edits in flight, decisions
of a person, edits of headquarters. Nothing bad, ever.

A seed that fails is named with the course of events, and replayed by `World(folder, seed).run(STEPS)`.
"""

import math
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.builders import Bench
from tests.faults.model import Bad, World

from outlet_sync_gui.contract.answers import ItemResult
from outlet_sync_gui.status import Lane
from outlet_sync_gui.store.outbox import Outbox
from outlet_sync_gui.store.records import Records
from outlet_sync_gui.sync import disputes, door, engine, judge
from outlet_sync_gui.sync.budget import Budget
from outlet_sync_gui.sync.engine import Engine
from outlet_sync_gui.sync.exchange import Lost
from outlet_sync_gui.sync.judge import RefusedWhole
from outlet_sync_gui.sync.push import Pusher

STEPS = 80
FEW, MANY, PART = 2000, 200_000, 10_000
PLANTED_WITHIN = 500
CHUNK = 100
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - quick; each run has a folder of its own


def live_through(seeds: range) -> None:
    """Raises Bad for the first seed that ends badly."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        fresh = Path(folder) / "fresh"
        fresh.mkdir()
        Bench(fresh).store.close()  # made once, copied for each seed
        for seed in seeds:
            place = Path(folder) / str(seed)
            shutil.copytree(fresh, place)
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
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for done in pool.map(live_through, chunks):
            assert done is None
    print(f"\nR3: {len(seeds)} seeds from {seeds.start}, {STEPS} steps each: 0 bad")


# -- mistakes, planted to prove that the checker finds them

Plant = Callable[[pytest.MonkeyPatch], None]


def an_answer_settles_whatever_the_record_is_now(patch: pytest.MonkeyPatch) -> None:
    accept = Outbox.accept

    def careless(self: Outbox, accepted: Any, **more: Any) -> None:
        current = {p.record_id: p for p in self.load([a.parcel.record_id for a in accepted])}
        now = [a._replace(parcel=current[a.parcel.record_id]) for a in accepted]
        accept(self, now, **more)

    patch.setattr(Outbox, "accept", careless)


def the_limit_is_not_kept_across_restarts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "Budget", lambda per_minute, _stamps, *, now: Budget(per_minute, [], now=now))


def a_payment_does_not_wait_for_its_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Records, "block_behind_orders", lambda *_: None)
    patch.setattr(Records, "block_children", lambda *_: None)


def the_version_never_rises(patch: pytest.MonkeyPatch) -> None:
    load = Pusher.load

    def first_version(*given: Any, **more: Any) -> Any:
        return tuple(parcel._replace(version=1) for parcel in load(*given, **more))

    patch.setattr(Pusher, "load", first_version)


def a_lost_answer_counts_as_accepted(patch: pytest.MonkeyPatch) -> None:
    judged = judge.judge_push

    def hopeful(answer: Any, sent: Any, **more: Any) -> Any:
        is_lost = isinstance(answer, Lost)
        return judge.Judged([ItemResult(ok=True)] * len(sent)) if is_lost else judged(answer, sent, **more)

    patch.setattr(engine, "judge_push", hopeful)


def a_429_is_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    limited = Engine._limited
    patch.setattr(Engine, "_limited", lambda self, _seconds, now: limited(self, 0.1, now))


def an_item_without_a_result_counts_as_accepted(patch: pytest.MonkeyPatch) -> None:
    judged = judge.judge_push

    def hopeful(answer: Any, sent: Any, **more: Any) -> Any:
        verdict = judged(answer, sent, **more)
        if not isinstance(verdict, judge.Judged):
            return verdict
        return judge.Judged([result or ItemResult(ok=True) for result in verdict.results])

    patch.setattr(engine, "judge_push", hopeful)


def the_menu_does_not_wait_for_a_pull(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Engine, "_open_lanes", lambda _: list(Lane))


def a_refused_row_is_dropped(patch: pytest.MonkeyPatch) -> None:
    def forgetful(self: Outbox, refused: Any) -> None:
        for one in refused:
            self._db.execute("DELETE FROM outbox WHERE record_id = ?", (one.parcel.record_id,))

    patch.setattr(Outbox, "refuse", forgetful)


def a_server_error_is_blamed_on_the_record(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pusher, "broke", lambda _self, _parcels, words, **_: RefusedWhole(words))


def news_beside_an_unsent_edit_is_passed_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(disputes, "reconcile", lambda *_, **__: False)
    patch.setattr(door, "_keep", lambda *_: False)


def refusals_alike_are_never_doubted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("outlet_sync_gui.sync.halts.ALIKE", math.inf)


PLANTED: tuple[Plant, ...] = (
    an_answer_settles_whatever_the_record_is_now,
    the_limit_is_not_kept_across_restarts,
    a_payment_does_not_wait_for_its_order,
    the_version_never_rises,
    a_lost_answer_counts_as_accepted,
    a_429_is_not_waited_for,
    an_item_without_a_result_counts_as_accepted,
    the_menu_does_not_wait_for_a_pull,
    a_refused_row_is_dropped,
    a_server_error_is_blamed_on_the_record,
    news_beside_an_unsent_edit_is_passed_over,
    refusals_alike_are_never_doubted,
)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_mistake_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(Bad, match="seed") as found:
        live_through(range(PLANTED_WITHIN))
    assert isinstance(found.value.__cause__, Bad), "a mistake that only crashes proves nothing of the checker"
