"""Wall time and CPU time of several ways to do the same work, taken in turn: A B A B …

On a machine that others use too, what comes first and what comes last meet different weather. Sides that take turns
share it, so their ratio holds where their figures do not.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

Side = Callable[[], Awaitable[float]]
"""Does a side's work once, and tells how much that was: operations, bytes, whatever the figure is told per."""

Name = TypeVar("Name", bound=str)


@dataclass(frozen=True, slots=True)
class Cost:
    """One measurement. Seconds; CPU is user and system time."""

    wall: float
    cpu: float
    """Of this process, its ended children included."""
    others: float
    """CPU of the other processes that were watched."""
    amount: float
    """What the side told."""


@dataclass(frozen=True, slots=True)
class Measured:
    """All rounds of one side, in order."""

    costs: tuple[Cost, ...]

    @property
    def wall_per(self) -> float:
        """Median of seconds per unit of work."""
        return median(cost.wall / cost.amount for cost in self.costs)

    @property
    def rate(self) -> float:
        """Median of units of work per second."""
        return median(cost.amount / cost.wall for cost in self.costs)

    @property
    def cpu_per(self) -> float:
        """Median of this process's CPU-seconds per unit of work."""
        return median(cost.cpu / cost.amount for cost in self.costs)

    @property
    def others_per(self) -> float:
        """Median of the watched processes' CPU-seconds per unit of work."""
        return median(cost.others / cost.amount for cost in self.costs)

    def wall_ratio(self, base: Measured) -> float:
        """How much longer than `base` a unit takes: the median of the rounds' ratios."""
        return median(a.wall / a.amount / (b.wall / b.amount) for a, b in zip(self.costs, base.costs, strict=True))

    def cpu_ratio(self, base: Measured) -> float:
        """How much more CPU of this process than `base` a unit takes: the median of the rounds' ratios."""
        return median(a.cpu / a.amount / (b.cpu / b.amount) for a, b in zip(self.costs, base.costs, strict=True))


async def interleave(
    sides: Mapping[Name, Side], rounds: int, *, pids: Iterable[int] = (), warm_up: bool = True
) -> dict[Name, Measured]:
    """Measure every side `rounds` times, in turn; every other round goes backwards, so that no side is always first.

    `pids` are processes to watch beside this one, their living children included. `warm_up` runs each side once
    unmeasured.
    """
    watched, order = tuple(pids), tuple(sides)
    costs: dict[Name, list[Cost]] = {name: [] for name in sides}
    if warm_up:
        for side in sides.values():
            await side()
    for turn in range(rounds):
        for name in reversed(order) if turn % 2 else order:
            costs[name].append(await _measure(sides[name], watched))
    return {name: Measured(tuple(found)) for name, found in costs.items()}


async def _measure(side: Side, pids: tuple[int, ...]) -> Cost:
    others, own, began = cpu_of(pids), own_cpu(), time.perf_counter()
    amount = await side()
    wall = time.perf_counter() - began
    return Cost(wall, own_cpu() - own, cpu_of(pids) - others, amount)


def own_cpu() -> float:
    """CPU-seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def cpu_of(pids: Iterable[int]) -> float:
    """CPU-seconds of these processes and their living children, since each began."""
    import psutil

    total = 0.0
    for pid in pids:
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
    return total
