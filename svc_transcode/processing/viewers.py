"""Who asks about a video: svc_upload knows whose it is and who may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import grpc.aio

from mesh.errors import Fault, not_found, permission_denied
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.upload.v1.video_service_pb2 import CheckViewerRequest, CheckViewerResponse

if TYPE_CHECKING:
    from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceAsyncStub


async def viewer_of(video_service: VideoServiceAsyncStub, video_id: str) -> CheckViewerResponse:
    """What the caller is to the video. Raises VIDEO_NOT_FOUND where they may not see it."""
    try:
        return await video_service.CheckViewer(CheckViewerRequest(video_id=video_id))
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            raise no_such_video(video_id) from None
        raise


async def member_of(video_service: VideoServiceAsyncStub, video_id: str) -> CheckViewerResponse:
    """The same for one of the channel's people. Raises PERMISSION_DENIED for others who may see the video."""
    viewer = await viewer_of(video_service, video_id)
    if not viewer.channel_member:
        raise permission_denied("Only the channel's people may do this.", relation="channel_member")
    return viewer


def no_such_video(video_id: str) -> Fault:
    """NOT_FOUND: there is none, or it is not for the caller's eyes."""
    return not_found(ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND, "There is no such video.", video_id=video_id)
