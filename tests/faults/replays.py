"""Headquarters' letters as bytes, how it delivers them, and what came of each in the outlet's store.

An effect is a line that names what it is about: one that is missing, or there twice, is seen at once.
"""

import hashlib
import json
import os
import signal
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests import warm
from tests.builders import OUTLET_ID
from tests.fakes import configure, environment
from tests.faults.day import Bad
from tests.faults.mistakes import Plant
from tests.warm import Started, Streams

from outlet_sync_gui.contract.webhooks import Kind
from outlet_sync_gui.simulator import wall_ms
from outlet_sync_gui.simulator.webhooks import signature
from outlet_sync_gui.store.database import FILE_NAME
from outlet_sync_gui.sync.clock import iso

SECRET = "secret-of-headquarters"
NOWHERE = "http://127.0.0.1:1"  # headquarters speaks, and is not to be spoken to
PATH = "/api/v1/webhooks/cloud/"
BEGIN_MS = wall_ms() - 86_400_000  # of the letters' own times: none is too old
AGAIN_S = 0.05
LONGEST_S = 40
APPLIED = "Update applied successfully"
# Each row is one effect. A deletion is one whether it was applied, or is held because there were many.
EFFECTS = """
SELECT c.action || ' ' || r.local_id || CASE c.action WHEN 'update' THEN ' ' || c.fields ELSE '' END
  FROM change c JOIN record r ON r.id = c.record_id
UNION ALL SELECT 'delete ' || r.local_id FROM news n JOIN record r ON r.id = n.record_id WHERE n.question IS NOT NULL
UNION ALL SELECT 'conflict ' || c.local_id || ' ' || f.field || ' ' || f.cloud || ' revision ' || c.revision
  FROM conflict c JOIN conflict_field f ON f.conflict_id = c.id
UNION ALL SELECT 'noted ' || why FROM activity WHERE what = 'told'
UNION ALL SELECT 'message ' || title FROM message
UNION ALL SELECT 'config ' || (remote_config -> 'values')
    || ' asked ' || (SELECT count(*) FROM question WHERE outlet = outlet.id AND kind = 'config_changed')
  FROM outlet WHERE remote_config IS NOT NULL
"""


# -- letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One webhook: `effect` is all that it must have done, `says` what headquarters is told of it."""

    kind: Kind
    body: bytes
    effect: str
    says: str = APPLIED

    @property
    def key(self) -> str:
        """How the outlet remembers it."""
        return f"{self.kind}:{hashlib.sha256(self.body).hexdigest()}"


def _at(n: int) -> str:
    return iso(BEGIN_MS + n * 1000)


def _body(n: int, **fields: object) -> bytes:
    return json.dumps({"timestamp": _at(n), **fields}).encode()


def created(name: str, n: int, **more: object) -> Letter:
    """A menu item that the outlet learns of; 100 of it are there."""
    data = {"name": name, "price": 35_000, "stock": 100}
    about = {"event": "entity.updated", "entity_type": "product", "local_id": name, "data": data, "version": 1}
    return Letter(kind=Kind.UPDATE, body=_body(n, **about, **more), effect=f"create {name}")


def counted(name: str, n: int, *, version: int, before: int, after: int) -> Letter:
    """Headquarters has counted anew; the till must hear of the difference, once."""
    about = {"event": "entity.updated", "entity_type": "product", "local_id": name, "version": version}
    step = _compact({"stock": {"from": before, "to": after, "delta": after - before}})
    return Letter(kind=Kind.UPDATE, body=_body(n, **about, data={"stock": after}), effect=f"update {name} {step}")


def deleted(name: str, n: int) -> Letter:
    """A menu item that is gone."""
    about = {"event": "entity.deleted", "entity_type": "product", "local_id": name, "version": 2}
    return Letter(kind=Kind.DELETE, body=_body(n, **about, deleted_at=_at(n)), effect=f"delete {name}")


def disputed(name: str, n: int) -> Letter:
    """Headquarters asks for a choice."""
    conflict = {"conflict_id": f"hq-{name}", "field": "price", "cloud_value": 40_000, "local_value": 38_000}
    about = {"event": "sync.conflict", "entity_type": "product", "local_id": name, "conflict": conflict}
    effect = f"conflict {name} price 40000 revision 1"
    return Letter(kind=Kind.CONFLICT, body=_body(n, **about), effect=effect, says="Conflict recorded")


def noted(name: str, n: int) -> Letter:
    """The same, and nobody needs to choose: it is only written down, each time that it is heard."""
    about = {"event": "sync.conflict", "entity_type": "product", "local_id": name, "resolution_required": False}
    conflict = {"field": f"field of {name}", "cloud_value": 1, "local_value": 2}
    effect = f"noted field of {name}"
    return Letter(kind=Kind.CONFLICT, body=_body(n, **about, conflict=conflict), effect=effect, says="Noted")


def announced(name: str, n: int) -> Letter:
    """An announcement that brings no number of its own."""
    title = f"Closed for {name}"
    return Letter(kind=Kind.BROADCAST, body=_body(n, title=title), effect=f"message {title}", says="Message received")


def configured(n: int) -> Letter:
    """Another interval; undone by nobody, and asked about once."""
    values = {"pull_interval_s": 100 + n % 3000}
    effect = f"config {_compact(values)} asked 1"
    return Letter(kind=Kind.CONFIG, body=_body(n, config=values), effect=effect, says="Configuration received")


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


Sequel = Sequence[Letter]  # the last of them is meant, the others make room for it
SEQUELS: Mapping[str, Callable[[str, int], Sequel]] = {
    "update": lambda name, n: (
        created(name, n),
        counted(name, n, version=2, before=100, after=97),
        counted(name, n, version=3, before=97, after=104),
    ),
    "delete": lambda name, n: (created(name, n), deleted(name, n + 1)),
    "conflict": lambda name, n: (created(name, n), disputed(name, n)),
    "noted": lambda name, n: (created(name, n), noted(name, n)),
    "broadcast": lambda name, n: (announced(name, n),),
    "config": lambda _, n: (configured(n),),
}


def sequel(what: str, n: int, *, by: str = "") -> Sequel:
    """The n-th of its kind, by one of several that tell at the same time."""
    return SEQUELS[what](f"{what[:3].upper()}{by}{n}", 10 * n)


def letters(by: int) -> Iterator[Letter]:
    """What one of headquarters' own tells, without end. The first of them alone sets settings: the newest counts."""
    for n in count(1):
        for what in SEQUELS:
            if what != "config" or by == 0:
                yield from sequel(what, n, by=f"-{by}-")


# -- delivering


class Cut(Exception):
    """The request has left, and no answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What headquarters is told."""

    status: int
    body: bytes

    @property
    def message(self) -> str:
        """In words."""
        return str(json.loads(self.body).get("message"))


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers of an honest request."""
    return {
        "Content-Type": "application/json",
        "X-Cloud-Signature": signature(secret, body),
        "X-Outlet-ID": OUTLET_ID,
    }


def post(
    port: int,
    letter: Letter,
    *,
    kind: Kind | None = None,
    headers: Mapping[str, str] | None = None,
    on_line: Callable[[], None] = lambda: None,
    on_left: Callable[[], None] = lambda: None,
) -> Answer:
    """Deliver it once, at the path of its kind or of another. Raises OSError where nobody listens, Cut."""
    given = {**signed(letter.body), **(headers or {})}
    with closing(HTTPConnection("127.0.0.1", port, timeout=LONGEST_S)) as line:
        line.connect()
        on_line()
        try:
            line.request("POST", f"{PATH}{kind or letter.kind}", letter.body, given)
            on_left()
            answer = line.getresponse()
            return Answer(answer.status, answer.read())
        except (OSError, HTTPException) as error:
            raise Cut(type(error).__name__) from error


class Headquarters:
    """Delivers each letter until it is taken, from as many threads as call `deliver`; repeats must be told the same."""

    def __init__(self, directory: Path, port: int) -> None:
        self._directory = directory
        self._port = port
        self._news = threading.Condition()
        self._over = threading.Event()
        self._why: BaseException | None = None
        self._alone: set[int] = set()  # threads that found nobody since the last kill
        self.is_enough = threading.Event()
        self.steps = 0  # a connection stands, a request has left, an answer is there
        self.told: dict[Letter, Answer] = {}
        self.out: set[Letter] = set()  # whose request has left
        self.cut: set[Letter] = set()  # that got no answer, when last they were delivered

    def deliver(self, letters: Iterable[Letter], *, again: Callable[[], bool] = lambda: False) -> None:
        """Until there are no more, or it is enough; some twice. Raises Bad."""
        try:
            for letter in letters:
                if self.is_enough.is_set():
                    break
                self._tell(letter)
                if again():
                    self.repeat(letter)
        except BaseException as error:
            self.give_up(error)
            raise

    def repeat(self, letter: Letter) -> None:
        """Deliver it once more. Raises Bad if it is told anything else than the first time."""
        if (answer := self._until_taken(letter)) != self.told[letter]:
            raise Bad(f"{letter.effect}: {self.told[letter]}, and the next time {answer}")

    def give_up(self, why: BaseException) -> None:
        """Whoever waits ends."""
        self._why = self._why or why
        self._over.set()
        with self._news:
            self._news.notify_all()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for this. Raises Bad."""
        with self._news:
            is_there = self._news.wait_for(lambda: self._over.is_set() or holds(), LONGEST_S)
        if self._over.is_set() or not is_there:
            raise self._why or Bad(f"nothing happens after {self.steps} steps")

    def until_steps(self, n: int) -> None:
        """Wait until the line has moved on by so many steps. Raises Bad."""
        wanted = self.steps + n
        self.until(lambda: self.steps >= wanted)

    def until_alone(self, senders: int) -> None:
        """Wait until all of so many threads have found nobody: what was cut is known."""
        with self._news:
            self._alone.clear()
        self.until(lambda: len(self._alone) == senders)

    def _tell(self, letter: Letter) -> None:
        answer = self._until_taken(letter)
        if answer.message != letter.says:
            raise Bad(f"{letter.effect}: told {answer.message!r} instead of {letter.says!r}")
        # It stands only until the next one.
        if letter.kind is Kind.CONFIG and not effects(self._directory)[letter.effect]:
            raise Bad(f"answered, and not done: {letter.effect}")
        self.told[letter] = answer

    def _until_taken(self, letter: Letter) -> Answer:
        begun = time.monotonic()
        while not self._over.is_set() and time.monotonic() < begun + LONGEST_S:
            try:
                answer = self._post(letter)
            except Cut:
                self.cut.add(letter)
            except OSError:
                self._find_nobody()
            else:
                self._step()
                if answer.status == 200:
                    return answer
                if answer.status != 503:
                    raise Bad(f"{letter.effect}: {answer}")
                self._over.wait(AGAIN_S)
        raise self._why or Bad(f"never taken: {letter.effect}")

    def _post(self, letter: Letter) -> Answer:
        def left() -> None:
            self.out.add(letter)
            self._step()

        try:
            return post(self._port, letter, on_line=self._step, on_left=left)
        finally:
            self.out.discard(letter)

    def _find_nobody(self) -> None:
        with self._news:
            self._alone.add(threading.get_ident())
            self._news.notify_all()
        self._over.wait(AGAIN_S)

    def _step(self) -> None:
        with self._news:
            self.steps += 1
            self._news.notify_all()


# -- the program


class Program:
    """The real program, listening at a port that stays the same; nothing of it is left behind the block."""

    def __init__(self, folder: Path, plant: Plant | None = None) -> None:
        self.port = _free_port()
        self.directory = configure(folder / "data", NOWHERE, webhook_port=self.port, intake_enabled=False)
        self._plant = plant
        self._errors = folder / "errors"
        self._process: Started | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    @property
    def process(self) -> Started:
        """The one that was started last."""
        assert self._process is not None
        return self._process

    def start(self) -> None:
        """Start it (again); whoever calls finds nobody until it listens."""
        env = environment(self.directory, OUTLET_SYNC_WEBHOOK_SECRET=SECRET)
        streams = Streams(Path(os.devnull), self._errors, self._errors)
        self._process = warm.start(["run"], streams, env=env, before=self._plant).go()

    def kill(self) -> None:
        """SIGKILL. Raises Bad if it had ended by itself."""
        self.process.send_signal(signal.SIGKILL)
        self.check_killed()

    def check_killed(self) -> None:
        """Wait for its end. Raises Bad unless a kill was it."""
        if self.process.wait(LONGEST_S) != -signal.SIGKILL:
            raise Bad(f"it ended by itself: {self._said()}")

    def stop(self) -> None:
        """Let it end. Raises Bad if anything of it, dead or alive, went wrong."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(LONGEST_S)
        if code != 0 or " ERROR " in self._said() or "Traceback" in self._said():
            raise Bad(f"it ended with {code}: {self._said()}")

    def _said(self) -> str:
        return self._errors.read_text(errors="replace")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


# -- what came of it


def rows(directory: Path, query: str) -> list[tuple[Any, ...]]:
    """What stands in the store, as another process finds it."""
    with closing(sqlite3.connect(directory / FILE_NAME, timeout=LONGEST_S)) as connection:
        return connection.execute(query).fetchall()


def effects(directory: Path) -> Counter[str]:
    """All that letters have done, each as often as it was done."""
    return Counter(row[0] for row in rows(directory, EFFECTS))


def check_effects(directory: Path, taken: Iterable[Letter]) -> None:
    """Each letter that was taken had its effect once, and there is nothing else. Raises Bad."""
    told = list(taken)
    last = next((letter for letter in reversed(told) if letter.kind is Kind.CONFIG), None)
    wanted = Counter(letter.effect for letter in told if letter.kind is not Kind.CONFIG or letter is last)
    found = effects(directory)
    if found != wanted:
        raise Bad(f"lost: {[*(wanted - found)][:3]}; too often, or without a letter: {[*(found - wanted)][:3]}")
    if (remembered := {row[0] for row in rows(directory, "SELECT digest FROM webhook")}) != {each.key for each in told}:
        raise Bad(f"{len(told)} letters were taken, {len(remembered)} are remembered")
    if (state := rows(directory, "PRAGMA integrity_check")) != [("ok",)]:
        raise Bad(f"the database: {state}")
