"""With what a rendition of the picture is encoded. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Codec(StrEnum):
    """What a picture is coded as."""

    H264 = "h264"
    """What every player plays: each video has it."""
    AV1 = "av1"
    """Beside it, for players that know it."""


ENCODERS = {Codec.H264: "libx264", Codec.AV1: "libsvtav1"}
"""FFmpeg's names of the encoders."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a rendition is encoded."""

    codec: Codec = Codec.H264
    preset: str = ""
    """Of the encoder; empty: the one that the operator chose for all (`transcode.preset`, x264's)."""
    crf: int | None = None
    """Constant quality, on the encoder's own scale, with the rung's bitrate as a cap; None: the bitrate on average."""


CLASSIC = Coding()
"""x264 at an average bitrate, with the operator's preset."""
