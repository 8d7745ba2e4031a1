"""Keys of access tokens are rotated while people call: nobody is refused, and nothing is restarted."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any, Final

import jwt

from mesh.call import current_call
from mesh.hosting import Hosted
from mesh.key_files import replace_keys
from mesh.key_rotation import replaced, rotated
from mesh.key_sources import FetchedKeys, jwks_from
from mesh.keyring import KeyRing
from tests.contract.answers import refusal
from vidmesh.social.v1.account_service_pb2 import GetAccountRequest, GetJwksRequest
from vidmesh.social.v1.channel_service_pb2 import CreateChannelRequest, CreateChannelResponse
from vidmesh.social.v1.channel_service_pb2_grpc import (
    ChannelServiceServicer,
    ChannelServiceStub,
    add_ChannelServiceServicer_to_server,
)

from .conftest import Served, bearer

AFTER: Final = timedelta(seconds=3)
"""Longer than a service waits between two looks at the file, and between two questions for an unknown key."""
MINE: Final = GetAccountRequest(account_id="me")


class Neighbour(ChannelServiceServicer):  # pyright: ignore[reportImplicitAbstractClass]
    """Another service: it asks svc_social for the keys that it verifies by."""

    async def CreateChannel(self, request: Any, context: Any) -> CreateChannelResponse:
        """For people."""
        assert current_call().caller.account_id
        return CreateChannelResponse()


async def neighbour(served: Served) -> Any:
    runtime = await served.mesh.runtime("svc_upload")
    runtime.use_keys(FetchedKeys(jwks_from(runtime.channel("svc_social"))))
    servicer: Any = Neighbour
    hosted = Hosted(
        name="vidmesh.social.v1.ChannelService", servicer=servicer(), add=add_ChannelServiceServicer_to_server
    )
    await served.mesh.serve(runtime, [hosted])
    return ChannelServiceStub(served.mesh.outside("svc_upload"))


def key_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def test_keys_are_rotated_while_people_call_and_nobody_is_refused(served: Served) -> None:
    other = await neighbour(served)
    ada = await served.sign_up("ada")
    path = served.mesh.settings.file(served.mesh.settings.identity.access_key_file)
    before = KeyRing.load(path)
    seen: list[str] = []
    tokens, done = ada.tokens, False

    async def call() -> None:
        nonlocal tokens
        while not done:
            tokens = await served.refresh(tokens)
            seen.append(key_of(tokens.access_token))
            # The first token of all, and the newest one, at the issuer and elsewhere.
            for token in (ada.tokens.access_token, tokens.access_token):
                await served.accounts.GetAccount(MINE, metadata=bearer(token))
                await other.CreateChannel(CreateChannelRequest(handle="films"), metadata=bearer(token))
            await asyncio.sleep(0.02)

    calling = asyncio.create_task(call())
    await asyncio.sleep(0.5)
    after = rotated(before, time.time(), AFTER, timedelta(days=366))
    replace_keys(path, after)
    async with asyncio.timeout(15):
        while seen[-1:] != [after.keys[1].kid] and not calling.done():  # noqa: ASYNC110 (what is waited for is a clock)
            await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    done = True
    await calling

    assert set(seen) == {key.kid for key in after.keys}
    assert seen == sorted(seen, key=[key.kid for key in after.keys].index)
    published = (await served.accounts.GetJwks(GetJwksRequest())).keys
    assert [key.kid for key in published] == [after.keys[1].kid, after.keys[0].kid]


async def test_tokens_of_keys_that_leaked_are_refused_a_second_later(served: Served) -> None:
    ada = await served.sign_up("ada")
    path = served.mesh.settings.file(served.mesh.settings.identity.access_key_file)
    replace_keys(path, replaced(time.time()))
    await asyncio.sleep(1.1)
    published = (await served.accounts.GetJwks(GetJwksRequest())).keys
    assert key_of(ada.tokens.access_token) not in {key.kid for key in published}
    told = await refusal(served.accounts.GetAccount(MINE, metadata=bearer(ada.tokens.access_token)))
    assert told.reason_name == "INVALID_TOKEN"
    fresh = await served.refresh(ada.tokens)
    assert (await served.accounts.GetAccount(MINE, metadata=bearer(fresh.access_token))).account.username == "ada"
