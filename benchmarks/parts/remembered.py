"""Reads that a service answers from memory, asked of it directly, and a bare echo of as many bytes."""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc

from benchmarks.parts.echo import METHOD as ECHO
from benchmarks.parts.echo import an_echo
from benchmarks.parts.ffmpeg import ffmpeg
from benchmarks.parts.stack import Stack
from benchmarks.parts.turns import Call
from vidmesh.client import Client
from vidmesh.client.journal import Journal
from vidmesh.client.uploader import Uploader
from vidmesh.playback.v1.playback_service_pb2 import GetPlaybackRequest
from vidmesh.social.v1.account_service_pb2 import GetJwksRequest
from vidmesh.upload.v1.video_pb2 import VISIBILITY_PUBLIC, Video

PLAYBACK: Final = "/vidmesh.playback.v1.PlaybackService/GetPlayback"
JWKS: Final = "/vidmesh.social.v1.AccountService/GetJwks"
PASSWORD: Final = "correct horse battery"
PLAYABLE: Final = 60.0
"""Seconds until a tiny video must be playable."""


@dataclass(frozen=True, slots=True)
class Read:
    """A call of a service, and an echo that brings as many bytes back."""

    call: Call
    echo: Call
    service: int
    """Process id; so below."""
    echo_server: int


@asynccontextmanager
async def reads(stack: Stack) -> AsyncGenerator[dict[str, Read]]:
    """Name → read. GetJwks is the bare minimum; GetPlayback asks its neighbours nothing, and signs a grant.

    Raises FfmpegFailed, NothingToMeasure, TimeoutError.
    """
    video = await _a_public_video(stack)
    services = stack.settings.services
    asked = {
        "GetJwks": ("svc_social", JWKS, GetJwksRequest().SerializeToString()),
        "GetPlayback": ("svc_playback", PLAYBACK, GetPlaybackRequest(video_id=video).SerializeToString()),
    }
    async with an_echo() as (address, echo_server):
        with (
            _raw(address, ECHO) as echo,
            _raw(services["svc_social"], JWKS) as jwks,
            _raw(services["svc_playback"], PLAYBACK) as playback,
        ):
            calls = {"GetJwks": jwks, "GetPlayback": playback}
            await _until_playable(lambda: playback(asked["GetPlayback"][2]))
            yield {
                name: _read(calls[name], message, echo, stack.parts[service], echo_server)
                for name, (service, _, message) in asked.items()
            }


def _read(call: Callable[[bytes], bytes], message: bytes, echo: Callable[[bytes], bytes], pid: int, other: int) -> Read:
    answer = call(message)
    return Read(lambda: call(message), lambda: echo(answer), pid, other)


@contextmanager
def _raw(address: str, method: str) -> Generator[Callable[[bytes], bytes]]:
    """Bytes in, bytes out: what a client makes of them is not what is measured."""
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        call: Any = channel.unary_unary(method)

        def once(message: bytes) -> bytes:
            answer: bytes = call(message, timeout=5)
            return answer

        yield once


async def _a_public_video(stack: Stack) -> str:
    with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as name:
        folder = Path(name)
        file = folder / "tiny.mp4"
        picture = "testsrc=size=320x180:rate=25:duration=1"
        await ffmpeg(
            *("-v", "error", "-f", "lavfi", "-i", picture, "-pix_fmt", "yuv420p", "-c:v", "libx264", file.name),
            folder=folder,
        )
        async with Client(stack.edge_url) as client:
            handle = f"b{uuid.uuid4().hex[:12]}"
            made = await client.sign_up(f"{handle}@example.org", PASSWORD, handle)
            uploader = Uploader(client, Journal(folder / "journal", "benchmark"))
            video = Video(title="Tiny", visibility=VISIBILITY_PUBLIC)
            return (await uploader.upload(file, made.channel.channel_id, video)).video_id


async def _until_playable(ask: Call) -> None:
    until = time.monotonic() + PLAYABLE
    while True:
        try:
            await asyncio.to_thread(ask)
        except grpc.RpcError:
            if time.monotonic() > until:
                raise TimeoutError(f"the video was not playable within {PLAYABLE:.0f} s") from None
            await asyncio.sleep(0.2)
        else:
            return
