"""What svc_social says about channels' people: what was remembered of them is dropped."""

from __future__ import annotations

from typing import Final

from mesh.bus import Bus, Event
from svc_upload.membership import Membership
from vidmesh.social.v1.social_events_pb2 import ChannelMemberChanged

DURABLE: Final = "svc_upload-members"


async def forget_members(bus: Bus, membership: Membership) -> None:
    """Forget as events come. One replica gets each; the others' memory ends by itself within seconds."""

    async def forget(event: Event[ChannelMemberChanged]) -> None:
        membership.forget(event.message.channel_id, event.message.account_id)

    await bus.subscribe(ChannelMemberChanged, DURABLE, forget)
