"""Still pictures as JPEG. Imports PyAV: for a media child alone."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from av.video.frame import VideoFrame

from svc_transcode.media.errors import MediaRejected, RejectReason
from svc_transcode.media.frames import FrameReader
from svc_transcode.media.graph import Cascade
from svc_transcode.media.info import VideoInfo
from svc_transcode.media.jobs import File, Thumbnail, ThumbnailJob, ThumbnailsMade
from svc_transcode.media.jpeg import COLORS, PIXELS, encode_jpeg
from svc_transcode.media.parts import PartReader
from svc_transcode.media.source import keep_only, open_source, pick_video, set_up_decoder

Save = Callable[[str, bytes], File]

_QUANTISER = 3


def take_thumbnails(
    job: ThumbnailJob, reader: PartReader, save: Save, progress: Callable[[int], None]
) -> ThumbnailsMade:
    """The first picture at or after each instant, upright and in display aspect.

    Decodes from the keyframe before each instant. An instant after the last picture is passed over; where none is
    left, the first picture of the video is taken. Raises MediaRejected where there is no picture at all.
    """
    made: list[Thumbnail] = []
    draw = _Drawing(job.info.video, job.max_width)
    for time in job.times:
        frame = _picture(job, reader, time)
        if frame is not None:
            made.append(_save(draw, save, time, len(made), frame))
            progress(len(made))
    if not made:
        frame = _picture(job, reader, Fraction(0))
        if frame is None:
            raise MediaRejected(RejectReason.EMPTY, "The video has no picture in it.")
        made.append(_save(draw, save, Fraction(0), 0, frame))
    return ThumbnailsMade(tuple(made))


def fit(width: int, height: int, max_width: int) -> tuple[int, int]:
    """The size of a thumbnail: the displayed size, or smaller in the same aspect; even, and at least 2 × 2. Pure."""
    scale = min(Fraction(1), Fraction(max_width, width))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def _picture(job: ThumbnailJob, reader: PartReader, time: Fraction) -> VideoFrame | None:
    bounds = job.source.bounds
    with open_source(reader, bounds) as container:
        stream = pick_video(container, bounds)
        keep_only(container, stream)
        set_up_decoder(stream, bounds, threads=1)
        found = next(FrameReader(container, stream, reader, job.info).between(time, None), None)
        return found.frame if found else None


class _Drawing:
    """Frames to JPEG, all through one graph where that gives a picture at once: to set up what brings high dynamic
    range to standard takes seconds."""

    def __init__(self, video: VideoInfo, max_width: int) -> None:
        self.size = fit(video.width, video.height, max_width)
        self._cascade = Cascade(video, [self.size], pixel_format=PIXELS, target=_target(video))

    def jpeg(self, frame: VideoFrame) -> bytes:
        pictures = list(self._cascade.push(frame)) or list(self._cascade.finish())
        return encode_jpeg(pictures[-1][1], _QUANTISER)


def _save(draw: _Drawing, save: Save, time: Fraction, number: int, frame: VideoFrame) -> Thumbnail:
    return Thumbnail(time, *draw.size, save(f"thumbnail-{number}.jpg", draw.jpeg(frame)))


def _target(video: VideoInfo) -> str:
    return COLORS + (":out_primaries=bt709:out_transfer=bt709:intent=perceptual" if video.hdr else "")
