"""Sources as probes find them, and what workers would make of jobs on them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from svc_transcode.media import jobs as media
from svc_transcode.media.info import AudioInfo, IndexPoint, SourceInfo, VideoInfo
from svc_transcode.media.storyboard import Layout
from vidmesh.transcode.v1.transcode_pb2 import JobKind

if TYPE_CHECKING:
    from vidmesh.transcode.v1.transcode_service_pb2 import StartJobResponse


def source(seconds: int, *, audio: int = 1, height: int = 720) -> SourceInfo:
    """What a probe finds: 25 pictures a second, 16:9."""
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
    sounds = tuple(AudioInfo(1 + n, "aac", 2, "stereo", 48_000, ("en", "de")[n % 2], n == 0) for n in range(audio))
    length = Fraction(seconds)
    return SourceInfo(
        container="mp4",
        size=1000,
        origin=Fraction(0),
        duration=length,
        video_duration=length,
        bitrate=1_000_000,
        video=picture,
        audio=sounds,
        index=tuple(IndexPoint(Fraction(at), at * 10, at * 10 + 10) for at in range(seconds)),
    )


def track_made(quality: str, first: int, count: int, *, rate: int = 90_000, samples: int = 50) -> media.TrackMade:
    """Segments of 2 s, numbered from `first`."""
    codec = "mp4a.40.2" if quality.startswith("audio") else "avc1.64001f"
    segments = tuple(
        media.SegmentFile(n, _file(f"{quality}/{n:05d}.m4s", n), n * 2 * rate, 2 * rate, samples)
        for n in range(first, first + count)
    )
    return media.TrackMade(quality, codec, rate, _file(f"{quality}/init.mp4", 0), segments)


def _file(path: str, number: int) -> media.File:
    return media.File(path, 1000 + number, f"{number:064x}")


def plausible(begun: StartJobResponse, info: SourceInfo) -> media.Result:  # noqa: PLR0911 (a table)
    """What a worker would make of a job of this source."""
    if begun.kind == JobKind.JOB_KIND_VERIFY:
        return media.Verified((len(begun.objects) - 1) * 50, Fraction(0), Fraction(1))
    job = media.from_json(media.JOB, begun.spec)
    if isinstance(job, media.ProbeJob):
        return media.Probed(info)
    if isinstance(job, media.ThumbnailJob):
        return media.ThumbnailsMade(
            tuple(media.Thumbnail(time, 640, 360, _file(f"{n}.jpg", n)) for n, time in enumerate(job.times[: job.most]))
        )
    if isinstance(job, media.AudioJob):
        length = -(-info.duration // 2)
        return media.AudioMade(track_made("audio", 0, length, rate=48_000))
    if isinstance(job, media.StoryboardJob):
        return media.StoryboardMade(tuple(_file(f"sheet-{n}.jpg", n) for n in range(Layout.of(len(job.starts)).sheets)))
    if isinstance(job, media.DownloadJob):
        return media.DownloadMade(media.File(job.name, 1000, "0" * 64))
    if isinstance(job, media.CaptionsJob):
        indexes = [track.stream_index for track in job.tracks]
        return media.CaptionsMade(
            tuple(media.CaptionsFile(index, _file(f"captions-{index}.vtt", index), 2, 3000) for index in indexes)
        )
    assert isinstance(job, media.VideoJob)
    end = info.video_duration if job.end is None else job.end
    first, count = int(job.start // 2), int(-(-(end - job.start) // 2))
    made = tuple(track_made(rung.quality, first, count) for rung in job.rungs)
    return media.VideoMade(made, frames=50 * count)
