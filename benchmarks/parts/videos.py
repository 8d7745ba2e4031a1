"""One table of videos, and what is done on it: by `mesh.tables`, and by whatever it is measured against."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from benchmarks.harness.measuring import Side, interleave
from benchmarks.harness.model import Row, at_most
from mesh.tables import Schema, Table, Tables, boolean, desc, integer, text, timestamp

AIM: Final = at_most(1.3)
CHANNELS: Final = 64
VIDEOS: Final = 110
"""In each channel."""
TASKS: Final = 64
PAGE: Final = 100
_FILLING: Final = 256
"""How many rows are written at once before anything is measured."""

_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
VIDEOS_TABLE: Final = Table(
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
SCHEMA: Final = Schema("benchmark", version=1, tables=(VIDEOS_TABLE,))


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
        await self.tables.put(VIDEOS_TABLE, row)

    async def get(self, channel: str, created: datetime, video: str) -> dict[str, Any] | None:
        return await self.tables.get(VIDEOS_TABLE, {"channel": channel, "created": created, "id": video})

    async def update(self, channel: str, created: datetime, video: str, *, state: int, version: int) -> bool:
        key = {"channel": channel, "created": created, "id": video}
        changes = {"state": state, "version": version + 1}
        return await self.tables.update(VIDEOS_TABLE, key, changes, expect={"version": version})

    async def scan(self, channel: str, limit: int) -> list[dict[str, Any]]:
        return list((await self.tables.scan(VIDEOS_TABLE, {"channel": channel}, limit=limit)).rows)


def _made(video: int, channel: int) -> dict[str, Any]:
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


_ROWS: Final = tuple(_made(*divmod(number, CHANNELS)) for number in range(CHANNELS * VIDEOS))


def _video(number: int) -> dict[str, Any]:
    """The row with this number, made beforehand: that is not what is measured.

    Numbers that follow one another are of different channels, and those of two tasks always are: neither side's
    compare-and-sets meet.
    """
    return _ROWS[number % len(_ROWS)]


_Operation = Callable[[Store, int], Awaitable[None]]
"""Does one operation; the number says on which row."""


async def _put(store: Store, number: int) -> None:
    await store.put(_video(number))


def _getting(rows: int) -> _Operation:
    """Of the first so many rows, in the order of the file least of all."""

    async def get(store: Store, number: int) -> None:
        row = _video(number * 65 % rows)
        assert await store.get(row["channel"], row["created"], row["id"])

    return get


async def _compare_and_set(store: Store, number: int) -> None:
    row = _video(number)
    found = await store.get(row["channel"], row["created"], row["id"])
    assert found
    assert await store.update(row["channel"], row["created"], row["id"], state=4, version=found["version"])


def _scanning(channels: int) -> _Operation:
    """Of the first so many channels."""

    async def scan(store: Store, number: int) -> None:
        assert len(await store.scan(_video(number % channels)["channel"], PAGE)) == PAGE

    return scan


@dataclass(frozen=True, slots=True)
class Work:
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


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many operations a round has, one at a time and by TASKS callers at once."""

    put: tuple[int, int]
    get: tuple[int, int]
    compare_and_set: tuple[int, int]
    scan: tuple[int, int]
    filled: int = CHANNELS * VIDEOS
    """Rows that there are beforehand, numbered as `_video` does: no fewer than a put or compare-and-set comes to."""
    scanned: int = CHANNELS
    """Channels that are scanned: they have all their rows."""


async def compare(ours: Store, raw: Store, amounts: Amounts, rounds: int) -> Sequence[Row]:
    """Fill both, look whether they read the same, and measure every kind of work on both in turn."""
    filling = [
        row for number, row in enumerate(_ROWS) if number < amounts.filled or number % CHANNELS < amounts.scanned
    ]
    for store in (ours, raw):
        for first in range(0, len(filling), _FILLING):
            await asyncio.gather(*(store.put(row) for row in filling[first : first + _FILLING]))
    if await ours.scan(_ROWS[0]["channel"], PAGE) != await raw.scan(_ROWS[0]["channel"], PAGE):
        # Whoever does less than the other is no measure.
        raise AssertionError("the two sides do not read the same rows")
    kinds: tuple[tuple[str, _Operation, tuple[int, int]], ...] = (
        ("durable put", _put, amounts.put),
        ("get", _getting(amounts.filled), amounts.get),
        ("read and compare-and-set", _compare_and_set, amounts.compare_and_set),
        (f"scan of {PAGE} rows", _scanning(amounts.scanned), amounts.scan),
    )
    rows: list[Row] = []
    for name, operation, (single, many) in kinds:
        for work in (
            Work(f"{name}, one at a time", operation, 1, single),
            Work(f"{name}, {TASKS} at once", operation, TASKS, many),
        ):
            rows += await _measured(work, ours, raw, rounds)
    return rows


async def _measured(work: Work, ours: Store, raw: Store, rounds: int) -> list[Row]:
    found = await interleave({"ours": work.on(ours), "raw": work.on(raw)}, rounds)
    return [
        Row(f"{work.name}: wall", found["ours"].wall_ratio(found["raw"]), "× raw", AIM),
        Row(f"{work.name}: CPU", found["ours"].cpu_ratio(found["raw"]), "× raw", AIM),
        Row(f"{work.name}: ours", found["ours"].rate, "/s"),
        Row(f"{work.name}: ours, CPU", found["ours"].cpu_per * 1e6, "µs each"),
    ]
