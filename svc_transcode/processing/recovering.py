"""Jobs that are out and of which nothing is heard: lost with the bus, or with a worker that is cut off from here.

How long nothing was heard is measured by this process's own monotonic clock, from when it saw the job so for the first
time: neither a clock that is set nor a service that was away makes a job look lost, and nothing waits after a restore.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from svc_transcode.processing.dispatching import Releasing
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.model import JobRow, JobState
from svc_transcode.processing.queue import Queue, Released
from svc_transcode.processing.store import Versioned

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

LOST = 3.0
"""Seconds for which the bus has not had a released job before it is released again: one that is missing for less may
just be sent, finished or given up."""

SILENT = 120.0
"""Seconds without a word of a released job that the bus still has, before it is released again: its worker may hold it
and be cut off from this service. A worker's death is noticed by the bus itself, much sooner."""

SETTLED = 30.0
"""Seconds after which a job that is listed as out, and is not, is taken off the list."""


class Held(Protocol):
    """Whether the work queue has a release of a job."""

    async def __call__(self, job_id: JobId, crew: str) -> bool:
        """`crew`: whose job it is. Raises BusUnavailable."""
        ...


@dataclass(slots=True)
class _Seen:
    """A job that is out, as it stands since it was first seen so."""

    out: Released
    since: float
    missing: float | None = None
    """Since when the bus does not have it."""


class Recovering:
    """Releases again what was lost. Every replica does so; one of them wins."""

    def __init__(
        self,
        queue: Queue,
        releasing: Releasing,
        held: Held,
        give_up: Callable[[JobId], Awaitable[None]],
        most_attempts: int,
        log: FilteringBoundLogger,
        clock: Callable[[], float],
    ) -> None:
        """`clock`: seconds, monotonic. `give_up` is for jobs whose workers fell silent too often."""
        self._queue = queue
        self._releasing = releasing
        self._held = held
        self._give_up = give_up
        self._most_attempts = most_attempts
        self._log = log
        self._clock = clock
        self._seen: dict[tuple[str, str], _Seen] = {}

    async def look(self) -> bool:
        """Look at everything that is out; whether to look again after `LOST`. Raises what the stores raise."""
        standing: dict[tuple[str, str], _Seen] = {}
        soon = False
        async for out in self._queue.released():
            seen = self._seen.get((out.video_id, out.job))
            if seen is None or seen.out != out:
                seen = _Seen(out, self._clock())
            standing[out.video_id, out.job] = seen
            soon |= await self._judge(seen)
        self._seen = standing
        return soon

    async def _judge(self, seen: _Seen) -> bool:
        out, now = seen.out, self._clock()
        found = await self._releasing.find(out.video_id, out.job)
        if found is None or found.value.state is not JobState.RELEASED:
            # Listed as out before it is, so one that was just listed may be on its way out.
            if now - seen.since > SETTLED:
                await self._queue.settle(out.video_id, out.job)
            return False
        job_id = JobId(out.video_id, out.job, found.value.release)
        if await self._held(job_id, found.value.crew):
            seen.missing = None
            if not found.value.attempt and await self._releasing.deserted(found.value.crew):
                self._log.info("the workers that a job was for are gone; it goes to others", job=str(job_id))
                await self._releasing.again(out.video_id, found)
                return False
            if now - seen.since > SILENT:
                await self._heard_nothing(job_id, found)
            return False
        if seen.missing is None:
            seen.missing = now
        if now - seen.missing < LOST:
            return True
        self._log.warning("the bus has lost a released job; it is released again", job=str(job_id))
        await self._releasing.again(out.video_id, found)
        return False

    async def _heard_nothing(self, job_id: JobId, found: Versioned[JobRow]) -> None:
        """An attempt that began and of which nothing was heard counts as failed: it may have killed its workers."""
        failures = found.value.failures + (found.value.attempt > found.value.failed_attempt)
        if failures >= self._most_attempts:
            self._log.warning("workers fell silent over a job too often; it is given up", job=str(job_id))
            await self._give_up(job_id)
            return
        self._log.warning("nobody spoke of a released job; it is released again", job=str(job_id))
        await self._releasing.again(job_id.video_id, found, failures)
