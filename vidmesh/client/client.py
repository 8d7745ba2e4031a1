"""`Client`: an installation of vidmesh as its users see it."""

from __future__ import annotations

import asyncio
import platform
import uuid
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, cast

from vidmesh.client.auth import Authenticator
from vidmesh.client.calling import CallingChannel
from vidmesh.client.connection import Edge
from vidmesh.client.errors import VidmeshError
from vidmesh.client.retrying import Backoff
from vidmesh.client.streams import watch_processing
from vidmesh.client.tokens import MemoryTokenStore, SignIn, TokenStore
from vidmesh.playback.v1.playback_pb2 import DeviceType, Playback
from vidmesh.playback.v1.playback_service_pb2 import GetPlaybackRequest
from vidmesh.playback.v1.playback_service_pb2_grpc import PlaybackServiceStub
from vidmesh.social.v1 import account_service_pb2 as accounts_pb
from vidmesh.social.v1.account_pb2 import Tokens
from vidmesh.social.v1.account_service_pb2_grpc import AccountServiceStub
from vidmesh.social.v1.channel_pb2 import Channel
from vidmesh.social.v1.channel_service_pb2 import GetChannelRequest, ListMyChannelsRequest
from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceStub
from vidmesh.transcode.v1.job_service_pb2_grpc import JobServiceStub
from vidmesh.transcode.v1.transcode_pb2 import Processing
from vidmesh.transcode.v1.transcode_service_pb2_grpc import TranscodeServiceStub
from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceStub
from vidmesh.upload.v1.video_pb2 import Video
from vidmesh.upload.v1.video_service_pb2 import ListVideosRequest
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceStub

if TYPE_CHECKING:
    import grpc.aio

    from vidmesh.playback.v1.playback_service_pb2_grpc import PlaybackServiceAsyncStub
    from vidmesh.social.v1.account_service_pb2_grpc import AccountServiceAsyncStub
    from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceAsyncStub
    from vidmesh.transcode.v1.job_service_pb2_grpc import JobServiceAsyncStub
    from vidmesh.transcode.v1.transcode_service_pb2_grpc import TranscodeServiceAsyncStub
    from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceAsyncStub
    from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceAsyncStub

PLAYABLE_PATIENCE: Final = 15.0
"""Seconds that playback may lag behind the processing that it is told about by events."""


class Client:
    """Calls to one edge, signed in or not.

        async with Client("http://127.0.0.1:8080") as client:
            await client.sign_in("you@example.org", "password")
            answer = await client.videos.GetVideo(GetVideoRequest(video_id="dQw4w9WgXcQ"))

    Every attribute that is a stub has the methods of its service. They send the access token, renew it in time,
    repeat idempotent methods while an installation is away for some seconds, and raise `VidmeshError`.
    """

    accounts: Final[AccountServiceAsyncStub]
    channels: Final[ChannelServiceAsyncStub]
    uploads: Final[UploadServiceAsyncStub]
    videos: Final[VideoServiceAsyncStub]
    processing: Final[TranscodeServiceAsyncStub]
    jobs: Final[JobServiceAsyncStub]
    playback: Final[PlaybackServiceAsyncStub]

    def __init__(self, url: str, tokens: TokenStore | None = None, backoff: Backoff | None = None) -> None:
        """`url` is that of any edge; `tokens` keeps the sign-in beyond this process where it is a `FileTokenStore`.

        Must be made inside a running event loop. Raises `ClientError` for a URL that cannot be an edge's.
        """
        self.edge: Final = Edge.of(url)
        self.backoff: Final = backoff or Backoff()
        self._channel = self.edge.channel()
        self._authenticator = Authenticator(tokens or MemoryTokenStore(), self._exchange)
        calling = cast("grpc.aio.Channel", CallingChannel(self._channel, self._authenticator, self.backoff))
        self.accounts = AccountServiceStub(calling)
        self.channels = ChannelServiceStub(calling)
        self.uploads = UploadServiceStub(calling)
        self.videos = VideoServiceStub(calling)
        self.processing = TranscodeServiceStub(calling)
        self.jobs = JobServiceStub(calling)
        self.playback = PlaybackServiceStub(calling)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connection; the sign-in stays in its store."""
        await self._channel.close()

    @property
    def signed_in(self) -> SignIn | None:
        """Who is signed in, as far as this machine knows."""
        return self._authenticator.signed_in

    async def sign_up(
        self, email: str, password: str, handle: str, display_name: str = "", invite_code: str = ""
    ) -> accounts_pb.SignUpResponse:
        """Makes an account with its first channel and signs it in.

        Raises EMAIL_TAKEN, HANDLE_TAKEN, INVALID_FIELD, REGISTRATION_CLOSED, INVALID_INVITE.
        """
        answer = await self.accounts.SignUp(
            accounts_pb.SignUpRequest(
                email=email,
                password=password,
                handle=handle.removeprefix("@"),
                display_name=display_name,
                request_id=str(uuid.uuid4()),
                invite_code=invite_code,
                device_name=_device_name(),
            )
        )
        self._authenticator.remember(SignIn.of(answer.account, answer.tokens))
        return answer

    async def sign_in(self, email: str, password: str, device_name: str = "") -> SignIn:
        """Signs in. Raises WRONG_CREDENTIALS."""
        name = device_name or _device_name()
        answer = await self.accounts.SignIn(accounts_pb.SignInRequest(email=email, password=password, device_name=name))
        sign_in = SignIn.of(answer.account, answer.tokens)
        self._authenticator.remember(sign_in)
        return sign_in

    async def sign_out(self) -> None:
        """Ends the sign-in, here and there. Signing out twice is no error."""
        if (sign_in := self.signed_in) is not None and sign_in.refresh_token:
            await self.accounts.SignOut(accounts_pb.SignOutRequest(refresh_token=sign_in.refresh_token))
        self._authenticator.forget()

    async def my_channels(self) -> list[Channel]:
        """The channels that the caller owns or manages, in order of creation. Raises SIGN_IN_REQUIRED."""
        found: list[Channel] = []
        request = ListMyChannelsRequest(page_size=100)
        while True:
            answer = await self.channels.ListMyChannels(request)
            found += answer.channels
            if not answer.next_page_token:
                return found
            request.page_token = answer.next_page_token

    async def channel(self, name: str) -> Channel:
        """A channel by id or handle, with or without its `@`. Raises CHANNEL_NOT_FOUND."""
        wanted = name if name.startswith("@") or _is_uuid(name) else f"@{name}"
        return (await self.channels.GetChannel(GetChannelRequest(channel=wanted))).channel

    async def videos_of(self, channel_id: str) -> AsyncGenerator[Video]:
        """A channel's videos that the caller may see, newest first, a page at a time. Raises CHANNEL_NOT_FOUND."""
        request = ListVideosRequest(channel_id=channel_id, page_size=50)
        while True:
            answer = await self.videos.ListVideos(request)
            for video in answer.videos:
                yield video
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def watch_processing(self, video_id: str, cursor: str = "") -> AsyncGenerator[Processing]:
        """How processing stands, then every change until it has ended; see `streams.watch_processing`."""
        return watch_processing(self.processing, video_id, cursor, self.backoff)

    async def play(
        self,
        video_id: str,
        device: DeviceType.ValueType = DeviceType.DEVICE_TYPE_UNSPECIFIED,
        *,
        generation: int = 0,
        patience: float = 0.0,
    ) -> Playback:
        """A grant to play, with absolute URLs.

        `patience` is how many seconds a video may still not be playable, or its manifests be older than `generation`,
        for a caller who knows better from `watch_processing`; an older answer is better than none.
        Raises VIDEO_NOT_FOUND, VIDEO_NOT_PLAYABLE, NO_DECODABLE_RENDITION.
        """
        loop = asyncio.get_running_loop()
        give_up = loop.time() + patience
        while True:
            try:
                request = GetPlaybackRequest(video_id=video_id, device=device)
                playback = (await self.playback.GetPlayback(request)).playback
                if playback.manifest_generation >= generation or loop.time() > give_up:
                    return playback
            except VidmeshError as error:
                if error.reason != "VIDEO_NOT_PLAYABLE" or loop.time() > give_up:
                    raise
            await asyncio.sleep(0.1)

    async def _exchange(self, refresh_token: str) -> Tokens:
        return (await self.accounts.Refresh(accounts_pb.RefreshRequest(refresh_token=refresh_token))).tokens


def _device_name() -> str:
    return f"vidmesh on {platform.node()}"[:60]


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
