"""The common segment grid and the chunk plan. Pure.

Every rendition is cut at the same instants, k × 2 s, whoever encodes it: that is what makes segments switchable
between renditions and lets chunks that were encoded apart be joined without a seam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

SEGMENT = Fraction(2)
"""Seconds between two grid points."""

TIMESCALE = 90_000
"""Ticks a second of every video track."""

CHUNK = 4 * SEGMENT
"""Default length of a chunk, in seconds."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames with `start` ≤ time < `end`, in seconds; `end` is None for the last chunk, which takes the rest."""

    index: int
    start: Fraction
    end: Fraction | None


def plan_chunks(duration: Fraction, length: Fraction = CHUNK) -> tuple[Chunk, ...]:
    """Cuts `duration` seconds of video into chunks of `length`; the last may be shorter, none is empty.

    Pass `SourceInfo.video_duration`: sound that outlasts the picture makes no chunk. Raises ValueError where the
    length is not a positive multiple of the grid, or the duration not positive.
    """
    if length <= 0 or length % SEGMENT:
        raise ValueError(f"a chunk must be a positive multiple of {SEGMENT} s, not {length}")
    if duration <= 0:
        raise ValueError(f"nothing to cut in {duration} s")
    count = math.ceil(duration / length)
    return tuple(Chunk(i, i * length, (i + 1) * length if i + 1 < count else None) for i in range(count))


def ticks(time: Fraction) -> int:
    """Seconds to ticks, rounded DOWN: so a frame is in grid cell k by its ticks exactly when it is by its time."""
    return math.floor(time * TIMESCALE)


def cell(tick: int) -> int:
    """The grid cell (the segment's number, from 0) that an instant in ticks falls into."""
    return tick // int(SEGMENT * TIMESCALE)
