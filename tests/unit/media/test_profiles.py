"""Encoding profiles, and the choice of renditions for one title."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from svc_transcode.media.coding import Codec
from svc_transcode.media.complexity import SAMPLE, Complexity, sample_times
from svc_transcode.media.jobs import Bounds
from svc_transcode.media.ladder import ladder
from svc_transcode.media.probe import probe
from svc_transcode.media.profiles import DEFAULT, PROFILES, profile_of
from svc_transcode.media.sampling import sampled

from .conftest import Clip, reader_over, steady

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZES = ((64, 36), (640, 360), (1280, 720), (1080, 1920), (3840, 2160))
LEAN = PROFILES["lean"]


def complexity(**rates: int) -> Complexity:
    return Complexity(tuple((name.removeprefix("p") + "p", rate) for name, rate in rates.items()))


@pytest.mark.parametrize("size", SIZES)
def test_classic_is_the_ladder_as_it_is(size: tuple[int, int]) -> None:
    assert DEFAULT.name == "classic"
    assert DEFAULT.rungs(*size) == ladder(*size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PROFILES)
def test_the_first_rendition_of_every_profile_is_the_smallest_and_every_player_plays_it(
    name: str, size: tuple[int, int]
) -> None:
    rungs = PROFILES[name].rungs(*size)
    plain = [rung for rung in rungs if not rung.beside]
    assert rungs[0] is plain[0]
    assert rungs[: len(plain)] == tuple(plain)
    assert (plain[0].width, plain[0].height) == min((rung.width, rung.height) for rung in rungs)
    assert len({rung.quality for rung in rungs}) == len(rungs)


def test_a_profile_that_is_not_there_is_refused_with_the_names_of_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"'best'.*classic, lean, av1"):
        profile_of("best")
    assert profile_of("lean") is LEAN


def test_results_depend_on_name_and_version_of_a_profile() -> None:
    assert len({profile.key for profile in PROFILES.values()}) == len(PROFILES)


def test_av1_stands_beside_every_rendition_of_a_source_that_is_large_enough() -> None:
    rungs = PROFILES["av1"].rungs(1920, 1080)
    assert [rung.quality for rung in rungs] == ["360p", "720p", "1080p", "360p-av1", "720p-av1", "1080p-av1"]
    assert {rung.coding.codec for rung in rungs if rung.beside} == {Codec.AV1}
    assert rungs[:3] == ladder(1920, 1080)
    assert not any(rung.beside for rung in PROFILES["av1"].rungs(640, 360))


def test_lean_without_a_measurement_keeps_every_size() -> None:
    rungs = LEAN.rungs(1920, 1080)
    assert [rung.quality for rung in rungs] == ["360p", "720p", "1080p"]
    assert [rung.bitrate for rung in rungs] == [600_000, 2_250_000, 6_000_000]
    assert all(rung.maxrate == rung.bitrate for rung in rungs)  # it is a cap


def test_lean_leaves_out_a_size_that_is_hardly_smaller_than_the_next() -> None:
    measured = complexity(p360=100_000, p720=190_000, p1080=250_000)
    assert [rung.quality for rung in LEAN.rungs(1920, 1080, measured)] == ["360p", "1080p"]
    measured = complexity(p360=100_000, p720=190_000, p1080=285_000)
    assert [rung.quality for rung in LEAN.rungs(1920, 1080, measured)] == ["360p", "720p", "1080p"]


def test_the_smallest_and_the_largest_size_are_never_left_out() -> None:
    measured = complexity(p360=100_000, p720=100_000, p1080=100_000)
    assert [rung.quality for rung in LEAN.rungs(1920, 1080, measured)] == ["360p", "1080p"]
    assert [rung.quality for rung in LEAN.rungs(640, 360, complexity(p360=1))] == ["360p"]


def test_a_cap_follows_the_measurement_within_bounds() -> None:
    measured = complexity(p360=1, p720=1_000_000, p1080=90_000_000)
    assert [rung.bitrate for rung in LEAN.rungs(1920, 1080, measured)] == [100_000, 1_000_000, 6_000_000]


def test_a_measurement_of_other_sizes_is_none() -> None:
    assert LEAN.rungs(1920, 1080, complexity(p360=1, p480=1)) == LEAN.rungs(1920, 1080)


@pytest.mark.parametrize(("seconds", "count"), [(Fraction(1, 25), 1), (8, 1), (39, 1), (40, 2), (101, 5), (43_200, 5)])
def test_samples_lie_within_the_video_and_are_few_in_a_short_one(seconds: Fraction, count: int) -> None:
    times = sample_times(Fraction(seconds))
    assert len(times) == count
    assert all(0 <= time <= max(Fraction(0), seconds - SAMPLE / 2) for time in times)
    assert list(times) == sorted(set(times))


def _measured(path: Path) -> Complexity:
    with reader_over(path) as reader:
        info = probe(reader, Bounds())
        found = sampled(info, reader, Bounds())
    assert found is not None
    return found


def test_noise_is_measured_as_harder_than_what_stands_still(make: Callable[[Clip], Path]) -> None:
    clips = [Clip(size=(1280, 720), times=steady(50), noise=noise) for noise in (False, True)]
    still, noisy = (_measured(make(clip)) for clip in clips)
    assert [quality for quality, _ in still.rates] == ["360p", "720p"]
    assert all(a < b for (_, a), (_, b) in zip(still.rates, noisy.rates, strict=True))


def test_measuring_twice_measures_the_same(bunny: Path) -> None:
    first = _measured(bunny)
    assert first == _measured(bunny)
    assert all(rate > 0 for _, rate in first.rates)
