"""Carries a request to the cloud and brings the answer, or why there is none. The only module that knows httpx."""

import asyncio
import errno
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from outlet_sync_gui.errors import CloudUnreachable, SettingsInvalid
from outlet_sync_gui.settings import Settings, is_loopback

MOST_ANSWER_BYTES = 64 * 1024 * 1024
# Not yet valid and expired as OpenSSL says it, and Windows' word for both.
OUT_OF_TIME = frozenset({9, 10, 0x800B0101})
NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that came in full. Header names are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes


class CloudClient:
    """One kept connection to one cloud, for one event loop. Raises SettingsInvalid for a proxy or CA that can't be."""

    def __init__(self, settings: Settings) -> None:
        self._base = settings.cloud_url
        self._headers = {
            "X-Outlet-ID": settings.outlet_id,
            "X-Outlet-Code": settings.outlet_code,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "outlet-sync",
        }
        try:
            self._client = httpx.AsyncClient(
                verify=_trust(settings),
                proxy=settings.proxy or None,
                trust_env=not is_loopback(self._base),
                timeout=None,  # noqa: S113 - httpx counts per read; `exchange` bounds the whole instead
                follow_redirects=False,
            )
        except (ValueError, httpx.InvalidURL) as error:
            shown = re.sub(r"//[^/]*@", "//…@", settings.proxy)  # without the name and the password in it
            facts = {"key": "proxy", "value": shown, "why": "http://proxy.example:3128"}
            raise SettingsInvalid("setting_invalid", facts) from error

    async def exchange(self, *, method: str, path: str, body: bytes, api_key: str, deadline_s: float) -> Reply:
        """Send one request and read its answer, all within the deadline.

        Raises CloudUnreachable; its code is one of wording.md's N-codes, its facts say what happened.
        """
        try:
            async with asyncio.timeout(deadline_s):
                return await self._exchange(method, path, body, api_key)
        except TimeoutError as error:
            raise CloudUnreachable("N-CLOUD", {"seconds": round(deadline_s)}) from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OSError) as error:
            raise _unreachable(error) from error

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def _exchange(self, method: str, path: str, body: bytes, api_key: str) -> Reply:
        headers = {**self._headers, "Authorization": f"Bearer {api_key}"}
        url = self._base + path
        async with self._client.stream(method, url, content=body or None, headers=headers) as response:
            received = bytearray()
            async for part in response.aiter_bytes():
                received += part
                if len(received) > MOST_ANSWER_BYTES:
                    raise CloudUnreachable("N-CLOUD", {"why": "answer too large"})
            answered = {name.lower(): value for name, value in response.headers.items()}
            return Reply(status=response.status_code, headers=answered, body=bytes(received))


def _trust(settings: Settings) -> ssl.SSLContext | bool:
    """The outlet's own CA file, else the system's trust store; plain http (loopback only) needs none."""
    if settings.ca_file:
        if not Path(settings.ca_file).is_file():
            raise SettingsInvalid("setting_invalid", {"key": "ca_file", "value": settings.ca_file, "why": "*.pem"})
        try:
            return ssl.create_default_context(cafile=settings.ca_file)
        except ssl.SSLError as error:
            facts = {"key": "ca_file", "value": settings.ca_file, "why": "*.pem"}
            raise SettingsInvalid("setting_invalid", facts) from error
    if settings.cloud_url.startswith("http://"):
        return False
    import truststore  # late: only https needs it

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _unreachable(error: Exception) -> CloudUnreachable:
    """Sort by the first rung of the ladder that failed."""
    causes = tuple(_causes(error))
    # A header that can't be sent is told with all that is in it: the key, too.
    is_ours = isinstance(error, httpx.LocalProtocolError)
    why = {"why": type(error).__name__ if is_ours else f"{type(error).__name__}: {error}"[:200]}
    if any(isinstance(cause, socket.gaierror | UnicodeError | httpx.InvalidURL) for cause in causes):
        return CloudUnreachable("N-DNS", why)
    certificate = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if certificate is not None and certificate.verify_code in OUT_OF_TIME:  # a wrong clock, most likely
        return CloudUnreachable("N-CLOCK", why)
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return CloudUnreachable("N-TLS", why)
    if any(isinstance(cause, OSError) and cause.errno in NO_ROUTE for cause in causes):
        return CloudUnreachable("N-LINK", why)
    return CloudUnreachable("N-CLOUD", why)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
