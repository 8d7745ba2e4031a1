"""The upload's parts as one file, and the parts that a chunk needs."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svc_transcode.media.errors import PartUnavailable
from svc_transcode.media.frames import FrameReader
from svc_transcode.media.grid import plan_chunks
from svc_transcode.media.index import Entry, PartIndex, thin
from svc_transcode.media.info import IndexPoint, SourceInfo
from svc_transcode.media.jobs import Bounds
from svc_transcode.media.parts import PartReader
from svc_transcode.media.probe import probe
from svc_transcode.media.source import open_source, pick_video, set_up_decoder

from .conftest import Clip, reader_over, steady

WORDS = [b"hello", b" ", b"world", b"!"]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / str(i) for i in range(len(WORDS))]
    for path, word in zip(paths, WORDS, strict=True):
        path.write_bytes(word)
    return paths


@pytest.fixture
def asked() -> list[int]:
    return []


@pytest.fixture
def sentence(files: list[Path], asked: list[int]) -> PartReader:
    def fetch(index: int) -> Path:
        asked.append(index)
        return files[index]

    return PartReader([len(word) for word in WORDS], fetch)


def test_a_read_stops_at_the_edge_of_a_part(sentence: PartReader) -> None:
    with sentence:
        assert [sentence.read(100) for _ in range(6)] == [*WORDS, b"", b""]


def test_only_the_parts_that_are_read_are_asked_for(sentence: PartReader, asked: list[int]) -> None:
    with sentence:
        assert sentence.seek(-1, os.SEEK_END) == 11
        assert sentence.read(1) == b"!"
        sentence.seek(2)
        assert (sentence.read(2), sentence.tell()) == (b"ll", 4)
    assert asked == [3, 0]
    assert sentence.touched == {0, 3}


def test_beyond_the_end_there_is_nothing(sentence: PartReader) -> None:
    with sentence:
        sentence.seek(1000)
        assert sentence.read(1) == b""


def test_a_missing_part_raises_for_good_and_is_never_the_end(files: list[Path]) -> None:
    def fetch(index: int) -> Path:
        if index == 1:
            raise PartUnavailable(index, "not arrived")
        return files[index]

    with PartReader([len(word) for word in WORDS], fetch) as reader:
        assert reader.read(5) == b"hello"
        for _ in range(2):
            with pytest.raises(PartUnavailable, match=r"part 1 .*not arrived"):
                reader.read(5)
        reader.seek(0)
        with pytest.raises(PartUnavailable):
            reader.read(5)


def test_a_part_that_is_shorter_than_promised_is_missing(files: list[Path]) -> None:
    with PartReader([6, 1], lambda index: files[index]) as reader:
        assert reader.read(6) == b"hello"
        with pytest.raises(PartUnavailable, match="shorter"):
            reader.read(6)


def test_a_file_that_cannot_be_opened_is_a_missing_part(tmp_path: Path) -> None:
    with PartReader([1], lambda _: tmp_path / "none") as reader, pytest.raises(PartUnavailable, match="No such file"):
        reader.read(1)


def test_few_parts_are_open_at_a_time_and_one_may_be_asked_for_again(tmp_path: Path) -> None:
    asked: list[int] = []

    def fetch(index: int) -> Path:
        asked.append(index)
        path = tmp_path / str(index)
        path.write_bytes(bytes([index]))
        return path

    with PartReader([1] * 40, fetch) as reader:
        before = _open_files()
        assert b"".join(iter(lambda: reader.read(9), b"")) == bytes(range(40))
        assert _open_files() <= before + 4
        reader.seek(0)
        assert reader.read(1) == b"\0"
    assert asked == [*range(40), 0]


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1), st.data())
def test_it_reads_like_one_file(
    tmp_path_factory: pytest.TempPathFactory, words: list[bytes], data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("parts")
    for i, word in enumerate(words):
        (root / str(i)).write_bytes(word)
    whole = b"".join(words)
    with PartReader([len(word) for word in words], lambda index: root / str(index)) as reader:
        for _ in range(5):
            at = data.draw(st.integers(0, len(whole)))
            size = data.draw(st.integers(1, 20))
            reader.seek(at)
            read = reader.read(size)
            assert whole[at : at + size].startswith(read)
            assert bool(read) == (at < len(whole))


def test_a_part_that_is_missing_in_the_middle_stops_the_frames_with_its_number(
    make: Callable[[Clip], Path],
) -> None:
    path = make(Clip(times=steady(200), container_options={"movflags": "faststart"}))
    with reader_over(path, 4) as whole:
        info = probe(whole, Bounds())
    files = [path.with_name(f"{path.name}.{i}") for i in range(4)]

    def fetch(index: int) -> Path:
        if index == 2:
            raise PartUnavailable(index, "not arrived")
        return files[index]

    with (
        PartReader([file.stat().st_size for file in files], fetch) as reader,
        open_source(reader, Bounds()) as container,
    ):
        stream = pick_video(container, Bounds())
        set_up_decoder(stream, Bounds(), 1)
        frames = FrameReader(container, stream, reader, info).between(Fraction(0), None)
        with pytest.raises(PartUnavailable, match="part 2"):
            list(frames)


def entry(time: float, position: int, size: int = 10, keyframe: bool = True) -> Entry:
    return Entry(Fraction(time), position, size, keyframe)


def test_an_index_is_thinned_to_a_point_a_second_with_the_extent_of_its_samples() -> None:
    entries = [
        entry(0, 100),
        entry(0.5, 110),
        entry(0.75, 50, keyframe=False),
        entry(1, 130, size=20),
        entry(2.5, 160),
    ]
    assert thin(entries, 1000) == (
        IndexPoint(Fraction(0), 50, 120),
        IndexPoint(Fraction(1), 130, 150),
        IndexPoint(Fraction("2.5"), 160, 170),
    )


def test_between_keyframes_that_are_far_apart_there_are_points_that_decoding_cannot_start_at() -> None:
    entries = [entry(time, 100 * time, keyframe=time % 5 == 0) for time in range(10)]
    points = thin(entries, 2000)
    assert [point.keyframe for point in points] == [True, *[False] * 4] * 2
    assert [(point.first_byte, point.end_byte) for point in points] == [(t * 100, t * 100 + 10) for t in range(10)]


def test_a_keyframe_soon_behind_another_point_is_a_point_of_its_own() -> None:
    entries = [entry(0, 0), entry(1, 10, keyframe=False), entry(1.1, 20), entry(2.05, 30, keyframe=False)]
    assert [(float(point.time), point.keyframe) for point in thin(entries, 100)] == [(0, True), (1, False), (1.1, True)]


def test_cues_without_sizes_reach_to_the_next_one() -> None:
    points = thin([entry(0, 40, 0), entry(5, 400, 0)], 1000)
    assert [(p.first_byte, p.end_byte) for p in points] == [(40, 400), (400, 1000)]


def test_an_index_with_a_hole_is_none() -> None:
    assert thin([entry(0, 0), entry(1, 10), entry(60, 900)], 1000) == ()
    assert thin([], 1000) == ()


@pytest.fixture
def noisy(make: Callable[[Clip], Path]) -> tuple[Path, SourceInfo]:
    path = make(Clip(times=steady(500), options={"preset": "ultrafast", "g": "50", "crf": "20"}, noise=True))
    with reader_over(path) as reader:
        return path, probe(reader, Bounds())


def test_the_parts_that_a_chunk_needs_are_the_parts_that_it_reads(noisy: tuple[Path, SourceInfo]) -> None:
    path, info = noisy
    count = 30
    with reader_over(path, count) as reader, open_source(reader, Bounds()):
        opening = set(reader.touched)
    sizes = [path.with_name(f"{path.name}.{i}").stat().st_size for i in range(count)]
    for chunk in plan_chunks(info.video_duration, Fraction(4)):
        ranges = PartIndex(info.index, sizes).needed(chunk.start, chunk.end)
        assert ranges is not None
        needed = {part for parts in ranges for part in parts}
        assert len(needed) <= count * 3 // 4
        with reader_over(path, count) as reader, open_source(reader, Bounds()) as container:
            stream = pick_video(container, Bounds())
            set_up_decoder(stream, Bounds(), 1)
            list(FrameReader(container, stream, reader, info).between(chunk.start, chunk.end))
            assert reader.touched - opening <= needed


def test_without_an_index_nobody_knows_what_a_chunk_needs(noisy: tuple[Path, SourceInfo]) -> None:
    assert PartIndex(noisy[1].bare().index, [1]).needed(Fraction(0), None) is None


def test_a_chunk_needs_what_is_decoded_before_it_and_not_the_whole_group_behind_it() -> None:
    entries = [entry(time, 10 * time, keyframe=time % 10 == 0) for time in range(30)]
    index = PartIndex(thin(entries, 300), [10] * 30)
    assert index.needed(Fraction(14), Fraction(16)) == (range(10, 17),)
    assert index.needed(Fraction(20), None) == (range(10, 30),), "a keyframe may be shown later than it is stored"
    assert index.needed(Fraction(0), Fraction(2)) == (range(3),)


def test_parts_that_are_apart_are_ranges_of_their_own() -> None:
    points = (IndexPoint(Fraction(0), 0, 10), IndexPoint(Fraction(1), 80, 95), IndexPoint(Fraction(2), 10, 20))
    assert PartIndex(points, [10] * 10).needed(Fraction(0), None) == (range(2), range(8, 10))
