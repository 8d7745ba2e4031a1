"""Parts are written by whoever holds a signed URL: exactly those bytes, once, in time, and nothing else."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio

from mesh.objects import Objects, SignedPut
from mesh.testing.servers import WeedServer

pytestmark = pytest.mark.asyncio(loop_scope="session")  # one S3 client for all tests

BODY = b"part of a film " * 1000


def signed(objects: Objects, bucket: str, key: str, *, body: bytes = BODY, seconds: int = 60) -> SignedPut:
    return objects.presign_put(
        bucket, key, size=len(body), sha256=hashlib.sha256(body).hexdigest(), lifetime=timedelta(seconds=seconds)
    )


def new_key() -> str:
    return f"u/{secrets.token_hex(6)}/1-part"


class Uploader:
    def __init__(self, client: httpx.AsyncClient, endpoint: str) -> None:
        self._client = client
        self._endpoint = endpoint

    async def put(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        answer = await self._client.put(self._endpoint + url, headers=dict(headers), content=body)
        return answer.status_code


@pytest_asyncio.fixture(loop_scope="session")
async def uploader(weed: WeedServer) -> AsyncGenerator[Uploader]:
    async with httpx.AsyncClient() as client:
        yield Uploader(client, weed.settings.endpoint)


async def test_the_right_bytes_are_accepted_once(objects: Objects, bucket: str, uploader: Uploader) -> None:
    key = new_key()
    permission = signed(objects, bucket, key)
    assert await uploader.put(permission.url, permission.headers, BODY) == 200
    assert await objects.get(bucket, key) == BODY
    assert await uploader.put(permission.url, permission.headers, BODY) == 412


async def test_a_key_with_signs_that_need_escaping_is_accepted(
    objects: Objects, bucket: str, uploader: Uploader
) -> None:
    key = new_key() + " a+b~é"
    permission = signed(objects, bucket, key)
    assert await uploader.put(permission.url, permission.headers, BODY) == 200
    assert await objects.get(bucket, key) == BODY


async def test_other_bytes_of_the_same_length_are_refused_and_leave_nothing(
    objects: Objects, bucket: str, uploader: Uploader
) -> None:
    key = new_key()
    permission = signed(objects, bucket, key)
    assert await uploader.put(permission.url, permission.headers, BODY[:-1] + b"?") == 400
    assert await objects.head(bucket, key) is None
    assert await uploader.put(permission.url, permission.headers, BODY) == 200


async def test_other_bytes_of_several_store_chunks_are_refused_and_leave_nothing(
    objects: Objects, bucket: str, uploader: Uploader
) -> None:
    key = new_key()
    body = secrets.token_bytes(9 << 20)
    permission = signed(objects, bucket, key, body=body)
    assert await uploader.put(permission.url, permission.headers, body[:-1] + bytes([body[-1] ^ 1])) == 400
    assert await objects.head(bucket, key) is None


@pytest.mark.parametrize("body", [BODY + b"x", BODY[:-1], b""], ids=["longer", "shorter", "empty"])
async def test_another_length_is_refused(objects: Objects, bucket: str, uploader: Uploader, body: bytes) -> None:
    key = new_key()
    permission = signed(objects, bucket, key)
    headers = {**permission.headers, "content-length": str(len(body))}
    assert await uploader.put(permission.url, headers, body) == 403
    assert await objects.head(bucket, key) is None


@pytest.mark.parametrize("left_out", ["if-none-match", "x-amz-checksum-sha256"])
async def test_a_signed_header_cannot_be_left_out(
    objects: Objects, bucket: str, uploader: Uploader, left_out: str
) -> None:
    permission = signed(objects, bucket, new_key())
    headers = {name: value for name, value in permission.headers.items() if name != left_out}
    assert await uploader.put(permission.url, headers, BODY) == 403


async def test_a_signed_digest_cannot_be_replaced(objects: Objects, bucket: str, uploader: Uploader) -> None:
    permission = signed(objects, bucket, new_key())
    other = b"!" * len(BODY)
    digest = base64.b64encode(hashlib.sha256(other).digest()).decode()
    assert await uploader.put(permission.url, {**permission.headers, "x-amz-checksum-sha256": digest}, other) == 403


@pytest.mark.parametrize(
    "mode", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"]
)
async def test_no_form_of_payload_signing_gets_around_the_digest(
    objects: Objects, bucket: str, uploader: Uploader, mode: str
) -> None:
    key = new_key()
    permission = signed(objects, bucket, key)
    framing = len(f"{len(BODY):x}\r\n\r\n0\r\n\r\n")
    inner = b"!" * (len(BODY) - framing)
    framed = f"{len(inner):x}\r\n".encode() + inner + b"\r\n0\r\n\r\n"
    assert len(framed) == len(BODY)
    extra = {"x-amz-content-sha256": mode, "content-encoding": "aws-chunked"}
    assert await uploader.put(permission.url, {**permission.headers, **extra}, framed) >= 400
    assert await objects.head(bucket, key) is None


async def test_no_header_of_the_store_can_be_added(objects: Objects, bucket: str, uploader: Uploader) -> None:
    permission = signed(objects, bucket, new_key())
    assert await uploader.put(permission.url, {**permission.headers, "x-amz-acl": "public-read"}, BODY) == 403


async def test_it_ends_with_its_lifetime(objects: Objects, bucket: str, uploader: Uploader) -> None:
    permission = signed(objects, bucket, new_key(), seconds=1)
    await asyncio.sleep(2.1)
    assert await uploader.put(permission.url, permission.headers, BODY) == 403


async def test_neither_key_nor_bucket_nor_lifetime_nor_method_can_be_changed(
    objects: Objects, bucket: str, uploader: Uploader, weed: WeedServer
) -> None:
    permission = signed(objects, bucket, new_key())
    for url in (
        permission.url.replace("/1-part", "/2-part"),
        permission.url.replace(f"/{bucket}/", f"/{weed.settings.source_bucket}/"),
        permission.url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
    ):
        assert url != permission.url
        assert await uploader.put(url, permission.headers, BODY) == 403
    async with httpx.AsyncClient() as client:
        for method in ("GET", "DELETE"):
            answer = await client.request(method, weed.settings.endpoint + permission.url)
            assert answer.status_code == 403
