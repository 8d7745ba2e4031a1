"""The ladder, the grid and the chunk plan."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svc_transcode.media.grid import (
    SEGMENT,
    SOUND_FRAME,
    SOUND_SEGMENT,
    TIMESCALE,
    cell,
    plan_chunks,
    plan_sound,
    ticks,
)
from svc_transcode.media.ladder import AUDIO_RATE, ladder

sides = st.integers(1, 9000)
lengths = st.fractions(Fraction(1, 1000), Fraction(2000), max_denominator=90_000)


def named(width: int, height: int) -> dict[str, tuple[int, int]]:
    return {rung.quality: (rung.width, rung.height) for rung in ladder(width, height)}


def test_a_4k_source_gets_every_rung_with_the_bitrates_of_the_ladder() -> None:
    rungs = {rung.quality: (rung.width, rung.height, rung.bitrate) for rung in ladder(3840, 2160)}
    assert rungs == {
        "360p": (640, 360, 400_000),
        "720p": (1280, 720, 1_500_000),
        "1080p": (1920, 1080, 4_000_000),
        "1440p": (2560, 1440, 8_000_000),
        "2160p": (3840, 2160, 20_000_000),
    }


def test_the_encoder_may_peak_at_twice_the_bitrate_with_a_buffer_of_twice_the_bitrate() -> None:
    rung = ladder(640, 360)[0]
    assert (rung.maxrate, rung.bufsize) == (800_000, 800_000)


@pytest.mark.parametrize(
    ("width", "height", "rungs"),
    [
        pytest.param(1080, 1920, {"360p": (360, 640), "720p": (720, 1280), "1080p": (1080, 1920)}, id="portrait"),
        pytest.param(720, 720, {"360p": (360, 360), "720p": (720, 720)}, id="square"),
        pytest.param(1919, 1079, {"360p": (640, 360), "720p": (1280, 720)}, id="a little under 1080"),
        pytest.param(853, 480, {"360p": (640, 360)}, id="between rungs"),
        pytest.param(2560, 1080, {"360p": (854, 360), "720p": (1706, 720), "1080p": (2560, 1080)}, id="wide"),
        pytest.param(426, 240, {"240p": (426, 240)}, id="smaller than the smallest rung"),
        pytest.param(241, 425, {"240p": (240, 424)}, id="small, odd and portrait"),
        pytest.param(3, 3, {"16p": (16, 16)}, id="a speck"),
    ],
)
def test_rungs_follow_the_short_side(width: int, height: int, rungs: dict[str, tuple[int, int]]) -> None:
    assert named(width, height) == rungs


def test_a_small_source_gets_the_smallest_bitrate_scaled_to_its_area() -> None:
    assert ladder(320, 180)[0].bitrate == 100_000
    assert ladder(64, 36)[0].bitrate == 64_000
    assert ladder(1000, 358)[0].bitrate == 400_000


@pytest.mark.parametrize("size", [(0, 100), (100, 0), (-2, 2)])
def test_a_picture_without_a_size_has_no_ladder(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no ladder"):
        ladder(*size)


@settings(deadline=None)  # a busy machine is no failure
@given(sides, sides)
def test_rungs_are_even_ascending_and_never_larger_than_the_source(width: int, height: int) -> None:
    rungs = ladder(width, height)
    assert rungs
    for rung in rungs:
        assert rung.width % 2 == rung.height % 2 == 0
        assert min(rung.width, rung.height) <= max(16, min(width, height))
        assert max(rung.width, rung.height) <= max(16, max(width, height) + 1)
    assert [r.bitrate for r in rungs] == sorted({r.bitrate for r in rungs})
    assert len({r.quality for r in rungs}) == len(rungs)


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(360, 4320), st.integers(360, 4320))
def test_the_aspect_is_kept_to_the_pixel(width: int, height: int) -> None:
    for rung in ladder(width, height):
        exact = Fraction(max(width, height) * min(rung.width, rung.height), min(width, height))
        assert abs(max(rung.width, rung.height) - exact) <= 1


@settings(deadline=None)  # a busy machine is no failure
@given(lengths, st.integers(1, 10))
def test_chunks_cover_the_whole_without_gap_or_overlap_and_none_is_empty(duration: Fraction, cells: int) -> None:
    chunks = plan_chunks(duration, cells * SEGMENT)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert chunks[0].start == 0
    assert [chunk.end for chunk in chunks[:-1]] == [chunk.start for chunk in chunks[1:]]
    assert chunks[-1].end is None
    assert all(chunk.start % SEGMENT == 0 for chunk in chunks)
    assert 0 < duration - chunks[-1].start <= cells * SEGMENT


def test_a_clip_shorter_than_a_chunk_is_one_chunk() -> None:
    assert [(c.start, c.end) for c in plan_chunks(Fraction("0.04"))] == [(0, None)]


def test_a_whole_number_of_chunks_leaves_no_empty_one_behind() -> None:
    assert len(plan_chunks(Fraction(16), Fraction(8))) == 2


def test_chunks_get_shorter_towards_the_end_of_all_but_short_videos() -> None:
    lengths = [chunk.end - chunk.start for chunk in plan_chunks(Fraction(100), Fraction(8)) if chunk.end is not None]
    assert lengths == [8] * 11 + [6, 2, 2]
    assert [chunk.start for chunk in plan_chunks(Fraction(20), Fraction(8))] == [0, 8, 16]


@settings(deadline=None)  # a busy machine is no failure
@given(lengths)
def test_pieces_of_sound_cover_the_whole_in_segments_and_leave_little_for_the_end(length: Fraction) -> None:
    pieces = plan_sound(length)
    assert pieces[0].first == 0
    assert [piece.end for piece in pieces[:-1]] == [piece.first for piece in pieces[1:]]
    assert pieces[-1].end is None
    assert all(piece.first % SOUND_SEGMENT == 0 for piece in pieces)
    last = length - Fraction(pieces[-1].first * SOUND_FRAME, AUDIO_RATE)
    assert 0 < last <= 4 * Fraction(SOUND_SEGMENT * SOUND_FRAME, AUDIO_RATE)


@pytest.mark.parametrize("length", [Fraction(0), Fraction(3), Fraction(-2), Fraction(1, 2)])
def test_chunks_are_multiples_of_the_grid(length: Fraction) -> None:
    with pytest.raises(ValueError, match="multiple"):
        plan_chunks(Fraction(10), length)


def test_nothing_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="nothing"):
        plan_chunks(Fraction(0))


@settings(deadline=None)  # a busy machine is no failure
@given(st.fractions(0, 40_000, max_denominator=1001 * 90_000))
def test_a_time_is_in_the_same_grid_cell_in_ticks_as_in_seconds(time: Fraction) -> None:
    assert cell(ticks(time)) == time // SEGMENT
    assert 0 <= time * TIMESCALE - ticks(time) < 1
