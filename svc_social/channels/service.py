"""ChannelService: from RPCs to the rules and stores of channels."""

# ruff: noqa: N802, ARG002 (names and parameters are the contract's)

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Final

from mesh.call import current_call
from mesh.contention import attempts
from mesh.errors import Fault, contention, invalid, not_found
from mesh.pagination import PageTokens
from mesh.tables import InvalidCursor
from svc_social.accounts.store import AccountStore
from svc_social.channels.domain import (
    ChannelRecord,
    MemberRecord,
    channel_message,
    give_role,
    member_message,
    require_member,
    require_owner,
    take_role,
    updated,
)
from svc_social.channels.index import MembershipIndex
from svc_social.channels.making import ChannelMaker
from svc_social.channels.store import ChannelStore
from svc_social.claims.domain import handle_claim
from svc_social.claims.store import Claims
from svc_social.video_counts.store import VideoCounts
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.channel_pb2 import Channel, ChannelRole
from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceServicer

NOBODY: Final = ChannelRole.CHANNEL_ROLE_UNSPECIFIED


class ChannelService(ChannelServiceServicer):
    """The protos say what each method does."""

    def __init__(
        self,
        channels: ChannelStore,
        index: MembershipIndex,
        accounts: AccountStore,
        claims: Claims,
        maker: ChannelMaker,
        video_counts: VideoCounts,
        page_tokens: PageTokens,
        now: Callable[[], datetime],
    ) -> None:
        self._channels = channels
        self._index = index
        self._accounts = accounts
        self._claims = claims
        self._maker = maker
        self._video_counts = video_counts
        self._page_tokens = page_tokens
        self._now = now

    async def CreateChannel(self, request: pb.CreateChannelRequest, context: object) -> pb.CreateChannelResponse:
        """Makes a channel owned by the caller."""
        channel = await self._maker.run(current_call().caller.account_id, request)
        return pb.CreateChannelResponse(channel=await self._shown(channel))

    async def GetChannel(self, request: pb.GetChannelRequest, context: object) -> pb.GetChannelResponse:
        """Reads a channel by id or by handle."""
        named = request.channel
        channel = await (self._by_handle(named) if named.startswith("@") else self._channels.get(named))
        if channel is None:
            raise _no_channel(named)
        return pb.GetChannelResponse(channel=await self._shown(channel))

    async def BatchGetChannels(
        self, request: pb.BatchGetChannelsRequest, context: object
    ) -> pb.BatchGetChannelsResponse:
        """Reads several channels by id."""
        channels = await self._channels.get_many(request.channel_ids)
        return pb.BatchGetChannelsResponse(channels=await self._all_shown(channels))

    async def ListMyChannels(self, request: pb.ListMyChannelsRequest, context: object) -> pb.ListMyChannelsResponse:
        """The channels that the caller owns or manages."""
        call = current_call()
        size = self._page_tokens.page_size(request.page_size)
        cursor = self._page_tokens.open(call.method, request, request.page_token)
        channels, following = await self._index.page(call.caller.account_id, size, cursor)
        return pb.ListMyChannelsResponse(
            channels=await self._all_shown(channels),
            next_page_token=self._page_tokens.seal(call.method, request, following),
        )

    async def UpdateChannel(self, request: pb.UpdateChannelRequest, context: object) -> pb.UpdateChannelResponse:
        """Changes name, description or banner_url."""
        account_id = current_call().caller.account_id
        async for _ in attempts():
            channel = await self._existing(request.channel.channel_id)
            require_member(await self._role(channel.channel_id, account_id))
            after = updated(channel, request)
            if after is channel or await self._channels.update(channel, after):
                return pb.UpdateChannelResponse(channel=await self._shown(after))
        raise contention()

    async def ListMembers(self, request: pb.ListMembersRequest, context: object) -> pb.ListMembersResponse:
        """Who may act for a channel."""
        call = current_call()
        channel = await self._existing(request.channel_id)
        require_member(await self._role(channel.channel_id, call.caller.account_id))
        size = self._page_tokens.page_size(request.page_size)
        cursor = self._page_tokens.open(call.method, request, request.page_token)
        members, following = await self._channels.members(channel.channel_id, size, cursor)
        return pb.ListMembersResponse(
            members=[member_message(member) for member in members],
            next_page_token=self._page_tokens.seal(call.method, request, following),
        )

    async def SetMember(self, request: pb.SetMemberRequest, context: object) -> pb.SetMemberResponse:
        """Gives an account a role in the channel, or changes it."""
        account_id = current_call().caller.account_id
        now = self._now()
        async for _ in attempts():
            channel = await self._existing(request.channel_id)
            require_owner(channel, account_id)
            if await self._accounts.get(request.account_id) is None:
                raise _no_account(request.account_id)
            owner = await self._owner(channel)
            member = await self._channels.member(channel.channel_id, request.account_id)
            change = give_role(channel, owner, member, request.account_id, request.role, now)
            if change is None or await self._channels.change_members(channel, change):
                since = now if member is None else member.since
                given = MemberRecord(request.account_id, request.role, since)
                return pb.SetMemberResponse(member=member_message(given))
        raise contention()

    async def RemoveMember(self, request: pb.RemoveMemberRequest, context: object) -> pb.RemoveMemberResponse:
        """Takes an account's role in the channel away."""
        account_id = current_call().caller.account_id
        async for _ in attempts():
            channel = await self._existing(request.channel_id)
            require_owner(channel, account_id)
            member = await self._channels.member(channel.channel_id, request.account_id)
            change = take_role(channel, member, request.account_id)
            if change is None or await self._channels.change_members(channel, change, leaving=member):
                return pb.RemoveMemberResponse()
        raise contention()

    async def CheckMember(self, request: pb.CheckMemberRequest, context: object) -> pb.CheckMemberResponse:
        """Which role an account has in a channel: one read where it has one."""
        member = await self._channels.member(request.channel_id, request.account_id)
        if member is None:
            await self._existing(request.channel_id)
        return pb.CheckMemberResponse(role=NOBODY if member is None else member.role)

    async def ExportChannels(
        self, request: pb.ExportChannelsRequest, context: object
    ) -> AsyncIterator[pb.ExportChannelsResponse]:
        """Every channel, for rebuilds."""
        cursor: bytes | None = request.cursor or None
        while True:
            try:
                channels, following = await self._channels.export(cursor)
            except InvalidCursor:
                raise invalid(
                    ErrorReason.ERROR_REASON_INVALID_CURSOR, "The cursor is not from this stream. Begin without one."
                ) from None
            for channel in channels:
                # The cursor in front of the page: the rest of it comes again, and nothing is left out.
                yield pb.ExportChannelsResponse(channel=channel_message(channel), cursor=cursor or b"")
            if following is None:
                return
            cursor = following

    async def _shown(self, channel: ChannelRecord) -> Channel:
        return (await self._all_shown([channel]))[0]

    async def _all_shown(self, channels: Sequence[ChannelRecord]) -> list[Channel]:
        counts = await self._video_counts.of([channel.channel_id for channel in channels])
        return [channel_message(channel, count) for channel, count in zip(channels, counts, strict=True)]

    async def _existing(self, channel_id: str) -> ChannelRecord:
        channel = await self._channels.get(channel_id)
        if channel is None:
            raise _no_channel(channel_id)
        return channel

    async def _by_handle(self, handle: str) -> ChannelRecord | None:
        claim = handle_claim(handle)
        claimed = await self._claims.find(claim)
        channel = None if claimed is None else await self._channels.get(claimed.channel_id)
        return channel if channel is not None and channel.handle == claim.name else None

    async def _role(self, channel_id: str, account_id: str) -> ChannelRole.ValueType:
        member = await self._channels.member(channel_id, account_id)
        return NOBODY if member is None else member.role

    async def _owner(self, channel: ChannelRecord) -> MemberRecord:
        owner = await self._channels.member(channel.channel_id, channel.owner_account_id)
        # Read apart from the channel, so the owner may just have changed: the commit then finds out.
        return owner or MemberRecord(channel.owner_account_id, NOBODY, channel.create_time)


def _no_channel(channel_id: str) -> Fault:
    return not_found(ErrorReason.ERROR_REASON_CHANNEL_NOT_FOUND, "There is no such channel.", channel=channel_id)


def _no_account(account_id: str) -> Fault:
    return not_found(ErrorReason.ERROR_REASON_ACCOUNT_NOT_FOUND, "There is no such account.", account_id=account_id)
