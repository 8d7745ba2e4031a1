"""Small services to stand behind an edge. They keep the contracts' shapes and write down what reaches them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, cast

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from vidmesh.playback.v1.sharing_service_pb2 import (
    GetOembedRequest,
    GetOembedResponse,
    GetWatchHeadRequest,
    GetWatchHeadResponse,
)
from vidmesh.social.v1.account_pb2 import Account
from vidmesh.social.v1.account_service_pb2 import SignInRequest, SignInResponse
from vidmesh.social.v1.channel_pb2 import Channel
from vidmesh.social.v1.channel_service_pb2 import CreateChannelRequest, CreateChannelResponse
from vidmesh.transcode.v1.transcode_pb2 import Processing
from vidmesh.transcode.v1.transcode_service_pb2 import WatchProcessingRequest, WatchProcessingResponse
from vidmesh.upload.v1.video_pb2 import Video
from vidmesh.upload.v1.video_service_pb2 import (
    CheckViewerRequest,
    CheckViewerResponse,
    GetVideoRequest,
    GetVideoResponse,
    PublishVideoRequest,
    PublishVideoResponse,
)

MISSING_VIDEO: Final = "missing_vid"
"""Every video is known but this one."""
WATCH_STEPS: Final = 3
"""Messages that WatchProcessing sends before it ends."""

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(slots=True)
class Seen:
    """What reached the services."""

    calls: list[tuple[str, Mapping[str, str]]] = field(default_factory=list[tuple[str, Mapping[str, str]]])
    """Name of the RPC and its metadata, in order."""
    unavailable: int = 0
    """This many calls are still to be answered with UNAVAILABLE."""

    head: str = "<title>A video</title>"
    """What GetWatchHead answers."""
    step_pause: timedelta = timedelta(0)
    """WatchProcessing waits this long between its messages."""

    async def take(self, name: str, context: Context) -> None:
        """Note a call; may end it with UNAVAILABLE."""
        pairs = [(key, value) for key, value in context.invocation_metadata() or () if isinstance(value, str)]
        self.calls.append((name, dict(pairs)))
        if self.unavailable > 0:
            self.unavailable -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")


@dataclass(frozen=True, slots=True)
class RunningServices:
    """All of them on one port."""

    address: str
    seen: Seen


class _Answers:
    """One method for each RPC that is there; the others do not exist."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    async def get_video(self, request: GetVideoRequest, context: Context) -> GetVideoResponse:
        await self._seen.take("GetVideo", context)
        if request.video_id == MISSING_VIDEO:
            await _not_found(context)
        return GetVideoResponse(video=Video(video_id=request.video_id, title="A video", tags=["one"]))

    async def publish_video(self, request: PublishVideoRequest, context: Context) -> PublishVideoResponse:
        await self._seen.take("PublishVideo", context)
        return PublishVideoResponse(video=Video(video_id=request.video_id, visibility=request.visibility))

    async def check_viewer(self, request: CheckViewerRequest, context: Context) -> CheckViewerResponse:
        await self._seen.take("CheckViewer", context)
        del request
        return CheckViewerResponse()

    async def get_watch_head(self, request: GetWatchHeadRequest, context: Context) -> GetWatchHeadResponse:
        await self._seen.take("GetWatchHead", context)
        if request.video_id == MISSING_VIDEO:
            await _not_found(context)
        return GetWatchHeadResponse(html=self._seen.head)

    async def get_oembed(self, request: GetOembedRequest, context: Context) -> GetOembedResponse:
        await self._seen.take("GetOembed", context)
        return GetOembedResponse(title=request.url, width=request.maxwidth, height=request.maxheight)

    async def create_channel(self, request: CreateChannelRequest, context: Context) -> CreateChannelResponse:
        await self._seen.take("CreateChannel", context)
        return CreateChannelResponse(channel=Channel(handle=request.handle))

    async def sign_in(self, request: SignInRequest, context: Context) -> SignInResponse:
        await self._seen.take("SignIn", context)
        if request.cookies:
            attributes = "Path=/; HttpOnly; SameSite=Lax"
            given = (("access", "a"), ("refresh", "r"))
            await context.send_initial_metadata(
                tuple(("set-cookie", f"vidmesh_{name}={value}; {attributes}") for name, value in given)
            )
        return SignInResponse(account=Account(account_id="an-account"))

    async def watch_processing(
        self, request: WatchProcessingRequest, context: Context
    ) -> AsyncIterator[WatchProcessingResponse]:
        await self._seen.take("WatchProcessing", context)
        if request.video_id == MISSING_VIDEO:
            await _not_found(context)
        for step in range(1, WATCH_STEPS + 1):
            yield WatchProcessingResponse(
                processing=Processing(video_id=request.video_id, progress=step / WATCH_STEPS), cursor=str(step)
            )
            await asyncio.sleep(self._seen.step_pause.total_seconds())

    def handlers(self) -> tuple[grpc.GenericRpcHandler, ...]:
        """As a server takes them."""
        return (
            _handlers(
                "vidmesh.upload.v1.VideoService",
                GetVideo=_unary(self.get_video, GetVideoRequest),
                PublishVideo=_unary(self.publish_video, PublishVideoRequest),
                CheckViewer=_unary(self.check_viewer, CheckViewerRequest),
            ),
            _handlers(
                "vidmesh.playback.v1.SharingService",
                GetWatchHead=_unary(self.get_watch_head, GetWatchHeadRequest),
                GetOembed=_unary(self.get_oembed, GetOembedRequest),
            ),
            _handlers("vidmesh.social.v1.AccountService", SignIn=_unary(self.sign_in, SignInRequest)),
            _handlers(
                "vidmesh.social.v1.ChannelService", CreateChannel=_unary(self.create_channel, CreateChannelRequest)
            ),
            _handlers(
                "vidmesh.transcode.v1.TranscodeService",
                WatchProcessing=grpc.unary_stream_rpc_method_handler(
                    self.watch_processing, WatchProcessingRequest.FromString, _serialized
                ),
            ),
        )


def _handlers(service: str, **methods: grpc.RpcMethodHandler[Any, Any]) -> grpc.GenericRpcHandler:
    return grpc.method_handlers_generic_handler(service, methods)


def _unary(answer: Callable[..., Any], request: type[Message]) -> grpc.RpcMethodHandler[Any, Any]:
    return grpc.unary_unary_rpc_method_handler(answer, request.FromString, _serialized)


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()


async def _not_found(context: Context) -> None:
    info = AnyMessage()
    info.Pack(ErrorInfo(reason="VIDEO_NOT_FOUND", domain="vidmesh"))
    status = Status(code=grpc.StatusCode.NOT_FOUND.value[0], message="There is no such video.", details=[info])
    # The stubs of grpc.aio leave it out.
    await cast("Any", context).abort_with_status(rpc_status.to_status(status))


@asynccontextmanager
async def running_services() -> AsyncGenerator[RunningServices]:
    """The services on a free loopback port, until the block ends."""
    seen = Seen()
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(_Answers(seen).handlers())
    healthy = cast("Any", health).aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    await healthy.set("", health_pb2.HealthCheckResponse.SERVING)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield RunningServices(f"127.0.0.1:{port}", seen)
    finally:
        await server.stop(timedelta(milliseconds=200).total_seconds())
