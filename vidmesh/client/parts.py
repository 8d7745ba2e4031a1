"""How a file is sent: its parts, and the order in which they are worth most to who waits at the other end."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from vidmesh.upload.v1.upload_pb2 import PartRun

HEAD_PARTS: Final = 1
"""Parts at the beginning that go before the index: the container's header, and first pictures."""

MOST_BOXES: Final = 1000
"""Top-level boxes looked at; a fragmented file has thousands, and its index in front."""


@dataclass(frozen=True, slots=True)
class Span:
    """One part. Parts are numbered from 1; offset and size in bytes."""

    number: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.offset + self.size


def spans_of(layout: Iterable[PartRun]) -> tuple[Span, ...]:
    """Every part of an upload's layout, by number."""
    spans: list[Span] = []
    offset = 0
    for run in layout:
        for number in range(run.first_number, run.first_number + run.count):
            spans.append(Span(number, offset, run.size_bytes))
            offset += run.size_bytes
    return tuple(spans)


def sending_order(spans: Iterable[Span], index: tuple[int, int] | None) -> list[Span]:
    """The head first, then the parts that cover the index (bytes `index[0]` to before `index[1]`), then the others."""

    def rank(span: Span) -> tuple[int, int]:
        if span.number <= HEAD_PARTS:
            return 0, span.number
        if index is not None and span.offset < index[1] and span.end > index[0]:
            return 1, span.number
        return 2, span.number

    return sorted(spans, key=rank)


def find_index(file: BinaryIO) -> tuple[int, int] | None:
    """Where an MP4 keeps its index, the `moov` box: first byte and the one behind the last.

    None for a file that has none among its first boxes, or is no MP4 (ISO/IEC 14496-12, 4.2). Leaves the file's
    position anywhere.
    """
    for kind, start, end in _boxes(file):
        if kind == b"moov":
            return start, end
    return None


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    total = file.seek(0, 2)
    start = 0
    for _ in range(MOST_BOXES):
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            return
        size, kind = struct.unpack(">I4s", header[:8])
        least = 8
        if size == 1:
            if len(header) < 16:
                return
            (size,), least = struct.unpack(">Q", header[8:16]), 16
        elif size == 0:
            size = total - start
        # What is not a box has no sensible size or name; then this is no such file, or it is damaged.
        if size < least or start + size > total or not all(32 <= letter < 127 for letter in kind):
            return
        yield kind, start, start + size
        start += size
