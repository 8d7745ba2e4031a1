"""What a presentation is made of, as the packager sees it. Pure data; a path is relative to the video's own prefix."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Segment:
    """One CMAF segment. `start` and `duration` in ticks of its track, `size` in bytes."""

    path: str
    start: int
    duration: int
    size: int


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """One rendition of the picture."""

    quality: str
    width: int
    height: int
    frame_rate: Fraction
    codec: str
    timescale: int
    init: str
    """Path of the init segment (any chunk's: they are byte-identical)."""
    segments: tuple[Segment, ...]
    """In order and without overlap; each reaches the next one's start."""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One language of the sound."""

    name: str
    """Shown to the viewer, and unique in the presentation."""
    language: str
    default: bool
    channels: int
    sample_rate: int
    codec: str
    timescale: int
    init: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class CaptionTrack:
    """One track of captions: a single WebVTT file, whose times are the presentation's."""

    label: str
    """Shown to the viewer, and unique among the captions of the presentation."""
    language: str
    path: str


@dataclass(frozen=True, slots=True)
class Presentation:
    """Everything that one generation of manifests offers. At least one video track."""

    duration: Fraction
    """Seconds."""
    video: tuple[VideoTrack, ...]
    audio: tuple[AudioTrack, ...] = ()
    captions: tuple[CaptionTrack, ...] = ()
