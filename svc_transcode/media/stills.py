"""Which of a video's pictures are worth to stand for it. Pure.

A sharp picture is better than a blurred one, one with light and shade better than a flat one, and one of another scene
better than a second one of the same. Black, white and flat pictures come last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

BINS: Final = 32
_FLAT: Final = 10.0
"""Standard deviation of luma, of 255: less is a title's ground, a fade, a wall."""
_FULL: Final = 45.0
"""From this spread on, more says nothing."""
_BLACK: Final = 20.0
_WHITE: Final = 236.0
_SAME_SCENE: Final = 0.2
"""Share of the luma histogram that differs. Within a shot it is mostly less, across a cut mostly more."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a small grey picture of a moment says about it."""

    brightness: float
    """Mean luma, 0 to 255."""
    spread: float
    """Standard deviation of luma."""
    sharpness: float
    """Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000)."""
    histogram: tuple[float, ...]
    """Of luma, in `BINS` bins; adds up to 1."""

    @property
    def dull(self) -> bool:
        """Black, white or flat: nothing to see."""
        return self.spread < _FLAT or not _BLACK <= self.brightness <= _WHITE


def look_at(luma: bytes, width: int, stride: int) -> Look:
    """Measure a picture of at least 3 × 3 pixels: rows of `width` bytes, each `stride` behind the one before."""
    rows = [luma[start : start + width] for start in range(0, len(luma) - width + 1, stride)]
    counts = [0] * 256
    for value in b"".join(rows):
        counts[value] += 1
    pixels = width * len(rows)
    mean = sum(value * count for value, count in enumerate(counts)) / pixels
    variance = sum((value - mean) ** 2 * count for value, count in enumerate(counts)) / pixels
    step = 256 // BINS
    histogram = tuple(sum(counts[at : at + step]) / pixels for at in range(0, 256, step))
    return Look(mean, math.sqrt(variance), _sharpness(rows), histogram)


def difference(one: Look, other: Look) -> float:
    """How much of the histograms differs: 0 for the same, 1 for pictures without a shade in common."""
    return sum(abs(a - b) for a, b in zip(one.histogram, other.histogram, strict=True)) / 2


def choose(looks: Sequence[Look], most: int) -> tuple[int, ...]:
    """The places of the best, at most so many, the best first; of equals the earlier."""
    sharpest = max((look.sharpness for look in looks), default=0.0) or 1.0
    chosen: list[int] = []

    def rank(place: int) -> tuple[bool, bool, float, int]:
        look = looks[place]
        worth = math.sqrt(look.sharpness / sharpest) * min(1.0, look.spread / _FULL)
        apart = min((difference(look, looks[other]) for other in chosen), default=1.0)
        return not look.dull, apart >= _SAME_SCENE, worth * math.sqrt(apart), -place

    while len(chosen) < min(most, len(looks)):
        chosen.append(max((place for place in range(len(looks)) if place not in chosen), key=rank))
    return tuple(chosen)


def _sharpness(rows: Sequence[bytes]) -> float:
    total = squares = count = 0
    for above, row, below in zip(rows, rows[1:], rows[2:], strict=False):
        for left, here, right, up, down in zip(row, row[1:], row[2:], above[1:], below[1:], strict=False):
            value = 4 * here - left - right - up - down
            total += value
            squares += value * value
        count += max(0, len(row) - 2)
    return squares / count - (total / count) ** 2 if count else 0.0
