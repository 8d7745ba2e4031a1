"""New passwords, by the old one or by a code, and what ends with the old one."""

from __future__ import annotations

import asyncio

import grpc.aio
import pytest

from mesh.ids import uuid7
from tests.contract.answers import refusal
from vidmesh.options.v1.options_pb2 import Scope
from vidmesh.social.v1.account_pb2 import ApiToken
from vidmesh.social.v1.account_service_pb2 import SignInResponse, SignUpResponse
from vidmesh.social.v1.credentials_pb2 import (
    ChangePasswordRequest,
    CreateApiTokenRequest,
    CreatePasswordResetRequest,
    ListApiTokensRequest,
    ResetPasswordRequest,
)

from .conftest import PASSWORD, Served, place, session_of, signed_in

NEW = "a better horse battery"


async def change(
    served: Served, who: SignUpResponse | SignInResponse, current: str = PASSWORD, *, tokens: bool = False
) -> None:
    request = ChangePasswordRequest(current_password=current, new_password=NEW, delete_api_tokens=tokens)
    await served.accounts.ChangePassword(request, metadata=signed_in(who))


async def reset_code(served: Served, administrator: SignUpResponse, account_id: str) -> str:
    request = CreatePasswordResetRequest(account_id=account_id)
    return (await served.accounts.CreatePasswordReset(request, metadata=signed_in(administrator))).reset_code


async def reset(served: Served, code: str, password: str = NEW) -> None:
    await served.accounts.ResetPassword(ResetPasswordRequest(reset_code=code, new_password=password))


async def api_token(served: Served, who: SignUpResponse | SignInResponse) -> str:
    request = CreateApiTokenRequest(api_token=ApiToken(name="script", scopes=[Scope.SCOPE_READ]))
    return (await served.accounts.CreateApiToken(request, metadata=signed_in(who))).api_token.token_id


async def test_a_change_ends_every_other_sign_in_and_the_old_password(served: Served) -> None:
    other = await served.sign_up("ada")
    current = await served.sign_in("ada")
    token_id = await api_token(served, current)
    await change(served, current)

    assert (await refusal(served.sign_in("ada"))).reason_name == "WRONG_CREDENTIALS"
    assert (await refusal(served.refresh(other.tokens))).reason_name == "INVALID_REFRESH_TOKEN"
    assert (await served.refresh(current.tokens)).refresh_token
    assert (await served.sign_in("ada", NEW)).account == current.account
    assert await served.ended() == {session_of(other)}
    kept = await served.accounts.ListApiTokens(ListApiTokensRequest(), metadata=signed_in(current))
    assert [one.token_id for one in kept.api_tokens] == [token_id]


async def test_a_change_deletes_api_tokens_where_asked(served: Served) -> None:
    ada = await served.sign_up("ada")
    token_id = await api_token(served, ada)
    await change(served, ada, tokens=True)
    assert token_id in await served.ended()
    left = await served.accounts.ListApiTokens(ListApiTokensRequest(), metadata=signed_in(ada))
    assert not left.api_tokens


async def test_a_change_needs_the_current_password_and_a_sign_in_that_has_not_ended(served: Served) -> None:
    ada = await served.sign_up("ada")
    assert (await refusal(change(served, ada, "wrong"))).reason_name == "WRONG_PASSWORD"
    newer = await served.sign_in("ada")
    await change(served, newer)
    assert (await refusal(change(served, ada, NEW))).reason_name == "INVALID_TOKEN"


async def test_guesses_at_the_current_password_have_to_wait(served: Served) -> None:
    ada = await served.sign_up("ada")
    for _ in range(5):
        assert (await refusal(change(served, ada, "wrong"))).reason_name == "WRONG_PASSWORD"
    told = await refusal(change(served, ada))
    assert told.reason_name == "TOO_MANY_ATTEMPTS"
    assert told.retry_after is not None
    served.clock.advance(seconds=told.retry_after.total_seconds())
    await change(served, ada)


async def test_a_sign_in_with_the_old_password_at_the_moment_of_a_change_leaves_nothing_alive(served: Served) -> None:
    for _ in range(5):
        ada = await served.sign_up()
        handle = ada.account.username
        outcomes = await asyncio.gather(
            change(served, ada), *(served.sign_in(handle) for _ in range(4)), return_exceptions=True
        )
        assert outcomes[0] is None
        refused = await served.ended()
        for one in outcomes[1:]:
            if isinstance(one, SignInResponse):
                assert (await refusal(served.refresh(one.tokens))).reason_name == "INVALID_REFRESH_TOKEN"
                assert session_of(one) in refused
            else:
                assert isinstance(one, grpc.aio.AioRpcError)


async def test_a_code_chooses_a_new_password_once_and_ends_everything(served: Served) -> None:
    root = await served.sign_up("root")
    ada = await served.sign_up("ada")
    token_id = await api_token(served, ada)
    code = await reset_code(served, root, ada.account.account_id)
    await reset(served, code)

    assert (await served.sign_in("ada", NEW)).account == ada.account
    assert await served.ended() == {session_of(ada), token_id}
    assert (await refusal(served.refresh(ada.tokens))).reason_name == "INVALID_REFRESH_TOKEN"
    assert (await refusal(reset(served, code, "yet another one"))).reason_name == "INVALID_RESET_CODE"
    assert (await served.sign_in("ada", NEW)).account == ada.account


async def test_of_two_who_use_a_code_at_the_same_moment_one_succeeds(served: Served) -> None:
    root = await served.sign_up("root")
    ada = await served.sign_up("ada")
    code = await reset_code(served, root, ada.account.account_id)
    passwords = [f"password number {number}" for number in range(4)]
    outcomes = await asyncio.gather(*(reset(served, code, one) for one in passwords), return_exceptions=True)
    winners = [one for one, outcome in zip(passwords, outcomes, strict=True) if outcome is None]
    assert len(winners) == 1
    assert (await served.sign_in("ada", winners[0])).account == ada.account


async def test_a_code_is_worthless_after_a_day_after_a_newer_one_and_after_a_change(served: Served) -> None:
    root = await served.sign_up("root")
    ada = await served.sign_up("ada")
    older = await reset_code(served, root, ada.account.account_id)
    newer = await reset_code(served, root, ada.account.account_id)
    assert (await refusal(reset(served, older))).reason_name == "INVALID_RESET_CODE"
    await change(served, ada)
    assert (await refusal(reset(served, newer))).reason_name == "INVALID_RESET_CODE"
    third = await reset_code(served, root, ada.account.account_id)
    served.clock.advance(days=1)
    assert (await refusal(reset(served, third))).reason_name == "INVALID_RESET_CODE"


@pytest.mark.parametrize("code", ["invented", "A" * 107, "\u2603"])
async def test_an_invented_code_is_refused(served: Served, code: str) -> None:
    assert (await refusal(reset(served, code))).reason_name == "INVALID_RESET_CODE"


async def test_invented_codes_from_one_address_have_to_wait(served: Served) -> None:
    request = ResetPasswordRequest(reset_code="invented", new_password=NEW)
    reasons = [
        (await refusal(served.accounts.ResetPassword(request, metadata=place("192.0.2.1")))).reason_name
        for _ in range(31)
    ]
    assert reasons == ["INVALID_RESET_CODE"] * 30 + ["TOO_MANY_ATTEMPTS"]
    elsewhere = served.accounts.ResetPassword(request, metadata=place("192.0.2.2"))
    assert (await refusal(elsewhere)).reason_name == "INVALID_RESET_CODE"


async def test_only_administrators_make_codes_and_only_for_accounts(served: Served) -> None:
    root = await served.sign_up("root")
    ada = await served.sign_up("ada")
    assert (await refusal(reset_code(served, ada, ada.account.account_id))).reason_name == "PERMISSION_DENIED"
    assert (await refusal(reset_code(served, root, uuid7()))).reason_name == "ACCOUNT_NOT_FOUND"


async def test_no_code_and_no_password_reaches_the_log(served: Served) -> None:
    root = await served.sign_up("root")
    code = await reset_code(served, root, root.account.account_id)
    await reset(served, code)
    await refusal(reset(served, code))
    logged = str(served.mesh.logged)
    for secret in (code, NEW, PASSWORD):
        assert secret not in logged
