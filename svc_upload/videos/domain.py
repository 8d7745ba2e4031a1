"""A video's facts, and the rules that follow from them alone: who sees it, its single status, its etag.

Every function here is pure; `edits.py` holds the rules of people's changes, `facts.py` those of processing's.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from svc_upload.videos.chapters import Chapter
from vidmesh.transcode.v1.transcode_pb2 import FailureReason
from vidmesh.upload.v1.video_pb2 import ContentType, ProcessingState, VideoStatus, Visibility

DEFAULT_CATEGORY: Final = "Entertainment"
DEFAULT_LANGUAGE: Final = "en"
CATEGORIES: Final = (
    "Autos & Vehicles",
    "Comedy",
    "Education",
    "Entertainment",
    "Film & Animation",
    "Gaming",
    "Howto & Style",
    "Music",
    "News & Politics",
    "Nonprofits & Activism",
    "People & Blogs",
    "Pets & Animals",
    "Science & Technology",
    "Sports",
    "Travel & Events",
)


@dataclass(frozen=True, slots=True)
class Still:
    """A picture of a video: its path below `v/<video_id>/` of the media bucket, and its size in pixels."""

    path: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Texts:
    """What people say about a video."""

    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    category: str = DEFAULT_CATEGORY
    language: str = DEFAULT_LANGUAGE
    age_restriction: bool = False
    content_type: ContentType.ValueType = ContentType.CONTENT_TYPE_VIDEO
    chapters: tuple[Chapter, ...] = ()
    """Those that they set, in order; the description may hold others."""


@dataclass(frozen=True, slots=True)
class VideoRecord:
    """One video as it is stored."""

    video_id: str
    channel_id: str
    account_id: str
    """Who uploaded it, whose storage it counts against."""
    upload_id: str
    texts: Texts
    visibility: Visibility.ValueType
    upload_time: datetime
    generation: int = 1
    """Raised by every change; the compare-and-set column."""
    state: ProcessingState.ValueType = ProcessingState.PROCESSING_STATE_UPLOADING
    failure: FailureReason.ValueType = FailureReason.FAILURE_REASON_UNSPECIFIED
    run: int = 0
    """The newest run of processing that was heard of."""
    finished_run: int = -1
    """The newest run of processing that ended; -1 before the first did."""
    duration_nanos: int | None = None
    still: Still | None = None
    still_made: datetime | None = None
    """When it was decided that this is the picture, or that there is none."""
    publish_time: datetime | None = None
    announced_time: datetime | None = None
    """The scheduled publish time whose coming was announced."""
    playable_time: datetime | None = None
    delete_time: datetime | None = None
    purging: bool = False
    """It is going for good: nobody sees it, and nothing brings it back."""
    access_epoch: int = 1
    """Grants carry it; raised when somebody loses sight of the video."""


def published(video: VideoRecord, now: datetime) -> bool:
    """Whether its visibility, by itself, lets others see it now."""
    match video.visibility:
        case Visibility.VISIBILITY_PUBLIC:
            return video.publish_time is not None and video.publish_time <= now
        case Visibility.VISIBILITY_UNLISTED:
            return True
        case _:
            return False


def gone(video: VideoRecord) -> bool:
    """Whether it is deleted or on its way out."""
    return video.purging or video.delete_time is not None


def seen_by_others(video: VideoRecord, now: datetime) -> bool:
    """Whether somebody who has no part in the channel may see it, knowing its id: never before it can be played."""
    return not gone(video) and video.playable_time is not None and published(video, now)


def listed_for_others(video: VideoRecord, now: datetime) -> bool:
    """Whether it stands in lists that everybody sees."""
    return video.visibility == Visibility.VISIBILITY_PUBLIC and seen_by_others(video, now)


def listed_from(video: VideoRecord) -> datetime | None:
    """From when on it stands in lists that everybody sees, if it stays as it is and can be played by then."""
    return video.publish_time if video.visibility == Visibility.VISIBILITY_PUBLIC else None


def seen(video: VideoRecord, *, member: bool, now: datetime) -> bool:
    """Whether a caller may see it; `member` is true for the channel's people and for administrators."""
    return not video.purging if member else seen_by_others(video, now)


def status_of(video: VideoRecord, now: datetime) -> VideoStatus.ValueType:
    """The single status that older clients know."""
    if gone(video):
        return VideoStatus.VIDEO_STATUS_DELETED
    if video.playable_time is None:
        return {
            ProcessingState.PROCESSING_STATE_UPLOADING: VideoStatus.VIDEO_STATUS_UPLOADING,
            ProcessingState.PROCESSING_STATE_FAILED: VideoStatus.VIDEO_STATUS_FAILED,
        }.get(video.state, VideoStatus.VIDEO_STATUS_PROCESSING)
    if video.visibility == Visibility.VISIBILITY_PRIVATE:
        return VideoStatus.VIDEO_STATUS_PRIVATE
    return VideoStatus.VIDEO_STATUS_PUBLISHED if published(video, now) else VideoStatus.VIDEO_STATUS_PROCESSED


def etag_of(video: VideoRecord) -> str:
    """Changes with every change of the video; opaque, so that nobody counts with it."""
    digest = hashlib.sha256(f"{video.video_id}:{video.generation}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:9]).decode()


def with_epoch(before: VideoRecord, after: VideoRecord, now: datetime) -> VideoRecord:
    """`after` with the access epoch raised where the change takes the video out of somebody's sight.

    Deleting takes it from the channel's people as well, who may hold grants of a private one.
    """
    others_lose = seen_by_others(before, now) and not seen_by_others(after, now)
    all_lose = gone(after) and not gone(before)
    return replace(after, access_epoch=before.access_epoch + 1) if others_lose or all_lose else after
