"""Workers say what they can do, and no job reaches one that cannot do it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import grpc.aio
import pytest

from mesh.ids import uuid7
from mesh.process import CannotStart
from mesh.testing.servers import NatsServer, WeedServer
from svc_transcode.processing.needs import LARGE_BYTES
from tests.contract.answers import refusal
from vidmesh.social.v1.account_pb2 import ROLE_ADMINISTRATOR
from vidmesh.transcode.v1 import job_service_pb2 as pb
from vidmesh.transcode.v1.job_service_pb2_grpc import JobServiceStub
from vidmesh.transcode.v1.transcode_service_pb2 import AnnounceWorkerRequest
from vidmesh.upload.v1.video_pb2 import PROCESSING_STATE_PROCESSED

from .plausible import source
from .service_rig import Served, eventually, serving

if TYPE_CHECKING:
    from vidmesh.transcode.v1.job_pb2 import JobQueueLine, JobStatistics
    from vidmesh.transcode.v1.job_service_pb2_grpc import JobServiceAsyncStub

PLAIN, AV1 = ("libx264",), ("libx264", "libsvtav1")


@pytest.fixture
async def served(tmp_path: Path, nats: NatsServer, weed: WeedServer) -> AsyncGenerator[Served]:
    async with serving(tmp_path, nats, weed, uuid7(), {"transcode": {"profile": "av1"}}) as one:
        yield one


async def _queue(served: Served) -> list[JobQueueLine]:
    jobs: JobServiceAsyncStub = JobServiceStub(served.mesh.outside("svc_transcode"))
    me = served.mesh.signed_in(uuid7(), role=ROLE_ADMINISTRATOR)
    return list((await jobs.ListJobQueue(pb.ListJobQueueRequest(page_size=100), metadata=me)).lines)


async def _statistics(served: Served) -> JobStatistics:
    jobs: JobServiceAsyncStub = JobServiceStub(served.mesh.outside("svc_transcode"))
    me = served.mesh.signed_in(uuid7(), role=ROLE_ADMINISTRATOR)
    return (await jobs.GetJobStatistics(pb.GetJobStatisticsRequest(), metadata=me)).statistics


async def test_workers_that_can_do_the_same_are_one_crew(served: Served) -> None:
    assert await served.announce("a", *PLAIN) == await served.announce("b", *PLAIN, memory=LARGE_BYTES - 1)
    crews = [await served.announce("c", *PLAIN, memory=LARGE_BYTES), await served.announce("d", *AV1)]
    assert len({*crews, await served.announce("a", *PLAIN)}) == 3


async def test_a_worker_without_what_every_worker_needs_is_refused(served: Served) -> None:
    assert (await refusal(served.announce("w", "libsvtav1"))).code is grpc.StatusCode.INVALID_ARGUMENT


async def test_nobody_but_a_service_says_what_workers_there_are(served: Served) -> None:
    request = AnnounceWorkerRequest(name="w", slots=1, encoders=PLAIN)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.service.AnnounceWorker(request, metadata=served.me)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_each_job_goes_to_those_who_can_do_it_and_what_nobody_can_do_is_shown(served: Served) -> None:
    video_id = await served.upload()
    async with served.present("small", *PLAIN) as plain, served.working(source(20), crew=plain):

        async def watchable_and_stuck() -> bool:
            lines, shown = await _queue(served), await served.presented(video_id)
            files = [file.quality for file in shown.files] if shown is not None else []
            return bool(lines) and all(line.unserved for line in lines) and files == ["360p", "720p", "audio"]

        await eventually(watchable_and_stuck)
        assert {tuple(line.needs) for line in await _queue(served)} == {("av1",)}
        assert list((await _statistics(served)).unserved_needs) == ["av1"]
        async with served.present("good", *AV1) as able, served.working(source(20), crew=able):
            assert (await served.ended(video_id)).state == PROCESSING_STATE_PROCESSED
            assert not (await _statistics(served)).unserved_needs
    av1 = {name for name in served.crews if name.startswith("v") and served.crews[name] == able}
    assert av1, "the others may have been done by either"
    shown = await served.presented(video_id)
    assert shown is not None
    assert [file.quality for file in shown.files] == ["360p", "720p", "360p-av1", "720p-av1", "audio"]


async def test_what_was_released_before_the_first_worker_said_anything_goes_to_it_at_once(
    tmp_path: Path, nats: NatsServer, weed: WeedServer
) -> None:
    async with serving(tmp_path, nats, weed, uuid7(), {"transcode": {"sweep_every": 3600}}) as served:
        video_id = await served.upload()

        async def released() -> bool:
            jobs: JobServiceAsyncStub = JobServiceStub(served.mesh.outside("svc_transcode"))
            me = served.mesh.signed_in(uuid7(), role=ROLE_ADMINISTRATOR)
            out = (await jobs.ListRunningJobs(pb.ListRunningJobsRequest(), metadata=me)).jobs
            return any(job.video_id == video_id for job in out)

        await eventually(released)
        async with served.present("first", *PLAIN) as crew, served.working(source(4), crew=crew):
            assert (await served.ended(video_id)).state == PROCESSING_STATE_PROCESSED


async def test_a_profile_that_is_not_there_keeps_the_service_from_starting(
    tmp_path: Path, nats: NatsServer, weed: WeedServer
) -> None:
    with pytest.raises(CannotStart, match=r"'best'.*classic, lean, av1"):
        async with serving(tmp_path, nats, weed, uuid7(), {"transcode": {"profile": "best"}}):
            pass
