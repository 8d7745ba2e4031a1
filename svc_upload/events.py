"""What svc_social says about channels' people: what was remembered of them is dropped."""

from __future__ import annotations

from mesh.bus import Bus
from svc_upload.membership import Membership
from vidmesh.social.v1.social_events_pb2 import ChannelMemberChanged


async def forget_members(bus: Bus, membership: Membership) -> None:
    """Forget as hints come, until cancelled. Every replica hears each at most once; memory ends by itself besides."""
    async with bus.wakes(ChannelMemberChanged) as hints:
        # What was remembered while nobody listened may be wrong.
        membership.forget_all()
        async for hint in hints:
            if hint is None:
                membership.forget_all()
            else:
                # Hints of one channel are joined into the newest, so it is about all of its people.
                membership.forget(hint.channel_id)
