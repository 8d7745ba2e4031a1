"""Ending tasks for sure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

AGAIN: Final = 3.0
"""Seconds between two cancellations of a task that did not end."""


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until every one has ended; how they ended does not matter.

    Cancelled again and again: `asyncio.wait_for`, as libraries use it, may swallow a cancellation that comes together
    with the answer (before Python 3.12), and a loop would go on. A task that needs longer than AGAIN to clean up must
    shield its cleaning from further cancellations.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN)
