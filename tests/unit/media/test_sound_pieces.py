"""Pieces of sound that are encoded apart join as if one encoder had made them."""

from __future__ import annotations

import array
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import pytest
from av.audio.frame import AudioFrame

from svc_transcode.media.audio import encode_audio
from svc_transcode.media.fragment import decode_time
from svc_transcode.media.grid import SOUND_FRAME, SOUND_SEGMENT, Piece
from svc_transcode.media.jobs import AudioJob, AudioMade, Bounds, Source
from svc_transcode.media.probe import probe
from svc_transcode.media.resample import Resampler

from .conftest import Clip, Store, reader_over, steady

RATE = 48_000
NEAR = 2 * SOUND_FRAME
"""Samples on each side of a join that a packet there has a part in."""

Wave: TypeAlias = "array.array[float]"


@dataclass(frozen=True, slots=True)
class Both:
    """One track, encoded whole and in pieces."""

    whole: AudioMade
    pieces: list[AudioMade]
    store: Store
    source: Wave
    """What is encoded."""

    def decoded(self, *made: AudioMade) -> Wave:
        """What a player decodes of pieces put one behind the other: the first channel."""
        tracks = [one.track for one in made if one.track is not None]
        files = [tracks[0].init, *(segment.file for track in tracks for segment in track.segments)]
        path = self.store.root / "joined.mp4"
        path.write_bytes(b"".join(self.store.read(file) for file in files))
        with av.open(str(path)) as container:
            return joined(container.decode(container.streams.audio[0]))


def joined(frames: Iterator[AudioFrame]) -> Wave:
    wave: Wave = array.array("f")
    for frame in frames:
        wave.extend(array.array("f", bytes(frame.planes[0]))[: frame.samples])
    return wave


def resampled(path: Path, first: int = 0) -> Wave:
    with reader_over(path) as reader:
        origin = probe(reader, Bounds()).origin
    with av.open(str(path)) as container:
        resampler = Resampler(origin, first)
        frames = container.decode(container.streams.audio[0])
        return joined(itertools.chain((out for frame in frames for out in resampler.push(frame)), resampler.finish()))


def encoded(path: Path, folder: Path, segments: int) -> Both:
    """In pieces of so many segments."""
    store = Store(folder)
    with reader_over(path) as reader:
        info = probe(reader, Bounds())

    def encode(piece: Piece) -> AudioMade:
        job = AudioJob(Source((info.size,)), info, info.audio[0].stream_index, piece.first, piece.end)
        with reader_over(path) as reader:
            return encode_audio(job, reader, store.under(f"{piece.first}-{piece.end}"), lambda _: None)

    length = segments * SOUND_SEGMENT
    count = -(-int(info.duration * RATE) // SOUND_FRAME // length)
    pieces = [Piece(i, i * length, None if i + 1 == count else (i + 1) * length) for i in range(count)]
    return Both(encode(Piece(0, 0, None)), [encode(piece) for piece in pieces], store, resampled(path))


@pytest.fixture(params=["a tone that is resampled", "speech and music"], scope="module")
def both(
    request: pytest.FixtureRequest,
    bunny: Path,
    make: Callable[[Clip], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Both:
    toned = Clip(times=steady(10), sound=Fraction("11.3"))
    path = bunny if request.param == "speech and music" else make(toned)
    return encoded(path, tmp_path_factory.mktemp("sound"), 1)


def test_a_source_is_cut_at_a_sample_of_both_rates(make: Callable[[Clip], Path]) -> None:
    path = make(Clip(times=steady(10), sound=Fraction(4)))
    whole = resampled(path)
    for first in (1, 1024, 50_000, 100_001):
        cut = resampled(path, first)
        assert len(cut) == len(whole) - first
        assert max(abs(a - b) for a, b in zip(cut[64:], whole[first + 64 :], strict=True)) < 1e-5


def test_pieces_have_the_packets_times_and_numbers_of_the_whole(both: Both) -> None:
    whole = both.whole.track
    assert whole is not None
    tracks = [piece.track for piece in both.pieces if piece.track is not None]
    assert len(tracks) > 2
    assert {track.init.sha256 for track in tracks} == {whole.init.sha256}
    assert [(s.number, s.start, s.duration, s.samples) for track in tracks for s in track.segments] == [
        (s.number, s.start, s.duration, s.samples) for s in whole.segments
    ]
    for track in tracks:
        for segment in track.segments:
            assert decode_time(both.store.read(segment.file)) == segment.start


def test_what_is_heard_has_the_length_of_the_whole(both: Both) -> None:
    assert len(both.decoded(*both.pieces)) == len(both.decoded(both.whole))


def test_nothing_is_heard_of_a_join(both: Both) -> None:
    """The error against the source is that of the whole, within the encoder's own ups and downs."""
    whole, pieces = both.decoded(both.whole), both.decoded(*both.pieces)
    for join in range(SOUND_SEGMENT * SOUND_FRAME, len(whole) - NEAR, SOUND_SEGMENT * SOUND_FRAME):
        # The packet at a join sounds from a frame before it on, for the priming is not presented.
        near = range(join - SOUND_FRAME - NEAR, join - SOUND_FRAME + NEAR)
        assert error(pieces, both.source, near) < 1.1 * error(whole, both.source, near) + 1e-4
        steps = [abs(pieces[i] - pieces[i - 1] - (both.source[i] - both.source[i - 1])) for i in near]
        usual = [abs(whole[i] - whole[i - 1] - (both.source[i] - both.source[i - 1])) for i in near]
        assert max(steps) < 1.5 * max(usual) + 1e-4


def error(wave: Wave, source: Wave, near: range) -> float:
    """Root mean square."""
    return math.sqrt(sum((wave[i] - source[i]) ** 2 for i in near) / len(near))


def test_a_piece_behind_the_end_is_nothing(bunny: Path, tmp_path: Path) -> None:
    with reader_over(bunny) as reader:
        info = probe(reader, Bounds())
    job = AudioJob(Source((info.size,)), info, info.audio[0].stream_index, 10 * SOUND_SEGMENT, None)
    with reader_over(bunny) as reader:
        assert encode_audio(job, reader, Store(tmp_path).under("made"), lambda _: None).track is None
