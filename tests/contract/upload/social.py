"""The neighbour that svc_upload asks: ChannelService, as much of its contract as is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mesh.errors import not_found, unavailable
from mesh.hosting import Hosted
from mesh.ids import uuid7
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1.channel_pb2 import Channel, ChannelRole
from vidmesh.social.v1.channel_service_pb2 import (
    CheckMemberRequest,
    CheckMemberResponse,
    GetChannelRequest,
    GetChannelResponse,
)
from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceServicer, add_ChannelServiceServicer_to_server


@dataclass
class People(ChannelServiceServicer):
    """Channels with their people."""

    channels: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    away: bool = False
    asked: int = 0

    def channel(self, *people: str) -> str:
        """A new channel of these accounts."""
        channel_id = uuid7()
        self.channels[channel_id] = set(people)
        return channel_id

    def hosted(self) -> Hosted:
        return Hosted(name="vidmesh.social.v1.ChannelService", servicer=self, add=add_ChannelServiceServicer_to_server)

    async def CheckMember(self, request: CheckMemberRequest, context: Any) -> CheckMemberResponse:
        self.asked += 1
        member = request.account_id in self._people(request.channel_id)
        return CheckMemberResponse(
            role=ChannelRole.CHANNEL_ROLE_MANAGER if member else ChannelRole.CHANNEL_ROLE_UNSPECIFIED
        )

    async def GetChannel(self, request: GetChannelRequest, context: Any) -> GetChannelResponse:
        self._people(request.channel)
        return GetChannelResponse(channel=Channel(channel_id=request.channel))

    def _people(self, channel_id: str) -> set[str]:
        if self.away:
            raise unavailable()
        if channel_id not in self.channels:
            raise not_found(ErrorReason.ERROR_REASON_CHANNEL_NOT_FOUND, "There is no such channel.")
        return self.channels[channel_id]
