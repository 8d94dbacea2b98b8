"""Processes that begin with the program loaded: loading it takes most of a command's time.

Each is a process of its own, forked from one that has loaded it and nothing more. Where there is no fork (Windows) it
starts as any other.
"""

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import connection
from pathlib import Path
from tempfile import TemporaryDirectory

from outlet_sync_gui.__main__ import main

_COMMANDS = [f"outlet_sync_gui.commands.{name}" for name in ("desktop", "headquarters", "records", "service", "setup")]
if sys.platform == "win32":
    _processes = multiprocessing.get_context("spawn")
else:
    _processes = multiprocessing.get_context("forkserver")
    _processes.set_forkserver_preload([__name__, "outlet_sync_gui.service", *_COMMANDS])
_turn = threading.Lock()  # starting one looks after those that have ended, which two threads must not do at once


def run(
    words: Sequence[str], *, given: bytes, env: Mapping[str, str], timeout_s: float
) -> subprocess.CompletedProcess[bytes]:
    """The command line with these words. Raises TimeoutExpired."""
    with TemporaryDirectory() as folder:
        streams = [Path(folder, name) for name in ("in", "out", "err")]
        streams[0].write_bytes(given)
        process = _processes.Process(target=_begin, args=(list(words), dict(env), streams))
        with _turn:
            process.start()
        if not connection.wait([process.sentinel], timeout_s):
            process.kill()
            raise subprocess.TimeoutExpired(list(words), timeout_s)
        with _turn:
            process.join()
            code = process.exitcode
        assert code is not None
        return subprocess.CompletedProcess(list(words), code, streams[1].read_bytes(), streams[2].read_bytes())


def _begin(words: Sequence[str], env: Mapping[str, str], streams: Sequence[Path]) -> None:
    """In the new process: be what a shell would have started."""
    for number, path in enumerate(streams):
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  open as long as the process
    sys.argv = ["outlet-sync-gui", *words]
    os.environ.clear()
    os.environ.update(env)
    sys.exit(main())
