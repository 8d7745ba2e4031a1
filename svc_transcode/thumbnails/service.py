"""ThumbnailService: RPC → domain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mesh.grants import GrantScope, GrantSigner, picture_expiry
from svc_transcode.media.pictures.plain import PictureRefused
from svc_transcode.processing import pictures
from svc_transcode.processing.viewers import member_of
from svc_transcode.thumbnails import domain, messages
from svc_transcode.thumbnails.drawing import Drawing
from svc_transcode.thumbnails.keeping import Keeping
from vidmesh.transcode.v1 import thumbnail_service_pb2 as pb
from vidmesh.transcode.v1.thumbnail_service_pb2_grpc import ThumbnailServiceServicer

if TYPE_CHECKING:
    from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceAsyncStub


class ThumbnailServicer(ThumbnailServiceServicer):
    """The picture that stands for a video, for its people."""

    def __init__(
        self, keeping: Keeping, drawing: Drawing, video_service: VideoServiceAsyncStub, signer: GrantSigner
    ) -> None:
        self._keeping = keeping
        self._drawing = drawing
        self._videos = video_service
        self._signer = signer

    async def ListThumbnails(self, request: pb.ListThumbnailsRequest, context: Any) -> pb.ListThumbnailsResponse:  # noqa: N802
        """See the contract."""
        del context
        token = await self._opening(request.video_id)
        head = await self._keeping.head(request.video_id)
        if head is None:
            return pb.ListThumbnailsResponse()
        first = pictures.shown(head)
        return pb.ListThumbnailsResponse(
            thumbnails=[
                messages.thumbnail(request.video_id, picture, token, shown=picture == first)
                for picture in pictures.pictures(head)
            ]
        )

    async def ChooseThumbnail(self, request: pb.ChooseThumbnailRequest, context: Any) -> pb.ChooseThumbnailResponse:  # noqa: N802
        """See the contract."""
        del context
        token = await self._opening(request.video_id)
        picture = await self._keeping.choose(request.video_id, request.thumbnail_id)
        return pb.ChooseThumbnailResponse(thumbnail=messages.thumbnail(request.video_id, picture, token, shown=True))

    async def UploadThumbnail(self, request: pb.UploadThumbnailRequest, context: Any) -> pb.UploadThumbnailResponse:  # noqa: N802
        """See the contract."""
        del context
        token = await self._opening(request.video_id)
        try:
            drawn = await self._drawing.draw(request.content)
        except PictureRefused as refused:
            raise domain.refusal(refused) from None
        picture = await self._keeping.add(request.video_id, drawn)
        return pb.UploadThumbnailResponse(thumbnail=messages.thumbnail(request.video_id, picture, token, shown=True))

    async def DeleteThumbnail(self, request: pb.DeleteThumbnailRequest, context: Any) -> pb.DeleteThumbnailResponse:  # noqa: N802
        """See the contract."""
        del context
        await member_of(self._videos, request.video_id)
        await self._keeping.remove(request.video_id, request.thumbnail_id)
        return pb.DeleteThumbnailResponse()

    async def _opening(self, video_id: str) -> str:
        """A grant for the video's pictures, for one of its people. Raises VIDEO_NOT_FOUND, PERMISSION_DENIED."""
        viewer = await member_of(self._videos, video_id)
        expires = picture_expiry(datetime.now(UTC))
        return self._signer.mint(video_id, viewer.access_epoch, expires, GrantScope.PICTURES)
