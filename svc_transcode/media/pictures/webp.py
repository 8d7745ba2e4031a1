"""WebP (RFC 9649), its chunks walked through: what decoding needs is kept, the rest is left out. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from svc_transcode.media.pictures import exif
from svc_transcode.media.pictures.plain import MOST_PIECES, Codec, Plain, damaged, moving

START: Final = b"RIFF"
FORM: Final = b"WEBP"
_ALPHA, _ANIMATION = 0x10, 0x02
_READ: Final = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"EXIF"})
_MOVING: Final = frozenset({b"ANIM", b"ANMF"})
_KEYFRAME: Final = b"\x9d\x01\x2a"
_LOSSLESS: Final = 0x2F


def read(data: bytes) -> Plain:
    """The picture. Raises PictureRefused."""
    chunks: dict[bytes, bytes] = {}
    for name, body in _chunks(data):
        if name in _MOVING:
            raise moving()
        if name in _READ and chunks.setdefault(name, body) is not body:
            raise damaged()
    canvas = _canvas(chunks[b"VP8X"]) if b"VP8X" in chunks else None
    match chunks:
        case {b"VP8 ": lossy} if b"VP8L" not in chunks:
            size, picture = _lossy(lossy), _chunk(b"VP8 ", lossy)
            alpha = _chunk(b"ALPH", chunks[b"ALPH"]) if b"ALPH" in chunks else b""
        case {b"VP8L": lossless} if b"VP8 " not in chunks:
            size, picture, alpha = _lossless(lossless), _chunk(b"VP8L", lossless), b""
        case _:
            raise damaged()
    if canvas not in {None, size}:
        raise damaged()
    orientation = exif.orientation(chunks.get(b"EXIF", b""))
    return Plain(Codec.WEBP, *size, _file(size, alpha, picture), orientation)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    end, at = 8 + int.from_bytes(data[4:8], "little"), 12
    if end > len(data):
        raise damaged()
    for _ in range(MOST_PIECES):
        if at + 8 > end:
            return
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            raise damaged()
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    raise damaged()


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)


def _canvas(body: bytes) -> tuple[int, int]:
    if len(body) != 10:
        raise damaged()
    if body[0] & _ANIMATION:
        raise moving()
    return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")


def _lossy(body: bytes) -> tuple[int, int]:
    if len(body) < 10 or body[0] & 1 or body[3:6] != _KEYFRAME:
        raise damaged()
    return _both(int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF)


def _lossless(body: bytes) -> tuple[int, int]:
    if len(body) < 5 or body[0] != _LOSSLESS:
        raise damaged()
    bits = int.from_bytes(body[1:5], "little")
    return _both((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)


def _both(width: int, height: int) -> tuple[int, int]:
    if not width or not height:
        raise damaged()
    return width, height


def _file(size: tuple[int, int], alpha: bytes, picture: bytes) -> bytes:
    """Extended (RFC 9649, section 2.7) only where there is a plane of alpha."""
    extended = b""
    if alpha:
        sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
        extended = _chunk(b"VP8X", bytes((_ALPHA, 0, 0, 0)) + sides)
    content = FORM + extended + alpha + picture
    return START + len(content).to_bytes(4, "little") + content
