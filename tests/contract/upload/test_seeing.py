"""Who sees which video, and how much of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import grpc.aio

from mesh.ids import new_video_id, uuid7
from svc_upload.membership import REMEMBERED
from tests.contract.answers import refusal
from vidmesh.social.v1.social_events_pb2 import ChannelMemberChanged
from vidmesh.transcode.v1.transcode_events_pb2 import (
    ProcessingFinished,
)
from vidmesh.transcode.v1.transcode_pb2 import FailureReason
from vidmesh.upload.v1.video_pb2 import ProcessingState, Video
from vidmesh.upload.v1.video_service_pb2 import (
    BatchGetVideosRequest,
    CheckViewerRequest,
    ListVideosRequest,
)

from .conftest import Served, eventually
from .videos import PRIVATE, PUBLIC, UNLISTED, check, delete, get, listed, playable, publish


async def test_each_kind_of_caller_sees_what_the_contract_says(served: Served) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    videos = {
        "private": await playable(served, PRIVATE),
        "unlisted": await playable(served, UNLISTED),
        "public": await playable(served, PUBLIC),
        "scheduled": await playable(served, PRIVATE),
        "unplayable": (await served.begin(video=Video(visibility=PUBLIC))).video.video_id,
        "deleted": await playable(served, PUBLIC),
    }
    await publish(served, videos["scheduled"], PUBLIC, soon)
    await delete(served, videos["deleted"])
    seen_by_all = {"unlisted", "public"}
    callers = {
        "anonymous": ((), seen_by_all),
        "stranger": (served.by(served.stranger), seen_by_all),
        "owner": (served.me, set(videos)),
        "administrator": (served.administrator, set(videos)),
    }
    for caller, (metadata, sees) in callers.items():
        for name, video_id in videos.items():
            if name in sees:
                assert (await get(served, video_id, metadata)).video_id == video_id, (caller, name)
            else:
                fault = await refusal(get(served, video_id, metadata))
                assert fault.reason_name == "VIDEO_NOT_FOUND", (caller, name)
        request = BatchGetVideosRequest(video_ids=[*reversed(videos.values()), new_video_id()])
        batch = await served.videos.BatchGetVideos(request, metadata=metadata)
        expected = [video_id for name, video_id in reversed(videos.items()) if name in sees]
        assert [video.video_id for video in batch.videos] == expected, caller
    newest_first = [*reversed(videos.items())]
    assert await listed(served, ()) == [videos["public"]]
    assert await listed(served, served.by(served.stranger)) == [videos["public"]]
    for metadata in (served.me, served.administrator):
        assert await listed(served, metadata) == [video_id for name, video_id in newest_first if name != "deleted"]


async def test_services_ask_on_behalf_of_a_viewer(served: Served) -> None:
    private, public, deleted = await playable(served, PRIVATE), await playable(served), await playable(served)
    await delete(served, deleted)
    assert (await check(served, private, served.owner)).channel_member
    assert not (await check(served, public, served.stranger)).channel_member
    assert (await check(served, public)).access_epoch == 1
    hidden = ((private, None), (private, served.stranger), (deleted, served.owner), (new_video_id(), None))
    for video_id, account_id in hidden:
        assert (await refusal(check(served, video_id, account_id))).reason_name == "VIDEO_NOT_FOUND"
    request = CheckViewerRequest(video_id=public)
    assert (await refusal(served.videos.CheckViewer(request, metadata=served.me))).metadata["access"] == "service"


async def test_what_only_the_channels_people_may_know_is_left_out_for_others(served: Served) -> None:
    video_id = await playable(served)
    reason = FailureReason.FAILURE_REASON_PROCESSING
    await served.tell(ProcessingFinished(video_id=video_id, run=1, failure_reason=reason))
    mine, others = await get(served, video_id), await get(served, video_id, ())
    assert mine.failure_message.startswith("Processing kept failing")
    assert (others.failure_message, others.processing_state) == ("", ProcessingState.PROCESSING_STATE_FAILED)
    for counts in (mine, others):
        assert not counts.HasField("view_count")
    assert (await delete(served, video_id)).HasField("delete_time")


async def test_lists_are_paged_over_what_the_caller_may_not_see(served: Served) -> None:
    public: list[str] = []
    for number in range(12):
        video_id = await playable(served, PUBLIC if number % 4 == 0 else PRIVATE)
        public += [video_id] if number % 4 == 0 else []
    assert await listed(served, (), size=2) == [*reversed(public)]
    assert len(await listed(served, served.me, size=5)) == 12
    mine = await served.videos.ListVideos(
        ListVideosRequest(channel_id=served.channel_id, page_size=5), metadata=served.me
    )
    stolen = ListVideosRequest(channel_id=served.channel_id, page_size=5, page_token=mine.next_page_token)
    assert (await refusal(served.videos.ListVideos(stolen))).reason_name == "INVALID_PAGE_TOKEN"


async def test_a_channel_without_videos_is_told_from_one_that_is_not_there(served: Served) -> None:
    assert await listed(served) == []
    for metadata in ((), served.me):
        call = served.videos.ListVideos(ListVideosRequest(channel_id=uuid7()), metadata=metadata)
        assert (await refusal(call)).reason_name == "CHANNEL_NOT_FOUND"


async def test_public_videos_are_readable_while_channel_service_is_away(served: Served) -> None:
    public, private = await playable(served), await playable(served, PRIVATE)
    await asyncio.sleep(0)
    stranger = served.by(served.stranger)
    served.people.away = True
    assert (await get(served, public, stranger)).video_id == public
    assert (await refusal(get(served, private, stranger))).reason_name == "UNAVAILABLE"


async def test_somebody_who_left_the_channel_is_forgotten_at_once(served: Served) -> None:
    video_id = await playable(served, PRIVATE)
    await get(served, video_id)
    asked = served.people.asked
    await get(served, video_id)
    assert served.people.asked == asked
    served.people.channels[served.channel_id].clear()
    event = ChannelMemberChanged(channel_id=served.channel_id, account_id=served.owner)
    await served.bus.publish(event, f"test:{video_id}")

    async def forgotten() -> bool:
        try:
            await get(served, video_id)
        except grpc.aio.AioRpcError as error:
            return error.code() == grpc.StatusCode.NOT_FOUND
        return False

    # Sooner than the memory would have ended by itself.
    await eventually(forgotten, REMEMBERED / 2)
