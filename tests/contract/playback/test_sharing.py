"""What other sites are told: of public videos alone, and the same whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc.aio
import pytest

from tests.contract.answers import refusal
from vidmesh.playback.v1.sharing_service_pb2 import GetOembedRequest, GetWatchHeadRequest
from vidmesh.playback.v1.sharing_service_pb2_grpc import SharingServiceStub
from vidmesh.upload.v1.video_pb2 import (
    VISIBILITY_PRIVATE,
    VISIBILITY_PUBLIC,
    VISIBILITY_UNLISTED,
    Thumbnail,
    Visibility,
)

from .conftest import EDGE, Served, eventually

if TYPE_CHECKING:
    from vidmesh.playback.v1.sharing_service_pb2_grpc import SharingServiceAsyncStub


@pytest.fixture
def sharing(served: Served) -> SharingServiceAsyncStub:
    return SharingServiceStub(served.mesh.outside("svc_playback"))


def titled(served: Served, title: str, visibility: Visibility.ValueType = VISIBILITY_PUBLIC) -> str:
    video_id = served.video(visibility)
    video = served.videos.videos[video_id]
    video.title = title
    video.thumbnail.CopyFrom(Thumbnail(url=f"/media/~a.b.c/v/{video_id}/t/0.jpg", width=1280, height=720))
    return video_id


def address(video_id: str) -> str:
    return f"{EDGE}/watch/{video_id}"


async def test_the_head_of_a_public_video_names_it_and_its_picture(
    served: Served, sharing: SharingServiceAsyncStub
) -> None:
    video_id = titled(served, 'Tom & "Jerry" <3')
    html = (await sharing.GetWatchHead(GetWatchHeadRequest(video_id=video_id))).html
    assert "<title>Tom &amp; &quot;Jerry&quot; &lt;3 · vidmesh</title>" in html
    assert f'<meta property="og:image" content="{EDGE}/media/~a.b.c/v/{video_id}/t/0.jpg" />' in html
    assert f'<meta property="og:url" content="{address(video_id)}" />' in html


async def test_oembed_says_how_to_show_a_public_video(served: Served, sharing: SharingServiceAsyncStub) -> None:
    video_id = titled(served, "A <b>title</b>")
    told = await sharing.GetOembed(GetOembedRequest(url=f"{address(video_id)}?t=9", maxwidth=320, format="json"))
    assert (told.version, told.type, told.title) == ("1.0", "video", "A <b>title</b>")
    assert (told.width, told.height) == (320, 180)
    assert f'src="{EDGE}/embed/{video_id}" width="320" height="180" title="A &lt;b&gt;title&lt;/b&gt;"' in told.html
    assert (told.thumbnail_url, told.thumbnail_width) == (f"{EDGE}/media/~a.b.c/v/{video_id}/t/0.jpg", 1280)
    assert told.provider_url == f"{EDGE}/"


async def test_a_video_that_is_not_playable_yet_has_a_head_without_a_player(
    served: Served, sharing: SharingServiceAsyncStub
) -> None:
    video_id = titled(served, "Soon")
    del served.presentations.presentations[video_id]
    html = (await sharing.GetWatchHead(GetWatchHeadRequest(video_id=video_id))).html
    assert "Soon" in html
    assert "og:video" not in html


@pytest.mark.parametrize("visibility", [VISIBILITY_PRIVATE, VISIBILITY_UNLISTED])
async def test_what_is_not_public_does_not_exist_whoever_asks(
    served: Served, sharing: SharingServiceAsyncStub, visibility: Visibility.ValueType
) -> None:
    video_id = titled(served, "Secret", visibility)
    for metadata in ((), served.stranger, served.me):
        for asked in (video_id, "nothing_her"):
            head = await refusal(sharing.GetWatchHead(GetWatchHeadRequest(video_id=asked), metadata=metadata))
            oembed = await refusal(sharing.GetOembed(GetOembedRequest(url=address(asked)), metadata=metadata))
            for fault in (head, oembed):
                told = (fault.reason_name, str(fault), dict(fault.metadata))
                assert told == ("VIDEO_NOT_FOUND", "There is no such public video.", {})


async def test_nothing_is_told_any_more_once_a_video_is_made_private(
    served: Served, sharing: SharingServiceAsyncStub
) -> None:
    video_id = titled(served, "Was public")
    request = GetWatchHeadRequest(video_id=video_id)
    await sharing.GetWatchHead(request)
    served.videos.videos[video_id].visibility = VISIBILITY_PRIVATE
    await served.changed(video_id)

    async def refused() -> str:
        try:
            await sharing.GetWatchHead(request)
        except grpc.aio.AioRpcError as error:
            return error.code().name
        return ""

    assert await eventually(refused) == "NOT_FOUND"


@pytest.mark.parametrize("url", ["x", f"{EDGE}/", "https://elsewhere.example/watch/abcdefghijk", f"{EDGE}/watch/short"])
async def test_an_address_that_is_no_videos_is_not_found(sharing: SharingServiceAsyncStub, url: str) -> None:
    assert (await refusal(sharing.GetOembed(GetOembedRequest(url=url)))).reason_name == "VIDEO_NOT_FOUND"


async def test_other_formats_than_json_are_refused(served: Served, sharing: SharingServiceAsyncStub) -> None:
    video_id = titled(served, "A title")
    fault = await refusal(sharing.GetOembed(GetOembedRequest(url=address(video_id), format="xml")))
    assert fault.reason_name == "INVALID_FIELD"
