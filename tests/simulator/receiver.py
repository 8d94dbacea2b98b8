"""A till that listens for webhooks: real sockets, answers as the test scripts them."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from outlet_sync_gui.listener import Listener, Request, Response, serve

TAKEN = Response(status=200, body=b'{"success":true,"message":"Update applied successfully"}')
NO_ANSWER = Response(status=200, cut_at=0)
Answer = Callable[[Request], Response]


class Till:
    """Runs in a thread: `with Till([503, 200]) as till: till.url`. What is scripted comes first, then `otherwise`."""

    def __init__(self, script: Iterable[Response | int] = (), otherwise: Answer = lambda _: TAKEN) -> None:
        self.received: list[Request] = []
        self._script = [Response(status=each) if isinstance(each, int) else each for each in script]
        self._otherwise = otherwise
        self._news = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="till under test")
        self._listener: Listener | None = None

    @property
    def url(self) -> str:
        assert self._listener is not None
        return f"http://127.0.0.1:{self._listener.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        start = serve(self._handle, host="127.0.0.1", port=0)
        self._listener = asyncio.run_coroutine_threadsafe(start, self._loop).result(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listener is not None
        asyncio.run_coroutine_threadsafe(self._listener.close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def until(self, n: int) -> list[Request]:
        """What was received, as soon as there are so many."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.received) >= n, timeout=10)
            return list(self.received)

    async def _handle(self, request: Request) -> Response:
        with self._news:
            self.received.append(request)
            self._news.notify_all()
        return self._script.pop(0) if self._script else self._otherwise(request)
