"""Who asks, and what of a video they see."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mesh.call import Caller
from mesh.errors import Fault, not_found
from svc_upload.membership import Membership
from svc_upload.videos.domain import VideoRecord, seen, seen_by_others
from svc_upload.videos.store import VideoStore
from vidmesh.common.v1.error_reason_pb2 import ErrorReason


@dataclass(frozen=True, slots=True)
class View:
    """A video that somebody may see."""

    record: VideoRecord
    member: bool
    """They are one of the channel's people."""
    inside: bool
    """They see what the channel's people see: those, and administrators."""


class Viewing:
    """Looks at videos through a caller's eyes."""

    def __init__(self, videos: VideoStore, membership: Membership) -> None:
        self._videos = videos
        self._membership = membership

    async def view(self, caller: Caller, video_id: str) -> View:
        """The video. Raises NOT_FOUND (VIDEO_NOT_FOUND) where the caller sees none."""
        record = await self._videos.get(video_id) if video_id else None
        views = [] if record is None else await self._seen(caller, [record])
        if not views:
            raise video_not_found()
        return views[0]

    async def views(self, caller: Caller, video_ids: Sequence[str]) -> list[View]:
        """Those of the videos that the caller sees, in the order asked for."""
        records = await self._videos.get_many(video_ids)
        return await self._seen(caller, [record for record in records if record is not None])

    async def own(self, caller: Caller, video_id: str) -> VideoRecord:
        """The video, for changing it. Raises VIDEO_NOT_FOUND, and PERMISSION_DENIED to whoever only sees it."""
        view = await self.view(caller, video_id)
        await self._membership.require(view.record.channel_id, caller.account_id)
        return view.record

    async def _seen(self, caller: Caller, records: Sequence[VideoRecord]) -> list[View]:
        now = datetime.now(UTC)
        # A remembered "no" will do where it only decides how much is shown.
        sure = {record.channel_id: False for record in records}
        sure |= {record.channel_id: True for record in records if not seen_by_others(record, now)}
        answers = await asyncio.gather(
            *(
                self._membership.is_member(channel, caller.account_id_or_none, sure=must)
                for channel, must in sure.items()
            )
        )
        member_of = dict(zip(sure, answers, strict=True))
        views = (
            View(record, member_of[record.channel_id], member_of[record.channel_id] or caller.is_administrator)
            for record in records
        )
        return [view for view in views if seen(view.record, member=view.inside, now=now)]


def video_not_found() -> Fault:
    """NOT_FOUND (VIDEO_NOT_FOUND): not there, or not for the caller; the two are not told apart."""
    return not_found(ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND, "There is no such video.")
