"""The simulated cloud on loopback: the whole contract, strictly judged, with faults to order."""

import asyncio
import html
import json
import threading
import time
from collections.abc import Callable
from dataclasses import fields
from types import TracebackType
from typing import Self, TypeVar

from outlet_sync_gui.listener import Limits, Listener, Request, Response, failure, serve
from outlet_sync_gui.simulator.cloud import Cloud
from outlet_sync_gui.simulator.faults import ANY, Fault, Faults

__all__ = ["Cloud", "Fault", "Faults", "SimulatedCloud"]

LIMITS = Limits(body_bytes=10_000_000, read_s=30.0)
ENDPOINTS = ("orders", "transactions", "products", "batch", "updates", "daily", ANY)
T = TypeVar("T")


def wall_ms() -> int:
    """The machine's clock."""
    return time.time_ns() // 1_000_000


class SimulatedCloud:
    """Runs a Cloud in a thread of its own: `with SimulatedCloud() as running: running.url`."""

    def __init__(self, cloud: Cloud | None = None, *, port: int = 0) -> None:
        self.cloud = cloud or Cloud(now_ms=wall_ms)
        self.faults = Faults()
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
        start = asyncio.run_coroutine_threadsafe(
            serve(self._handle, host="127.0.0.1", port=self._wanted_port, limits=LIMITS), self._loop
        )
        try:
            self._listener = start.result(5)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listener is not None
        asyncio.run_coroutine_threadsafe(self._listener.close(), self._loop).result(5)
        self._end()

    def call(self, work: Callable[[Cloud], T]) -> T:
        """Do something with the cloud's state in its own thread, and return what came of it."""

        async def inside() -> T:
            return work(self.cloud)

        return asyncio.run_coroutine_threadsafe(inside(), self._loop).result(10)

    def set_fault(self, endpoint: str, fault: Fault) -> None:
        """Switch a fault on: `orders`, `batch`, `updates` … or `*`."""
        self.call(lambda _: self.faults.set(endpoint, fault))

    def clear_faults(self) -> None:
        """The line is well again."""
        self.call(lambda _: self.faults.clear())

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _handle(self, request: Request) -> Response:
        if request.path == "/":
            return Response(status=200, body=_page(self.cloud), content_type="text/html; charset=utf-8")
        if request.path.startswith("/simulator/"):
            return self._control(request)
        return await self.faults.carry(self.cloud, request)

    def _control(self, request: Request) -> Response:
        """By hand: what arrived, faults on and off, headquarters at work."""
        try:
            match request.method, request.path:
                case "GET", "/simulator/state":
                    return _json(self.cloud.summary())
                case "POST", "/simulator/faults":
                    self._set_faults(json.loads(request.body))
                    return _json({"success": True})
                case "DELETE", "/simulator/faults":
                    self.faults.clear()
                    self.cloud.rejects.clear()
                    return _json({"success": True})
                case "POST", "/simulator/headquarters":
                    self._headquarters(json.loads(request.body))
                    return _json({"success": True})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return failure(400, "bad_request", type(error).__name__)
        return failure(404, "not_found")

    def _set_faults(self, wanted: dict[str, dict[str, object]]) -> None:
        known = {field.name for field in fields(Fault)}
        for endpoint, values in wanted.items():
            if endpoint == "reject":
                self.cloud.rejects.update({str(key): str(words) for key, words in values.items()})
            elif endpoint in ENDPOINTS and values.keys() <= known:
                self.faults.set(endpoint, Fault(**values))  # type: ignore[arg-type]  # by hand: wrong types show at once
            else:
                raise ValueError("fault")

    def _headquarters(self, wanted: dict[str, object]) -> None:
        changes = wanted.get("fields", {})
        if not isinstance(changes, dict):
            raise TypeError("fields")
        match wanted["action"]:
            case "change_product":
                self.cloud.change_product(str(wanted["local_id"]), **changes)
            case "add_product":
                self.cloud.add_product(str(wanted["local_id"]), **changes)
            case "delete_product":
                self.cloud.delete_product(str(wanted["local_id"]))
            case "add_category":
                self.cloud.add_category(str(wanted["name"]))
            case _:
                raise ValueError("action")


def _json(value: dict[str, object]) -> Response:
    return Response(status=200, body=json.dumps(value).encode())


def _page(cloud: Cloud) -> bytes:
    rows = "".join(
        f"<tr><th align=left>{html.escape(str(name))}<td>{html.escape(json.dumps(value, ensure_ascii=False))}"
        for name, value in cloud.summary().items()
    )
    return f"<!doctype html><title>Simulated cloud</title><table>{rows}</table>".encode(errors="replace")
