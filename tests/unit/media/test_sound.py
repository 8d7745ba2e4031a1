"""The sound: as long as it was, where it was, in segments that follow each other."""

from __future__ import annotations

import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from svc_transcode.media.audio import encode_audio
from svc_transcode.media.errors import MediaRejected
from svc_transcode.media.jobs import AudioJob, Bounds, Source, TrackMade, VerifyJob
from svc_transcode.media.parts import reader_of
from svc_transcode.media.probe import probe
from svc_transcode.media.verify import verify

from .conftest import Clip, Store, reader_over, steady

RATE = 48_000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def encoded(path: Path, store: Store, track: int = 0) -> TrackMade:
    with reader_over(path) as reader:
        info = probe(reader, Bounds())
    index = info.audio[track].stream_index
    with reader_over(path) as reader:
        made = encode_audio(AudioJob(Source((info.size,)), info, index), reader, store.under("made"), lambda _: None)
    assert made.track is not None
    assert made.damaged_packets == 0
    return made.track


def heard(store: Store, made: TrackMade) -> tuple[int, int | None, int]:
    """Samples in all, of the first that is loud, and channels, of what a player decodes."""
    path = store.root / "joined.mp4"
    files = [made.init, *(segment.file for segment in made.segments)]
    path.write_bytes(b"".join(store.read(file) for file in files))
    count, onset, channels = 0, None, 0
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.audio[0]):
            assert frame.pts == count
            channels = frame.layout.nb_channels
            wave = array.array("f", bytes(frame.planes[0]))[: frame.samples]
            if onset is None:
                onset = next((count + i for i, value in enumerate(wave) if abs(value) > 0.1), None)
            count += frame.samples
    return count, onset, channels


def test_surround_sound_becomes_stereo_of_the_same_length(bunny: Path, store: Store) -> None:
    made = encoded(bunny, store)
    count, _, channels = heard(store, made)
    assert (channels, Fraction(count, RATE)) == (2, Fraction("5.312"))
    assert (made.codec, made.timescale) == ("mp4a.40.2", RATE)


def test_segments_of_sound_are_about_two_seconds_and_follow_each_other(
    make: Callable[[Clip], Path], store: Store
) -> None:
    segments = encoded(make(Clip(times=steady(10), sound=Fraction(9))), store).segments
    assert [s.number for s in segments] == list(range(len(segments)))
    assert segments[0].start == 0
    assert [s.start + s.duration for s in segments[:-1]] == [s.start for s in segments[1:]]
    assert all(abs(Fraction(s.duration, RATE) - 2) < Fraction(1, 20) for s in segments[:-1])


def test_a_tone_begins_where_it_began(make: Callable[[Clip], Path], store: Store) -> None:
    made = encoded(make(Clip("clip.mkv", times=steady(50), sound=Fraction(2))), store)
    _, onset, _ = heard(store, made)
    assert onset is not None
    assert onset < RATE // 100


def test_sound_that_starts_late_begins_with_silence(make: Callable[[Clip], Path], store: Store) -> None:
    path = make(Clip("clip.mkv", times=steady(50), sound=Fraction(1), sound_start=Fraction("0.5")))
    count, onset, _ = heard(store, encoded(path, store))
    assert onset is not None
    assert abs(Fraction(onset, RATE) - Fraction("0.5")) < Fraction(1, 50)
    assert abs(Fraction(count, RATE) - Fraction("1.5")) < Fraction(1, 20)


def test_each_track_is_encoded_by_its_index(make: Callable[[Clip], Path], store: Store) -> None:
    path = make(Clip(times=steady(10), sound=Fraction(1), languages=("deu", "fra")))
    assert encoded(path, store, 0).quality != encoded(path, store, 1).quality


def test_a_track_that_is_not_there_cannot_be_encoded(bunny: Path, store: Store) -> None:
    with reader_over(bunny) as reader:
        info = probe(reader, Bounds())
    job = AudioJob(Source((info.size,)), info, info.video.stream_index)
    with reader_over(bunny) as reader, pytest.raises(MediaRejected, match="sound cannot be decoded"):
        encode_audio(job, reader, store.under("made"), lambda _: None)


def test_what_was_made_can_be_verified(bunny: Path, store: Store) -> None:
    made = encoded(bunny, store)
    files = [made.init, *(segment.file for segment in made.segments)]
    job = VerifyJob(Source(tuple(file.size for file in files)))
    with reader_of(*(store.root / file.path for file in files)) as reader:
        verified = verify(job, reader)
    assert (verified.frames, verified.first) == (254_976, 0)


def test_a_segment_that_was_changed_is_not_verified(bunny: Path, store: Store) -> None:
    made = encoded(bunny, store)
    files = [store.root / f.path for f in (made.init, *(s.file for s in made.segments))]
    data = bytearray(files[2].read_bytes())
    data[-4000:] = bytes(4000)
    files[2].write_bytes(data)
    job = VerifyJob(Source(tuple(file.stat().st_size for file in files)))
    with reader_of(*files) as reader, pytest.raises(MediaRejected, match="cannot be decoded"):
        verify(job, reader)
