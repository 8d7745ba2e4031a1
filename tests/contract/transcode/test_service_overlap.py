"""Processing of a file that is still being uploaded: ten bytes a part, a part a second.

Invariants: no job is handed out before its parts are there; nothing is published before the upload is complete; an
upload that is given up leaves nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from mesh.testing.servers import NatsServer, WeedServer
from svc_transcode.media.info import SourceInfo
from svc_transcode.processing import tables
from tests.contract.answers import refusal
from vidmesh.transcode.v1.transcode_events_pb2 import ProcessingFinished, RenditionPublished
from vidmesh.transcode.v1.transcode_pb2 import RENDITION_STATE_ENCODING
from vidmesh.transcode.v1.transcode_service_pb2 import (
    FinishJobRequest,
    GetPresentationRequest,
    GetProcessingRequest,
    MissingPart,
    ReportJobRequest,
    StartJobRequest,
)
from vidmesh.upload.v1.upload_events_pb2 import PartsConfirmed
from vidmesh.upload.v1.video_pb2 import PROCESSING_STATE_PROCESSED, PROCESSING_STATE_UPLOADING

from .plausible import source
from .service_rig import Served, eventually, serving

SECONDS = 40


def arriving() -> SourceInfo:
    """A source whose every second is a part, sound and all."""
    info = source(SECONDS, height=360)
    return replace(info, audio=(replace(info.audio[0], length=Fraction(SECONDS), index=info.index),))


async def began(served: Served, name: str) -> None:
    async def look() -> bool:
        return any(job.startswith(name) for job in served.done)

    await eventually(look, 30)


def chunks(served: Served) -> list[str]:
    return sorted(job[:8] for job in served.done if job.startswith("v"))


async def test_jobs_are_done_as_their_parts_arrive_and_published_once_the_upload_is_complete(served: Served) -> None:
    video_id = await served.begin(SECONDS)
    published = await served.heard(RenditionPublished, video_id)
    finished = await served.heard(ProcessingFinished, video_id)
    async with served.working(arriving()):
        await served.arrive(video_id, *range(1, 10))
        await began(served, "v0-00000")
        assert chunks(served) == ["v0-00000"], "the others need more"
        await served.arrive(video_id, *range(10, 39))
        await began(served, "a-00000")

        async def more_than_half() -> bool:
            return (await served.processing(video_id)).renditions[0].progress > 0.5

        await eventually(more_than_half)
        now = await served.processing(video_id)
        assert (now.state, now.manifest_generation) == (PROCESSING_STATE_UPLOADING, 0)
        assert now.renditions[0].state == RENDITION_STATE_ENCODING
        assert now.renditions[0].progress < 1
        await served.arrive(video_id, 39, 40)

        async def all_chunks() -> bool:
            return (await served.processing(video_id)).renditions[0].progress == 1

        await eventually(all_chunks)
        await asyncio.sleep(0.5)
        now = await served.processing(video_id)
        assert (now.state, now.renditions[0].progress) == (PROCESSING_STATE_UPLOADING, 1.0)
        assert not published
        assert not any(path.startswith("m/") for path in await served.stored(video_id))

        await served.complete(video_id)
        ended = await served.ended(video_id)

        async def told() -> bool:
            return bool(published and finished)

        await eventually(told)
    assert ended.state == PROCESSING_STATE_PROCESSED
    assert [event.quality for event in published] == ["360p"]
    assert len(finished) == 1
    names = [job.partition("#")[0] for job in served.done]
    assert sorted(names) == sorted(set(names)), "every job was done once"


async def test_what_arrives_is_asked_for_once_and_also_where_no_wake_is_heard(served: Served) -> None:
    video_id = await served.begin(SECONDS)
    async with served.working(arriving()):
        await served.arrive(video_id, *range(1, 10))
        await began(served, "v0-00000")
        await served.arrive(video_id, *range(10, 26), wake=False)
        await began(served, "v0-00002")
    assert served.library.asked[-1] >= 10, "what is known is not asked for again"


async def test_a_job_that_finds_a_part_missing_waits_for_it_without_counting_as_failed(served: Served) -> None:
    video_id = await served.begin(SECONDS)
    await served.arrive(video_id, 1)
    for release, missing in ((1, 5), (2, 7), (3, 9)):
        await served.arrive(video_id, 20 + release)
        job_id = f"{video_id}~p-r1~{release}"
        await served.start(job_id)
        request = FinishJobRequest(job_id=job_id, attempt=1, missing_part=MissingPart(number=missing))
        answer = await served.service.FinishJob(request, metadata=served.worker)
        assert (answer.HasField("retry_after"), answer.given_up) == (False, False)
        await asyncio.sleep(0.5)
        late = ReportJobRequest(job_id=job_id, attempt=1)
        refused = await refusal(served.service.ReportJob(late, metadata=served.worker))
        assert refused.reason_name == "JOB_FENCED", "it is in nobody's hands"
        await served.arrive(video_id, 30 + release)
        await asyncio.sleep(0.5)
        early = StartJobRequest(job_id=f"{video_id}~p-r1~{release + 1}", attempt=1)
        refused = await refusal(served.service.StartJob(early, metadata=served.worker))
        assert refused.reason_name == "JOB_FENCED", "another part is not what it waits for"
        await served.arrive(video_id, missing)
    async with served.working(arriving()):
        await served.arrive(video_id, *range(1, SECONDS + 1))
        await began(served, "v0-00000")
        await served.complete(video_id)
        assert (await served.ended(video_id)).state == PROCESSING_STATE_PROCESSED


async def test_a_file_without_an_index_waits_for_its_last_byte(served: Served) -> None:
    video_id = await served.begin(SECONDS)
    async with served.working(source(SECONDS, height=360).bare()):
        await served.arrive(video_id, *range(1, SECONDS + 1))
        await began(served, "p-r1")
        await asyncio.sleep(0.7)
        assert chunks(served) == []
        await served.complete(video_id)
        assert (await served.ended(video_id)).state == PROCESSING_STATE_PROCESSED


async def test_an_upload_that_is_given_up_cancels_its_jobs_and_leaves_no_row_and_no_object(served: Served) -> None:
    video_id = await served.begin(SECONDS)
    await served.arrive(video_id, *range(1, 20))
    await served.do(f"{video_id}~p-r1~1", arriving())
    begun = await served.start(f"{video_id}~v0-00000-r1~1")
    bucket = served.mesh.settings.objects.media_bucket
    await served.objects.put(bucket, f"v/{video_id}/{begun.output_path}/360p/init.mp4", b"x")
    await served.abort(video_id)

    async def gone() -> bool:
        page = await served.tables.below.scan(tables.PROCESSING, {"video_id": video_id}, limit=10)
        return not page.rows and not await served.stored(video_id)

    await eventually(gone)
    late = ReportJobRequest(job_id=f"{video_id}~v0-00000-r1~1", attempt=1)
    assert (await refusal(served.service.ReportJob(late, metadata=served.worker))).reason_name == "JOB_NOT_FOUND"
    shown = GetPresentationRequest(video_id=video_id)
    refused = await refusal(served.service.GetPresentation(shown, metadata=served.mesh.as_service("svc_playback")))
    assert refused.reason_name == "VIDEO_NOT_FOUND"
    await served.bus.publish(PartsConfirmed(video_id=video_id, upload_id="late"))
    await asyncio.sleep(0.5)
    assert await gone(), "a late wake begins nothing"


async def test_an_upload_that_went_without_a_word_is_forgotten_when_it_is_looked_at(served: Served) -> None:
    video_id = await served.begin(SECONDS)
    await served.arrive(video_id, 1)
    await served.start(f"{video_id}~p-r1~1")
    del served.library.uploads[video_id]

    async def gone() -> bool:
        page = await served.tables.below.scan(tables.PROCESSING, {"video_id": video_id}, limit=10)
        return not page.rows

    await eventually(gone)


async def test_a_restart_in_the_midst_goes_on_where_it_was(tmp_path: Path, nats: NatsServer, weed: WeedServer) -> None:
    async with serving(tmp_path, nats, weed, "0198c0de-0000-7000-8000-000000000001") as served:
        video_id = await served.begin(SECONDS)
        uploads = served.library.uploads
        async with served.working(arriving()):
            await served.arrive(video_id, *range(1, 10))
            await began(served, "v0-00000")

            async def made() -> bool:
                return (await served.processing(video_id)).renditions[0].progress > 0.1

            await eventually(made)
    async with serving(tmp_path, nats, weed, served.owner) as again:
        again.library.uploads.update(uploads)
        async with again.working(arriving()):
            await again.arrive(video_id, *range(10, 26), wake=False)
            await began(again, "v0-00002")
            await again.arrive(video_id, *range(26, SECONDS + 1))
            await again.complete(video_id)
            assert (await again.ended(video_id)).state == PROCESSING_STATE_PROCESSED
    assert not {job.partition("#")[0] for job in served.done} & {
        job.partition("#")[0] for job in again.done if job.startswith("v")
    }


async def test_without_overlap_nothing_begins_before_the_last_byte(
    tmp_path: Path, nats: NatsServer, weed: WeedServer
) -> None:
    without = {"transcode": {"overlap": False}}
    async with serving(tmp_path, nats, weed, "0198c0de-0000-7000-8000-000000000002", without) as served:
        video_id = await served.begin(SECONDS)
        async with served.working(arriving()):
            await served.arrive(video_id, *range(1, SECONDS + 1))
            await asyncio.sleep(1)
            request = GetProcessingRequest(video_id=video_id)
            assert (await refusal(served.service.GetProcessing(request, metadata=served.me))).code.name == "NOT_FOUND"
            await served.complete(video_id)
            assert (await served.ended(video_id)).state == PROCESSING_STATE_PROCESSED
