"""The newest public videos of the whole installation.

Rows are hints: one is written before its video may be seen, and readers look at the video itself. A row whose video is
no longer public, or was given another publish time, is passed over; one whose video is gone for good is removed by
whoever finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from mesh.tables import Tables
from mesh.tables.buckets import scan_buckets
from svc_upload.videos.domain import VideoRecord, listed_for_others, listed_from
from svc_upload.videos.pages import EXAMINED, Listing, Look, filled
from svc_upload.videos.rows import record_of
from svc_upload.videos.tables import (
    PUBLISH_TIME,
    PUBLISHED_SINCE,
    PUBLISHED_VIDEOS,
    SINCE,
    VIDEO_ID,
    VIDEOS,
    WEEKS,
)

WALKED: Final = 500
SLACK: Final = timedelta(days=1)
"""Processing says when a video became playable, by a clock of its own."""
FLOOR: Final = {"name": "published_videos"}


class Newest:
    """The list in the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def begin(self, now: datetime) -> None:
        """To be called before the first video is ever noted: lists what was published before there was this list.

        Later calls change nothing.
        """
        if await self._tables.get(PUBLISHED_SINCE, FLOOR) is not None:
            return
        since, cursor = now - SLACK, None
        while True:
            page = await self._tables.walk(VIDEOS, limit=WALKED, cursor=cursor)
            for row in page.rows:
                record = record_of(row)
                await self.note(record)
                since = min(since, listed_from(record) or since)
            cursor = page.cursor
            if cursor is None:
                break
        await self._tables.insert(PUBLISHED_SINCE, {**FLOOR, "since": since})

    async def note(self, record: VideoRecord) -> None:
        """Put a video on the list, if it is public from some time on. May be repeated."""
        time = listed_from(record)
        if time is not None:
            await self._tables.put(PUBLISHED_VIDEOS, _row(record.video_id, time))

    async def strike(self, record: VideoRecord) -> None:
        """The video is going for good."""
        if record.publish_time is not None:
            await self._tables.delete(PUBLISHED_VIDEOS, _row(record.video_id, record.publish_time))

    async def page(self, now: datetime, *, limit: int, cursor: bytes | None) -> Listing:
        """Public videos, the latest publish time first, as `filled`. Raises InvalidCursor."""
        row = await self._tables.get(PUBLISHED_SINCE, FLOOR)
        oldest = now if row is None else SINCE.of(row)

        async def read(wanted: int, at: bytes | None) -> Look:
            page = await scan_buckets(
                self._tables,
                PUBLISHED_VIDEOS,
                {},
                bucket="week",
                buckets=WEEKS,
                oldest=oldest,
                newest=now,
                limit=wanted,
                cursor=at,
            )
            listed = [(VIDEO_ID.of(row), PUBLISH_TIME.of(row)) for row in page.rows]
            # Weeks without a row are enough for one page, too.
            return Look(await self._public(listed, now), len(listed) or EXAMINED, page.cursor)

        return await filled(read, limit=limit, cursor=cursor)

    async def _public(self, listed: Sequence[tuple[str, datetime]], now: datetime) -> list[VideoRecord]:
        rows = await self._tables.get_many(VIDEOS, [{"video_id": video_id} for video_id, _ in listed])
        public: list[VideoRecord] = []
        for (video_id, time), row in zip(listed, rows, strict=True):
            if row is None:
                await self._tables.delete(PUBLISHED_VIDEOS, _row(video_id, time))
                continue
            record = record_of(row)
            if record.publish_time == time and listed_for_others(record, now):
                public.append(record)
        return public


def _row(video_id: str, time: datetime) -> dict[str, int | datetime | str]:
    return {"week": WEEKS.of(time), "publish_time": time, "video_id": video_id}
