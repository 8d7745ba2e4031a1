"""Counting what was there before the first event was heard: once in the life of an installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc.aio

from svc_social.video_counts.domain import BEFORE_EVENTS, Noted, counts
from svc_social.video_counts.events import away
from svc_social.video_counts.store import VideoCounts
from vidmesh.upload.v1.video_service_pb2 import ExportVideosRequest

if TYPE_CHECKING:
    from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceAsyncStub


class Rebuild:
    """Goes through all videos, beside the events: what an event has told of is left alone."""

    def __init__(self, store: VideoCounts, videos: VideoServiceAsyncStub) -> None:
        self._store = store
        self._videos = videos

    async def run(self) -> None:
        """Return when every video is counted; again from the beginning after a failure. Raises VideosAwayError."""
        if await self._store.complete():
            return
        try:
            async for answer in self._videos.ExportVideos(ExportVideosRequest()):
                video = answer.video
                if counts(video):
                    await self._store.note(video.channel_id, video.video_id, Noted(BEFORE_EVENTS, counted=True))
        except grpc.aio.AioRpcError as error:
            raise away(error) from error
        await self._store.completed()
