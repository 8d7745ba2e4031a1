"""JPEG (ITU-T T.81), its marker segments walked through: what decoding needs is kept, the rest is left out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from svc_transcode.media.pictures import exif
from svc_transcode.media.pictures.plain import MOST_PIECES, Codec, PictureRefused, Plain, damaged

START: Final = b"\xff\xd8"
_END: Final = b"\xff\xd9"
_SOF: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive, with Huffman codes: what cameras and programs write."""
_OTHER_SOF: Final = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_SOS, _EOI, _APP1, _ADOBE = 0xDA, 0xD9, 0xE1, 0xEE
_KEPT: Final = frozenset({*_SOF, 0xC4, 0xDB, 0xDD, 0xE0, _ADOBE, _SOS})
"""Tables, the frame, its coded data, JFIF, and Adobe's word about colours."""
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""In coded data: neither a stuffed byte, a restart nor a fill."""
_FILL: Final = re.compile(rb"\xff+")
"""Before a marker, of which the last is its own."""
_FRAME_LENGTH: Final = 8


def read(data: bytes) -> Plain:
    """The picture. Raises PictureRefused."""
    kept, orientation = [START], exif.UPRIGHT
    size: tuple[int, int] | None = None
    coded = False
    for marker, segment, whole in _segments(data):
        if marker in _OTHER_SOF:
            raise PictureRefused("This kind of JPEG is not supported. Save it as an ordinary one.")
        if marker in _SOF:
            if size is not None:
                raise damaged()
            size = _size(segment)
        elif marker == _APP1 and segment.startswith(exif.PREFIX):
            orientation = exif.orientation(segment)
        coded |= marker == _SOS and size is not None
        if marker in _KEPT:
            kept.append(whole)
    if size is None or not coded:
        raise damaged()
    return Plain(Codec.JPEG, *size, b"".join([*kept, _END]), orientation)


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker, what is in the segment, and all of it, coded data behind it included; up to the end of the picture."""
    at = len(START)
    for _ in range(MOST_PIECES):
        fill = _FILL.match(data, at)
        if fill is None or len(data) <= fill.end():
            raise damaged()
        at = fill.end() - 1
        marker = data[at + 1]
        if marker == _EOI:
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if end < at + 4 or end > len(data):
            raise damaged()
        segment = data[at + 4 : end]
        if marker == _SOS:
            following = _MARKER.search(data, end)
            if following is None:
                raise damaged()
            end = following.start()
        yield marker, segment, data[at:end]
        at = end
    raise damaged()


def _size(segment: bytes) -> tuple[int, int]:
    if len(segment) < _FRAME_LENGTH - 2:
        raise damaged()
    depth, components = segment[0], segment[5]
    if depth != 8 or components not in {1, 3}:
        raise PictureRefused("The colours of this JPEG are not for screens. Save it with eight bits, as RGB or grey.")
    height, width = int.from_bytes(segment[1:3]), int.from_bytes(segment[3:5])
    if not width or not height:
        raise damaged()
    return width, height
