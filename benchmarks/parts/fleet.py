"""A thousand workers that are played: the dispatcher's own rules on a clock of its own, with times that were measured.

What is real: `mesh.bus.dispatch`, which chooses what goes next, and how many. What is played: the tables, in memory;
the bus, which hands out in the order of arrival; and the workers, who take as long for a job as one here took.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mesh.bus.dispatch import Dispatcher, Queued

EPOCH = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is played."""

    workers: int
    videos: int
    """Of as many channels, that are uploaded at the same time."""
    jobs_each: int
    job_seconds: Sequence[float]
    """How long jobs took; each job takes one of these."""
    between: float
    """Seconds from a job's end to the next one's beginning on the same worker: the calls about it."""
    look: float
    """Seconds that one look of the dispatcher takes, with as many jobs out as there are then."""


@dataclass
class _Tables:
    """Queued jobs by channel, and how many are out."""

    lines: dict[str, deque[Queued]]
    out: int = 0
    bus: deque[str] = field(default_factory=deque[str])

    async def ready(self, limit: int) -> Sequence[Queued]:
        """As the queue does: some of each channel."""
        each = max(1, -(-limit // max(1, len(self.lines))))
        return [job for line in self.lines.values() for job in list(line)[:each]]

    async def released_count(self) -> int:
        """Out."""
        return self.out

    async def submit(self, job: Queued) -> None:
        """On the bus."""
        self.bus.append(job.job_id)
        self.out += 1

    async def mark_released(self, job: Queued) -> None:
        """It waits no more."""
        line = self.lines[job.group]
        line.remove(job)
        if not line:
            del self.lines[job.group]


async def efficiency(fleet: Fleet, seed: int = 1) -> float:
    """The share of the workers' time that was work, from the first job's beginning to the last one's end."""
    dice, tables = random.Random(seed), _Tables({})
    for video in range(fleet.videos):
        name, since = f"channel-{video:04d}", EPOCH + timedelta(milliseconds=video)
        tables.lines[name] = deque(Queued(f"{video:04d}~{job:05d}", -10, name, since) for job in range(fleet.jobs_each))
    dispatcher = Dispatcher(tables, tables.submit, lambda: fleet.workers)
    now, busy, idle = 0.0, 0.0, fleet.workers
    ends: list[float] = []
    last = 0.0
    left = fleet.videos * fleet.jobs_each
    while left:
        # The dispatcher looks again and again; what it releases in a look is on the bus at its end.
        await dispatcher.release()
        now += fleet.look
        while ends and ends[0] <= now:
            # Who is done takes what is on the bus at that moment.
            at = heapq.heappop(ends)
            left -= 1
            tables.out -= 1
            if tables.bus:
                tables.bus.popleft()
                seconds = dice.choice(fleet.job_seconds)
                busy += seconds
                heapq.heappush(ends, at + fleet.between + seconds)
            else:
                idle += 1
        while idle and tables.bus:
            tables.bus.popleft()
            idle -= 1
            seconds = dice.choice(fleet.job_seconds)
            busy += seconds
            heapq.heappush(ends, now + fleet.between + seconds)
        last = max(ends, default=last)
    return busy / (fleet.workers * last)
