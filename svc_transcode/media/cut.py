"""Whether an ISO base media file ends where its boxes say. Pure."""

from __future__ import annotations

import struct
from typing import Protocol

_HEADER = 16
_MOST_BOXES = 1000  # of the outermost level; a file has a handful, and a fragmented one is not asked about


class Readable(Protocol):
    """As `PartReader`."""

    @property
    def size(self) -> int: ...
    def read(self, size: int = -1) -> bytes: ...
    def seek(self, offset: int) -> int: ...


def is_cut_off(reader: Readable) -> bool:
    """Whether the last of the outermost boxes goes on behind the end. Moves the reader's position."""
    at = 0
    for _ in range(_MOST_BOXES):
        if at == reader.size:
            return False
        header = _at(reader, at)
        if len(header) < 8:
            return True
        size = struct.unpack_from(">I", header)[0]
        if size == 1 and len(header) == _HEADER:
            size = struct.unpack_from(">Q", header, 8)[0]
        if size < 8:  # to the end of the file, or nonsense
            return False
        at += size
        if at > reader.size:
            return True
    return False


def _at(reader: Readable, at: int) -> bytes:
    reader.seek(at)
    header = b""
    while len(header) < _HEADER and (more := reader.read(_HEADER - len(header))):
        header += more
    return header
