"""Webhooks that come together share one transaction, and nothing else."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.builders import Bench

from outlet_sync_gui.contract.webhooks import Kind, Letter, Told, read_letter
from outlet_sync_gui.errors import InputRefused, StoreFailed
from outlet_sync_gui.letterbox import Letterbox
from outlet_sync_gui.sync.hearing import Effect

AT = "2026-01-27T03:30:00Z"


def letter(n: int, kind: Kind = Kind.BROADCAST, **body: object) -> Letter:
    content = json.loads(json.dumps({"timestamp": AT, "title": f"Rapat {n}", **body}))
    return read_letter(kind, content, digest=f"{n}", now=AT)


class Engine:
    """Obeys by the real engine, and counts how often it was asked."""

    def __init__(self, bench: Bench, error: Exception | None = None) -> None:
        self.bench, self.error = bench, error
        self.together: list[int] = []

    def obey(self, letters: Sequence[Letter]) -> Sequence[Effect | InputRefused]:
        self.together.append(len(letters))
        if self.error is not None:
            raise self.error
        return self.bench.engine.hear_all(letters, self.bench.now)


def delivered(engine: Engine, letters: Sequence[Letter]) -> list[Told | BaseException]:
    async def run() -> list[Told | BaseException]:
        box = Letterbox(engine.obey)
        return await asyncio.gather(*(box.deliver(each) for each in letters), return_exceptions=True)

    return asyncio.run(run())


def test_what_comes_in_one_turn_is_obeyed_together(tmp_path: Path) -> None:
    engine = Engine(Bench(tmp_path))
    told = delivered(engine, [letter(n) for n in range(16)])
    assert engine.together == [16]
    assert [each.message for each in told if isinstance(each, Told)] == ["Message received"] * 16
    assert engine.bench.store.messages.count_unread(engine.bench.wall_ms) == 16


def test_what_is_refused_undoes_nothing_of_the_rest(tmp_path: Path) -> None:
    engine = Engine(Bench(tmp_path))
    bad = letter(2, Kind.CONFIG, config={"medium_interval_s": 60, "pull_interval_s": "soon"}, title=None)
    told = delivered(engine, [letter(1), bad, letter(3)])
    assert isinstance(told[1], InputRefused)
    assert engine.bench.store.messages.count_unread(engine.bench.wall_ms) == 2
    assert engine.bench.store.outlet.remote_settings() == {}
    (again,) = delivered(engine, [bad])
    assert isinstance(again, InputRefused)  # it is not taken for a repeat


@pytest.mark.parametrize("error", [StoreFailed("disk_full"), ValueError("a bug")])
def test_all_hear_of_what_failed_for_all(tmp_path: Path, error: Exception) -> None:
    assert delivered(Engine(Bench(tmp_path), error), [letter(1), letter(2)]) == [error, error]


def test_whoever_left_is_obeyed_all_the_same(tmp_path: Path) -> None:
    engine = Engine(Bench(tmp_path))

    async def run() -> Told:
        box = Letterbox(engine.obey)
        gone = asyncio.create_task(box.deliver(letter(1)))
        stays = asyncio.create_task(box.deliver(letter(2)))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    asyncio.run(run())
    assert engine.bench.store.messages.count_unread(engine.bench.wall_ms) == 2
