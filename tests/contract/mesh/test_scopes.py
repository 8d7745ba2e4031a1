"""API tokens: what a call needs where it comes in, and what it carries on to other services."""

from __future__ import annotations

from typing import Any, Final

import jwt
import pytest

from mesh.call import Call, Caller, Principal, current_call
from mesh.errors import Fault
from mesh.interceptors.access import require_scope
from mesh.policy import all_methods
from vidmesh.options.v1.options_pb2 import Access, RateClass, Scope
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.account_pb2 import Role
from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceStub

from .conftest import CHANNEL_ID, Start, fault, nothing

READ, UPLOAD, MANAGE, ADMINISTER = (
    Scope.SCOPE_READ,
    Scope.SCOPE_UPLOAD,
    Scope.SCOPE_MANAGE,
    Scope.SCOPE_ADMINISTER,
)
EVERYTHING: Final = frozenset({READ, UPLOAD, MANAGE, ADMINISTER})
GET = pb.GetChannelRequest(channel="abc")
CREATE = pb.CreateChannelRequest(handle="abcd")
CHECK = pb.CheckMemberRequest(channel_id=CHANNEL_ID, account_id=CHANNEL_ID)


@pytest.mark.parametrize("method", sorted(all_methods()), ids=lambda name: name.rpartition("/")[2])
def test_of_all_scopes_a_method_takes_exactly_its_own(method: str) -> None:
    policy = all_methods()[method].policy
    assert policy is not None
    if policy.access == Access.ACCESS_SERVICE:
        # No token of a person opens it anyway.
        return
    for scope in EVERYTHING:
        caller = Caller(Principal("ann", "t", Role.ROLE_MEMBER, frozenset({scope})))
        if scope == policy.scope:
            require_scope(policy, caller)
        else:
            with pytest.raises(Fault) as caught:
                require_scope(policy, caller)
            assert caught.value.reason_name == "SCOPE_MISSING"


def test_no_method_about_signing_in_takes_an_api_token() -> None:
    for method in all_methods().values():
        assert method.policy is not None
        if method.policy.rate_class == RateClass.RATE_CLASS_AUTH:
            assert method.policy.scope == Scope.SCOPE_UNSPECIFIED, method.name


def test_what_only_administrators_may_needs_their_scope_or_a_sign_in() -> None:
    for method in all_methods().values():
        assert method.policy is not None
        if method.policy.access == Access.ACCESS_ADMINISTRATOR:
            assert method.policy.scope in (Scope.SCOPE_ADMINISTER, Scope.SCOPE_UNSPECIFIED), method.name


async def test_a_call_by_an_api_token_knows_its_scopes_and_the_clients_address(start: Start) -> None:
    seen: list[Call] = []

    async def handler(_request: Any) -> None:
        seen.append(current_call())

    started = await start(handler)
    scopes = frozenset({READ, UPLOAD})
    metadata = (*started.mesh.signed_in("ann", session_id="t", scopes=scopes), ("x-vidmesh-address", "192.0.2.1"))
    await started.channels.GetChannel(GET, metadata=metadata)

    assert seen[0].caller.user == Principal("ann", "t", Role.ROLE_MEMBER, scopes)
    assert seen[0].address == "192.0.2.1"
    assert "192.0.2.1" not in repr(seen[0])


async def test_a_scope_that_is_missing_is_named(start: Start) -> None:
    started = await start(nothing)
    reader = started.mesh.signed_in("ann", scopes=frozenset({READ}))
    told = await fault(started.channels.CreateChannel(CREATE, metadata=reader))
    assert (told.reason_name, dict(told.metadata)) == ("SCOPE_MISSING", {"scope": "manage"})


async def test_a_token_without_the_scope_of_administrators_proves_a_member(start: Start) -> None:
    seen: list[Call] = []

    async def handler(_request: Any) -> None:
        seen.append(current_call())

    started = await start(handler)
    for scopes in (frozenset({READ}), frozenset({READ, ADMINISTER})):
        metadata = started.mesh.signed_in("root", role=Role.ROLE_ADMINISTRATOR, scopes=scopes)
        await started.channels.GetChannel(GET, metadata=metadata)
    assert [call.caller.is_administrator for call in seen] == [False, True]


@pytest.mark.parametrize("scopes", ["read", ["read", 1], {"read": True}, None])
async def test_a_token_whose_scopes_are_no_list_of_names_is_refused(start: Start, scopes: object) -> None:
    started = await start(nothing)
    key = started.mesh.ring.signing
    body = {"iss": "vidmesh", "sub": "ann", "sid": "t", "role": "member", "iat": 1, "exp": 4_000_000_000, "scp": scopes}
    token = jwt.encode(body, key.private, algorithm="EdDSA", headers={"kid": key.kid})
    told = await fault(started.channels.GetChannel(GET, metadata=(("authorization", f"Bearer {token}"),)))
    assert told.reason_name == "INVALID_TOKEN"


@pytest.mark.parametrize("scopes", [[], ["invented"]])
async def test_a_token_without_a_scope_that_is_known_does_nothing_at_all(start: Start, scopes: list[str]) -> None:
    started = await start(nothing)
    key = started.mesh.ring.signing
    body = {"iss": "vidmesh", "sub": "ann", "sid": "t", "role": "member", "iat": 1, "exp": 4_000_000_000, "scp": scopes}
    token = jwt.encode(body, key.private, algorithm="EdDSA", headers={"kid": key.kid})
    told = await fault(started.channels.GetChannel(GET, metadata=(("authorization", f"Bearer {token}"),)))
    assert told.reason_name == "SCOPE_MISSING"


async def test_a_service_calls_on_for_the_bearer_whatever_the_other_methods_scope_is(start: Start) -> None:
    seen: list[Call] = []

    async def answer(_request: Any) -> None:
        seen.append(current_call())

    social = await start(answer)
    upload = await social.mesh.runtime("svc_upload")
    stub = ChannelServiceStub(upload.channel("svc_social"))

    async def ask(_request: Any) -> None:
        await stub.CheckMember(CHECK)
        await stub.CreateChannel(CREATE)

    front = await start(ask, name="svc_front")
    reader = front.mesh.signed_in("ann", scopes=frozenset({READ}))
    await front.channels.GetChannel(GET, metadata=(*reader, ("x-vidmesh-address", "192.0.2.1")))

    assert [call.caller.service for call in seen] == ["svc_upload", "svc_upload"]
    assert {call.caller.user for call in seen} == {Principal("ann", "a-session", Role.ROLE_MEMBER, frozenset({READ}))}
    assert {call.address for call in seen} == {"192.0.2.1"}
