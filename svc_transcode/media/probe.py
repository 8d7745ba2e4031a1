"""What a source is: measured, not believed. Imports PyAV: for a media child alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.index import IndexEntry
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from svc_transcode.media import colors, extent, sound, subtitles
from svc_transcode.media.chapters import tidied
from svc_transcode.media.cut import is_cut_off
from svc_transcode.media.errors import MediaRejected, RejectReason
from svc_transcode.media.index import Entry, thin
from svc_transcode.media.info import AudioInfo, ChapterInfo, IndexPoint, SourceInfo, VideoInfo
from svc_transcode.media.jobs import Bounds
from svc_transcode.media.packets import Demuxer
from svc_transcode.media.parts import PartReader
from svc_transcode.media.signature import HEAD, claim
from svc_transcode.media.source import (
    audio_streams,
    check_size,
    codec_name,
    damaged,
    open_source,
    pick_video,
    refusal,
    set_up_decoder,
)

_PACKETS_TO_FIRST_PICTURE = 600
_FASTEST = 240  # frames a second; more is a clock's rate, not a camera's
_USUAL_RATE = Fraction(30)
_LEAD = Fraction(1, 10)
"""Sound may begin so much before the picture without moving the presentation's start: it is priming, and trimmed."""
_JITTER = Fraction(1, 10)


def probe(reader: PartReader, bounds: Bounds) -> SourceInfo:
    """What `examine` finds, without chapters."""
    return examine(reader, bounds)[0]


def examine(reader: PartReader, bounds: Bounds) -> tuple[SourceInfo, tuple[ChapterInfo, ...]]:
    """Opens the source and decodes its first picture. Raises MediaRejected and PartUnavailable."""
    with open_source(reader, bounds) as container:
        video = pick_video(container, bounds)
        audio = audio_streams(container)
        entries = _complete_index(container, video, reader)
        set_up_decoder(video, bounds, threads=1)
        frame = _first_picture(container, video, reader)
        check_size(frame.width, frame.height, bounds)
        rate = _rate(video)
        if entries:
            ends: extent.Ends | None = extent.from_index(video, audio, entries, 1 / rate)
        else:
            ends = extent.from_packets(container, reader, video, audio, 1 / rate)
        if ends is None:
            raise damaged("The length of the video cannot be found out.")
        start = (frame.pts or 0) * Fraction(frame.time_base or video.time_base or 1)
        origin = _origin(start, audio)
        video_duration = max(ends.video - origin, start - origin + 1 / rate)
        duration = max(video_duration, (ends.audio or origin) - origin)
        if duration > bounds.max_seconds:
            raise MediaRejected(
                RejectReason.TOO_LONG,
                f"The video is {_hours(duration)} long; at most {_hours(Fraction(bounds.max_seconds))} is accepted.",
            )
        info = SourceInfo(
            container=_container_name(container),
            size=reader.size,
            origin=origin,
            duration=duration,
            video_duration=video_duration,
            bitrate=int(reader.size * 8 / duration),
            video=_video_info(video, frame, rate, entries),
            audio=tuple(_audio_info(stream, container, origin, reader.size) for stream in audio),
            index=_points(container, video, entries, origin, reader.size),
            subtitles=subtitles.of(container),
        )
        return info, tidied(_chapters(container, origin), duration)


def _complete_index(container: InputContainer, video: VideoStream, reader: PartReader) -> list[IndexEntry]:
    """Every sample of an MP4 or MOV; [] for a container whose index is not the whole truth."""
    if "mp4" not in container.format.name:
        return []
    entries = list(video.index_entries)
    if any(entry.pos + entry.size > reader.size for entry in entries):
        raise damaged("The file is incomplete: it ends before the video does.")
    return entries


def _first_picture(container: InputContainer, video: VideoStream, reader: PartReader) -> VideoFrame:
    filled = 0
    demuxer = Demuxer(container, reader, _PACKETS_TO_FIRST_PICTURE, share=1)
    for packet in demuxer.packets(video):
        try:
            frames = packet.decode()
        except FFmpegError as failure:
            demuxer.refused(failure)
            frames = []
        for frame in frames:
            if frame.pts is not None:
                return frame
        filled += packet.size > 0
        if filled > _PACKETS_TO_FIRST_PICTURE:
            break
    if filled == 0:
        if "mp4" in container.format.name and is_cut_off(reader):
            raise damaged("The file is incomplete: it ends before the video does.")
        raise MediaRejected(RejectReason.EMPTY, "The video has no picture in it.")
    reader.seek(0)
    raise refusal(claim(reader.read(HEAD)))


def _origin(video_start: Fraction, audio: Sequence[AudioStream]) -> Fraction:
    starts = [s.start_time * Fraction(s.time_base or 1) for s in audio if s.start_time is not None]
    earliest = min([video_start, *starts])
    return video_start if video_start - earliest <= _LEAD else earliest


def _rate(video: VideoStream) -> Fraction:
    for rate in (video.average_rate, video.guessed_rate, video.base_rate):
        if rate and 0 < rate <= _FASTEST:
            return Fraction(rate)
    return _USUAL_RATE


def _variable(video: VideoStream, rate: Fraction, entries: Sequence[IndexEntry]) -> bool:
    if len(entries) > 2:
        steps = [b.timestamp - a.timestamp for a, b in pairwise(entries[:-1])]
        return (max(steps) - min(steps)) * Fraction(video.time_base or 1) > _JITTER / rate
    return bool(video.base_rate) and abs(Fraction(video.base_rate or rate) - rate) > rate / 100


def _video_info(video: VideoStream, frame: VideoFrame, rate: Fraction, entries: Sequence[IndexEntry]) -> VideoInfo:
    aspect = Fraction(video.sample_aspect_ratio or video.codec_context.sample_aspect_ratio or 1) or Fraction(1)
    rotation = frame.rotation % 360 if frame.rotation % 90 == 0 else 0
    width, height = max(1, round(frame.width * aspect)), frame.height
    if rotation % 180:
        width, height = height, width
    return VideoInfo(
        stream_index=video.index,
        codec=codec_name(video),
        profile=video.profile or "",
        pixel_format=frame.format.name,
        bit_depth=frame.format.components[0].bits,
        width=width,
        height=height,
        coded_width=frame.width,
        coded_height=frame.height,
        sample_aspect_ratio=aspect,
        rotation=rotation,
        frame_rate=rate,
        variable_frame_rate=_variable(video, rate, entries),
        interlaced=frame.interlaced_frame,
        color_transfer=colors.transfer(frame.color_trc),
        color_primaries=colors.primaries(frame.color_primaries),
        color_matrix=colors.matrix(frame.colorspace),
        full_range=frame.color_range == 2 or frame.format.name.startswith("yuvj"),
    )


def _audio_info(stream: AudioStream, container: InputContainer, origin: Fraction, size: int) -> AudioInfo:
    length, index = sound.exact_index(stream, origin, size) if "mp4" in container.format.name else (None, ())
    return AudioInfo(
        stream_index=stream.index,
        codec=codec_name(stream),
        channels=stream.layout.nb_channels,
        layout=stream.layout.name,
        sample_rate=stream.sample_rate or 0,
        language=stream.language or "und",
        default=bool(stream.disposition & Disposition.default),
        length=length,
        index=index,
    )


def _points(
    container: InputContainer, video: VideoStream, entries: Sequence[IndexEntry], origin: Fraction, size: int
) -> tuple[IndexPoint, ...]:
    if not entries and "matroska" in container.format.name:
        entries = list(video.index_entries)  # its cues, which the search for the end has loaded
    base = Fraction(video.time_base or 1)
    return thin([Entry(e.timestamp * base - origin, e.pos, e.size, e.is_keyframe) for e in entries], size)


def _chapters(container: InputContainer, origin: Fraction) -> Iterator[ChapterInfo]:
    for chapter in container.chapters():
        start = chapter["start"] * Fraction(chapter["time_base"] or 1) - origin
        yield ChapterInfo(round(start * 1000), chapter["metadata"].get("title", ""))


def _container_name(container: InputContainer) -> str:
    names = container.format.name.split(",")
    if "mp4" in names:
        return "mov" if container.metadata.get("major_brand", "").startswith("qt") else "mp4"
    return names[0]


def _hours(duration: Fraction) -> str:
    minutes = round(duration / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"
