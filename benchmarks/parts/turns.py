"""Blocking calls that take turns, one in flight: what a single caller waits for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import TypeVar

Call = Callable[[], object]
"""Does it once. Blocking."""
Name = TypeVar("Name", bound=str)


async def p50s(calls: Mapping[Name, Call], rounds: int, count: int) -> dict[Name, list[float]]:
    """Seconds of the median of `count` calls, by name, for each of the rounds; every other one goes backwards."""
    found: dict[Name, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        await asyncio.to_thread(_median_of, call, count)
    for turn in range(rounds):
        for name in reversed(tuple(calls)) if turn % 2 else calls:
            found[name].append(await asyncio.to_thread(_median_of, calls[name], count))
    return found


def _median_of(call: Call, count: int) -> float:
    # In a thread of its own, so that no event loop stands in between.
    seconds: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def ratio(some: list[float], base: list[float]) -> float:
    """The median of the rounds' own ratios."""
    return median(a / b for a, b in zip(some, base, strict=True))
