"""A probe measures: sizes as displayed, times exact, and what only the pictures tell."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from svc_transcode.media.errors import MediaRejected, RejectReason
from svc_transcode.media.info import AudioInfo, SourceInfo
from svc_transcode.media.jobs import SOURCE_INFO, Bounds, from_json, to_json
from svc_transcode.media.probe import probe

from .conftest import Clip, reader_over, steady

NTSC = Fraction(30_000, 1001)


def probed(path: Path, bounds: Bounds | None = None) -> SourceInfo:
    with reader_over(path) as reader:
        return probe(reader, bounds or Bounds())


def test_a_real_clip_is_described_exactly(bunny: Path) -> None:
    info = probed(bunny)
    assert (info.container, info.size, info.origin) == ("mp4", 1_055_736, 0)
    assert (info.duration, info.video_duration) == (Fraction("5.312"), Fraction("5.28"))
    assert info.bitrate == 1_589_963
    video = info.video
    assert (video.codec, video.profile, video.pixel_format, video.bit_depth) == ("h264", "Main", "yuv420p", 8)
    assert (video.width, video.height, video.rotation) == (1280, 720, 0)
    assert (video.frame_rate, video.variable_frame_rate, video.interlaced, video.hdr) == (25, False, False, False)
    assert info.bare().audio == (AudioInfo(1, "aac", 6, "5.1", 48_000, "und", True, Fraction("5.312")),)
    assert info.default_audio == info.audio[0]


def test_what_was_probed_survives_json(bunny: Path) -> None:
    info = probed(bunny)
    assert from_json(SOURCE_INFO, to_json(SOURCE_INFO, info)) == info


@pytest.mark.parametrize(
    ("rotation", "size"), [(0, (320, 180)), (90, (180, 320)), (180, (320, 180)), (-90, (180, 320))]
)
def test_a_rotated_source_has_its_size_as_displayed(
    make: Callable[[Clip], Path], rotation: int, size: tuple[int, int]
) -> None:
    video = probed(make(Clip(times=steady(3), rotation=rotation))).video
    assert video.rotation == rotation % 360
    assert (video.width, video.height) == size
    assert (video.coded_width, video.coded_height) == (320, 180)


def test_an_anamorphic_source_has_its_size_in_square_pixels(make: Callable[[Clip], Path]) -> None:
    video = probed(make(Clip(size=(720, 576), times=steady(3), sample_aspect_ratio=Fraction(16, 15)))).video
    assert (video.width, video.height, video.sample_aspect_ratio) == (768, 576, Fraction(16, 15))


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv", "clip.ts", "clip.flv", "clip.avi"])
def test_duration_and_rate_are_exact_whatever_the_container(make: Callable[[Clip], Path], name: str) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    info = probed(make(Clip(name, times=steady(80), codec=codec, options={"g": "12"})))
    assert info.video_duration == Fraction("3.2")
    assert info.video.frame_rate == 25
    assert info.container == {"ts": "mpegts", "mkv": "matroska"}.get(name[5:], name[5:])


def test_a_rate_of_30000_over_1001_stays_a_fraction(make: Callable[[Clip], Path]) -> None:
    info = probed(make(Clip(times=steady(60, NTSC), rate=NTSC)))
    assert info.video.frame_rate == NTSC
    assert info.video_duration == 60 / NTSC


def test_a_title_may_be_in_any_encoding(make: Callable[[Clip], Path]) -> None:
    path = make(Clip(times=steady(10)))
    data = path.read_bytes()
    assert b"Lavf" in data
    path.write_bytes(data.replace(b"Lavf", "L\xe9ah".encode("latin-1")))
    assert probed(path).video_duration == Fraction("0.4")


def test_a_header_without_a_duration_is_not_needed(make: Callable[[Clip], Path]) -> None:
    info = probed(make(Clip("clip.mkv", times=steady(300), container_options={"live": "1"})))
    assert info.video_duration == 12


def test_a_recording_that_was_cut_off_is_as_long_as_what_is_there(make: Callable[[Clip], Path]) -> None:
    path = make(Clip("clip.mkv", times=steady(500), noise=True))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 8 < probed(path).video_duration < 12


def test_a_varying_frame_rate_is_noticed(make: Callable[[Clip], Path]) -> None:
    times = [Fraction(i * i, 400) for i in range(40)]
    assert probed(make(Clip(times=times))).video.variable_frame_rate


def test_every_audio_track_is_listed_with_its_language(make: Callable[[Clip], Path]) -> None:
    info = probed(make(Clip(times=steady(30), sound=Fraction(1), languages=("deu", "fra"))))
    assert [(a.language, a.codec, a.channels, a.sample_rate) for a in info.audio] == [
        ("deu", "aac", 1, 44_100),
        ("fra", "aac", 1, 44_100),
    ]


def test_a_source_without_sound_has_no_tracks(make: Callable[[Clip], Path]) -> None:
    info = probed(make(Clip(times=steady(30))))
    assert (info.audio, info.default_audio) == ((), None)


def test_sound_that_outlasts_the_picture_lengthens_the_presentation_alone(make: Callable[[Clip], Path]) -> None:
    info = probed(make(Clip(times=steady(30), sound=Fraction(3))))
    assert info.video_duration == Fraction("1.2")
    assert abs(info.duration - 3) < Fraction(1, 20)


def test_a_picture_that_starts_late_keeps_its_distance_to_the_sound(make: Callable[[Clip], Path]) -> None:
    late = [time + 2 for time in steady(30)]
    info = probed(make(Clip("clip.mkv", times=late, sound=Fraction(3))))
    assert abs(info.video_duration - Fraction("3.2")) < Fraction(1, 20)


def test_high_dynamic_range_is_recognised(make: Callable[[Clip], Path]) -> None:
    video = probed(make(HDR)).video
    assert (video.color_transfer, video.color_primaries, video.color_matrix) == ("smpte2084", "bt2020", "bt2020nc")
    assert (video.hdr, video.bit_depth, video.codec) == (True, 10, "hevc")


HDR = Clip(
    times=steady(10),
    codec="libx265",
    pixel_format="yuv420p10le",
    options={"preset": "ultrafast", "x265-params": "log-level=none"},
    color={"color_trc": 16, "color_primaries": 9, "colorspace": 9, "color_range": 1},
)


def test_interlaced_pictures_are_recognised(make: Callable[[Clip], Path]) -> None:
    options = {"preset": "veryfast", "x264-params": "tff=1"}
    assert probed(make(Clip(size=(320, 192), times=steady(10), options=options))).video.interlaced


def test_a_picture_beyond_the_bounds_is_refused_before_it_is_decoded(bunny: Path) -> None:
    with pytest.raises(MediaRejected, match="1280×720") as refused:
        probed(bunny, Bounds(max_pixels=1280 * 720 - 1))
    assert refused.value.reason is RejectReason.TOO_LARGE_PICTURE


def test_a_video_beyond_the_bounds_is_refused_with_both_lengths(make: Callable[[Clip], Path]) -> None:
    path = make(Clip(times=[Fraction(0), Fraction(7299), *(Fraction(7300) + time for time in steady(9))]))
    with pytest.raises(MediaRejected, match=r"2 h 02 min long; at most 1 h 30 min") as refused:
        probed(path, Bounds(max_seconds=5400))
    assert refused.value.reason is RejectReason.TOO_LONG
