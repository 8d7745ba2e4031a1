"""Deadlines of many calls on one timer of the event loop.

As `asyncio.timeout_at`, which makes and cancels a timer for every call. Nearly all calls end long before their
deadline: noting it in a set, and looking at the set when the earliest one comes, costs a tenth.
"""

from __future__ import annotations

import asyncio
import math
from types import TracebackType
from typing import Final, Self

GRAIN: Final = 0.001
"""Seconds between two looks at least, so that looking never costs more than the calls; as late may a deadline be."""


class Deadlines:
    """The deadlines of one event loop. Only its thread touches them."""

    def __init__(self) -> None:
        self._open: set[Limit] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf

    def until(self, when: float | None) -> Limit:
        """A block that ends at `when`, on the clock of the event loop (`time.monotonic`); None for no limit."""
        return Limit(self, when)

    def add(self, limit: Limit, when: float) -> None:
        """Watch a block that was entered."""
        self._open.add(limit)
        if when < self._due:
            self._arm(when)

    def discard(self, limit: Limit) -> None:
        """The block was left. The timer stays as it is: the next look finds nothing to do."""
        self._open.discard(limit)

    def _arm(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = when
        self._timer = asyncio.get_running_loop().call_at(when, self._look)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        self._timer, self._due = None, math.inf
        for limit in [limit for limit in self._open if limit.ends <= now]:
            self._open.discard(limit)
            limit.expire()
        if self._open:
            self._arm(max(min(limit.ends for limit in self._open), now + GRAIN))


class Limit:
    """A block within a task that is cancelled at its deadline, and then raises TimeoutError."""

    __slots__ = ("_cancelling", "_deadlines", "_expired", "_task", "ends")

    def __init__(self, deadlines: Deadlines, when: float | None) -> None:
        self._deadlines = deadlines
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._expired = False
        self.ends: Final = math.inf if when is None else when
        """The deadline; infinite for none."""

    @property
    def expired(self) -> bool:
        """Whether the deadline came before the block was left."""
        return self._expired

    def expire(self) -> None:
        """The deadline is here."""
        self._expired = True
        if self._task is not None:
            self._task.cancel()

    def __enter__(self) -> Self:
        if self.ends < math.inf:
            self._task = asyncio.current_task()
            self._cancelling = 0 if self._task is None else self._task.cancelling()
            self._deadlines.add(self, self.ends)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.discard(self)
        # Whoever else has cancelled the task means it: then the cancellation goes on.
        if (
            self._expired
            and self._task is not None
            and self._task.uncancel() <= self._cancelling
            and kind is asyncio.CancelledError
        ):
            raise TimeoutError from error
