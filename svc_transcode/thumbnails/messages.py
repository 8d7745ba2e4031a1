"""How pictures are shown in the contract's messages. Pure."""

from __future__ import annotations

from datetime import timedelta

from mesh.grants import media_url
from svc_transcode.processing import pictures
from svc_transcode.processing.model import Still
from vidmesh.transcode.v1 import thumbnail_pb2 as pb


def thumbnail(video_id: str, picture: Still, token: str, *, shown: bool) -> pb.VideoThumbnail:
    """A picture that can be chosen; `token` is a grant that opens it."""
    message = pb.VideoThumbnail(
        thumbnail_id=pictures.thumbnail_id(picture),
        video_id=video_id,
        origin=pb.THUMBNAIL_ORIGIN_UPLOADED if picture.time is None else pb.THUMBNAIL_ORIGIN_SUGGESTED,
        url=media_url("", token, video_id, picture.path),
        width=picture.width,
        height=picture.height,
        shown=shown,
    )
    if picture.time is not None:
        message.time.FromTimedelta(timedelta(seconds=float(picture.time)))
    return message
