"""The real program on a real small disk, and with errors of single system calls: told, nothing lost, and it heals."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.builders import OUTLET_ID, order, read
from tests.fakes import KEY, answer, command, configure, environment, running_service
from tests.faults import mistakes
from tests.faults.mistakes import Plant, program_with

from outlet_sync_gui import service
from outlet_sync_gui.errors import StoreFailed
from outlet_sync_gui.simulator import Cloud, Fault, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State
from outlet_sync_gui.store import open_store
from outlet_sync_gui.store.database import FILE_NAME
from outlet_sync_gui.sync.records import accept

pytestmark = [pytest.mark.long, pytest.mark.timeout(2 * 3600)]
SIZES, SMALLEST, STEP = 45, 48 * 1024, 16 * 1024
ROOMY = 64 * 1024 * 1024
RECORDS = 3


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY, rate_limit_per_minute=10_000)) as running:
        yield running


def arrived(cloud: SimulatedCloud) -> set[str]:
    assert cloud.call(lambda c: (c.violations, c.over_limit)) == ([], 0)
    return {local_id for _, local_id in cloud.call(lambda c: dict(c.records))}


# -- a disk of a given size


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A file system of its own; skipped where none may be made."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    made = shutil.which("mount") and subprocess.run(words, capture_output=True, check=False)
    if not made or made.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def resize(folder: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def fill_up_and_heal(folder: Path, cloud: SimulatedCloud, size: int) -> None:
    """A service on such a disk. Raises AssertionError where what was answered is lost, or nothing heals."""
    cloud.set_fault("*", Fault(status=503))
    with small_disk(folder / "disk", size) as disk:
        directory = configure(disk / "data", cloud.url, rate_limit_per_minute=10_000)
        with running_service(directory) as watched:
            answered, code = _fill(directory)
            status = watched.until(lambda status: status.state is State.ERROR)
            shown = status.trouble.code if status.trouble else None
            assert {code, shown} <= {"disk_full", "disk_failed"}
            resize(disk, ROOMY)
            cloud.clear_faults()
            watched.until(lambda status: status.state is State.IDLE)
        assert answered <= arrived(cloud)


@pytest.mark.parametrize("size", range(SMALLEST, SMALLEST + SIZES * STEP, STEP))
def test_a_service_on_a_disk_that_fills_up_loses_nothing_and_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: SimulatedCloud, size: int
) -> None:
    monkeypatch.setattr(service, "STORE_AGAIN_S", 0.05)
    fill_up_and_heal(tmp_path, cloud, size)


def test_a_service_that_does_not_look_again_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: SimulatedCloud
) -> None:
    monkeypatch.setattr(service, "STORE_AGAIN_S", 3600)
    with pytest.raises(AssertionError, match=r"never: the last status was .*disk_full"):
        fill_up_and_heal(tmp_path, cloud, SMALLEST + SIZES // 2 * STEP)


def _fill(directory: Path) -> tuple[set[str], str]:
    """Queue records until there is no room; those that were answered, and what came of the last."""
    answered: set[str] = set()
    try:
        store = open_store(directory, OUTLET_ID)
    except StoreFailed as failed:
        return answered, failed.code
    try:
        for n in range(10_000):
            accept(store, [read("order", order(f"A{n}", notes="x" * 2000))], now_ms=wall_ms())
            answered.add(f"A{n}")
    except StoreFailed as failed:
        return answered, failed.code
    finally:
        store.close()
    raise AssertionError("the disk never filled up")


# -- an error of a system call


@dataclass(frozen=True, slots=True)
class Broken:
    """The n-th such call to the store's files fails, and with `lasts` all later ones."""

    call: str
    error: str
    nth: int
    lasts: bool

    def words(self, trace: Path, directory: Path) -> list[str]:
        """A command under strace begins with this."""
        files = [f"{directory / FILE_NAME}{end}" for end in ("", "-wal", "-journal")]
        inject = f"inject={self.call}:error={self.error}:when={self.nth}{'+' * self.lasts}"
        only = [word for file in files for word in ("-P", file)]
        return ["strace", "-f", "-q", "-o", str(trace), *only, "-e", f"trace={self.call}", "-e", inject]


@pytest.fixture
def _can_trace(tmp_path: Path) -> None:
    words = ["strace", "-o", str(tmp_path / "try"), "-e", "inject=getcwd:error=EIO", "true"]
    if shutil.which("strace") is None or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("strace is not there, or may not trace")


def suffer_each(
    folder: Path, cloud: SimulatedCloud, words: tuple[str, ...], broken: Broken, plant: Plant | None = None
) -> None:
    """A command with such an error, from the n-th call on to where there are no more. Raises AssertionError."""
    template = configure(folder / "template", cloud.url, rate_limit_per_minute=10_000)
    command(template, "enqueue", "order", "--json", given=_lines("before"))
    struck = 0
    for nth in range(broken.nth, 1000):
        directory = folder / f"{nth}"
        shutil.copytree(template, directory)
        if not _suffer(directory, words, replace(broken, nth=nth), str(nth), plant):
            break
        struck += 1
        assert answer(command(directory, "sync", "--json"))["pending"] == 0
        assert {f"{nth}-{n}" for n in range(RECORDS)} <= arrived(cloud) or words == ("sync",)
        assert {f"before-{n}" for n in range(RECORDS)} <= arrived(cloud)
        cloud.call(lambda c: c.records.clear())
        shutil.rmtree(directory)
    print(f"\nR5: {words[0]}: {struck} times {broken.error} from {broken.call}: 0 lost, all healed")
    assert struck or broken.call == "ftruncate"


@pytest.mark.usefixtures("_can_trace")
@pytest.mark.parametrize("lasts", [False, True])
@pytest.mark.parametrize(
    ("call", "error"), [("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("fdatasync", "EIO"), ("ftruncate", "EIO")]
)
@pytest.mark.parametrize("words", [("enqueue", "order"), ("sync",)], ids=lambda words: words[0])
def test_an_error_of_any_system_call_on_the_store_loses_nothing(
    tmp_path: Path, cloud: SimulatedCloud, words: tuple[str, ...], call: str, error: str, *, lasts: bool
) -> None:
    suffer_each(tmp_path, cloud, words, Broken(call, error, 1, lasts))


@pytest.mark.usefixtures("_can_trace")
def test_a_command_that_takes_no_notice_is_found(tmp_path: Path, cloud: SimulatedCloud) -> None:
    broken = Broken("pwrite64", "ENOSPC", 1, lasts=True)
    with pytest.raises(AssertionError, match="what was answered is lost"):
        suffer_each(tmp_path, cloud, ("enqueue", "order"), broken, mistakes.takes_a_failed_write_for_done)


def _suffer(directory: Path, words: tuple[str, ...], broken: Broken, name: str, plant: Plant | None) -> bool:
    """Run a command with such an error; whether it happened. What was not answered is said again."""
    trace = directory.parent / "trace"
    given = _lines(name) if words[0] == "enqueue" else ""
    done = subprocess.run(
        [*broken.words(trace, directory), *program_with(plant), *words, "--json"],
        input=given.encode(),
        capture_output=True,
        timeout=60,
        env=environment(directory),
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    if "(INJECTED)" not in trace.read_text():
        return False
    if words[0] == "enqueue":
        again = answer(command(directory, *words, "--json", given=given))
        kept = json.loads(done.stdout)["accepted"] if done.returncode == 0 else 0
        assert again["accepted"] + again["unchanged"] == RECORDS
        assert again["unchanged"] >= kept, "what was answered is lost"
    assert done.returncode in (0, 1), done.stderr.decode()
    return True


def _lines(name: str) -> str:
    return "\n".join(json.dumps(order(f"{name}-{n}")) for n in range(RECORDS))
