"""A bound on what waits: callers beyond it wait their turn, and beyond a second bound are sent away."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from mesh.tables.columns import Stored
from mesh.tables.errors import Overloaded

_MOST_WAITING: Final = 10_000
_RETRY_AFTER: Final = timedelta(seconds=1)


class Gate:
    """Admits work up to `capacity` units, first come first served. For one event loop, not for threads."""

    def __init__(self, capacity: int, most_waiting: int = _MOST_WAITING) -> None:
        self._free = self._capacity = capacity
        self._most_waiting = most_waiting
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    def admits(self, units: int) -> bool:
        """Take room where there is some at once and nobody waits for it; give it back with `leave`."""
        if self._waiting or units > self._free:
            return False
        self._free -= units
        return True

    async def enter(self, units: int) -> int:
        """Wait for room and take it; give back what is returned with `leave`. Raises Overloaded."""
        # Work larger than the whole gate passes when it has the gate to itself.
        units = min(units, self._capacity)
        if self.admits(units):
            return units
        if len(self._waiting) >= self._most_waiting:
            raise Overloaded(f"{len(self._waiting)} calls are waiting for the tables", _RETRY_AFTER)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, units))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(units)
            else:
                self._admit()
            raise
        return units

    def leave(self, units: int) -> None:
        """Give room back."""
        self._free += units
        if self._waiting:
            self._admit()

    def _admit(self) -> None:
        while self._waiting:
            turn, units = self._waiting[0]
            if turn.cancelled():
                self._waiting.popleft()
            elif units <= self._free:
                self._waiting.popleft()
                self._free -= units
                turn.set_result(None)
            else:
                return


def bytes_in(values: Iterable[Stored]) -> int:
    """About what these values take of memory, as far as it can be much."""
    total = 0
    for value in values:
        if type(value) is str or type(value) is bytes:
            total += len(value)
    return total
