"""gRPC frames written by hand, in gRPC-web's envelope: what a library would never send."""

from __future__ import annotations

import base64
import gzip
import struct
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

import httpx
from google.protobuf import json_format
from google.rpc import code_pb2, error_details_pb2, status_pb2

from tests.security.matrix.faces import Outcome

Frames = Callable[[bytes], bytes]
"""From the message to what is sent."""


def frame(message: bytes, flag: int = 0, length: int | None = None) -> bytes:
    return struct.pack(">BI", flag, len(message) if length is None else length) + message


FRAMES: Final[dict[str, Frames]] = {
    "a frame that says to be compressed, and is not": lambda message: frame(message, flag=1),
    "a frame that is compressed in a way that nobody said": lambda message: frame(gzip.compress(message), flag=1),
    "a frame of a kind that there is not": lambda message: frame(message, flag=0x42),
    "a frame that is longer than what came": lambda message: frame(message, length=len(message) + 100),
    "a frame of 4 GiB, of which little came": lambda message: frame(message, length=2**32 - 1),
    "a frame that is shorter than what came": lambda message: frame(message, length=2),
    "half a frame's head": lambda _: b"\0\0\0",
    "no frame": lambda _: b"",
    "two messages": lambda message: frame(message) * 2,
    "a frame of noise": lambda _: frame(b"\xff" * 50),
    "a frame whose text is no UTF-8": lambda _: frame(b"\x0a\x04\xff\xfe\xfd\xfc"),
    "groups in groups, ten thousand deep": lambda _: frame(b"\x0b" * 10_000),
}


def sent(edge_url: str, method: str, body: bytes, **headers: str) -> Outcome:
    """What gRPC-web is answered with."""
    said = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1", **headers}
    reply = httpx.post(edge_url + method, content=body, headers=said, timeout=20)
    if reply.headers["content-type"] == "application/json":
        return _outcome(json_format.Parse(reply.text, status_pb2.Status()))
    trailers, rest = {name.lower(): value for name, value in reply.headers.items()}, reply.content
    while rest:
        flag, length = struct.unpack_from(">BI", rest)
        if flag & 0x80:
            lines = rest[5 : 5 + length].decode().split("\r\n")
            trailers |= dict(line.split(":", 1) for line in lines if ":" in line)
        rest = rest[5 + length :]
    details = trailers.get("grpc-status-details-bin", "").strip()
    if details:
        return _outcome(status_pb2.Status.FromString(base64.b64decode(details + "=" * (-len(details) % 4))))
    return Outcome(
        code_pb2.Code.Name(int(trailers["grpc-status"])), sentence=unquote(trailers.get("grpc-message", "").strip())
    )


def _outcome(status: status_pb2.Status) -> Outcome:
    info = error_details_pb2.ErrorInfo()
    reason = next((info.reason for detail in status.details if detail.Unpack(info)), "")
    return Outcome(code_pb2.Code.Name(status.code), reason, sentence=status.message, metadata=dict(info.metadata))
