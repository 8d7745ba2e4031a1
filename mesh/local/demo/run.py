"""The demo's course."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from mesh.local.control import UpOptions, stack_on, start_detached, stop
from mesh.local.datadir import data_folder
from mesh.local.demo.account import sign_in
from mesh.local.demo.steps import Steps, track_table
from mesh.local.errors import StackError
from vidmesh.client.client import PLAYABLE_PATIENCE, Client
from vidmesh.client.commands.display import Display
from vidmesh.client.errors import ClientError
from vidmesh.client.following import Followed, Until, follow
from vidmesh.client.places import find_place
from vidmesh.client.readback import DRIFT, WHOLE_UP_TO, TrackRead, read_back
from vidmesh.client.uploader import Uploaded, Uploader
from vidmesh.transcode.v1.transcode_pb2 import Processing, RenditionState
from vidmesh.upload.v1.video_pb2 import Video, Visibility

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidmesh.playback.v1.playback_pb2 import Playback

CLIP = Path(__file__).parents[3] / "tests" / "media" / "bigbuckbunny.mp4"
"""There in a checkout only."""

NO_PAGES = "none: `make web` builds the pages, with Node"
SOUND_AND_PICTURE = 0.5
"""Seconds by which a track may be shorter than the file: sound and picture seldom end together."""


def run(file: Path | None, data: Path | None, port: int | None) -> int:
    """Shows a file on the stack of a data folder, which is started where it does not run, and then stopped again."""
    clip = _clip(file)
    folder = data_folder(data)
    console = Console(soft_wrap=True)
    steps = Steps(console)
    running = stack_on(folder)
    # An end asked for by SIGTERM is as good as Ctrl-C: what was started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if running is None:
        with steps.step("started everything"), console.status("starting everything"):
            _start(folder, port)
    try:
        asyncio.run(_show(clip, folder, steps))
        if running is None and sys.stdout.isatty():
            _stay(console)
    finally:
        if running is None:
            stop(folder)
            console.print("Everything is stopped.")
    return 0


def _clip(file: Path | None) -> Path:
    if file is None and not CLIP.is_file():
        raise ClientError("There is no clip here but in a checkout of vidmesh: name a file.")
    clip = file or CLIP
    if not clip.is_file():
        raise ClientError(f"There is no file {clip}.")
    return clip


def _start(folder: Path, port: int | None) -> None:
    try:
        start_detached(UpOptions(data=folder, port=port))
    except StackError as error:
        sys.stderr.writelines(f"{line}\n" for line in error.details)
        raise


def _stay(console: Console) -> None:
    console.print("Everything stays up until Ctrl-C.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("")


async def _show(clip: Path, folder: Path, steps: Steps) -> None:
    place = find_place(folder)
    console = steps.console
    console.print(f"The edge is {place.url}", highlight=False)
    async with Client(place.url, place.tokens()) as client:
        with steps.step("signed in"):
            name = await sign_in(client, folder / "demo.json")
        channel = (await client.my_channels())[0]
        console.print(f"{clip.name} goes to @{channel.handle} as {name}", highlight=False)
        with Display(console) as display:
            uploader = Uploader(client, place.journal(), display.transferred, display.notice)
            video = Video(title=clip.stem[:100], visibility=Visibility.VISIBILITY_UNLISTED)
            uploaded = await uploader.upload(clip, channel.channel_id, video)
            followed = await follow(client, uploaded.video_id, Until.COMPLETE, display.processed)
        _note(steps, uploaded, followed)
        playback = await client.play(
            uploaded.video_id, generation=followed.processing.manifest_generation, patience=PLAYABLE_PATIENCE
        )
        with steps.step("read back and decoded"):
            async with client.edge.http() as http:
                tracks = await read_back(http, playback.hls_url)
                page = client.edge.resolve(f"/watch/{playback.video_id}")
                there = (await http.get(page)).is_success
        check(tracks, followed.processing)
    _print(console, steps, tracks, playback, page if there else NO_PAGES)


def _note(steps: Steps, uploaded: Uploaded, followed: Followed) -> None:
    steps.note("uploaded", uploaded.seconds)
    steps.note("playable, after the upload", followed.playable_seconds)
    if followed.complete_seconds is not None:
        steps.note("every quality made and verified, after the upload", followed.complete_seconds)


def check(tracks: Sequence[TrackRead], processing: Processing) -> None:
    """Raises `ClientError` where what was read back is not what processing says it made."""
    length = processing.duration.ToTimedelta().total_seconds()
    for track in tracks:
        if not length - SOUND_AND_PICTURE <= track.seconds <= length + DRIFT:
            raise ClientError(f"{track.name} is {track.seconds:.2f} s long, and the file {length:.2f} s.")
    failed = [r for r in processing.renditions if r.state != RenditionState.RENDITION_STATE_PUBLISHED]
    if failed:
        raise ClientError(f"{failed[0].quality} was not made: {failed[0].failure_message}")
    if length <= WHOLE_UP_TO and len(tracks) < len(processing.renditions):
        raise ClientError(f"Of {len(processing.renditions)} renditions {len(tracks)} can be played.")


def _print(console: Console, steps: Steps, tracks: Sequence[TrackRead], playback: Playback, page: str) -> None:
    console.print(track_table(tracks))
    console.print(steps.table())
    for name, text in (
        ("page", page),
        ("video", playback.video_id),
        ("HLS", playback.hls_url),
        ("DASH", playback.dash_url),
        ("until", playback.expire_time.ToJsonString()),
    ):
        console.print(f"{name:6}{text}", highlight=False)
