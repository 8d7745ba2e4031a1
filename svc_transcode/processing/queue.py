"""Jobs that wait for a worker, and jobs that were released to the bus.

JetStream hands work out first in, first out; what is fair is decided before: only about twice as many jobs as workers
can take are on the bus, and which come next is chosen here, by priority and then channel by channel.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from mesh.tables import Tables, Value, integer, text, timestamp
from svc_transcode.processing.tables import QUEUE_GROUPS, QUEUE_JOBS, RELEASED

SHARD = 0
PAGE = 200
TOGETHER = 64

_PRIORITY, _CHANNEL, _JOB, _VIDEO = integer("priority"), text("channel_id"), text("job"), text("video_id")
_QUEUE_TIME, _REPORT_TIME, _RELEASE_TIME = timestamp("queue_time"), timestamp("report_time"), timestamp("release_time")
_WORKER = text("worker")


class Named(Protocol):
    """A job, as far as it is queued."""

    @property
    def name(self) -> str: ...
    @property
    def priority(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job."""

    video_id: str
    job: str
    priority: int
    channel_id: str
    queue_time: datetime


@dataclass(frozen=True, slots=True)
class Released:
    """A job that the bus or a worker has."""

    video_id: str
    job: str
    release_time: datetime
    report_time: datetime
    worker: str


class Queue:
    """The lists behind the dispatcher."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, video_id: str, jobs: Iterable[Named], channel_id: str, queue_time: datetime) -> None:
        """Queue jobs. Adding one twice does nothing; one that is not wanted any more is dropped when its turn comes."""
        waiting = [Waiting(video_id, job.name, job.priority, channel_id, queue_time) for job in jobs]
        for at in range(0, len(waiting), TOGETHER):
            await asyncio.gather(*(self._tables.put(QUEUE_JOBS, _queued(one)) for one in waiting[at : at + TOGETHER]))
        # Behind the jobs: who removes a group as empty looks once more after removing it.
        for priority in {one.priority for one in waiting}:
            await self._tables.put(QUEUE_GROUPS, _group(priority, channel_id))

    async def remove(self, waiting: Waiting) -> None:
        """Its turn came."""
        await self._tables.delete(QUEUE_JOBS, _queued(waiting))

    async def next(self, most: int) -> list[Waiting]:
        """The jobs whose turn it is: about `most` of the smallest priorities that have any, taken channel by channel.

        Every channel is there at least once, however many they are: who chooses must see whose turn it is.
        """
        chosen: list[Waiting] = []
        for priority, channels in (await self._groups()).items():
            wanted = most - len(chosen)
            by_channel = [await self._waiting(priority, channel, wanted) for channel in channels]
            found = [jobs[turn] for turn in range(wanted) for jobs in by_channel if turn < len(jobs)]
            chosen += found[: max(wanted, sum(map(bool, by_channel)))]
            if len(chosen) >= most:
                break
        return chosen

    async def _groups(self) -> dict[int, list[str]]:
        page = await self._tables.scan(QUEUE_GROUPS, {"shard": SHARD}, limit=PAGE)
        groups: dict[int, list[str]] = {}
        for row in page.rows:
            groups.setdefault(_PRIORITY.of(row), []).append(_CHANNEL.of(row))
        return groups

    async def _waiting(self, priority: int, channel_id: str, most: int) -> list[Waiting]:
        partition: dict[str, Value] = {"priority": priority, "channel_id": channel_id}
        page = await self._tables.scan(QUEUE_JOBS, partition, limit=max(1, most))
        if not page.rows:
            await self._tables.delete(QUEUE_GROUPS, _group(priority, channel_id))
            page = await self._tables.scan(QUEUE_JOBS, partition, limit=max(1, most))
            if page.rows:
                await self._tables.put(QUEUE_GROUPS, _group(priority, channel_id))
        return [Waiting(_VIDEO.of(row), _JOB.of(row), priority, channel_id, _QUEUE_TIME.of(row)) for row in page.rows]

    async def release(self, video_id: str, job: str, now: datetime) -> None:
        """The job is about to be put on the bus."""
        row: dict[str, Value] = {"release_time": now, "report_time": now, "worker": ""}
        await self._tables.put(RELEASED, {"shard": SHARD, "video_id": video_id, "job": job, **row})

    async def seen(self, video_id: str, job: str, worker: str | None = None) -> None:
        """A worker is on it: this one, or the one that was named before."""
        row: dict[str, Value] = {"report_time": datetime.now(UTC)}
        if worker is not None:
            row["worker"] = worker
        await self._tables.put(RELEASED, {"shard": SHARD, "video_id": video_id, "job": job, **row}, durable=False)

    async def settle(self, video_id: str, job: str) -> None:
        """The job is off the bus."""
        await self._tables.delete(RELEASED, {"shard": SHARD, "video_id": video_id, "job": job})

    async def released(self) -> AsyncIterator[Released]:
        """Every job that is out."""
        cursor: bytes | None = None
        while True:
            page = await self._tables.scan(RELEASED, {"shard": SHARD}, limit=PAGE, cursor=cursor)
            for row in page.rows:
                reported = _REPORT_TIME.of(row)
                yield Released(
                    video_id=_VIDEO.of(row),
                    job=_JOB.of(row),
                    release_time=_RELEASE_TIME.maybe(row) or reported,
                    report_time=reported,
                    worker=_WORKER.maybe(row) or "",
                )
            cursor = page.cursor
            if cursor is None:
                return


def _group(priority: int, channel_id: str) -> dict[str, Value]:
    return {"shard": SHARD, "priority": priority, "channel_id": channel_id}


def _queued(waiting: Waiting) -> dict[str, Value]:
    return {
        "priority": waiting.priority,
        "channel_id": waiting.channel_id,
        "queue_time": waiting.queue_time,
        "video_id": waiting.video_id,
        "job": waiting.job,
    }
