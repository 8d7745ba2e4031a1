"""What people may change about a video, as pure rules: (record, request, now) → record.

Each refuses with a Fault in the words of the contract; returning an equal record means that nothing is to be done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from mesh.errors import aborted, invalid_field, precondition
from svc_upload.videos.chapters import chapters_of, require_within
from svc_upload.videos.domain import (
    CATEGORIES,
    DEFAULT_CATEGORY,
    DEFAULT_LANGUAGE,
    Texts,
    VideoRecord,
    etag_of,
    gone,
    published,
)
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.upload.v1.video_pb2 import ContentType, Video, Visibility

EDITABLE: Final = (
    "title",
    "description",
    "tags",
    "category",
    "language",
    "age_restriction",
    "content_type",
    "chapters",
)

TITLE_LENGTH: Final = 100
"""Characters, as in the contract."""
UNTITLED: Final = "Untitled"


def texts_of(video: Video, filename: str) -> Texts:
    """What a new video says about itself, with the defaults filled in. Raises INVALID_FIELD."""
    texts = Texts(**{name: _value(video, name) for name in EDITABLE})
    return texts if texts.title.strip() else replace(texts, title=title_from(filename))


def title_from(filename: str) -> str:
    """A title for a video that was given none: the name of its file, without folders and ending."""
    name = re.split(r"[/\\]", filename)[-1]
    stem = name.rpartition(".")[0] or name
    printable = "".join(sign if sign.isprintable() else " " for sign in stem)
    return " ".join(printable.split())[:TITLE_LENGTH].rstrip() or UNTITLED


def visibility_of(video: Video) -> Visibility.ValueType:
    """Who may see a new video; the channel's people where it is not said."""
    return video.visibility or Visibility.VISIBILITY_PRIVATE


def fields_to_change(new: Video, paths: Iterable[str]) -> tuple[str, ...]:
    """The fields that an update names (AIP-134); without a mask those that are not empty. Raises INVALID_FIELD."""
    named = tuple(dict.fromkeys(paths))
    if not named:
        return tuple(name for name in EDITABLE if getattr(new, name))
    if named == ("*",):
        return EDITABLE
    for path in named:
        if path not in EDITABLE:
            raise invalid_field("update_mask", f"{path!r} cannot be changed here; these can: {', '.join(EDITABLE)}.")
    return named


def edit(record: VideoRecord, new: Video, paths: Iterable[str]) -> VideoRecord:
    """UpdateVideo. Raises INVALID_FIELD, ETAG_MISMATCH, VIDEO_DELETED."""
    check_etag(record, new.etag)
    _check_alive(record)
    changes = {name: _value(new, name) for name in fields_to_change(new, paths)}
    if "title" in changes and not changes["title"].strip():
        raise invalid_field("video.title", "A video has a title; it must not be empty.")
    if "chapters" in changes:
        require_within(changes["chapters"], record.duration_nanos)
    return replace(record, texts=replace(record.texts, **changes))


def publish(
    record: VideoRecord, visibility: Visibility.ValueType, at: datetime | None, etag: str, now: datetime
) -> VideoRecord:
    """PublishVideo. Raises ETAG_MISMATCH, VIDEO_DELETED, INVALID_PUBLISH_TIME.

    A video that was public before keeps its first publish time. One that cannot be played yet and is to be public
    at once gets its publish time when it becomes playable.
    """
    check_etag(record, etag)
    _check_alive(record)
    if at is not None:
        return replace(record, visibility=visibility, publish_time=_checked(record, visibility, at, now))
    was = record.publish_time if record.publish_time is not None and record.publish_time <= now else None
    if visibility == Visibility.VISIBILITY_PUBLIC and was is None and record.playable_time is not None:
        was = now
    return replace(record, visibility=visibility, publish_time=was)


def delete(record: VideoRecord, etag: str, now: datetime) -> VideoRecord:
    """DeleteVideo; a second time changes nothing. Raises ETAG_MISMATCH."""
    if gone(record):
        return record
    check_etag(record, etag)
    return replace(record, delete_time=now)


def undelete(record: VideoRecord) -> VideoRecord:
    """UndeleteVideo; what is not deleted stays as it is."""
    return record if record.purging else replace(record, delete_time=None)


def announced(record: VideoRecord, now: datetime) -> VideoRecord:
    """The record once a scheduled publish time has come: changed, so that everybody hears of it, exactly once."""
    if gone(record) or record.announced_time == record.publish_time or not published(record, now):
        return record
    return replace(record, announced_time=record.publish_time)


def purged(record: VideoRecord) -> VideoRecord:
    """The record on its way out for good."""
    return replace(record, purging=True)


def purged_if_due(record: VideoRecord, purge_after: timedelta, now: datetime) -> VideoRecord:
    """The record on its way out, if it is deleted and its time to be undeleted is over."""
    due = purge_due(record, purge_after)
    return record if due is None or due > now else purged(record)


def purge_due(record: VideoRecord, purge_after: timedelta) -> datetime | None:
    """When a deleted video goes for good; None for one that is not deleted."""
    return None if record.delete_time is None else record.delete_time + purge_after


def check_etag(record: VideoRecord, etag: str) -> None:
    """Raise ABORTED (ETAG_MISMATCH) where an etag is given and is not the current one (AIP-154)."""
    if etag and etag != etag_of(record):
        raise aborted(ErrorReason.ERROR_REASON_ETAG_MISMATCH, "The video changed since it was read. Read it again.")


def _check_alive(record: VideoRecord) -> None:
    if gone(record):
        raise precondition(ErrorReason.ERROR_REASON_VIDEO_DELETED, "The video is deleted. Undelete it first.")


def _checked(record: VideoRecord, visibility: Visibility.ValueType, at: datetime, now: datetime) -> datetime:
    # The same request again, after its time has come, is no new wish.
    repeated = (visibility, at) == (record.visibility, record.publish_time)
    if visibility != Visibility.VISIBILITY_PUBLIC or (at <= now and not repeated):
        raise precondition(
            ErrorReason.ERROR_REASON_INVALID_PUBLISH_TIME,
            "A publish time lies in the future and belongs to a public video.",
        )
    return at


def _value(video: Video, name: str) -> Any:
    match name:
        case "tags":
            return tuple(dict.fromkeys(video.tags))
        case "chapters":
            return chapters_of(video.chapters)
        case "category":
            if video.category and video.category not in CATEGORIES:
                raise invalid_field("video.category", f"There is no such category; these are: {', '.join(CATEGORIES)}.")
            return video.category or DEFAULT_CATEGORY
        case "language":
            return video.language or DEFAULT_LANGUAGE
        case "content_type":
            return video.content_type or ContentType.CONTENT_TYPE_VIDEO
        case _:
            return getattr(video, name)
