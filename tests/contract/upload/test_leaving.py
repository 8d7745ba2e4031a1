"""Who leaves a channel loses what was granted of its private videos, and nothing else happens."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from mesh.bus import Event
from mesh.ids import uuid7
from vidmesh.social.v1.social_events_pb2 import ChannelMemberChanged
from vidmesh.upload.v1.upload_events_pb2 import VideoAccessRevoked

from .conftest import Served
from .videos import PRIVATE, PUBLIC, UNLISTED, check, playable, publish


async def changed(served: Served, account_id: str, channel_id: str = "") -> None:
    """The bus says that somebody's part in the channel changed."""
    message = ChannelMemberChanged(channel_id=channel_id or served.channel_id, account_id=account_id)
    event = Event(id=str(uuid.uuid4()), message=message, time=datetime.now(UTC), delivery_count=1)
    await served.parts.leavers.handle(event)


async def test_grants_of_what_only_the_channels_people_see_end_when_one_of_them_leaves(served: Served) -> None:
    manager = uuid7()
    served.people.channels[served.channel_id].add(manager)
    private, scheduled = await playable(served, PRIVATE), await playable(served, PRIVATE)
    await publish(served, scheduled, PUBLIC, datetime.now(UTC) + timedelta(hours=1))
    before = {video_id: (await check(served, video_id, manager)).access_epoch for video_id in (private, scheduled)}

    served.people.channels[served.channel_id].remove(manager)
    await changed(served, manager)

    for video_id, epoch in before.items():
        [revoked] = await (await served.heard(VideoAccessRevoked, video_id)).messages(1)
        assert revoked.access_epoch == epoch
        assert (await check(served, video_id, served.owner)).access_epoch == epoch + 1


async def test_what_everybody_sees_is_not_interrupted(served: Served) -> None:
    videos = [await playable(served, PUBLIC), await playable(served, UNLISTED)]
    await changed(served, uuid7())
    assert [(await check(served, video_id)).access_epoch for video_id in videos] == [1, 1]


async def test_a_video_that_cannot_be_played_yet_is_left_alone(served: Served) -> None:
    unplayable = (await served.begin()).video.video_id
    await changed(served, uuid7())
    assert (await check(served, unplayable, served.owner)).access_epoch == 1


async def test_somebody_who_joins_or_is_given_another_role_ends_nothing(served: Served) -> None:
    private = await playable(served, PRIVATE)
    await changed(served, served.owner)
    assert (await check(served, private, served.owner)).access_epoch == 1


async def test_a_channel_of_several_pages_is_gone_through_to_its_end(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("svc_upload.videos.leavers.PAGE", 2)
    videos = [await playable(served, PRIVATE) for _ in range(5)]
    await changed(served, uuid7())
    assert [(await check(served, video_id, served.owner)).access_epoch for video_id in videos] == [2] * 5
