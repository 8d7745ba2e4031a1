"""Boxes, fragments and codec strings, against files that FFmpeg's muxer writes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svc_transcode.media.boxes import BoxError, boxes, find
from svc_transcode.media.codecs import codec_of, timescale_of
from svc_transcode.media.fragment import decode_time, retimed, samples, set_sequence_number
from svc_transcode.media.splitter import FragmentSplitter

from .conftest import Clip, steady


@pytest.fixture(scope="module")
def fragmented(make: Callable[[Clip], Path]) -> bytes:
    options = {"preset": "veryfast", "bf": "3", "g": "25", "sc_threshold": "0"}
    muxer = {
        "movflags": "empty_moov+default_base_moof+frag_keyframe+cmaf+skip_trailer",
        "use_editlist": "0",
        "avoid_negative_ts": "disabled",
    }
    return make(Clip(times=steady(60), options=options, container_options=muxer)).read_bytes()


def split(data: bytes, step: int) -> tuple[list[bytes], list[bytearray]]:
    inits: list[bytes] = []
    fragments: list[bytearray] = []
    splitter = FragmentSplitter(inits.append, fragments.append)
    for at in range(0, len(data), step):
        splitter.write(data[at : at + step])
    splitter.finish()
    return inits, fragments


@pytest.mark.parametrize("step", [1, 7, 4096, 1 << 20])
def test_a_stream_is_cut_the_same_however_it_is_written(fragmented: bytes, step: int) -> None:
    (init,), fragments = split(fragmented, step)
    assert [box.kind for box in boxes(init)] == ["ftyp", "moov"]
    assert len(fragments) == 3
    assert all([box.kind for box in boxes(fragment)] == ["moof", "mdat"] for fragment in fragments)


def test_half_a_box_at_the_end_is_an_error(fragmented: bytes) -> None:
    with pytest.raises(BoxError, match="within a box"):
        split(fragmented[:-3], 4096)


def test_samples_are_as_the_demuxer_reads_them(fragmented: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(fragmented)
    with av.open(str(path)) as container:
        packets = [(p.dts, p.size, p.is_keyframe) for p in container.demux(video=0) if p.size]
    _, fragments = split(fragmented, 4096)
    found = [sample for fragment in fragments for sample in samples(fragment)]
    assert [(s.decode_time, s.size, s.sync) for s in found] == packets
    assert sorted(s.presentation_time for s in found) == [i * 3600 for i in range(60)]


def test_retiming_keeps_every_picture_at_its_time_and_the_data(fragmented: bytes) -> None:
    (init,), fragments = split(fragmented, 4096)
    step = timescale_of(init) // 25
    for number, fragment in enumerate(fragments):
        before = samples(fragment)
        end = max(s.presentation_time for s in before) + 5 * step
        new = retimed(fragment, 7 + number, end)
        after = samples(new)
        assert [(s.presentation_time, s.size, s.sync) for s in after] == [
            (s.presentation_time, s.size, s.sync) for s in before
        ]
        assert decode_time(new) == min(s.presentation_time for s in before)
        assert after[-1].decode_time + after[-1].duration == end
        assert all(s.duration > 0 for s in after)
        assert struct.unpack_from(">I", new, find(new, "moof", "mfhd").content + 4) == (7 + number,)
        old, data = find(fragment, "mdat"), find(new, "mdat")
        assert new[data.content : data.end] == fragment[old.content : old.end]


def test_a_retimed_fragment_decodes(fragmented: bytes, tmp_path: Path) -> None:
    (init,), fragments = split(fragmented, 4096)
    step = timescale_of(init) // 25
    ends = [25 * step, 50 * step, 60 * step]
    path = tmp_path / "x.mp4"
    path.write_bytes(
        init + b"".join(retimed(f, n, end) for n, (f, end) in enumerate(zip(fragments, ends, strict=True)))
    )
    with av.open(str(path)) as container:
        times = [Fraction(f.pts or 0) * Fraction(f.time_base or 1) for f in container.decode(video=0)]
    assert [time - times[0] for time in times] == steady(60)  # see Transcoded.shown


def test_a_fragment_cannot_end_before_its_last_picture(fragmented: bytes) -> None:
    _, (first, *_) = split(fragmented, 4096)
    with pytest.raises(BoxError, match="cannot end"):
        retimed(first, 1, max(s.presentation_time for s in samples(first)))


def test_the_sequence_number_is_set_in_place(fragmented: bytes) -> None:
    _, (first, *_) = split(fragmented, 4096)
    size = len(first)
    set_sequence_number(first, 4711)
    assert struct.unpack_from(">I", first, find(first, "moof", "mfhd").content + 4) == (4711,)
    assert len(first) == size


def test_the_codec_of_a_picture_is_read_from_its_parameter_sets(fragmented: bytes) -> None:
    (init,), _ = split(fragmented, 4096)
    assert codec_of(init).startswith("avc1.64")
    record = init[init.index(b"avcC") + 5 :][:3]
    assert codec_of(init) == f"avc1.{record.hex()}"


def test_the_codec_of_sound_is_read_from_its_descriptor(make: Callable[[Clip], Path]) -> None:
    data = make(Clip("sound.m4a", times=(), sound=Fraction(1), codec="libx264")).read_bytes()
    with pytest.raises(BoxError):
        codec_of(data[:64])
    assert "mp4a.40.2" in {codec_of(_only_track(data, i)) for i in range(2) if _has_track(data, i)}


def _tracks(data: bytes) -> list[bytes]:
    moov = find(data, "moov")
    return [data[b.start : b.end] for b in boxes(data, moov.content, moov.end) if b.kind == "trak"]


def _has_track(data: bytes, index: int) -> bool:
    return index < len(_tracks(data))


def _only_track(data: bytes, index: int) -> bytes:
    track = _tracks(data)[index]
    return struct.pack(">I4s", 8 + len(track), b"moov") + track


@settings(deadline=None)  # a busy machine is no failure
@given(st.binary(max_size=64))
def test_bytes_that_are_no_boxes_are_refused_or_walked_but_never_read_beyond(data: bytes) -> None:
    try:
        found = list(boxes(data))
    except BoxError:
        return
    assert sum(box.end - box.start for box in found) == len(data)


def test_a_box_that_is_not_there_is_an_error(fragmented: bytes) -> None:
    with pytest.raises(BoxError, match="moov/udta/none"):
        find(fragmented, "moov", "udta", "none")
