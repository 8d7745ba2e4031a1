"""Sound in pieces is published at its own level, made anew at the level that all have, and published again."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mesh.ids import uuid7
from mesh.testing.servers import NatsServer, WeedServer
from svc_transcode.media import jobs as media
from svc_transcode.media.gating import GatingBlocks
from svc_transcode.media.grid import SOUND_SEGMENT
from svc_transcode.media.info import SourceInfo
from svc_transcode.processing import tables
from vidmesh.transcode.v1.transcode_events_pb2 import ProcessingFinished
from vidmesh.transcode.v1.transcode_pb2 import RENDITION_STATE_PUBLISHED, JobKind
from vidmesh.transcode.v1.transcode_service_pb2 import StartJobResponse
from vidmesh.upload.v1.video_pb2 import PROCESSING_STATE_PROCESSED

from .plausible import source, track_made
from .service_rig import Answer, Served, eventually, serving

QUIET = -24.0
SECONDS = 20
FIRST = 6
"""Chunks and pieces of that."""
SOON = {"transcode": {"sweep_every": 0.1, "leftovers_after": 0.5, "replaced_after": 1}}


def in_pieces() -> SourceInfo:
    info = source(SECONDS)
    return replace(info, audio=tuple(replace(one, length=Fraction(SECONDS)) for one in info.audio))


def speaks(info: SourceInfo, broken: str = "") -> Any:
    """A worker that hears `QUIET` sound, raised by the gain that a job says; those jobs fail whose name begins so."""

    def say(name: str, begun: StartJobResponse) -> Answer | str:
        if broken and name.startswith(broken):
            return None
        if begun.kind != JobKind.JOB_KIND_AUDIO:
            return "as usual"
        job = media.from_json(media.JOB, begun.spec)
        assert isinstance(job, media.AudioJob)
        count = 1 if job.end is None else (job.end - job.first) // SOUND_SEGMENT
        blocks = GatingBlocks.of([QUIET + (job.gain or 0) / 100] * 10)
        return media.AudioMade(track_made("audio", job.first // SOUND_SEGMENT, count, rate=48_000), 0, blocks)

    return say


async def sound(served: Served, video_id: str) -> str:
    """The playlist of sound in the newest manifests."""
    shown = await served.presented(video_id)
    assert shown is not None
    key = f"v/{video_id}/{shown.hls_path.rpartition('/')[0]}/audio-0.m3u8"
    return (await served.objects.get(served.mesh.settings.objects.media_bucket, key)).decode()


async def test_quiet_sound_is_made_anew_once_and_each_job_is_done_once(served: Served) -> None:
    info = in_pieces()
    async with served.working(info, speaks(info)):
        video_id = await served.upload()
        finished = await served.heard(ProcessingFinished, video_id)
        ended = await served.ended(video_id)
        await eventually(lambda: answered(finished))
    assert ended.state == PROCESSING_STATE_PROCESSED
    assert {one.state for one in ended.renditions} == {RENDITION_STATE_PUBLISHED}
    names = [name.partition("#")[0] for name in served.done]
    assert sorted(set(names)) == sorted(names)
    pieces = [name for name in names if name.startswith("a-0")]
    assert sorted(name for name in names if name.startswith("a-l")) == sorted(
        name.replace("a-0", "a-l1-0") for name in pieces
    )
    assert names.count(f"y{ended.manifest_generation}-audio-r1") == 1
    assert len([name for name in names if name.startswith("y") and "audio" in name]) == 1, "what stays is read back"
    assert "s/a-l1-00000-r1." in await sound(served, video_id)
    assert "s/a-0" not in await sound(served, video_id)


async def test_each_track_of_sound_is_leveled_for_itself(served: Served) -> None:
    info = in_pieces()
    info = replace(info, audio=(*info.audio, replace(info.audio[0], stream_index=2, default=False, language="de")))

    def say(name: str, begun: StartJobResponse) -> Answer | str:
        answer = speaks(info)(name, begun)
        if isinstance(answer, media.AudioMade) and name.startswith("a-1-"):
            return replace(answer, blocks=GatingBlocks.of([-14.0] * 10))
        return answer

    async with served.working(info, say):
        video_id = await served.upload()
        ended = await served.ended(video_id)
    assert ended.state == PROCESSING_STATE_PROCESSED
    assert any(name.startswith("a-l1-") for name in served.done)
    assert not any(name.startswith("a-1-l") for name in served.done)


async def test_sound_that_cannot_be_made_anew_stays_at_its_level(served: Served) -> None:
    info = in_pieces()
    async with served.working(info, speaks(info, "a-l1-00001")):
        video_id = await served.upload()
        ended = await served.ended(video_id)
    assert ended.state == PROCESSING_STATE_PROCESSED
    assert {one.state for one in ended.renditions} == {RENDITION_STATE_PUBLISHED}
    assert "s/a-l1" not in await sound(served, video_id)


async def test_what_was_replaced_is_deleted_when_nobody_can_play_it_any_more(
    tmp_path: Path, nats: NatsServer, weed: WeedServer
) -> None:
    info = replace(in_pieces(), duration=Fraction(1))
    async with serving(tmp_path, nats, weed, uuid7(), SOON) as served:
        video_id = await served.upload()
        bucket = served.mesh.settings.objects.media_bucket
        # What the workers would have written.
        for name in ("a-00000-r1", "a-00001-r1", "a-l1-00000-r1", "a-l1-00001-r1"):
            await served.objects.put(bucket, f"v/{video_id}/s/{name}.1.1/x.m4s", b"x")
        async with served.working(info, speaks(info)):
            await served.ended(video_id)

            async def cleared() -> bool:
                return not any(path.startswith("s/a-0") for path in await served.stored(video_id))

            await eventually(cleared)
        assert {path for path in await served.stored(video_id) if path.startswith("s/a-l1")} == {
            "s/a-l1-00000-r1.1.1/x.m4s",
            "s/a-l1-00001-r1.1.1/x.m4s",
        }


@pytest.mark.parametrize("writes", [5, 10, 15, 20, 25])
async def test_a_service_that_dies_while_it_judges_goes_on_when_it_is_back(
    tmp_path: Path, nats: NatsServer, weed: WeedServer, writes: int
) -> None:
    """Counted from where the last of what is published first is begun."""
    owner, info = uuid7(), in_pieces()
    async with serving(tmp_path, nats, weed, owner) as served:

        def say(name: str, begun: StartJobResponse) -> Answer | str:
            first = [one for one in served.done if one.startswith(("v", "a-0"))]
            if served.tables.left is None and len(first) == FIRST:
                served.tables.left = writes
            return speaks(info)(name, begun)

        async with served.working(info, say, attempts=50):
            video_id = await served.upload()
            async with asyncio.timeout(60):
                await served.tables.crashed.wait()
    async with serving(tmp_path, nats, weed, owner) as served:
        async with served.working(info, speaks(info), attempts=50):
            ended = await served.ended(video_id)
        assert ended.state == PROCESSING_STATE_PROCESSED
        assert "s/a-l1-00000-r1." in await sound(served, video_id)
        row = await served.tables.get(*head_row(video_id))
        tracks = {one["name"]: one for one in json.loads(row["body"])["tracks"]}
        assert (tracks["audio"]["level"], tracks["audio"]["gain"], tracks["audio"]["leveled"]) == (1, 1000, True)


def head_row(video_id: str) -> tuple[Any, dict[str, str]]:
    return tables.PROCESSING, {"video_id": video_id, "section": tables.HEAD, "name": tables.HEAD_NAME}


async def answered(found: list[Any]) -> bool:
    return bool(found)
