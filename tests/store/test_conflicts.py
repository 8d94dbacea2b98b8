"""Conflicts as they are kept: under the record's name, and told of until headquarters has heard of each choice."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.builders import OUTLET_ID, product, read

from outlet_sync_gui.store import Store, open_store
from outlet_sync_gui.store.conflicts import Conflict, Disagreement, Source, Strategy
from outlet_sync_gui.sync.records import accept


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path, OUTLET_ID)) as opened:
        accept(opened, [read("product", product("P1", name="Nasi Goreng"))], now_ms=1)
        yield opened


def start(store: Store, record_id: int | None = None, local_id: str | None = "P1", **field: object) -> Conflict:
    with store.write():
        number = store.conflicts.start(
            record_id=record_id,
            entity_type="product",
            local_id=local_id,
            cloud_id="c-1",
            source=Source.WEBHOOK,
            now_ms=2,
        )
        store.conflicts.put(number, Disagreement(field="price", **field))  # type: ignore[arg-type]  # a builder
    found = store.conflicts.find(number)
    assert found is not None
    return found


def record_id(store: Store) -> int:
    known = store.records.find("product", "P1")
    assert known is not None
    return known.record_id


def test_a_conflict_is_called_by_its_records_name_else_by_a_number(store: Store) -> None:
    assert start(store, record_id(store)).title == "Nasi Goreng"
    assert start(store, local_id="P9").title == "P9"
    assert start(store, local_id=None).title == "c-1"


def test_what_is_chosen_is_telling_until_headquarters_has_heard_of_it(store: Store) -> None:
    opened = start(store, record_id(store), cloud_conflict_id="X1", choice=Strategy.CLOUD_WINS)
    silent = start(store, local_id="P9", choice=Strategy.CLOUD_WINS)  # headquarters never asked
    assert (store.conflicts.telling(), len(store.conflicts.open())) == ([], 2)
    with store.write():
        for conflict in (opened, silent):
            store.conflicts.close(conflict.conflict_id, who="Rina", notes="", now_ms=3)
    (telling,) = store.conflicts.telling()
    assert (telling.conflict_id, telling.is_told) == (opened.conflict_id, False)
    with store.write():
        store.conflicts.told(opened.conflict_id, "price", now_ms=4)
    assert store.conflicts.telling() == []
    assert [found.is_told for found in map(store.conflicts.find, (1, 2)) if found] == [True, True]


def test_whoever_shows_what_is_open_can_tell_that_it_is_not_as_it_was(store: Store) -> None:
    seen = [store.conflicts.revisions()]
    opened = start(store, record_id(store))
    seen.append(store.conflicts.revisions())
    with store.write():
        store.conflicts.revise(opened.conflict_id)
    seen.append(store.conflicts.revisions())
    with store.write():
        store.conflicts.close(opened.conflict_id, who="Rina", notes="", now_ms=3)
    assert [*seen, store.conflicts.revisions()] == [0, 1, 2, 0]
