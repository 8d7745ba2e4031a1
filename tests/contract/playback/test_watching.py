"""GetPlayback: who gets a grant, what it opens, and how soon a change is seen."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from tests.contract.answers import refusal
from vidmesh.playback.v1.playback_pb2 import (
    CHAPTER_ORIGIN_CREATOR,
    CHAPTER_ORIGIN_FILE,
    DEVICE_TYPE_PHONE,
    DEVICE_TYPE_TV,
)
from vidmesh.playback.v1.playback_service_pb2 import GetGrantKeysRequest
from vidmesh.transcode.v1.transcode_events_pb2 import RenditionPublished
from vidmesh.upload.v1.video_pb2 import (
    PROCESSING_STATE_FAILED,
    PROCESSING_STATE_PROCESSING,
    VISIBILITY_PRIVATE,
    VISIBILITY_PUBLIC,
    VISIBILITY_UNLISTED,
)

from .conftest import EDGE, Served, eventually


async def claims(served: Served, url: str) -> dict[str, Any]:
    """What a media URL's grant says, checked with the keys that edges fetch."""
    token = url.removeprefix(f"{EDGE}/media/~").partition("/")[0]
    answer = await served.service.GetGrantKeys(GetGrantKeysRequest(), metadata=served.edge)
    keys = jwt.PyJWKSet.from_dict(json.loads(answer.jwks))
    kid = jwt.get_unverified_header(token)["kid"]
    return jwt.decode(token, keys[kid], algorithms=["EdDSA"], issuer="vidmesh-media")


async def test_a_public_or_unlisted_video_plays_for_everybody(served: Served) -> None:
    for visibility in (VISIBILITY_PUBLIC, VISIBILITY_UNLISTED):
        video_id = served.video(visibility)
        for metadata in ((), served.stranger, served.me):
            assert (await served.play(video_id, metadata)).video_id == video_id


async def test_a_private_video_plays_for_its_people_and_is_not_there_for_others(served: Served) -> None:
    video_id = served.video(VISIBILITY_PRIVATE)
    for metadata in ((), served.stranger):
        assert (await refusal(served.play(video_id, metadata))).reason_name == "VIDEO_NOT_FOUND"
    assert (await served.play(video_id, served.me)).video_id == video_id
    assert (await refusal(served.play(video_id))).reason_name == "VIDEO_NOT_FOUND"


async def test_a_grant_opens_one_videos_media_in_its_epoch_at_the_edge(served: Served) -> None:
    video_id = served.video()
    playback = await served.play(video_id)
    assert playback.edge == "local"
    assert playback.hls_url.endswith(f"/v/{video_id}/m/2-ab/master.m3u8")
    assert playback.dash_url.endswith(f"/v/{video_id}/m/2-ab/manifest.mpd")
    assert playback.thumbnails[0].url.endswith(f"/v/{video_id}/t/t-r1.1.1/0.jpg")
    found = await claims(served, playback.hls_url)
    assert found == {
        "iss": "vidmesh-media",
        "exp": playback.expire_time.seconds,
        "pfx": f"/media/v/{video_id}/",
        "acc": f"{video_id}.4",
    }


@pytest.mark.parametrize(("minutes", "hours"), [(1, 1), (90, 3), (600, 12)])
async def test_a_grant_outlives_the_video_but_not_the_day(served: Served, minutes: int, hours: int) -> None:
    before = datetime.now(UTC)
    playback = await served.play(served.video(minutes=minutes))
    lasts = playback.expire_time.ToDatetime(UTC) - before
    assert timedelta(hours=hours) - timedelta(seconds=2) < lasts < timedelta(hours=hours, seconds=10)


async def test_a_device_gets_the_tracks_that_it_decodes_and_a_quality_to_begin_with(served: Served) -> None:
    video_id = served.video()
    phone = await served.play(video_id, device=DEVICE_TYPE_PHONE)
    assert ([t.quality for t in phone.tracks], phone.start_quality) == (["360p", "1080p", "audio"], "360p")
    assert (await served.play(video_id, device=DEVICE_TYPE_TV)).start_quality == "1080p"
    assert (await served.play(video_id, start_quality="720p")).start_quality == "360p"
    some = await served.play(video_id, codecs=["avc1.640028", "mp4a"])
    assert [t.quality for t in some.tracks] == ["1080p", "audio"]
    for codecs in (["mp4a"], ["hvc1", "mp4a"]):
        assert (await refusal(served.play(video_id, codecs=codecs))).reason_name == "NO_DECODABLE_RENDITION"


async def test_what_has_no_picture_yet_says_how_far_it_is(served: Served) -> None:
    video_id = served.video()
    served.videos.videos[video_id].processing_state = PROCESSING_STATE_PROCESSING
    shown = served.presentations.presentations.pop(video_id)
    for files in (None, shown.files[2:], []):
        if files is not None:
            del shown.files[:]
            shown.files.extend(files)
            served.presentations.presentations[video_id] = shown
            await served.changed(video_id)
            await asyncio.sleep(0.1)
        refused = await refusal(served.play(video_id))
        assert (refused.reason_name, refused.metadata["processing_state"]) == ("VIDEO_NOT_PLAYABLE", "PROCESSING")
    served.videos.videos[video_id].processing_state = PROCESSING_STATE_FAILED
    await served.changed(video_id)
    await asyncio.sleep(0.1)
    assert "could not be processed" in (await refusal(served.play(video_id))).sentence


async def test_two_hundred_viewers_of_one_video_are_one_question_to_each_neighbour(served: Served) -> None:
    video_id = served.video()
    who = [(), served.stranger, served.me]
    plays = await asyncio.gather(*(served.play(video_id, who[n % 3]) for n in range(200)))
    assert len({playback.session_id for playback in plays}) == 200
    assert (served.videos.asked, served.presentations.asked) == (1, 1)


async def test_a_viewer_in_a_hurry_does_not_spoil_the_answer_for_the_others(served: Served) -> None:
    video_id = served.video()
    request = served.play(video_id)
    hurried = asyncio.create_task(served.play(video_id))
    await asyncio.sleep(0.01)
    others = asyncio.create_task(request)
    await asyncio.sleep(0)
    hurried.cancel()
    assert (await others).video_id == video_id


async def test_a_change_is_seen_within_a_second(served: Served) -> None:
    video_id = served.video()
    await served.play(video_id)
    shown = served.presentations.presentations[video_id]
    shown.manifest_generation, shown.hls_path = 3, "m/3-cd/master.m3u8"
    await served.bus.publish(RenditionPublished(video_id=video_id, quality="720p", manifest_generation=3), video_id)

    async def newer() -> bool:
        return (await served.play(video_id)).manifest_generation == 3

    await eventually(newer, seconds=1)
    served.videos.videos[video_id].visibility = VISIBILITY_PRIVATE
    await served.changed(video_id)

    async def gone() -> bool:
        try:
            await served.play(video_id, served.stranger)
        except Exception:
            return True
        return False

    await eventually(gone, seconds=1)
    assert (await refusal(served.play(video_id))).reason_name == "VIDEO_NOT_FOUND"


async def test_chapters_come_with_a_playback_and_a_change_of_them_with_the_next(served: Served) -> None:
    video_id = served.video()
    shown = served.presentations.presentations[video_id]
    for second in (0, 20):
        shown.chapters.add(title=f"at {second}").start_time.FromSeconds(second)
    told = await served.play(video_id)
    assert (told.chapter_origin, [one.title for one in told.chapters]) == (CHAPTER_ORIGIN_FILE, ["at 0", "at 20"])
    assert told.chapters[-1].end_time == told.duration
    for second in (0, 10):
        served.videos.videos[video_id].chapters.add(title=f"set {second}").start_time.FromSeconds(second)
    await served.changed(video_id)

    async def changed() -> bool:
        return (await served.play(video_id)).chapter_origin == CHAPTER_ORIGIN_CREATOR

    await eventually(changed)
    assert [one.title for one in (await served.play(video_id)).chapters] == ["set 0", "set 10"]
