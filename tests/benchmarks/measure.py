"""What the benchmarks share: a printed row for each figure, a queue of any length, a cloud in its own process."""

import json
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.builders import OUTLET_CODE, OUTLET_ID, START_MS, order, read, transaction
from tests.fakes import configure, environment, program

from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.store import open_store
from outlet_sync_gui.store.database import FILE_NAME
from outlet_sync_gui.sync.records import accept

ROUNDS = 5
MILLION = 1_000_000
UNLIMITED = 100_000  # requests a minute: the most that the settings take
AROUND = {"outlet_id": OUTLET_ID, "outlet_code": OUTLET_CODE, "version": 1}


def tell(figure: str, ours: str, baseline: str, ratio: str, goal: str) -> None:
    """Print one row of the table."""
    print(f"\n{figure:<52} | {ours:>24} | {baseline:>34} | {ratio:>24} | {goal}", flush=True)


def tell_rates(figure: str, ours: Sequence[float], theirs: Sequence[float], *, per: int, goal: str, bare: str) -> None:
    """Records a second from seconds, ours beside the baseline's, and the ratio of the rounds."""
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    mine, other = (per / statistics.median(times) for times in (ours, theirs))
    spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    tell(figure, f"{mine:,.0f}/s", f"{bare} {other:,.0f}/s", spread, goal)


def tell_times(figure: str, ours: Sequence[float], theirs: Sequence[float], *, goal: str, bare: str) -> None:
    """Milliseconds from seconds, ours beside the baseline's, and the ratio of the medians."""
    mine, other = (statistics.median(times) * 1000 for times in (ours, theirs))
    tell(figure, f"{mine:.2f} ms", f"{bare} {other:.2f} ms", f"{mine / other:.2f}", goal)


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def p99(values: Sequence[float]) -> float:
    """What all but one of a hundred stay under."""
    return sorted(values)[int(len(values) * 0.99)]


def orders(n: int, prefix: str = "N") -> Iterator[Incoming]:
    """Orders as the door makes them; one went through it, the others are its copies under numbers of their own."""
    yield from _copies(read("order", order("NUMBER")), n, prefix)


def paid_orders(n: int) -> Iterator[Incoming]:
    """Half of them orders, each followed by its payment."""
    payment = read("transaction", transaction("T-NUMBER", "NUMBER"))
    for sale in _copies(read("order", order("NUMBER")), n // 2, "N"):
        yield sale
        yield _copy(payment, sale.local_id)


def queue_up(directory: Path, records: Iterator[Incoming], url: str = "http://127.0.0.1:1") -> Path:
    """A data directory with these in the line, through the real way in."""
    configure(directory, url, rate_limit_per_minute=UNLIMITED)
    store = open_store(directory, OUTLET_ID)
    while chunk := [record for _, record in zip(range(10_000), records, strict=False)]:
        accept(store, chunk, now_ms=START_MS)
    store._db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return directory


def copied(template: Path, directory: Path, url: str = "http://127.0.0.1:1") -> Path:
    """A data directory with the same line, for another cloud."""
    configure(directory, url, rate_limit_per_minute=UNLIMITED)
    shutil.copyfile(template / FILE_NAME, directory / FILE_NAME)
    return directory


def wire(record: Incoming) -> str:
    """A record as it goes to the cloud."""
    return json.dumps({**json.loads(record.content), **AROUND}, separators=(",", ":"))


@contextmanager
def cloud_process() -> Iterator[str]:
    """The simulated cloud in a process of its own, so that it shares no interpreter with what is measured."""
    words = [*program(), "--language", "en", "simulate-cloud", "--rate-limit", str(UNLIMITED)]
    env = environment(Path(), PYTHONUNBUFFERED="1")
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().decode().split()[3].rstrip(".")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stdout.close()


def runs_for(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Whether a process still runs after so long."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def spent(pid: int) -> tuple[float, int]:
    """Seconds of the processor, and how often a thread of it went to sleep."""
    wakes = sum(
        int(line.split()[1])
        for task in Path(f"/proc/{pid}/task").iterdir()
        for line in (task / "status").read_text(encoding="ascii").splitlines()
        if line.startswith("voluntary_ctxt_switches")
    )
    clock_of_process = ~pid << 3 | 2  # as clock_getcpuclockid(3) has it; /proc counts in whole 10 ms
    return time.clock_gettime(clock_of_process), wakes


def memory_mb(pid: int, kind: str = "Pss") -> float:
    """Of a process, its proportional share or another kind that the system counts."""
    fields = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").split()
    return int(fields[fields.index(f"{kind}:") + 1]) / 1024


def _copies(template: Incoming, n: int, prefix: str) -> Iterator[Incoming]:
    return (_copy(template, f"{prefix}-{i:07}") for i in range(n))


def _copy(template: Incoming, number: str) -> Incoming:
    sale = template.sale
    assert sale is not None
    local_id = template.local_id.replace("NUMBER", number)
    return replace(
        template,
        local_id=local_id,
        sale=sale._replace(number=local_id, bill=number),
        content=template.content.replace("NUMBER", number),
        digest=f"{template.digest[:-9]}{number[-9:]}",
        parent_ref=number if template.parent_ref else None,
    )
