"""What several tests start for real: a configured data directory, a service in a thread, the command line."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import warm
from tests.builders import OUTLET_CODE, OUTLET_ID

from outlet_sync_gui import settings
from outlet_sync_gui.errors import CredentialsMissing
from outlet_sync_gui.service import Service
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.status import Status

KEY = "test-key"


def configure(directory: Path, url: str, **more: object) -> Path:
    """A data directory that is set up, but for the key; its doors take free ports."""
    needed = {"outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE, "cloud_url": url}
    ports = {"webhook_port": 0, "intake_port": 0}
    settings.save(settings.prepare_directory(directory), {**needed, **ports, **more})
    return directory


async def read_key(_: Settings) -> str:
    """A key that is there."""
    return KEY


async def no_key(_: Settings) -> str:
    """A key that was never given."""
    raise CredentialsMissing("secret_missing", {"name": "api-key"})


class Watched:
    """A service in its own thread, and what it says; `until` waits for a status, at most ten seconds."""

    def __init__(
        self, service: Service, thread: threading.Thread, seen: list[Status], news: threading.Condition
    ) -> None:
        self.service = service
        self.thread = thread
        self._seen = seen
        self._news = news

    def until(self, holds: Any) -> Status:
        """The first status from now on, or the last one, of which this holds."""
        with self._news:
            is_true = self._news.wait_for(lambda: bool(self._seen) and holds(self._seen[-1]), timeout=10)
            assert is_true, f"never: the last status was {self._seen[-1:]}"
            return self._seen[-1]


@contextmanager
def running_service(directory: Path, **more: Any) -> Iterator[Watched]:
    """Run a service; it must end within two seconds, and without a mistake."""
    seen: list[Status] = []
    failures: list[BaseException] = []
    news = threading.Condition()

    def heard(status: Status) -> None:
        with news:
            seen.append(status)
            news.notify_all()

    service = Service(directory, on_status=heard, **{"read_key": read_key, **more})

    def run() -> None:
        try:
            service.run()
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    thread = threading.Thread(target=run, name="service under test")
    thread.start()
    watched = Watched(service, thread, seen, news)
    try:
        watched.until(lambda _: True)
        yield watched
    finally:
        service.stop()
        thread.join(2)
        is_over = not thread.is_alive()
    assert is_over, "the service did not end within two seconds"
    assert failures == []


def environment(directory: Path, **more: str) -> dict[str, str]:
    """The environment of a command."""
    return {**os.environ, "OUTLET_SYNC_DATA_DIR": str(directory), "OUTLET_SYNC_API_KEY": KEY, "PYTHONUTF8": "1", **more}


def command(
    directory: Path, *words: str, given: str | bytes = b"", language: str = "en", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command of the real program, as a process of its own."""
    data = given.encode() if isinstance(given, str) else given
    done = warm.run(["--language", language, *words], given=data, env=env or environment(directory), timeout_s=60)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def until_running(directory: Path) -> None:
    """Wait until a service answers there; each question is a process of its own, so nothing spins."""
    ends_at = time.monotonic() + 30
    while answer(command(directory, "status", "--json"))["service"] != "running":
        assert time.monotonic() < ends_at, "the service did not come up"


def program() -> Sequence[str]:
    """The program as this interpreter runs it."""
    return [sys.executable, "-m", "outlet_sync_gui"]


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    """The one JSON document on standard output."""
    return json.loads(done.stdout)
