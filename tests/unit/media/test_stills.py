"""Which of a video's pictures are offered to stand for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svc_transcode.media.schedule import CANDIDATES, candidate_times, evenly
from svc_transcode.media.stills import BINS, Look, choose, difference, look_at

WIDTH, HEIGHT = 48, 27
GOOD = Look(120, 50, 800, tuple(1 / BINS for _ in range(BINS)))


def drawn(shade: Callable[[int, int], int], stride: int = WIDTH) -> Look:
    rows = (bytes(shade(x, y) for x in range(WIDTH)) + bytes(stride - WIDTH) for y in range(HEIGHT))
    return look_at(b"".join(rows), WIDTH, stride)


def in_shade(*bins: int) -> tuple[float, ...]:
    """A histogram of these bins alone."""
    return tuple(bins.count(one) / len(bins) for one in range(BINS))


def test_a_picture_is_measured_without_what_stands_between_its_rows() -> None:
    noise = random.Random(1)
    shades = [[noise.randrange(256) for _ in range(WIDTH)] for _ in range(HEIGHT)]
    assert drawn(lambda x, y: shades[y][x]) == drawn(lambda x, y: shades[y][x], stride=64)
    flat = drawn(lambda _x, _y: 128)
    assert (flat.brightness, flat.spread, flat.sharpness) == (128, 0, 0)
    assert flat.histogram[16] == 1


def test_an_edge_is_sharper_than_a_slope() -> None:
    edge, slope = drawn(lambda x, _: 255 * (x >= 24)), drawn(lambda x, _: min(255, max(0, (x - 12) * 10)))
    assert edge.sharpness > 5 * slope.sharpness


@pytest.mark.parametrize("shade", [0, 4, 128, 250, 255])
def test_black_white_and_flat_pictures_are_dull(shade: int) -> None:
    noise = random.Random(2)
    assert drawn(lambda _x, _y: max(0, min(255, shade + noise.randrange(-4, 5)))).dull
    assert not drawn(lambda x, y: 255 * ((x // 8 + y // 8) % 2)).dull


def test_the_sharpest_is_first_and_dull_ones_are_last() -> None:
    black = replace(GOOD, brightness=3.0, sharpness=5000.0)
    blurred = replace(GOOD, sharpness=90.0, histogram=in_shade(3, 4, 5))
    assert choose([black, blurred, GOOD], 3) == (2, 1, 0)
    assert choose([black, black], 4) == (0, 1)


def test_another_scene_comes_before_a_second_picture_of_the_same() -> None:
    one, other = replace(GOOD, histogram=in_shade(1, 2, 3)), replace(GOOD, histogram=in_shade(20, 21, 22))
    again = replace(one, sharpness=one.sharpness + 10)
    assert difference(one, other) == pytest.approx(1)
    assert choose([one, again, replace(other, sharpness=100.0)], 2) == (1, 2)


def test_of_equals_the_earlier_is_chosen() -> None:
    assert choose([GOOD] * 5, 3) == (0, 1, 2)


looks = st.builds(
    Look,
    st.floats(0, 255),
    st.floats(0, 128),
    st.floats(0, 1e6),
    st.lists(st.integers(0, BINS - 1), min_size=1, max_size=9).map(lambda bins: in_shade(*bins)),
)


@given(st.lists(looks, max_size=16), st.integers(1, 6))
def test_as_many_as_are_wanted_are_chosen_each_once_and_none_that_is_dull_before_one_that_is_not(
    seen: list[Look], most: int
) -> None:
    chosen = choose(seen, most)
    assert len(chosen) == len(set(chosen)) == min(most, len(seen))
    dull = [seen[place].dull for place in chosen]
    assert dull == sorted(dull)
    if any(dull):
        assert all(seen[place].dull for place in range(len(seen)) if place not in chosen)


# Where it is looked for them


@pytest.mark.parametrize(
    ("duration", "count", "first", "last"),
    [
        ("600", 12, "40", "480"),
        ("5.28", 12, "0.352", "4.224"),
        ("1.2", 9, "8/75", "0.96"),
        ("1", 1, "0.5", "0.5"),
        ("0.04", 1, "0.02", "0.02"),
        ("0", 1, "0", "0"),
    ],
)
def test_it_is_looked_evenly_up_to_four_fifths(duration: str, count: int, first: str, last: str) -> None:
    times = candidate_times(Fraction(duration))
    assert (len(times), times[0], times[-1]) == (count, Fraction(first), Fraction(last))


@settings(deadline=None)  # a busy machine is no failure
@given(st.fractions(0, 12 * 3600, max_denominator=90_000), st.integers(1, 5))
def test_there_is_always_a_place_to_look_and_never_one_beyond_the_end(duration: Fraction, most: int) -> None:
    times = candidate_times(duration)
    assert 1 <= len(times) <= CANDIDATES
    assert all(time >= 0 and (time < duration or duration == 0) for time in times)
    assert list(times) == sorted(set(times))
    some = evenly(times, most)
    assert len(some) == min(most, len(times))
    assert set(some) <= set(times)
