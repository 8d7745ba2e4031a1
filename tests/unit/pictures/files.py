"""Pictures to send, right ones and wrong ones."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from typing import Final

import av
from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

Color = tuple[int, int, int]
Shade = Callable[[int, int], tuple[int, int, int, int]]

WIDTH, HEIGHT = 640, 360
MAGENTA, BLUE, RED, BLACK = (255, 0, 255), (0, 0, 255), (255, 0, 0), (0, 0, 0)
CORNERS: Final = (MAGENTA, BLUE, RED, BLACK)
"""Of what `quarters` draws: top left, top right, bottom left, bottom right."""


def quarters(x: int, y: int) -> tuple[int, int, int, int]:
    return (*CORNERS[(x >= WIDTH // 2) + 2 * (y >= HEIGHT // 2)], 255)


def encoded(codec: str, pixels: str, shade: Shade = quarters, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    """A picture as one of FFmpeg's encoders writes it."""
    width, height = size
    frame = VideoFrame(width, height, "rgba")
    plane = frame.planes[0]
    rows = (b"".join(bytes(shade(x, y)) for x in range(width)).ljust(plane.line_size, b"\0") for y in range(height))
    plane.update(b"".join(rows))
    frame = frame.reformat(format=pixels)
    frame.pts = 0
    encoder = CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = width, height, pixels, Fraction(1, 25)
    encoder.options = {"lossless": "1"} if pixels == "bgra" else {}
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def jpeg() -> bytes:
    return encoded("mjpeg", "yuvj420p")


def chunk(name: bytes, body: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*more: bytes, size: tuple[int, int] = (WIDTH, HEIGHT), rows: bytes | None = None) -> bytes:
    """A grey PNG, with these chunks before its pixels; `rows` in place of them."""
    width, height = size
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    data = zlib.compress((b"\0" + b"\x80" * width) * height if rows is None else rows)
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def palette(transparent: int) -> bytes:
    """A PNG of which each half is a colour of its palette: left the first, right the second."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0))
    colors = chunk(b"PLTE", bytes((255, 255, 255, 255, 0, 0)))
    alpha = chunk(b"tRNS", bytes(0 if place == transparent else 255 for place in range(2)))
    data = zlib.compress((b"\0" + b"\0" * (WIDTH // 2) + b"\1" * (WIDTH // 2)) * HEIGHT)
    return b"\x89PNG\r\n\x1a\n" + head + colors + alpha + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def exif(orientation: int, order: str = ">") -> bytes:
    """A TIFF block of one field."""
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(f"{order}IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)


def segment(marker: int, body: bytes) -> bytes:
    """Of a JPEG."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def tagged(*segments: bytes) -> bytes:
    """A JPEG with these segments at its beginning."""
    return b"\xff\xd8" + b"".join(segments) + jpeg()[2:]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP of these chunks."""
    body = b"".join(name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def in_webp(data: bytes) -> dict[bytes, bytes]:
    """The chunks of a WebP."""
    found, at = dict[bytes, bytes](), 12
    while at < len(data):
        name, length = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        found[name] = data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return found


def seen(data: bytes) -> tuple[tuple[int, int], list[Color]]:
    """The size of a JPEG, and what is near its four corners."""
    with av.open(io.BytesIO(data), "r") as container:
        frame = next(container.decode(container.streams.video[0])).reformat(format="rgb24")
    plane, stride = bytes(frame.planes[0]), frame.planes[0].line_size
    found: list[Color] = []
    for down in (0.1, 0.9):
        for across in (0.1, 0.9):
            at = int(down * frame.height) * stride + 3 * int(across * frame.width)
            found.append((plane[at], plane[at + 1], plane[at + 2]))
    return (frame.width, frame.height), found


def alike(one: list[Color], other: list[Color]) -> bool:
    return all(abs(a - b) <= 8 for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))


def with_right_sums(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums of what is in them."""
    fixed, at = data[:8], 8
    while at + 12 <= len(data):
        end = at + 8 + struct.unpack_from(">I", data, at)[0]
        fixed += chunk(data[at + 4 : at + 8], data[at + 8 : end])
        at = end + 4
    return fixed
