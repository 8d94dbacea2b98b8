"""The history over a million accepted records: how soon its first rows are there, and a page far down."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.benchmarks.measure import MILLION, copied, paid_orders, queue_up, seconds, tell_times
from tests.builders import OUTLET_ID, START_MS

from outlet_sync_gui.reader import PAGE_ROWS, Part, WantActivity
from outlet_sync_gui.store import Store, open_store
from outlet_sync_gui.store.activity import What
from outlet_sync_gui.store.history import Key, Source

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
THOUSAND, LOOKS, DEEDS = 1000, 15, 10_000
BATCH = 1000  # so many have one moment, as a batch's answer gives them


@pytest.fixture
def histories(million_copy: Path, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    short = copied(queue_up(tmp_path / "thousand", paid_orders(THOUSAND)), tmp_path / "short")
    stores = open_store(million_copy, OUTLET_ID), open_store(short, OUTLET_ID)
    for store in stores:
        accept_all(store)
    yield stores
    for store in stores:
        store.close()


def accept_all(store: Store) -> None:
    """As if headquarters had taken all of it, and something had been decided and changed now and then."""
    content = json.dumps({"name": "Nasi", "price": 35000})
    after = json.dumps({"name": "Nasi", "price": 40000})
    with store.write():
        store._db.execute("UPDATE record SET accepted_at = ? + id / ?", (START_MS, BATCH))
        for n in range(DEEDS):
            at = START_MS + n
            store.changes.note(1, action="update", version=n, fields={}, reason=None, now_ms=at)
            store.activity.note(What.RESOLVED, 2 + n % 500, now_ms=at, who="Rina", before=content, after=after)


def test_the_history_costs_the_same_over_a_million_accepted_records(histories: tuple[Store, Store]) -> None:
    last = f"N-{MILLION // 2 - 1:07}"
    looks: dict[str, Callable[[Store], object]] = {
        "the history's first rows": WantActivity().read,
        "of what was sent": WantActivity(Part.SENT).read,
        "of what came": WantActivity(Part.RECEIVED).read,
        "of what was decided": WantActivity(Part.DECIDED).read,
        "a page in the middle": WantActivity(before=Key(START_MS + DEEDS // 2, Source.SENT, 1)).read,
        "a search by number": WantActivity(search=last).read,
        "a search by a start that all have": WantActivity(search="N-").read,
    }
    for name, look in looks.items():
        times = [[seconds(lambda: look(store)) for store in histories] for _ in range(LOOKS)]  # noqa: B023 - run at once
        large, small = ([row[side] for row in times] for side in (0, 1))
        tell_times(name, large, small, goal="<= 100 ms", bare="a thousand")
        assert sorted(large)[LOOKS // 2] < 0.1, name
    first = WantActivity().read(histories[0])
    assert len(first) == PAGE_ROWS
