"""How busy a server is, and whether it is on its way out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from mesh.errors import exhausted
from mesh.interceptors.failures import going_away
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.options.v1.options_pb2 import RateClass

MOST_CALLS: Final = 1000
"""Unary calls answered at once; more would only wait for each other until all of them are too late."""

SHARES: Final[Mapping[RateClass.ValueType, float]] = {
    RateClass.RATE_CLASS_READ: 1.0,
    # Somebody's call stands behind each, which was let in already.
    RateClass.RATE_CLASS_INTERNAL: 1.0,
    RateClass.RATE_CLASS_WRITE: 0.5,
    RateClass.RATE_CLASS_REPORT: 0.25,
    RateClass.RATE_CLASS_HEAVY: 0.25,
    RateClass.RATE_CLASS_AUTH: 0.1,
}
"""How much of that calls of each class may take, so that no flood of changes stands in the way of reading."""
NEVER_SHED: Final = frozenset({RateClass.RATE_CLASS_READ, RateClass.RATE_CLASS_INTERNAL})
OTHERS_TOGETHER: Final = 0.6
"""How much all of the others may take together."""


class Load:
    """Counts calls, refuses them when there are too many, and ends streams when the server drains.

    Only the event loop's thread touches it.
    """

    def __init__(self, most_calls: int = MOST_CALLS) -> None:
        self._most = most_calls
        self._shares = {kind: max(1, int(share * most_calls)) for kind, share in SHARES.items()}
        self._together = max(1, int(OTHERS_TOGETHER * most_calls))
        self._calls = 0
        self._others = 0
        self._by_class = dict.fromkeys(SHARES, 0)
        self._streams: set[asyncio.Task[object]] = set()
        self.draining = False
        """Whether the server has been told to stop."""

    @property
    def active(self) -> int:
        """Calls and streams being answered."""
        return self._calls + len(self._streams)

    def enter_call(self, kind: RateClass.ValueType = RateClass.RATE_CLASS_READ) -> None:
        """Count a unary call. Raises RESOURCE_EXHAUSTED (OVERLOADED) where there are too many, or too many of a class
        that has less than the whole."""
        other = kind not in NEVER_SHED
        if (
            self._calls >= self._most
            or self._by_class[kind] >= self._shares[kind]
            or (other and self._others >= self._together)
        ):
            raise exhausted(
                ErrorReason.ERROR_REASON_OVERLOADED,
                "The service has too much to do. Try again shortly.",
                retry_after=timedelta(milliseconds=500),
            )
        self._calls += 1
        self._by_class[kind] += 1
        self._others += other

    def leave_call(self, kind: RateClass.ValueType = RateClass.RATE_CLASS_READ) -> None:
        """The counted call has been answered."""
        self._calls -= 1
        self._by_class[kind] -= 1
        self._others -= kind not in NEVER_SHED

    def enter_stream(self) -> asyncio.Task[object] | None:
        """Count the stream that this task answers. Raises UNAVAILABLE while draining."""
        if self.draining:
            raise going_away()
        task = asyncio.current_task()
        if task is not None:
            self._streams.add(task)
        return task

    def leave_stream(self, task: asyncio.Task[object] | None) -> None:
        """The counted stream has ended."""
        if task is not None:
            self._streams.discard(task)

    def drain(self) -> None:
        """End every stream with UNAVAILABLE, so that its reader resumes elsewhere; calls run to their end."""
        self.draining = True
        for task in self._streams:
            task.cancel()
