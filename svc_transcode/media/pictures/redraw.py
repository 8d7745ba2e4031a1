"""A stranger's picture decoded and drawn anew. Imports PyAV: for a media child alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final, cast

from av.codec import CodecContext
from av.error import FFmpegError
from av.filter import Graph
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from svc_transcode.media.errors import MediaRejected, RejectReason
from svc_transcode.media.jobs import File, PictureJob, PictureMade
from svc_transcode.media.jpeg import COLORS, PIXELS, encode_jpeg
from svc_transcode.media.parts import PartReader
from svc_transcode.media.pictures.box import within

Save = Callable[[str, bytes], File]
Filter = tuple[str, str]

NAME: Final = "picture.jpg"
_QUANTISER: Final = 3
_TURNS: Final[dict[int, tuple[Filter, ...]]] = {
    1: (),
    2: (("hflip", ""),),
    3: (("hflip", ""), ("vflip", "")),
    4: (("vflip", ""),),
    5: (("transpose", "cclock_flip"),),
    6: (("transpose", "clock"),),
    7: (("transpose", "clock_flip"),),
    8: (("transpose", "cclock"),),
}
"""By EXIF's orientation."""


def redraw(job: PictureJob, reader: PartReader, save: Save) -> PictureMade:
    """A JPEG of the picture: upright, on black where it lets through, no larger than `job.box`; nothing else of it.

    Raises MediaRejected where it cannot be decoded whole, or is not as large as was said.
    """
    frame = _decoded(job, reader.read(reader.size))
    upright = (frame.height, frame.width) if job.orientation > 4 else (frame.width, frame.height)
    drawn = _drawn(frame, job.orientation, within(*upright, job.box))
    return PictureMade(drawn.width, drawn.height, save(NAME, encode_jpeg(drawn, _QUANTISER)))


def _decoded(job: PictureJob, data: bytes) -> VideoFrame:
    decoder = CodecContext.create(job.codec, "r")
    assert isinstance(decoder, VideoCodecContext)  # noqa: S101  # all three are decoders of pictures
    decoder.options = {
        "max_pixels": str(job.source.bounds.max_pixels),
        "err_detect": "crccheck+bitstream+buffer+explode",
    }
    decoder.thread_count = 1
    try:
        frames = [*decoder.decode(Packet(data)), *decoder.decode(None)]
    except FFmpegError as failure:
        if isinstance(failure, MemoryError):
            raise
        raise _damaged() from failure
    if len(frames) != 1 or frames[0].is_corrupt or (frames[0].width, frames[0].height) != (job.width, job.height):
        raise _damaged()
    return frames[0]


def _drawn(frame: VideoFrame, orientation: int, size: tuple[int, int]) -> VideoFrame:
    graph = Graph()
    graph.threads = 1
    node = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1))
    for name, arguments in _filters(frame, orientation, size):
        following = graph.add(name, arguments) if arguments else graph.add(name)
        node.link_to(following)
        node = following
    sink = graph.add("buffersink")
    node.link_to(sink)
    graph.configure()
    frame.pts = 0
    graph.vpush(frame)
    graph.vpush(None)
    return cast(VideoFrame, sink.pull())


def _filters(frame: VideoFrame, orientation: int, size: tuple[int, int]) -> Iterator[Filter]:
    if frame.format.name == "pal8":
        yield "format", "rgba"  # a palette's alpha is only blended as a plane
    # Small first: turning what is large costs more.
    width, height = size[::-1] if orientation > 4 else size
    yield "scale", f"{width}:{height}:flags=bicubic:{COLORS}:alphablend=uniform_color"
    yield "format", PIXELS
    yield from _TURNS[orientation]
    yield "setsar", "1"


def _damaged() -> MediaRejected:
    return MediaRejected(RejectReason.DAMAGED, "The picture is damaged or cut off.")
