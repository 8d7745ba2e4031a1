"""gRPC frames written by hand, in gRPC-web's envelope: what a library would never send."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

import httpx
from google.protobuf import json_format
from google.rpc import code_pb2, error_details_pb2, status_pb2

from mesh.testing import grpc_web
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
    reply = httpx.post(edge_url + method, content=body, headers={**grpc_web.HEADERS, **headers}, timeout=20)
    if reply.headers["content-type"] == "application/json":
        return _outcome(json_format.Parse(reply.text, status_pb2.Status()))
    found = grpc_web.reply(reply.headers, reply.content)
    if "grpc-status-details-bin" in found.trailers:
        return _outcome(found.status)
    # What gRPC's library says for itself has no details, and OK has none either.
    return Outcome(code_pb2.Code.Name(found.code), sentence=unquote(found.trailers.get("grpc-message", "")))


def _outcome(status: status_pb2.Status) -> Outcome:
    info = error_details_pb2.ErrorInfo()
    reason = next((info.reason for detail in status.details if detail.Unpack(info)), "")
    return Outcome(code_pb2.Code.Name(status.code), reason, sentence=status.message, metadata=dict(info.metadata))
