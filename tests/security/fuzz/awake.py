"""Whether this program itself was there to hear an answer.

It shares the machine with what it drives. Where it was not let run for longer than a call may take, its clocks say that
the call was late though the answer lies in its socket: nobody can tell then when it came.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

TICK: Final = 0.1
SMALL: Final = 0.2
"""Seconds by which a tick may be late without being counted."""


class Awake:
    """Counts, while it runs, for how long the event loop did not turn. `async with Awake() as awake`."""

    def __init__(self) -> None:
        self.asleep = 0.0
        """Seconds in all."""

    async def __aenter__(self) -> Awake:
        self._task = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _tick(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(TICK)
            late = time.perf_counter() - started - TICK
            self.asleep += late if late > SMALL else 0.0
