"""Jobs that wait for a worker, and jobs that were released to the bus.

JetStream hands work out first in, first out; what is fair is decided before: only about twice as many jobs as workers
can take are on the bus, and which may come next is looked up here, by priority and then channel by channel.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from mesh.bus.dispatch import SHARE
from mesh.tables import Row, Tables, Value, integer, text, timestamp
from svc_transcode.processing.model import Head
from svc_transcode.processing.needs import NEEDS, NOTHING, Need, need_of
from svc_transcode.processing.priorities import PATIENT, in_queue
from svc_transcode.processing.tables import QUEUE_GROUPS, QUEUE_JOBS, RELEASED

SHARD = 0
PAGE = 200
"""Rows at a time; and channels of one priority that are looked at together. Where more wait, each look takes the next
ones, round and round."""
TOGETHER = 64
COUNTED = 1000
"""Jobs of a line that are counted."""
LANE = 1000
"""Priorities in the tables are as many lanes as there are combinations of needs, each so wide: who looks for what a
crew can do never reads what it cannot."""

_PRIORITY, _CHANNEL, _JOB, _VIDEO = integer("priority"), text("channel_id"), text("job"), text("video_id")
_QUEUE_TIME, _REPORT_TIME, _RELEASE_TIME = timestamp("queue_time"), timestamp("report_time"), timestamp("release_time")
_WORKER, _CREW = text("worker"), text("crew")


class Named(Protocol):
    """A job, as far as it is queued."""

    @property
    def name(self) -> str: ...
    @property
    def priority(self) -> int:
        """Its place among the jobs of its video."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job."""

    video_id: str
    job: str
    priority: int
    """Of `priorities.in_queue`."""
    channel_id: str
    queue_time: datetime
    need: Need = NOTHING

    @property
    def place(self) -> int:
        """Of its line in the tables."""
        return self.need * LANE + self.priority


@dataclass(frozen=True, slots=True)
class Line:
    """The queued jobs of a channel at one priority."""

    priority: int
    channel_id: str
    waiting: int
    """At most `COUNTED`."""
    oldest: datetime | None
    """None where the last one was just taken."""
    need: Need = NOTHING


@dataclass(frozen=True, slots=True)
class Released:
    """A job that the bus or a worker has."""

    video_id: str
    job: str
    release_time: datetime
    report_time: datetime
    worker: str
    crew: str = ""
    """Whose job it is; empty: it was released before there were crews."""


class Queue:
    """The lists behind the dispatcher."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._looked: dict[int, bytes | None] = {}
        """By priority: behind which channel the next look begins."""

    async def add(self, head: Head, jobs: Iterable[Named]) -> None:
        """Queue jobs of a video's run. Adding one twice does nothing; one that is not wanted any more is dropped when
        its turn comes.
        """
        waiting = [
            Waiting(
                head.video_id,
                job.name,
                in_queue(head, job.priority),
                head.channel_id,
                head.start_time,
                need_of(head, job.priority),
            )
            for job in jobs
        ]
        for at in range(0, len(waiting), TOGETHER):
            await asyncio.gather(*(self._tables.put(QUEUE_JOBS, _queued(one)) for one in waiting[at : at + TOGETHER]))
        # Behind the jobs: who removes a group as empty looks once more after removing it.
        for priority in {one.place for one in waiting}:
            await self._tables.put(QUEUE_GROUPS, _group(priority, head.channel_id))

    async def remove(self, waiting: Waiting) -> None:
        """Its turn came."""
        await self._tables.delete(QUEUE_JOBS, _queued(waiting))

    async def next(self, most: int, need: Need = NOTHING) -> list[Waiting]:
        """Jobs that need just this and whose turn it may be: about `most` of the smallest priorities that have any, and
        of `PATIENT` ones their share of that, taken channel by channel.

        Every channel that is looked at is there at least once: who chooses must see whose turn it is.
        """
        lane = need * LANE
        chosen, reached = await self._next(lane, lane + LANE, most)
        if reached is not None and reached <= lane + PATIENT:
            chosen += (await self._next(lane + PATIENT, lane + LANE, -(-most // SHARE)))[0]
        return chosen

    async def _next(self, priority: int, end: int, most: int) -> tuple[list[Waiting], int | None]:
        """About `most` jobs from this priority on and before `end`, and which one would be next; None: there is no
        other.
        """
        chosen: list[Waiting] = []
        while len(chosen) < most:
            page = await self._tables.scan(QUEUE_GROUPS, {"shard": SHARD}, start=priority, limit=1)
            if not page.rows or _PRIORITY.of(page.rows[0]) >= end:
                return chosen, None
            priority = _PRIORITY.of(page.rows[0])
            chosen += await self._of(priority, await self._channels(priority), most - len(chosen))
            priority += 1
        return chosen, priority

    async def _channels(self, priority: int) -> list[str]:
        """The channels to look at: all, or the next `PAGE` of them."""
        place: dict[str, Value] = {"priority": priority}
        since = self._looked.get(priority)
        page = await self._tables.scan(QUEUE_GROUPS, {"shard": SHARD}, prefix=place, limit=PAGE, cursor=since)
        found = dict.fromkeys(_CHANNEL.of(row) for row in page.rows)
        if since is not None and page.cursor is None and len(found) < PAGE:
            left = PAGE - len(found)
            page = await self._tables.scan(QUEUE_GROUPS, {"shard": SHARD}, prefix=place, limit=left)
            found |= dict.fromkeys(_CHANNEL.of(row) for row in page.rows)
        self._looked[priority] = page.cursor
        return list(found)

    async def _of(self, priority: int, channels: list[str], most: int) -> list[Waiting]:
        """About `most` jobs of these channels: as many of each, as far as it has them."""
        lines: dict[str, list[Waiting]] = {}
        unread, depth = channels, max(1, -(-most // max(1, len(channels))))
        while unread:
            for at in range(0, len(unread), TOGETHER):
                some = unread[at : at + TOGETHER]
                read = await asyncio.gather(*(self._waiting(priority, channel, depth) for channel in some))
                lines.update(zip(some, read, strict=True))
            # Whose line was read to its end has no more; where the others could fill what is left, they do.
            unread = [channel for channel in unread if len(lines[channel]) >= depth]
            if depth >= most or sum(map(len, lines.values())) >= most:
                break
            depth = min(most, 4 * depth)
        by_turn = [lines[channel] for channel in channels]
        deepest = max(map(len, by_turn), default=0)
        found = [line[turn] for turn in range(deepest) for line in by_turn if turn < len(line)]
        return found[: max(most, sum(map(bool, by_turn)))]

    async def _waiting(self, priority: int, channel_id: str, most: int) -> list[Waiting]:
        partition: dict[str, Value] = {"priority": priority, "channel_id": channel_id}
        page = await self._tables.scan(QUEUE_JOBS, partition, limit=most)
        if not page.rows:
            await self._tables.delete(QUEUE_GROUPS, _group(priority, channel_id))
            page = await self._tables.scan(QUEUE_JOBS, partition, limit=most)
            if page.rows:
                await self._tables.put(QUEUE_GROUPS, _group(priority, channel_id))
        need, own = divmod(priority, LANE)
        return [
            Waiting(_VIDEO.of(row), _JOB.of(row), own, channel_id, _QUEUE_TIME.of(row), Need(need)) for row in page.rows
        ]

    async def release(self, video_id: str, job: str, crew: str, now: datetime) -> None:
        """The job is about to be put on the bus, for this crew."""
        row: dict[str, Value] = {"release_time": now, "report_time": now, "worker": "", "crew": crew}
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
            jobs, cursor = await self.out(PAGE, cursor)
            for job in jobs:
                yield job
            if cursor is None:
                return

    async def out(self, most: int, cursor: bytes | None) -> tuple[list[Released], bytes | None]:
        """A page of the jobs that are out."""
        page = await self._tables.scan(RELEASED, {"shard": SHARD}, limit=most, cursor=cursor)
        return [_released(row) for row in page.rows], page.cursor

    async def lines(self, most: int, cursor: bytes | None) -> tuple[list[Line], bytes | None]:
        """A page of who waits: what every worker can do first, and of that the smallest priority."""
        page = await self._tables.scan(QUEUE_GROUPS, {"shard": SHARD}, limit=most, cursor=cursor)
        return [await self._line(_PRIORITY.of(row), _CHANNEL.of(row)) for row in page.rows], page.cursor

    async def needs(self) -> list[Need]:
        """What jobs that wait need, each once."""
        found: list[Need] = []
        for need in NEEDS:
            lane = need * LANE
            page = await self._tables.scan(QUEUE_GROUPS, {"shard": SHARD}, start=lane, limit=1)
            if page.rows and _PRIORITY.of(page.rows[0]) < lane + LANE:
                found.append(need)
        return found

    async def _line(self, priority: int, channel_id: str) -> Line:
        partition: dict[str, Value] = {"priority": priority, "channel_id": channel_id}
        rows = (await self._tables.scan(QUEUE_JOBS, partition, limit=COUNTED)).rows
        need, own = divmod(priority, LANE)
        return Line(own, channel_id, len(rows), _QUEUE_TIME.of(rows[0]) if rows else None, Need(need))


def _released(row: Row) -> Released:
    reported = _REPORT_TIME.of(row)
    return Released(
        video_id=_VIDEO.of(row),
        job=_JOB.of(row),
        release_time=_RELEASE_TIME.maybe(row) or reported,
        report_time=reported,
        worker=_WORKER.maybe(row) or "",
        crew=_CREW.maybe(row) or "",
    )


def _group(priority: int, channel_id: str) -> dict[str, Value]:
    return {"shard": SHARD, "priority": priority, "channel_id": channel_id}


def _queued(waiting: Waiting) -> dict[str, Value]:
    return {
        "priority": waiting.place,
        "channel_id": waiting.channel_id,
        "queue_time": waiting.queue_time,
        "video_id": waiting.video_id,
        "job": waiting.job,
    }
