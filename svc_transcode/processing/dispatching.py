"""Hands queued jobs to the bus as workers have room for them; what is fair is decided by `mesh.bus.dispatch`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from mesh.bus.dispatch import Queued
from mesh.bus.tracing import within_trace
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.model import JobRow, JobState, Kind
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

KINDS = {
    Kind.PROBE: transcode_pb2.JOB_KIND_PROBE,
    Kind.VIDEO: transcode_pb2.JOB_KIND_VIDEO,
    Kind.AUDIO: transcode_pb2.JOB_KIND_AUDIO,
    Kind.THUMBNAILS: transcode_pb2.JOB_KIND_THUMBNAILS,
    Kind.VERIFY: transcode_pb2.JOB_KIND_VERIFY,
    Kind.STORYBOARD: transcode_pb2.JOB_KIND_STORYBOARD,
    Kind.CAPTIONS: transcode_pb2.JOB_KIND_CAPTIONS,
}


class Jobs(Protocol):
    """The part of `mesh.bus.JobQueue` that is used here."""

    async def submit(self, message: TranscodeJob, job_id: str) -> None:
        """Raises BusUnavailable."""
        ...


class Releasing:
    """The tables behind the dispatcher."""

    def __init__(self, store: ProcessingStore, queue: Queue, jobs: Jobs, log: FilteringBoundLogger) -> None:
        self._store = store
        self._queue = queue
        self._jobs = jobs
        self._log = log
        self._waiting: dict[str, Waiting] = {}
        self._workers = 0

    def slots(self) -> int:
        """Workers at work, and a few more, as of the last count."""
        return max(LEAST_SLOTS, self._workers + 1)

    @property
    def workers(self) -> int:
        """At work, as of the last count."""
        return self._workers

    async def ready(self, limit: int) -> Sequence[Queued]:
        """Jobs whose turn may have come."""
        waiting = await self._queue.next(min(limit, 2 * self.slots()))
        self._waiting = {f"{one.video_id}~{one.job}": one for one in waiting}
        return [
            Queued(job_id, -one.priority, one.channel_id, one.queue_time, one.priority >= PATIENT)
            for job_id, one in self._waiting.items()
        ]

    async def released_count(self) -> int:
        """Jobs that are out; it counts the workers besides."""
        now, out, workers = datetime.now(UTC), 0, set[str]()
        async for job in self._queue.released():
            out += 1
            if job.worker and now - job.report_time < SEEN_LATELY:
                workers.add(job.worker)
        self._workers = len(workers)
        return out

    async def submit(self, job: Queued) -> None:
        """Mark the job as out and put it on the bus. One that nobody wants any more is passed over."""
        waiting = self._waiting[job.job_id]
        found = await self.find(waiting.video_id, waiting.job)
        if found is None:
            return
        if found.value.state is JobState.RELEASED and found.value.attempt == 0:
            # Perhaps the bus was away when it was to be sent. It knows the id if it was not.
            await self._send(waiting.video_id, found.value)
        if found.value.state is not JobState.QUEUED:
            return
        await self.again(waiting.video_id, found)

    async def mark_released(self, job: Queued) -> None:
        """It waits no more."""
        await self._queue.remove(self._waiting[job.job_id])

    async def _send(self, video_id: str, job: JobRow) -> None:
        job_id = str(JobId(video_id, job.name, job.release))
        with within_trace(job.trace):
            await self._jobs.submit(TranscodeJob(job_id=job_id, video_id=video_id, kind=KINDS[job.kind]), job_id)

    async def again(self, video_id: str, found: Versioned[JobRow], failures: int | None = None) -> None:
        """Put the next release of a job on the bus, unless somebody else was faster. Raises BusUnavailable."""
        # Listed as out before it is: a crash in between leaves a row that the sweep clears, never a lost job.
        await self._queue.release(video_id, found.value.name, datetime.now(UTC))
        released = replace(
            found.value,
            state=JobState.RELEASED,
            release=found.value.release + 1,
            attempt=0,
            failed_attempt=0,
            failures=found.value.failures if failures is None else failures,
        )
        if await self._store.change_job(video_id, found, released):
            await self._send(video_id, released)

    async def find(self, video_id: str, job: str) -> Versioned[JobRow] | None:
        """The job, unless its video is purged: then what was written while it was being purged goes too."""
        if await self._store.head(video_id) is None:
            await self._store.purge(video_id)
            return None
        return await self._store.job(video_id, job)
