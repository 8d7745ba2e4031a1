"""What counting hears of videos. Each handler may see an event twice, late, and after a newer one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import grpc
import grpc.aio

from mesh.bus import Bus, Event
from svc_social.video_counts.domain import Noted, counts
from svc_social.video_counts.store import VideoCounts
from vidmesh.upload.v1.upload_events_pb2 import VideoChanged, VideoPurged
from vidmesh.upload.v1.video_service_pb2 import BatchGetVideosRequest

if TYPE_CHECKING:
    from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceAsyncStub

CHANGES: Final = "svc_social-video-counts"
PURGES: Final = "svc_social-video-counts-purged"

PASSING: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
        # It does not believe who asks: a clock or a secret is wrong, and no event is at fault for that.
        grpc.StatusCode.UNAUTHENTICATED,
    }
)


class VideosAwayError(Exception):
    """VideoService does not answer now. Nothing is lost: the event, or the rebuild, comes again until it does."""

    retryable: ClassVar[bool] = True


class VideoEvents:
    """Keeps the counts right as videos change."""

    def __init__(self, store: VideoCounts, videos: VideoServiceAsyncStub) -> None:
        self._store = store
        self._videos = videos

    async def subscribe(self, bus: Bus) -> None:
        """Follow, each event by one replica."""
        await bus.subscribe(VideoChanged, CHANGES, self.on_changed)
        await bus.subscribe(VideoPurged, PURGES, self.on_purged)

    async def on_changed(self, event: Event[VideoChanged]) -> None:
        """Read the video as everybody sees it, and count it or not. Raises VideosAwayError."""
        changed = event.message
        try:
            # As nobody in particular: what is private, deleted or not playable yet is left out.
            found = await self._videos.BatchGetVideos(BatchGetVideosRequest(video_ids=[changed.video_id]))
        except grpc.aio.AioRpcError as error:
            raise away(error) from error
        counted = any(counts(video) for video in found.videos)
        await self._store.note(changed.channel_id, changed.video_id, Noted(changed.generation, counted))

    async def on_purged(self, event: Event[VideoPurged]) -> None:
        """It counts no more."""
        await self._store.forget(event.message.channel_id, event.message.video_id)


def away(error: grpc.aio.AioRpcError) -> Exception:
    """VideosAwayError where asking again later may help; otherwise the error itself."""
    return VideosAwayError(f"VideoService: {error.code().name}") if error.code() in PASSING else error
