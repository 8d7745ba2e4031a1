"""Media opens by its grant and by nothing else."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mesh.call import Principal
from mesh.grants import GrantScope
from tests.contract.gateway.faces import raw_status
from vidmesh.social.v1.account_pb2 import ROLE_MEMBER

pytestmark = pytest.mark.asyncio(loop_scope="module")

VIDEO, OTHER, LONGER = "abcdefghijk", "ABCDEFGHIJK", "abcdefghijkl"
SEGMENT = "s/job-1/00001.m4s"
CONTENT = bytes(range(256)) * 40
REFUSED = {httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}


@pytest.fixture(autouse=True)
def objects(installation: Any) -> None:
    bucket = f"/{installation.media_bucket}"
    for video in (VIDEO, OTHER, LONGER):
        installation.store.objects[f"{bucket}/v/{video}/{SEGMENT}"] = CONTENT
        installation.store.objects[f"{bucket}/v/{video}/t/job-1/0.jpg"] = b"a picture"


def later(**length: int) -> datetime:
    return datetime.now(UTC) + timedelta(**length)


def signed(ring: Any, headers: dict[str, str] | None = None, **claims: Any) -> str:
    """A grant with any claims at all, by the right key."""
    given = {
        "iss": "vidmesh-media",
        "exp": int(later(hours=1).timestamp()),
        "pfx": f"/media/v/{VIDEO}/",
        "acc": f"{VIDEO}.1",
    }
    stated = {name: value for name, value in (given | claims).items() if value is not None}
    key = ring.signing
    return jwt.encode(stated, key.private, algorithm="EdDSA", headers={"kid": key.kid, **(headers or {})})


async def test_a_grant_opens_its_video(installation: Any, http: httpx.AsyncClient, grant: str) -> None:
    answer = await http.get(f"/media/~{grant}/v/{VIDEO}/{SEGMENT}")
    assert answer.status_code == httpx.codes.OK
    assert answer.content == CONTENT
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert not {"vary", "x-amz-request-id"} & set(answer.headers)
    assert answer.headers["server"] == "vidmesh"


async def test_a_player_may_ask_for_a_range(http: httpx.AsyncClient, grant: str) -> None:
    for path in (SEGMENT, SEGMENT):
        answer = await http.get(f"/media/~{grant}/v/{VIDEO}/{path}", headers={"range": "bytes=256-511"})
        assert answer.status_code == httpx.codes.PARTIAL_CONTENT
        assert answer.content == CONTENT[256:512]
        assert answer.headers["content-range"] == f"bytes 256-511/{len(CONTENT)}"


async def test_a_player_may_ask_for_the_length(http: httpx.AsyncClient, grant: str) -> None:
    answer = await http.head(f"/media/~{grant}/v/{VIDEO}/{SEGMENT}")
    assert answer.headers["content-length"] == str(len(CONTENT))


async def test_a_file_that_is_not_there_is_not_found_and_the_store_is_not_shown(
    http: httpx.AsyncClient, grant: str
) -> None:
    answer = await http.get(f"/media/~{grant}/v/{VIDEO}/s/gone.m4s")
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.json() == {"code": 5, "message": "There is no such file.", "details": []}
    assert answer.headers["cache-control"] == "no-store"
    assert (await http.head(f"/media/~{grant}/v/{VIDEO}/s/gone.m4s")).status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize("place", ["s", "s/", "s/720p"])
async def test_a_folder_is_no_file_whatever_the_store_says_of_it(
    installation: Any, http: httpx.AsyncClient, grant: str, place: str
) -> None:
    installation.store.objects[f"/{installation.media_bucket}/v/{VIDEO}/{place}"] = b""
    for _ in range(2):
        answer = await http.get(f"/media/~{grant}/v/{VIDEO}/{place}")
        assert answer.status_code == httpx.codes.NOT_FOUND
        assert answer.json() == {"code": 5, "message": "There is no such file.", "details": []}
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
        assert (await http.head(f"/media/~{grant}/v/{VIDEO}/{place}")).status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize("status", [403, 500, 503])
async def test_a_store_that_fails_is_no_fault_of_the_viewers(
    installation: Any, http: httpx.AsyncClient, grant: str, status: int
) -> None:
    installation.store.failing = status
    answer = await http.get(f"/media/~{grant}/v/{VIDEO}/s/failing-{status}.m4s")
    installation.store.failing = None
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert answer.json()["code"] == 14
    assert answer.headers["retry-after"] == "1"


async def test_all_viewers_share_what_the_edge_keeps(installation: Any, http: httpx.AsyncClient) -> None:
    path = f"/{installation.media_bucket}/v/{VIDEO}/s/shared.m4s"
    installation.store.objects[path] = CONTENT
    for hours in (1, 2, 3):
        grant = installation.grants.mint(VIDEO, 1, later(hours=hours))
        assert (await http.get(f"/media/~{grant}/v/{VIDEO}/s/shared.m4s")).content == CONTENT
    assert [request.method for request in installation.store.requests if request.path == path] == ["GET"]


async def test_the_store_is_asked_with_the_edges_own_signature_and_nothing_of_the_viewers(
    installation: Any, http: httpx.AsyncClient, grant: str
) -> None:
    path = f"/{installation.media_bucket}/v/{VIDEO}/s/signed.m4s"
    installation.store.objects[path] = CONTENT
    await http.get(
        f"/media/~{grant}/v/{VIDEO}/s/signed.m4s?acl&versionId=1",
        headers={"authorization": "Bearer of the viewer", "cookie": "session=1", "x-forwarded-host": "elsewhere"},
    )
    request = next(request for request in installation.store.requests if request.path.startswith(path))
    assert request.path == path
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=edge/")
    assert request.headers["host"] == httpx.URL(installation.store.url).netloc.decode()
    assert not {"cookie", "x-forwarded-host", "x-vidmesh-grant"} & set(request.headers)


async def test_a_page_of_any_origin_may_play(http: httpx.AsyncClient, grant: str) -> None:
    address = f"/media/~{grant}/v/{VIDEO}/{SEGMENT}"
    answer = await http.get(address, headers={"origin": "https://anywhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "content-range" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    asking = {"access-control-request-method": "GET", "access-control-request-headers": "range"}
    preflight = await http.options(address, headers={"origin": "https://anywhere.example", **asking})
    assert preflight.status_code == httpx.codes.OK
    assert "range" in preflight.headers["access-control-allow-headers"]


async def test_what_a_browser_kept_for_one_page_serves_the_pages_of_every_other_origin(
    http: httpx.AsyncClient, grant: str
) -> None:
    address = f"/media/~{grant}/v/{VIDEO}/{SEGMENT}"
    origins: list[dict[str, str]] = [{}, {"origin": "https://one.example"}, {"origin": "https://other.example"}]
    answers = [await http.get(address, headers=origin) for origin in origins]
    told = [{k: v for k, v in a.headers.items() if k.startswith("access-control-")} for a in answers]
    assert told[0]["access-control-allow-origin"] == "*"
    assert told == [told[0]] * 3


@pytest.mark.parametrize("origin", [{}, {"origin": "https://anywhere.example"}])
async def test_a_page_may_read_why_it_gets_no_media(
    http: httpx.AsyncClient, grant: str, origin: dict[str, str]
) -> None:
    for address in (f"/media/~{grant}/v/{VIDEO}/nothing.m4s", f"/media/~{grant}/v/{OTHER}/{SEGMENT}", "/media/x"):
        answer = await http.get(address, headers=origin)
        assert answer.status_code in {403, 404}
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE", "PATCH"])
async def test_media_can_only_be_read(installation: Any, grant: str, verb: str) -> None:
    before = len(installation.store.requests)
    assert await raw_status(installation.edge.address, f"/media/~{grant}/v/{VIDEO}/{SEGMENT}", verb) == 405
    assert len(installation.store.requests) == before


@pytest.mark.parametrize(
    "path",
    [
        f"/media/v/{VIDEO}/{SEGMENT}",
        f"/media/~/v/{VIDEO}/{SEGMENT}",
        f"/vidmesh-media/v/{VIDEO}/{SEGMENT}",
        f"/media/~GRANT/v/{OTHER}/{SEGMENT}",
        f"/media/~GRANT/v/{LONGER}/{SEGMENT}",
        f"/media/~GRANT/v/{VIDEO}/../{OTHER}/{SEGMENT}",
        f"/media/~GRANT/v/{VIDEO}/%2e%2e/{OTHER}/{SEGMENT}",
        f"/media/~GRANT/v/{VIDEO}/%2E./{OTHER}/{SEGMENT}",
        f"/media/~GRANT/v/{VIDEO}/..%2f{OTHER}/{SEGMENT}",
        f"/media/~GRANT/v/{VIDEO}%2f..%2f{OTHER}/{SEGMENT}",
        f"/media/~GRANT/v/{VIDEO}/%252e%252e/{OTHER}/{SEGMENT}",
        f"/media/~GRANT/v/{VIDEO}/..\\{OTHER}\\{SEGMENT}",
        f"/media/~GRANT/v/{VIDEO}/..%5c{OTHER}/{SEGMENT}",
        f"/media/~GRANT/v/{VIDEO}/..;/{OTHER}/{SEGMENT}",
        f"/media/~GRANT/v/{VIDEO}/%00/{SEGMENT}",
        f"/media/~GRANT//v/{VIDEO}/../{OTHER}/{SEGMENT}",
        f"/media/~GRANT/../../v/{OTHER}/{SEGMENT}",
        f"/media/~GRANT/v/{OTHER}/{SEGMENT}?/v/{VIDEO}/",
        f"/media/~GRANT/v/{OTHER}/{SEGMENT}#/v/{VIDEO}/",
        f"/media/v/{OTHER}/~GRANT/v/{VIDEO}/{SEGMENT}",
        "/media/~GRANT/v/",
        f"/media/~GRANT/v/{VIDEO}/",
        f"/media/~GRANT/u/{VIDEO}/{SEGMENT}",
    ],
)
async def test_a_grant_opens_nothing_else_however_it_is_written(installation: Any, grant: str, path: str) -> None:
    before = len(installation.store.requests)
    assert await raw_status(installation.edge.address, path.replace("GRANT", grant)) in REFUSED
    assert len(installation.store.requests) == before


async def test_a_grant_in_a_header_opens_nothing(installation: Any, grant: str) -> None:
    wrong = installation.grants.mint(OTHER, 1, later(hours=1))
    smuggled = f"x-vidmesh-grant: {wrong}\r\nx-vidmesh-access-key: {OTHER}.1\r\nauthorization: Bearer {wrong}\r\n"
    status = await raw_status(installation.edge.address, f"/media/~{grant}/v/{OTHER}/{SEGMENT}", headers=smuggled)
    assert status == httpx.codes.FORBIDDEN


async def test_a_grant_for_pictures_opens_pictures_alone(installation: Any, http: httpx.AsyncClient) -> None:
    grant = installation.grants.mint(VIDEO, 1, later(hours=1), GrantScope.PICTURES)
    assert (await http.get(f"/media/~{grant}/v/{VIDEO}/t/job-1/0.jpg")).content == b"a picture"
    assert (await http.get(f"/media/~{grant}/v/{VIDEO}/{SEGMENT}")).status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"exp": 1}, httpx.codes.UNAUTHORIZED),
        ({"exp": None}, httpx.codes.UNAUTHORIZED),
        ({"iss": "vidmesh"}, httpx.codes.UNAUTHORIZED),
        ({"iss": None}, httpx.codes.UNAUTHORIZED),
        ({"nbf": 32503680000}, httpx.codes.UNAUTHORIZED),
        ({"pfx": ""}, httpx.codes.FORBIDDEN),
        ({"pfx": "/"}, httpx.codes.FORBIDDEN),
        ({"pfx": "/media/v/"}, httpx.codes.FORBIDDEN),
        ({"pfx": f"/media/v/{VIDEO}"}, httpx.codes.FORBIDDEN),
        ({"pfx": None}, httpx.codes.FORBIDDEN),
        ({"pfx": [f"/media/v/{VIDEO}/"]}, httpx.codes.FORBIDDEN),
        ({"pfx": {"a": 1}}, httpx.codes.FORBIDDEN),
        ({"acc": None}, httpx.codes.FORBIDDEN),
        ({"acc": ""}, httpx.codes.FORBIDDEN),
        ({"acc": VIDEO}, httpx.codes.FORBIDDEN),
        ({"acc": f"{VIDEO}."}, httpx.codes.FORBIDDEN),
        ({"acc": f"{VIDEO}.1\n"}, httpx.codes.FORBIDDEN),
        ({"acc": f" {VIDEO}.1"}, httpx.codes.FORBIDDEN),
        ({"acc": [f"{VIDEO}.1"]}, httpx.codes.FORBIDDEN),
        ({"acc": 1}, httpx.codes.FORBIDDEN),
    ],
)
async def test_a_grant_with_claims_that_are_not_ours_opens_nothing(
    installation: Any, http: httpx.AsyncClient, claims: dict[str, Any], status: int
) -> None:
    grant = signed(installation.grant_ring, **claims)
    assert (await http.get(f"/media/~{grant}/v/{VIDEO}/{SEGMENT}")).status_code == status


def forgeries(installation: Any, grant: str) -> dict[str, str]:
    head, body, signature = grant.split(".")

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = jwt.decode(grant, options={"verify_signature": False})
    public = installation.grant_ring.signing.private.public_key().public_bytes_raw()
    return {
        "tampered claims": f"{head}.{part(claims | {'pfx': '/media/v/'})}.{signature}",
        "tampered signature": f"{head}.{body}.{signature[:-8]}AAAAAAAA",
        "no signature": f"{part({'alg': 'none'})}.{body}.AA",
        "signed by a stranger": jwt.encode(
            claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": installation.grant_ring.signing.kid}
        ),
        "signed with the public key as a shared secret": jwt.encode(claims, public, "HS256"),
        "an access token": installation.access.mint(Principal("a", "s", ROLE_MEMBER)).token,
    }


@pytest.mark.parametrize(
    "forgery",
    [
        "tampered claims",
        "tampered signature",
        "no signature",
        "signed by a stranger",
        "signed with the public key as a shared secret",
        "an access token",
    ],
)
async def test_a_forged_grant_opens_nothing(
    installation: Any, http: httpx.AsyncClient, grant: str, forgery: str
) -> None:
    answer = await http.get(f"/media/~{forgeries(installation, grant)[forgery]}/v/{VIDEO}/{SEGMENT}")
    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert answer.json()["details"][0]["reason"] == "INVALID_TOKEN"


async def test_a_grant_that_was_taken_back_stops_working_within_a_second_though_the_segment_is_kept(
    installation: Any, http: httpx.AsyncClient
) -> None:
    address = f"/media/~{installation.grants.mint(OTHER, 7, later(hours=1))}/v/{OTHER}/{SEGMENT}"
    newer = f"/media/~{installation.grants.mint(OTHER, 8, later(hours=1))}/v/{OTHER}/{SEGMENT}"
    assert (await http.get(address)).status_code == httpx.codes.OK
    began = time.monotonic()
    installation.edge.control.learn(replace(installation.keys, revoked=frozenset({f"{OTHER}.7"})))
    while (await http.get(address)).is_success:
        assert time.monotonic() - began < 1
        await asyncio.sleep(0.01)
    assert (await http.get(address)).status_code == httpx.codes.FORBIDDEN
    assert (await http.get(newer)).status_code == httpx.codes.OK
    installation.edge.control.learn(installation.keys)
