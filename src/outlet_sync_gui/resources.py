"""Where the files of `resources/` are: beside the source in a checkout, inside the package once installed."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_PLACES = (_PACKAGE / "_resources", _PACKAGE.parents[1] / "resources")


def resource(*parts: str) -> Path:
    """The path of a resource, such as `resource("icons", "stall-32.svg")`. Raises FileNotFoundError."""
    for place in _PLACES:
        path = place.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError("/".join(parts))
