"""A checkout has its resources at the top; an installed wheel inside the package."""

import pytest

from outlet_sync_gui.resources import resource


def test_a_checkout_finds_what_stands_at_its_top() -> None:
    assert resource("i18n").is_dir()


def test_what_is_missing_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"^icons/no-such\.svg$"):
        resource("icons", "no-such.svg")
