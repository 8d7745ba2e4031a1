"""Who may see and steer processing, and what workers' calls are hidden behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mesh.ids import uuid7
from mesh.testing.serving import Metadata
from tests.contract.answers import refusal
from vidmesh.social.v1.account_pb2 import Role
from vidmesh.transcode.v1 import transcode_service_pb2 as pb

from .plausible import source
from .service_rig import Served, new_video_id

Ask = Callable[[Served, str, Metadata], Awaitable[Any]]

ASKS: dict[str, Ask] = {
    "GetProcessing": lambda s, v, m: s.service.GetProcessing(pb.GetProcessingRequest(video_id=v), metadata=m),
    "WatchProcessing": lambda s, v, m: anext(
        aiter(s.service.WatchProcessing(pb.WatchProcessingRequest(video_id=v), metadata=m))
    ),
    "ListVideoFiles": lambda s, v, m: s.service.ListVideoFiles(pb.ListVideoFilesRequest(video_id=v), metadata=m),
    "RetryProcessing": lambda s, v, m: s.service.RetryProcessing(pb.RetryProcessingRequest(video_id=v), metadata=m),
}


@pytest.mark.parametrize("name", ASKS)
async def test_processing_is_for_the_channels_people_and_administrators(served: Served, name: str) -> None:
    ask = ASKS[name]
    video_id = await served.upload()
    await served.start(f"{video_id}~p-r1~1")
    stranger = served.mesh.signed_in(uuid7())
    administrator = served.mesh.signed_in(uuid7(), role=Role.ROLE_ADMINISTRATOR)

    assert (await refusal(ask(served, video_id, ()))).code.name == "UNAUTHENTICATED"
    assert (await refusal(ask(served, video_id, stranger))).reason_name == "VIDEO_NOT_FOUND"
    served.viewers.public.add(video_id)
    assert (await refusal(ask(served, video_id, stranger))).code.name == "PERMISSION_DENIED"
    for allowed in (served.me, administrator):
        if name == "RetryProcessing":
            assert (await refusal(ask(served, video_id, allowed))).reason_name == "NOTHING_TO_RETRY"
        else:
            await ask(served, video_id, allowed)
    assert (await refusal(ask(served, new_video_id(), served.me))).reason_name == "VIDEO_NOT_FOUND"


async def test_workers_calls_are_for_services_alone(served: Served) -> None:
    video_id = await served.upload()
    job = f"{video_id}~p-r1~1"
    await served.start(job)
    administrator = served.mesh.signed_in(uuid7(), role=Role.ROLE_ADMINISTRATOR)
    service = served.service
    for metadata in ((), served.me, administrator):
        for call in (
            service.StartJob(pb.StartJobRequest(job_id=job, attempt=1), metadata=metadata),
            service.ReportJob(pb.ReportJobRequest(job_id=job, attempt=1), metadata=metadata),
            service.FinishJob(pb.FinishJobRequest(job_id=job, attempt=1, result="{}"), metadata=metadata),
            service.GetPresentation(pb.GetPresentationRequest(video_id=video_id), metadata=metadata),
        ):
            assert (await refusal(call)).code.name in {"PERMISSION_DENIED", "UNAUTHENTICATED"}


async def test_a_report_moves_the_progress_that_people_see(served: Served) -> None:
    info = source(4, audio=0)
    video_id = await served.upload()
    await served.do(f"{video_id}~p-r1~1", info)
    job = f"{video_id}~v0-00000-r1~1"
    await served.start(job)
    shares: list[float] = []
    for share in (0.25, 0.5):
        request = pb.ReportJobRequest(job_id=job, attempt=1, progress=share)
        await served.service.ReportJob(request, metadata=served.worker)
        shares.append((await served.processing(video_id)).progress)
    assert 0 < shares[0] < shares[1] < 1
