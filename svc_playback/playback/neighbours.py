"""What playback asks of VideoService and TranscodeService, with the hot answers remembered."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from mesh.call import current_call
from svc_playback.playback.cache import Cache
from vidmesh.transcode.v1 import transcode_service_pb2 as transcode
from vidmesh.upload.v1 import video_pb2
from vidmesh.upload.v1 import video_service_pb2 as videos

if TYPE_CHECKING:
    from vidmesh.transcode.v1.transcode_service_pb2_grpc import TranscodeServiceAsyncStub
    from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceAsyncStub

MOST = 20_000
"""Videos remembered, about 2 kB each."""
MAX_AGE = timedelta(seconds=30)


class Neighbours:
    """Viewers' rights and presentations of videos.

    What an anonymous viewer may see of a published video holds for everybody, so that answer is remembered and
    shared; whoever is refused it is asked about by name, and that is never remembered.
    """

    def __init__(self, video_service: VideoServiceAsyncStub, transcode_service: TranscodeServiceAsyncStub) -> None:
        self._videos = video_service
        self._transcode = transcode_service
        self._shared: Cache[videos.CheckViewerResponse] = Cache(MOST, MAX_AGE)
        self._presentations: Cache[transcode.GetPresentationResponse] = Cache(MOST, MAX_AGE)

    async def viewer(self, video_id: str) -> videos.CheckViewerResponse:
        """What the current caller may see. Raises AioRpcError NOT_FOUND as CheckViewer does."""
        try:
            return await self.anyone(video_id)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND or current_call().caller.user is None:
                raise
        return await self._videos.CheckViewer(videos.CheckViewerRequest(video_id=video_id))

    async def anyone(self, video_id: str) -> videos.CheckViewerResponse:
        """What everybody may see, whoever calls. Raises AioRpcError NOT_FOUND as CheckViewer does."""
        request = videos.CheckViewerRequest(video_id=video_id)
        return await self._shared.get(video_id, lambda: self._videos.CheckViewer(request), _good_for)

    async def presentation(self, video_id: str) -> transcode.GetPresentationResponse:
        """What can be played. Raises AioRpcError NOT_FOUND where nothing was ever processed."""
        request = transcode.GetPresentationRequest(video_id=video_id)
        return await self._presentations.get(video_id, lambda: self._transcode.GetPresentation(request))

    def forget(self, video_id: str) -> None:
        """The video changed."""
        self._shared.drop(video_id)
        self._presentations.drop(video_id)

    def forget_all(self) -> None:
        """Changes may have been missed."""
        self._shared.clear()
        self._presentations.clear()


def _good_for(answer: videos.CheckViewerResponse) -> float | None:
    if answer.video.visibility not in {video_pb2.VISIBILITY_PUBLIC, video_pb2.VISIBILITY_UNLISTED}:
        return 0.0
    return answer.valid_until.ToNanoseconds() / 1e9 - time.time() if answer.HasField("valid_until") else None
