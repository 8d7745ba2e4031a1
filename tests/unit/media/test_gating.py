"""The loudness of a track from pieces that were measured apart."""

from __future__ import annotations

import array
import functools
import math
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise

import pytest
from av.audio.frame import AudioFrame

from svc_transcode.media import jobs
from svc_transcode.media.gating import BLOCK, GatingBlocks, integrated
from svc_transcode.media.grid import SOUND_FRAME, SOUND_SEGMENT
from svc_transcode.media.loudness import Meter, leveled, measured

RATE = 48_000
SECONDS = 21
A_TENTH = 0.1
PREROLL = SOUND_SEGMENT * SOUND_FRAME
"""Samples that a piece hears before its first."""
Wave = Callable[[int], float]
_NUMBERS = random.Random(7)
RANDOM = [_NUMBERS.uniform(-0.4, 0.4) for _ in range(9973)]


def tone(amplitude: float) -> Wave:
    return lambda at: amplitude * math.sin(at * math.tau * 997 / RATE)


def speech(at: int) -> float:
    """Words with silence between them, some far louder than others."""
    word, within = divmod(at, 28_000)
    loud = (0.02, 0.5, 0.1, 0.9)[word % 4]
    return loud * math.sin(at * math.tau * 310 / RATE) * (within < 20_000)


def noise(at: int) -> float:
    return RANDOM[at % len(RANDOM)] * (1 + at / RATE) / SECONDS


def at_last(at: int) -> float:
    return tone(0.5 if at > 17 * RATE else 0.0005)(at)


WAVES = [
    pytest.param(tone(0.1), id="a tone"),
    pytest.param(speech, id="words"),
    pytest.param(noise, id="noise that grows"),
    pytest.param(at_last, id="next to nothing, then loud"),
]


@functools.cache
def samples(wave: Wave) -> array.array[float]:
    return array.array("f", map(wave, range(SECONDS * RATE)))


def frames(wave: Wave, begin: int = 0, end: int = SECONDS * RATE) -> Iterator[AudioFrame]:
    for at in range(begin, end, 1000):
        frame = AudioFrame("fltp", "stereo", min(1000, end - at))
        data = samples(wave)[at : min(at + 1000, end)]
        for plane in frame.planes:
            plane.update(data.tobytes().ljust(plane.buffer_size, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        yield frame


def wave_of(sound: Iterator[AudioFrame]) -> array.array[float]:
    """Of the first channel."""
    wave = array.array("f")
    for frame in sound:
        wave.extend(array.array("f", bytes(frame.planes[0])[: 4 * frame.samples]))
    return wave


def passed(sound: Iterator[AudioFrame], begin: int, first: int, end: int | None) -> GatingBlocks:
    meter = Meter(begin, first, end)
    for _ in meter.through(sound):
        pass
    return meter.blocks


def in_pieces(wave: Wave, cuts: list[int], gain: float | None = None) -> list[GatingBlocks]:
    """As pieces of a track are: each hears what is before it, and a little of what is behind."""
    found: list[GatingBlocks] = []
    for first, end in pairwise([0, *cuts, None]):
        assert first is not None
        begin = max(0, first - PREROLL)
        sound = frames(wave, begin, SECONDS * RATE if end is None else end + 2 * SOUND_FRAME)
        found.append(passed(sound if gain is None else leveled(sound, gain), begin, first, end))
    return found


@pytest.mark.parametrize("wave", WAVES)
def test_pieces_together_are_as_loud_as_the_whole(wave: Wave) -> None:
    whole = measured(frames(wave)).integrated
    for cuts in ([], [5 * RATE + 13], [95_233, 191_489, 700_001, 700_001 + RATE]):
        loudness = integrated(in_pieces(wave, cuts))
        assert loudness is not None
        assert abs(loudness - whole) < A_TENTH


@pytest.mark.parametrize("wave", WAVES)
def test_pieces_that_are_limited_are_as_loud_as_the_whole_that_is(wave: Wave) -> None:
    whole = measured(leveled(frames(wave), 12.0)).integrated
    loudness = integrated(in_pieces(wave, [5 * RATE + 13, 11 * RATE], 12.0))
    assert loudness is not None
    assert abs(loudness - whole) < A_TENTH


def test_the_limiter_of_a_piece_does_by_its_first_sample_what_that_of_the_whole_does() -> None:
    first = 11 * RATE
    whole = wave_of(leveled(frames(speech), 12.0))
    piece = wave_of(leveled(frames(speech, first - PREROLL), 12.0))
    assert max(map(abs, whole)) > 0.8, "it has something to do"
    assert max(abs(a - b) for a, b in zip(piece[PREROLL:], whole[first:], strict=True)) < 1e-4


def test_every_block_is_counted_by_one_piece() -> None:
    cuts = [95_233, 191_489, 700_001]
    counted = [sum(count for _, count in piece.counts) for piece in in_pieces(tone(0.1), cuts)]
    assert sum(counted) == (SECONDS * RATE - BLOCK) // 4800 + 1
    assert sorted(GatingBlocks.of([-20.0, -20.01, -33.0]).counts) == [(-660, 1), (-400, 2)]


def test_silence_and_sound_that_is_shorter_than_a_block_have_no_loudness() -> None:
    assert integrated([]) is None
    assert integrated(in_pieces(lambda _: 0.0, [5 * RATE])) is None
    assert integrated([passed(frames(tone(0.5), 0, BLOCK - 1), 0, 0, None)]) is None


def test_what_is_ten_units_below_the_others_does_not_count() -> None:
    assert integrated([GatingBlocks.of([-20.0] * 9), GatingBlocks.of([-45.0] * 9)]) == pytest.approx(-20.0, abs=0.05)
    assert integrated([GatingBlocks.of([-20.0] * 9), GatingBlocks.of([-25.0] * 9)]) == pytest.approx(-21.8, abs=0.05)


@pytest.mark.parametrize("counts", [((99_999_999, 1),), ((-400, 0),), ((-400, -3),), ((-2_000, 1),)])
def test_a_child_cannot_tell_of_blocks_that_there_cannot_be(counts: tuple[tuple[int, int], ...]) -> None:
    text = jobs.to_json(jobs.RESULT, jobs.AudioMade(None, 0, GatingBlocks.of([-20.0])))
    assert jobs.from_json(jobs.RESULT, text) == jobs.AudioMade(None, 0, GatingBlocks(((-400, 1),)))
    with pytest.raises(ValueError, match="gating blocks"):
        jobs.from_json(jobs.RESULT, text.replace("[[-400,1]]", str([list(one) for one in counts])))
