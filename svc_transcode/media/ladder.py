"""Which renditions a source gets. Pure.

A rung is chosen by the picture's SHORT side, so that portrait video is judged like landscape (1080×1920 is
"1080p"), and a source is never scaled up.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from svc_transcode.media.coding import CLASSIC, Codec, Coding

SHORT_SIDES: tuple[tuple[int, int], ...] = (
    (360, 400_000),
    (720, 1_500_000),
    (1080, 4_000_000),
    (1440, 8_000_000),
    (2160, 20_000_000),
)
"""Short side in pixels, target bits a second."""

MAXRATE_FACTOR = 2
BUFSIZE_FACTOR = 2
"""x264's VBV ceiling and buffer, as multiples of the target bitrate."""

AUDIO_BITRATE = 128_000
AUDIO_RATE = 48_000
AUDIO_CHANNELS = 2

_SMALLEST_BITRATE = 64_000
_SMALLEST_SIDE = 16  # below this x264's motion search has nothing to work on


@dataclass(frozen=True, slots=True)
class Rung:
    """One rendition of the picture: `width` × `height` square pixels, both even."""

    quality: str
    """Its name, which no other rendition of the video has: "720p", or "720p-av1" for one beside that."""
    width: int
    height: int
    bitrate: int
    """In bits a second: the target or, at constant quality, the cap."""
    coding: Coding = CLASSIC

    @property
    def beside(self) -> bool:
        """Whether it is one that not every player knows, beside one of the same size that all do."""
        return self.coding.codec is not Codec.H264

    @property
    def maxrate(self) -> int:
        return self.bitrate * (MAXRATE_FACTOR if self.coding.crf is None else 1)

    @property
    def bufsize(self) -> int:
        return self.bitrate * BUFSIZE_FACTOR


def ladder(width: int, height: int) -> tuple[Rung, ...]:
    """The rungs for a picture of `width` × `height` displayed square pixels, smallest first; never empty.

    A source below the smallest rung gets one rung of its own size, with the smallest rung's bitrate scaled to its
    area. Raises ValueError for sizes that are not positive.
    """
    if width <= 0 or height <= 0:
        raise ValueError(f"a picture of {width}x{height} has no ladder")
    short = min(width, height)
    rungs = tuple(_rung(width, height, side, rate) for side, rate in SHORT_SIDES if side <= short)
    return rungs or (_own_size(width, height),)


def _rung(width: int, height: int, side: int, bitrate: int) -> Rung:
    long = _even(Fraction(max(width, height) * side, min(width, height)))
    w, h = (long, side) if width >= height else (side, long)
    return Rung(f"{side}p", w, h, bitrate)


def _own_size(width: int, height: int) -> Rung:
    w, h = (max(_SMALLEST_SIDE, side - side % 2) for side in (width, height))
    side, rate = SHORT_SIDES[0]
    area = Fraction(w * h, side * side * 16 // 9)
    return Rung(f"{min(w, h)}p", w, h, min(rate, max(_SMALLEST_BITRATE, int(rate * area))))


def _even(size: Fraction) -> int:
    return 2 * round(size / 2)
