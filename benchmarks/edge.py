"""What the edge costs: calls through it against calls past it, and segments that its cache serves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import Final

from benchmarks.harness.measuring import Measured, interleave
from benchmarks.harness.model import Benchmark, Effort, Row, at_most
from benchmarks.parts.channel_calls import Call, channel_calls
from benchmarks.parts.segments import a_segment, read_often
from benchmarks.parts.stack import Stack, a_stack

AIM: Final = at_most(1.3)
GIGABYTE: Final = 1e9
WAYS: Final = ("gRPC", "JSON", "gRPC-web")


async def _run(effort: Effort) -> Sequence[Row]:
    async with a_stack() as stack:
        return [*await _calls(stack, effort), *await _segments(stack, effort)]


async def _calls(stack: Stack, effort: Effort) -> list[Row]:
    """One in flight: what a single viewer waits for."""
    rounds, count = effort.pick(15, 9), effort.pick(200, 100)
    with ExitStack() as open_connections:
        calls = open_connections.enter_context(channel_calls(stack))
        p50: dict[str, list[float]] = {way: [] for way in calls}
        for call in calls.values():
            await asyncio.to_thread(_median_of, call, count)
        for turn in range(rounds):
            for way in reversed(tuple(calls)) if turn % 2 else calls:
                p50[way].append(await asyncio.to_thread(_median_of, calls[way], count))
    rows = [
        Row(f"{way} at the edge, p50", _ratio(p50[way], p50["direct"]), "× gRPC to the service", AIM) for way in WAYS
    ]
    added = [a - b for a, b in zip(p50["gRPC"], p50["direct"], strict=True)]
    rows.append(Row("what the edge adds to gRPC, p50", median(added) * 1e3, "ms"))
    return rows + [Row(f"{way}, p50", median(p50[way]) * 1e3, "ms") for way in p50]


def _median_of(call: Call, count: int) -> float:
    """Seconds of the median call. Blocking, in a thread of its own, so that no event loop stands in between."""
    seconds: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def _ratio(some: list[float], base: list[float]) -> float:
    return median(a / b for a, b in zip(some, base, strict=True))


async def _segments(stack: Stack, effort: Effort) -> list[Row]:
    segment, times = await a_segment(stack), effort.pick(800, 240)

    async def from_edge() -> float:
        return await asyncio.to_thread(read_often, segment.at_edge, times)

    async def from_store() -> float:
        return await asyncio.to_thread(read_often, segment.at_store, times)

    async def nothing() -> float:
        await asyncio.sleep(1.0)
        return 1.0

    sides = {"edge": from_edge, "store": from_store, "nothing": nothing}
    found = await interleave(sides, effort.rounds, pids=stack.services)
    envoy = await interleave({"edge": from_edge}, 1, pids=[stack.parts["edge"]], warm_up=False)
    return [
        Row("signed segments from the edge's cache", found["edge"].rate / 1e6, "MB/s"),
        Row("the same past the edge, from the store", found["store"].rate / 1e6, "MB/s"),
        Row("Python meanwhile, beyond idling", _beyond_idling(found), "CPU-s per GB", at_most(0.05)),
        Row("Envoy meanwhile", envoy["edge"].others_per * GIGABYTE, "CPU-s per GB"),
    ]


def _beyond_idling(found: dict[str, Measured]) -> float:
    """Health checks and timers go on whether somebody watches or not: their share of the time is taken away."""
    idle = found["nothing"].others_per
    spent = (cost.others - idle * cost.wall for cost in found["edge"].costs)
    return max(0.0, sum(spent) / sum(cost.amount for cost in found["edge"].costs) * GIGABYTE)


BENCHMARK: Final = Benchmark("calls through the edge against calls past it; segments from its cache", _run)
