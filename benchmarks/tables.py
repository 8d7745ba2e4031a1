"""The SQLite engine of `mesh.tables` against a store by hand on sqlite3 that does the same work in the same way."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from benchmarks.harness.measuring import Side, interleave
from benchmarks.harness.model import Benchmark, Effort, Row, at_most
from benchmarks.parts.raw_sqlite import RawVideos
from mesh.tables import Schema, Table, Tables, boolean, desc, integer, open_tables, text, timestamp

AIM: Final = at_most(1.3)
CHANNELS: Final = 20
VIDEOS: Final = 200
"""In each channel."""
TASKS: Final = 64
PAGE: Final = 100

_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_VIDEOS: Final = Table(
    "videos",
    columns=(
        text("channel"),
        timestamp("created"),
        text("id"),
        text("title"),
        text("description"),
        integer("state"),
        boolean("public"),
        timestamp("published"),
        integer("version"),
    ),
    partition_key=("channel",),
    clustering_key=(desc("created"), "id"),
)
_SCHEMA: Final = Schema("benchmark", version=1, tables=(_VIDEOS,))


class Store(Protocol):
    """What both sides can do; see RawVideos."""

    async def put(self, row: dict[str, Any]) -> None: ...
    async def get(self, channel: str, created: datetime, video: str) -> dict[str, Any] | None: ...
    async def update(self, channel: str, created: datetime, video: str, *, state: int, version: int) -> bool: ...
    async def scan(self, channel: str, limit: int) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class OurVideos:
    """The same by mesh.tables, as a service's store.py uses it."""

    tables: Tables

    async def put(self, row: dict[str, Any]) -> None:
        await self.tables.put(_VIDEOS, row)

    async def get(self, channel: str, created: datetime, video: str) -> dict[str, Any] | None:
        return await self.tables.get(_VIDEOS, {"channel": channel, "created": created, "id": video})

    async def update(self, channel: str, created: datetime, video: str, *, state: int, version: int) -> bool:
        key = {"channel": channel, "created": created, "id": video}
        changes = {"state": state, "version": version + 1}
        return await self.tables.update(_VIDEOS, key, changes, expect={"version": version})

    async def scan(self, channel: str, limit: int) -> list[dict[str, Any]]:
        return list((await self.tables.scan(_VIDEOS, {"channel": channel}, limit=limit)).rows)


def _made(channel: int, video: int) -> dict[str, Any]:
    created = _BEGAN + timedelta(minutes=video)
    return {
        "channel": f"01900000-0000-7000-8000-{channel:012}",
        "created": created,
        "id": f"video{video:06}",
        "title": f"Video number {video} of channel {channel}",
        "description": "What a channel's owner writes below a video. " * 5,
        "state": 3,
        "public": video % 2 == 0,
        "published": created + timedelta(days=1) if video % 2 == 0 else None,
        "version": 1,
    }


_ROWS: Final = tuple(_made(*divmod(number, VIDEOS)) for number in range(CHANNELS * VIDEOS))


def _video(number: int) -> dict[str, Any]:
    """The row with this number, the same on both sides; made beforehand, since that is not what is measured."""
    return _ROWS[number % len(_ROWS)]


_Operation = Callable[[Store, int], Awaitable[None]]
"""Does one operation; the number says on which row."""


async def _put(store: Store, number: int) -> None:
    await store.put(_video(number))


async def _get(store: Store, number: int) -> None:
    row = _video(number * 7)
    assert await store.get(row["channel"], row["created"], row["id"])


async def _compare_and_set(store: Store, number: int) -> None:
    row = _video(number)
    found = await store.get(row["channel"], row["created"], row["id"])
    assert found
    assert await store.update(row["channel"], row["created"], row["id"], state=4, version=found["version"])


async def _scan(store: Store, number: int) -> None:
    assert len(await store.scan(_video(number * VIDEOS)["channel"], PAGE)) == PAGE


@dataclass(frozen=True, slots=True)
class _Work:
    """One line of the benchmark: this many operations by this many tasks."""

    name: str
    operation: _Operation
    tasks: int
    count: int

    def on(self, store: Store) -> Side:
        async def side() -> float:
            async def some(first: int) -> None:
                for number in range(first, self.count, self.tasks):
                    await self.operation(store, number)

            await asyncio.gather(*(some(first) for first in range(self.tasks)))
            return float(self.count)

        return side


async def _run(effort: Effort) -> Sequence[Row]:
    works = (
        _Work("durable put, one at a time", _put, 1, effort.pick(400, 150)),
        _Work(f"durable put, {TASKS} at once", _put, TASKS, effort.pick(6400, 1920)),
        _Work("get, one at a time", _get, 1, effort.pick(4000, 1500)),
        _Work(f"get, {TASKS} at once", _get, TASKS, effort.pick(6400, 2560)),
        _Work("read and compare-and-set, one at a time", _compare_and_set, 1, effort.pick(400, 150)),
        _Work(f"read and compare-and-set, {TASKS} at once", _compare_and_set, TASKS, effort.pick(3200, 1280)),
        _Work(f"scan of {PAGE} rows, one at a time", _scan, 1, effort.pick(400, 150)),
        _Work(f"scan of {PAGE} rows, {TASKS} at once", _scan, TASKS, effort.pick(640, 256)),
    )
    rows: list[Row] = []
    async with _stores() as (ours, raw):
        for work in works:
            found = await interleave({"ours": work.on(ours), "raw": work.on(raw)}, effort.rounds)
            rows += [
                Row(f"{work.name}: wall", found["ours"].wall_ratio(found["raw"]), "× raw", AIM),
                Row(f"{work.name}: CPU", found["ours"].cpu_ratio(found["raw"]), "× raw", AIM),
                Row(f"{work.name}: ours", found["ours"].rate, "/s"),
                Row(f"{work.name}: ours, CPU", found["ours"].cpu_per * 1e6, "µs each"),
            ]
    return rows


@asynccontextmanager
async def _stores() -> AsyncGenerator[tuple[Store, Store]]:
    """Both stores on one file system, with the same rows in them."""
    with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as folder:
        async with open_tables(f"sqlite://{folder}/ours.db", _SCHEMA) as tables:
            ours, raw = OurVideos(tables), RawVideos(Path(folder) / "raw.db")
            try:
                for store in (ours, raw):
                    await asyncio.gather(*(store.put(_video(number)) for number in range(CHANNELS * VIDEOS)))
                await _same(ours, raw)
                yield ours, raw
            finally:
                await raw.close()


async def _same(ours: Store, raw: Store) -> None:
    """Whoever does less than the other is no measure."""
    channel = _video(0)["channel"]
    if await ours.scan(channel, PAGE) != await raw.scan(channel, PAGE):
        raise AssertionError("the two sides do not read the same rows")


BENCHMARK: Final = Benchmark("mesh.tables on SQLite against sqlite3 by hand", _run)
