"""Where the data is. Next to nothing is loaded for it: the desktop program needs it before its icon shows."""

import os
import tempfile
from pathlib import Path

from outlet_sync_gui.errors import StoreFailed

PREFIX = "OUTLET_SYNC_"  # of our environment variables


def data_directory(chosen: str | None = None) -> Path:
    """The data directory: as chosen, else OUTLET_SYNC_DATA_DIR, else the platform's own place."""
    place = chosen or os.environ.get(f"{PREFIX}DATA_DIR")
    return Path(place).expanduser().absolute() if place else default_directory()


def default_directory() -> Path:
    """The platform's own place for the data."""
    import platformdirs  # late: who says where the data is needs none of it

    return platformdirs.user_data_path("outlet-sync-gui", appauthor=False)


def prepare_directory(directory: Path) -> Path:
    """Make the data directory, readable by its user alone. Raises StoreFailed(data_dir_unwritable)."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise StoreFailed("data_dir_unwritable", {"path": str(directory), "why": error.strerror or ""}) from error
    return directory


def settings_file(directory: Path) -> Path:
    """Where the settings of a data directory are kept."""
    return directory / "settings.toml"
