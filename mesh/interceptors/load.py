"""How busy a server is, and whether it is on its way out."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from mesh.errors import exhausted
from mesh.interceptors.failures import going_away
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

MOST_CALLS: Final = 1000
"""Unary calls answered at once; more would only wait for each other until all of them are too late."""


class Load:
    """Counts calls, refuses them when there are too many, and ends streams when the server drains.

    Only the event loop's thread touches it.
    """

    def __init__(self, most_calls: int = MOST_CALLS) -> None:
        self._most = most_calls
        self._calls = 0
        self._streams: set[asyncio.Task[object]] = set()
        self.draining = False
        """Whether the server has been told to stop."""

    @property
    def active(self) -> int:
        """Calls and streams being answered."""
        return self._calls + len(self._streams)

    def enter_call(self) -> None:
        """Count a unary call. Raises RESOURCE_EXHAUSTED (OVERLOADED) where there are too many."""
        if self._calls >= self._most:
            raise exhausted(
                ErrorReason.ERROR_REASON_OVERLOADED,
                "The service has too much to do. Try again shortly.",
                retry_after=timedelta(milliseconds=500),
            )
        self._calls += 1

    def leave_call(self) -> None:
        """The counted call has been answered."""
        self._calls -= 1

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
