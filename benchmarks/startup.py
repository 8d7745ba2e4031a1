"""From `vidmesh up` to ready, and what the stack holds in memory then."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.harness.measuring import cpu_of
from benchmarks.harness.model import Benchmark, Effort, Row, at_most
from benchmarks.parts.stack import Stack, start, stop

SETTLE: Final = 1.0
"""Seconds after which caches and threads of a start are what they stay, before memory is read."""


@dataclass(frozen=True, slots=True)
class _Start:
    """One start of a new stack, or a second one on the same data."""

    seconds: float
    cpu: float
    memory: dict[str, int]
    """Resident bytes of each part."""
    proportional: int
    """Bytes of all, what they share counted once; 0 where the system does not tell."""


async def _run(effort: Effort) -> Sequence[Row]:
    new: list[_Start] = []
    again: list[_Start] = []
    for _ in range(effort.rounds):
        with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as folder:
            new.append(await _started(Path(folder) / "data"))
            if not effort.quick:
                again.append(await _started(Path(folder) / "data"))
    parts = new[0].memory
    rows = [
        Row("ready, new data", median(one.seconds for one in new), "s", at_most(8)),
        Row("ready, new data: slowest", max(one.seconds for one in new), "s"),
        Row("CPU until ready, all processes", median(one.cpu for one in new), "CPU-s"),
        Row("memory, resident", _gibibytes(sum(one.memory.values()) for one in new), "GiB", at_most(1.5)),
    ]
    if again:
        rows.insert(1, Row("ready, same data again", median(one.seconds for one in again), "s", at_most(8)))
    if new[0].proportional:
        rows.append(Row("memory, shared pages once", _gibibytes(one.proportional for one in new), "GiB"))
    rows += [Row(f"memory of {name}", median(one.memory[name] for one in new) / 2**20, "MiB") for name in parts]
    return rows


async def _started(data: Path) -> _Start:
    began = time.perf_counter()
    try:
        stack = await start(data)
        seconds = time.perf_counter() - began
        cpu = cpu_of([stack.supervisor])
        await asyncio.sleep(SETTLE)
        return _Start(seconds, cpu, _resident(stack), _proportional(stack))
    finally:
        await stop(data)


def _resident(stack: Stack) -> dict[str, int]:
    import psutil

    processes = {**stack.parts, "supervisor": stack.supervisor}
    return {name: psutil.Process(pid).memory_info().rss for name, pid in processes.items()}


def _proportional(stack: Stack) -> int:
    import psutil

    everything = psutil.Process(stack.supervisor)
    told = [one.memory_full_info() for one in (everything, *everything.children(recursive=True))]
    return sum(getattr(one, "pss", 0) for one in told)


def _gibibytes(values: Iterable[int]) -> float:
    return median(values) / 2**30


BENCHMARK: Final = Benchmark("from `vidmesh up` to ready, and memory then", _run)
