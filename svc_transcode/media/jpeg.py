"""JPEG files. Imports PyAV: for a media child alone."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

PIXELS: Final = "yuvj420p"
COLORS: Final = "out_color_matrix=smpte170m:out_range=pc"
"""Options of the scaler: what every JPEG reader assumes (ITU-T T.871)."""


def encode_jpeg(picture: VideoFrame, quantiser: int) -> bytes:
    """The file of a picture whose format is `PIXELS`. `quantiser`: mjpeg's, from 2 (best) to 31."""
    encoder = CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)  # noqa: S101  # mjpeg is a video codec
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, PIXELS
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": str(quantiser), "qmax": str(quantiser)}
    picture.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])
