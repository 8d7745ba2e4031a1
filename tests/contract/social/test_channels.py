"""Channels: making, reading, changing, their members, and what is announced of them."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from mesh.bus import Event
from mesh.ids import uuid7
from svc_social.channels.domain import MANAGER, MemberRecord
from svc_social.channels.index import FORGET_AFTER
from tests.contract.answers import refusal
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.account_service_pb2 import SignUpResponse
from vidmesh.social.v1.channel_pb2 import Channel, ChannelRole
from vidmesh.social.v1.social_events_pb2 import ChannelChanged, ChannelMemberChanged

from .conftest import Served, signed_in

OWNER = ChannelRole.CHANNEL_ROLE_OWNER


async def set_member(served: Served, caller: SignUpResponse, channel_id: str, account_id: str, role: Any) -> Any:
    request = pb.SetMemberRequest(channel_id=channel_id, account_id=account_id, role=role)
    return (await served.channels.SetMember(request, metadata=signed_in(caller))).member


async def role_of(served: Served, channel_id: str, account_id: str) -> ChannelRole.ValueType:
    request = pb.CheckMemberRequest(channel_id=channel_id, account_id=account_id)
    return (await served.channels.CheckMember(request, metadata=served.service())).role


async def mine(served: Served, caller: SignUpResponse) -> list[str]:
    answer = await served.channels.ListMyChannels(pb.ListMyChannelsRequest(), metadata=signed_in(caller))
    return [channel.handle for channel in answer.channels]


async def test_a_channel_is_read_by_id_and_by_handle_in_any_case(served: Served) -> None:
    ada = await served.sign_up("ada")
    request = pb.CreateChannelRequest(handle="Films", description="Silent ones.")
    made = (await served.channels.CreateChannel(request, metadata=signed_in(ada))).channel
    assert (made.handle, made.name, made.description) == ("films", "films", "Silent ones.")
    for named in (made.channel_id, "@films", "@FILMS"):
        assert (await served.channels.GetChannel(pb.GetChannelRequest(channel=named))).channel == made


@pytest.mark.parametrize("named", ["0199f5e4-8d5c-7c3a-9a53-2f1f6a3f2b10", "films", "@nobody", "@", "\u2603"])
async def test_a_channel_that_does_not_exist_is_not_found(served: Served, named: str) -> None:
    fault = await refusal(served.channels.GetChannel(pb.GetChannelRequest(channel=named)))
    assert fault.reason_name == "CHANNEL_NOT_FOUND"


async def test_several_channels_are_read_at_once_without_those_that_are_not_there(served: Served) -> None:
    made = [(await served.sign_up(f"batch{number}")).channel for number in range(3)]
    wanted = [made[2].channel_id, uuid7(), made[0].channel_id]
    answer = await served.channels.BatchGetChannels(pb.BatchGetChannelsRequest(channel_ids=wanted))
    assert list(answer.channels) == [made[2], made[0]]


async def test_repeating_a_request_makes_one_channel_also_at_the_same_moment(served: Served) -> None:
    ada = await served.sign_up("ada")
    request = pb.CreateChannelRequest(handle="films", request_id=str(uuid.uuid4()))
    answers = await asyncio.gather(*(served.channels.CreateChannel(request, metadata=signed_in(ada)) for _ in range(4)))
    assert len({answer.channel.channel_id for answer in answers}) == 1
    request.handle = "songs"
    fault = await refusal(served.channels.CreateChannel(request, metadata=signed_in(ada)))
    assert fault.reason_name == "REQUEST_ID_REUSED"
    assert await mine(served, ada) == ["ada", "films"]


async def test_the_request_ids_of_two_people_do_not_meet(served: Served) -> None:
    ada, bob = await served.sign_up("ada"), await served.sign_up("bob")
    request_id = str(uuid.uuid4())
    first = await served.channels.CreateChannel(
        pb.CreateChannelRequest(handle="films", request_id=request_id), metadata=signed_in(ada)
    )
    second = await served.channels.CreateChannel(
        pb.CreateChannelRequest(handle="songs", request_id=request_id), metadata=signed_in(bob)
    )
    assert first.channel.channel_id != second.channel.channel_id


async def test_own_channels_are_listed_page_by_page_in_order_of_creation(served: Served) -> None:
    ada = await served.sign_up("ada")
    handles = [f"channel{number}" for number in range(5)]
    for handle in handles:
        await served.channels.CreateChannel(pb.CreateChannelRequest(handle=handle), metadata=signed_in(ada))
    listed: list[str] = []
    token = ""
    while True:
        request = pb.ListMyChannelsRequest(page_size=2, page_token=token)
        answer = await served.channels.ListMyChannels(request, metadata=signed_in(ada))
        assert len(answer.channels) <= 2
        listed += [channel.handle for channel in answer.channels]
        token = answer.next_page_token
        if not token:
            break
    assert listed == ["ada", *handles]


async def test_a_page_token_is_no_good_to_somebody_else(served: Served) -> None:
    ada, bob = await served.sign_up("ada"), await served.sign_up("bob")
    await served.channels.CreateChannel(pb.CreateChannelRequest(handle="films"), metadata=signed_in(ada))
    first = await served.channels.ListMyChannels(pb.ListMyChannelsRequest(page_size=1), metadata=signed_in(ada))
    stolen = pb.ListMyChannelsRequest(page_size=1, page_token=first.next_page_token)
    assert (await refusal(served.channels.ListMyChannels(stolen, metadata=signed_in(bob)))).reason_name == (
        "INVALID_PAGE_TOKEN"
    )


async def test_managers_edit_a_channel_and_strangers_do_not(served: Served) -> None:
    ada, bob, eve = [await served.sign_up(handle) for handle in ("ada", "bob", "eve")]
    channel_id = ada.channel.channel_id
    await set_member(served, ada, channel_id, bob.account.account_id, MANAGER)
    request = pb.UpdateChannelRequest(
        channel=Channel(channel_id=channel_id, name="New name", etag=ada.channel.etag),
        update_mask=FieldMask(paths=["name"]),
    )
    fault = await refusal(served.channels.UpdateChannel(request, metadata=signed_in(eve)))
    assert (fault.code, fault.metadata["relation"]) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "channel_member",
    )
    changed = (await served.channels.UpdateChannel(request, metadata=signed_in(bob))).channel
    assert changed.name == "New name"
    request.channel.name = "Newer name"
    fault = await refusal(served.channels.UpdateChannel(request, metadata=signed_in(ada)))
    assert fault.reason_name == "ETAG_MISMATCH"
    for nowhere, reason in ((uuid7(), "CHANNEL_NOT_FOUND"), ("", "CHANNEL_NOT_FOUND"), ("é" * 70_000, "INVALID_FIELD")):
        request.channel.channel_id = nowhere
        fault = await refusal(served.channels.UpdateChannel(request, metadata=signed_in(ada)))
        assert fault.reason_name == reason


async def test_a_managers_part_begins_and_ends(served: Served) -> None:
    ada, bob = await served.sign_up("ada"), await served.sign_up("bob")
    channel_id, bob_id = ada.channel.channel_id, bob.account.account_id
    assert await role_of(served, channel_id, bob_id) == ChannelRole.CHANNEL_ROLE_UNSPECIFIED

    member = await set_member(served, ada, channel_id, bob_id, MANAGER)
    assert (member.account_id, member.role) == (bob_id, MANAGER)
    assert await role_of(served, channel_id, bob_id) == MANAGER
    assert await mine(served, bob) == ["ada", "bob"]

    for _ in range(2):
        removal = pb.RemoveMemberRequest(channel_id=channel_id, account_id=bob_id)
        await served.channels.RemoveMember(removal, metadata=signed_in(ada))
    assert await role_of(served, channel_id, bob_id) == ChannelRole.CHANNEL_ROLE_UNSPECIFIED
    assert await mine(served, bob) == ["bob"]

    await set_member(served, ada, channel_id, bob_id, MANAGER)
    assert await mine(served, bob) == ["ada", "bob"]


async def test_a_channel_changes_hands_in_one_step(served: Served) -> None:
    ada, bob = await served.sign_up("ada"), await served.sign_up("bob")
    channel_id, ada_id, bob_id = ada.channel.channel_id, ada.account.account_id, bob.account.account_id

    await set_member(served, ada, channel_id, bob_id, OWNER)

    assert await role_of(served, channel_id, bob_id) == OWNER
    assert await role_of(served, channel_id, ada_id) == MANAGER
    shown = (await served.channels.GetChannel(pb.GetChannelRequest(channel=channel_id))).channel
    assert shown.owner_account_id == bob_id
    assert shown.etag != ada.channel.etag
    request = pb.RemoveMemberRequest(channel_id=channel_id, account_id=ada_id)
    assert (await refusal(served.channels.RemoveMember(request, metadata=signed_in(ada)))).metadata["relation"] == (
        "channel_owner"
    )
    await served.channels.RemoveMember(request, metadata=signed_in(bob))
    assert await mine(served, ada) == []


async def test_a_channel_keeps_an_owner(served: Served) -> None:
    ada = await served.sign_up("ada")
    channel_id, ada_id = ada.channel.channel_id, ada.account.account_id
    removal = pb.RemoveMemberRequest(channel_id=channel_id, account_id=ada_id)
    assert (await refusal(served.channels.RemoveMember(removal, metadata=signed_in(ada)))).reason_name == "LAST_OWNER"
    assert (await refusal(set_member(served, ada, channel_id, ada_id, MANAGER))).reason_name == "LAST_OWNER"
    assert (await set_member(served, ada, channel_id, ada_id, OWNER)).role == OWNER


async def test_giving_a_channel_to_two_people_at_the_same_moment_leaves_one_owner(served: Served) -> None:
    """Invariants: exactly one owner, who is the one that the channel names; everybody else is a manager."""
    ada, bob, eve = [await served.sign_up(handle) for handle in ("ada", "bob", "eve")]
    channel_id = ada.channel.channel_id
    gifts = [set_member(served, ada, channel_id, heir.account.account_id, OWNER) for heir in (bob, eve)]
    outcomes = await asyncio.gather(*gifts, return_exceptions=True)

    assert sum(isinstance(outcome, grpc.aio.AioRpcError) for outcome in outcomes) == 1
    people = [person.account.account_id for person in (ada, bob, eve)]
    owners = [person for person in people if await role_of(served, channel_id, person) == OWNER]
    shown = (await served.channels.GetChannel(pb.GetChannelRequest(channel=channel_id))).channel
    assert owners == [shown.owner_account_id]


async def test_members_are_named_by_the_owner_and_only_from_accounts_that_exist(served: Served) -> None:
    ada, bob = await served.sign_up("ada"), await served.sign_up("bob")
    channel_id, bob_id = ada.channel.channel_id, bob.account.account_id
    fault = await refusal(set_member(served, ada, channel_id, str(uuid.uuid4()), MANAGER))
    assert fault.reason_name == "ACCOUNT_NOT_FOUND"
    fault = await refusal(set_member(served, bob, channel_id, bob_id, OWNER))
    assert fault.reason_name == "PERMISSION_DENIED"
    fault = await refusal(set_member(served, ada, str(uuid.uuid4()), bob_id, MANAGER))
    assert fault.reason_name == "CHANNEL_NOT_FOUND"


async def test_members_are_listed_to_members_page_by_page_in_order_of_account(served: Served) -> None:
    people = [await served.sign_up() for _ in range(4)]
    ada, eve = people[0], await served.sign_up()
    channel_id = ada.channel.channel_id
    for person in people[1:]:
        await set_member(served, ada, channel_id, person.account.account_id, MANAGER)
    listed: list[str] = []
    token = ""
    while True:
        request = pb.ListMembersRequest(channel_id=channel_id, page_size=3, page_token=token)
        answer = await served.channels.ListMembers(request, metadata=signed_in(people[1]))
        listed += [member.account_id for member in answer.members]
        token = answer.next_page_token
        if not token:
            break
    assert listed == sorted(person.account.account_id for person in people)
    request = pb.ListMembersRequest(channel_id=channel_id)
    fault = await refusal(served.channels.ListMembers(request, metadata=signed_in(eve)))
    assert fault.reason_name == "PERMISSION_DENIED"


async def test_asking_for_a_member_of_no_channel_is_not_found_and_for_services_only(served: Served) -> None:
    ada = await served.sign_up("ada")
    request = pb.CheckMemberRequest(channel_id=str(uuid.uuid4()), account_id=ada.account.account_id)
    fault = await refusal(served.channels.CheckMember(request, metadata=served.service()))
    assert fault.reason_name == "CHANNEL_NOT_FOUND"
    fault = await refusal(served.channels.CheckMember(request, metadata=signed_in(ada)))
    assert fault.reason_name == "PERMISSION_DENIED"


async def test_an_index_row_of_a_membership_that_never_began_is_hidden_and_forgotten_after_a_day(
    served: Served,
) -> None:
    ada, bob = await served.sign_up("ada"), await served.sign_up("bob")
    channel = await served.social.channels.get(ada.channel.channel_id)
    assert channel is not None
    bob_id = bob.account.account_id
    await served.social.index.add(channel, MemberRecord(bob_id, MANAGER, served.clock.now()))
    page, _ = await served.social.index.page(bob_id, 10, None)
    assert [one.handle for one in page] == ["bob"]

    served.clock.advance(seconds=FORGET_AFTER.total_seconds() + 1)
    await served.social.index.page(bob_id, 10, None)
    served.clock.advance(seconds=-FORGET_AFTER.total_seconds())
    # The row is gone, so a page of two has nothing behind its one channel.
    page, following = await served.social.index.page(bob_id, 1, None)
    assert ([one.handle for one in page], following) == (["bob"], None)


async def test_the_export_gives_every_channel_once_and_no_member(served: Served) -> None:
    ada, bob = await served.sign_up("ada"), await served.sign_up("bob")
    await set_member(served, ada, ada.channel.channel_id, bob.account.account_id, MANAGER)
    answers = [
        one async for one in served.channels.ExportChannels(pb.ExportChannelsRequest(), metadata=served.service())
    ]
    assert sorted(one.channel.handle for one in answers) == ["ada", "bob"]


async def test_what_changes_is_announced(served: Served) -> None:
    heard: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

    async def on_event(event: Event[Any]) -> None:
        message = event.message
        if isinstance(message, ChannelChanged):
            await heard.put(("channel", message.channel_id, message.generation))
        else:
            await heard.put(("member", message.channel_id, message.account_id))

    durable = f"test-{uuid.uuid4().hex}"
    await served.bus.subscribe((ChannelChanged, ChannelMemberChanged), durable, on_event)
    ada, bob = await served.sign_up("ada"), await served.sign_up("bob")
    channel_id, ada_id, bob_id = ada.channel.channel_id, ada.account.account_id, bob.account.account_id
    await set_member(served, ada, channel_id, bob_id, OWNER)

    wanted = {
        ("channel", channel_id, 1),
        ("member", channel_id, ada_id),
        ("member", channel_id, bob_id),
        ("channel", channel_id, 2),
    }
    async with asyncio.timeout(10):
        while wanted:
            wanted.discard(await heard.get())
