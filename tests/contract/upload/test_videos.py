"""The life of a video, by the contract."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import grpc
import grpc.aio
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tests.contract.answers import refusal
from vidmesh.transcode.v1.transcode_events_pb2 import (
    ProcessingFinished,
    RenditionPublished,
    SourceProbed,
    StillsMade,
)
from vidmesh.upload.v1.upload_events_pb2 import VideoAccessRevoked, VideoChanged
from vidmesh.upload.v1.video_pb2 import Chapter, ContentType, ProcessingState, Video, VideoStatus, Visibility
from vidmesh.upload.v1.video_service_pb2 import (
    DeleteVideoRequest,
    ExportVideosRequest,
    PublishVideoRequest,
    UndeleteVideoRequest,
    UpdateVideoRequest,
)

from .conftest import Serve, Served, eventually
from .videos import PRIVATE, PUBLIC, UNLISTED, check, delete, get, listed, playable, publish


async def test_processing_told_over_the_bus_shows_on_the_video(served: Served) -> None:
    begun = await served.complete(video=Video(title="A clip", visibility=PUBLIC))
    video_id = begun.video.video_id
    await served.parts.facts.subscribe(served.bus)
    probed = SourceProbed(video_id=video_id)
    probed.duration.FromNanoseconds(5_312_500_001)
    ready = RenditionPublished(video_id=video_id, quality="360p", manifest_generation=1)
    ready.playable_time.GetCurrentTime()
    stills = StillsMade(video_id=video_id, path="t/1-1/0.jpg", width=640, height=360)
    events = (probed, stills, ready, ProcessingFinished(video_id=video_id, run=1))
    for number, event in enumerate(events):
        for _ in range(2):
            await served.bus.publish(event, f"test:{video_id}:{number}")

    async def processed() -> bool:
        video = await get(served, video_id)
        return video.processing_state == ProcessingState.PROCESSING_STATE_PROCESSED and video.HasField("thumbnail")

    await eventually(processed)

    async def published() -> bool:
        return (await get(served, video_id)).status == VideoStatus.VIDEO_STATUS_PUBLISHED

    await eventually(published)
    video = await get(served, video_id, ())
    assert video.duration.ToNanoseconds() == 5_312_500_001
    assert video.publish_time == video.playable_time == ready.playable_time
    assert (video.thumbnail.width, video.thumbnail.height) == (640, 360)
    assert video.thumbnail.url.startswith("/media/~")
    assert video.thumbnail.url.endswith(f"/v/{video_id}/t/1-1/0.jpg")


async def test_an_edit_changes_the_etag_and_is_told(served: Served) -> None:
    video_id = await playable(served, PRIVATE)
    changed = await served.heard(VideoChanged, video_id)
    before = await get(served, video_id)
    request = UpdateVideoRequest(
        video=Video(
            video_id=video_id,
            title="Better",
            tags=["a", "b"],
            content_type=ContentType.CONTENT_TYPE_SHORT,
            etag=before.etag,
        )
    )
    after = (await served.videos.UpdateVideo(request, metadata=served.me)).video
    assert (after.title, list(after.tags), after.content_type) == ("Better", ["a", "b"], ContentType.CONTENT_TYPE_SHORT)
    assert after.etag != before.etag
    fault = await refusal(served.videos.UpdateVideo(request, metadata=served.me))
    assert fault.reason_name == "ETAG_MISMATCH"
    request.video.etag = ""
    again = (await served.videos.UpdateVideo(request, metadata=served.me)).video
    assert again == after
    events = await changed.messages(3)
    assert sorted(event.generation for event in events) == [1, 2, 3]
    assert {event.channel_id for event in events} == {served.channel_id}


async def test_edits_at_the_same_moment_are_all_kept(served: Served) -> None:
    video_id = await playable(served, PRIVATE)
    fields = {"title": "T", "description": "D", "tags": ["x"], "category": "Music"}
    await asyncio.gather(
        *(
            served.videos.UpdateVideo(
                UpdateVideoRequest(video=Video(video_id=video_id, **{name: value})),  # type: ignore[arg-type]
                metadata=served.me,
            )
            for name, value in fields.items()
        )
    )
    video = await get(served, video_id)
    assert (video.title, video.description, list(video.tags), video.category) == ("T", "D", ["x"], "Music")


async def test_only_the_channels_people_change_a_video(served: Served) -> None:
    public, private = await playable(served), await playable(served, PRIVATE)
    for who, reason in ((served.by(served.stranger), "VIDEO_NOT_FOUND"), (served.administrator, "PERMISSION_DENIED")):
        request = DeleteVideoRequest(video_id=private)
        assert (await refusal(served.videos.DeleteVideo(request, metadata=who))).reason_name == reason
    stranger = served.by(served.stranger)
    calls = (
        served.videos.UpdateVideo(UpdateVideoRequest(video=Video(video_id=public, title="x")), metadata=stranger),
        served.videos.PublishVideo(PublishVideoRequest(video_id=public, visibility=PRIVATE), metadata=stranger),
        served.videos.DeleteVideo(DeleteVideoRequest(video_id=public), metadata=stranger),
        served.videos.UndeleteVideo(UndeleteVideoRequest(video_id=public), metadata=stranger),
    )
    for call in calls:
        assert (await refusal(call)).reason_name == "PERMISSION_DENIED"
    for nowhere, reason in (("", "VIDEO_NOT_FOUND"), ("é" * 70_000, "INVALID_FIELD")):
        request = UpdateVideoRequest(video=Video(video_id=nowhere, title="x"))
        assert (await refusal(served.videos.UpdateVideo(request, metadata=served.me))).reason_name == reason


async def test_taking_sight_away_revokes_what_was_granted_before(served: Served) -> None:
    video_id = await playable(served)
    revoked = await served.heard(VideoAccessRevoked, video_id)
    assert (await check(served, video_id)).access_epoch == 1
    await publish(served, video_id, UNLISTED)
    assert (await check(served, video_id)).access_epoch == 1
    await publish(served, video_id, PRIVATE)
    assert (await check(served, video_id, served.owner)).access_epoch == 2
    await publish(served, video_id, PUBLIC)
    await delete(served, video_id)
    assert [event.access_epoch for event in await revoked.messages(2)] == [1, 2]
    undeleted = await served.videos.UndeleteVideo(UndeleteVideoRequest(video_id=video_id), metadata=served.me)
    assert undeleted.video.status == VideoStatus.VIDEO_STATUS_PUBLISHED
    assert (await check(served, video_id)).access_epoch == 3


async def test_a_scheduled_video_appears_at_its_time_and_that_is_told(served: Served) -> None:
    video_id = await playable(served, PRIVATE)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    scheduled = await publish(served, video_id, PUBLIC, soon)
    assert scheduled.status == VideoStatus.VIDEO_STATUS_PROCESSED
    assert (await refusal(get(served, video_id, ()))).reason_name == "VIDEO_NOT_FOUND"
    mine = await check(served, video_id, served.owner)
    assert mine.valid_until.ToDatetime(UTC) == soon
    changed = await served.heard(VideoChanged, video_id)
    await changed.messages(3)

    async def visible() -> bool:
        return video_id in await listed(served)

    await eventually(visible)
    await served.at(seconds=2)
    await served.at(seconds=3)
    assert (await changed.messages(4))[-1].generation == 4
    assert not (await check(served, video_id)).HasField("valid_until")


@pytest.mark.parametrize(("visibility", "hours"), [(PUBLIC, -1), (PRIVATE, 1), (UNLISTED, 1)])
async def test_a_publish_time_that_makes_no_sense_is_refused(
    served: Served, visibility: Visibility.ValueType, hours: int
) -> None:
    video_id = await playable(served, PRIVATE)
    at = datetime.now(UTC) + timedelta(hours=hours)
    assert (await refusal(publish(served, video_id, visibility, at))).reason_name == "INVALID_PUBLISH_TIME"


async def test_a_deleted_video_is_only_undeleted(served: Served) -> None:
    video_id = await playable(served)
    first = await delete(served, video_id)
    assert first.status == VideoStatus.VIDEO_STATUS_DELETED
    assert (await delete(served, video_id)).delete_time == first.delete_time
    request = UpdateVideoRequest(video=Video(video_id=video_id, title="x"))
    assert (await refusal(served.videos.UpdateVideo(request, metadata=served.me))).reason_name == "VIDEO_DELETED"
    assert (await refusal(publish(served, video_id, PRIVATE))).reason_name == "VIDEO_DELETED"
    for _ in range(2):
        undeleted = await served.videos.UndeleteVideo(UndeleteVideoRequest(video_id=video_id), metadata=served.me)
        assert not undeleted.video.HasField("delete_time")


async def test_an_undeleted_video_is_not_purged(serve: Serve) -> None:
    async with serve(upload={"purge_deleted_after": 60}) as served:
        kept, gone = await playable(served), await playable(served)
        for video_id in (kept, gone):
            await delete(served, video_id)
        await served.videos.UndeleteVideo(UndeleteVideoRequest(video_id=kept), metadata=served.me)
        await served.at(minutes=2)
        assert (await get(served, kept)).video_id == kept
        assert (await refusal(get(served, gone))).reason_name == "VIDEO_NOT_FOUND"


async def test_a_video_that_is_undeleted_at_the_moment_of_its_purge_stays_or_the_caller_is_told_otherwise(
    serve: Serve,
) -> None:
    async with serve(upload={"purge_deleted_after": 60}) as served:
        for delay in range(8):
            video_id = await playable(served)
            await delete(served, video_id)

            async def undelete(video_id: str = video_id, delay: int = delay) -> bool:
                await asyncio.sleep(delay / 500)
                try:
                    request = UndeleteVideoRequest(video_id=video_id)
                    await served.videos.UndeleteVideo(request, metadata=served.me)
                except grpc.aio.AioRpcError as error:
                    assert error.code() == grpc.StatusCode.NOT_FOUND  # noqa: PT017 (where it lost, it is this)
                    return False
                return True

            stays, _ = await asyncio.gather(undelete(), served.at(minutes=2))
            await served.at(minutes=3)
            if stays:
                assert (await get(served, video_id)).video_id == video_id
            else:
                assert (await refusal(get(served, video_id))).reason_name == "VIDEO_NOT_FOUND"


async def test_an_export_gives_every_video_and_resumes(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("svc_upload.videos.service.EXPORTED_AT_ONCE", 2)
    async with serve() as served:
        videos = {await playable(served, PRIVATE) for _ in range(5)}
        await delete(served, next(iter(videos)))
        answers = [
            answer async for answer in served.videos.ExportVideos(ExportVideosRequest(), metadata=served.service())
        ]
        assert sorted(answer.video.video_id for answer in answers) == sorted(videos)
        assert sum(answer.video.HasField("delete_time") for answer in answers) == 1
        for number, answer in enumerate(answers):
            request = ExportVideosRequest(cursor=answer.cursor)
            rest = {one.video.video_id async for one in served.videos.ExportVideos(request, metadata=served.service())}
            assert rest >= {one.video.video_id for one in answers[number + 1 :]}
        stream = served.videos.ExportVideos(ExportVideosRequest(cursor=b"nonsense"), metadata=served.service())
        assert (await refusal(anext(aiter(stream)))).reason_name == "INVALID_CURSOR"


@pytest.mark.parametrize("field", ["seconds", "nanos"])
async def test_a_publish_time_that_is_no_time_at_all_is_refused(served: Served, field: str) -> None:
    request = PublishVideoRequest(video_id=await playable(served, PRIVATE), visibility=PUBLIC)
    setattr(request.publish_time, field, -(2**31) if field == "nanos" else -(2**62))
    refused = await refusal(served.videos.PublishVideo(request, metadata=served.me))
    assert refused.reason_name == "INVALID_FIELD"


async def test_chapters_are_set_by_the_channels_people_and_told_to_who_stands_in_front(served: Served) -> None:
    video_id = await playable(served, description="0:00 Intro\n0:20 The walk\n1:00 The end")
    told = await check(served, video_id)
    assert [(one.start_time.seconds, one.title) for one in told.description_chapters] == [
        (0, "Intro"),
        (20, "The walk"),
        (60, "The end"),
    ]
    own = Video(video_id=video_id, chapters=[Chapter(title="One"), Chapter(title="Two")])
    own.chapters[0].start_time.FromSeconds(0)
    own.chapters[1].start_time.FromSeconds(5)
    updated = await served.videos.UpdateVideo(UpdateVideoRequest(video=own), metadata=served.me)
    assert updated.video.chapters == own.chapters
    told = await check(served, video_id)
    assert (told.video.chapters, list(told.description_chapters)) == (own.chapters, [])

    own.chapters[1].start_time.FromSeconds(0)
    refused = await refusal(served.videos.UpdateVideo(UpdateVideoRequest(video=own), metadata=served.me))
    assert (refused.code, refused.reason_name) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert [one.field for one in refused.violations] == ["video.chapters[1].start_time"]
    own.chapters[1].start_time.seconds = -1
    refused = await refusal(served.videos.UpdateVideo(UpdateVideoRequest(video=own), metadata=served.me))
    assert refused.reason_name == "INVALID_FIELD"

    away = UpdateVideoRequest(video=Video(video_id=video_id), update_mask=FieldMask(paths=["chapters"]))
    assert not (await served.videos.UpdateVideo(away, metadata=served.me)).video.chapters
    assert len((await check(served, video_id)).description_chapters) == 3
