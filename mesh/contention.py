"""Compare-and-set that may lose: read, decide, write, and again when somebody else was first."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from mesh.errors import contention

ATTEMPTS: Final = 8
FIRST_PAUSE: Final = 0.005
LONGEST_PAUSE: Final = 1.0

T = TypeVar("T")


class LostRace(Exception):  # noqa: N818 (it says what is the case)
    """A condition did not hold: somebody else changed the row since it was read. Nothing was written."""


async def settle(attempt: Callable[[], Awaitable[T]], attempts: int = ATTEMPTS) -> T:
    """Call `attempt`, which reads anew each time, until it does not lose.

    Raises ABORTED (CONTENTION) when it loses that often in a row; eight times take about half a second.
    """
    for number in range(attempts):
        try:
            return await attempt()
        except LostRace:
            # The pause is random over its whole length: those who collided must not meet again.
            await asyncio.sleep(random.uniform(0, min(FIRST_PAUSE * 2**number, LONGEST_PAUSE)))  # noqa: S311 (no secret)
    raise contention()
