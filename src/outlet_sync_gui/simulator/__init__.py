"""The simulated cloud on loopback: the whole contract, strictly judged, faults to order, headquarters by hand."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar

from outlet_sync_gui.listener import Limits, Listener, Request, Response, failure, serve
from outlet_sync_gui.simulator.cloud import Cloud
from outlet_sync_gui.simulator.control import Desk, carry_out, heal, read_json, read_order, set_faults
from outlet_sync_gui.simulator.faults import Fault, Faults
from outlet_sync_gui.simulator.messenger import WAITS_S, Delivery, Messenger
from outlet_sync_gui.simulator.page import render
from outlet_sync_gui.simulator.webhooks import Telling

__all__ = ["Cloud", "Delivery", "Fault", "Faults", "SimulatedCloud", "Telling"]

LIMITS = Limits(body_bytes=10_000_000, read_s=30.0)
# No script, nothing from elsewhere, and no page of somebody else round it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
T = TypeVar("T")


def wall_ms() -> int:
    """The machine's clock."""
    return time.time_ns() // 1_000_000


class SimulatedCloud:
    """Runs a Cloud in a thread of its own: `with SimulatedCloud() as running: running.url`.

    `webhook_url` is where the till listens, as http://127.0.0.1:8765; without it everything is told by pull only.
    """

    def __init__(
        self,
        cloud: Cloud | None = None,
        *,
        port: int = 0,
        webhook_url: str | None = None,
        webhook_secret: str = "",
        waits_s: Sequence[float] = WAITS_S,
    ) -> None:
        self.cloud = cloud or Cloud(now_ms=wall_ms)
        self.faults = Faults()
        self._messenger: Messenger | None = None
        if webhook_url is not None:
            self._messenger = Messenger(webhook_url, webhook_secret, lambda: self.cloud.outlet, waits_s=waits_s)
        self._carrying: asyncio.Task[None] | None = None
        self._wanted_port = port
        self._loop = asyncio.new_event_loop()
        self._listener: Listener | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulated-cloud", daemon=True)

    @property
    def url(self) -> str:
        """Its address."""
        assert self._listener is not None
        return f"http://127.0.0.1:{self._listener.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        start = asyncio.run_coroutine_threadsafe(self._start(), self._loop)
        try:
            self._listener = start.result(5)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        finally:
            self._end()

    def call(self, work: Callable[[Cloud], T], *, telling: Telling = Telling.SIGNED) -> T:
        """Do something with the cloud's state in its own thread, and return what came of it.

        Of what headquarters does by it the till is told as `telling` says.
        """

        async def inside() -> T:
            try:
                return work(self.cloud)
            finally:
                self._desk.send(telling)

        return asyncio.run_coroutine_threadsafe(inside(), self._loop).result(10)

    def tell_at(self, webhook_url: str, secret: str) -> None:
        """From now on the till is told by webhooks at this address."""

        async def begin() -> None:
            self._messenger = Messenger(webhook_url, secret, lambda: self.cloud.outlet)
            self._carrying = asyncio.create_task(self._messenger.run())

        asyncio.run_coroutine_threadsafe(begin(), self._loop).result(5)

    def replay(self, *, is_forged: bool = False) -> None:
        """Send the last webhook again, byte for byte. Raises ValueError where there is none."""

        def again(_: Cloud) -> None:
            if self._messenger is None:
                raise ValueError("there is no webhook address")
            self._messenger.replay(is_forged=is_forged)

        self.call(again)

    def delivered(self, *, timeout_s: float = 10.0) -> list[Delivery]:
        """The last webhooks, when all are answered or given up. Raises TimeoutError."""

        async def wait() -> list[Delivery]:
            if self._messenger is None:
                return []
            async with asyncio.timeout(timeout_s):
                await self._messenger.idle()
            return [replace(delivery) for delivery in self._messenger.deliveries]

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result(timeout_s + 5)

    def set_fault(self, endpoint: str, fault: Fault) -> None:
        """Switch a fault on: `orders`, `batch`, `updates` … or `*`."""
        self.call(lambda _: self.faults.set(endpoint, fault))

    def clear_faults(self) -> None:
        """The line is well again."""
        self.call(lambda _: self.faults.clear())

    @property
    def _desk(self) -> Desk:
        return Desk(self.cloud, self.faults, self._messenger)

    async def _start(self) -> Listener:
        listener = await serve(self._handle, host="127.0.0.1", port=self._wanted_port, limits=LIMITS)
        self.cloud.webhooks.clear()  # what was done before it started is no news
        if self._messenger is not None:
            self._carrying = asyncio.create_task(self._messenger.run())
        return listener

    async def _close(self) -> None:
        assert self._listener is not None
        if self._carrying is not None:
            self._carrying.cancel()
            with suppress(asyncio.CancelledError):
                await self._carrying
        await self._listener.close()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _handle(self, request: Request) -> Response:
        if request.path == "/":
            headers = {"content-security-policy": POLICY, "cache-control": "no-store"}
            page = render(self._desk)
            shown = Response(status=200, body=page, content_type="text/html; charset=utf-8", headers=headers)
            return self.cloud.dated(shown)
        if request.path.startswith("/simulator/"):
            return self._control(request)
        try:
            return await self.faults.carry(self.cloud, request)
        finally:
            self._desk.send(Telling.SIGNED)

    def _control(self, request: Request) -> Response:
        """By hand: what arrived, faults on and off, headquarters at work."""
        try:
            match request.method, request.path:
                case "GET", "/simulator/state":
                    return _json({**self.cloud.summary(), "webhooks": self._told()})
                case "POST", "/simulator/faults":
                    set_faults(self._desk, read_json(request.body))
                    return _json({"success": True})
                case "DELETE", "/simulator/faults":
                    heal(self._desk)
                    return _json({"success": True})
                case "POST", "/simulator/headquarters":
                    order, is_form = read_order(request.body)
                    carry_out(self._desk, order)
                    return Response(status=303, headers={"location": "/"}) if is_form else _json({"success": True})
        except ValueError as error:
            return _json({"success": False, "error": "bad_request", "message": str(error)}, status=400)
        return failure(404, "not_found")

    def _told(self) -> list[dict[str, object]]:
        return [
            {"kind": each.webhook.kind, "tries": each.tries, "status": each.status, "answer": each.answer}
            for each in (self._messenger.deliveries if self._messenger is not None else ())
        ]


def _json(value: dict[str, object], *, status: int = 200) -> Response:
    return Response(status=status, body=json.dumps(value).encode())
