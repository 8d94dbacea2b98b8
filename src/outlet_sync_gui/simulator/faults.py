"""What may go wrong on the line, switched by endpoint: for tests and for people who want to see it."""

import asyncio
import json
from dataclasses import dataclass, field, replace

from outlet_sync_gui.listener import Request, Response
from outlet_sync_gui.simulator.cloud import Cloud

PORTAL = b"<!doctype html><html><title>Wi-Fi</title><body>Please sign in to use this Wi-Fi.</body></html>"
ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. `times` counts the requests that it meets, None: all. The first that is set takes effect."""

    latency_s: float = 0.0
    drop_before: bool = False  # the connection closes before anything is stored
    drop_after: bool = False  # stored, then closed without an answer
    truncated: bool = False  # stored, half an answer
    html: bool = False  # a captive portal answers
    status: int | None = None  # 5xx, 401, 403, 429
    retry_after: int | None = None
    message: str = "simulated"
    times: int | None = None


@dataclass(slots=True)
class Faults:
    """The switches, by the last part of the endpoint's path (`orders`, `batch`, `updates` …) or `*`."""

    by_endpoint: dict[str, Fault] = field(default_factory=dict)

    def set(self, endpoint: str, fault: Fault) -> None:
        """Switch a fault on."""
        self.by_endpoint[endpoint] = fault

    def clear(self) -> None:
        """The line is well again."""
        self.by_endpoint.clear()

    async def carry(self, cloud: Cloud, request: Request) -> Response:
        """Let the cloud answer, through whatever is wrong with the line."""
        fault = self._take(request.path.rpartition("/")[2])
        if fault.latency_s:
            await asyncio.sleep(fault.latency_s)
        if fault.drop_before:
            return Response(status=503, cut_at=0)
        if fault.html:
            return Response(status=200, body=PORTAL, content_type="text/html")
        if fault.status is not None:
            return _refusal(fault, fault.status)
        response = cloud.handle(request)
        if fault.drop_after:
            return replace(response, cut_at=0)
        return replace(response, cut_at=60 + len(response.body) // 2) if fault.truncated else response

    def _take(self, endpoint: str) -> Fault:
        name = endpoint if endpoint in self.by_endpoint else ANY
        fault = self.by_endpoint.get(name, Fault())
        if fault.times is not None:
            self.by_endpoint[name] = replace(fault, times=fault.times - 1)
            if fault.times <= 1:
                del self.by_endpoint[name]
        return fault


def _refusal(fault: Fault, status: int) -> Response:
    value: dict[str, object] = {"success": False, "error": "simulated", "message": fault.message}
    if fault.retry_after is not None:
        value["retry_after"] = fault.retry_after
    return Response(status=status, body=json.dumps(value).encode())
