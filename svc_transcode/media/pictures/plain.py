"""A picture that was looked at, its bounds, and what is said of one that is refused. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_PIXELS: Final = 25_000_000
LONG_SIDE, SHORT_SIDE = 320, 180
"""The least, in pixels."""
MOST_ASPECT: Final = 3
MOST_PIECES: Final = 4096
"""Segments of a JPEG, chunks of a PNG or WebP: pictures have dozens, and each costs a step of reading."""


class Codec(StrEnum):
    """Decoders, by FFmpeg's names."""

    JPEG = "mjpeg"
    PNG = "png"
    WEBP = "webp"


@dataclass(frozen=True, slots=True)
class Plain:
    """A picture without anything around it."""

    codec: Codec
    width: int
    """Pixels, as stored: before it is turned upright."""
    height: int
    data: bytes
    orientation: int = 1
    """As EXIF counts (CIPA DC-008, tag 274): 1 is upright, 2 to 8 turned, mirrored, or both."""


class PictureRefused(ValueError):  # noqa: N818 (it says what is the case)
    """The file cannot be taken. `sentence` is for whoever sent it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def damaged() -> PictureRefused:
    """The file does not keep to its format, or ends too early."""
    return PictureRefused("The picture is damaged or cut off.")


def moving() -> PictureRefused:
    """It is an animation."""
    return PictureRefused("The picture moves. Send one that stands still.")


def require_size(width: int, height: int) -> None:
    """Raise PictureRefused for what is too small, too large or too narrow to be shown."""
    long, short = max(width, height), min(width, height)
    said = f"The picture is {width} × {height} pixels"
    if width * height > MOST_PIXELS:
        raise PictureRefused(f"{said}; at most {MOST_PIXELS // 1_000_000} million are taken.")
    if long < LONG_SIDE or short < SHORT_SIDE:
        raise PictureRefused(f"{said}; it takes at least {LONG_SIDE} × {SHORT_SIDE}.")
    if long > MOST_ASPECT * short:
        raise PictureRefused(f"{said}; one side may be at most {MOST_ASPECT} times as long as the other.")
