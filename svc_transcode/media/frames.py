"""Exactly the frames of a stretch of time, whatever the container and the coding make of it.

Imports PyAV: for a media child alone.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from svc_transcode.media.info import SourceInfo
from svc_transcode.media.packets import Demuxer
from svc_transcode.media.parts import PartReader

_FIRST_STEP_BACK = Fraction(2)
_HALF = Fraction(1, 2)
_DAMAGE_ALLOWED = 10  # packets, or
_DAMAGE_SHARE = 20  # one in so many


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """A decoded frame and its time, in seconds since the start of the presentation."""

    time: Fraction
    frame: VideoFrame


class FrameReader:
    """The frames with `start` ≤ time < `end` of the one video stream, in order of time.

    A seek lands where the container pleases: at another keyframe than hoped, at one whose leading pictures cannot
    be decoded (open GOP), or nowhere. So it is checked by what comes out: unless the first picture is at or before
    `start`, the reader goes further back, at last to the beginning. Nothing is sought for what starts at 0.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, reader: PartReader, info: SourceInfo) -> None:
        self._container = container
        self._stream = stream
        self._reader = reader
        self._info = info
        self._origin = info.origin
        self._base = Fraction(stream.time_base or 1)
        self._depth = Fraction(stream.codec_context.reorder_depth + 1) / info.video.frame_rate
        self._demuxer = Demuxer(container, reader, _DAMAGE_ALLOWED, _DAMAGE_SHARE)
        self.end: Fraction | None = None
        """Known when `between` is exhausted: the time of the frame that follows, or of the last one's end. None where
        there is none to follow or to end."""

    @property
    def damaged_packets(self) -> int:
        """Refused by the decoder so far, after the first picture."""
        return self._demuxer.damaged

    def between(self, start: Fraction, end: Fraction | None, around: int = 0) -> Generator[TimedFrame]:
        """The frames; and, for filters that look at neighbours, those within the time of `around` frames before and
        behind.

        Raises MediaRejected (DAMAGED) where too much of them cannot be decoded, PartUnavailable where the reader does.
        """
        margin = (around + _HALF) / self._info.video.frame_rate if around else Fraction(0)
        last = inside = None
        for timed in self._from(max(Fraction(0), start - margin)):
            if last is not None and timed.time <= last.time:
                continue  # a broken clock: two pictures for one instant
            last = timed
            if end is not None and timed.time >= end:
                self.end = self.end or (timed.time if inside else None)
                if timed.time >= end + margin:
                    return
            elif timed.time >= start:
                inside = timed
            yield timed
        if inside is not None and self.end is None:
            self.end = inside.time + self._duration(inside.frame)

    def _from(self, start: Fraction) -> Iterator[TimedFrame]:
        if start == 0:
            yield from (timed for timed in self._decode() if timed.time >= 0)
            return
        back = self._depth
        while not self._at_beginning(start - back):
            self._seek(start - back)
            decoded = self._decode()
            first = next(decoded, None)
            if first is not None and first.time <= start:
                if first.time == start:
                    yield first
                yield from (timed for timed in decoded if timed.time >= start)
                return
            back = back * 2 + _FIRST_STEP_BACK
        self._container.seek(0)
        yield from (timed for timed in self._decode() if timed.time >= start)

    def _at_beginning(self, time: Fraction) -> bool:
        return time + self._origin <= Fraction(self._stream.start_time or 0) * self._base

    def _seek(self, time: Fraction) -> None:
        offset = int((time + self._origin) / self._base)
        try:
            self._container.seek(offset, stream=self._stream, backward=True, any_frame=False)
        except FFmpegError as failure:
            self._reader.check()
            if isinstance(failure, MemoryError):
                raise
            self._container.seek(0)

    def _decode(self) -> Iterator[TimedFrame]:
        begun = False
        for packet in self._demuxer.packets(self._stream):
            try:
                decoded = packet.decode()
            except FFmpegError as failure:
                self._reader.check()
                if isinstance(failure, MemoryError):
                    raise
                if begun:  # a stream may begin within a group of pictures
                    self._demuxer.refused(failure)
                continue
            for frame in decoded:
                if frame.pts is not None:
                    begun = True
                    yield TimedFrame(frame.pts * Fraction(frame.time_base or self._base) - self._origin, frame)

    def _duration(self, frame: VideoFrame) -> Fraction:
        if frame.duration:
            return frame.duration * Fraction(frame.time_base or self._base)
        return 1 / self._info.video.frame_rate
