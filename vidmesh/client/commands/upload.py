"""`vidmesh upload`."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from vidmesh.client.client import PLAYABLE_PATIENCE, Client
from vidmesh.client.commands.display import Display
from vidmesh.client.commands.session import channel_of, connected, print_json, print_lines
from vidmesh.client.commands.videos import visibility
from vidmesh.client.following import Followed, ProcessingFailedError, Until, follow
from vidmesh.client.uploader import Uploaded, Uploader
from vidmesh.playback.v1.playback_pb2 import Playback
from vidmesh.transcode.v1.transcode_pb2 import VideoFile
from vidmesh.transcode.v1.transcode_service_pb2 import ListVideoFilesRequest
from vidmesh.upload.v1.video_pb2 import ProcessingState, Video


async def run(args: argparse.Namespace) -> int:
    """Uploads, waits where asked to, and prints what came of it."""
    video = Video(
        title=args.title,
        description=args.description,
        tags=args.tags,
        visibility=visibility(args.visibility),
    )
    async with connected(args) as (client, place):
        channel = await channel_of(client, args.channel)
        with Display() as display:
            uploader = Uploader(client, place.journal(), display.transferred, display.notice)
            try:
                uploaded = await uploader.upload(args.file, channel.channel_id, video, keep_entry=True)
                followed = await _followed(client, uploader, uploaded, args.wait, display)
            except asyncio.CancelledError:
                display.notice("Interrupted; the same command goes on from here.")
                raise
        told = await outcome(client, uploaded, followed)
        uploader.forget(uploaded)
    if args.json:
        print_json(told)
    else:
        print_lines(_lines(told))
    return 0


async def _followed(
    client: Client, uploader: Uploader, uploaded: Uploaded, until: str | None, display: Display
) -> Followed | None:
    if until is None:
        return None
    try:
        return await follow(client, uploaded.video_id, Until(until), display.processed)
    except ProcessingFailedError:
        # Nothing is left to go on with: the same file again is an upload of its own.
        uploader.forget(uploaded)
        raise


async def outcome(client: Client, uploaded: Uploaded, followed: Followed | None) -> dict[str, Any]:
    """What `--json` prints: always these names; what is not known yet is null or empty."""
    told: dict[str, Any] = {
        "video_id": uploaded.video_id,
        "processing_state": "PROCESSING",
        "duration_seconds": None,
        "renditions": [],
        "thumbnails": [],
        "hls_url": None,
        "dash_url": None,
        "timings": timings(uploaded, followed),
    }
    if followed is not None:
        playback = await client.play(
            uploaded.video_id, generation=followed.processing.manifest_generation, patience=PLAYABLE_PATIENCE
        )
        files = await client.processing.ListVideoFiles(ListVideoFilesRequest(video_id=uploaded.video_id))
        state = ProcessingState.Name(followed.processing.state).removeprefix("PROCESSING_STATE_")
        told |= {
            "processing_state": state,
            "duration_seconds": _duration(followed, playback),
            "renditions": [_rendition(file) for file in files.files],
            "thumbnails": [picture.url for picture in playback.thumbnails],
            "hls_url": playback.hls_url,
            "dash_url": playback.dash_url,
        }
    return told


def timings(uploaded: Uploaded, followed: Followed | None) -> dict[str, float | None]:
    """Seconds by this machine's clock."""
    complete = None if followed is None else followed.complete_seconds
    return {
        "upload_seconds": round(uploaded.seconds, 3),
        "playable_after_upload_seconds": None if followed is None else round(followed.playable_seconds, 3),
        "complete_after_upload_seconds": None if complete is None else round(complete, 3),
    }


def _duration(followed: Followed, playback: Playback) -> float:
    told = followed.processing if followed.processing.HasField("duration") else playback
    return told.duration.ToTimedelta().total_seconds()


def _rendition(file: VideoFile) -> dict[str, Any]:
    return {
        "quality": file.quality,
        "width": file.width,
        "height": file.height,
        "codec": file.codec,
        "bandwidth": file.peak_bitrate,
        "bytes": file.size_bytes,
        "sha256": file.checksum,
    }


def _lines(told: dict[str, Any]) -> list[str]:
    lines = [f"video    {told['video_id']} ({str(told['processing_state']).lower()})"]
    lines += [f"{one['quality']:>8} {one['codec']}, {one['bytes']:,} bytes" for one in told["renditions"]]
    if told["hls_url"] is not None:
        lines += [f"HLS      {told['hls_url']}", f"DASH     {told['dash_url']}"]
    named = {name.replace("_", " ").removesuffix(" seconds"): told["timings"][name] for name in told["timings"]}
    return lines + [f"{name}: {seconds:.1f} s" for name, seconds in named.items() if seconds is not None]
