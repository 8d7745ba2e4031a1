"""The three faces of a call, for tests: gRPC, gRPC-web and JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from google.protobuf import json_format
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from mesh.call import Principal
from mesh.testing import grpc_web
from vidmesh.social.v1.account_pb2 import ROLE_MEMBER

VIDEOS = "/vidmesh.upload.v1.VideoService"
VIDEO = "abcdefghijk"


async def grpc_call(address: str, path: str, request: bytes, metadata: Mapping[str, str] | None = None) -> bytes:
    async with grpc.aio.insecure_channel(address) as channel:
        return await channel.unary_unary(path)(request, metadata=tuple((metadata or {}).items()), timeout=10)


async def grpc_failure(
    address: str, path: str, request: bytes = b"", metadata: Mapping[str, str] | None = None
) -> Status:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await grpc_call(address, path, request, metadata)
    details = dict(raised.value.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    assert isinstance(details, bytes)
    status = Status.FromString(details)
    assert status.code == raised.value.code().value[0]
    return status


async def web_call(
    http: httpx.AsyncClient, path: str, request: bytes, headers: Mapping[str, str] | None = None
) -> tuple[bytes, Mapping[str, str]]:
    """A gRPC-web call: the message and the trailers."""
    answer = await http.post(path, content=grpc_web.framed(request), headers={**grpc_web.HEADERS, **(headers or {})})
    assert answer.status_code == httpx.codes.OK
    found = grpc_web.reply(answer.headers, answer.content)
    return b"".join(found.messages), found.trailers


def reason(status: Status) -> str:
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    return info.reason


def web_status(trailers: Mapping[str, str]) -> Status:
    """The status in the trailers of a gRPC-web call, which its code and message must agree with."""
    return grpc_web.Reply((), trailers).status


def json_status(answer: httpx.Response) -> Status:
    """The status in the body of a JSON answer."""
    return json_format.Parse(answer.text, Status())


def retry_delay(status: Status) -> float:
    """Seconds after which the call should be repeated."""
    retry = RetryInfo()
    assert status.details[1].Unpack(retry)
    return retry.retry_delay.ToTimedelta().total_seconds()


def token_of(installation: Any, account: str = "an-account", session: str = "a-session") -> str:
    return installation.access.mint(Principal(account, session, ROLE_MEMBER)).token


def signed_in(installation: Any, account: str = "an-account", session: str = "a-session") -> dict[str, str]:
    return {"authorization": f"Bearer {token_of(installation, account, session)}"}


async def raw_status(address: str, path: str, verb: str = "GET", headers: str = "") -> int:
    """The status of a request whose path is sent exactly as it stands here."""
    host, port = address.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"{verb} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n".encode())
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()
        await writer.wait_closed()
