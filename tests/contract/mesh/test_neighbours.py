"""Calls between services: what they carry, how they are retried, and what a caller is told when a neighbour fails."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest

from mesh.call import Call, current_call
from mesh.channel import service_config
from mesh.config import ConfigurationError
from mesh.errors import Fault, invalid, not_found, precondition, unauthenticated, unavailable
from mesh.hosting import Hosted
from mesh.key_sources import FetchedKeys, jwks_from
from mesh.keyring import KeyRing
from mesh.policy import all_methods
from mesh.runtime import Runtime
from mesh.serving import GrpcServer
from mesh.testing.serving import TestMesh
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.account_service_pb2 import GetJwksResponse, JsonWebKey
from vidmesh.social.v1.account_service_pb2_grpc import (
    AccountServiceServicer,
    add_AccountServiceServicer_to_server,
)
from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceStub

from .conftest import CHANNEL_ID, Start, channels_service, fault, nothing

GET = pb.GetChannelRequest(channel="abc")
CREATE = pb.CreateChannelRequest(handle="abcd")
CHECK = pb.CheckMemberRequest(channel_id=CHANNEL_ID, account_id=CHANNEL_ID)


async def test_a_call_carries_person_service_place_and_deadline_to_the_next(start: Start) -> None:
    seen: list[Call] = []

    async def behind(_request: Any) -> None:
        seen.append(current_call())

    await start(behind, name="svc_social")
    runtime: list[Runtime] = []

    async def front(_request: Any) -> None:
        await ChannelServiceStub(runtime[0].channel("svc_social")).CheckMember(CHECK)

    started = await start(front, name="svc_upload")
    runtime.append(started.runtime)
    place = (("x-vidmesh-country", "NO"), ("x-vidmesh-edge", "fra1"))
    await started.channels.CreateChannel(CREATE, metadata=(*started.mesh.signed_in("ann"), *place), timeout=4)

    [call] = seen
    assert (call.caller.account_id, call.caller.service) == ("ann", "svc_upload")
    assert (call.country, call.edge_name) == ("NO", "fra1")
    remaining = call.remaining()
    assert remaining is not None
    assert 2 < remaining < 4


async def test_work_outside_a_call_carries_the_service_alone(start: Start) -> None:
    seen: list[Call] = []

    async def behind(_request: Any) -> None:
        seen.append(current_call())

    started = await start(behind)
    other = await started.mesh.runtime("svc_transcode")
    await ChannelServiceStub(other.channel("svc_social")).CheckMember(CHECK)

    assert seen[0].caller.user is None
    assert seen[0].caller.service == "svc_transcode"


async def relayed(start: Start, error: Exception | None) -> Fault:
    """What a caller is told whose handler lets a neighbour's failure through."""

    async def behind(_request: Any) -> None:
        if error is not None:
            raise error
        await asyncio.sleep(60)

    await start(behind, name="svc_social")
    runtime: list[Runtime] = []

    async def front(_request: Any) -> None:
        stub = ChannelServiceStub(runtime[0].channel("svc_social"))
        await stub.CreateChannel(CREATE, timeout=0.3 if error is None else None)

    started = await start(front, name="svc_upload")
    runtime.append(started.runtime)
    return await fault(started.channels.CreateChannel(CREATE, metadata=started.mesh.signed_in("ann")))


@pytest.mark.parametrize(
    "error",
    [
        not_found(ErrorReason.ERROR_REASON_CHANNEL_NOT_FOUND, "There is no such channel.", channel_id="x"),
        precondition(ErrorReason.ERROR_REASON_LAST_OWNER, "A channel must keep an owner."),
        unauthenticated(ErrorReason.ERROR_REASON_INVALID_TOKEN, "The access token has expired."),
    ],
)
async def test_what_a_neighbour_says_about_the_callers_doing_is_passed_on(start: Start, error: Fault) -> None:
    told = await relayed(start, error)

    assert (told.code, told.reason, told.sentence) == (error.code, error.reason, error.sentence)
    assert told.metadata == error.metadata


EXPIRED = unauthenticated(
    ErrorReason.ERROR_REASON_INVALID_TOKEN, "The service token has expired.", access="service", clock="differs"
)


@pytest.mark.parametrize("error", [unavailable(), EXPIRED, None])
async def test_a_neighbour_that_does_not_answer_makes_the_call_unavailable(
    start: Start, error: Exception | None
) -> None:
    told = await relayed(start, error)

    assert told.reason == ErrorReason.ERROR_REASON_UNAVAILABLE
    assert told.retry_after is not None


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a defect over there"),
        invalid(ErrorReason.ERROR_REASON_INVALID_FIELD, "our request was wrong"),
        unauthenticated(ErrorReason.ERROR_REASON_INVALID_TOKEN, "The service token is not good.", access="service"),
    ],
)
async def test_a_defect_between_the_services_is_ours_and_says_nothing(start: Start, error: Exception) -> None:
    told = await relayed(start, error)

    assert told.reason == ErrorReason.ERROR_REASON_INTERNAL
    assert "wrong" not in told.sentence.replace("Something went wrong", "")


async def test_an_idempotent_call_is_retried_and_any_other_is_tried_once(start: Start) -> None:
    tried = {"GetChannel": 0, "CreateChannel": 0}

    async def behind(_request: Any) -> None:
        name = current_call().method.rpartition("/")[2]
        tried[name] += 1
        if tried[name] < 3:
            raise unavailable()

    started = await start(behind)
    stub = ChannelServiceStub((await started.mesh.runtime("svc_upload")).channel("svc_social"))

    await stub.GetChannel(GET)
    await fault(stub.CreateChannel(CREATE, metadata=started.mesh.signed_in("ann")))

    assert tried == {"GetChannel": 3, "CreateChannel": 1}


async def test_an_idempotent_call_waits_for_a_neighbour_that_is_being_restarted(start: Start, mesh: TestMesh) -> None:
    started = await start(nothing)
    address = mesh.settings.services["svc_social"]
    stub = ChannelServiceStub((await mesh.runtime("svc_upload")).channel("svc_social"))
    await stub.GetChannel(GET)
    await started.server.drain()

    waiting = asyncio.ensure_future(_awaited(stub.GetChannel(GET)))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    again = GrpcServer(await mesh.runtime("svc_social"), [channels_service(nothing)])
    await again.start(address)

    await asyncio.wait_for(waiting, 5)
    await again.drain()


async def _awaited(call: Any) -> Any:
    return await call


def test_every_idempotent_method_is_in_the_retry_policy_and_no_other() -> None:
    config = json.loads(service_config())
    retried = [f"/{name['service']}/{name['method']}" for entry in config["methodConfig"] for name in entry["name"]]

    assert sorted(retried) == sorted(
        method.name for method in all_methods().values() if method.policy is not None and method.policy.idempotent
    )


def test_a_stream_without_a_limit_does_not_wait_for_a_neighbour_for_ever() -> None:
    config = json.loads(service_config())

    for entry in config["methodConfig"]:
        for name in entry["name"]:
            method = all_methods()[f"/{name['service']}/{name['method']}"]
            assert method.policy is not None
            assert entry["waitForReady"] == (method.policy.timeout is not None), method.name


async def test_a_neighbour_without_an_address_is_named(mesh: TestMesh) -> None:
    runtime = await mesh.runtime("svc_upload")

    with pytest.raises(ConfigurationError, match="svc_nowhere"):
        runtime.channel("svc_nowhere")


class Issuer(AccountServiceServicer):
    """A part of AccountService: the keys."""

    def __init__(self, ring: KeyRing) -> None:
        """Gives out the public keys of `ring`, which may be exchanged."""
        self.ring = ring
        self.asked = 0

    async def GetJwks(self, request: Any, context: Any) -> GetJwksResponse:
        """Public."""
        self.asked += 1
        return GetJwksResponse(keys=[JsonWebKey(**jwk) for jwk in self.ring.public_jwks()])


async def test_a_service_asks_the_issuer_for_keys_once_and_again_for_one_that_it_does_not_know(
    start: Start, mesh: TestMesh
) -> None:
    issuer = cast("Any", Issuer)(mesh.ring)
    hosted = Hosted(name="vidmesh.social.v1.AccountService", servicer=issuer, add=add_AccountServiceServicer_to_server)
    await mesh.serve(await mesh.runtime("svc_social"), [hosted])
    runtime = await mesh.runtime("svc_upload")
    runtime.use_keys(FetchedKeys(jwks_from(runtime.channel("svc_social"))))
    await mesh.serve(runtime, [channels_service(nothing)])
    stub = ChannelServiceStub(mesh.outside("svc_upload"))

    await asyncio.gather(*(stub.CreateChannel(CREATE, metadata=mesh.signed_in(f"p{one}")) for one in range(5)))
    assert issuer.asked == 1

    mesh.ring = issuer.ring = KeyRing(keys=(*KeyRing.generate().keys, *mesh.ring.keys))
    told = await fault(stub.CreateChannel(CREATE, metadata=mesh.signed_in("ann")))
    assert told.reason == ErrorReason.ERROR_REASON_INVALID_TOKEN, "asked a moment ago"
    await asyncio.sleep(1)
    await stub.CreateChannel(CREATE, metadata=mesh.signed_in("ann"))
    assert issuer.asked == 2


async def test_without_the_issuer_nobody_is_let_in_and_the_caller_is_told_to_wait(mesh: TestMesh) -> None:
    mesh.settings.services["svc_social"] = "127.0.0.1:1"
    runtime = await mesh.runtime("svc_upload")

    async def unreachable() -> dict[str, Any]:
        raise OSError

    runtime.use_keys(FetchedKeys(unreachable))
    await mesh.serve(runtime, [channels_service(nothing)])
    stub = ChannelServiceStub(mesh.outside("svc_upload"))

    told = await fault(stub.CreateChannel(CREATE, metadata=mesh.signed_in("ann")))

    assert told.reason == ErrorReason.ERROR_REASON_UNAVAILABLE
    await stub.GetChannel(GET)
