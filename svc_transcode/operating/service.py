"""JobService: RPC → domain."""

from __future__ import annotations

from typing import Any

from mesh.pagination import PageTokens
from svc_transcode.operating.counts import LATELY, End
from svc_transcode.operating.domain import Dead, Running, rate
from svc_transcode.operating.overview import Overview
from svc_transcode.processing.dispatching import KINDS
from svc_transcode.processing.following import Following
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.needs import words
from svc_transcode.processing.priorities import STEP, Urgency
from svc_transcode.processing.queue import Line
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.watching import Watching
from vidmesh.transcode.v1 import job_pb2
from vidmesh.transcode.v1 import job_service_pb2 as pb
from vidmesh.transcode.v1.job_service_pb2_grpc import JobServiceServicer

QUEUE, RUNNING, DEAD = "ListJobQueue", "ListRunningJobs", "ListDeadJobs"
DEFAULT, MOST = 20, 100

URGENCIES = {
    Urgency.LIVE: job_pb2.JOB_URGENCY_LIVE,
    Urgency.UPLOAD: job_pb2.JOB_URGENCY_UPLOAD,
    Urgency.AGAIN: job_pb2.JOB_URGENCY_AGAIN,
}


class JobServicer(JobServiceServicer):
    """The work of the installation, for administrators."""

    def __init__(
        self,
        overview: Overview,
        store: ProcessingStore,
        watching: Watching,
        following: Following,
        tokens: PageTokens,
    ) -> None:
        self._overview = overview
        self._store = store
        self._watching = watching
        self._following = following
        self._tokens = tokens

    async def GetJobStatistics(  # noqa: N802
        self, request: pb.GetJobStatisticsRequest, context: Any
    ) -> pb.GetJobStatisticsResponse:
        """See the contract."""
        del request, context
        found = await self._overview.statistics()
        return pb.GetJobStatisticsResponse(
            statistics=job_pb2.JobStatistics(
                running=found.running,
                workers=found.workers,
                finished=found.ended.get(End.FINISHED, 0),
                failed_attempts=found.ended.get(End.FAILED, 0),
                given_up=found.ended.get(End.GIVEN_UP, 0),
                reused=found.ended.get(End.REUSED, 0),
                rate=rate(found.ended, LATELY),
                unserved_needs=sorted({word for need in found.unserved for word in words(need)}),
            )
        )

    async def ListJobQueue(self, request: pb.ListJobQueueRequest, context: Any) -> pb.ListJobQueueResponse:  # noqa: N802
        """See the contract."""
        del context
        cursor = self._tokens.open(QUEUE, request, request.page_token)
        lines, cursor = await self._overview.waiting(self._tokens.page_size(request.page_size, DEFAULT, MOST), cursor)
        return pb.ListJobQueueResponse(
            lines=[_line(line, unserved) for line, unserved in lines],
            next_page_token=self._tokens.seal(QUEUE, request, cursor),
        )

    async def ListRunningJobs(self, request: pb.ListRunningJobsRequest, context: Any) -> pb.ListRunningJobsResponse:  # noqa: N802
        """See the contract."""
        del context
        cursor = self._tokens.open(RUNNING, request, request.page_token)
        jobs, cursor = await self._overview.running(self._tokens.page_size(request.page_size, DEFAULT, MOST), cursor)
        return pb.ListRunningJobsResponse(
            jobs=[_running(job) for job in jobs], next_page_token=self._tokens.seal(RUNNING, request, cursor)
        )

    async def ListDeadJobs(self, request: pb.ListDeadJobsRequest, context: Any) -> pb.ListDeadJobsResponse:  # noqa: N802
        """See the contract."""
        del context
        cursor = self._tokens.open(DEAD, request, request.page_token)
        most = self._tokens.page_size(request.page_size, DEFAULT, MOST)
        found, behind = await self._overview.dead(most, _number(cursor))
        token = self._tokens.seal(DEAD, request, None if behind is None else str(behind).encode())
        return pb.ListDeadJobsResponse(dead_jobs=[_dead(dead) for dead in found], next_page_token=token)

    async def GetDeadJob(self, request: pb.GetDeadJobRequest, context: Any) -> pb.GetDeadJobResponse:  # noqa: N802
        """See the contract."""
        del context
        return pb.GetDeadJobResponse(dead_job=_dead(await self._overview.dead_one(int(request.dead_job_id))))

    async def RetryDeadJob(self, request: pb.RetryDeadJobRequest, context: Any) -> pb.RetryDeadJobResponse:  # noqa: N802
        """See the contract."""
        del context
        video_id = await self._overview.retry(int(request.dead_job_id))
        self._following.due(video_id)
        head = await self._store.head(video_id)
        return pb.RetryDeadJobResponse(processing=None if head is None else await self._watching.now(head))


def _line(line: Line, unserved: bool) -> job_pb2.JobQueueLine:
    urgency, place = divmod(line.priority, STEP)
    found = job_pb2.JobQueueLine(
        urgency=URGENCIES[Urgency(urgency)],
        place=place,
        channel_id=line.channel_id,
        waiting=line.waiting,
        needs=words(line.need),
        unserved=unserved,
    )
    if line.oldest is not None:
        found.oldest_time.FromDatetime(line.oldest)
    return found


def _running(running: Running) -> job_pb2.RunningJob:
    out, job = running.out, running.job
    found = job_pb2.RunningJob(
        job_id=str(JobId(out.video_id, job.name, job.release)),
        video_id=out.video_id,
        kind=KINDS[job.kind],
        attempt=job.attempt,
        failures=job.failures,
        worker=out.worker,
    )
    found.release_time.FromDatetime(out.release_time)
    if out.worker:
        found.report_time.FromDatetime(out.report_time)
    return found


def _dead(dead: Dead) -> job_pb2.DeadJob:
    kept, job = dead.letter, dead.job
    found = job_pb2.DeadJob(
        dead_job_id=str(kept.number),
        job_id=kept.letter.message.job_id,
        video_id=kept.letter.message.video_id,
        kind=kept.letter.message.kind if job is None else KINDS[job.kind],
        qualities=() if job is None else job.tracks,
        attempts=kept.letter.attempts,
        reason=kept.letter.reason,
    )
    found.dead_time.FromDatetime(kept.time)
    return found


def _number(cursor: bytes | None) -> int:
    return 0 if cursor is None else int(cursor)
