"""Still pictures as JPEG. Imports PyAV: for a media child alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from svc_transcode.media.errors import MediaRejected, RejectReason
from svc_transcode.media.frames import FrameReader, TimedFrame
from svc_transcode.media.graph import Cascade
from svc_transcode.media.info import VideoInfo
from svc_transcode.media.jobs import File, Thumbnail, ThumbnailJob, ThumbnailsMade
from svc_transcode.media.jpeg import COLORS, PIXELS, encode_jpeg
from svc_transcode.media.packets import demuxed
from svc_transcode.media.parts import PartReader
from svc_transcode.media.schedule import evenly
from svc_transcode.media.source import keep_only, open_source, pick_video, set_up_decoder
from svc_transcode.media.stills import Look, choose, look_at

Save = Callable[[str, bytes], File]

QUANTISER: Final = 3
_LOOKED_AT: Final = 240
"""Pixels along the longer side of the picture that is judged: noise is gone, blur is not."""
_PACKETS: Final = 600
"""Read for one whole picture, at most."""


def take_thumbnails(
    job: ThumbnailJob, reader: PartReader, save: Save, progress: Callable[[int], None]
) -> ThumbnailsMade:
    """The best pictures of the video, at most `job.most`, the best first; upright and in display aspect.

    It is looked at the keyframe before each of the job's instants, which costs one picture to decode. Where these are
    too few, as in a clip that has only one, also at the first picture at or after some of the instants. An instant
    after the last picture is passed over; where none is left, the first picture of the video is taken. Raises
    MediaRejected where there is no picture at all.
    """
    draw = _Drawing(job.info.video, job.max_width)
    seen: dict[Fraction, _Seen] = {}

    def look(pictures: Iterable[TimedFrame]) -> None:
        for timed in pictures:
            if timed.time >= 0 and timed.time not in seen:
                seen[timed.time] = draw.seen(timed)
                progress(len(seen))

    look(_keyframes(job, reader))
    if len(seen) < job.most:
        try:
            look(_pictures(job, reader, evenly(job.times, job.most)))
        except MediaRejected:
            if not seen:
                raise
    if not seen:
        look(_pictures(job, reader, (Fraction(0),)))
    if not seen:
        raise MediaRejected(RejectReason.EMPTY, "The video has no picture in it.")
    found = [seen[time] for time in sorted(seen)]
    best = [found[place] for place in choose([one.look for one in found], job.most)]
    return ThumbnailsMade(
        tuple(
            Thumbnail(one.time, *draw.size, save(f"thumbnail-{number}.jpg", one.jpeg))
            for number, one in enumerate(best)
        )
    )


def fit(width: int, height: int, max_width: int) -> tuple[int, int]:
    """The size of a thumbnail: the displayed size, or smaller in the same aspect; even, and at least 2 × 2. Pure."""
    scale = min(Fraction(1), Fraction(max_width, width))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def _keyframes(job: ThumbnailJob, reader: PartReader) -> Iterator[TimedFrame]:
    """The keyframe before each of the instants, or the one that the container has instead."""
    bounds = job.source.bounds
    with open_source(reader, bounds) as container:
        stream = pick_video(container, bounds)
        keep_only(container, stream)
        set_up_decoder(stream, bounds, threads=1)
        stream.codec_context.skip_frame = "NONKEY"
        for time in job.times:
            _seek(container, stream, reader, time + job.info.origin)
            frame = _first(container, stream, reader)
            if frame is not None:
                yield TimedFrame(
                    (frame.pts or 0) * Fraction(frame.time_base or stream.time_base or 1) - job.info.origin, frame
                )


def _seek(container: InputContainer, stream: VideoStream, reader: PartReader, time: Fraction) -> None:
    try:
        container.seek(int(time / Fraction(stream.time_base or 1)), stream=stream, backward=True, any_frame=False)
    except FFmpegError as failure:
        reader.check()
        if isinstance(failure, MemoryError):
            raise
        container.seek(0)


def _first(container: InputContainer, stream: VideoStream, reader: PartReader) -> VideoFrame | None:
    """The first picture from here; None where there is none, or it cannot be decoded."""
    try:
        for _, packet in zip(range(_PACKETS), demuxed(container, stream), strict=False):
            for frame in packet.decode():
                if frame.pts is not None:
                    return frame
    except FFmpegError as failure:
        if isinstance(failure, MemoryError):
            raise
    reader.check()
    return None


def _pictures(job: ThumbnailJob, reader: PartReader, times: Iterable[Fraction]) -> Iterator[TimedFrame]:
    """The first picture at or after each of the instants."""
    bounds = job.source.bounds
    for time in times:
        with open_source(reader, bounds) as container:
            stream = pick_video(container, bounds)
            keep_only(container, stream)
            set_up_decoder(stream, bounds, threads=1)
            yield from _one(FrameReader(container, stream, reader, job.info).between(time, None))


def _one(pictures: Iterator[TimedFrame]) -> Iterator[TimedFrame]:
    found = next(pictures, None)
    if found is not None:
        yield found


@dataclass(frozen=True, slots=True)
class _Seen:
    time: Fraction
    jpeg: bytes
    look: Look


class _Drawing:
    """Frames to pictures of the size to store, all through one graph where that gives a picture at once: to set up what
    brings high dynamic range to standard takes seconds."""

    def __init__(self, video: VideoInfo, max_width: int) -> None:
        self.size = fit(video.width, video.height, max_width)
        self._cascade = Cascade(video, [self.size], pixel_format=PIXELS, target=_target(video))

    def seen(self, timed: TimedFrame) -> _Seen:
        pictures = list(self._cascade.push(timed.frame)) or list(self._cascade.finish())
        picture = pictures[-1][1]
        return _Seen(timed.time, encode_jpeg(picture, QUANTISER), _look(picture))


def _look(picture: VideoFrame) -> Look:
    scale = min(Fraction(1), Fraction(_LOOKED_AT, max(picture.width, picture.height)))
    width, height = max(3, round(picture.width * scale)), max(3, round(picture.height * scale))
    small = picture.reformat(width=width, height=height, format="gray")
    plane = small.planes[0]
    return look_at(bytes(plane), width, plane.line_size)


def _target(video: VideoInfo) -> str:
    return COLORS + (":out_primaries=bt709:out_transfer=bt709:intent=perceptual" if video.hdr else "")
