"""`vidmesh play`."""

from __future__ import annotations

import argparse

from vidmesh.client.commands.session import connected, print_json, print_lines
from vidmesh.playback.v1.playback_pb2 import TrackKind


async def run(args: argparse.Namespace) -> int:
    """Prints the addresses."""
    async with connected(args) as (client, _):
        playback = await client.play(args.video)
    expiry = playback.expire_time.ToJsonString()
    if args.json:
        print_json(
            {
                "video_id": playback.video_id,
                "hls_url": playback.hls_url,
                "dash_url": playback.dash_url,
                "expiry": expiry,
            }
        )
        return 0
    qualities = [track.quality for track in playback.tracks if track.kind == TrackKind.TRACK_KIND_VIDEO]
    print_lines(
        [
            f"HLS      {playback.hls_url}",
            f"DASH     {playback.dash_url}",
            f"quality  {', '.join(qualities)}",
            f"expires  {expiry}",
        ]
    )
    return 0
