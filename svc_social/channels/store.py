"""Channels and members in the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from google.protobuf.message import Message

from mesh.bus.outbox import Outbox
from mesh.tables import Delete, Insert, Operation, Put, Row, Tables, Update
from svc_social.channels.domain import OWNER, ChannelRecord, MemberChange, MemberRecord, has_name
from svc_social.channels.index import MembershipIndex
from svc_social.channels.rows import (
    AFTER_MEMBERS,
    MEMBERS,
    THE_CHANNEL,
    channel_of,
    channel_row,
    member_of,
    member_part,
    member_row,
)
from svc_social.channels.tables import BURIED, CHANNELS, PART
from svc_social.claims.domain import Buried, Claim, Standing
from vidmesh.social.v1.social_events_pb2 import ChannelChanged, ChannelMemberChanged

EXPORT_PAGE: Final = 200


class ChannelStore:
    """Named queries over channels."""

    def __init__(self, tables: Tables, outbox: Outbox, index: MembershipIndex) -> None:
        self._tables = tables
        self._outbox = outbox
        self._index = index

    async def look(self, channel_id: str) -> ChannelRecord | Buried | None:
        """What is under this id; None where nothing is yet."""
        if not channel_id:
            return None
        return _found(await self._tables.get(CHANNELS, {"channel_id": channel_id, "part": THE_CHANNEL}))

    async def get(self, channel_id: str) -> ChannelRecord | None:
        """The channel, or None."""
        found = await self.look(channel_id)
        return found if isinstance(found, ChannelRecord) else None

    async def get_many(self, channel_ids: Sequence[str]) -> list[ChannelRecord]:
        """Those of the channels that there are, in the order asked for; at most 1000."""
        keys = [{"channel_id": channel_id, "part": THE_CHANNEL} for channel_id in channel_ids]
        found = map(_found, await self._tables.get_many(CHANNELS, keys))
        return [channel for channel in found if isinstance(channel, ChannelRecord)]

    async def member(self, channel_id: str, account_id: str) -> MemberRecord | None:
        """The account's part in the channel; None where it has none, or there is no such channel."""
        row = await self._tables.get(CHANNELS, {"channel_id": channel_id, "part": member_part(account_id)})
        return None if row is None else member_of(row)

    async def members(
        self, channel_id: str, limit: int, cursor: bytes | None
    ) -> tuple[list[MemberRecord], bytes | None]:
        """A page of members in order of account_id, and where to go on; None at the end. Raises InvalidCursor."""
        page = await self._tables.scan(
            CHANNELS, {"channel_id": channel_id}, start=MEMBERS, stop=AFTER_MEMBERS, limit=limit, cursor=cursor
        )
        return [member_of(row) for row in page.rows], page.cursor

    async def insert(self, channel: ChannelRecord) -> bool:
        """Make the channel with its owner; False where its id is taken or buried. Announces ChannelChanged."""
        owner = MemberRecord(channel.owner_account_id, OWNER, channel.create_time)
        await self._index.add(channel, owner)
        return await self._outbox.commit(
            CHANNELS,
            {"channel_id": channel.channel_id},
            Insert(channel_row(channel)),
            Insert(member_row(owner)),
            carrier={"part": THE_CHANNEL},
            events=[
                ChannelChanged(channel_id=channel.channel_id, generation=channel.generation),
                ChannelMemberChanged(channel_id=channel.channel_id, account_id=owner.account_id),
            ],
        )

    async def ensure(self, channel: ChannelRecord) -> None:
        """Make the channel unless it is there."""
        if await self.look(channel.channel_id) is None:
            await self.insert(channel)

    async def update(self, before: ChannelRecord, after: ChannelRecord) -> bool:
        """Change what people see of the channel as it was read; False where it has changed since. Announces it."""
        return await self._outbox.update(
            CHANNELS,
            {"channel_id": before.channel_id, "part": THE_CHANNEL},
            {
                "name": after.name,
                "description": after.description,
                "banner_url": after.banner_url,
                "generation": after.generation,
            },
            expect={"generation": before.generation},
            events=[ChannelChanged(channel_id=after.channel_id, generation=after.generation)],
        )

    async def change_members(
        self, channel: ChannelRecord, change: MemberChange, leaving: MemberRecord | None = None
    ) -> bool:
        """Change who belongs to the channel as it was read; False where its members have changed since.

        `leaving` is the member that the change removes. Announces every account that is concerned.
        """
        for member in change.put:
            await self._index.add(channel, member)
        changes: Row = {"members_generation": channel.members_generation + 1}
        expect: Row = {"members_generation": channel.members_generation}
        events: list[Message] = [
            ChannelMemberChanged(channel_id=channel.channel_id, account_id=account) for account in change.accounts
        ]
        if change.new_owner is not None:
            changes |= {"owner_account_id": change.new_owner, "generation": channel.generation + 1}
            expect |= {"generation": channel.generation}
            events.append(ChannelChanged(channel_id=channel.channel_id, generation=channel.generation + 1))
        operations: list[Operation] = [Put(member_row(member)) for member in change.put]
        if change.remove is not None:
            operations.append(Delete({"part": member_part(change.remove)}))
        done = await self._outbox.commit(
            CHANNELS,
            {"channel_id": channel.channel_id},
            Update({"part": THE_CHANNEL}, changes, expect),
            *operations,
            carrier={"part": THE_CHANNEL},
            events=events,
        )
        if done and leaving is not None:
            await self._index.remove(channel, leaving)
        return done

    async def standing(self, owner_id: str, claim: Claim) -> Standing:
        """How the channel stands to a handle that its claim says it wants."""
        match await self.look(owner_id):
            case None:
                return Standing.OPEN
            case Buried():
                return Standing.VOID
            case channel:
                return Standing.HELD if has_name(channel, claim) else Standing.VOID

    async def bury(self, owner_id: str) -> None:
        """Make sure that no channel with this id comes to exist; nothing happens where one does."""
        await self._tables.insert(CHANNELS, {"channel_id": owner_id, "part": THE_CHANNEL, "buried": True})

    async def export(self, cursor: bytes | None) -> tuple[list[ChannelRecord], bytes | None]:
        """A page of all channels, and where to go on; None at the end. Raises InvalidCursor."""
        page = await self._tables.walk(CHANNELS, limit=EXPORT_PAGE, cursor=cursor)
        return [
            channel_of(row) for row in page.rows if PART.of(row) == THE_CHANNEL and not BURIED.maybe(row)
        ], page.cursor


def _found(row: Row | None) -> ChannelRecord | Buried | None:
    if row is None:
        return None
    return Buried() if BURIED.maybe(row) else channel_of(row)
