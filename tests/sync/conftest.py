"""An outlet that has heard headquarters once: most rules of the sync begin there."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.builders import OUTLET_ID, Bench

from outlet_sync_gui.store import open_store

MEMORY = Path("/dev/shm")  # noqa: S108  a folder of its own in it, which nobody else can foretell


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that nobody has written to: copying it takes a fifth of making it."""
    folder = tmp_path_factory.mktemp("fresh")
    open_store(folder, OUTLET_ID).close()
    return folder


@pytest.fixture(scope="module")
def new_place(fresh_store: Path) -> Iterator[Callable[[], Path]]:
    """Makes folders with a fresh store, in memory where that can be: no machine ends here."""
    with TemporaryDirectory(dir=MEMORY if _is_roomy(MEMORY) else None) as folder:
        numbers = count()
        yield lambda: shutil.copytree(fresh_store, Path(folder, str(next(numbers))))


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


def _is_roomy(folder: Path) -> bool:
    """Containers often have 64 MB of it, which a hundred stores fill."""
    return folder.is_dir() and shutil.disk_usage(folder).free > 2**30
