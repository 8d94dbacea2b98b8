"""A day at a till as a script of real commands.

`rehearse` lives through it once and keeps, before each command, the data directory and the cloud as they are then: a
scene, which tests/faults/kills.py plays.
"""

import compileall
import io
import json
import os
import pickle
import random
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.builders import OUTLET_ID, START_MS, order, product, read, transaction
from tests.fakes import KEY, configure, environment
from tests.warm import Started

import outlet_sync_gui
from outlet_sync_gui.__main__ import main
from outlet_sync_gui.listener import Request, Response
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.store.database import FILE_NAME, Database, migrate, scripts

CYCLE_S = "20"
Json = dict[str, Any]
Key = tuple[str, str]
Word = tuple[str, str, Json]  # type, operation, data


class Bad(AssertionError):
    """A promise was broken."""


class Role(Enum):
    """How a scene's command runs."""

    ALONE = auto()
    SERVICE = auto()  # it is the service; other processes queue records and order a cycle
    BESIDE = auto()  # a service runs beside it


@dataclass(frozen=True, slots=True)
class Truth:
    """What must hold in the end: the till's last words (None: deleted), and what a person and headquarters said."""

    said: dict[Key, Json | None] = field(default_factory=dict)
    waiting: frozenset[Key] = frozenset()  # refused by headquarters, and what is blocked by that
    discarded: frozenset[Key] = frozenset()
    menu: dict[str, Json] = field(default_factory=dict)  # headquarters' own fields, by local id
    pull_interval_s: int = 300

    def after(self, words: Sequence[Word]) -> "Truth":
        """The till says more."""
        spoken = {(kind, data["local_id"]): None if operation == "delete" else data for kind, operation, data in words}
        return replace(self, said={**self.said, **spoken})

    def without(self, *local_ids: str) -> "Truth":
        """These do not wait any more."""
        return replace(self, waiting=frozenset(key for key in self.waiting if key[1] not in local_ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One command of the day, and how things stand before it; `folder` holds the data directory and the cloud."""

    name: str
    folder: Path
    words: tuple[str, ...]
    given: bytes
    beside: bytes
    role: Role
    before: Truth
    after: Truth

    def cloud(self) -> Cloud:
        """The cloud as it was then."""
        kept: Cloud = pickle.loads((self.folder / "cloud").read_bytes())  # noqa: S301 - our own, written below
        return kept


class Stage(SimulatedCloud):
    """A cloud in this process, whose state each scene brings along, and which tells when a request was answered."""

    def __init__(self) -> None:
        super().__init__(Cloud(now_ms=wall_ms))
        self.news = threading.Condition()

    def show(self, cloud: Cloud) -> None:
        """Take this cloud's state."""

        def change(_: Cloud) -> None:
            self.cloud = cloud

        self.call(change)

    async def _handle(self, request: Request) -> Response:
        response = await super()._handle(request)
        with self.news:
            self.news.notify_all()
        return response

    def until(self, holds: Callable[[Cloud], bool], process: Started) -> None:
        """Wait until the cloud has come so far, or the process has ended."""

        def wait() -> None:
            process.wait()
            with self.news:
                self.news.notify_all()

        threading.Thread(target=wait, daemon=True).start()
        with self.news:
            self.news.wait_for(lambda: holds(self.cloud) or process.poll() is not None)


class Till:
    """A data directory and the stage's cloud; commands run in this process, as the program's own `main` runs them."""

    def __init__(self, directory: Path, stage: Stage) -> None:
        self.directory = directory
        self.stage = stage
        self.env = environment(directory, OUTLET_SYNC_CLOUD_URL=stage.url, PYTHONDONTWRITEBYTECODE="1")

    def do(self, *words: str, given: bytes = b"", codes: Sequence[int] = (0,)) -> Any:
        """One command; its JSON. Raises Bad for an exit code that is none of these."""
        out, err = io.StringIO(), io.StringIO()
        stdin = io.TextIOWrapper(io.BytesIO(given), encoding="utf-8")
        streams = (patch("sys.stdin", stdin), redirect_stdout(out), redirect_stderr(err))
        with patch.dict(os.environ, self.env), _signals_kept(), streams[0], streams[1], streams[2]:
            code = main([*words, "--json"])
        if code not in codes:
            raise Bad(f"{' '.join(words)}: exit code {code}\n{out.getvalue()}{err.getvalue()}")
        return json.loads(out.getvalue())

    def sync(self, codes: Sequence[int] = (0,)) -> Any:
        """One cycle of all lanes, here or in the service that runs."""
        return self.do("sync", "--all", "--timeout", CYCLE_S, codes=codes)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database itself; nothing before it was made."""
        file = self.directory / FILE_NAME
        if not file.exists():
            return []
        connection = sqlite3.connect(file, timeout=5)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


@contextmanager
def _signals_kept() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def lines(words: Sequence[Word]) -> bytes:
    """Records as `enqueue` reads them, each with its own type and operation."""
    named = [{"entity_type": kind, "operation": operation, "data": data} for kind, operation, data in words]
    return "\n".join(map(json.dumps, named)).encode()


# -- the day


class Rehearsal:
    """Lives through the day once; `scene` keeps how things stand, then goes on."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        self._folder = folder
        self.stage = stage
        self.scenes: list[Scene] = []
        self.truth = Truth()
        self.till = Till(folder / "data", stage)
        configure(self.till.directory, "http://127.0.0.1:1")

    @property
    def cloud(self) -> Cloud:
        return self.stage.cloud

    def hear(self, words: Sequence[Word]) -> None:
        """The till hands records over, out of the scene."""
        self.till.do("enqueue", "order", given=lines(words))
        self.truth = self.truth.after(words)

    def enqueue(self, name: str, words: Sequence[Word], role: Role = Role.ALONE) -> None:
        """A scene in which the till hands records over."""
        given = lines(words)
        self._scene(name, ("enqueue", "order"), self.truth.after(words), given=given, role=role)
        self.till.do("enqueue", "order", given=given)

    def sync(self, name: str, *more: str, codes: Sequence[int] = (0,)) -> None:
        """A scene in which all goes to headquarters."""
        self._scene(name, ("sync", *more), self.truth)
        self.till.do("sync", *more, codes=codes)

    def serve(self, name: str, words: Sequence[Word]) -> None:
        """A scene in which the service runs, while other processes hand records over."""
        given = lines(words)
        self._scene(name, ("run",), self.truth.after(words), beside=given, role=Role.SERVICE)
        self.till.do("enqueue", "order", given=given)
        self.till.sync()

    def decide(self, name: str, *words: str, after: Truth, given: bytes = b"") -> None:
        """A scene in which a person decides."""
        self._scene(name, words, after, given=given)
        self.till.do(*words, given=given)

    def _scene(
        self,
        name: str,
        words: tuple[str, ...],
        after: Truth,
        *,
        given: bytes = b"",
        beside: bytes = b"",
        role: Role = Role.ALONE,
    ) -> None:
        folder = self._folder / name.replace(" ", "-")
        shutil.copytree(self.till.directory, folder / "data")
        (folder / "cloud").write_bytes(self.stage.call(pickle.dumps))
        scene = Scene(
            name=name,
            folder=folder,
            words=words,
            given=given,
            beside=beside,
            role=role,
            before=self.truth,
            after=after,
        )
        self.scenes.append(scene)
        self.truth = after


def rehearse(folder: Path, seed: int, stage: Stage) -> list[Scene]:
    """The day of a seed, scene by scene."""
    compileall.compile_dir(str(Path(outlet_sync_gui.__file__).parent), quiet=2)  # no process writes what it compiles
    chance = random.Random(seed)  # noqa: S311 - a replayable day, no secret
    scenes: list[Scene] = []
    for live in (_a_day, _an_update):
        stage.show(Cloud(now_ms=wall_ms, api_key=KEY, outlet_id=OUTLET_ID))
        place = folder / live.__name__
        place.mkdir(parents=True)
        rehearsal = Rehearsal(place, stage)
        live(rehearsal, chance)
        scenes += rehearsal.scenes
    return scenes


def _a_day(day: Rehearsal, chance: random.Random) -> None:
    _morning(day, chance)
    _menu(day, chance)
    _refusals(day, chance)
    _evening(day, chance)


def _morning(day: Rehearsal, chance: random.Random) -> None:
    day.enqueue("first records", [_order(f"A{n}", chance) for n in range(chance.randint(3, 6))])
    day.enqueue("records of every kind", _of_every_kind(chance))
    day.sync("first sync", "--all")
    gone = ("order", "delete", {"local_id": "A2"})
    passing = [("table_status", "create", {"local_id": "L9"}), ("table_status", "delete", {"local_id": "L9"})]
    repeat = [("order", "update", day.truth.said["order", "A0"] or {})]
    day.enqueue("newer content", [_order("A1", chance), *repeat, *passing, gone, _product("P1", stock=7)])
    day.sync("sync of newer content")
    day.enqueue("many records", [_order(f"M{n}", chance) for n in range(205 + chance.randint(0, 220))])
    day.sync("sync of many", "--all")


def _menu(day: Rehearsal, chance: random.Random) -> None:
    price = chance.randint(40_000, 50_000)
    day.stage.call(lambda cloud: _headquarters_speaks(cloud, price))
    said = {**day.truth.said, ("product", "P2"): None}
    day.truth = replace(day.truth, said=said, menu={"P1": {"price": price}, "P9": {"price": 9000}})
    day.sync("news of the menu", "--all")
    # The till has not heard of the new price: it goes on saying the old one.
    day.enqueue("old menu at the till", [_product("P1", stock=chance.randint(1, 6)), _product("P3")])
    day.sync("sync of the menu", "--all")


def _headquarters_speaks(cloud: Cloud, price: int) -> None:
    cloud.change_product("P1", price=price)
    cloud.add_product("P9", name="Es teh", price=9000)
    cloud.add_category("Minuman")
    cloud.delete_product("P2")


def _refusals(day: Rehearsal, chance: random.Random) -> None:
    names = ("X1", "X2", "X3")
    bad = frozenset(("order", name) for name in names)
    day.stage.call(lambda cloud: cloud.rejects.update(dict.fromkeys(names, "total_amount is wrong")))
    day.hear([*(_order(name, chance) for name in names), _order("A8", chance)])
    day.truth = replace(day.truth, waiting=bad)
    day.sync("refused records", "--all", codes=(3,))
    payment = [("transaction", "create", transaction("TX1", "X1"))]
    day.truth = replace(day.truth, waiting=bad | {("transaction", "TX1")})  # blocked by its order
    day.enqueue("payment of a refused order", payment)
    day.stage.call(lambda cloud: cloud.rejects.clear())
    day.decide("queue retry", "queue", "retry", "order/X1", after=day.truth.without("X1", "TX1"))
    _, _, mended = _order("X2", chance)
    edited = day.truth.after([("order", "update", mended)]).without("X2")
    day.decide("queue edit", "queue", "edit", "order/X2", after=edited, given=json.dumps(mended).encode())
    gone = replace(day.truth.without("X3"), discarded=frozenset({("order", "X3")}))
    day.decide("queue discard", "queue", "discard", "order/X3", "--reason", "twice", after=gone)
    day.sync("sync of decisions", "--all")


def _evening(day: Rehearsal, chance: random.Random) -> None:
    changed = replace(day.truth, pull_interval_s=600)
    day.decide("config set", "config", "set", "pull_interval_s", "600", after=changed)
    pair = [_order("R1", chance), ("transaction", "create", transaction("TR1", "R1"))]
    day.serve("service", [*pair, _order("A1", chance), _product("P3", stock=3)])
    day.hear([_order(f"D{n}", chance) for n in range(3)])
    day.serve("service after a restart", [_order("D1", chance)])
    day.enqueue("records beside the service", [_order("B1", chance), _order("B2", chance)], Role.BESIDE)
    day.decide("status", "status", after=day.truth)
    day.sync("last sync", "--all")


def _an_update(day: Rehearsal, chance: random.Random) -> None:
    """The program is newer than its database, in which records wait, one of them perhaps sent already."""
    old = [_order(f"V{n}", chance) for n in range(3)]
    database = Database(day.till.directory / FILE_NAME)
    migrate(database, scripts()[:1])
    with database.write():
        database.execute("INSERT INTO outlet(id, outlet_id) VALUES (1, ?)", (OUTLET_ID,))
        for n, (_, _, data) in enumerate(old, start=1):
            _queue_as_it_was(database, n, data)
    database.close()
    day.truth = day.truth.after(old)
    day.enqueue("records after an update", [_order("V3", chance), _order("V0", chance)])


def _queue_as_it_was(database: Database, n: int, data: Json) -> None:
    record = read("order", data)
    database.execute(
        "INSERT INTO record(id, outlet, type, local_id, source_digest, version, digest, amount, changed_at)"
        " VALUES (?, 1, 'order', ?, ?, 1, ?, ?, ?)",
        (n, record.local_id, record.digest, record.digest, record.amount, START_MS),
    )
    database.execute("INSERT INTO content(record_id, payload) VALUES (?, ?)", (n, record.content))
    database.execute(
        "INSERT INTO outbox(record_id, outlet, lane, seq, operation, bytes, amount, queued_at)"
        " VALUES (?, 1, 0, ?, 'create', ?, ?, ?)",
        (n, n, len(record.content), record.amount, START_MS),
    )
    if n == 1:
        database.execute(
            "INSERT INTO sent(record_id, version, digest, amount, flight) VALUES (1, 1, ?, ?, 1)",
            (record.digest, record.amount),
        )


def _order(local_id: str, chance: random.Random) -> Word:
    return "order", "update", order(local_id, total_amount=chance.randint(1, 10**6))


def _product(local_id: str, **fields: Any) -> Word:
    return "product", "update", product(local_id, **fields)


def _of_every_kind(chance: random.Random) -> list[Word]:
    payments: list[Word] = [("transaction", "create", transaction(f"T{n}", f"A{n}")) for n in range(3)]
    others: list[Word] = [
        ("category", "create", {"local_id": "C1", "name": "Makanan"}),
        ("table_status", "create", {"local_id": "L1", "status": "free"}),
        ("cashier_shift", "create", {"local_id": "S1", "cash": chance.randint(1, 10**6)}),
    ]
    return [*payments, _product("P1", stock=9), _product("P2"), *others]
