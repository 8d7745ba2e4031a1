"""Hands queued jobs to the bus as workers have room for them; what is fair is decided by `mesh.bus.dispatch`.

Each crew has a dispatcher of its own: only what its workers can do is put on its line, and a crew that is busy, or
gone, keeps no other from work.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from mesh.bus.dispatch import Dispatcher, Queued
from mesh.bus.errors import BusError
from mesh.bus.tracing import within_trace
from mesh.tables import TableError
from svc_transcode.processing.crews import UNKNOWN, Crews
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.model import JobRow, JobState, Kind
from svc_transcode.processing.needs import ANYBODY, NEEDS, Crew, Need, need_of, words
from svc_transcode.processing.priorities import PATIENT
from svc_transcode.processing.queue import Queue, Waiting
from svc_transcode.processing.store import ProcessingStore, Versioned
from vidmesh.transcode.v1 import transcode_pb2
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

LEAST_SLOTS = 2
"""Idle workers that nobody has heard of yet must find work too."""

SEEN_LATELY = timedelta(seconds=30)

IDLE = 2.0
"""Seconds after which is looked again, whatever happened."""

KINDS = {
    Kind.PROBE: transcode_pb2.JOB_KIND_PROBE,
    Kind.VIDEO: transcode_pb2.JOB_KIND_VIDEO,
    Kind.AUDIO: transcode_pb2.JOB_KIND_AUDIO,
    Kind.THUMBNAILS: transcode_pb2.JOB_KIND_THUMBNAILS,
    Kind.VERIFY: transcode_pb2.JOB_KIND_VERIFY,
    Kind.STORYBOARD: transcode_pb2.JOB_KIND_STORYBOARD,
    Kind.CAPTIONS: transcode_pb2.JOB_KIND_CAPTIONS,
    Kind.DOWNLOAD: transcode_pb2.JOB_KIND_DOWNLOAD,
}


class Jobs(Protocol):
    """The part of `mesh.bus.JobQueue` that is used here."""

    async def submit(self, message: TranscodeJob, job_id: str) -> None:
        """Raises BusUnavailable."""
        ...


class Releasing:
    """From tables to the bus."""

    def __init__(
        self, store: ProcessingStore, queue: Queue, jobs: Jobs, crews: Crews, log: FilteringBoundLogger
    ) -> None:
        self._store = store
        self._queue = queue
        self._jobs = jobs
        self._crews = crews
        self._log = log
        self._workers = 0

    @property
    def workers(self) -> int:
        """At work, as of the last count."""
        return self._workers

    async def count(self) -> Counter[str]:
        """Jobs that are out, by crew; it counts the workers besides."""
        now, out, workers = datetime.now(UTC), Counter[str](), set[str]()
        async for job in self._queue.released():
            out[job.crew or ANYBODY] += 1
            if job.worker and now - job.report_time < SEEN_LATELY:
                workers.add(job.worker)
        self._workers = len(workers)
        return out

    async def submit(self, waiting: Waiting, crew: str) -> None:
        """Mark the job as out and put it on the crew's line. One that nobody wants any more is passed over."""
        found = await self.find(waiting.video_id, waiting.job)
        if found is None:
            return
        if found.value.state is JobState.RELEASED and found.value.attempt == 0:
            # Perhaps the bus was away when it was to be sent. It knows the id if it was not.
            await self._send(waiting.video_id, found.value)
        if found.value.state is not JobState.QUEUED:
            return
        await self._release(waiting.video_id, found, crew)

    async def _send(self, video_id: str, job: JobRow) -> None:
        job_id = str(JobId(video_id, job.name, job.release))
        message = TranscodeJob(job_id=job_id, video_id=video_id, kind=KINDS[job.kind], crew=job.crew or ANYBODY)
        with within_trace(job.trace):
            await self._jobs.submit(message, job_id)

    async def again(self, video_id: str, found: Versioned[JobRow], failures: int | None = None) -> None:
        """Put the next release of a job on the bus, unless somebody else was faster. Raises BusUnavailable.

        Where no worker is there that could do it, it is queued again instead.
        """
        head = await self._store.head(video_id)
        present = await self._crews.present()
        if head is None:
            return
        able = present.able(need_of(head.value, found.value.priority))
        if able or not present.told:
            await self._release(video_id, found, able[0].name if able else ANYBODY, failures)
            return
        queued = replace(found.value, state=JobState.QUEUED, failures=_or(failures, found.value.failures))
        await self._queue.add(head.value, (queued,))
        if await self._store.change_job(video_id, found, queued):
            await self._queue.settle(video_id, queued.name)

    async def _release(self, video_id: str, found: Versioned[JobRow], crew: str, failures: int | None = None) -> None:
        # Listed as out before it is: a crash in between leaves a row that the sweep clears, never a lost job.
        await self._queue.release(video_id, found.value.name, crew, datetime.now(UTC))
        released = replace(
            found.value,
            state=JobState.RELEASED,
            release=found.value.release + 1,
            crew=crew,
            attempt=0,
            failed_attempt=0,
            failures=_or(failures, found.value.failures),
        )
        if await self._store.change_job(video_id, found, released):
            await self._send(video_id, released)

    async def deserted(self, crew: str) -> bool:
        """Whether there is no worker any more that listens to the line of this crew."""
        return not (await self._crews.present()).has(crew or ANYBODY)

    async def find(self, video_id: str, job: str) -> Versioned[JobRow] | None:
        """The job, unless its video is purged: then what was written while it was being purged goes too."""
        if await self._store.head(video_id) is None:
            await self._store.purge(video_id)
            return None
        return await self._store.job(video_id, job)


class _Line:
    """What the dispatcher of one crew sees."""

    def __init__(self, releasing: Releasing, queue: Queue, count: Callable[[], Awaitable[Counter[str]]]) -> None:
        self._releasing = releasing
        self._queue = queue
        self._count = count
        self._waiting: dict[str, Waiting] = {}
        self.crew = UNKNOWN

    @property
    def name(self) -> str:
        """On the bus."""
        return self.crew.name if self.crew.slots else ANYBODY

    def slots(self) -> int:
        """Of workers that do not say how many they have: those at work, and a few more."""
        return self.crew.slots or max(LEAST_SLOTS, self._releasing.workers + 1)

    async def ready(self, limit: int) -> Sequence[Queued]:
        """Jobs whose turn may have come."""
        most = min(limit, 2 * self.slots())
        found = [one for need in NEEDS if self.crew.can(need) for one in await self._queue.next(most, need)]
        self._waiting = {f"{one.video_id}~{one.job}": one for one in found}
        return [
            Queued(job_id, -one.priority, one.channel_id, one.queue_time, one.priority >= PATIENT)
            for job_id, one in self._waiting.items()
        ]

    async def released_count(self) -> int:
        """Of this crew."""
        return (await self._count())[self.name]

    async def submit(self, job: Queued) -> None:
        """To this crew."""
        await self._releasing.submit(self._waiting[job.job_id], self.name)

    async def mark_released(self, job: Queued) -> None:
        """It waits no more."""
        await self._queue.remove(self._waiting[job.job_id])


class Dispatching:
    """The dispatchers of all crews."""

    def __init__(self, releasing: Releasing, queue: Queue, crews: Crews, log: FilteringBoundLogger) -> None:
        self._releasing = releasing
        self._queue = queue
        self._crews = crews
        self._log = log
        self._lines: dict[str, tuple[_Line, Dispatcher]] = {}
        self._out: Counter[str] | None = None
        self._lacking: tuple[Need, ...] = ()
        self._changed = asyncio.Event()

    def poke(self) -> None:
        """A job became ready, or one ended: look now."""
        self._changed.set()

    async def run(self) -> None:
        """Release until cancelled; errors that pass are logged and tried again."""
        while True:
            self._changed.clear()
            try:
                await self.release()
            except (BusError, TableError) as error:
                self._log.warning("no jobs could be released", error=str(error))
            try:
                async with asyncio.timeout(IDLE):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def release(self) -> int:
        """Release what there is room for, once, and give the number. Raises BusError, TableError."""
        present = await self._crews.present()
        self._out = None
        return sum([await self._of(crew).release() for crew in (present.crews if present.told else (UNKNOWN,))])

    async def warn(self) -> None:
        """Tell the log, once, of what jobs that wait need and no worker has. Raises TableError."""
        present = await self._crews.present()
        lacking = tuple(need for need in await self._queue.needs() if not present.serves(need))
        if lacking and lacking != self._lacking:
            needs = [" and ".join(words(need)) or "any" for need in lacking]
            self._log.warning("jobs wait that no worker can do", needs=needs)
        self._lacking = lacking

    async def _count(self) -> Counter[str]:
        """Once for all crews."""
        if self._out is None:
            self._out = await self._releasing.count()
        return self._out

    def _of(self, crew: Crew) -> Dispatcher:
        name = crew.name if crew.slots else ANYBODY
        if name not in self._lines:
            line = _Line(self._releasing, self._queue, self._count)
            self._lines[name] = line, Dispatcher(line, line.submit, line.slots)
        line, dispatcher = self._lines[name]
        line.crew = crew
        return dispatcher


def _or(number: int | None, otherwise: int) -> int:
    return otherwise if number is None else number
