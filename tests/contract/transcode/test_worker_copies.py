"""A worker copies what was made of the same bytes, and makes what was not: real bus, store and media children."""

from __future__ import annotations

import pytest

from svc_transcode.media import jobs as media
from svc_transcode.media.info import SourceInfo
from svc_transcode.media.ladder import ladder
from vidmesh.transcode.v1.transcode_service_pb2 import EarlierResult, FinishJobRequest

from .test_worker import BUNNY, CUTS, info, nats, rig, weed
from .worker_rig import VIDEO, Rig, video_job

__all__ = ["info", "nats", "rig", "weed"]

OTHER = "bunnyBunny2"


async def first(rig: Rig, job: media.Job) -> tuple[FinishJobRequest, EarlierResult]:
    """What one video's job gave, and as it is known to another's."""
    await rig.worker()
    end = await rig.end_of(await rig.submit("v", job))
    assert end.WhichOneof("outcome") == "result", end
    assert not end.reused
    assert end.parts_read.encoder
    return end, EarlierResult(video_id=VIDEO, path="s/v.1", result=end.result, read=end.parts_read)


async def contents(rig: Rig, prefix: str) -> dict[str, bytes]:
    return {name: await rig.objects.get(rig.media_bucket, prefix + name) for name in await rig.stored(prefix)}


@pytest.mark.parametrize("kind", ["video", "audio", "stills"])
async def test_the_same_file_is_made_once_and_what_is_copied_is_equal_byte_for_byte(
    rig: Rig, info: SourceInfo, kind: str
) -> None:
    jobs: dict[str, media.Job] = {
        "video": video_job(info, *ladder(1280, 720)[:1]),
        "audio": media.AudioJob(video_job(info).source, info, info.audio[0].stream_index, 0, None),
        "stills": media.ThumbnailJob(video_job(info).source, info, (info.duration / 2,)),
    }
    made, earlier = await first(rig, jobs[kind])
    await rig.put_source(BUNNY.read_bytes(), OTHER, CUTS)
    again = await rig.end_of(await rig.submit("w", jobs[kind], video_id=OTHER, earlier=earlier))
    assert (again.reused, again.result, again.parts_read) == (True, made.result, made.parts_read)
    files = await contents(rig, f"v/{VIDEO}/s/v.1/")
    assert files
    assert await contents(rig, f"v/{OTHER}/s/w.1/") == files


async def test_what_is_gone_or_was_changed_is_made_and_gives_the_same(rig: Rig, info: SourceInfo) -> None:
    job = video_job(info, *ladder(1280, 720)[:1])
    made, earlier = await first(rig, job)
    files = await contents(rig, f"v/{VIDEO}/s/v.1/")
    await rig.put_source(BUNNY.read_bytes(), OTHER, CUTS)
    changed = min(name for name in files if name.endswith(".m4s"))
    await rig.objects.put(rig.media_bucket, f"v/{VIDEO}/s/v.1/{changed}", b"?" * len(files[changed]))
    for name in ("w", "x"):
        again = await rig.end_of(await rig.submit(name, job, video_id=OTHER, earlier=earlier))
        assert (again.reused, again.result, again.parts_read) == (False, made.result, made.parts_read)
        assert await contents(rig, f"v/{OTHER}/s/{name}.1/") == files
        await rig.objects.delete_prefix(rig.media_bucket, f"v/{VIDEO}/")


async def test_other_bytes_and_other_parts_are_not_taken_for_the_same(rig: Rig, info: SourceInfo) -> None:
    job = video_job(info, *ladder(1280, 720)[:1])
    _, earlier = await first(rig, job)
    content = BUNNY.read_bytes()
    # A byte of the sound, perhaps, or of nothing: nobody looks what it is.
    for name, other, cuts in (("w", content[:-1] + bytes([content[-1] ^ 1]), CUTS), ("x", content, CUTS[:2])):
        await rig.put_source(other, f"{OTHER[:-1]}{name}", cuts)
        end = await rig.end_of(await rig.submit(name, job, video_id=f"{OTHER[:-1]}{name}", earlier=earlier))
        assert not end.reused
    earlier.read.encoder = "another"
    await rig.put_source(content, OTHER, CUTS)
    end = await rig.end_of(await rig.submit("y", job, video_id=OTHER, earlier=earlier))
    assert not end.reused


async def test_a_part_that_nobody_read_does_not_matter(rig: Rig, info: SourceInfo) -> None:
    _, earlier = await first(rig, video_job(info, *ladder(1280, 720)[:1]))
    assert len(earlier.read.numbers) <= len(CUTS) + 1
    assert list(earlier.read.numbers) == sorted(set(earlier.read.numbers))
