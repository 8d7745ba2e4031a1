"""What those who run an installation see of its work, and how they have it done again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import grpc.aio
import pytest

from mesh.bus import JobQueue
from mesh.bus.dispatch import AHEAD
from mesh.ids import uuid7
from mesh.testing.serving import Metadata
from svc_transcode.processing.dispatching import LEAST_SLOTS
from tests.contract.answers import refusal
from vidmesh.social.v1.account_pb2 import ROLE_ADMINISTRATOR
from vidmesh.transcode.v1 import job_service_pb2 as pb
from vidmesh.transcode.v1.job_pb2 import JOB_URGENCY_UPLOAD, DeadJob, RunningJob
from vidmesh.transcode.v1.job_service_pb2_grpc import JobServiceStub
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob
from vidmesh.transcode.v1.transcode_pb2 import JOB_KIND_UNSPECIFIED, JOB_KIND_VIDEO
from vidmesh.transcode.v1.transcode_service_pb2 import StartJobResponse
from vidmesh.upload.v1.upload_events_pb2 import VideoPurged
from vidmesh.upload.v1.video_pb2 import PROCESSING_STATE_FAILED, PROCESSING_STATE_PROCESSED

from .plausible import source
from .service_rig import Answer, Served, eventually

if TYPE_CHECKING:
    from vidmesh.transcode.v1.job_service_pb2_grpc import JobServiceAsyncStub


class Operator:
    """An administrator of the installation."""

    def __init__(self, served: Served) -> None:
        self.jobs: JobServiceAsyncStub = JobServiceStub(served.mesh.outside("svc_transcode"))
        self.me: Metadata = served.mesh.signed_in(uuid7(), role=ROLE_ADMINISTRATOR)

    async def running(self, page_size: int) -> list[RunningJob]:
        found, request = list[RunningJob](), pb.ListRunningJobsRequest(page_size=page_size)
        while True:
            page = await self.jobs.ListRunningJobs(request, metadata=self.me)
            found += page.jobs
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    async def dead(self, video_id: str) -> list[DeadJob]:
        """The letters about a video: the bus, and what other tests left on it, is shared."""
        found, request = list[DeadJob](), pb.ListDeadJobsRequest(page_size=2)
        while True:
            page = await self.jobs.ListDeadJobs(request, metadata=self.me)
            found += (one for one in page.dead_jobs if one.video_id == video_id)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token


@pytest.fixture
def operator(served: Served) -> Operator:
    return Operator(served)


def dies_of_pictures(job: str, begun: StartJobResponse) -> Answer | str:
    """Workers die of every chunk."""
    return None if begun.kind == JOB_KIND_VIDEO else "as usual"


async def test_what_waits_and_what_is_out_is_listed_page_by_page(served: Served, operator: Operator) -> None:
    info, channels = source(64), [uuid7(), uuid7()]
    videos = [await served.upload(channel_id=channel) for channel in channels]
    for video_id in videos:
        await served.do(f"{video_id}~p-r1~1", info)

    async def both_wait() -> bool:
        found = await operator.jobs.ListJobQueue(pb.ListJobQueueRequest(), metadata=operator.me)
        return {line.channel_id for line in found.lines} == set(channels)

    await eventually(both_wait)
    token, lines = "", list[tuple[int, str, int]]()
    while True:
        request = pb.ListJobQueueRequest(page_size=1, page_token=token)
        page = await operator.jobs.ListJobQueue(request, metadata=operator.me)
        waiting = [line for line in page.lines if line.waiting]
        lines += [(line.place, line.channel_id, line.waiting) for line in waiting]
        assert all(line.urgency == JOB_URGENCY_UPLOAD and line.oldest_time.seconds > 0 for line in waiting)
        token = page.next_page_token
        if not token:
            break
    assert lines == sorted(lines, key=lambda line: line[:2])
    assert {channel for _, channel, _ in lines} == set(channels)

    async def as_many_as_there_is_room_for() -> list[RunningJob]:
        found = await operator.running(page_size=1)
        return found if len(found) == AHEAD * LEAST_SLOTS else []

    out = await eventually(as_many_as_there_is_room_for)
    assert {job.video_id for job in out} <= set(videos)
    assert not any(job.worker or job.attempt for job in out)
    await served.start(out[0].job_id)
    begun = [job for job in await operator.running(page_size=1) if job.worker]
    assert [(job.job_id, job.worker, job.attempt) for job in begun] == [(out[0].job_id, "by hand", 1)]

    told = await operator.jobs.GetJobStatistics(pb.GetJobStatisticsRequest(), metadata=operator.me)
    statistics = told.statistics
    assert (statistics.running, statistics.workers, statistics.finished) == (len(out), 1, 2)
    assert statistics.rate == pytest.approx(0.2)
    assert (statistics.failed_attempts, statistics.given_up) == (0, 0)


async def test_what_was_given_up_is_read_and_done_again_once_the_video_has_ended(
    served: Served, operator: Operator
) -> None:
    info = source(6)
    async with served.working(info, dies_of_pictures):
        video_id = await served.upload()
        assert (await served.ended(video_id)).state == PROCESSING_STATE_FAILED
        letters = await eventually(lambda: operator.dead(video_id))
    letter = next(one for one in letters if one.kind == JOB_KIND_VIDEO)
    assert (letter.video_id, letter.job_id.split("~")[0], letter.dead_time.seconds > 0) == (video_id, video_id, True)
    assert letter.qualities
    found = await operator.jobs.GetDeadJob(pb.GetDeadJobRequest(dead_job_id=letter.dead_job_id), metadata=operator.me)
    assert found.dead_job == letter

    retry = pb.RetryDeadJobRequest(dead_job_id=letter.dead_job_id)
    await operator.jobs.RetryDeadJob(retry, metadata=operator.me)
    assert letter not in await operator.dead(video_id)
    refused = await refusal(operator.jobs.RetryDeadJob(retry, metadata=operator.me))
    assert refused.reason_name == "JOB_NOT_FOUND"
    async with served.working(info):
        await eventually(processed(served, video_id))
    for other in await operator.dead(video_id):
        # Whatever else was given up is mended too.
        retry = pb.RetryDeadJobRequest(dead_job_id=other.dead_job_id)
        answer = await operator.jobs.RetryDeadJob(retry, metadata=operator.me)
        assert answer.processing.state == PROCESSING_STATE_PROCESSED
    assert await operator.dead(video_id) == []
    told = await operator.jobs.GetJobStatistics(pb.GetJobStatisticsRequest(), metadata=operator.me)
    assert told.statistics.given_up > 0


async def test_a_letter_stays_while_its_video_goes_on_and_goes_with_a_video_that_is_gone(
    served: Served, operator: Operator
) -> None:
    video_id = await served.upload()
    await served.start(f"{video_id}~p-r1~1")
    job_id = f"{video_id}~some-r1~1"
    queue = JobQueue(served.bus, TranscodeJob, max_attempts=2)
    await queue.bury(TranscodeJob(job_id=job_id, video_id=video_id), job_id, 2, "nobody spoke of it")
    (letter,) = await eventually(lambda: operator.dead(video_id))
    assert (letter.job_id, letter.reason, letter.kind) == (job_id, "nobody spoke of it", JOB_KIND_UNSPECIFIED)
    retry = pb.RetryDeadJobRequest(dead_job_id=letter.dead_job_id)
    refused = await refusal(operator.jobs.RetryDeadJob(retry, metadata=operator.me))
    assert refused.reason_name == "NOTHING_TO_RETRY"
    assert await operator.dead(video_id) == [letter]
    await served.bus.publish(VideoPurged(video_id=video_id, channel_id=uuid7()), uuid7())
    await eventually(gone(served, video_id))
    answer = await operator.jobs.RetryDeadJob(retry, metadata=operator.me)
    assert not answer.HasField("processing")
    assert await operator.dead(video_id) == []


async def test_only_administrators_are_told(served: Served, operator: Operator) -> None:
    call = operator.jobs.ListRunningJobs(pb.ListRunningJobsRequest(), metadata=served.me)
    assert (await refusal(call)).reason_name == "PERMISSION_DENIED"


def processed(served: Served, video_id: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return (await served.processing(video_id)).state == PROCESSING_STATE_PROCESSED

    return look


def gone(served: Served, video_id: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        try:
            await served.processing(video_id)
        except grpc.aio.AioRpcError as error:
            return error.code() is grpc.StatusCode.NOT_FOUND
        return False

    return look
