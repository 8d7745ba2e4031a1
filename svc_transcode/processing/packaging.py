"""From what jobs left in the store to tracks, manifests and files. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from svc_transcode.media import jobs as media
from svc_transcode.media.info import SourceInfo
from svc_transcode.media.package import package
from svc_transcode.media.rates import measure
from svc_transcode.media.tracks import AudioTrack, CaptionTrack, Presentation, Segment, VideoTrack
from svc_transcode.processing.model import JobRow, JobState, Kind, Track, TrackFile

Objects = tuple[tuple[str, media.File], ...]
"""Path under the video's media prefix, and what was stored there: the initialization segment, then all segments."""

MAKERS = (Kind.VIDEO, Kind.AUDIO)
"""The kinds of jobs that make chunks of tracks."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """One whole track."""

    track: Track
    made: tuple[tuple[str, media.TrackMade], ...]
    """The folder of each chunk's job, and what it made, in order."""

    @property
    def objects(self) -> Objects:
        """Everything that a player of this track reads, in order."""
        folder, first = self.made[0]
        segments = ((f"{at}/{s.file.path}", s.file) for at, made in self.made for s in made.segments)
        return ((f"{folder}/{first.init.path}", first.init), *segments)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """As manifests list them."""
        return tuple(
            Segment(f"{folder}/{s.file.path}", s.start, s.duration, s.file.size)
            for folder, made in self.made
            for s in made.segments
        )

    @property
    def shape(self) -> media.TrackMade:
        """A chunk to read what all have in common from."""
        return self.made[0][1]


class IncompleteTrackError(Exception):
    """The rows of the jobs do not make the track whole: it must be made again."""


def gather(track: Track, jobs: Iterable[JobRow]) -> Gathered:
    """The chunks of one track, from the newest job that made each. Raises IncompleteTrackError where one is missing."""
    chunks = newest(track, jobs)
    if len(chunks) < track.chunks:
        raise IncompleteTrackError(f"{track.name}: {len(chunks)} of {track.chunks} chunks")
    made = [(job.made.folder, part) for _, job in sorted(chunks.items()) if job.made for part in _of(job, track.name)]
    if not any(part.segments for _, part in made):
        raise IncompleteTrackError(f"{track.name}: no segment")
    return Gathered(track, tuple((folder, part) for folder, part in made if part.segments))


def newest(track: Track, jobs: Iterable[JobRow]) -> dict[int, JobRow]:
    """By chunk, the newest job that made it as the track is now."""
    found: dict[int, JobRow] = {}
    for job in jobs:
        if job.state is not JobState.DONE or track.name not in job.tracks or job.kind not in MAKERS:
            continue
        if job.level == track.level and (job.chunk not in found or found[job.chunk].run < job.run):
            found[job.chunk] = job
    return found


def _of(job: JobRow, track: str) -> Sequence[media.TrackMade]:
    result = media.from_json(media.RESULT, job.made.result if job.made else "")
    if isinstance(result, media.AudioMade):
        return [result.track] if result.track else []
    return [made for made in result.tracks if made.quality == track] if isinstance(result, media.VideoMade) else []


def manifests(
    info: SourceInfo, tracks: Sequence[Gathered], folder: str, captions: Sequence[CaptionTrack] = ()
) -> dict[str, str]:
    """Every manifest by its path under the video's media prefix; `folder` is that of a generation, under `m/`."""
    pictures = tuple(_video(gathered, info.video.frame_rate) for gathered in tracks if gathered.track.is_picture)
    sounds = [gathered for gathered in tracks if not gathered.track.is_picture]
    names = _names([gathered.track for gathered in sounds])
    audio = tuple(
        AudioTrack(
            name=names[number],
            language=gathered.track.language or "und",
            default=number == 0,
            channels=2,
            sample_rate=gathered.shape.timescale,
            codec=gathered.shape.codec,
            timescale=gathered.shape.timescale,
            init=gathered.objects[0][0],
            segments=gathered.segments,
        )
        for number, gathered in enumerate(sounds)
    )
    return package(Presentation(info.duration, pictures, audio, tuple(captions)), folder)


def file_of(gathered: Gathered, info: SourceInfo, file_id: str, now: datetime) -> TrackFile:
    """What VideoFile says of a track, measured."""
    rates = measure(gathered.segments, gathered.shape.timescale)
    digest = hashlib.sha256()
    for _, file in gathered.objects:
        digest.update(bytes.fromhex(file.sha256))
    rung, rate = gathered.track.rung, info.video.frame_rate
    return TrackFile(
        file_id=file_id,
        name=gathered.track.name,
        codec=gathered.shape.codec,
        size=sum(file.size for _, file in gathered.objects),
        bitrate=rates.average,
        peak_bitrate=rates.peak,
        width=rung.width if rung else 0,
        height=rung.height if rung else 0,
        frame_rate=f"{rate.numerator}/{rate.denominator}" if rung else "",
        checksum=digest.hexdigest(),
        duration=Fraction(sum(s.duration for s in gathered.segments), gathered.shape.timescale),
        create_time=now,
        language=gathered.track.language,
        samples=sum(made.samples for _, made in gathered.made) if rung else 0,
    )


def _video(gathered: Gathered, frame_rate: Fraction) -> VideoTrack:
    rung = gathered.track.rung
    return VideoTrack(
        quality=gathered.track.name,
        width=rung.width if rung else 0,
        height=rung.height if rung else 0,
        frame_rate=frame_rate,
        codec=gathered.shape.codec,
        timescale=gathered.shape.timescale,
        init=gathered.objects[0][0],
        segments=gathered.segments,
    )


def _names(tracks: Sequence[Track]) -> list[str]:
    """What viewers choose sound by: its language, numbered where two are alike."""
    names: list[str] = []
    for number, track in enumerate(tracks, 1):
        name = track.language or ("Original" if number == 1 else f"Track {number}")
        names.append(name if name not in names else f"{name} ({number})")
    return names
