"""Waiting for what happens elsewhere, without sleeping for a guessed time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Seen(Generic[T]):
    """A list that a test can wait on."""

    def __init__(self) -> None:
        self.all: list[T] = []
        self._changed = asyncio.Event()

    async def __call__(self, value: T) -> None:
        self.all.append(value)
        self._changed.set()

    async def count(self, number: int, within: float = 10.0) -> list[T]:
        """Everything seen, once there are `number`."""
        await self.until(lambda: len(self.all) >= number, within)
        return self.all

    async def until(self, condition: Callable[[], bool], within: float = 10.0) -> None:
        """Wait until the condition holds for what was seen."""
        try:
            async with asyncio.timeout(within):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"not within {within} s; seen: {self.all}") from None
