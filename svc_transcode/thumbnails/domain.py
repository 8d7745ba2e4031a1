"""What a choice, an upload and a deletion are refused for. Pure; `processing/pictures.py` has the rest."""

from __future__ import annotations

from mesh.errors import Fault, invalid, invalid_field, not_found, precondition
from svc_transcode.media.pictures.plain import PictureRefused
from svc_transcode.processing import pictures
from svc_transcode.processing.model import Head
from vidmesh.common.v1.error_reason_pb2 import ErrorReason


def chosen(head: Head, wanted: str) -> Head:
    """The head with another picture shown. Raises THUMBNAIL_NOT_FOUND."""
    after = pictures.chosen(head, wanted)
    if after is None:
        raise no_such_thumbnail(head.video_id, wanted)
    return after


def deleted(head: Head, unwanted: str) -> Head:
    """The head without the uploaded picture; the same where it is gone. Raises INVALID_FIELD for one of the video's."""
    if head.own_still is not None and pictures.thumbnail_id(head.own_still) == unwanted:
        return pictures.without_own(head)
    if any(pictures.thumbnail_id(still) == unwanted for still in head.stills):
        raise invalid_field("thumbnail_id", "It was taken from the video; only uploaded pictures are deleted.")
    return head


def refusal(refused: PictureRefused) -> Fault:
    """INVALID_ARGUMENT (INVALID_PICTURE)."""
    return invalid(ErrorReason.ERROR_REASON_INVALID_PICTURE, refused.sentence)


def not_started() -> Fault:
    """FAILED_PRECONDITION (VIDEO_NOT_STARTED)."""
    return precondition(
        ErrorReason.ERROR_REASON_VIDEO_NOT_STARTED,
        "Nothing of the video's file has arrived yet. Upload a picture once its upload is under way.",
    )


def no_such_thumbnail(video_id: str, thumbnail_id: str) -> Fault:
    """NOT_FOUND (THUMBNAIL_NOT_FOUND)."""
    return not_found(
        ErrorReason.ERROR_REASON_THUMBNAIL_NOT_FOUND,
        "The video has no such thumbnail.",
        video_id=video_id,
        thumbnail_id=thumbnail_id,
    )
