"""AV1 beside H.264: the same pictures at the same times, joined without a seam, told to players as what it is."""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import av
import pytest
from av.video.codeccontext import VideoCodecContext

from svc_transcode.media.coding import Codec, Coding
from svc_transcode.media.encode import encode_chunk
from svc_transcode.media.encoder_options import options
from svc_transcode.media.fragment import samples
from svc_transcode.media.grid import TIMESCALE, cell, plan_chunks
from svc_transcode.media.jobs import Bounds, Source, TrackMade, VerifyJob, VideoJob, VideoMade
from svc_transcode.media.ladder import Rung
from svc_transcode.media.package import package
from svc_transcode.media.parts import reader_of
from svc_transcode.media.probe import probe
from svc_transcode.media.tracks import Presentation, Segment, VideoTrack
from svc_transcode.media.turns import ordinary_turns
from svc_transcode.media.verify import verify

from .conftest import Clip, Store, reader_over, shown, steady

if TYPE_CHECKING:
    from svc_transcode.media.info import SourceInfo

QUICK = Coding(Codec.AV1, preset="10", crf=35)
RUNGS = (Rung("180p", 320, 180, 400_000), Rung("180p-av1", 320, 180, 400_000, QUICK))
VARIED = [Fraction(n, 25) + Fraction(n % 3, 200) for n in range(160)]
"""6.4 s at no rate of its own."""


def _chunks(path: Path, store: Store) -> tuple[SourceInfo, list[VideoMade]]:
    with reader_over(path) as reader:
        info = probe(reader, Bounds())
    made: list[VideoMade] = []
    for chunk in plan_chunks(info.video_duration, Fraction(2)):
        job = VideoJob(Source((info.size,)), info, chunk.start, chunk.end, RUNGS, "superfast")
        with reader_over(path) as reader:
            made.append(encode_chunk(job, reader, store.under(str(chunk.index)), lambda _: None))
    return info, made


def _of(made: list[VideoMade], place: int) -> list[TrackMade]:
    return [chunk.tracks[place] for chunk in made]


def _joined(store: Store, tracks: list[TrackMade], name: str) -> Path:
    path = store.root / name
    files = [tracks[0].init, *(segment.file for track in tracks for segment in track.segments)]
    path.write_bytes(b"".join(store.read(file) for file in files))
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.mark.parametrize("times", [steady(160), VARIED], ids=["steady", "varied"])
def test_chunks_that_are_encoded_apart_show_every_picture_at_its_time(
    make: Callable[[Clip], Path], store: Store, times: list[Fraction]
) -> None:
    path = make(Clip(times=times))
    _, made = _chunks(path, store)
    plain, av1 = _of(made, 0), _of(made, 1)
    assert len({track.init.sha256 for track in av1}) == 1, "chunks join only under one initialization segment"
    decoded = shown(_joined(store, av1, "av1.mp4"))
    assert [number for _, number in decoded] == list(range(len(times)))
    told = [
        sorted(
            sample.presentation_time
            for track in tracks
            for s in track.segments
            for sample in samples(store.read(s.file))
        )
        for tracks in (plain, av1)
    ]
    assert told[0] == told[1]
    assert [Fraction(tick, TIMESCALE) for tick in told[1]] == [pytest.approx(float(time), abs=1e-4) for time in times]


def test_segments_of_both_codecs_begin_at_the_same_instants_with_a_keyframe(
    make: Callable[[Clip], Path], store: Store
) -> None:
    _, made = _chunks(make(Clip(times=steady(160))), store)
    plain, av1 = ([s for track in _of(made, place) for s in track.segments] for place in (0, 1))
    assert [(s.number, s.start, s.duration, s.samples) for s in av1] == [
        (s.number, s.start, s.duration, s.samples) for s in plain
    ]
    for segment in av1:
        found = samples(store.read(segment.file))
        assert [sample.sync for sample in found] == [True] + [False] * (len(found) - 1)
        assert {cell(sample.presentation_time) for sample in found} == {segment.number}


def test_it_can_be_read_back_as_players_do(make: Callable[[Clip], Path], store: Store) -> None:
    _, made = _chunks(make(Clip(times=steady(160))), store)
    files = [_of(made, 1)[0].init, *(s.file for track in _of(made, 1) for s in track.segments)]
    with reader_of(*(store.root / file.path for file in files)) as reader:
        found = verify(VerifyJob(Source(tuple(file.size for file in files))), reader)
    assert (found.frames, found.first, found.end) == (160, 0, Fraction(160, 25))


def test_both_manifests_tell_each_codec_apart_and_offer_h264_first(make: Callable[[Clip], Path], store: Store) -> None:
    info, made = _chunks(make(Clip(times=steady(160))), store)
    tracks = tuple(_track(rung, _of(made, place)) for place, rung in enumerate(RUNGS))
    codecs = [track.codec for track in tracks]
    assert codecs[0].startswith("avc1.")
    assert re.fullmatch(r"av01\.0\.\d\d[MH]\.08", codecs[1])
    texts = package(Presentation(info.duration, tracks), "1-x")
    master, mpd = texts["m/1-x/master.m3u8"], texts["m/1-x/manifest.mpd"]
    assert re.findall(r'CODECS="([^"]+)"', master) == codecs
    assert "video-180p-av1.m3u8" in master
    sets = ET.fromstring(mpd).findall(".//{*}AdaptationSet")
    assert [[one.get("codecs") for one in found.findall("{*}Representation")] for found in sets] == [
        [codecs[0]],
        [codecs[1]],
    ]


def _track(rung: Rung, made: list[TrackMade]) -> VideoTrack:
    segments = tuple(Segment(s.file.path, s.start, s.duration, s.file.size) for t in made for s in t.segments)
    first = made[0]
    return VideoTrack(
        rung.quality, rung.width, rung.height, Fraction(25), first.codec, first.timescale, first.init.path, segments
    )


def test_the_codec_string_is_what_the_stream_itself_says(make: Callable[[Clip], Path], store: Store) -> None:
    _, made = _chunks(make(Clip(times=steady(60))), store)
    track = _of(made, 1)[0]
    _, profile, level, depth = track.codec.split(".")
    with av.open(str(_joined(store, _of(made, 1), "av1.mp4"))) as container:
        context = container.streams.video[0].codec_context
        assert isinstance(context, VideoCodecContext)
        next(container.decode(video=0))
        assert context.profile == {"0": "Main"}[profile]
        assert context.format is not None
        assert context.format.components[0].bits == int(depth)
    assert int(level[:2]) < 24, "31 would say that it keeps no level at all"


@pytest.mark.skipif(sys.platform != "linux", reason="classes of scheduling are Linux's")
def test_encoding_leaves_the_thread_its_ordinary_turns(make: Callable[[Clip], Path], store: Store) -> None:
    _chunks(make(Clip(times=steady(60))), store)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root on Linux may take such a turn")
def test_ordinary_turns_are_given_back_whatever_happens() -> None:
    def opens_and_fails() -> None:
        with ordinary_turns():
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
            raise RuntimeError

    with pytest.raises((RuntimeError, PermissionError)):  # some containers do not let root either
        opens_and_fails()
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.parametrize("threads", [1, 3])
def test_the_encoder_is_held_to_its_threads_and_to_its_cap(threads: int) -> None:
    told = options(RUNGS[1], "slow", threads)
    assert f"lp={threads}" in told["svtav1-params"].split(":")
    assert (told["preset"], told["crf"], told["maxrate"]) == ("10", "35", str(RUNGS[1].maxrate))


def test_nothing_but_a_profile_says_how_h264_is_encoded_but_for_the_operators_preset() -> None:
    plain = options(RUNGS[0], "slow", 1)
    assert (plain["preset"], "crf" in plain) == ("slow", False)
    lean = options(Rung("360p", 640, 360, 600_000, Coding(preset="veryfast", crf=25)), "slow", 1)
    assert (lean["preset"], lean["crf"]) == ("veryfast", "25")
    assert {key: lean[key] for key in ("g", "forced-idr", "sc_threshold", "x264-params")} == {
        key: plain[key] for key in ("g", "forced-idr", "sc_threshold", "x264-params")
    }
    assert all(isinstance(value, str) for value in itertools.chain(plain.values(), lean.values()))
