"""The storyboard of a video, with workers that say what they are told to say."""

from __future__ import annotations

from fractions import Fraction

from svc_transcode.media import jobs as media
from svc_transcode.processing.tables import RELEASED
from tests.contract.answers import refusal
from vidmesh.transcode.v1.transcode_events_pb2 import StoryboardMade
from vidmesh.transcode.v1.transcode_pb2 import FAILURE_REASON_PROCESSING, JOB_KIND_STORYBOARD
from vidmesh.transcode.v1.transcode_service_pb2 import (
    GetPresentationRequest,
    JobFailure,
    RetryProcessingRequest,
    StartJobResponse,
)
from vidmesh.upload.v1.video_pb2 import PROCESSING_STATE_PROCESSED

from .plausible import source
from .service_rig import Answer, Served, eventually

BROKEN = JobFailure(reason=FAILURE_REASON_PROCESSING, message="Broken.", permanent=True)


def boards(served: Served) -> list[str]:
    """The storyboard jobs that were begun."""
    return [job for job in served.done if job.startswith("b-")]


async def nothing_is_out(served: Served) -> None:
    async def look() -> bool:
        return not (await served.tables.walk(RELEASED, limit=10)).rows

    await eventually(look)


async def presented(served: Served, video_id: str) -> str:
    request = GetPresentationRequest(video_id=video_id)
    shown = await served.service.GetPresentation(request, metadata=served.mesh.as_service("svc_playback"))
    return shown.storyboard_path


async def test_it_is_made_once_from_the_smallest_rendition_and_presented(served: Served) -> None:
    begun: list[StartJobResponse] = []

    def say(name: str, told: StartJobResponse) -> Answer | str:
        if name.startswith("b-"):
            begun.append(told)
        return "as usual"

    async with served.working(source(40), say):
        video_id = await served.upload()
        told = await served.heard(StoryboardMade, video_id)
        path = await served.storyboard(video_id)
        assert (await served.ended(video_id)).state == PROCESSING_STATE_PROCESSED

        async def is_told() -> bool:
            return bool(told)

        await eventually(is_told)
    assert boards(served) == ["b-360p-r1#1"]
    assert path == "b/b-360p-r1.1.1/storyboard.vtt"
    assert [event.path for event in told] == [path]
    (order,) = begun
    assert (order.kind, order.output_path) == (JOB_KIND_STORYBOARD, "b/b-360p-r1.1.1")
    assert [one.path.rpartition("/")[2] for one in order.objects][:3] == ["init.mp4", "00000.m4s", "00001.m4s"]
    job = media.from_json(media.JOB, order.spec)
    assert isinstance(job, media.StoryboardJob)
    assert job.starts == tuple(Fraction(2 * n) for n in range(20))
    refused = served.service.RetryProcessing(RetryProcessingRequest(video_id=video_id), metadata=served.me)
    assert (await refusal(refused)).reason_name == "NOTHING_TO_RETRY"


async def test_one_that_fails_leaves_the_video_alone_and_a_retry_makes_it_alone(served: Served) -> None:
    info = source(6)

    def say(name: str, _: StartJobResponse) -> Answer | str:
        return BROKEN if name.startswith("b-") else "as usual"

    async with served.working(info, say):
        video_id = await served.upload()
        assert (await served.ended(video_id)).state == PROCESSING_STATE_PROCESSED

        async def was_tried() -> bool:
            return bool(boards(served))

        await eventually(was_tried)
        await nothing_is_out(served)
    assert await presented(served, video_id) == ""
    before = len(served.done)
    async with served.working(info):
        await served.service.RetryProcessing(RetryProcessingRequest(video_id=video_id), metadata=served.me)
        path = await served.storyboard(video_id)
        assert (await served.ended(video_id)).state == PROCESSING_STATE_PROCESSED
    assert served.done[before:] == ["b-360p-r2#1"]
    assert path.startswith("b/b-360p-r2.")


async def test_an_attempt_that_dies_is_followed_by_another_whose_folder_counts(served: Served) -> None:
    died: list[str] = []

    def say(name: str, _: StartJobResponse) -> Answer | str:
        if name.startswith("b-") and not died:
            died.append(name)
            return None
        return "as usual"

    async with served.working(source(6), say):
        video_id = await served.upload()
        assert await served.storyboard(video_id) == "b/b-360p-r1.1.2/storyboard.vtt"
    assert boards(served) == ["b-360p-r1#1", "b-360p-r1#2"]


async def test_it_is_purged_with_its_video(served: Served) -> None:
    async with served.working(source(6)):
        video_id = await served.begin(6)
        await served.arrive(video_id, *range(1, 7))
        await served.complete(video_id)
        path = await served.storyboard(video_id)
        await served.ended(video_id)
        # The worker here stores nothing.
        await served.objects.put(served.mesh.settings.objects.media_bucket, f"v/{video_id}/{path}", b"WEBVTT")
        assert path in await served.stored(video_id)
        await served.abort(video_id)

        async def is_gone() -> bool:
            return not await served.stored(video_id)

        await eventually(is_gone)
