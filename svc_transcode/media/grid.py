"""The common segment grid and the chunk plan. Pure.

Every rendition is cut at the same instants, k × 2 s, whoever encodes it: that is what makes segments switchable
between renditions and lets chunks that were encoded apart be joined without a seam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from svc_transcode.media.ladder import AUDIO_RATE

SEGMENT = Fraction(2)
"""Seconds between two grid points."""

TIMESCALE = 90_000
"""Ticks a second of every video track."""

CHUNK = 4 * SEGMENT
"""Default length of a chunk, in seconds."""


SOUND_FRAME = 1024
"""Samples of a packet of AAC-LC (ISO/IEC 14496-3)."""

SOUND_SEGMENT = 94
"""Packets of a segment of sound: the fewest that are not shorter than `SEGMENT`."""

SOUND_PIECE = 30
"""Most segments of a piece of sound: a minute."""

_SHORTEST_PIECE = 4
"""Segments of sound that are not cut any more: to begin a job costs more than to encode them."""

_TAPERED = 3
"""Chunks, at least, of a video whose chunks get shorter towards its end: in a shorter one that gains nothing."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames with `start` ≤ time < `end`, in seconds; `end` is None for the last chunk, which takes the rest."""

    index: int
    start: Fraction
    end: Fraction | None


@dataclass(frozen=True, slots=True)
class Piece:
    """The packets of sound from `first` on and before `end`; `end` is None for the last piece, which takes the rest."""

    index: int
    first: int
    end: int | None


def plan_chunks(duration: Fraction, length: Fraction = CHUNK) -> tuple[Chunk, ...]:
    """Cuts `duration` seconds of video into chunks of `length` and, towards its end, of less and less; none is empty.

    What remains to be done after the last byte of an upload has arrived is the last chunks: so each takes at most half
    of what is left, down to one segment. Pass `SourceInfo.video_duration`: sound that outlasts the picture makes no
    chunk. Raises ValueError where the length is not a positive multiple of the grid, or the duration not positive.
    """
    if length <= 0 or length % SEGMENT:
        raise ValueError(f"a chunk must be a positive multiple of {SEGMENT} s, not {length}")
    if duration <= 0:
        raise ValueError(f"nothing to cut in {duration} s")
    starts = [Fraction(0)]
    while (left := duration - starts[-1]) > 0:
        half = max(SEGMENT, left / 2 // SEGMENT * SEGMENT)
        starts.append(starts[-1] + (min(length, half) if duration >= _TAPERED * length else length))
    starts.pop()
    return tuple(Chunk(i, at, starts[i + 1] if i + 1 < len(starts) else None) for i, at in enumerate(starts))


def plan_sound(length: Fraction) -> tuple[Piece, ...]:
    """Cuts `length` seconds of sound into pieces of whole segments, smaller ones towards the end as `plan_chunks`."""
    segments = max(1, math.ceil(length * AUDIO_RATE / (SOUND_FRAME * SOUND_SEGMENT)))
    firsts = [0]
    while segments - firsts[-1] > _SHORTEST_PIECE:
        firsts.append(firsts[-1] + min(SOUND_PIECE, (segments - firsts[-1] + 1) // 2))
    packets = [first * SOUND_SEGMENT for first in firsts]
    return tuple(Piece(i, at, packets[i + 1] if i + 1 < len(packets) else None) for i, at in enumerate(packets))


def ticks(time: Fraction) -> int:
    """Seconds to ticks, rounded DOWN: so a frame is in grid cell k by its ticks exactly when it is by its time."""
    return math.floor(time * TIMESCALE)


def cell(tick: int) -> int:
    """The grid cell (the segment's number, from 0) that an instant in ticks falls into."""
    return tick // int(SEGMENT * TIMESCALE)
