"""What a kind of source is, and how to make one. The table of all of them is in `table`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

RATE = Fraction(25)
LENGTH = 75
"""Pictures, usually: three seconds, which is a chunk and a half."""
BEEP = Fraction(1)
"""Seconds from the first picture to where a tone begins: before, there is silence."""

FAST = {"preset": "ultrafast", "bf": "2", "g": "25"}


def steady(count: int = LENGTH, rate: Fraction = RATE, start: Fraction = Fraction(0)) -> tuple[Fraction, ...]:
    """The times of `count` pictures at a constant rate."""
    return tuple(start + Fraction(i) / rate for i in range(count))


@dataclass(frozen=True, slots=True)
class Sound:
    """A track of sound: silence, and from `beep` on a tone. Times in seconds on the clock of the pictures."""

    codec: str = "aac"
    layout: str = "stereo"
    rate: int = 48_000
    language: str = ""
    start: Fraction = Fraction(0)
    end: Fraction = Fraction(3)
    beep: Fraction = BEEP
    channels: tuple[int, ...] = ()
    """Those that have the tone; all where empty."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind of source, as the recipe of one file."""

    name: str
    special: str
    """What is special about it."""
    file: str = "clip.mp4"
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    size: tuple[int, int] = (320, 180)
    times: tuple[Fraction, ...] = steady()
    """Of the pictures, in seconds; each shows its own number."""
    rate: Fraction = RATE
    options: dict[str, str] = field(default_factory=lambda: dict(FAST))
    muxer: dict[str, str] = field(default_factory=dict[str, str])
    sounds: tuple[Sound, ...] = (Sound(),)
    rotation: int = 0
    aspect: Fraction = Fraction(1)
    color: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Primaries, transfer, matrix (ITU-T H.273) and range (1 limited, 2 full), where the file says them."""
    fields: str = ""
    """"tff" or "bff" where pictures are interlaced."""
    second_size: tuple[int, int] | None = None
    """The size that the picture takes in its second half."""
    altered: Callable[[bytes], bytes] | None = None
    """What is done to the finished file."""
    shown: Sequence[int] | None = None
    """The numbers that are to be seen; None: all."""
    origin: Fraction | None = None
    """When the presentation begins, on the clock of the pictures; None: with the first picture."""
    displayed: tuple[int, int] | None = None
    """The size as displayed; None: that of the picture."""
    least_psnr: float = 36.0
    """Of any picture against the reference, in dB: with a wrong matrix it is 32. 0 where there is no such reference."""
    readable: bool = True
    """Whether its pictures are large enough to show their numbers."""

    def __str__(self) -> str:
        return self.name

    @property
    def expected(self) -> list[tuple[Fraction, int]]:
        """Each picture that is to be seen, with its time in the presentation."""
        numbers = range(len(self.times)) if self.shown is None else self.shown
        origin = self.times[numbers[0]] if self.origin is None else self.origin
        return [(self.times[number] - origin, number) for number in numbers]
