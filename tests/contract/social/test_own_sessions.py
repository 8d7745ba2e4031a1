"""People see and end their own sign-ins; edges are told which tokens to refuse.

Invariants, whatever happens at the same moment: a sign-in that was ended can never be refreshed again, and the `sid`
of each access token that it still has out is among those that edges refuse.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import grpc.aio
import pytest

from mesh.ids import uuid7
from tests.contract.answers import refusal
from vidmesh.social.v1.account_pb2 import Session, Tokens
from vidmesh.social.v1.account_service_pb2 import RefreshRequest, SignInResponse, SignOutRequest, SignUpResponse
from vidmesh.social.v1.credentials_pb2 import EndSessionRequest, ListSessionsRequest, SignOutEverywhereRequest
from vidmesh.social.v1.social_events_pb2 import SessionsEnded

from .conftest import PASSWORD, Served, session_of, signed_in


async def sessions(served: Served, who: SignUpResponse | SignInResponse, **page: Any) -> list[Session]:
    answer = await served.accounts.ListSessions(ListSessionsRequest(**page), metadata=signed_in(who))
    return list(answer.sessions)


async def end(served: Served, who: SignUpResponse | SignInResponse, session_id: str) -> None:
    await served.accounts.EndSession(EndSessionRequest(session_id=session_id), metadata=signed_in(who))


async def end_all(served: Served, who: SignUpResponse | SignInResponse, **fields: bool) -> None:
    await served.accounts.SignOutEverywhere(SignOutEverywhereRequest(**fields), metadata=signed_in(who))


async def is_over(served: Served, tokens: Tokens) -> bool:
    call = served.accounts.Refresh(RefreshRequest(refresh_token=tokens.refresh_token))
    return (await refusal(call)).reason_name == "INVALID_REFRESH_TOKEN"


async def test_sign_ins_are_listed_newest_first_with_device_times_and_the_current_one(served: Served) -> None:
    first = await served.sign_up("ada", device_name="laptop")
    served.clock.advance(seconds=5)
    second = await served.sign_in("ada")
    await served.sign_up("bob")

    listed = await sessions(served, second)

    assert [one.session_id for one in listed] == [session_of(second), session_of(first)]
    assert listed[1].device_name == "laptop"
    assert listed[0].device_name.startswith("gRPC client")
    assert [one.current for one in listed] == [True, False]
    for one in listed:
        assert one.last_use_time == one.create_time
        lifetime = one.expire_time.ToDatetime() - one.create_time.ToDatetime()
        assert lifetime == served.mesh.settings.identity.refresh_token_lifetime


async def test_a_refresh_is_the_last_use_and_prolongs_the_sign_in(served: Served) -> None:
    ada = await served.sign_up("ada")
    served.clock.advance(hours=3)
    await served.refresh(ada.tokens)
    [one] = await sessions(served, ada)
    assert one.last_use_time.ToDatetime() - one.create_time.ToDatetime() >= served.clock.ahead
    assert one.expire_time.ToDatetime() > one.last_use_time.ToDatetime()


async def test_sign_ins_are_listed_page_by_page(served: Served) -> None:
    ada = await served.sign_up("ada")
    for _ in range(4):
        await served.sign_in("ada")
    found: list[str] = []
    token = ""
    while True:
        request = ListSessionsRequest(page_size=2, page_token=token)
        answer = await served.accounts.ListSessions(request, metadata=signed_in(ada))
        found += [one.session_id for one in answer.sessions]
        token = answer.next_page_token
        if not token:
            break
    assert len(found) == len(set(found)) == 5


async def test_ending_a_sign_in_ends_its_tokens_and_tells_the_edges(served: Served) -> None:
    ada = await served.sign_up("ada")
    other = await served.sign_in("ada")
    async with served.bus.wakes(SessionsEnded) as wakes:
        await end(served, ada, session_of(other))
        woken = await asyncio.wait_for(anext(wakes), 5)
    assert woken.account_id == ada.account.account_id
    assert await served.ended() == {session_of(other)}
    assert await is_over(served, other.tokens)
    assert [one.session_id for one in await sessions(served, ada)] == [session_of(ada)]
    await end(served, ada, session_of(other))


async def test_signing_out_has_the_edges_refuse_the_access_token(served: Served) -> None:
    ada = await served.sign_up("ada")
    await served.accounts.SignOut(SignOutRequest(refresh_token=ada.tokens.refresh_token))
    assert await served.ended() == {session_of(ada)}


async def test_nobody_ends_the_sign_in_of_somebody_else(served: Served) -> None:
    ada, bob = await served.sign_up("ada"), await served.sign_up("bob")
    for session_id in (session_of(bob), uuid7(), str(uuid.uuid4())):
        assert (await refusal(end(served, ada, session_id))).reason_name == "SESSION_NOT_FOUND"
    await end(served, bob, session_of(bob))
    # Neither is it shown to have been somebody's.
    assert (await refusal(end(served, ada, session_of(bob)))).reason_name == "SESSION_NOT_FOUND"


@pytest.mark.parametrize("keep", [True, False], ids=["keeping the current one", "all"])
async def test_signing_out_everywhere_ends_every_sign_in(served: Served, keep: bool) -> None:
    first = await served.sign_up("ada")
    current = await served.sign_in("ada")
    bob = await served.sign_up("bob")
    await end_all(served, current, keep_current=keep)

    assert await is_over(served, first.tokens)
    assert (await served.refresh(bob.tokens)).refresh_token
    if keep:
        assert await served.ended() == {session_of(first)}
        assert [one.session_id for one in await sessions(served, current)] == [session_of(current)]
        assert (await served.refresh(current.tokens)).refresh_token
    else:
        assert await served.ended() == {session_of(first), session_of(current)}
        assert await is_over(served, current.tokens)
    again = await served.sign_in("ada")
    assert (await served.refresh(again.tokens)).refresh_token


async def test_a_sign_in_that_was_kept_ends_with_the_next_time(served: Served) -> None:
    kept = await served.sign_up("ada")
    await end_all(served, kept, keep_current=True)
    other = await served.sign_in("ada")
    await end_all(served, other, keep_current=True)
    assert await is_over(served, kept.tokens)
    assert (await served.refresh(other.tokens)).refresh_token


async def test_a_sign_in_that_has_ended_does_not_come_back_by_being_kept(served: Served) -> None:
    thief, owner = await served.sign_up("ada"), await served.sign_in("ada")
    await end_all(served, owner, keep_current=True)
    # Its access token has not expired, and no edge stands between.
    await end_all(served, thief, keep_current=True)
    assert await is_over(served, thief.tokens)
    assert await sessions(served, thief) == []


async def test_of_sign_ins_begun_and_refreshed_at_the_moment_when_all_are_ended_none_is_left(served: Served) -> None:
    for _ in range(5):
        ada = await served.sign_up()
        handle = ada.account.username
        given: list[Tokens] = [ada.tokens]
        begun: list[SignInResponse] = []

        async def keep_refreshing(given: list[Tokens] = given) -> None:
            for _ in range(6):
                try:
                    given.append(await served.refresh(given[-1]))
                except grpc.aio.AioRpcError:
                    return

        async def sign_in(handle: str = handle, begun: list[SignInResponse] = begun) -> None:
            try:
                begun.append(await served.sign_in(handle))
            except grpc.aio.AioRpcError:
                return

        async def end_soon(who: SignUpResponse = ada) -> None:
            await asyncio.sleep(0.01)
            await end_all(served, who)

        await asyncio.gather(keep_refreshing(), *(sign_in() for _ in range(4)), end_soon())

        assert await is_over(served, given[-1])
        refused = await served.ended()
        assert session_of(ada) in refused
        for one in begun:
            try:
                await served.refresh(one.tokens)
            except grpc.aio.AioRpcError:
                assert session_of(one) in refused
        # What is left began after the end, and can be seen.
        left = await served.sign_in(handle)
        listed = {one.session_id for one in await sessions(served, left)}
        assert listed.isdisjoint(refused)


async def test_an_old_refresh_token_that_comes_back_has_the_edges_refuse_the_access_tokens(served: Served) -> None:
    ada = await served.sign_up("ada")
    await served.refresh(ada.tokens)
    served.clock.advance(seconds=31)
    assert await is_over(served, ada.tokens)
    assert await served.ended() == {session_of(ada)}


async def test_a_clock_that_is_an_hour_ahead_ends_no_sign_in_whose_tokens_go_on(served: Served) -> None:
    ada = await served.sign_up("ada")
    served.clock.advance(minutes=59)
    await end(served, ada, session_of(ada))
    assert await served.ended() == {session_of(ada)}


async def test_only_services_see_what_has_ended(served: Served) -> None:
    from vidmesh.social.v1.account_service_pb2 import ListEndedSessionsRequest

    ada = await served.sign_up("ada")
    call = served.accounts.ListEndedSessions(ListEndedSessionsRequest(), metadata=signed_in(ada))
    assert (await refusal(call)).reason_name == "PERMISSION_DENIED"


async def test_no_refresh_token_hides_in_a_list(served: Served) -> None:
    ada = await served.sign_up("ada")
    assert ada.tokens.refresh_token not in str(await sessions(served, ada))
    assert PASSWORD not in str(await sessions(served, ada))
