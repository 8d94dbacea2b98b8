"""What the service runs in: a loop that nothing which hangs can hold at its end."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


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
