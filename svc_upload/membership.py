"""Who belongs to a channel's people, asked of ChannelService and remembered for a moment.

What ChannelService refuses, NOT_FOUND (CHANNEL_NOT_FOUND) above all, goes through to the caller as it is.

A "yes" is remembered for a few seconds, so that the calls of one upload cost one question. A "no" only ever decides
how much of a public video is shown; where it would refuse something it is asked anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import grpc
import grpc.aio

from mesh.errors import permission_denied
from vidmesh.social.v1.channel_pb2 import ChannelRole
from vidmesh.social.v1.channel_service_pb2 import CheckMemberRequest, GetChannelRequest

if TYPE_CHECKING:
    # It exists in the stubs' types alone.
    from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceAsyncStub

REMEMBERED: Final = 5.0
"""Seconds; a manager who was removed may act for that long at most, were the event of it lost."""

REMEMBERED_NO: Final = 1.0
"""Seconds; a new manager may see a channel as others do for that long at most."""

MOST_REMEMBERED: Final = 50_000


class Membership:
    """Asks and remembers."""

    def __init__(self, channels: ChannelServiceAsyncStub, clock: Callable[[], float] = time.monotonic) -> None:
        self._channels = channels
        self._clock = clock
        self._answers: dict[str, dict[str, tuple[bool, float]]] = {}
        self._count = 0

    async def is_member(self, channel_id: str, account_id: str | None, *, sure: bool = True) -> bool:
        """Whether the account owns or manages the channel. Without `sure` a remembered "no" is good enough, and an
        unreachable ChannelService counts as one. Raises NOT_FOUND (CHANNEL_NOT_FOUND), UNAVAILABLE.
        """
        if account_id is None:
            return False
        member, until = self._answers.get(channel_id, {}).get(account_id, (False, 0.0))
        if self._clock() < until and (member or not sure):
            return member
        try:
            answer = await self._channels.CheckMember(CheckMemberRequest(channel_id=channel_id, account_id=account_id))
        except grpc.aio.AioRpcError as error:
            if not sure and error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                return False
            raise
        member = answer.role != ChannelRole.CHANNEL_ROLE_UNSPECIFIED
        self._remember(channel_id, account_id, member)
        return member

    async def require(self, channel_id: str, account_id: str) -> None:
        """Raise PERMISSION_DENIED unless the account owns or manages the channel; else as `is_member`."""
        if not await self.is_member(channel_id, account_id):
            raise permission_denied("Only the channel's owner and managers may do this.", relation="channel_member")

    async def require_channel(self, channel_id: str) -> None:
        """Raise NOT_FOUND (CHANNEL_NOT_FOUND) unless there is such a channel."""
        await self._channels.GetChannel(GetChannelRequest(channel=channel_id))

    def forget(self, channel_id: str) -> None:
        """Somebody's part in this channel changed."""
        self._count -= len(self._answers.pop(channel_id, {}))

    def forget_all(self) -> None:
        """Anybody's part may have changed."""
        self._answers.clear()
        self._count = 0

    def _remember(self, channel_id: str, account_id: str, member: bool) -> None:
        # Answers live for seconds, so beginning anew costs less than keeping an order to drop them in.
        if self._count >= MOST_REMEMBERED:
            self.forget_all()
        answers = self._answers.setdefault(channel_id, {})
        self._count += account_id not in answers
        answers[account_id] = (member, self._clock() + (REMEMBERED if member else REMEMBERED_NO))
