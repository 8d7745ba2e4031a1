"""How many parts are sent at once: more while all goes well, fewer when the other side suffers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

FIRST: Final = 4
MOST: Final = 8
RAISE_AFTER: Final = 16
"""Parts in a row without a failure, after which one more is sent at once."""


class Pace:
    """A number of permits that grows by one and shrinks by half (AIMD, as RFC 5681 does with windows)."""

    def __init__(self, first: int = FIRST, most: int = MOST) -> None:
        self._permits = first
        self._most = most
        self._used = 0
        self._well = 0
        self._freed = asyncio.Condition()

    @property
    def permits(self) -> int:
        """How many may be under way at the moment."""
        return self._permits

    @asynccontextmanager
    async def permit(self) -> AsyncGenerator[None]:
        """Waits until one more may be under way, and keeps its place meanwhile."""
        async with self._freed:
            await self._freed.wait_for(lambda: self._used < self._permits)
            self._used += 1
        try:
            yield
        finally:
            self._used -= 1
            async with self._freed:
                self._freed.notify_all()

    def went_well(self) -> None:
        """A part was taken."""
        self._well += 1
        if self._well >= RAISE_AFTER:
            self._well = 0
            self._permits = min(self._most, self._permits + 1)

    def went_badly(self) -> None:
        """A part was refused for want of strength, or its connection broke."""
        self._well = 0
        self._permits = max(1, self._permits // 2)
