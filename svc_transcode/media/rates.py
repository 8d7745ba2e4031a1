"""Bitrates measured from segments that exist, as RFC 8216 defines them. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from svc_transcode.media.tracks import Segment

_SHORTEST = Fraction(1, 2)
_LONGEST = Fraction(3, 2)


@dataclass(frozen=True, slots=True)
class Rates:
    """Bits a second."""

    peak: int
    average: int


def target_duration(segments: Sequence[Segment], timescale: int) -> int:
    """EXT-X-TARGETDURATION: the longest segment, rounded to the nearest second, and at least 1."""
    longest = max(Fraction(s.duration, timescale) for s in segments)
    return max(1, math.floor(longest + Fraction(1, 2)))


def measure(segments: Sequence[Segment], timescale: int) -> Rates:
    """The average, and the peak segment bit rate of RFC 8216 section 4.3.4.2.

    The peak is the largest rate of any contiguous run of segments whose duration is between 0.5 and 1.5 target
    durations: a tail of a few frames is no peak of its own. Rounded up, so that neither is ever an understatement.
    """
    target = target_duration(segments, timescale) * timescale
    average = _rate(sum(s.size for s in segments), sum(s.duration for s in segments), timescale)
    peak = Fraction(0)
    for first in range(len(segments)):
        size = duration = 0
        for segment in itertools.islice(segments, first, None):
            size, duration = size + segment.size, duration + segment.duration
            if duration > _LONGEST * target:
                break
            if duration >= _SHORTEST * target:
                peak = max(peak, _rate(size, duration, timescale))
    return Rates(math.ceil(max(peak, average)), math.ceil(average))


def _rate(size: int, duration: int, timescale: int) -> Fraction:
    return Fraction(size * 8 * timescale, duration)
