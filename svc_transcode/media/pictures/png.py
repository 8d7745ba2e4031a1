"""PNG (W3C PNG, third edition), its chunks walked through: what decoding needs is kept, the rest is left out. Pure."""

from __future__ import annotations

import zlib
from typing import Final

from svc_transcode.media.pictures import exif
from svc_transcode.media.pictures.plain import MOST_PIECES, Codec, Plain, damaged, moving

START: Final = b"\x89PNG\r\n\x1a\n"
_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_HEADER: Final = 13


def read(data: bytes) -> Plain:
    """The picture. Raises PictureRefused."""
    kept, at, orientation = [START], len(START), exif.UPRIGHT
    size: tuple[int, int] | None = None
    for _ in range(MOST_PIECES):
        length, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise damaged()
        body = data[at + 8 : end - 4]
        if (name == b"IHDR") != (size is None) or zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(
            data[end - 4 : end]
        ):
            raise damaged()
        match name:
            case b"IHDR":
                size = _size(body)
            case b"acTL":
                raise moving()
            case b"eXIf":
                orientation = exif.orientation(body)
            case _:
                pass
        if name in _KEPT:
            kept.append(data[at:end])
        at = end
        if name == b"IEND":
            break
    if size is None or kept[-1][4:8] != b"IEND" or not any(part[4:8] == b"IDAT" for part in kept[1:]):
        raise damaged()
    return Plain(Codec.PNG, *size, b"".join(kept), orientation)


def _size(header: bytes) -> tuple[int, int]:
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    if len(header) != _HEADER or not width or not height:
        raise damaged()
    return width, height
