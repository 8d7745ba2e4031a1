"""Where the streams of a container really begin and end. Imports PyAV: for a media child alone.

The index of an MP4 is complete and exact. Every other container's duration is somebody's claim, so the end is read
from its last packets; where that fails, or contradicts the claim, from all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.index import IndexEntry
from av.stream import Stream
from av.video.stream import VideoStream

from svc_transcode.media.packets import demuxed
from svc_transcode.media.parts import PartReader

_TAIL = Fraction(10)
_MICROSECONDS = 1_000_000
_AGREED = Fraction(1)  # seconds by which a header may fall short of the index
_HELD = Fraction(60)  # and exceed it, because the last picture is held, as in a screen recording


@dataclass(frozen=True, slots=True)
class Ends:
    """The container's own timestamps, in seconds, of the end of each."""

    video: Fraction
    audio: Fraction | None


def from_index(
    video: VideoStream, audio: Sequence[AudioStream], entries: Sequence[IndexEntry], frame: Fraction
) -> Ends:
    """For a container with a complete index; `frame` is the length of one in seconds."""
    base = Fraction(video.time_base or 1)
    last = (entries[-1].timestamp - entries[-2].timestamp) * base if len(entries) > 1 else frame
    by_index = entries[-1].timestamp * base + last
    by_header = _header_end(video)
    if by_header is None or not by_index - _AGREED <= by_header <= by_index + _HELD:
        by_header = by_index
    sound = [end for end in map(_header_end, audio) if end is not None]
    return Ends(by_header, max(sound, default=None))


def from_packets(
    container: InputContainer,
    reader: PartReader,
    video: VideoStream,
    audio: Sequence[AudioStream],
    frame: Fraction,
) -> Ends | None:
    """For every other container; None where no packet of the video was found. Moves the container's position."""
    streams: list[Stream] = [video, *audio]
    claimed = Fraction(container.duration, _MICROSECONDS) if container.duration else None
    if claimed is not None and claimed > _TAIL:
        begin = Fraction(container.start_time or 0, _MICROSECONDS)
        if _seek(container, reader, begin + claimed - _TAIL):
            ends = _last(container, streams, frame)
            if ends.get(video.index, Fraction(0)) >= begin + claimed - _TAIL:
                reader.check()
                return _ends(ends, video, audio)
    _seek(container, reader, Fraction(container.start_time or 0, _MICROSECONDS))
    ends = _last(container, streams, frame)
    reader.check()
    return _ends(ends, video, audio) if video.index in ends else None


def _header_end(stream: Stream) -> Fraction | None:
    if stream.duration is None or stream.time_base is None:
        return None
    return ((stream.start_time or 0) + stream.duration) * Fraction(stream.time_base)


def _seek(container: InputContainer, reader: PartReader, time: Fraction) -> bool:
    try:
        container.seek(int(time * _MICROSECONDS), backward=True, any_frame=False)
    except FFmpegError as failure:
        reader.check()
        if isinstance(failure, MemoryError):
            raise
        return False
    return True


def _last(container: InputContainer, streams: Iterable[Stream], frame: Fraction) -> dict[int, Fraction]:
    """The latest end of any packet from here on, by stream."""
    ends: dict[int, Fraction] = {}
    try:
        for packet in demuxed(container, *streams):
            if packet.pts is None:
                continue
            base = Fraction(packet.time_base)
            length = packet.duration * base if packet.duration else frame * (packet.stream.type == "video")
            end = packet.pts * base + length
            ends[packet.stream_index] = max(end, ends.get(packet.stream_index, end))
    except FFmpegError as failure:  # a torn end: what was read until here is what there is
        if isinstance(failure, MemoryError):
            raise
    return ends


def _ends(ends: dict[int, Fraction], video: VideoStream, audio: Sequence[AudioStream]) -> Ends:
    sound = [ends[stream.index] for stream in audio if stream.index in ends]
    return Ends(ends[video.index], max(sound, default=None))
