"""A crowd that only holds the line: connections that say nothing, or a byte now and then, and come back when cut.

`python -m tests.faults.crowd PORT SIZE SEED`, a process of its own. It says "there" when all have dialled once, and at
the end of its input how often they dialled.
"""

import asyncio
import sys
from contextlib import suppress
from random import Random

AWAY_S = 2.0
DRIPS_S = 1.0
HEAD = b"POST /api/v1/webhooks/cloud/update HTTP/1.1\r\nHost: till\r\nX-Drop: "


class Crowd:
    """So many at once, each on its own."""

    def __init__(self, port: int, size: int, chance: Random) -> None:
        self._port = port
        self._chance = chance
        self._missing = size  # that have not dialled yet
        self._is_over = asyncio.Event()
        self.all_there = asyncio.Event()
        self.dialled = 0

    def end(self) -> None:
        """All of them leave."""
        self._is_over.set()

    async def hold(self) -> None:
        """One of them."""
        says = self._chance.choice([b"", HEAD])
        is_new = True
        while not await self._is_over_within(self._chance.random() * AWAY_S):
            with suppress(OSError):
                await self._linger(says, is_new=is_new)
            is_new = False

    async def _linger(self, says: bytes, *, is_new: bool) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._count(is_new=is_new)
        writer.write(says)
        end = asyncio.create_task(reader.read())
        while not await self._is_over_within(DRIPS_S, end):
            if says:
                writer.write(b"a")
        end.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await end
        writer.close()

    def _count(self, *, is_new: bool) -> None:
        self.dialled += 1
        self._missing -= is_new
        if self._missing == 0:
            self.all_there.set()

    async def _is_over_within(self, seconds: float, *ends: asyncio.Task[bytes]) -> bool:
        over = asyncio.create_task(self._is_over.wait())
        done, _ = await asyncio.wait([over, *ends], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        return bool(done)


async def main(port: int, size: int, seed: int) -> None:
    """Hold until the input ends."""
    crowd = Crowd(port, size, Random(seed))  # noqa: S311 - when to come back, no secret
    async with asyncio.TaskGroup() as group:
        for _ in range(size):
            group.create_task(crowd.hold())
        await crowd.all_there.wait()
        print("there", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        crowd.end()
    print(crowd.dialled, flush=True)


def make_room_for(files: int) -> None:
    """Let this process open so many, where the system lets it."""
    try:
        import resource
    except ImportError:  # a system without such a limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    make_room_for(numbers[1] + 100)
    asyncio.run(main(*numbers))
