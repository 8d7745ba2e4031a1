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
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, status_pb2

from mesh.testing.grpc_web import HEADERS, TRAILERS, framed
from tests.security.fuzz.http1 import Answer, Http1, LostError
from tests.security.fuzz.shots import DIRECT, EDGE, JSON, Shot

DETAILS: Final = "grpc-status-details-bin"
aio: Final = cast("Any", grpc.aio)
"""With what its stubs leave out."""
GRACE: Final = 1.0
"""Seconds beyond a limit."""
ANSWERS: Final = 20
"""Messages of a stream, after which the caller goes."""
TAKES: Final = 3.0
"""Seconds beyond limit and grace for this program itself, which shares the cores with what it drives."""
EVENT, EVENT_END = b"data: ", b"\n\n"
"""How a message of a stream is told by JSON (server-sent events)."""
HTTP_OK: Final = 200


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
    answers: tuple[bytes, ...] = ()
    """Messages, each by itself."""


class Wire:
    """One edge and the services behind it."""

    def __init__(self, edge_url: str, services: Mapping[str, str]) -> None:
        """`services`: "host:port" by the name of the part, e.g. svc_upload."""
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._edge = grpc.aio.insecure_channel(urlsplit(edge_url).netloc, options=options)
        self._direct = {name: grpc.aio.insecure_channel(address, options=options) for name, address in services.items()}
        self.http: Final = Http1(edge_url)

    async def close(self) -> None:
        """Let go of every connection."""
        await self.http.close()
        for channel in (self._edge, *self._direct.values()):
            await channel.close()

    async def call(self, shot: Shot, headers: Mapping[str, str]) -> Reply:
        """Make the call, in the time that it has."""
        started = time.perf_counter()
        if shot.face in {EDGE, DIRECT}:
            channel = self._edge if shot.face == EDGE else self._direct[f"svc_{shot.method.split('.')[1]}"]
            return await _grpc(channel, shot, headers, started)
        told = Answer()
        try:
            # The caller of a stream goes after a while; all others wait long enough to hear who gave up.
            async with asyncio.timeout(shot.limit if shot.streams else shot.limit + GRACE + TAKES):
                await self._ask(told, shot, headers)
        except TimeoutError:
            if not shot.streams:
                return Reply("LATE", time.perf_counter() - started, http=told.status)
        except LostError as error:
            return Reply("LOST", time.perf_counter() - started, http=told.status, text=str(error))
        seconds = time.perf_counter() - started
        if not told.status:
            return Reply("CUT", seconds)
        return (_read_json if shot.face == JSON else _read_web)(shot, told, seconds)

    async def _ask(self, told: Answer, shot: Shot, headers: Mapping[str, str]) -> None:
        if shot.face == JSON:
            sent = {**headers, **(shot.headers or {})}
            await self.http.send(told, shot.verb, shot.path, sent, shot.raw, lambda body: _has_enough(shot, body))
            return
        sent = {**HEADERS, **headers}
        if shot.timeout is not None:
            sent["grpc-timeout"] = f"{int(shot.timeout * 1000)}m"
        await self.http.send(told, "POST", shot.method, sent, framed(shot.raw))


async def _grpc(channel: grpc.aio.Channel, shot: Shot, headers: Mapping[str, str], started: float) -> Reply:
    timeout = shot.timeout or (shot.limit if shot.streams else shot.limit + GRACE)
    metadata: Any = tuple(headers.items())
    answers: list[bytes] = []
    try:
        if shot.streams:
            stream: Any = channel.unary_stream(shot.method)(shot.raw, timeout=timeout, metadata=metadata)
            try:
                while len(answers) < ANSWERS and (answer := await stream.read()) is not aio.EOF:
                    answers.append(answer)
            finally:
                stream.cancel()
        else:
            answers.append(await channel.unary_unary(shot.method)(shot.raw, timeout=timeout, metadata=metadata))
    except grpc.aio.AioRpcError as error:
        details: Any = dict(error.trailing_metadata() or ()).get(DETAILS)
        status = status_pb2.Status.FromString(details) if details else None
        code = error.code().name
        if code == "DEADLINE_EXCEEDED" and shot.streams:
            code = "CUT"
        return Reply(code, time.perf_counter() - started, status, text=error.details() or "", answers=tuple(answers))
    return Reply("OK", time.perf_counter() - started, answers=tuple(answers))


def _has_enough(shot: Shot, body: bytes) -> bool:
    return shot.streams and body.count(EVENT_END) >= ANSWERS


def _read_json(shot: Shot, told: Answer, seconds: float) -> Reply:
    if 200 <= told.status < 300:
        if not shot.streams:
            return Reply("OK", seconds, http=told.status, answers=(told.body,))
        events = told.body.split(EVENT_END)[:-1]
        if not all(event.startswith(EVENT) for event in events):
            return Reply("HTTP", seconds, http=told.status, text=f"no events: {told.body[:300]!r}")
        return Reply(
            "OK" if told.whole else "CUT",
            seconds,
            http=told.status,
            answers=tuple(event.removeprefix(EVENT) for event in events),
        )
    if shot.verb == "HEAD":
        return Reply("CUT", seconds, http=told.status)
    try:
        status = json_format.Parse(told.body, status_pb2.Status())
    except (json_format.ParseError, UnicodeDecodeError):
        return _no_status(told, seconds)
    return Reply(_name(status.code), seconds, status, told.status, status.message)


def _read_web(shot: Shot, told: Answer, seconds: float) -> Reply:
    trailers = {name.lower(): value for name, value in told.headers.items()}
    rest = told.body
    answers: list[bytes] = []
    while len(rest) >= 5:
        flag, length = struct.unpack_from(">BI", rest)
        if len(rest) < 5 + length and not told.whole:
            break
        if flag & TRAILERS:
            lines = rest[5 : 5 + length].decode(errors="replace").split("\r\n")
            trailers |= dict(line.split(":", 1) for line in lines if ":" in line)
        else:
            answers.append(rest[5 : 5 + length])
        rest = rest[5 + length :]
    if "grpc-status" not in trailers:
        if shot.streams and not told.whole and told.status == HTTP_OK:
            return Reply("CUT", seconds, http=told.status, answers=tuple(answers))
        return _no_status(told, seconds)
    code = _name(int(trailers["grpc-status"]))
    details = trailers.get(DETAILS, "").strip()
    try:
        packed = base64.b64decode(details + "=" * (-len(details) % 4))
        status = status_pb2.Status.FromString(packed) if details else None
    except (ValueError, DecodeError) as error:
        return Reply("HTTP", seconds, http=told.status, text=f"{error!r}: {details[:200]}")
    return Reply(code, seconds, status, told.status, trailers.get("grpc-message", ""), tuple(answers))


def _no_status(told: Answer, seconds: float) -> Reply:
    return Reply("HTTP", seconds, http=told.status, text=f"{told.headers} {told.body[:300]!r}")


def _name(code: int) -> str:
    return code_pb2.Code.Name(code) if code in code_pb2.Code.values() else f"CODE {code}"
