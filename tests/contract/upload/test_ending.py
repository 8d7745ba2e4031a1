"""How uploads end, and that nothing is left behind.

Invariants: an upload that was given up leaves no object, no video and nothing counted; a completed one is announced
exactly once, and its source is there until somebody decides otherwise.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import grpc.aio

from svc_upload.uploads.domain import Usage
from svc_upload.uploads.tables import UPLOADS
from tests.contract.answers import refusal
from vidmesh.transcode.v1.transcode_events_pb2 import ProcessingFinished, ProcessingRestarted
from vidmesh.transcode.v1.transcode_pb2 import FailureReason
from vidmesh.upload.v1.upload_events_pb2 import UploadCompleted, VideoPurged
from vidmesh.upload.v1.upload_pb2 import UploadState
from vidmesh.upload.v1.upload_service_pb2 import (
    AbortUploadRequest,
    CompleteUploadRequest,
    GetSourceRequest,
)
from vidmesh.upload.v1.video_pb2 import ProcessingState
from vidmesh.upload.v1.video_service_pb2 import DeleteVideoRequest, GetVideoRequest

from .conftest import Serve, Served, content_of, eventually, pieces_of

MIB = 1024 * 1024
MORE_WRITES_THAN_COMPLETING_MAKES = 16
"""Its own and those of the outbox's relay, which dies at the same point."""


async def is_gone(served: Served, video_id: str) -> bool:
    try:
        await served.videos.GetVideo(GetVideoRequest(video_id=video_id), metadata=served.me)
    except grpc.aio.AioRpcError as error:
        return error.code() == grpc.StatusCode.NOT_FOUND
    return False


async def test_aborting_deletes_parts_confirmed_or_not_and_the_video(served: Served) -> None:
    begun = await served.begin(2 * MIB)
    purged = await served.heard(VideoPurged, begun.video.video_id)
    pieces = pieces_of(begun.upload, content_of(2 * MIB))
    await served.send(begun.upload, 1, pieces[1])
    await served.send(begun.upload, 2, pieces[2])
    await served.confirm(begun.upload, {1: pieces[1]})
    assert len(await served.stored(begun.upload)) == 2

    request = AbortUploadRequest(upload_id=begun.upload.upload_id)
    for _ in range(2):
        await served.uploads.AbortUpload(request, metadata=served.me)
    assert await served.stored(begun.upload) == []
    assert await is_gone(served, begun.video.video_id)
    assert await served.usage() == Usage(0, 0)
    assert (await served.upload(begun.upload)).state == UploadState.UPLOAD_STATE_ABORTED
    await purged.messages(1)


async def test_a_part_that_is_put_after_the_abort_is_swept_once_its_url_is_dead(served: Served) -> None:
    begun = await served.begin(3)
    signed = await served.sign(begun.upload, 1, b"abc")
    await served.uploads.AbortUpload(AbortUploadRequest(upload_id=begun.upload.upload_id), metadata=served.me)
    assert (await served.put(signed, b"abc")).status_code == 200
    assert len(await served.stored(begun.upload)) == 1
    await asyncio.sleep(0.2)
    await served.at(seconds=10)
    await served.at(hours=1.2)
    assert await served.stored(begun.upload) == []


async def test_aborting_what_is_completed_is_refused(served: Served) -> None:
    begun = await served.complete()
    request = AbortUploadRequest(upload_id=begun.upload.upload_id)
    assert (await refusal(served.uploads.AbortUpload(request, metadata=served.me))).reason_name == "UPLOAD_NOT_ACTIVE"
    assert len(await served.stored(begun.upload)) == 1


async def test_an_upload_that_is_left_alone_expires_and_leaves_nothing(served: Served) -> None:
    begun = await served.begin(2 * MIB)
    pieces = pieces_of(begun.upload, content_of(2 * MIB))
    await served.send(begun.upload, 1, pieces[1])
    await served.confirm(begun.upload, {1: pieces[1]})
    await served.send(begun.upload, 2, pieces[2])
    await served.at(days=6.9)
    assert (await served.upload(begun.upload)).state == UploadState.UPLOAD_STATE_ACTIVE
    await served.at(days=7.1)
    assert (await served.upload(begun.upload)).state == UploadState.UPLOAD_STATE_EXPIRED
    assert await served.stored(begun.upload) == []
    assert await is_gone(served, begun.video.video_id)
    assert await served.usage() == Usage(0, 0)


async def test_two_replicas_that_sweep_at_once_do_no_harm(served: Served) -> None:
    begun = await served.begin(3)
    await asyncio.gather(*(served.at(days=8) for _ in range(4)))
    assert (await served.upload(begun.upload)).state == UploadState.UPLOAD_STATE_EXPIRED
    assert await served.usage() == Usage(0, 0)


async def test_stray_objects_of_a_completed_upload_are_swept_and_its_parts_are_not(served: Served) -> None:
    begun = await served.whole(b"abc")
    await served.send(begun.upload, 1, b"xyz")
    await served.uploads.CompleteUpload(CompleteUploadRequest(upload_id=begun.upload.upload_id), metadata=served.me)
    assert len(await served.stored(begun.upload)) == 2
    await served.at(minutes=1)
    await served.at(hours=1.2)
    assert await served.stored(begun.upload) == [f"1-{hashlib.sha256(b'abc').hexdigest()}"]


async def test_a_crash_while_completing_is_healed_by_the_agenda(served: Served) -> None:
    for writes in range(MORE_WRITES_THAN_COMPLETING_MAKES):
        begun = await served.whole()
        completed = await served.heard(UploadCompleted, begun.video.video_id)
        request = CompleteUploadRequest(upload_id=begun.upload.upload_id)
        served.tables.left, served.tables.crashed = writes, False
        try:
            await served.uploads.CompleteUpload(request, metadata=served.me)
        except grpc.aio.AioRpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE  # noqa: PT017 (where it ended early, it is this)
        finally:
            served.tables.left = None
        if (await served.upload(begun.upload)).state == UploadState.UPLOAD_STATE_COMPLETED:
            await served.at(minutes=1)
        else:
            await served.uploads.CompleteUpload(request, metadata=served.me)
        request = GetVideoRequest(video_id=begun.video.video_id)
        video = (await served.videos.GetVideo(request, metadata=served.me)).video
        assert video.processing_state == ProcessingState.PROCESSING_STATE_PROCESSING
        assert await served.usage() == Usage(0, 3 * (writes + 1))
        await completed.messages(1)
        assert len({event.id for event in completed.events}) == 1
    assert not served.tables.crashed, "the last case lets every write through"


async def test_the_source_goes_after_its_time_once_everything_is_verified(serve: Serve) -> None:
    async with serve(upload={"keep_source": "until_verified", "keep_source_for": 3600}) as served:
        begun = await served.complete()
        await served.tell(ProcessingFinished(video_id=begun.video.video_id, run=1))
        await served.at(minutes=50)
        assert len(await served.stored(begun.upload)) == 1
        await served.at(hours=2)
        await served.at(hours=2.01)
        assert await served.stored(begun.upload) == []
        assert await served.usage() == Usage(0, 0)
        request = GetSourceRequest(video_id=begun.video.video_id)
        fault = await refusal(served.uploads.GetSource(request, metadata=served.service()))
        assert fault.reason_name == "SOURCE_GONE"


async def test_the_source_of_a_failed_video_and_of_a_new_run_stays(serve: Serve) -> None:
    async with serve(upload={"keep_source": "until_verified", "keep_source_for": 60}) as served:
        failed, again = await served.complete(), await served.complete()
        reason = FailureReason.FAILURE_REASON_PROCESSING
        await served.tell(ProcessingFinished(video_id=failed.video.video_id, run=1, failure_reason=reason))
        await served.tell(ProcessingFinished(video_id=again.video.video_id, run=1))
        await served.tell(ProcessingRestarted(video_id=again.video.video_id, run=2))
        await served.at(hours=2)
        await served.at(hours=2.01)
        for begun in (failed, again):
            assert len(await served.stored(begun.upload)) == 1


async def test_the_source_stays_where_it_is_always_kept(served: Served) -> None:
    begun = await served.complete()
    await served.tell(ProcessingFinished(video_id=begun.video.video_id, run=1))
    await served.at(days=20)
    assert len(await served.stored(begun.upload)) == 1


async def test_a_purged_video_takes_its_source_and_its_count_along(serve: Serve) -> None:
    async with serve(upload={"purge_deleted_after": timedelta(days=30).total_seconds()}) as served:
        begun = await served.complete()
        purged = await served.heard(VideoPurged, begun.video.video_id)
        await served.videos.DeleteVideo(DeleteVideoRequest(video_id=begun.video.video_id), metadata=served.me)
        await served.at(days=29)
        assert len(await served.stored(begun.upload)) == 1
        assert not await is_gone(served, begun.video.video_id)
        await served.at(days=31)
        await purged.messages(1)

        async def swept() -> bool:
            await served.at(days=32)
            page = await served.tables.scan(UPLOADS, {"upload_id": begun.upload.upload_id}, limit=10)
            return page.rows == ()

        assert await is_gone(served, begun.video.video_id)
        await eventually(swept)
        assert await served.stored(begun.upload) == []
        assert await served.usage() == Usage(0, 0)


async def test_purging_a_video_that_is_still_uploaded_ends_its_upload(serve: Serve) -> None:
    async with serve(upload={"purge_deleted_after": 60}) as served:
        begun = await served.begin(3)
        await served.send(begun.upload, 1, b"abc")
        await served.videos.DeleteVideo(DeleteVideoRequest(video_id=begun.video.video_id), metadata=served.me)
        await served.at(minutes=2)
        await served.at(minutes=3)
        assert await is_gone(served, begun.video.video_id)
        assert (await served.upload(begun.upload)).state == UploadState.UPLOAD_STATE_ABORTED
        assert await served.stored(begun.upload) == []
        assert await served.usage() == Usage(0, 0)
