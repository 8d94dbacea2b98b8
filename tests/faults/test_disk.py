"""The disk is full, or fails, at any write of a day: the caller is told, nothing answered is lost, and it heals.

The store and engine are the real ones over SQLite's file layer (see `disk`); the long tests are the real program on
a real small disk, and with errors of single system calls. A case that fails is named, and replayed by
`suffer(folder, case)`.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.builders import OUTLET_ID, Bench, order, read
from tests.fakes import KEY, Watched, configure, running_service
from tests.faults.disk import Disk, Fault
from tests.faults.model import Bad
from tests.faults.scripted import Day
from tests.places import memory_folder
from tests.store import test_database, test_outbox

from outlet_sync_gui import channel, service, settings
from outlet_sync_gui.errors import StoreFailed
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State
from outlet_sync_gui.store import open_store
from outlet_sync_gui.store.database import Database
from outlet_sync_gui.sync import records
from outlet_sync_gui.sync.commands import Pause
from outlet_sync_gui.sync.engine import Engine
from outlet_sync_gui.sync.exchange import WaitUntil, Why
from outlet_sync_gui.sync.records import Outcome, accept

SEED = 20_260_127
ROUNDS = 8
SIZES = 45
CHECKPOINT_PAGES = 24
PATIENCE = 4  # failures until somebody makes room
OTHER = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
CODES = {True: "disk_full", False: "disk_failed"}


@dataclass(frozen=True, slots=True)
class Case:
    """How the disk fails in a day: so much room, or from its n-th write, cut or sync on, or at that one alone.

    From the first start on, or, where the database is made already, from then on.
    """

    full: bool
    room: int | None = None
    since: int | None = None
    is_once: bool = False
    is_made: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """A day without a fault: the bytes of all files at the start and at most."""

    made: int
    most: int


@dataclass(frozen=True, slots=True)
class Course:
    """How a day went: how often the disk failed, and what the callers were told."""

    hits: int
    failed: tuple[str, ...]


def suffer(folder: Path, case: Case) -> Course:
    """Live through a day on such a disk, and heal. Raises Bad."""
    fault = Fault(full=case.full, room=case.room, since=case.since, is_once=case.is_once)
    failures = 0

    def failed() -> None:
        nonlocal failures
        failures += 1
        if failures >= PATIENCE:
            disk.fault = None

    with Disk(CHECKPOINT_PAGES) as disk:
        try:
            told = _live(folder, disk, failed, fault, is_made=case.is_made)
        except Exception as error:
            raise Bad(f"{case}: {type(error).__name__}: {error}") from error
    if not set(told) <= {CODES[case.full]}:
        raise Bad(f"{case}: the callers were told {told}")
    return Course(fault.hits, told)


def _live(folder: Path, disk: Disk, failed: Callable[[], None], fault: Fault, *, is_made: bool) -> tuple[str, ...]:
    """A day until all is well; what the callers were told meanwhile."""
    disk.fault = None if is_made else fault
    day, refused = _begun(folder, disk, failed)
    try:
        if is_made:
            day.bench.restart()
            disk.fault = fault
        day.live(ROUNDS)
        disk.fault = None
        day.heal()
        day.bench.store.check()
    finally:
        disk.fault = None
        day.bench.store.close()
    return (*refused, *day.failed)


def _begun(folder: Path, disk: Disk, failed: Callable[[], None]) -> tuple[Day, list[str]]:
    """The program starts; where it can't even make its database, it does when the cause has ended."""
    refused: list[str] = []
    try:
        return Day(folder, SEED, on_failure=failed), refused
    except StoreFailed as error:
        refused.append(error.code)
    disk.fault = None
    return Day(folder, SEED, on_failure=failed), refused


def healthy(folder: Path) -> Health:
    with Disk(CHECKPOINT_PAGES) as disk:
        day = Day(folder, SEED)
        day.bench.restart()
        made, disk.most = disk.size, 0
        day.live(ROUNDS).bench.store.close()
    return Health(made, disk.most)


def requests_of_a_day(folder: Path) -> int:
    """How many requests the disk gets in a day without a fault, up to where `_live` lifts the fault."""
    with Disk(CHECKPOINT_PAGES) as disk:
        day = Day(folder, SEED).live(ROUNDS)
        count = disk.count
        day.bench.store.close()
    return count


def _suffer(case: Case) -> Course:
    with memory_folder() as folder:
        return suffer(folder, case)


def suffer_all(cases: Sequence[Case]) -> list[Course]:
    """On every core; raises Bad for the first that ends badly."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_suffer, cases))


def told(name: str, courses: Sequence[Course]) -> None:
    failures = sum(len(course.failed) for course in courses)
    print(
        f"\nR5: {name}: {len(courses)} days, {sum(course.hits for course in courses)} requests to the disk failed,"
        f" callers were told {failures} times: 0 lost, all healed"
    )


@pytest.mark.timeout(300)
def test_a_day_on_disks_of_many_sizes_loses_nothing_and_heals(tmp_path: Path) -> None:
    health = healthy(tmp_path)
    grows = health.most - health.made
    courses = suffer_all([Case(full=True, room=health.made + grows * n // SIZES, is_made=True) for n in range(SIZES)])
    told(f"{SIZES} sizes from {health.made} to {health.most} bytes", courses)
    assert [course for course in courses if not (course.hits and course.failed)] == []


@pytest.mark.timeout(300)
def test_a_first_start_on_a_disk_that_is_too_small_is_made_good(tmp_path: Path) -> None:
    health = healthy(tmp_path)
    courses = suffer_all([Case(full=True, room=health.made * n // 6) for n in range(6)])
    told(f"first starts below {health.made} bytes", courses)
    assert [course for course in courses if not (course.hits and course.failed)] == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("is_once", [False, True])
def test_a_disk_that_fails_at_some_writes_loses_nothing_and_heals(tmp_path: Path, *, is_once: bool) -> None:
    count = requests_of_a_day(tmp_path)
    step = count // 12
    courses = suffer_all([Case(full=False, since=n, is_once=is_once) for n in range(step // 2, count, step)])
    told("an error at some writes", courses)
    assert [course for course in courses if not course.hits] == []
    assert sum(bool(course.failed) for course in courses) > len(courses) // 2  # the rest struck a checkpoint


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("is_full", [True, False])
@pytest.mark.parametrize("is_once", [False, True])
def test_a_disk_that_fails_at_any_write_loses_nothing_and_heals(
    tmp_path: Path, *, is_full: bool, is_once: bool
) -> None:
    count = requests_of_a_day(tmp_path)
    courses = suffer_all([Case(full=is_full, since=n, is_once=is_once) for n in range(count)])
    told(f"an error at each of {count} writes", courses)
    assert [course for course in courses if not course.hits] == []


# -- the checker itself


def intake_answers_whatever_the_disk_does(patch: pytest.MonkeyPatch) -> None:
    accept_chunk = records._accept_chunk

    def hopeful(store: Any, chunk: Any, now_ms: int) -> list[Outcome]:
        try:
            return accept_chunk(store, chunk, now_ms)
        except StoreFailed:
            return [records._first_word(incoming) for incoming in chunk]

    patch.setattr(records, "_accept_chunk", hopeful)


def the_engine_rests_for_an_hour_after_a_failure(patch: pytest.MonkeyPatch) -> None:
    decide = Engine.next
    until: dict[int, float] = {}

    def weary(self: Engine, now: Any) -> Any:
        if now.monotonic < until.get(id(self), 0.0):
            return WaitUntil(until[id(self)], Why.BACKOFF)
        try:
            return decide(self, now)
        except StoreFailed:
            until[id(self)] = now.monotonic + 3600
            raise

    patch.setattr(Engine, "next", weary)


def a_failed_transaction_is_kept_in_part(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def none(_: Database) -> Iterator[None]:
        yield

    patch.setattr(Database, "write", none)


def every_failure_is_called_a_lock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("outlet_sync_gui.store.database._code_of", lambda _: "database_locked")


@pytest.mark.parametrize(
    "plant",
    [
        intake_answers_whatever_the_disk_does,
        the_engine_rests_for_an_hour_after_a_failure,
        a_failed_transaction_is_kept_in_part,
        every_failure_is_called_a_lock,
    ],
    ids=lambda plant: plant.__name__,
)
def test_a_planted_mistake_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(Bad, match="Case"):
        any(_suffer(Case(full=n % 40 == 0, since=n)) is None for n in range(100, 700, 20))


# -- the adapter under all this is proven by tests of the real one (but none that opens a file by both at once: two
# copies of SQLite in one process don't see each other's locks)

OWN: tuple[Callable[[Path], None], ...] = (
    test_database.test_a_new_file_gets_the_latest_version,
    test_database.test_opening_again_changes_nothing,
    test_database.test_what_a_commit_answered_is_synced,
    test_database.test_a_migration_keeps_a_copy_of_what_was,
    test_database.test_a_migration_that_fails_leaves_the_old_version,
    test_database.test_a_newer_file_is_refused_untouched_with_both_versions,
    test_database.test_a_strangers_database_is_refused,
    test_database.test_a_full_disk_is_a_known_failure_and_loses_nothing,
    test_database.test_a_mistake_of_ours_is_no_failure_of_the_disk,
)
ON_A_BENCH: tuple[Callable[[Bench], None], ...] = (
    test_outbox.test_counts_are_told_by_lane_and_the_dead_are_not_pending,
    test_outbox.test_a_row_is_being_sent_only_while_its_request_is_out,
    test_outbox.test_a_record_is_found_by_its_number_or_its_name,
    test_outbox.test_two_records_with_one_cloud_id_do_not_stop_the_line,
    test_outbox.test_what_was_sent_last_is_told_first,
)


@pytest.mark.parametrize("own", OWN, ids=lambda own: own.__name__)
def test_the_files_own_tests_pass_over_the_watched_disk(own: Callable[[Path], None], tmp_path: Path) -> None:
    with Disk() as disk:
        own(tmp_path)
    assert disk.log


@pytest.mark.parametrize("own", ON_A_BENCH, ids=lambda own: own.__name__)
def test_the_lines_own_tests_pass_over_the_watched_disk(own: Callable[[Bench], None], tmp_path: Path) -> None:
    with Disk() as disk:
        bench = Bench(tmp_path)
        own(bench)
        bench.store.close()
    assert disk.log


# -- the service


def _enqueue(directory: Path, local_id: str) -> None:
    store = open_store(directory, OUTLET_ID)
    try:
        accept(store, [read("order", order(local_id))], now_ms=wall_ms())
    finally:
        store.close()


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Disk, Path]]:
    """A disk to break, and a data directory on it, of a program that looks again soon."""
    monkeypatch.setattr(service, "STORE_AGAIN_S", 0.05)
    with Disk() as disk, SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY)) as cloud:
        yield disk, configure(tmp_path, cloud.url)


def _shows(watched: Watched, code: str) -> bool:
    """It says so, to the window and to other processes."""
    status = watched.until(lambda status: status.state is State.ERROR)
    told = channel.ask(watched.service._directory, {"do": "status"}) or {}
    return (status.trouble.code if status.trouble else "", told["state"]) == (code, "error")


@pytest.mark.parametrize("full", [True, False])
def test_the_service_shows_that_the_disk_fails_and_heals(failing: tuple[Disk, Path], *, full: bool) -> None:
    disk, directory = failing
    with running_service(directory) as watched:
        watched.until(lambda status: status.state is State.IDLE)
        _enqueue(directory, "A1")
        disk.fault = fault = Fault(full=full, since=0)
        watched.service.poke()
        assert _shows(watched, CODES[full])
        with pytest.raises(StoreFailed):
            _enqueue(directory, "A2")
        disk.fault = None
        watched.until(lambda status: status.state is State.IDLE and status.sent_today == 1)
    assert fault.hits


def test_what_a_person_says_while_the_disk_fails_counts_when_it_heals(failing: tuple[Disk, Path]) -> None:
    disk, directory = failing
    with running_service(directory) as watched:
        watched.until(lambda status: status.state is State.IDLE)
        disk.fault = Fault(full=True, since=0)
        watched.service.post(Pause())
        assert _shows(watched, "disk_full")
        disk.fault = None
        watched.until(lambda status: status.state is State.PAUSED)


@pytest.mark.parametrize("exists", [True, False])
def test_the_service_starts_on_a_full_disk_and_heals(failing: tuple[Disk, Path], *, exists: bool) -> None:
    disk, directory = failing
    if exists:
        _enqueue(directory, "A1")
    disk.fault = Fault(full=True, since=0)
    with running_service(directory) as watched:
        assert _shows(watched, "disk_full")
        disk.fault = None
        watched.until(lambda status: status.state is State.IDLE and status.sent_today == exists)


def test_settings_that_change_on_a_full_disk_hold_when_it_heals(failing: tuple[Disk, Path]) -> None:
    disk, directory = failing
    with running_service(directory) as watched:
        watched.until(lambda status: status.state is State.IDLE)
        settings.save(directory, {"outlet_id": OTHER})  # another outlet is another row
        disk.fault = Fault(full=True, since=0)
        channel.ask(directory, {"do": "settings"})
        assert _shows(watched, "disk_full")
        disk.fault = None
        watched.until(lambda status: status.state is State.IDLE and status.outlet_id == OTHER)
