"""Every track comes out as loud as any other, and nothing clips."""

from __future__ import annotations

import array
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.audio.frame import AudioFrame

from svc_transcode.media.audio import encode_audio
from svc_transcode.media.jobs import AudioJob, Bounds, Source, TrackMade
from svc_transcode.media.level import MOST_GAIN, TARGET
from svc_transcode.media.loudness import CEILING, leveled, measured
from svc_transcode.media.probe import probe

from .conftest import Clip, Store, reader_over, steady

RATE, SECONDS = 48_000, 8
HALF_A_UNIT = 0.5
Wave = Callable[[int], float]


def tone(amplitude: float) -> Wave:
    return lambda at: amplitude * math.sin(at * math.tau * 997 / RATE)


def bursts(amplitude: float) -> Wave:
    """Loud for a twentieth of a second, twice a second."""
    return lambda at: (amplitude if at % 24_000 < 2400 else amplitude / 50) * math.sin(at * math.tau * 700 / RATE)


def clipped(amplitude: float) -> Wave:
    """A tone that is cut flat at full scale."""
    return lambda at: max(-1.0, min(1.0, tone(amplitude)(at)))


def frames(wave: Wave) -> Iterator[AudioFrame]:
    for at in range(0, SECONDS * RATE, 1000):
        frame = AudioFrame("fltp", "stereo", 1000)
        data = array.array("f", map(wave, range(at, at + 1000))).tobytes()
        for plane in frame.planes:
            plane.update(data)
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        yield frame


def file(wave: Wave, path: Path) -> Path:
    """A film of one second with this sound."""
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        sound = output.add_stream("pcm_f32le", rate=RATE, layout="stereo")
        for number in range(25):
            picture = av.VideoFrame(64, 64, "yuv420p")
            picture.pts = number
            output.mux(video.encode(picture))
        output.mux(video.encode(None))
        resampler = av.AudioResampler("flt", "stereo", RATE)
        for frame in frames(wave):
            for packed in resampler.resample(frame):
                output.mux(sound.encode(packed))
        output.mux(sound.encode(None))
    return path


def encoded(path: Path, store: Store) -> TrackMade:
    with reader_over(path) as reader:
        info = probe(reader, Bounds())
    job = AudioJob(Source((info.size,)), info, info.audio[0].stream_index, leveled=True)
    with reader_over(path) as reader:
        made = encode_audio(job, reader, store.under("made"), lambda _: None).track
    assert made is not None
    return made


def heard(store: Store, made: TrackMade) -> list[AudioFrame]:
    path = store.root / "joined.mp4"
    files = [made.init, *(segment.file for segment in made.segments)]
    path.write_bytes(b"".join(store.read(one) for one in files))
    with av.open(str(path)) as container:
        return list(container.decode(container.streams.audio[0]))


def peak(decoded: list[AudioFrame]) -> float:
    return max(
        max(map(abs, array.array("f", bytes(plane)[: 4 * one.samples]))) for one in decoded for plane in one.planes
    )


@pytest.mark.parametrize(
    "wave",
    [
        pytest.param(tone(0.03), id="quiet"),
        pytest.param(tone(1.0), id="loud"),
        pytest.param(tone(0.2), id="right"),
        pytest.param(bursts(0.5), id="all peaks"),
        pytest.param(clipped(3.0), id="clipped already"),
    ],
)
def test_a_track_comes_out_at_the_target_and_nothing_clips(wave: Wave, tmp_path: Path) -> None:
    store = Store(tmp_path)
    decoded = heard(store, encoded(file(wave, tmp_path / "clip.mkv"), store))
    assert abs(measured(iter(decoded)).integrated - TARGET) <= HALF_A_UNIT
    assert peak(decoded) < 1
    assert sum(one.samples for one in decoded) == SECONDS * RATE


def test_what_is_next_to_nothing_is_raised_by_so_much_and_no_more(tmp_path: Path) -> None:
    store = Store(tmp_path)
    decoded = heard(store, encoded(file(tone(0.003), tmp_path / "clip.mkv"), store))
    before = measured(frames(tone(0.003))).integrated
    assert abs(measured(iter(decoded)).integrated - before - MOST_GAIN) <= HALF_A_UNIT


def test_silence_stays_silence(tmp_path: Path) -> None:
    store = Store(tmp_path)
    decoded = heard(store, encoded(file(lambda _: 0.0, tmp_path / "clip.mkv"), store))
    assert measured(iter(decoded)).silent
    assert peak(decoded) == 0


def test_limiting_moves_nothing_and_leaves_what_is_below_the_ceiling_as_it_is() -> None:
    before = [value for one in frames(tone(0.5)) for value in array.array("f", bytes(one.planes[0])[: 4 * one.samples])]
    after = [
        value
        for one in leveled(frames(tone(0.5)), 0.0)
        for value in array.array("f", bytes(one.planes[0])[: 4 * one.samples])
    ]
    assert len(after) == len(before)
    assert max(abs(a - b) for a, b in zip(after, before, strict=True)) < 1e-5
    loud = list(leveled(frames(tone(0.9)), 12.0))
    assert peak(loud) <= 10 ** (CEILING / 20) + 1e-5


def test_sound_keeps_its_place_when_it_is_raised(make: Callable[[Clip], Path], tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = make(Clip("clip.mkv", times=steady(50), sound=Fraction(1), sound_start=Fraction("0.5")))
    decoded = heard(store, encoded(path, store))
    wave = [value for one in decoded for value in array.array("f", bytes(one.planes[0])[: 4 * one.samples])]
    onset = next(place for place, value in enumerate(wave) if abs(value) > 0.05)
    assert abs(Fraction(onset, RATE) - Fraction("0.5")) < Fraction(1, 50)
