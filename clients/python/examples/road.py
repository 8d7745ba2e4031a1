"""The whole road: sign in, upload a file, follow its processing, play it.

VIDMESH_EMAIL=you@example.org VIDMESH_PASSWORD=… python road.py http://127.0.0.1:8080 clip.mp4
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import httpx

from vidmesh.client import Client, Journal, Progress, Until, Uploader, follow
from vidmesh.transcode.v1.transcode_pb2 import Processing
from vidmesh.upload.v1.video_pb2 import Video

JOURNAL = Path.home() / ".cache" / "vidmesh-example"


def show_sent(progress: Progress) -> None:
    print(f"sent: {progress.confirmed} of {progress.total} bytes are there")


def show_processing(processing: Processing) -> None:
    print(f"processing: {processing.progress:.0%}")


async def road(edge_url: str, file: Path, email: str, password: str) -> None:
    async with Client(edge_url) as client:
        await client.sign_in(email, password, "the example in Python")
        channel, *_ = await client.my_channels()

        # Ended at any moment and started again, it goes on where it was.
        uploader = Uploader(client, Journal(JOURNAL, client.edge.url), show_sent)
        done = await uploader.upload(file, channel.channel_id, Video(title="From Python"))
        await follow(client, done.video_id, Until.COMPLETE, show_processing)

        playback = await client.play(done.video_id)
        async with httpx.AsyncClient() as web:
            playlist = (await web.get(playback.hls_url)).text
        print(f"{done.video_id}: {', '.join(track.quality for track in playback.tracks)}")
        print(f"plays: {playback.hls_url}" if playlist.startswith("#EXTM3U") else "does not play")
        await client.sign_out()


def main() -> None:
    email, password = os.environ.get("VIDMESH_EMAIL"), os.environ.get("VIDMESH_PASSWORD")
    if len(sys.argv) != 3 or not email or not password:
        sys.exit("VIDMESH_EMAIL=… VIDMESH_PASSWORD=… python road.py http://127.0.0.1:8080 clip.mp4")
    asyncio.run(road(sys.argv[1], Path(sys.argv[2]), email, password))


if __name__ == "__main__":
    main()
