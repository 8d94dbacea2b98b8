"""Webhooks that come together: they are obeyed in one transaction, with one wait for the disk for all of them."""

import asyncio
from collections.abc import Callable, Sequence

from outlet_sync_gui.contract.webhooks import Letter, Told
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.sync.hearing import Effect

Obey = Callable[[Sequence[Letter]], Sequence[Effect | InputRefused]]  # raises StoreFailed


class Letterbox:
    """Gathers what arrives in one turn of the loop. `empty` before whoever obeys goes away."""

    def __init__(self, obey: Obey) -> None:
        self._obey = obey
        self._waiting: list[tuple[Letter, asyncio.Future[Told]]] = []

    async def deliver(self, letter: Letter) -> Told:
        """What a letter is answered, once its effect is on disk. Raises InputRefused, StoreFailed."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Told] = loop.create_future()
        self._waiting.append((letter, told))
        if len(self._waiting) == 1:
            loop.call_soon(self.empty)  # those whose bytes came at the same moment are read before that
        return await told

    def empty(self) -> None:
        """Obey what waits."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            effects: Sequence[Effect | Exception] = self._obey([letter for letter, _ in waiting])
        except Exception as error:  # noqa: BLE001 - handed to each of those who wait for it
            effects = [error] * len(waiting)
        for (_, told), effect in zip(waiting, effects, strict=True):
            if told.done():  # whoever sent it has left
                continue
            if isinstance(effect, Exception):
                told.set_exception(effect)
            else:
                told.set_result(effect.told)
