"""Answers of neighbours, remembered for a short while: bounded, one question at a time for each key.

Right again within a second of a change because events drop what is remembered; the maximum age is the safety net
for an event that never came.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Remembered(Generic[V]):
    """A value and how long it may be used, by the loop's clock."""

    value: V
    until: float


class Cache(Generic[V]):
    """Least recently used entries go first. Errors are never remembered."""

    def __init__(self, most: int, max_age: timedelta) -> None:
        self._most = most
        self._max_age = max_age.total_seconds()
        self._entries: OrderedDict[str, Remembered[V]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[V]] = {}

    async def get(
        self, key: str, ask: Callable[[], Awaitable[V]], max_age: Callable[[V], float | None] = lambda _: None
    ) -> V:
        """The remembered value, or the answer of `ask`, which is called once however many wait.

        `max_age` may shorten how long this very answer is used (seconds; None: the cache's own age).
        Raises what `ask` raises.
        """
        loop = asyncio.get_running_loop()
        known = self._entries.get(key)
        if known is not None and loop.time() < known.until:
            self._entries.move_to_end(key)
            return known.value
        task = self._asking.get(key)
        if task is None:
            # In no caller's name: the answer is everybody's, so neither one's account nor one's deadline bears on it.
            task = asyncio.create_task(self._ask(key, ask, max_age), context=contextvars.Context())
            # Should all who wait give up, it fails unheard, which is no defect.
            task.add_done_callback(_heard)
            self._asking[key] = task
        # Shielded: one caller that gives up must not take the answer from the others.
        return await asyncio.shield(task)

    def drop(self, key: str) -> None:
        """Forget a value, and do not remember an answer that is on its way."""
        self._entries.pop(key, None)
        self._asking.pop(key, None)

    def clear(self) -> None:
        """Forget everything: changes may have been missed."""
        self._entries.clear()
        self._asking.clear()

    async def _ask(self, key: str, ask: Callable[[], Awaitable[V]], max_age: Callable[[V], float | None]) -> V:
        task = asyncio.current_task()
        try:
            value = await ask()
        finally:
            current = self._asking.get(key) is task
            if current:
                del self._asking[key]
        if current:
            shorter = max_age(value)
            age = self._max_age if shorter is None else min(shorter, self._max_age)
            self._entries[key] = Remembered(value, asyncio.get_running_loop().time() + age)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)
        return value


def _heard(task: asyncio.Task[V]) -> None:
    if not task.cancelled():
        task.exception()
