"""What the service runs in: the data directory's lock, and a loop that nothing which hangs can hold at its end."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from filelock import FileLock, Timeout

from outlet_sync_gui.errors import AlreadyRunning

LOCK_NAME, DESKTOP_LOCK_NAME = "service.lock", "desktop.lock"
ENDING_S = 1.0  # a service that stops, or was killed just now, holds the lock a moment longer

P = ParamSpec("P")
T = TypeVar("T")


class Lock:
    """A data directory's OS lock; the system frees it when the process dies, however it does.

    Only the holder of LOCK_NAME talks to the cloud, only that of DESKTOP_LOCK_NAME has windows.
    """

    def __init__(self, directory: Path, name: str = LOCK_NAME) -> None:
        self._directory = directory
        self._lock = FileLock(directory / name, mode=0o600, thread_local=False)

    def __enter__(self) -> None:
        try:
            self._lock.acquire(timeout=ENDING_S)
        except Timeout as error:
            raise AlreadyRunning("already_running", {"path": str(self._directory)}) from error

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop whose look-ups are left behind where they hang."""
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_DaemonExecutor())
    return loop


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end. A bug of it raises."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class _DaemonExecutor(ThreadPoolExecutor):
    """Runs each call in a daemon thread: a look-up that hangs must not hold the process at its end."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start the call at once."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # who stops waiting for it leaves it behind

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the future
                future.set_exception(error)

        threading.Thread(target=work, name="look-up", daemon=True).start()
        return future
