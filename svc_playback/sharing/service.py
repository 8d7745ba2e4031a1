"""SharingService: RPC → domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import grpc
import grpc.aio

from mesh.call import current_call
from mesh.config import Edge
from mesh.errors import not_found
from svc_playback.playback.domain import choose_edge
from svc_playback.playback.neighbours import Neighbours
from svc_playback.sharing import html
from svc_playback.sharing.domain import Picture, Shared, Size, one_line, player_size, video_at
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.playback.v1 import sharing_service_pb2 as pb
from vidmesh.playback.v1.sharing_service_pb2_grpc import SharingServiceServicer
from vidmesh.upload.v1.video_pb2 import VISIBILITY_PUBLIC, Video

KEPT_SECONDS: Final = 3000
"""Pictures' addresses are good for an hour at least when they are made, and may be half a minute old when told."""


class SharingServicer(SharingServiceServicer):
    """What anybody may know of public videos, whoever asks."""

    def __init__(self, neighbours: Neighbours, edges: Sequence[Edge]) -> None:
        self._neighbours = neighbours
        self._edges = edges

    async def GetWatchHead(self, request: pb.GetWatchHeadRequest, context: Any) -> pb.GetWatchHeadResponse:  # noqa: N802
        """See the contract."""
        del context
        return pb.GetWatchHeadResponse(html=html.head(await self._shared(request.video_id)))

    async def GetOembed(self, request: pb.GetOembedRequest, context: Any) -> pb.GetOembedResponse:  # noqa: N802
        """See the contract."""
        del context
        video_id = video_at(request.url, (edge.url for edge in self._edges))
        if video_id is None:
            raise _nothing()
        shared = await self._shared(video_id)
        size = player_size(shared.shape, request.maxwidth, request.maxheight)
        answer = pb.GetOembedResponse(
            version="1.0",
            type="video",
            title=one_line(shared.title),
            provider_name=html.SITE,
            provider_url=f"{shared.base}/",
            cache_age=KEPT_SECONDS,
            html=html.iframe(shared, size),
            width=size.width,
            height=size.height,
        )
        if shared.picture is not None:
            answer.thumbnail_url = shared.picture.url
            answer.thumbnail_width = shared.picture.size.width
            answer.thumbnail_height = shared.picture.size.height
        return answer

    async def _shared(self, video_id: str) -> Shared:
        video = await self._public(video_id)
        edge = choose_edge(self._edges, current_call().edge_name, "")
        base = edge.url.rstrip("/")
        picture = None
        if video.thumbnail.url:
            size = Size(video.thumbnail.width, video.thumbnail.height)
            picture = Picture(f"{base}{video.thumbnail.url}", size)
        return Shared(
            base=base,
            video_id=video_id,
            title=video.title,
            description=video.description,
            picture=picture,
            shape=await self._shape(video_id),
            seconds=video.duration.seconds,
        )

    async def _public(self, video_id: str) -> Video:
        try:
            video = (await self._neighbours.anyone(video_id)).video
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            raise _nothing() from None
        # Who has the link of an unlisted video may see it; whoever asks here may have guessed it, or reads along.
        if video.visibility != VISIBILITY_PUBLIC:
            raise _nothing()
        return video

    async def _shape(self, video_id: str) -> Size | None:
        try:
            presentation = await self._neighbours.presentation(video_id)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            return None
        pictures = [file for file in presentation.files if file.height and presentation.manifest_generation]
        largest = max(pictures, key=lambda file: file.width * file.height, default=None)
        return Size(largest.width, largest.height) if largest else None


def _nothing() -> Exception:
    return not_found(ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND, "There is no such public video.")
