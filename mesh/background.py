"""Work that runs beside the calls for as long as the process does: consumers, relays, sweeps."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mesh.tasks import end

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

FIRST_PAUSE: Final = timedelta(milliseconds=200)
LONGEST_PAUSE: Final = timedelta(seconds=30)
LONGEST_AWAY: Final = timedelta(seconds=2)
"""As LONGEST_PAUSE, where what failed is that something is away, which the error says: it comes back unannounced."""
STEADY: Final = timedelta(seconds=60)
"""Work that ran this long before it failed starts again with the first pause."""


class Background:
    """Tasks that are started again with a growing pause when they fail, and cancelled together at the end."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Run `work()` until it returns. When it raises, the failure is logged and it is called again."""
        task = asyncio.create_task(self._supervise(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel everything and wait until it has ended."""
        await end(list(self._tasks))

    async def _supervise(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE.total_seconds()
        while True:
            began = loop.time()
            try:
                await work()
            except Exception as error:
                if loop.time() - began >= STEADY.total_seconds():
                    pause = FIRST_PAUSE.total_seconds()
                if getattr(error, "retryable", False):
                    pause = min(pause, LONGEST_AWAY.total_seconds())
                    self._log.warning("background work waits", work=name, cause=str(error))
                else:
                    self._log.exception("background work failed", work=name, again_in_seconds=round(pause, 1))
            else:
                return
            # Spread out, so that replicas that failed together do not come back together.
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 (no secret)
            pause = min(pause * 2, LONGEST_PAUSE.total_seconds())
