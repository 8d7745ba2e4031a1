"""Where in a video it is looked for stills. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

CANDIDATES: Final = 12
_LAST: Final = Fraction(4, 5)
"""Share of the duration. Behind it are credits, and parts of an upload that arrive late."""
_APART: Final = Fraction(1, 10)


def candidate_times(duration: Fraction) -> tuple[Fraction, ...]:
    """The instants around which to look, in seconds, rising: evenly up to 80 %, at least a tenth of a second apart.

    A clip that does not last longer than a second is looked at in its middle alone, so that there is always one.
    """
    if duration <= 1:
        return (max(Fraction(0), duration / 2),)
    count = min(CANDIDATES, int(duration * _LAST / _APART))
    return tuple(duration * _LAST * number / count for number in range(1, count + 1))


def evenly(times: Sequence[Fraction], most: int) -> tuple[Fraction, ...]:
    """At most so many of them, as far apart as they go."""
    if len(times) <= most:
        return tuple(times)
    return tuple(times[(2 * number + 1) * len(times) // (2 * most)] for number in range(most))
