"""The power goes at any write or sync of a day: whatever the disk kept of the unsynced, no answer is broken.

A state is a place in the log of requests to the disk and a choice of what of the unsynced arrived. A bad one is named,
and judged again alone by `Judge(record(folder, ROUNDS), folder).state(at, choice)`.
"""

import marshal
import os
import random
import sqlite3
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

import pytest
from tests.faults.disk import Disk, Op
from tests.faults.model import Key
from tests.faults.power import Choice, Platter, after
from tests.faults.scripted import Arrived, Day, Left, Word
from tests.places import memory_folder

from outlet_sync_gui.store import database
from outlet_sync_gui.store.database import FILE_NAME, Database
from outlet_sync_gui.store.outbox import Outbox

SEED = 20_260_127
ROUNDS, SHORT_ROUNDS = 20, 7
FEW, MANY = 20_000, 1_000_000
CHECKPOINT_PAGES = 24  # so that a day has some forty
STARTS_EVERY = 200
CUTS_A_CHUNK, FEW_CUTS = 200, 40  # a chunk begins with all that the disk did before it
TOLD = 20
KNOWN = """
SELECT r.type, r.local_id, r.id, r.version, r.base_version, r.deleted_at, c.payload, c.source, o.record_id, o.flight
FROM record r JOIN content c ON c.record_id = r.id LEFT JOIN outbox o ON o.record_id = r.id WHERE r.local_id NOT NULL
"""
DRIFTED = """
SELECT lane, state, n, amount FROM counter WHERE n <> 0 OR amount <> 0
EXCEPT SELECT lane, state, count(*), sum(amount) FROM outbox GROUP BY lane, state
UNION ALL
SELECT * FROM (SELECT lane, state, count(*), sum(amount) FROM outbox GROUP BY lane, state
  EXCEPT SELECT lane, state, n, amount FROM counter)
UNION ALL
SELECT id, 0, n, 0 FROM halt WHERE n <> (SELECT count(*) FROM outbox WHERE outbox.halt = halt.id)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One record as a cut left it."""

    record_id: int
    version: int
    base_version: int
    deleted_at: str | None
    payload: str
    source: str | None
    row: int | None  # its place in the line
    flight: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a database says."""

    records: dict[Key, Kept]
    sent: frozenset[tuple[int, int]]
    stamps: frozenset[int]
    drifted: list[Any]


def digest_of(connection: Any) -> bytes:
    """All rows of all tables, as one number."""
    tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    rows = [connection.execute(f"SELECT * FROM {name}").fetchall() for name, _ in tables]
    return blake2b(marshal.dumps((tables, rows), 2), digest_size=16).digest()


def name_of(image: dict[str, bytes]) -> bytes:
    """The same for the same files."""
    name = sha256()
    for part in sorted(image.items()):
        name.update(b"%s %d " % (part[0].encode(), len(part[1])))
        name.update(part[1])
    return name.digest()


def facts_of(connection: Any) -> Facts:
    """What the outside can hold it to."""
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchall()[0][0]:
        return Facts({}, frozenset(), frozenset(), [])
    return Facts(
        {(kind, local_id): Kept(*row) for kind, local_id, *row in connection.execute(KNOWN).fetchall()},
        frozenset(connection.execute("SELECT record_id, version FROM sent").fetchall()),
        frozenset(number for (number,) in connection.execute("SELECT id FROM request_stamp").fetchall()),
        connection.execute(DRIFTED).fetchall(),
    )


@dataclass(frozen=True, slots=True)
class Tape:
    """A day as the disk and the outside saw it. `commits`: how long the log was, and all that was committed then."""

    log: list[Op]
    commits: list[tuple[int, bytes]]
    words: list[Word]
    left: list[Left]
    arrived: list[Arrived]

    def places(self) -> list[int]:
        """Where in the log something was said, answered, sent or settled."""
        spoken = [place for word in self.words for place in (word.since, word.answered)]
        flown = [place for left in self.left for place in (left.at, left.settling, left.settled)]
        return sorted({place for place in (*spoken, *flown) if place is not None})


def record(folder: Path, rounds: int) -> Tape:
    """Live through a day over a disk that keeps a log."""
    with closing(sqlite3.connect(":memory:")) as empty:
        commits = [(0, digest_of(empty))]
    disk = Disk(CHECKPOINT_PAGES, lambda connection: commits.append((len(disk.log), digest_of(connection))))
    with disk:
        day = Day(folder, SEED, at=lambda: len(disk.log), is_kept=True).live(rounds)
        log = list(disk.log)  # how it closes is in there, at each restart
        day.bench.store.close()
    assert day.failed == []
    return Tape(log, commits, day.words, day.left, day.arrived)


# -- what holds after a cut


def broken(facts: Facts, tape: Tape, at: int) -> Iterator[str]:
    """Promises that this database breaks, where the power went after so many requests to the disk."""
    said = [word for word in tape.words if word.since <= at]
    for word in {word.key: word for word in said if word.answered is not None and word.answered <= at}.values():
        yield from _broken_word(facts, word, [later for later in said if later.key == word.key], at)
    left = [one for one in tape.left if one.at <= at]
    for one in left:
        yield from _broken_flight(facts, one, left, at, {word.key for word in said if word.is_dropped})
    if left and left[-1].number not in facts.stamps:
        yield f"request {left[-1].number} left and is not counted"
    if facts.drifted:
        yield f"counters drifted: {facts.drifted}"
    yield from _out_of_line(facts, {word.key for word in said if word.is_dropped})


def _broken_word(facts: Facts, word: Word, said: list[Word], at: int) -> Iterator[str]:
    kept = facts.records.get(word.key)
    if kept is None:
        yield f"{word.key} was answered and is lost"
        return
    if kept.version < word.version:
        yield f"{word.key} was answered in version {word.version}, there is {kept.version}"
    meant = [word, *(later for later in said if later.answered is None or later.answered > at)]
    texts = {one.content for one in meant}
    if None not in texts and not texts & {kept.payload, kept.source}:
        yield f"{word.key} was answered with other content"


def _broken_flight(facts: Facts, one: Left, left: list[Left], at: int, dropped: set[Key]) -> Iterator[str]:
    for parcel in one.parcels:
        key = (parcel.entity_type, parcel.local_id)
        kept = facts.records.get(key)
        if kept is None or kept.version < parcel.version:
            yield f"{key} left in version {parcel.version}, which is forgotten"
            continue
        if one.settled is not None and one.settled <= at and parcel.local_id in one.accepted:
            if kept.base_version < parcel.version:
                yield f"{key} was accepted in version {parcel.version}, which is forgotten"
            continue
        later = [flown for flown in left if flown.number >= one.number and parcel.record_id in _ids(flown)]
        if key in dropped or any(flown.settling is not None and flown.settling <= at for flown in later):
            continue
        if kept.row is None or (kept.flight or 0) < one.number:
            yield f"{key} is on its way with request {one.number}, which is forgotten"
        if parcel.entity_type == "product" and (parcel.record_id, parcel.version) not in facts.sent:
            yield f"{key} is on its way in version {parcel.version}, its content is forgotten"


def _ids(left: Left) -> set[int]:
    return {parcel.record_id for parcel in left.parcels}


def _out_of_line(facts: Facts, dropped: set[Key]) -> Iterator[str]:
    for key, kept in facts.records.items():
        has_vanished = kept.deleted_at is not None and kept.base_version == 0
        if kept.row is None and kept.base_version < kept.version and not has_vanished and key not in dropped:
            yield f"{key} is not in the line, and version {kept.version} was not accepted"


@dataclass
class Tally:
    """What came of many states."""

    states: int = 0
    opened: int = 0  # states whose files were not those of one before
    starts: int = 0
    bad: int = 0
    told: dict[str, str] = field(default_factory=dict)  # what is bad, and the first state where it is

    def add(self, other: "Tally") -> None:
        """All of both."""
        for name in ("states", "opened", "starts", "bad"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.told = dict(list({**other.told, **self.told}.items())[:TOLD])


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in a file: nothing readable, or rows, as one number and as facts."""

    damage: str
    rows: bytes = b""
    facts: Facts | None = None


class Judge:
    """Opens what a cut left, in a folder of its own, and holds it to what was answered."""

    def __init__(self, tape: Tape, folder: Path) -> None:
        self._tape = tape
        self._folder = folder
        self._places = tape.places()
        self._ends = [end for end, _ in tape.commits]
        self._found: dict[bytes, Found] = {}
        self._verdicts: dict[tuple[bytes, int], list[str]] = {}
        self._opened: dict[bytes, bytes] = {}  # what was found in which image

    def cuts(self, cuts: range, most: int, seed: int) -> Tally:
        """Cut after each of these requests, in at most so many ways."""
        tally = Tally()
        platter = after(self._tape.log[: cuts.start])
        for at in cuts:
            chance = random.Random(f"{seed} {at}")  # noqa: S311 - a replayable choice
            for choice in platter.pick(chance, most):
                self._count(tally, platter, at, choice, chance.randrange(STARTS_EVERY))
            if at < len(self._tape.log):
                platter.take(self._tape.log[at])
        return tally

    def state(self, at: int, choice: Choice) -> dict[str, str]:
        """One state alone; what is bad about it."""
        platter = after(self._tape.log[:at])
        self._count(tally := Tally(), platter, at, choice, 0)
        return tally.told

    def _count(self, tally: Tally, platter: Platter, at: int, choice: Choice, dice: int) -> None:
        tally.states += 1
        image = platter.image(choice)
        if (name := name_of(image)) not in self._opened:
            tally.opened += 1
            self._opened[name] = self._open(image)
        content = self._opened[name]
        bad = self._verdict(content, at)
        if dice == 0 and not bad:
            tally.starts += 1
            bad = self._start(image, at)
        if bad:
            tally.bad += 1
            for what in bad[: TOLD - len(tally.told)]:
                tally.told.setdefault(what, f"after {at} requests, {choice}")

    def _open(self, image: dict[str, bytes]) -> bytes:
        """Let SQLite find what was committed, and write it back at the end: the file's content then, as one number."""
        file = self._fill(self._folder / "image", image) / FILE_NAME
        try:
            with closing(sqlite3.connect(file, isolation_level=None)) as connection:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute("PRAGMA user_version").fetchall()
        except sqlite3.Error as error:
            return self._unreadable(error)
        content = sha256(file.read_bytes()).digest()
        if content not in self._found:
            self._found[content] = self._read(file)
        return content

    def _unreadable(self, error: sqlite3.Error) -> bytes:
        content = str(error).encode()
        self._found[content] = Found(f"does not open: {error}")
        return content

    def _read(self, file: Path) -> Found:
        """All of it; done once for each content."""
        try:
            with closing(sqlite3.connect(file, isolation_level=None)) as connection:
                checked = connection.execute("PRAGMA integrity_check").fetchall()
                damage = "" if checked == [("ok",)] else f"damaged: {checked}"
                return Found(damage, digest_of(connection), facts_of(connection))
        except sqlite3.Error as error:
            return Found(f"can't be read: {error}")

    def _verdict(self, content: bytes, at: int) -> list[str]:
        """Of what was committed, the last that returned is there, or the next one whole."""
        found = self._found[content]
        if found.damage or found.facts is None:
            return [found.damage]
        key = (content, bisect_right(self._places, at))
        if key not in self._verdicts:
            self._verdicts[key] = list(broken(found.facts, self._tape, at))
        last = bisect_right(self._ends, at) - 1
        if found.rows not in {rows for _, rows in self._tape.commits[last : last + 2]}:
            return [*self._verdicts[key], "a commit that returned is gone, or half of one is there"]
        return self._verdicts[key]

    def _start(self, image: dict[str, bytes], at: int) -> list[str]:
        """The program starts, goes on, and gets everything through."""
        folder = self._fill(self._folder / "start", image)
        arrived = [self._tape.arrived[0], *(one for one in self._tape.arrived if one.at <= at)][-1]
        day = Day(folder, SEED, at_s=5.0, wall_ms=arrived.wall_ms)
        try:
            day.words = [_as_of(word, at) for word in self._tape.words if word.since <= at]
            day.cloud = deepcopy(arrived.cloud)
            day.cloud.now_ms = lambda: day.bench.wall_ms
            day.heal()
        except Exception as error:  # noqa: BLE001 - whatever it is, this state is bad
            return [f"{type(error).__name__}: {error}"]
        finally:
            day.bench.store.close()
        return []

    @staticmethod
    def _fill(folder: Path, image: dict[str, bytes]) -> Path:
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            if old.name not in image:
                old.unlink()
        for name, content in image.items():
            (folder / name).write_bytes(content)
        return folder


def _as_of(word: Word, at: int) -> Word:
    return word if word.answered is not None and word.answered <= at else replace(word, answered=None)


# -- many of them, on every core


def most_per_cut(tape: Tape, wanted: int) -> int:
    """How many choices at each cut make at least so many states together."""
    platter, sizes = Platter(), [1]
    for op in tape.log:
        platter.take(op)
        sizes.append(min(platter.choices, wanted))
    return next(most for most in range(1, wanted + 1) if sum(min(size, most) for size in sizes) >= wanted)


def judge_cuts(tape: Tape, cuts: range, most: int) -> Tally:
    with memory_folder() as folder:
        return Judge(tape, folder).cuts(cuts, most, SEED)


_TAPE: list[Tape] = []  # of a worker process


def _judge_chunk(cuts: range, most: int) -> Tally:
    return judge_cuts(_TAPE[0], cuts, most)


def judge_all(tape: Tape, wanted: int) -> Tally:
    most, tally = most_per_cut(tape, wanted), Tally()
    places = range(len(tape.log) + 1)
    chunks = [places[n : n + CUTS_A_CHUNK] for n in range(0, len(places), CUTS_A_CHUNK)]
    with ProcessPoolExecutor(os.cpu_count(), initializer=_TAPE.append, initargs=(tape,)) as pool:
        for part in pool.map(_judge_chunk, chunks, [most] * len(chunks)):
            tally.add(part)
    return tally


@pytest.mark.timeout(600)
def test_no_power_cut_breaks_an_answer(tmp_path: Path) -> None:
    cut_the_power(tmp_path, FEW)


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_no_power_cut_of_very_many_breaks_an_answer(tmp_path: Path) -> None:
    cut_the_power(tmp_path, MANY)


def cut_the_power(folder: Path, wanted: int) -> None:
    begun = time.perf_counter()
    tape = record(folder, ROUNDS)
    tally = judge_all(tape, wanted)
    rate = tally.states / (time.perf_counter() - begun)
    print(
        f"\nR2: seed {SEED}: {len(tape.log)} requests to the disk, {len(tape.commits)} commits; {tally.states} states"
        f" ({tally.opened} opened, {tally.starts} started and drained), {rate:.0f}/s: {tally.bad} bad"
    )
    assert tally.states >= wanted
    assert (tally.bad, tally.told) == (0, {})


# -- the checker itself


def a_commit_is_not_synced(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(database.PRAGMAS, "synchronous", "normal")


def a_request_leaves_without_a_note(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Outbox, "depart", lambda *_, **__: None)


def each_statement_is_its_own_transaction(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def none(_: Database) -> Iterator[None]:
        yield

    patch.setattr(Database, "write", none)


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (a_commit_is_not_synced, "was answered and is lost"),
        (a_request_leaves_without_a_note, "is on its way with request"),
        (each_statement_is_its_own_transaction, "is not in the line"),
    ],
    ids=lambda plant: getattr(plant, "__name__", ""),
)
def test_a_planted_mistake_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        plant(patch)
        tape = record(tmp_path, SHORT_ROUNDS)
    tally = Tally()
    with memory_folder() as folder:
        judge = Judge(tape, folder)
        for start in range(0, len(tape.log), FEW_CUTS):
            tally.add(judge.cuts(range(start, min(start + FEW_CUTS, len(tape.log))), 2, SEED))
            if any(words in told for told in tally.told):
                return
    pytest.fail(f"not found: {tally}")


def test_a_bad_state_is_judged_again_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        a_commit_is_not_synced(patch)
        tape = record(tmp_path, 1)
    at = next(word.answered for word in tape.words if word.answered is not None)
    with memory_folder() as folder:
        assert "is lost" in str(Judge(tape, folder).state(at, Choice(0, 0)))
        assert Judge(tape, folder).state(at, after(tape.log[:at]).all_kept) == {}
