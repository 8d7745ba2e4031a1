"""Makes calls: bytes go out as they are, and whatever comes back is told as it is."""

from __future__ import annotations

import asyncio
import base64
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

import grpc
import grpc.aio
import httpx
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, status_pb2

from tests.security.fuzz.shots import DIRECT, EDGE, JSON, Shot

DETAILS: Final = "grpc-status-details-bin"
aio: Final = cast("Any", grpc.aio)
"""With what its stubs leave out."""
GRACE: Final = 1.0
"""Seconds beyond a limit."""
ANSWERS: Final = 20
"""Messages of a stream, after which the caller goes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    code: str
    """Canonical code; "CUT" for a stream that the caller left and for failures told to HEAD, "HTTP" for an answer that
    is no status of ours, "LATE" for none in time, "LOST" for a connection that ended without one."""
    seconds: float
    status: status_pb2.Status | None = None
    http: int = 0
    text: str = ""
    """The words, where there is no status."""
    answer: bytes = b""


class Wire:
    """One edge and the services behind it."""

    def __init__(self, edge_url: str, services: Mapping[str, str]) -> None:
        """`services`: "host:port" by the name of the part, e.g. svc_upload."""
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._edge = grpc.aio.insecure_channel(urlsplit(edge_url).netloc, options=options)
        self._direct = {name: grpc.aio.insecure_channel(address, options=options) for name, address in services.items()}
        limits = httpx.Limits(max_connections=64)
        self.http: Final = httpx.AsyncClient(base_url=edge_url, timeout=60, limits=limits)

    async def close(self) -> None:
        """Let go of every connection."""
        await self.http.aclose()
        for channel in (self._edge, *self._direct.values()):
            await channel.close()

    async def call(self, shot: Shot, headers: Mapping[str, str]) -> Reply:
        """Make the call, in the time that it has."""
        started = time.perf_counter()
        if shot.face in {EDGE, DIRECT}:
            channel = self._edge if shot.face == EDGE else self._direct[f"svc_{shot.method.split('.')[1]}"]
            return await _grpc(channel, shot, headers, started)
        try:
            async with asyncio.timeout(shot.limit + GRACE):
                return await (self._json if shot.face == JSON else self._web)(shot, headers, started)
        except TimeoutError:
            code = "CUT" if shot.contract.server_streaming else "LATE"
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Reply("LOST", time.perf_counter() - started, text=repr(error))
        return Reply(code, time.perf_counter() - started)

    async def _web(self, shot: Shot, headers: Mapping[str, str], started: float) -> Reply:
        sent = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1", **headers}
        if shot.timeout is not None:
            sent["grpc-timeout"] = f"{int(shot.timeout * 1000)}m"
        body = struct.pack(">BI", 0, len(shot.raw)) + shot.raw
        reply = await self.http.post(shot.method, content=body, headers=sent)
        return _read_web(reply, time.perf_counter() - started)

    async def _json(self, shot: Shot, headers: Mapping[str, str], started: float) -> Reply:
        sent = {**headers, **(shot.headers or {})}
        reply = await self.http.request(shot.verb, shot.path, content=shot.raw, headers=sent)
        seconds = time.perf_counter() - started
        if reply.is_success:
            return Reply("OK", seconds, http=reply.status_code, answer=reply.content)
        if shot.verb == "HEAD":
            return Reply("CUT", seconds, http=reply.status_code)
        try:
            status = json_format.Parse(reply.text, status_pb2.Status())
        except (json_format.ParseError, UnicodeDecodeError):
            return Reply("HTTP", seconds, http=reply.status_code, text=f"{dict(reply.headers)} {reply.text[:300]}")
        return Reply(_name(status.code), seconds, status, reply.status_code, status.message)


async def _grpc(channel: grpc.aio.Channel, shot: Shot, headers: Mapping[str, str], started: float) -> Reply:
    timeout = shot.timeout or shot.limit + GRACE
    metadata: Any = tuple(headers.items())
    answer = b""
    try:
        if shot.contract.server_streaming:
            stream: Any = channel.unary_stream(shot.method)(shot.raw, timeout=timeout, metadata=metadata)
            try:
                for _ in range(ANSWERS):
                    if await stream.read() is aio.EOF:
                        break
            finally:
                stream.cancel()
        else:
            answer = await channel.unary_unary(shot.method)(shot.raw, timeout=timeout, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        details: Any = dict(error.trailing_metadata() or ()).get(DETAILS)
        status = status_pb2.Status.FromString(details) if details else None
        code = error.code().name
        if code == "DEADLINE_EXCEEDED" and shot.contract.server_streaming:
            code = "CUT"
        return Reply(code, time.perf_counter() - started, status, text=error.details() or "")
    return Reply("OK", time.perf_counter() - started, answer=answer)


def _read_web(reply: httpx.Response, seconds: float) -> Reply:
    trailers = {name.lower(): value for name, value in reply.headers.items()}
    rest, answer = reply.content, b""
    while len(rest) >= 5:
        flag, length = struct.unpack_from(">BI", rest)
        if flag & 0x80:
            lines = rest[5 : 5 + length].decode(errors="replace").split("\r\n")
            trailers |= dict(line.split(":", 1) for line in lines if ":" in line)
        else:
            answer = answer or rest[5 : 5 + length]
        rest = rest[5 + length :]
    if "grpc-status" not in trailers:
        return Reply("HTTP", seconds, http=reply.status_code, text=f"{dict(reply.headers)} {reply.text[:300]}")
    code = _name(int(trailers["grpc-status"]))
    details = trailers.get(DETAILS, "").strip()
    try:
        packed = base64.b64decode(details + "=" * (-len(details) % 4))
        status = status_pb2.Status.FromString(packed) if details else None
    except (ValueError, DecodeError) as error:
        return Reply("HTTP", seconds, http=reply.status_code, text=f"{error!r}: {details[:200]}")
    return Reply(code, seconds, status, reply.status_code, trailers.get("grpc-message", ""), answer)


def _name(code: int) -> str:
    return code_pb2.Code.Name(code) if code in code_pb2.Code.values() else f"CODE {code}"
