"""What the packager writes plays: FFmpeg's own HLS and DASH readers follow the manifests to every frame."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from svc_transcode.media.audio import encode_audio
from svc_transcode.media.jobs import AudioJob, Bounds, Source, TrackMade
from svc_transcode.media.package import package
from svc_transcode.media.probe import probe
from svc_transcode.media.tracks import AudioTrack, Presentation, Segment, VideoTrack

from .conftest import Transcoded, reader_over


def segments(made: list[TrackMade]) -> tuple[Segment, ...]:
    return tuple(Segment(s.file.path, s.start, s.duration, s.file.size) for track in made for s in track.segments)


@pytest.fixture(scope="module")
def presented(bunny: Path, transcode: Callable[..., Transcoded]) -> Path:
    """The folder of a generation, with the segments where its manifests say."""
    done = transcode(bunny, Fraction(2))
    with reader_over(bunny) as reader:
        info = probe(reader, Bounds())
    with reader_over(bunny) as reader:
        job = AudioJob(Source((info.size,)), info, info.audio[0].stream_index)
        sound = encode_audio(job, reader, done.store.under("s/sound"), lambda _: None).track
    assert sound is not None
    video = [
        VideoTrack(r.quality, r.width, r.height, info.video.frame_rate, t[0].codec, 90_000, t[0].init.path, segments(t))
        for r, t in ((rung, done.tracks(place)) for place, rung in enumerate(done.rungs))
    ]
    audio = AudioTrack("Sound", "und", True, 2, 48_000, sound.codec, 48_000, sound.init.path, segments([sound]))
    for path, text in package(Presentation(info.duration, tuple(video), (audio,)), "1").items():
        target = done.store.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return done.store.root / "m" / "1"


def test_hls_plays_every_frame_of_every_rung_with_the_sound(presented: Path) -> None:
    with av.open(str(presented / "master.m3u8"), options={"allowed_extensions": "ALL"}) as container:
        sizes = {(s.width, s.height): s.index for s in container.streams.video}
        assert set(sizes) == {(640, 360), (1280, 720)}
        frames = dict.fromkeys(sizes.values(), 0)
        samples = 0
        for frame in container.decode(*container.streams.video, container.streams.audio[0]):
            if isinstance(frame, av.AudioFrame):
                samples += frame.samples
            elif isinstance(frame, av.VideoFrame):
                frames[sizes[frame.width, frame.height]] += 1
    assert set(frames.values()) == {132}
    assert Fraction(samples, 48_000) == pytest.approx(5.312, abs=0.03)


def test_dash_plays_every_frame_of_every_rung_with_the_sound(presented: Path) -> None:
    oracle = pytest.importorskip("imageio_ffmpeg", reason="PyAV's build reads no DASH; imageio-ffmpeg's does")
    command = [oracle.get_ffmpeg_exe(), "-v", "error", "-i", "manifest.mpd", "-map", "0"]
    command += ["-fps_mode", "passthrough", "-c:a", "copy", "-f", "framecrc", "-"]
    told = subprocess.run(command, cwd=presented, capture_output=True, text=True, check=True)
    rows = [line.split(",") for line in told.stdout.splitlines() if not line.startswith("#")]
    times = {stream: [int(row[2]) for row in rows if row[0].strip() == stream] for stream in "012"}
    assert (len(times["0"]), len(times["1"])) == (132, 132)
    assert times["2"] == [1024 * i for i in range(250)]
    assert told.stderr == ""


@pytest.mark.parametrize("playlist", ["video-360p.m3u8", "video-720p.m3u8"])
def test_a_rung_on_its_own_plays_without_a_jump(presented: Path, playlist: str) -> None:
    with av.open(str(presented / playlist), options={"allowed_extensions": "ALL"}) as container:
        times = [Fraction(f.pts or 0) * Fraction(f.time_base or 1) for f in container.decode(video=0)]
    assert [b - a for a, b in pairwise(times)] == [Fraction(1, 25)] * 131
