"""What players report, and what edges are to refuse."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from tests.contract.answers import refusal
from vidmesh.playback.v1.playback_events_pb2 import PlaybackReported, RevocationsChanged
from vidmesh.playback.v1.playback_pb2 import Ended, PlaybackEvent, Watched
from vidmesh.playback.v1.playback_service_pb2 import (
    GetGrantKeysRequest,
    ListRevocationsRequest,
    ReportPlaybackRequest,
)
from vidmesh.upload.v1.upload_events_pb2 import VideoAccessRevoked

from .conftest import Served, eventually

EVENTS = [PlaybackEvent(seq=1, watched=Watched()), PlaybackEvent(seq=2, ended=Ended())]


async def report(served: Served, token: str, events: list[PlaybackEvent], metadata: Any = ()) -> int:
    request = ReportPlaybackRequest(session_token=token, events=events)
    return (await served.service.ReportPlayback(request, metadata=metadata)).accepted_seq


async def test_a_report_is_kept_once_however_often_it_is_sent(served: Served) -> None:
    video_id = served.video()
    told = await served.heard(PlaybackReported, video_id)
    playback = await served.play(video_id, served.me)
    for _ in range(3):
        assert await report(served, playback.session_token, EVENTS) == 2
    more = [PlaybackEvent(seq=3, watched=Watched())]
    assert await report(served, playback.session_token, more) == 3

    async def both() -> bool:
        return len(told) >= 2

    await eventually(both)
    await asyncio.sleep(0.2)
    assert [[event.seq for event in one.message.events] for one in told] == [[1, 2], [3]]
    first = told[0].message
    assert (first.session_id, first.account_id, first.edge) == (playback.session_id, served.owner, "local")
    assert first.HasField("receive_time")


async def test_a_report_of_another_session_or_none_is_refused(served: Served) -> None:
    token = (await served.play(served.video())).session_token
    middle = len(token) // 2
    altered = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    for wrong in ("nonsense", altered, token[:-1], token + "A"):
        assert (await refusal(report(served, wrong, EVENTS))).reason_name == "INVALID_SESSION"


@pytest.mark.parametrize("count", [0, 101])
async def test_a_batch_has_one_to_a_hundred_events(served: Served, count: int) -> None:
    token = (await served.play(served.video())).session_token
    events = [PlaybackEvent(seq=n + 1, watched=Watched()) for n in range(count)]
    assert (await refusal(report(served, token, events))).code.name == "INVALID_ARGUMENT"


async def test_where_a_viewer_is_comes_from_the_edge_and_not_from_the_report(served: Served) -> None:
    video_id = served.video()
    told = await served.heard(PlaybackReported, video_id)
    playback = await served.play(video_id, (*served.edge, ("x-vidmesh-country", "DE")))
    await report(served, playback.session_token, EVENTS, (("x-vidmesh-country", "FR"),))

    async def arrived() -> bool:
        return bool(told)

    await eventually(arrived)
    assert told[0].message.country == "DE"


async def test_a_revocation_is_kept_told_and_listed_page_by_page(served: Served) -> None:
    videos = [served.video() for _ in range(7)]
    async with served.bus.wakes(RevocationsChanged) as wakes:
        for video_id in videos:
            revoked = VideoAccessRevoked(video_id=video_id, access_epoch=4)
            for _ in range(2):
                await served.bus.publish(revoked, str(uuid.uuid4()))
        woken = set[str]()
        async with asyncio.timeout(5):
            while woken < set(videos):
                wake = await anext(wakes)
                assert wake is not None
                woken.add(wake.video_id)
                # Who is woken finds it.
                assert f"{wake.video_id}.4" in await listed(served, 1000)
    for size in (1, 3, 1000):
        found = await listed(served, size)
        assert {f"{video_id}.4" for video_id in videos} <= set(found)
        assert len(found) == len(set(found))


async def listed(served: Served, size: int) -> list[str]:
    keys: list[str] = []
    token = ""
    while True:
        request = ListRevocationsRequest(page_size=size, page_token=token)
        page = await served.service.ListRevocations(request, metadata=served.edge)
        assert len(page.access_keys) <= size
        keys += page.access_keys
        token = page.next_page_token
        if not token:
            return keys


async def test_a_revoked_video_is_granted_anew_in_its_new_epoch(served: Served) -> None:
    video_id = served.video()
    await served.play(video_id)
    served.videos.epochs[video_id] = 5
    await served.bus.publish(VideoAccessRevoked(video_id=video_id, access_epoch=4), str(uuid.uuid4()))
    asked = served.videos.asked

    async def asked_again() -> bool:
        await served.play(video_id)
        return served.videos.asked > asked

    await eventually(asked_again, seconds=1)
    assert f"{video_id}.5" not in await listed(served, 1000)


async def test_keys_and_revocations_are_for_services_alone(served: Served) -> None:
    for metadata in ((), served.me):
        keys = served.service.GetGrantKeys(GetGrantKeysRequest(), metadata=metadata)
        revocations = served.service.ListRevocations(ListRevocationsRequest(), metadata=metadata)
        for call in (keys, revocations):
            assert (await refusal(call)).code.name in {"PERMISSION_DENIED", "UNAUTHENTICATED"}
    answer = await served.service.GetGrantKeys(GetGrantKeysRequest(), metadata=served.edge)
    assert '"d"' not in answer.jwks
