"""Chunks that are encoded apart join as if they had been encoded in one go."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from svc_transcode.media.fragment import decode_time, samples
from svc_transcode.media.grid import TIMESCALE, ticks

from .conftest import Clip, Transcoded, shown, steady

NTSC = Fraction(30_000, 1001)
BROKEN_CLOCK = [Fraction(0), *(Fraction(3) + Fraction(i, 30) for i in range(45)), Fraction(9), Fraction("9.04")]
"""A screen recording: a picture at first, then nothing for 3 s, a burst, nothing for more than a whole chunk."""

CLIPS = {
    "constant rate with B-frames": Clip(times=steady(155)),
    "NTSC": Clip(times=steady(170, NTSC), rate=NTSC),
    "open groups of pictures": Clip(
        times=steady(150), options={"preset": "veryfast", "bf": "3", "g": "30", "x264-params": "open-gop=1"}
    ),
    "one group of pictures": Clip(times=steady(150), options={"preset": "ultrafast", "g": "9999"}),
    "pictures far apart": Clip(times=BROKEN_CLOCK, options={"preset": "veryfast", "bf": "3", "g": "9999"}),
    "a transport stream": Clip("clip.ts", times=steady(155)),
    "Matroska": Clip("clip.mkv", times=steady(155)),
    "WebM": Clip("clip.webm", times=steady(110), codec="libvpx", options={"deadline": "realtime", "g": "40"}),
    "fragmented MP4": Clip(times=steady(155), container_options={"movflags": "frag_keyframe+empty_moov"}),
    "FLV": Clip("clip.flv", times=steady(110)),
    "AVI": Clip("clip.avi", times=steady(110), codec="mpeg4", options={"g": "30"}),
    "odd size in 4:4:4": Clip(size=(321, 181), pixel_format="yuv444p", times=steady(110)),
}


@pytest.fixture(params=CLIPS, scope="module")
def clip(request: pytest.FixtureRequest, make: Callable[[Clip], Path]) -> Path:
    return make(CLIPS[request.param])


@pytest.fixture(scope="module")
def done(clip: Path, transcode: Callable[..., Transcoded]) -> Transcoded:
    return transcode(clip, parts=3)


def test_every_picture_comes_once_in_its_place_at_its_time(clip: Path, done: Transcoded) -> None:
    expected = [(ticks(time), number) for time, number in shown(clip, done.info.origin)]
    assert [(time * TIMESCALE, number) for time, number in done.shown()] == expected
    assert [number for _, number in expected] == list(range(len(expected)))
    assert sum(chunk.frames for chunk in done.chunks) == len(expected)
    assert not any(chunk.damaged_packets for chunk in done.chunks)


def test_segments_follow_each_other_without_a_gap_and_start_with_a_keyframe(done: Transcoded) -> None:
    segments = done.segments()
    assert [s.start + s.duration for s in segments[:-1]] == [s.start for s in segments[1:]]
    assert [s.number for s in segments] == sorted({s.number for s in segments})
    for segment in segments:
        data = done.store.read(segment.file)
        found = samples(data)
        assert segment.number == segment.start // (2 * TIMESCALE)
        assert decode_time(data) == segment.start
        assert sum(s.duration for s in found) == segment.duration
        assert [s.sync for s in found] == [True] + [False] * (len(found) - 1)


def test_chunks_share_one_init_segment(done: Transcoded) -> None:
    assert len({track.init.sha256 for track in done.tracks()}) == 1


def test_the_length_of_a_chunk_changes_nothing_that_is_shown(
    make: Callable[[Clip], Path], transcode: Callable[..., Transcoded]
) -> None:
    path = make(CLIPS["open groups of pictures"])
    assert transcode(path, Fraction(2)).shown() == transcode(path, Fraction(60)).shown()


def test_several_rungs_in_threads_of_their_own_show_the_same(bunny: Path, transcode: Callable[..., Transcoded]) -> None:
    done = transcode(bunny, threads=2)
    assert [rung.quality for rung in done.rungs] == ["360p", "720p"]
    for rung, made in enumerate(done.rungs):
        with av.open(str(done.joined(rung))) as container:
            assert {(f.width, f.height) for f in container.decode(video=0)} == {(made.width, made.height)}
        assert [time for time, _ in done.shown(rung)] == steady(132)


def test_the_last_segment_ends_where_the_last_picture_does(bunny: Path, transcode: Callable[..., Transcoded]) -> None:
    done = transcode(bunny)
    last = done.segments()[-1]
    assert Fraction(last.start + last.duration, TIMESCALE) == done.info.video_duration == Fraction("5.28")
