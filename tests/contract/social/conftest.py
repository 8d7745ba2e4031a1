"""svc_social as it runs: real gRPC behind mesh's layers, real SQLite, a real nats-server."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jwt
import pytest
from argon2 import Parameters
from argon2.profiles import CHEAPEST

from mesh.errors import unavailable
from mesh.hosting import Hosted
from mesh.testing.servers import NatsServer, nats_server
from mesh.testing.serving import Metadata, TestMesh
from svc_social.server import Social, build
from tests.contract.answers import eventually
from vidmesh.social.v1.account_pb2 import Tokens
from vidmesh.social.v1.account_service_pb2 import (
    ListEndedSessionsRequest,
    RefreshRequest,
    SignInRequest,
    SignInResponse,
    SignUpRequest,
    SignUpResponse,
)
from vidmesh.social.v1.account_service_pb2_grpc import AccountServiceStub
from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceStub
from vidmesh.upload.v1.video_pb2 import VIDEO_STATUS_PUBLISHED, Video
from vidmesh.upload.v1.video_service_pb2 import (
    BatchGetVideosRequest,
    BatchGetVideosResponse,
    ExportVideosRequest,
    ExportVideosResponse,
)
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceServicer, add_VideoServiceServicer_to_server

if TYPE_CHECKING:
    # They exist in the stubs' types alone.
    from vidmesh.social.v1.account_service_pb2_grpc import AccountServiceAsyncStub
    from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceAsyncStub

PASSWORD: Final = "correct horse battery"


@dataclass
class Clock:
    """The clock that the service goes by: the real one, moved by what a test says."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, **length: float) -> None:
        self.ahead += timedelta(**length)


@dataclass
class Videos(VideoServiceServicer):
    """VideoService as far as ChannelService asks it."""

    all: dict[str, Video] = field(default_factory=dict[str, Video])
    away: bool = False

    def hosted(self) -> Hosted:
        return Hosted(name="vidmesh.upload.v1.VideoService", servicer=self, add=add_VideoServiceServicer_to_server)

    async def BatchGetVideos(self, request: BatchGetVideosRequest, context: Any) -> BatchGetVideosResponse:
        del context
        if self.away:
            raise unavailable("Not now.")
        found = (self.all.get(video_id) for video_id in request.video_ids)
        return BatchGetVideosResponse(
            videos=[video for video in found if video is not None and video.status == VIDEO_STATUS_PUBLISHED]
        )

    async def ExportVideos(self, request: ExportVideosRequest, context: Any) -> AsyncIterator[ExportVideosResponse]:
        del request, context
        if self.away:
            raise unavailable("Not now.")
        for video in list(self.all.values()):
            yield ExportVideosResponse(video=video)


@dataclass
class Served:
    """The running service and its clients."""

    mesh: TestMesh
    social: Social
    clock: Clock
    accounts: AccountServiceAsyncStub
    channels: ChannelServiceAsyncStub
    bus: Any
    videos: Videos
    """The neighbour who knows the videos."""
    place: Metadata = ()
    """What the edge says of where people call from."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def sign_up(self, handle: str = "", **fields: Any) -> SignUpResponse:
        """A new account; a handle and an address are made up where none is given."""
        handle = handle or f"person{next(self._numbers)}"
        chosen: dict[str, Any] = {"email": f"{handle}@example.org", "password": PASSWORD, "handle": handle} | fields
        return await self.accounts.SignUp(SignUpRequest(**chosen), metadata=self.place)

    async def sign_in(self, handle: str, password: str = PASSWORD, **fields: Any) -> SignInResponse:
        """Sign in again as somebody who signed up by this handle."""
        request = SignInRequest(email=f"{handle}@example.org", password=password, **fields)
        return await self.accounts.SignIn(request, metadata=self.place)

    async def refresh(self, tokens: Tokens) -> Tokens:
        """A new pair of tokens."""
        return (await self.accounts.Refresh(RefreshRequest(refresh_token=tokens.refresh_token))).tokens

    async def ended(self) -> set[str]:
        """Values of `sid` that edges are told to refuse."""
        answer = await self.accounts.ListEndedSessions(ListEndedSessionsRequest(), metadata=self.service())
        found = set(answer.session_ids)
        while answer.next_page_token:
            request = ListEndedSessionsRequest(page_token=answer.next_page_token)
            answer = await self.accounts.ListEndedSessions(request, metadata=self.service())
            found |= set(answer.session_ids)
        return found

    def service(self) -> Metadata:
        """The metadata of another service's call."""
        return self.mesh.as_service("svc_upload")


def signed_in(answer: SignUpResponse | SignInResponse) -> Metadata:
    """The metadata of a call of somebody who has just signed up or in."""
    return bearer(answer.tokens.access_token)


def bearer(token: str) -> Metadata:
    """The metadata of a call with this token."""
    return (("authorization", f"Bearer {token}"),)


def session_of(answer: SignUpResponse | SignInResponse) -> str:
    """The session that somebody has just begun."""
    return str(jwt.decode(answer.tokens.access_token, options={"verify_signature": False})["sid"])


def place(address: str) -> Metadata:
    """What the edge says of a call from this address."""
    return (("x-vidmesh-address", address),)


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def hashing() -> Parameters:
    """What hashing a password costs: next to nothing, except where a test is about just that."""
    return CHEAPEST


@pytest.fixture
def identity() -> dict[str, Any]:
    """What is configured in [identity] besides what is shipped."""
    return {}


@pytest.fixture
def public_url() -> str:
    """How browsers reach the edge."""
    return ""


@pytest.fixture
async def served(
    tmp_path: Path, nats: NatsServer, hashing: Parameters, identity: dict[str, Any], public_url: str
) -> AsyncGenerator[Served]:
    clock = Clock()
    chosen = {"bus": {"url": nats.url}, "identity": identity, "edge": {"public_url": public_url}}
    async with TestMesh(tmp_path, chosen) as mesh:
        videos = Videos()  # pyright: ignore[reportAbstractUsage] (the other methods are not asked here)
        await mesh.serve(await mesh.runtime("svc_upload"), [videos.hosted()])
        runtime = await mesh.runtime("svc_social")
        social = await build(runtime, clock.now, hashing)
        await mesh.serve(runtime, social.hosted)
        await eventually(social.video_counts.complete, 10)
        channel = mesh.outside("svc_social")
        yield Served(
            mesh,
            social,
            clock,
            AccountServiceStub(channel),
            ChannelServiceStub(channel),
            await runtime.bus(),
            videos,
        )
