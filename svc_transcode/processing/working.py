"""What workers ask and tell: begin a job, report, finish. Each is fenced by release and attempt."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from mesh.contention import LostRace, settle
from mesh.errors import Fault, aborted, unavailable
from svc_transcode.media import jobs as media
from svc_transcode.processing import captions, domain, downloads, outcomes, plan, storyboards
from svc_transcode.processing.ids import JobId, no_such_job
from svc_transcode.processing.model import Failure, Head, JobRow, JobState, Kind, Made
from svc_transcode.processing.packaging import Objects, gather
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.speeds import Speeds
from svc_transcode.processing.store import Change, ProcessingStore, Versioned
from svc_transcode.processing.wanted import is_wanted
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

FINISH_ATTEMPTS = 40
"""Hundreds of workers may finish chunks of one video at the same moment."""

GIVEN_UP = (JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Begun:
    """What a worker is to do."""

    job: JobRow
    folder: str
    spec: str
    """The media library's job in JSON, without its source."""
    objects: Objects
    """For VERIFY, STORYBOARD and DOWNLOAD: what to read of what was made."""


class Working:
    """The jobs of workers."""

    def __init__(
        self, store: ProcessingStore, queue: Queue, options: plan.Options, most_attempts: int, speeds: Speeds
    ) -> None:
        self._store = store
        self._queue = queue
        self._options = options
        self._most_attempts = most_attempts
        self._speeds = speeds

    async def start(self, job_id: JobId, attempt: int, worker: str) -> Begun:
        """An attempt begins and shuts earlier ones out. Raises JOB_NOT_FOUND, JOB_FENCED."""

        async def begin() -> Begun:
            head, found = await self._load(job_id)
            job = found.value
            _fence(job, job_id, attempt)
            if not await self._has_its_turn(job_id.video_id, job):
                await self._cancel(job_id, found)
            await self._require_wanted(job_id, head.value, found)
            begun = replace(job, attempt=attempt)
            if begun != job and not await self._store.change_job(job_id.video_id, found, begun):
                raise LostRace
            spec, objects = await self._work(head.value, job)
            return Begun(begun, job_id.folder(job.kind, attempt), spec, objects)

        begun = await settle(begin)
        self._speeds.began(str(job_id))
        await self._queue.seen(job_id.video_id, job_id.job, worker)
        return begun

    async def report(self, job_id: JobId, attempt: int, share: float) -> None:
        """An attempt goes on. Raises JOB_NOT_FOUND, JOB_FENCED."""
        head, found = await self._load(job_id)
        _fence(found.value, job_id, attempt)
        await self._require_wanted(job_id, head.value, found)
        await self._store.report(job_id.video_id, found.value, share)
        await self._queue.seen(job_id.video_id, job_id.job)

    async def succeed(self, job_id: JobId, attempt: int, result: str) -> JobRow:
        """An attempt made what it should; the row as it is recorded. Raises JOB_NOT_FOUND, JOB_FENCED.

        Recording the same success twice is no error.
        """

        async def record() -> JobRow:
            head, found = await self._load(job_id)
            job = found.value
            made = Made(result, job_id.folder(job.kind, attempt))
            if job.state is JobState.DONE and job.made == outcomes.recorded(job, made):
                return job
            _fence(job, job_id, attempt)
            await self._require_wanted(job_id, head.value, found)
            done = replace(job, state=JobState.DONE, made=made)
            after, told = await self._made(head, done, made)
            done = replace(done, made=outcomes.recorded(job, made))
            if not await self._store.commit(head, after, Change(jobs=((found, done),), events=told)):
                raise LostRace
            self._speeds.ended(str(job_id), outcomes.pixels(head.value, done))
            return done

        done = await settle(record, FINISH_ATTEMPTS)
        await self._settle(job_id)
        return done

    async def miss(self, job_id: JobId, attempt: int, part: int) -> None:
        """An attempt found part `part` (an index, from 0) missing: the job waits for it. Raises JOB_NOT_FOUND,
        JOB_FENCED.
        """

        async def record() -> None:
            head, found = await self._load(job_id)
            job = found.value
            _fence(job, job_id, attempt)
            await self._require_wanted(job_id, head.value, found)
            missed = replace(job, misses=job.misses + 1)
            if not await self._park(head, found, missed, part):
                raise LostRace
            self._speeds.ended(str(job_id))

        await settle(record, FINISH_ATTEMPTS)
        await self._settle(job_id)

    async def _park(self, head: Versioned[Head], found: Versioned[JobRow], job: JobRow, part: int | None) -> bool:
        parked = domain.parked(head.value, job, part)
        return await self._store.commit(head, parked, Change(jobs=((found, replace(job, state=JobState.QUEUED)),)))

    async def fail(self, job_id: JobId, attempt: int, failure: Failure, permanent: bool) -> timedelta | None:
        """An attempt failed: how long to wait before the next one, or None where there is none.

        Raises JOB_NOT_FOUND, JOB_FENCED.
        """

        async def record() -> timedelta | None:
            head, found = await self._load(job_id)
            job = found.value
            if (job.release, job.failed_attempt) == (job_id.release, attempt) and job.state in GIVEN_UP:
                return None
            _fence(job, job_id, attempt)
            await self._require_wanted(job_id, head.value, found)
            if job.failed_attempt == attempt:
                return domain.wait_after(job.failures)
            told = replace(found, value=replace(job, failed_attempt=attempt))
            return await self._failed(job_id, head, told, failure, permanent)

        wait = await settle(record, FINISH_ATTEMPTS)
        if wait is None:
            await self._settle(job_id)
        return wait

    async def give_up(self, job_id: JobId) -> None:
        """The bus gave the job up: its attempts were used up without a word, by workers that died of it."""

        async def record() -> bool:
            try:
                head, found = await self._load(job_id)
            except Fault:
                return False
            job = found.value
            # A job of a run that is not begun is looked after when that run begins.
            if job.state is not JobState.RELEASED or job.release != job_id.release or job.run > head.value.run:
                return False
            if is_wanted(head.value, job) and await self._has_its_turn(job_id.video_id, job):
                exhausted = replace(found, value=replace(job, failures=self._most_attempts))
                await self._failed(job_id, head, exhausted, domain.PROCESSING_FAILED, permanent=False)
                return True
            return await self._store.change_job(job_id.video_id, found, replace(job, state=JobState.CANCELLED))

        if await settle(record, FINISH_ATTEMPTS):
            await self._settle(job_id)

    async def _load(self, job_id: JobId) -> tuple[Versioned[Head], Versioned[JobRow]]:
        head = await self._store.head(job_id.video_id)
        found = await self._store.job(job_id.video_id, job_id.job)
        if head is None or found is None:
            raise no_such_job(str(job_id))
        return head, found

    async def _require_wanted(self, job_id: JobId, head: Head, found: Versioned[JobRow]) -> None:
        """Raises JOB_FENCED where nobody waits for the job any more, UNAVAILABLE as `is_wanted`."""
        if not is_wanted(head, found.value):
            await self._cancel(job_id, found)

    async def _cancel(self, job_id: JobId, found: Versioned[JobRow]) -> NoReturn:
        if await self._store.change_job(job_id.video_id, found, replace(found.value, state=JobState.CANCELLED)):
            await self._settle(job_id)
        raise fenced(job_id)

    async def _has_its_turn(self, video_id: str, job: JobRow) -> bool:
        """Whether the job that this one is a part of was given up for its parts; if it is done, its parts are too.

        Raises UNAVAILABLE where that is not settled yet: parts are queued first.
        """
        if not job.parent:
            return True
        parent = await self._store.job(video_id, job.parent)
        if parent is not None and parent.value.state in {JobState.QUEUED, JobState.RELEASED}:
            raise unavailable("The job is queued, but what it is a part of is not given up yet. Try again shortly.")
        return parent is not None and parent.value.state is JobState.CANCELLED

    async def _work(self, head: Head, job: JobRow) -> tuple[str, Objects]:
        if job.kind is Kind.CAPTIONS:
            return captions.work(head, self._options.bounds), ()
        if job.kind not in {Kind.VERIFY, Kind.STORYBOARD, Kind.DOWNLOAD}:
            return job.spec, ()
        rows = [row async for row in self._store.jobs(head.video_id)]
        if job.kind is Kind.DOWNLOAD:
            tracks = [await asyncio.to_thread(gather, track, rows) for track in downloads.read(head, job)]
            return downloads.work(head, job, tracks, self._options.bounds)
        gathered = await asyncio.to_thread(gather, head.track(job.tracks[0]), rows)
        if job.kind is Kind.STORYBOARD:
            return storyboards.work(gathered, self._options.bounds)
        return job.spec, gathered.objects

    async def _made(self, before: Versioned[Head], job: JobRow, made: Made) -> outcomes.Outcome:
        head, result = before.value, outcomes.read(job, made.result)
        if isinstance(result, media.Probed):
            return await self._planned(before, result)
        if isinstance(result, media.Verified):
            recorded = {track.name: track for track in await self._store.tracks(head.video_id)}
            return outcomes.read_back(head, job, result, recorded.get(job.tracks[0]))
        return outcomes.made(head, job, result, made, datetime.now(UTC))

    async def _planned(self, before: Versioned[Head], result: media.Probed) -> outcomes.Outcome:
        head = before.value
        if not head.passes or not head.rungs:
            pace = outcomes.pace(head, self._speeds.pixels_a_second, datetime.now(UTC))
            rungs = plan.rungs_of(result, self._options)
            decided = replace(head, rungs=rungs, passes=plan.passes_of(result.info, rungs, pace))
            await self._store.commit(before, decided)
            # Read anew: what is planned rests on what is written, whoever wrote it.
            raise LostRace
        # In a thread: twelve hours are thousands of jobs.
        planned = await asyncio.to_thread(plan.plan, result.info, self._options, head.run, head.rungs, head.passes)
        # Queued before the head says so: a crash in between repeats the probe's end, which plans the same.
        await self._store.add_jobs(head.video_id, planned.jobs)
        if head.complete or head.arrival is None:
            await self._queue.add(replace(head, info=result.info), planned.jobs)
        else:
            sizes = head.arrival.sizes()
            lines = await asyncio.to_thread(plan.waiting, planned, result.info, sizes)
            await self._store.keep_lines(head.video_id, lines)
        return outcomes.probed(head, result, planned)

    async def _failed(
        self, job_id: JobId, head: Versioned[Head], found: Versioned[JobRow], failure: Failure, permanent: bool
    ) -> timedelta | None:
        counted = replace(found.value, failures=found.value.failures + 1, failure=failure)
        decision = domain.after_failure(counted, permanent, self._most_attempts)
        if counted.kind is Kind.PROBE and not head.value.complete and not isinstance(decision, domain.TryAgain):
            # Whatever is wrong with the file is said of the whole file.
            if not await self._park(head, found, replace(counted, failures=0), None):
                raise LostRace
            return None
        if isinstance(decision, domain.TryAgain):
            if not await self._store.change_job(job_id.video_id, found, counted):
                raise LostRace
            return decision.after
        if isinstance(decision, domain.Split):
            await self._store.add_jobs(job_id.video_id, decision.jobs)
            await self._queue.add(head.value, decision.jobs)
            after, told = head.value, ()
            ended = replace(counted, state=JobState.CANCELLED)
        else:
            after, told = outcomes.given_up(head.value, counted, permanent, datetime.now(UTC))
            ended = replace(counted, state=JobState.FAILED)
        if not await self._store.commit(head, after, Change(jobs=((found, ended),), events=told)):
            raise LostRace
        return None

    async def _settle(self, job_id: JobId) -> None:
        await self._queue.settle(job_id.video_id, job_id.job)
        await self._store.forget_report(job_id.video_id, job_id.job)


def _fence(job: JobRow, job_id: JobId, attempt: int) -> None:
    """Raises JOB_FENCED unless this is the newest attempt of the newest release of a job that is out."""
    if job.state is not JobState.RELEASED or job.release != job_id.release or job.attempt > attempt:
        raise fenced(job_id)


def fenced(job_id: JobId) -> Fault:
    """ABORTED: the work is not wanted any more."""
    return aborted(
        ErrorReason.ERROR_REASON_JOB_FENCED,
        "The job is done, given up, or in other hands: drop the work.",
        job_id=str(job_id),
    )
