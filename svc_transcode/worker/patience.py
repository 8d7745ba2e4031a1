"""Waiting for what is away: neighbours and the object store come back, and work that is done is dear to repeat."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

from mesh.objects.errors import ObjectsUnavailable

FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 5.0
STORE_PATIENCE: Final = timedelta(minutes=5)
"""An object store that is away for longer costs an attempt."""

T = TypeVar("T")


class Pauses:
    """Pauses that double, each shortened by up to a half, so that workers do not come back all at once."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE

    async def wait(self) -> None:
        """The next one."""
        await asyncio.sleep(self._next * random.uniform(0.5, 1))  # noqa: S311 (spreads load, guards nothing)
        self._next = min(self._next * 2, LONGEST_PAUSE)


async def from_store(call: Callable[[], Awaitable[T]], patience: timedelta = STORE_PATIENCE) -> T:
    """The answer of the object store, asked again while it is away. Raises ObjectsUnavailable after `patience`."""
    clock = asyncio.get_running_loop().time
    until = clock() + patience.total_seconds()
    pauses = Pauses()
    while True:
        try:
            return await call()
        except ObjectsUnavailable:
            if clock() >= until:
                raise
            await pauses.wait()
