"""When thumbnails are taken. Pure."""

from __future__ import annotations

from fractions import Fraction

_FIRST = Fraction(1)
_SHARES = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
_APART = Fraction(1, 10)


def thumbnail_times(duration: Fraction) -> tuple[Fraction, ...]:
    """The instants to take, in seconds; the first is the default thumbnail, so the order is part of the meaning.

    They are 1 s, then 25, 50 and 75 % of the duration, without those within 0.1 s of one already chosen. A clip
    that does not reach its first second gets its middle alone, so that there is always one.
    """
    if duration <= _FIRST:
        return (max(Fraction(0), duration / 2),)
    chosen: list[Fraction] = [_FIRST]
    for time in (share * duration for share in _SHARES):
        if all(abs(time - other) >= _APART for other in chosen):
            chosen.append(time)
    return tuple(chosen)
