"""Parts of uploads pass as they were signed, and nothing else reaches the store that way."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.gateway.faces import raw_status

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONTENT = bytes(range(256)) * 40


async def test_a_part_passes_as_it_was_signed_whatever_name_the_edge_is_reached_by(
    installation: Any, http: httpx.AsyncClient
) -> None:
    path = f"/{installation.source_bucket}/u/0190/1-abc?X-Amz-Signature=1&X-Amz-SignedHeaders=host"
    answer = await http.put(
        path,
        content=CONTENT,
        headers={
            "host": "videos.example",
            "x-forwarded-host": "elsewhere",
            "authorization": "Bearer of the client",
            "if-none-match": "*",
            "x-amz-checksum-sha256": "abc",
        },
    )
    assert answer.status_code == httpx.codes.OK
    request = installation.store.requests[-1]
    assert (request.method, request.path, request.body) == ("PUT", path, CONTENT)
    assert request.headers["host"] == httpx.URL(installation.store.url).netloc.decode()
    assert request.headers["if-none-match"] == "*"
    assert request.headers["x-amz-checksum-sha256"] == "abc"
    assert not {"authorization", "x-forwarded-host", "x-forwarded-for"} & set(request.headers)


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/vidmesh-source/u/0190/1-abc?X-Amz-Signature=1"),
        ("DELETE", "/vidmesh-source/u/0190/1-abc?X-Amz-Signature=1"),
        ("PUT", "/vidmesh-source/u/0190/1-abc"),
        ("PUT", "/vidmesh-source/u/../../vidmesh-media/v/x?X-Amz-Signature=1"),
        ("PUT", "/vidmesh-source/other/1?X-Amz-Signature=1"),
        ("PUT", "/vidmesh-media/v/x?X-Amz-Signature=1"),
    ],
)
async def test_nothing_but_a_signed_part_reaches_the_store(installation: Any, verb: str, path: str) -> None:
    before = len(installation.store.requests)
    assert await raw_status(installation.edge.address, path, verb) == httpx.codes.NOT_FOUND
    assert len(installation.store.requests) == before
