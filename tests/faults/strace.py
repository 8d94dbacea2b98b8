"""Real processes under strace: which write-type system calls one makes, and SIGKILL at one of them.

The signal strikes as the call begins, so that call does nothing any more. Never with `--seccomp-bpf`: then strace
counts the call, prints it, and the signal is lost without a word.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    *("write", "writev", "pwrite64", "pwritev", "fdatasync", "fsync", "ftruncate", "fallocate"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat"),
    *("sendto", "sendmsg", "sendmmsg"),
)
ENTERED = re.compile(r"^(\d+) +(\w+)\(", re.MULTILINE)
KILLED = "+++ killed by SIGKILL +++"


@dataclass(frozen=True, slots=True)
class Point:
    """The n-th time that a process (the first of its threads to get there) makes a call; from 1."""

    call: str
    nth: int

    def __str__(self) -> str:
        return f"{self.call} {self.nth}"


class Trace:
    """strace before a command, and what it wrote down. Without a point it only writes down."""

    def __init__(self, file: Path, point: Point | None = None) -> None:
        self._file = file
        self._point = point

    def before(self, words: Sequence[str]) -> list[str]:
        """The command with strace before it."""
        strace = ["strace", "-f", "-q", "-s", "0", "-o", str(self._file)]
        if self._point is None:
            traced = ",".join(f"?{call}" for call in CALLS)  # some processors lack some of them
            return [*strace, "-e", f"trace={traced}", *words]
        inject = f"inject={self._point.call}:signal=KILL:when={self._point.nth}"
        return [*strace, "-e", f"trace={self._point.call}", "-e", inject, *words]

    @contextmanager
    def onto(self, pid: int) -> Iterator[subprocess.Popen[bytes]]:
        """Lay strace onto a process that runs already; it is taken off again at the end, if it lives."""
        words = [word for word in self.before(["-p", str(pid)]) if word != "-q"]
        with subprocess.Popen(words, stderr=subprocess.PIPE) as strace:
            assert strace.stderr is not None
            said = strace.stderr.readline()
            assert b"attached" in said, said
            try:
                yield strace
            finally:
                strace.terminate()  # it leaves the process alone

    def points(self) -> list[Point]:
        """Every call that was made, in order."""
        counts: Counter[tuple[str, str]] = Counter()
        points: dict[Point, None] = {}
        for made in ENTERED.findall(self._text()):
            counts[made] += 1
            points[Point(made[1], counts[made])] = None
        return list(points)

    def is_killed(self) -> bool:
        """Whether the signal struck at the point: strace fails silently."""
        made = [point for point in self.points() if point == self._point]
        return bool(made) and KILLED in self._text()

    def _text(self) -> str:
        return self._file.read_text(errors="replace")


def why_not(folder: Path) -> str | None:
    """Why no process can be killed that way here; None: it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    trace = Trace(folder / "try", Point("write", 1))
    words = trace.before([sys.executable, "-c", "import os; os.write(1, b'x')"])
    done = subprocess.run(words, capture_output=True, timeout=30, check=False)
    if done.stdout == b"" and (folder / "try").exists() and trace.is_killed():
        return None
    return f"strace may not trace here: {done.stderr.decode(errors='replace').strip()[:200]}"
