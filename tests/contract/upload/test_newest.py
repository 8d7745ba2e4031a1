"""The installation's newest public videos: the same for everybody, in pages, whatever happened to them meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from svc_upload.videos.newest import FLOOR
from svc_upload.videos.tables import PUBLISHED_SINCE, PUBLISHED_VIDEOS, WEEKS
from tests.contract.answers import refusal
from vidmesh.upload.v1.video_pb2 import Video
from vidmesh.upload.v1.video_service_pb2 import ListNewestVideosRequest, ListVideosRequest, UndeleteVideoRequest

from .conftest import Served
from .videos import PRIVATE, PUBLIC, UNLISTED, delete, get, playable, publish


async def newest(served: Served, metadata: object = (), size: int = 0) -> list[str]:
    request = ListNewestVideosRequest(page_size=size)
    found: list[str] = []
    while True:
        page = await served.videos.ListNewestVideos(request, metadata=metadata)  # type: ignore[arg-type]
        found += [video.video_id for video in page.videos]
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


async def test_everybody_is_given_the_public_ones_the_latest_published_first(served: Served) -> None:
    first, second = await playable(served), await playable(served, PRIVATE)
    third = await playable(served)
    await playable(served, UNLISTED)
    await served.begin(video=Video(visibility=PUBLIC))
    await publish(served, await playable(served, PRIVATE), PUBLIC, datetime.now(UTC) + timedelta(hours=1))
    await publish(served, second, PUBLIC)
    for metadata in ((), served.by(served.stranger), served.me, served.administrator):
        assert await newest(served, metadata) == [second, third, first]


async def test_what_only_the_channels_people_may_know_is_left_out_for_them_too(served: Served) -> None:
    video_id = await playable(served)
    (video,) = (await served.videos.ListNewestVideos(ListNewestVideosRequest(), metadata=served.me)).videos
    assert video == await get(served, video_id, ())


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_pages_hold_each_video_once_also_while_others_are_published(served: Served, size: int) -> None:
    videos = [await playable(served) for _ in range(5)]
    request = ListNewestVideosRequest(page_size=size)
    page = await served.videos.ListNewestVideos(request)
    found = [video.video_id for video in page.videos]
    await playable(served)
    while page.next_page_token:
        request.page_token = page.next_page_token
        page = await served.videos.ListNewestVideos(request)
        found += [video.video_id for video in page.videos]
    assert found == videos[::-1]


async def test_a_video_leaves_the_list_and_comes_back_to_its_place(served: Served) -> None:
    one, two = await playable(served), await playable(served)
    await publish(served, one, PRIVATE)
    assert await newest(served) == [two]
    await publish(served, one, PUBLIC)
    await delete(served, two)
    assert await newest(served) == [one]
    await served.videos.UndeleteVideo(UndeleteVideoRequest(video_id=two), metadata=served.me)
    assert await newest(served) == [two, one]


async def test_a_video_that_is_published_anew_at_another_time_is_listed_once(served: Served) -> None:
    video = await playable(served, PRIVATE)
    for minutes in (30, 60):
        await publish(served, video, PUBLIC, datetime.now(UTC) + timedelta(minutes=minutes))
    await publish(served, video, PUBLIC)
    assert await newest(served) == [video]


async def test_weeks_without_a_video_are_passed_over(served: Served) -> None:
    video = await playable(served)
    long_ago = datetime.now(UTC) - timedelta(days=7 * 40)
    await served.tables.put(PUBLISHED_SINCE, {**FLOOR, "since": long_ago})
    assert await newest(served) == [video]


async def test_rows_of_videos_that_are_gone_for_good_are_removed_when_they_are_found(served: Served) -> None:
    time = datetime.now(UTC) - timedelta(seconds=1)
    row = {"week": WEEKS.of(time), "publish_time": time, "video_id": "AAAAAAAAAAA"}
    await served.tables.put(PUBLISHED_VIDEOS, row)
    assert await newest(served) == []
    assert await served.tables.get(PUBLISHED_VIDEOS, row) is None


async def test_videos_from_before_there_was_the_list_are_put_on_it(served: Served) -> None:
    videos = [await playable(served) for _ in range(3)]
    await served.tables.delete(PUBLISHED_SINCE, FLOOR)
    for number in (WEEKS.of(datetime.now(UTC)), WEEKS.of(datetime.now(UTC) - timedelta(minutes=1))):
        await served.tables.delete_partition(PUBLISHED_VIDEOS, {"week": number})
    assert await newest(served) == []
    await served.parts.videos.begin(datetime.now(UTC))
    assert await newest(served) == videos[::-1]


async def test_a_page_token_of_another_list_is_refused(served: Served) -> None:
    for _ in range(2):
        await playable(served)
    page = await served.videos.ListVideos(
        ListVideosRequest(channel_id=served.channel_id, page_size=1), metadata=served.me
    )
    fault = await refusal(
        served.videos.ListNewestVideos(ListNewestVideosRequest(page_size=1, page_token=page.next_page_token))
    )
    assert fault.reason_name == "INVALID_PAGE_TOKEN"


async def test_the_channels_people_can_ask_for_what_they_deleted(served: Served) -> None:
    kept, gone = await playable(served), await playable(served)
    await delete(served, gone)
    request = ListVideosRequest(channel_id=served.channel_id, show_deleted=True)
    shown = (await served.videos.ListVideos(request, metadata=served.me)).videos
    assert [(video.video_id, video.HasField("delete_time")) for video in shown] == [(gone, True), (kept, False)]
    for metadata in ((), served.by(served.stranger)):
        shown = (await served.videos.ListVideos(request, metadata=metadata)).videos
        assert [video.video_id for video in shown] == [kept]
