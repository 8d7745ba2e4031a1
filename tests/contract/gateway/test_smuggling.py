"""Whatever is written into a request, it reaches what its one plain reading names, or nothing at all.

Each request is sent byte for byte as it stands here.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections.abc import Mapping
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest

from mesh.errors import Fault
from mesh.identity import ADDRESS, COUNTRY, EDGE, SERVICE_TOKEN, bearer_token
from mesh.policy import all_methods
from tests.contract.gateway.faces import VIDEO, VIDEOS, grpc_call, signed_in, token_of
from vidmesh.options.v1.options_pb2 import ACCESS_SERVICE
from vidmesh.upload.v1.video_service_pb2 import GetVideoRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUIET = 0.4
"""Seconds without an answer after which there will be none."""
READ = f"/v1/videos/{VIDEO}"


async def said(installation: Any, request: bytes) -> bytes:
    """Everything that the edge answers before it hangs up, or falls silent."""
    host, port = installation.edge.address.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    heard = b""
    try:
        writer.write(request)
        while more := await asyncio.wait_for(reader.read(1 << 16), QUIET):
            heard += more
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return heard


def statuses(heard: bytes) -> list[int]:
    """Of every answer in it."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", heard)]


def reached(installation: Any) -> int:
    """How much has come to the services and to the store."""
    return len(installation.services.seen.calls) + len(installation.store.requests)


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", "host: edge", *headers, "connection: close", "", "")).encode()


HIDDEN = b"GET /v1/videos/smuggled_in HTTP/1.1\r\nhost: edge\r\n\r\n"
CONFLICTS = {
    "length and chunks": b"content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"transfer-encoding: chunked\r\ncontent-length: 6\r\n\r\n0\r\n\r\n",
    "two lengths": b"content-length: 5\r\ncontent-length: 6\r\n\r\n",
    "a list of lengths": b"content-length: 5, 6\r\n\r\n",
    "a negative length": b"content-length: -1\r\n\r\n",
    "a length with a sign": b"content-length: +5\r\n\r\n",
    "a length in hexadecimal": b"content-length: 0x5\r\n\r\n",
    "chunks, in disguise": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks twice": b"transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunks and something": b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    "a zero byte": b"x: a\x00b\r\n\r\n",
}


@pytest.mark.parametrize("conflict", CONFLICTS.values(), ids=CONFLICTS)
async def test_a_request_whose_end_can_be_read_in_two_ways_hides_no_other(installation: Any, conflict: bytes) -> None:
    before = len(installation.services.seen.calls)
    heard = await said(installation, b"POST /v1/sessions HTTP/1.1\r\nhost: edge\r\n" + conflict + HIDDEN)
    assert statuses(heard)[:1] in ([], [400], [501]), heard
    assert len(statuses(heard)) <= 1
    assert len(installation.services.seen.calls) == before


@pytest.mark.parametrize("fold", [b"\r\n ", b"\r\n\t", b"\n\t"], ids=["space", "tab", "bare line feed"])
async def test_a_folded_line_belongs_to_the_header_above_it_and_hides_no_request(
    installation: Any, fold: bytes
) -> None:
    before = len(installation.services.seen.calls)
    head = b"POST /v1/sessions HTTP/1.1\r\nhost: edge\r\nx: 1" + fold + b"transfer-encoding: chunked\r\n\r\n"
    heard = await said(installation, head + b"0\r\n\r\n" + HIDDEN)
    assert statuses(heard) in ([200, 400], [400])
    assert [name for name, _ in installation.services.seen.calls[before:]] in (["SignIn"], [])


async def test_a_body_is_never_read_as_a_request(installation: Any) -> None:
    before = reached(installation)
    head = f"POST /v1/nothing HTTP/1.1\r\nhost: edge\r\ncontent-length: {len(HIDDEN)}\r\n\r\n"
    heard = await said(installation, head.encode() + HIDDEN)
    assert statuses(heard) == [404]
    assert reached(installation) == before


PATHS = {
    "a dot segment": f"/v1/nothing/../videos/{VIDEO}",
    "an absolute form": f"http://edge{READ}",
    "an absolute form of another host": f"http://elsewhere.example{READ}",
    "two slashes": f"//v1//videos/{VIDEO}",
    "backslashes": f"/v1\\nothing\\..\\videos/{VIDEO}",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_another_way_to_write_an_address_reads_as_the_plain_one(installation: Any, path: str) -> None:
    before = len(installation.services.seen.calls)
    assert statuses(await said(installation, get(path))) == [200]
    assert [name for name, _ in installation.services.seen.calls[before:]] == ["GetVideo"]


STRANGE = {
    "an encoded slash": f"/v1%2fvideos/{VIDEO}",
    "an encoded backslash": f"/v1%5cvideos/{VIDEO}",
    "a backslash": f"/v1\\videos\\..\\nothing/{VIDEO}/..",
    "a parameter of a segment": f"/v1/..;/videos/{VIDEO}/nothing",
    "a dot segment with a parameter": "/healthz/..;/v1/admin",
    "encoded dots out of the root": "/%2e%2e/%2e%2e/etc/passwd",
    "dots out of the root": "/../../etc/passwd",
    "encoded twice": f"/v1%252fvideos/{VIDEO}",
    "a zero byte": "/v1/videos/%00",
    "overlong UTF-8": "/v1/videos/%c0%ae%c0%ae/x",
    "a service's path in capitals": "/VIDMESH.UPLOAD.V1.VIDEOSERVICE/CHECKVIEWER",
    "the health of a service": "/grpc.health.v1.Health/Check",
    "reflection": "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "the admin interface": "/config_dump",
    "the media bucket": f"/vidmesh-media/v/{VIDEO}/s/x",
    "the source bucket": "/vidmesh-source/",
    "a fragment": f"/v1/nothing#{READ}",
}


@pytest.mark.parametrize("path", STRANGE.values(), ids=STRANGE)
async def test_an_address_that_is_none_reaches_nobody(installation: Any, path: str) -> None:
    before = reached(installation)
    (status,) = statuses(await said(installation, get(path)))
    assert 400 <= status < 500
    assert reached(installation) == before


async def test_a_method_that_is_none_reaches_nobody(installation: Any) -> None:
    before = reached(installation)
    for verb in ("TRACE", "CONNECT", "PRI", "PROPFIND", "get", "G\tET", "PUT", "DELETE"):
        heard = await said(installation, get(READ).replace(b"GET", verb.encode(), 1))
        assert all(400 <= status < 600 and status != 500 for status in statuses(heard)), (verb, heard)
    assert reached(installation) == before


async def test_the_method_and_the_address_are_not_taken_from_headers(installation: Any) -> None:
    before = reached(installation)
    told = ("x-http-method-override: GET", f"x-original-url: {READ}", f"x-rewrite-url: {READ}", ":path: /v1/jwks")
    for header in told:
        heard = await said(installation, get("/v1/nothing", header))
        assert statuses(heard) in ([404], [400])
    assert reached(installation) == before


OURS = (SERVICE_TOKEN, COUNTRY, EDGE, ADDRESS, "x-vidmesh-session", "x-vidmesh-subject", "x-vidmesh-access-key")
WRITTEN = {
    "plainly": OURS,
    "in capitals": tuple(name.upper() for name in OURS),
    "with underscores": tuple(name.replace("-", "_") for name in OURS),
    "half with underscores": tuple(name.replace("-", "_", 1) for name in OURS),
}


@pytest.mark.parametrize("way", WRITTEN)
async def test_what_this_installation_says_by_headers_is_never_taken_from_outside(installation: Any, way: str) -> None:
    forged = [f"{name}: forged" for name in WRITTEN[way]]
    before = len(installation.services.seen.calls)
    assert statuses(await said(installation, get(READ, *forged, *forged))) == [200]
    ((_, metadata),) = installation.services.seen.calls[before:]
    assert "forged" not in str(metadata)
    assert not [name for name in metadata if "_" in name]


async def test_what_envoy_is_told_by_headers_is_never_taken_from_outside(installation: Any) -> None:
    told = {
        "x-envoy-upstream-rq-timeout-ms": "1",
        "x-envoy-upstream-alt-stat-name": "forged",
        "x-envoy-retry-on": "5xx",
        "x-envoy-max-retries": "50",
        "x-envoy-original-path": "/forged",
        "x-envoy-internal": "true",
        "x-envoy-decorator-operation": "forged",
        "x-forwarded-host": "forged.example",
        "x-forwarded-proto": "forged",
        "forwarded": "for=forged",
    }
    before = len(installation.services.seen.calls)
    heard = await said(installation, get(READ, *(f"{name}: {value}" for name, value in told.items())))
    assert statuses(heard) == [200]
    ((_, metadata),) = installation.services.seen.calls[before:]
    assert "forged" not in str(metadata)


def duplicates(installation: Any) -> Mapping[str, tuple[str, str]]:
    good = token_of(installation)
    return {
        "good, bad": (f"authorization: Bearer {good}", "authorization: Bearer bad"),
        "bad, good": ("authorization: Bearer bad", f"authorization: Bearer {good}"),
        "basic, good": ("authorization: Basic eDp5", f"Authorization: Bearer {good}"),
        "two good ones": (f"authorization: Bearer {good}", f"authorization: Bearer {token_of(installation, 'b')}"),
    }


@pytest.mark.parametrize("which", ["good, bad", "bad, good", "basic, good", "two good ones"])
async def test_of_two_tokens_none_is_passed_on_that_was_not_checked(installation: Any, which: str) -> None:
    """Two headers are joined with a comma, which makes no token: the service refuses it, if the edge has not."""
    before = len(installation.services.seen.calls)
    (status,) = statuses(await said(installation, get(READ, *duplicates(installation)[which])))
    passed = [metadata["authorization"] for _, metadata in installation.services.seen.calls[before:]]
    assert (status, len(passed)) in ((200, 1), (401, 0))
    for value in passed:
        with pytest.raises(Fault):
            bearer_token(value)


async def test_no_method_for_services_alone_is_reachable_by_any_face(
    installation: Any, http: httpx.AsyncClient
) -> None:
    internal = [
        name for name, method in all_methods().items() if method.policy and method.policy.access == ACCESS_SERVICE
    ]
    assert internal
    before = reached(installation)
    headers = signed_in(installation)
    for path in internal:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await grpc_call(installation.edge.address, path, b"", headers)
        assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
        for content_type in ("application/json", "application/grpc-web+proto", "application/grpc-web-text"):
            answer = await http.post(path, content=b"\0\0\0\0\0", headers={**headers, "content-type": content_type})
            assert answer.headers.get("grpc-status", "12") == "12"
            assert answer.status_code in (httpx.codes.OK, httpx.codes.NOT_FOUND)
    assert reached(installation) == before


async def test_outside_of_the_contracts_there_is_nothing_at_all(installation: Any, http: httpx.AsyncClient) -> None:
    """Addresses pieced together from those that exist: nobody is reached who is not named by a route.

    Of the store only the one file that every page is may be asked for, whatever was asked.
    """
    dice = random.Random(20261122)
    pieces = ["v1", "videos", VIDEO, "accounts", "me", "media", "~a.b.c", "v", "..", ".", "", "healthz", "%2e", "jwks"]
    pieces += [
        "vidmesh.upload.v1.VideoService",
        "CheckViewer",
        "GetVideo",
        "vidmesh-media",
        "vidmesh-source",
        "u",
        ":x",
    ]
    known = {"GetVideo", "PublishVideo", "CreateChannel", "WatchProcessing", "SignIn"}
    before = len(installation.store.requests)
    for number in range(300):
        path = "/" + "/".join(dice.choices(pieces, k=dice.randint(1, 5)))
        verb = dice.choice(("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"))
        seen = len(installation.services.seen.calls)
        request = http.build_request(verb, "/", headers=signed_in(installation) if number % 2 else {})
        request.url = request.url.copy_with(raw_path=path.encode())
        answer = await http.send(request)
        assert answer.status_code != httpx.codes.INTERNAL_SERVER_ERROR, (verb, path)
        assert {name for name, _ in itertools.islice(installation.services.seen.calls, seen, None)} <= known
    page = f"/{installation.media_bucket}/web/"
    asked = {request.path for request in itertools.islice(installation.store.requests, before, None)}
    assert asked <= {f"{page}plain/index.html", f"{page}gzip/index.html"}


async def test_after_all_that_the_edge_answers_as_before(installation: Any) -> None:
    request = GetVideoRequest(video_id=VIDEO).SerializeToString()
    assert await grpc_call(installation.edge.address, f"{VIDEOS}/GetVideo", request)
