"""A scene's command under strace: what points it has, and what comes of a kill at one of them.

One point alone, as a failure names it: `python -m tests.faults.kills SEED SCENE CALL N`.
"""

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch

from tests import warm
from tests.fakes import running_service
from tests.faults.day import Bad, Role, Scene, Stage, Till, rehearse
from tests.faults.mistakes import Plant
from tests.faults.promises import Killed, check
from tests.faults.strace import Point, Trace
from tests.places import memory_folder
from tests.warm import Started, Streams

from outlet_sync_gui.commands import HELD

LONGEST_S = 40  # of a killed command, on a machine that has other things to do


def record(scene: Scene, stage: Stage, plant: Plant | None = None) -> list[Point]:
    """The points of a scene's command, which runs to its end here; what it did is held to the promises too."""
    with _set(scene, stage) as till:
        trace = Trace(till.directory.parent / "trace")
        done = _run(scene, till, trace, plant)
        _check_end(scene, done)
        check(scene, till, done)
        return trace.points()


def play(scene: Scene, point: Point, stage: Stage, plant: Plant | None = None) -> Point:
    """Kill a scene's command at a point, go on, and look. The point that it died at. Raises Bad.

    Where the command ended before it came to the point (what a service does depends on when others come), an earlier
    one is taken.
    """
    try:
        while not _play(scene, point, stage, plant):
            point = Point(point.call, point.nth * 3 // 4)
    except Exception as error:
        raise Bad(f"{scene.name}, killed at {point}: {type(error).__name__}: {error}") from error
    return point


def _play(scene: Scene, point: Point, stage: Stage, plant: Plant | None) -> bool:
    with _set(scene, stage) as till:
        trace = Trace(till.directory.parent / "trace", point)
        killed = _run(scene, till, trace, plant)
        if killed.code != -signal.SIGKILL or not trace.is_killed():
            _check_end(scene, killed)
            if point.nth == 1:
                raise Bad("strace killed nothing")
            return False
        check(scene, till, killed)
        return True


def _check_end(scene: Scene, done: Killed) -> None:
    """A command that was not killed did what it was asked for."""
    if done.code != 0 and not (done.code == 3 and scene.after.waiting):
        raise Bad(f"exit code {done.code}\n{done.out}{done.err}")


@contextmanager
def _set(scene: Scene, stage: Stage) -> Iterator[Till]:
    """A copy of how things stood before the scene."""
    with memory_folder() as folder:  # what a killed process wrote is there: no need to wait for a disk as well
        till = Till(folder / "data", stage)
        shutil.copytree(scene.folder / "data", till.directory)
        stage.show(scene.cloud())
        service = running_service(till.directory) if scene.role is Role.BESIDE else nullcontext()
        with patch.dict(os.environ, till.env), service:
            yield till


def _run(scene: Scene, till: Till, trace: Trace, plant: Plant | None) -> Killed:
    streams = Streams(*(till.directory.parent / name for name in ("in", "out", "err")))
    streams.given.write_bytes(scene.given)
    words = [*scene.words, *([] if scene.role is Role.SERVICE else ["--json"])]
    process = warm.start(words, streams, env=till.env, before=plant)
    with bounded(process), trace.onto(process.pid) as strace:
        process.go()
        if scene.role is Role.SERVICE:
            _serve(scene, till, process)
        code = process.wait()
        strace.wait()  # it writes down how the process ended, and ends
    return Killed(code, streams.out.read_text(), streams.err.read_text())


@contextmanager
def bounded(process: Started) -> Iterator[None]:
    """The process ends in time, or is ended; nothing stays behind. Raises Bad for one that hangs."""
    timer = threading.Timer(LONGEST_S, process.send_signal, [signal.SIGKILL])
    timer.start()
    try:
        yield
    finally:
        is_late = not timer.is_alive()
        timer.cancel()
        process.send_signal(signal.SIGKILL)
        process.wait()
    if is_late:
        raise Bad(f"it hangs: not over after {LONGEST_S} s")


def _serve(scene: Scene, till: Till, process: Started) -> None:
    """What happens around a service; once it is dead, the commands do it all by themselves."""
    asked = sum(till.stage.cloud.requests.values())
    till.stage.until(lambda cloud: sum(cloud.requests.values()) > asked, process)
    given = till.do("enqueue", "order", given=scene.beside)
    if given["rejected"]:
        raise Bad(f"refused: {given['rejected']}")
    # A service that dies just now answers no more, and may hold its lock for a moment: then the cycle comes later.
    if "error" in till.sync(codes=(0, HELD)):
        process.wait()
    process.send_signal(signal.SIGTERM)


def replay(seed: int, name: str, point: Point) -> Point:
    """One point of one day. Raises Bad."""
    with tempfile.TemporaryDirectory() as folder, Stage() as stage:
        scene = next(scene for scene in rehearse(Path(folder), seed, stage) if scene.name == name)
        return play(scene, point, stage)


if __name__ == "__main__":
    print(replay(int(sys.argv[1]), sys.argv[2], Point(sys.argv[3], int(sys.argv[4]))), "passed")
