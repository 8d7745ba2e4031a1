"""The invariants of test_chaos.py that the bus shows: each fact was told, by one event."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import nats
from google.protobuf.message import Message
from nats.js import JetStreamContext

from mesh.config import Settings
from tests.e2e.chaos.told import Account, UploadTold
from vidmesh.social.v1.social_events_pb2 import AccountCreated, ChannelChanged, ChannelMemberChanged
from vidmesh.transcode.v1.transcode_events_pb2 import (
    CaptionsChanged,
    ProcessingFinished,
    RenditionPublished,
    SourceProbed,
    StillsMade,
    StoryboardMade,
)
from vidmesh.upload.v1.upload_events_pb2 import UploadCompleted, VideoAccessRevoked, VideoChanged, VideoPurged

STREAMS: Final = ("VIDEO", "TRANSCODE", "SOCIAL")

Key = tuple[str | int, ...]
WHAT: Final[dict[type[Message], Callable[[Any], Key]]] = {
    UploadCompleted: lambda fact: (fact.upload_id,),
    VideoChanged: lambda fact: (fact.video_id, fact.generation),
    VideoAccessRevoked: lambda fact: (fact.video_id, fact.access_epoch),
    VideoPurged: lambda fact: (fact.video_id,),
    SourceProbed: lambda fact: (fact.video_id,),
    StillsMade: lambda fact: (fact.video_id, fact.decide_time.ToMicroseconds()),
    StoryboardMade: lambda fact: (fact.video_id,),
    CaptionsChanged: lambda fact: (fact.video_id, fact.manifest_generation),
    RenditionPublished: lambda fact: (fact.video_id, fact.quality),
    ProcessingFinished: lambda fact: (fact.video_id, fact.run),
    AccountCreated: lambda fact: (fact.account_id,),
    ChannelChanged: lambda fact: (fact.channel_id, fact.generation),
    ChannelMemberChanged: lambda fact: (fact.channel_id, fact.account_id),
}
"""What each kind of fact says once: nothing is told twice, be it by two events."""


@dataclass(slots=True)
class Facts:
    """What was told, by kind."""

    told: dict[type[Message], set[Key]] = field(default_factory=lambda: defaultdict(set))

    def of(self, kind: type[Message], subject: str) -> list[Key]:
        """The facts of a kind about one id."""
        return sorted(key for key in self.told[kind] if key[0] == subject)

    def last_generation(self, video_id: str) -> int:
        """Of VideoChanged."""
        return max(int(key[1]) for key in self.of(VideoChanged, video_id))


async def check_facts(settings: Settings, accounts: Sequence[Account]) -> Facts:
    """Reads every stream from its beginning to its end."""
    facts, ids, says = Facts(), Counter[tuple[str, str]](), Counter[tuple[str, Key]]()
    client = await nats.connect(settings.bus.url)
    try:
        async for stream, event_id, fact in _all(client.jetstream()):
            kind = type(fact)
            key = WHAT[kind](fact)
            ids[(stream, event_id)] += 1
            says[(kind.__name__, key)] += 1
            facts.told[kind].add(key)
    finally:
        await client.close()
    assert ids.total() == len(ids), f"event ids more than once: {[one for one, count in ids.items() if count > 1]}"
    assert says.total() == len(says), f"told more than once: {[one for one, count in says.items() if count > 1]}"
    uploads = [told for account in accounts for told in account.uploads]
    assert {key[0] for key in facts.told[VideoChanged]} == {told.video_id for told in uploads}
    for told in uploads:
        _check_upload(facts, told)
    assert len(facts.told[AccountCreated]) == len(accounts)
    assert {key[0] for key in facts.told[ChannelChanged]} == {account.channel_id for account in accounts}
    return facts


def _check_upload(facts: Facts, told: UploadTold) -> None:
    video, said = told.video_id, f"{told.fate} ({told.ended}) {told.video_id}"
    generations = [key[1] for key in facts.of(VideoChanged, video)]
    assert generations == list(range(1, len(generations) + 1)), said
    assert len(facts.of(UploadCompleted, told.upload_id)) == (told.ended == "completed"), said
    assert len(facts.of(VideoPurged, video)) == (not told.stays), said
    if told.ended == "completed" and told.gone:
        assert facts.of(VideoAccessRevoked, video), said
    if told.stays:
        works = told.file.name != "c.mp4"
        assert facts.of(ProcessingFinished, video) == [(video, 1)], said
        assert len(facts.of(SourceProbed, video)) == len(facts.of(StillsMade, video)) == works, said
        # Of sound nothing is told, and so small a picture is one rendition.
        assert len(facts.of(RenditionPublished, video)) == works, said


async def _all(stream_context: JetStreamContext) -> AsyncIterator[tuple[str, str, Message]]:
    kinds = {kind.DESCRIPTOR.full_name: kind for kind in WHAT}
    for stream in STREAMS:
        state = (await stream_context.stream_info(stream)).state
        for sequence in range(state.first_seq, state.last_seq + 1):
            raw = await stream_context.get_msg(stream, sequence)
            headers = raw.headers or {}
            fact = kinds[headers["vidmesh-type"]]()
            fact.ParseFromString(raw.data or b"")
            yield stream, headers["Nats-Msg-Id"], fact
