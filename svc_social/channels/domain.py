"""Rules of channels: who may do what, and what a change of members means. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from mesh.errors import permission_denied, precondition
from svc_social.claims.domain import Claim, ClaimKind
from svc_social.fields import check_etag, chosen_fields, clean_line, clean_text, clean_url, etag_of
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1.channel_pb2 import Channel, ChannelMember, ChannelRole
from vidmesh.social.v1.channel_service_pb2 import UpdateChannelRequest

CHANGEABLE: Final = ("name", "description", "banner_url")
OWNER: Final = ChannelRole.CHANNEL_ROLE_OWNER
MANAGER: Final = ChannelRole.CHANNEL_ROLE_MANAGER


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """A channel as it is stored."""

    channel_id: str
    owner_account_id: str
    handle: str
    name: str
    create_time: datetime
    description: str = ""
    banner_url: str = ""
    request_digest: bytes = b""
    """Of the CreateChannel that made it; empty for an account's first channel."""
    generation: int = 1
    members_generation: int = 1


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """Somebody's part in a channel as it is stored."""

    account_id: str
    role: ChannelRole.ValueType
    since: datetime


@dataclass(frozen=True, slots=True)
class MemberChange:
    """What one commit does to a channel's members."""

    put: tuple[MemberRecord, ...] = ()
    remove: str | None = None
    """The account that goes."""
    new_owner: str | None = None
    """Set where the channel itself changes hands."""

    @property
    def accounts(self) -> tuple[str, ...]:
        """Whose part is another afterwards."""
        return (*(member.account_id for member in self.put), *((self.remove,) if self.remove else ()))


def has_name(channel: ChannelRecord, claim: Claim) -> bool:
    """Whether the channel has the handle that its claim says it wants."""
    return claim.kind is ClaimKind.HANDLE and channel.handle == claim.name


def require_member(role: ChannelRole.ValueType) -> None:
    """Raises PERMISSION_DENIED for an account that neither owns nor manages the channel."""
    if role not in (OWNER, MANAGER):
        raise permission_denied("Only the channel's owner and managers may do this.", relation="channel_member")


def require_owner(channel: ChannelRecord, account_id: str) -> None:
    """Raises PERMISSION_DENIED for an account that does not own the channel."""
    if channel.owner_account_id != account_id:
        raise permission_denied("Only the channel's owner may do this.", relation="channel_owner")


def give_role(
    channel: ChannelRecord,
    owner: MemberRecord,
    member: MemberRecord | None,
    account_id: str,
    role: ChannelRole.ValueType,
    now: datetime,
) -> MemberChange | None:
    """What it takes to give `account_id`, which is `member` now, this role; None where it has it already.

    A channel has one owner: making somebody else the owner makes `owner` a manager. Raises LAST_OWNER.
    """
    if member is not None and member.role == role:
        return None
    if account_id == channel.owner_account_id:
        raise _last_owner()
    since = now if member is None else member.since
    given = MemberRecord(account_id, role, since)
    if role != OWNER:
        return MemberChange(put=(given,))
    stepping_down = MemberRecord(owner.account_id, MANAGER, owner.since)
    return MemberChange(put=(given, stepping_down), new_owner=account_id)


def take_role(channel: ChannelRecord, member: MemberRecord | None, account_id: str) -> MemberChange | None:
    """What it takes to leave `account_id` without a role; None where it has none. Raises LAST_OWNER."""
    if account_id == channel.owner_account_id:
        raise _last_owner()
    return None if member is None else MemberChange(remove=account_id)


def updated(channel: ChannelRecord, request: UpdateChannelRequest) -> ChannelRecord:
    """The channel as the request wants it: the same where it is so already, which makes a repeat harmless.

    Raises INVALID_FIELD, and ETAG_MISMATCH where something would change that the client has not seen.
    """
    sent = request.channel
    after = channel
    for field in chosen_fields(request.update_mask, sent, CHANGEABLE):
        match field:
            case "name":
                # No channel goes without a name: clearing it shows the handle.
                after = replace(after, name=clean_line("channel.name", sent.name) or channel.handle)
            case "description":
                after = replace(after, description=clean_text("channel.description", sent.description))
            case _:
                after = replace(after, banner_url=clean_url("channel.banner_url", sent.banner_url))
    if after == channel:
        return channel
    check_etag(sent.etag, channel.generation)
    return replace(after, generation=channel.generation + 1)


def channel_message(channel: ChannelRecord, video_count: int | None = None) -> Channel:
    """The channel as it is shown. What nobody has counted yet stays unset: unset is not zero."""
    message = Channel(
        channel_id=channel.channel_id,
        owner_account_id=channel.owner_account_id,
        handle=channel.handle,
        name=channel.name,
        description=channel.description,
        banner_url=channel.banner_url,
        video_count=video_count,
        etag=etag_of(channel.generation),
    )
    message.create_time.FromDatetime(channel.create_time)
    return message


def member_message(member: MemberRecord) -> ChannelMember:
    """The member as it is shown."""
    message = ChannelMember(account_id=member.account_id, role=member.role)
    message.create_time.FromDatetime(member.since)
    return message


def _last_owner() -> Exception:
    return precondition(ErrorReason.ERROR_REASON_LAST_OWNER, "A channel must keep an owner. Name another owner first.")
