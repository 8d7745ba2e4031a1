"""svc_playback as it runs: real gRPC behind mesh's layers, real SQLite, a real nats-server; its neighbours are small
servers that keep the contract."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.message import Message

from mesh.bus import Bus, Event
from mesh.call import current_call
from mesh.errors import not_found
from mesh.hosting import Hosted
from mesh.ids import uuid7
from mesh.testing.servers import NatsServer, nats_server
from mesh.testing.serving import Metadata, TestMesh
from svc_playback.server import assemble
from tests.contract import answers
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.playback.v1.playback_pb2 import Playback
from vidmesh.playback.v1.playback_service_pb2 import GetPlaybackRequest
from vidmesh.playback.v1.playback_service_pb2_grpc import PlaybackServiceStub
from vidmesh.transcode.v1.transcode_pb2 import VideoFile
from vidmesh.transcode.v1.transcode_service_pb2 import GetPresentationRequest, GetPresentationResponse, Still
from vidmesh.transcode.v1.transcode_service_pb2_grpc import (
    TranscodeServiceServicer,
    add_TranscodeServiceServicer_to_server,
)
from vidmesh.upload.v1.upload_events_pb2 import VideoChanged
from vidmesh.upload.v1.video_pb2 import VISIBILITY_PRIVATE, VISIBILITY_PUBLIC, Video, Visibility
from vidmesh.upload.v1.video_service_pb2 import CheckViewerRequest, CheckViewerResponse
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceServicer, add_VideoServiceServicer_to_server

if TYPE_CHECKING:
    from vidmesh.playback.v1.playback_service_pb2_grpc import PlaybackServiceAsyncStub

EDGE = "http://edge.example"


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float = 30) -> Any:
    """As `answers.eventually`, within 5 s."""
    return await answers.eventually(condition, seconds)


@dataclass
class Videos(VideoServiceServicer):
    """VideoService as far as PlaybackService asks it."""

    videos: dict[str, Video] = field(default_factory=dict[str, Video])
    owners: dict[str, str] = field(default_factory=dict[str, str])
    epochs: dict[str, int] = field(default_factory=dict[str, int])
    asked: int = 0

    def hosted(self) -> Hosted:
        return Hosted(name="vidmesh.upload.v1.VideoService", servicer=self, add=add_VideoServiceServicer_to_server)

    async def CheckViewer(self, request: CheckViewerRequest, context: Any) -> CheckViewerResponse:
        del context
        self.asked += 1
        caller = current_call().caller
        video = self.videos.get(request.video_id)
        await asyncio.sleep(0.02)
        member = caller.account_id_or_none == self.owners.get(request.video_id)
        if video is None or (video.visibility == VISIBILITY_PRIVATE and not member):
            raise not_found(ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND, "There is no such video.")
        return CheckViewerResponse(video=video, channel_member=member, access_epoch=self.epochs[request.video_id])


@dataclass
class Presentations(TranscodeServiceServicer):
    """TranscodeService as far as PlaybackService asks it."""

    presentations: dict[str, GetPresentationResponse] = field(default_factory=dict[str, GetPresentationResponse])
    asked: int = 0

    def hosted(self) -> Hosted:
        return Hosted(
            name="vidmesh.transcode.v1.TranscodeService", servicer=self, add=add_TranscodeServiceServicer_to_server
        )

    async def GetPresentation(self, request: GetPresentationRequest, context: Any) -> GetPresentationResponse:
        del context
        self.asked += 1
        await asyncio.sleep(0.02)
        found = self.presentations.get(request.video_id)
        if found is None:
            raise not_found(ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND, "There is no such video.")
        return found


@dataclass
class Served:
    """The running service and everybody around it."""

    mesh: TestMesh
    service: PlaybackServiceAsyncStub
    videos: Videos
    presentations: Presentations
    bus: Bus
    owner: str = field(default_factory=uuid7)

    @property
    def me(self) -> Metadata:
        """The metadata of the channel's owner."""
        return self.mesh.signed_in(self.owner)

    @property
    def stranger(self) -> Metadata:
        return self.mesh.signed_in(uuid7())

    @property
    def edge(self) -> Metadata:
        """The metadata of the control plane's calls."""
        return self.mesh.as_service("gateway")

    def video(self, visibility: Visibility.ValueType = VISIBILITY_PUBLIC, *, minutes: float = 1) -> str:
        """A processed video of the owner."""
        video_id = uuid.uuid4().hex[:11]
        self.videos.videos[video_id] = Video(video_id=video_id, visibility=visibility)
        self.videos.owners[video_id] = self.owner
        self.videos.epochs[video_id] = 4
        shown = GetPresentationResponse(
            manifest_generation=2,
            hls_path="m/2-ab/master.m3u8",
            dash_path="m/2-ab/manifest.mpd",
            files=[
                VideoFile(quality="360p", codec="avc1.64001e", width=640, height=360, peak_bitrate=500_000),
                VideoFile(quality="1080p", codec="avc1.640028", width=1920, height=1080, peak_bitrate=5_000_000),
                VideoFile(quality="audio", codec="mp4a.40.2", peak_bitrate=130_000),
            ],
            stills=[Still(path="t/t-r1.1.1/0.jpg", width=640, height=360)],
        )
        shown.duration.FromTimedelta(timedelta(minutes=minutes))
        self.presentations.presentations[video_id] = shown
        return video_id

    async def play(self, video_id: str, metadata: Metadata = (), **fields: Any) -> Playback:
        """GetPlayback, of nobody known unless told otherwise."""
        request = GetPlaybackRequest(video_id=video_id, **fields)
        return (await self.service.GetPlayback(request, metadata=metadata)).playback

    async def changed(self, video_id: str) -> None:
        """Say that a video changed."""
        await self.bus.publish(VideoChanged(video_id=video_id, channel_id=uuid7(), generation=2), str(uuid.uuid4()))

    async def heard(self, kind: type[Message], video_id: str) -> list[Event[Any]]:
        """Listens to facts of a type about a video from the first on; the list grows with every delivery."""
        found: list[Event[Any]] = []

        async def keep(event: Event[Any]) -> None:
            if event.message.video_id == video_id:
                found.append(event)

        await self.bus.subscribe(kind, f"test-{uuid.uuid4().hex}", keep)
        return found


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
async def served(tmp_path: Path, nats: NatsServer) -> AsyncGenerator[Served]:
    settings = {
        "bus": {"url": nats.url},
        "tables": {"url": f"sqlite://{tmp_path}/tables/{{service}}.db"},
        "edge": {"public_url": EDGE},
    }
    async with TestMesh(tmp_path, settings) as mesh:
        videos, presentations = Videos(), Presentations()  # pyright: ignore[reportAbstractUsage] (not asked for the rest)
        await mesh.serve(await mesh.runtime("svc_upload"), [videos.hosted()])
        await mesh.serve(await mesh.runtime("svc_transcode"), [presentations.hosted()])
        runtime = await mesh.runtime("svc_playback")
        await mesh.serve(runtime, await assemble(runtime))
        yield Served(
            mesh=mesh,
            service=PlaybackServiceStub(mesh.outside("svc_playback")),
            videos=videos,
            presentations=presentations,
            bus=await runtime.bus(),
        )
