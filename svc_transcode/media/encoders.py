"""Which encoders work here, found by encoding a picture. Imports PyAV: for a media child alone.

By name nothing is known: a build lists encoders of hardware that the machine does not have, or that a child, which is
confined, cannot reach.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from av.codec.context import CodecContext
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from svc_transcode.media.memory import is_of_memory
from svc_transcode.media.turns import ordinary_turns

_SIZE = (320, 192)


def working(names: Iterable[str]) -> tuple[str, ...]:
    """Those of these encoders, as FFmpeg names them, that encode a picture."""
    return tuple(name for name in names if _works(name))


def _works(name: str) -> bool:
    try:
        with ordinary_turns():
            encoder = CodecContext.create(name, "w")
            if not isinstance(encoder, VideoCodecContext):
                return False
            encoder.width, encoder.height = _SIZE
            encoder.pix_fmt, encoder.thread_count = "yuv420p", 1
            encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
            picture = VideoFrame(*_SIZE, "yuv420p")
            picture.pts, picture.time_base = 0, Fraction(1, 25)
            return bool([*encoder.encode(picture), *encoder.encode(None)])
    except (FFmpegError, ValueError) as failure:
        if is_of_memory(failure):
            raise
        return False
