"""What is done to finished files, because no muxer writes them so."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from fractions import Fraction

from svc_transcode.media.boxes import Box, boxes

_CONTAINERS = {"moov", "trak", "edts", "mdia"}


def trimmed(seconds: Fraction) -> Callable[[bytes], bytes]:
    """An MP4 whose edit lists begin so much later in every track, as a cut on a telephone leaves it."""

    def alter(data: bytes) -> bytes:
        made = bytearray(data)
        scale = _timescale(data, next(box for box in _tree(data, 0, len(data)) if box.kind == "mvhd"))
        for track in (box for box in _tree(data, 0, len(data)) if box.kind == "trak"):
            inside = list(_tree(data, track.content, track.end))
            (edits,) = (box for box in inside if box.kind == "elst")
            media = _timescale(data, next(box for box in inside if box.kind == "mdhd"))
            duration, time = struct.unpack_from(">Ii", data, edits.content + 8)
            cut = (duration - int(seconds * scale), time + int(seconds * media))
            struct.pack_into(">Ii", made, edits.content + 8, *cut)
        return bytes(made)

    return alter


def overwritten(at: Fraction, length: int) -> Callable[[bytes], bytes]:
    """Bytes in the midst are lost, as on a bad disk: zeros in their place."""

    def alter(data: bytes) -> bytes:
        start = int(len(data) * at)
        return data[:start] + bytes(length) + data[start + length :]

    return alter


def _tree(data: bytes, start: int, end: int) -> Iterator[Box]:
    for box in boxes(data, start, end):
        yield box
        if box.kind in _CONTAINERS:
            yield from _tree(data, box.content, box.end)


def _timescale(data: bytes, box: Box) -> int:
    return struct.unpack_from(">I", data, box.content + (20 if data[box.content] else 12))[0]
