"""What is known of a video's processing, as data with one JSON form.

The head is small whatever the length of the video: it counts chunks, and the rows of the jobs hold what each made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from pydantic import TypeAdapter

from svc_transcode.media.info import ChapterInfo, SourceInfo
from svc_transcode.media.ladder import Rung
from svc_transcode.processing.arrival import Arrival, Line, Parked
from svc_transcode.processing.passes import Passes


class State(StrEnum):
    """How far a video is."""

    PROBING = "probing"
    ENCODING = "encoding"
    """Jobs are planned; tracks are published one by one and read back."""
    PROCESSED = "processed"
    FAILED = "failed"


class TrackState(StrEnum):
    """How far one track is."""

    WAITING = "waiting"
    """Not every chunk is made."""
    MADE = "made"
    """Every chunk is made; it is in no manifest yet."""
    PUBLISHED = "published"
    """In the manifests; not read back yet."""
    VERIFIED = "verified"
    FAILED = "failed"
    """Given up; `failure` says why."""

    @property
    def settled(self) -> bool:
        """Nothing more comes of it."""
        return self in {TrackState.VERIFIED, TrackState.FAILED}


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RELEASED = "released"
    """Handed to the bus; a worker may be on it."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Its track was given up, or it was split into smaller ones."""


OUT = (JobState.QUEUED, JobState.RELEASED)
"""Jobs that may still make something."""


class Kind(StrEnum):
    """What a job does."""

    PROBE = "probe"
    VIDEO = "video"
    AUDIO = "audio"
    THUMBNAILS = "thumbnails"
    VERIFY = "verify"
    STORYBOARD = "storyboard"
    CAPTIONS = "captions"
    DOWNLOAD = "download"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something was given up."""

    reason: str
    """Name of a `vidmesh.transcode.v1.FailureReason` without its prefix."""
    sentence: str
    """For the creator."""


@dataclass(frozen=True, slots=True)
class Leveling:
    """A track of sound is being made anew, as loud as the rest."""

    gain: int
    """Hundredths of dB by which it is raised."""
    done: int = 0
    """Chunks that are made."""


@dataclass(frozen=True, slots=True)
class Track:
    """One rendition of the picture, or one track of sound."""

    name: str
    """The quality of a picture ("720p"), or "audio", "audio-1", …"""
    rung: Rung | None
    """None for sound."""
    stream_index: int
    """Of the source stream it is made from."""
    chunks: int
    cost: int
    """Of the whole track, in arbitrary units, to weigh progress by."""
    state: TrackState = TrackState.WAITING
    done: int = 0
    """Chunks that are made."""
    failure: Failure | None = None
    language: str = ""
    level: int = 0
    """Of sound: how often it was made anew to be as loud as the rest. The jobs of that `JobRow.level` made it."""
    gain: int = 0
    """Of sound: hundredths of dB by which it is raised."""
    leveling: Leveling | None = None
    """Of sound: how it is being made anew; what there is stays until that is done."""
    leveled: bool = False
    """Of sound: how loud it is is as good as it gets."""

    @property
    def is_final(self) -> bool:
        """Whether it stays as it is once it is published."""
        return self.is_picture or self.leveled

    @property
    def is_picture(self) -> bool:
        """Whether it is a rendition of the picture."""
        return self.rung is not None

    @property
    def is_plain(self) -> bool:
        """Whether it is a rendition of the picture that every player plays."""
        return self.rung is not None and not self.rung.beside


@dataclass(frozen=True, slots=True)
class Still:
    """A picture of a video: its path is under the video's media prefix."""

    path: str
    width: int
    height: int
    time: Fraction | None
    """What moment it shows; None for one that was uploaded."""


class Origin(StrEnum):
    """Where captions came from."""

    UPLOADED = "uploaded"
    EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class Caption:
    """A track of captions."""

    caption_id: str
    language: str
    name: str
    """No other of the video has the same language and name."""
    path: str
    """Of its WebVTT file, under the video's media prefix: another one for each text."""
    origin: Origin
    cues: int
    end: int
    """Of the last cue, milliseconds."""
    update_time: datetime


@dataclass(frozen=True, slots=True)
class Download:
    """A rendition as a file to keep."""

    quality: str
    job: str
    """That makes it; another one each time that it is asked for."""
    name: str
    """What it is saved as."""
    create_time: datetime
    path: str = ""
    """Under the video's media prefix; empty until it is there."""
    size: int = 0
    expire_time: datetime | None = None
    """None until it is there."""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A video's processing as a whole."""

    video_id: str
    channel_id: str
    size: int
    """Of the source, bytes."""
    state: State
    run: int
    """Which run of processing this is; a retry begins the next."""
    start_time: datetime
    info: SourceInfo | None = None
    """Once probed; without its index, which only planning needs."""
    tracks: tuple[Track, ...] = ()
    stills: tuple[Still, ...] = ()
    """Taken from the video, the best first."""
    own_still: Still | None = None
    """Uploaded by its people."""
    chosen_still: str = ""
    """The path of the one that its people chose; empty where they chose none, and the first is shown."""
    pictured_time: datetime | None = None
    """Of the last StillsMade; later ones have later times."""
    generation: int = 0
    """Of the manifests; 0 before the first."""
    manifests: str = ""
    """Folder of the published generation, under the video's media prefix."""
    earlier: tuple[str, ...] = ()
    """Folders of earlier generations, which players may still read."""
    listed: tuple[str, ...] = ()
    """The tracks that the published generation has."""
    playable_time: datetime | None = None
    end_time: datetime | None = None
    failure: Failure | None = None
    trace: str = ""
    """`traceparent` of what began this run: steps that no call and no message asks for belong to it."""
    complete: bool = True
    """The upload is complete and its digest checked. Nothing is published and nothing ends before."""
    arrival: Arrival | None = None
    """Of an upload that is followed; None once every job of it is queued."""
    parked: tuple[Parked, ...] = ()
    """Jobs that wait for a part which they found missing."""
    passes: Passes = ()
    """Which renditions are made together, decided once for a run: planning again must plan the same."""
    rungs: tuple[Rung, ...] = ()
    """The renditions of the picture, decided with the passes."""
    storyboard: str = ""
    """Path of its WebVTT file under the video's media prefix; empty where there is none. Nothing waits for it."""
    captions: tuple[Caption, ...] = ()
    """By language, then by name."""
    listed_captions: tuple[str, ...] = ()
    """The paths of those that the published generation has."""
    captions_read: bool = False
    """Those in the source were read. Nothing waits for it."""
    downloads: tuple[Download, ...] = ()
    """Files that were asked for. Nothing waits for them."""
    chapters: tuple[ChapterInfo, ...] = ()
    """Those that are in the source, once probed; the video's own people may have set others."""

    def track(self, name: str) -> Track:
        """The track of that name. Raises KeyError."""
        for track in self.tracks:
            if track.name == name:
                return track
        raise KeyError(name)

    def with_track(self, changed: Track) -> Head:
        """The same with one track changed."""
        return replace(self, tracks=tuple(changed if t.name == changed.name else t for t in self.tracks))

    @property
    def ended(self) -> bool:
        """Nothing more happens by itself."""
        return self.state in {State.PROCESSED, State.FAILED}


@dataclass(frozen=True, slots=True)
class Made:
    """What a finished job left in the object store."""

    result: str
    """A media library's result in its JSON form; paths are relative to `folder`."""
    folder: str
    """Under the video's media prefix."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job."""

    name: str
    kind: Kind
    priority: int
    """Its place among the jobs of its video: smaller goes first."""
    spec: str
    """The media library's job in JSON, without its source; empty for VERIFY, STORYBOARD and CAPTIONS, whose work is
    found when it begins."""
    tracks: tuple[str, ...] = ()
    """The tracks that it makes a chunk of, or reads back."""
    chunk: int = 0
    run: int = 1
    """The run of processing that made it."""
    state: JobState = JobState.QUEUED
    release: int = 0
    """How often it was handed to the bus."""
    crew: str = ""
    """Of the newest release: the workers that it is for."""
    attempt: int = 0
    """Of the newest release: the newest attempt that began."""
    failures: int = 0
    """Attempts that failed, over all releases of this run."""
    failed_attempt: int = 0
    """Of the newest release: the newest attempt whose failure is counted, so that telling it twice counts once."""
    misses: int = 0
    """Attempts, over all releases of this run, that found a part missing."""
    parent: str = ""
    """The job that this one is a part of. It is to be done only once that one was given up for its parts."""
    level: int = 0
    """Of sound: with which making anew of its track it belongs; 0 for what is made first."""
    made: Made | None = None
    failure: Failure | None = None
    trace: str = ""
    """`traceparent` of what made the job, which the message to the workers carries on."""


@dataclass(frozen=True, slots=True)
class TrackFile:
    """A published track: what VideoFile says of it."""

    file_id: str
    name: str
    codec: str
    size: int
    bitrate: int
    peak_bitrate: int
    width: int
    height: int
    frame_rate: str
    checksum: str
    duration: Fraction
    create_time: datetime
    language: str = ""
    samples: int = 0
    """Pictures, to compare with what reading back decodes; 0 for sound."""


HEAD: TypeAdapter[Head] = TypeAdapter(Head)
JOB: TypeAdapter[JobRow] = TypeAdapter(JobRow)
LINES: TypeAdapter[tuple[Line, ...]] = TypeAdapter(tuple[Line, ...])
TRACK_FILE: TypeAdapter[TrackFile] = TypeAdapter(TrackFile)
