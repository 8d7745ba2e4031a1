"""Sources, heads and results to begin with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

from svc_transcode.media import jobs as media
from svc_transcode.media.info import AudioInfo, SourceInfo, VideoInfo
from svc_transcode.processing import domain, plan
from svc_transcode.processing.model import Head, JobRow, JobState, Kind, Made, State
from svc_transcode.processing.passes import WHOLE, Pace

NOW = datetime(2030, 1, 1, tzinfo=UTC)
OPTIONS = plan.Options(preset="medium", threads=1, chunk=Fraction(8), bounds=media.Bounds())
VIDEO_ID = "abcdefghijk"


def source(seconds: int, *, height: int = 720, audio: tuple[str, ...] = ("en",)) -> SourceInfo:
    """25 pictures a second, 16:9; the second track of sound is the default one."""
    width = height * 16 // 9
    picture = VideoInfo(
        stream_index=0,
        codec="h264",
        profile="High",
        pixel_format="yuv420p",
        bit_depth=8,
        width=width,
        height=height,
        coded_width=width,
        coded_height=height,
        sample_aspect_ratio=Fraction(1),
        rotation=0,
        frame_rate=Fraction(25),
        variable_frame_rate=False,
        interlaced=False,
        color_transfer="bt709",
        color_primaries="bt709",
        color_matrix="bt709",
        full_range=False,
    )
    sounds = tuple(AudioInfo(1 + n, "aac", 2, "stereo", 48_000, name, n == 1) for n, name in enumerate(audio))
    length = Fraction(seconds)
    return SourceInfo("mp4", 1000, Fraction(0), length, length, 1_000_000, picture, sounds, ())


def plans(info: SourceInfo, run: int = 1, pace: Pace = WHOLE, options: plan.Options = OPTIONS) -> plan.Plan:
    """What becomes of a source."""
    rungs = plan.rungs_of(media.Probed(info), options)
    return plan.plan(info, options, run, rungs, plan.passes_of(info, rungs, pace))


def planned(info: SourceInfo) -> tuple[Head, dict[str, JobRow]]:
    """A probed video and its jobs, which are out."""
    made = plans(info)
    head = Head(VIDEO_ID, "a-channel", 1000, State.PROBING, run=1, start_time=NOW, info=info)
    rows = {job.name: replace(job, state=JobState.RELEASED, release=1) for job in made.jobs}
    return domain.planned(head, made), rows


def done(job: JobRow, head: Head) -> JobRow:
    """The job with what a worker would have made of it: segments of 2 s, 50 pictures each."""
    folder = f"s/{job.name}.1.1"
    if job.kind is Kind.AUDIO:
        assert head.info is not None
        result: media.Result = media.AudioMade(_track("audio", 0, int(head.info.duration / 2), 48_000))
    else:
        spec = plan.VIDEO_JOB.validate_json(job.spec)
        assert head.info is not None
        first, end = int(spec.start / 2), -int(-(head.info.duration if spec.end is None else spec.end) // 2)
        tracks = [head.track(name) for name in job.tracks]
        result = media.VideoMade(tuple(_track(one.name, first, end - first, 90_000) for one in tracks), 1)
    return replace(job, state=JobState.DONE, made=Made(media.to_json(media.RESULT, result), folder))


def _track(quality: str, first: int, count: int, rate: int) -> media.TrackMade:
    codec = "mp4a.40.2" if quality == "audio" else "avc1.64001f"
    segments = tuple(
        media.SegmentFile(n, media.File(f"{quality}/{n:05d}.m4s", 1000, f"{n:064x}"), n * 2 * rate, 2 * rate, 50)
        for n in range(first, first + count)
    )
    return media.TrackMade(quality, codec, rate, media.File(f"{quality}/init.mp4", 10, "f" * 64), segments)
