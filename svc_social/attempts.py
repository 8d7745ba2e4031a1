"""Compare-and-set loops that end: `async for _ in attempts(): …read, change, return when it was taken…`."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from mesh.errors import contention

MOST: Final = 8
FIRST_PAUSE: Final = timedelta(milliseconds=4)


async def attempts() -> AsyncIterator[None]:
    """Eight tries, with growing random pauses in between; then it raises ABORTED (CONTENTION)."""
    pause = FIRST_PAUSE.total_seconds()
    for attempt in range(MOST):
        if attempt:
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 (no secret)
            pause *= 2
        yield
    raise contention()
