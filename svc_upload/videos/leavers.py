"""Who leaves a channel loses sight of what only its people see: grants that were made for them end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from mesh.bus import Bus, Event
from svc_upload.membership import Membership
from svc_upload.videos.domain import VideoRecord, gone, seen_by_others
from svc_upload.videos.store import VideoStore
from vidmesh.social.v1.social_events_pb2 import ChannelMemberChanged

DURABLE: Final = "svc_upload-leavers"
PAGE: Final = 100


class Leavers:
    """Follows the people of channels. Grants name no account, so those of everybody end, and who may see asks again."""

    def __init__(self, videos: VideoStore, membership: Membership) -> None:
        self._videos = videos
        self._membership = membership

    async def subscribe(self, bus: Bus) -> None:
        """Follow from now on, each event by one replica."""
        await bus.subscribe(ChannelMemberChanged, DURABLE, self.handle)

    async def handle(self, event: Event[ChannelMemberChanged]) -> None:
        """Raise the epoch of what only the channel's people see, unless the account is one of them now.

        May be repeated: an epoch too many makes players ask again.
        """
        channel_id = event.message.channel_id
        # Nobody is to be given a grant of the new epoch by what was remembered.
        self._membership.forget(channel_id)
        if await self._membership.is_member(channel_id, event.message.account_id):
            return
        cursor: bytes | None = None
        while True:
            page = await self._videos.of_channel(channel_id, keep=_for_its_people, limit=PAGE, cursor=cursor)
            for video in page.videos:
                await self._videos.change(video.video_id, _unseen)
            cursor = page.cursor
            if cursor is None:
                return


def _for_its_people(video: VideoRecord) -> bool:
    """Only the channel's people may hold a grant of it."""
    return not gone(video) and video.playable_time is not None and not seen_by_others(video, datetime.now(UTC))


def _unseen(video: VideoRecord) -> VideoRecord:
    return replace(video, access_epoch=video.access_epoch + 1) if _for_its_people(video) else video
