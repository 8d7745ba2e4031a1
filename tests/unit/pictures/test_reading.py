"""What is read of a stranger's picture before any decoder sees it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svc_transcode.media.pictures.box import within
from svc_transcode.media.pictures.plain import MOST_PIXELS, Codec, PictureRefused, Plain
from svc_transcode.media.pictures.read import read

from . import files

PNG, JPEG = files.png(), files.jpeg()
LOSSY, LOSSLESS = files.encoded("libwebp", "yuv420p"), files.encoded("libwebp", "bgra")
SECRET = b"48.2082 N, 16.3738 E, by somebody"


def refused(data: bytes) -> str:
    with pytest.raises(PictureRefused) as caught:
        read(data)
    return caught.value.sentence


@pytest.mark.parametrize(
    ("data", "codec"), [(JPEG, Codec.JPEG), (PNG, Codec.PNG), (LOSSY, Codec.WEBP), (LOSSLESS, Codec.WEBP)]
)
def test_three_formats_are_told_by_their_bytes(data: bytes, codec: Codec) -> None:
    plain = read(data)
    assert (plain.codec, plain.width, plain.height, plain.orientation) == (codec, 640, 360, 1)
    again = read(plain.data)
    assert again == plain


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"GIF89a" + bytes(100), "GIF"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"<svg onload='alert(1)'/>", "SVG"),
        (b"BM" + bytes(100), "BMP"),
        (b"\0\0\0\x1cftypavif" + bytes(100), "AVIF"),
        (b"\0\0\0\x1cftypheic" + bytes(100), "HEIC"),
        (b"%PDF-1.7", "PDF"),
        (b"no picture at all", "no picture"),
        (b"\0", "no picture"),
        (b"RIFF\x04\0\0\0WAVE", "no picture"),
    ],
)
def test_anything_else_is_refused_by_its_name_whatever_the_file_is_called(data: bytes, word: str) -> None:
    assert word in refused(data)
    assert "JPEG, PNG and WebP" in refused(data)


@pytest.mark.parametrize(
    "data",
    [
        files.tagged(files.segment(0xE1, b"Exif\0\0" + files.exif(1) + SECRET), files.segment(0xFE, SECRET)),
        files.tagged(files.segment(0xE2, b"ICC_PROFILE\0" + SECRET), files.segment(0xED, SECRET)),
        JPEG + SECRET,
        files.png(files.chunk(b"tEXt", b"Author\0" + SECRET), files.chunk(b"eXIf", files.exif(1) + SECRET)),
        PNG + SECRET,
        files.riff(*files.in_webp(LOSSY).items(), (b"EXIF", files.exif(1) + SECRET), (b"XMP ", SECRET)),
        LOSSY + SECRET,
    ],
    ids=["JPEG", "JPEG profile", "behind JPEG", "PNG", "behind PNG", "WebP", "behind WebP"],
)
def test_what_is_not_the_picture_is_left_out(data: bytes) -> None:
    assert SECRET in data
    assert SECRET not in read(data).data


@pytest.mark.parametrize("turn", range(1, 9))
def test_which_way_is_up_is_known_of_each_format(turn: int) -> None:
    data = files.exif(turn, "<"), files.exif(turn)
    assert read(files.tagged(files.segment(0xE1, b"Exif\0\0" + data[0]))).orientation == turn
    assert read(files.png(files.chunk(b"eXIf", data[1]))).orientation == turn
    assert read(files.riff(*files.in_webp(LOSSY).items(), (b"EXIF", data[0]))).orientation == turn


@pytest.mark.parametrize("tiff", [b"", b"II", b"MM\0*\xff\xff\xff\xff", files.exif(9), files.exif(0), bytes(200)])
def test_nonsense_about_which_way_is_up_is_passed_over(tiff: bytes) -> None:
    assert read(files.tagged(files.segment(0xE1, b"Exif\0\0" + tiff))).orientation == 1


@pytest.mark.parametrize(
    ("size", "word"),
    [
        ((1, 1), "at least 320 × 180"),
        ((319, 180), "at least 320 × 180"),
        ((320, 179), "at least 320 × 180"),
        ((1000, 333), "3 times"),
        ((5001, 5000), "at most 25 million"),
        ((2**31 - 1, 2**31 - 1), "at most 25 million"),
    ],
)
def test_sizes_are_judged_before_anything_is_unpacked(size: tuple[int, int], word: str) -> None:
    assert word in refused(files.png(size=size, rows=b""))


def test_the_smallest_and_the_largest_are_taken_either_way_round() -> None:
    for size in ((320, 180), (180, 320), (5000, 5000), (960, 320)):
        assert read(files.png(size=size, rows=b"")).width == size[0]


def test_what_moves_is_refused() -> None:
    frames = struct.pack(">II", 2, 0)
    assert "moves" in refused(files.png(files.chunk(b"acTL", frames)))
    canvas = struct.pack("<I", 640 - 1)[:3] + struct.pack("<I", 360 - 1)[:3]
    assert "moves" in refused(files.riff((b"VP8X", b"\x02\0\0\0" + canvas), (b"ANIM", bytes(6))))
    assert "moves" in refused(files.riff(*files.in_webp(LOSSY).items(), (b"ANMF", bytes(16))))


def test_a_picture_that_is_another_size_than_its_canvas_is_refused() -> None:
    canvas = struct.pack("<I", 5000)[:3] + struct.pack("<I", 4000)[:3]
    assert "damaged" in refused(files.riff((b"VP8X", bytes(4) + canvas), *files.in_webp(LOSSY).items()))


def test_jpegs_for_printers_are_refused_in_words() -> None:
    at = JPEG.index(b"\xff\xc0")
    assert "not supported" in refused(JPEG[:at] + b"\xff\xc9" + JPEG[at + 2 :])
    assert "colours" in refused(JPEG[:at] + files.segment(0xC0, struct.pack(">BHHB", 8, 360, 640, 4) + bytes(12)))
    assert "colours" in refused(JPEG[:at] + files.segment(0xC1, struct.pack(">BHHB", 12, 360, 640, 3) + bytes(9)))
    assert "damaged" in refused(JPEG[:at] + JPEG[at : at + 19] + JPEG[at:])


@pytest.mark.parametrize("data", [JPEG, PNG, LOSSY, LOSSLESS], ids=["JPEG", "PNG", "WebP", "lossless WebP"])
def test_a_picture_that_was_cut_off_anywhere_is_refused(data: bytes) -> None:
    for end in [*range(16, min(400, len(data) - 1)), *range(400, len(data) - 1, 97), len(data) - 2]:
        assert refused(data[:end])


def test_a_file_of_nothing_but_pieces_is_refused_before_all_are_read() -> None:
    assert "damaged" in refused(files.tagged(*[files.segment(0xFE, b"")] * 5000))
    assert "damaged" in refused(files.png(*[files.chunk(b"tEXt", b"")] * 5000))
    assert "damaged" in refused(files.riff(*files.in_webp(LOSSY).items(), *[(b"XMP ", b"")] * 5000))
    assert read(files.tagged(b"\xff" * 100_000)).width == 640


@settings(deadline=None, max_examples=300)  # a busy machine is no failure
@given(st.sampled_from([JPEG, PNG, LOSSY, LOSSLESS]), st.data())
def test_whatever_the_bytes_it_is_a_picture_within_bounds_or_refused_in_words(good: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(good)))
    bad = good[:at] + data.draw(st.binary(max_size=8)) + good[at + data.draw(st.integers(0, 8)) :]
    try:
        plain = read(bad)
    except PictureRefused as refusal:
        said = refusal.sentence
    else:
        said = ""
        assert isinstance(plain, Plain)
        assert 180 * 320 <= plain.width * plain.height <= MOST_PIXELS
        assert len(plain.data) <= len(bad) + 18
    assert not said or said.endswith(".")


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from([320, 1280]))
def test_a_picture_is_drawn_within_its_box_in_its_own_aspect(width: int, height: int, box: int) -> None:
    drawn = within(width, height, box)
    assert all(2 <= side <= box and side % 2 == 0 for side in drawn)
    assert max(drawn) <= max(2, max(width, height) + 1)
    scale = max(width, height) / max(drawn)
    assert abs(min(drawn) * scale - min(width, height)) <= 2 * max(1.0, scale)
