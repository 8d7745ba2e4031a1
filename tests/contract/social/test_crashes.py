"""A process that dies between any two writes of a sign-up, or of the making of a channel.

Invariants, at every point of death: no name belongs to two; no name is lost for longer than half a minute; an account
that exists has its channel, and a channel that exists has its owner.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

import grpc.aio
import pytest
from argon2.profiles import CHEAPEST

from mesh.bus.outbox import Outbox
from mesh.tables import Tables
from svc_social.accounts.admission import Admission
from svc_social.accounts.passwords import Passwords
from svc_social.accounts.signing_up import SignUps
from svc_social.accounts.store import AccountStore
from svc_social.accounts.tables import ACCOUNTS
from svc_social.channels.index import MembershipIndex
from svc_social.channels.making import ChannelMaker
from svc_social.channels.store import ChannelStore
from svc_social.channels.tables import CHANNELS
from svc_social.claims.domain import PATIENCE, OwnerKind
from svc_social.claims.store import Claims
from svc_social.guessing.guard import Guard
from svc_social.invites.store import InviteStore
from svc_social.tables import OUTBOX
from tests.contract.answers import refusal
from vidmesh.social.v1.account_service_pb2 import SignInRequest, SignUpRequest
from vidmesh.social.v1.channel_pb2 import Channel
from vidmesh.social.v1.channel_service_pb2 import CreateChannelRequest, GetChannelRequest, ListMyChannelsRequest

from .conftest import PASSWORD, Served, signed_in

WRITES: Final = frozenset({"put", "insert", "update", "commit", "delete", "delete_partition"})
MOST_WRITES: Final = 20


class Died(Exception):  # noqa: N818 (it is no error of the code under test)
    """The process is dead: nothing after this happens."""


class DyingTables:
    """The service's own tables, for a process that dies at its n-th write: before it, or after it was applied."""

    def __init__(self, tables: Tables, at: int, *, applied: bool) -> None:
        self._tables = tables
        self._left = at
        self._applied = applied

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._tables, name)
        if name not in WRITES:
            return found

        async def write(*arguments: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left < 0 or (self._left == 0 and not self._applied):
                raise Died
            answer = await found(*arguments, **options)
            if self._left == 0:
                raise Died
            return answer

        return write


class Dying:
    """What the dying process is made of."""

    def __init__(self, served: Served, at: int, *, applied: bool) -> None:
        tables = cast("Tables", DyingTables(served.social.tables, at, applied=applied))
        outbox = Outbox(tables, served.bus, hints=OUTBOX, sources=(ACCOUNTS, CHANNELS))
        now = served.clock.now
        self.accounts = AccountStore(tables, outbox)
        self.channels = ChannelStore(tables, outbox, MembershipIndex(tables, now))
        self.claims = Claims(tables, {OwnerKind.ACCOUNT: self.accounts, OwnerKind.CHANNEL: self.channels}, now)
        self.admission = Admission(
            served.mesh.settings.identity,
            self.accounts,
            self.claims,
            InviteStore(tables, self.accounts, now),
            Guard(tables, b"g" * 32, now),
        )


@pytest.mark.parametrize("applied", [False, True], ids=["before the write", "after the write"])
async def test_a_sign_up_that_dies_at_any_write_leaves_a_whole_account_or_free_names(
    served: Served, applied: bool
) -> None:
    await served.sign_up("root")
    passwords = await Passwords.open(CHEAPEST)
    outcomes: set[str] = set()
    try:
        for at in range(1, MOST_WRITES):
            handle = f"ada{at}"
            dying = Dying(served, at, applied=applied)
            sign_ups = SignUps(dying.accounts, dying.claims, dying.admission, passwords, b"k" * 32, served.clock.now)
            request = SignUpRequest(email=f"{handle}@example.org", password=PASSWORD, handle=handle)
            try:
                await sign_ups.run(request)
                break
            except Died:
                outcomes.add(await _what_the_next_one_finds(served, handle))
        else:
            pytest.fail("the sign-up never came to its end")
    finally:
        await passwords.close()
    assert "free" in outcomes


async def _what_the_next_one_finds(served: Served, handle: str) -> str:
    served.clock.advance(seconds=PATIENCE.total_seconds())
    try:
        second = await served.sign_up(handle, password="another password")
    except grpc.aio.AioRpcError:
        # Then the dead one's account exists, and everything that belongs to it.
        assert (await refusal(served.sign_up(handle, password="another password"))).reason_name == "EMAIL_TAKEN"
        request = SignInRequest(email=f"{handle}@example.org", password=PASSWORD)
        account = (await served.accounts.SignIn(request)).account
        assert (await _eventually(served, f"@{handle}")).owner_account_id == account.account_id
        return "whole"
    assert (await _eventually(served, f"@{handle}")).owner_account_id == second.account.account_id
    wrong = served.accounts.SignIn(SignInRequest(email=f"{handle}@example.org", password=PASSWORD))
    assert (await refusal(wrong)).reason_name == "WRONG_CREDENTIALS"
    return "free"


@pytest.mark.parametrize("applied", [False, True], ids=["before the write", "after the write"])
async def test_a_channel_whose_making_dies_at_any_write_is_whole_or_its_handle_is_free(
    served: Served, applied: bool
) -> None:
    ada, bob = await served.sign_up("ada"), await served.sign_up("bob")
    outcomes: set[str] = set()
    for at in range(1, MOST_WRITES):
        handle = f"films{at}"
        dying = Dying(served, at, applied=applied)
        maker = ChannelMaker(dying.channels, dying.claims, b"k" * 32, served.clock.now)
        try:
            await maker.run(ada.account.account_id, CreateChannelRequest(handle=handle))
            break
        except Died:
            served.clock.advance(seconds=PATIENCE.total_seconds())
        try:
            create = CreateChannelRequest(handle=handle)
            await served.channels.CreateChannel(create, metadata=signed_in(bob))
            outcomes.add("free")
            owner = bob
        except grpc.aio.AioRpcError:
            outcomes.add("whole")
            owner = ada
        assert (await _eventually(served, f"@{handle}")).owner_account_id == owner.account.account_id
        for person in (ada, bob):
            mine = await served.channels.ListMyChannels(
                ListMyChannelsRequest(page_size=100), metadata=signed_in(person)
            )
            assert (handle in {channel.handle for channel in mine.channels}) == (person is owner)
    else:
        pytest.fail("the making never came to its end")
    assert "free" in outcomes


async def _eventually(served: Served, handle: str) -> Channel:
    async with asyncio.timeout(10):
        while True:
            try:
                return (await served.channels.GetChannel(GetChannelRequest(channel=handle))).channel
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.05)
