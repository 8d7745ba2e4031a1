"""Videos to begin a test with, and short words for asking about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vidmesh.transcode.v1.transcode_events_pb2 import (
    RenditionPublished,
)
from vidmesh.upload.v1.video_pb2 import Video, Visibility
from vidmesh.upload.v1.video_service_pb2 import (
    CheckViewerRequest,
    CheckViewerResponse,
    DeleteVideoRequest,
    GetVideoRequest,
    ListVideosRequest,
    PublishVideoRequest,
)

from .conftest import Served

PRIVATE, UNLISTED, PUBLIC = (
    Visibility.VISIBILITY_PRIVATE,
    Visibility.VISIBILITY_UNLISTED,
    Visibility.VISIBILITY_PUBLIC,
)


async def get(served: Served, video_id: str, metadata: object = None) -> Video:
    metadata = served.me if metadata is None else metadata
    request = GetVideoRequest(video_id=video_id)
    return (await served.videos.GetVideo(request, metadata=metadata)).video  # type: ignore[arg-type]


async def playable(served: Served, visibility: Visibility.ValueType = PUBLIC, **fields: object) -> str:
    """A video that can be played."""
    begun = await served.begin(video=Video(title="A clip", visibility=visibility, **fields))  # type: ignore[arg-type]
    event = RenditionPublished(video_id=begun.video.video_id, quality="360p", manifest_generation=1)
    event.playable_time.FromDatetime(datetime.now(UTC) - timedelta(seconds=1))
    await served.tell(event)
    return begun.video.video_id


async def check(served: Served, video_id: str, account_id: str | None = None) -> CheckViewerResponse:
    request = CheckViewerRequest(video_id=video_id)
    return await served.videos.CheckViewer(request, metadata=served.service(account_id))


async def publish(served: Served, video_id: str, visibility: Visibility.ValueType, at: datetime | None = None) -> Video:
    request = PublishVideoRequest(video_id=video_id, visibility=visibility)
    if at is not None:
        request.publish_time.FromDatetime(at)
    return (await served.videos.PublishVideo(request, metadata=served.me)).video


async def delete(served: Served, video_id: str) -> Video:
    return (await served.videos.DeleteVideo(DeleteVideoRequest(video_id=video_id), metadata=served.me)).video


async def listed(served: Served, metadata: object = (), size: int = 0) -> list[str]:
    request = ListVideosRequest(channel_id=served.channel_id, page_size=size)
    found: list[str] = []
    while True:
        page = await served.videos.ListVideos(request, metadata=metadata)  # type: ignore[arg-type]
        found += [video.video_id for video in page.videos]
        request.page_token = page.next_page_token
        if not request.page_token:
            return found
