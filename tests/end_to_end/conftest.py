"""A simulated cloud, and a till that is set up for it: what most of these tests begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import OUTLET_ID
from tests.fakes import KEY, configure

from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, outlet_id=OUTLET_ID)) as running:
        yield running


@pytest.fixture
def directory(tmp_path: Path, cloud: SimulatedCloud) -> Path:
    return configure(tmp_path / "data", cloud.url)
