"""An outlet that has heard headquarters once: most rules of the sync begin there."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from tests.builders import Bench
from tests.places import memory_folder, with_fresh_store


@pytest.fixture(scope="module")
def new_place() -> Iterator[Callable[[], Path]]:
    """Makes folders with a fresh store: copying it takes a fifth of making it."""
    with memory_folder() as folder:
        numbers = count()
        yield lambda: with_fresh_store(folder / str(next(numbers)))


@pytest.fixture
def tmp_path(new_place: Callable[[], Path]) -> Iterator[Path]:
    folder = new_place()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.pull()
    yield made
    made.store.close()
