"""From what a probe found to tracks and jobs. Pure; names are deterministic, so planning twice plans the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import overload

from pydantic import TypeAdapter

from svc_transcode.media import jobs as media
from svc_transcode.media.grid import SOUND_FRAME, Chunk, Piece, plan_chunks, plan_sound
from svc_transcode.media.index import PartIndex
from svc_transcode.media.info import AudioInfo, SourceInfo
from svc_transcode.media.ladder import AUDIO_RATE, Rung
from svc_transcode.media.profiles import DEFAULT, Profile
from svc_transcode.media.schedule import candidate_times
from svc_transcode.processing.arrival import Line, Need, merged
from svc_transcode.processing.model import JobRow, JobState, Kind, Track
from svc_transcode.processing.passes import Pace, Passes, passes

SHORT_SECONDS = 30
"""Of a video up to this long, stills would take a good part of the time until it can be watched: they come later."""

_TAPERED = 2
"""Chunks at the end of a video, at least, that are shorter than others where its chunks get shorter."""

NO_SOURCE = media.Source(part_sizes=())
"""Jobs travel without their source: the worker asks for it."""

PRIORITY_PROBE, PRIORITY_STILLS, PRIORITY_FIRST, PRIORITY_REST, PRIORITY_VERIFY, PRIORITY_BOARD, PRIORITY_BESIDE = (
    range(7)
)

VIDEO_JOB: TypeAdapter[media.VideoJob] = TypeAdapter(media.VideoJob)

AUDIO_COST = 100_000
"""Cost of a second of sound; a picture's is its number of pixels."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to encode, as configured."""

    preset: str
    threads: int
    chunk: Fraction
    """Seconds."""
    bounds: media.Bounds
    profile: Profile = DEFAULT


@dataclass(frozen=True, slots=True)
class Span:
    """What a job reads of one stream, in seconds."""

    stream_index: int
    start: Fraction
    end: Fraction | None


@dataclass(frozen=True, slots=True)
class Planned:
    """A job, and what it reads."""

    row: JobRow
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of a source."""

    tracks: tuple[Track, ...]
    lines: tuple[tuple[Planned, ...], ...]
    """Jobs that are worth most in this order, each line for itself."""

    @property
    def jobs(self) -> tuple[JobRow, ...]:
        """All of them."""
        return tuple(one.row for line in self.lines for one in line)


def probe_job(options: Options, run: int) -> JobRow:
    """The job that everything begins with."""
    spec = media.ProbeJob(replace(NO_SOURCE, bounds=options.bounds), measured=options.profile.per_title)
    return JobRow(_named("p", run), Kind.PROBE, PRIORITY_PROBE, media.to_json(media.JOB, spec), run=run)


def rungs_of(probed: media.Probed, options: Options) -> tuple[Rung, ...]:
    """The renditions of a source."""
    return options.profile.rungs(probed.info.video.width, probed.info.video.height, probed.complexity)


def passes_of(info: SourceInfo, rungs: Sequence[Rung], pace: Pace) -> Passes:
    """Which renditions of the source are made together, of those that every player plays."""
    plain = tuple(rung for rung in rungs if not rung.beside)
    return passes(plain, info.video_duration * info.video.frame_rate, pace)


def plan(info: SourceInfo, options: Options, run: int, rungs: Sequence[Rung], together: Passes) -> Plan:
    """The tracks and jobs of a source."""
    chunks = plan_chunks(info.video_duration, options.chunk)
    sounds = [_Sound.of(audio, number, info) for number, audio in enumerate(_audible(info))]
    pictures = [
        Track(rung.quality, rung, info.video.stream_index, len(chunks), _cost(rung, info.video_duration))
        for rung in rungs
    ]
    lines = [
        (Planned(stills_job(info, options, run), _moments(info)),),
        *(tuple(_sound_jobs(info, sound, options, run)) for sound in sounds),
        *(
            tuple(_video_jobs(info, of_pass, options, f"v{number}", run))
            for number, of_pass in enumerate(_by_pass(chunks, rungs, together, options.chunk))
        ),
    ]
    return Plan((*pictures, *(sound.track for sound in sounds)), tuple(lines))


def waiting(made: Plan, info: SourceInfo, part_sizes: Sequence[int]) -> tuple[Line, ...]:
    """The jobs with the parts that each needs, to queue them as those arrive."""
    points = {info.video.stream_index: info.index} | {audio.stream_index: audio.index for audio in info.audio}
    indexes = {stream: PartIndex(found, part_sizes) for stream, found in points.items()}

    def need(spans: Iterable[Span]) -> Need:
        found = [indexes[span.stream_index].needed(span.start, span.end) for span in spans]
        if any(ranges is None for ranges in found):
            return None
        return merged((parts.start, parts.stop) for ranges in found for parts in ranges or ())

    return tuple(
        Line(line[0].row.priority, tuple(one.row.name for one in line), tuple(need(one.spans) for one in line))
        for line in made.lines
    )


def split(job: JobRow) -> tuple[JobRow, ...]:
    """The job cut into one per rendition, so that a rendition that fails does so alone; empty where it has only one."""
    if len(job.tracks) == 1:
        return ()
    return tuple(replace(alone(job, track, job.run), parent=job.name) for track in job.tracks)


def alone(job: JobRow, track: str, run: int) -> JobRow:
    """The part of a video job that makes one rendition, as a job of its own in `run`."""
    spec = VIDEO_JOB.validate_json(job.spec)
    rungs = tuple(rung for rung in spec.rungs if rung.quality == track)
    stem = job.name.rpartition("-r")[0].removesuffix(f"-{track}")
    return replace(
        anew(job, f"{stem}-{track}", run), spec=media.to_json(media.JOB, replace(spec, rungs=rungs)), tracks=(track,)
    )


def again(job: JobRow, track: str, run: int) -> JobRow:
    """The part of a job that makes this track, to be done in a new run."""
    return alone(job, track, run) if job.kind is Kind.VIDEO else anew(job, job.name.rpartition("-r")[0], run)


def anew(job: JobRow, stem: str, run: int) -> JobRow:
    """A job like this one, of which nothing is done, in `run`."""
    return replace(
        job,
        name=_named(stem, run),
        run=run,
        state=JobState.QUEUED,
        release=0,
        attempt=0,
        failures=0,
        failed_attempt=0,
        misses=0,
        parent="",
        made=None,
        failure=None,
    )


def verify_job(track: str, run: int, generation: int) -> JobRow:
    """The job that reads a published track back."""
    return JobRow(_named(f"y{generation}-{track}", run), Kind.VERIFY, PRIORITY_VERIFY, "", (track,), run=run)


def storyboard_job(track: str, run: int) -> JobRow:
    """The job that makes the storyboard from a published track."""
    return JobRow(_named(f"b-{track}", run), Kind.STORYBOARD, PRIORITY_BOARD, "", (track,), run=run)


def captions_job(run: int) -> JobRow:
    """The job that reads the captions in the source."""
    return JobRow(_named("c", run), Kind.CAPTIONS, PRIORITY_REST, "", run=run)


@dataclass(frozen=True, slots=True)
class _Pass:
    rungs: tuple[Rung, ...]
    chunks: tuple[Chunk, ...]
    priority: int


def _by_pass(chunks: tuple[Chunk, ...], rungs: Sequence[Rung], together: Passes, length: Fraction) -> Iterator[_Pass]:
    """Which chunks of which renditions are jobs. The last, short ones of a pass of several renditions are cut in two:
    what is left to do when the last byte arrives is shared by two workers, the smallest rendition first. What is in
    another codec is a pass of its own, for which nobody waits.
    """
    by_quality = {rung.quality: rung for rung in rungs}
    beside = tuple(rung for rung in rungs if rung.beside)
    yield from _plain(chunks, by_quality, together, length)
    if beside:
        yield _Pass(beside, chunks, PRIORITY_BESIDE)


def _plain(
    chunks: tuple[Chunk, ...], by_quality: Mapping[str, Rung], together: Passes, length: Fraction
) -> Iterator[_Pass]:
    first = tuple(by_quality[quality] for quality in together[0])
    if len(together) > 1:
        yield _Pass(first, chunks, PRIORITY_FIRST)
        yield _Pass(tuple(by_quality[quality] for quality in together[1]), chunks, PRIORITY_REST)
        return
    body = sum(1 for chunk in chunks if chunk.end is not None and chunk.end - chunk.start == length)
    if len(first) == 1 or len(chunks) - body < _TAPERED:
        yield _Pass(first, chunks, PRIORITY_FIRST)
        return
    yield _Pass(first, chunks[:body], PRIORITY_FIRST)
    yield _Pass(first[:1], chunks[body:], PRIORITY_FIRST)
    yield _Pass(first[1:], chunks[body:], PRIORITY_REST)


def _video_jobs(info: SourceInfo, of_pass: _Pass, options: Options, stem: str, run: int) -> Iterator[Planned]:
    bare, tracks = info.bare(), tuple(rung.quality for rung in of_pass.rungs)
    for chunk in of_pass.chunks:
        spec = media.VideoJob(
            source=replace(NO_SOURCE, bounds=options.bounds),
            info=bare,
            start=chunk.start,
            end=chunk.end,
            rungs=of_pass.rungs,
            preset=options.preset,
            threads=options.threads,
            profile=options.profile.key,
        )
        name = _named(f"{stem}-{chunk.index:05d}", run)
        row = JobRow(name, Kind.VIDEO, of_pass.priority, media.to_json(media.JOB, spec), tracks, chunk.index, run)
        yield Planned(row, (Span(info.video.stream_index, chunk.start, chunk.end),))


@dataclass(frozen=True, slots=True)
class _Sound:
    track: Track
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, audio: AudioInfo, number: int, info: SourceInfo) -> _Sound:
        language = "" if audio.language in {"und", ""} else audio.language
        name = "audio" if number == 0 else f"audio-{number}"
        pieces = (Piece(0, 0, None),) if audio.length is None or audio.length <= 0 else plan_sound(audio.length)
        cost = int(info.duration * AUDIO_COST)
        return cls(Track(name, None, audio.stream_index, len(pieces), cost, language=language), pieces)


def _sound_jobs(info: SourceInfo, sound: _Sound, options: Options, run: int) -> Iterator[Planned]:
    track, bare = sound.track, info.bare()
    for piece in sound.pieces:
        spec = media.AudioJob(
            replace(NO_SOURCE, bounds=options.bounds),
            bare,
            track.stream_index,
            piece.first,
            piece.end,
            leveled=len(sound.pieces) == 1,
        )
        stem = track.name.replace("audio", "a") + (f"-{piece.index:05d}" if len(sound.pieces) > 1 else "")
        text = media.to_json(media.JOB, spec)
        row = JobRow(_named(stem, run), Kind.AUDIO, PRIORITY_FIRST, text, (track.name,), piece.index, run)
        yield Planned(row, (Span(track.stream_index, _heard(piece.first), _heard(piece.end)),))


@overload
def _heard(packet: int) -> Fraction: ...
@overload
def _heard(packet: int | None) -> Fraction | None: ...
def _heard(packet: int | None) -> Fraction | None:
    return None if packet is None else Fraction(packet * SOUND_FRAME, AUDIO_RATE)


def _audible(info: SourceInfo) -> list[AudioInfo]:
    """The tracks that are kept, the default one first."""
    default = info.default_audio
    return [track for track in (default, *(a for a in info.audio if a != default)) if track is not None]


def stills_job(info: SourceInfo, options: Options, run: int) -> JobRow:
    """The job that makes the stills."""
    times = candidate_times(info.video_duration)
    spec = media.ThumbnailJob(replace(NO_SOURCE, bounds=options.bounds), info.bare(), times)
    priority = PRIORITY_REST if info.video_duration <= SHORT_SECONDS else PRIORITY_STILLS
    return JobRow(_named("t", run), Kind.THUMBNAILS, priority, media.to_json(media.JOB, spec), run=run)


def _moments(info: SourceInfo) -> tuple[Span, ...]:
    return tuple(Span(info.video.stream_index, time, time) for time in candidate_times(info.video_duration))


def _cost(rung: Rung, duration: Fraction) -> int:
    return int(rung.width * rung.height * max(duration, Fraction(1)))


def _named(stem: str, run: int) -> str:
    return f"{stem}-r{run}"
