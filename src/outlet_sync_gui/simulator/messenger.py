"""Carries webhooks to the till: signed, one at a time, tried again while nobody answers. asyncio and h11."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

from outlet_sync_gui.simulator.webhooks import Webhook, signature

PATH = "/api/v1/webhooks/cloud/"
WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0)  # before each further try; then it is given up
ANSWERS_WITHIN_S = 5.0
ANSWER_BYTES = 65_536
REMEMBERED = 100
OTHER = "not-"  # before the secret: the signature of somebody who doesn't know it


@dataclass(slots=True)
class Delivery:
    """One webhook on its way, and what the till said: `status` is None while nobody answered."""

    webhook: Webhook
    is_forged: bool
    due_s: float
    tries: int = 0
    status: int | None = None
    answer: str = ""
    is_over: bool = False


class Messenger:
    """Lives in the loop that calls `run`. `outlet` names whom to tell; nothing leaves while it is None."""

    def __init__(
        self, url: str, secret: str, outlet: Callable[[], str | None], *, waits_s: Sequence[float] = WAITS_S
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"no http address: {url}")
        self.url = url.rstrip("/")
        self.deliveries: deque[Delivery] = deque(maxlen=REMEMBERED)
        self._place = (parts.hostname, parts.port or 80)
        self._head = (parts.netloc, parts.path.rstrip("/") + PATH)
        self._secret = secret
        self._outlet = outlet
        self._waits_s = waits_s
        self._pending: list[Delivery] = []
        self._news = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    def take(self, webhooks: Iterable[Webhook], *, is_forged: bool = False) -> None:
        """Send these, in their order, after what waits."""
        now_s = asyncio.get_running_loop().time()
        new = [Delivery(webhook, is_forged, now_s) for webhook in webhooks]
        self.deliveries += new
        self._pending += new
        if self._pending:
            self._is_idle.clear()
        self._news.set()  # without anything new, too: the outlet may have become known

    def replay(self, *, is_forged: bool = False) -> None:
        """Send the last webhook again, byte for byte. Raises ValueError where there is none."""
        if not self.deliveries:
            raise ValueError("no webhook was sent yet")
        self.take([self.deliveries[-1].webhook], is_forged=is_forged)

    async def idle(self) -> None:
        """Wait until everything is answered or given up."""
        await self._is_idle.wait()

    async def run(self) -> None:
        """Carry what comes, until cancelled."""
        while True:
            delivery, outlet = min(self._pending, key=lambda each: each.due_s, default=None), self._outlet()
            rest_s = None if delivery is None or outlet is None else delivery.due_s - asyncio.get_running_loop().time()
            if delivery is None or outlet is None or (rest_s is not None and rest_s > 0):
                await self._rest(rest_s)
            else:
                await self._try(delivery, outlet)

    async def _rest(self, seconds: float | None) -> None:
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    async def _try(self, delivery: Delivery, outlet: str) -> None:
        delivery.tries += 1
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                delivery.status, delivery.answer = await self._post(delivery, outlet)
        except (OSError, TimeoutError, h11.RemoteProtocolError) as error:
            delivery.status, delivery.answer = None, type(error).__name__
        is_answered = delivery.status is not None and delivery.status < 500
        if is_answered or delivery.tries > len(self._waits_s):
            self._end(delivery)
        else:
            delivery.due_s = asyncio.get_running_loop().time() + self._waits_s[delivery.tries - 1]

    def _end(self, delivery: Delivery) -> None:
        delivery.is_over = True
        self._pending.remove(delivery)
        if not self._pending:
            self._is_idle.set()

    async def _post(self, delivery: Delivery, outlet: str) -> tuple[int, str]:
        reader, writer = await asyncio.open_connection(*self._place)
        try:
            connection = h11.Connection(h11.CLIENT)
            for event in self._request(delivery, outlet):
                writer.write(connection.send(event) or b"")
            return await _answer(connection, reader)
        finally:
            writer.close()

    def _request(self, delivery: Delivery, outlet: str) -> tuple[h11.Event, ...]:
        host, path = self._head
        body = delivery.webhook.body
        headers = [
            ("Host", host),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("X-Cloud-Signature", signature(OTHER + self._secret if delivery.is_forged else self._secret, body)),
            ("X-Outlet-ID", outlet),
            ("Connection", "close"),
        ]
        coded = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
        head = h11.Request(method="POST", target=path + delivery.webhook.kind, headers=coded)
        return head, h11.Data(data=body), h11.EndOfMessage()


async def _answer(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[int, str]:
    """Status and the beginning of the body. Raises ConnectionError, h11.RemoteProtocolError."""
    status, body = 0, bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(ANSWER_BYTES))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data[: ANSWER_BYTES - len(body)]
        elif isinstance(event, h11.EndOfMessage):
            return status, body.decode("utf-8", "replace")
        elif not isinstance(event, h11.InformationalResponse):
            raise ConnectionError("closed without an answer")
