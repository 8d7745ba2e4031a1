"""What is known about a source after it was probed. Pure data; JSON both ways through `jobs.to_json`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
"""Transfer characteristics of PQ and HLG (ITU-R BT.2100), as FFmpeg names them."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """The one video stream that is used. Sizes are in pixels."""

    stream_index: int
    codec: str
    profile: str
    pixel_format: str
    bit_depth: int
    width: int
    """As displayed: square pixels, after rotation."""
    height: int
    coded_width: int
    coded_height: int
    sample_aspect_ratio: Fraction
    rotation: int
    """Degrees counter-clockwise that the picture must be turned to stand upright: 0, 90, 180 or 270."""
    frame_rate: Fraction
    """Average, in frames a second."""
    variable_frame_rate: bool
    interlaced: bool
    color_transfer: str
    color_primaries: str
    color_matrix: str
    full_range: bool

    @property
    def hdr(self) -> bool:
        return self.color_transfer in HDR_TRANSFERS


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """One audio track."""

    stream_index: int
    codec: str
    channels: int
    layout: str
    sample_rate: int
    language: str
    """BCP 47 or ISO 639-2 as the container has it; "und" where it says nothing."""
    default: bool
    length: Fraction | None = None
    """Seconds from the start of the presentation to the end of the sound, where the container's index is exact: then
    any stretch of it can be decoded apart. None: it has to be read from its beginning."""
    index: tuple[IndexPoint, ...] = ()
    """A point every few seconds; empty where `length` is None."""


@dataclass(frozen=True, slots=True)
class SubtitleInfo:
    """One track of captions."""

    stream_index: int
    codec: str
    """FFmpeg's name; "" where it has no decoder for it."""
    language: str
    """BCP 47 or ISO 639-2 as the container has it; "und" where it says nothing."""
    title: str


@dataclass(frozen=True, slots=True)
class ChapterInfo:
    """A chapter. It ends where the next one begins, or with the video."""

    start: int
    """Milliseconds since the start of the presentation."""
    title: str


@dataclass(frozen=True, slots=True)
class IndexPoint:
    """Some consecutive samples of a track."""

    time: Fraction
    """Seconds since the start of the presentation, of the first sample in decoding order."""
    first_byte: int
    end_byte: int
    """One past the last byte of any sample between this point and the next."""
    keyframe: bool = True
    """Whether decoding may start here."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """The result of a probe. Every time is in seconds since the start of the presentation."""

    container: str
    size: int
    """Bytes."""
    origin: Fraction
    """The container's own timestamp of the presentation's start."""
    duration: Fraction
    """Length of the presentation: to the end of its last frame or sample of sound."""
    video_duration: Fraction
    """To the end of the last video frame: what the chunk plan is made from."""
    bitrate: int
    """Bits a second, of the whole file."""
    video: VideoInfo
    audio: tuple[AudioInfo, ...]
    index: tuple[IndexPoint, ...]
    """Of the video, at most two points a second; empty where the container has no usable index."""
    subtitles: tuple[SubtitleInfo, ...] = ()

    def bare(self) -> SourceInfo:
        """The same without any index, which is megabytes for a long video, and which only planning needs."""
        return replace(self, index=(), audio=tuple(replace(track, index=()) for track in self.audio))

    @property
    def default_audio(self) -> AudioInfo | None:
        """The track that a player starts with: the one marked default, else the first."""
        return next((track for track in self.audio if track.default), self.audio[0] if self.audio else None)
