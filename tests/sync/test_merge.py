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


@pytest.mark.parametrize(
    ("base", "local", "cloud", "asked", "merged", "agreed", "conflicts"),
    [
        (1, 2, 3, False, 2, 1, True),  # still
        (1, 3, 3, False, 3, 3, False),  # both agree
        (1, 2, 1, False, 2, 1, False),  # headquarters went back: ours alone is left
        (1, 1, 3, False, 3, 3, False),  # the till went back
        (1, 2, 3, True, 2, 1, True),
        (1, 3, 3, True, 3, 3, False),
        (1, 2, 1, True, 2, 1, True),  # it asks: only agreement ends it
        (1, 1, 3, True, 1, 1, True),
    ],
)
def test_what_was_in_conflict_before(
    base: int, local: int, cloud: int, asked: bool, merged: int, agreed: int, conflicts: bool
) -> None:
    names = ["price"]
    result = merge(
        {"price": base},
        {"price": local},
        {"price": cloud},
        disputed=[] if asked else names,
        asked=names if asked else [],
    )
    assert result.local == {"price": merged}
    assert result.base == {"price": agreed}
    assert result.conflicts == (("price",) if conflicts else ())


@pytest.mark.parametrize("there", [50, 60])
def test_stock_that_was_in_conflict_is_no_difference_any_more(there: int) -> None:
    """Its counts have nothing to be added to: a person chose of two numbers, and still does."""
    result = merge({"stock": 45}, {"stock": 47}, {"stock": there}, disputed=["stock"])
    assert (result.local, result.base, result.conflicts) == ({"stock": 47}, {"stock": 45}, ("stock",))


def test_a_field_that_headquarters_asks_about_is_a_conflict_though_only_one_side_changed() -> None:
    assert merge({"price": 1}, {"price": 1}, {"price": 2}, asked=["price"]).conflicts == ("price",)
    assert merge({"price": 1}, {"price": 2}, {"price": 2}, asked=["price"]).conflicts == ()
    assert merge({}, {}, {"icon": "cup"}, asked=["icon"]).conflicts == ("icon",)


@pytest.mark.parametrize(
    ("local", "cloud", "merged", "conflicts"),
    [
        (47, 47, 47, ()),  # arrived
        (45, 47, 45, ()),  # arrived, two sold since
        (47, 50, 47, ()),  # had not arrived
        (45, 60, 45, ("stock",)),
        (47, 57, 47, ("stock",)),  # ours and ten of theirs, or theirs alone?
        (50, 60, 60, ()),  # the till is back at what was agreed: only headquarters counted
    ],
)
def test_stock_with_a_lost_answer_is_never_added(
    local: int, cloud: int, merged: int, conflicts: tuple[str, ...]
) -> None:
    result = merge({"stock": 50}, {"stock": local}, {"stock": cloud}, unknown=[{"stock": 47}])
    assert (result.local["stock"], result.conflicts) == (merged, conflicts)


def test_stock_that_was_no_part_of_what_was_lost_is_added_all_the_same() -> None:
    lost = [{"price": 2, "stock": 50}]
    result = merge({"price": 1, "stock": 50}, {"price": 2, "stock": 47}, {"price": 1, "stock": 60}, unknown=lost)
    assert (result.local, result.conflicts) == ({"price": 2, "stock": 57}, ())


NAMES = ("name", "price", "stock")
contents = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3))
sent = st.lists(contents, max_size=2)
some = st.sets(st.sampled_from(NAMES))


@given(contents, contents, contents, sent, some)
def test_merging_the_same_news_again_changes_nothing(
    base: dict[str, Any], local: dict[str, Any], cloud: dict[str, Any], unknown: list[dict[str, Any]], asked: set[str]
) -> None:
    once = merge(base, local, cloud, unknown=unknown, asked=asked)
    again = merge(once.base, once.local, cloud, disputed=once.conflicts, asked=asked & set(once.conflicts))
    assert (again.local, again.base, set(again.conflicts)) == (once.local, once.base, set(once.conflicts))


@given(contents, contents, sent)
def test_nothing_that_only_one_side_changed_is_ever_a_conflict(
    base: dict[str, Any], other: dict[str, Any], unknown: list[dict[str, Any]]
) -> None:
    assert merge(base, base, other).conflicts == ()
    assert merge(base, {**base, **other}, base, unknown=unknown).conflicts == ()
    assert merge(base, {**base, **other}, {**base, **other}, unknown=unknown).conflicts == ()


@given(contents, contents, contents, sent, some, some)
def test_nothing_is_lost(
    base: dict[str, Any],
    local: dict[str, Any],
    cloud: dict[str, Any],
    unknown: list[dict[str, Any]],
    disputed: set[str],
    asked: set[str],
) -> None:
    """What either side changed holds, or is a conflict; what headquarters did not name is as it was."""
    result = merge(base, local, cloud, unknown=unknown, disputed=disputed, asked=asked)
    for name in NAMES:
        sides = base.get(name), local.get(name), cloud.get(name)
        if name not in cloud or name in result.conflicts:
            assert (result.local.get(name), result.base.get(name)) == (sides[1], sides[0])
        else:
            assert result.base[name] == cloud[name]
            assert _holds(name, *sides, result.local[name], [content.get(name) for content in unknown])


def _holds(name: str, base: Any, local: Any, cloud: Any, merged: Any, unknown: list[Any]) -> bool:
    is_edit_kept = local in (None, base) or merged == local
    is_news_kept = cloud in (base, merged) or cloud in unknown
    is_counted = name == "stock" and None not in (base, local) and merged - base == (local - base) + (cloud - base)
    return (is_edit_kept and is_news_kept) or is_counted
