"""From a complete upload to a processed video, with workers that succeed."""

from __future__ import annotations

import asyncio

from tests.contract.answers import refusal
from vidmesh.transcode.v1.transcode_events_pb2 import (
    ProcessingFinished,
    RenditionPublished,
    SourceProbed,
    StillsMade,
)
from vidmesh.transcode.v1.transcode_pb2 import FAILURE_REASON_UNSPECIFIED, RENDITION_STATE_PUBLISHED
from vidmesh.transcode.v1.transcode_service_pb2 import (
    ExportVideoFilesRequest,
    GetPresentationRequest,
    ListVideoFilesRequest,
    WatchProcessingRequest,
)
from vidmesh.upload.v1.video_pb2 import PROCESSING_STATE_PROCESSED

from .plausible import source
from .service_rig import Served, eventually


async def test_a_long_video_is_published_smallest_first_then_verified_then_processed(served: Served) -> None:
    info = source(64, height=1080)
    async with served.working(info):
        video_id = await served.upload()
        published = await served.heard(RenditionPublished, video_id)
        finished = await served.heard(ProcessingFinished, video_id)
        probed, stills = await served.heard(SourceProbed, video_id), await served.heard(StillsMade, video_id)
        ended = await served.ended(video_id)

        async def all_told() -> bool:
            return len(finished) == 1 and len(published) == 3 and bool(probed) and bool(stills)

        await eventually(all_told)
    assert ended.state == PROCESSING_STATE_PROCESSED
    assert (ended.progress, ended.failure_message) == (1.0, "")
    assert [(r.quality, r.state) for r in ended.renditions] == [
        (name, RENDITION_STATE_PUBLISHED) for name in ("360p", "720p", "1080p", "audio")
    ]
    assert ended.duration.seconds == 64
    assert ended.playable_time.ToDatetime() <= ended.end_time.ToDatetime()
    told = sorted(published, key=lambda event: event.manifest_generation)
    assert next((event.quality, event.manifest_generation) for event in told) == ("360p", 1)
    assert {event.quality for event in published} == {"360p", "720p", "1080p"}
    assert (finished[0].failure_reason, finished[0].run) == (FAILURE_REASON_UNSPECIFIED, 1)
    assert stills[0].path.startswith("t/")
    names = [job.partition("#")[0] for job in served.done]
    assert sorted(set(names)) == sorted(names), "every job was done once"
    assert names[0] == "p-r1"
    assert max(n for n, name in enumerate(names) if name.startswith("v0-")) < max(
        n for n, name in enumerate(names) if name.startswith("v1-")
    )


async def test_what_is_published_can_be_listed_presented_and_exported(served: Served) -> None:
    info = source(20, audio=2)
    async with served.working(info):
        video_id = await served.upload()
        await served.ended(video_id)
    shown = await served.service.GetPresentation(
        GetPresentationRequest(video_id=video_id), metadata=served.mesh.as_service("svc_playback")
    )
    assert [file.quality for file in shown.files] == ["360p", "720p", "audio", "audio-1"]
    assert {shown.hls_path.rpartition("/")[2], shown.dash_path.rpartition("/")[2]} == {"master.m3u8", "manifest.mpd"}
    assert not any(file.url for file in shown.files)
    assert len(shown.stills) == 4
    stored = await served.stored(video_id)
    assert {shown.hls_path, shown.dash_path} <= set(stored)
    bucket = served.mesh.settings.objects.media_bucket
    master = (await served.objects.get(bucket, f"v/{video_id}/{shown.hls_path}")).decode()
    assert "RESOLUTION=640x360" in master
    assert "RESOLUTION=1280x720" in master

    request = ListVideoFilesRequest(video_id=video_id)
    files = (await served.service.ListVideoFiles(request, metadata=served.me)).files
    for file in files:
        assert file.url.startswith("/media/~")
        assert file.url.rpartition(f"/v/{video_id}/")[2] in stored
        assert len(file.checksum) == 64
        assert file.bitrate > 0
    picture = files[0]
    assert (picture.width, picture.height, picture.frame_rate) == (640, 360, "25/1")
    assert picture.size_bytes == sum(1000 + n for n in range(10)) + 1000

    exported = served.service.ExportVideoFiles(
        ExportVideoFilesRequest(), metadata=served.mesh.as_service("svc_discovery")
    )
    assert {answer.file.file_id async for answer in exported} == {file.file_id for file in files}


async def test_a_silent_film_is_processed_like_any_other(served: Served) -> None:
    async with served.working(source(6, audio=0)):
        ended = await served.ended(await served.upload())
    assert ended.state == PROCESSING_STATE_PROCESSED
    assert [r.quality for r in ended.renditions] == ["360p", "720p"]


async def test_an_upload_that_is_announced_twice_is_processed_once(served: Served) -> None:
    async with served.working(source(6)):
        video_id = await served.upload()
        await served.upload(video_id)
        finished = await served.heard(ProcessingFinished, video_id)
        await served.ended(video_id)
        await served.upload(video_id)
        await asyncio.sleep(0.3)
    assert [event.run for event in finished] == [1]
    assert served.done.count("p-r1#1") == 1


async def test_watching_shows_every_state_until_the_end_and_resumes_where_it_was(served: Served) -> None:
    info = source(40)
    video_id = await served.upload()
    await served.do(f"{video_id}~p-r1~1", info)
    watch = served.service.WatchProcessing(WatchProcessingRequest(video_id=video_id), metadata=served.me)
    first = await anext(aiter(watch))
    watch.cancel()

    resumed = served.service.WatchProcessing(
        WatchProcessingRequest(video_id=video_id, cursor=first.cursor), metadata=served.me
    )
    async with served.working(info):
        seen = [answer async for answer in resumed]
    sequences = [answer.processing.sequence for answer in seen]
    assert sequences[0] >= first.processing.sequence
    assert sequences == sorted(sequences)
    assert seen[-1].processing.state == PROCESSING_STATE_PROCESSED
    shares = [answer.processing.progress for answer in seen]
    assert shares == sorted(shares)

    again = served.service.WatchProcessing(
        WatchProcessingRequest(video_id=video_id, cursor=seen[-1].cursor), metadata=served.me
    )
    assert [answer.processing.state async for answer in again] == [PROCESSING_STATE_PROCESSED]


async def test_a_cursor_of_another_video_is_refused(served: Served) -> None:
    async with served.working(source(4)):
        one, other = await served.upload(), await served.upload()
        await served.ended(one)
        await served.ended(other)
    stream = served.service.WatchProcessing(WatchProcessingRequest(video_id=one), metadata=served.me)
    cursor = [answer.cursor async for answer in stream][-1]
    for wrong in (cursor, "nonsense"):
        stream = served.service.WatchProcessing(
            WatchProcessingRequest(video_id=other, cursor=wrong), metadata=served.me
        )
        assert (await refusal(anext(aiter(stream)))).reason_name == "INVALID_CURSOR"
