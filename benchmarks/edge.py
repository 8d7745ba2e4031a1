"""What the edge costs: calls through it against calls past it, and segments that its cache serves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import Final

from benchmarks.harness.measuring import Measured, Side, cpu_of, interleave
from benchmarks.harness.model import Benchmark, Effort, NothingToMeasure, Row, at_least, at_most
from benchmarks.parts.bare_envoy import bare_envoy
from benchmarks.parts.channel_calls import channel_calls
from benchmarks.parts.nginx import an_nginx
from benchmarks.parts.remembered import Read, reads
from benchmarks.parts.segments import a_segment, read_often
from benchmarks.parts.stack import Stack, a_stack
from benchmarks.parts.turns import Call, p50s, ratio

AIM: Final = at_most(1.3)
READS: Final = at_least(0.8)
SEGMENTS: Final = at_least(0.6)
GIGABYTE: Final = 1e9
WAYS: Final = ("gRPC", "JSON", "gRPC-web")
FLOOR: Final = "Envoy with a router alone"


async def _run(effort: Effort) -> Sequence[Row]:
    async with a_stack() as stack:
        return [*await _calls(stack, effort), *await _reads(stack, effort), *await _segments(stack, effort)]


async def _calls(stack: Stack, effort: Effort) -> list[Row]:
    """One in flight: what a single viewer waits for."""
    async with bare_envoy(stack.settings.services["svc_social"]) as floor:
        with ExitStack() as open_connections:
            calls = open_connections.enter_context(channel_calls(stack, {FLOOR: floor}))
            p50 = await p50s(calls, effort.pick(15, 9), effort.pick(200, 60))
    rows = [
        Row(f"{way} at the edge, p50", ratio(p50[way], p50["direct"]), "× gRPC to the service", AIM) for way in WAYS
    ]
    rows.append(Row(f"gRPC through an {FLOOR}, p50", ratio(p50[FLOOR], p50["direct"]), "× gRPC to the service"))
    for way in ("gRPC", FLOOR):
        added = [a - b for a, b in zip(p50[way], p50["direct"], strict=True)]
        rows.append(Row(f"what is added to gRPC by {_whom(way)}, p50", median(added) * 1e3, "ms"))
    return rows + [Row(f"{way}, p50", median(p50[way]) * 1e3, "ms") for way in p50]


def _whom(way: str) -> str:
    return "the edge" if way == "gRPC" else f"an {way}"


async def _reads(stack: Stack, effort: Effort) -> list[Row]:
    """One in flight, past the edge: what a service in Python adds to a call that asks nobody."""
    rounds, count = effort.pick(15, 7), effort.pick(200, 60)
    try:
        async with reads(stack) as found:
            rows: list[Row] = []
            for name, read in found.items():
                p50 = await p50s({"read": read.call, "echo": read.echo}, rounds, count)
                speed = ratio(p50["echo"], p50["read"])
                rows.append(Row(f"{name}, from memory, p50", speed, "× as fast as a bare echo", READS))
                rows.append(Row(f"{name}: added to an echo", await _added(read, effort), "CPU-µs of the service"))
            return rows
    except NothingToMeasure as missing:
        return [Row("a read from memory against a bare echo, p50", None, f"{missing}", READS)]


async def _added(read: Read, effort: Effort) -> float:
    """CPU that a call costs the service beyond what it costs the echo: interceptors, and the handler itself."""
    times = effort.pick(1000, 300)
    found: list[float] = []
    for _ in range(effort.rounds):
        spent: list[float] = []
        for call, pid in ((read.call, read.service), (read.echo, read.echo_server)):
            began = cpu_of([pid])
            await asyncio.to_thread(_repeat, call, times)
            spent.append((cpu_of([pid]) - began) / times)
        found.append(spent[0] - spent[1])
    return median(found) * 1e6


def _repeat(call: Call, times: int) -> None:
    for _ in range(times):
        call()


async def _segments(stack: Stack, effort: Effort) -> list[Row]:
    segment, times = await a_segment(stack), effort.pick(800, 240)

    def reading(url: str) -> Side:
        async def side() -> float:
            return await asyncio.to_thread(read_often, url, times)

        return side

    async def nothing() -> float:
        await asyncio.sleep(1.0)
        return 1.0

    from_edge = reading(segment.at_edge)
    async with an_nginx(segment.content) as nginx:
        sides = {"edge": from_edge, "store": reading(segment.at_store), "nothing": nothing}
        if nginx is not None:
            sides["nginx"] = reading(nginx.url)
        found = await interleave(sides, effort.rounds, pids=stack.services)
        envoy = await interleave({"edge": from_edge}, 1, pids=[stack.parts["edge"]], warm_up=False)
        speed = 1 / found["edge"].wall_ratio(found["nginx"]) if nginx is not None else None
        rows = [
            Row("signed segments from the edge's cache", speed, "× nginx's static files", SEGMENTS),
            Row("signed segments from the edge's cache", found["edge"].rate / 1e6, "MB/s"),
            Row("the same past the edge, from the store", found["store"].rate / 1e6, "MB/s"),
            Row("Python meanwhile, beyond idling", _beyond_idling(found), "CPU-s per GB", at_most(0.05)),
            Row("Envoy meanwhile", envoy["edge"].others_per * GIGABYTE, "CPU-s per GB"),
        ]
        if nginx is not None:
            its = await interleave({"nginx": sides["nginx"]}, 1, pids=[nginx.pid], warm_up=False)
            rows.append(Row("nginx, the same file", found["nginx"].rate / 1e6, "MB/s"))
            rows.append(Row("nginx meanwhile", its["nginx"].others_per * GIGABYTE, "CPU-s per GB"))
    return rows


def _beyond_idling(found: dict[str, Measured]) -> float:
    """Health checks and timers go on whether somebody watches or not: their share of the time is taken away."""
    idle = found["nothing"].others_per
    spent = (cost.others - idle * cost.wall for cost in found["edge"].costs)
    return max(0.0, sum(spent) / sum(cost.amount for cost in found["edge"].costs) * GIGABYTE)


BENCHMARK: Final = Benchmark("calls through the edge against calls past it; segments from its cache", _run)
