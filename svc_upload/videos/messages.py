"""A record as the contract shows it, to the channel's people or to others."""

from __future__ import annotations

from datetime import datetime

from svc_upload.videos.chapters import message_of
from svc_upload.videos.domain import VideoRecord, etag_of, status_of
from svc_upload.videos.facts import failure_message
from svc_upload.videos.pictures import Pictures
from vidmesh.upload.v1.video_pb2 import Video


def video_message(record: VideoRecord, pictures: Pictures, *, member: bool, now: datetime) -> Video:
    """The video; `member` adds what only the channel's people see. Counts stay unset: other services own them."""
    texts = record.texts
    message = Video(
        video_id=record.video_id,
        channel_id=record.channel_id,
        title=texts.title,
        description=texts.description,
        thumbnail=pictures.thumbnail(record, now),
        content_type=texts.content_type,
        tags=texts.tags,
        category=texts.category,
        language=texts.language,
        age_restriction=texts.age_restriction,
        processing_state=record.state,
        visibility=record.visibility,
        status=status_of(record, now),
        etag=etag_of(record),
        chapters=[message_of(chapter) for chapter in texts.chapters],
    )
    if record.duration_nanos is not None:
        message.duration.FromNanoseconds(record.duration_nanos)
    message.upload_time.FromDatetime(record.upload_time)
    if record.publish_time is not None:
        message.publish_time.FromDatetime(record.publish_time)
    if record.playable_time is not None:
        message.playable_time.FromDatetime(record.playable_time)
    if member:
        message.failure_message = failure_message(record)
        if record.delete_time is not None:
            message.delete_time.FromDatetime(record.delete_time)
    return message
