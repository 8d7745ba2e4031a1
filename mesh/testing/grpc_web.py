"""gRPC-web on the wire, for tests: frames of messages, and the trailers in the last frame or in the headers.

https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from google.rpc.status_pb2 import Status

HEADERS: Final[Mapping[str, str]] = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
"""What a request says of itself."""

TRAILERS: Final = 0x80
"""Bit of a frame's first byte: it holds trailers, not a message."""
_HEAD: Final = struct.Struct(">BI")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    messages: tuple[bytes, ...]
    trailers: Mapping[str, str]
    """By names in lower case; those of an answer without a body are its headers."""

    @property
    def code(self) -> int:
        """The canonical code; 0 is OK. KeyError where the answer is none of gRPC-web."""
        return int(self.trailers["grpc-status"])

    @property
    def status(self) -> Status:
        """The status with its details; of a call that went well an empty one.

        ValueError where the three places that tell of a failure do not agree.
        """
        if self.code == 0:
            return Status()
        details = self.trailers["grpc-status-details-bin"]
        # Padding is optional: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
        status = Status.FromString(base64.b64decode(details + "=" * (-len(details) % 4)))
        if (self.code, unquote(self.trailers["grpc-message"])) != (status.code, status.message):
            raise ValueError(f"the trailers {dict(self.trailers)} do not agree with the status {status}")
        return status


def framed(message: bytes) -> bytes:
    """A message as it travels."""
    return _HEAD.pack(0, len(message)) + message


def reply(headers: Mapping[str, str], body: bytes) -> Reply:
    """An answer from its headers and its body. struct.error where a frame is cut off within its head."""
    messages: list[bytes] = []
    trailers = {name.lower(): value for name, value in headers.items()}
    while body:
        flag, length = _HEAD.unpack_from(body)
        frame, body = body[_HEAD.size : _HEAD.size + length], body[_HEAD.size + length :]
        if flag & TRAILERS:
            lines = (line.partition(":") for line in frame.decode().split("\r\n") if ":" in line)
            trailers |= {name.lower(): value.strip() for name, _, value in lines}
        else:
            messages.append(frame)
    return Reply(tuple(messages), trailers)
