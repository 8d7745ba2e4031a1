"""Pictures whose number can be read, whose colours can be judged, and that cost next to nothing to encode."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import cast

from av.filter import Graph
from av.video.frame import VideoFrame

BITS = 10
_STRIP = Fraction(3, 4), Fraction(15, 16)
"""Where, from top to bottom, the number stands as black and white bars."""
_BLACK, _WHITE = 16, 235


@lru_cache(maxsize=8)
def _scene(width: int, height: int) -> VideoFrame:
    """Colour bars (SMPTE RP 219), with the matrix of BT.709."""
    graph = Graph()
    graph.link_nodes(
        graph.add("smptehdbars", f"size={width}x{height}:rate=1:duration=1"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ).configure()
    return cast(VideoFrame, graph.pull())


def picture(number: int, width: int, height: int) -> VideoFrame:
    """The scene, with its number."""
    frame = VideoFrame(width, height, "yuv420p")
    for place, (plane, source) in enumerate(zip(frame.planes, _scene(width, height).planes, strict=True)):
        data = bytearray(bytes(source))
        top, bottom = (int(plane.height * edge) // 2 * 2 for edge in _STRIP)
        row = _bars(number, plane.width) if place == 0 else b"\x80" * plane.width
        for y in range(top, bottom):
            data[y * source.line_size : y * source.line_size + plane.width] = row
        plane.update(_restrided(bytes(data), source.line_size, plane.line_size, plane.height))
    return frame


def number_in(frame: VideoFrame, rotation: int = 0) -> int:
    """The number of a picture that was turned by `rotation` degrees counter-clockwise."""
    gray = frame.reformat(format="gray")
    data, stride = bytes(gray.planes[0]), gray.planes[0].line_size
    down = float(sum(_STRIP) / 2)
    found = 0
    for bit in range(BITS):
        x, y = _turned((bit + 0.5) / BITS, down, rotation)
        found |= (data[int(y * gray.height) * stride + int(x * gray.width)] > 127) << bit
    return found


def _turned(x: float, y: float, rotation: int) -> tuple[float, float]:
    match rotation % 360:
        case 90:
            return y, 1 - x
        case 180:
            return 1 - x, 1 - y
        case 270:
            return 1 - y, x
        case _:
            return x, y


def _bars(number: int, width: int) -> bytes:
    return b"".join(
        bytes([_WHITE if number >> bit & 1 else _BLACK]) * ((bit + 1) * width // BITS - bit * width // BITS)
        for bit in range(BITS)
    )


def _restrided(data: bytes, source: int, target: int, rows: int) -> bytes:
    if source == target:
        return data
    width = min(source, target)
    return b"".join(data[y * source : y * source + width].ljust(target, b"\0") for y in range(rows))
