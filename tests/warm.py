"""Processes that begin with the program loaded: loading it takes most of a command's time.

Each is a process of its own, forked from one that has loaded it and nothing more. Where there is no fork (Windows) it
starts as any other.
"""

import atexit
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from outlet_sync_gui.__main__ import main

PR_SET_PTRACER, ANYBODY = 0x59616D61, 2**64 - 1  # from linux/prctl.h
_COMMANDS = [f"outlet_sync_gui.commands.{name}" for name in ("desktop", "headquarters", "records", "service", "setup")]
if sys.platform == "win32":
    _processes = multiprocessing.get_context("spawn")
else:
    _processes = multiprocessing.get_context("forkserver")
    _processes.set_forkserver_preload([__name__, "outlet_sync_gui.service", *_COMMANDS])
_turn = threading.Lock()  # starting one looks after those that have ended, which two threads must not do at once


@dataclass(frozen=True, slots=True)
class Streams:
    """Files for a process's streams; what it writes goes to their ends."""

    given: Path
    out: Path
    err: Path


class Started:
    """A process of the program, loaded and held until `go`; any thread may ask for it."""

    def __init__(self, process: BaseProcess, gate: connection.Connection) -> None:
        self._process = process
        self._gate = gate
        assert process.pid is not None
        self.pid = process.pid

    def go(self) -> "Started":
        """Let it begin."""
        self._gate.send_bytes(b"go")
        return self

    def poll(self) -> int | None:
        """Its exit code, below 0 for the signal that ended it; None while it runs."""
        with _turn:
            return self._process.exitcode

    def wait(self, timeout_s: float | None = None) -> int:
        """Its exit code, when it has ended. Raises TimeoutError."""
        if not connection.wait([self._process.sentinel], timeout_s):
            raise TimeoutError(f"process {self.pid} has not ended after {timeout_s} s")
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """One that has ended hears it no more."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # ended just now
                os.kill(self.pid, number)


def start(
    words: Sequence[str], streams: Streams, *, env: Mapping[str, str], before: Callable[[], None] | None = None
) -> Started:
    """Hold the command line with these words ready; `before` is done in its process first, as it goes."""
    waits, gate = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_begin, args=(waits, list(words), streams, dict(env), before))
    with _turn:
        process.start()
    waits.close()
    return Started(process, gate)


def run(
    words: Sequence[str], *, given: bytes, env: Mapping[str, str], timeout_s: float
) -> subprocess.CompletedProcess[bytes]:
    """The command line with these words. Raises TimeoutError."""
    with TemporaryDirectory() as folder:
        streams = Streams(*(Path(folder, name) for name in ("in", "out", "err")))
        streams.given.write_bytes(given)
        process = start(words, streams, env=env).go()
        try:
            code = process.wait(timeout_s)
        finally:
            process.send_signal(signal.SIGKILL)
        return subprocess.CompletedProcess(list(words), code, streams.out.read_bytes(), streams.err.read_bytes())


def _begin(
    waits: connection.Connection,
    words: Sequence[str],
    streams: Streams,
    env: Mapping[str, str],
    before: Callable[[], None] | None,
) -> None:
    """In the new process: be what a shell would have started."""
    if sys.platform == "linux":  # where only a parent may trace, anybody may trace this one
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(ANYBODY))
    for number, path in enumerate((streams.given, streams.out, streams.err)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  open as long as the process
    sys.argv = ["outlet-sync-gui", *words]
    os.environ.clear()
    os.environ.update(env)
    waits.recv_bytes()
    if before is not None:
        before()
    try:
        sys.exit(main())
    finally:  # as an interpreter ends, and a process of multiprocessing does not
        sys.stdout.flush()
        atexit._run_exitfuncs()
