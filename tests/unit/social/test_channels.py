"""Rules of channels and their members."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from mesh.errors import Fault
from svc_social.channels.domain import (
    MANAGER,
    OWNER,
    ChannelRecord,
    MemberRecord,
    channel_message,
    give_role,
    require_member,
    require_owner,
    take_role,
    updated,
)
from vidmesh.social.v1.channel_pb2 import Channel, ChannelRole
from vidmesh.social.v1.channel_service_pb2 import UpdateChannelRequest

THEN = datetime(2026, 1, 2, tzinfo=UTC)
NOW = THEN + timedelta(days=1)
CHANNEL = ChannelRecord("channel", "ada", "films", "Films", THEN)
ADA = MemberRecord("ada", OWNER, THEN)
BOB = MemberRecord("bob", MANAGER, THEN)


def test_naming_a_manager_adds_one_member_and_leaves_the_owner() -> None:
    change = give_role(CHANNEL, ADA, None, "bob", MANAGER, NOW)
    assert change is not None
    assert change.put == (MemberRecord("bob", MANAGER, NOW),)
    assert change.new_owner is None


def test_making_somebody_else_the_owner_makes_the_owner_a_manager() -> None:
    change = give_role(CHANNEL, ADA, None, "bob", OWNER, NOW)
    assert change is not None
    assert change.put == (MemberRecord("bob", OWNER, NOW), MemberRecord("ada", MANAGER, THEN))
    assert change.new_owner == "bob"
    assert change.accounts == ("bob", "ada")


def test_a_manager_who_becomes_the_owner_is_a_member_since_before() -> None:
    change = give_role(CHANNEL, ADA, BOB, "bob", OWNER, NOW)
    assert change is not None
    assert change.put[0] == MemberRecord("bob", OWNER, THEN)


@pytest.mark.parametrize(("member", "role"), [(ADA, OWNER), (BOB, MANAGER)])
def test_giving_a_role_that_somebody_has_changes_nothing(member: MemberRecord, role: ChannelRole.ValueType) -> None:
    assert give_role(CHANNEL, ADA, member, member.account_id, role, NOW) is None


def test_the_owner_cannot_step_down_without_naming_another() -> None:
    with pytest.raises(Fault) as caught:
        give_role(CHANNEL, ADA, ADA, "ada", MANAGER, NOW)
    assert caught.value.reason_name == "LAST_OWNER"


def test_the_owner_cannot_be_removed() -> None:
    with pytest.raises(Fault) as caught:
        take_role(CHANNEL, ADA, "ada")
    assert caught.value.reason_name == "LAST_OWNER"


def test_removing_somebody_who_has_no_role_is_nothing() -> None:
    assert take_role(CHANNEL, None, "eve") is None
    change = take_role(CHANNEL, BOB, "bob")
    assert change is not None
    assert change.accounts == ("bob",)


def test_only_members_may_act_for_a_channel_and_only_the_owner_for_its_members() -> None:
    require_member(OWNER)
    require_member(MANAGER)
    require_owner(CHANNEL, "ada")
    with pytest.raises(Fault) as caught:
        require_member(ChannelRole.CHANNEL_ROLE_UNSPECIFIED)
    assert caught.value.metadata == {"relation": "channel_member"}
    with pytest.raises(Fault) as caught:
        require_owner(CHANNEL, "bob")
    assert caught.value.metadata == {"relation": "channel_owner"}


def test_clearing_the_name_shows_the_handle() -> None:
    request = UpdateChannelRequest(channel=Channel(), update_mask=FieldMask(paths=["name"]))
    assert updated(CHANNEL, request).name == "films"


def test_the_handle_and_the_owner_cannot_be_changed_by_an_update() -> None:
    for path in ("handle", "owner_account_id", "video_count"):
        with pytest.raises(Fault, match="cannot be changed"):
            updated(CHANNEL, UpdateChannelRequest(channel=Channel(), update_mask=FieldMask(paths=[path])))


def test_counts_that_nobody_counted_are_unset_and_not_zero() -> None:
    message = channel_message(CHANNEL)
    assert not message.HasField("subscriber_count")
    assert not message.HasField("video_count")
    assert not message.HasField("total_view_count")
    assert channel_message(CHANNEL, 0).HasField("video_count")
