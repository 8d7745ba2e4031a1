"""How many videos a channel is said to have, by what VideoService tells over a real bus."""

from __future__ import annotations

import uuid

from google.protobuf.message import Message

from svc_social.video_counts.rebuilding import Rebuild
from svc_social.video_counts.store import READ_MODEL, VideoCounts
from svc_social.video_counts.tables import REBUILDS
from tests.contract import answers
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.upload.v1.upload_events_pb2 import VideoChanged, VideoPurged
from vidmesh.upload.v1.video_pb2 import (
    VIDEO_STATUS_DELETED,
    VIDEO_STATUS_PRIVATE,
    VIDEO_STATUS_PUBLISHED,
    VISIBILITY_PRIVATE,
    VISIBILITY_PUBLIC,
    VISIBILITY_UNLISTED,
    Video,
    VideoStatus,
    Visibility,
)
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceStub

from .conftest import Served, signed_in


async def told(served: Served, message: Message, event_id: str = "") -> None:
    await served.bus.publish(message, event_id or str(uuid.uuid4()))


async def shown(served: Served, channel_id: str) -> int | None:
    channel = (await served.channels.GetChannel(pb.GetChannelRequest(channel=channel_id))).channel
    return channel.video_count if channel.HasField("video_count") else None


async def counted(served: Served, channel_id: str, number: int) -> None:
    """Returns once the channel has that many videos."""

    async def look() -> bool:
        return await shown(served, channel_id) == number

    await answers.eventually(look, 10)


class Life:
    """A video, and what is told of it."""

    def __init__(self, served: Served, channel_id: str) -> None:
        self._served = served
        self.video = Video(video_id=uuid.uuid4().hex[:11], channel_id=channel_id)
        self.generation = 0

    async def becomes(
        self, visibility: Visibility.ValueType, status: VideoStatus.ValueType, *, tell: bool = True
    ) -> VideoChanged:
        self.video.visibility, self.video.status = visibility, status
        self._served.videos.all[self.video.video_id] = self.video
        self.generation += 1
        changed = VideoChanged(
            video_id=self.video.video_id, channel_id=self.video.channel_id, generation=self.generation
        )
        if tell:
            await told(self._served, changed)
        return changed


async def test_published_videos_are_counted_and_hidden_deleted_and_purged_ones_are_not(served: Served) -> None:
    ada = await served.sign_up("ada")
    channel_id = ada.channel.channel_id
    await counted(served, channel_id, 0)
    one, two, three = (Life(served, channel_id) for _ in range(3))

    await one.becomes(VISIBILITY_PUBLIC, VIDEO_STATUS_PUBLISHED)
    await two.becomes(VISIBILITY_PUBLIC, VIDEO_STATUS_PUBLISHED)
    await three.becomes(VISIBILITY_UNLISTED, VIDEO_STATUS_PUBLISHED)
    await counted(served, channel_id, 2)
    mine = await served.channels.ListMyChannels(pb.ListMyChannelsRequest(), metadata=signed_in(ada))
    assert [channel.video_count for channel in mine.channels] == [2]

    await one.becomes(VISIBILITY_PRIVATE, VIDEO_STATUS_PRIVATE)
    await counted(served, channel_id, 1)
    await two.becomes(VISIBILITY_PUBLIC, VIDEO_STATUS_DELETED)
    await counted(served, channel_id, 0)
    await one.becomes(VISIBILITY_PUBLIC, VIDEO_STATUS_PUBLISHED)
    await counted(served, channel_id, 1)
    await told(served, VideoPurged(video_id=one.video.video_id, channel_id=channel_id))
    await counted(served, channel_id, 0)
    assert await shown(served, (await served.sign_up("bob")).channel.channel_id) == 0


async def test_the_same_event_again_and_an_older_one_afterwards_change_nothing(served: Served) -> None:
    channel_id = (await served.sign_up("ada")).channel.channel_id
    video, last = Life(served, channel_id), Life(served, channel_id)
    first = await video.becomes(VISIBILITY_PUBLIC, VIDEO_STATUS_PUBLISHED)
    await counted(served, channel_id, 1)
    for _ in range(3):
        await told(served, first)
    hidden = await video.becomes(VISIBILITY_PRIVATE, VIDEO_STATUS_PRIVATE)
    await counted(served, channel_id, 0)
    for late in (first, hidden, first):
        await told(served, late)

    await last.becomes(VISIBILITY_PUBLIC, VIDEO_STATUS_PUBLISHED)
    await counted(served, channel_id, 1)


async def test_events_wait_until_the_videos_can_be_asked_for(served: Served) -> None:
    channel_id = (await served.sign_up("ada")).channel.channel_id
    await counted(served, channel_id, 0)
    served.videos.away = True
    await Life(served, channel_id).becomes(VISIBILITY_PUBLIC, VIDEO_STATUS_PUBLISHED)
    assert await shown(served, channel_id) == 0
    served.videos.away = False
    await counted(served, channel_id, 1)


async def test_videos_from_before_the_first_event_are_counted_by_a_rebuild(served: Served) -> None:
    ada = await served.sign_up("ada")
    channel_id = ada.channel.channel_id
    await counted(served, channel_id, 0)
    known, old, hidden = (Life(served, channel_id) for _ in range(3))
    await known.becomes(VISIBILITY_PUBLIC, VIDEO_STATUS_PUBLISHED)
    await counted(served, channel_id, 1)
    await old.becomes(VISIBILITY_PUBLIC, VIDEO_STATUS_PUBLISHED, tell=False)
    await hidden.becomes(VISIBILITY_PRIVATE, VIDEO_STATUS_PRIVATE, tell=False)
    videos = VideoServiceStub((await served.mesh.runtime("svc_social")).channel("svc_upload"))
    for _ in range(2):
        await served.social.tables.delete(REBUILDS, {"read_model": READ_MODEL})
        await Rebuild(VideoCounts(served.social.tables), videos).run()
    assert await shown(served, channel_id) == 2
