"""Where tests keep stores: in memory where there is room, and begun as a copy, which costs far less than a new one."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.builders import Bench

from outlet_sync_gui.store.database import FILE_NAME

MEMORY = Path("/dev/shm")  # noqa: S108  a folder of its own in it, which nobody else can foretell
ROOM_BYTES = 2**30  # containers often have 64 MB of it, which a hundred stores fill


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder in memory where that can be: a million files need not wear a real disk, and no machine ends here."""
    is_roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    with tempfile.TemporaryDirectory(dir=MEMORY if is_roomy else None) as folder:
        yield Path(folder)


def with_fresh_store(folder: Path) -> Path:
    """The folder, made if need be, with a store that nobody has written to."""
    folder.mkdir(exist_ok=True)
    (folder / FILE_NAME).write_bytes(_fresh())
    return folder


@cache
def _fresh() -> bytes:
    with memory_folder() as folder:
        Bench(folder).store.close()
        return (folder / FILE_NAME).read_bytes()
