"""Channels and members as rows of one partition, and back."""

from __future__ import annotations

from typing import Final

from mesh.tables import Row
from svc_social.channels.domain import ChannelRecord, MemberRecord
from svc_social.channels.tables import (
    BANNER_URL,
    CHANNEL_ID,
    CREATE_TIME,
    DESCRIPTION,
    GENERATION,
    HANDLE,
    MEMBER_ROLE,
    MEMBERS_GENERATION,
    NAME,
    OWNER_ACCOUNT_ID,
    PART,
    REQUEST_DIGEST,
)
from vidmesh.social.v1.channel_pb2 import ChannelRole

THE_CHANNEL: Final = "channel"
MEMBERS: Final = "member:"
AFTER_MEMBERS: Final = "member;"
"""The first text behind all that begin with MEMBERS: `;` follows `:`."""


def member_part(account_id: str) -> str:
    """The clustering key of a member's row."""
    return MEMBERS + account_id


def channel_row(channel: ChannelRecord) -> Row:
    """The channel's own row."""
    return {
        "channel_id": channel.channel_id,
        "part": THE_CHANNEL,
        "owner_account_id": channel.owner_account_id,
        "handle": channel.handle,
        "name": channel.name,
        "description": channel.description,
        "banner_url": channel.banner_url,
        "request_digest": channel.request_digest,
        "create_time": channel.create_time,
        "generation": channel.generation,
        "members_generation": channel.members_generation,
    }


def channel_of(row: Row) -> ChannelRecord:
    """The channel of its own row."""
    return ChannelRecord(
        channel_id=CHANNEL_ID.of(row),
        owner_account_id=OWNER_ACCOUNT_ID.of(row),
        handle=HANDLE.of(row),
        name=NAME.of(row),
        create_time=CREATE_TIME.of(row),
        description=DESCRIPTION.of(row),
        banner_url=BANNER_URL.of(row),
        request_digest=REQUEST_DIGEST.of(row),
        generation=GENERATION.of(row),
        members_generation=MEMBERS_GENERATION.of(row),
    )


def member_row(member: MemberRecord) -> Row:
    """A member's row, without the partition."""
    return {"part": member_part(member.account_id), "member_role": int(member.role), "create_time": member.since}


def member_of(row: Row) -> MemberRecord:
    """The member of its row."""
    return MemberRecord(
        account_id=PART.of(row).removeprefix(MEMBERS),
        role=ChannelRole.ValueType(MEMBER_ROLE.of(row)),
        since=CREATE_TIME.of(row),
    )
