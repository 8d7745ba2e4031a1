"""What files to keep are called, how large they may be, and why one is refused. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Final

from mesh.errors import Fault, invalid, invalid_field, permission_denied, precondition
from svc_transcode.processing.downloads import CLOSING
from svc_transcode.processing.model import Download, Head
from svc_transcode.processing.view import STATES
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.upload.v1 import video_pb2

MOST_BYTES: Final = 4_000_000_000
"""Of both tracks: a media child may write files of 4 GiB, and an object store takes 5 at once."""
URL_LIFETIME: Final = timedelta(hours=1)

_LONGEST_NAME: Final = 60
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9]+")


def file_name(title: str, quality: str) -> str:
    """A name for the file that every system takes, from a video's title."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = _NOT_IN_NAMES.sub("-", plain).strip("-")[:_LONGEST_NAME].strip("-")
    return f"{words or 'video'}-{quality}.mp4"


def url_end(download: Download, now: datetime) -> datetime | None:
    """Until when an address that is given now is good; None where there is no file."""
    return None if download.expire_time is None else min(now + URL_LIFETIME, download.expire_time + CLOSING)


def not_a_member() -> Fault:
    """PERMISSION_DENIED: the video is another channel's."""
    return permission_denied("Only the channel's people may do this.", relation="channel_member")


def not_final(head: Head | None) -> Fault:
    """FAILED_PRECONDITION: what is made of it may still change. `head` is None before anything of its file is there."""
    state = STATES[head.state] if head is not None and head.complete else video_pb2.PROCESSING_STATE_UPLOADING
    return precondition(
        ErrorReason.ERROR_REASON_VIDEO_NOT_PLAYABLE,
        "The video is not processed to its end yet.",
        processing_state=video_pb2.ProcessingState.Name(state),
    )


def no_such_rendition() -> Fault:
    """INVALID_ARGUMENT: the video has none of that name, or it was given up."""
    return invalid_field("quality", "The video has no such rendition.")


def too_large() -> Fault:
    """INVALID_ARGUMENT: it would have more than `MOST_BYTES`."""
    return invalid(
        ErrorReason.ERROR_REASON_FILE_TOO_LARGE,
        "The file would be too large. A smaller rendition may not be.",
        limit_bytes=str(MOST_BYTES),
    )
