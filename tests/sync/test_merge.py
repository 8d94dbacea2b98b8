"""The merge as a table: base, here, there, and what was sent and never answered."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlet_sync_gui.sync.merge import merge

NOTHING: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("base", "local", "cloud", "unknown", "merged", "conflicts"),
    [
        ({"price": 1}, {"price": 1}, {"price": 2}, [], {"price": 2}, ()),  # changed there alone
        ({"price": 1}, {"price": 2}, {"price": 1}, [], {"price": 2}, ()),  # changed here alone
        ({"price": 1}, {"price": 2}, {"price": 2}, [], {"price": 2}, ()),  # the same on both sides
        ({"price": 1}, {"price": 2}, {"price": 3}, [], {"price": 2}, ("price",)),
        ({"price": 1, "name": "a"}, {"price": 2, "name": "a"}, {"name": "b"}, [], {"price": 2, "name": "b"}, ()),
        ({"stock": 50}, {"stock": 47}, {"stock": 60}, [], {"stock": 57}, ()),  # deltas
        (NOTHING, {"stock": 47}, {"stock": 60}, [], {"stock": 47}, ("stock",)),  # no base to count from
        ({"stock": 50}, {"stock": None}, {"stock": 60}, [], {"stock": None}, ("stock",)),
        ({"price": 1}, {"price": 2}, {"price": 2}, [{"price": 2}], {"price": 2}, ()),  # had arrived
        ({"price": 1}, {"price": 3}, {"price": 2}, [{"price": 2}], {"price": 3}, ()),  # arrived, and newer here since
        ({"price": 1}, {"price": 2}, {"price": 1}, [{"price": 2}], {"price": 2}, ()),  # had not arrived
        ({"price": 1}, {"price": 2}, {"price": 5}, [{"price": 2}], {"price": 2}, ("price",)),
        ({"stock": 50}, {"stock": 47}, {"stock": 47}, [{"stock": 47}], {"stock": 47}, ()),
        ({"stock": 50}, {"stock": 47}, {"stock": 60}, [{"stock": 47}], {"stock": 47}, ("stock",)),  # ask
        (NOTHING, {"name": "a"}, {"price": 2}, [], {"name": "a", "price": 2}, ()),
    ],
)
def test_the_merge_of_a_field(
    base: dict[str, Any],
    local: dict[str, Any],
    cloud: dict[str, Any],
    unknown: list[dict[str, Any]],
    merged: dict[str, Any],
    conflicts: tuple[str, ...],
) -> None:
    result = merge(base, local, cloud, unknown=unknown)
    assert (result.local, result.conflicts) == (merged, conflicts)


def test_what_is_left_to_say_is_what_differs_from_what_is_agreed() -> None:
    result = merge({"price": 1, "stock": 9}, {"price": 2, "stock": 9, "local_id": "P1"}, {"price": 2})
    assert result.edits == frozenset()
    assert merge({"price": 1}, {"price": 2}, {"name": "b"}).edits == {"price"}


contents = st.dictionaries(st.sampled_from(["name", "price", "stock"]), st.integers(0, 3))


@given(contents, contents, contents)
def test_merging_the_same_news_again_changes_nothing(
    base: dict[str, Any], local: dict[str, Any], cloud: dict[str, Any]
) -> None:
    once = merge(base, local, cloud)
    if not once.conflicts:
        again = merge(once.base, once.local, cloud)
        assert (again.local, again.base, again.conflicts) == (once.local, once.base, ())


@given(contents, contents)
def test_nothing_that_only_one_side_changed_is_ever_a_conflict(base: dict[str, Any], other: dict[str, Any]) -> None:
    assert merge(base, base, other).conflicts == ()
    assert merge(base, {**base, **other}, base).conflicts == ()
