"""Servers behind the real layers, with servicers whose handlers are given by each test."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final, cast

import grpc.aio
import pytest

from mesh.errors import Fault
from mesh.hosting import Hosted
from mesh.runtime import Runtime
from mesh.serving import GrpcServer
from mesh.statuses import fault_in
from mesh.testing.serving import TestMesh
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.channel_service_pb2_grpc import (
    ChannelServiceServicer,
    ChannelServiceStub,
    add_ChannelServiceServicer_to_server,
)

CHANNELS: Final = "vidmesh.social.v1.ChannelService"
CHANNEL_ID: Final = "0199f5e4-8d5c-7c3a-9a53-2f1f6a3f2b10"

Handler = Callable[[Any], Awaitable[Any]]


class Channels(ChannelServiceServicer):
    """A part of ChannelService: each method does what the test says."""

    def __init__(self, handler: Handler, stream: Callable[[Any], AsyncIterator[Any]] | None = None) -> None:
        self._handler = handler
        self._stream = stream

    async def GetChannel(self, request: Any, context: Any) -> pb.GetChannelResponse:
        """Public."""
        return await self._handler(request) or pb.GetChannelResponse()

    async def CreateChannel(self, request: Any, context: Any) -> pb.CreateChannelResponse:
        """For people."""
        return await self._handler(request) or pb.CreateChannelResponse()

    async def CheckMember(self, request: Any, context: Any) -> pb.CheckMemberResponse:
        """For services."""
        return await self._handler(request) or pb.CheckMemberResponse()

    async def ExportChannels(self, request: Any, context: Any) -> AsyncIterator[pb.ExportChannelsResponse]:
        """A stream for services."""
        assert self._stream is not None
        async for one in self._stream(request):
            yield one


def channels_service(handler: Handler, stream: Callable[[Any], AsyncIterator[Any]] | None = None) -> Hosted:
    """ChannelService with these handlers; the other methods stay unwritten, on purpose."""
    servicer = cast("Any", Channels)(handler, stream)
    return Hosted(name=CHANNELS, servicer=servicer, add=add_ChannelServiceServicer_to_server)


class Started:
    """A mesh with one service in it."""

    def __init__(self, mesh: TestMesh, runtime: Runtime, server: GrpcServer, name: str) -> None:
        self.mesh = mesh
        self.runtime = runtime
        self.server = server
        self.outside = mesh.outside(name)
        self.channels = ChannelServiceStub(self.outside)


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncGenerator[TestMesh]:
    async with TestMesh(tmp_path) as started:
        yield started


Start = Callable[..., Awaitable[Started]]


@pytest.fixture
def start(mesh: TestMesh) -> Start:
    """Starts ChannelService with the given handlers, under the given service name."""

    async def begin(
        handler: Handler,
        stream: Callable[[Any], AsyncIterator[Any]] | None = None,
        name: str = "svc_social",
        **options: Any,
    ) -> Started:
        runtime = await mesh.runtime(name, **options)
        return Started(mesh, runtime, await mesh.serve(runtime, [channels_service(handler, stream)]), name)

    return begin


async def nothing(_request: Any) -> None:
    """A handler that answers with an empty message."""


async def failure(call: Awaitable[Any]) -> grpc.aio.AioRpcError:
    """The error that the call ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def fault(call: Awaitable[Any]) -> Fault:
    """What the other side said why."""
    error = await failure(call)
    found = fault_in(error)
    assert found is not None, f"the answer carries no ErrorInfo of ours: {error!r}"
    return found
