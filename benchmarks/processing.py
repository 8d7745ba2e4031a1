"""From the last byte of an upload to a video: ours, which follows the upload, against waiting for it.

The reference is what a platform does first: wait for the upload, run one ffmpeg for each rung with all cores, publish
when all are made. Its time is taken, and then the same file is sent to a stack over an uplink that needs just as long.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.harness.model import Benchmark, Effort, Row, at_least, at_most
from benchmarks.parts.ffmpeg import ffmpeg
from benchmarks.parts.stack import Stack, a_stack
from benchmarks.parts.uplink import Sent, Uplink
from mesh.config import load_settings
from mesh.objects import Objects, connect_objects
from svc_transcode.media.grid import SEGMENT
from svc_transcode.media.ladder import AUDIO_BITRATE, Rung, ladder
from svc_transcode.worker.program import NICENESS
from vidmesh.client import Client
from vidmesh.transcode.v1.transcode_pb2 import RENDITION_STATE_PUBLISHED

CLIP: Final = Path(__file__).parents[1] / "tests" / "media" / "bigbuckbunny.mp4"
WIDTH, HEIGHT, BITRATE = 1280, 720, "8M"
PASSWORD: Final = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds."""

    reference: float
    first_rung: float
    ladder: float
    half: float
    """Share of the bytes that were sent when the first segments were stored."""


async def _run(effort: Effort) -> Sequence[Row]:
    with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as name:
        folder = Path(name)
        source = await _source(folder, effort.pick(100, 40))
        cores = len(os.sched_getaffinity(0))
        rounds: list[Round] = []
        async with a_stack(workers=cores) as stack:
            for _ in range(effort.pick(3, 1)):
                rounds.append(await _round(stack, source, folder))
    return [
        Row("first rung playable", _median(r.reference / r.first_rung for r in rounds), "× sooner", at_least(20)),
        Row("whole ladder", _median(r.reference / r.ladder for r in rounds), "× sooner", at_least(10)),
        Row("sent when the first segments are there", _median(r.half for r in rounds), "of the file", at_most(0.5)),
        Row("last byte to first rung", _median(r.first_rung for r in rounds), "s"),
        Row("last byte to whole ladder", _median(r.ladder for r in rounds), "s"),
        Row("an ffmpeg for each rung after the last byte", _median(r.reference for r in rounds), "s"),
    ]


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


async def _source(folder: Path, seconds: int) -> Path:
    """Moving pictures with sound as a camera writes them: a keyframe a second, the index at the end."""
    source = folder / "source.mp4"
    await ffmpeg(
        *("-v", "error", "-stream_loop", "-1", "-i", str(CLIP), "-t", str(seconds), "-c:v", "libx264"),
        *("-preset", "ultrafast", "-b:v", BITRATE, "-minrate", BITRATE, "-maxrate", BITRATE, "-bufsize", BITRATE),
        *("-g", "25", "-c:a", "aac", "-ac", "2", source.name),
        folder=folder,
    )
    return source


async def _round(stack: Stack, source: Path, folder: Path) -> Round:
    reference = await _reference(source, folder)
    size = (await asyncio.to_thread(source.stat)).st_size
    handle = f"b{uuid.uuid4().hex[:12]}"
    async with Client(stack.edge_url) as client, connect_objects(stack.settings.objects) as objects:
        made = await client.sign_up(f"{handle}@example.org", PASSWORD, handle)
        uplink = Uplink(client, made.channel.channel_id, source, size / reference)
        sent, upload = await uplink.begin()
        sending = asyncio.create_task(uplink.send(upload, sent))
        half = await _first_segments(objects, stack.settings.objects.media_bucket, sent)
        watching = asyncio.create_task(_published(client, sent))
        await sending
        first, whole = await watching
    last = sent.last_byte or 0.0
    return Round(reference, first - last, whole - last, half)


async def _reference(source: Path, folder: Path) -> float:
    began = time.monotonic()
    for rung in ladder(WIDTH, HEIGHT):
        # As nice as workers are, so that whatever else the machine does takes as much from both.
        await ffmpeg(*_words(source, rung, load_settings().transcode.preset), folder=folder, niceness=NICENESS)
    return time.monotonic() - began


def _words(source: Path, rung: Rung, preset: str) -> tuple[str, ...]:
    return (
        *("-v", "error", "-i", str(source), "-vf", f"scale={rung.width}:{rung.height}", "-c:v", "libx264"),
        *("-preset", preset, "-b:v", str(rung.bitrate), "-maxrate", str(rung.maxrate), "-bufsize", str(rung.bufsize)),
        *("-sc_threshold", "0", "-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT})"),
        *("-c:a", "aac", "-b:a", str(AUDIO_BITRATE), "-ac", "2", "-f", "hls", "-hls_time", str(SEGMENT)),
        *("-hls_segment_type", "fmp4", "-hls_playlist_type", "vod"),
        *("-hls_fmp4_init_filename", f"{rung.quality}.mp4", f"{rung.quality}.m3u8"),
    )


async def _first_segments(objects: Objects, bucket: str, sent: Sent) -> float:
    """The share of the file that was sent when segments were stored."""
    while not (await objects.list(bucket, f"v/{sent.video_id}/s/v", limit=1)).objects:  # noqa: ASYNC110 (it is in another process)
        await asyncio.sleep(0.2)
    return sent.bytes / sent.size


async def _published(client: Client, sent: Sent) -> tuple[float, float]:
    """When the first rung was playable, and when the whole ladder was."""
    first: float | None = None
    async with aclosing(client.watch_processing(sent.video_id)) as changes:
        async for now in changes:
            if now.HasField("playable_time") and first is None:
                first = time.monotonic()
            if now.renditions and all(one.state == RENDITION_STATE_PUBLISHED for one in now.renditions):
                return first or time.monotonic(), time.monotonic()
    raise RuntimeError("processing ended without the whole ladder")


BENCHMARK: Final = Benchmark("from the last byte to a video: following the upload against waiting for it", _run)
