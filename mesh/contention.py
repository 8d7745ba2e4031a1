"""Compare-and-set that may lose: read, decide, write, and again when somebody else was first."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

from mesh.errors import contention

ATTEMPTS: Final = 8
FIRST_PAUSE: Final = 0.005
LONGEST_PAUSE: Final = 1.0

T = TypeVar("T")


class LostRace(Exception):  # noqa: N818 (it says what is the case)
    """A condition did not hold: somebody else changed the row since it was read. Nothing was written."""


async def attempts(most: int = ATTEMPTS) -> AsyncIterator[None]:
    """Tries of a loop that ends: `async for _ in attempts(): …read, change, return when it was taken…`.

    Pauses in between, and raises ABORTED (CONTENTION) after the last; eight take about half a second.
    """
    for number in range(most):
        if number:
            # The pause is random over its whole length: those who collided must not meet again.
            await asyncio.sleep(random.uniform(0, min(FIRST_PAUSE * 2**number, LONGEST_PAUSE)))  # noqa: S311 (no secret)
        yield
    raise contention()


async def settle(attempt: Callable[[], Awaitable[T]], most: int = ATTEMPTS) -> T:
    """Call `attempt`, which reads anew each time and raises LostRace where it lost, until it does not.

    Raises ABORTED (CONTENTION) when it loses that often in a row.
    """
    async for _ in attempts(most):
        try:
            return await attempt()
        except LostRace:
            continue
    raise contention()
