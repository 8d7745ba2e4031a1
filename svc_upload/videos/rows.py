"""Between a record and its row."""

from __future__ import annotations

import json
from typing import Any

from mesh.tables import Row
from svc_upload.videos.chapters import Chapter
from svc_upload.videos.domain import Still, Texts, VideoRecord


def row_of(record: VideoRecord) -> Row:
    """Every column of the record but `pending_events`, which is the outbox's."""
    texts, still = record.texts, record.still
    return {
        "video_id": record.video_id,
        "generation": record.generation,
        "channel_id": record.channel_id,
        "account_id": record.account_id,
        "upload_id": record.upload_id,
        "title": texts.title,
        "description": texts.description,
        "tags": json.dumps(texts.tags, ensure_ascii=False),
        "category": texts.category,
        "language": texts.language,
        "age_restriction": texts.age_restriction,
        "content_type": texts.content_type,
        "chapters": _chapters_cell(texts.chapters),
        "state": record.state,
        "failure": record.failure,
        "run": record.run,
        "finished_run": record.finished_run,
        "visibility": record.visibility,
        "duration_nanos": record.duration_nanos,
        "still_path": still and still.path,
        "still_width": still and still.width,
        "still_height": still and still.height,
        "still_made": record.still_made,
        "upload_time": record.upload_time,
        "publish_time": record.publish_time,
        "announced_time": record.announced_time,
        "playable_time": record.playable_time,
        "delete_time": record.delete_time,
        "purging": record.purging,
        "access_epoch": record.access_epoch,
    }


def record_of(row: Row) -> VideoRecord:
    """The record that `row_of` wrote."""
    cells: dict[str, Any] = dict(row)
    still = None
    if cells["still_path"] is not None:
        still = Still(cells["still_path"], cells["still_width"], cells["still_height"])
    return VideoRecord(
        video_id=cells["video_id"],
        generation=cells["generation"],
        channel_id=cells["channel_id"],
        account_id=cells["account_id"],
        upload_id=cells["upload_id"],
        texts=Texts(
            title=cells["title"],
            description=cells["description"],
            tags=tuple(json.loads(cells["tags"])),
            category=cells["category"],
            language=cells["language"],
            age_restriction=cells["age_restriction"],
            content_type=cells["content_type"],
            chapters=tuple(Chapter(start, title) for start, title in json.loads(cells["chapters"] or "[]")),
        ),
        state=cells["state"],
        failure=cells["failure"],
        run=cells["run"],
        finished_run=cells["finished_run"],
        visibility=cells["visibility"],
        duration_nanos=cells["duration_nanos"],
        still=still,
        still_made=cells["still_made"],
        upload_time=cells["upload_time"],
        publish_time=cells["publish_time"],
        announced_time=cells["announced_time"],
        playable_time=cells["playable_time"],
        delete_time=cells["delete_time"],
        purging=cells["purging"],
        access_epoch=cells["access_epoch"],
    )


def _chapters_cell(chapters: tuple[Chapter, ...]) -> str | None:
    # None for the many that have none, as in the rows of the version before there were any.
    return json.dumps([[one.start, one.title] for one in chapters], ensure_ascii=False) if chapters else None
