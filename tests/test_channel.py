"""The local socket between processes: one question, one answer, and never a hang."""

import asyncio
import gc
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from outlet_sync_gui.channel import SOCKET_NAME, Asked, Channel, ask


@contextmanager
def served(directory: Path) -> Iterator[None]:
    """A channel that answers what it was asked, in a thread of its own."""
    ready, stop, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()

    async def echo(asked: Asked) -> Asked:
        if asked.get("do") == "hang":
            await asyncio.Event().wait()
        return {"heard": asked}

    async def run() -> None:
        channel = Channel(directory, echo)
        await channel.serve()
        ready.set()
        await stop.wait()
        await channel.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(5)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        assert not thread.is_alive()
        loop.close()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="a pipe there, which is no socket")
def test_a_stop_while_it_begins_leaves_no_socket_open(tmp_path: Path) -> None:
    async def run() -> None:
        channel = Channel(tmp_path, _answer_nothing)
        beginning = asyncio.create_task(channel.serve())
        await asyncio.sleep(0)  # one turn of the loop: the socket is there
        assert (tmp_path / SOCKET_NAME).exists()
        beginning.cancel()
        await asyncio.gather(beginning, return_exceptions=True)
        await channel.close()

    asyncio.run(run())
    gc.collect()  # an open one warns, which fails the test


async def _answer_nothing(_: Asked) -> Asked:
    return {}


def test_a_question_gets_its_answer(tmp_path: Path) -> None:
    with served(tmp_path):
        assert ask(tmp_path, {"do": "status"}) == {"heard": {"do": "status"}}


def test_nobody_there_is_no_answer(tmp_path: Path) -> None:
    assert ask(tmp_path, {"do": "status"}) is None
    assert ask(tmp_path / "nowhere", {"do": "status"}) is None


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="os-") as folder:
        yield Path(folder)


def test_a_path_too_long_for_a_socket_works_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 120) / ("b" * 120)
    deep.mkdir(parents=True)
    with served(deep):
        assert ask(deep, {"do": "x"}) is not None


def test_a_socket_left_over_by_a_killed_service_is_in_nobodys_way(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(tmp_path / SOCKET_NAME))
    with served(tmp_path):
        assert ask(tmp_path, {"do": "x"}) is not None


def test_the_socket_goes_with_the_service_and_is_the_users_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with served(tmp_path):
        assert (tmp_path / SOCKET_NAME).exists()
    assert not (tmp_path / SOCKET_NAME).exists()


def test_an_answer_that_never_comes_is_given_up(tmp_path: Path) -> None:
    with served(tmp_path):
        assert ask(tmp_path, {"do": "hang"}, timeout_s=0.1) is None


@pytest.mark.parametrize("garbage", [b"", b"\n", b"nonsense\n", b"[1]\n", b"\xff\xfe\n", b"x" * 2_000_000 + b"\n"])
def test_garbage_does_not_end_it(tmp_path: Path, garbage: bytes) -> None:
    with served(tmp_path):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(5)
            stranger.connect(str(tmp_path / SOCKET_NAME))
            try:
                stranger.sendall(garbage)
                stranger.shutdown(socket.SHUT_WR)
                stranger.recv(10)
            except OSError:
                pass
        assert ask(tmp_path, {"do": "x"}) is not None
