"""How hard a source is to encode, and what is made of that. Pure.

Short samples of the whole video are encoded quickly, at constant quality, in every size of the ladder: the bits that
they take say which sizes are worth having, and how far a cap may come down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from svc_transcode.media.ladder import Rung

SAMPLE = Fraction(1)
"""Seconds of a sample."""
_APART = 20
"""Seconds of video, at least, for each sample: measuring is to cost little beside encoding."""
_MOST = 5

_WORTH = Fraction(3, 2)
"""So many times the bits of a rung the next larger one has to take, or a player gains nothing by the smaller one."""
_CAP = Fraction(3, 2)
"""Of the ladder's bitrate: beyond it constant quality costs more than viewers can see."""
_LOWEST_CAP = Fraction(1, 4)
"""Of the ladder's bitrate: samples see only so much of a video."""


@dataclass(frozen=True, slots=True)
class Complexity:
    """What samples took."""

    rates: tuple[tuple[str, int], ...]
    """For each rung of the ladder, by its quality: bits a second."""


def sample_times(duration: Fraction) -> tuple[Fraction, ...]:
    """When samples begin: each in the middle of one of as many equal stretches of the video."""
    count = max(1, min(_MOST, int(duration / _APART)))
    return tuple(max(Fraction(0), duration * (2 * n + 1) / (2 * count) - SAMPLE / 2) for n in range(count))


def worthwhile(rungs: Sequence[Rung], complexity: Complexity | None) -> tuple[Rung, ...]:
    """The rungs, smallest first, without those that gain nothing, and each with its cap.

    The largest and the smallest stay: one is what the source has to give, the other what can be watched first, and
    over any line. Without a measurement all stay.
    """
    rates = dict(complexity.rates) if complexity else {}
    if any(rung.quality not in rates for rung in rungs):
        return tuple(_capped(rung, None) for rung in rungs)
    kept = [rungs[-1]]
    for rung in reversed(rungs[:-1]):
        if rung is rungs[0] or rates[kept[-1].quality] >= _WORTH * rates[rung.quality]:
            kept.append(rung)
    return tuple(_capped(rung, rates[rung.quality]) for rung in reversed(kept))


def _capped(rung: Rung, rate: int | None) -> Rung:
    most = rung.bitrate * _CAP
    cap = most if rate is None else min(most, max(rung.bitrate * _LOWEST_CAP, Fraction(rate)))
    return replace(rung, bitrate=int(cap))
