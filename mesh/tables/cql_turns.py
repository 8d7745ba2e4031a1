"""Turns: decisions on one partition go one after another within a process.

Two that meet in the database make each other start again, which costs both far more than waiting does.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from mesh.tables.backpressure import Gate

_MOST_WAITING: Final = 1000


@dataclass(slots=True)
class _Turn:
    gate: Gate = field(default_factory=lambda: Gate(1, _MOST_WAITING))
    users: int = 0


class Turns:
    """For one event loop. Raises Overloaded where a thousand callers wait for the same turn."""

    def __init__(self) -> None:
        self._turns: dict[Hashable, _Turn] = {}

    @asynccontextmanager
    async def of(self, key: Hashable) -> AsyncGenerator[None]:
        """Have this key to oneself for the length of the block."""
        turn = self._turns.setdefault(key, _Turn())
        turn.users += 1
        try:
            units = await turn.gate.enter(1)
            try:
                yield
            finally:
                turn.gate.leave(units)
        finally:
            turn.users -= 1
            if turn.users == 0:
                del self._turns[key]
