"""svc_social as it runs: real gRPC behind mesh's layers, real SQLite, a real nats-server."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from argon2 import Parameters
from argon2.profiles import CHEAPEST

from mesh.testing.servers import NatsServer, nats_server
from mesh.testing.serving import Metadata, TestMesh
from svc_social.server import Social, build
from vidmesh.social.v1.account_service_pb2 import SignUpRequest, SignUpResponse
from vidmesh.social.v1.account_service_pb2_grpc import AccountServiceStub
from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceStub

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
class Served:
    """The running service and its clients."""

    mesh: TestMesh
    social: Social
    clock: Clock
    accounts: AccountServiceAsyncStub
    channels: ChannelServiceAsyncStub
    bus: Any
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def sign_up(self, handle: str = "", **fields: Any) -> SignUpResponse:
        """A new account; a handle and an address are made up where none is given."""
        handle = handle or f"person{next(self._numbers)}"
        request = SignUpRequest(**{"email": f"{handle}@example.org", "password": PASSWORD, "handle": handle} | fields)
        return await self.accounts.SignUp(request)

    def service(self) -> Metadata:
        """The metadata of another service's call."""
        return self.mesh.as_service("svc_upload")


def signed_in(answer: SignUpResponse) -> Metadata:
    """The metadata of a call of somebody who has just signed up."""
    return (("authorization", f"Bearer {answer.tokens.access_token}"),)


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def hashing() -> Parameters:
    """What hashing a password costs: next to nothing, except where a test is about just that."""
    return CHEAPEST


@pytest.fixture
async def served(tmp_path: Path, nats: NatsServer, hashing: Parameters) -> AsyncGenerator[Served]:
    clock = Clock()
    async with TestMesh(tmp_path, {"bus": {"url": nats.url}}) as mesh:
        runtime = await mesh.runtime("svc_social")
        social = await build(runtime, clock.now, hashing)
        await mesh.serve(runtime, social.hosted)
        channel = mesh.outside("svc_social")
        yield Served(
            mesh,
            social,
            clock,
            AccountServiceStub(channel),
            ChannelServiceStub(channel),
            await runtime.bus(),
        )
