"""Who may call what: every access class against every kind of caller, and every kind of bad token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import grpc
import jwt
import pytest

from mesh.call import ANONYMOUS, Call, Caller, Principal, current_call
from mesh.errors import Fault
from mesh.identity import CLOCKS_APART
from mesh.interceptors.access import require
from mesh.keyring import KeyRing
from mesh.testing.serving import TestMesh
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.options.v1.options_pb2 import Access
from vidmesh.social.v1 import channel_service_pb2 as pb
from vidmesh.social.v1.account_pb2 import Role

from .conftest import CHANNEL_ID, Start, fault, nothing

GET = pb.GetChannelRequest(channel="abc")
CREATE = pb.CreateChannelRequest(handle="abcd")
CHECK = pb.CheckMemberRequest(channel_id=CHANNEL_ID, account_id=CHANNEL_ID)

MEMBER = Caller(Principal("a", "s", Role.ROLE_MEMBER))
ADMINISTRATOR = Caller(Principal("a", "s", Role.ROLE_ADMINISTRATOR))
SERVICE = Caller(service="svc_upload")
SERVICE_FOR_MEMBER = Caller(MEMBER.user, "svc_upload")

ALLOWED: dict[Access.ValueType, list[Caller]] = {
    Access.ACCESS_PUBLIC: [ANONYMOUS, MEMBER, ADMINISTRATOR, SERVICE, SERVICE_FOR_MEMBER],
    Access.ACCESS_USER: [MEMBER, ADMINISTRATOR, SERVICE_FOR_MEMBER],
    Access.ACCESS_ADMINISTRATOR: [ADMINISTRATOR],
    Access.ACCESS_SERVICE: [SERVICE, SERVICE_FOR_MEMBER],
}


@pytest.mark.parametrize("access", list(ALLOWED))
@pytest.mark.parametrize("caller", [ANONYMOUS, MEMBER, ADMINISTRATOR, SERVICE, SERVICE_FOR_MEMBER])
def test_the_access_matrix(access: Access.ValueType, caller: Caller) -> None:
    if caller in ALLOWED[access]:
        require(access, caller)
        return
    with pytest.raises(Fault) as caught:
        require(access, caller)
    unknown = caller.user is None and access != Access.ACCESS_SERVICE
    assert caught.value.code is (grpc.StatusCode.UNAUTHENTICATED if unknown else grpc.StatusCode.PERMISSION_DENIED)


async def test_a_public_method_serves_anybody_and_knows_who_is_signed_in(start: Start) -> None:
    seen: list[Call] = []

    async def handler(_request: Any) -> None:
        seen.append(current_call())

    started = await start(handler)
    await started.channels.GetChannel(GET)
    await started.channels.GetChannel(GET, metadata=started.mesh.signed_in("ann", session_id="s1"))

    assert seen[0].caller == ANONYMOUS
    assert seen[1].caller.user == Principal("ann", "s1", Role.ROLE_MEMBER)
    assert seen[1].method == "/vidmesh.social.v1.ChannelService/GetChannel"
    with pytest.raises(Fault):
        _ = seen[0].caller.account_id


async def test_a_method_for_people_asks_an_anonymous_caller_to_sign_in(start: Start) -> None:
    started = await start(nothing)

    told = await fault(started.channels.CreateChannel(CREATE))

    assert (told.code, told.reason) == (
        grpc.StatusCode.UNAUTHENTICATED,
        ErrorReason.ERROR_REASON_SIGN_IN_REQUIRED,
    )
    await started.channels.CreateChannel(CREATE, metadata=started.mesh.signed_in("ann"))


async def test_a_method_for_services_refuses_people_and_takes_services(start: Start) -> None:
    started = await start(nothing)

    told = await fault(started.channels.CheckMember(CHECK, metadata=started.mesh.signed_in("ann")))
    assert (told.code, dict(told.metadata)) == (grpc.StatusCode.PERMISSION_DENIED, {"access": "service"})

    await started.channels.CheckMember(CHECK, metadata=started.mesh.as_service("svc_upload"))


async def test_access_is_checked_before_the_request_is_looked_at(start: Start) -> None:
    started = await start(nothing)

    told = await fault(started.channels.CreateChannel(pb.CreateChannelRequest()))

    assert told.reason == ErrorReason.ERROR_REASON_SIGN_IN_REQUIRED


def claims(**changes: Any) -> dict[str, Any]:
    now = int(datetime.now(UTC).timestamp())
    return {"iss": "vidmesh", "sub": "ann", "sid": "s", "role": "member", "iat": now, "exp": now + 900} | changes


def token_of(ring: KeyRing, changed: dict[str, Any], *, kid: str | None = None, without: str | None = None) -> str:
    body = {name: value for name, value in claims(**changed).items() if name != without}
    headers = {"kid": kid or ring.signing.kid}
    return jwt.encode(body, ring.signing.private, algorithm="EdDSA", headers=headers)


def bad_tokens(mesh: TestMesh) -> dict[str, str]:
    good = token_of(mesh.ring, {})
    stranger = KeyRing.generate()
    head, _, signature = good.split(".")
    other_body = token_of(stranger, {"sub": "bob"}).split(".")[1]
    public = mesh.ring.signing.private.public_key().public_bytes_raw()
    return {
        "not a token": "abc",
        "signed by a stranger": token_of(stranger, {}),
        "signed by a stranger under our key id": token_of(stranger, {}, kid=mesh.ring.signing.kid),
        "another body under our signature": f"{head}.{other_body}.{signature}",
        "no signature": f"{head}.{good.split('.')[1]}.",
        "algorithm none": jwt.encode(claims(), "", algorithm="none", headers={"kid": mesh.ring.signing.kid}),
        "our public key as a shared secret": jwt.encode(
            claims(), public, algorithm="HS256", headers={"kid": mesh.ring.signing.kid}
        ),
        "expired": token_of(mesh.ring, {"exp": 1_000_000}),
        "another issuer": token_of(mesh.ring, {"iss": "vidmesh-media"}),
        "an unknown role": token_of(mesh.ring, {"role": "root"}),
        "a role that is a list": token_of(mesh.ring, {"role": ["administrator"]}),
        "an empty subject": token_of(mesh.ring, {"sub": ""}),
        "no end": token_of(mesh.ring, {}, without="exp"),
        "no session": token_of(mesh.ring, {}, without="sid"),
    }


async def test_a_bad_token_is_refused_even_where_none_is_needed(start: Start) -> None:
    started = await start(nothing)
    for what, token in bad_tokens(started.mesh).items():
        told = await fault(started.channels.GetChannel(GET, metadata=(("authorization", f"Bearer {token}"),)))
        assert told.code is grpc.StatusCode.UNAUTHENTICATED, what
        assert told.reason == ErrorReason.ERROR_REASON_INVALID_TOKEN, what


async def test_a_token_of_an_issuer_whose_clock_is_ahead_is_believed(start: Start) -> None:
    started = await start(nothing)
    issued = int((datetime.now(UTC) + CLOCKS_APART).timestamp())
    token = token_of(started.mesh.ring, {"iat": issued, "exp": issued + 900})

    await started.channels.CreateChannel(CREATE, metadata=(("authorization", f"Bearer {token}"),))


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer ", "abc"])
async def test_another_scheme_than_bearer_is_refused(start: Start, header: str) -> None:
    started = await start(nothing)

    told = await fault(started.channels.GetChannel(GET, metadata=(("authorization", header),)))

    assert told.reason == ErrorReason.ERROR_REASON_INVALID_TOKEN


async def test_a_service_token_of_another_installation_is_refused(start: Start) -> None:
    started = await start(nothing)
    now = int(datetime.now(UTC).timestamp())
    forged = jwt.encode(
        {"iss": "vidmesh-services", "sub": "svc_upload", "iat": now, "exp": now + 60}, "x" * 40, algorithm="HS256"
    )

    told = await fault(started.channels.CheckMember(CHECK, metadata=(("x-vidmesh-service", forged),)))

    assert told.reason == ErrorReason.ERROR_REASON_INVALID_TOKEN


async def test_an_access_token_is_no_service_token_and_the_other_way_round(start: Start) -> None:
    started = await start(nothing)
    [(_, bearer)] = started.mesh.signed_in("ann")
    [(_, service)] = started.mesh.as_service("svc_upload")

    crossed = (("x-vidmesh-service", bearer.removeprefix("Bearer ")),)
    assert (await fault(started.channels.CheckMember(CHECK, metadata=crossed))).code is grpc.StatusCode.UNAUTHENTICATED
    crossed = (("authorization", f"Bearer {service}"),)
    assert (await fault(started.channels.GetChannel(GET, metadata=crossed))).code is grpc.StatusCode.UNAUTHENTICATED
