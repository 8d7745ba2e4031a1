"""Finds the boxes of ISO base media files (ISO/IEC 14496-12). Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

Buffer = bytes | bytearray


class BoxError(ValueError):
    """The bytes are not the boxes they should be."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box lies: the whole of it, and its content."""

    kind: str
    start: int
    content: int
    end: int


def boxes(data: Buffer, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes that follow each other in data[start:end]. Raises BoxError where one does not fit."""
    end = len(data) if end is None else end
    while start < end:
        if start + 8 > end:
            raise BoxError(f"{end - start} bytes cannot be a box")
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1:
            if start + 16 > end:
                raise BoxError("a long box without its length")
            size, header = struct.unpack_from(">Q", data, start + 8)[0], 16
        elif size == 0:
            size = end - start
        if size < header or start + size > end:
            raise BoxError(f"box {kind!r} of {size} bytes does not fit")
        yield Box(kind.decode("latin-1"), start, start + header, start + size)
        start += size


def find(data: Buffer, *path: str) -> Box:
    """The first box at `path`, e.g. find(moof, "moof", "traf", "tfdt"). Raises BoxError where there is none."""
    start, end = 0, len(data)
    found = None
    for kind in path:
        found = next((box for box in boxes(data, start, end) if box.kind == kind), None)
        if found is None:
            raise BoxError(f"no box at {'/'.join(path)}")
        start, end = found.content, found.end
    if found is None:
        raise BoxError("an empty path")
    return found
