"""Personal API tokens: what their bearers may do, and how they end."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import jwt
import pytest

from mesh.ids import uuid7
from tests.contract.answers import refusal
from vidmesh.options.v1.options_pb2 import Scope
from vidmesh.social.v1.account_pb2 import Account, ApiToken, Role
from vidmesh.social.v1.account_service_pb2 import (
    GetAccountRequest,
    GetJwksRequest,
    ListInvitesRequest,
    SignInRequest,
    SignInResponse,
    SignUpResponse,
    UpdateAccountRequest,
)
from vidmesh.social.v1.channel_service_pb2 import CreateChannelRequest
from vidmesh.social.v1.credentials_pb2 import (
    CreateApiTokenRequest,
    CreateApiTokenResponse,
    DeleteApiTokenRequest,
    EndSessionRequest,
    ListApiTokensRequest,
    ListSessionsRequest,
    SignOutEverywhereRequest,
)

from .conftest import PASSWORD, Served, bearer, session_of, signed_in

READ, UPLOAD, MANAGE, ADMINISTER = (
    Scope.SCOPE_READ,
    Scope.SCOPE_UPLOAD,
    Scope.SCOPE_MANAGE,
    Scope.SCOPE_ADMINISTER,
)


async def make(
    served: Served,
    who: SignUpResponse | SignInResponse,
    *scopes: Scope.ValueType,
    name: str = "script",
    lifetime: timedelta | None = None,
) -> CreateApiTokenResponse:
    request = CreateApiTokenRequest(api_token=ApiToken(name=name, scopes=scopes or (READ,)))
    if lifetime is not None:
        request.lifetime.FromTimedelta(lifetime)
    return await served.accounts.CreateApiToken(request, metadata=signed_in(who))


async def listed(served: Served, who: SignUpResponse | SignInResponse) -> list[ApiToken]:
    return list((await served.accounts.ListApiTokens(ListApiTokensRequest(), metadata=signed_in(who))).api_tokens)


async def test_a_token_reads_what_its_owner_reads(served: Served) -> None:
    ada = await served.sign_up("ada")
    made = await make(served, ada)
    mine = await served.accounts.GetAccount(GetAccountRequest(account_id="me"), metadata=bearer(made.secret))
    assert mine.account.email == "ada@example.org"
    claims = jwt.decode(made.secret, options={"verify_signature": False})
    assert claims["sid"] == made.api_token.token_id
    assert claims["scp"] == ["read"]
    assert claims["exp"] == made.api_token.expire_time.seconds
    assert claims["exp"] - claims["iat"] == timedelta(days=30).total_seconds()


async def test_a_token_does_only_what_its_scopes_say_public_methods_included(served: Served) -> None:
    ada = await served.sign_up("ada")
    manage = bearer((await make(served, ada, MANAGE)).secret)
    read = bearer((await make(served, ada, READ)).secret)
    update = UpdateAccountRequest(account=Account(display_name="Ada"))

    await served.accounts.UpdateAccount(update, metadata=manage)
    await served.channels.CreateChannel(CreateChannelRequest(handle="films"), metadata=manage)
    told = await refusal(served.accounts.UpdateAccount(update, metadata=read))
    assert (told.reason_name, dict(told.metadata)) == ("SCOPE_MISSING", {"scope": "manage"})
    told = await refusal(served.accounts.GetJwks(GetJwksRequest(), metadata=manage))
    assert (told.reason_name, dict(told.metadata)) == ("SCOPE_MISSING", {"scope": "read"})


async def test_no_token_manages_passwords_sign_ins_or_tokens(served: Served) -> None:
    ada = await served.sign_up("ada")
    everything = bearer((await make(served, ada, READ, UPLOAD, MANAGE, ADMINISTER)).secret)
    create = CreateApiTokenRequest(api_token=ApiToken(name="another", scopes=[READ]))
    calls = [
        served.accounts.CreateApiToken(create, metadata=everything),
        served.accounts.ListApiTokens(ListApiTokensRequest(), metadata=everything),
        served.accounts.ListSessions(ListSessionsRequest(), metadata=everything),
        served.accounts.SignOutEverywhere(SignOutEverywhereRequest(), metadata=everything),
        served.accounts.SignIn(SignInRequest(email="ada@example.org", password=PASSWORD), metadata=everything),
    ]
    for call in calls:
        told = await refusal(call)
        assert (told.reason_name, dict(told.metadata)) == ("SCOPE_MISSING", {"scope": ""})


async def test_an_administrator_is_one_by_a_token_only_where_it_says_so(served: Served) -> None:
    root = await served.sign_up("root")
    ada = await served.sign_up("ada")
    administer = bearer((await make(served, root, ADMINISTER)).secret)
    plain = bearer((await make(served, root, READ, MANAGE)).secret)
    members = bearer((await make(served, ada, ADMINISTER)).secret)

    await served.accounts.ListInvites(ListInvitesRequest(), metadata=administer)
    told = await refusal(served.accounts.ListInvites(ListInvitesRequest(), metadata=plain))
    assert told.reason_name == "SCOPE_MISSING"
    told = await refusal(served.accounts.ListInvites(ListInvitesRequest(), metadata=members))
    assert dict(told.metadata) == {"access": "administrator"}
    # Nor does the token without the scope see what administrators see.
    shown = await served.accounts.GetAccount(GetAccountRequest(account_id=ada.account.account_id), metadata=plain)
    assert shown.account.email == ""
    assert shown.account.role == Role.ROLE_MEMBER


async def test_tokens_are_listed_newest_first_without_their_secrets(served: Served) -> None:
    ada = await served.sign_up("ada")
    first, second = await make(served, ada, name="first"), await make(served, ada, READ, UPLOAD, name="second")
    found = await listed(served, ada)
    assert found == [second.api_token, first.api_token]
    assert list(found[0].scopes) == [READ, UPLOAD]
    assert first.secret not in str(found)
    assert await listed(served, await served.sign_up("bob")) == []


async def test_a_deleted_token_is_refused_by_edges_and_deleting_again_is_no_error(served: Served) -> None:
    ada, bob = await served.sign_up("ada"), await served.sign_up("bob")
    token_id = (await make(served, ada)).api_token.token_id
    request = DeleteApiTokenRequest(token_id=token_id)
    assert (await refusal(served.accounts.DeleteApiToken(request, metadata=signed_in(bob)))).reason_name == (
        "API_TOKEN_NOT_FOUND"
    )
    for _ in range(2):
        await served.accounts.DeleteApiToken(request, metadata=signed_in(ada))
    assert await served.ended() == {token_id}
    assert await listed(served, ada) == []
    unknown = DeleteApiTokenRequest(token_id=uuid7())
    assert (await refusal(served.accounts.DeleteApiToken(unknown, metadata=signed_in(ada)))).reason_name == (
        "API_TOKEN_NOT_FOUND"
    )


async def test_a_clock_that_is_an_hour_ahead_deletes_no_token_that_edges_go_on_to_believe(served: Served) -> None:
    ada = await served.sign_up("ada")
    token_id = (await make(served, ada, lifetime=timedelta(days=1))).api_token.token_id
    served.clock.advance(days=1, minutes=59)
    await served.accounts.DeleteApiToken(DeleteApiTokenRequest(token_id=token_id), metadata=signed_in(ada))
    assert await served.ended() == {token_id}


async def test_signing_out_everywhere_keeps_tokens_unless_asked_otherwise(served: Served) -> None:
    ada = await served.sign_up("ada")
    token_id = (await make(served, ada)).api_token.token_id
    keep = SignOutEverywhereRequest(keep_current=True)
    await served.accounts.SignOutEverywhere(keep, metadata=signed_in(ada))
    assert [one.token_id for one in await listed(served, ada)] == [token_id]
    both = SignOutEverywhereRequest(keep_current=True, delete_api_tokens=True)
    await served.accounts.SignOutEverywhere(both, metadata=signed_in(ada))
    assert token_id in await served.ended()


async def test_a_sign_in_that_has_ended_makes_no_token(served: Served) -> None:
    thief, owner = await served.sign_up("ada"), await served.sign_in("ada")
    await served.accounts.EndSession(EndSessionRequest(session_id=session_of(thief)), metadata=signed_in(owner))
    assert (await refusal(make(served, thief))).reason_name == "INVALID_TOKEN"


async def test_tokens_made_at_the_moment_when_everything_is_ended_are_ended_or_never_given(served: Served) -> None:
    for _ in range(5):
        ada = await served.sign_up()
        everything = SignOutEverywhereRequest(delete_api_tokens=True)
        outcomes = await asyncio.gather(
            served.accounts.SignOutEverywhere(everything, metadata=signed_in(ada)),
            *(make(served, ada) for _ in range(4)),
            return_exceptions=True,
        )
        refused = await served.ended()
        for one in outcomes[1:]:
            if isinstance(one, CreateApiTokenResponse):
                assert one.api_token.token_id in refused


async def test_an_account_has_a_hundred_tokens_at_most(served: Served) -> None:
    ada = await served.sign_up("ada")
    for _ in range(100):
        await make(served, ada)
    told = await refusal(make(served, ada))
    assert (told.reason_name, dict(told.metadata)) == ("TOO_MANY_CREDENTIALS", {"limit": "100"})


@pytest.mark.parametrize("seconds", [3599, 366 * 86400 + 1])
async def test_a_lifetime_outside_of_an_hour_to_a_year_is_refused(served: Served, seconds: int) -> None:
    ada = await served.sign_up("ada")
    call = make(served, ada, lifetime=timedelta(seconds=seconds))
    assert (await refusal(call)).reason_name == "INVALID_FIELD"


async def test_a_token_may_live_a_year(served: Served) -> None:
    ada = await served.sign_up("ada")
    made = await make(served, ada, lifetime=timedelta(days=366))
    lives = made.api_token.expire_time.ToDatetime() - made.api_token.create_time.ToDatetime()
    assert timedelta(days=366) - timedelta(seconds=1) <= lives <= timedelta(days=366)
