"""Signing in and out, refresh tokens, access tokens."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import jwt
import pytest
from argon2.profiles import RFC_9106_LOW_MEMORY

from mesh.keyring import public_keys_from
from svc_social.accounts.sessions import GRACE
from tests.contract.answers import refusal
from vidmesh.social.v1.account_pb2 import Tokens
from vidmesh.social.v1.account_service_pb2 import (
    GetAccountRequest,
    GetJwksRequest,
    RefreshRequest,
    SignInRequest,
    SignOutRequest,
)

from .conftest import PASSWORD, Served


async def refresh(served: Served, tokens: Tokens) -> Tokens:
    return (await served.accounts.Refresh(RefreshRequest(refresh_token=tokens.refresh_token))).tokens


async def is_refused(served: Served, tokens: Tokens) -> bool:
    fault = await refusal(served.accounts.Refresh(RefreshRequest(refresh_token=tokens.refresh_token)))
    return fault.reason_name == "INVALID_REFRESH_TOKEN"


async def test_signing_in_needs_the_address_in_any_case_and_the_password(served: Served) -> None:
    made = await served.sign_up("ada")
    request = SignInRequest(email="ADA@example.org", password=PASSWORD, device_name="laptop")
    answer = await served.accounts.SignIn(request)
    assert answer.account == made.account
    assert answer.tokens.access_token


@pytest.mark.parametrize(
    ("email", "password"), [("ada@example.org", "wrong"), ("eve@example.org", PASSWORD), (" ", PASSWORD)]
)
async def test_a_wrong_address_and_a_wrong_password_are_refused_alike(
    served: Served, email: str, password: str
) -> None:
    await served.sign_up("ada")
    fault = await refusal(served.accounts.SignIn(SignInRequest(email=email, password=password)))
    assert fault.reason_name == "WRONG_CREDENTIALS"
    assert fault.sentence == "The e-mail address or the password is wrong."


@pytest.mark.parametrize("hashing", [RFC_9106_LOW_MEMORY], ids=["as shipped"])
async def test_signing_in_takes_as_long_without_an_account_as_with_a_wrong_password(served: Served) -> None:
    await served.sign_up("ada")

    async def spent(email: str) -> float:
        began = time.process_time()
        await refusal(served.accounts.SignIn(SignInRequest(email=email, password="wrong")))
        return time.process_time() - began

    known = min([await spent("ada@example.org") for _ in range(3)])
    unknown = min([await spent("eve@example.org") for _ in range(3)])
    assert 0.5 < unknown / known < 2


async def test_the_access_token_proves_account_session_and_role_by_the_published_keys(served: Served) -> None:
    made = await served.sign_up("ada")
    published = (await served.accounts.GetJwks(GetJwksRequest())).keys
    keys = public_keys_from([{"kty": k.kty, "crv": k.crv, "kid": k.kid, "x": k.x} for k in published])
    token = made.tokens.access_token
    claims = jwt.decode(token, keys[jwt.get_unverified_header(token)["kid"]], algorithms=["EdDSA"], issuer="vidmesh")
    assert (claims["sub"], claims["role"]) == (made.account.account_id, "administrator")
    assert claims["sid"]
    assert datetime.fromtimestamp(claims["exp"], UTC) == made.tokens.access_expire_time.ToDatetime(UTC)
    assert [(key.kty, key.crv, key.alg, key.use) for key in published] == [("OKP", "Ed25519", "EdDSA", "sig")]


async def test_a_refresh_token_gives_a_new_pair_that_works(served: Served) -> None:
    first = (await served.sign_up("ada")).tokens
    second = await refresh(served, first)
    assert second.refresh_token != first.refresh_token
    metadata = (("authorization", f"Bearer {second.access_token}"),)
    mine = await served.accounts.GetAccount(GetAccountRequest(account_id="me"), metadata=metadata)
    assert mine.account.username == "ada"
    assert (await refresh(served, second)).refresh_token


async def test_a_repeat_within_the_grace_is_taken_for_a_lost_answer(served: Served) -> None:
    first = (await served.sign_up("ada")).tokens
    await refresh(served, first)
    served.clock.advance(seconds=GRACE.total_seconds() - 5)
    again = await refresh(served, first)
    assert (await refresh(served, again)).refresh_token


async def test_refreshing_at_the_same_moment_with_one_token_gives_each_a_pair(served: Served) -> None:
    first = (await served.sign_up("ada")).tokens
    answers = await asyncio.gather(*(refresh(served, first) for _ in range(4)))
    assert len({answer.refresh_token for answer in answers}) == 4
    assert (await refresh(served, answers[2])).refresh_token


async def test_an_old_token_that_comes_back_ends_the_whole_session(served: Served) -> None:
    first = (await served.sign_up("ada")).tokens
    second = await refresh(served, first)
    served.clock.advance(seconds=GRACE.total_seconds() + 1)
    assert await is_refused(served, first)
    assert await is_refused(served, second)


async def test_ending_one_session_leaves_the_others(served: Served) -> None:
    first = (await served.sign_up("ada")).tokens
    other = (await served.accounts.SignIn(SignInRequest(email="ada@example.org", password=PASSWORD))).tokens
    await served.accounts.SignOut(SignOutRequest(refresh_token=first.refresh_token))
    assert await is_refused(served, first)
    assert (await refresh(served, other)).refresh_token


async def test_signing_out_twice_or_with_an_invented_token_is_no_error(served: Served) -> None:
    tokens = (await served.sign_up("ada")).tokens
    for token in (tokens.refresh_token, tokens.refresh_token, "invented"):
        await served.accounts.SignOut(SignOutRequest(refresh_token=token))


@pytest.mark.parametrize("token", ["invented", "A" * 107, "\u2603"])
async def test_an_invented_refresh_token_is_refused(served: Served, token: str) -> None:
    assert await is_refused(served, Tokens(refresh_token=token))


async def test_no_password_token_or_address_reaches_the_log(served: Served) -> None:
    tokens = (await served.sign_up("ada")).tokens
    await refusal(served.accounts.SignIn(SignInRequest(email="ada@example.org", password="wrong horse")))
    await refresh(served, tokens)
    served.clock.advance(seconds=GRACE.total_seconds() + 1)
    assert await is_refused(served, tokens)
    logged = str(served.mesh.logged)
    assert "so its session was ended" in logged
    for secret in (PASSWORD, "wrong horse", "ada@example.org", tokens.refresh_token, tokens.access_token):
        assert secret not in logged
