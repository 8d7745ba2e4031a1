"""The named queries over videos. Every change goes through `change`, so every change has its events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

from google.protobuf.message import Message

from mesh.bus.outbox import Outbox
from mesh.contention import LostRace, settle
from mesh.tables import Tables
from svc_upload.videos.domain import VideoRecord, listed_from, with_epoch
from svc_upload.videos.newest import Newest
from svc_upload.videos.pages import Listing, Look, filled
from svc_upload.videos.rows import record_of, row_of
from svc_upload.videos.tables import CHANNEL_VIDEOS, VIDEOS
from vidmesh.upload.v1.upload_events_pb2 import VideoAccessRevoked, VideoChanged, VideoPurged

Rule: TypeAlias = Callable[[VideoRecord], VideoRecord]
"""A pure rule: what a video becomes. An equal record means that nothing changes; a Fault refuses."""


class VideoStore:
    """Videos in the tables, with their events in the outbox."""

    def __init__(self, tables: Tables, outbox: Outbox) -> None:
        self._tables = tables
        self._outbox = outbox
        self._newest = Newest(tables)

    async def get(self, video_id: str) -> VideoRecord | None:
        """The video, or None."""
        row = await self._tables.get(VIDEOS, {"video_id": video_id})
        return None if row is None else record_of(row)

    async def get_many(self, video_ids: Sequence[str]) -> list[VideoRecord | None]:
        """The videos in the order asked for, at most 1000."""
        rows = await self._tables.get_many(VIDEOS, [{"video_id": video_id} for video_id in video_ids])
        return [None if row is None else record_of(row) for row in rows]

    async def begin(self, now: datetime) -> None:
        """To be called before anything else; after the first time it changes nothing."""
        await self._newest.begin(now)

    async def create(self, record: VideoRecord) -> VideoRecord:
        """Make the video unless it is there, and put it on its channel's list; the one that is there now.

        May be repeated after a crash anywhere inside. The list's row comes first: one without a video is passed over
        by readers, while a video without one would never be seen.
        """
        await self._tables.put(
            CHANNEL_VIDEOS,
            {"channel_id": record.channel_id, "upload_time": record.upload_time, "video_id": record.video_id},
        )
        if await self._outbox.insert(VIDEOS, row_of(record), events=[_changed(record)]):
            return record
        return await self.get(record.video_id) or record

    async def change(self, video_id: str, rule: Rule) -> VideoRecord | None:
        """Apply a rule by compare-and-set; the video as it is afterwards, None where there is none.

        Raises what the rule raises, and ABORTED (CONTENTION).
        """

        async def attempt() -> VideoRecord | None:
            before = await self.get(video_id)
            if before is None:
                return None
            after = rule(before)
            if after == before:
                return before
            after = replace(with_epoch(before, after, datetime.now(UTC)), generation=before.generation + 1)
            if listed_from(after) != listed_from(before):
                # First, as with a channel's list: a row too many is passed over, a video without one is not found.
                await self._newest.note(after)
            old, new = row_of(before), row_of(after)
            changes = {name: value for name, value in new.items() if value != old[name]}
            if not await self._outbox.update(
                VIDEOS,
                {"video_id": video_id},
                changes,
                expect={"generation": before.generation},
                events=_events(before, after),
            ):
                raise LostRace
            return after

        return await settle(attempt)

    async def of_channel(
        self, channel_id: str, *, keep: Callable[[VideoRecord], bool], limit: int, cursor: bytes | None
    ) -> Listing:
        """A channel's videos that `keep` lets through, newest upload first, as `filled`. Raises InvalidCursor."""

        async def read(wanted: int, at: bytes | None) -> Look:
            page = await self._tables.scan(CHANNEL_VIDEOS, {"channel_id": channel_id}, limit=wanted, cursor=at)
            videos = await self.get_many([str(row["video_id"]) for row in page.rows])
            shown = [video for video in videos if video is not None and keep(video)]
            return Look(shown, len(page.rows), page.cursor)

        return await filled(read, limit=limit, cursor=cursor)

    async def newest(self, now: datetime, *, limit: int, cursor: bytes | None) -> Listing:
        """The installation's public videos, the latest publish time first, as `Newest.page`. Raises InvalidCursor."""
        return await self._newest.page(now, limit=limit, cursor=cursor)

    async def walk(self, *, limit: int, cursor: bytes | None) -> Listing:
        """A page of all videos in no order, those that are being purged left out. Raises InvalidCursor."""
        page = await self._tables.walk(VIDEOS, limit=limit, cursor=cursor)
        videos = (record_of(row) for row in page.rows)
        return Listing(tuple(video for video in videos if not video.purging), page.cursor)

    async def drop(self, record: VideoRecord) -> bool:
        """Remove a video that is `purging`; False while its last events are not published yet. May be repeated."""
        await self._tables.delete(
            CHANNEL_VIDEOS,
            {"channel_id": record.channel_id, "upload_time": record.upload_time, "video_id": record.video_id},
        )
        await self._newest.strike(record)
        if await self._tables.delete(
            VIDEOS, {"video_id": record.video_id}, expect={"purging": True, "pending_events": None}
        ):
            return True
        return await self.get(record.video_id) is None


def _changed(record: VideoRecord) -> VideoChanged:
    return VideoChanged(video_id=record.video_id, channel_id=record.channel_id, generation=record.generation)


def _events(before: VideoRecord, after: VideoRecord) -> list[Message]:
    events: list[Message] = [_changed(after)]
    if after.access_epoch > before.access_epoch:
        events.append(VideoAccessRevoked(video_id=after.video_id, access_epoch=before.access_epoch))
    if after.purging and not before.purging:
        events.append(VideoPurged(video_id=after.video_id, channel_id=after.channel_id))
    return events
