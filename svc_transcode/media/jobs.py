"""What a parent asks of a media child and what it gets back, as data with one JSON form.

Paths in results are relative to the child's work directory. A result is complete: every file that it names was
written, closed and hashed before the result was sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal, TypeVar

from pydantic import Field, TypeAdapter

from svc_transcode.media.complexity import Complexity
from svc_transcode.media.gating import GatingBlocks
from svc_transcode.media.info import ChapterInfo, SourceInfo, SubtitleInfo
from svc_transcode.media.ladder import Rung


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is refused before any of it is decoded."""

    max_pixels: int = 8192 * 4352
    """Of one coded picture. 8K fits; a decompression bomb does not."""
    max_seconds: int = 12 * 3600


@dataclass(frozen=True, slots=True)
class Source:
    """The upload, as its ordered immutable parts."""

    part_sizes: tuple[int, ...]
    """Bytes of each part, in order."""
    bounds: Bounds = Bounds()

    @property
    def size(self) -> int:
        return sum(self.part_sizes)


@dataclass(frozen=True, slots=True)
class ProbeJob:
    """→ `Probed`."""

    source: Source
    measured: bool = False
    """Whether short samples are encoded besides, to choose renditions by. Of a source that is complete alone."""
    kind: Literal["probe"] = "probe"


@dataclass(frozen=True, slots=True)
class VideoJob:
    """One chunk, decoded once and encoded into every rung given. → `VideoMade`."""

    source: Source
    info: SourceInfo
    start: Fraction
    end: Fraction | None
    """As in `grid.Chunk`."""
    rungs: tuple[Rung, ...]
    preset: str = "medium"
    """x264's preset, for rungs that bring none of their own."""
    threads: int = 1
    """For the decoder and each encoder; with more than one, the rungs are also encoded side by side."""
    profile: str = ""
    """Name and version of the profile that chose the rungs: what is made by another is never taken for this."""
    kind: Literal["video"] = "video"


@dataclass(frozen=True, slots=True)
class AudioJob:
    """One audio track, or a piece of it → `AudioMade`."""

    source: Source
    info: SourceInfo
    stream_index: int
    """`AudioInfo.stream_index` of the track."""
    first: int = 0
    end: int | None = None
    """As in `grid.Piece`."""
    leveled: bool = False
    """Brings it to the loudness that all have (`loudness`). Of a whole track alone: a piece does not know the rest."""
    gain: int | None = None
    """Hundredths of dB by which it is raised, with the limiter; None leaves it as it is. Ignored with `leveled`."""
    kind: Literal["audio"] = "audio"


@dataclass(frozen=True, slots=True)
class ThumbnailJob:
    """The best pictures around `times` (from `schedule.candidate_times`) as JPEGs, at most `max_width` wide.
    → `ThumbnailsMade`
    """

    source: Source
    info: SourceInfo
    times: tuple[Fraction, ...]
    max_width: int = 1280
    most: int = 4
    """Pictures that are kept."""
    kind: Literal["thumbnails"] = "thumbnails"


@dataclass(frozen=True, slots=True)
class VerifyJob:
    """Decodes a track's files to the last frame: its source is init, segment, segment …, a part each. → `Verified`"""

    source: Source
    kind: Literal["verify"] = "verify"


@dataclass(frozen=True, slots=True)
class StoryboardJob:
    """The first picture of each segment of one of our own renditions, small, on sheets. → `StoryboardMade`"""

    source: Source
    """Init, segment, segment …, a part each."""
    starts: tuple[Fraction, ...]
    """When each of the segments begins."""
    end: Fraction
    """Of the last one's stretch of time."""
    width: int
    """Of one picture on a sheet, even."""
    height: int
    kind: Literal["storyboard"] = "storyboard"


@dataclass(frozen=True, slots=True)
class CaptionsJob:
    """The captions that the source holds as text. → `CaptionsMade`"""

    source: Source
    origin: Fraction
    """`SourceInfo.origin`."""
    tracks: tuple[SubtitleInfo, ...]
    kind: Literal["captions"] = "captions"


@dataclass(frozen=True, slots=True)
class EncodersJob:
    """Which of these encoders work here? → `EncodersFound`"""

    names: tuple[str, ...]
    """As FFmpeg names them."""
    source: Source = Source(())
    kind: Literal["encoders"] = "encoders"


@dataclass(frozen=True, slots=True)
class DownloadJob:
    """One of our own renditions and the sound to it as one file that can be kept. → `DownloadMade`"""

    source: Source
    """Init, segment, segment … of the picture, a part each, then of the sound."""
    pictures: int
    """How many of the parts are the picture's."""
    samples: int
    """Of both tracks together: pictures, and packets of sound."""
    name: str
    """Of the file that is made."""
    kind: Literal["download"] = "download"


@dataclass(frozen=True, slots=True)
class PictureJob:
    """A picture that somebody uploaded, drawn anew as a JPEG. → `PictureMade`"""

    source: Source
    """What `pictures.read` made of the file, as one part."""
    codec: Literal["mjpeg", "png", "webp"]
    width: int
    """As stored, before it is turned upright."""
    height: int
    orientation: Annotated[int, Field(ge=1, le=8)] = 1
    """As in EXIF."""
    box: int = 1280
    """The longest side that is drawn, in pixels; even."""
    kind: Literal["picture"] = "picture"


Job = (
    ProbeJob
    | VideoJob
    | AudioJob
    | ThumbnailJob
    | VerifyJob
    | StoryboardJob
    | CaptionsJob
    | EncodersJob
    | DownloadJob
    | PictureJob
)


@dataclass(frozen=True, slots=True)
class File:
    """A file that was written."""

    path: str
    size: int
    sha256: str
    """Lower-case hex."""

    def __post_init__(self) -> None:
        # A child may have been taken over by what it decoded: its word is no reason to look elsewhere.
        if self.path.startswith("/") or ".." in self.path.split("/"):
            raise ValueError(f"{self.path!r} is outside the work directory")


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """One CMAF segment: `number` is its place on the grid (gaps are possible where the source has no frame for 2 s)."""

    number: int
    file: File
    start: int
    """Decode time of its first sample, in ticks of the track."""
    duration: int
    """To the start of the next segment, in ticks."""
    samples: int


@dataclass(frozen=True, slots=True)
class TrackMade:
    """One rendition of one chunk, or a piece of a track of sound."""

    quality: str
    codec: str
    """RFC 6381, as for the CODECS attribute."""
    timescale: int
    init: File
    segments: tuple[SegmentFile, ...]

    @property
    def samples(self) -> int:
        return sum(segment.samples for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Probed:
    info: SourceInfo
    complexity: Complexity | None = None
    """None where nothing was measured."""
    chapters: tuple[ChapterInfo, ...] = ()
    """As `chapters.tidied` gives them."""
    kind: Literal["probed"] = "probed"


@dataclass(frozen=True, slots=True)
class VideoMade:
    """One track per rung, in the order of the job's rungs; empty where the source has no frame in the chunk."""

    tracks: tuple[TrackMade, ...]
    frames: int
    damaged_packets: int = 0
    """Packets of the source that the decoder refused, and whose pictures are therefore missing."""
    kind: Literal["video"] = "video"


@dataclass(frozen=True, slots=True)
class AudioMade:
    track: TrackMade | None
    """None where the sound ends before the piece begins."""
    damaged_packets: int = 0
    blocks: GatingBlocks | None = None
    """How loud what was encoded is; None where it was brought to the loudness that all have."""
    kind: Literal["audio"] = "audio"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    time: Fraction
    """What moment it shows."""
    width: int
    height: int
    file: File


@dataclass(frozen=True, slots=True)
class ThumbnailsMade:
    """At least one, the best first."""

    thumbnails: tuple[Thumbnail, ...]
    kind: Literal["thumbnails"] = "thumbnails"


@dataclass(frozen=True, slots=True)
class Verified:
    """What decoding the whole track gave. Times in seconds of the track's own timeline, as its boxes say."""

    frames: int
    """Pictures, or samples of sound for one channel."""
    first: Fraction
    end: Fraction
    """First presentation time, and the end of the last frame."""
    kind: Literal["verified"] = "verified"


@dataclass(frozen=True, slots=True)
class StoryboardMade:
    """JPEGs in order, as `storyboard.Layout` has it."""

    sheets: tuple[File, ...]
    kind: Literal["storyboard"] = "storyboard"


@dataclass(frozen=True, slots=True)
class CaptionsFile:
    """A track of captions as WebVTT, as `captions.webvtt` writes it."""

    stream_index: int
    file: File
    cues: int
    end: int
    """Of the last cue, milliseconds."""


@dataclass(frozen=True, slots=True)
class CaptionsMade:
    """The tracks in which there is a cue, in the order of the job's."""

    tracks: tuple[CaptionsFile, ...]
    kind: Literal["captions"] = "captions"


@dataclass(frozen=True, slots=True)
class EncodersFound:
    """Those that encode a picture."""

    names: tuple[str, ...]
    kind: Literal["encoders"] = "encoders"


@dataclass(frozen=True, slots=True)
class DownloadMade:
    file: File
    kind: Literal["download"] = "download"


@dataclass(frozen=True, slots=True)
class PictureMade:
    width: int
    height: int
    file: File
    kind: Literal["picture"] = "picture"


Result = (
    VideoMade
    | AudioMade
    | ThumbnailsMade
    | Probed
    | Verified
    | StoryboardMade
    | CaptionsMade
    | EncodersFound
    | DownloadMade
    | PictureMade
)

JOB: TypeAdapter[Job] = TypeAdapter(Annotated[Job, Field(discriminator="kind")])
RESULT: TypeAdapter[Result] = TypeAdapter(Annotated[Result, Field(discriminator="kind")])
SOURCE_INFO: TypeAdapter[SourceInfo] = TypeAdapter(SourceInfo)

T = TypeVar("T")


def to_json(adapter: TypeAdapter[T], value: T) -> str:
    """One line of JSON; fractions are strings like "30000/1001"."""
    return adapter.dump_json(value).decode()


def from_json(adapter: TypeAdapter[T], text: str | bytes) -> T:
    """The value again. Raises pydantic.ValidationError on anything else."""
    return adapter.validate_json(text)
