"""Whatever the kind of file: every picture in its place at its time, in its colours, with the sound where it was."""

from __future__ import annotations

import array
import os
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from . import oracle
from .conftest import Specimen
from .kinds import Kind
from .pictures import number_in
from .pipeline import Done
from .table import KINDS, TORN

pytestmark = pytest.mark.timeout(600)
"""High dynamic range takes long to set up, and a machine may do much else."""

MILLISECOND = Fraction(1, 1000)
"""Matroska and FLV keep no finer times."""
LIP_SYNC = Fraction(20, 1000)
SAMPLES = 48_000
ENDS = Fraction(100, 1000)
"""Some packets of sound: of the source and its encoder, of AAC, and what a reader of DASH leaves out of the first."""
LANGUAGES = {"": "und"}


@pytest.fixture(params=KINDS, ids=str, scope="module")
def specimen(request: pytest.FixtureRequest, processed: Callable[[Kind], Specimen]) -> Specimen:
    return processed(request.param)


def test_there_are_forty_kinds_and_more() -> None:
    assert len({kind.name for kind in (*KINDS, *TORN)}) == len(KINDS) + len(TORN) >= 40


@pytest.mark.skipif(sys.platform != "linux", reason="classes of scheduling are asked for as Linux names them")
def test_who_writes_them_takes_turns_with_others_afterwards(source: Callable[[Kind], Path]) -> None:
    for kind in KINDS:
        if kind.codec == "libsvtav1":
            source(kind)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_every_picture_is_there_once_in_its_place_at_its_time(specimen: Specimen) -> None:
    kind, done = specimen.kind, specimen.done
    assert (done.info.video.width, done.info.video.height) == (kind.displayed or kind.size)
    for track in done.pictures:
        times = done.times(track)
        assert len(times) == len(kind.expected)
        assert all(abs(made - time) <= MILLISECOND for made, (time, _) in zip(times, kind.expected, strict=True))
    if kind.readable:
        assert numbers(done, kind.rotation) == [number for _, number in kind.expected]


def test_the_sound_is_where_it_was_beside_the_picture(specimen: Specimen) -> None:
    kind, done = specimen.kind, specimen.done
    assert len(done.sounds) == len(kind.sounds)
    begin = kind.times[0] - kind.expected[0][0] if kind.shown is None else kind.times[kind.shown[0]]
    picture = done.times(done.pictures[0])[0] - kind.expected[0][0]
    for sound, made in zip(kind.sounds, done.sounds, strict=True):
        heard, length = heard_in(done.joined(made))
        offset = heard - (sound.beep - begin) - picture
        assert abs(offset) <= LIP_SYNC, f"{float(offset * 1000)} ms"
        assert abs(length - (sound.end - begin)) <= ENDS


def test_the_picture_is_what_a_linear_decode_gives(specimen: Specimen, tmp_path: Path) -> None:
    kind, done = specimen.kind, specimen.done
    if not kind.least_psnr:
        pytest.skip("what it is to look like is said elsewhere, by its colours")
    smallest = done.pictures[0]
    assert smallest.track.rung is not None
    size = smallest.track.rung.width, smallest.track.rung.height
    oracle.reference(specimen.path, size, tmp_path / "raw", deinterlaced=bool(kind.fields))
    found = oracle.psnr(done.joined(smallest), tmp_path / "raw", size)
    assert len(found) == len(kind.expected)
    assert min(found) >= kind.least_psnr, found


@pytest.mark.parametrize("manifest", ["master.m3u8", "manifest.mpd"])
def test_it_plays_to_its_end_with_every_track_of_sound(specimen: Specimen, manifest: str) -> None:
    kind, done = specimen.kind, specimen.done
    played = oracle.play(done.master.with_name(manifest))
    assert played.complaints == ""
    sizes = {f"{t.track.rung.width}x{t.track.rung.height}" for t in done.pictures if t.track.rung}
    assert played.pictures == dict.fromkeys(sizes, len(kind.expected))
    assert set(played.languages) == {LANGUAGES.get(sound.language, sound.language) for sound in kind.sounds}
    lengths = [heard_in(done.joined(made))[1] for made in done.sounds]
    # HLS names the sound anew for each rendition.
    assert len(played.samples) % max(1, len(lengths)) == 0
    for place, samples in enumerate(played.samples):
        assert abs(Fraction(samples, SAMPLES) - lengths[place % len(lengths)]) <= ENDS


@pytest.mark.parametrize("kind", TORN, ids=str)
def test_a_hole_costs_what_was_in_it_and_nothing_else(kind: Kind, processed: Callable[[Kind], Specimen]) -> None:
    done = processed(kind).done
    usual = dict(kind.expected)
    found = dict(zip(done.times(done.pictures[0]), numbers(done, kind.rotation), strict=True))
    assert found.keys() <= usual.keys(), "each at its own time"
    right = sum(usual[time] == number for time, number in found.items())
    assert len(usual) > right >= len(usual) * 9 / 10
    (sound,), (made,) = kind.sounds, done.sounds
    heard, length = heard_in(done.joined(made))
    assert abs(heard - sound.beep) <= LIP_SYNC
    assert abs(length - sound.end) <= 2 * ENDS


@pytest.mark.parametrize("name", ["HDR10", "HLG"])
def test_high_dynamic_range_looks_right_on_a_usual_screen(name: str, processed: Callable[[Kind], Specimen]) -> None:
    """The bars keep their hues, the ramp its order, black is black, and nothing is clipped."""
    (kind,) = (kind for kind in KINDS if kind.name == name)
    done = processed(kind).done
    with av.open(str(done.joined(done.pictures[0]))) as container:
        frame = next(container.decode(video=0)).reformat(format="rgb24")
    data, stride = bytes(frame.planes[0]), frame.planes[0].line_size

    def at(x: int, y: int) -> tuple[int, ...]:
        return tuple(data[y * stride + 3 * x : y * stride + 3 * x + 3])

    gray, yellow, cyan, green, magenta, red, blue = (at(x, 40) for x in (57, 91, 125, 159, 193, 227, 261))
    assert max(gray) - min(gray) <= 6
    assert 120 < gray[0] < 250
    for color, lit in ((yellow, "110"), (cyan, "011"), (green, "010"), (magenta, "101"), (red, "100"), (blue, "001")):
        strong = [value for value, is_lit in zip(color, lit, strict=True) if is_lit == "1"]
        weak = [value for value, is_lit in zip(color, lit, strict=True) if is_lit == "0"]
        assert min(strong) > 1.5 * max(weak), (color, lit)
    ramp = [at(x, 128)[0] for x in range(84, 280, 14)]
    assert ramp == sorted(set(ramp)), "each step is brighter than the one before"
    assert ramp[0] < 16


def test_speech_in_the_centre_is_heard_from_both_sides(processed: Callable[[Kind], Specimen]) -> None:
    (kind,) = (kind for kind in KINDS if kind.name == "5.1")
    done = processed(kind).done
    with av.open(str(done.joined(done.sounds[0]))) as container:
        left, right = array.array("f"), array.array("f")
        for frame in container.decode(audio=0):
            left.frombytes(bytes(frame.planes[0])[: 4 * frame.samples])
            right.frombytes(bytes(frame.planes[1])[: 4 * frame.samples])
    assert max(left) > 0.1
    assert max(abs(a - b) for a, b in zip(left, right, strict=True)) < 0.01


def numbers(done: Done, rotation: int) -> list[int]:
    """What the largest rendition shows."""
    with av.open(str(done.joined(done.pictures[-1]))) as container:
        return [number_in(frame, rotation) for frame in container.decode(video=0)]


def heard_in(path: Path) -> tuple[Fraction, Fraction]:
    """When a track becomes loud, and how long it is, in seconds of the presentation."""
    wave = array.array("f")
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            assert frame.pts == len(wave)
            wave.frombytes(bytes(frame.planes[0])[: 4 * frame.samples])
    loud = max(wave) / 4
    onset = next(place for place, value in enumerate(wave) if abs(value) > loud)
    return Fraction(onset, SAMPLES), Fraction(len(wave), SAMPLES)
