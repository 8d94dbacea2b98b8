"""What may take its time, or hang: files on a slow disk, the password store. Done beside the window, in its order."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from outlet_sync_gui.errors import OutletSyncError

log = logging.getLogger(__name__)

Work = Callable[[], Any]
Then = Callable[[Any], None]


class Aside(QObject):
    """One job at a time, each in a daemon thread: one that hangs holds neither the window nor the program's end."""

    _came = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[tuple[Work, Then]] = deque()
        self._then: Then | None = None
        self._thread: threading.Thread | None = None
        self._came.connect(self._over)

    @property
    def is_busy(self) -> bool:
        """Whether a job is under way."""
        return self._then is not None

    def run(self, work: Work, then: Then) -> None:
        """Do `work` in a thread; `then` gets, in this one, what it returned or the OutletSyncError that it raised."""
        self._waiting.append((work, then))
        self._next()

    def finish(self, *, wait_s: float = 1.0) -> None:
        """Let a job under way end, if it soon does; those that wait are still done, and nobody is told any more."""
        jobs, self._waiting = list(self._waiting), deque()
        if self._thread is not None:
            self._thread.join(wait_s)
            if self._thread.is_alive():
                return
        for work, _ in jobs:
            _tried(work)

    def _next(self) -> None:
        if self._then is not None or not self._waiting:
            return
        work, self._then = self._waiting.popleft()
        self._thread = threading.Thread(target=self._do, args=(work,), name="aside", daemon=True)
        self._thread.start()

    def _do(self, work: Work) -> None:
        came = _tried(work)
        try:
            self._came.emit(came)
        except RuntimeError:
            log.info("the window is gone: nobody is told")

    def _over(self, came: object) -> None:
        then, self._then = self._then, None
        if then is not None:
            then(came)
        self._next()


def _tried(work: Work) -> object:
    try:
        return work()
    except OutletSyncError as error:
        # Shown for as long as somebody looks: without its frames, which may hold a key that was typed.
        error.__traceback__ = error.__context__ = error.__cause__ = None
        return error
    except Exception:
        log.exception("a bug beside the window")  # of this thread the top
        return OutletSyncError("bug")
