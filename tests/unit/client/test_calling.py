"""Calls through the client against a real gRPC server that fails as services and edges do."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from vidmesh.client import Client, MemoryTokenStore, SignIn, VidmeshError
from vidmesh.client.retrying import Backoff
from vidmesh.social.v1.account_pb2 import Tokens
from vidmesh.social.v1.account_service_pb2 import RefreshRequest, RefreshResponse, SignInRequest, SignInResponse
from vidmesh.social.v1.account_service_pb2_grpc import AccountServiceServicer, add_AccountServiceServicer_to_server
from vidmesh.transcode.v1.transcode_pb2 import Processing
from vidmesh.transcode.v1.transcode_service_pb2 import WatchProcessingRequest, WatchProcessingResponse
from vidmesh.transcode.v1.transcode_service_pb2_grpc import (
    TranscodeServiceServicer,
    add_TranscodeServiceServicer_to_server,
)
from vidmesh.upload.v1.video_pb2 import ProcessingState, Video
from vidmesh.upload.v1.video_service_pb2 import GetVideoRequest, GetVideoResponse
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceServicer, add_VideoServiceServicer_to_server

Context = grpc.aio.ServicerContext[object, object]
VIDEO = "abcdefghijk"


class Failure:
    """A failure as it is on the wire."""

    def __init__(
        self, code: grpc.StatusCode, reason: str = "", retry_after: float | None = None, field: str = ""
    ) -> None:
        self.code = code
        self._status = Status(code=code.value[0], message=f"A sentence about {reason}.")
        if reason:
            info = ErrorInfo(reason=reason, domain="vidmesh", metadata={"key": "value"})
            self._status.details.add().Pack(info)
        if field:
            violation = BadRequest.FieldViolation(field=field, description="is too long")
            self._status.details.add().Pack(BadRequest(field_violations=[violation]))
        if retry_after is not None:
            retry = RetryInfo()
            retry.retry_delay.FromNanoseconds(int(retry_after * 1e9))
            self._status.details.add().Pack(retry)

    async def end(self, context: Context) -> None:
        context.set_trailing_metadata((("grpc-status-details-bin", self._status.SerializeToString()),))
        await context.abort(self.code, self._status.message)


UNAVAILABLE = Failure(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", 0.01)


class Services(VideoServiceServicer, AccountServiceServicer, TranscodeServiceServicer):
    """Fails as it is told to, then answers; remembers what it was asked."""

    def __init__(self) -> None:
        self.failures: deque[Failure] = deque()
        self.tokens: list[str | None] = []
        self.cursors: list[str] = []

    async def _called(self, context: Context) -> None:
        sent = dict(context.invocation_metadata() or ())
        self.tokens.append(str(sent["authorization"]) if "authorization" in sent else None)
        if self.failures:
            await self.failures.popleft().end(context)

    async def GetVideo(self, request: GetVideoRequest, context: Context) -> GetVideoResponse:
        await self._called(context)
        return GetVideoResponse(video=Video(video_id=request.video_id))

    async def SignIn(self, request: SignInRequest, context: Context) -> SignInResponse:
        await self._called(context)
        return SignInResponse()

    async def Refresh(self, request: RefreshRequest, context: Context) -> RefreshResponse:
        return RefreshResponse(tokens=tokens("new"))

    async def WatchProcessing(
        self, request: WatchProcessingRequest, context: Context
    ) -> AsyncIterator[WatchProcessingResponse]:
        self.cursors.append(request.cursor)
        for sequence in range(int(request.cursor or 0) + 1, 4):
            if self.failures and sequence == 2:
                await self.failures.popleft().end(context)
            done = sequence == 3
            state = ProcessingState.PROCESSING_STATE_PROCESSED if done else ProcessingState.PROCESSING_STATE_PROCESSING
            yield WatchProcessingResponse(
                processing=Processing(video_id=VIDEO, state=state, sequence=sequence), cursor=str(sequence)
            )


def tokens(word: str) -> Tokens:
    made = Tokens(access_token=f"access-{word}", refresh_token=f"refresh-{word}")
    made.access_expire_time.FromSeconds(int(time.time()) + 900)
    made.refresh_expire_time.FromSeconds(int(time.time()) + 9000)
    return made


@pytest.fixture
def services() -> Services:
    # The other methods are the generated ones, which answer UNIMPLEMENTED.
    return Services()  # pyright: ignore[reportAbstractUsage]


@pytest.fixture
async def url(services: Services) -> AsyncIterator[str]:
    server = grpc.aio.server()
    add_VideoServiceServicer_to_server(services, server)
    add_AccountServiceServicer_to_server(services, server)
    add_TranscodeServiceServicer_to_server(services, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"http://127.0.0.1:{port}"
    await server.stop(None)


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    store = MemoryTokenStore(SignIn("a", "alice", "access-old", time.time() + 900, "refresh-old", time.time() + 9000))
    async with Client(url, store, Backoff(attempts=3, first=0.01, most=0.02)) as made:
        yield made


async def get_video(client: Client) -> str:
    return (await client.videos.GetVideo(GetVideoRequest(video_id=VIDEO))).video.video_id


async def test_a_call_carries_the_access_token(client: Client, services: Services) -> None:
    assert await get_video(client) == VIDEO
    assert services.tokens == ["Bearer access-old"]


async def test_signing_in_carries_none(client: Client, services: Services) -> None:
    await client.accounts.SignIn(SignInRequest(email="e", password="p"))
    assert services.tokens == [None]


async def test_an_idempotent_call_is_repeated_while_the_service_is_away(client: Client, services: Services) -> None:
    services.failures.extend([UNAVAILABLE, UNAVAILABLE])
    assert await get_video(client) == VIDEO
    assert len(services.tokens) == 3


async def test_it_is_given_up_after_its_attempts(client: Client, services: Services) -> None:
    services.failures.extend([UNAVAILABLE] * 5)
    with pytest.raises(VidmeshError):
        await get_video(client)
    assert len(services.tokens) == 3


async def test_a_call_that_is_not_idempotent_is_not_repeated(client: Client, services: Services) -> None:
    services.failures.append(UNAVAILABLE)
    with pytest.raises(VidmeshError):
        await client.accounts.SignIn(SignInRequest(email="e", password="p"))
    assert len(services.tokens) == 1


@pytest.mark.parametrize("reason", ["INVALID_TOKEN", ""], ids=["by a service", "by the edge"])
async def test_a_token_that_is_refused_is_renewed_once(client: Client, services: Services, reason: str) -> None:
    services.failures.append(Failure(grpc.StatusCode.UNAUTHENTICATED, reason))
    assert await get_video(client) == VIDEO
    assert services.tokens == ["Bearer access-old", "Bearer access-new"]
    services.failures.extend([Failure(grpc.StatusCode.UNAUTHENTICATED, reason)] * 2)
    with pytest.raises(VidmeshError):
        await get_video(client)


async def test_a_refusal_is_told_with_all_that_the_contract_gives(client: Client, services: Services) -> None:
    services.failures.append(Failure(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", field="video.title"))
    with pytest.raises(VidmeshError, match="A sentence about INVALID_FIELD") as caught:
        await get_video(client)
    error = caught.value
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert error.metadata == {"key": "value"}
    assert [(v.field, v.sentence) for v in error.violations] == [("video.title", "is too long")]


async def test_an_address_where_nobody_answers_is_told_in_a_sentence(unused_tcp_port: int) -> None:
    async with Client(f"http://127.0.0.1:{unused_tcp_port}", backoff=Backoff(attempts=1)) as client:
        with pytest.raises(VidmeshError, match="Nothing answers there"):
            await get_video(client)


async def test_a_stream_goes_on_behind_what_was_seen_and_ends_with_the_processing(
    client: Client, services: Services
) -> None:
    services.failures.append(Failure(grpc.StatusCode.UNAVAILABLE))
    seen = [processing.sequence async for processing in client.watch_processing(VIDEO)]
    assert seen == [1, 2, 3]
    assert services.cursors == ["", "1"]


async def test_a_stream_that_is_refused_raises(client: Client, services: Services) -> None:
    services.failures.append(Failure(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_CURSOR"))
    with pytest.raises(VidmeshError) as caught:
        _ = [processing async for processing in client.watch_processing(VIDEO)]
    assert caught.value.reason == "INVALID_CURSOR"
