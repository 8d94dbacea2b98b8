"""The OS lock of a data directory. Not by a library: the one for it loads all of asyncio, before the icon shows."""

import os
import sys
import time
from pathlib import Path

from outlet_sync_gui.errors import AlreadyRunning

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_NAME, DESKTOP_LOCK_NAME = "service.lock", "desktop.lock"
ENDING_S = 1.0  # a service that stops, or was killed just now, holds the lock a moment longer
LOOK_AGAIN_S = 0.05


class Lock:
    """A data directory's OS lock; the system frees it when the process dies, however it does.

    Only the holder of LOCK_NAME talks to the cloud, only that of DESKTOP_LOCK_NAME has windows. The file stays: a lock
    on a file that another process has just removed would keep nobody out.
    """

    def __init__(self, directory: Path, name: str = LOCK_NAME, *, wait_s: float = ENDING_S) -> None:
        self._path = directory / name
        self._wait_s = wait_s
        self._held = -1  # the open file

    def __enter__(self) -> None:
        self._held = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        ends_at = time.monotonic() + self._wait_s
        while not _is_locked(self._held):
            if time.monotonic() >= ends_at:
                os.close(self._held)
                raise AlreadyRunning("already_running", {"path": str(self._path.parent)})
            time.sleep(LOOK_AGAIN_S)

    def __exit__(self, *_: object) -> None:
        os.close(self._held)  # with it goes the lock


def _is_locked(file: int) -> bool:
    """Whether the lock of an open file is ours now."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # Windows calls it the latter
        return False
    return True
