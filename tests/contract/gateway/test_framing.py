"""A call whose frame is none of gRPC is refused by the edge, and no service hears of it."""

from __future__ import annotations

import gzip
import struct
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest

from gateway.config.framing import SENTENCE
from tests.contract.gateway.faces import VIDEO, VIDEOS, reason, web_status
from vidmesh.upload.v1.video_service_pb2 import GetVideoRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")

METHOD = f"{VIDEOS}/GetVideo"
MESSAGE = GetVideoRequest(video_id=VIDEO).SerializeToString()


def frame(message: bytes, flag: int = 0, length: int | None = None) -> bytes:
    return struct.pack(">BI", flag, len(message) if length is None else length) + message


async def post(http: httpx.AsyncClient, body: bytes, **headers: str) -> httpx.Response:
    said = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1", **headers}
    return await http.post(METHOD, content=body, headers=said)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"", "identity"),
        (b"\0\0\0", "identity"),
        (frame(MESSAGE, length=len(MESSAGE) + 1), "identity"),
        (frame(MESSAGE, length=len(MESSAGE) - 1), "identity"),
        (frame(MESSAGE, length=2**32 - 1), "identity"),
        (frame(MESSAGE) * 2, "identity"),
        (frame(MESSAGE, flag=1), "identity"),
        (frame(gzip.compress(MESSAGE), flag=1), "identity"),
        (frame(MESSAGE, flag=1), "gzip"),
        (frame(MESSAGE, flag=1), "deflate"),
        (frame(b"", flag=1), "gzip"),
        (frame(MESSAGE, flag=2), "identity"),
        (frame(MESSAGE), "nonsense"),
    ],
)
async def test_what_is_no_frame_reaches_no_service(
    installation: Any, http: httpx.AsyncClient, body: bytes, encoding: str
) -> None:
    before = len(installation.services.seen.calls)
    answer = await post(http, body, **{"grpc-encoding": encoding})
    status = web_status(answer.headers)
    assert (answer.status_code, status.code) == (httpx.codes.OK, grpc.StatusCode.INVALID_ARGUMENT.value[0])
    assert (reason(status), status.message) == ("INVALID_FIELD", SENTENCE)
    assert len(installation.services.seen.calls) == before


@pytest.mark.parametrize("compression", list(grpc.Compression))
async def test_what_is_compressed_as_it_says_is_taken(installation: Any, compression: grpc.Compression) -> None:
    async with grpc.aio.insecure_channel(installation.edge.address, compression=compression) as channel:
        request = GetVideoRequest(video_id=VIDEO).SerializeToString()
        assert await channel.unary_unary(METHOD)(request, timeout=10, compression=compression)
        # Long enough to be worth compressing, so that it is.
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await channel.unary_unary("/vidmesh.upload.v1.VideoService/PublishVideo")(
                b"\x0a\x80\x20" + b"x" * 4096, timeout=10, compression=compression
            )
        assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
