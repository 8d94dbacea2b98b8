"""An outlet that has heard headquarters once: most rules of the sync begin there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.pull()
    yield made
    made.store.close()
