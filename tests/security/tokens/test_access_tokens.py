"""An access token that is not ours, or not any more, is refused in the same words by every face."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import httpx
import pytest

from mesh.policy import all_methods
from mesh.service_tokens import ServiceTokens
from tests.e2e.people import Person
from tests.e2e.stacks import Stack
from tests.security.matrix.faces import Faces, Outcome
from tests.security.matrix.scene import configuration_of
from tests.security.tokens.forged import ACCESS, Good
from vidmesh.social.v1.account_service_pb2 import GetAccountRequest
from vidmesh.social.v1.channel_service_pb2 import GetChannelRequest

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120), pytest.mark.usefixtures("nobody_died")]

NEEDED: Final = "/vidmesh.social.v1.AccountService/GetAccount"
NOT_NEEDED: Final = "/vidmesh.social.v1.ChannelService/GetChannel"
SENTENCE: Final = re.compile(r"[A-Z].*[.]")


def asked(faces: Faces, person: Person, name: str, headers: Mapping[str, str]) -> list[Outcome]:
    """By every face."""
    method = all_methods()[name]
    request = GetAccountRequest(account_id="me") if name == NEEDED else GetChannelRequest(channel=person.channel_id)
    return [ask(method, request, headers) for ask in (faces.grpc, faces.web, faces.json)]


@pytest.mark.parametrize("name", [NEEDED, NOT_NEEDED], ids=["needed", "not needed"])
@pytest.mark.parametrize("forgery", ACCESS)
def test_a_forged_token_is_refused_alike_by_every_face(
    plain_faces: Faces, person: Person, good_access: Good, forgery: str, name: str
) -> None:
    headers = {"authorization": f"Bearer {ACCESS[forgery](good_access)}"}
    outcomes = asked(plain_faces, person, name, headers)
    assert {str(outcome) for outcome in outcomes} == {"UNAUTHENTICATED INVALID_TOKEN"}
    (sentence,) = {outcome.sentence for outcome in outcomes}
    assert SENTENCE.fullmatch(sentence)


def test_a_good_token_is_taken_meanwhile(plain_faces: Faces, person: Person, good_access: Good) -> None:
    headers = {"authorization": f"Bearer {good_access.token}"}
    assert [outcome.code for outcome in asked(plain_faces, person, NEEDED, headers)] == ["OK"] * 3


@pytest.mark.parametrize(
    "claimed",
    [
        {"x-vidmesh-account": "me"},
        {"x-vidmesh-account-id": "00000000-0000-4000-8000-000000000000", "x-vidmesh-role": "administrator"},
        {"x-vidmesh-service": "svc_upload"},
        {"x-jwt-payload": "e30", "x-vidmesh-jwt": "e30"},
        {"x-forwarded-user": "root", "x-remote-user": "root", "remote-user": "root", "x-auth-request-user": "root"},
        {"x-envoy-internal": "true", "x-envoy-original-path": "/v1/accounts:export"},
        {"x-http-method-override": "DELETE", "x-original-url": "/v1/accounts:export", "x-rewrite-url": "/v1/jwks"},
        {"forwarded": "for=127.0.0.1", "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1"},
        {"authorization": "Basic cm9vdDpyb290"},
        {"cookie": "vidmesh_access=a.b.c"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_who_is_called_somebody_by_a_header_alone_is_nobody(
    plain_faces: Faces, person: Person, claimed: dict[str, str]
) -> None:
    outcomes = asked(plain_faces, person, NEEDED, claimed)
    assert {outcome.code for outcome in outcomes} == {"UNAUTHENTICATED"}
    (sentence,) = {outcome.sentence for outcome in outcomes}
    assert SENTENCE.fullmatch(sentence)


def test_even_a_real_services_token_is_worth_nothing_from_outside(
    plain_stack: Stack, plain_faces: Faces, person: Person
) -> None:
    secret = configuration_of(plain_stack)["identity"]["service_secret"]
    headers = {"x-vidmesh-service": ServiceTokens(secret, "svc_upload").own()}
    outcomes = asked(plain_faces, person, NEEDED, headers)
    assert {str(outcome) for outcome in outcomes} == {"UNAUTHENTICATED SIGN_IN_REQUIRED"}


def test_two_tokens_are_one_too_many(plain_stack: Stack, good_access: Good) -> None:
    sent = [("authorization", f"Bearer {good_access.token}"), ("authorization", "Bearer a.b.c")]
    for headers in (sent, sent[::-1]):
        answer = httpx.get(f"{plain_stack.edge_url}/v1/accounts/me", headers=headers, timeout=20)
        assert answer.status_code in {400, 401}, answer.text
