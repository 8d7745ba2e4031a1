"""CreateUpload: repeated, limited, and cut off anywhere.

Invariants: one request_id makes one upload and one video, whatever crashes and however often it is repeated; an
account's counts are those of its uploads, whatever happens at once.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc.aio

from svc_upload.uploads.domain import Usage
from tests.contract.answers import refusal
from vidmesh.upload.v1.upload_pb2 import UploadState
from vidmesh.upload.v1.upload_service_pb2 import AbortUploadRequest, CreateUploadResponse, GetUploadRequest
from vidmesh.upload.v1.video_pb2 import Video
from vidmesh.upload.v1.video_service_pb2 import ListVideosRequest

from .conftest import Serve, Served, eventually

WRITES_OF_CREATING = 10
"""More than it makes: the last of these cases let it through."""


async def videos(served: Served) -> list[str]:
    listed = await served.videos.ListVideos(ListVideosRequest(channel_id=served.channel_id), metadata=served.me)
    return [video.video_id for video in listed.videos]


async def test_a_repeated_request_finds_the_first_result(served: Served) -> None:
    request = served.request(7)
    first, again = [await served.uploads.CreateUpload(request, metadata=served.me) for _ in range(2)]
    assert again == first
    assert await served.usage() == Usage(1, 7)
    assert await videos(served) == [first.video.video_id]


async def test_requests_with_one_id_at_the_same_moment_make_one_upload(served: Served) -> None:
    request = served.request(7)
    answers = await asyncio.gather(*(served.uploads.CreateUpload(request, metadata=served.me) for _ in range(6)))
    assert len({(answer.upload.upload_id, answer.video.video_id) for answer in answers}) == 1
    assert await served.usage() == Usage(1, 7)
    assert await videos(served) == [answers[0].video.video_id]


async def test_the_same_id_for_something_else_is_refused(served: Served) -> None:
    request = served.request(7)
    await served.uploads.CreateUpload(request, metadata=served.me)
    changes: list[dict[str, Any]] = [{"size_bytes": 8}, {"filename": "other.mp4"}, {"video": Video(title="Another")}]
    for change in changes:
        other = served.request(7, **{"request_id": request.request_id, **change})
        fault = await refusal(served.uploads.CreateUpload(other, metadata=served.me))
        assert fault.reason_name == "REQUEST_ID_REUSED", change


async def test_the_same_id_of_somebody_else_is_another_upload(served: Served) -> None:
    request = served.request(7)
    mine = await served.uploads.CreateUpload(request, metadata=served.me)
    served.people.channels[served.channel_id].add(served.stranger)
    theirs = await served.uploads.CreateUpload(request, metadata=served.by(served.stranger))
    assert theirs.upload.upload_id != mine.upload.upload_id


async def test_a_crash_between_any_two_writes_is_healed_by_repeating(served: Served) -> None:
    made: list[str] = []
    for writes in range(WRITES_OF_CREATING):
        request = served.request(7)
        await _cut_off(served, writes, served.uploads.CreateUpload(request, metadata=served.me))
        answer: CreateUploadResponse = await served.uploads.CreateUpload(request, metadata=served.me)
        assert answer.upload.state == UploadState.UPLOAD_STATE_ACTIVE
        assert answer.video.video_id == answer.upload.video_id
        made.insert(0, answer.video.video_id)
        assert await served.usage() == Usage(len(made), 7 * len(made))
        assert await videos(served) == made
    assert not served.tables.crashed, "the last case lets every write through"


async def test_a_crash_between_any_two_writes_is_swept_up_when_nobody_repeats(served: Served) -> None:
    for writes in range(WRITES_OF_CREATING):
        await _cut_off(served, writes, served.uploads.CreateUpload(served.request(7), metadata=served.me))
    assert (await served.usage()).active_uploads > 1
    await served.at(days=8)

    async def swept() -> bool:
        await served.at(days=16)
        return [item async for item in served.parts.agenda.due(datetime.now(UTC) + timedelta(days=17))] == []

    # Rows go once their events are out, and those of a relay that died are found within seconds.
    await eventually(swept, 20)
    assert await served.usage() == Usage(0, 0)
    assert await videos(served) == []


async def test_a_file_may_not_be_larger_than_the_installation_takes(serve: Serve) -> None:
    async with serve(upload={"max_file_bytes": 10}) as served:
        fault = await refusal(served.begin(11))
        assert (fault.reason_name, fault.metadata["limit_bytes"]) == ("FILE_TOO_LARGE", "10")
        await served.begin(10)


async def test_open_uploads_are_limited_exactly_whatever_comes_at_once(serve: Serve) -> None:
    async with serve(upload={"max_active_uploads": 3}) as served:
        answers = await asyncio.gather(*(_tried(served) for _ in range(10)))
        begun = [answer for answer in answers if isinstance(answer, CreateUploadResponse)]
        assert len(begun) <= 3
        while len(begun) < 3:
            # A try that lost every race was refused with CONTENTION: nothing of it is counted.
            begun.append(await served.begin())
        fault = await refusal(served.begin())
        assert (fault.reason_name, fault.metadata["limit"]) == ("TOO_MANY_UPLOADS", "3")
        await served.uploads.AbortUpload(AbortUploadRequest(upload_id=begun[0].upload.upload_id), metadata=served.me)
        await served.begin()


async def test_an_account_has_its_quota_until_something_is_deleted(serve: Serve) -> None:
    async with serve(upload={"account_quota_bytes": 10}) as served:
        first = await served.complete(b"123456")
        fault = await refusal(served.begin(5))
        assert (fault.reason_name, fault.metadata["used_bytes"]) == ("QUOTA_EXCEEDED", "6")
        second = await served.begin(4)
        assert await served.usage() == Usage(1, 10)
        await served.uploads.AbortUpload(AbortUploadRequest(upload_id=second.upload.upload_id), metadata=served.me)
        assert await served.usage() == Usage(0, 6)
        assert first.upload.upload_id != second.upload.upload_id


async def test_no_upload_begins_when_the_disk_is_nearly_full(serve: Serve) -> None:
    async with serve(upload={"min_free_bytes": 2**60}) as served:
        fault = await refusal(served.begin())
        assert fault.reason_name == "STORAGE_LOW"
        assert fault.retry_after is not None


async def test_a_request_repeated_after_the_end_is_told_what_became_of_it(served: Served) -> None:
    request = served.request(7)
    first = await served.uploads.CreateUpload(request, metadata=served.me)
    await served.uploads.AbortUpload(AbortUploadRequest(upload_id=first.upload.upload_id), metadata=served.me)
    again = await served.uploads.CreateUpload(request, metadata=served.me)
    assert again.upload.state == UploadState.UPLOAD_STATE_ABORTED
    assert not again.HasField("video")
    got = await served.uploads.GetUpload(GetUploadRequest(upload_id=first.upload.upload_id), metadata=served.me)
    assert got.upload == again.upload


async def _cut_off(served: Served, writes: int, call: Any) -> None:
    served.tables.left, served.tables.crashed = writes, False
    try:
        await call
    except grpc.aio.AioRpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE  # noqa: PT017 (where it ended early, it is this)
    finally:
        served.tables.left = None


async def _tried(served: Served) -> CreateUploadResponse | grpc.aio.AioRpcError:
    try:
        return await served.begin()
    except grpc.aio.AioRpcError as error:
        return error
