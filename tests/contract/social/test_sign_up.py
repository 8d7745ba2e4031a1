"""Signing up: unique names, the first administrator, and what a crash in the middle leaves."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from dataclasses import replace

import grpc.aio
import pytest

from mesh.errors import Fault
from mesh.ids import uuid7
from mesh.statuses import fault_in
from svc_social.accounts.domain import AccountRecord
from svc_social.claims.domain import FIRST_ADMINISTRATOR, PATIENCE, Owner, OwnerKind, email_claim, handle_claim
from tests.contract.answers import refusal
from vidmesh.social.v1.account_pb2 import Role
from vidmesh.social.v1.account_service_pb2 import GetAccountRequest, SignUpResponse
from vidmesh.social.v1.channel_pb2 import Channel, ChannelRole
from vidmesh.social.v1.channel_service_pb2 import CheckMemberRequest, CreateChannelRequest, GetChannelRequest

from .conftest import Served, signed_in


async def test_signing_up_makes_an_account_with_its_channel_and_signs_it_in(served: Served) -> None:
    answer = await served.sign_up("Ada.L", email="Ada@Example.org", display_name="Ada")

    assert answer.account.username == "ada.l"
    assert answer.account.display_name == "Ada"
    assert answer.account.email == "ada@example.org"
    assert answer.channel.handle == "ada.l"
    assert answer.channel.name == "Ada"
    assert answer.channel.owner_account_id == answer.account.account_id
    mine = await served.accounts.GetAccount(GetAccountRequest(account_id="me"), metadata=signed_in(answer))
    assert mine.account == answer.account
    shown = await served.channels.GetChannel(GetChannelRequest(channel="@ADA.l"))
    assert shown.channel == answer.channel
    role = await served.channels.CheckMember(
        CheckMemberRequest(channel_id=answer.channel.channel_id, account_id=answer.account.account_id),
        metadata=served.service(),
    )
    assert role.role == ChannelRole.CHANNEL_ROLE_OWNER


async def test_an_address_belongs_to_one_account_whatever_its_case(served: Served) -> None:
    await served.sign_up("ada", email="ada@example.org")
    fault = await refusal(served.sign_up("other", email="ADA@example.ORG"))
    assert fault.reason_name == "EMAIL_TAKEN"


async def test_usernames_and_channel_handles_are_one_space_of_names(served: Served) -> None:
    ada = await served.sign_up("ada")
    created = CreateChannelRequest(handle="films")
    await served.channels.CreateChannel(created, metadata=signed_in(ada))

    assert (await refusal(served.sign_up("FILMS"))).reason_name == "HANDLE_TAKEN"
    taken = served.channels.CreateChannel(CreateChannelRequest(handle="Ada"), metadata=signed_in(ada))
    assert (await refusal(taken)).reason_name == "HANDLE_TAKEN"


async def test_a_sign_up_that_failed_leaves_none_of_its_names_behind(served: Served) -> None:
    await served.sign_up("ada")
    request_id = str(uuid.uuid4())
    taken = served.sign_up("ada", email="bob@example.org", request_id=request_id)
    assert (await refusal(taken)).reason_name == "HANDLE_TAKEN"

    bob = await served.sign_up("bob", email="bob@example.org", request_id=request_id)
    assert bob.account.email == "bob@example.org"


async def test_the_first_account_is_the_administrator_and_the_second_is_not(served: Served) -> None:
    assert (await served.sign_up()).account.role == Role.ROLE_ADMINISTRATOR
    assert (await served.sign_up()).account.role == Role.ROLE_MEMBER


async def test_signing_up_at_the_same_moment_gives_one_administrator(served: Served) -> None:
    answers = await asyncio.gather(*(served.sign_up() for _ in range(6)))
    assert sorted(answer.account.role for answer in answers) == [Role.ROLE_MEMBER] * 5 + [Role.ROLE_ADMINISTRATOR]


async def test_of_several_who_want_one_handle_at_the_same_moment_one_gets_it(served: Served) -> None:
    """Invariants: at most one success; whoever does not succeed is told a reason that lets them go on."""
    calls = [served.sign_up("ada", email=f"{number}@example.org") for number in range(6)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    winners = [outcome for outcome in outcomes if isinstance(outcome, SignUpResponse)]
    reasons = [_reason(outcome) for outcome in outcomes if isinstance(outcome, grpc.aio.AioRpcError)]
    assert len(winners) == 1
    assert len(reasons) == 5
    assert set(reasons) <= {"HANDLE_TAKEN", "CONTENTION"}
    shown = await served.channels.GetChannel(GetChannelRequest(channel="@ada"))
    assert shown.channel.channel_id == winners[0].channel.channel_id


async def test_repeating_a_request_gives_the_same_account_and_signs_in_again(served: Served) -> None:
    request_id = str(uuid.uuid4())
    first = await served.sign_up("ada", request_id=request_id)
    again = await served.sign_up("ada", request_id=request_id)
    assert again.account == first.account
    assert again.channel == first.channel
    assert again.tokens.refresh_token != first.tokens.refresh_token


async def test_repeating_a_request_at_the_same_moment_makes_one_account(served: Served) -> None:
    request_id = str(uuid.uuid4())
    answers = await asyncio.gather(*(served.sign_up("ada", request_id=request_id) for _ in range(4)))
    assert len({answer.account.account_id for answer in answers}) == 1
    assert len({answer.channel.channel_id for answer in answers}) == 1


@pytest.mark.parametrize(
    "other", [{"handle": "eve"}, {"password": "wrong horse battery"}, {"email": "eve@example.org"}]
)
async def test_a_request_id_is_not_a_key_to_somebody_elses_account(served: Served, other: dict[str, str]) -> None:
    request_id = str(uuid.uuid4())
    await served.sign_up("ada", request_id=request_id)
    fields = {"handle": "ada", "email": "ada@example.org", "request_id": request_id} | other
    assert (await refusal(served.sign_up(**fields))).reason_name == "REQUEST_ID_REUSED"


# What a process that died in the middle of a sign-up leaves behind. Each test writes just that through the stores.


def half_made(served: Served, handle: str) -> AccountRecord:
    return AccountRecord(
        account_id=uuid7(),
        username=handle,
        display_name=handle,
        email=f"{handle}@example.org",
        password_hash="$argon2id$none",
        role=Role.ROLE_MEMBER,
        first_channel_id=uuid7(),
        request_digest=b"digest",
        create_time=served.clock.now(),
    )


async def claim_all(served: Served, account: AccountRecord) -> None:
    owner = Owner(OwnerKind.ACCOUNT, account.account_id)
    assert await served.social.claims.take(email_claim(account.email), owner)
    assert await served.social.claims.take(handle_claim(account.username), owner, account.first_channel_id)
    assert await served.social.claims.take(FIRST_ADMINISTRATOR, owner)


async def test_names_claimed_by_a_sign_up_that_died_are_free_again_after_a_while(served: Served) -> None:
    dead = half_made(served, "ada")
    await claim_all(served, dead)
    assert (await refusal(served.sign_up("ada"))).reason_name == "CONTENTION"

    served.clock.advance(seconds=PATIENCE.total_seconds())
    answer = await served.sign_up("ada")

    assert answer.account.account_id != dead.account_id
    assert answer.account.role == Role.ROLE_ADMINISTRATOR


async def test_a_sign_up_that_comes_back_after_its_names_were_taken_over_fails(served: Served) -> None:
    slow = half_made(served, "ada")
    await claim_all(served, slow)
    served.clock.advance(seconds=PATIENCE.total_seconds())
    winner = await served.sign_up("ada")

    assert not await served.social.accounts.insert(slow)
    shown = await served.channels.GetChannel(GetChannelRequest(channel="@ada"))
    assert shown.channel.channel_id == winner.channel.channel_id


async def test_a_channel_whose_making_died_lets_go_of_its_handle_after_a_while(served: Served) -> None:
    ada = await served.sign_up("ada")
    dead = Owner(OwnerKind.CHANNEL, uuid7())
    assert await served.social.claims.take(handle_claim("films"), dead, dead.id)
    served.clock.advance(seconds=PATIENCE.total_seconds())

    made = await served.channels.CreateChannel(CreateChannelRequest(handle="films"), metadata=signed_in(ada))

    assert made.channel.channel_id != dead.id
    assert (await refusal(served.channels.GetChannel(GetChannelRequest(channel=dead.id)))).reason_name == (
        "CHANNEL_NOT_FOUND"
    )


async def test_an_account_without_its_channel_gets_it_from_its_own_event(served: Served) -> None:
    account = half_made(served, "ada")
    await claim_all(served, account)
    assert await served.social.accounts.insert(replace(account, role=Role.ROLE_ADMINISTRATOR))

    shown = await _eventually_shown(served, "@ada")

    assert (shown.handle, shown.owner_account_id) == ("ada", account.account_id)
    owned, _ = await served.social.index.page(account.account_id, 10, None)
    assert [channel.channel_id for channel in owned] == [account.first_channel_id]


async def _eventually_shown(served: Served, handle: str) -> Channel:
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):
                return (await served.channels.GetChannel(GetChannelRequest(channel=handle))).channel
            await asyncio.sleep(0.05)


def _reason(error: grpc.aio.AioRpcError) -> str:
    found: Fault | None = fault_in(error)
    assert found is not None, error
    return found.reason_name
