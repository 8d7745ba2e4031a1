"""Which renditions are made together, by how fast a file arrives and how fast it is encoded. Pure.

One decode for all renditions costs a quarter less CPU than one for the smallest and one for the others. It is
watchable later, though: the smallest rendition is only whole when all are. So what counts is how much of the others
would be left to encode once the last byte has arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from svc_transcode.media.ladder import Rung

ONE_PASS_PIXELS = 500_000_000
"""A video is decoded once for all renditions where of those above the smallest no more pixels than this together are
left when the upload ends: about twenty seconds of one core's encoding. Otherwise its smallest gets a pass first, so
that it can be watched early. Length alone does not say it: seconds of 2160p take longer than half a minute of 480p."""

CORE_SPEED = 25_000_000.0
"""Pixels that one core encodes in a second, until it was measured."""

Passes = tuple[tuple[str, ...], ...]
"""The qualities that each pass makes."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How an upload and the workers get on."""

    seconds_left: float = 0.0
    """Until the last byte is there, as fast as bytes arrived so far; 0 once it is."""
    pixels_a_second: float = CORE_SPEED
    """That all workers together encode."""


WHOLE = Pace()
"""Of a file that is there."""


def seconds_left(size: int, there: int, since: int, seconds: float) -> float:
    """Until a file of `size` bytes is there, of which `there` are now, and were `since` so many seconds ago.

    Where nothing came meanwhile one byte is taken to have come: what is that slow leaves time for everything.
    """
    return (size - there) * max(seconds, 0.0) / max(1, there - since)


def passes(rungs: tuple[Rung, ...], pictures: Fraction, pace: Pace) -> Passes:
    """One pass where encoding keeps up with the upload, two where it does not. `pictures`: how many the video has."""
    pixels = [float(pictures) * rung.width * rung.height for rung in rungs]
    all_of_them = sum(pixels)
    made = min(1.0, pace.seconds_left * pace.pixels_a_second / all_of_them) if all_of_them else 1.0
    names = tuple(rung.quality for rung in rungs)
    if len(names) == 1 or sum(pixels[1:]) * (1 - made) <= ONE_PASS_PIXELS:
        return (names,)
    return names[:1], names[1:]
