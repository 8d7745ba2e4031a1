"""From what a probe found to tracks and jobs. Pure; names are deterministic, so planning twice plans the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from pydantic import TypeAdapter

from svc_transcode.media import jobs as media
from svc_transcode.media.grid import Chunk, plan_chunks
from svc_transcode.media.info import AudioInfo, SourceInfo
from svc_transcode.media.ladder import Rung, ladder
from svc_transcode.media.schedule import thumbnail_times
from svc_transcode.processing.model import JobRow, JobState, Kind, Track

ONE_PASS_PIXELS = 500_000_000
"""A video is decoded once for all renditions where those above the smallest have no more pixels than this together:
about twenty seconds of one core's encoding. Otherwise its smallest gets a pass first, so that it can be watched early.
Length alone does not say it: seconds of 2160p take longer than half a minute of 480p."""

SHORT_SECONDS = 30
"""Of a video up to this long, stills would take a good part of the time until it can be watched: they come later."""

NO_SOURCE = media.Source(part_sizes=())
"""Jobs travel without their source: the worker asks for it."""

PRIORITY_PROBE, PRIORITY_STILLS, PRIORITY_FIRST, PRIORITY_REST, PRIORITY_VERIFY = range(5)

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


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of a source."""

    tracks: tuple[Track, ...]
    jobs: tuple[JobRow, ...]


def probe_job(options: Options, run: int) -> JobRow:
    """The job that everything begins with."""
    spec = media.ProbeJob(replace(NO_SOURCE, bounds=options.bounds))
    return JobRow(_named("p", run), Kind.PROBE, PRIORITY_PROBE, media.to_json(media.JOB, spec), run=run)


def plan(info: SourceInfo, options: Options, run: int) -> Plan:
    """The tracks and jobs of a source."""
    chunks = plan_chunks(info.video_duration, options.chunk)
    rungs = ladder(info.video.width, info.video.height)
    pictures = [
        Track(rung.quality, rung, info.video.stream_index, len(chunks), _cost(rung, info.video_duration))
        for rung in rungs
    ]
    sounds = [_sound(audio, number, info.duration) for number, audio in enumerate(_audible(info))]
    jobs = [
        stills_job(info, options, run),
        *(_audio_job(info, track, options, run) for track in sounds),
        *(
            _video_job(
                info,
                chunk,
                group,
                options,
                JobRow(_named(f"v{number}-{chunk.index:05d}", run), Kind.VIDEO, priority, "", run=run),
            )
            for number, (group, priority) in enumerate(_passes(rungs, info.video_duration * info.video.frame_rate))
            for chunk in chunks
        ),
    ]
    return Plan((*pictures, *sounds), tuple(jobs))


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
        _anew(job, f"{stem}-{track}", run), spec=media.to_json(media.JOB, replace(spec, rungs=rungs)), tracks=(track,)
    )


def again(job: JobRow, track: str, run: int) -> JobRow:
    """The part of a job that makes this track, to be done in a new run."""
    return alone(job, track, run) if job.kind is Kind.VIDEO else _anew(job, job.name.rpartition("-r")[0], run)


def _anew(job: JobRow, stem: str, run: int) -> JobRow:
    return replace(
        job,
        name=_named(stem, run),
        run=run,
        state=JobState.QUEUED,
        release=0,
        attempt=0,
        failures=0,
        failed_attempt=0,
        parent="",
        made=None,
        failure=None,
    )


def verify_job(track: str, run: int, generation: int) -> JobRow:
    """The job that reads a published track back."""
    return JobRow(_named(f"y{generation}-{track}", run), Kind.VERIFY, PRIORITY_VERIFY, "", (track,), run=run)


def _video_job(info: SourceInfo, chunk: Chunk, rungs: tuple[Rung, ...], options: Options, row: JobRow) -> JobRow:
    spec = media.VideoJob(
        source=replace(NO_SOURCE, bounds=options.bounds),
        info=replace(info, index=()),
        start=chunk.start,
        end=chunk.end,
        rungs=rungs,
        preset=options.preset,
        threads=options.threads,
    )
    tracks = tuple(rung.quality for rung in rungs)
    return replace(row, spec=media.to_json(media.JOB, spec), tracks=tracks, chunk=chunk.index)


def _passes(rungs: tuple[Rung, ...], pictures: Fraction) -> list[tuple[tuple[Rung, ...], int]]:
    if pictures * sum(rung.width * rung.height for rung in rungs[1:]) <= ONE_PASS_PIXELS:
        return [(rungs, PRIORITY_FIRST)]
    return [(rungs[:1], PRIORITY_FIRST), (rungs[1:], PRIORITY_REST)]


def _audible(info: SourceInfo) -> list[AudioInfo]:
    """The tracks that are kept, the default one first."""
    default = info.default_audio
    return [track for track in (default, *(a for a in info.audio if a != default)) if track is not None]


def _sound(audio: AudioInfo, number: int, duration: Fraction) -> Track:
    language = "" if audio.language in {"und", ""} else audio.language
    name = "audio" if number == 0 else f"audio-{number}"
    return Track(name, None, audio.stream_index, 1, int(duration * AUDIO_COST), language=language)


def _audio_job(info: SourceInfo, track: Track, options: Options, run: int) -> JobRow:
    bare = replace(info, index=())
    spec = media.AudioJob(replace(NO_SOURCE, bounds=options.bounds), bare, track.stream_index)
    name = _named(track.name.replace("audio", "a"), run)
    return JobRow(name, Kind.AUDIO, PRIORITY_FIRST, media.to_json(media.JOB, spec), (track.name,), run=run)


def stills_job(info: SourceInfo, options: Options, run: int) -> JobRow:
    """The job that makes the stills."""
    times = thumbnail_times(info.video_duration)
    spec = media.ThumbnailJob(replace(NO_SOURCE, bounds=options.bounds), replace(info, index=()), times)
    priority = PRIORITY_REST if info.video_duration <= SHORT_SECONDS else PRIORITY_STILLS
    return JobRow(_named("t", run), Kind.THUMBNAILS, priority, media.to_json(media.JOB, spec), run=run)


def _cost(rung: Rung, duration: Fraction) -> int:
    return int(rung.width * rung.height * max(duration, Fraction(1)))


def _named(stem: str, run: int) -> str:
    return f"{stem}-r{run}"
