"""Who may make an account, and invitations.

Invariants: an invitation makes no more accounts than it says, whoever repeats, fails or dies on the way; the first
account is made with the set-up code or not at all.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import grpc.aio
import pytest
from argon2.profiles import CHEAPEST

from mesh.ids import uuid7
from svc_social.accounts.passwords import Passwords
from svc_social.accounts.signing_up import SignUps
from svc_social.claims.domain import PATIENCE
from svc_social.invites.domain import read_code
from tests.contract.answers import refusal
from vidmesh.social.v1.account_pb2 import Invite, Registration, Role
from vidmesh.social.v1.account_service_pb2 import (
    CreateInviteRequest,
    CreateInviteResponse,
    DeleteInviteRequest,
    GetRegistrationRequest,
    GetRegistrationResponse,
    ListInvitesRequest,
    SignUpRequest,
    SignUpResponse,
)

from .conftest import PASSWORD, Served, place, signed_in
from .test_crashes import MOST_WRITES, Died, Dying

INVITE_ONLY = pytest.mark.parametrize("identity", [{"registration": "invite"}], ids=["invite"])
CLOSED = pytest.mark.parametrize("identity", [{"registration": "closed"}], ids=["closed"])
SET_UP = pytest.mark.parametrize("identity", [{"setup_code": "the-set-up-code"}], ids=["set-up code"])


@pytest.fixture
def numbers() -> Iterator[int]:
    return count()


async def registration(served: Served) -> GetRegistrationResponse:
    return await served.accounts.GetRegistration(GetRegistrationRequest())


async def invite(
    served: Served, administrator: SignUpResponse, uses: int = 0, lifetime: timedelta | None = None
) -> CreateInviteResponse:
    request = CreateInviteRequest(note="for friends", max_uses=uses)
    if lifetime is not None:
        request.lifetime.FromTimedelta(lifetime)
    return await served.accounts.CreateInvite(request, metadata=signed_in(administrator))


async def invites(served: Served, administrator: SignUpResponse) -> list[Invite]:
    return list((await served.accounts.ListInvites(ListInvitesRequest(), metadata=signed_in(administrator))).invites)


async def is_invalid(call: Any) -> bool:
    return (await refusal(call)).reason_name == "INVALID_INVITE"


async def test_registration_is_open_where_nothing_else_is_said(served: Served) -> None:
    told = await registration(served)
    assert (told.registration, told.first_account, told.invite_code_required) == (
        Registration.REGISTRATION_OPEN,
        True,
        False,
    )
    await served.sign_up()
    assert not (await registration(served)).first_account


@CLOSED
async def test_a_closed_installation_takes_its_first_account_and_no_other(served: Served) -> None:
    assert (await served.sign_up()).account.role == Role.ROLE_ADMINISTRATOR
    told = await refusal(served.sign_up())
    assert (told.reason_name, dict(told.metadata)) == ("REGISTRATION_CLOSED", {"registration": "closed"})
    assert (await registration(served)).registration == Registration.REGISTRATION_CLOSED


@CLOSED
async def test_of_several_who_want_to_be_the_first_of_a_closed_installation_one_gets_in(served: Served) -> None:
    outcomes = await asyncio.gather(*(served.sign_up() for _ in range(5)), return_exceptions=True)
    made = [one for one in outcomes if isinstance(one, SignUpResponse)]
    assert [one.account.role for one in made] == [Role.ROLE_ADMINISTRATOR]


@SET_UP
async def test_the_first_account_needs_the_set_up_code_and_later_ones_do_not(served: Served) -> None:
    told = await registration(served)
    assert (told.first_account, told.invite_code_required) == (True, True)
    for wrong in ("", "the-set-up-cod", "THE-SET-UP-CODE", "\u2603"):
        assert await is_invalid(served.sign_up(invite_code=wrong))
    first = await served.sign_up(invite_code="the-set-up-code")
    assert first.account.role == Role.ROLE_ADMINISTRATOR
    assert not (await registration(served)).invite_code_required
    assert (await served.sign_up()).account.role == Role.ROLE_MEMBER


@SET_UP
async def test_guesses_at_the_set_up_code_have_to_wait(served: Served) -> None:
    served.place = place("192.0.2.1")
    for _ in range(30):
        assert await is_invalid(served.sign_up(invite_code="wrong"))
    assert (await refusal(served.sign_up(invite_code="the-set-up-code"))).reason_name == "TOO_MANY_ATTEMPTS"
    served.place = place("192.0.2.2")
    assert (await served.sign_up(invite_code="the-set-up-code")).account.role == Role.ROLE_ADMINISTRATOR


@INVITE_ONLY
async def test_who_is_invited_gets_in_as_often_as_the_invitation_says(served: Served) -> None:
    root = await served.sign_up("root")
    assert (await registration(served)).invite_code_required
    made = await invite(served, root, uses=2)
    assert await is_invalid(served.sign_up())
    for _ in range(2):
        assert (await served.sign_up(invite_code=made.invite_code)).account.role == Role.ROLE_MEMBER
    assert await is_invalid(served.sign_up(invite_code=made.invite_code))
    [shown] = await invites(served, root)
    assert (shown.uses, shown.max_uses, shown.note) == (2, 2, "for friends")


@INVITE_ONLY
async def test_at_the_same_moment_an_invitation_makes_no_more_accounts_than_it_says(served: Served) -> None:
    root = await served.sign_up("root")
    made = await invite(served, root, uses=3)
    outcomes = await asyncio.gather(
        *(served.sign_up(invite_code=made.invite_code) for _ in range(8)), return_exceptions=True
    )
    winners = [one for one in outcomes if isinstance(one, SignUpResponse)]
    assert len(winners) <= 3
    while len(winners) < 3:
        winners.append(await served.sign_up(invite_code=made.invite_code))
    assert await is_invalid(served.sign_up(invite_code=made.invite_code))


@INVITE_ONLY
async def test_repeating_a_request_uses_its_invitation_once(served: Served) -> None:
    root = await served.sign_up("root")
    made = await invite(served, root, uses=2)
    fields = {"invite_code": made.invite_code, "request_id": str(uuid.uuid4())}
    answers = await asyncio.gather(*(served.sign_up("ada", **fields) for _ in range(4)), return_exceptions=True)
    again = await served.sign_up("ada", **fields)
    accounts = {one.account.account_id for one in answers if isinstance(one, SignUpResponse)}
    assert accounts <= {again.account.account_id}
    assert (await invites(served, root))[0].uses == 1


@INVITE_ONLY
async def test_a_sign_up_that_fails_does_not_use_its_invitation_up(served: Served) -> None:
    root = await served.sign_up("root")
    made = await invite(served, root)
    taken = served.sign_up("root", email="eve@example.org", invite_code=made.invite_code)
    assert (await refusal(taken)).reason_name == "HANDLE_TAKEN"
    assert (await invites(served, root))[0].uses == 0
    assert (await served.sign_up(invite_code=made.invite_code)).account.account_id


@INVITE_ONLY
@pytest.mark.parametrize("applied", [False, True], ids=["before the write", "after the write"])
async def test_a_sign_up_that_dies_at_any_write_uses_an_invitation_only_for_an_account_that_exists(
    served: Served, applied: bool, numbers: Iterator[int]
) -> None:
    root = await served.sign_up("root")
    passwords = await Passwords.open(CHEAPEST)
    outcomes: set[str] = set()
    try:
        for at in range(1, MOST_WRITES):
            made = await invite(served, root)
            dying = Dying(served, at, applied=applied)
            sign_ups = SignUps(dying.accounts, dying.claims, dying.admission, passwords, b"k" * 32, served.clock.now)
            handle = f"ada{next(numbers)}"
            email = f"{handle}@example.org"
            request = SignUpRequest(email=email, password=PASSWORD, handle=handle, invite_code=made.invite_code)
            try:
                await sign_ups.run(request)
                break
            except Died:
                served.clock.advance(seconds=PATIENCE.total_seconds())
            other = served.sign_up(f"bob{next(numbers)}", invite_code=made.invite_code)
            try:
                await other
                outcomes.add("free")
                assert (await refusal(served.sign_in(handle))).reason_name == "WRONG_CREDENTIALS"
            except grpc.aio.AioRpcError:
                outcomes.add("used")
                assert (await served.sign_in(handle)).account.username == handle
        else:
            pytest.fail("the sign-up never came to its end")
    finally:
        await passwords.close()
    assert "free" in outcomes


@INVITE_ONLY
async def test_a_code_that_is_unknown_expired_or_taken_back_is_refused(served: Served) -> None:
    root = await served.sign_up("root")
    made = await invite(served, root, lifetime=timedelta(hours=1))
    for wrong in ("invented", made.invite_code[:-2] + "AA", made.invite.invite_id):
        assert await is_invalid(served.sign_up(invite_code=wrong))
    deleted = await invite(served, root)
    request = DeleteInviteRequest(invite_id=deleted.invite.invite_id)
    await served.accounts.DeleteInvite(request, metadata=signed_in(root))
    assert await is_invalid(served.sign_up(invite_code=deleted.invite_code))
    assert [one.invite_id for one in await invites(served, root)] == [made.invite.invite_id]
    told = await refusal(served.accounts.DeleteInvite(request, metadata=signed_in(root)))
    assert told.reason_name == "INVITE_NOT_FOUND"
    served.clock.advance(hours=1)
    assert await is_invalid(served.sign_up(invite_code=made.invite_code))


async def test_only_administrators_see_and_make_invitations(served: Served) -> None:
    root, ada = await served.sign_up("root"), await served.sign_up("ada")
    made = await invite(served, root)
    assert (await refusal(invite(served, ada))).reason_name == "PERMISSION_DENIED"
    assert (await refusal(invites(served, ada))).reason_name == "PERMISSION_DENIED"
    delete = DeleteInviteRequest(invite_id=made.invite.invite_id)
    call = served.accounts.DeleteInvite(delete, metadata=signed_in(ada))
    assert (await refusal(call)).reason_name == "PERMISSION_DENIED"


async def test_the_code_is_shown_once_and_reaches_no_log(served: Served) -> None:
    root = await served.sign_up("root")
    made = await invite(served, root)
    assert made.invite_code not in str(await invites(served, root))
    assert made.invite_code not in str(served.mesh.logged)
    read = read_code(made.invite_code)
    assert read is not None
    kept = await served.social.invites.get(read.invite_id)
    assert kept is not None
    assert kept.code_hash == read.hash


async def test_taking_a_use_again_for_the_same_account_is_one_use(served: Served) -> None:
    root = await served.sign_up("root")
    code = read_code((await invite(served, root)).invite_code)
    assert code is not None
    account_id = uuid7()
    assert await served.social.invites.take(code, account_id)
    assert await served.social.invites.take(code, account_id)
    assert not await served.social.invites.take(code, uuid7())
    await served.social.invites.give_back(code.invite_id, account_id)
    await served.social.invites.give_back(code.invite_id, account_id)
    assert (await invites(served, root))[0].uses == 0
